/* SPDX-License-Identifier: MIT */
/**
 * index.h - where in a data stream a time is. Not for anybody outside ctf/.
 *
 * Places of some packets, in their order, found by going through the packets' heads as far as a question needs. When there are
 * INDEX_PLACES_MAX of them every second one is dropped and from then on half as many are taken: memory is bounded, the way from a
 * place to the packet that is looked for doubles. Shared by all iterators of a set: a lock around each question.
 *
 * A packet is passed over only if it ends before the time that is looked for, and the next one begins before it, too: some
 * producers write a last record that is later than the end that the packet tells, and a packet may not tell any. The last packet is
 * never passed over, but for parts (struct ctf_select).
 */
#ifndef BL_CTF_INDEX_H
#define BL_CTF_INDEX_H

#include <pthread.h>

#include "ctf/ctf.h"

#define INDEX_PLACES_MAX 4096u

/** What a packet's losses are computed from: the packet before. */
struct packet_before {
	bool is; /* there is one */
	bool has_end, has_discarded, has_sequence;
	int64_t end_ns;
	uint64_t discarded;
	uint64_t sequence;
};

/** Where a packet begins. */
struct place {
	uint32_t file;
	uint64_t offset;
	uint64_t number;
	uint64_t clock; /* value in front of it, which a short time stamp goes on from */
	struct packet_before before;
};

struct index_place {
	int64_t done; /* the first record after this time, in ns, is here or behind */
	int64_t ends; /* the latest end of the packets in front */
	bool open;    /* the packet in front does not say when it ends */
	struct place place;
};

struct stream_reader;

struct index {
	pthread_mutex_t lock;
	struct index_place *places;
	uint32_t n;
	uint32_t stride; /* packets between places */
	uint64_t n_packets;
	int64_t done;            /* of the last packet gone through */
	struct index_place next; /* behind it; its done is not known yet */
	bool complete;
};

int index_init(struct index *index);
void index_destroy(struct index *index);

/**
 * index_find() - a place that no record at or after @ns is in front of: that of the packet that has it, as far as heads tell
 * @reader: of the stream, at any place; is moved
 * @part: a packet is passed over, too, if it and all before it end more than CTF_PART_MARGIN_NS before @ns, even the last one
 *
 * Return: 0; -ENOMEM.
 */
int index_find(struct index *index, struct stream_reader *reader, int64_t ns, bool part, struct place *ret);

#endif
