/* SPDX-License-Identifier: MIT */
/**
 * decode.c - the two ways through a scope. See decode.h.
 */
#include "ctf/decode.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static __attribute__((cold, format(printf, 2, 3))) enum decode_result bad(struct decoder *decoder, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(decoder->error, sizeof(decoder->error), format, args);
	va_end(args);
	return DECODE_BAD;
}

static inline enum decode_result align_to(struct decoder *decoder, uint32_t align)
{
	decoder->pos = bits_align(decoder->pos, align);
	return decoder->pos > decoder->end ? DECODE_SHORT : DECODE_OK;
}

static inline bool has_room(const struct decoder *decoder, uint64_t bits)
{
	return bits <= decoder->end - decoder->pos;
}

static inline void save(struct decoder *decoder, const struct ctf_class *class, uint64_t value)
{
	decoder->saved[class->save] = (struct saved){value, true};
}

static inline enum decode_result load_source(struct decoder *decoder, const struct ctf_class *class, uint64_t *ret)
{
	const struct saved *saved = &decoder->saved[class->source];

	if (!saved->set)
		return bad(decoder, "a length or selector is in an optional or option that is not there");
	*ret = saved->value;
	return DECODE_OK;
}

static enum decode_result number(struct decoder *decoder, const struct ctf_class *class)
{
	uint64_t value;

	if (align_to(decoder, class->align) || !has_room(decoder, class->size))
		return DECODE_SHORT;
	if (decoder->strict) {
		const uint8_t order = class->big_endian ? 2 : 1;

		if (decoder->pos % 8 && decoder->order && decoder->order != order)
			return bad(decoder, "a byte holds bits of both byte orders");
		decoder->order = order;
	}
	if (class->save >= 0) {
		value = bits_load(class, decoder->bytes, decoder->pos);
		save(decoder, class, class->type == CTF_SINT ? bits_extend(value, class->size) : value);
	}
	decoder->pos += class->size;
	return DECODE_OK;
}

/* *@ret_n: bytes. */
static enum decode_result leb128(struct decoder *decoder, const struct ctf_class *class, uint64_t *ret_n)
{
	const uint8_t *bytes;
	unsigned int n = 0;
	uint64_t available;

	if (align_to(decoder, 8))
		return DECODE_SHORT;
	bytes = decoder->bytes + decoder->pos / 8;
	available = (decoder->end - decoder->pos) / 8;
	do {
		if (n == available)
			return DECODE_SHORT;
	} while (bytes[n++] & 0x80 && n < BITS_LEB128_MAX);
	if (bytes[n - 1] & 0x80 || !bits_leb128_fits(bytes, n, class->type == CTF_SINT))
		return bad(decoder, "a number of variable length has more than 64 bits");
	if (class->save >= 0)
		save(decoder, class, bits_leb128(bytes, n, class->type == CTF_SINT));
	decoder->pos += 8 * n;
	*ret_n = n;
	return DECODE_OK;
}

unsigned int decode_unit_size(enum ctf_encoding encoding)
{
	static const uint8_t sizes[] = {[CTF_UTF8] = 1, [CTF_UTF16LE] = 2, [CTF_UTF16BE] = 2, [CTF_UTF32LE] = 4, [CTF_UTF32BE] = 4};

	return sizes[encoding];
}

uint64_t decode_text_length(const uint8_t *bytes, uint64_t size, enum ctf_encoding encoding)
{
	static const uint8_t zeros[4];
	const unsigned int unit = decode_unit_size(encoding);
	uint64_t n = 0;

	if (unit == 1)
		return decode_string(bytes, size);
	while (size - n >= unit && memcmp(bytes + n, zeros, unit))
		n += unit;
	return n;
}

/* Static and dynamic strings may end early; whether a part of a unit is left over only matters if they do not. */
static enum decode_result sized_text(struct decoder *decoder, const struct ctf_class *class, uint64_t size)
{
	const unsigned int unit = decode_unit_size(class->encoding);
	uint64_t length;

	if (!(size % unit))
		return DECODE_OK;
	length = decode_text_length(decoder->bytes + decoder->pos / 8, size, class->encoding);
	if (size - length < unit)
		return bad(decoder, "a string of %" PRIu64 " bytes ends within a character of %u", size, unit);
	return DECODE_OK;
}

/* Strings and BLOBs. *@ret_n: bytes that are shown. */
static enum decode_result bytes(struct decoder *decoder, const struct ctf_class *class, uint64_t *ret_n)
{
	uint64_t size = class->count, available;
	enum decode_result result;

	if (align_to(decoder, class->align))
		return DECODE_SHORT;
	available = (decoder->end - decoder->pos) / 8;
	if (class->length == CTF_ENDED) {
		const unsigned int unit = decode_unit_size(class->encoding);

		size = decode_text_length(decoder->bytes + decoder->pos / 8, available, class->encoding);
		if (available - size < unit)
			return DECODE_SHORT;
		*ret_n = size;
		decoder->pos += 8 * (size + unit);
		return DECODE_OK;
	}
	if (class->length == CTF_DYNAMIC) {
		result = load_source(decoder, class, &size);
		if (result)
			return result;
	}
	if (size > available)
		return DECODE_SHORT;
	if (class->type == CTF_STRING && class->encoding != CTF_UTF8) {
		result = sized_text(decoder, class, size);
		if (result)
			return result;
	}
	*ret_n = size;
	decoder->pos += 8 * size;
	return DECODE_OK;
}

