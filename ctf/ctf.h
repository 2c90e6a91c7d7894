/* SPDX-License-Identifier: MIT */
/**
 * ctf.h - read CTF traces, 1.8 and 2, from any producer.
 *
 *     struct ctf_error error;
 *     struct ctf *ctf = ctf_open(dirs, n_dirs, &error);
 *     struct ctf_iter *iter = ctf_iter_new(ctf, NULL, &error);
 *     const struct ctf_record *record;
 *
 *     while ((r = ctf_iter_next(iter, &record)) != CTF_END)
 *             if (r == CTF_RECORD) ... else complain(ctf_iter_error(iter));
 *
 * Three layers. A `struct ctf` is a set of traces: everything in the metadata, as constant structures to be walked freely, and a
 * list of data streams. An iterator gives the records of all data streams in the order of time. A field is a place in a record,
 * read when it is asked for: nothing is copied, and what nobody asks for is passed over, not decoded.
 *
 * Input is not trusted: whatever a trace holds, these functions return errors and never more than errors. A trace that another
 * process is still writing, or that it truncates, is an ordinary input.
 *
 * Threads: a struct ctf may be shared by any number of threads, each with iterators of its own. An iterator belongs to one thread
 * at a time. ctf_close() comes after all ctf_iter_free().
 *
 * Units: sizes and positions of fields are in bits, of files in bytes; times are nanoseconds since the origin of the clock, which
 * mostly is 1970; clock values are cycles of the clock.
 */
#ifndef BL_CTF_CTF_H
#define BL_CTF_CTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Errors ---- */

/** What is wrong, and where. */
struct ctf_error {
	char text[1024];  /* complete: "FILE:LINE:COLUMN: what" or "FILE: packet N (byte 0xOFFSET): what" */
	const char *what; /* the part of @text without the place */
	uint32_t line;    /* of metadata, from 1; 0: not about metadata */
	uint32_t column;  /* in bytes, from 1 */
	uint64_t packet;  /* of a data stream's file, from 0 */
	uint64_t offset;  /* in the file, in bytes */
};

/* ---- Classes: what the metadata says ---- */

enum ctf_type {
	CTF_UINT,
	CTF_SINT,
	CTF_BOOL,
	CTF_BITS,   /* a bit array: shown in hexadecimal, else as CTF_UINT */
	CTF_BITMAP, /* a number whose bits have names */
	CTF_FLOAT,
	CTF_STRING,
	CTF_BLOB,
	CTF_STRUCT,
	CTF_ARRAY,
	CTF_OPTIONAL,
	CTF_VARIANT,
};

enum ctf_length {
	CTF_STATIC,  /* strings, BLOBs and arrays: count is in the class */
	CTF_DYNAMIC, /* it is another field's value */
	CTF_ENDED,   /* strings: up to the first NUL */
};

enum ctf_encoding {
	CTF_UTF8, /* and ASCII, and unknown ones of 8 bits */
	CTF_UTF16LE,
	CTF_UTF16BE,
	CTF_UTF32LE,
	CTF_UTF32BE,
};

/** What a field means to the reader. A field may have several. */
enum ctf_role {
	CTF_ROLE_MAGIC = 1 << 0,
	CTF_ROLE_UUID = 1 << 1, /* of the metadata */
	CTF_ROLE_STREAM_CLASS_ID = 1 << 2,
	CTF_ROLE_STREAM_ID = 1 << 3,
	CTF_ROLE_PACKET_SIZE = 1 << 4,  /* bits, padding included */
	CTF_ROLE_CONTENT_SIZE = 1 << 5, /* bits */
	CTF_ROLE_CLOCK = 1 << 6,        /* begin of a packet, time of a record */
	CTF_ROLE_END_CLOCK = 1 << 7,
	CTF_ROLE_DISCARDED = 1 << 8, /* running total of discarded records */
	CTF_ROLE_SEQUENCE = 1 << 9,  /* number of the packet */
	CTF_ROLE_EVENT_ID = 1 << 10,
};

/** Values first..last, both included. If the integer's class is CTF_SINT they are to be read as int64_t. */
struct ctf_range {
	uint64_t first;
	uint64_t last;
};

