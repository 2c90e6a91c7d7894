/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * publish.c - from a trace point's site, as the assembler left it, to its published description (core/event.h) and its id.
 *
 * Names of fields are cut out of the text of the trace point's arguments. Descriptions are only ever added; equal ones (a template
 * or inline function in several objects, a library that was unloaded and came back) share an id.
 */
#include "lib/program.h"

/* A piece of text. */
struct span {
	const char *at;
	size_t length;
};

/* Where a description is being written; counts on when it is full. */
struct out {
	uint8_t *at;
	size_t size, used;
};

static const char *site_string(const int32_t *offset)
{
	return (const char *)offset + *offset;
}

static void put(struct out *out, const void *data, size_t size)
{
	if (out->used + size <= out->size)
		memcpy(out->at + out->used, data, size);
	out->used += size;
}

static void put_string(struct out *out, struct span s)
{
	put(out, s.at, s.length);
	put(out, "", 1);
}

static struct span span_of(const char *s)
{
	return (struct span){s, strlen(s)};
}

static struct span trim(struct span s)
{
	while (s.length && (s.at[0] == ' ' || s.at[0] == '\t' || s.at[0] == '\n')) {
		s.at++;
		s.length--;
	}
	while (s.length && (s.at[s.length - 1] == ' ' || s.at[s.length - 1] == '\t' || s.at[s.length - 1] == '\n'))
		s.length--;
	return s;
}

/* Length of the literal that begins at @at with a quote, at most @left. */
static size_t skip_literal(const char *at, size_t left)
{
	size_t i;

	for (i = 1; i < left && at[i] != at[0]; i++)
		if (at[i] == '\\')
			i++;
	return i < left ? i + 1 : left;
}

/* Cut the first argument off @rest, up to a comma outside of brackets and literals. */
static struct span next_argument(struct span *rest)
{
	struct span arg = *rest;
	int depth = 0;
	size_t i = 0;

	while (i < rest->length) {
		const char c = rest->at[i];

		if (c == ',' && !depth)
			break;
		if (c == '"' || c == '\'') {
			i += skip_literal(rest->at + i, rest->length - i);
			continue;
		}
		/* Only round brackets keep commas together for the preprocessor, whose view counts. */
		depth += c == '(' ? 1 : c == ')' ? -1 : 0;
		i++;
	}
	arg.length = i;
	i = i < rest->length ? i + 1 : i;
	rest->at += i;
	rest->length -= i;
	return trim(arg);
}

/* If @arg is wrapper(...), leave what is in the brackets in @arg. */
static bool unwrap(struct span *arg, const char *wrapper)
{
	const size_t length = strlen(wrapper);
	struct span in;

	if (arg->length < length + 2 || memcmp(arg->at, wrapper, length) || arg->at[arg->length - 1] != ')')
		return false;
	in = trim((struct span){arg->at + length, arg->length - length});
	if (!in.length || in.at[0] != '(')
		return false;
	arg->at = in.at + 1;
	arg->length = in.length - 2;
	return true;
}

/* Name of the field that @arg is, and of the table of its values' names. */
static struct span field_name(struct span arg, struct span *ret_table)
{
	static const char *const wrappers[] = {"borelog_hex", "borelog_bytes", "borelog_array"};
	struct span name;
	size_t i;

	*ret_table = (struct span){"", 0};
	if (unwrap(&arg, "borelog_named")) {
		name = next_argument(&arg);
		arg = trim(arg);
		(void)field_name(arg, ret_table);
		return name;
	}
	if (unwrap(&arg, "borelog_enum")) {
		name = next_argument(&arg);
		*ret_table = next_argument(&arg);
		return name;
	}
	for (i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++)
		if (unwrap(&arg, wrappers[i]))
			return next_argument(&arg);
	return arg;
}

