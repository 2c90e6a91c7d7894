/* SPDX-License-Identifier: MIT */
/**
 * rewrite.c - the data stream of a rewritten trace: packets, built one at a time in memory and written as a whole.
 *
 *     packet header   magic u32, uuid u8[16] if there is one, stream_id u64, stream_instance_id u64 if there is one; what is kept
 *     packet context  timestamp_begin u64 and timestamp_end u64 if the source's packets have them, content_size u64,
 *                     packet_size u64, packet_seq_num u64, events_discarded u64; what is kept
 *     record header   with a clock: one u32 of id_bits of id and the rest of the clock; all id bits set: then id and clock u64
 *                     follow. Without: id. What is kept
 *
 * A packet of the source becomes one packet, unless it is bigger than PACKET_MAX or is cut. So losses, which are told by packets,
 * are told between the same times: each packet's discarded counter is the sum of the losses told so far, and where packets are
 * missing the sequence numbers have the same gap.
 *
 * A record whose scopes are the same in both traces is copied, if alignment would put the same padding into it at both places.
 * Others are walked, field by field.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctf/reader.h"
#include "ctf/rewrite_class.h"

#define MAGIC 0xc1fc1fc1u
#define PACKET_MAX ((size_t)8 << 20) /* bytes; the record that goes beyond is the last one */
#define ROOM_FIRST ((size_t)256 << 10)
#define FLUSH_AT ((size_t)1 << 20)

struct ctf_rewriter {
	const struct ctf_rewrite *rewrite;
	const struct out_stream *stream;
	const struct ctf_stream *from;
	struct ctf_rewrite_cut cut;
	int fd;
	int error; /* the first one */

	uint8_t *bytes; /* complete packets that are not written yet, then the one that is being built */
	size_t room;
	size_t packet; /* where that begins, in bytes */
	uint64_t pos;  /* bits from its beginning */
	bool in_packet;
	size_t context_at; /* bytes from its beginning */
	uint64_t begin;    /* cycles */
	uint64_t end;
	uint64_t clock;   /* last record's time */
	bool clock_known; /* a reader has it, or where the packet begins */
	bool end_known;

	/* Of the source's packet that it is made of. */
	const char *file;
	uint64_t number;

	uint64_t sequence;
	uint64_t discarded;
	bool any; /* packet before */
};

/* ---- Bytes ---- */

static bool grow(struct ctf_rewriter *to, size_t size)
{
	const size_t used = to->packet + (size_t)(to->pos + 7) / 8;
	size_t room = to->room;
	uint8_t *bytes;

	if (to->error)
		return false;
	while (room - used < size)
		room *= 2;
	bytes = realloc(to->bytes, room);
	if (!bytes) {
		to->error = -ENOMEM;
		return false;
	}
	to->bytes = bytes;
	to->room = room;
	return true;
}

/* Room for @size bytes behind pos. */
static inline bool have(struct ctf_rewriter *to, size_t size)
{
	return to->room - (to->packet + (size_t)(to->pos + 7) / 8) >= size || grow(to, size);
}

static inline void align(struct ctf_rewriter *to, uint32_t bits)
{
	const uint64_t pos = bits_align(to->pos, bits);
	const size_t first = (size_t)(to->pos + 7) / 8, last = (size_t)(pos + 7) / 8;

	if (bits <= 8) {
		to->pos = pos;
		return;
	}
	if (!have(to, last - first))
		return;
	memset(to->bytes + to->packet + first, 0, last - first);
	to->pos = pos;
}

/* Bit by bit: for what does not begin and end at bytes. */
static void put_bits(struct ctf_rewriter *to, uint64_t value, uint32_t size, bool big_endian)
{
	uint8_t *bytes = to->bytes + to->packet;

	for (uint32_t i = 0; i < size; i++, to->pos++) {
		const uint64_t bit = value >> (big_endian ? size - 1 - i : i) & 1;
		const unsigned int shift = big_endian ? 7 - (to->pos & 7) : to->pos & 7;

		if (!(to->pos & 7))
			bytes[to->pos / 8] = 0;
		bytes[to->pos / 8] |= (uint8_t)(bit << shift);
	}
}