/** A name for some values of an integer (an enumeration's label), or for some bits of a bit map. */
struct ctf_mapping {
	const char *label;
	uint32_t n_ranges;
	const struct ctf_range *ranges;
};

struct ctf_class;
struct ctf_clock;

/** A structure's member, a variant's option, an array's element, an optional's content. */
struct ctf_member {
	const char *name; /* as in the trace, but TSDL's first '_' is taken off; NULL: an array's element, an unnamed option, or the
			     root */
	const struct ctf_class *class;
	uint32_t n_ranges; /* options and optionals: the selector's values that select this; an optional with none: true does */
	const struct ctf_range *ranges;
	const char *attributes; /* JSON text; NULL: none */
	uint64_t offset;        /* bits from the beginning of the structure, if it and all members before are fixed */
};

/** A field class: how to read a field and what it means. */
struct ctf_class {
	enum ctf_type type;
	enum ctf_length length;     /* CTF_STRING, CTF_BLOB, CTF_ARRAY */
	enum ctf_encoding encoding; /* CTF_STRING */
	uint8_t base;               /* that integers are shown in: 2, 8, 10, 16; 0: not said */
	bool big_endian;
	bool reversed; /* the first bit is the most significant one in little-endian fields, the least significant in big-endian
			  ones */
	bool leb128;   /* integers of variable length */
	bool is_enum;  /* has mappings, be it none that fits */
	bool selector_signed; /* ranges of options are int64_t */
	bool fixed;           /* from its beginning, all is at the same place in every record: bits is its size */
	uint32_t size;        /* bits of a number; 1..64 */
	uint32_t align;       /* bits, a power of 2; 1 at least */
	uint64_t bits;        /* of a fixed class */
	uint64_t mask;        /* an integer of the machine's own byte order, not LEB128: its bits, from bit 0 on; 0: all others */
	uint64_t sign;        /* of these, CTF_SINT: the uppermost; 0: no sign */
	uint64_t count;       /* CTF_STATIC: elements of an array, bytes of a string or BLOB */
	bool numbers;         /* CTF_ARRAY of numbers of fixed size, none of which is saved: they are read by their place */
	uint64_t stride;      /* CTF_ARRAY of fixed elements: bits from one to the next */
	uint32_t roles;
	int32_t save;   /* index of the value that lengths or selectors elsewhere read; -1: nobody does */
	int32_t source; /* index of the value that says length or option; -1: none */
	uint32_t n_mappings;
	const struct ctf_mapping *mappings; /* integers, CTF_BITMAP */
	uint32_t n_members;
	const struct ctf_member *members; /* CTF_STRUCT, CTF_VARIANT; one: CTF_ARRAY, CTF_OPTIONAL */
	const struct ctf_clock *clock;    /* numbers that are values of a clock; NULL: others */
	const char *media_type;           /* CTF_BLOB; NULL: application/octet-stream */
	const char *attributes;           /* JSON text; NULL: none */
};

struct ctf_clock {
	const char *name; /* NULL: none; so with the other texts */
	const char *uid;  /* in 1.8 the uuid */
	const char *ns;   /* name space */
	const char *description;
	uint64_t frequency; /* cycles a second, not 0 */
	int64_t offset_s;
	uint64_t offset_cycles;
	uint64_t precision; /* cycles */
	uint64_t accuracy;  /* cycles */
	bool has_precision;
	bool has_accuracy;
	bool unix_epoch;       /* the origin is 1970 */
	const char *origin_ns; /* another origin; all three NULL: unknown, it compares with nobody's */
	const char *origin_name;
	const char *origin_uid;
	const char *attributes;
};

struct ctf_stream_class;

struct ctf_event_class {
	uint64_t id;
	uint32_t index;   /* in trace->events */
	const char *name; /* NULL: none */
	const char *ns;
	const char *uid;
	bool has_loglevel;
	int64_t loglevel;
	const char *emf_uri;
	const struct ctf_stream_class *stream;
	const struct ctf_class *context; /* a structure; NULL: none; so with payload */
	const struct ctf_class *payload;
	const char *attributes;
};

