/* SPDX-License-Identifier: MIT */
/**
 * read_tsdl.c - reads metadata of CTF 1.8, in TSDL: blocks and what they say.
 *
 * The grammar is that of the specification, version 1.8.3. Where it leaves a choice:
 *
 * - The native byte order is the trace block's, wherever that is: LTTng declares types before it. So it is looked for first.
 * - Attributes that a block does not know are passed over, and so are callsite blocks. One that it knows may be there once.
 * - Without a clock block, times are nanoseconds of a clock of their own; with one, fields called "timestamp" in the event header,
 * and "timestamp_begin" and "timestamp_end" in the packet context, are its times even if they are not mapped to it.
 */
#include "ctf/read_tsdl.h"
#include "ctf/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENT_COUNTS 8u /* against the limit of classes: what its memory would do for */

#define FOUND_MAX 40u /* bytes of a token in an error */

/* ---- Words and values ---- */

bool tsdl_expected(struct tsdl_reader *reader, const char *what)
{
	const struct tsdl_token *token = &reader->lexer.token;
	char found[FOUND_MAX + 1];

	if (token->kind == TSDL_BAD)
		return false;
	if (token->kind == TSDL_END)
		return model_error(reader->model, token->line, token->column, "expected %s, found the end of the text", what);
	ctf_text_clean(found, token->raw, token->raw_size, FOUND_MAX);
	return model_error(reader->model, token->line, token->column, "expected %s, found %s%s%s%s", what,
			   token->kind >= TSDL_ALIGN ? "the keyword " : "", token->kind == TSDL_TEXT ? "" : "\"", found,
			   token->kind == TSDL_TEXT ? "" : "\"");
}

bool tsdl_accept(struct tsdl_reader *reader, int kind)
{
	if (tsdl_kind(reader) != kind)
		return false;
	tsdl_next(&reader->lexer);
	return true;
}

bool tsdl_expect(struct tsdl_reader *reader, int kind, const char *what)
{
	return tsdl_accept(reader, kind) || tsdl_expected(reader, what);
}

/* Words with dots between. */
static bool read_path(struct tsdl_reader *reader, struct tsdl_value *value)
{
	const struct tsdl_token *token = &reader->lexer.token;

	value->kind = TSDL_NAME;
	do {
		if (!tsdl_is_word(token->kind))
			return tsdl_expected(reader, "a name");
		if (value->n == TSDL_PATH_MAX)
			return model_error(reader->model, token->line, token->column, "this path has more than %u names",
					   TSDL_PATH_MAX);
		value->path[value->n++] = token->symbol;
		tsdl_next(&reader->lexer);
	} while (tsdl_accept(reader, '.'));
	return true;
}

bool tsdl_value(struct tsdl_reader *reader, struct tsdl_value *ret)
{
	const struct tsdl_token *token = &reader->lexer.token;
	bool has_sign = false;
	size_t n_open = 0;

	ret->line = token->line;
	ret->column = token->column;
	ret->negative = false;
	ret->n = 0;
	for (;;) {
		if ((token->kind == '-' || token->kind == '+') && !has_sign) {
			ret->negative ^= token->kind == '-';
			has_sign = true;
		} else if (token->kind == '(') {
			has_sign = false;
			n_open++;
		} else {
			break;
		}
		tsdl_next(&reader->lexer);
	}
	if (token->kind == TSDL_NUMBER) {
		ret->kind = TSDL_NUMBER;
		ret->number = token->number;
		tsdl_next(&reader->lexer);
	} else if (token->kind == TSDL_TEXT && !ret->negative && !has_sign) {
		ret->kind = TSDL_TEXT;
		ret->path[ret->n++] = token->symbol;
		tsdl_next(&reader->lexer);
	} else if (tsdl_is_word(token->kind) && !ret->negative && !has_sign) {
		if (!read_path(reader, ret))
			return false;
	} else {
		return tsdl_expected(reader, has_sign || ret->negative ? "a number" : "a value");
	}
	for (; n_open; n_open--)
		if (!tsdl_expect(reader, ')', "\")\""))
			return false;
	return true;
}

const struct tsdl_symbol *tsdl_text(const struct tsdl_value *value)
{
	return value->kind != TSDL_NUMBER && value->n == 1 ? value->path[0] : NULL;
}

bool tsdl_unsigned(struct tsdl_reader *reader, const struct tsdl_value *value, const char *what, uint64_t min, uint64_t max,
		   uint64_t *ret)
{
	if (value->kind != TSDL_NUMBER)
		return model_error(reader->model, value->line, value->column, "%s must be a number", what);
	if ((value->negative && value->number) || value->number < min || value->number > max)
		return model_error(reader->model, value->line, value->column,
				   "%s must be from %" PRIu64 " to %" PRIu64 ", this is %s%" PRIu64, what, min, max,
				   value->negative ? "-" : "", value->number);
	*ret = value->number;
	return true;
}

