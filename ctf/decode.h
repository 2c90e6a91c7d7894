/* SPDX-License-Identifier: MIT */
/**
 * decode.h - passes over fields, or makes nodes of them. Not for anybody outside ctf/.
 *
 * Both ways through a scope, skip (for its size) and expand (for its nodes), end at the same place, save the same values and fail
 * on the same input. Nothing here reads behind bytes[end / 8], but for BITS_SLACK bytes that must be readable.
 */
#ifndef BL_CTF_DECODE_H
#define BL_CTF_DECODE_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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
 * second is counted when a scope is passed over; so what was passed over can be expanded: with DECODE_ROOM_MAX nodes of 40 bytes.
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

/**
 * decode_expand() - the same, and append nodes; they may move in memory
 * @member: a structure's, or a class' self
 *
 * Nodes count from start.
 */
enum decode_result decode_expand(struct decoder *decoder, const struct ctf_member *member);

/* Bytes of a part that decode_zeros() looks at. */
#ifdef __SSE2__
#define DECODE_PART 16u
#define DECODE_PART_BITS 1u
#else
#define DECODE_PART 8u
#define DECODE_PART_BITS 8u
#endif

/* Which bytes of a part are 0: the number of zeros below the first bit set is that of the bytes in front, times DECODE_PART_BITS.
 */
static inline uint64_t decode_zeros(const uint8_t *bytes)
{
#ifdef __SSE2__
	const __m128i part = _mm_loadu_si128((const __m128i *)bytes);

	return (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(part, _mm_setzero_si128()));
#else
	const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	word = le64toh(word);
	return (word - ones) & ~word & tops;
#endif
}

/** Bytes in front of the first NUL, @size if there is none; as memchr(), without a call for the short strings that names are. */
static inline uint64_t decode_string(const uint8_t *bytes, uint64_t size)
{
	for (uint64_t i = 0; i < size && i < 64; i += DECODE_PART) {
		const uint64_t zeros = decode_zeros(bytes + i);

		if (zeros) {
			i += (uint64_t)__builtin_ctzll(zeros) / DECODE_PART_BITS;
			return i < size ? i : size;
		}
	}
	if (size > 64) {
		const uint8_t *nul = memchr(bytes + 64, 0, size - 64);

		return nul ? (uint64_t)(nul - bytes) : size;
	}
	return size;
}

#endif
