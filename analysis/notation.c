/* SPDX-License-Identifier: MIT */
/**
 * notation.c - see notation.h
 */
#include "analysis/notation.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define PATH_MAX_PARTS 64

static void put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *text, const char *format, ...)
{
	char buf[128];
	va_list args;

	va_start(args, format);
	vsnprintf(buf, sizeof(buf), format, args);
	va_end(args);
	text_string(text, buf);
}

static bool is_plain(const char *name)
{
	if (!*name)
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("_:.->[]", *name))
			return false;
	return true;
}

static void put_name(struct text *text, const char *name)
{
	if (is_plain(name))
		text_string(text, name);
	else
		text_json(text, name, strlen(name));
}

/* ---- Lengths and selectors ---- */

const struct ctf_class *notation_scope(const struct notation *where, enum ctf_scope scope)
{
	switch (scope) {
	case CTF_PACKET_HEADER:
		return where->trace->packet_header;
	case CTF_PACKET_CONTEXT:
		return where->stream ? where->stream->packet_context : NULL;
	case CTF_EVENT_HEADER:
		return where->stream ? where->stream->event_header : NULL;
	case CTF_COMMON_CONTEXT:
		return where->stream ? where->stream->event_context : NULL;
	case CTF_SPECIFIC_CONTEXT:
		return where->event ? where->event->context : NULL;
	case CTF_PAYLOAD:
		return where->event ? where->event->payload : NULL;
	default:
		return NULL;
	}
}

/* The way from a class to the one that saves its value. */
struct path {
	uint32_t n;
	const char *names[PATH_MAX_PARTS];
};

static bool find_saved(struct path *path, const struct ctf_class *class, int32_t source)
{
	if (class->save == source)
		return true;
	for (uint32_t i = 0; i < class->n_members; i++) {
		const struct ctf_member *member = &class->members[i];
		const uint32_t n = path->n;

		if (member->name && path->n < PATH_MAX_PARTS)
			path->names[path->n++] = member->name;
		if (find_saved(path, member->class, source))
			return true;
		path->n = n;
	}
	return false;
}

void notation_source(struct text *text, const struct notation *where, int32_t source)
{
	static const char *const scopes[CTF_N_SCOPES] = {"$packet_header.", "$packet.",        "$header.",
							 "$context.",       "$event_context.", "$payload."};

	/* The nearest one before is meant. */
	for (int scope = (int)where->scope; scope >= 0; scope--) {
		const struct ctf_class *class = notation_scope(where, (enum ctf_scope)scope);
		struct path path = {0};

		if (!class || !find_saved(&path, class, source))
			continue;
		if (scope != (int)where->scope)
			text_string(text, scopes[scope]);
		for (uint32_t i = 0; i < path.n; i++) {
			if (i)
				text_char(text, '.');
			put_name(text, path.names[i]);
		}
		return;
	}
}

static void put_value(struct text *text, uint64_t value, bool is_signed)
{
	if (is_signed)
		put(text, "%" PRId64, (int64_t)value);
	else
		put(text, "%" PRIu64, value);
}

/* "16", "len" */
static void put_length(struct text *text, const struct notation *where, const struct ctf_class *class)
{
	if (class->length == CTF_STATIC)
		put_value(text, class->count, false);
	else
		notation_source(text, where, class->source);
}

static void put_ranges(struct text *text, const struct ctf_range *ranges, uint32_t n, bool is_signed)
{
	for (uint32_t i = 0; i < n; i++) {
		if (i)
			text_char(text, '|');
		put_value(text, ranges[i].first, is_signed);
		if (ranges[i].first == ranges[i].last)
			continue;
		text_string(text, "..");
		put_value(text, ranges[i].last, is_signed);
	}
}

/* ---- Numbers ---- */

static void put_order(struct text *text, const struct notation *where, const struct ctf_class *class)
{
	const bool own = where->trace->major == 1 && where->trace->big_endian;

	if (class->size > 8 && class->big_endian != own)
		text_string(text, class->big_endian ? "be" : "le");
	if (class->reversed)
		text_string(text, " reversed");
}

static const char *integer_letter(const struct ctf_class *class)
{
	if (class->type == CTF_SINT)
		return "i";
	return class->base == 16 ? "x" : class->base == 8 ? "o" : class->base == 2 ? "b" : "u";
}

static void put_integer(struct text *text, const struct notation *where, const struct ctf_class *class)
{
	text_string(text, integer_letter(class));
	if (class->leb128)
		text_string(text, "leb128");
	else
		put(text, "%u", class->size);
	put_order(text, where, class);
	if (class->type == CTF_SINT && class->base && class->base != 10)
		text_string(text, class->base == 16 ? " hex" : class->base == 8 ? " oct" : " bin");
}

