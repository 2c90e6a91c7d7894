/* SPDX-License-Identifier: MIT */
/**
 * layout.c - sizes and alignments of classes, headers and ids of records, so that decoding has little left to decide.
 *
 * Alignments are those of CTF 1.8.3, 4.1 and 4.2, and CTF2-SPEC-2.0, 6.4: a structure's is that of its widest member, an array's
 * that of its element, a variant and an optional have none and do not pass on that of what is in them.
 */
#include "ctf/layout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctf/linear.h"

struct maker {
	struct ctf_model *model;
	bool strict; /* both byte orders occur where fields may share a byte: every number is checked */
};

static bool fail(const struct maker *maker, const struct layout_class *class, const char *text)
{
	return model_error(maker->model, class->model.line, class->model.column, "%s", text);
}

static struct layout_class *member_class(const struct layout_class *class, uint32_t i)
{
	return (struct layout_class *)class->model.pub.members[i].class;
}

static bool is_number(const struct ctf_class *class)
{
	return class->type <= CTF_FLOAT && !class->leb128;
}

static void make_number(struct layout_class *class)
{
	struct ctf_class *pub = &class->model.pub;

	if (pub->leb128) {
		pub->align = 8;
		return;
	}
	pub->fixed = true;
	pub->bits = pub->size;
	if (pub->type == CTF_FLOAT || pub->reversed || pub->big_endian != (BYTE_ORDER == BIG_ENDIAN))
		return;
	pub->mask = UINT64_MAX >> (64 - pub->size);
	if (pub->type == CTF_SINT)
		pub->sign = (uint64_t)1 << (pub->size - 1);
}

static bool make_bytes(const struct maker *maker, struct layout_class *class)
{
	struct ctf_class *pub = &class->model.pub;

	if (pub->align < 8)
		pub->align = 8;
	if (pub->length != CTF_STATIC)
		return true;
	if (pub->count > CTF_STATIC_MAX / 8)
		return fail(maker, class, "a static length is beyond 512 MiB");
	pub->fixed = true;
	pub->bits = 8 * pub->count;
	return true;
}

static bool make_structure(const struct maker *maker, struct layout_class *class)
{
	struct ctf_class *pub = &class->model.pub;
	uint64_t bits = 0;

	pub->fixed = true;
	for (uint32_t i = 0; i < pub->n_members; i++) {
		struct ctf_member *member = (struct ctf_member *)&pub->members[i];

		if (member->class->align > pub->align)
			pub->align = member->class->align;
		pub->fixed = pub->fixed && member->class->fixed;
		if (!pub->fixed)
			continue;
		member->offset = bits_align(bits, member->class->align);
		bits = member->offset + member->class->bits;
		if (bits > CTF_STATIC_MAX)
			return fail(maker, class, "a structure is bigger than 512 MiB");
	}
	pub->bits = pub->fixed ? bits : 0;
	return true;
}

/* TSDL: an array of characters is a string. */
static bool is_text_array(const struct layout_class *class)
{
	const struct layout_class *element = member_class(class, 0);

	return element->model.text_candidate && element->model.pub.size == 8 && element->model.pub.align == 8 &&
	       element->model.pub.save < 0;
}

static bool make_array(const struct maker *maker, struct layout_class *class)
{
	struct ctf_class *pub = &class->model.pub;
	const struct layout_class *element = member_class(class, 0);
	const struct ctf_class *of = &element->model.pub;

	if (is_text_array(class)) {
		pub->type = CTF_STRING;
		pub->encoding = CTF_UTF8;
		pub->n_members = 0;
		return make_bytes(maker, class);
	}
	if (of->align > pub->align)
		pub->align = of->align;
	pub->numbers = is_number(of) && of->save < 0 && !of->roles && !maker->strict;
	if (!of->fixed)
		return true;
	pub->stride = bits_align(of->bits, of->align);
	if (pub->length != CTF_STATIC)
		return true;
	if (pub->stride && pub->count > CTF_STATIC_MAX / pub->stride)
		return fail(maker, class, "a static array is bigger than 512 MiB");
	if (!pub->stride && pub->count > DECODE_WORK_FREE)
		return model_error(maker->model, class->model.line, class->model.column,
				   "a static array has more than %u elements that take no bits", DECODE_WORK_FREE);
	pub->fixed = true;
	pub->bits = pub->count ? (pub->count - 1) * pub->stride + of->bits : 0;
	return true;
}

