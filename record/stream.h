/* SPDX-License-Identifier: MIT */
/**
 * stream.h - classes of streams (one for each set of descriptions) and the streams in them (stream_file.h: their files).
 *
 * A stream is bound to one ring of one living program at a time. When the program is dead and its ring drained, the stream is free
 * for a ring of the same class and CPU of another program: ten thousand short processes need as many streams as were alive at once.
 * In it the packets' sequence numbers, times and discarded counts go on:
 *
 *     seq_next       number of the next packet
 *     ts_last        timestamp_end of the last packet; the next does not begin earlier
 *     lost[i]        discarded so far, as the last packet says; never falls
 */
#ifndef BL_RECORD_STREAM_H
#define BL_RECORD_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/packet.h"
#include "ctf/metadata.h"
#include "describe.h"
#include "stream_file.h"

#define STREAM_CLASSES_MAX 4096u

struct stream {
	struct stream *next;      /* of all */
	struct stream *next_free; /* of class->free[cpu] */
	struct stream_class *class;
	uint32_t cpu;
	uint64_t instance_id; /* 0, 1, ... in the session */
	uint64_t seq_next;
	uint64_t ts_last;
	uint64_t lost[BL_LOST_NR];
	bool spoiled;            /* its program wrote nonsense: nobody else gets it */
	struct stream_file file; /* in the session's own directory */
};

struct stream_class {
	struct stream_class *next;
	uint32_t id;
	uint32_t id_bits;
	uint32_t n_events; /* largest id */
	struct event_set *set;
	struct ctfw_stream_class ctf;
	/* The tables behind struct bl_session_head, made once: which events are on, filters. */
	uint32_t rings_offset;
	uint32_t enabled_offset;
	uint32_t head_size;
	uint8_t *enabled;
	uint32_t enabled_size;
	struct stream **free; /* by cpu */
};

struct streams {
	struct stream_class *classes; /* newest first */
	struct stream *all;           /* newest first */
	uint32_t n_classes;
	uint32_t n_streams; /* that have a file */
	uint64_t next_instance;
};

/** Smallest split that gives every id of 1..@max_id the compact header, as far as there is one. */
uint32_t stream_id_bits(uint32_t max_id);

/** stream_bind() - a stream for a ring of @class on @cpu. Return: NULL: out of memory. */
struct stream *stream_bind(struct streams *streams, struct stream_class *class, uint32_t cpu);
/** The ring is gone. Closes the file, with its room; it is opened again when it is needed again. */
void stream_unbind(struct stream *stream);

/** stream_class_find() - that of an equal set, or NULL */
struct stream_class *stream_class_find(const struct streams *streams, const struct event_set *set);

/**
 * stream_class_new() - for a set that has none yet; the set belongs to the class from now on, if it succeeds
 * @form: its id_bits: 0: stream_id_bits() of the set's largest id
 *
 * Return: NULL with errno: ENOMEM, or ENOSPC: there are STREAM_CLASSES_MAX.
 */
struct stream_class *stream_class_new(struct streams *streams, struct event_set *set, uint32_t n_cpus, const struct stream_form *form);

void streams_fini(struct streams *streams);

#endif
