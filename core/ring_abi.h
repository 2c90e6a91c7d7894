/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * ring_abi.h - the part of a ring that producer and consumer share.
 *
 * One page of control words, then n_phys sub-buffers. The layout is the same for 32-bit and 64-bit producers; BL_RING_ABI is its
 * version and goes up with every change. Geometry (sizes, counts, flags) is *not* here: each side keeps its own copy in private
 * memory (struct bl_ring), so that neither can be led astray by the other.
 *
 * Sub-buffers are numbered as they are opened: n = 0, 1, ... modulo BL_N_MASK + 1; n is in slot n & (n_sub - 1).
 *
 * head      [63:32] low half of the clock of the newest claim, [31:0] where the next record goes:
 *             a place     bytes behind the first physical sub-buffer (bl_ring.offset), so that a record needs no look-up to find it. Always
 *                         behind a packet's head.
 *             BL_HEAD_CLOSED | n   no sub-buffer is open (the start, or after a flush); n will be the next.
 * last_ts   full clock of a recent claim: never later than the newest record in the ring, perhaps earlier.
 * seq_hint  full number of a recently opened sub-buffer: within n_sub of the newest.
 * slot[i]   [63:32] n, [31:16] state, [15:0] physical sub-buffer. See enum bl_slot_state. In a free slot n is the only number that it
 *           may be opened for: its own in the first round, n_sub more in each round after.
 *
 * Each physical sub-buffer ends with its commit count, 8 bytes that no packet reaches: [63:32] 2^31 - sub_size + bytes committed,
 * [31:0] records committed. So it is full when the count, taken as a signed number, is negative, which an addition tells by itself.
 *
 * States of a slot, and who moves it:
 *
 *       FREE --writer--> OPEN --last committer--> DELIVERED --consumer, putting its zeroed spare there--> FREE
 *                                                     |
 *                                                     +--writer, overwrite mode--> CLEANING --same writer--> FREE
 *
 * Memory that was taken away (end of a session) reads as zeros: every slot is GONE, head is no place that there is, and nothing is
 * written any more. (Below 2^(32 - id_bits) ticks, in a machine's first moments, the inline path takes 0 for a place that it can use: such
 * a record goes into the empty pages and is lost with them.)
 */
#ifndef BL_CORE_RING_ABI_H
#define BL_CORE_RING_ABI_H

#include "packet.h"

#define BL_RING_ABI 2u
#define BL_SUB_MAX 128u                    /* sub-buffers of a ring, a power of two */
#define BL_PHYS_MAX (BL_SUB_MAX + 2u)      /* and the consumer's spares */
#define BL_SUB_SHIFT_MIN 12u               /* 4 KiB */
#define BL_SUB_SHIFT_MAX 22u               /* 4 MiB */
#define BL_RING_CONTROL_SIZE 4096u
#define BL_HEAD_CLOSED 0x80000000u
#define BL_N_MASK 0x7fffffffu
#define BL_COUNT_SIZE 8u
#define BL_COUNT_RECORD UINT64_C(1)
#define BL_COUNT_BYTE_SHIFT 32
#define BL_COUNT_FULL 0x80000000u /* in the upper half */

enum bl_slot_state {
	BL_SLOT_GONE = 0,
	BL_SLOT_FREE = 1,
	BL_SLOT_OPEN = 2,
	BL_SLOT_DELIVERED = 3,
	BL_SLOT_CLEANING = 4,
};

struct bl_ring_shared {
	uint64_t head __attribute__((aligned(64)));
	union {
		uint64_t last_ts;
		uint32_t last_half[2];
	};
	uint64_t seq_hint;
	uint64_t lost[BL_LOST_NR];
	uint64_t slot[BL_SUB_MAX] __attribute__((aligned(64)));
};

bl_static_assert(sizeof(struct bl_ring_shared) <= BL_RING_CONTROL_SIZE, "control words fit a page");
bl_static_assert(__builtin_offsetof(struct bl_ring_shared, slot) == 64, "writers' words share one cache line");
bl_static_assert(sizeof(struct bl_ring_shared) == 64 + 8 * BL_SUB_MAX, "layout is versioned");

static inline uint64_t bl_slot(uint32_t n, enum bl_slot_state state, uint32_t phys)
{
	return (uint64_t)n << 32 | (uint32_t)state << 16 | phys;
}

static inline uint32_t bl_slot_n(uint64_t slot)
{
	return (uint32_t)(slot >> 32);
}

static inline uint32_t bl_slot_state(uint64_t slot)
{
	return (uint32_t)slot >> 16;
}

static inline uint32_t bl_slot_phys(uint64_t slot)
{
	return (uint32_t)slot & 0xffffu;
}

/** Commit count of a sub-buffer of @sub_size bytes in which nothing is committed. */
static inline uint64_t bl_count_start(uint32_t sub_size)
{
	return (uint64_t)(BL_COUNT_FULL - sub_size) << BL_COUNT_BYTE_SHIFT;
}

/** What to add to it for @bytes committed bytes. */
static inline uint64_t bl_count_bytes(uint32_t bytes)
{
	return (uint64_t)bytes << BL_COUNT_BYTE_SHIFT;
}

#endif