static bool is_quick(const struct maker *maker, const struct layout_class *class)
{
	const struct ctf_class *pub = &class->model.pub;

	if (!pub->fixed || pub->save >= 0 || class->n_resets || (maker->strict && pub->type <= CTF_FLOAT))
		return false;
	/* Whether a part of a character at the end matters is known from what is in front of it. */
	if (pub->type == CTF_STRING && pub->count % decode_unit_size(pub->encoding))
		return false;
	for (uint32_t i = 0; i < pub->n_members; i++)
		if (!member_class(class, i)->quick)
			return false;
	return true;
}

/* How many nodes there are in all records; elements that may be of any number do not count. */
static bool count_nodes(const struct maker *maker, struct layout_class *class)
{
	const struct ctf_class *pub = &class->model.pub;

	class->n_all = 1;
	if (pub->numbers || (pub->type == CTF_ARRAY && !pub->fixed))
		return true;
	for (uint32_t i = 0; i < pub->n_members; i++) {
		const uint64_t n = member_class(class, i)->n_all;

		if (pub->type == CTF_ARRAY && pub->count > DECODE_NODES_MAX / n)
			return fail(maker, class, "an array has more than 1048576 fields that are no plain numbers");
		class->n_all += pub->type == CTF_ARRAY ? n * pub->count : n;
	}
	return class->n_all <= DECODE_NODES_MAX || fail(maker, class, "a structure has more than 1048576 fields");
}

/* Of what is in it; there are no more classes than CTF_CLASSES_MAX. Elements of an array count themselves. */
static void add_parts(struct layout_class *class)
{
	if (class->model.pub.type == CTF_STRUCT && !class->quick)
		class->parts = class->model.pub.n_members;
	for (uint32_t i = 0; i < class->model.pub.n_members; i++) {
		const uint32_t parts = member_class(class, i)->parts;

		if (class->model.pub.type == CTF_STRUCT)
			class->parts += parts;
		else if (class->model.pub.type != CTF_ARRAY && parts > class->parts)
			class->parts = parts;
	}
}

static bool make_class(const struct maker *maker, struct layout_class *class)
{
	struct ctf_class *pub = &class->model.pub;
	bool good = true;

	class->self.class = pub;
	if (class->model.min_align > pub->align)
		pub->align = (uint32_t) class->model.min_align;
	for (uint32_t i = 0; i < pub->n_members; i++)
		if (!make_class(maker, member_class(class, i)))
			return false;
	if (pub->type <= CTF_FLOAT)
		make_number(class);
	else if (pub->type == CTF_STRING || pub->type == CTF_BLOB)
		good = make_bytes(maker, class);
	else if (pub->type == CTF_STRUCT)
		good = make_structure(maker, class);
	else if (pub->type == CTF_ARRAY)
		good = make_array(maker, class);
	if (!good || !count_nodes(maker, class))
		return false;
	if (pub->align > CTF_ALIGN_MAX || (pub->align & (pub->align - 1)))
		return model_error(maker->model, class->model.line, class->model.column,
				   "an alignment of %u bits: it must be a power of 2, %u at most", pub->align, CTF_ALIGN_MAX);
	class->quick = is_quick(maker, class);
	add_parts(class);
	return true;
}

static bool make_root(const struct maker *maker, const struct ctf_class *root)
{
	return !root || make_class(maker, (struct layout_class *)root);
}

/* ---- Headers of records ---- */

/* A number of the header that means something, at @at bits. */
static void head_number(struct head_case *one, const struct ctf_class *class, uint64_t at)
{
	if (class->roles & CTF_ROLE_CLOCK) {
		one->clock_at = (uint32_t)at;
		one->clock_size = class->size;
	}
	if (class->roles & CTF_ROLE_EVENT_ID) {
		one->id_at = (uint32_t)at;
		one->id_size = class->size;
	}
}

/* Is it something that a simple header may have, all of one byte order? Of two times, the second must be a whole one. */
static bool head_fixed(struct head *head, struct head_case *one, const struct layout_class *class, uint64_t at)
{
	const struct ctf_class *pub = &class->model.pub;

	if (is_number(pub)) {
		if (pub->big_endian != head->big_endian || pub->reversed || pub->type == CTF_FLOAT ||
		    (one->clock_size && (pub->roles & CTF_ROLE_CLOCK) && pub->size < 64))
			return false;
		head_number(one, pub, at);
		return true;
	}
	if (pub->type != CTF_STRUCT || !pub->fixed)
		return false;
	for (uint32_t i = 0; i < pub->n_members; i++)
		if (!head_fixed(head, one, member_class(class, i), at + pub->members[i].offset))
			return false;
	return true;
}

