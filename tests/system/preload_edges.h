/* SPDX-License-Identifier: MIT */
/* preload_edges.h - the parts of preload_edges that are compiled in another way. */
#ifndef PRELOAD_EDGES_H
#define PRELOAD_EDGES_H

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* C++: true if all that was made with operator new (plain, array, aligned, nothrow) was usable. */
bool edges_cxx_new(int rounds);
/* C++: true if an exception passed through the comparison function of a sort and a thread's function caught it. */
bool edges_cxx_thread_exception(void);

/* With _FORTIFY_SOURCE: @buf is known to have 8 bytes, @count is not known. */
ssize_t fortified_read(int fd, size_t count);
ssize_t fortified_pread(int fd, size_t count, off_t offset);
ssize_t fortified_recv(int fd, size_t count);
ssize_t fortified_recvfrom(int fd, size_t count);
int fortified_poll(struct pollfd *fds, nfds_t nfds);
int fortified_ppoll(struct pollfd *fds, nfds_t nfds);
int fortified_open(const char *path, int flags);
int fortified_openat(int dirfd, const char *path, int flags);
size_t fortified_fread(FILE *stream, size_t count);
char *fortified_fgets(FILE *stream, int size);
int fortified_print(FILE *stream, const char *format, double a, long double b, int *ret_n);

#ifdef __cplusplus
}
#endif

#endif