static bool in_ranges(const struct ctf_member *member, uint64_t value, bool is_signed)
{
	for (uint32_t i = 0; i < member->n_ranges; i++) {
		const struct ctf_range *range = &member->ranges[i];

		if (is_signed ? (int64_t)range->first <= (int64_t)value && (int64_t)value <= (int64_t)range->last
			      : range->first <= value && value <= range->last)
			return true;
	}
	return false;
}

/* *@ret: NULL: an optional that is not there. */
static enum decode_result select_member(struct decoder *decoder, const struct ctf_class *class, const struct ctf_member **ret)
{
	uint64_t value = 0;
	const enum decode_result result = load_source(decoder, class, &value);

	*ret = NULL;
	if (result)
		return result;
	if (class->type == CTF_OPTIONAL) {
		if (class->members->n_ranges ? in_ranges(class->members, value, class->selector_signed) : value != 0)
			*ret = class->members;
		return DECODE_OK;
	}
	for (uint32_t i = 0; i < class->n_members; i++) {
		if (in_ranges(&class->members[i], value, class->selector_signed)) {
			*ret = &class->members[i];
			return DECODE_OK;
		}
	}
	if (class->selector_signed)
		return bad(decoder, "no option of a variant is selected by %" PRId64, (int64_t)value);
	return bad(decoder, "no option of a variant is selected by %" PRIu64, value);
}

/* @n elements that have @nodes nodes each. */
static inline enum decode_result count_elements(struct decoder *decoder, uint64_t n, uint64_t nodes)
{
	if (n > (DECODE_NODES_MAX - decoder->n_elements) / nodes)
		return bad(decoder, "arrays of a record have more than %u elements that are no plain numbers", DECODE_NODES_MAX);
	decoder->n_elements += (uint32_t)(n * nodes);
	return DECODE_OK;
}

/* @n more parts of what is looked at one by one. */
static inline enum decode_result count_work(struct decoder *decoder, uint64_t n)
{
	const uint64_t most = DECODE_WORK_FREE + DECODE_WORK_BIT * (decoder->pos - decoder->from);

	if (n > DECODE_WORK_MAX - decoder->work)
		return bad(decoder, "a record has more than %u elements that are no plain numbers", DECODE_WORK_MAX);
	decoder->work += (uint32_t)n;
	if (decoder->work > most)
		return bad(decoder, "an array has too many elements for the few bits that they take");
	return DECODE_OK;
}

static enum decode_result array_count(struct decoder *decoder, const struct ctf_class *class, uint64_t *ret)
{
	*ret = class->count;
	return class->length == CTF_DYNAMIC ? load_source(decoder, class, ret) : DECODE_OK;
}

/* Pass over @n elements of known size. */
static enum decode_result pass_elements(struct decoder *decoder, uint64_t n, uint64_t stride, uint64_t bits)
{
	if (!stride)
		return count_work(decoder, n);
	if (!n)
		return DECODE_OK;
	/* A stride has 33 bits at most: the product of less than 2^31 elements does not overflow. */
	if (n - 1 >= (uint64_t)1 << 31 && n - 1 > (decoder->end - decoder->pos) / stride)
		return DECODE_SHORT;
	if (!has_room(decoder, (n - 1) * stride + bits))
		return DECODE_SHORT;
	decoder->pos += (n - 1) * stride + bits;
	return DECODE_OK;
}

static enum decode_result skip_array(struct decoder *decoder, const struct layout_class *class)
{
	const struct layout_class *element = layout_of(class->model.pub.members[0].class);
	uint64_t n;
	enum decode_result result = array_count(decoder, &class->model.pub, &n);

	if (!result)
		result = align_to(decoder, class->model.pub.align);
	if (!result && !class->model.pub.numbers)
		result = count_elements(decoder, n, element->n_all);
	if (!result && element->quick)
		return pass_elements(decoder, n, class->model.pub.stride, element->model.pub.bits);
	for (uint64_t i = 0; !result && i < n; i++) {
		result = count_work(decoder, 1 + element->parts);
		if (!result)
			result = decode_skip(decoder, element);
	}
	return result;
}

static inline void reset_saved(struct decoder *decoder, const struct layout_class *class)
{
	for (uint32_t i = 0; i < class->n_resets; i++)
		decoder->saved[class->resets[i]].set = false;
}

static enum decode_result skip_structure(struct decoder *decoder, const struct layout_class *class)
{
	enum decode_result result = align_to(decoder, class->model.pub.align);

	reset_saved(decoder, class);
	for (uint32_t i = 0; !result && i < class->model.pub.n_members; i++)
		result = decode_skip(decoder, layout_of(class->model.pub.members[i].class));
	return result;
}

