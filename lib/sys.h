/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * sys.h - raw system calls for code that runs inside somebody else's program: errno is kept, nothing can be interposed, nothing is a
 * cancellation point. Return: the result, or a negative errno.
 */
#ifndef BL_LIB_SYS_H
#define BL_LIB_SYS_H

#include <errno.h>
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

#endif
