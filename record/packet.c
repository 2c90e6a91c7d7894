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

/* All totals of a stream, given what its program @claims to have discarded since the ring's @base: they only rise, and not absurdly. */
static void believe_lost(uint64_t ret[BL_LOST_NR], const uint64_t claims[BL_LOST_NR], const struct bl_ring *ring,
			 const struct stream *stream, const uint64_t extra[BL_LOST_NR], uint64_t lost_max)
{
	int i;

	for (i = 0; i < BL_LOST_NR; i++) {
		/* Torn ones are counted by the recorder alone. */
		const uint64_t claim = i != BL_LOST_TORN && claims[i] <= lost_max ? claims[i] : 0;
		const uint64_t total = ring->lost_base[i] + claim + extra[i];

		ret[i] = total > stream->lost[i] ? total : stream->lost[i];
	}
}

int packet_check(struct bl_packet *packet, const struct bl_ring *ring, const struct stream *stream, const uint64_t extra[BL_LOST_NR],
		 uint64_t ts_max, uint64_t lost_max)
{
	uint64_t claims[BL_LOST_NR], lost[BL_LOST_NR];
	int i;

	if (packet->content_bits % 8 || packet->content_bits < 8 * sizeof(*packet) ||
	    packet->content_bits > 8ull * (ring->sub_size - BL_COUNT_SIZE))
		return -BL_EPROTO;
	if (packet->timestamp_begin < stream->ts_last || packet->timestamp_end < packet->timestamp_begin ||
	    packet->timestamp_end > ts_max)
		return -BL_EPROTO;
	for (i = 0; i < BL_LOST_NR; i++)
		claims[i] = packet->discarded_by[i] - ring->lost_base[i]; /* nonsense wraps to something absurd */
	believe_lost(lost, claims, ring, stream, extra, lost_max);
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

void packet_lost(uint64_t ret[BL_LOST_NR], const struct bl_ring *ring, const struct stream *stream, const uint64_t extra[BL_LOST_NR],
		 uint64_t lost_max)
{
	uint64_t claims[BL_LOST_NR];
	int i;

	for (i = 0; i < BL_LOST_NR; i++)
		claims[i] = bl_load_relaxed(&ring->shared->lost[i]);
	believe_lost(ret, claims, ring, stream, extra, lost_max);
}
