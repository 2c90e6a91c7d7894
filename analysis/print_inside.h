/* SPDX-License-Identifier: MIT */
/**
 * print_inside.h - what the printers of the three formats share. Not for anybody but print*.c.
 *
 * A printer keeps what is the same for many records ready as text: names and prefixes of an event class (made when its first record
 * comes), what a packet's context says (made anew for each packet), the time up to the second, labels of values.
 */
#ifndef BL_ANALYSIS_PRINT_INSIDE_H
#define BL_ANALYSIS_PRINT_INSIDE_H

#include "analysis/number.h"
#include "analysis/place.h"
#include "analysis/print.h"

#define PRINT_LABELS 256u /* values whose labels are kept ready, a power of 2 */
#define PRINT_VALUES 64u  /* of an array at once */

/** A field that was asked for, or a column. */
struct print_field {
	const char *name;   /* as the user wrote it */
	size_t column;      /* of options.fields, in bytes, from 0 */
	struct expr *expr;  /* its only node is the name */
	struct text prefix; /* TEXT, JSON: print_prefix(), not the first */
};

struct print {
	const struct ctf *ctf;
	struct print_options options;
	uint32_t n_traces;
	uint32_t n_events;
	uint32_t n_fields;
	struct print_field *fields;
	char *names; /* that fields[].name are in */
};

struct printer;

/** A member of a payload. */
struct print_member {
	const struct ctf_class *class;
	bool is_shown;
	struct text prefix; /* what stands in front of its value */
	void (*put)(struct printer *printer, const struct ctf_field *field, struct text *text); /* the value */
	bool direct;                                                                            /* see place_is_direct(): */
	uint64_t offset; /* bits from the beginning of the payload */
};

/** An event class, made ready. */
struct print_event {
	const struct ctf_event_class *class;
	struct text head;               /* TEXT: " name:"; JSON: "name":...,"id":..., ; CSV: the quoted name and commas */
	struct print_member *payload;   /* TEXT, JSON: of each member */
	uint32_t n_near;                /* members at the beginning of it; see print_payload() */
	bool in_packet;                 /* TEXT: the packet says which CPU and process this is */
	bool has_context[CTF_N_SCOPES]; /* TEXT: the scope has members to be shown at the end of the line */
	struct place *cpu, *pid, *tid;
	struct place **fields; /* print->n_fields */
};

/** What the newest packet of a stream says. */
struct print_packet {
	const char *file; /* and number: which packet it is. NULL: none yet */
	uint64_t number;
	struct text text;
	/* TEXT: */
	bool has_pid; /* event->pid is in the packet's context */
	uint64_t pid;
	bool has_origin; /* origin is of this packet and */
	uint64_t tid;
	struct text origin; /* " [3] 4711/4712" */
};

/** Makes the text of a value of an enumeration or bit map. */
typedef void print_make_label(const struct ctf_class *class, uint64_t value, struct text *text);

struct print_label {
	print_make_label
		*make; /* and class and value: what text is of. In CSV a class is shown as text or, in a structure, as JSON */
	const struct ctf_class *class;
	uint64_t value;
	struct text text;
};

/** A clock's time up to the second, in text. */
struct print_time {
	int64_t second;     /* that text is of */
	int64_t second_day; /* that it is on, since 1970 */
	int64_t quarter;    /* of an hour since 1970, that east holds for */
	int64_t east;       /* seconds east of Greenwich */
	int64_t day;        /* of the last record; INT64_MIN: none */
	bool valid;
	char text[9];                  /* HH:MM:SS. */
	const struct ctf_clock *clock; /* of the last record, if it is shown as time of day, */
	int64_t begin;                 /* and the second that its time was in, ns */
};

struct printer {
	const struct print *print;
	struct print_event **events; /* by trace->first_event + index; NULL: none came yet */
	uint32_t n_packets;
	struct print_packet *packets; /* by stream->index */
	struct print_label labels[PRINT_LABELS];
	struct print_time time;
	struct text scratch;
};

/** How a format writes the parts of what is put together alike. CSV has no keys and no compound values of its own. */
struct print_style {
	const char *separator; /* of elements, members, fields: a comma, and what is in front of the first field too */
	void (*key)(const char *name, struct text *text);
	void (*string)(struct text *text, const char *string, size_t size);
	void (*integer)(const struct ctf_class *class, uint64_t value, struct text *text);
	void (*value)(struct printer *printer, const struct ctf_field *field, struct text *text);
	bool (*time)(struct printer *printer, const struct ctf_record *record, struct text *text); /* false: there is none */
};

