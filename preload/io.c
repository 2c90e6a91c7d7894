/* SPDX-License-Identifier: MIT */
/*
 * io.c - files, sockets, and waiting for them.
 *
 * Each function is a span. The variants of a function (64-bit offsets, fortified, second names) end up in one place each, so that one
 * event has one description. A fortified variant whose check fails goes to the real one, which ends the program.
 */
#include "preload/probe.h"

#include <sys/un.h>

/* ---- Open and close ---- */

/* The kernel has read the path unless it says EFAULT. */
#define READABLE(path, error) ((error) == EFAULT ? NULL : (path))

#define NEEDS_MODE(flags) ((flags) & O_CREAT || ((flags) & O_TMPFILE) == O_TMPFILE)

/* @name, recorded as @event. The mode is there only if flags say so; it is passed on either way. */
#define OPEN(name, event, first_params, first, ...)                                                                            \
	__attribute__((noinline)) static int traced_##name(first_params const char *path, int flags, mode_t mode)              \
	{                                                                                                                      \
		int result, error;                                                                                             \
                                                                                                                               \
		borelog_begin("libc", #event, __VA_ARGS__);                                                                    \
		result = bl_real(name)(first path, flags, mode);                                                               \
		error = result < 0 ? errno : 0;                                                                                \
		path = READABLE(path, error);                                                                                  \
		borelog_end("libc", #event, path, result, error);                                                              \
		return result;                                                                                                 \
	}                                                                                                                      \
	BL_EXPORT int name(first_params const char *path, int flags, ...)                                                      \
	{                                                                                                                      \
		mode_t mode = 0;                                                                                               \
                                                                                                                               \
		if (NEEDS_MODE(flags)) {                                                                                       \
			va_list ap;                                                                                            \
                                                                                                                               \
			va_start(ap, flags);                                                                                   \
			mode = va_arg(ap, mode_t);                                                                             \
			va_end(ap);                                                                                            \
		}                                                                                                              \
		return bl_tracing() ? traced_##name(first path, flags, mode) : bl_real(name)(first path, flags, mode);         \
	}
#define NOTHING
#define DIRFD_PARAM int dirfd,
#define DIRFD dirfd,
OPEN(open, open, NOTHING, NOTHING, flags, mode)
OPEN(open64, open, NOTHING, NOTHING, flags, mode)
OPEN(openat, openat, DIRFD_PARAM, DIRFD, dirfd, flags, mode)
OPEN(openat64, openat, DIRFD_PARAM, DIRFD, dirfd, flags, mode)
BL_ALIAS(__open, open);
BL_ALIAS(__open64, open64);

/* Fortified: called where flags are not known to need no mode. */
#define OPEN_2(name, plain)                                                                                                    \
	BL_EXPORT int name(const char *path, int flags)                                                                        \
	{                                                                                                                      \
		return bl_unlikely(NEEDS_MODE(flags)) ? bl_real(name)(path, flags) : plain(path, flags);                       \
	}
OPEN_2(__open_2, open)
OPEN_2(__open64_2, open64)

#define OPENAT_2(name, plain)                                                                                                  \
	BL_EXPORT int name(int dirfd, const char *path, int flags)                                                             \
	{                                                                                                                      \
		return bl_unlikely(NEEDS_MODE(flags)) ? bl_real(name)(dirfd, path, flags) : plain(dirfd, path, flags);         \
	}
OPENAT_2(__openat_2, openat)
OPENAT_2(__openat64_2, openat64)

#define CREAT(name)                                                                                                            \
	BL_WRAPPER(int, name, (const char *path, mode_t mode), (path, mode))                                                   \
	{                                                                                                                      \
		int result, error;                                                                                             \
                                                                                                                               \
		borelog_begin("libc", "creat", mode);                                                                          \
		result = bl_real(name)(path, mode);                                                                            \
		error = result < 0 ? errno : 0;                                                                                \
		path = READABLE(path, error);                                                                                  \
		borelog_end("libc", "creat", path, result, error);                                                             \
		return result;                                                                                                 \
	}
CREAT(creat)
CREAT(creat64)

BL_SPAN(int, close, (int fd), (fd), fd)
BL_ALIAS(__close, close);

/* ---- Read and write ---- */

BL_SPAN(ssize_t, read, (int fd, void *buf, size_t count), (fd, buf, count), fd, count)
BL_SPAN(ssize_t, write, (int fd, const void *buf, size_t count), (fd, buf, count), fd, count)
BL_SPAN(ssize_t, readv, (int fd, const struct iovec *iov, int iovcnt), (fd, iov, iovcnt), fd, iovcnt)
BL_SPAN(ssize_t, writev, (int fd, const struct iovec *iov, int iovcnt), (fd, iov, iovcnt), fd, iovcnt)
BL_ALIAS(__read, read);
BL_ALIAS(__write, write);

BL_EXPORT ssize_t __read_chk(int fd, void *buf, size_t count, size_t size)
{
	return bl_unlikely(count > size) ? bl_real(__read_chk)(fd, buf, count, size) : read(fd, buf, count);
}

/* A function and its twin for 64-bit offsets, which is the same one where every offset has 64 bits. */
#if __WORDSIZE == 64
#define SPAN_WIDE(type, name, name64, params, params64, args, ...)                                                             \
	BL_SPAN(type, name, params, args, __VA_ARGS__)                                                                         \
	BL_ALIAS(name64, name);
#else
#define SPAN_WIDE(type, name, name64, params, params64, args, ...)                                                             \
	BL_SPAN(type, name, params, args, __VA_ARGS__)                                                                         \
	BL_SPAN_AS(type, name64, name, params64, args, result < 0, __VA_ARGS__)
#endif

SPAN_WIDE(ssize_t, pread, pread64, (int fd, void *buf, size_t count, off_t offset),
	  (int fd, void *buf, size_t count, off64_t offset), (fd, buf, count, offset), fd, count, offset)
SPAN_WIDE(ssize_t, pwrite, pwrite64, (int fd, const void *buf, size_t count, off_t offset),
	  (int fd, const void *buf, size_t count, off64_t offset), (fd, buf, count, offset), fd, count, offset)
SPAN_WIDE(ssize_t, preadv, preadv64, (int fd, const struct iovec *iov, int iovcnt, off_t offset),
	  (int fd, const struct iovec *iov, int iovcnt, off64_t offset), (fd, iov, iovcnt, offset), fd, iovcnt, offset)
SPAN_WIDE(ssize_t, pwritev, pwritev64, (int fd, const struct iovec *iov, int iovcnt, off_t offset),
	  (int fd, const struct iovec *iov, int iovcnt, off64_t offset), (fd, iov, iovcnt, offset), fd, iovcnt, offset)
SPAN_WIDE(ssize_t, preadv2, preadv64v2, (int fd, const struct iovec *iov, int iovcnt, off_t offset, int flags),
	  (int fd, const struct iovec *iov, int iovcnt, off64_t offset, int flags), (fd, iov, iovcnt, offset, flags), fd, iovcnt,
	  offset, flags)
SPAN_WIDE(ssize_t, pwritev2, pwritev64v2, (int fd, const struct iovec *iov, int iovcnt, off_t offset, int flags),
	  (int fd, const struct iovec *iov, int iovcnt, off64_t offset, int flags), (fd, iov, iovcnt, offset, flags), fd, iovcnt,
	  offset, flags)
SPAN_WIDE(ssize_t, sendfile, sendfile64, (int out_fd, int in_fd, off_t *offset, size_t count),
	  (int out_fd, int in_fd, off64_t *offset, size_t count), (out_fd, in_fd, offset, count), out_fd, in_fd, count)
BL_ALIAS(__pread64, pread64);
BL_ALIAS(__pwrite64, pwrite64);

BL_EXPORT ssize_t __pread_chk(int fd, void *buf, size_t count, off_t offset, size_t size)
{
	return bl_unlikely(count > size) ? bl_real(__pread_chk)(fd, buf, count, offset, size) : pread(fd, buf, count, offset);
}

BL_EXPORT ssize_t __pread64_chk(int fd, void *buf, size_t count, off64_t offset, size_t size)
{
	return bl_unlikely(count > size) ? bl_real(__pread64_chk)(fd, buf, count, offset, size) : pread64(fd, buf, count, offset);
}

BL_SPAN(int, fsync, (int fd), (fd), fd)
BL_SPAN(int, fdatasync, (int fd), (fd), fd)
BL_SPAN(int, syncfs, (int fd), (fd), fd)
BL_SPAN(int, msync, (void *address, size_t length, int flags), (address, length, flags), address, length, flags)
BL_SPAN(int, flock, (int fd, int operation), (fd, operation), fd, operation)

/* Only the commands that wait for others are recorded. The third argument is whatever the command takes, in one register or slot. */
#define WAITS(command) ((command) == F_SETLKW || (command) == F_SETLKW64 || (command) == F_OFD_SETLKW)
#define FCNTL(name)                                                                                                            \
	__attribute__((noinline)) static int traced_##name(int fd, int command, void *arg)                                     \
	{                                                                                                                      \
		int result, error;                                                                                             \
                                                                                                                               \
		borelog_begin("libc", "fcntl", fd, command);                                                                   \
		result = bl_real(name)(fd, command, arg);                                                                      \
		error = result < 0 ? errno : 0;                                                                                \
		borelog_end("libc", "fcntl", result, error);                                                                   \
		return result;                                                                                                 \
	}                                                                                                                      \
	BL_EXPORT int name(int fd, int command, ...)                                                                           \
	{                                                                                                                      \
		va_list ap;                                                                                                    \
		void *arg;                                                                                                     \
                                                                                                                               \
		va_start(ap, command);                                                                                         \
		arg = va_arg(ap, void *);                                                                                      \
		va_end(ap);                                                                                                    \
		return bl_tracing() && WAITS(command) ? traced_##name(fd, command, arg) : bl_real(name)(fd, command, arg);     \
	}
FCNTL(fcntl)
FCNTL(fcntl64)
BL_ALIAS(__fcntl, fcntl);

/* ---- Sockets ---- */

/* It reads the names itself, so they are in front. Only EAI_SYSTEM comes with errno. */
BL_SPAN_AS(int, getaddrinfo, getaddrinfo,
	   (const char *restrict node, const char *restrict service, const struct addrinfo *restrict hints, struct addrinfo **restrict ret),
	   (node, service, hints, ret), result == EAI_SYSTEM, node, service)

#define ADDRESS_MAX sizeof(struct sockaddr_un)

/* The address is as the kernel takes it: family and port are its first four bytes. */
BL_WRAPPER(int, connect, (int fd, const struct sockaddr *address, socklen_t length), (fd, address, length))
{
	int result, error;

	borelog_begin("libc", "connect", fd);
	result = bl_real(connect)(fd, address, length);
	error = result < 0 ? errno : 0;
	if (error == EFAULT || error == EINVAL || error == EBADF || error == ENOTSOCK)
		length = 0; /* perhaps not read by the kernel */
	else if (length > ADDRESS_MAX)
		length = ADDRESS_MAX;
	borelog_end("libc", "connect", fd, borelog_named("address", borelog_bytes(address, length)), result, error);
	return result;
}
BL_ALIAS(__connect, connect);

BL_SPAN(int, accept, (int fd, struct sockaddr *address, socklen_t *length), (fd, address, length), fd)
BL_SPAN(int, accept4, (int fd, struct sockaddr *address, socklen_t *length, int flags), (fd, address, length, flags), fd, flags)
BL_SPAN(ssize_t, send, (int fd, const void *buf, size_t count, int flags), (fd, buf, count, flags), fd, count, flags)
BL_SPAN(ssize_t, sendto, (int fd, const void *buf, size_t count, int flags, const struct sockaddr *address, socklen_t length),
	(fd, buf, count, flags, address, length), fd, count, flags)
BL_SPAN(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags), fd, flags)
BL_SPAN(int, sendmmsg, (int fd, struct mmsghdr *messages, unsigned int count, int flags), (fd, messages, count, flags), fd, count, flags)
BL_SPAN(ssize_t, recv, (int fd, void *buf, size_t count, int flags), (fd, buf, count, flags), fd, count, flags)
BL_SPAN(ssize_t, recvfrom, (int fd, void *buf, size_t count, int flags, struct sockaddr *address, socklen_t *length),
	(fd, buf, count, flags, address, length), fd, count, flags)
BL_SPAN(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags), fd, flags)
BL_SPAN(int, recvmmsg, (int fd, struct mmsghdr *messages, unsigned int count, int flags, struct timespec *timeout),
	(fd, messages, count, flags, timeout), fd, count, flags)
