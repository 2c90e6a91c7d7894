/* SPDX-License-Identifier: MIT */
/**
 * inventory.h - what the heads of a data stream's packets say: how many, when, what was lost. No record is read.
 */
#ifndef BL_ANALYSIS_INVENTORY_H
#define BL_ANALYSIS_INVENTORY_H

#include "ctf/ctf.h"

struct inventory {
	uint64_t packets;
	uint64_t bytes;   /* of packets, padding included */
	uint64_t content; /* bytes of them that are used, heads included */
	bool has_time;
	int64_t first; /* ns: the earliest begin and the latest end that packets tell */
	int64_t last;
	uint64_t lost_records;
	uint64_t lost_packets;
};

/**
 * inventory_read() - go through a stream's packets
 * @error: called for what cannot be read; may be NULL
 */
void inventory_read(const struct ctf *ctf, const struct ctf_stream *stream,
		    void (*error)(void *data, const struct ctf_error *error), void *data, struct inventory *ret);

/** inventory_add() - two streams together. */
void inventory_add(struct inventory *to, const struct inventory *from);

#endif
