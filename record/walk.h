/* SPDX-License-Identifier: MIT */
/**
 * walk.h - the one place where the recorder decodes records: the last packet of a program that died.
 *
 * Such a packet was never handed over. Its records are finished up to some point, then comes one whose writer died (or that a
 * nested writer left behind), and nothing behind that can be found, because records do not carry their size. walk_packet() finds
 * the point, walk_close() makes a whole packet of what is before it and counts the rest as torn.
 *
 * The bytes are hostile: the program had them in its hands. Neither function believes a length in them, nor reads or writes
 * outside. They must be a private copy.
 */
#ifndef BL_RECORD_WALK_H
#define BL_RECORD_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "describe.h"

struct walk {
	uint32_t end;     /* where the first unfinished record, or nothing, begins; at least the size of a packet head */
	uint32_t claimed; /* where the claimed bytes end, as far as is known: @end <= @claimed <= size */
	uint32_t records; /* finished ones in front of @end */
	uint64_t begin;   /* timestamp_begin as found */
	uint64_t ts;      /* full clock of the last record, by CTF's rule; @begin if there is none */
	bool broken;      /* stopped at a finished record that cannot be: unknown id, longer than the packet, or back in time */
};

/**
 * walk_packet() - find the end of the finished records
 * @bytes:    the packet, from its head on
 * @size:     bytes that were claimed, head included (bl_unfinished.claimed_bytes)
 * @id_bits:  BL_ID_BITS_MIN..BL_ID_BITS_MAX
 * @contexts: enum bl_context, of the channel
 *
 * A packet that was closed already says itself how much of it is claimed: what follows is padding, not a lost record.
 * Return: 0; -EINVAL: not even a packet head is there (ret untouched).
 */
int walk_packet(const void *bytes, size_t size, const struct event_set *set, uint32_t id_bits, uint32_t contexts, struct walk *ret);

/**
 * walk_torn() - how many records of the packet are lost, at least
 * @committed_records: of the sub-buffer (bl_unfinished.committed_records)
 *
 * Those that were committed behind the first unfinished one, and that one. Return: 0 if the walk came to the end of the claims.
 */
uint64_t walk_torn(const struct walk *walk, uint32_t committed_records);

/** What walk_close() puts into the head, besides the walk: all that the dead program must not be asked for. */
struct walk_head {
	uint32_t stream_id;
	uint32_t cpu_id;
	uint32_t owner[3];
	uint8_t uuid[16];
	uint64_t stream_instance_id;
	uint64_t seq;
	uint64_t ts_min;      /* timestamp_end of the packet before, 0 if there was none: time does not go back */
	const uint64_t *lost; /* BL_LOST_NR totals of the stream, without @torn */
	uint64_t torn;        /* to be added as BL_LOST_TORN */
};

/**
 * walk_close() - write the head of a packet that ends where the walk ended
 * @bytes: private copy of the packet, at least walk->end bytes; any alignment
 *
 * The whole head is written anew: a hostile program has no say in what its packet is called. Its size and content size are
 * walk->end bytes, timestamp_begin is walk->begin (or ts_min, if that is later), timestamp_end is the last record's time.
 */
void walk_close(void *bytes, const struct walk *walk, const struct walk_head *head);

#endif