BL_ALIAS(__send, send);

BL_EXPORT ssize_t __recv_chk(int fd, void *buf, size_t count, size_t size, int flags)
{
	return bl_unlikely(count > size) ? bl_real(__recv_chk)(fd, buf, count, size, flags) : recv(fd, buf, count, flags);
}

BL_EXPORT ssize_t __recvfrom_chk(int fd, void *buf, size_t count, size_t size, int flags, struct sockaddr *address, socklen_t *length)
{
	if (bl_unlikely(count > size))
		return bl_real(__recvfrom_chk)(fd, buf, count, size, flags, address, length);
	return recvfrom(fd, buf, count, flags, address, length);
}

/* ---- Waiting for descriptors. Time limits behind a pointer are not read: the kernel may refuse that pointer. ---- */

BL_SPAN(int, poll, (struct pollfd *fds, nfds_t nfds, int timeout), (fds, nfds, timeout), nfds, timeout)
BL_SPAN(int, ppoll, (struct pollfd *fds, nfds_t nfds, const struct timespec *timeout, const sigset_t *mask),
	(fds, nfds, timeout, mask), nfds)
BL_SPAN(int, select, (int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, struct timeval *timeout),
	(nfds, readfds, writefds, exceptfds, timeout), nfds)
BL_SPAN(int, pselect,
	(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, const struct timespec *timeout, const sigset_t *mask),
	(nfds, readfds, writefds, exceptfds, timeout, mask), nfds)
