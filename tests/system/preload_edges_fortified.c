/* SPDX-License-Identifier: MIT */
/* preload_edges_fortified.c - calls that the compiler turns into the __*_chk family; built with -O2 -D_FORTIFY_SOURCE=2. */
#include "preload_edges.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char eight[8];

ssize_t fortified_read(int fd, size_t count)
{
	return read(fd, eight, count);
}

ssize_t fortified_pread(int fd, size_t count, off_t offset)
{
	return pread(fd, eight, count, offset);
}

ssize_t fortified_recv(int fd, size_t count)
{
	return recv(fd, eight, count, 0);
}

ssize_t fortified_recvfrom(int fd, size_t count)
{
	return recvfrom(fd, eight, count, 0, NULL, NULL);
}

int fortified_poll(struct pollfd *fds, nfds_t nfds)
{
	struct pollfd two[2];

	memcpy(two, fds, sizeof(two));
	return poll(two, nfds, 0);
}

int fortified_ppoll(struct pollfd *fds, nfds_t nfds)
{
	const struct timespec zero = {0, 0};
	struct pollfd two[2];

	memcpy(two, fds, sizeof(two));
	return ppoll(two, nfds, &zero, NULL);
}

int fortified_open(const char *path, int flags)
{
	return open(path, flags);
}

int fortified_openat(int dirfd, const char *path, int flags)
{
	return openat(dirfd, path, flags);
}

size_t fortified_fread(FILE *stream, size_t count)
{
	return fread(eight, 1, count, stream);
}

char *fortified_fgets(FILE *stream, int size)
{
	return fgets(eight, size, stream);
}

int fortified_print(FILE *stream, const char *format, double a, long double b, int *ret_n)
{
	return fprintf(stream, format, a, b, ret_n);
}
