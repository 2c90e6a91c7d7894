/* SPDX-License-Identifier: MIT */
/**
 * numbers_tsdl.c - TSDL's types that are written out and hold no others: integer, floating_point, string.
 */
#include "ctf/read_tsdl.h"

#include <inttypes.h>
#include <string.h>

struct number {
	uint64_t size;
	uint64_t align;
	uint64_t exponent;
	uint64_t mantissa;
	bool is_signed;
	bool big_endian;
	bool has_encoding;
	uint8_t base;
	const char *clock;
};

static bool set_size(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct number *number = object;

	return tsdl_unsigned(reader, value, "the size of an integer", 1, 64, &number->size);
}

bool tsdl_align(struct tsdl_reader *reader, const struct tsdl_value *value, uint64_t *ret)
{
	if (!tsdl_unsigned(reader, value, "an alignment", 1, CTF_ALIGN_MAX, ret))
		return false;
	if (*ret & (*ret - 1))
		return model_error(reader->model, value->line, value->column, "an alignment must be a power of 2, this is %" PRIu64,
				   *ret);
	return true;
}

static bool set_align(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct number *number = object;

	return tsdl_align(reader, value, &number->align);
}

static bool set_exponent(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct number *number = object;

	return tsdl_unsigned(reader, value, "exp_dig", 1, 64, &number->exponent);
}

static bool set_mantissa(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct number *number = object;

	return tsdl_unsigned(reader, value, "mant_dig", 1, 64, &number->mantissa);
}

static bool set_signed(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct number *number = object;

	return tsdl_bool(reader, value, "signed", &number->is_signed);
}

static bool set_byte_order(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	const struct tsdl_symbol *text = tsdl_text(value);
	struct number *number = object;

	if (text && !strcmp(text->text, "native"))
		number->big_endian = reader->model->trace.big_endian;
	else if (text && (!strcmp(text->text, "be") || !strcmp(text->text, "network")))
		number->big_endian = true;
	else if (text && !strcmp(text->text, "le"))
		number->big_endian = false;
	else
		return model_error(reader->model, value->line, value->column, "byte_order must be native, network, be or le");
	return true;
}

static bool set_base(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	static const struct {
		const char *name;
		uint8_t base;
	} bases[] = {{"decimal", 10}, {"dec", 10}, {"d", 10},    {"i", 10},  {"u", 10}, {"hexadecimal", 16}, {"hex", 16}, {"x", 16},
		     {"X", 16},       {"p", 16},   {"octal", 8}, {"oct", 8}, {"o", 8},  {"binary", 2},       {"b", 2}};
	const struct tsdl_symbol *text = tsdl_text(value);
	struct number *number = object;

	if (value->kind == TSDL_NUMBER && !value->negative &&
	    (value->number == 2 || value->number == 8 || value->number == 10 || value->number == 16)) {
		number->base = (uint8_t)value->number;
		return true;
	}
	for (size_t i = 0; text && i < sizeof(bases) / sizeof(bases[0]); i++) {
		if (!strcmp(bases[i].name, text->text)) {
			number->base = bases[i].base;
			return true;
		}
	}
	return model_error(
		reader->model, value->line, value->column,
		"base must be 2, 8, 10 or 16, or one of the names binary, octal, decimal and hexadecimal or their short forms");
}

static bool set_encoding(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	static const char *const encodings[] = {"UTF8", "utf8", "UTF-8", "utf-8", "ASCII", "ascii"};
	const struct tsdl_symbol *text = tsdl_text(value);
	struct number *number = object;

	if (text && (!strcmp(text->text, "none") || !strcmp(text->text, "NONE"))) {
		number->has_encoding = false;
		return true;
	}
	for (size_t i = 0; text && i < sizeof(encodings) / sizeof(encodings[0]); i++) {
		if (!strcmp(encodings[i], text->text)) {
			number->has_encoding = true;
			return true;
		}
	}
	return model_error(reader->model, value->line, value->column, "encoding must be none, UTF8 or ASCII");
}

