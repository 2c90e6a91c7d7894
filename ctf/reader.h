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
#include "ctf/index.h"
#include "ctf/set.h"
#include "ctf/window.h"

#define READER_RECORD_MAX ((size_t)64 << 20) /* bytes of a record, or of a packet's head */
#define READER_ROOM_MIN ((size_t)16 << 10)
#define READER_HEAD_ROOM ((size_t)4 << 10) /* for who reads heads of packets only */
#define READER_ROOM_MAX ((size_t)256 << 10)

#define READER_HEAD_SCOPES (1u << CTF_PACKET_HEADER | 1u << CTF_PACKET_CONTEXT)

/** A scope's nodes, made when somebody asks for them. */
struct scope_nodes {
	const uint8_t *base;
	uint64_t start;               /* bits from base */
	const struct ctf_node *nodes; /* a class' template, or own */
	struct ctf_node *own;
	uint32_t room;
};

/** A record that was passed over and not given out yet. */
struct passed {
	const struct layout_event *event;
	uint64_t cycles;
	uint64_t begin;  /* decoder's position */
	uint32_t header; /* bits from begin to the first scope behind the header, before alignment */
	uint32_t size;
};

#define READER_PASSED 64u

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
	bool cut;         /* the file ends before the packet does */
	uint64_t base;    /* bits of the packet that decoder.bytes is behind its beginning */
	struct decoder decoder;
	uint64_t clock;
	struct clock_line line; /* of the times of the packet's records */
	uint64_t scope_at[3];   /* of the record's scopes behind its header, before alignment */
	uint64_t header_at;

	uint32_t ready; /* scopes whose nodes are made, a bit each */
	struct scope_nodes scopes[CTF_N_SCOPES];
	uint8_t *head; /* copy of the packet's header and context */
	size_t head_room;
	uint64_t n_lost_records; /* to be told before the packet's records */
	uint64_t n_lost_packets;
	int64_t lost_from;
	int64_t lost_to;

	bool quick; /* in a packet, behind its first record, which has a time and a header of a word: reader_fill() may be tried */
	uint32_t n_passed;
	uint32_t next_passed;
	struct passed passed[READER_PASSED];
	const bool *wanted; /* by event->index; NULL: all. Others may be passed over, or not */

	void (*entered)(void *data, const struct ctf_record *record); /* a packet; NULL: nobody wants to know */
	void *entered_data;
	bool no_losses;
	bool placed;  /* the iterator's: it is where it is to begin */
	bool arrived; /* the iterator's: it has met the selection's first record */
	bool unsaid;  /* error is one that reader_next() is to tell first: a scope of a record that was given out could not be shown
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

/** reader_fill() - pass over records that are loaded, and are quick to pass over, as far as there is room. Return: there are some.
 */
bool reader_fill(struct stream_reader *reader);

/** reader_take() - the next passed record is the reader's record. */
static inline void reader_take(struct stream_reader *reader)
{
	const struct passed *passed = &reader->passed[reader->next_passed++];
	struct ctf_record *record = &reader->record;

	reader->header_at = passed->begin;
	reader->scope_at[0] = passed->begin + passed->header;
	reader->ready &= READER_HEAD_SCOPES;
	record->event = &passed->event->model.pub;
	record->offset = reader->base + passed->begin;
	record->size = passed->size;
	record->cycles = passed->cycles;
	record->time = clock_line_ns(&reader->line, passed->cycles);
}

#endif