/* @value has no bits beyond @size. */
static inline void put_number(struct ctf_rewriter *to, uint64_t value, uint32_t size, bool big_endian)
{
	if (!have(to, 8))
		return;
	if (to->pos & 7) {
		put_bits(to, value, size, big_endian);
		return;
	}
	value = big_endian ? htobe64(value << (64 - size)) : htole64(value);
	memcpy(to->bytes + to->packet + to->pos / 8, &value, sizeof(value));
	to->pos += size;
}

static void put_bytes(struct ctf_rewriter *to, const void *bytes, size_t size)
{
	if (!have(to, size))
		return;
	memcpy(to->bytes + to->packet + to->pos / 8, bytes, size);
	to->pos += 8 * (uint64_t)size;
}

/* ---- Fields ---- */

/* IEEE 754: each number of 16 bits is one of 32. */
static uint32_t widen(uint64_t half)
{
	const uint32_t sign = (uint32_t)(half >> 15) << 31, fraction = (uint32_t)half & 0x3ff, exponent = half >> 10 & 0x1f;
	float value;
	uint32_t bits;

	if (exponent == 0x1f)
		return sign | 0x7f800000u | fraction << 13;
	if (exponent)
		return sign | (exponent + 112) << 23 | fraction << 13;
	value = (float)fraction / 16777216.0f;
	memcpy(&bits, &value, sizeof(bits));
	return sign | bits;
}

static void put_field_number(struct ctf_rewriter *to, const struct out_class *class, const struct ctf_field *field)
{
	const struct ctf_class *from = class->from;
	uint64_t value;

	align(to, class->align);
	if (class->leb128) {
		put_bytes(to, ctf_field_byte(field), (size_t)field->n);
		return;
	}
	value = from->leb128 ? ctf_field_uint(field) : bits_load(from, field->view->base, field->at);
	if (class->widened)
		value = widen(value);
	put_number(to, class->reversed ? bits_reverse(value, class->size) : value, class->size, class->big_endian);
}

/* Elements of whole bytes that stay what they are. */
static bool put_numbers_copied(struct ctf_rewriter *to, const struct out_class *element, const struct ctf_field *array)
{
	const struct ctf_class *from = element->from;

	if (from->size % 8 || array->class->stride != from->size || array->at % 8 || to->pos % 8 || element->size != from->size ||
	    element->reversed != from->reversed)
		return false;
	put_bytes(to, ctf_field_byte(array), (size_t)(array->n * from->size / 8));
	return true;
}

static void put_field(struct ctf_rewriter *to, const struct out_class *class, const struct ctf_field *field);

static void put_children(struct ctf_rewriter *to, const struct out_class *class, const struct ctf_field *field)
{
	const bool array = class->from->type == CTF_ARRAY;
	struct ctf_field child = ctf_field_first(field);

	for (uint32_t i = 0; child.class && !to->error; i++) {
		const struct out_class *of = class->members[array ? 0 : i].class;

		if (of)
			put_field(to, of, &child);
		child = ctf_field_next(field, &child);
	}
}

static void put_text(struct ctf_rewriter *to, const struct ctf_field *field)
{
	size_t size, room;
	char *text;

	ctf_field_bytes(field, &size);
	room = 2 * size + 4;
	if (!have(to, room + 1))
		return;
	text = (char *)to->bytes + to->packet + to->pos / 8;
	if (ctf_field_text(field, text, room, &size) != text)
		return;
	text[size] = 0;
	to->pos += 8 * (uint64_t)(size + 1);
}

