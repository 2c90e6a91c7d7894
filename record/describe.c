/* SPDX-License-Identifier: MIT */
/*
 * describe.c - see describe.h.
 *
 * The bytes are walked twice by the same code: the first time everything is checked and counted, then one block of memory is
 * allocated, the second time it is filled. The second walk cannot fail, because the bytes are a private copy. What is stored never
 * needs more text than the input has: a bad byte becomes one '?', a long text is cut.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "core/event.h"
#include "ctf/metadata.h"
#include "ctf/text.h"
#include "describe.h"

/* The block of memory being filled, or, while its pointers are NULL, the measure of one. */
struct store {
	struct event_desc *events;
	struct event_field *fields;
	struct event_mapping *mappings;
	char *text;
	size_t n_events;
	size_t n_fields;
	size_t n_mappings;
	size_t n_text;
};

struct parser {
	const uint8_t *bytes;
	size_t pos;
	size_t end; /* of what may be read: of the buffer, then of the event */
	struct store store;
	struct event_set_error *error;
	int err;
};

__attribute__((format(printf, 4, 5))) static bool fail(struct parser *p, int err, size_t offset, const char *format, ...)
{
	va_list args;

	p->err = err;
	if (p->error) {
		p->error->offset = offset;
		va_start(args, format);
		vsnprintf(p->error->text, sizeof(p->error->text), format, args);
		va_end(args);
	}
	return false;
}

static bool take(struct parser *p, void *to, size_t size, const char *what)
{
	if (p->end - p->pos < size)
		return fail(p, -EINVAL, p->pos, "%s is cut short", what);
	memcpy(to, p->bytes + p->pos, size);
	p->pos += size;
	return true;
}

static bool take_text(struct parser *p, const char **ret, size_t max, const char *what)
{
	const uint8_t *start = p->bytes + p->pos;
	const uint8_t *nul = memchr(start, '\0', p->end - p->pos);
	char *to = p->store.text ? p->store.text + p->store.n_text : NULL;

	if (!nul)
		return fail(p, -EINVAL, p->pos, "%s does not end", what);
	p->store.n_text += ctf_text_clean(to, (const char *)start, (size_t)(nul - start), max);
	p->pos += (size_t)(nul - start) + 1;
	*ret = to;
	return true;
}

static bool is_signed(uint32_t type)
{
	const uint32_t scalar = type & BL_TYPE_SCALAR_MASK;

	return scalar >= BL_TYPE_I8 && scalar <= BL_TYPE_I64;
}

static bool type_is_valid(uint32_t type)
{
	const uint32_t scalar = type & BL_TYPE_SCALAR_MASK;
	const bool is_unsigned = scalar >= BL_TYPE_U8 && scalar <= BL_TYPE_U64;

	if (scalar == BL_TYPE_NONE || scalar > BL_TYPE_STRING)
		return false;
	if ((type & BL_TYPE_HEX) && !is_unsigned)
		return false;
	if ((type & BL_TYPE_ENUM) && !is_unsigned && !is_signed(type))
		return false;
	return !(type & BL_TYPE_SEQUENCE) || scalar != BL_TYPE_STRING;
}

/* Cut a mapping's range to the values that @type has. Return: is anything left? */
static bool clip(uint32_t type, int64_t *first, int64_t *last)
{
	const uint32_t bits = 8 * bl_type_size(type);
	int64_t min = 0, max;

	if (bits == 64)
		return true;
	if (is_signed(type)) {
		min = -(INT64_C(1) << (bits - 1));
		max = -min - 1;
	} else {
		max = (INT64_C(1) << bits) - 1;
	}
	if (*last < min || *first > max)
		return false;
	if (*first < min)
		*first = min;
	if (*last > max)
		*last = max;
	return true;
}