static bool head_option(struct head *head, const struct head_case *before, const struct ctf_member *option, uint64_t at)
{
	const struct ctf_class *pub = option->class;
	struct head_case one = *before;

	at = bits_align(at, pub->align);
	if (!pub->fixed || pub->align > head->align)
		return false;
	if (!head_fixed(head, &one, layout_of(pub), at))
		return false;
	one.bits = (uint32_t)(at + pub->bits);
	for (uint32_t i = 0; i < option->n_ranges; i++) {
		if (head->n_cases == LAYOUT_CASES_MAX)
			return false;
		one.first = option->ranges[i].first;
		one.last = option->ranges[i].last;
		head->cases[head->n_cases++] = one;
	}
	return true;
}

static bool head_variant(struct head *head, const struct head_case *before, const struct layout_class *structure, uint64_t at)
{
	const struct ctf_class *pub = &structure->model.pub;
	const struct ctf_class *variant = pub->members[pub->n_members - 1].class;

	if (variant->selector_signed)
		return false;
	for (uint32_t i = 0; i + 1 < pub->n_members; i++) {
		const struct ctf_class *selector = pub->members[i].class;

		if (selector->save != variant->source || selector->save < 0)
			continue;
		head->select_at = (uint32_t)pub->members[i].offset;
		head->select_size = selector->size;
	}
	if (!head->select_size)
		return false;
	for (uint32_t i = 0; i < variant->n_members; i++)
		if (!head_option(head, before, &variant->members[i], at))
			return false;
	return true;
}

/* Does any part save a value other than @selector? Others than the header's own variant need it, so it is not simple. */
static bool head_saves(const struct ctf_class *class, int32_t selector)
{
	if (class->save >= 0 && class->save != selector)
		return true;
	for (uint32_t i = 0; i < class->n_members; i++)
		if (head_saves(class->members[i].class, selector))
			return true;
	return false;
}

static bool head_simple(struct head *head, const struct layout_class *class)
{
	const struct ctf_class *pub = &class->model.pub;
	const struct ctf_class *last = pub->n_members ? pub->members[pub->n_members - 1].class : NULL;
	struct head_case one = {.last = UINT64_MAX};
	uint64_t at = 0;

	if (!last || head_saves(pub, last->type == CTF_VARIANT ? last->source : -1) || class->n_resets)
		return false;
	head->align = pub->align;
	head->big_endian = pub->members[0].class->big_endian;
	for (uint32_t i = 0; i < pub->n_members; i++) {
		const struct layout_class *member = member_class(class, i);

		if (i && i + 1 == pub->n_members && member->model.pub.type == CTF_VARIANT)
			return head_variant(head, &one, class, at);
		if (!member->model.pub.fixed || !head_fixed(head, &one, member, pub->members[i].offset))
			return false;
		at = pub->members[i].offset + member->model.pub.bits;
	}
	one.bits = (uint32_t)at;
	head->cases[head->n_cases++] = one;
	return true;
}

/* Is the first case that, with the selector as its id, if there is one? */
static bool has_shape(const struct head *head, uint32_t id_size, uint32_t clock_size)
{
	const struct head_case *one = head->cases;
	const bool selects = head->select_size != 0;

	return head->n_cases && !head->big_endian && head->align >= 8 && one->id_at == 0 && one->id_size == id_size &&
	       one->clock_at == id_size && one->clock_size == clock_size && one->bits == id_size + clock_size &&
	       (!selects || (head->select_at == 0 && head->select_size == id_size));
}

static void make_head(const struct maker *maker, struct layout_stream *stream)
{
	const struct ctf_class *header = stream->model.pub.event_header;
	struct head head = {0};

	if (header && !maker->strict)
		head.simple = head_simple(&head, layout_of(header));
	head.shape = has_shape(&head, 5, 27) ? HEAD_5_27 : has_shape(&head, 16, 32) ? HEAD_16_32 : HEAD_OTHER;
	if (head.simple)
		stream->head = head;
	for (uint32_t i = 0; head.simple && i < head.n_cases; i++)
		if (!head.cases[i].bits)
			stream->head.simple = false;
}

/* ---- Events and streams ---- */