static void put_string(struct ctf_rewriter *to, const struct out_class *class, const struct ctf_field *field)
{
	static const uint8_t zeros[4];

	align(to, class->align);
	if (class->recoded) {
		put_text(to, field);
		return;
	}
	put_bytes(to, ctf_field_byte(field), (size_t)field->n);
	if (class->from->length == CTF_ENDED)
		put_bytes(to, zeros, decode_unit_size(class->from->encoding));
}

static void put_variant(struct ctf_rewriter *to, const struct out_class *class, const struct ctf_field *field)
{
	const struct ctf_field content = ctf_field_first(field);

	put_field(to, class->members[ctf_field_option(field) - class->from->members].class, &content);
}

static void put_field(struct ctf_rewriter *to, const struct out_class *class, const struct ctf_field *field)
{
	switch (class->from->type) {
	case CTF_STRING:
	case CTF_BLOB:
		put_string(to, class, field);
		break;
	case CTF_STRUCT:
	case CTF_OPTIONAL:
		align(to, class->align);
		put_children(to, class, field);
		break;
	case CTF_ARRAY:
		align(to, class->align);
		if (!class->from->numbers || !put_numbers_copied(to, class->members->class, field))
			put_children(to, class, field);
		break;
	case CTF_VARIANT:
		put_variant(to, class, field);
		break;
	default:
		put_field_number(to, class, field);
	}
}

static void put_scope(struct ctf_rewriter *to, const struct out_class *class, const struct ctf_record *record, enum ctf_scope scope)
{
	struct ctf_field field;

	if (!class || to->error)
		return;
	field = ctf_record_scope(record, scope);
	if (field.class)
		put_field(to, class, &field);
	else
		to->error = -ENOMEM;
}

/* ---- Packets ---- */

static void put_own(struct ctf_rewriter *to, uint64_t value, uint32_t bits)
{
	put_number(to, value, bits, to->rewrite->trace->big_endian);
}

/* At *@at, which moves on. */
static void set_own(struct ctf_rewriter *to, size_t *at, uint64_t value)
{
	value = to->rewrite->trace->big_endian ? htobe64(value) : htole64(value);
	memcpy(to->bytes + to->packet + *at, &value, sizeof(value));
	*at += sizeof(value);
}

static void put_packet_header(struct ctf_rewriter *to, const struct ctf_record *record)
{
	const struct ctf_trace *trace = to->rewrite->trace;

	put_own(to, MAGIC, 32);
	if (trace->has_uuid)
		put_bytes(to, trace->uuid, sizeof(trace->uuid));
	put_own(to, to->stream->from->id, 64);
	if (to->rewrite->has_stream_id)
		put_own(to, to->from->id, 64);
	put_scope(to, to->rewrite->packet_header, record, CTF_PACKET_HEADER);
}

static void put_packet_context(struct ctf_rewriter *to, const struct ctf_record *record)
{
	align(to, 8);
	to->context_at = (size_t)to->pos / 8;
	for (uint32_t i = 0; i < 4u + to->stream->has_begin + to->stream->has_end; i++)
		put_own(to, 0, 64);
	put_scope(to, to->stream->packet_context, record, CTF_PACKET_CONTEXT);
}

static void set_times(struct ctf_rewriter *to, const struct ctf_record *record)
{
	const struct ctf_clock *clock = to->stream->from->clock;
	const struct ctf_packet *packet = record->packet;

	to->begin = packet->has_begin ? packet->begin : to->any ? to->end : 0;
	to->end_known = packet->has_end;
	to->end = packet->end;
	if (!packet->has_begin && record->kind == CTF_EVENT)
		to->begin = record->cycles;
	if (to->cut.has_from && ctf_clock_cycles(clock, to->cut.from) > to->begin)
		to->begin = ctf_clock_cycles(clock, to->cut.from);
	if (to->cut.has_to && ctf_clock_cycles(clock, to->cut.to) < to->end)
		to->end = ctf_clock_cycles(clock, to->cut.to);
}

