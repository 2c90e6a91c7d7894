/* SPDX-License-Identifier: MIT */
/*
 * Whatever text metadata is: the reader of TSDL refuses it with a place that is in it, or makes a model that is whole: every class
 * is of a kind that TSDL has, within its limits, is in one place only, and was counted. Twice the same, though the reader's hashes
 * differ. The text has exactly its size (address sanitizer).
 *
 * Input: one byte that says where the rest goes (see place()), then text. Most inputs are made of words, not of bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctf/model.h"

#define TYPES                                                                                                                      \
	"trace{byte_order=le;};typealias integer{size=8;}:=u8;typealias integer{size=32;}:=u32;typealias "                         \
	"integer{size=32;signed=1;}"                                                                                               \
	":=int;"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static void need(int condition)
{
	if (!condition)
		abort();
}

struct text {
	char *bytes;
	size_t size;
};

static void add(struct text *text, const void *bytes, size_t size)
{
	memcpy(text->bytes + text->size, bytes, size);
	text->size += size;
}

/* 'f': fields of an event; 'g': behind some types; anything else: all there is. */
static struct text place(const uint8_t *data, size_t size)
{
	static const char head[] = "event{fields:=struct{", tail[] = "};};";
	const char kind = size ? (char)data[0] : 0;
	struct text text = {.bytes = malloc(sizeof(TYPES) + sizeof(head) + sizeof(tail) + size)};

	need(text.bytes != NULL);
	if (kind == 'f' || kind == 'g')
		add(&text, TYPES, sizeof(TYPES) - 1);
	if (kind == 'f')
		add(&text, head, sizeof(head) - 1);
	if (size)
		add(&text, data + 1, size - 1);
	if (kind == 'f')
		add(&text, tail, sizeof(tail) - 1);
	text.bytes = realloc(text.bytes, text.size ? text.size : 1);
	need(text.bytes != NULL);
	return text;
}

/* ---- What is checked ---- */

/* It can be shown, and its place is in the text. */
static void check_error(const struct text *text, const struct ctf_error *error)
{
	const char *line = text->bytes, *end = text->bytes + text->size;

	for (const char *c = error->text; *c; c++)
		need((uint8_t)*c >= 0x20 && *c != 0x7f);
	need(error->line && error->column);
	for (uint32_t i = 1; i < error->line; i++) {
		line = memchr(line, '\n', (size_t)(end - line));
		need(line != NULL);
		line++;
	}
	need(error->column <= (size_t)(end - line) + 1);
	need(!memchr(line, '\n', error->column - 1));
}

static void check_ref(const struct model_class *class)
{
	const struct model_ref *ref = class->ref;

	need(ref && ref->n && ref->line && ref->column);
	need(ref->origin == REF_NEAR || ref->origin == REF_RELATIVE || (ref->origin == REF_SCOPE && ref->scope < CTF_N_SCOPES));
	for (uint32_t i = 0; i < ref->n; i++)
		need(ref->path[i] ? ref->path[i][0] : ref->origin == REF_RELATIVE && i + 1 < ref->n);
}

static void check_number(const struct ctf_class *class)
{
	need(class->size >= 1 && class->size <= 64);
	need(class->align >= 1 && class->align <= CTF_ALIGN_MAX && !(class->align & (class->align - 1)));
	need(class->is_enum == (class->n_mappings > 0) && !(class->is_enum && class->type == CTF_FLOAT));
	for (uint32_t i = 0; i < class->n_mappings; i++) {
		need(class->mappings[i].label && class->mappings[i].n_ranges);
		for (uint32_t k = 0; k < class->mappings[i].n_ranges; k++) {
			const struct ctf_range *range = &class->mappings[i].ranges[k];

			need(class->type == CTF_SINT ? (int64_t)range->first <= (int64_t)range->last : range->first <= range->last);
		}
	}
}

/* Names are there and no two are the same; only small structures, for the sake of time. */
static void check_names(const struct ctf_class *class)
{
	const struct model_class *model = (const struct model_class *)class;

	need(model->raw != NULL);
	for (uint32_t i = 0; i < class->n_members; i++) {
		const char *raw = model->raw[i], *name = class->members[i].name;

		need(raw[0] && name[0] && (!strcmp(name, raw) || (raw[0] == '_' && !strcmp(name, raw + 1))));
		for (uint32_t k = 0; k < i && class->n_members < 32; k++)
			need(strcmp(name, class->members[k].name) && strcmp(raw, model->raw[k]));
	}
}

/* Return: classes and members. A class that is in two places is seen again while it is marked. */
static uint32_t check_class(struct ctf_class *class)
{
	struct model_class *model = (struct model_class *)class;
	uint32_t n = 1 + class->n_members;

	need(class->save == -1 && class->source == -1);
	class->save = -2;
	need(model->line && model->column);
	switch (class->type) {
	case CTF_UINT:
	case CTF_SINT:
	case CTF_FLOAT:
		check_number(class);
		break;
	case CTF_STRING:
		need(class->length == CTF_ENDED && class->align == 8);
		break;
	case CTF_VARIANT:
		need(model->by_label && class->n_members);
		check_ref(model);
		check_names(class);
		break;
	case CTF_STRUCT:
		check_names(class);
		break;
	case CTF_ARRAY:
		need(class->n_members == 1 && !class->members[0].name);
		if (class->length == CTF_DYNAMIC)
			check_ref(model);
		else
			need(class->length == CTF_STATIC && !model->ref);
		break;
	default:
		abort();
	}
	for (uint32_t i = 0; i < class->n_members; i++)
		n += check_class((struct ctf_class *)class->members[i].class);
	return n;
}

static void unmark(struct ctf_class *class)
{
	class->save = -1;
	for (uint32_t i = 0; i < class->n_members; i++)
		unmark((struct ctf_class *)class->members[i].class);
}