bool tsdl_signed(struct tsdl_reader *reader, const struct tsdl_value *value, const char *what, int64_t *ret)
{
	if (value->kind != TSDL_NUMBER)
		return model_error(reader->model, value->line, value->column, "%s must be a number", what);
	if (value->number > (uint64_t)INT64_MAX + value->negative)
		return model_error(reader->model, value->line, value->column,
				   "%s must be from %" PRId64 " to %" PRId64 ", this is %s%" PRIu64, what, INT64_MIN, INT64_MAX,
				   value->negative ? "-" : "", value->number);
	*ret = (int64_t)(value->negative ? -value->number : value->number);
	return true;
}

bool tsdl_bool(struct tsdl_reader *reader, const struct tsdl_value *value, const char *what, bool *ret)
{
	const struct tsdl_symbol *text = tsdl_text(value);

	if (value->kind == TSDL_NUMBER && !value->negative && value->number <= 1)
		*ret = value->number;
	else if (text && (!strcmp(text->text, "true") || !strcmp(text->text, "TRUE")))
		*ret = true;
	else if (text && (!strcmp(text->text, "false") || !strcmp(text->text, "FALSE")))
		*ret = false;
	else
		return model_error(reader->model, value->line, value->column, "%s must be true or false", what);
	return true;
}

static bool text_value(struct tsdl_reader *reader, const struct tsdl_value *value, const char *what, const char **ret)
{
	const struct tsdl_symbol *text = tsdl_text(value);

	if (!text)
		return model_error(reader->model, value->line, value->column, "%s must be a text in quotes", what);
	*ret = text->text;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

static bool parse_uuid(const char *text, uint8_t uuid[16])
{
	for (size_t i = 0; i < 16; i++, text += 2) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			if (*text++ != '-')
				return false;
		if (hex_digit(text[0]) < 0 || hex_digit(text[1]) < 0)
			return false;
		uuid[i] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
	}
	return !*text;
}

static bool uuid_value(struct tsdl_reader *reader, const struct tsdl_value *value, uint8_t uuid[16])
{
	const struct tsdl_symbol *text = tsdl_text(value);

	if (!text || !parse_uuid(text->text, uuid))
		return model_error(reader->model, value->line, value->column,
				   "uuid must be a text of the form \"01234567-89ab-cdef-0123-456789abcdef\"");
	return true;
}

/* ---- Blocks ---- */

static bool is_path(const struct tsdl_value *value, const char *path)
{
	for (uint32_t i = 0; i < value->n; i++) {
		const size_t size = value->path[i]->size;

		if (strncmp(value->path[i]->text, path, size) != 0 || path[size] != (i + 1 < value->n ? '.' : '\0'))
			return false;
		path += size + 1;
	}
	return true;
}

/* Does a declaration begin here, and not the name of an attribute? */
static bool is_declaration(struct tsdl_reader *reader)
{
	int next;

	switch (tsdl_kind(reader)) {
	case TSDL_TYPEALIAS:
	case TSDL_TYPEDEF:
		return true;
	case TSDL_NAME:
		return tsdl_peek(&reader->lexer) == TSDL_TYPEDEF;
	case TSDL_TEXT:
	case TSDL_NUMBER:
		return false;
	default:
		next = tsdl_peek(&reader->lexer);
		return tsdl_is_word(tsdl_kind(reader)) && next != '=' && next != '.' && next != TSDL_DEFINE;
	}
}

/* The value of an attribute that nobody knows, up to its ';'. */
static bool skip_value(struct tsdl_reader *reader)
{
	const struct tsdl_token begin = reader->lexer.token;
	uint32_t depth = 0;

	for (;; tsdl_next(&reader->lexer)) {
		switch (tsdl_kind(reader)) {
		case '{':
		case '(':
		case '[':
			depth++;
			break;
		case '}':
		case ')':
		case ']':
			if (!depth)
				return tsdl_expected(reader, "\";\"");
			depth--;
			break;
		case ';':
			if (!depth)
				return true;
			break;
		case TSDL_BAD:
			return false;
		case TSDL_END:
			return model_error(reader->model, begin.line, begin.column,
					   "the value of this attribute has no end; \";\" is missing");
		default:
			break;
		}
	}
}

static const struct tsdl_attribute *find_attribute(const struct tsdl_block *block, const struct tsdl_value *name)
{
	for (size_t i = 0; i < block->n_attributes; i++)
		if (is_path(name, block->attributes[i].name))
			return &block->attributes[i];
	return NULL;
}

