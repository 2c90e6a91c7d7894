/* SPDX-License-Identifier: MIT */
/*
 * read_json_text.c - the JSON text of a fragment: places of its values, errors that name them, and values with their types.
 *
 * The scan knows tokens and brackets, not the grammar: whether commas and colons are where they belong is json-c's to say, and what
 * the scan makes of a text that json-c refuses is used for nothing but the error's place.
 */
#include "ctf/read_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctf/text.h"

#define SHOWN_MAX 60u /* bytes of a value or key in an error */

static const char *const property_names[N_PROPERTIES] = {
	[PROPERTY_ACCURACY] = "accuracy",
	[PROPERTY_ALIGNMENT] = "alignment",
	[PROPERTY_ATTRIBUTES] = "attributes",
	[PROPERTY_BIT_ORDER] = "bit-order",
	[PROPERTY_BYTE_ORDER] = "byte-order",
	[PROPERTY_CYCLES] = "cycles",
	[PROPERTY_DATA_STREAM_CLASS_ID] = "data-stream-class-id",
	[PROPERTY_DEFAULT_CLOCK_CLASS_ID] = "default-clock-class-id",
	[PROPERTY_DESCRIPTION] = "description",
	[PROPERTY_ELEMENT_FIELD_CLASS] = "element-field-class",
	[PROPERTY_ENCODING] = "encoding",
	[PROPERTY_ENVIRONMENT] = "environment",
	[PROPERTY_COMMON_CONTEXT] = "event-record-common-context-field-class",
	[PROPERTY_EVENT_HEADER] = "event-record-header-field-class",
	[PROPERTY_EXTENSIONS] = "extensions",
	[PROPERTY_FIELD_CLASS] = "field-class",
	[PROPERTY_FLAGS] = "flags",
	[PROPERTY_FREQUENCY] = "frequency",
	[PROPERTY_ID] = "id",
	[PROPERTY_LENGTH] = "length",
	[PROPERTY_LENGTH_LOCATION] = "length-field-location",
	[PROPERTY_MAPPINGS] = "mappings",
	[PROPERTY_MEDIA_TYPE] = "media-type",
	[PROPERTY_MEMBER_CLASSES] = "member-classes",
	[PROPERTY_MINIMUM_ALIGNMENT] = "minimum-alignment",
	[PROPERTY_NAME] = "name",
	[PROPERTY_NAMESPACE] = "namespace",
	[PROPERTY_OFFSET] = "offset-from-origin",
	[PROPERTY_OPTIONS] = "options",
	[PROPERTY_ORIGIN] = "origin",
	[PROPERTY_PACKET_CONTEXT] = "packet-context-field-class",
	[PROPERTY_PACKET_HEADER] = "packet-header-field-class",
	[PROPERTY_PATH] = "path",
	[PROPERTY_PAYLOAD] = "payload-field-class",
	[PROPERTY_PRECISION] = "precision",
	[PROPERTY_BASE] = "preferred-display-base",
	[PROPERTY_ROLES] = "roles",
	[PROPERTY_SECONDS] = "seconds",
	[PROPERTY_SELECTOR_LOCATION] = "selector-field-location",
	[PROPERTY_SELECTOR_RANGES] = "selector-field-ranges",
	[PROPERTY_SPECIFIC_CONTEXT] = "specific-context-field-class",
	[PROPERTY_TYPE] = "type",
	[PROPERTY_UID] = "uid",
	[PROPERTY_UUID] = "uuid",
	[PROPERTY_VERSION] = "version",
};

/* ---- Errors ---- */

/* Append to a text of limited size: what does not fit is cut off in front, where "..." stands for it. */
static void tail_add(char *tail, size_t room, const char *piece, size_t size)
{
	size_t used = strlen(tail);

	if (size > room / 2) {
		piece += size - room / 2;
		size = room / 2;
	}
	if (used + size >= room) {
		const size_t keep = room - 1 - size - 3;

		memmove(tail + 3, tail + used - keep, keep);
		memcpy(tail, "...", 3);
		used = 3 + keep;
	}
	memcpy(tail + used, piece, size);
	tail[used + size] = '\0';
}

