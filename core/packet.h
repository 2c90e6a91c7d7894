/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * packet.h - the head of a sub-buffer, which is the head of a CTF packet.
 *
 * A sub-buffer *is* a packet: these bytes, written in place by the producer, are the packet header and the packet context that the
 * metadata (ctf/) declares. Two writers share the work: whoever opens the sub-buffer writes everything down to @seq, whoever closes
 * it writes the rest from @timestamp_end on. Both have finished before the commit count is full, so a packet that is handed over is
 * complete. Native byte order; every member is naturally aligned, so the layout is the same for 32-bit and 64-bit producers.
 */
#ifndef BL_CORE_PACKET_H
#define BL_CORE_PACKET_H

#include "port.h"

#define BL_PACKET_MAGIC 0xc1fc1fc1u

/** Why a record was discarded. The order is part of the layout. */
enum bl_lost {
	BL_LOST_FULL,   /* no free sub-buffer */
	BL_LOST_SIZE,   /* larger than a sub-buffer can hold */
	BL_LOST_ATTACH, /* fell into the attaching to a session */
	BL_LOST_TORN,   /* unfinished when its program died, or behind such a record */
	BL_LOST_BUSY,   /* too many other records got in between: given up after BL_RESERVE_TRIES */
	BL_LOST_NR
};

struct bl_packet {
	/* packet header */
	uint32_t magic;
	uint32_t stream_id;
	uint8_t uuid[16];
	uint64_t stream_instance_id;
	/* packet context, from the one who opens */
	uint64_t timestamp_begin;
	uint64_t seq;
	uint32_t cpu_id;
	uint32_t owner[3]; /* what holds for a whole packet: pid of a program; domain and vCPU in the hypervisor */
	/* packet context, from the one who closes */
	uint64_t timestamp_end;
	uint64_t content_bits;
	uint64_t packet_bits;
	uint64_t discarded;               /* running total of the stream, by CTF's rules */
	uint64_t discarded_by[BL_LOST_NR]; /* the same total, by reason */
};

bl_static_assert(sizeof(struct bl_packet) == 136, "packet head is part of the trace format");
bl_static_assert(__builtin_offsetof(struct bl_packet, timestamp_begin) == 32, "no padding in the packet header");
bl_static_assert(__builtin_offsetof(struct bl_packet, timestamp_end) == 64, "no padding in the packet context");

#endif