/* Behind the name of a known attribute. */
static bool read_known(struct tsdl_reader *reader, const struct tsdl_attribute *attribute, void *object)
{
	struct tsdl_value value;
	struct model_class *class;

	if (attribute->define) {
		if (!tsdl_expect(reader, TSDL_DEFINE, "\":=\" and a structure"))
			return false;
		class = tsdl_read_structure(reader, attribute->name);
		return class && attribute->define(reader, object, class);
	}
	return tsdl_expect(reader, '=', "\"=\" and a value") && tsdl_value(reader, &value) &&
	       attribute->set(reader, object, &value);
}

/* @seen: attributes that were there already, one bit each. */
static bool read_attribute(struct tsdl_reader *reader, const struct tsdl_block *block, void *object, uint32_t *seen)
{
	const struct tsdl_attribute *attribute;
	struct tsdl_value name, value;
	uint32_t bit;

	if (!tsdl_is_word(tsdl_kind(reader)) && tsdl_kind(reader) != TSDL_TEXT)
		return tsdl_expected(reader, "the name of an attribute, or \"}\"");
	if (!tsdl_value(reader, &name))
		return false;
	if (block->set_any)
		return tsdl_expect(reader, '=', "\"=\" and a value") && tsdl_value(reader, &value) &&
		       block->set_any(reader, &name, &value);
	attribute = find_attribute(block, &name);
	if (!attribute) {
		if (!tsdl_accept(reader, '=') && !tsdl_accept(reader, TSDL_DEFINE))
			return tsdl_expected(reader, "\"=\" or \":=\"");
		return skip_value(reader);
	}
	bit = (uint32_t)1 << (attribute - block->attributes);
	if (*seen & bit)
		return model_error(reader->model, name.line, name.column, "%s is there already", attribute->name);
	*seen |= bit;
	return read_known(reader, attribute, object);
}

bool tsdl_read_block(struct tsdl_reader *reader, const struct tsdl_block *block, void *object)
{
	uint32_t seen = 0;

	if (!tsdl_scope_open(reader))
		return false;
	if (tsdl_kind(reader) != '{') {
		char what[64];

		snprintf(what, sizeof(what), "\"{\" behind %s", block->name);
		return tsdl_expected(reader, what);
	}
	tsdl_next(&reader->lexer);
	while (!tsdl_accept(reader, '}')) {
		if (is_declaration(reader) ? !tsdl_read_declaration(reader) : !read_attribute(reader, block, object, &seen))
			return false;
		if (!tsdl_expect(reader, ';', "\";\""))
			return false;
	}
	tsdl_scope_close(reader);
	return true;
}

/* ---- trace ---- */

struct trace_block {
	uint64_t major;
	uint64_t minor;
	bool has_order;
};

static bool set_major(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct trace_block *trace = object;

	if (!tsdl_unsigned(reader, value, "major", 0, UINT32_MAX, &trace->major))
		return false;
	if (trace->major != 1)
		return model_error(reader->model, value->line, value->column,
				   "CTF %" PRIu64 " is not known in this form; TSDL is that of CTF 1.8", trace->major);
	return true;
}

static bool set_minor(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct trace_block *trace = object;

	return tsdl_unsigned(reader, value, "minor, after 1,", 0, 8, &trace->minor);
}

static bool set_trace_uuid(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	(void)object;
	reader->model->trace.has_uuid = true;
	return uuid_value(reader, value, reader->model->trace.uuid);
}

static bool set_trace_order(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	const struct tsdl_symbol *text = tsdl_text(value);
	struct trace_block *trace = object;

	if (!text || (strcmp(text->text, "be") != 0 && strcmp(text->text, "le") != 0))
		return model_error(reader->model, value->line, value->column, "the byte_order of a trace must be be or le");
	trace->has_order = true;
	return true;
}

static bool define_packet_header(struct tsdl_reader *reader, void *object, struct model_class *class)
{
	(void)object;
	reader->model->trace.packet_header = &class->pub;
	return true;
}

static bool read_trace(struct tsdl_reader *reader, uint32_t line, uint32_t column)
{
	static const struct tsdl_attribute attributes[] = {
		{"major", set_major, NULL},
		{"minor", set_minor, NULL},
		{"uuid", set_trace_uuid, NULL},
		{"byte_order", set_trace_order, NULL},
		{"packet.header", NULL, define_packet_header},
	};
	static const struct tsdl_block block = {"trace", attributes, N_OF(attributes), NULL};
	struct trace_block trace = {.major = 1, .minor = 8};

	if (reader->has_trace)
		return model_error(reader->model, line, column, "there is a trace block already");
	reader->has_trace = true;
	if (!tsdl_read_block(reader, &block, &trace))
		return false;
	if (!trace.has_order)
		return model_error(reader->model, line, column, "this trace block has no byte_order");
	reader->model->trace.major = (unsigned int)trace.major;
	reader->model->trace.minor = (unsigned int)trace.minor;
	return true;
}

/* ---- env ---- */

