/* SPDX-License-Identifier: MIT */
/**
 * clock.h - the trace clock: which one, how fast it runs, and where its zero lies in the world's time.
 *
 * Programs stamp with the raw counter. The recorder reads (counter, CLOCK_REALTIME, CLOCK_MONOTONIC_RAW) at the start and again
 * later; each reading is the tightest of many, where the system's clock is read between two readings of the counter, so its error is
 * at most half the bracket. The line through the two gives frequency and offset; the longer the session, the better. If the world's
 * time was set in between (it disagrees with CLOCK_MONOTONIC_RAW by more than any slewing does), the frequency is taken from the
 * latter and the offset from the start.
 *
 * Invariant:  real time of a tick = offset_s + (offset_ticks + tick) / frequency,  to within error_ns at both ends of the session.
 */
#ifndef BL_RECORD_CLOCK_H
#define BL_RECORD_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock_reading {
	uint64_t ticks;
	int64_t real_ns;
	int64_t raw_ns;
	uint64_t bracket_ticks; /* the reading of real_ns lies in ticks +- bracket_ticks / 2 */
};

struct trace_clock {
	uint32_t kind;      /* enum bl_user_clock */
	const char *name;   /* for the metadata */
	const char *why;
	const char *note;   /* what else the reader of its times should know; NULL: nothing */
	uint8_t uuid[16];   /* of this clock of this boot of this host */
	uint64_t frequency_hz;
	int64_t offset_s;
	uint64_t offset_ticks; /* 0 <= offset_ticks < frequency_hz */
	uint64_t error_ns;
	struct clock_reading start;
	uint64_t span_ns; /* between the readings that the estimate is from */
};

/** trace_clock_init() - choose a clock and take the first reading and a short estimate (some milliseconds) */
void trace_clock_init(struct trace_clock *clock);

/** trace_clock_refine() - estimate again from the start until now */
void trace_clock_refine(struct trace_clock *clock);

/** trace_clock_is_stale() - has so much time passed that a refined estimate would be much better than the last one? */
bool trace_clock_is_stale(const struct trace_clock *clock);

uint64_t trace_clock_now(const struct trace_clock *clock);

/** From two readings; for the tests. @counter: false: the clock is known to run in nanoseconds. */
void trace_clock_estimate(struct trace_clock *clock, const struct clock_reading *end, bool counter);

#endif
