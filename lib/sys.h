/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * sys.h - raw system calls for code that runs inside somebody else's program: errno is kept, nothing can be interposed, nothing is a
 * cancellation point. Return: the result, or a negative errno.
 */
#ifndef BL_LIB_SYS_H
#define BL_LIB_SYS_H

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define bl_sys(...)                                                                                                            \
	__extension__({                                                                                                        \
		const int bl_errno_ = errno;                                                                                   \
		long bl_result_ = syscall(__VA_ARGS__);                                                                        \
		if (bl_result_ == -1)                                                                                          \
			bl_result_ = -errno;                                                                                   \
		errno = bl_errno_;                                                                                             \
		bl_result_;                                                                                                    \
	})

/* With 64-bit offsets, as struct flock has them. */
#ifdef SYS_fcntl64
#define BL_SYS_FCNTL SYS_fcntl64
#else
#define BL_SYS_FCNTL SYS_fcntl
#endif

/* A 64-bit argument (an offset, a length): two of them on 32-bit machines. */
#if __SIZEOF_LONG__ == 8
#define BL_SYS_64(value) ((long)(value))
#else
#define BL_SYS_64(value) __LONG_LONG_PAIR((long)((uint64_t)(value) >> 32), (long)(uint64_t)(value))
#endif

#endif