static bool set_env(struct tsdl_reader *reader, const struct tsdl_value *name, const struct tsdl_value *value)
{
	const struct tsdl_symbol *symbol = tsdl_text(name), *text = tsdl_text(value);
	struct ctf_env *env;

	if (!symbol)
		return model_error(reader->model, name->line, name->column, "the name of a variable must be one word");
	if (tsdl_name_find(reader, reader->env_space, symbol))
		return model_error(reader->model, name->line, name->column, "the environment has a variable \"%.100s\" already",
				   symbol->text);
	env = model_count(reader->model, 1, name->line, name->column) ? model_alloc(reader->model, sizeof(*env)) : NULL;
	if (!env)
		return false;
	env->name = symbol->text;
	if (text)
		env->text = text->text;
	else if (!tsdl_signed(reader, value, "a variable's value that is no text", &env->number))
		return false;
	return model_list_add(reader->model, &reader->model->envs, env) && tsdl_name_add(reader, reader->env_space, symbol, env);
}

static bool read_env(struct tsdl_reader *reader)
{
	static const struct tsdl_block block = {"env", NULL, 0, set_env};

	return tsdl_read_block(reader, &block, NULL);
}

/* ---- clock ---- */

struct clock_block {
	struct model_clock *clock;
	bool is_offset_negative;
	uint64_t offset; /* without its sign */
	uint32_t offset_line;
	uint32_t offset_column;
};

static bool set_clock_name(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct clock_block *block = object;

	if (!text_value(reader, value, "the name of a clock", &block->clock->pub.name))
		return false;
	block->clock->id = block->clock->pub.name;
	return true;
}

static bool set_clock_uuid(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct clock_block *block = object;
	uint8_t uuid[16];
	char *text;

	if (!uuid_value(reader, value, uuid))
		return false;
	text = model_text(reader->model, value->path[0]->text, value->path[0]->size);
	if (!text)
		return false;
	for (char *c = text; *c; c++)
		if (*c >= 'A' && *c <= 'F')
			*c = (char)(*c | 0x20);
	block->clock->pub.uid = text;
	return true;
}

static bool set_clock_description(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct clock_block *block = object;

	return text_value(reader, value, "description", &block->clock->pub.description);
}

static bool set_clock_freq(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct clock_block *block = object;

	return tsdl_unsigned(reader, value, "freq", 1, UINT64_MAX, &block->clock->pub.frequency);
}

static bool set_clock_precision(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct clock_block *block = object;

	block->clock->pub.has_precision = true;
	return tsdl_unsigned(reader, value, "precision", 0, UINT64_MAX, &block->clock->pub.precision);
}

static bool set_clock_offset_s(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct clock_block *block = object;

	return tsdl_signed(reader, value, "offset_s", &block->clock->pub.offset_s);
}

static bool set_clock_offset(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct clock_block *block = object;

	if (value->kind != TSDL_NUMBER)
		return model_error(reader->model, value->line, value->column, "offset must be a number");
	block->is_offset_negative = value->negative;
	block->offset = value->number;
	block->offset_line = value->line;
	block->offset_column = value->column;
	return true;
}

static bool set_clock_absolute(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	bool is_absolute; /* of no use: all clocks of CTF 1.8 count from 1970 */

	(void)object;
	return tsdl_bool(reader, value, "absolute", &is_absolute);
}

/* Whole seconds of the offset in cycles go to the other one, which the frequency has to be known for. */
static bool set_offsets(struct tsdl_reader *reader, const struct clock_block *block)
{
	struct ctf_clock *clock = &block->clock->pub;
	uint64_t seconds = block->offset / clock->frequency;
	bool overflow;

	clock->offset_cycles = block->offset % clock->frequency;
	if (block->is_offset_negative && clock->offset_cycles) {
		clock->offset_cycles = clock->frequency - clock->offset_cycles;
		seconds++; /* no overflow: the frequency is more than 1 */
	}
	if (block->is_offset_negative)
		overflow = __builtin_sub_overflow(clock->offset_s, seconds, &clock->offset_s);
	else
		overflow = __builtin_add_overflow(clock->offset_s, seconds, &clock->offset_s);
	if (overflow)
		return model_error(reader->model, block->offset_line, block->offset_column,
				   "the sum of offset_s and offset is beyond 64 bits of seconds");
	return true;
}

static bool add_clock(struct tsdl_reader *reader, struct model_clock *clock)
{
	const struct tsdl_symbol *symbol = tsdl_symbol(&reader->lexer, clock->id, strlen(clock->id));

	if (!symbol)
		return false;
	if (tsdl_name_find(reader, reader->clock_space, symbol))
		return model_error(reader->model, clock->line, clock->column, "there is a clock \"%.100s\" already", clock->id);
	return model_count(reader->model, 1, clock->line, clock->column) &&
	       tsdl_name_add(reader, reader->clock_space, symbol, clock) &&
	       model_list_add(reader->model, &reader->model->clocks, clock);
}

