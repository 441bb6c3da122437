#ifndef SPIKE_CRDKAFKA_SHIM_H
#define SPIKE_CRDKAFKA_SHIM_H
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <sys/prctl.h>
#include <sys/eventfd.h>
#include <unistd.h>
/* not in Swift's Glibc module */
static inline int ck_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
static inline void ck_set_thread_name(const char *_Nonnull n) { prctl(PR_SET_NAME, (unsigned long)n, 0, 0, 0); }
/* variadic in C; fixed here. Returns a resp_err_t. headers: may be NULL, ownership passes to librdkafka on success */
static inline rd_kafka_resp_err_t ck_producev(rd_kafka_t *_Nonnull rk, const char *_Nonnull topic, int32_t partition,
        const void *_Nullable key, size_t klen, const void *_Nullable val, size_t vlen, rd_kafka_headers_t *_Nullable h, void *_Nullable opaque) {
    if (h) return rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(key, klen), RD_KAFKA_V_VALUE((void *)val, vlen), RD_KAFKA_V_HEADERS(h), RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
    return rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(key, klen), RD_KAFKA_V_VALUE((void *)val, vlen), RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
}
#endif
