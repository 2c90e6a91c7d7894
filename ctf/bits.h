/* SPDX-License-Identifier: MIT */
/**
 * bits.h - numbers of 1 to 64 bits at any bit. Not for anybody outside ctf/.
 *
 * A position counts bits from @base; bits of a byte count from the least significant one in little-endian fields, from the most
 * significant one in big-endian ones. Loads read up to BITS_SLACK bytes from the byte where the field begins, whatever its size:
 * buffers have that much room behind their end.
 */
#ifndef BL_CTF_BITS_H
#define BL_CTF_BITS_H

#include <endian.h>
#include <string.h>

#include "ctf/ctf.h"

#define BITS_SLACK 16u

static inline uint64_t bits_align(uint64_t pos, uint32_t align)
{
	return (pos + align - 1) & ~(uint64_t)(align - 1);
}

static inline uint64_t bits_load_le(const uint8_t *base, uint64_t pos, unsigned int size)
{
	const uint8_t *p = base + (pos >> 3);
	const unsigned int shift = pos & 7;
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	value = le64toh(value) >> shift;
	if (shift + size > 64)
		value |= (uint64_t)p[8] << (64 - shift);
	return size == 64 ? value : value & (((uint64_t)1 << size) - 1);
}

static inline uint64_t bits_load_be(const uint8_t *base, uint64_t pos, unsigned int size)
{
	const uint8_t *p = base + (pos >> 3);
	const unsigned int shift = pos & 7;
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	value = be64toh(value) << shift;
	if (shift + size > 64)
		value |= p[8] >> (8 - shift);
	return value >> (64 - size);
}

static inline uint64_t bits_reverse(uint64_t value, unsigned int size)
{
	uint64_t reversed = 0;

	for (unsigned int i = 0; i < size; i++)
		reversed |= (value >> i & 1) << (size - 1 - i);
	return reversed;
}

/** A number of fixed size as its class says, not sign-extended. */
static inline uint64_t bits_load(const struct ctf_class *class, const uint8_t *base, uint64_t pos)
{
	const uint64_t value = class->big_endian ? bits_load_be(base, pos, class->size) : bits_load_le(base, pos, class->size);

	return class->reversed ? bits_reverse(value, class->size) : value;
}

static inline uint64_t bits_extend(uint64_t value, unsigned int size)
{
	return size == 64 ? value : (uint64_t)((int64_t)(value << (64 - size)) >> (64 - size));
}

/* ---- LEB128: 7 bits a byte, least significant first; the last byte's top bit is clear ---- */

#define BITS_LEB128_MAX 32u /* bytes; longer ones, of zeros or signs, are not read */

static inline uint64_t bits_leb128(const uint8_t *bytes, size_t n, bool is_signed)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n && i < 10; i++)
		value |= (uint64_t)(bytes[i] & 0x7f) << (7 * i);
	if (is_signed && n < 10 && bytes[n - 1] & 0x40)
		value |= UINT64_MAX << (7 * n);
	return value;
}

/** Does the value have 64 bits at most? */
static inline bool bits_leb128_fits(const uint8_t *bytes, size_t n, bool is_signed)
{
	const bool negative = is_signed && bytes[n - 1] & 0x40;

	if (n < 10)
		return true;
	/* The tenth byte gives bit 63; what is above it must be the sign. */
	if (is_signed ? (bytes[9] & 0x7f) != (negative ? 0x7f : 0) : (bytes[9] & 0x7f) > 1)
		return false;
	for (size_t i = 10; i < n; i++)
		if ((bytes[i] & 0x7f) != (negative ? 0x7f : 0))
			return false;
	return true;
}

#endif
