/* SPDX-License-Identifier: MIT */
/**
 * place.h - where in a record the value is that a name means: rows, req.len, a.b[3], $cpu, $context.prio.
 *
 * Names are looked up once for an event class; what is found is a place, which is then read from each record. A place depends on
 * nothing but constant classes, so threads can share it.
 *
 * A field is looked for in the payload, then in the event's own context, in that of all events of the stream, and in the packet's.
 * In a scope:
 *
 *     a name is a member's. It may have dots itself; the longest member's name that leads anywhere counts
 *     what follows "." or "->" is in a structure, or an option of a variant; [n] is an array's element, from 0
 *     what is optional is looked into as if it was there
 *     if there is none: a member whose name is the text made an identifier, which is what a program's `req->len` is called in
 *     CTF 1.8: req_len
 *
 * A place may be missing from single records: an array is too short, another option is selected, something optional is absent.
 */
#ifndef BL_ANALYSIS_PLACE_H
#define BL_ANALYSIS_PLACE_H

#include "ctf/ctf.h"
#include "query/expr.h"

enum place_kind {
	PLACE_NONE, /* the event has no such thing */
	PLACE_NAME, /* the event's */
	PLACE_LAYER,
	PLACE_TIME,
	PLACE_STREAM, /* the number that its class has */
	PLACE_FIELD,
};

/** Variables of a reader, for expr_parse(). */
extern const struct expr_variable place_variables[];

/** place_layer() - "xen", "kernel" or "user", by what the trace says of itself, else by its directory's name; NULL: unknown. */
const char *place_layer(const struct ctf_trace *trace);

struct place_step {
	const struct ctf_class *class;   /* what is found */
	const struct ctf_member *member; /* of a structure or variant; NULL: of an array, or what is optional */
	uint64_t index;
};

struct place {
	enum place_kind kind;
	enum ctf_scope scope; /* PLACE_FIELD */
	bool may_miss;
	bool direct;                   /* a number of fixed size at the same place in every record: */
	uint64_t offset;               /* bits from the beginning of the scope */
	const struct ctf_class *class; /* of the field */
	uint32_t n_steps;
	struct place_step steps[];
};

/**
 * place_new() - look up a name
 * @node: EXPR_FIELD or EXPR_VARIABLE of a tree that was parsed with place_variables
 *
 * Return: to be given to free(); NULL: out of memory.
 */
struct place *place_new(const struct ctf_trace *trace, const struct ctf_event_class *event, const struct expr_node *node);

/** place_variable() - the same for a variable's name ("cpu", "tid"), without "$". */
struct place *place_variable(const struct ctf_trace *trace, const struct ctf_event_class *event, const char *name);

/** place_is_direct() - is the member a number of fixed size that is always at the same place of its structure, member->offset? */
bool place_is_direct(const struct ctf_class *structure, uint32_t member);

/** place_field() - the field in a record of that event class; class NULL: this record has none. Only for PLACE_FIELD. */
struct ctf_field place_field(const struct place *place, const struct ctf_record *record);

#endif
