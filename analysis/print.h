/* SPDX-License-Identifier: MIT */
/**
 * print.h - records as text for people, as lines of JSON, as CSV.
 *
 *     struct print *print = print_new(ctf, &options, &error);      what to print and how: constant, for all threads
 *     struct printer *printer = printer_new(print);                what one thread remembers
 *     print_head(print, &text);
 *     while (...)
 *             printer_put(printer, record, &text);                 appends one line
 *
 * Text
 *
 *     == 2026-11-27 Friday (+01:00) ==
 *     16:41:33.500000000 [3] 4711/4712 db:query_done: rows=42, sql="SELECT 1", state=BUSY | prio=20
 *
 *     The time in the user's zone, the CPU, process and thread (once, if they are the same), the event, its fields, then
 *     contexts other than these. The day is printed when it changes, between marks that print_join() resolves. Of a clock that
 *     does not begin in 1970: seconds. An enumeration's label is followed by its number, as in LOW(3), if it stands for several.
 *
 * JSON: one object a line
 *
 *     {"time":1700000000123456789,"cycles":123456,"name":"db:query_done","id":1,"stream":0,"file":"DIR/stream_0","packet":3,
 *      "packet_context":{...},"context":{...},"event_context":{...},"fields":{"rows":42,"sql":"SELECT 1"}}
 *     {"time":T,"lost":12,"what":"records","from":T1,"to":T2,"stream":0,"file":"..."}
 *
 *     A part that the record does not have is left out; so are members of the packet's context that have a role (times, sizes,
 *     counters). Floating point numbers are numbers, or "NaN", "Infinity", "-Infinity"; enumerations
 *     {"value":n,"labels":[...]}; bit maps {"value":n,"flags":[...]}; BLOBs {"blob":"hex","media_type":"..."}; variants
 *     {"OPTION":value}; what is optional and absent null. See text.h for strings. "lost" is null if nobody knows how many.
 *
 * CSV: RFC 4180 with LF
 *
 *     time,cpu,layer,name, and a column for each field: those asked for, or all that the selected events have. Strings are as
 *     they are; structures, arrays and variants are as in JSON. Losses have no line.
 */
#ifndef BL_ANALYSIS_PRINT_H
#define BL_ANALYSIS_PRINT_H

#include "analysis/text.h"
#include "ctf/ctf.h"
#include "query/expr.h"

enum print_format {
	PRINT_TEXT,
	PRINT_JSON,
	PRINT_CSV,
};

struct print_options {
	enum print_format format;
	const char *fields; /* names as in expressions, separated by commas: these instead of all. NULL: all */
	const bool *events; /* by trace->first_event + event->index: what can come, for the columns of CSV. NULL: all */
	bool utc;           /* text: not the user's time zone */
	bool ns;            /* text: times as in JSON */
	bool color;         /* text */
	uint32_t width;     /* text: lines are cut at so many characters; 0: never */
};

#define PRINT_DAY_MAX 64 /* bytes of the line with the day */

struct print;
struct printer;

/**
 * print_new() - how to print
 * @options: copied; the strings and arrays outlive the result
 *
 * Return: to be given to print_free(); NULL with *@ret_error, whose column counts in options->fields (0: no memory).
 */
struct print *print_new(const struct ctf *ctf, const struct print_options *options, struct expr_error *ret_error);

/** Accepts NULL. */
void print_free(struct print *print);

/** print_head() - what comes before all records. */
void print_head(const struct print *print, struct text *text);

/** printer_new() - Return: to be given to printer_free(); NULL: out of memory. */
struct printer *printer_new(const struct print *print);

/** Accepts NULL. */
void printer_free(struct printer *printer);

/** printer_put() - append a record; text->failed: out of memory. */
void printer_put(struct printer *printer, const struct ctf_record *record, struct text *text);

#define PRINT_MARK '\001' /* around a day; no other control character is ever in the text */

/** print_is_marked() - has what printer_put() appended for one record, at @line, anything for print_join()? */
static inline bool print_is_marked(const char *line)
{
	return *line == PRINT_MARK;
}

/** What print_join() knows of the output so far. All zero: nothing yet. */
struct print_joint {
	char day[PRINT_DAY_MAX]; /* printed last */
	char next[PRINT_DAY_MAX];
	size_t next_size;
	bool in_mark;
};

/**
 * print_join() - bring output into its final form: days that were printed already are left out
 * @joint: for the whole of an output, which several printers made piece by piece; a piece can end anywhere
 * @write: called with what is to be written; false: no more. May be called several times, or not at all
 *
 * Only text needs it, and of text only what has records with a mark (print_is_marked()); the other formats are left as they are.
 * Return: what @write returned last, or true.
 */
bool print_join(struct print_joint *joint, const char *bytes, size_t size,
		bool (*write)(void *data, const char *bytes, size_t size), void *data);

#endif
