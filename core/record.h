/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * record.h - the head of a record.
 *
 * Compact form, 4 bytes: event id (id_bits) and the low bits of the clock (32 - id_bits), in CTF's order of bit fields: the id in the
 * low bits on little-endian machines, in the high bits on big-endian ones. Extended form, 16 bytes: the same word with all id bits
 * set and a clock of zero, then the full id and the full clock.
 *
 * The word is the last thing that a writer stores. Sub-buffers are handed to writers full of zeros and no event has id 0, so
 *
 *     a record is finished  <=>  its header word is not 0
 *
 * which is how the recorder finds the first unfinished record of a program that was killed.
 *
 * Invariant of the compact form, for a reader that lets the clock only go forward:
 *
 *     0 <= time(record) - time(record before it in the packet, or packet begin) < 2^(32 - id_bits)
 */
#ifndef BL_CORE_RECORD_H
#define BL_CORE_RECORD_H

#include "port.h"

#define BL_RECORD_COMPACT 4u
#define BL_RECORD_EXTENDED 16u
#define BL_ID_BITS_MIN 5u  /* so that a compact clock has at most 27 bits, see BL_IDLE_TICKS */
#define BL_ID_BITS_MAX 16u
#define BL_ID_NONE 0u      /* never an event's id */

static inline uint32_t bl_record_word(uint32_t id, uint64_t ts, uint32_t id_bits)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return id | (uint32_t)ts << id_bits;
#else
	return id << (32 - id_bits) | ((uint32_t)ts & (0xffffffffu >> id_bits));
#endif
}

/** The id of a header word; all ones means: the extended form. */
static inline uint32_t bl_record_word_id(uint32_t word, uint32_t id_bits)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return word & ((1u << id_bits) - 1);
#else
	return word >> (32 - id_bits);
#endif
}

static inline uint32_t bl_record_word_clock(uint32_t word, uint32_t id_bits)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return word >> id_bits;
#else
	return word & (0xffffffffu >> id_bits);
#endif
}

#endif
