/* SPDX-License-Identifier: MIT */
/*
 * functions.h - every libc function that is wrapped, and those that stand in for a variadic one: one list for the table of real
 * addresses. X(name) takes the newest version of a symbol, V(name, version) prefers the named one where the libc has it: the older
 * pthread_cond_* of the same name have another layout of the condition variable. The names that 32-bit programs with a 64-bit time_t
 * use (__ppoll64 and so on) are not wrapped.
 */
#ifndef BL_PRELOAD_FUNCTIONS_H
#define BL_PRELOAD_FUNCTIONS_H

#include <fcntl.h>
#include <malloc.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <dlfcn.h>
#include <semaphore.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#undef fread_unlocked
#undef fwrite_unlocked
#undef getc
#undef putc

/* What programs built with _FORTIFY_SOURCE call instead; no header declares them for others. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dirfd, const char *path, int flags);
int __openat64_2(int dirfd, const char *path, int flags);
ssize_t __read_chk(int fd, void *buf, size_t count, size_t size);
ssize_t __pread_chk(int fd, void *buf, size_t count, off_t offset, size_t size);
ssize_t __pread64_chk(int fd, void *buf, size_t count, off64_t offset, size_t size);
ssize_t __recv_chk(int fd, void *buf, size_t count, size_t size, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t count, size_t size, int flags, struct sockaddr *address, socklen_t *length);
int __poll_chk(struct pollfd *fds, nfds_t nfds, int timeout, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout, const sigset_t *mask, size_t size);
size_t __fread_chk(void *data, size_t room, size_t size, size_t count, FILE *stream);
size_t __fread_unlocked_chk(void *data, size_t room, size_t size, size_t count, FILE *stream);
char *__fgets_chk(char *data, size_t room, int size, FILE *stream);
char *__fgets_unlocked_chk(char *data, size_t room, int size, FILE *stream);
int __printf_chk(int flag, const char *format, ...);
int __fprintf_chk(FILE *stream, int flag, const char *format, ...);
int __dprintf_chk(int fd, int flag, const char *format, ...);
int __vprintf_chk(int flag, const char *format, va_list ap);
int __vfprintf_chk(FILE *stream, int flag, const char *format, va_list ap);
int __vdprintf_chk(int fd, int flag, const char *format, va_list ap);
wchar_t *__fgetws_chk(wchar_t *data, size_t room, int size, FILE *stream);
wchar_t *__fgetws_unlocked_chk(wchar_t *data, size_t room, int size, FILE *stream);

/* What C99's and C23's scanf are called in libc, where the plain names are those of GNU's older one. */
int __isoc99_vscanf(const char *format, va_list ap);
int __isoc99_vfscanf(FILE *stream, const char *format, va_list ap);
int __isoc23_vscanf(const char *format, va_list ap);
int __isoc23_vfscanf(FILE *stream, const char *format, va_list ap);

/* Second names of the same functions. */
int __open(const char *path, int flags, ...);
int __open64(const char *path, int flags, ...);
ssize_t __read(int fd, void *buf, size_t count);
ssize_t __write(int fd, const void *buf, size_t count);
ssize_t __pread64(int fd, void *buf, size_t count, off64_t offset);
ssize_t __pwrite64(int fd, const void *buf, size_t count, off64_t offset);
int __close(int fd);
int __connect(int fd, const struct sockaddr *address, socklen_t length);
ssize_t __send(int fd, const void *buf, size_t count, int flags);
int __poll(struct pollfd *fds, nfds_t nfds, int timeout);
int __select(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, struct timeval *timeout);
size_t _IO_fread(void *data, size_t size, size_t count, FILE *stream);
size_t _IO_fwrite(const void *data, size_t size, size_t count, FILE *stream);
char *_IO_fgets(char *data, int size, FILE *stream);
int _IO_fputs(const char *text, FILE *stream);
int _IO_puts(const char *text);
int _IO_fflush(FILE *stream);
int __fcntl(int fd, int command, ...);
int _IO_getc(FILE *stream);
int _IO_putc(int c, FILE *stream);
ssize_t __getdelim(char **line, size_t *size, int delimiter, FILE *stream);

#define BL_MEMORY_FUNCTIONS(X, V)                                                                                              \
	X(malloc) X(calloc) X(realloc) X(free)                                                                                 \
	X(posix_memalign) X(aligned_alloc) X(memalign) X(valloc) X(pvalloc)

#define BL_LOCK_FUNCTIONS(X, V)                                                                                                \
	X(pthread_mutex_lock) X(pthread_mutex_trylock) X(pthread_mutex_timedlock) X(pthread_mutex_clocklock)                   \
	X(pthread_rwlock_rdlock) X(pthread_rwlock_tryrdlock) X(pthread_rwlock_timedrdlock) X(pthread_rwlock_clockrdlock)       \
	X(pthread_rwlock_wrlock) X(pthread_rwlock_trywrlock) X(pthread_rwlock_timedwrlock) X(pthread_rwlock_clockwrlock)       \
	V(pthread_cond_wait, "GLIBC_2.3.2") V(pthread_cond_timedwait, "GLIBC_2.3.2") X(pthread_cond_clockwait)                 \
	X(pthread_barrier_wait) X(sem_wait) X(sem_trywait) X(sem_timedwait) X(sem_clockwait)                                   \
	X(mtx_lock) X(mtx_trylock) X(mtx_timedlock) X(cnd_wait) X(cnd_timedwait)

