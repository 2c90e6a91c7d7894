/* SPDX-License-Identifier: MIT */
/**
 * packet.h - believing a packet's head.
 *
 * The head was written by a program, into memory that it can still write to. The recorder works on a private copy. What it knows itself
 * (names, ids, sequence number) it writes itself; sizes and times are checked, and a packet whose sizes or times cannot be is refused;
 * counts of discarded records may only rise.
 */
#ifndef BL_RECORD_PACKET_H
#define BL_RECORD_PACKET_H

#include "core/ring.h"
#include "stream.h"

/**
 * packet_check() - make of @packet what may be written next to @stream
 * @ring:   the recorder's view of the ring it came from
 * @extra:  discarded records of this ring that the recorder counted itself, by reason
 * @ts_max: no record can be newer
 * @lost_max: more than that cannot have been discarded since the stream was bound
 *
 * Return: 0; -BL_EPROTO: refused. @stream is unchanged.
 */
BL_MUST_CHECK int packet_check(struct bl_packet *packet, const struct bl_ring *ring, const struct stream *stream,
			       const uint64_t extra[BL_LOST_NR], uint64_t ts_max, uint64_t lost_max);

/** packet_empty() - one without records that only says what was discarded until @ts */
void packet_empty(struct bl_packet *packet, const struct bl_ring *ring, const struct stream *stream, const uint64_t lost[BL_LOST_NR],
		  uint64_t ts);

/** packet_written() - @stream goes on behind this one */
void packet_written(struct stream *stream, const struct bl_packet *packet);

/** packet_lost() - @stream's totals now, from what the ring counted since it was bound; never lower than before */
void packet_lost(uint64_t ret[BL_LOST_NR], const struct bl_ring *ring, const struct stream *stream, const uint64_t extra[BL_LOST_NR],
		 uint64_t lost_max);

/** Bytes of records behind the head. */
static inline uint32_t packet_payload_size(const struct bl_packet *packet)
{
	return (uint32_t)(packet->content_bits / 8 - sizeof(*packet));
}

#endif
