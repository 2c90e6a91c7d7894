/* SPDX-License-Identifier: MIT */
#include "packet.h"

#include <string.h>

static void write_names(struct bl_packet *packet, const struct bl_ring *ring, const struct stream *stream)
{
	packet->magic = BL_PACKET_MAGIC;
	packet->stream_id = ring->stream_id;
	memcpy(packet->uuid, ring->uuid, sizeof(packet->uuid));
	packet->stream_instance_id = ring->stream_instance_id;
	packet->seq = stream->seq_next;
	packet->cpu_id = ring->cpu_id;
	memcpy(packet->owner, ring->owner, sizeof(packet->owner));
}

static void write_lost(struct bl_packet *packet, const uint64_t lost[BL_LOST_NR])
{
	int i;

	packet->discarded = 0;
	for (i = 0; i < BL_LOST_NR; i++) {
		packet->discarded_by[i] = lost[i];
		packet->discarded += lost[i];
	}
}

/* A total that a program claims: not lower than the last one. */
static uint64_t believe_lost(uint64_t claimed, uint64_t extra, uint64_t last)
{
	if (claimed >= PACKET_LOST_MAX || extra >= PACKET_LOST_MAX || claimed + extra < last)
		return last;
	return claimed + extra;
}

int packet_check(struct bl_packet *packet, const struct bl_ring *ring, const struct stream *stream, const uint64_t extra[BL_LOST_NR],
		 uint64_t ts_max)
{
	uint64_t lost[BL_LOST_NR];
	int i;

	if (packet->content_bits % 8 || packet->content_bits < 8 * sizeof(*packet) || packet->content_bits > 8ull * ring->sub_size)
		return -BL_EPROTO;
	if (packet->timestamp_begin < stream->ts_last || packet->timestamp_end < packet->timestamp_begin ||
	    packet->timestamp_end > ts_max)
		return -BL_EPROTO;
	for (i = 0; i < BL_LOST_NR; i++)
		lost[i] = believe_lost(packet->discarded_by[i], extra[i], stream->lost[i]);
	write_names(packet, ring, stream);
	write_lost(packet, lost);
	packet->packet_bits = packet->content_bits;
	return 0;
}

void packet_empty(struct bl_packet *packet, const struct bl_ring *ring, const struct stream *stream, const uint64_t lost[BL_LOST_NR],
		  uint64_t ts)
{
	write_names(packet, ring, stream);
	write_lost(packet, lost);
	packet->timestamp_begin = stream->ts_last ? stream->ts_last : ts;
	packet->timestamp_end = ts > packet->timestamp_begin ? ts : packet->timestamp_begin;
	packet->content_bits = 8 * sizeof(*packet);
	packet->packet_bits = 8 * sizeof(*packet);
}

void packet_written(struct stream *stream, const struct bl_packet *packet)
{
	stream->seq_next = packet->seq + 1;
	stream->ts_last = packet->timestamp_end;
	memcpy(stream->lost, packet->discarded_by, sizeof(stream->lost));
}

void packet_lost(uint64_t ret[BL_LOST_NR], const struct bl_ring *ring, const struct stream *stream, const uint64_t extra[BL_LOST_NR])
{
	int i;

	for (i = 0; i < BL_LOST_NR; i++) {
		const uint64_t counted = bl_load_relaxed(&ring->shared->lost[i]);

		ret[i] = believe_lost(counted < PACKET_LOST_MAX ? ring->lost_base[i] + counted : PACKET_LOST_MAX, extra[i],
				      stream->lost[i]);
	}
}