struct ctf_stream_class {
	uint64_t id;
	const char *name;
	const char *ns;
	const char *uid;
	const struct ctf_clock *clock;          /* NULL: its records have no time */
	const struct ctf_class *packet_context; /* structures; NULL: none */
	const struct ctf_class *event_header;
	const struct ctf_class *event_context;
	uint32_t n_events;
	const struct ctf_event_class *const *events; /* in the order of id */
	const char *attributes;
};

/** The environment: what the producer said of itself and its machine. */
struct ctf_env {
	const char *name;
	const char *text; /* NULL: it is a number */
	int64_t number;
};

struct ctf_trace {
	const char *dir; /* the first of dirs */
	uint32_t n_dirs;
	const char *const *dirs; /* in the order of time; several: chunks of one recording, as a rotation or snapshots leave them */
	unsigned int major;      /* of CTF: 1 or 2 */
	unsigned int minor;
	bool big_endian; /* the native order of TSDL */
	bool has_uuid;
	uint8_t uuid[16];
	const char *name;
	const char *ns;
	const char *uid;
	const struct ctf_class *packet_header; /* a structure; NULL: none */
	uint32_t n_env;
	const struct ctf_env *env;
	uint32_t n_clocks;
	const struct ctf_clock *const *clocks;
	uint32_t n_streams;
	const struct ctf_stream_class *const *streams;
	uint32_t n_events; /* of all stream classes */
	const struct ctf_event_class *const *events;
	uint32_t n_saves;     /* values that fields save for others */
	bool strict;          /* two byte orders may meet in one byte, which is checked */
	uint32_t first_event; /* sum of n_events of the traces before this in the set */
	const char *attributes;
};

/** ctf_mapping_next() - the next mapping, from @from on, that holds @value; NULL: no more. @ret_next may be NULL. */
const struct ctf_mapping *ctf_mapping_next(const struct ctf_class *class, uint64_t value, uint32_t from, uint32_t *ret_next);

/** ctf_clock_ns() - time of a clock value, rounded down; INT64_MIN and INT64_MAX stand for what is beyond them. */
int64_t ctf_clock_ns(const struct ctf_clock *clock, uint64_t cycles);

/** ctf_clock_cycles() - the first clock value whose time is not before @ns. 0 and UINT64_MAX for what is out of range. */
uint64_t ctf_clock_cycles(const struct ctf_clock *clock, int64_t ns);

/* ---- A set of traces ---- */

struct ctf;

/** A data stream: packets of one stream class from one source, such as a CPU; in one file or several that follow each other. */
struct ctf_stream {
	const struct ctf_trace *trace;
	const struct ctf_stream_class *class;
	bool has_id;
	uint64_t id;
	uint32_t index; /* in the set */
	uint32_t n_files;
	const char *const *files;   /* paths, in the order of time */
	const uint64_t *file_sizes; /* bytes, when they were opened */
	uint64_t size;              /* bytes of all files when they were opened */
};

/**
 * ctf_open() - open traces
 * @dirs: directories of traces, or of directories of traces, however deep (a directory is a trace if it has a file "metadata")
 *
 * Directories that are chunks of one recording, with one uuid, metadata that tell the same, and packets that go on behind each
 * other, are one trace. Packets that several of them have are read once.
 *
 * Return: to be given to ctf_close(); NULL with *@ret_error filled in: nothing could be opened. Files and traces that cannot be
 * read beside others that can are left out: ctf_trouble().
 */
struct ctf *ctf_open(const char *const *dirs, size_t n_dirs, struct ctf_error *ret_error);

/** Accepts NULL. */
void ctf_close(struct ctf *ctf);

uint32_t ctf_n_traces(const struct ctf *ctf);
const struct ctf_trace *ctf_trace_at(const struct ctf *ctf, uint32_t index);
uint32_t ctf_n_streams(const struct ctf *ctf);
const struct ctf_stream *ctf_stream_at(const struct ctf *ctf, uint32_t index);