BL_SPAN(int, epoll_wait, (int fd, struct epoll_event *events, int maxevents, int timeout), (fd, events, maxevents, timeout), fd,
	maxevents, timeout)
BL_SPAN(int, epoll_pwait, (int fd, struct epoll_event *events, int maxevents, int timeout, const sigset_t *mask),
	(fd, events, maxevents, timeout, mask), fd, maxevents, timeout)
BL_SPAN(int, epoll_pwait2, (int fd, struct epoll_event *events, int maxevents, const struct timespec *timeout, const sigset_t *mask),
	(fd, events, maxevents, timeout, mask), fd, maxevents)
BL_ALIAS(__poll, poll);
BL_ALIAS(__select, select);

BL_EXPORT int __poll_chk(struct pollfd *fds, nfds_t nfds, int timeout, size_t size)
{
	return bl_unlikely(size / sizeof(*fds) < nfds) ? bl_real(__poll_chk)(fds, nfds, timeout, size) : poll(fds, nfds, timeout);
}

BL_EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout, const sigset_t *mask, size_t size)
{
	if (bl_unlikely(size / sizeof(*fds) < nfds))
		return bl_real(__ppoll_chk)(fds, nfds, timeout, mask, size);
	return ppoll(fds, nfds, timeout, mask);
}
