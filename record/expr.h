/* SPDX-License-Identifier: MIT */
/**
 * expr.h - expressions on the fields of an event: `rows > 100 && sql ~ "SELECT*"`.
 *
 * The language
 *
 *     or      = and { "||" and }
 *     and     = not { "&&" not }
 *     not     = "!" ( not | operand ) | compare
 *     compare = bits [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) bits | ( "~" | "!~" ) string ]
 *     bits    = operand { "&" operand }
 *     operand = number | string | "true" | "false" | field | "$ctx.tid" | "$ctx.pid" | "(" or ")"
 *
 *     number  42  0x2a  0o52 or 052  0b101010  -1  1.5  1e-3; decimal ones with k M G T (powers of 1000) or Ki Mi Gi Ti (of 1024)
 *     string  "..." or '...' with C's escapes; it cannot hold a NUL
 *     field   a name as in C; parts joined by "." or "->" and [number] belong to it: req->len, a.b[0]. Any other name is written
 *             in back quotes: `strlen(s)`. tid and pid are the thread's and the process' unless the event has a field of that name.
 *
 * It is C's, less C's traps: & binds tighter than comparisons (flags & 4 == 4 means what it seems to), comparisons cannot be
 * chained (1 < a < 3), and ! in front of a comparison needs parentheses. These are errors that say what to write instead.
 *
 * Meaning
 *     Integers compare by their mathematical value, whatever their signs and sizes; an integer with a floating point number as
 *     double. A NaN is unequal to everything. Strings compare byte by byte, up to 64 KiB; ~ is a glob for the whole string:
 *     * ? [a-z] [!a-z] and \ to quote ("\\" in a string). A sequence counts as its number of elements.
 *     An enumeration is a number that also compares (== != ~ !~) with its labels: state == "idle" holds for every value that has
 *     this label.
 *     Alone, a number is true if it is not 0, a string if it is not empty.
 *     A field that an event does not have is nothing: it is false, and every comparison with it is false, != and !~ too. The
 *     same holds for comparisons that make no sense (a string with a number, < with a label). expr_warning() tells of those
 *     that never did.
 *
 * Bounds: no text makes parsing recurse deeper than EXPR_DEPTH_MAX, or gives more than BL_FILTER_OPS_MAX operations before mappings
 * are known; every expression that parses runs in BL_FILTER_STACK.
 */
#ifndef BL_RECORD_EXPR_H
#define BL_RECORD_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/abi/filter.h"
#include "record/describe.h"

#define EXPR_DEPTH_MAX 64u
#define EXPR_TEXT_MAX 65536u /* bytes of an expression */

struct expr;

/** What is wrong, and where in the text. */
struct expr_error {
	size_t column; /* in bytes, from 1 */
	char message[192];
};

/** Operations and texts of the filter that is being made for one event. */
struct expr_code {
	uint32_t n_ops;
	uint32_t text_size;
	bool overflow; /* something did not fit: the code is of no use */
	struct bl_filter_op ops[BL_FILTER_OPS_MAX];
	char text[BL_FILTER_TEXT_MAX];
};

/** What is known of an expression for all records of one event. */
enum expr_truth {
	EXPR_FALSE,
	EXPR_TRUE,
	EXPR_DEPENDS,
};

/**
 * expr_parse() - text to tree
 *
 * Return: give it to expr_free(); NULL with *@ret_error filled in (column 0: no memory).
 */
struct expr *expr_parse(const char *text, struct expr_error *ret_error);

/** Accepts NULL. */
void expr_free(struct expr *expr);

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

/**
 * expr_warning() - what made no sense in any of the events that the expression was compiled for
 * @next: 0 at first, moved on
 *
 * Return: false when there is nothing more.
 */
bool expr_warning(const struct expr *expr, uint32_t *next, struct expr_error *ret);

/**
 * expr_error_print() - the message, then the line of @text with a caret below the column
 * @what: in front of the message, as "borelog: -e: "
 */
void expr_error_print(FILE *to, const char *what, const char *text, const struct expr_error *error);

#endif