/* Bytes of a key at @key, without its quotes, as it is written. */
static size_t key_size(const struct json_fragment *f, uint32_t key)
{
	size_t n = 0;

	while (key + 1 + n < f->size && f->text[key + 1 + n] != '"')
		n += f->text[key + 1 + n] == '\\' ? 2 : 1;
	return key + 1 + n < f->size ? n : 0;
}

static void path_add(const struct json_fragment *f, char *path, size_t room, uint32_t place, uint32_t index)
{
	const char *key = f->text + f->places[place].key + 1;
	char number[16];
	size_t n;

	if (!f->places[place].key) {
		snprintf(number, sizeof(number), "[%u]", index);
		tail_add(path, room, number, strlen(number));
		return;
	}
	n = key_size(f, f->places[place].key);
	if (n && strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == n) {
		if (path[0])
			tail_add(path, room, ".", 1);
		tail_add(path, room, key, n);
	} else {
		tail_add(path, room, "[\"", 2);
		tail_add(path, room, key, n < SHOWN_MAX ? n : SHOWN_MAX);
		tail_add(path, room, n < SHOWN_MAX ? "\"]" : "...\"]", n < SHOWN_MAX ? 2 : 5);
	}
}

/* How to get to a place from the fragment. */
static void path_to(const struct json_fragment *f, uint32_t to, char *path, size_t room)
{
	uint32_t at = 0;

	path[0] = '\0';
	while (at < to) {
		uint32_t child = at + 1, index = 0;

		while (f->places[child].next <= to) {
			child = f->places[child].next;
			index++;
		}
		path_add(f, path, room, child, index);
		at = child;
	}
	ctf_text_clean(path, path, strlen(path), room - 1);
}

/* The error itself: at @line and @column, about what is at @place. */
static bool report(struct json_reader *r, uint32_t place, uint32_t line, uint32_t column, const char *format, va_list args)
{
	const struct json_fragment *f = &r->fragment;
	char path[400] = "", what[512];

	if (place < f->n_places)
		path_to(f, place, path, sizeof(path));
	vsnprintf(what, sizeof(what), format, args);
	ctf_text_clean(what, what, strlen(what), sizeof(what) - 1);
	return model_error(r->model, line, column, "fragment %u%s%s%s%s%s: %s", f->number, f->type ? " (" : "",
			   f->type ? f->type : "", f->type ? ")" : "", path[0] ? ", " : "", path, what);
}

bool json_error(struct json_reader *r, struct json_value value, const char *format, ...)
{
	const struct json_place *place = &r->fragment.places[value.at];
	va_list args;

	va_start(args, format);
	report(r, value.at, place->line, place->column, format, args);
	va_end(args);
	return false;
}

/* About the text at @offset, which is no value. */
__attribute__((format(printf, 3, 4))) static bool text_error(struct json_reader *r, size_t offset, const char *format, ...)
{
	const struct json_fragment *f = &r->fragment;
	uint32_t place = f->n_places, line = f->line, column = f->column;
	size_t at = 0;
	va_list args;

	while (place && f->places[place - 1].begin > offset)
		place--;
	if (place) {
		at = f->places[place - 1].begin;
		line = f->places[place - 1].line;
		column = f->places[place - 1].column;
	}
	for (; at < offset; at++) {
		column++;
		if (f->text[at] == '\n') {
			line++;
			column = 1;
		}
	}
	va_start(args, format);
	report(r, place ? place - 1 : 0, line, column, format, args);
	va_end(args);
	return false;
}

