/* SPDX-License-Identifier: MIT */
/**
 * expr_code.h - from the tree of an expression (query/expr.h) to the code of a filter for one event, that the program runs
 * (lib/abi/filter.h).
 *
 * Every expression that parses fits, but for the ranges of labels: each label that a comparison matches is a few operations more.
 * Its variables are expr_code_variables: $tid and $pid, which are also called $ctx.tid and $ctx.pid.
 */
#ifndef BL_RECORD_EXPR_CODE_H
#define BL_RECORD_EXPR_CODE_H

#include "lib/abi/filter.h"
#include "query/expr.h"
#include "record/describe.h"

/** What expr_parse() needs for an expression that shall be compiled here. */
extern const struct expr_variable expr_code_variables[];

/** Operations and texts of the filter that is being made for one event. */
struct expr_code {
	uint32_t n_ops;
	uint32_t text_size;
	bool overflow; /* something did not fit: the code is of no use */
	struct bl_filter_op ops[BL_FILTER_OPS_MAX];
	char text[BL_FILTER_TEXT_MAX];
};

/**
 * expr_compile() - append the code for one event, which leaves one value on the stack
 * @expr: remembers which of its parts made sense, for expr_warning()
 * @code: appended to only if the result is EXPR_DEPENDS; look at its overflow when all is appended
 *
 * Return: EXPR_FALSE and EXPR_TRUE: so for all records of this event, no code is needed.
 */
enum expr_truth expr_compile(struct expr *expr, const struct event_field *fields, uint32_t n_fields, struct expr_code *code);

/** Start with no code. */
void expr_code_init(struct expr_code *code);

/** Append an operation without operands. */
void expr_code_op(struct expr_code *code, enum bl_filter_code op);

/** Append a jump (BL_FILTER_JUMP_FALSE, _TRUE) whose target is not known yet; give the result to expr_code_land(). */
uint32_t expr_code_jump(struct expr_code *code, enum bl_filter_code op);

/** The jump goes to where the next operation will be. */
void expr_code_land(struct expr_code *code, uint32_t jump);

/** Is there room for so much more? */
bool expr_code_has_room(const struct expr_code *code, uint32_t n_ops, uint32_t text_size);

/** Append @from, which was made on its own. */
void expr_code_append(struct expr_code *code, const struct expr_code *from);

/** Bytes of the finished filter, struct bl_filter and padding included. */
size_t expr_code_size(const struct expr_code *code);

/** Write the finished filter; @to has room for expr_code_size(). */
void expr_code_write(const struct expr_code *code, void *to);

#endif