static void begin_packet(struct ctf_rewriter *to, const struct ctf_record *record)
{
	to->in_packet = true;
	to->file = record->packet->file;
	to->number = record->packet->number;
	if (to->stream->from->clock)
		set_times(to, record);
	/* Without a begin, some readers go on from the packet before and others from 0: its first record says all of its time. */
	to->clock_known = to->stream->has_begin;
	if (to->clock_known)
		to->clock = to->begin;
	put_packet_header(to, record);
	put_packet_context(to, record);
}

static void write_out(struct ctf_rewriter *to)
{
	size_t at = 0;

	while (!to->error && at < to->packet) {
		const ssize_t n = write(to->fd, to->bytes + at, to->packet - at);

		if (n < 0 && errno != EINTR)
			to->error = -errno;
		at += n > 0 ? (size_t)n : 0;
	}
	to->packet = 0;
}

static void end_packet(struct ctf_rewriter *to)
{
	const uint64_t bits = (to->pos + 7) / 8 * 8;
	size_t at = to->context_at;

	if (!to->in_packet || to->error)
		return;
	to->in_packet = false;
	to->any = true;
	if (!to->end_known || to->end < to->begin)
		to->end = to->clock < to->begin ? to->begin : to->clock;
	if (to->stream->has_begin)
		set_own(to, &at, to->begin);
	if (to->stream->has_end)
		set_own(to, &at, to->end);
	set_own(to, &at, to->pos);
	set_own(to, &at, bits);
	set_own(to, &at, to->sequence++);
	set_own(to, &at, to->discarded);
	to->packet += (size_t)bits / 8;
	to->pos = 0;
	if (to->packet >= FLUSH_AT)
		write_out(to);
}

/* The packet that the record's packet becomes is the one being built. */
static inline void enter_packet(struct ctf_rewriter *to, const struct ctf_record *record)
{
	const struct ctf_packet *packet = record->packet;

	if (__builtin_expect(to->number == packet->number && to->file == packet->file, 1))
		return;
	end_packet(to);
	begin_packet(to, record);
}

/* It goes on in another one. */
static void split_packet(struct ctf_rewriter *to, const struct ctf_record *record)
{
	const uint64_t clock = to->clock;

	to->end_known = false;
	end_packet(to);
	begin_packet(to, record);
	if (to->stream->has_begin)
		to->begin = to->clock = clock;
}

/* ---- Records ---- */

static void put_record_header(struct ctf_rewriter *to, const struct ctf_record *record)
{
	const struct out_stream *stream = to->stream;
	const bool big_endian = to->rewrite->trace->big_endian;
	const uint32_t clock_bits = 32 - stream->id_bits;
	const uint32_t extended = (1u << stream->id_bits) - 1;
	const uint64_t cycles = record->cycles;
	const bool compact = record->event->id < extended && to->clock_known && cycles - to->clock < (uint64_t)1 << clock_bits;
	const uint32_t id = compact ? (uint32_t)record->event->id : extended;
	const uint32_t time = compact ? (uint32_t)cycles & ((1u << clock_bits) - 1) : 0;

	if (!stream->from->clock) {
		put_number(to, record->event->id, stream->id_size, big_endian);
		return;
	}
	to->clock = cycles;
	to->clock_known = true;
	put_number(to, big_endian ? id << clock_bits | time : id | time << stream->id_bits, 32, big_endian);
	if (compact)
		return;
	put_number(to, record->event->id, stream->id_size, big_endian);
	put_number(to, cycles, 64, big_endian);
}

/* Return: false: padding is in other places. */
static inline bool copy_record(struct ctf_rewriter *to, const struct out_event *event, const struct ctf_record *record)
{
	const struct stream_reader *reader = (const struct stream_reader *)record;
	const uint64_t first = bits_align(reader_taken(reader)->scopes, event->align), end = reader_taken(reader)->end;
	const uint64_t pos = bits_align(to->pos, event->align);
	const size_t size = end > first ? (size_t)(end - first + 7) / 8 : 0;

	if ((first ^ pos) & (event->align_max - 1))
		return false;
	align(to, event->align);
	if (!have(to, size))
		return true;
	memcpy(to->bytes + to->packet + to->pos / 8, reader->decoder.bytes + first / 8, size);
	to->pos += end > first ? end - first : 0;
	return true;
}