/* What a value is, in a few words. */
static void show(const struct json_reader *r, struct json_value value, char *to, size_t room)
{
	const struct json_fragment *f = &r->fragment;
	const struct json_place *place = &f->places[value.at];
	const char *text = f->text + place->begin;
	const uint32_t size = place->end - place->begin;

	if (*text == '{')
		snprintf(to, room, "an object");
	else if (*text == '[')
		snprintf(to, room, "an array%s", place->count ? "" : " of nothing");
	else
		snprintf(to, room, "%.*s%s", (int)(size < SHOWN_MAX ? size : SHOWN_MAX), text, size < SHOWN_MAX ? "" : "...");
}

bool json_wrong(struct json_reader *r, struct json_value value, const char *expected)
{
	char is[SHOWN_MAX + 8];

	show(r, value, is, sizeof(is));
	return json_error(r, value, "must be %s, is %s", expected, is);
}

/* ---- Scan ---- */

struct scan {
	size_t at;
	uint32_t line;
	size_t line_begin; /* where column 1 would be; of the first line in front of the text, modulo SIZE_MAX */
	uint32_t key;      /* of the next value */
	bool want_key;
	uint32_t depth;
	uint32_t open[JSON_DEPTH_MAX];
};

static bool place_add(struct json_reader *r, struct scan *s)
{
	struct json_fragment *f = &r->fragment;

	if (!s->depth && f->n_places)
		return text_error(r, s->at, "there is more in the fragment than one object");
	f->cost += f->text[s->at] == '{' ? JSON_OBJECT_COST : 1;
	if (f->cost > JSON_COST_MAX)
		return text_error(r, s->at, "fragments of so many JSON values are not supported (%u of them, or %u objects)",
				  JSON_COST_MAX, JSON_COST_MAX / JSON_OBJECT_COST);
	if (f->n_places == f->room) {
		const uint32_t room = f->room ? 2 * f->room : 1024;
		struct json_place *places = realloc(f->places, room * sizeof(*places));

		if (!places)
			return model_no_memory(r->model);
		f->places = places;
		f->room = room;
	}
	if (s->depth)
		f->places[s->open[s->depth - 1]].count++;
	f->places[f->n_places++] = (struct json_place){
		.begin = (uint32_t)s->at,
		.end = (uint32_t)s->at,
		.key = s->key,
		.next = JSON_ABSENT,
		.line = s->line,
		.column = (uint32_t)(s->at - s->line_begin) + 1,
	};
	s->key = 0;
	return true;
}

/* A number or one of three words is complete. */
static void place_end(struct json_fragment *f, size_t end)
{
	f->places[f->n_places - 1].end = (uint32_t)end;
	f->places[f->n_places - 1].next = f->n_places;
}

static bool scan_open(struct json_reader *r, struct scan *s)
{
	if (s->depth == JSON_DEPTH_MAX)
		return text_error(r, s->at, "values are nested more than %u deep, which is not supported", JSON_DEPTH_MAX);
	if (!place_add(r, s))
		return false;
	s->open[s->depth++] = r->fragment.n_places - 1;
	s->want_key = r->fragment.text[s->at++] == '{';
	return true;
}

static bool scan_close(struct json_reader *r, struct scan *s)
{
	struct json_fragment *f = &r->fragment;
	struct json_place *place;

	if (!s->depth)
		return text_error(r, s->at, "no JSON: '%c' closes nothing", f->text[s->at]);
	place = &f->places[s->open[--s->depth]];
	place->end = (uint32_t)++s->at;
	place->next = f->n_places;
	s->want_key = false;
	return true;
}

/* One character of a string, or one escape. */
static bool scan_character(struct json_reader *r, struct scan *s, size_t *at)
{
	const struct json_fragment *f = &r->fragment;
	const char *c = f->text + *at;
	uint32_t code;
	size_t n;

	if ((uint8_t)*c < 0x20)
		return text_error(r, *at, "no JSON: a control character (0x%02x) in a string", (uint8_t)*c);
	if (*c == '\\') {
		if (s->want_key && f->size - *at >= 6 && !memcmp(c, "\\u0000", 6))
			return text_error(r, *at, "NUL in a key is not supported");
		/* Whether it is one of JSON's escapes is json-c's to say, but it is no new line. */
		*at += *at + 1 < f->size && (uint8_t)c[1] < 0x20 ? 1 : 2;
		return true;
	}
	n = (uint8_t)*c < 0x80 ? 1 : ctf_text_next(c, f->size - *at, &code);
	if (!n)
		return text_error(r, *at, "no JSON: this byte (0x%02x) is not UTF-8", (uint8_t)*c);
	*at += n;
	return true;
}

