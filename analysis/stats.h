/* SPDX-License-Identifier: MIT */
/**
 * stats.h - counts over a set of traces: records and bytes by event, process and CPU, over time; what was lost; how good the clocks
 * are.
 *
 * Only what the counts are by is decoded, and where it is the same for a whole packet, once for a packet.
 *
 * Whose a record is: its process is the member "pid", else "vpid", of the packet's context, else of the records' context, else of
 * the trace's environment; the process's name is "procname" there. Its CPU is "cpu_id" of the packet's context, else of the
 * records'.
 */
#ifndef BL_ANALYSIS_STATS_H
#define BL_ANALYSIS_STATS_H

#include "analysis/filter.h"
#include "ctf/ctf.h"

#define STATS_BINS 480 /* of the rate over time, at most */

/** What is counted for each of many things. */
struct stats_count {
	uint64_t records;
	uint64_t bits; /* of these records, without packets' heads and padding */
	uint64_t lost; /* records discarded */
};

struct stats_event {
	const struct ctf_trace *trace;
	const struct ctf_event_class *class; /* the first of those with this name and name space in the trace */
	uint32_t n_classes;
	struct stats_count count;
};

/** Records of a trace with the same process, or CPU. */
struct stats_group {
	const struct ctf_trace *trace;
	bool known; /* false: the trace does not say whose these are */
	int64_t id;
	char name[64]; /* "": none */
	int64_t name_time;
	struct stats_count count;
};

struct stats_groups {
	struct stats_group *groups;
	uint32_t n;
	uint32_t room;
	uint32_t *table; /* of stats_groups_find() */
	uint32_t table_size;
};

/** Why records were discarded, where the packets' contexts say so in a structure "discarded" of running totals. */
struct stats_reason {
	char name[64];
	uint64_t n;
};

struct stats_lost {
	uint64_t records;
	uint64_t packets;
	uint64_t times; /* how often something was lost */
	bool unknown;   /* and at least once nobody knows how many */
	uint32_t n_reasons;
	struct stats_reason *reasons;
};

struct stats_trace {
	const struct ctf_trace *trace;
	uint32_t n_files;
	uint64_t file_bytes;
	bool has_time;
	int64_t first; /* ns */
	int64_t last;
	struct stats_count count;
	struct stats_lost lost;
};

/** How far a clock's times may be from the world's. */
struct stats_clock {
	const struct ctf_trace *trace;
	const struct ctf_clock *clock;
	bool known;
	uint64_t error_ns; /* precision and accuracy, rounded up */
};

struct stats {
	uint32_t n_traces;
	struct stats_trace *traces;
	struct stats_trace total;
	uint32_t n_events;
	struct stats_event *events; /* the most frequent first; so with the others */
	struct stats_groups processes;
	struct stats_groups cpus;
	uint32_t n_clocks;
	struct stats_clock *clocks;
	bool has_error;    /* every clock says how good it is */
	uint64_t error_ns; /* of the worst, from the world's time */
	uint64_t apart_ns; /* by so much may times of two clocks be apart; 0: there is but one */
	int64_t bins_from; /* the rate over time: records from bins_from + i * bins_width on */
	uint64_t bins_width;
	uint32_t n_bins;
	uint64_t bins[STATS_BINS];
};

/** What is to be counted, and how. */
struct stats_options {
	struct ctf_select select;
	const struct filter *filter; /* NULL: all records. Losses are counted as it has them */
	unsigned int workers;        /* 0: all CPUs */
	uint32_t n_bins;             /* 1..STATS_BINS */
	void *data;                  /* of what follows; both may be NULL */
	void (*error)(void *data, const struct ctf_error *error);
	void (*progress)(void *data, uint64_t done, uint64_t total);
};

/**
 * stats_read() - count
 *
 * Return: 0: *@ret_stats is to be given to stats_fini(), and keeps pointing into @ctf; -ENOMEM.
 */
int stats_read(const struct ctf *ctf, const struct stats_options *options, struct stats *ret_stats);
void stats_fini(struct stats *stats);

/** stats_layer() - the trace's layer for people: place_layer(), else the last part of its directory's name. */
const char *stats_layer(const struct ctf_trace *trace);

/** stats_bytes() - bits as bytes, rounded up. */
static inline uint64_t stats_bytes(uint64_t bits)
{
	return bits / 8 + (bits % 8 != 0);
}

#endif
