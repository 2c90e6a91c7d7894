/* SPDX-License-Identifier: MIT */
/**
 * layout.h - what decoding needs beyond the public classes; computed once by model_finish(). Not for anybody outside ctf/.
 *
 * A structure is either fixed, then its size is a number and its fields are a constant list of nodes, or it has a list of
 * steps that passes over it without looking at what nobody needs.
 *
 * A node is a field's place in a record: the whole of a scope is an array of nodes in depth-first order. Arrays of numbers of fixed
 * size have one node for all elements.
 */
#ifndef BL_CTF_LAYOUT_H
#define BL_CTF_LAYOUT_H

#include "ctf/model.h"

#define LAYOUT_TEMPLATE_MAX 4096u /* nodes of a fixed structure that are kept ready */

enum step_op {
	STEP_RUN,    /* align, pass over bits */
	STEP_SAVE,   /* align, read a number of fixed size, save it, pass over it */
	STEP_STRING, /* one that ends with NUL, of UTF-8 */
	STEP_BYTES,  /* a dynamic string or BLOB */
	STEP_ARRAY,  /* a dynamic array whose elements are fixed, take bits and save nothing */
	STEP_WALK,   /* anything else: by its class */
};

struct step {
	uint8_t op;
	uint32_t align;
	uint64_t bits;                 /* STEP_RUN: of all; STEP_ARRAY: of one element */
	uint64_t stride;               /* STEP_ARRAY */
	uint32_t shift;                /* STEP_ARRAY, STEP_BYTES: 2^shift elements and more are counted one by one */
	const struct layout_class *of; /* all but STEP_RUN */
};

/** A class with what decoding it needs. model_class's memory: see model.h. */
struct layout_class {
	struct model_class model;
	struct ctf_member self; /* for the root of a scope: no name, this class */
	bool quick;             /* fixed, and nothing inside is saved or has to be checked */
	bool linear;            /* structure: quick, or of steps that need nothing but the bytes and saved values */
	uint64_t n_all;         /* fixed: nodes of all of it, a big number if there are very many */
	uint32_t n_steps;       /* structures that are not quick */
	const struct step *steps;
	uint32_t parts;   /* steps of a structure and of those in it: what it costs as an array's element */
	uint32_t n_nodes; /* fixed: of the template; 0: none is kept */
	const struct ctf_node *nodes;
	uint32_t n_resets; /* structures: values that may not come, to be forgotten at the beginning */
	const int32_t *resets;
};

static inline const struct layout_class *layout_of(const struct ctf_class *class)
{
	return (const struct layout_class *)class;
}

#define LAYOUT_CASES_MAX 8u
#define HEAD_WORD_BITS 57u /* of one load of 64, wherever in a byte it begins */

/** What follows in a record's header if its selector is in first..last. */
struct head_case {
	uint64_t first;
	uint64_t last;
	uint32_t bits;       /* of the whole header */
	uint32_t clock_at;   /* bits from the header's beginning */
	uint32_t clock_size; /* 0: no time */
	uint32_t id_at;
	uint32_t id_size;    /* 0: no id but the default one, 0 */
	bool word;           /* all of it is in the header's first HEAD_WORD_BITS, little-endian */
	uint64_t clock_mask; /* of clock_size bits */
	uint64_t id_mask;
};

/** A record's header, if it is of a kind that can be read without looking at its class. */
struct head {
	bool simple;
	bool word; /* the selector is in the first HEAD_WORD_BITS, little-endian */
	bool big_endian;
	uint32_t align;
	uint64_t select_mask;
	uint32_t select_at;
	uint32_t select_size; /* 0: there is one case only */
	int32_t select_save;  /* -1: nobody needs it */
	uint32_t n_cases;
	struct head_case cases[LAYOUT_CASES_MAX];
};

/** Scopes of an event behind its header. */
struct layout_event {
	struct model_event model;
	uint32_t n_scopes; /* of those that are there */
	const struct layout_class *scopes[3];
	bool crosses; /* a scope needs a value of the record's header or of another scope of the record */
	bool linear;  /* all scopes are, and none crosses */
};

/** An event by its id, and what passing over it takes: in one place, because each record waits for the size of the one before. */
struct layout_id {
	const struct layout_event *event; /* NULL: there is none */
	bool linear;                      /* as the event */
	bool flat;     /* one number tells how big all scopes are: each is quick, of whole bytes, aligned alike */
	uint8_t gap;   /* if flat: their alignment - 1 */
	uint32_t bits; /* if flat */
};

struct layout_stream {
	struct model_stream model;
	struct head head;
	const struct layout_id *by_id; /* of n_by_id */
	uint32_t n_by_id;              /* ids from here on are looked for in pub.events */
};

/** layout_event_find() - by its id; NULL: none. */
const struct layout_event *layout_event_find(const struct layout_stream *stream, uint64_t id);

/** layout_make() - sizes, alignments, steps and templates of all classes of the model; references are resolved. */
bool layout_make(struct ctf_model *model);

/** model_resolve() - references of lengths and selectors, in resolve.c. */
bool model_resolve(struct ctf_model *model);

#endif