static bool scan_string(struct json_reader *r, struct scan *s)
{
	struct json_fragment *f = &r->fragment;
	size_t at = s->at + 1;

	while (at < f->size && f->text[at] != '"')
		if (!scan_character(r, s, &at))
			return false;
	if (at >= f->size)
		return text_error(r, s->at, "no JSON: this string has no end");
	if (s->want_key) {
		s->key = (uint32_t)s->at;
		s->want_key = false;
	} else {
		if (!place_add(r, s))
			return false;
		place_end(f, at + 1);
	}
	s->at = at + 1;
	return true;
}

static size_t digits(const char *text, size_t at, size_t size)
{
	size_t n = 0;

	while (at + n < size && text[at + n] >= '0' && text[at + n] <= '9')
		n++;
	return n;
}

/* Is this a number, exactly? */
static bool is_number(const char *text, size_t size)
{
	size_t at = *text == '-', n = digits(text, at, size);

	if (!n || (n > 1 && text[at] == '0'))
		return false;
	at += n;
	if (at < size && text[at] == '.') {
		n = digits(text, ++at, size);
		if (!n)
			return false;
		at += n;
	}
	if (at < size && (text[at] == 'e' || text[at] == 'E')) {
		at++;
		at += at < size && (text[at] == '+' || text[at] == '-');
		n = digits(text, at, size);
		if (!n)
			return false;
		at += n;
	}
	return at == size;
}

static bool is_word(const char *text, size_t size)
{
	return (size == 4 && (!memcmp(text, "true", 4) || !memcmp(text, "null", 4))) || (size == 5 && !memcmp(text, "false", 5));
}

/* Anything else: a number, true, false, null. */
static bool scan_other(struct json_reader *r, struct scan *s)
{
	struct json_fragment *f = &r->fragment;
	const char *text = f->text + s->at;
	size_t n = 0;

	while (s->at + n < f->size && text[n] && !strchr(" \t\r\n,:{}[]\"", text[n]))
		n++;
	if (!n || (!is_number(text, n) && !is_word(text, n)))
		return text_error(r, s->at, "no JSON: \"%.*s\" is neither a value nor part of one",
				  (int)(n < SHOWN_MAX ? (n ? n : 1) : SHOWN_MAX), text);
	if (!place_add(r, s))
		return false;
	s->at += n;
	place_end(f, s->at);
	return true;
}

static bool scan_token(struct json_reader *r, struct scan *s)
{
	const char *text = r->fragment.text;

	switch (text[s->at]) {
	case '\n':
		s->line++;
		s->line_begin = s->at + 1;
		/* fall through */
	case ' ':
	case '\t':
	case '\r':
	case ':':
		s->at++;
		return true;
	case ',':
		s->want_key = s->depth && text[r->fragment.places[s->open[s->depth - 1]].begin] == '{';
		s->at++;
		return true;
	case '{':
	case '[':
		return scan_open(r, s);
	case '}':
	case ']':
		return scan_close(r, s);
	case '"':
		return scan_string(r, s);
	default:
		return scan_other(r, s);
	}
}

static bool scan(struct json_reader *r)
{
	struct json_fragment *f = &r->fragment;
	struct scan s = {.line = f->line, .line_begin = (size_t)1 - f->column};

	f->n_places = f->cost = 0;
	while (s.at < f->size)
		if (!scan_token(r, &s))
			return false;
	if (s.depth)
		return json_error(r, (struct json_value){.at = s.open[s.depth - 1]}, "no JSON: this has no end");
	return true;
}

