#ifndef EIP_CRDKAFKA_SHIM_H
#define EIP_CRDKAFKA_SHIM_H
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
/* rd_kafka_producev is variadic, which Swift does not import; here with fixed arguments. Key and value are copied.
   headers may be NULL; on success their ownership passes to librdkafka, on failure it stays with the caller. */
static inline rd_kafka_resp_err_t ck_producev(rd_kafka_t *_Nonnull rk, const char *_Nonnull topic, int32_t partition,
        const void *_Nullable key, size_t klen, const void *_Nullable val, size_t vlen, rd_kafka_headers_t *_Nullable h, void *_Nullable opaque) {
    if (h) return rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(key, klen), RD_KAFKA_V_VALUE((void *)val, vlen), RD_KAFKA_V_HEADERS(h), RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
    return rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(key, klen), RD_KAFKA_V_VALUE((void *)val, vlen), RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
}
#endif
