/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * text.h - strings in records, without a call: strings are short, and a call costs as much as the whole record path has.
 *
 * A string may change while it is recorded: it is measured first (bl_text_length()), room is claimed, and then as many bytes are copied as
 * were measured, with no 0 among them but at the end (bl_text_put()). Where the compiler may use vector registers these are 16 bytes
 * at a time, in kernels 8.
 */
#ifndef BL_CORE_TEXT_H
#define BL_CORE_TEXT_H

#include "port.h"

/*
 * A cheap look at the bytes of @word: 0 says that none of them is 0; a byte that is no ASCII (above 0x80) says nothing. So it is the
 * exact one that decides, and only non-ASCII text pays for it.
 */
static inline uint64_t bl_text_suspects(uint64_t word)
{
	return (word - UINT64_C(0x0101010101010101)) & UINT64_C(0x8080808080808080);
}

static inline uint64_t bl_text_copy_8(uint8_t *to, const char *from)
{
	uint64_t word;

	__builtin_memcpy(&word, from, sizeof(word));
	__builtin_memcpy(to, &word, sizeof(word));
	return bl_text_suspects(word);
}

#ifdef __SSE2__
typedef char __attribute__((vector_size(16), may_alias)) bl_text_block;

static inline unsigned bl_text_block_zeros(bl_text_block block)
{
	const bl_text_block zero = {0};

	return (unsigned)__builtin_ia32_pmovmskb128(block == zero);
}

static inline uint64_t bl_text_copy_16(uint8_t *to, const char *from)
{
	bl_text_block block;

	__builtin_memcpy(&block, from, sizeof(block));
	__builtin_memcpy(to, &block, sizeof(block));
	return bl_text_block_zeros(block);
}
#define BL_TEXT_PIECE 16u
#define BL_TEXT_COPY bl_text_copy_16

/** bl_text_length() - strlen(). Reads aligned blocks, which never cross a page, so perhaps some bytes in front of and behind the string. */
__attribute__((no_sanitize("address"))) static inline size_t bl_text_length(const char *s)
{
	const unsigned misaligned = (unsigned)((uintptr_t)s % 16);
	const bl_text_block *at = (const bl_text_block *)(const void *)(s - misaligned);
	unsigned zeros;

	__asm__("" : "+r"(at)); /* beyond the array that the compiler may know, but in its block */
	zeros = bl_text_block_zeros(*at) >> misaligned;
	if (bl_likely(zeros))
		return (size_t)__builtin_ctz(zeros);
	do
		zeros = bl_text_block_zeros(*++at);
	while (!zeros);
	return (size_t)((const char *)at - s) + (size_t)__builtin_ctz(zeros);
}
#else
#define BL_TEXT_PIECE 8u
#define BL_TEXT_COPY bl_text_copy_8

#define BL_TEXT_PAGE 4096u /* no machine has smaller ones */

/* The word at @at, its first byte in the lowest bits. */
__attribute__((no_sanitize("address"))) static inline uint64_t bl_text_load(const char *at)
{
	typedef uint64_t __attribute__((may_alias, aligned(1))) word_t;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return *(const word_t *)(const void *)at;
#else
	return __builtin_bswap64(*(const word_t *)(const void *)at);
#endif
}

/* Not 0 if there is a 0 among the bytes of @word; the lowest bit that is set is in the lowest such byte. */
static inline uint64_t bl_text_zeros(uint64_t word)
{
	return bl_text_suspects(word) & ~word;
}

/* Is there a 0 among the bytes of @word? */
static inline bool bl_text_ends(uint64_t word)
{
	return bl_text_suspects(word) && bl_likely(bl_text_zeros(word));
}

/* And which byte is it? */
static inline unsigned bl_text_end(uint64_t word)
{
	return (unsigned)__builtin_ctzll(bl_text_zeros(word)) / 8;
}

/** bl_text_length() - strlen(). Reads words that cross no page, so perhaps some bytes behind the string. */
BL_ALWAYS_INLINE size_t bl_text_length(const char *s)
{
	const char *at = s;
	uint64_t word;

	__asm__("" : "+r"(at)); /* beyond the array that the compiler may know, but in its word */
	/*
	 * The first words as they lie and without a loop, unless they could lead into the next page; then aligned ones. Which of the three is
	 * said to be likely decides what is in line: strings whose copy is in line, too, end in the third.
	 */
	if (bl_unlikely((uintptr_t)at % BL_TEXT_PAGE > BL_TEXT_PAGE - 3 * sizeof(word))) {
		for (; (uintptr_t)at % sizeof(word); at++)
			if (!*at)
				return (size_t)(at - s);
	} else {
		word = bl_text_load(at);
		if (bl_unlikely(bl_text_ends(word)))
			return bl_text_end(word);
		word = bl_text_load(at + sizeof(word));
		if (bl_unlikely(bl_text_ends(word)))
			return sizeof(word) + bl_text_end(word);
		word = bl_text_load(at + 2 * sizeof(word));
		if (bl_likely(bl_text_ends(word)))
			return 2 * sizeof(word) + bl_text_end(word);
		at = (const char *)((uintptr_t)(at + 3 * sizeof(word)) & ~(uintptr_t)(sizeof(word) - 1));
	}
	for (word = bl_text_load(at); !bl_text_ends(word); word = bl_text_load(at))
		at += sizeof(word);
	return (size_t)(at - s) + bl_text_end(word);
}
#endif

/*
 * Copy @n bytes of text by pieces of a fixed size, the last one overlapping. Return: 0 if none of them was 0; anything else says nothing.
 */
static inline uint64_t bl_text_copy(uint8_t *to, const char *from, size_t n)
{
	uint64_t suspects = 0;
	size_t i;

	__asm__("" : "+r"(from)); /* the compiler cannot know that n fits */
	if (bl_likely(n >= 8 && n <= 16))
		return bl_text_copy_8(to, from) | bl_text_copy_8(to + n - 8, from + n - 8);
	if (n >= BL_TEXT_PIECE) {
		for (i = 0; i + BL_TEXT_PIECE < n; i += BL_TEXT_PIECE)
			suspects |= BL_TEXT_COPY(to + i, from + i);
		return suspects | BL_TEXT_COPY(to + n - BL_TEXT_PIECE, from + n - BL_TEXT_PIECE);
	}
	for (i = 0; i < n; i++) {
		to[i] = (uint8_t)from[i];
		suspects |= !to[i];
	}
	return suspects;
}

/*
 * Write the string @s as @size bytes, its end included. One that has shrunk or grown since it was measured has the measured size in the
 * record. Return: behind it.
 */
static inline uint8_t *bl_text_put(uint8_t *p, const char *s, size_t size)
{
	size_t i;

	p[size - 1] = 0;
	if (bl_unlikely(bl_text_copy(p, s, size - 1)))
		for (i = 0; i + 1 < size; i++)
			p[i] = p[i] ? p[i] : (uint8_t)'#';
	return p + size;
}

#endif