/** ctf_trouble() - what was left out when the set was opened, one after the other; NULL: no more. */
const struct ctf_error *ctf_trouble(const struct ctf *ctf, uint32_t index);

/* ---- Packets ---- */

struct ctf_packet {
	const struct ctf_stream *stream;
	const char *file;
	uint64_t number;  /* in its file, from 0 */
	uint64_t offset;  /* in its file, in bytes */
	uint64_t size;    /* bytes, padding included */
	uint64_t content; /* bits */
	bool has_begin, has_end, has_discarded, has_sequence;
	uint64_t begin; /* cycles */
	uint64_t end;
	int64_t begin_ns;
	int64_t end_ns;
	uint64_t discarded; /* running total */
	uint64_t sequence;
};

/* ---- Records ---- */

enum ctf_scope {
	CTF_PACKET_HEADER,
	CTF_PACKET_CONTEXT,
	CTF_EVENT_HEADER,
	CTF_COMMON_CONTEXT,   /* of all events of the stream class */
	CTF_SPECIFIC_CONTEXT, /* of this event class */
	CTF_PAYLOAD,
	CTF_N_SCOPES,
};

enum ctf_record_kind {
	CTF_EVENT,
	CTF_LOST_RECORDS, /* the producer says that it discarded some here */
	CTF_LOST_PACKETS, /* numbers of packets are missing here */
};

struct ctf_node;

/** A place of a record that fields are counted from: what lies in front of it is of different sizes in different records. */
struct ctf_place {
	uint32_t at; /* bits */
	uint32_t n;  /* length of the last field that is counted from here, if the record says it */
};

/** What nodes are places of. For the inline functions below, nobody else needs it. */
struct ctf_view {
	const uint8_t *base;
	const struct ctf_place *places;
};

struct ctf_record {
	enum ctf_record_kind kind;
	bool has_time;
	int64_t time;                        /* ns */
	uint64_t cycles;                     /* of stream->class->clock */
	const struct ctf_event_class *event; /* CTF_EVENT; NULL otherwise */
	const struct ctf_stream *stream;
	const struct ctf_packet *packet;
	uint64_t n_lost;   /* CTF_LOST_*; 0: unknown */
	int64_t lost_from; /* CTF_LOST_*: ns, the interval in which */
	int64_t lost_to;
	struct ctf_view view;                /* of roots */
	const struct ctf_node *const *roots; /* enum ctf_roots; NULL: to be made if somebody asks */
};

#define CTF_PART_MARGIN_NS 10000000

/** ctf_part_margin() - @ns and the margin behind it, or the last time that there is. */
static inline int64_t ctf_part_margin(int64_t ns)
{
	return ns > INT64_MAX - CTF_PART_MARGIN_NS ? INT64_MAX : ns + CTF_PART_MARGIN_NS;
}

/** Which records, and how they are wanted. All zero: everything. */
struct ctf_select {
	bool has_from;
	bool has_to;
	int64_t from;        /* ns; each stream from its first record at this time or after on */
	int64_t to;          /* ns; each stream up to its first record at this time or after, without it */
	const bool *events;  /* by trace->first_event + event->index; false: passed over. NULL: all */
	const bool *streams; /* by stream->index. NULL: all */
	bool no_losses;      /* no CTF_LOST_* */
	/*
	 * Of all that, a part in time, for who reads it in several at once: each record and loss is in one of two parts that meet.
	 * What is within what its packet says of its times, or CTF_PART_MARGIN_NS next to it, is in the part that has its time;
	 * what is farther off stays with its packet.
	 */
	bool has_part_from;
	bool has_part_to;
	int64_t part_from;
	int64_t part_to;
	/* Told of each packet that is entered, if it is set; @record has stream and packet, and scopes of the packet only. */
	void (*packet)(void *data, const struct ctf_record *record);
	void *data;
};

struct ctf_iter;

enum ctf_status {
	CTF_END = 0,
	CTF_RECORD = 1,
	CTF_ERROR = -1,
};

/** ctf_iter_new() - begin to read. Return: to be given to ctf_iter_free(); NULL with *@ret_error: no memory, no file descriptor. */
struct ctf_iter *ctf_iter_new(const struct ctf *ctf, const struct ctf_select *select, struct ctf_error *ret_error);