static void put_event(struct ctf_rewriter *to, const struct ctf_record *record)
{
	const struct out_event *event;

	if (to->pos / 8 >= PACKET_MAX)
		split_packet(to, record);
	align(to, 8);
	put_record_header(to, record);
	put_scope(to, to->stream->event_header, record, CTF_EVENT_HEADER);
	event = &to->stream->events[record->event->index - to->stream->from->events[0]->index];
	if (event->same && copy_record(to, event, record))
		return;
	put_scope(to, to->stream->event_context, record, CTF_COMMON_CONTEXT);
	put_scope(to, event->context, record, CTF_SPECIFIC_CONTEXT);
	put_scope(to, event->payload, record, CTF_PAYLOAD);
}

/* ---- Interface ---- */

struct ctf_rewriter *ctf_rewriter_new(const struct ctf_rewrite *rewrite, const struct ctf_stream *stream,
				      const struct ctf_rewrite_cut *cut, int fd)
{
	struct ctf_rewriter *to = calloc(1, sizeof(*to));

	if (!to)
		return NULL;
	*to = (struct ctf_rewriter){.rewrite = rewrite, .from = stream, .cut = *cut, .fd = fd, .room = ROOM_FIRST};
	to->bytes = malloc(to->room);
	for (uint32_t i = 0; i < rewrite->trace->n_streams; i++)
		if (rewrite->streams[i].from == stream->class)
			to->stream = &rewrite->streams[i];
	if (to->bytes && to->stream)
		return to;
	ctf_rewriter_free(to);
	return NULL;
}

void ctf_rewriter_free(struct ctf_rewriter *to)
{
	if (!to)
		return;
	free(to->bytes);
	free(to);
}

int ctf_rewriter_packet(struct ctf_rewriter *to, const struct ctf_record *record)
{
	const struct ctf_packet *packet = record->packet;

	/* Its first record says when it begins. */
	if (to->stream->has_begin && !packet->has_begin)
		return to->error;
	/* Of a packet that is not in the cut there is nothing to say. */
	if ((to->cut.has_from && (!packet->has_end || packet->end_ns < to->cut.from)) ||
	    (to->cut.has_to && (!packet->has_begin || packet->begin_ns >= to->cut.to)))
		return to->error;
	end_packet(to);
	if (!to->error)
		begin_packet(to, record);
	return to->error;
}

/* Packets missing in front of the first one: there must be one before it that the gap can be seen from, an empty one. */
static void put_first(struct ctf_rewriter *to, const struct ctf_record *record)
{
	if (record->has_time && record->cycles < to->begin)
		to->begin = record->cycles;
	to->end = to->begin;
	to->end_known = true;
	end_packet(to);
	begin_packet(to, record);
}

/* Nobody knows how many are missing in front of what is left of a stream: its first packet is not number 0. */
static void put_loss(struct ctf_rewriter *to, uint64_t n)
{
	if (!n && !to->any)
		to->sequence = 1;
	to->discarded += n ? n : 1;
}

int ctf_rewriter_put(struct ctf_rewriter *to, const struct ctf_record *record)
{
	if (to->error)
		return to->error;
	enter_packet(to, record);
	switch (record->kind) {
	case CTF_EVENT:
		put_event(to, record);
		break;
	case CTF_LOST_RECORDS:
		put_loss(to, record->n_lost);
		break;
	case CTF_LOST_PACKETS:
		if (!to->any)
			put_first(to, record);
		to->sequence += record->n_lost;
		break;
	}
	return to->error;
}

int ctf_rewriter_end(struct ctf_rewriter *to)
{
	end_packet(to);
	write_out(to);
	return to->error;
}
