/* SPDX-License-Identifier: MIT */
/**
 * chunks.c - see chunks.h.
 */
#include "ctf/chunks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctf/reader.h"

/* ---- Metadata ---- */

#define SAVE_UNKNOWN (-2)

/** Two traces that are being compared. */
struct pair {
	const struct ctf_trace *whole;
	const struct ctf_trace *part;
	int32_t *saves; /* of the whole, by those of the part: the same field is saved there */
};

static bool same_name(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_ranges(uint32_t n_a, const struct ctf_range *a, uint32_t n_b, const struct ctf_range *b)
{
	return n_a == n_b && (!n_a || !memcmp(a, b, n_a * sizeof(*a)));
}

/* The whole may have more labels. */
static bool has_labels(const struct ctf_class *whole, const struct ctf_class *part)
{
	if (whole->n_mappings < part->n_mappings)
		return false;
	for (uint32_t i = 0; i < part->n_mappings; i++) {
		const struct ctf_mapping *a = &whole->mappings[i], *b = &part->mappings[i];

		if (!same_name(a->label, b->label) || !same_ranges(a->n_ranges, a->ranges, b->n_ranges, b->ranges))
			return false;
	}
	return true;
}

/* Do lengths and selectors refer to the same fields? Those are met before what refers to them. */
static bool same_references(struct pair *pair, const struct ctf_class *whole, const struct ctf_class *part)
{
	if (part->save >= 0)
		pair->saves[part->save] = whole->save;
	return whole->source == (part->source < 0 ? -1 : pair->saves[part->source]);
}

static bool same_clock(const struct ctf_clock *a, const struct ctf_clock *b)
{
	if (!a || !b)
		return a == b;
	return same_name(a->name, b->name) && same_name(a->uid, b->uid) && a->unix_epoch == b->unix_epoch &&
	       same_name(a->origin_ns, b->origin_ns) && same_name(a->origin_name, b->origin_name) &&
	       same_name(a->origin_uid, b->origin_uid);
}

static bool same_class(struct pair *pair, const struct ctf_class *a, const struct ctf_class *b);

static bool same_member(struct pair *pair, const struct ctf_member *a, const struct ctf_member *b)
{
	return same_name(a->name, b->name) && same_ranges(a->n_ranges, a->ranges, b->n_ranges, b->ranges) &&
	       same_class(pair, a->class, b->class);
}

/* Are fields of them at the same bits, and do they mean the same? */
static bool same_class(struct pair *pair, const struct ctf_class *a, const struct ctf_class *b)
{
	if (!a || !b)
		return a == b;
	if (a->type != b->type || a->length != b->length || a->encoding != b->encoding || a->big_endian != b->big_endian ||
	    a->reversed != b->reversed || a->leb128 != b->leb128 || a->is_enum != b->is_enum || a->size != b->size ||
	    a->align != b->align || a->count != b->count || a->roles != b->roles || a->n_members != b->n_members ||
	    !same_clock(a->clock, b->clock) || !has_labels(a, b) || !same_references(pair, a, b))
		return false;
	for (uint32_t i = 0; i < a->n_members; i++)
		if (!same_member(pair, &a->members[i], &b->members[i]))
			return false;
	return true;
}

static bool same_event(struct pair *pair, const struct ctf_event_class *a, const struct ctf_event_class *b)
{
	return same_name(a->name, b->name) && same_name(a->ns, b->ns) && same_name(a->uid, b->uid) &&
	       same_class(pair, a->context, b->context) && same_class(pair, a->payload, b->payload);
}

static bool has_event(struct pair *pair, const struct ctf_stream_class *stream, const struct ctf_event_class *event)
{
	uint32_t low = 0, high = stream->n_events;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (stream->events[middle]->id < event->id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < stream->n_events && stream->events[low]->id == event->id && same_event(pair, stream->events[low], event);
}

static bool same_stream(struct pair *pair, const struct ctf_stream_class *whole, const struct ctf_stream_class *part)
{
	if (!same_clock(whole->clock, part->clock) || !same_class(pair, whole->packet_context, part->packet_context) ||
	    !same_class(pair, whole->event_header, part->event_header) ||
	    !same_class(pair, whole->event_context, part->event_context))
		return false;
	for (uint32_t i = 0; i < part->n_events; i++)
		if (!has_event(pair, whole, part->events[i]))
			return false;
	return true;
}

static bool same_streams(struct pair *pair)
{
	if (!same_class(pair, pair->whole->packet_header, pair->part->packet_header))
		return false;
	for (uint32_t i = 0; i < pair->part->n_streams; i++) {
		const struct ctf_stream_class *part = pair->part->streams[i];
		const struct ctf_stream_class *whole = model_stream_by_id(pair->whole, part->id);

		if (!whole || !same_stream(pair, whole, part))
			return false;
	}
	return true;
}

int chunks_same_metadata(const struct ctf_trace *whole, const struct ctf_trace *part)
{
	struct pair pair = {whole, part, malloc((part->n_saves + 1) * sizeof(*pair.saves))};
	bool same;

	if (!pair.saves)
		return -ENOMEM;
	for (uint32_t i = 0; i < part->n_saves; i++)
		pair.saves[i] = SAVE_UNKNOWN;
	same = whole->major == part->major && same_streams(&pair);
	free(pair.saves);
	return same;
}

static uint64_t apart(int64_t a, int64_t b)
{
	return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

bool chunks_same_time(const struct ctf_stream_class *class, const struct ctf_trace *part, uint64_t cycles)
{
	const struct ctf_stream_class *of_part = model_stream_by_id(part, class->id);
	const struct ctf_clock *a = class->clock, *b = of_part ? of_part->clock : NULL;

	if (!a || !b)
		return true;
	/* No frequency is beyond CTF_FREQUENCY_MAX. */
	return apart((int64_t)a->frequency, (int64_t)b->frequency) <= a->frequency / CHUNKS_FREQUENCY_PART &&
	       apart(ctf_clock_ns(a, cycles), ctf_clock_ns(b, cycles)) <= CHUNKS_TIME_NS;
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

/* Which of two copies of a packet is the fuller one? 0: neither is. */
static int by_fullness(const struct stream_reader *a, const struct stream_reader *b)
{
	const struct ctf_packet *x = &a->packet, *y = &b->packet;

	if (a->content != b->content)
		return set_compare(a->content, b->content);
	if (a->cut != b->cut)
		return a->cut ? -1 : 1;
	if (x->has_end != y->has_end)
		return x->has_end ? 1 : -1;
	return x->has_end ? set_compare(x->end, y->end) : 0;
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

	if (!same_begin(&earlier->packet, &later->packet) || !same_bytes(earlier, later, order ? (head + 7) / 8 : 0, content / 8))
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
	while ((status = reader_packet(earlier)) != CTF_END) {
		if (status == CTF_ERROR)
			continue;
		if (same_begin(&earlier->packet, &later->packet)) {
			*place = (struct place){.file = earlier->next.file, .offset = earlier->packet.offset};
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