/** Accepts NULL. */
void ctf_iter_free(struct ctf_iter *iter);

/**
 * ctf_iter_next() - the next record in the order of time
 * @ret_record: the iterator's, until the next call
 *
 * Records of equal time come in the order of streams, those of one stream in the order in which they were written, even when their
 * time goes backwards. Streams without clock come first.
 *
 * Return: CTF_RECORD; CTF_END; CTF_ERROR: ctf_iter_error() says what; the next call goes on with what can still be read.
 */
enum ctf_status ctf_iter_next(struct ctf_iter *iter, const struct ctf_record **ret_record);

/** The last CTF_ERROR. */
const struct ctf_error *ctf_iter_error(const struct ctf_iter *iter);

/** ctf_iter_seek() - go to the first record at or after @ns, forwards or backwards; within the selection. Return: 0; -errno. */
int ctf_iter_seek(struct ctf_iter *iter, int64_t ns);

/** ctf_iter_bytes() - bytes of files read so far, of ctf_iter_total(): for progress. */
uint64_t ctf_iter_bytes(const struct ctf_iter *iter);
uint64_t ctf_iter_total(const struct ctf_iter *iter);

/**
 * ctf_packet_next() - the packets of a stream, without their records
 * @packet: all zero but stream: the first one. Moved on.
 *
 * Return: CTF_RECORD: there is one; CTF_END; CTF_ERROR with *@ret_error: the rest of this file cannot be read; the next call goes
 * on with the next file.
 */
enum ctf_status ctf_packet_next(const struct ctf *ctf, struct ctf_packet *packet, struct ctf_error *ret_error);

/**
 * ctf_span() - the time from the first record to the last
 *
 * By the times of packets where they have any, else by reading. Return: false: no stream has a time.
 */
bool ctf_span(const struct ctf *ctf, int64_t *ret_first, int64_t *ret_last);

/* ---- Fields ---- */

/**
 * A field's place in a record. A scope is an array of nodes in depth-first order; elements of an array of numbers have none. For
 * the inline functions below, nobody else needs it.
 */
struct ctf_node {
	const struct ctf_class *class; /* the member's */
	const struct ctf_member *member;
	uint32_t at;    /* bits from the place */
	uint32_t next;  /* nodes from this to the one behind its last descendant */
	uint64_t n;     /* as ctf_field.n */
	uint32_t place; /* which of the view's */
	bool counted;   /* n is the place's */
};

/** A field of a record: a small value, to be passed around freely until the iterator's next step. */
struct ctf_field {
	const struct ctf_class *class; /* NULL: no field */
	const struct ctf_view *view;
	uint64_t at;                 /* bits from view->base */
	uint64_t n;                  /* members of a structure, elements, bytes of a string or BLOB; bytes of a LEB128 */
	const struct ctf_node *node; /* NULL: an element of an array of numbers */
};

/**
 * ctf_record_offset() - of the record's first bit in its packet, in bits; ctf_record_size() - its bits, without alignment in front
 *
 * 0 for what was lost.
 */
uint64_t ctf_record_offset(const struct ctf_record *record);
uint64_t ctf_record_size(const struct ctf_record *record);

/** Nodes of a record, all in one array; a scope that is not there has none. */
enum ctf_roots {
	CTF_ROOT_COMMON_CONTEXT,
	CTF_ROOT_SPECIFIC_CONTEXT,
	CTF_ROOT_PAYLOAD,
	CTF_ROOTS_BEGIN, /* of the array */
	CTF_ROOTS_END,
	CTF_N_ROOTS,
};

/** ctf_event_scope() - the class of a scope of the event's records; NULL: none. Not of CTF_PACKET_HEADER, which is the trace's. */
const struct ctf_class *ctf_event_scope(const struct ctf_event_class *event, enum ctf_scope scope);

/** ctf_record_scope_any() - for ctf_record_scope(). */
struct ctf_field ctf_record_scope_any(const struct ctf_record *record, enum ctf_scope scope);