static bool take_mapping(struct parser *p, struct event_field *field)
{
	const size_t offset = p->pos;
	struct event_mapping mapping = {0};
	size_t text_before;
	bool backwards;

	if (!take(p, &mapping.first, sizeof(mapping.first), "mapping") || !take(p, &mapping.last, sizeof(mapping.last), "mapping"))
		return false;
	text_before = p->store.n_text;
	if (!take_text(p, &mapping.label, EVENT_TEXT_MAX, "label"))
		return false;
	backwards = (field->type & BL_TYPE_SCALAR_MASK) == BL_TYPE_U64 ? (uint64_t)mapping.first > (uint64_t)mapping.last
								       : mapping.first > mapping.last;
	if (backwards)
		return fail(p, -EINVAL, offset, "mapping's range ends before it begins");
	if (!clip(field->type, &mapping.first, &mapping.last)) {
		p->store.n_text = text_before;
		return true;
	}
	if (p->store.mappings)
		p->store.mappings[p->store.n_mappings] = mapping;
	p->store.n_mappings++;
	field->n_mappings++;
	return true;
}

static bool take_field(struct parser *p)
{
	const size_t offset = p->pos;
	struct event_field field = {0};
	uint16_t count = 0, i;
	uint8_t type = 0;

	if (!take(p, &type, sizeof(type), "field"))
		return false;
	if (!type_is_valid(type))
		return fail(p, -EINVAL, offset, "0x%02x is not a type", type);
	field.type = type;
	if (!take_text(p, &field.name, EVENT_TEXT_MAX, "field's name"))
		return false;
	if (type & BL_TYPE_ENUM && !take(p, &count, sizeof(count), "number of mappings"))
		return false;
	if (p->store.mappings)
		field.mappings = p->store.mappings + p->store.n_mappings;
	for (i = 0; i < count; i++) {
		if (!take_mapping(p, &field))
			return false;
	}
	if (p->store.fields)
		p->store.fields[p->store.n_fields] = field;
	p->store.n_fields++;
	return true;
}

static bool take_head(struct parser *p, struct bl_event_head *head)
{
	const size_t offset = p->pos;
	const size_t left = p->end - p->pos;

	if (!take(p, head, sizeof(*head), "event"))
		return false;
	if (head->size < sizeof(*head) || head->size % 8 || head->size > BL_EVENT_SIZE_MAX)
		return fail(p, -EINVAL, offset, "event's size %u is not valid", head->size);
	if (head->size > left)
		return fail(p, -EINVAL, offset, "event of %u bytes is cut short", head->size);
	if (head->id == 0 || head->id > EVENT_ID_MAX)
		return fail(p, -EINVAL, offset, "event id %u is not in 1..%u", head->id, EVENT_ID_MAX);
	if (head->n_fields > BL_EVENT_FIELDS_MAX)
		return fail(p, -EINVAL, offset, "event has %u fields, more than %u", head->n_fields, BL_EVENT_FIELDS_MAX);
	if (head->reserved)
		return fail(p, -EINVAL, offset, "event is of a later version");
	return true;
}

static bool take_event(struct parser *p)
{
	const size_t offset = p->pos, end = p->end;
	struct event_desc event = {.offset = (uint32_t)offset};
	struct bl_event_head head = {0};
	uint32_t i;

	if (!take_head(p, &head))
		return false;
	p->end = offset + head.size;
	event.id = head.id;
	event.line = head.line;
	event.n_fields = head.n_fields;
	if (p->store.fields)
		event.fields = p->store.fields + p->store.n_fields;
	if (!take_text(p, &event.category, EVENT_TEXT_MAX, "category") ||
	    !take_text(p, &event.name, EVENT_TEXT_MAX, "event's name") || !take_text(p, &event.file, EVENT_FILE_MAX, "file's name"))
		return false;
	for (i = 0; i < head.n_fields; i++) {
		if (!take_field(p))
			return false;
	}
	for (; p->pos < p->end; p->pos++) {
		if (p->bytes[p->pos])
			return fail(p, -EINVAL, p->pos, "bytes behind the last field");
	}
	p->end = end;
	if (p->store.events)
		p->store.events[p->store.n_events] = event;
	p->store.n_events++;
	return true;
}

static bool take_all(struct parser *p)
{
	p->pos = 0;
	p->store.n_events = p->store.n_fields = p->store.n_mappings = p->store.n_text = 0;
	while (p->pos < p->end) {
		if (!take_event(p))
			return false;
	}
	return true;
}

/* One block: the set, its arrays, the text, and room for the canonical row, which is no longer than the published bytes. */
static struct event_set *allocate(struct store *store, size_t size)
{
	const size_t fixed = sizeof(struct event_set) + store->n_events * sizeof(*store->events) +
			     store->n_fields * sizeof(*store->fields) + store->n_mappings * sizeof(*store->mappings);
	struct event_set *set = calloc(1, fixed + store->n_text + size);