enum decode_result decode_skip(struct decoder *decoder, const struct layout_class *class)
{
	const struct ctf_class *pub = &class->model.pub;
	const struct ctf_member *member;
	enum decode_result result;
	uint64_t n;

	if (class->quick) {
		if (align_to(decoder, pub->align) || !has_room(decoder, pub->bits))
			return DECODE_SHORT;
		decoder->pos += pub->bits;
		return DECODE_OK;
	}
	switch (pub->type) {
	case CTF_STRUCT:
		return skip_structure(decoder, class);
	case CTF_ARRAY:
		return skip_array(decoder, class);
	case CTF_STRING:
	case CTF_BLOB:
		return bytes(decoder, pub, &n);
	case CTF_OPTIONAL:
	case CTF_VARIANT:
		result = select_member(decoder, pub, &member);
		return result || !member ? result : decode_skip(decoder, layout_of(member->class));
	default:
		return pub->leb128 ? leb128(decoder, pub, &n) : number(decoder, pub);
	}
}

/* ---- Nodes ---- */

static bool more_nodes(struct decoder *decoder)
{
	const uint32_t room = decoder->room ? 2 * decoder->room : 32;
	struct ctf_node *nodes;

	if (room > DECODE_ROOM_MAX)
		return false;
	nodes = realloc(decoder->nodes, room * sizeof(*nodes));
	if (!nodes)
		return false;
	decoder->nodes = nodes;
	decoder->room = room;
	return true;
}

static enum decode_result expand_array(struct decoder *decoder, const struct layout_class *class, uint64_t n)
{
	const struct ctf_member *member = class->model.pub.members;
	const struct layout_class *element = layout_of(member->class);
	const bool free = element->quick && class->model.pub.stride; /* as when it is passed over */
	enum decode_result result;

	if (class->model.pub.numbers)
		return pass_elements(decoder, n, class->model.pub.stride, member->class->bits);
	result = count_elements(decoder, n, element->n_all);
	for (uint64_t i = 0; !result && i < n; i++) {
		result = free ? DECODE_OK : count_work(decoder, 1 + element->parts);
		if (!result)
			result = decode_expand(decoder, member);
	}
	return result;
}

static enum decode_result expand_members(struct decoder *decoder, const struct layout_class *class)
{
	enum decode_result result = DECODE_OK;

	reset_saved(decoder, class);
	for (uint32_t i = 0; !result && i < class->model.pub.n_members; i++) {
		const struct ctf_member *member = &class->model.pub.members[i];

		/* Numbers that nobody needs elsewhere, which are most, need nothing but a node. */
		if (member->class->type <= CTF_FLOAT && layout_of(member->class)->quick && decoder->n_nodes < decoder->room) {
			decoder->pos = bits_align(decoder->pos, member->class->align);
			decoder->nodes[decoder->n_nodes++] = (struct ctf_node){.class = member->class,
									       .member = member,
									       .at = (uint32_t)(decoder->pos - decoder->start),
									       .next = 1};
			decoder->pos += member->class->size;
			result = decoder->pos > decoder->end ? DECODE_SHORT : DECODE_OK;
		} else {
			result = decode_expand(decoder, member);
		}
	}
	return result;
}

/* What is behind the node's own place: the rest of the field. @ret_n: as ctf_node.n. */
static enum decode_result expand_rest(struct decoder *decoder, const struct layout_class *class, uint64_t *ret_n)
{
	const struct ctf_class *pub = &class->model.pub;
	const struct ctf_member *member;
	enum decode_result result;

	switch (pub->type) {
	case CTF_STRUCT:
		*ret_n = pub->n_members;
		return expand_members(decoder, class);
	case CTF_ARRAY:
		result = array_count(decoder, pub, ret_n);
		return result ? result : expand_array(decoder, class, *ret_n);
	case CTF_STRING:
	case CTF_BLOB:
		return bytes(decoder, pub, ret_n);
	case CTF_OPTIONAL:
	case CTF_VARIANT:
		result = select_member(decoder, pub, &member);
		*ret_n = !result && member;
		return result || !member ? result : decode_expand(decoder, member);
	default:
		return pub->leb128 ? leb128(decoder, pub, ret_n) : number(decoder, pub);
	}
}

enum decode_result decode_expand(struct decoder *decoder, const struct ctf_member *member)
{
	const struct layout_class *class = layout_of(member->class);
	const uint32_t index = decoder->n_nodes;
	enum decode_result result;
	uint64_t n = 0;

	if (align_to(decoder, class->model.pub.align))
		return DECODE_SHORT;
	if (index == decoder->room && !more_nodes(decoder))
		return bad(decoder, "a record has more than %u fields, or memory is short", DECODE_ROOM_MAX);
	decoder->n_nodes++;
	decoder->nodes[index] =
		(struct ctf_node){.class = member->class, .member = member, .at = (uint32_t)(decoder->pos - decoder->start)};
	result = expand_rest(decoder, class, &n);
	decoder->nodes[index].n = n;
	decoder->nodes[index].next = decoder->n_nodes - index;
	return result;
}
