/* SPDX-License-Identifier: MIT */
/**
 * linear.c - see linear.h.
 *
 * While the list is made, a field's place is known from the beginning of the step that it is in, which is aligned as the widest of
 * the step's fields: the step's first field decides, a wider one begins another step.
 */
#include "ctf/linear.h"

#include <stdlib.h>
#include <string.h>

static struct linear *last_step(struct linear_maker *maker)
{
	return &maker->steps[maker->n_steps - 1];
}

/* A place that is known to be a multiple of @align bits. */
static bool begin_step(struct linear_maker *maker, uint64_t align)
{
	if (maker->n_steps == maker->room) {
		const uint32_t room = maker->room ? 2 * maker->room : 8;
		struct linear *steps = realloc(maker->steps, room * sizeof(*steps));

		if (!steps)
			return false;
		maker->steps = steps;
		maker->room = room;
	}
	maker->steps[maker->n_steps++] = (struct linear){.op = LINEAR_END, .gap = align - 1};
	maker->fresh = true;
	return true;
}

/* The last step is at its field. @align: of the place behind that. */
static bool end_step(struct linear_maker *maker, enum linear_op op, uint64_t align)
{
	struct linear *step = last_step(maker);

	step->op = (uint8_t)op;
	return begin_step(maker, align);
}

static bool is_aligned(const struct linear *step, uint64_t bits, uint32_t align)
{
	return step->gap >= align - 1 && bits % align == 0;
}

/* Go to where a field of @align begins. */
static bool go_to(struct linear_maker *maker, uint32_t align)
{
	struct linear *step = last_step(maker);

	if (step->gap < align - 1 && !step->bits && maker->fresh)
		step->gap = align - 1;
	if (step->gap < align - 1)
		return end_step(maker, LINEAR_ON, align);
	step->bits = bits_align(step->bits, align);
	return step->bits <= UINT32_MAX;
}

static struct ctf_node *add_node(struct linear_maker *maker, const struct ctf_member *member, uint64_t at, uint64_t n)
{
	struct ctf_node *node = &maker->nodes[maker->n_nodes];

	if (maker->n_nodes == LINEAR_NODES_MAX || at > UINT32_MAX)
		return NULL;
	maker->n_nodes++;
	maker->fresh = false;
	*node = (struct ctf_node){
		.class = member->class, .member = member, .at = (uint32_t)at, .next = 1, .n = n, .place = maker->n_steps - 1};
	return node;
}

/* Of the field at the end of the step. */
static struct ctf_node *add_counted_node(struct linear_maker *maker, const struct ctf_member *member, uint64_t at)
{
	struct ctf_node *node = add_node(maker, member, at, 0);

	if (node)
		node->counted = true;
	return node;
}

/* The decoder itself makes the nodes: it looks at no byte of the record. */
static bool add_quick(struct linear_maker *maker, const struct ctf_member *member)
{
	const struct layout_class *class = layout_of(member->class);
	struct linear *step = last_step(maker);
	struct decoder decoder = {.pos = step->bits,
				  .end = UINT64_MAX / 2,
				  .nodes = maker->nodes,
				  .n_nodes = maker->n_nodes,
				  .room = LINEAR_NODES_MAX};

	if (class->n_all > LINEAR_NODES_MAX - maker->n_nodes || decode_expand(&decoder, member) != DECODE_OK)
		return false;
	for (; maker->n_nodes < decoder.n_nodes; maker->n_nodes++)
		maker->nodes[maker->n_nodes].place = maker->n_steps - 1;
	maker->fresh = false;
	step->bits += class->model.pub.bits;
	return step->bits <= UINT32_MAX;
}

static bool add_saved(struct linear_maker *maker, const struct ctf_member *member)
{
	const struct ctf_class *number = member->class;
	struct linear *step = last_step(maker);

	if (maker->strict || number->leb128 || !add_node(maker, member, step->bits, 1))
		return false;
	step->number = number;
	return end_step(maker, LINEAR_SAVE, is_aligned(step, step->bits + number->size, 8) ? 8 : 1);
}

/* Is the array or string right behind its length? Then they are one step. */
static bool add_counted(struct linear_maker *maker, const struct ctf_member *member)
{
	const struct ctf_class *class = member->class;
	struct linear *before = maker->n_steps > 1 ? last_step(maker) - 1 : NULL;
	struct ctf_node *node;
	uint64_t at;

	if (!before || before->op != LINEAR_SAVE || before->number->save != class->source || last_step(maker)->bits ||
	    !maker->fresh)
		return false;
	at = before->bits + before->number->size;
	node = is_aligned(before, at, class->align) ? add_counted_node(maker, member, at) : NULL;
	if (!node)
		return false;
	node->place--;
	before->op = LINEAR_COUNTED;
	maker->fresh = true;
	return true;
}

