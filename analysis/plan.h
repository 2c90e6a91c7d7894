/* SPDX-License-Identifier: MIT */
/**
 * plan.h - where to cut time into slices, found from the headers of packets, as far as was asked.
 *
 * One packet of each stream is looked at ahead, and they wait in a heap ordered by their beginnings. A slice takes packets out of
 * it until it has enough bytes; it ends right behind the beginning of the next one. So a boundary is mostly near the edge of a
 * packet, and a packet that is cut gives but its first record to the slice before.
 *
 * Slices follow each other without gap or overlap: the first begins where the selection begins, the last ends where it ends. A
 * slice has only the streams that can have something in it: of ten thousand processes most have ended, or not begun.
 */
#ifndef BL_ANALYSIS_PLAN_H
#define BL_ANALYSIS_PLAN_H

#include "ctf/ctf.h"

struct plan_stream {
	struct ctf_packet packet; /* the one that is looked at */
	int64_t reach;            /* no packet taken so far ends later */
	bool open;                /* nobody knows when it ends */
	bool waits;               /* it goes on: has begun, and has another packet */
	bool live;                /* in plan.live */
};

struct plan {
	const struct ctf *ctf;
	struct ctf_select select;
	uint32_t n_streams;
	bool *timed; /* by stream: selected, with clock */
	bool any_untimed;
	bool any_timed;
	bool begun;
	bool ended;
	bool rest; /* what is left is one slice: times of packets say nothing */
	struct plan_stream *streams;
	struct plan_stream **heap; /* by packet.begin_ns */
	uint32_t n_heap;
	struct plan_stream **live; /* those that can have something in the slice that is being made */
	uint32_t n_live;
	uint64_t spread;   /* bytes of the packets in the heap: what a boundary may cut */
	uint64_t size_max; /* of slices, in bytes */
	uint64_t size;     /* of the next one */
	uint64_t left;     /* bytes that are not yet in any slice */
	uint64_t total;
	unsigned int workers;
	bool has_at;
	bool has_part; /* at is where a slice ended */
	int64_t at;    /* where the next slice begins */
};

/** What a slice reads. */
struct plan_slice {
	struct ctf_select select;
	bool *streams;  /* of select */
	uint64_t bytes; /* of the packets that begin in it */
	bool all;       /* there is no other */
};

/** plan_init() - Return: 0; -ENOMEM. */
int plan_init(struct plan *plan, const struct ctf *ctf, const struct ctf_select *select, unsigned int workers,
	      uint64_t slice_bytes);
void plan_fini(struct plan *plan);

/** plan_next() - Return: 1: *@ret_slice is to be given to plan_slice_fini(); 0: no more; -ENOMEM. */
int plan_next(struct plan *plan, struct plan_slice *ret_slice);
void plan_slice_fini(struct plan_slice *slice);

#endif
