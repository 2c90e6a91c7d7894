/* SPDX-License-Identifier: MIT */
/**
 * chunks.c - see chunks.h.
 */
#include "ctf/chunks.h"

#include <string.h>

#include "ctf/reader.h"

/* ---- Metadata ---- */

static bool same_name(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_class(const struct ctf_class *a, const struct ctf_class *b);

static bool same_member(const struct ctf_member *a, const struct ctf_member *b)
{
	return a->n_ranges == b->n_ranges && same_name(a->name, b->name) &&
	       (!a->n_ranges || !memcmp(a->ranges, b->ranges, a->n_ranges * sizeof(*a->ranges))) && same_class(a->class, b->class);
}

/* Are fields of them at the same bits, and do they mean the same? Labels may be more in one of them. */
static bool same_class(const struct ctf_class *a, const struct ctf_class *b)
{
	if (!a || !b)
		return a == b;
	if (a->type != b->type || a->length != b->length || a->encoding != b->encoding || a->big_endian != b->big_endian ||
	    a->reversed != b->reversed || a->leb128 != b->leb128 || a->size != b->size || a->align != b->align ||
	    a->count != b->count || a->roles != b->roles || !a->clock != !b->clock || a->n_members != b->n_members)
		return false;
	for (uint32_t i = 0; i < a->n_members; i++)
		if (!same_member(&a->members[i], &b->members[i]))
			return false;
	return true;
}

static bool has_event(const struct ctf_stream_class *stream, const struct ctf_event_class *event)
{
	uint32_t low = 0, high = stream->n_events;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (stream->events[middle]->id < event->id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < stream->n_events && stream->events[low]->id == event->id &&
	       same_name(stream->events[low]->name, event->name) && same_class(stream->events[low]->context, event->context) &&
	       same_class(stream->events[low]->payload, event->payload);
}

static bool same_stream(const struct ctf_stream_class *whole, const struct ctf_stream_class *part)
{
	if (!whole->clock != !part->clock || (whole->clock && !same_name(whole->clock->name, part->clock->name)) ||
	    !same_class(whole->packet_context, part->packet_context) || !same_class(whole->event_header, part->event_header) ||
	    !same_class(whole->event_context, part->event_context))
		return false;
	for (uint32_t i = 0; i < part->n_events; i++)
		if (!has_event(whole, part->events[i]))
			return false;
	return true;
}

static bool has_stream(const struct ctf_trace *trace, const struct ctf_stream_class *stream)
{
	for (uint32_t i = 0; i < trace->n_streams; i++)
		if (trace->streams[i]->id == stream->id)
			return same_stream(trace->streams[i], stream);
	return false;
}

bool chunks_same_metadata(const struct ctf_trace *whole, const struct ctf_trace *part)
{
	if (whole->major != part->major || !same_class(whole->packet_header, part->packet_header))
		return false;
	for (uint32_t i = 0; i < part->n_streams; i++)
		if (!has_stream(whole, part->streams[i]))
			return false;
	return true;
}

/* ---- Packets ---- */

/* Can packets be told from each other? */
static bool is_marked(const struct ctf_packet *packet)
{
	return packet->has_sequence || (packet->has_begin && packet->has_end);
}

/* One and the same, but one may have been copied before it was full. */
static bool is_same_begun(const struct ctf_packet *a, const struct ctf_packet *b)
{
	return is_marked(a) && a->has_sequence == b->has_sequence && a->has_begin == b->has_begin &&
	       (!a->has_sequence || a->sequence == b->sequence) && (!a->has_begin || a->begin == b->begin);
}

static bool is_same(const struct ctf_packet *a, const struct ctf_packet *b)
{
	return is_same_begun(a, b) && a->size == b->size && a->content == b->content && a->has_end == b->has_end &&
	       (!a->has_end || a->end == b->end) && a->has_discarded == b->has_discarded &&
	       (!a->has_discarded || a->discarded == b->discarded);
}

static bool is_behind(const struct ctf_packet *packet, const struct ctf_packet *before)
{
	const bool have_sequence = packet->has_sequence && before->has_sequence;
	const bool have_times = packet->has_begin && before->has_begin;

	if (have_sequence && packet->sequence <= before->sequence)
		return false;
	if (have_times && packet->begin_ns < before->begin_ns)
		return false;
	return have_sequence || (have_times && before->has_end && packet->begin_ns >= before->end_ns);
}

/*
 * Both are at packets that begin the same. Are all that follow the same, up to the end of one of them? The last one of a chunk may
 * have less in it than the other chunk's.
 */
static enum chunk_fit fit_on(struct stream_reader *earlier, struct stream_reader *later)
{
	for (;;) {
		const bool same = is_same(&earlier->packet, &later->packet);
		const bool is_less = earlier->packet.content < later->packet.content;
		const bool is_more = earlier->packet.content > later->packet.content;
		const enum ctf_status a = reader_packet(earlier), b = reader_packet(later);

		if (b == CTF_END && (same || is_more))
			return CHUNK_INSIDE;
		if (a == CTF_END && (same || is_less))
			return CHUNK_OVERLAPS;
		if (!same || a == CTF_ERROR || b == CTF_ERROR || !is_same_begun(&earlier->packet, &later->packet))
			return CHUNK_OTHER;
	}
}

static enum chunk_fit fit(struct stream_reader *earlier, struct stream_reader *later, struct place *ret)
{
	struct ctf_packet last = {0};
	enum ctf_status status;

	if (reader_packet(later) != CTF_RECORD)
		return CHUNK_OTHER;
	while ((status = reader_packet(earlier)) != CTF_END) {
		if (status == CTF_ERROR)
			continue;
		if (is_same_begun(&earlier->packet, &later->packet)) {
			*ret = (struct place){.file = earlier->next.file, .offset = earlier->packet.offset};
			return fit_on(earlier, later);
		}
		last = earlier->packet;
	}
	return is_behind(&later->packet, &last) ? CHUNK_BEHIND : CHUNK_OTHER;
}

enum chunk_fit chunks_fit(const struct set_stream *earlier, const struct set_stream *later, struct place *ret)
{
	enum chunk_fit result = CHUNK_NO_MEMORY;
	struct stream_reader a, b;

	/* Both are made, so that both can be freed. */
	if (!(reader_init(&a, earlier, READER_HEAD_ROOM, true) | reader_init(&b, later, READER_HEAD_ROOM, true)))
		result = fit(&a, &b, ret);
	reader_free(&a);
	reader_free(&b);
	return result;
}
