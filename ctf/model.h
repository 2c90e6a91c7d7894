/* SPDX-License-Identifier: MIT */
/**
 * model.h - a trace's classes while they are being read from metadata. Not for anybody outside ctf/.
 *
 * A reader of metadata (read_tsdl.c, read_json.c) fills a struct ctf_model with what the text says, in any order that the text has.
 * model_finish() (resolve.c) then makes one struct ctf_trace of it: it connects streams and events, finds the fields that lengths
 * and selectors refer to, checks what only shows then, and computes what decoding needs (alignment, fixed sizes, indices of saved
 * values).
 *
 * All memory is the model's arena, freed as a whole. No two places of a trace share a field class: who uses a type twice
 * copies it (model_class_copy), because what it refers to depends on where it is.
 */
#ifndef BL_CTF_MODEL_H
#define BL_CTF_MODEL_H

#include <stdarg.h>

#include "ctf/ctf.h"

/* Limits on what metadata may ask for; each is an error that says so. */
#define CTF_METADATA_MAX ((uint64_t)256 << 20) /* bytes */
#define CTF_DEPTH_MAX 64u                      /* of nested field classes, and of anything else that is nested */
#define CTF_CLASSES_MAX (1u << 22)             /* field classes, members and mappings of a trace, copies included, and */
#define CTF_CLASSES_FREE (1u << 16)            /* no more than this and one for each byte of its metadata */
#define CTF_ALIGN_MAX 32768u                   /* bits */
#define CTF_STATIC_MAX ((uint64_t)1 << 32)     /* bits of a field class whose size is known */

struct arena_block;

/** Memory that is freed as a whole. All zero is an empty one. */
struct arena {
	struct arena_block *blocks;
	size_t used; /* of the newest block */
};

/** arena_alloc() - zeroed, aligned for anything; NULL: out of memory. */
void *arena_alloc(struct arena *arena, size_t size);
/** arena_text() - a copy with a NUL; NULL: out of memory. */
char *arena_text(struct arena *arena, const char *text, size_t size);
void arena_free(struct arena *arena);

enum model_origin {
	REF_NEAR,     /* TSDL: looked for in the structures around and before, from the inside out, then in the scopes before */
	REF_RELATIVE, /* CTF 2: from the structure around on; NULL in the path is one structure further out */
	REF_SCOPE,    /* from the root of @scope on */
};

/** Where the value is that is a length or a selector. */
struct model_ref {
	enum model_origin origin;
	enum ctf_scope scope;
	uint32_t n;
	const char **path; /* names as in the text */
	uint32_t line;     /* where the text refers */
	uint32_t column;
};

/** A field class that is being made. pub is first: a ctf_class of a model can be cast to it. */
struct model_class {
	struct ctf_class pub;
	const char **raw;       /* names of pub.members as in the text; NULL: they are the same */
	struct model_ref *ref;  /* of a length or selector; NULL: none */
	const char *clock_name; /* TSDL: map = clock.NAME.value */
	uint64_t min_align;     /* what the text asks for, for structures and arrays; 0: nothing */
	bool by_label;          /* TSDL: a variant's options are selected by labels of the selector's class, by raw name */
	bool text_candidate;    /* TSDL: an integer of 8 bits with an encoding: arrays of it are strings */
	uint32_t line;
	uint32_t column;
};

struct model_clock {
	struct ctf_clock pub;
	const char *id; /* that others refer to it by */
	uint32_t line;
	uint32_t column;
};

struct model_stream {
	struct ctf_stream_class pub;
	bool has_id;          /* TSDL: without, there is only one, and it is 0 */
	const char *clock_id; /* CTF 2: of the default clock; NULL: none. TSDL: found by model_finish() */
	uint32_t line;
	uint32_t column;
};

struct model_event {
	struct ctf_event_class pub;
	uint64_t stream_id;
	bool has_stream_id;
	bool has_id;
	uint32_t line;
	uint32_t column;
};

/** A growing array of pointers; memory from the heap. */
struct model_list {
	void **items;
	uint32_t n;
	uint32_t room;
};