/* ---- Parse ---- */

/* A key is twice in an object: find the second one. */
static bool twice(struct json_reader *r, struct json_value object)
{
	struct json_fragment *f = &r->fragment;
	struct json_object *seen = json_object_new_object();
	uint32_t at = object.at + 1;

	for (uint32_t i = 0; seen && i < f->places[object.at].count; i++, at = f->places[at].next) {
		const uint32_t key = f->places[at].key;
		struct json_tokener *tokener = json_tokener_new();
		struct json_object *text = NULL;
		bool again = true;

		if (tokener)
			text = json_tokener_parse_ex(tokener, f->text + key, (int)key_size(f, key) + 2);
		if (text) {
			again = json_object_object_get_ex(seen, json_object_get_string(text), NULL);
			json_object_object_add(seen, json_object_get_string(text), NULL);
		}
		json_object_put(text);
		if (tokener)
			json_tokener_free(tokener);
		if (again) {
			json_object_put(seen);
			return text_error(r, key, "this key is twice in the object");
		}
	}
	json_object_put(seen);
	return model_no_memory(r->model);
}

/* Every member that the text has must be there. */
static bool check_twice(struct json_reader *r, struct json_value value)
{
	struct json_walk walk;

	if (json_object_is_type(value.json, json_type_object) &&
	    (uint32_t)json_object_object_length(value.json) != r->fragment.places[value.at].count)
		return twice(r, value);
	for (json_walk_init(&walk, value); json_walk_next(r, &walk);)
		if (!check_twice(r, walk.value))
			return false;
	return true;
}

bool json_fragment_parse(struct json_reader *r)
{
	struct json_fragment *f = &r->fragment;
	struct json_tokener *tokener;

	if (!scan(r))
		return false;
	if (!f->n_places || f->text[f->places[0].begin] != '{')
		return text_error(r, f->n_places ? f->places[0].begin : 0, "a fragment must be a JSON object");
	tokener = json_tokener_new_ex((int)JSON_DEPTH_MAX + 1);
	if (!tokener)
		return model_no_memory(r->model);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	f->json = json_tokener_parse_ex(tokener, f->text, (int)f->places[0].end);
	if (!f->json)
		text_error(r, json_tokener_get_parse_end(tokener), "no JSON: %s",
			   json_tokener_error_desc(json_tokener_get_error(tokener)));
	json_tokener_free(tokener);
	return f->json && check_twice(r, (struct json_value){.json = f->json});
}

/* ---- Values ---- */

void json_walk_init(struct json_walk *walk, struct json_value of)
{
	*walk = (struct json_walk){.of = of, .value = {.at = JSON_ABSENT}};
	if (json_object_is_type(of.json, json_type_object))
		walk->member = json_object_iter_begin(of.json);
}

bool json_walk_next(const struct json_reader *r, struct json_walk *walk)
{
	const struct json_place *places = r->fragment.places;
	struct json_object *of = walk->of.json;

	if (json_is_absent(walk->of) || json_is_absent(walk->value)) {
		if (json_is_absent(walk->of) || !places[walk->of.at].count)
			return false;
		walk->value.at = walk->of.at + 1;
	} else {
		if (++walk->index == places[walk->of.at].count)
			return false;
		walk->value.at = places[walk->value.at].next;
	}
	if (json_object_is_type(of, json_type_array)) {
		walk->value.json = json_object_array_get_idx(of, walk->index);
		return true;
	}
	if (walk->index)
		json_object_iter_next(&walk->member);
	walk->key = json_object_iter_peek_name(&walk->member);
	walk->value.json = json_object_iter_peek_value(&walk->member);
	return true;
}

bool json_type_is(struct json_reader *r, struct json_value value, enum json_type type)
{
	if (json_object_is_type(value.json, type))
		return true;
	return json_wrong(r, value,
			  type == json_type_object  ? "an object"
			  : type == json_type_array ? "an array"
			  : type == json_type_int   ? "an integer"
						    : "a string");
}