#define BL_THREAD_FUNCTIONS(X, V)                                                                                              \
	X(pthread_create) X(pthread_join) X(pthread_timedjoin_np) X(pthread_clockjoin_np) X(thrd_create) X(thrd_join)

#define BL_IO_FUNCTIONS(X, V)                                                                                                  \
	X(open) X(open64) X(openat) X(openat64) X(creat) X(creat64) X(close)                                                   \
	X(read) X(pread) X(pread64) X(readv) X(preadv) X(preadv64) X(preadv2) X(preadv64v2)                                    \
	X(write) X(pwrite) X(pwrite64) X(writev) X(pwritev) X(pwritev64) X(pwritev2) X(pwritev64v2)                            \
	X(fsync) X(fdatasync) X(syncfs) X(msync) X(flock) X(fcntl) X(fcntl64) X(sendfile) X(sendfile64)                                            \
	X(connect) X(accept) X(accept4) X(send) X(sendto) X(sendmsg) X(sendmmsg) X(recv) X(recvfrom) X(recvmsg) X(recvmmsg)    \
	X(getaddrinfo)                                                                                                         \
	X(poll) X(ppoll) X(select) X(pselect) X(epoll_wait) X(epoll_pwait) X(epoll_pwait2)                                     \
	X(__open_2) X(__open64_2) X(__openat_2) X(__openat64_2) X(__read_chk) X(__pread_chk) X(__pread64_chk)                  \
	X(__recv_chk) X(__recvfrom_chk) X(__poll_chk) X(__ppoll_chk)

#define BL_STDIO_FUNCTIONS(X, V)                                                                                               \
	X(fopen) X(fopen64) X(freopen) X(freopen64) X(fclose) X(fflush) X(fflush_unlocked)                                     \
	X(fread) X(fread_unlocked) X(fwrite) X(fwrite_unlocked) X(fgets) X(fgets_unlocked) X(fputs) X(fputs_unlocked) X(puts)  \
	X(getline) X(getdelim) X(vprintf) X(vfprintf) X(vdprintf) X(__vprintf_chk) X(__vfprintf_chk) X(__vdprintf_chk)         \
	X(__fread_chk) X(__fread_unlocked_chk) X(__fgets_chk) X(__fgets_unlocked_chk)                                          \
	X(getc) X(fgetc) X(getchar) X(getc_unlocked) X(fgetc_unlocked) X(getchar_unlocked) X(__uflow)                          \
	X(putc) X(fputc) X(putchar) X(putc_unlocked) X(fputc_unlocked) X(putchar_unlocked) X(__overflow)                       \
	X(vscanf) X(vfscanf) X(__isoc99_vscanf) X(__isoc99_vfscanf) X(__isoc23_vscanf) X(__isoc23_vfscanf)                     \
	X(getwc) X(fgetwc) X(getwchar) X(getwc_unlocked) X(fgetwc_unlocked) X(getwchar_unlocked)                               \
	X(putwc) X(fputwc) X(putwchar) X(putwc_unlocked) X(fputwc_unlocked) X(putwchar_unlocked)                               \
	X(fgetws) X(fgetws_unlocked) X(fputws) X(fputws_unlocked) X(__fgetws_chk) X(__fgetws_unlocked_chk)

#define BL_PROCESS_FUNCTIONS(X, V)                                                                                             \
	X(fork) X(vfork) X(execve) X(execv) X(execvp) X(execvpe) X(fexecve) X(execveat) X(posix_spawn) X(posix_spawnp)         \
	X(system) X(popen) X(pclose)                                                                                           \
	X(wait) X(waitpid) X(waitid) X(wait3) X(wait4) X(sleep) X(usleep) X(nanosleep) X(clock_nanosleep)

#define BL_DL_FUNCTIONS(X, V) X(dlopen) X(dlmopen) X(dlclose)

#define BL_FUNCTIONS(X, V)                                                                                                     \
	BL_MEMORY_FUNCTIONS(X, V)                                                                                              \
	BL_LOCK_FUNCTIONS(X, V)                                                                                                \
	BL_THREAD_FUNCTIONS(X, V)                                                                                              \
	BL_IO_FUNCTIONS(X, V)                                                                                                  \
	BL_STDIO_FUNCTIONS(X, V)                                                                                               \
	BL_PROCESS_FUNCTIONS(X, V)                                                                                             \
	BL_DL_FUNCTIONS(X, V)

#endif
