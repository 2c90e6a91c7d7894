/* SPDX-License-Identifier: MIT */
/**
 * metadata.h - the metadata of a trace: a model of what is in it, and its text in CTF 1.8 (TSDL) and CTF 2 (JSON).
 *
 * Both texts describe the same bytes, which are those that core/ writes (core/packet.h, core/record.h, core/event.h), in the byte
 * order of the machine that wrote them:
 *
 *     packet header   magic u32, stream_id u32, uuid u8[16], stream_instance_id u64
 *     packet context  timestamp_begin u64, packet_seq_num u64, cpu_id u32, owner u32[3], timestamp_end u64, content_size u64,
 *                     packet_size u64, events_discarded u64, discarded u64[5] by reason
 *     record header   one u32 of id_bits of id and the rest of clock; all id bits set: then id u32 and clock u64 follow
 *     contexts        of the channel
 *     fields          packed; a sequence is a u16 and that many elements
 *
 * Nothing is aligned but timestamp_end, to 32 bytes: that passes over the owner words that nobody has named.
 *
 * Names. An event is `category:name`. Fields keep their names if these are identifiers, else they get one: `x->y[3]` is x_y_3.
 * Names are made unique within the event (x, x_2). In TSDL each has one more '_' in front, which readers take off, so that keywords
 * are names too. A sequence's length is a field of its own, `_NAME_length`. CTF 2 keeps what the program wrote, and the source
 * line, in attributes of the namespace "borelog"; in CTF 1.8 the source line is the event's model.emf.uri.
 *
 * Text may come from anywhere: it is cleaned (text.h), then escaped. No input makes the metadata mean anything but itself.
 */
#ifndef BL_CTF_METADATA_H
#define BL_CTF_METADATA_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum ctf_version {
	CTF_1_8,
	CTF_2,
};

enum ctfw_type {
	CTFW_UNSIGNED,
	CTFW_SIGNED,
	CTFW_FLOAT,
	CTFW_BOOL,   /* one byte */
	CTFW_STRING, /* ends with NUL */
};

/** Values first..last have this name. For CTFW_UNSIGNED fields of 64 bits both are the bits of unsigned numbers. */
struct ctfw_mapping {
	int64_t first;
	int64_t last;
	const char *label;
};

struct ctfw_field {
	const char *name;
	enum ctfw_type type;
	uint8_t bits;  /* 8, 16, 32, 64 (CTFW_FLOAT: 32, 64; CTFW_BOOL: 8); nothing for CTFW_STRING */
	bool hex;      /* show in base 16. A sequence of such bytes is a byte block */
	bool sequence; /* not of strings */
	uint32_t n_mappings;
	const struct ctfw_mapping *mappings; /* integers only */
};

struct ctfw_event {
	uint32_t id;
	uint32_t line;
	const char *category; /* may be empty */
	const char *name;
	const char *file; /* may be empty */
	uint32_t n_fields;
	const struct ctfw_field *fields;
};

#define CTFW_OWNERS 3

struct ctfw_stream_class {
	uint32_t id;
	uint32_t id_bits;
	const char *owner[CTFW_OWNERS]; /* names of the packet context's owner words, such as "pid"; NULL: means nothing here. No
					  gaps. */
	uint32_t n_contexts;
	const struct ctfw_field *contexts; /* in front of each record's fields */
	uint32_t n_events;
	const struct ctfw_event *events;
	void *memory; /* the maker's, who frees it */
};

struct ctfw_env {
	const char *name;
	const char *text; /* NULL: it is a number */
	int64_t number;
};

/** One clock for all streams. Time since 1970 in seconds = offset_s + (offset_cycles + clock) / frequency. */
struct ctfw_clock {
	const char *name; /* an identifier */
	const char *description;
	uint8_t uuid[16]; /* the same in every layer of a host, or readers will not merge them */
	uint64_t frequency;
	int64_t offset_s;
	uint64_t offset_cycles; /* less than frequency */
	uint64_t precision;     /* cycles that it may be wrong by */
};

struct ctfw_trace_class {
	uint8_t uuid[16];
	bool big_endian;
	struct ctfw_clock clock;
	uint32_t n_env;
	const struct ctfw_env *env;
	uint32_t n_streams;
	const struct ctfw_stream_class *streams;
};

/**
 * ctf_metadata_write() - write all of a trace's metadata
 *
 * The same as ctf_metadata_write_trace() and then ctf_metadata_write_stream() for each of trace->streams.
 * Return: 0; -ENOMEM; -EIO: @out says that something went wrong.
 */
int ctf_metadata_write(const struct ctfw_trace_class *trace, enum ctf_version version, FILE *out);

/**
 * ctf_metadata_write_trace(), ctf_metadata_write_stream() - write it piece by piece
 *
 * What was written so far is valid metadata at any time, so new classes of streams can be added to the end of a file while a trace
 * is being recorded. Neither looks at trace->streams.
 */
int ctf_metadata_write_trace(const struct ctfw_trace_class *trace, enum ctf_version version, FILE *out);
int ctf_metadata_write_stream(const struct ctfw_trace_class *trace, const struct ctfw_stream_class *stream,
			      enum ctf_version version, FILE *out);

/** ctf_metadata_text() - the same as a string, to be freed; NULL: out of memory. @ret_size may be NULL. */
char *ctf_metadata_text(const struct ctfw_trace_class *trace, enum ctf_version version, size_t *ret_size);

#endif