struct json_value json_get(const struct json_reader *r, struct json_value of, const char *key)
{
	struct json_walk walk;

	if (json_object_is_type(of.json, json_type_object))
		for (json_walk_init(&walk, of); json_walk_next(r, &walk);)
			if (!strcmp(walk.key, key))
				return walk.value;
	return (struct json_value){.at = JSON_ABSENT};
}

/* Names of a set of properties, for an error. */
static void show_properties(uint64_t set, char *to, size_t room)
{
	size_t used = 0;

	to[0] = '\0';
	for (uint32_t i = 0; i < N_PROPERTIES; i++)
		if (set & (uint64_t)1 << i && used < room)
			used += (size_t)snprintf(to + used, room - used, "%s%s", used ? ", " : "", property_names[i]);
}

static bool unknown_property(struct json_reader *r, struct json_value value, uint64_t known)
{
	char names[400];

	show_properties(known, names, sizeof(names));
	return json_error(r, value, "no property of that name is known here (known are %s)", names);
}

bool json_get_properties(struct json_reader *r, struct json_value object, uint64_t required, uint64_t optional,
			 struct json_properties *ret)
{
	const uint64_t known = required | optional;
	struct json_walk walk;

	for (uint32_t i = 0; i < N_PROPERTIES; i++)
		ret->is[i] = (struct json_value){.at = JSON_ABSENT};
	if (!json_type_is(r, object, json_type_object))
		return false;
	for (json_walk_init(&walk, object); json_walk_next(r, &walk);) {
		uint32_t i = 0;

		while (i < N_PROPERTIES && (!(known & (uint64_t)1 << i) || strcmp(walk.key, property_names[i])))
			i++;
		if (i == N_PROPERTIES)
			return unknown_property(r, walk.value, known);
		ret->is[i] = walk.value;
		required &= ~((uint64_t)1 << i);
	}
	if (required) {
		char names[200];

		show_properties(required, names, sizeof(names));
		return json_error(r, object, "missing: %s", names);
	}
	return true;
}

const char *json_peek_text(struct json_reader *r, struct json_value value)
{
	const char *text;

	if (!json_type_is(r, value, json_type_string))
		return NULL;
	text = json_object_get_string(value.json);
	if (strlen(text) == (size_t)json_object_get_string_len(value.json))
		return text;
	json_error(r, value, "NUL in a text is not supported here");
	return NULL;
}

bool json_get_text(struct json_reader *r, struct json_value value, const char **ret)
{
	const char *text;

	if (json_is_absent(value))
		return true;
	text = json_peek_text(r, value);
	if (text)
		text = model_text(r->model, text, strlen(text));
	if (text)
		*ret = text;
	return text;
}

bool json_get_integer(struct json_reader *r, struct json_value value, struct json_integer *ret)
{
	const struct json_place *place = &r->fragment.places[value.at];
	const char *text = r->fragment.text;
	uint64_t magnitude = 0;

	if (json_is_absent(value))
		return true;
	if (!json_type_is(r, value, json_type_int))
		return false;
	for (uint32_t at = place->begin + (text[place->begin] == '-'); at < place->end; at++)
		if (__builtin_mul_overflow(magnitude, 10, &magnitude) ||
		    __builtin_add_overflow(magnitude, (uint64_t)(text[at] - '0'), &magnitude))
			return json_wrong(r, value, "an integer of 64 bits (larger ones are not supported)");
	*ret = (struct json_integer){.negative = text[place->begin] == '-' && magnitude, .magnitude = magnitude};
	return true;
}

