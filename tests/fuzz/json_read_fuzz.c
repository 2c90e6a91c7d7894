/* SPDX-License-Identifier: MIT */
/*
 * CTF 2 metadata of anybody: it is refused, with a place inside of it and a text that can be shown, or it makes a model that is as
 * ctf/model.h says, and model_finish() makes a trace of that or refuses it likewise. The buffer has exactly its size.
 *
 * Input: the first byte says what the rest is:
 *     f        a field class: a member of a payload, behind fields that it can refer to
 *     h, c, e  the same in a packet header, a packet context, an event record header
 *     t        fragments behind a preamble, with ~ between them
 *     others   the metadata itself, that byte included
 */
#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctf/layout.h"

#define PREAMBLE "\x1e{\"type\":\"preamble\",\"version\":2,\"uuid\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}\n"
#define CLOCK "\x1e{\"type\":\"clock-class\",\"id\":\"k\",\"frequency\":1000}\n"
#define ALIASES                                                                                                                    \
	"\x1e{\"type\":\"field-class-alias\",\"name\":\"u\",\"field-class\":{\"type\":\"variable-length-unsigned-integer\"}}\n"    \
	"\x1e{\"type\":\"field-class-alias\",\"name\":\"v\",\"field-class\":{\"type\":\"structure\",\"member-classes\":["          \
	"{\"name\":\"x\",\"field-class\":\"u\"}]}}\n"
#define STREAM "{\"type\":\"data-stream-class\""
#define MEMBERS "{\"type\":\"structure\",\"member-classes\":["
#define NUMBER(name, what)                                                                                                         \
	"{\"name\":\"" name "\",\"field-class\":{\"type\":\"" what "\",\"byte-order\":\"big-endian\",\"length\":8}},"
#define BEFORE                                                                                                                     \
	NUMBER("n", "fixed-length-unsigned-integer")                                                                               \
	NUMBER("s", "fixed-length-signed-integer")                                                                                 \
	NUMBER("b", "fixed-length-boolean") "{\"name\":\"v\",\"field-class\":\"v\"},"
#define LAST "{\"name\":\"f\",\"field-class\":"