static void put_mappings(struct text *text, const struct notation *where, const struct ctf_class *class)
{
	text_string(text, " {");
	for (uint32_t i = 0; i < class->n_mappings; i++) {
		if (i)
			text_string(text, ", ");
		if (where->mappings_max && i == where->mappings_max && class->n_mappings > i + 1) {
			put(text, "... and %u more", class->n_mappings - i);
			break;
		}
		put_name(text, class->mappings[i].label);
		text_char(text, '=');
		put_ranges(text, class->mappings[i].ranges, class->mappings[i].n_ranges, class->type == CTF_SINT);
	}
	text_char(text, '}');
}

static void put_number(struct text *text, const struct notation *where, const struct ctf_class *class)
{
	if (class->type == CTF_BITMAP)
		text_string(text, "flags ");
	else if (class->is_enum)
		text_string(text, "enum ");
	switch (class->type) {
	case CTF_BOOL:
		text_string(text, "bool");
		put_order(text, where, class);
		break;
	case CTF_BITS:
		put(text, "bits%u", class->size);
		put_order(text, where, class);
		break;
	case CTF_FLOAT:
		put(text, "f%u", class->size);
		put_order(text, where, class);
		break;
	default:
		put_integer(text, where, class);
	}
	if (class->type == CTF_BITMAP || class->is_enum)
		put_mappings(text, where, class);
	if (class->clock) {
		text_string(text, " @");
		put_name(text, class->clock->name ? class->clock->name : "clock");
	}
}

/* ---- All others ---- */

static void put_string(struct text *text, const struct notation *where, const struct ctf_class *class)
{
	static const char *const encodings[] = {"", "utf16le ", "utf16be ", "utf32le ", "utf32be "};

	text_string(text, encodings[class->encoding]);
	text_string(text, "string");
	if (class->length == CTF_ENDED)
		return;
	text_char(text, '[');
	put_length(text, where, class);
	text_char(text, ']');
}

static void put_blob(struct text *text, const struct notation *where, const struct ctf_class *class)
{
	text_string(text, "blob[");
	put_length(text, where, class);
	if (class->media_type) {
		text_char(text, ' ');
		text_shown(text, class->media_type, strlen(class->media_type));
	}
	text_char(text, ']');
}

/* The innermost element, then the lengths from the outermost on, as C has it. */
static void put_array(struct text *text, const struct notation *where, const struct ctf_class *class)
{
	const struct ctf_class *element = class;

	while (element->type == CTF_ARRAY)
		element = element->members[0].class;
	notation_class(text, where, element);
	for (; class->type == CTF_ARRAY; class = class->members[0].class) {
		text_char(text, '[');
		put_length(text, where, class);
		text_char(text, ']');
	}
}

static void put_optional(struct text *text, const struct notation *where, const struct ctf_class *class)
{
	const struct ctf_member *content = &class->members[0];

	notation_class(text, where, content->class);
	text_string(text, "?[");
	notation_source(text, where, class->source);
	if (content->n_ranges) {
		text_char(text, '=');
		put_ranges(text, content->ranges, content->n_ranges, class->selector_signed);
	}
	text_char(text, ']');
}

static void put_variant(struct text *text, const struct notation *where, const struct ctf_class *class)
{
	text_char(text, '<');
	notation_source(text, where, class->source);
	for (uint32_t i = 0; i < class->n_members; i++) {
		const struct ctf_member *option = &class->members[i];

		text_string(text, i ? ", " : ": ");
		if (option->name)
			put_name(text, option->name);
		text_char(text, '=');
		put_ranges(text, option->ranges, option->n_ranges, class->selector_signed);
		text_char(text, ' ');
		notation_class(text, where, option->class);
	}
	text_char(text, '>');
}

static void put_structure(struct text *text, const struct notation *where, const struct ctf_class *structure)
{
	text_char(text, '{');
	for (uint32_t i = 0; i < structure->n_members; i++) {
		const struct ctf_member *member = &structure->members[i];

		if (i)
			text_string(text, ", ");
		put_name(text, member->name ? member->name : "");
		text_string(text, ": ");
		notation_class(text, where, member->class);
	}
	text_char(text, '}');
}

void notation_class(struct text *text, const struct notation *where, const struct ctf_class *class)
{
	switch (class->type) {
	case CTF_STRING:
		put_string(text, where, class);
		break;
	case CTF_BLOB:
		put_blob(text, where, class);
		break;
	case CTF_STRUCT:
		put_structure(text, where, class);
		break;
	case CTF_ARRAY:
		put_array(text, where, class);
		break;
	case CTF_OPTIONAL:
		put_optional(text, where, class);
		break;
	case CTF_VARIANT:
		put_variant(text, where, class);
		break;
	default:
		put_number(text, where, class);
	}
}