static inline void print_uint(uint64_t value, struct text *text)
{
	char *to = text_room(text, NUMBER_MAX);

	if (to)
		text_end(text, number_uint(to, value));
}

static inline void print_int(int64_t value, struct text *text)
{
	char *to = text_room(text, NUMBER_MAX);

	if (to)
		text_end(text, number_int(to, value));
}

/* print_time.c */

/** print_record_time() - the record's time; if it is of another day than the one before, the day's mark in front of @before. */
void print_record_time(struct printer *printer, const struct ctf_record *record, const char *before, struct text *text);
/** print_clock() - a time of the stream's clock, as the options want it. */
void print_clock(struct printer *printer, const struct ctf_stream *stream, bool has_time, int64_t ns, struct text *text);

/* print_json.c */

extern const struct print_style print_json_style;
void print_json_event(struct printer *printer, struct print_event *event, const struct ctf_record *record, struct text *text);
void print_json_loss(const struct ctf_record *record, struct text *text);
bool print_json_ready(struct print_event *event);
/** print_json_value() - a field with everything in it. */
void print_json_value(struct printer *printer, const struct ctf_field *field, struct text *text);

/* print_text.c */

extern const struct print_style print_text_style;
void print_text_event(struct printer *printer, struct print_event *event, const struct ctf_record *record, struct text *text);
void print_text_loss(struct printer *printer, const struct ctf_record *record, struct text *text);
bool print_text_ready(const struct print *print, struct print_event *event);
/** print_text_number() - a number without labels, in its base; @exact: floats as doubles. */
void print_text_number(const struct ctf_field *field, bool exact, struct text *text);
print_make_label print_text_labels;

/* print_csv.c */

void print_csv_event(struct printer *printer, struct print_event *event, const struct ctf_record *record, struct text *text);
bool print_csv_ready(struct print_event *event);
void print_csv_head(const struct print *print, struct text *text);
/** print_csv_columns() - names of the fields that the selected events have, separated by NUL. False: out of memory. */
bool print_csv_columns(const struct print *print, struct text *names);

/* print.c */

bool print_has_labels(const struct ctf_class *class);
/** print_label() - append the text that @make makes of an enumeration's value; it is kept for the next time. */
void print_label(struct printer *printer, const struct ctf_field *field, print_make_label *make, struct text *text);
/** print_packet() - what @make makes of the record's packet; it is kept as long as it is the same packet. */
struct print_packet *print_packet(struct printer *printer, const struct ctf_record *record,
				  void (*make)(struct printer *printer, const struct ctf_record *record,
					       struct print_packet *packet));
/** print_kept() - append a text that was made before. */
void print_kept(const struct text *kept, struct text *text);
/**
 * print_members_ready() - fill in event->payload
 * @ready: puts the prefix and says how to put the value; @first: it is the first that is shown
 * @is_shown: NULL: all are
 *
 * Return: false: out of memory.
 */
bool print_members_ready(struct print_event *event, void (*ready)(struct print_member *member, const char *name, bool first),
			 bool (*is_shown)(const struct ctf_class *payload, uint32_t member));
/** print_payload() - all members, each with its prefix. */
void print_payload(struct printer *printer, const struct print_event *event, const struct ctf_record *record, struct text *text);
/** print_string() - a CTF_STRING in UTF-8. */
const char *print_string(struct printer *printer, const struct ctf_field *field, size_t *ret_size);
/** print_prefix() - what stands in front of a field's value. @first: nothing is in front of it. */
void print_prefix(const struct print_style *style, const char *name, bool first, struct text *prefix);
/** print_place() - what a place says. Return: false: nothing. */
bool print_place(struct printer *printer, const struct print_style *style, const struct place *place,
		 const struct ctf_record *record, struct text *text);
/** print_chosen() - the fields that were asked for, as far as the record has them. */
void print_chosen(struct printer *printer, const struct print_style *style, const struct print_event *event,
		  const struct ctf_record *record, struct text *text);
/** print_time_ns() - the time as a number. */
bool print_time_ns(struct printer *printer, const struct ctf_record *record, struct text *text);

#endif
