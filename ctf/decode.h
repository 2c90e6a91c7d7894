/* SPDX-License-Identifier: MIT */
/**
 * decode.h - passes over fields, or makes nodes of them. Not for anybody outside ctf/.
 *
 * Both ways through a scope, skip (for its size) and expand (for its nodes), end at the same place, save the same values and fail
 * on the same input. Nothing here reads behind bytes[end / 8], but for BITS_SLACK bytes that must be readable.
 */
#ifndef BL_CTF_DECODE_H
#define BL_CTF_DECODE_H

#include "ctf/bits.h"
#include "ctf/layout.h"

/** Elements of arrays, and parts of structures in them, that one record may make the decoder look at one by one. */
#define DECODE_WORK_MAX (1u << 24)
/**
 * How many of them may be there beyond DECODE_WORK_BIT for each bit of the record: the time that a file takes must not depend on
 * the lengths that are written in it, as what takes no bits can be as long as it likes.
 */
#define DECODE_WORK_FREE 1024u
#define DECODE_WORK_BIT 16u
/**
 * Fields that one scope may have, and elements of its arrays that are no plain numbers. The first is known from the classes, the
 * second is counted when a scope is passed over; so what was passed over can be expanded: with DECODE_ROOM_MAX nodes of 24 bytes.
 */
#define DECODE_NODES_MAX (1u << 20)
#define DECODE_ROOM_MAX (1u << 22)

struct saved {
	uint64_t value; /* sign-extended */
	bool set;
};

enum decode_result {
	DECODE_OK,
	DECODE_SHORT, /* the field goes on behind the end */
	DECODE_BAD,   /* error says what is wrong */
};

struct decoder {
	const uint8_t *bytes; /* that pos and end count from; at a multiple of CTF_ALIGN_MAX bits of the packet */
	uint64_t pos;
	uint64_t end;
	struct saved *saved; /* trace->n_saves */
	uint64_t from;       /* pos where the record began, or the packet's head */
	uint32_t n_elements;
	uint32_t work;
	bool strict;     /* check order */
	uint8_t order;   /* of the last number: 0 none, 1 little-endian, 2 big-endian */
	char error[160]; /* of DECODE_BAD */

	/* Expanding only. */
	uint64_t start; /* that nodes count from */
	struct ctf_node *nodes;
	uint32_t n_nodes;
	uint32_t room;
};

/** decode_unit_size() - bytes of the smallest part of a string, of which NUL is one. */
unsigned int decode_unit_size(enum ctf_encoding encoding);

/** Bytes in front of the first unit of zeros, in @size bytes; @size rounded down to units if there is none. */
uint64_t decode_text_length(const uint8_t *bytes, uint64_t size, enum ctf_encoding encoding);

/** decode_skip() - move pos behind a class. Not on DECODE_OK, pos is anywhere. */
enum decode_result decode_skip(struct decoder *decoder, const struct layout_class *class);

/** decode_expand() - the same, and append nodes; they may move in memory. Begin with n_nodes 0 and start where pos is after
 * alignment. */
enum decode_result decode_expand(struct decoder *decoder, const struct layout_class *class);

/** Bytes in front of the first NUL, @size if there is none; as memchr(), without a call for the short strings that names are. */
static inline uint64_t decode_string(const uint8_t *bytes, uint64_t size)
{
	const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;

	for (uint64_t i = 0; i < size && i < 64; i += 8) {
		uint64_t word, zeros;

		memcpy(&word, bytes + i, sizeof(word));
		word = le64toh(word);
		zeros = (word - ones) & ~word & tops;
		if (zeros) {
			i += (uint64_t)__builtin_ctzll(zeros) / 8;
			return i < size ? i : size;
		}
	}
	if (size > 64) {
		const uint8_t *nul = memchr(bytes + 64, 0, size - 64);

		return nul ? (uint64_t)(nul - bytes) : size;
	}
	return size;
}

/**
 * decode_linear() - as decode_skip(), for linear or quick structures, without words about what is wrong
 * @pos: moved on
 *
 * Return: false: something is wrong, or goes on behind @end: decode_skip() says what.
 */
static inline bool decode_linear(const struct layout_class *class, const uint8_t *bytes, uint64_t *pos, uint64_t end,
				 struct saved *saved)
{
	uint64_t at = bits_align(*pos, class->model.pub.align), n, length;

	if (class->quick) {
		*pos = at + class->model.pub.bits;
		return *pos <= end;
	}
	for (const struct step *step = class->steps, *last = step + class->n_steps; step < last; step++) {
		const struct ctf_class *of = step->of ? &step->of->model.pub : NULL;

		at = bits_align(at, step->align);
		if (at > end)
			return false;
		switch (step->op) {
		case STEP_RUN:
			at += step->bits;
			break;
		case STEP_SAVE:
			if (of->size > end - at)
				return false;
			n = bits_load(of, bytes, at);
			saved[of->save] = (struct saved){of->type == CTF_SINT ? bits_extend(n, of->size) : n, true};
			at += of->size;
			break;
		case STEP_STRING:
			n = (end - at) / 8;
			length = decode_string(bytes + at / 8, n);
			if (length == n)
				return false;
			at += 8 * length + 8;
			break;
		default: /* STEP_ARRAY of one bit an element at least, STEP_BYTES of one byte an element; no element is bigger than
			  * 2^33 bits
			  */
			n = saved[of->source].value;
			if (!saved[of->source].set || n >> step->shift)
				return false;
			at += n ? (n - 1) * step->stride + step->bits : 0;
		}
		if (at > end)
			return false;
	}
	*pos = at;
	return true;
}

#endif