static bool add_dynamic(struct linear_maker *maker, const struct ctf_member *member)
{
	const struct ctf_class *class = member->class;
	const uint64_t stride = class->type == CTF_ARRAY ? class->stride : 8;
	const uint64_t bits = class->type == CTF_ARRAY ? class->members->class->bits : 8;
	struct linear *step;

	if (class->type == CTF_ARRAY ? !class->numbers : class->encoding != CTF_UTF8)
		return false;
	if (add_counted(maker, member)) {
		step = last_step(maker) - 1;
	} else {
		if (!go_to(maker, class->align) || !add_counted_node(maker, member, last_step(maker)->bits))
			return false;
		step = last_step(maker);
		step->source = class->source;
		if (!end_step(maker, LINEAR_ARRAY, 1))
			return false;
		step = last_step(maker) - 1;
	}
	step->stride = stride;
	step->last = bits;
	if (stride % 8 == 0 && bits % 8 == 0 && class->align >= 8)
		last_step(maker)->gap = 7;
	return true;
}

static bool add(struct linear_maker *maker, const struct ctf_member *member);

static bool add_structure(struct linear_maker *maker, const struct ctf_member *member)
{
	const struct layout_class *class = layout_of(member->class);
	const uint32_t index = maker->n_nodes;

	if (!add_node(maker, member, last_step(maker)->bits, class->model.pub.n_members))
		return false;
	for (uint32_t i = 0; i < class->model.pub.n_members; i++)
		if (!add(maker, &class->model.pub.members[i]))
			return false;
	maker->nodes[index].next = maker->n_nodes - index;
	return true;
}

static bool add(struct linear_maker *maker, const struct ctf_member *member)
{
	const struct ctf_class *class = member->class;

	if (class->length == CTF_DYNAMIC)
		return add_dynamic(maker, member);
	if (!go_to(maker, class->align))
		return false;
	if (layout_of(class)->quick)
		return add_quick(maker, member);
	if (class->type == CTF_STRUCT)
		return add_structure(maker, member);
	if (class->type == CTF_STRING && class->length == CTF_ENDED && class->encoding == CTF_UTF8)
		return add_counted_node(maker, member, last_step(maker)->bits) && end_step(maker, LINEAR_STRING, 8);
	return class->type <= CTF_FLOAT && add_saved(maker, member);
}

/* Is everything of whole bytes, wherever it begins at one? */
static bool is_whole(const struct linear_maker *maker)
{
	for (uint32_t i = 0; i < maker->n_steps; i++) {
		const struct linear *step = &maker->steps[i];

		if (step->gap > 7 || step->bits % 8 || (step->number && step->number->size % 8) || step->stride % 8 ||
		    step->last % 8)
			return false;
	}
	return true;
}

/* @roots: of the scopes, nodes of maker. */
static bool keep(struct linear_maker *maker, struct layout_event *event, const uint32_t *roots)
{
	struct ctf_node *nodes = model_alloc(maker->model, maker->n_nodes * sizeof(*nodes) + 1);
	struct linear *steps = model_alloc(maker->model, maker->n_steps * sizeof(*steps));

	if (!nodes || !steps)
		return false;
	memcpy(nodes, maker->nodes, maker->n_nodes * sizeof(*nodes));
	memcpy(steps, maker->steps, maker->n_steps * sizeof(*steps));
	for (uint32_t i = 0; i < event->n_scopes; i++)
		event->roots[event->places[i]] = nodes + roots[i];
	event->roots[CTF_ROOTS_BEGIN] = nodes;
	event->roots[CTF_ROOTS_END] = nodes + maker->n_nodes;
	event->steps = steps;
	event->whole = is_whole(maker);
	event->ends = event->whole && maker->n_steps == 2 && maker->fresh && !last_step(maker)->bits;
	event->n_steps = maker->n_steps;
	event->ready = maker->n_steps <= LINEAR_PLACES ? event->roots : NULL;
	maker->n_all += maker->n_nodes;
	return true;
}

bool linear_make(struct linear_maker *maker, struct layout_event *event)
{
	uint32_t roots[3];

	if (event->crosses)
		return true;
	maker->n_steps = maker->n_nodes = 0;
	if (!begin_step(maker, 1))
		return true;
	for (uint32_t i = 0; i < event->n_scopes; i++) {
		roots[i] = maker->n_nodes;
		if (!add(maker, &event->scopes[i]->self))
			return true;
	}
	return maker->n_nodes > LINEAR_ALL_NODES_MAX - maker->n_all || keep(maker, event, roots);
}

bool linear_begin(struct linear_maker *maker)
{
	maker->nodes = malloc(LINEAR_NODES_MAX * sizeof(*maker->nodes));
	return maker->nodes || model_no_memory(maker->model);
}

void linear_end(struct linear_maker *maker)
{
	free(maker->steps);
	free(maker->nodes);
}

/* ---- Records ---- */

void linear_places(const struct layout_event *event, const uint8_t *bytes, uint64_t pos, uint64_t end, struct saved *saved,
		   struct ctf_place *places)
{
	uint64_t n;

	for (const struct linear *step = event->steps;; step++, places++) {
		pos = linear_align(step, pos);
		places->at = (uint32_t)pos;
		pos += step->bits;
		if (step->op == LINEAR_END)
			return;
		pos = linear_field(step, bytes, pos, end, saved, &n);
		places->n = (uint32_t)n;
	}
}