static bool make_event(struct linear_maker *linear, struct layout_event *event, const struct layout_stream *stream)
{
	const struct ctf_class *scopes[] = {stream->model.pub.event_context, event->model.pub.context, event->model.pub.payload};

	for (uint8_t i = 0; i < 3; i++) {
		if (!scopes[i])
			continue;
		event->places[event->n_scopes] = i;
		event->scopes[event->n_scopes++] = layout_of(scopes[i]);
	}
	return linear_make(linear, event);
}

static bool make_ids(const struct maker *maker, struct layout_stream *stream)
{
	const struct ctf_stream_class *pub = &stream->model.pub;
	const struct head_case *one = stream->head.cases;
	struct layout_id *by_id;
	uint64_t n = 0;

	for (uint32_t i = 0; i < pub->n_events; i++)
		if (pub->events[i]->id < 1024 + 8 * (uint64_t)pub->n_events)
			n = pub->events[i]->id + 1;
	by_id = model_alloc(maker->model, n * sizeof(*by_id) + 1);
	if (!by_id)
		return false;
	for (uint32_t i = 0; i < pub->n_events && pub->events[i]->id < n; i++) {
		const struct layout_event *event = (const struct layout_event *)pub->events[i];
		struct layout_id *id = &by_id[pub->events[i]->id];

		id->event = event;
		if (!event->steps)
			continue;
		id->whole = event->whole;
		id->first = event->steps[0];
		id->more = event->steps + 1;
		id->ends = event->ends;
	}
	stream->by_id = by_id;
	stream->n_by_id = (uint32_t)n;
	n = one->last < n ? one->last + 1 : n;
	stream->n_first = n > one->first ? (uint32_t)(n - one->first) : 0;
	return true;
}

const struct layout_event *layout_event_find(const struct layout_stream *stream, uint64_t id)
{
	const struct ctf_stream_class *pub = &stream->model.pub;
	uint32_t low = 0, high = pub->n_events;

	if (id < stream->n_by_id)
		return stream->by_id[id].event;
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (pub->events[middle]->id == id)
			return (const struct layout_event *)pub->events[middle];
		if (pub->events[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool make_stream(const struct maker *maker, struct linear_maker *linear, struct layout_stream *stream)
{
	const struct ctf_stream_class *pub = &stream->model.pub;

	if (!make_root(maker, pub->packet_context) || !make_root(maker, pub->event_header) || !make_root(maker, pub->event_context))
		return false;
	make_head(maker, stream);
	for (uint32_t i = 0; i < pub->n_events; i++) {
		if (!make_root(maker, pub->events[i]->context) || !make_root(maker, pub->events[i]->payload) ||
		    !make_event(linear, (struct layout_event *)pub->events[i], stream))
			return false;
		stream->crosses |= ((struct layout_event *)pub->events[i])->crosses;
	}
	return make_ids(maker, stream);
}

/* ---- Byte orders that may meet in one byte ---- */

static void note_orders(const struct ctf_class *class, bool *little, bool *big, bool *part)
{
	if (!class)
		return;
	if (is_number(class)) {
		*(class->big_endian ? big : little) = true;
		*part = *part || class->size % 8;
	}
	for (uint32_t i = 0; i < class->n_members; i++)
		note_orders(class->members[i].class, little, big, part);
}

static bool orders_may_meet(const struct ctf_trace *trace)
{
	bool little = false, big = false, part = false;

	note_orders(trace->packet_header, &little, &big, &part);
	for (uint32_t s = 0; s < trace->n_streams; s++) {
		const struct ctf_stream_class *stream = trace->streams[s];

		note_orders(stream->packet_context, &little, &big, &part);
		note_orders(stream->event_header, &little, &big, &part);
		note_orders(stream->event_context, &little, &big, &part);
		for (uint32_t e = 0; e < stream->n_events; e++) {
			note_orders(stream->events[e]->context, &little, &big, &part);
			note_orders(stream->events[e]->payload, &little, &big, &part);
		}
	}
	return little && big && part;
}

static bool make_streams(const struct maker *maker, struct ctf_trace *trace)
{
	struct linear_maker linear = {.model = maker->model, .strict = maker->strict};
	bool good = linear_begin(&linear);

	for (uint32_t i = 0; good && i < trace->n_streams; i++)
		good = make_stream(maker, &linear, (struct layout_stream *)trace->streams[i]);
	linear_end(&linear);
	return good;
}

bool layout_make(struct ctf_model *model)
{
	const struct maker maker = {model, orders_may_meet(&model->trace)};

	model->trace.strict = maker.strict;
	return make_root(&maker, model->trace.packet_header) && make_streams(&maker, &model->trace);
}