static void each_scope(const struct ctf_model *model, void (*visit)(const struct ctf_class *class, uint64_t *n), uint64_t *n)
{
	visit(model->trace.packet_header, n);
	for (uint32_t i = 0; i < model->streams.n; i++) {
		const struct ctf_stream_class *stream = &((const struct model_stream *)model->streams.items[i])->pub;

		visit(stream->packet_context, n);
		visit(stream->event_header, n);
		visit(stream->event_context, n);
	}
	for (uint32_t i = 0; i < model->events.n; i++) {
		const struct ctf_event_class *event = &((const struct model_event *)model->events.items[i])->pub;

		visit(event->context, n);
		visit(event->payload, n);
	}
}

static void check_scope(const struct ctf_class *class, uint64_t *n)
{
	need(!class || class->type == CTF_STRUCT);
	if (class)
		*n += check_class((struct ctf_class *)class);
}

static void unmark_scope(const struct ctf_class *class, uint64_t *n)
{
	(void)n;
	if (class)
		unmark((struct ctf_class *)class);
}

static void check_model(const struct ctf_model *model)
{
	uint64_t n = 0;

	need(model->trace.major == 1 && model->trace.minor <= 8);
	each_scope(model, check_scope, &n);
	each_scope(model, unmark_scope, &n);
	need(n <= model->n_classes && model->n_classes <= CTF_CLASSES_MAX);
	for (uint32_t i = 0; i < model->clocks.n; i++) {
		const struct model_clock *clock = model->clocks.items[i];

		need(clock->id && clock->pub.frequency && clock->pub.offset_cycles < clock->pub.frequency);
	}
}

static bool read_model(const struct text *text, struct ctf_error *error)
{
	struct ctf_model model;
	bool ok;

	model_init(&model, "metadata", error);
	ok = ctf_tsdl_read(&model, text->bytes, text->size);
	if (ok) {
		check_model(&model);
		ok = model_finish(&model);
	}
	need(ok == !error->text[0]);
	if (!ok)
		check_error(text, error);
	model_lists_free(&model);
	arena_free(&model.arena);
	return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = place(data, size);
	struct ctf_error errors[2];

	need(read_model(&text, &errors[0]) == read_model(&text, &errors[1]));
	need(!strcmp(errors[0].text, errors[1].text));
	free(text.bytes);
	return 0;
}

/* ---- Inputs of words ---- */

static const char *const words[] = {
	"{",
	"}",
	"[",
	"]",
	"(",
	")",
	"<",
	">",
	";",
	",",
	"=",
	":=",
	":",
	"...",
	"*",
	"-",
	"->",
	".",
	"0",
	"1",
	"8",
	"32",
	"64",
	"0x7f",
	"'a'",
	"\"text\"",
	"\"\\x41\\u00e9\"",
	"align",
	"callsite",
	"const",
	"char",
	"clock",
	"double",
	"enum",
	"env",
	"event",
	"floating_point",
	"float",
	"integer",
	"int",
	"long",
	"short",
	"signed",
	"stream",
	"string",
	"struct",
	"trace",
	"typealias",
	"typedef",
	"unsigned",
	"variant",
	"void",
	"_Bool",
	"a",
	"b",
	"_a",
	"__a",
	"u8",
	"u32",
	"size",
	"byte_order",
	"be",
	"le",
	"native",
	"base",
	"encoding",
	"UTF8",
	"map",
	"value",
	"exp_dig",
	"mant_dig",
	"id",
	"name",
	"stream_id",
	"loglevel",
	"fields",
	"context",
	"packet",
	"header",
	"timestamp",
	"freq",
	"offset",
	"offset_s",
	"uuid",
	"18446744073709551615",
	"-1",
	"true",
	"integer{size=8;align=8;signed=0;}",
	"floating_point{exp_dig=8;mant_dig=24;}",
	"struct{u8 a;}a;",
	"u8 a;",
	"u8 a[b];",
	"enum:u8{a,b=3...5}a;",
	"variant<a>{u8 a;u8 b;}b;",
	"typedef u8 b[a];",
	"typealias u8:=b;",
	"event.fields.",
	"trace.packet.header.",
	"stream.event.header.",
	"env.",
	"clock{name=a;};",
	"stream{id=0;};",
	"event{};",
	"env{a=1;};",
	"/*",
	"*/",
	"//",
	"\n",
	" ",
};

/* Where a word begins, at or behind a random place. */
static size_t boundary(const uint8_t *data, size_t size, unsigned int *seed)
{
	size_t at = size ? (size_t)rand_r(seed) % (size + 1) : 0;

	while (at < size && data[at] != ' ' && data[at] != ';' && data[at] != '{' && data[at] != '}')
		at++;
	return at;
}

/* Takes [from, to) out and puts the word in. Return: the new size; 0: there is no room. */
static size_t splice(uint8_t *data, size_t size, size_t max_size, size_t from, size_t to, const char *word)
{
	const size_t length = strlen(word);

	if (size - (to - from) + length > max_size)
		return 0;
	memmove(data + from + length, data + to, size - to);
	memcpy(data + from, word, length);
	return size - (to - from) + length;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	const char *word = words[(size_t)rand_r(&seed) % (sizeof(words) / sizeof(words[0]))];
	size_t from, to, made;

	if (rand_r(&seed) % 4 == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	from = boundary(data, size, &seed);
	to = boundary(data, size, &seed);
	if (to < from || to - from > 32 || rand_r(&seed) % 2)
		to = from;
	made = splice(data, size, max_size, from, to, rand_r(&seed) % 8 ? word : "");
	return made ? made : LLVMFuzzerMutate(data, size, max_size);
}