static void put_enum(struct out *out, const struct borelog_object *object, struct span table)
{
	const struct borelog_enum_table *t;
	uint16_t count;
	uint64_t i;

	for (t = object->enums; t < object->enums_end; t++)
		if (strlen(t->name) == table.length && !memcmp(t->name, table.at, table.length))
			break;
	count = t < object->enums_end ? (uint16_t)(t->n_entries < UINT16_MAX ? t->n_entries : UINT16_MAX) : 0;
	put(out, &count, sizeof(count));
	for (i = 0; i < count; i++) {
		put(out, &t->entries[i].value, sizeof(int64_t));
		put(out, &t->entries[i].value, sizeof(int64_t));
		put_string(out, span_of(t->entries[i].label));
	}
}

static void put_fields(struct out *out, const struct borelog_object *object, const struct borelog_site *site)
{
	const uint8_t *types = (const uint8_t *)site->types;
	struct span rest = span_of(site_string(&site->text)), table, name;
	uint32_t i;

	(void)next_argument(&rest); /* category */
	(void)next_argument(&rest); /* name */
	for (i = 0; i < site->n_fields; i++) {
		name = field_name(next_argument(&rest), &table);
		put(out, &types[i], 1);
		put_string(out, name);
		if (types[i] & BL_TYPE_ENUM)
			put_enum(out, object, table);
	}
}

/* Write the description of @site with @id, as far as it fits in @size bytes. Return: its size. */
static size_t describe(uint8_t *at, size_t size, uint32_t id, const struct borelog_object *object, const struct borelog_site *site)
{
	static const uint8_t zeros[8];
	struct out out = {at, size, 0};
	struct bl_event_head head = {.id = id, .line = site->line, .n_fields = (uint16_t)site->n_fields};

	put(&out, &head, sizeof(head));
	put_string(&out, span_of(site_string(&site->category)));
	put_string(&out, span_of(site_string(&site->name)));
	put_string(&out, span_of(site_string(&site->file)));
	put_fields(&out, object, site);
	put(&out, zeros, -out.used % 8);
	if (out.used <= size)
		memcpy(at, &(uint32_t){(uint32_t)out.used}, sizeof(uint32_t));
	return out.used;
}

/* Two descriptions that differ in nothing but the id. */
static bool same(const uint8_t *a, const uint8_t *b)
{
	struct bl_event_head ha, hb;

	memcpy(&ha, a, sizeof(ha));
	memcpy(&hb, b, sizeof(hb));
	return ha.size == hb.size && ha.line == hb.line && ha.n_fields == hb.n_fields &&
	       !memcmp(a + sizeof(ha), b + sizeof(hb), ha.size - sizeof(ha));
}

static uint32_t find(const uint8_t *events, uint32_t size, const uint8_t *event)
{
	struct bl_event_head head;
	uint32_t at;

	for (at = 0; at + sizeof(head) <= size; at += head.size) {
		memcpy(&head, events + at, sizeof(head));
		if (head.size < sizeof(head) || head.size > size - at)
			break; /* somebody wrote into our control file */
		if (same(events + at, event))
			return head.id;
	}
	return 0;
}

/* Publish one site. Return: 1 if its description is new. */
static uint32_t publish_site(struct borelog_object *object, struct borelog_site *site)
{
	struct bl_control *control = bl_program.control;
	uint8_t *events = (uint8_t *)control + BL_CONTROL_SIZE;
	const uint32_t used = bl_program.events_size;
	const uint32_t id = bl_program.n_events + 1;
	const size_t size = describe(NULL, 0, id, object, site);

	if (size > BL_EVENT_SIZE_MAX || bl_program_grow(used + size))
		return 0; /* too large: never recorded */
	describe(events + used, size, id, object, site);
	site->id = find(events, used, events + used);
	if (site->id)
		return 0;
	site->id = id;
	bl_program.n_events = id;
	bl_program.events_size = used + (uint32_t)size;
	bl_store_relaxed(&control->n_events, id);
	bl_store_release(&control->events_size, bl_program.events_size); /* ORD(publish:A) */
	return 1;
}

uint32_t bl_publish(struct borelog_object *object)
{
	struct borelog_site *site;
	uint32_t added = 0;

	for (site = object->sites; site < object->sites_end; site++)
		added += publish_site(object, site);
	if (added)
		bl_store_release(&bl_program.control->generation, bl_program.control->generation + 1); /* ORD(publish:B) */
	return added;
}
