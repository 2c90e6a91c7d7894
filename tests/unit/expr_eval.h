/* SPDX-License-Identifier: MIT */
/*
 * expr_eval.h - for the tests of expressions: compile for an event, run on a record.
 */
#ifndef BL_TESTS_EXPR_EVAL_H
#define BL_TESTS_EXPR_EVAL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/filter.h"
#include "record/expr_code.h"

#define EVAL_TID 4711
#define EVAL_PID 42

static inline struct expr *parse_or_fail(const char *text)
{
	struct expr_error error = {0};
	struct expr *expr = expr_parse(text, expr_code_variables, &error);

	if (!expr)
		fail_msg("%s\ncolumn %zu: %s", text, error.column, error.message);
	return expr;
}

/* The filter lies in a block of exactly its size, for the address sanitizer. */
static inline enum bl_filter_verdict run_code(const struct expr_code *code, const struct bl_filter_arg *args, uint32_t n_args)
{
	const size_t size = expr_code_size(code);
	void *filter = malloc(size);
	enum bl_filter_verdict verdict;

	assert_non_null(filter);
	assert_false(code->overflow);
	expr_code_write(code, filter);
	verdict = bl_filter_run(filter, size, args, n_args, EVAL_TID, EVAL_PID);
	free(filter);
	return verdict;
}

/* 0 or 1, or BL_FILTER_BROKEN, which no code of ours may be. */
static inline int evaluate(struct expr *expr, const struct event_field *fields, const struct bl_filter_arg *args, uint32_t n_fields)
{
	static struct expr_code code;
	enum expr_truth truth;

	expr_code_init(&code);
	truth = expr_compile(expr, fields, n_fields, &code);
	if (truth != EXPR_DEPENDS) {
		assert_int_equal(code.n_ops, 0);
		return truth == EXPR_TRUE;
	}
	return run_code(&code, args, n_fields);
}

#endif
