/* SPDX-License-Identifier: MIT */
/**
 * field.c - fields of a record: children and values. Nodes were checked when they were made, so nothing here can go behind the
 * record.
 */
#include "ctf/decode.h"
#include "ctf/text.h"

static const struct ctf_field no_field;

struct ctf_field ctf_field_element(const struct ctf_field *parent, uint64_t index)
{
	const struct ctf_node *node;

	if (index >= ctf_field_count(parent))
		return no_field;
	if (parent->class->numbers)
		return ctf_field_number(parent, index);
	for (node = parent->node + 1; index; index--)
		node += node->next;
	return ctf_field_of_node(parent->view, node);
}

struct ctf_field ctf_field_member(const struct ctf_field *structure, const char *name)
{
	const struct ctf_class *class = structure->class;
	const struct ctf_node *node = structure->node + 1;

	if (!class || class->type != CTF_STRUCT)
		return no_field;
	for (uint32_t i = 0; i < class->n_members; i++, node += node->next)
		if (!strcmp(class->members[i].name, name))
			return ctf_field_of_node(structure->view, node);
	return no_field;
}

/* ---- Values ---- */

/* IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction. */
static double half(uint64_t bits)
{
	const int exponent = bits >> 10 & 0x1f;
	const double sign = bits >> 15 ? -1.0 : 1.0;
	const double fraction = (double)(bits & 0x3ff) / 1024;

	if (exponent == 0x1f)
		return bits & 0x3ff ? __builtin_nan("") : sign * __builtin_inf();
	if (!exponent)
		return sign * fraction / 16384;
	return sign * (1 + fraction) * (exponent >= 15 ? (double)(1u << (exponent - 15)) : 1.0 / (double)(1u << (15 - exponent)));
}

static double to_double(const struct ctf_class *class, uint64_t bits)
{
	double number;
	float small;
	uint32_t small_bits;

	if (class->size == 64) {
		memcpy(&number, &bits, sizeof(number));
		return number;
	}
	if (class->size == 16)
		return half(bits);
	small_bits = (uint32_t)bits;
	memcpy(&small, &small_bits, sizeof(small));
	return small;
}

/* A double that no integer is equal to becomes the nearest end of int64_t. */
static uint64_t truncate(double number)
{
	if (number >= 18446744073709551616.0)
		return UINT64_MAX;
	if (number >= 9223372036854775808.0)
		return (uint64_t)number;
	if (number >= -9223372036854775808.0)
		return (uint64_t)(int64_t)number;
	return number < 0 ? (uint64_t)INT64_MIN : 0; /* also a NaN */
}

uint64_t ctf_field_uint_any(struct ctf_field field)
{
	const struct ctf_class *class = field.class;
	uint64_t value;

	if (class->leb128)
		return bits_leb128(ctf_field_byte(&field), field.n, class->type == CTF_SINT);
	value = bits_load(class, field.view->base, field.at);
	if (class->type == CTF_SINT)
		return bits_extend(value, class->size);
	return class->type == CTF_FLOAT ? truncate(to_double(class, value)) : value;
}

uint64_t ctf_field_numbers(const struct ctf_field *array, uint64_t first, uint64_t max, uint64_t *to)
{
	struct ctf_field field;
	uint64_t n, stride;

	if (!array->class->numbers || first >= array->n)
		return 0;
	field = ctf_field_number(array, first);
	stride = array->class->stride;
	n = array->n - first < max ? array->n - first : max;
	if (field.class->size == 8 && stride == 8 && field.at % 8 == 0 && field.class->type == CTF_UINT && !field.class->reversed) {
		for (uint64_t i = 0; i < n; i++)
			to[i] = ctf_field_byte(&field)[i];
		return n;
	}
	for (uint64_t i = 0; i < n; i++, field.at += stride)
		to[i] = ctf_field_uint(&field);
	return n;
}

double ctf_field_double_any(struct ctf_field field)
{
	const struct ctf_class *class = field.class;

	if (class->type == CTF_FLOAT)
		return to_double(class, bits_load(class, field.view->base, field.at));
	return class->type == CTF_SINT ? (double)ctf_field_int(&field) : (double)ctf_field_uint(&field);
}

