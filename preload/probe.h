/* SPDX-License-Identifier: MIT */
/*
 * probe.h - what a wrapper is made of.
 *
 * Names. Every event has the name of the function that the program called, in the category libc. The 64-bit, fortified and second
 * names of a function (open64, __open_2, __open) are recorded under the plain one. A function that can block is a span:
 * libc:read_begin with the arguments, libc:read_end with the result and, if it failed, errno in the field error (0 otherwise).
 *
 * Rules for wrappers, all of them for the sake of a program that must not notice:
 *   - While no session records, a wrapper is a compare and a jump.
 *   - errno after the wrapper is errno after the real function. Trace points keep it.
 *   - Memory that the program names is not read before the real function has accepted it: a bad path is EFAULT, not a crash. Hence
 *     paths are in the _end record. (Functions that read it in user space themselves, like dlopen, have it in front.)
 *   - No guard against recursion around trace points: they call nothing that is wrapped here, and a guard would be left set by a
 *     signal handler that jumps out.
 *   - A span that ends neither way (thread cancelled, longjmp out of a handler) has no _end record; the thread's next record at the
 *     same level, or its thread_exit, ends it.
 */
#ifndef BL_PRELOAD_PROBE_H
#define BL_PRELOAD_PROBE_H

#include "preload/resolve.h"

#include <borelog.h>
#include <errno.h>

#define bl_tracing() bl_unlikely(bl_load_relaxed(borelog_word) != 0)

/*
 * The head of a wrapper; its body follows and runs only while a session records. The body is a function of its own, so that the
 * wrapper needs no frame otherwise.
 */
#define BL_WRAPPER(type, name, params, args)                                                                                   \
	__attribute__((noinline)) static type traced_##name params;                                                            \
	BL_EXPORT type name params                                                                                             \
	{                                                                                                                      \
		return bl_tracing() ? traced_##name args : bl_real(name) args;                                                 \
	}                                                                                                                      \
	static type traced_##name params

/* A whole wrapper: span @event around the function; @failed says from result whether errno has the reason; then what to record. */
#define BL_SPAN_AS(type, name, event, params, args, failed, ...)                                                               \
	BL_WRAPPER(type, name, params, args)                                                                                   \
	{                                                                                                                      \
		type result;                                                                                                   \
		int error;                                                                                                     \
                                                                                                                               \
		borelog_begin("libc", #event, __VA_ARGS__);                                                                    \
		result = bl_real(name) args;                                                                                   \
		error = (failed) ? errno : 0;                                                                                  \
		borelog_end("libc", #event, result, error);                                                                    \
		return result;                                                                                                 \
	}

/* The same, for functions that return -1 and set errno. */
#define BL_SPAN(type, name, params, args, ...) BL_SPAN_AS(type, name, name, params, args, result < 0, __VA_ARGS__)

/* The same, for functions that return the error's number. */
#define BL_SPAN_RESULT(name, params, args, ...)                                                                                \
	BL_WRAPPER(int, name, params, args)                                                                                    \
	{                                                                                                                      \
		int result;                                                                                                    \
                                                                                                                               \
		borelog_begin("libc", #name, __VA_ARGS__);                                                                     \
		result = bl_real(name) args;                                                                                   \
		borelog_end("libc", #name, result);                                                                            \
		return result;                                                                                                 \
	}

#endif