static bool read_clock(struct tsdl_reader *reader, uint32_t line, uint32_t column)
{
	static const struct tsdl_attribute attributes[] = {
		{"name", set_clock_name, NULL},
		{"uuid", set_clock_uuid, NULL},
		{"description", set_clock_description, NULL},
		{"freq", set_clock_freq, NULL},
		{"precision", set_clock_precision, NULL},
		{"offset_s", set_clock_offset_s, NULL},
		{"offset", set_clock_offset, NULL},
		{"absolute", set_clock_absolute, NULL},
	};
	static const struct tsdl_block clock_block = {"clock", attributes, N_OF(attributes), NULL};
	struct clock_block block = {.clock = model_alloc(reader->model, sizeof(*block.clock))};
	struct model_clock *clock = block.clock;

	if (!clock)
		return false;
	clock->line = line;
	clock->column = column;
	clock->pub.frequency = 1000000000;
	clock->pub.unix_epoch = true;
	if (!tsdl_read_block(reader, &clock_block, &block))
		return false;
	if (!clock->id)
		return model_error(reader->model, line, column, "this clock has no name");
	return set_offsets(reader, &block) && add_clock(reader, clock);
}

/* ---- stream ---- */

static bool set_stream_id(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct model_stream *stream = object;

	stream->has_id = true;
	return tsdl_unsigned(reader, value, "the id of a stream", 0, UINT64_MAX, &stream->pub.id);
}

static bool define_packet_context(struct tsdl_reader *reader, void *object, struct model_class *class)
{
	struct model_stream *stream = object;

	(void)reader;
	stream->pub.packet_context = &class->pub;
	return true;
}

static bool define_event_header(struct tsdl_reader *reader, void *object, struct model_class *class)
{
	struct model_stream *stream = object;

	(void)reader;
	stream->pub.event_header = &class->pub;
	return true;
}

static bool define_event_context(struct tsdl_reader *reader, void *object, struct model_class *class)
{
	struct model_stream *stream = object;

	(void)reader;
	stream->pub.event_context = &class->pub;
	return true;
}

static bool read_stream(struct tsdl_reader *reader, uint32_t line, uint32_t column)
{
	static const struct tsdl_attribute attributes[] = {
		{"id", set_stream_id, NULL},
		{"packet.context", NULL, define_packet_context},
		{"event.header", NULL, define_event_header},
		{"event.context", NULL, define_event_context},
	};
	static const struct tsdl_block block = {"stream", attributes, N_OF(attributes), NULL};
	struct model_stream *stream = model_stream_new(reader->model);

	if (!stream)
		return false;
	stream->line = line;
	stream->column = column;
	return model_count(reader->model, 1, line, column) && tsdl_read_block(reader, &block, stream) &&
	       model_list_add(reader->model, &reader->model->streams, stream);
}

/* ---- event ---- */

static bool set_event_name(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct model_event *event = object;

	return text_value(reader, value, "the name of an event", &event->pub.name);
}

static bool set_event_id(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct model_event *event = object;

	event->has_id = true;
	return tsdl_unsigned(reader, value, "the id of an event", 0, UINT64_MAX, &event->pub.id);
}

static bool set_event_stream_id(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct model_event *event = object;

	event->has_stream_id = true;
	return tsdl_unsigned(reader, value, "stream_id", 0, UINT64_MAX, &event->stream_id);
}

static bool set_event_loglevel(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct model_event *event = object;

	event->pub.has_loglevel = true;
	return tsdl_signed(reader, value, "loglevel", &event->pub.loglevel);
}

static bool set_event_uri(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct model_event *event = object;

	return text_value(reader, value, "model.emf.uri", &event->pub.emf_uri);
}

static bool define_context(struct tsdl_reader *reader, void *object, struct model_class *class)
{
	struct model_event *event = object;

	(void)reader;
	event->pub.context = &class->pub;
	return true;
}

static bool define_fields(struct tsdl_reader *reader, void *object, struct model_class *class)
{
	struct model_event *event = object;

	(void)reader;
	event->pub.payload = &class->pub;
	return true;
}

static bool read_event(struct tsdl_reader *reader, uint32_t line, uint32_t column)
{
	static const struct tsdl_attribute attributes[] = {
		{"name", set_event_name, NULL},           {"id", set_event_id, NULL},
		{"stream_id", set_event_stream_id, NULL}, {"loglevel", set_event_loglevel, NULL},
		{"model.emf.uri", set_event_uri, NULL},   {"context", NULL, define_context},
		{"fields", NULL, define_fields},
	};
	static const struct tsdl_block block = {"event", attributes, N_OF(attributes), NULL};
	struct model_event *event = model_event_new(reader->model);

	if (!event)
		return false;
	event->line = line;
	event->column = column;
	return model_count(reader->model, EVENT_COUNTS, line, column) && tsdl_read_block(reader, &block, event) &&
	       model_list_add(reader->model, &reader->model->events, event);
}