static inline struct ctf_field ctf_field_of_node(const struct ctf_view *view, const struct ctf_node *node)
{
	const struct ctf_place *place = &view->places[node->place];
	const struct ctf_field field = {
		.class = node->class,
		.view = view,
		.at = place->at + node->at,
		.n = node->counted ? place->n : node->n,
		.node = node,
	};

	return field;
}

/** ctf_field_name() - NULL: an array's element, an unnamed option, a scope. */
static inline const char *ctf_field_name(const struct ctf_field *field)
{
	return field->node ? field->node->member->name : (const char *)0;
}

/** ctf_field_option() - of a CTF_VARIANT: the selected one. */
static inline const struct ctf_member *ctf_field_option(const struct ctf_field *variant)
{
	return variant->node[1].member;
}

/** ctf_field_byte() - where the byte is in memory that the field begins in. */
static inline const uint8_t *ctf_field_byte(const struct ctf_field *field)
{
	return field->view->base + field->at / 8;
}

/**
 * ctf_record_scope() - a scope's structure; class NULL: the record has no such scope
 *
 * Or it has too many fields to be shown, or memory is short: ctf_iter_next() then returns CTF_ERROR soon after.
 */
static inline struct ctf_field ctf_record_scope(const struct ctf_record *record, enum ctf_scope scope)
{
	const struct ctf_field none = {0};
	const struct ctf_node *node;

	if (scope < CTF_COMMON_CONTEXT || !record->roots)
		return ctf_record_scope_any(record, scope);
	node = record->roots[scope - CTF_COMMON_CONTEXT];
	return node ? ctf_field_of_node(&record->view, node) : none;
}

/** For ctf_record_first() and ctf_record_next(). */
struct ctf_field ctf_record_first_any(const struct ctf_record *record);
struct ctf_field ctf_record_next_any(const struct ctf_record *record, const struct ctf_field *field);

/**
 * ctf_record_first(), ctf_record_next() - all fields of a record behind its header, one after the other; class NULL: no more
 * @field: the one before
 *
 * Those of its contexts and its payload: first each scope's structure, and what is in a compound field behind it. Arrays of numbers
 * (class->numbers) are one field. Quicker than scope by scope and field by field.
 */
static inline struct ctf_field ctf_record_first(const struct ctf_record *record)
{
	const struct ctf_field none = {0};

	if (!record->roots)
		return ctf_record_first_any(record);
	return record->roots[CTF_ROOTS_BEGIN] < record->roots[CTF_ROOTS_END]
		       ? ctf_field_of_node(&record->view, record->roots[CTF_ROOTS_BEGIN])
		       : none;
}

static inline struct ctf_field ctf_record_next(const struct ctf_record *record, const struct ctf_field *field)
{
	const struct ctf_field none = {0};

	if (!record->roots)
		return ctf_record_next_any(record, field);
	return field->node + 1 < record->roots[CTF_ROOTS_END] ? ctf_field_of_node(&record->view, field->node + 1) : none;
}

/** ctf_field_count() - how many children: members, elements, 1 for a variant and for an optional that is there; 0 for all others.
 */
static inline uint64_t ctf_field_count(const struct ctf_field *field)
{
	return field->class->type >= CTF_STRUCT ? field->n : 0;
}

/** An element of an array of numbers, for an index that is less than field->n. */
static inline struct ctf_field ctf_field_number(const struct ctf_field *array, uint64_t index)
{
	const struct ctf_field field = {
		.class = array->class->members->class,
		.view = array->view,
		.at = array->at + index * array->class->stride,
	};

	return field;
}

/** ctf_field_first(), ctf_field_next() - children in their order; class NULL: no more. @parent as given to ctf_field_first(). */
static inline struct ctf_field ctf_field_first(const struct ctf_field *parent)
{
	const struct ctf_field none = {0};

	if (!ctf_field_count(parent))
		return none;
	return parent->class->numbers ? ctf_field_number(parent, 0) : ctf_field_of_node(parent->view, parent->node + 1);
}

