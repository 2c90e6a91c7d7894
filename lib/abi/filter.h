/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * filter.h - compiled filters: what record/expr_code.c makes of `rows > 100 && sql ~ "SELECT*"` and lib/filter.c runs in the program.
 *
 * A filter is a struct bl_filter followed by n_ops struct bl_filter_op and text_size bytes of text. It runs on a stack of
 * BL_FILTER_STACK values, forwards only, so it ends after n_ops steps. The evaluator lives in the program and does not trust the
 * recorder: it reads each op once, checks every index when it uses it, and a filter that breaks a rule matches (a record too many
 * is seen; a record too few is lost). It calls no libc function but those that are async-signal-safe, and no floating point is
 * touched unless a field or constant is one.
 *
 * Values: signed 64-bit, unsigned 64-bit, double, string (pointer and length), or nothing (a field that this event does not have; every
 * comparison with it is false). Integers of mixed sign compare by their mathematical value; integer with double as double.
 */
#ifndef BL_LIB_ABI_FILTER_H
#define BL_LIB_ABI_FILTER_H

#include "core/event.h"

#define BL_FILTER_STACK 16u
#define BL_FILTER_OPS_MAX 256u
#define BL_FILTER_TEXT_MAX 4096u

enum bl_filter_code {
	BL_FILTER_PUSH_I64 = 1, /* value */
	BL_FILTER_PUSH_U64,     /* value */
	BL_FILTER_PUSH_F64,     /* value, the bits of a double */
	BL_FILTER_PUSH_TEXT,    /* value = offset << 32 | length, in the filter's text */
	BL_FILTER_PUSH_FIELD,   /* arg = index of the event's field; a sequence counts as its number of elements */
	BL_FILTER_PUSH_TID,
	BL_FILTER_PUSH_PID,
	BL_FILTER_EQ,           /* the following pop right, then left, and push 0 or 1 */
	BL_FILTER_NE,
	BL_FILTER_LT,
	BL_FILTER_LE,
	BL_FILTER_GT,
	BL_FILTER_GE,
	BL_FILTER_GLOB,         /* left matches the pattern right: * ? [a-z] [!a-z] and \ to quote; on strings */
	BL_FILTER_AND_BITS,     /* left & right, integers */
	BL_FILTER_NOT,          /* pop, push 0 or 1 */
	BL_FILTER_JUMP_FALSE,   /* if the top is false: go on arg ops further (forwards), keeping it; else pop it */
	BL_FILTER_JUMP_TRUE,
};

struct bl_filter_op {
	uint16_t code;
	uint16_t arg;
	uint32_t reserved;
	uint64_t value;
};

struct bl_filter {
	uint32_t n_ops;
	uint32_t text_size;
	/* struct bl_filter_op ops[n_ops]; char text[text_size]; the whole padded to 8 bytes */
};

bl_static_assert(sizeof(struct bl_filter_op) == 16, "versioned with the control page");

#endif
