/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * filter.h - does this record pass the session's filter? Asked in the traced program, before anything is reserved.
 */
#ifndef BL_LIB_FILTER_H
#define BL_LIB_FILTER_H

#include "lib/abi/filter.h"

/** Bytes of a string that a filter looks at; what is behind them is ignored. */
#define BL_FILTER_STRING_MAX 65536u
/** Bytes that one run looks at in strings and patterns, each time counted, before it gives up. */
#define BL_FILTER_STEPS_MAX (1u << 18)

enum bl_filter_verdict {
	BL_FILTER_BROKEN = -1, /* the filter breaks a rule of lib/abi/filter.h, or needs more than BL_FILTER_STEPS_MAX */
	BL_FILTER_NO = 0,
	BL_FILTER_YES = 1,
};

/**
 * bl_filter_run() - run a filter on the arguments of a trace point
 * @filter:         struct bl_filter in memory that others may change meanwhile; aligned to 8
 * @size_available: bytes that may be read at @filter
 * @args:           the event's fields, in order
 * @n_args:         how many
 * @tid: @pid:      of the caller
 *
 * Context:  any, signal handlers included; no heap, no lock, no system call, no libc.
 * Progress: ends after BL_FILTER_OPS_MAX operations and BL_FILTER_STEPS_MAX bytes.
 * Return:   the verdict; never reads outside of the filter and the arguments, whatever the filter's bytes are.
 */
BL_MUST_CHECK enum bl_filter_verdict bl_filter_run(const void *filter, size_t size_available, const struct bl_filter_arg *args,
						   uint32_t n_args, int32_t tid, int32_t pid);

/** Is the record to be recorded? A broken filter lets everything through: a record too many is seen, one too few is lost. */
BL_MUST_CHECK bool bl_filter_match(const void *filter, size_t size_available, const struct bl_filter_arg *args, uint32_t n_args,
				   int32_t tid, int32_t pid);

#endif