	if (!set)
		return NULL;
	store->events = (void *)(set + 1);
	store->fields = (void *)(store->events + store->n_events);
	store->mappings = (void *)(store->fields + store->n_fields);
	store->text = (void *)(store->mappings + store->n_mappings);
	set->canonical = (void *)(store->text + store->n_text);
	set->events = store->events;
	set->n = (uint32_t)store->n_events;
	return set;
}

static int by_id(const void *a, const void *b)
{
	const struct event_desc *left = a, *right = b;

	return left->id < right->id ? -1 : left->id > right->id;
}

static bool sort(struct parser *p)
{
	struct event_desc *events = p->store.events;
	size_t i;

	qsort(events, p->store.n_events, sizeof(*events), by_id);
	for (i = 1; i < p->store.n_events; i++) {
		if (events[i].id == events[i - 1].id)
			return fail(p, -EINVAL, events[i].offset > events[i - 1].offset ? events[i].offset : events[i - 1].offset,
				    "event id %u is there twice", events[i].id);
	}
	return true;
}

static void append(struct event_set *set, uint8_t *row, const void *bytes, size_t size)
{
	memcpy(row + set->canonical_size, bytes, size);
	set->canonical_size += size;
}

static void append_text(struct event_set *set, uint8_t *row, const char *text)
{
	append(set, row, text, strlen(text) + 1);
}

/* Each member at most as long as its published form, so the row has room. */
static void append_field(struct event_set *set, uint8_t *row, const struct event_field *field)
{
	const uint8_t type = (uint8_t)field->type;
	const uint16_t count = (uint16_t)field->n_mappings;
	uint32_t i;

	append(set, row, &type, sizeof(type));
	append_text(set, row, field->name);
	if (!(type & BL_TYPE_ENUM))
		return;
	append(set, row, &count, sizeof(count));
	for (i = 0; i < field->n_mappings; i++) {
		append(set, row, &field->mappings[i].first, sizeof(int64_t));
		append(set, row, &field->mappings[i].last, sizeof(int64_t));
		append_text(set, row, field->mappings[i].label);
	}
}

static void make_canonical(struct event_set *set, uint8_t *row)
{
	XXH128_hash_t hash;
	uint32_t i, k;

	for (i = 0; i < set->n; i++) {
		const struct event_desc *event = &set->events[i];

		append(set, row, &event->id, sizeof(event->id));
		append(set, row, &event->line, sizeof(event->line));
		append(set, row, &event->n_fields, sizeof(event->n_fields));
		append_text(set, row, event->category);
		append_text(set, row, event->name);
		append_text(set, row, event->file);
		for (k = 0; k < event->n_fields; k++)
			append_field(set, row, &event->fields[k]);
	}
	hash = XXH3_128bits(row, set->canonical_size);
	set->hash.high = hash.high64;
	set->hash.low = hash.low64;
}

int event_set_parse(const void *bytes, size_t size, struct event_set **ret, struct event_set_error *ret_error)
{
	struct parser p = {.bytes = bytes, .end = size, .error = ret_error};
	struct event_set *set;

	if (size > EVENT_SET_BYTES_MAX) {
		fail(&p, -E2BIG, EVENT_SET_BYTES_MAX, "%zu bytes of descriptions, more than %u", size, EVENT_SET_BYTES_MAX);
		return p.err;
	}
	if (!take_all(&p))
		return p.err;
	set = allocate(&p.store, size);
	if (!set) {
		fail(&p, -ENOMEM, 0, "out of memory");
		return p.err;
	}
	if (!take_all(&p) || !sort(&p)) {
		event_set_free(set);
		return p.err;
	}
	make_canonical(set, (uint8_t *)p.store.text + p.store.n_text);
	*ret = set;
	return 0;
}

void event_set_free(struct event_set *set)
{
	free(set);
}

const struct event_desc *event_set_find(const struct event_set *set, uint32_t id)
{
	const struct event_desc key = {.id = id};

	return set->n ? bsearch(&key, set->events, set->n, sizeof(key), by_id) : NULL;
}

bool event_set_equal(const struct event_set *a, const struct event_set *b)
{
	return a->canonical_size == b->canonical_size && !memcmp(a->canonical, b->canonical, a->canonical_size);
}

