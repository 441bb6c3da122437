#ifndef SPIKE_CCURL_SHIM_H
#define SPIKE_CCURL_SHIM_H
/* curl's typecheck-gcc.h macros would turn the setters into statement-expressions;
   we call the functions directly with fixed types. */
#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>
#include <curl/multi.h>
#include <sys/prctl.h>

/* pthread_setname_np is not visible through Swift's Glibc module (no _GNU_SOURCE) and prctl is variadic */
static inline void cs_set_thread_name(const char *_Nonnull n) { prctl(PR_SET_NAME, (unsigned long)n, 0, 0, 0); }

typedef size_t (*cs_write_fn)(char *_Nonnull ptr, size_t size, size_t nmemb, void *_Nullable ud);
typedef int (*cs_xferinfo_fn)(void *_Nullable ud, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

static inline CURLcode cs_set_long(CURL *_Nonnull h, CURLoption o, long v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode cs_set_off(CURL *_Nonnull h, CURLoption o, curl_off_t v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode cs_set_str(CURL *_Nonnull h, CURLoption o, const char *_Nullable v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode cs_set_ptr(CURL *_Nonnull h, CURLoption o, void *_Nullable v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode cs_set_slist(CURL *_Nonnull h, CURLoption o, struct curl_slist *_Nullable v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode cs_set_write(CURL *_Nonnull h, CURLoption o, cs_write_fn _Nullable f) { return curl_easy_setopt(h, o, f); }
static inline CURLcode cs_set_xferinfo(CURL *_Nonnull h, cs_xferinfo_fn _Nullable f) { return curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, f); }
static inline CURLcode cs_set_blob(CURL *_Nonnull h, CURLoption o, const void *_Nonnull p, size_t n) {
    struct curl_blob b; b.data = (void *)p; b.len = n; b.flags = CURL_BLOB_COPY;
    return curl_easy_setopt(h, o, &b);
}
static inline CURLcode cs_get_long(CURL *_Nonnull h, CURLINFO i, long *_Nonnull out) { return curl_easy_getinfo(h, i, out); }
static inline CURLcode cs_get_off(CURL *_Nonnull h, CURLINFO i, curl_off_t *_Nonnull out) { return curl_easy_getinfo(h, i, out); }
static inline CURLcode cs_get_ptr(CURL *_Nonnull h, CURLINFO i, void *_Nullable *_Nonnull out) { return curl_easy_getinfo(h, i, (char **)out); }
static inline CURLMcode cs_multi_set_long(CURLM *_Nonnull m, CURLMoption o, long v) { return curl_multi_setopt(m, o, v); }
/* CURLMsg.data is a union: give Swift a plain accessor */
static inline CURLcode cs_msg_result(const CURLMsg *_Nonnull m) { return m->data.result; }
/* enums with macros Swift can't import */
static inline unsigned cs_write_pause(void) { return CURL_WRITEFUNC_PAUSE; }

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
static inline CURLMcode cs_multi_set_sockfn(CURLM *_Nonnull m, curl_socket_callback _Nonnull f, void *_Nullable ud) { curl_multi_setopt(m, CURLMOPT_SOCKETDATA, ud); return curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, f); }
static inline CURLMcode cs_multi_set_timerfn(CURLM *_Nonnull m, curl_multi_timer_callback _Nonnull f, void *_Nullable ud) { curl_multi_setopt(m, CURLMOPT_TIMERDATA, ud); return curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, f); }
static inline int cs_ep_create(void) { return epoll_create1(EPOLL_CLOEXEC); }
static inline int cs_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
/* what: 1 in, 2 out; 0 removes */
static inline int cs_ep_set(int ep, int fd, int what) {
    struct epoll_event e; e.events = ((what & 1) ? EPOLLIN : 0) | ((what & 2) ? EPOLLOUT : 0); e.data.fd = fd;
    if (!what) return epoll_ctl(ep, EPOLL_CTL_DEL, fd, 0);
    if (epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e) == 0) return 0;
    return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}
/* fills fds/masks (CURL_CSELECT_*), returns count */
static inline int cs_ep_wait(int ep, int *_Nonnull fds, int *_Nonnull masks, int cap, int ms) {
    struct epoll_event ev[64]; if (cap > 64) cap = 64;
    int n = epoll_wait(ep, ev, cap, ms);
    for (int i = 0; i < n; i++) { fds[i] = ev[i].data.fd; masks[i] = ((ev[i].events & EPOLLIN) ? CURL_CSELECT_IN : 0) | ((ev[i].events & EPOLLOUT) ? CURL_CSELECT_OUT : 0) | ((ev[i].events & (EPOLLERR | EPOLLHUP)) ? CURL_CSELECT_ERR : 0); }
    return n;
}
#endif
