#ifndef EIP_CCURL_SHIM_H
#define EIP_CCURL_SHIM_H
/* curl's typecheck-gcc.h macros would turn the setters into statement-expressions: we call the functions directly,
   with fixed types, because Swift imports no variadic function. */
#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>
#include <curl/multi.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef size_t (*ccurl_write_fn)(char *_Nonnull bytes, size_t size, size_t count, void *_Nullable context);
typedef int (*ccurl_prereq_fn)(void *_Nullable context, char *_Nullable primary_ip, char *_Nullable local_ip, int primary_port, int local_port);

static inline CURLcode ccurl_set_long(CURL *_Nonnull h, CURLoption o, long v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_set_off(CURL *_Nonnull h, CURLoption o, curl_off_t v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_set_str(CURL *_Nonnull h, CURLoption o, const char *_Nullable v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_set_ptr(CURL *_Nonnull h, CURLoption o, void *_Nullable v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_set_slist(CURL *_Nonnull h, CURLoption o, struct curl_slist *_Nullable v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_set_write(CURL *_Nonnull h, CURLoption o, ccurl_write_fn _Nullable f) { return curl_easy_setopt(h, o, f); }
static inline CURLcode ccurl_set_prereq(CURL *_Nonnull h, ccurl_prereq_fn _Nullable f) { return curl_easy_setopt(h, CURLOPT_PREREQFUNCTION, f); }
/* libcurl keeps a copy of the bytes */
static inline CURLcode ccurl_set_blob(CURL *_Nonnull h, CURLoption o, const void *_Nonnull bytes, size_t count) {
    struct curl_blob b;
    b.data = (void *)bytes;
    b.len = count;
    b.flags = CURL_BLOB_COPY;
    return curl_easy_setopt(h, o, &b);
}
static inline CURLcode ccurl_get_long(CURL *_Nonnull h, CURLINFO i, long *_Nonnull out) { return curl_easy_getinfo(h, i, out); }
static inline CURLcode ccurl_get_ptr(CURL *_Nonnull h, CURLINFO i, void *_Nullable *_Nonnull out) { return curl_easy_getinfo(h, i, (char **)out); }
static inline CURLMcode ccurl_multi_set_long(CURLM *_Nonnull m, CURLMoption o, long v) { return curl_multi_setopt(m, o, v); }
static inline CURLMcode ccurl_multi_set_socket(CURLM *_Nonnull m, curl_socket_callback _Nonnull f, void *_Nullable context) {
    curl_multi_setopt(m, CURLMOPT_SOCKETDATA, context);
    return curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, f);
}
static inline CURLMcode ccurl_multi_set_timer(CURLM *_Nonnull m, curl_multi_timer_callback _Nonnull f, void *_Nullable context) {
    curl_multi_setopt(m, CURLMOPT_TIMERDATA, context);
    return curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, f);
}
/* CURLMsg.data is a union: a plain accessor */
static inline CURLcode ccurl_message_result(const CURLMsg *_Nonnull m) { return m->data.result; }
/* a macro that Swift does not import */
static inline size_t ccurl_write_pause(void) { return CURL_WRITEFUNC_PAUSE; }

static inline int ccurl_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }
static inline int ccurl_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
/* interest: 1 in, 2 out, 3 both (CURL_POLL_IN/OUT/INOUT); 0 removes */
static inline int ccurl_epoll_set(int epoll, int fd, int interest) {
    struct epoll_event e;
    e.events = ((interest & 1) ? EPOLLIN : 0) | ((interest & 2) ? EPOLLOUT : 0);
    e.data.fd = fd;
    if (!interest) return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, 0);
    if (epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &e) == 0) return 0;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
}
/* fills fds and masks (CURL_CSELECT_*), returns their count or -1 */
static inline int ccurl_epoll_wait(int epoll, int *_Nonnull fds, int *_Nonnull masks, int capacity, int milliseconds) {
    struct epoll_event events[64];
    int n = epoll_wait(epoll, events, capacity > 64 ? 64 : capacity, milliseconds);
    for (int i = 0; i < n; i++) {
        fds[i] = events[i].data.fd;
        masks[i] = ((events[i].events & EPOLLIN) ? CURL_CSELECT_IN : 0) | ((events[i].events & EPOLLOUT) ? CURL_CSELECT_OUT : 0)
                 | ((events[i].events & (EPOLLERR | EPOLLHUP)) ? CURL_CSELECT_ERR : 0);
    }
    return n;
}
#endif