bool json_get_uint(struct json_reader *r, struct json_value value, uint64_t min, uint64_t max, uint64_t *ret)
{
	struct json_integer integer = {0};
	char expected[80];

	if (json_is_absent(value))
		return true;
	if (!json_get_integer(r, value, &integer))
		return false;
	if (!integer.negative && integer.magnitude >= min && integer.magnitude <= max) {
		*ret = integer.magnitude;
		return true;
	}
	if (min == max)
		snprintf(expected, sizeof(expected), "%llu", (unsigned long long)min);
	else if (max == UINT64_MAX)
		snprintf(expected, sizeof(expected), min ? "positive" : "0 or positive");
	else
		snprintf(expected, sizeof(expected), "from %llu to %llu", (unsigned long long)min, (unsigned long long)max);
	return json_wrong(r, value, expected);
}

bool json_get_int(struct json_reader *r, struct json_value value, int64_t *ret)
{
	struct json_integer integer = {0};

	if (json_is_absent(value))
		return true;
	if (!json_get_integer(r, value, &integer))
		return false;
	if (integer.magnitude > (uint64_t)INT64_MAX + integer.negative)
		return json_wrong(r, value, "from -9223372036854775808 to 9223372036854775807 (others are not supported)");
	*ret = (int64_t)(integer.negative ? 0 - integer.magnitude : integer.magnitude);
	return true;
}

bool json_get_word(struct json_reader *r, struct json_value value, const char *const *names, uint32_t *ret)
{
	const bool is_text = json_object_is_type(value.json, json_type_string);
	const char *text = is_text ? json_peek_text(r, value) : "";
	char expected[200] = "";
	size_t used = 0;

	if (json_is_absent(value) || !text)
		return text;
	for (uint32_t i = 0; names[i]; i++) {
		if (is_text && !strcmp(text, names[i])) {
			*ret = i;
			return true;
		}
		if (used < sizeof(expected))
			used += (size_t)snprintf(expected + used, sizeof(expected) - used, "%s\"%s\"", used ? " or " : "",
						 names[i]);
	}
	return json_wrong(r, value, expected);
}

/* ---- Attributes and extensions ---- */

bool json_get_attributes(struct json_reader *r, struct json_value value, const char **ret)
{
	const struct json_place *place = &r->fragment.places[value.at];
	bool quoted = false;
	char *text;
	size_t n = 0;

	if (json_is_absent(value))
		return true;
	if (!json_type_is(r, value, json_type_object))
		return false;
	text = model_alloc(r->model, place->end - place->begin + 1);
	if (!text)
		return false;
	for (uint32_t at = place->begin; at < place->end; at++) {
		const char c = r->fragment.text[at];

		if (!quoted && (c == ' ' || c == '\t' || c == '\r' || c == '\n'))
			continue;
		text[n++] = c;
		if (quoted && c == '\\')
			text[n++] = r->fragment.text[++at];
		else if (c == '"')
			quoted = !quoted;
	}
	*ret = text;
	return true;
}

bool json_check_extensions(struct json_reader *r, struct json_value value)
{
	struct json_walk space, extension;

	if (json_is_absent(value))
		return true;
	if (!json_type_is(r, value, json_type_object))
		return false;
	for (json_walk_init(&space, value); json_walk_next(r, &space);) {
		if (!json_type_is(r, space.value, json_type_object))
			return false;
		json_walk_init(&extension, space.value);
		if (json_walk_next(r, &extension))
			return json_error(r, extension.value,
					  "extension \"%s\" of \"%s\" is not supported, and the trace cannot be read without it",
					  extension.key, space.key);
	}
	return true;
}

/* ---- Names ---- */

bool json_name_add(struct json_reader *r, struct lh_table **table, const char *name, void *item, void **ret_had)
{
	*ret_had = NULL;
	if (!*table)
		*table = lh_kchar_table_new(16, NULL);
	if (!*table)
		return model_no_memory(r->model);
	if (lh_table_lookup_ex(*table, name, ret_had))
		return true;
	if (lh_table_insert(*table, name, item))
		return model_no_memory(r->model);
	return true;
}

void *json_name_find(struct lh_table *table, const char *name)
{
	void *item = NULL;

	if (table)
		lh_table_lookup_ex(table, name, &item);
	return item;
}
