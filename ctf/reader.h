/* SPDX-License-Identifier: MIT */
/**
 * reader.h - goes through the packets and records of one data stream. Not for anybody outside ctf/.
 *
 * The reader is at a place: in front of a packet, or in it in front of a record. An error in a packet ends it: the next call goes
 * on with the next packet, if the packet's head could be read and says where that is, else with the next file.
 */
#ifndef BL_CTF_READER_H
#define BL_CTF_READER_H

#include "ctf/clock.h"
#include "ctf/decode.h"
#include "ctf/head.h"
#include "ctf/index.h"
#include "ctf/linear.h"
#include "ctf/set.h"
#include "ctf/window.h"

#define READER_RECORD_MAX ((size_t)64 << 20) /* bytes of a record, or of a packet's head */
#define READER_ROOM_MIN ((size_t)16 << 10)
#define READER_HEAD_ROOM ((size_t)512) /* for who reads heads of packets only: room for most */
#define READER_ROOM_MAX ((size_t)128 << 10)

#define READER_HEAD_SCOPES (1u << CTF_PACKET_HEADER | 1u << CTF_PACKET_CONTEXT)

#define READER_EVENT_SCOPES (1u << CTF_COMMON_CONTEXT | 1u << CTF_SPECIFIC_CONTEXT | 1u << CTF_PAYLOAD)

/** A scope whose nodes were made for a record. */
struct scope_nodes {
	struct ctf_node *own;
	uint32_t room;
	const struct ctf_node *root; /* NULL: the record has no such scope */
	struct ctf_place place;      /* of own */
	struct ctf_view view;
};

/** A record that was passed over. Positions are the decoder's. */
struct passed {
	const struct layout_event *event;
	uint64_t cycles;
	uint32_t begin;
	uint32_t scopes; /* behind the header, before alignment */
	uint32_t end;
	struct ctf_place places[LINEAR_PLACES];
};

_Static_assert(8 * READER_RECORD_MAX <= UINT32_MAX, "positions in a window have 32 bits");

/*
 * So few that what finding them waits for overlaps with what is done with them: with 64, or 1, iterating takes a tenth to a third
 * longer.
 */
#define READER_PASSED 4u

struct stream_reader {
	struct ctf_record record; /* first: who has the record has the reader */
	const struct set_stream *stream;
	const struct ctf_trace *trace;
	const struct layout_stream *class;
	struct window window;
	bool keep_open;

	struct place next; /* of the next packet */
	bool in_packet;
	struct ctf_packet packet;
	uint64_t content; /* bits of the packet that are records and head */
	bool cut;         /* the file ends before the packet does, or in its head */
	uint64_t base;    /* bits of the packet that decoder.bytes is behind its beginning */
	struct decoder decoder;
	uint64_t clock;
	struct clock_line line; /* of the times of the packet's records */
	uint64_t scope_at[3];   /* of the record's scopes behind its header, before alignment; not of linear events */

	uint32_t ready; /* scopes that are made, a bit each */
	struct scope_nodes scopes[CTF_N_SCOPES];
	struct ctf_place *places; /* of a linear event's steps */
	uint32_t places_room;
	uint8_t *head; /* copy of the packet's header and context */
	size_t head_room;
	uint64_t n_lost_records; /* to be told before the packet's records */
	uint64_t n_lost_packets;
	int64_t lost_from;
	int64_t lost_to;

	bool quick; /* in a packet, behind its first record, which has a time and a simple header: reader_fill() may be tried */
	const struct passed *next_passed; /* of passed, up to end_passed; the one in front was given out */
	const struct passed *end_passed;
	struct passed passed[READER_PASSED];
	const bool *wanted; /* by event->index; NULL: all. Others may be passed over, or not */

	void (*entered)(void *data, const struct ctf_record *record); /* a packet; NULL: nobody wants to know */
	void *entered_data;
	bool no_losses;
	bool placed;           /* the iterator's: it is where it is to begin */
	bool arrived;          /* the iterator's: it has met the selection's first record */
	bool begun;            /* the iterator's: it has met the part's first record */
	bool has_part_end;     /* the iterator's: that is known */
	struct place part_end; /* packets in front of it are in the part as a whole */
	bool unsaid; /* error is one that reader_next() is to tell first: a scope of a record that was given out could not be shown
		      */
	struct ctf_error error;
};

/** reader_init() - at the stream's beginning. @room: of the window, in bytes. Return: 0; -ENOMEM. */
int reader_init(struct stream_reader *reader, const struct set_stream *stream, size_t room, bool keep_open);
void reader_free(struct stream_reader *reader);

/** reader_go() - to a place. Nothing is read yet. */
void reader_go(struct stream_reader *reader, const struct place *place);

/**
 * reader_packet() - leave the packet and enter the next one: packet is filled in
 *
 * Return: CTF_RECORD; CTF_END; CTF_ERROR.
 */
enum ctf_status reader_packet(struct stream_reader *reader);

/** reader_next() - the next record, or loss: record is filled in. Return: as reader_packet(). */
enum ctf_status reader_next(struct stream_reader *reader);

/** reader_before() - the packet that the reader is in, for the one behind it. */
struct packet_before reader_before(const struct stream_reader *reader);

/**
 * reader_probe() - read the head of a file's first packet to see which stream it belongs to
 * @reader: reader_init()ed with stream NULL; class and packet are filled in
 *
 * Return: CTF_RECORD; CTF_END: the file is empty; CTF_ERROR.
 */
enum ctf_status reader_probe(struct stream_reader *reader, const struct ctf_trace *trace, const char *path, bool *ret_has_id,
			     uint64_t *ret_id);

/* ---- The way of nearly all records ---- */

/**
 * reader_fill() - pass over records that are loaded and linear, as far as there is room; in fill.c
 *
 * Return: there are some; false: what is next is for reader_next().
 */
bool reader_fill(struct stream_reader *reader);

/** reader_forget() - what was passed over and not given out: the reader goes elsewhere. */
static inline void reader_forget(struct stream_reader *reader)
{
	reader->quick = false;
	reader->next_passed = reader->end_passed = reader->passed;
}

/** reader_taken() - the record that was given out. */
static inline const struct passed *reader_taken(const struct stream_reader *reader)
{
	return reader->next_passed - 1;
}

/** reader_take() - the next passed record is the reader's record. */
static inline void reader_take(struct stream_reader *reader)
{
	const struct passed *passed = reader->next_passed++;
	struct ctf_record *record = &reader->record;

	reader->ready &= READER_HEAD_SCOPES;
	record->view.places = passed->places;
	record->roots = passed->event->ready;
	record->event = &passed->event->model.pub;
	record->cycles = passed->cycles;
	record->time = clock_line_ns(&reader->line, passed->cycles);
}

#endif