bool ctf_field_bool(const struct ctf_field *field)
{
	return field->class->type == CTF_FLOAT ? ctf_field_double(field) != 0 : ctf_field_uint(field) != 0;
}

size_t ctf_field_bytes_any(struct ctf_field field)
{
	return (size_t)decode_text_length(ctf_field_byte(&field), field.n, field.class->encoding);
}

static uint32_t load_unit(const uint8_t *bytes, enum ctf_encoding encoding)
{
	switch (encoding) {
	case CTF_UTF16LE:
		return (uint32_t)(bytes[0] | bytes[1] << 8);
	case CTF_UTF16BE:
		return (uint32_t)(bytes[0] << 8 | bytes[1]);
	case CTF_UTF32LE:
		return (uint32_t)bytes[3] << 24 | (uint32_t)(bytes[2] << 16 | bytes[1] << 8 | bytes[0]);
	default:
		return (uint32_t)bytes[0] << 24 | (uint32_t)(bytes[1] << 16 | bytes[2] << 8 | bytes[3]);
	}
}

/* One character, and how many bytes it took; what is no character is U+FFFD. */
static uint32_t load_character(const uint8_t *bytes, size_t size, enum ctf_encoding encoding, size_t *ret_used)
{
	const size_t unit = decode_unit_size(encoding);
	const uint32_t first = load_unit(bytes, encoding);
	uint32_t second;

	*ret_used = unit;
	if (unit == 4)
		return first > 0x10ffff || (first >= 0xd800 && first < 0xe000) ? 0xfffd : first;
	if (first < 0xd800 || first >= 0xe000)
		return first;
	if (first >= 0xdc00 || size < 4)
		return 0xfffd;
	second = load_unit(bytes + 2, encoding);
	if (second < 0xdc00 || second >= 0xe000)
		return 0xfffd;
	*ret_used = 4;
	return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

const char *ctf_field_text(const struct ctf_field *field, char *buf, size_t buf_size, size_t *ret_size)
{
	const enum ctf_encoding encoding = field->class->encoding;
	size_t size, n = 0, used;
	const uint8_t *bytes = ctf_field_bytes(field, &size);

	if (encoding == CTF_UTF8) {
		*ret_size = size;
		return (const char *)bytes;
	}
	for (size_t i = 0; i + decode_unit_size(encoding) <= size; i += used) {
		char utf8[4];
		const size_t length = ctf_text_put(utf8, load_character(bytes + i, size - i, encoding, &used));

		if (n + length > buf_size)
			break;
		memcpy(buf + n, utf8, length);
		n += length;
	}
	*ret_size = n;
	return buf;
}

/* ---- Mappings ---- */

static bool mapping_holds(const struct ctf_class *class, const struct ctf_mapping *mapping, uint64_t value)
{
	for (uint32_t i = 0; i < mapping->n_ranges; i++) {
		const struct ctf_range *range = &mapping->ranges[i];

		if (class->type == CTF_BITMAP) {
			for (uint64_t bit = range->first; bit <= range->last && bit < class->size; bit++)
				if (value >> bit & 1)
					return true;
		} else if (class->type == CTF_SINT) {
			if ((int64_t)range->first <= (int64_t)value && (int64_t)value <= (int64_t)range->last)
				return true;
		} else if (range->first <= value && value <= range->last) {
			return true;
		}
	}
	return false;
}

const struct ctf_mapping *ctf_mapping_next(const struct ctf_class *class, uint64_t value, uint32_t from, uint32_t *ret_next)
{
	for (uint32_t i = from; i < class->n_mappings; i++) {
		if (!mapping_holds(class, &class->mappings[i], value))
			continue;
		if (ret_next)
			*ret_next = i + 1;
		return &class->mappings[i];
	}
	return NULL;
}

/* ---- Scopes ---- */

const struct ctf_class *ctf_event_scope(const struct ctf_event_class *event, enum ctf_scope scope)
{
	switch (scope) {
	case CTF_PACKET_CONTEXT:
		return event->stream->packet_context;
	case CTF_EVENT_HEADER:
		return event->stream->event_header;
	case CTF_COMMON_CONTEXT:
		return event->stream->event_context;
	case CTF_SPECIFIC_CONTEXT:
		return event->context;
	case CTF_PAYLOAD:
		return event->payload;
	default:
		return NULL;
	}
}