static const struct {
	char key;
	const char *before;
	const char *after;
} contexts[] = {
	{'f', PREAMBLE ALIASES "\x1e" STREAM "}\n\x1e{\"type\":\"event-record-class\",\"payload-field-class\":" MEMBERS BEFORE LAST,
	 "}]}}"},
	{'h', PREAMBLE ALIASES "\x1e{\"type\":\"trace-class\",\"packet-header-field-class\":" MEMBERS LAST, "}]}}\x1e" STREAM "}"},
	{'c',
	 PREAMBLE ALIASES CLOCK "\x1e" STREAM
				",\"default-clock-class-id\":\"k\",\"packet-context-field-class\":" MEMBERS BEFORE LAST,
	 "}]}}"},
	{'e',
	 PREAMBLE ALIASES CLOCK "\x1e" STREAM
				",\"default-clock-class-id\":\"k\",\"event-record-header-field-class\":" MEMBERS BEFORE LAST,
	 "}]}}"},
	{'t', PREAMBLE "\x1e", ""},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(int condition)
{
	if (!condition)
		abort();
}

/* The metadata that an input stands for. */
static char *text_of(const uint8_t *data, size_t size, size_t *ret_size)
{
	const char *before = "", *after = "";
	char *text;
	size_t n;

	for (size_t i = 0; size && i < sizeof(contexts) / sizeof(contexts[0]); i++) {
		if (data[0] == contexts[i].key) {
			before = contexts[i].before;
			after = contexts[i].after;
		}
	}
	n = *before ? 1 : 0;
	*ret_size = strlen(before) + size - n + strlen(after);
	text = malloc(*ret_size + 1);
	need(text != NULL);
	memcpy(text, before, strlen(before));
	if (size > n)
		memcpy(text + strlen(before), data + n, size - n);
	memcpy(text + *ret_size - strlen(after), after, strlen(after));
	for (size_t i = strlen(before); size && data[0] == 't' && i < *ret_size; i++)
		if (text[i] == '~')
			text[i] = 0x1e;
	return realloc(text, *ret_size ? *ret_size : 1);
}

/* The error has a text, and a place that is there. */
static void check_error(const struct ctf_error *error, const char *text, size_t size)
{
	uint32_t line = 1, column = 1;

	need(error->text[0] && strlen(error->text) < sizeof(error->text) && error->what >= error->text);
	for (const char *c = error->text; *c; c++)
		need((uint8_t)*c >= 0x20 && *c != 0x7f);
	if (!error->line)
		return;
	for (size_t i = 0; i <= size; i++) {
		if (line == error->line && column == error->column)
			return;
		column++;
		if (i < size && text[i] == '\n') {
			line++;
			column = 1;
		}
	}
	abort();
}

static void check_attributes(const char *attributes)
{
	struct json_object *json;

	if (!attributes)
		return;
	json = json_tokener_parse(attributes);
	need(json_object_is_type(json, json_type_object) && !strchr(attributes, '\n'));
	json_object_put(json);
}

static void check_ref(const struct model_ref *ref)
{
	need(ref && ref->n && ref->line && ref->column && (ref->origin == REF_RELATIVE || ref->origin == REF_SCOPE));
	need((unsigned int)ref->scope < CTF_N_SCOPES && ref->path[ref->n - 1]);
}

static void check_number(const struct ctf_class *class)
{
	need(class->size >= 1 && class->size <= 64 && !class->n_members);
	need(class->type != CTF_FLOAT || class->size == 16 || class->size == 32 || class->size == 64);
	need(!class->leb128 || class->type == CTF_UINT || class->type == CTF_SINT);
	need(class->type == CTF_BITMAP ? class->n_mappings > 0 : class->is_enum || !class->n_mappings);
	for (uint32_t i = 0; i < class->n_mappings; i++)
		for (uint32_t k = 0; k < class->mappings[i].n_ranges; k++) {
			const struct ctf_range *range = &class->mappings[i].ranges[k];

			need(class->type == CTF_SINT ? (int64_t)range->first <= (int64_t)range->last : range->first <= range->last);
			need(class->type != CTF_BITMAP || range->last < class->size);
		}
}

/* A class and what is in it; each is there once. */
static void check_class(const struct ctf_class *class, uint32_t depth)
{
	struct model_class *model = (struct model_class *)class;
	const bool compound = class->type >= CTF_STRUCT;

	need(depth <= CTF_DEPTH_MAX && class->save == -1 && class->source == -1 && model->line && model->column);
	model->pub.save = -2;
	need(class->align && class->align <= CTF_ALIGN_MAX && !(class->align & (class->align - 1)));
	need(model->min_align <= CTF_ALIGN_MAX && !(model->min_align & (model->min_align - 1)));
	if (class->type <= CTF_FLOAT)
		check_number(class);
	need(compound || !class->n_members);
	need((class->type != CTF_ARRAY && class->type != CTF_OPTIONAL) || class->n_members == 1);
	need(class->type != CTF_VARIANT || class->n_members);
	if (class->type == CTF_OPTIONAL || class->type == CTF_VARIANT ||
	    (class->length == CTF_DYNAMIC && class->type >= CTF_STRING && class->type != CTF_STRUCT))
		check_ref(model->ref);
	else
		need(!model->ref);
	check_attributes(class->attributes);
	for (uint32_t i = 0; i < class->n_members; i++) {
		const struct ctf_member *member = &class->members[i];

		need(class->type != CTF_STRUCT || member->name);
		need(class->type != CTF_VARIANT || member->n_ranges);
		check_attributes(member->attributes);
		check_class(member->class, depth + 1);
	}
	model->pub.save = -1;
}

static void check_root(const struct ctf_class *class)
{
	if (!class)
		return;
	need(class->type == CTF_STRUCT);
	check_class(class, 0);
}

static void check_model(const struct ctf_model *model)
{
	need(model->trace.major == 2 && model->streams.n);
	check_root(model->trace.packet_header);
	for (uint32_t i = 0; i < model->streams.n; i++) {
		const struct model_stream *stream = model->streams.items[i];

		check_root(stream->pub.packet_context);
		check_root(stream->pub.event_header);
		check_root(stream->pub.event_context);
	}
	for (uint32_t i = 0; i < model->events.n; i++) {
		const struct model_event *event = model->events.items[i];

		check_attributes(event->pub.attributes);
		check_root(event->pub.context);
		check_root(event->pub.payload);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctf_model model;
	struct ctf_error error;
	char *text;
	bool good;

	text = text_of(data, size, &size);
	need(text != NULL);
	model_init(&model, "metadata", &error);
	good = ctf_json_read(&model, text, size);
	if (good) {
		check_model(&model);
		need(!error.text[0]);
		good = model_finish(&model);
		need(!good || model.trace.n_streams == model.streams.n);
	}
	if (!good)
		check_error(&error, text, size);
	model_lists_free(&model);
	arena_free(&model.arena);
	free(text);
	return 0;
}
