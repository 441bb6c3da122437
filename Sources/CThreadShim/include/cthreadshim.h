#ifndef EIP_CTHREADSHIM_H
#define EIP_CTHREADSHIM_H
#include <sys/prctl.h>
/* prctl is variadic and pthread_setname_np is not visible through Swift's Glibc module. */
static inline void cts_set_thread_name(const char *_Nonnull name) { prctl(PR_SET_NAME, (unsigned long)name, 0, 0, 0); }
/* 1 in builds for the thread sanitizer (-DTSAN_C11), else 0. */
int ck_threadshim_linked(void);
#endif
