/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * describe.c - see describe.h. Names of fields are cut out of the text of the trace point's arguments.
 */
#include "describe.h"

#include "text.h"

/* A piece of text. */
struct span {
	const char *at;
	size_t length;
};

void bl_out_put(struct bl_out *out, const void *data, size_t size)
{
	const uint8_t *from = data;
	size_t i;

	for (i = 0; i < size && out->used + size <= out->size; i++)
		out->at[out->used + i] = from[i];
	out->used += size;
}

static void put_string(struct bl_out *out, struct span s)
{
	bl_out_put(out, s.at, s.length);
	bl_out_put(out, "", 1);
}

static struct span span_of(const char *s)
{
	return (struct span){s, bl_text_length(s)};
}

void bl_out_text(struct bl_out *out, const char *text)
{
	put_string(out, span_of(text));
}

size_t bl_out_begin(struct bl_out *out, const char *category, const char *name, const char *file)
{
	static const struct bl_event_head head;
	const size_t begin = out->used;

	bl_out_put(out, &head, sizeof(head));
	bl_out_text(out, category);
	bl_out_text(out, name);
	bl_out_text(out, file);
	return begin;
}

void bl_out_end(struct bl_out *out, size_t begin, const struct bl_event_head *head)
{
	static const uint8_t zeros[8];
	struct bl_event_head full = *head;

	bl_out_put(out, zeros, (begin - out->used) % 8);
	full.size = (uint32_t)(out->used - begin);
	if (out->used <= out->size)
		__builtin_memcpy(out->at + begin, &full, sizeof(full));
}

static bool is_same(const char *a, const char *b, size_t n)
{
	size_t i;

	for (i = 0; i < n && a[i] == b[i]; i++)
		;
	return i == n;
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
	const size_t length = span_of(wrapper).length;
	struct span in;

	if (arg->length < length + 2 || !is_same(arg->at, wrapper, length) || arg->at[arg->length - 1] != ')')
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

static void put_enum(struct bl_out *out, const struct bl_point *point, struct span table)
{
	const struct borelog_enum_table *t;
	uint16_t count;
	uint64_t i;

	for (t = point->enums; t < point->enums_end; t++)
		if (span_of(t->name).length == table.length && is_same(t->name, table.at, table.length))
			break;
	count = t < point->enums_end ? (uint16_t)(t->n_entries < UINT16_MAX ? t->n_entries : UINT16_MAX) : 0;
	bl_out_put(out, &count, sizeof(count));
	for (i = 0; i < count; i++) {
		bl_out_put(out, &t->entries[i].value, sizeof(int64_t));
		bl_out_put(out, &t->entries[i].value, sizeof(int64_t));
		put_string(out, span_of(t->entries[i].label));
	}
}

static void put_fields(struct bl_out *out, const struct bl_point *point)
{
	struct span rest = span_of(point->text), table, name;
	uint32_t i;

	(void)next_argument(&rest); /* category */
	(void)next_argument(&rest); /* name */
	for (i = 0; i < point->n_fields; i++) {
		name = field_name(next_argument(&rest), &table);
		bl_out_put(out, &point->types[i], 1);
		put_string(out, name);
		if (point->types[i] & BL_TYPE_ENUM)
			put_enum(out, point, table);
	}
}

size_t bl_describe(uint8_t *at, size_t size, uint32_t id, const struct bl_point *point)
{
	struct bl_out out = {at, size, 0};
	const struct bl_event_head head = {.id = id, .line = point->line, .n_fields = (uint16_t)point->n_fields};
	const size_t begin = bl_out_begin(&out, point->category, point->name, point->file);

	put_fields(&out, point);
	bl_out_end(&out, begin, &head);
	return out.used;
}