static bool set_map(struct tsdl_reader *reader, void *object, const struct tsdl_value *value)
{
	struct number *number = object;

	if (value->kind != TSDL_NAME || value->n != 3 || value->path[0]->kind != TSDL_CLOCK ||
	    strcmp(value->path[2]->text, "value") != 0)
		return model_error(reader->model, value->line, value->column, "map must be of the form clock.NAME.value");
	number->clock = value->path[1]->text;
	return true;
}

static const struct tsdl_attribute integer_attributes[] = {
	{"size", set_size, NULL},     {"align", set_align, NULL},
	{"signed", set_signed, NULL}, {"byte_order", set_byte_order, NULL},
	{"base", set_base, NULL},     {"encoding", set_encoding, NULL},
	{"map", set_map, NULL},
};

static const struct tsdl_attribute float_attributes[] = {
	{"exp_dig", set_exponent, NULL},
	{"mant_dig", set_mantissa, NULL},
	{"align", set_align, NULL},
	{"byte_order", set_byte_order, NULL},
};

static const struct tsdl_attribute string_attributes[] = {{"encoding", set_encoding, NULL}};

static const struct tsdl_block integer_block = {"integer", integer_attributes, N_OF(integer_attributes), NULL};
static const struct tsdl_block float_block = {"floating_point", float_attributes, N_OF(float_attributes), NULL};
static const struct tsdl_block string_block = {"string", string_attributes, N_OF(string_attributes), NULL};

struct model_class *tsdl_read_integer(struct tsdl_reader *reader, uint32_t line, uint32_t column)
{
	struct number number = {.big_endian = reader->model->trace.big_endian};
	struct model_class *class;

	if (!tsdl_read_block(reader, &integer_block, &number))
		return NULL;
	if (!number.size) {
		model_error(reader->model, line, column, "this integer has no size; it must say size = N;");
		return NULL;
	}
	class = model_class_new(reader->model, number.is_signed ? CTF_SINT : CTF_UINT, line, column);
	if (!class)
		return NULL;
	class->pub.size = (uint32_t)number.size;
	class->pub.align = number.align ? (uint32_t)number.align : number.size % 8 ? 1 : 8;
	class->pub.big_endian = number.big_endian;
	class->pub.base = number.base;
	class->clock_name = number.clock;
	class->text_candidate = number.has_encoding && number.size == 8 && class->pub.align == 8;
	return class;
}

struct model_class *tsdl_read_float(struct tsdl_reader *reader, uint32_t line, uint32_t column)
{
	struct number number = {.big_endian = reader->model->trace.big_endian, .align = 8};
	struct model_class *class;

	if (!tsdl_read_block(reader, &float_block, &number))
		return NULL;
	if (!(number.exponent == 8 && number.mantissa == 24) && !(number.exponent == 11 && number.mantissa == 53)) {
		model_error(reader->model, line, column,
			    "a floating_point must have exp_dig = 8 and mant_dig = 24, or 11 and 53; this has %" PRIu64
			    " and %" PRIu64,
			    number.exponent, number.mantissa);
		return NULL;
	}
	class = model_class_new(reader->model, CTF_FLOAT, line, column);
	if (!class)
		return NULL;
	class->pub.size = (uint32_t)(number.exponent + number.mantissa);
	class->pub.align = (uint32_t)number.align;
	class->pub.big_endian = number.big_endian;
	return class;
}

struct model_class *tsdl_read_string(struct tsdl_reader *reader, uint32_t line, uint32_t column)
{
	struct number number = {0};
	struct model_class *class;

	if (tsdl_kind(reader) == '{' && !tsdl_read_block(reader, &string_block, &number))
		return NULL;
	class = model_class_new(reader->model, CTF_STRING, line, column);
	if (!class)
		return NULL;
	class->pub.length = CTF_ENDED;
	class->pub.align = 8;
	return class;
}