/* ---- What is only known when everything is there ---- */

static struct model_class *member_class(const struct ctf_class *class, uint32_t i)
{
	return (struct model_class *)class->members[i].class;
}

static const char *member_name(const struct ctf_class *class, uint32_t i)
{
	return ((const struct model_class *)class)->raw[i];
}

static bool has_stream_id(const struct ctf_class *header)
{
	for (uint32_t i = 0; header && i < header->n_members; i++)
		if (!strcmp(member_name(header, i), "stream_id"))
			return true;
	return false;
}

static bool check_streams(struct tsdl_reader *reader)
{
	struct ctf_model *model = reader->model;

	if (model->streams.n < 2)
		return true;
	if (!has_stream_id(model->trace.packet_header))
		return model_error(model, ((const struct model_stream *)model->streams.items[1])->line,
				   ((const struct model_stream *)model->streams.items[1])->column,
				   "this is not the only stream, but the packet header has no stream_id to tell them apart");
	for (uint32_t i = 0; i < model->streams.n; i++) {
		const struct model_stream *stream = model->streams.items[i];

		if (!stream->has_id)
			return model_error(model, stream->line, stream->column,
					   "this stream has no id, and it is not the only one");
	}
	for (uint32_t i = 0; i < model->events.n; i++) {
		const struct model_event *event = model->events.items[i];

		if (!event->has_stream_id)
			return model_error(model, event->line, event->column,
					   "this event has no stream_id, and there are %u streams", model->streams.n);
	}
	return true;
}

/* A name that the specification gives a meaning to. */
struct role {
	const char *name;
	uint32_t role;
};

/* The roles of a structure's own members. Return: false: model_error() was called. */
static bool set_own_roles(struct tsdl_reader *reader, const struct ctf_class *class, const struct role *roles, size_t n)
{
	for (uint32_t i = 0; i < class->n_members; i++) {
		struct model_class *member = member_class(class, i);

		for (size_t k = 0; k < n; k++) {
			if (strcmp(roles[k].name, member_name(class, i)) != 0)
				continue;
			if (member->pub.type != CTF_UINT)
				return model_error(reader->model, member->line, member->column,
						   "the field %s must be an unsigned integer", roles[k].name);
			member->pub.roles |= roles[k].role;
		}
	}
	return true;
}

static bool is_uuid(const struct ctf_class *class)
{
	const struct ctf_class *byte;

	if (class->type != CTF_ARRAY || class->length != CTF_STATIC || class->count != 16)
		return false;
	byte = class->members[0].class;
	return (byte->type == CTF_UINT || byte->type == CTF_SINT) && byte->size == 8 && byte->align <= 8;
}

static bool check_magic(struct tsdl_reader *reader, const struct ctf_class *header)
{
	for (uint32_t i = 0; i < header->n_members; i++) {
		const struct model_class *member = member_class(header, i);

		if (member->pub.roles & CTF_ROLE_MAGIC && member->pub.size != 32)
			return model_error(reader->model, member->line, member->column, "the field magic must have 32 bits");
	}
	return true;
}

static bool set_packet_header_roles(struct tsdl_reader *reader, const struct ctf_class *header)
{
	static const struct role roles[] = {
		{"magic", CTF_ROLE_MAGIC}, {"stream_id", CTF_ROLE_STREAM_CLASS_ID}, {"stream_instance_id", CTF_ROLE_STREAM_ID}};

	for (uint32_t i = 0; i < header->n_members; i++) {
		struct model_class *member = member_class(header, i);

		if (strcmp(member_name(header, i), "uuid") != 0)
			continue;
		if (!is_uuid(&member->pub))
			return model_error(reader->model, member->line, member->column,
					   "the field uuid must be an array of 16 bytes");
		member->pub.roles |= CTF_ROLE_UUID;
		member_class(&member->pub, 0)->text_candidate = false;
	}
	return set_own_roles(reader, header, roles, N_OF(roles)) && check_magic(reader, header);
}

/* A time that is mapped to no clock is mapped to the only one there is, be it one that nobody declared. */
static bool map_time(struct tsdl_reader *reader, struct model_class *class)
{
	struct model_clock *clock;

	if (class->clock_name || class->pub.type != CTF_UINT || reader->model->clocks.n > 1)
		return true;
	if (!reader->model->clocks.n) {
		clock = model_alloc(reader->model, sizeof(*clock));
		if (!clock)
			return false;
		*clock = (struct model_clock){.pub = {.name = "default", .frequency = 1000000000, .unix_epoch = true},
					      .id = "default"};
		if (!model_list_add(reader->model, &reader->model->clocks, clock))
			return false;
	}
	clock = reader->model->clocks.items[0];
	class->clock_name = clock->id;
	return true;
}

