/* SPDX-License-Identifier: MIT */
/**
 * expr.h - expressions on the fields of an event: `rows > 100 && sql ~ "SELECT*"`.
 *
 * One language for the filters of the recorder and of the reader. This is its text, its tree and its errors; the tree is compiled
 * for an event's record in a program by record/expr_code.h, for a record in a trace by analysis/filter.h.
 *
 * The language
 *
 *     or       = and { "||" and }
 *     and      = not { "&&" not }
 *     not      = "!" ( not | operand ) | compare
 *     compare  = bits [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) bits | ( "~" | "!~" ) string ]
 *     bits     = operand { "&" operand }
 *     operand  = number | string | "true" | "false" | field | variable | "(" or ")"
 *
 *     number   42  0x2a  0o52 or 052  0b101010  -1  1.5  1e-3; decimal ones with k M G T (powers of 1000) or Ki Mi Gi Ti (of 1024)
 *     string   "..." or '...' with C's escapes; it cannot hold a NUL
 *     field    a name as in C; parts joined by "." or "->" and [number] belong to it: req->len, a.b[0]. Any other name is
 *              written in back quotes: `strlen(s)`. tid and pid are the thread's and the process' unless the event has such a
 *              field.
 *     variable "$" and a name: what is not the event's own, as $tid or $pid. Which ones there are depends on who asks: the
 *              recorder does not know what only a reader can. Some are followed by "." and a field: $context.prio
 *
 * It is C's, less C's traps: & binds tighter than comparisons (flags & 4 == 4 means what it seems to), comparisons cannot be
 * chained (1 < a < 3), and ! in front of a comparison needs parentheses. These are errors that say what to write instead.
 *
 * Meaning
 *     Integers compare by their mathematical value, whatever their signs and sizes; an integer with a floating point number as
 *     double. A NaN is unequal to everything. Strings compare byte by byte (the recorder looks at 64 KiB of them); ~ is a glob for
 *     the whole string: * ? [a-z] [!a-z] and \ to quote ("\\" in a string). A sequence counts as its number of elements.
 *     An enumeration is a number that also compares (== != ~ !~) with its labels: state == "idle" holds for every value that has
 *     this label.
 *     Alone, a number is true if it is not 0, a string if it is not empty.
 *     A field that an event does not have is nothing: it is false, and every comparison with it is false, != and !~ too. The
 *     same holds for comparisons that make no sense (a string with a number, < with a label). expr_warning() tells of those
 *     that never did.
 *
 * Bounds: no text makes parsing recurse deeper than EXPR_DEPTH_MAX, or a tree that a machine with a stack of EXPR_STACK_MAX values
 * needs more than EXPR_OPS_MAX operations for before mappings are known.
 */
#ifndef BL_QUERY_EXPR_H
#define BL_QUERY_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define EXPR_DEPTH_MAX 64u
#define EXPR_TEXT_MAX 65536u   /* bytes of an expression */
#define EXPR_STRINGS_MAX 4096u /* bytes of all strings in it */
#define EXPR_STACK_MAX 16u
#define EXPR_OPS_MAX 256u
#define EXPR_NODES_MAX EXPR_OPS_MAX /* each costs an operation */

/** What is wrong, and where in the text. */
struct expr_error {
	size_t column; /* in bytes, from 1 */
	char message[256];
};

/* ---- Variables ---- */

/** What a variable can be compared with; it decides which errors are known before any event is. */
enum expr_type {
	EXPR_ANY, /* depends on the event */
	EXPR_NUMBER,
	EXPR_STRING,
	EXPR_TIME, /* a number; a string that it is compared with is a time in words */
};

/** A variable that there is, in a table that ends with name NULL. */
struct expr_variable {
	const char *name; /* without "$": "tid"; with a "." at its end a field follows: "context." */
	enum expr_type type;
	int id;
};

/* ---- The tree ---- */

enum expr_kind {
	EXPR_I64,
	EXPR_U64, /* above INT64_MAX */
	EXPR_F64,
	EXPR_TEXT,
	EXPR_FIELD,
	EXPR_VARIABLE,
	EXPR_BITS, /* those from here on have operands */
	EXPR_COMPARE,
	EXPR_NOT,
	EXPR_AND,
	EXPR_OR,
};

enum expr_op {
	EXPR_EQ,
	EXPR_NE,
	EXPR_LT,
	EXPR_LE,
	EXPR_GT,
	EXPR_GE,
	EXPR_GLOB,
};

struct expr_node {
	enum expr_kind kind;
	enum expr_op op; /* of a comparison */
	bool negate;     /* of a comparison: !~ */
	/* For expr_warning(), set by who compiles the tree for an event: */
	bool sensible; /* field, variable: some event has it; comparison: the types fitted once, and the label was found */
	bool reached;  /* comparison: some event has all of its fields */
	uint32_t left; /* operands, as indices; they are lower than the node's own */
	uint32_t right;
	uint32_t begin; /* of its text, for messages: [begin, end) */
	uint32_t end;
	const struct expr_variable *variable;
	union {
		int64_t i64;
		uint64_t u64;
		double f64;
		const char *string; /* text; a field's name, that behind a variable too */
	} as;
};

struct expr {
	uint32_t n_nodes;
	uint32_t root;
	struct expr_node node[EXPR_NODES_MAX];
	char source_and_strings[]; /* the text with its NUL, then what was unescaped */
};

/**
 * expr_parse() - text to tree
 * @variables: outlives the tree
 *
 * Return: give it to expr_free(); NULL with *@ret_error filled in (column 0: no memory).
 */
struct expr *expr_parse(const char *text, const struct expr_variable *variables, struct expr_error *ret_error);

/** Accepts NULL. */
void expr_free(struct expr *expr);

/* ---- For compilers ---- */

/** What is known of a node for all records of one event. */
enum expr_truth {
	EXPR_FALSE,
	EXPR_TRUE,
	EXPR_DEPENDS,
};

/**
 * expr_truth_of() - what constants, !, && and || come to; EXPR_DEPENDS for all else
 * @truth: of the nodes with lower indices, enum expr_truth
 */
enum expr_truth expr_truth_of(const struct expr_node *node, const uint8_t *truth);

/* ---- Messages ---- */

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
