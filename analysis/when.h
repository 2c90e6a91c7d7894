/* SPDX-License-Identifier: MIT */
/**
 * when.h - times in words, for --from, --to and $time in filters.
 *
 *     2026-11-27T16:41:33.5    a date and a time; "T" or a blank between them; with "Z" or "+01:00" in that zone, else in the
 *                              user's
 *     2026-11-27               its first instant
 *     16:41:33.5, 16:41        on the day on which the trace begins, or on the next one if that is past before the trace begins
 *                              and the trace reaches it
 *     @1700000000.5            seconds since 1970
 *     1700000000500000000      nanoseconds since 1970
 *     +1.5s, +20ms             behind the trace's begin; units are ns us ms s m min h d, without one it is seconds
 *     -200ms                   before the trace's end
 */
#ifndef BL_ANALYSIS_WHEN_H
#define BL_ANALYSIS_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#define WHEN_ERROR_MAX 160

/** What words refer to. */
struct when_origin {
	bool has_span; /* the trace has times: first and last record, ns since 1970 */
	int64_t first;
	int64_t last;
	bool utc; /* not the user's time zone */
};

/** when_needs_span() - do these words refer to the trace's begin, end or day? */
bool when_needs_span(const char *text);

/** when_parse() - Return: false: @ret_error says what is wrong. */
bool when_parse(const char *text, const struct when_origin *origin, int64_t *ret_ns, char ret_error[WHEN_ERROR_MAX]);

#endif