static const struct {
	enum ctfw_type type;
	uint8_t bits;
} ctf_types[] = {
	[BL_TYPE_U8] = {CTFW_UNSIGNED, 8},   [BL_TYPE_U16] = {CTFW_UNSIGNED, 16}, [BL_TYPE_U32] = {CTFW_UNSIGNED, 32},
	[BL_TYPE_U64] = {CTFW_UNSIGNED, 64}, [BL_TYPE_I8] = {CTFW_SIGNED, 8},     [BL_TYPE_I16] = {CTFW_SIGNED, 16},
	[BL_TYPE_I32] = {CTFW_SIGNED, 32},   [BL_TYPE_I64] = {CTFW_SIGNED, 64},   [BL_TYPE_F32] = {CTFW_FLOAT, 32},
	[BL_TYPE_F64] = {CTFW_FLOAT, 64},    [BL_TYPE_BOOL] = {CTFW_BOOL, 8},     [BL_TYPE_STRING] = {CTFW_STRING, 0},
};

/* What one set becomes: everything that a class of streams points to. */
struct ctf_copy {
	struct ctfw_event *event;
	struct ctfw_field *field;
	struct ctfw_mapping *mapping;
};

static void copy_field(struct ctf_copy *to, const struct event_field *from)
{
	const uint32_t scalar = from->type & BL_TYPE_SCALAR_MASK;
	uint32_t i;

	*to->field++ = (struct ctfw_field){
		.name = from->name,
		.type = ctf_types[scalar].type,
		.bits = ctf_types[scalar].bits,
		.hex = from->type & BL_TYPE_HEX,
		.sequence = from->type & BL_TYPE_SEQUENCE,
		.n_mappings = from->n_mappings,
		.mappings = to->mapping,
	};
	for (i = 0; i < from->n_mappings; i++) {
		const struct event_mapping *mapping = &from->mappings[i];

		*to->mapping++ = (struct ctfw_mapping){mapping->first, mapping->last, mapping->label};
	}
}

static void copy_event(struct ctf_copy *to, const struct event_desc *from)
{
	uint32_t i;

	*to->event++ = (struct ctfw_event){
		.id = from->id,
		.line = from->line,
		.category = from->category,
		.name = from->name,
		.file = from->file,
		.n_fields = from->n_fields,
		.fields = to->field,
	};
	for (i = 0; i < from->n_fields; i++)
		copy_field(to, &from->fields[i]);
}

static const struct ctfw_field context_fields[] = {
	{.name = "tid", .type = CTFW_SIGNED, .bits = 32},
};

_Static_assert(sizeof(((struct stream_form *)0)->owner) == sizeof(((struct ctfw_stream_class *)0)->owner), "all owner words have names");

int event_set_to_ctf(const struct event_set *set, uint32_t id, const struct stream_form *form, struct ctfw_stream_class *ret)
{
	size_t n_fields = 0, n_mappings = 0;
	struct ctf_copy to;
	uint32_t i, k;
	void *block;

	for (i = 0; i < set->n; i++) {
		n_fields += set->events[i].n_fields;
		for (k = 0; k < set->events[i].n_fields; k++)
			n_mappings += set->events[i].fields[k].n_mappings;
	}
	block = malloc(set->n * sizeof(*to.event) + n_fields * sizeof(*to.field) + n_mappings * sizeof(*to.mapping) + 1);
	if (!block)
		return -ENOMEM;
	to.mapping = block; /* the widest members first */
	to.event = (void *)(to.mapping + n_mappings);
	to.field = (void *)(to.event + set->n);
	*ret = (struct ctfw_stream_class){
		.id = id,
		.id_bits = form->id_bits,
		.n_contexts = form->contexts & BL_CONTEXT_TID ? 1 : 0,
		.contexts = context_fields,
		.n_events = set->n,
		.events = to.event,
		.memory = block,
	};
	memcpy(ret->owner, form->owner, sizeof(ret->owner));
	for (i = 0; i < set->n; i++)
		copy_event(&to, &set->events[i]);
	return 0;
}

void event_set_ctf_fini(struct ctfw_stream_class *class)
{
	free(class->memory);
	*class = (struct ctfw_stream_class){0};
}
