/* SPDX-License-Identifier: MIT */
/**
 * linear.h - events whose records are the same fields in the same order, be it with strings and arrays of numbers of any length:
 * nearly all. Not for anybody outside ctf/.
 *
 * A linear event has a list of steps through all its scopes behind the header: so many bits that need not be looked at, then one
 * field whose length a look at the record tells. And it has its scopes' nodes, once for all records: they count from the step that
 * they are in, so that only the steps' places have to be found in a record.
 */
#ifndef BL_CTF_LINEAR_H
#define BL_CTF_LINEAR_H

#include "ctf/bits.h"
#include "ctf/decode.h"

#define LINEAR_NODES_MAX 4096u          /* of an event */
#define LINEAR_PLACES 3u                /* that are found when a record is passed over */
#define LINEAR_ALL_NODES_MAX (1u << 18) /* of a trace's events together; those that have no room are not linear */

/** What is made for one event after the other. */
struct linear_maker {
	struct ctf_model *model;
	bool strict;    /* numbers have to be checked one by one */
	uint32_t n_all; /* nodes made so far, of LINEAR_ALL_NODES_MAX */

	/* Of the event that is being made. */
	struct linear *steps;
	uint32_t n_steps, room;
	struct ctf_node *nodes; /* room for LINEAR_NODES_MAX */
	uint32_t n_nodes;
	bool fresh; /* the last step has no nodes yet */
};

/** linear_begin() - with model and strict given. Return: false: no memory. */
bool linear_begin(struct linear_maker *maker);
void linear_end(struct linear_maker *maker);

/**
 * linear_make() - the steps and nodes of an event, or none: then it is not linear. The classes of its scopes are ready
 *
 * Return: false: no memory, and model_error() was called.
 */
bool linear_make(struct linear_maker *maker, struct layout_event *event);

#define LINEAR_WRONG UINT64_MAX /* a place behind every end */

static inline uint64_t linear_align(const struct linear *step, uint64_t pos)
{
	return (pos + step->gap) & ~step->gap;
}

static inline uint64_t linear_string(const uint8_t *bytes, uint64_t pos, uint64_t end, uint64_t *ret_n)
{
	const uint64_t most = (end - pos) / 8, n = decode_string(bytes + pos / 8, most);

	*ret_n = n;
	return n < most ? pos + 8 * n + 8 : LINEAR_WRONG;
}

static inline uint64_t linear_elements(const struct linear *step, uint64_t pos, uint64_t n, uint64_t *ret_n)
{
	*ret_n = n;
	if (n >> LINEAR_COUNT_BITS)
		return LINEAR_WRONG;
	return n ? pos + (n - 1) * step->stride + step->last : pos;
}

/* The number that is at @pos, before @end. Lengths have no sign. */
static inline uint64_t linear_saved(const struct linear *step, const uint8_t *bytes, uint64_t pos, struct saved *saved)
{
	const uint64_t n = bits_load(step->number, bytes, pos);

	saved[step->number->save] = (struct saved){n, true};
	return n;
}

/* The field at the end of a step, at @pos, which is not behind @end. *@ret_n: as ctf_field.n, if it is counted. Return: the place
 * behind it. */
static inline __attribute__((always_inline)) uint64_t linear_field(const struct linear *step, const uint8_t *bytes, uint64_t pos,
								   uint64_t end, struct saved *saved, uint64_t *ret_n)
{
	*ret_n = 0;
	switch (step->op) {
	case LINEAR_STRING:
		return linear_string(bytes, pos, end, ret_n);
	case LINEAR_COUNTED:
		if (step->number->size > end - pos)
			return LINEAR_WRONG;
		return linear_elements(step, pos + step->number->size, linear_saved(step, bytes, pos, saved), ret_n);
	case LINEAR_ARRAY:
		if (!saved[step->source].set)
			return LINEAR_WRONG;
		return linear_elements(step, pos, saved[step->source].value, ret_n);
	case LINEAR_SAVE:
		if (step->number->size > end - pos)
			return LINEAR_WRONG;
		linear_saved(step, bytes, pos, saved);
		return pos + step->number->size;
	case LINEAR_ON:
		return pos;
	default:
		return LINEAR_WRONG;
	}
}

/**
 * linear_rest() - what is behind the first step's bits, as decode_skip() passes over it, without words about what is wrong
 * @pos: where they end, before @end
 * @places: LINEAR_PLACES, to be filled in as linear_places() does, if the event's steps are no more; the first one's at is known
 *
 * Return: the place behind the record; one behind @end: something is wrong, or goes on there: decode_skip() says what.
 */
static inline __attribute__((always_inline)) uint64_t linear_rest(const struct layout_id *id, const uint8_t *bytes, uint64_t pos,
								  uint64_t end, struct saved *saved, struct ctf_place *places)
{
	const struct linear *step = &id->first;
	struct ctf_place *const last = places + LINEAR_PLACES - 1;
	uint64_t n;

	pos = linear_field(step, bytes, pos, end, saved, &n);
	places->n = (uint32_t)n;
	if (id->ends)
		return pos;
	for (step = id->more; pos <= end; step++) {
		places += places < last;
		pos = linear_align(step, pos);
		places->at = (uint32_t)pos;
		pos += step->bits;
		if (step->op == LINEAR_END || pos > end)
			break;
		pos = linear_field(step, bytes, pos, end, saved, &n);
		places->n = (uint32_t)n;
	}
	return pos;
}

/**
 * linear_places() - where the steps of a record begin that was passed over, and how long the fields at their ends are
 * @pos: behind the header
 * @places: room for event->n_steps
 */
void linear_places(const struct layout_event *event, const uint8_t *bytes, uint64_t pos, uint64_t end, struct saved *saved,
		   struct ctf_place *places);

#endif