struct ctf_model {
	struct arena arena;
	const char *path; /* of the metadata, for errors */
	struct ctf_error *error;
	struct ctf_trace trace;                          /* finished by model_finish(); readers fill in what is not a list */
	struct model_list clocks, streams, events, envs; /* of struct model_clock *, ..., struct ctf_env * */
	uint32_t n_classes;
	uint32_t max_classes;
};

/** model_is_less() - values of a number, as two's complement if it is signed. */
static inline bool model_is_less(uint64_t a, uint64_t b, bool is_signed)
{
	return is_signed ? (int64_t)a < (int64_t)b : a < b;
}

/** model_stream_by_id() - of a finished trace; NULL: it has none. */
static inline const struct ctf_stream_class *model_stream_by_id(const struct ctf_trace *trace, uint64_t id)
{
	for (uint32_t i = 0; i < trace->n_streams; i++)
		if (trace->streams[i]->id == id)
			return trace->streams[i];
	return NULL;
}

/** model_init() - an empty one; @path and @error stay the caller's. */
void model_init(struct ctf_model *model, const char *path, struct ctf_error *error);
/** Frees the lists, not the arena. */
void model_lists_free(struct ctf_model *model);

/**
 * model_error() - "PATH:LINE:COLUMN: what"
 *
 * The first one stands; later ones are ignored. @line 0: about the file as a whole. Return: false.
 */
bool model_error(struct ctf_model *model, uint32_t line, uint32_t column, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/** As model_error(): out of memory. */
bool model_no_memory(struct ctf_model *model);

/** model_alloc() - from the arena; NULL: it was model_no_memory(). */
void *model_alloc(struct ctf_model *model, size_t size);
char *model_text(struct ctf_model *model, const char *text, size_t size);

/**
 * model_class_new() - a class with pub.align 1, save and source -1; counts against CTF_CLASSES_MAX
 *
 * Return: NULL: model_error() was called.
 */
struct model_class *model_class_new(struct ctf_model *model, enum ctf_type type, uint32_t line, uint32_t column);

/** model_allow() - as many classes as a text of @size bytes may have. */
void model_allow(struct ctf_model *model, size_t size);

/** model_count() - @n members or mappings against CTF_CLASSES_MAX. Return: false: model_error() was called. */
bool model_count(struct ctf_model *model, uint32_t n, uint32_t line, uint32_t column);

/** model_class_copy() - with everything in it that is not constant. Return: NULL: model_error() was called. */
struct model_class *model_class_copy(struct ctf_model *model, const struct model_class *from);

/** model_stream_new(), model_event_new() - for the lists; they have more behind than the model shows. NULL: no memory. */
struct model_stream *model_stream_new(struct ctf_model *model);
struct model_event *model_event_new(struct ctf_model *model);

/** model_list_add() - Return: false: it was model_no_memory(). */
bool model_list_add(struct ctf_model *model, struct model_list *list, void *item);

/**
 * ctf_tsdl_read(), ctf_json_read() - fill in the model from a whole text, already out of its packets
 *
 * What model_finish() does is not done by these: align of structures, arrays and variants stays 1 (min_align says what was asked
 * for), fixed, bits, offset, save, source, clock and index are left alone. Roles: both set them; TSDL from the names that the
 * specification gives a meaning (magic, uuid, stream_id, stream_instance_id; packet_size, content_size, timestamp_begin,
 * timestamp_end, events_discarded, packet_seq_num; any "id" of the event header, any field of it that is mapped to a clock). TSDL
 * arrays of text_candidate integers are made CTF_STRING by model_finish().
 *
 * Return: false: model_error() was called.
 */
bool ctf_tsdl_read(struct ctf_model *model, const char *text, size_t size);
bool ctf_json_read(struct ctf_model *model, const char *text, size_t size);

/**
 * model_finish() - make the trace
 *
 * model->trace is complete afterwards and lives as long as the arena. Return: false: model_error() was called.
 */
bool model_finish(struct ctf_model *model);

/**
 * ctf_metadata_load() - read a file "metadata" of either kind, plain or in packets of either byte order, and finish the model
 *
 * Return: false: model_error() was called.
 */
bool ctf_metadata_load(struct ctf_model *model, const char *path);

#endif
