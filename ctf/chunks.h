/* SPDX-License-Identifier: MIT */
/**
 * chunks.h - directories that hold parts of one recording: what a rotation or a snapshot leaves behind. Not for anybody outside
 * ctf/.
 *
 * Chunks have one uuid, but so have recordings of a producer whose uuid was made when it was built. So it is looked at what they
 * hold: the metadata of one must describe what that of the other does, and the packets of a data stream must go on behind each
 * other, or be the same byte for byte where they overlap, as in snapshots of what a ring holds. The last packet of a chunk may have
 * been copied before it was full.
 */
#ifndef BL_CTF_CHUNKS_H
#define BL_CTF_CHUNKS_H

#include "ctf/index.h"
#include "ctf/set.h"

/**
 * chunks_same_metadata() - can all that @part describes be read with @whole, which may describe more?
 *
 * Clocks are the same ones, but may be known better in one. Return: 1: yes; 0: no; -ENOMEM.
 */
int chunks_same_metadata(const struct ctf_trace *whole, const struct ctf_trace *part);

#define CHUNKS_TIME_NS 1000000000u /* that a time may change by when a clock gets known better, */
#define CHUNKS_FREQUENCY_PART 64u  /* and such a part of its frequency */

/** chunks_same_time() - does @part say of a clock value what the whole, which has @class, says, or nearly? */
bool chunks_same_time(const struct ctf_stream_class *class, const struct ctf_trace *part, uint64_t cycles);

enum chunk_fit {
	CHUNK_BEHIND,   /* the later chunk begins behind the end of the earlier one */
	CHUNK_OVERLAPS, /* what is at and behind a place of the earlier one is in the later one, too */
	CHUNK_INSIDE,   /* all that is in the later one is in the earlier one */
	CHUNK_OTHER,    /* they are not of one recording */
	CHUNK_NO_MEMORY,
};

/**
 * chunks_fit() - how two chunks' parts of a data stream go together; reads their packets' heads, and all of what both have
 * @earlier: whose first packet is not behind that of @later
 * @place: in @earlier, no packet in front of which is in @later; CHUNK_OVERLAPS, CHUNK_INSIDE: is moved to the first that is
 */
enum chunk_fit chunks_fit(const struct set_stream *earlier, const struct set_stream *later, struct place *place);

#endif
