/* TSan does not intercept C11 threads (thrd_create, mtx_*, cnd_*), which Debian's librdkafka uses: forward them to pthreads.
   Only for sanitizer builds (-DTSAN_C11). glibc's mtx_t / cnd_t are laid out as pthread_mutex_t / pthread_cond_t. */
#include "include/cthreadshim.h"
int ck_threadshim_linked(void) {
#ifdef TSAN_C11
    return 1;
#else
    return 0;
#endif
}
#ifdef TSAN_C11
#include <pthread.h>
#include <threads.h>
#include <stdlib.h>
#include <errno.h>
struct b { thrd_start_t f; void *a; };
static void *tramp(void *p) { struct b b = *(struct b *)p; free(p); return (void *)(long)b.f(b.a); }
int thrd_create(thrd_t *t, thrd_start_t f, void *a) { struct b *b = malloc(sizeof *b); b->f = f; b->a = a; return pthread_create((pthread_t *)t, 0, tramp, b) ? thrd_error : thrd_success; }
int thrd_join(thrd_t t, int *r) { void *v; if (pthread_join((pthread_t)t, &v)) return thrd_error; if (r) *r = (int)(long)v; return thrd_success; }
int mtx_init(mtx_t *m, int type) { pthread_mutexattr_t a; pthread_mutexattr_init(&a); if (type & mtx_recursive) pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE); return pthread_mutex_init((pthread_mutex_t *)m, &a) ? thrd_error : thrd_success; }
void mtx_destroy(mtx_t *m) { pthread_mutex_destroy((pthread_mutex_t *)m); }
int mtx_lock(mtx_t *m) { return pthread_mutex_lock((pthread_mutex_t *)m) ? thrd_error : thrd_success; }
int mtx_unlock(mtx_t *m) { return pthread_mutex_unlock((pthread_mutex_t *)m) ? thrd_error : thrd_success; }
int cnd_init(cnd_t *c) { return pthread_cond_init((pthread_cond_t *)c, 0) ? thrd_error : thrd_success; }
void cnd_destroy(cnd_t *c) { pthread_cond_destroy((pthread_cond_t *)c); }
int cnd_signal(cnd_t *c) { return pthread_cond_signal((pthread_cond_t *)c) ? thrd_error : thrd_success; }
int cnd_broadcast(cnd_t *c) { return pthread_cond_broadcast((pthread_cond_t *)c) ? thrd_error : thrd_success; }
int cnd_wait(cnd_t *c, mtx_t *m) { return pthread_cond_wait((pthread_cond_t *)c, (pthread_mutex_t *)m) ? thrd_error : thrd_success; }
int cnd_timedwait(cnd_t *c, mtx_t *m, const struct timespec *t) { int r = pthread_cond_timedwait((pthread_cond_t *)c, (pthread_mutex_t *)m, t); return r == 0 ? thrd_success : r == ETIMEDOUT ? thrd_timedout : thrd_error; }
#endif