static bool ends_with(const char *text, const char *end)
{
	const size_t size = strlen(text), end_size = strlen(end);

	return size >= end_size && !strcmp(text + size - end_size, end);
}

static bool set_packet_context_roles(struct tsdl_reader *reader, const struct ctf_class *context)
{
	static const struct role roles[] = {{"packet_size", CTF_ROLE_PACKET_SIZE},    {"content_size", CTF_ROLE_CONTENT_SIZE},
					    {"timestamp_begin", CTF_ROLE_CLOCK},      {"timestamp_end", CTF_ROLE_END_CLOCK},
					    {"events_discarded", CTF_ROLE_DISCARDED}, {"packet_seq_num", CTF_ROLE_SEQUENCE}};
	uint32_t seen = 0;

	if (!set_own_roles(reader, context, roles, N_OF(roles)))
		return false;
	for (uint32_t i = 0; i < context->n_members; i++) {
		struct model_class *member = member_class(context, i);

		seen |= member->pub.roles;
		if (member->pub.roles & (CTF_ROLE_CLOCK | CTF_ROLE_END_CLOCK) && !map_time(reader, member))
			return false;
	}
	for (uint32_t i = 0; i < context->n_members; i++) { /* clock fields called otherwise */
		struct model_class *member = member_class(context, i);

		if (!member->clock_name || member->pub.type != CTF_UINT)
			continue;
		if (!(seen & CTF_ROLE_CLOCK) && ends_with(member_name(context, i), "_begin"))
			member->pub.roles |= CTF_ROLE_CLOCK;
		if (!(seen & CTF_ROLE_END_CLOCK) && ends_with(member_name(context, i), "_end"))
			member->pub.roles |= CTF_ROLE_END_CLOCK;
		seen |= member->pub.roles;
	}
	return true;
}

static bool set_header_roles(struct tsdl_reader *reader, const struct ctf_class *class, uint32_t depth)
{
	for (uint32_t i = 0; i < class->n_members; i++) {
		struct model_class *member = member_class(class, i);

		if (member->pub.type == CTF_STRUCT || member->pub.type == CTF_VARIANT) {
			if (depth < CTF_DEPTH_MAX && !set_header_roles(reader, &member->pub, depth + 1))
				return false;
			continue;
		}
		if (!strcmp(member_name(class, i), "timestamp") && !map_time(reader, member))
			return false;
		if (!strcmp(member_name(class, i), "id")) {
			if (member->pub.type != CTF_UINT)
				return model_error(reader->model, member->line, member->column,
						   "the field id of an event header must be an unsigned integer");
			member->pub.roles |= CTF_ROLE_EVENT_ID;
		}
		if (member->clock_name && member->pub.type == CTF_UINT)
			member->pub.roles |= CTF_ROLE_CLOCK;
	}
	return true;
}

static bool set_roles(struct tsdl_reader *reader)
{
	const struct ctf_model *model = reader->model;

	if (model->trace.packet_header && !set_packet_header_roles(reader, model->trace.packet_header))
		return false;
	for (uint32_t i = 0; i < model->streams.n; i++) {
		const struct ctf_stream_class *stream = &((const struct model_stream *)model->streams.items[i])->pub;

		if (stream->packet_context && !set_packet_context_roles(reader, stream->packet_context))
			return false;
		if (stream->event_header && !set_header_roles(reader, stream->event_header, 0))
			return false;
	}
	return true;
}

/* A length in the environment is a constant. */
static bool settle_env_length(struct tsdl_reader *reader, struct model_class *class, uint32_t space, uint32_t out)
{
	const struct model_ref *ref = class->ref;
	const struct tsdl_symbol *symbol;
	const struct ctf_env *env;

	(void)out;
	if (ref->origin != REF_SCOPE || (int)ref->scope != TSDL_SCOPE_ENV)
		return true;
	symbol = tsdl_symbol_find(&reader->lexer, ref->path[0], strlen(ref->path[0]));
	env = ref->n == 1 && symbol ? tsdl_name_find(reader, space, symbol) : NULL;
	if (!env || env->text || env->number < 0)
		return model_error(reader->model, ref->line, ref->column,
				   "the environment has no number \"%.100s\" that can be a length", ref->path[0]);
	class->pub.length = CTF_STATIC;
	class->pub.count = (uint64_t)env->number;
	class->ref = NULL;
	return true;
}

