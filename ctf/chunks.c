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

#define ROOM ((size_t)64 << 10) /* bytes that are compared at once */

enum match {
	MATCH_SAME,
	MATCH_LESS, /* one and the same, but the earlier chunk's was copied before it was full, or not up to its end */
	MATCH_MORE, /* the later chunk's was */
	MATCH_OTHER,
};

/* Do both begin the same, as no other packets do? */
static bool same_begin(const struct ctf_packet *a, const struct ctf_packet *b)
{
	return (a->has_sequence || a->has_begin) && a->has_sequence == b->has_sequence && a->has_begin == b->has_begin &&
	       (!a->has_sequence || a->sequence == b->sequence) && (!a->has_begin || a->begin == b->begin);
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* Which of two copies of a packet is the fuller one? 0: neither is. */
static int by_fullness(const struct stream_reader *a, const struct stream_reader *b)
{
	const struct ctf_packet *x = &a->packet, *y = &b->packet;

	if (a->content != b->content)
		return compare(a->content, b->content);
	if (a->cut != b->cut)
		return a->cut ? -1 : 1;
	if (x->has_end != y->has_end)
		return x->has_end ? 1 : -1;
	return x->has_end ? compare(x->end, y->end) : 0;
}

/* The packet's bytes from @at on, @n of them, or as many as are at hand. NULL: none. */
static const uint8_t *bytes_at(struct stream_reader *reader, uint64_t at, uint64_t *n)
{
	struct window *window = &reader->window;
	const uint64_t offset = reader->packet.offset + at;
	uint64_t left;

	if (!window_has(window, offset, *n)) {
		int result;

		window->use = window->room;
		result = window_load(window, offset);
		window->use = READER_HEAD_ROOM;
		if (result)
			return NULL;
	}
	left = window->offset + window->size - offset;
	*n = *n < left ? *n : left;
	return *n ? window->bytes + (offset - window->offset) : NULL;
}

/* Are bytes [@from, @to) of the readers' packets the same? */
static bool same_bytes(struct stream_reader *a, struct stream_reader *b, uint64_t from, uint64_t to)
{
	while (from < to) {
		uint64_t n = to - from < ROOM ? to - from : ROOM;
		const uint8_t *x = bytes_at(a, from, &n);
		const uint8_t *y = x ? bytes_at(b, from, &n) : NULL;

		if (!y || memcmp(x, y, (size_t)n))
			return false;
		from += n;
	}
	return true;
}

/* Times and numbers of two recordings may be the same by chance, what is in them is not. */
static enum match match(struct stream_reader *earlier, struct stream_reader *later)
{
	const int order = by_fullness(earlier, later);
	const uint64_t head = earlier->decoder.pos; /* bits; sizes and times in it change when a packet gets full */
	const uint64_t content = order > 0 ? later->content : earlier->content;

	if (!same_begin(&earlier->packet, &later->packet) || head != later->decoder.pos ||
	    !same_bytes(earlier, later, order ? (head + 7) / 8 : 0, content / 8))
		return MATCH_OTHER;
	return !order ? MATCH_SAME : order < 0 ? MATCH_LESS : MATCH_MORE;
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

/* The next packet, if all of its head is there. */
static enum ctf_status step(struct stream_reader *reader)
{
	const enum ctf_status status = reader_packet(reader);

	return status == CTF_ERROR && reader->cut && reader_packet(reader) == CTF_END ? CTF_END : status;
}

/* Both are at packets that begin the same. Are all that follow the same, up to the end of one of them? */
static enum chunk_fit fit_on(struct stream_reader *earlier, struct stream_reader *later)
{
	for (;;) {
		const enum match found = match(earlier, later);
		enum ctf_status a, b;

		if (found == MATCH_OTHER)
			return CHUNK_OTHER;
		a = step(earlier);
		b = step(later);
		if (b == CTF_END && found != MATCH_LESS)
			return CHUNK_INSIDE;
		if (a == CTF_END && found != MATCH_MORE)
			return CHUNK_OVERLAPS;
		if (found != MATCH_SAME || a == CTF_ERROR || b == CTF_ERROR)
			return CHUNK_OTHER;
	}
}

static enum chunk_fit fit(struct stream_reader *earlier, struct stream_reader *later, struct place *place)
{
	struct ctf_packet last = {0};
	enum ctf_status status;

	reader_go(earlier, place);
	if (reader_packet(later) != CTF_RECORD)
		return CHUNK_OTHER;
	for (;;) {
		const uint64_t clock = earlier->clock;

		status = reader_packet(earlier);
		if (status == CTF_END)
			break;
		if (status == CTF_ERROR)
			continue;
		if (same_begin(&earlier->packet, &later->packet)) {
			*place = (struct place){.file = earlier->next.file,
						.offset = earlier->packet.offset,
						.number = earlier->packet.number,
						.clock = clock};
			return fit_on(earlier, later);
		}
		last = earlier->packet;
	}
	return is_behind(&later->packet, &last) ? CHUNK_BEHIND : CHUNK_OTHER;
}

static int begin(struct stream_reader *reader, const struct set_stream *stream)
{
	const int result = reader_init(reader, stream, ROOM, true);

	reader->window.use = READER_HEAD_ROOM;
	return result;
}

enum chunk_fit chunks_fit(const struct set_stream *earlier, const struct set_stream *later, struct place *place)
{
	enum chunk_fit result = CHUNK_NO_MEMORY;
	struct stream_reader a, b;

	/* Both are made, so that both can be freed. */
	if (!(begin(&a, earlier) | begin(&b, later)))
		result = fit(&a, &b, place);
	reader_free(&a);
	reader_free(&b);
	return result;
}
