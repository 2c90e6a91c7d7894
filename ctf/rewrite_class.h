/* SPDX-License-Identifier: MIT */
/**
 * rewrite_class.h - classes as they are written. Not for anybody outside ctf/.
 *
 * Each class of the source has one here, member for member; a member without class is left out. A scope is either `same`: laid out
 * as the source's, so that its bits can be copied; or packed: everything begins at a byte, and values are written one by one.
 */
#ifndef BL_CTF_REWRITE_CLASS_H
#define BL_CTF_REWRITE_CLASS_H

#include "ctf/layout.h"
#include "ctf/rewrite.h"

struct out_class;

struct out_member {
	const char *name;        /* as it is written; NULL: none */
	struct out_class *class; /* NULL: left out */
};

/** A label that CTF 1.8 needs and the source has not. */
struct out_label {
	struct out_label *next;
	const char *text;
	uint32_t n_ranges;
	const struct ctf_range *ranges;
};

struct out_class {
	const struct ctf_class *from;
	const struct out_class *around; /* NULL: a scope */
	uint32_t index;                 /* in around */
	enum ctf_scope scope;
	uint32_t size;  /* bits of a number */
	uint32_t align; /* bits */
	bool big_endian;
	bool reversed;
	bool leb128;
	bool widened;               /* a float of 16 bits as one of 32 */
	bool recoded;               /* a string of UTF-16 or UTF-32 as one of UTF-8 that ends with NUL */
	bool same;                  /* of a scope: its bits are the source's */
	struct out_member *members; /* as many as from has; CTF 1.8: an optional has one more, "none" */
	struct out_label *labels;
};

/** Scopes of an event behind its header; NULL: none. */
struct out_event {
	struct out_class *context;
	struct out_class *payload;
	bool same;          /* all scopes are, the stream's context too */
	uint32_t align;     /* same: of the first scope */
	uint32_t align_max; /* same: of anything inside */
};

struct out_stream {
	const struct ctf_stream_class *from;
	struct out_class *packet_context; /* what is kept of it; NULL: nothing */
	struct out_class *event_header;
	struct out_class *event_context;
	bool has_begin; /* its packets say when they begin */
	bool has_end;
	uint32_t id_bits;         /* of the compact header */
	uint32_t id_size;         /* of the extended one: 32 or 64 */
	struct out_event *events; /* by place in from->events */
};

struct ctf_rewrite {
	struct ctf_model memory; /* for arena and error only */
	const struct ctf_trace *trace;
	enum ctf_version version;
	bool has_stream_id;
	struct out_class *packet_header;
	struct out_stream *streams; /* by place in trace->streams */
	const char **clocks;        /* names by place in trace->clocks */
	bool *used;                 /* by index of saved value: something that is written needs it */
};

/** Where a name that a reference needs is found: the scopes that an event, or what is in front of it, can see. */
struct out_scopes {
	const struct ctf_rewrite *rewrite;
	const struct out_class *roots[CTF_N_SCOPES];
};

struct out_scopes rewrite_scopes(const struct ctf_rewrite *rewrite, const struct out_stream *stream, const struct out_event *event);

/** rewrite_target() - the first class of which the value is that @index says; NULL: none. */
const struct out_class *rewrite_target(const struct out_scopes *scopes, int32_t index);

/** rewrite_domain() - all that a number of that class can be, as a range of its kind. */
struct ctf_range rewrite_domain(const struct out_class *class);
bool rewrite_is_less(const struct out_class *class, uint64_t a, uint64_t b);
/** rewrite_clip() - what of a range is in the domain. Return: false: nothing. */
bool rewrite_clip(const struct out_class *class, const struct ctf_range *range, struct ctf_range *ret);

/**
 * rewrite_take_piece() - the first piece of *@left that no option before the @n-th has, which is taken off. Return: false: none.
 *
 * In TSDL the first option that has a value is meant, in CTF 2 no two may have it.
 */
bool rewrite_take_piece(const struct ctf_class *variant, uint32_t n, struct ctf_range *left, struct ctf_range *ret);

const char *rewrite_clock_name(const struct ctf_rewrite *rewrite, const struct ctf_clock *clock);

/** rewrite_is_plain() - may @text be a name in TSDL as it is? */
bool rewrite_is_plain(const char *text);

int rewrite_write_tsdl(const struct ctf_rewrite *rewrite, FILE *out);
int rewrite_write_json(const struct ctf_rewrite *rewrite, FILE *out);

/** Names of the fields that a packet's head begins with, in their order; roles say which are there. */
struct rewrite_own {
	const char *name;
	uint32_t bits;
	uint32_t role;
};

extern const struct rewrite_own rewrite_own_header[5], rewrite_own_context[7]; /* ended by NULL */

/** rewrite_has_own() - is it written for this trace, for this stream (NULL: of the packet's header)? */
bool rewrite_has_own(const struct ctf_rewrite *rewrite, const struct out_stream *stream, const struct rewrite_own *own);

#endif
