/* SPDX-License-Identifier: MIT */
/**
 * filter.h - which records of a trace are wanted: an expression (query/expr.h), compiled once for each event class.
 *
 * Names are those of place.h; besides fields:
 *
 *     $name     category:name               $layer    xen, kernel or user, where the trace says so
 *     $cpu      of the packet               $stream   number of the data stream, as JSON output has it
 *     $tid $pid of the contexts; so are tid and pid, if the event has no such field itself
 *     $time     nanoseconds since 1970; a string that it is compared with is a time as in when.h: $time >= "16:41:33.5"
 *     $payload. $event_context. $context. $packet. $header. and a field: of this scope only; $ctx. and a field: of any context
 *
 * An array counts as its number of elements, a BLOB as its number of bytes. A bit map is a number that also compares with the
 * names of its bits: == holds if the bit is set. A variant is the value of its selected option; an option that is not selected,
 * what is optional and absent, and an element that an array does not have are nothing. So is $time in a stream without clock.
 *
 * What is decided by an event class alone (its name, the trace's layer, a field that it does not have) is decided before anything
 * is read: filter_events() is for ctf_select.
 *
 * Threads: a filter is constant once made.
 */
#ifndef BL_ANALYSIS_FILTER_H
#define BL_ANALYSIS_FILTER_H

#include "analysis/when.h"
#include "ctf/ctf.h"
#include "query/expr.h"

struct filter;

/**
 * filter_new() - compile an expression for all event classes of a set
 * @origin: what times in @text refer to
 *
 * Return: to be given to filter_free(), before ctf_close(); NULL with *@ret_error filled in (column 0: no memory).
 */
struct filter *filter_new(const struct ctf *ctf, const char *text, const struct when_origin *origin, struct expr_error *ret_error);

/** Accepts NULL. */
void filter_free(struct filter *filter);

/** filter_events(), filter_streams() - as in struct ctf_select: what can have a record that is wanted. NULL: all. The filter's. */
const bool *filter_events(const struct filter *filter);
const bool *filter_streams(const struct filter *filter);

/**
 * filter_match() - is this record wanted?
 *
 * Losses are, in streams that can have a record that is.
 */
bool filter_match(const struct filter *filter, const struct ctf_record *record);

/** filter_warning() - as expr_warning(), over all event classes of the set. */
bool filter_warning(const struct filter *filter, uint32_t *next, struct expr_error *ret);

#endif