static bool settle_env_lengths(struct tsdl_reader *reader)
{
	const struct ctf_model *model = reader->model;
	const struct ctf_class *roots[3] = {model->trace.packet_header};

	for (uint32_t i = 0; i <= model->streams.n + model->events.n; i++) {
		for (size_t k = 0; k < N_OF(roots); k++)
			if (roots[k] &&
			    !tsdl_each_ref(reader, (struct model_class *)roots[k], settle_env_length, reader->env_space))
				return false;
		if (i < model->streams.n) {
			const struct model_stream *stream = model->streams.items[i];

			roots[0] = stream->pub.packet_context;
			roots[1] = stream->pub.event_header;
			roots[2] = stream->pub.event_context;
		} else if (i < model->streams.n + model->events.n) {
			const struct model_event *event = model->events.items[i - model->streams.n];

			roots[0] = event->pub.context;
			roots[1] = event->pub.payload;
			roots[2] = NULL;
		}
	}
	return true;
}

/* ---- The whole text ---- */

static bool read_callsite(struct tsdl_reader *reader)
{
	static const struct tsdl_block block = {"callsite", NULL, 0, NULL};

	return tsdl_read_block(reader, &block, NULL);
}

static bool read_top(struct tsdl_reader *reader)
{
	const struct tsdl_token token = reader->lexer.token;

	switch (token.kind) {
	case TSDL_TRACE:
	case TSDL_ENV:
	case TSDL_CLOCK:
	case TSDL_STREAM:
	case TSDL_EVENT:
	case TSDL_CALLSITE:
		tsdl_next(&reader->lexer);
		break;
	default:
		break;
	}
	switch (token.kind) {
	case TSDL_TRACE:
		return read_trace(reader, token.line, token.column);
	case TSDL_ENV:
		return read_env(reader);
	case TSDL_CLOCK:
		return read_clock(reader, token.line, token.column);
	case TSDL_STREAM:
		return read_stream(reader, token.line, token.column);
	case TSDL_EVENT:
		return read_event(reader, token.line, token.column);
	case TSDL_CALLSITE:
		return read_callsite(reader);
	default:
		return tsdl_read_declaration(reader);
	}
}

/* Behind "byte_order" in the trace block. */
static void take_order(struct tsdl_reader *reader)
{
	struct tsdl_lexer *lexer = &reader->lexer;

	tsdl_next(lexer);
	if (!tsdl_accept(reader, '=') || (!tsdl_is_word(lexer->token.kind) && lexer->token.kind != TSDL_TEXT))
		return;
	reader->model->trace.big_endian = !strcmp(lexer->token.symbol->text, "be");
}

/* The native byte order, from the trace block, if there is one. What is wrong with the text is found when it is read. */
static void find_order(struct tsdl_reader *reader)
{
	struct tsdl_lexer *lexer = &reader->lexer;
	const struct tsdl_place begin = tsdl_place(lexer);
	uint32_t depth = 0;
	bool in_trace = false;

	lexer->quiet = true;
	while (lexer->token.kind != TSDL_END && lexer->token.kind != TSDL_BAD) {
		const struct tsdl_token token = lexer->token;

		if (in_trace && depth == 1 && token.kind == TSDL_NAME && !strcmp(token.symbol->text, "byte_order")) {
			take_order(reader);
			break;
		}
		tsdl_next(lexer);
		if (token.kind == '{') {
			depth++;
		} else if (token.kind == '}') {
			depth -= depth > 0;
			if (in_trace && !depth)
				break;
		} else if (token.kind == TSDL_TRACE && !depth && lexer->token.kind == '{') {
			in_trace = true;
		}
	}
	lexer->quiet = false;
	tsdl_go_back(lexer, &begin);
}

static bool read_all(struct tsdl_reader *reader)
{
	const struct tsdl_token *token = &reader->lexer.token;

	find_order(reader);
	if (!tsdl_scope_open(reader))
		return false;
	reader->env_space = ++reader->n_spaces;
	reader->clock_space = ++reader->n_spaces;
	while (token->kind != TSDL_END)
		if (!read_top(reader) || !tsdl_expect(reader, ';', "\";\""))
			return false;
	if (!reader->has_trace)
		return model_error(reader->model, token->line, token->column, "there is no trace block; is the metadata complete?");
	return check_streams(reader) && set_roles(reader) && (!reader->has_env_lengths || settle_env_lengths(reader));
}

bool ctf_tsdl_read(struct ctf_model *model, const char *text, size_t size)
{
	struct tsdl_reader *reader = calloc(1, sizeof(*reader));
	bool ok;

	if (!reader)
		return model_no_memory(model);
	reader->model = model;
	model_allow(model, size);
	ok = tsdl_lexer_init(&reader->lexer, model, text, size) && read_all(reader);
	tsdl_lexer_fini(&reader->lexer);
	free(reader->names.slots);
	free(reader->members);
	free(reader->labels);
	free(reader->text);
	free(reader);
	return ok;
}