static inline struct ctf_field ctf_field_next(const struct ctf_field *parent, const struct ctf_field *field)
{
	const struct ctf_field none = {0};
	const struct ctf_node *next;
	uint64_t index;

	if (parent->class->numbers) {
		index = (field->at - parent->at) / parent->class->stride + 1;
		return index < parent->n ? ctf_field_number(parent, index) : none;
	}
	next = field->node + field->node->next;
	return next < parent->node + parent->node->next ? ctf_field_of_node(parent->view, next) : none;
}

/** ctf_field_element() - a child by its number, from 0; class NULL: there are not so many. Quick for arrays of numbers and in
 * structures. */
struct ctf_field ctf_field_element(const struct ctf_field *parent, uint64_t index);

/**
 * ctf_field_raw() - an array of integers of the machine's own byte order, one right behind the other: where they are
 *
 * At a whole byte, not aligned otherwise. NULL: it is no such array; ctf_field_numbers() reads it if it is one of numbers.
 */
static inline const uint8_t *ctf_field_raw(const struct ctf_field *array)
{
	const struct ctf_class *element = array->class->numbers ? array->class->members->class : (const struct ctf_class *)0;

	if (!element || !element->mask || array->at % 8 || element->size % 8 || element->size != array->class->stride)
		return (const uint8_t *)0;
	return ctf_field_byte(array);
}

/**
 * ctf_field_numbers() - values of an array's elements, as ctf_field_uint() of each
 * @first: index of the first one
 * @max: room in @to
 *
 * For arrays of numbers of fixed size only, which it reads faster than one by one. Return: how many; 0: there are no more, or it is
 * no such array.
 */
uint64_t ctf_field_numbers(const struct ctf_field *array, uint64_t first, uint64_t max, uint64_t *to);

/** ctf_field_member() - a structure's member by name; class NULL: it has none. */
struct ctf_field ctf_field_member(const struct ctf_field *structure, const char *name);

/* By value, so that a field whose address nobody else needs can stay in registers. For the inline functions below. */
uint64_t ctf_field_uint_any(struct ctf_field field);
double ctf_field_double_any(struct ctf_field field);
size_t ctf_field_bytes_any(struct ctf_field field);

/** Values. Each may be asked of any number: CTF_UINT, CTF_SINT, CTF_BOOL, CTF_BITS, CTF_BITMAP, CTF_FLOAT. */

/** ctf_field_uint() - a negative number as its two's complement; a float truncated */
static inline uint64_t ctf_field_uint(const struct ctf_field *field)
{
	const struct ctf_class *class = field->class;
	uint64_t value;

	if (!class->mask || field->at % 8)
		return ctf_field_uint_any(*field);
	/* There are as many bytes behind every field. */
	__builtin_memcpy(&value, ctf_field_byte(field), sizeof(value));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value >>= 64 - class->size;
#endif
	return ((value & class->mask) ^ class->sign) - class->sign;
}

static inline int64_t ctf_field_int(const struct ctf_field *field)
{
	return (int64_t)ctf_field_uint(field);
}

static inline double ctf_field_double(const struct ctf_field *field)
{
	return ctf_field_double_any(*field);
}

bool ctf_field_bool(const struct ctf_field *field);

/**
 * ctf_field_bytes() - bytes of a CTF_STRING (its own encoding, without NUL) or CTF_BLOB, not terminated
 *
 * A string or BLOB is always at a whole byte.
 */
static inline const uint8_t *ctf_field_bytes(const struct ctf_field *field, size_t *ret_size)
{
	*ret_size = field->class->type == CTF_BLOB || field->class->length == CTF_ENDED ? (size_t)field->n
											: ctf_field_bytes_any(*field);
	return ctf_field_byte(field);
}

/**
 * ctf_field_text() - a CTF_STRING in UTF-8
 * @buf: may be used, if the encoding is another; cut at a character's end when it does not fit. 4 bytes for each 2 of the field do.
 *
 * Of UTF-8, bytes are given as they are, be they valid or not. Return: the text, not terminated.
 */
const char *ctf_field_text(const struct ctf_field *field, char *buf, size_t buf_size, size_t *ret_size);

#endif
