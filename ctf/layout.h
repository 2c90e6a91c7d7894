/* SPDX-License-Identifier: MIT */
/**
 * layout.h - what decoding needs beyond the public classes; computed once by model_finish(). Not for anybody outside ctf/.
 *
 * What is fixed has a size. A linear event (linear.h) has one list of steps through all its scopes, and nodes for all its records.
 *
 * A node is a field's place in a record: the whole of a scope is an array of nodes in depth-first order. Arrays of numbers of fixed
 * size have one node for all elements.
 */
#ifndef BL_CTF_LAYOUT_H
#define BL_CTF_LAYOUT_H

#include "ctf/model.h"

/** What is at the end of a step of a linear event: see linear.h. */
enum linear_op {
	LINEAR_NOT,     /* the event is not linear */
	LINEAR_END,     /* the record's end */
	LINEAR_ON,      /* a field that has to be aligned anew */
	LINEAR_SAVE,    /* a number that says a length */
	LINEAR_STRING,  /* one that ends with NUL, of UTF-8 */
	LINEAR_ARRAY,   /* a dynamic array of numbers, string of UTF-8 or BLOB */
	LINEAR_COUNTED, /* LINEAR_SAVE with LINEAR_ARRAY right behind it */
};

#define LINEAR_COUNT_BITS 30u /* of a length; longer ones are for who has words about them */

struct linear {
	uint64_t gap;  /* the step's alignment - 1 */
	uint64_t bits; /* from there to the field at its end */
	uint8_t op;
	int32_t source;                 /* LINEAR_ARRAY: the saved value that is its length */
	const struct ctf_class *number; /* LINEAR_SAVE, LINEAR_COUNTED */
	uint64_t stride;                /* LINEAR_ARRAY, LINEAR_COUNTED: of the elements */
	uint64_t last;                  /* and bits of the last one */
};

/** A class with what decoding it needs. model_class's memory: see model.h. */
struct layout_class {
	struct model_class model;
	struct ctf_member self; /* for the root of a scope: no name, this class */
	bool quick;             /* fixed, and nothing inside is saved or has to be checked */
	uint64_t n_all;         /* fixed: nodes of all of it, a big number if there are very many */
	uint32_t parts;         /* members of a structure and of those in it: what it costs as an array's element */
	uint32_t n_resets;      /* structures: values that may not come, to be forgotten at the beginning */
	const int32_t *resets;
};

static inline const struct layout_class *layout_of(const struct ctf_class *class)
{
	return (const struct layout_class *)class;
}

#define LAYOUT_CASES_MAX 8u

/** What follows in a record's header if its selector is in first..last. */
struct head_case {
	uint64_t first;
	uint64_t last;
	uint32_t bits;       /* of the whole header */
	uint32_t clock_at;   /* bits from the header's beginning */
	uint32_t clock_size; /* 0: no time */
	uint32_t id_at;
	uint32_t id_size; /* 0: no id but the default one, 0 */
};

/** Little-endian, an id of so many bits, and a clock value of so many behind it: they are read with one load. */
enum head_shape {
	HEAD_OTHER,
	HEAD_5_27,
	HEAD_16_32,
};

/** A record's header, if it is of a kind that can be read without looking at its class: see head.h. */
struct head {
	bool simple;
	enum head_shape shape; /* of cases[0] */
	bool big_endian;
	uint32_t align;
	uint32_t select_at;
	uint32_t select_size; /* 0: there is one case only */
	uint32_t n_cases;
	struct head_case cases[LAYOUT_CASES_MAX];
};

/** Scopes of an event behind its header. */
struct layout_event {
	struct model_event model;
	uint32_t n_scopes; /* of those that are there */
	const struct layout_class *scopes[3];
	uint8_t places[3]; /* of scopes: enum ctf_scope - CTF_COMMON_CONTEXT */
	bool crosses;      /* a scope needs a value of the record's header or of another scope of the record */

	/* linear.h */
	const struct linear *steps; /* up to LINEAR_END; NULL: it is not linear */
	uint32_t n_steps;
	const struct ctf_node *roots[CTF_N_ROOTS]; /* places of the nodes are the steps */
	bool whole, ends;                          /* as in layout_id */
	const struct ctf_node *const *ready;       /* roots, if linear_rest() finds all places; NULL: it does not */
};

/** An event by its id, and what passing over it takes: in one place, because each record waits for the size of the one before. */
struct layout_id {
	const struct layout_event *event; /* NULL: there is none */
	const struct linear *more;        /* steps behind the first */
	bool whole;                       /* behind a header that ends at a whole byte, it does too */
	bool ends;                        /* and what ends the first step is its last field */
	struct linear first;              /* of LINEAR_NOT if the event is not linear, or not there */
};

struct layout_stream {
	struct model_stream model;
	struct head head;
	bool crosses;                  /* an event needs a value of its record's header, which head.h does not save */
	const struct layout_id *by_id; /* of n_by_id */
	uint32_t n_by_id;              /* ids from here on are looked for in pub.events */
	uint32_t n_first;              /* ids from head.cases[0].first on that are of that case and in by_id */
};

/** layout_event_find() - by its id; NULL: none. */
const struct layout_event *layout_event_find(const struct layout_stream *stream, uint64_t id);

/** layout_make() - sizes and alignments of all classes, steps of events; references are resolved. */
bool layout_make(struct ctf_model *model);

/** model_resolve() - references of lengths and selectors, in resolve.c. */
bool model_resolve(struct ctf_model *model);

#endif
