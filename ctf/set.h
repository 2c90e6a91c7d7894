/* SPDX-License-Identifier: MIT */
/**
 * set.h - a set of traces, inside, and what set.c and set_streams.c share while one is opened. Not for anybody outside ctf/.
 *
 * Once it is open a set does not change, but for the indices of its streams, which have locks of their own.
 */
#ifndef BL_CTF_SET_H
#define BL_CTF_SET_H

#include <fts.h>
#include <pthread.h>
#include <sys/types.h>

#include "ctf/index.h"
#include "ctf/model.h"

struct set_stream {
	struct ctf_stream pub;
	const uint64_t *ends; /* of the files, in bytes: what is behind is in a later file, too; UINT64_MAX: nothing is */
	struct index index;
};

struct set_trace {
	struct ctf_model model;
};

struct ctf {
	struct arena arena; /* paths, streams */
	struct set_trace **traces;
	uint32_t n_traces;
	struct set_stream **streams;
	uint32_t n_streams;
	struct ctf_error **troubles;
	uint32_t n_troubles;
};

/** A directory with a file "metadata". */
struct set_dir {
	char *path;
	dev_t dev;
	ino_t ino;
};

/** While a set is being opened. */
struct opening {
	struct ctf *ctf;
	struct set_dir *dirs;
	uint32_t n_dirs;
	bool no_memory;
};

/** set_grow() - room for one more at the end of an array of @n items of @size bytes. @array: of the pointer to it. */
bool set_grow(void *array, uint32_t n, size_t size);

/** set_compare() - -1, 0, 1: for orders. */
static inline int set_compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/** set_by_name() - order of what is in a directory, for fts_open(). */
int set_by_name(const FTSENT **a, const FTSENT **b);

/** set_unreadable() - a directory, or something in it, is left out, or there is no memory; @error: an errno. */
void set_unreadable(struct opening *opening, const char *path, int error);

/** set_trouble() - what is left out. */
void set_trouble(struct opening *opening, const struct ctf_error *error);

/**
 * set_add_streams() - add the data streams of a trace to the set
 * @chunks: what the metadata of each of its @n directories say; are brought into their order
 *
 * Return: true; false: they do not go together, nothing was added; or opening->no_memory.
 */
bool set_add_streams(struct opening *opening, const struct ctf_trace *trace, const struct ctf_trace **chunks, uint32_t n);

static inline const struct set_stream *set_stream_of(const struct ctf_stream *stream)
{
	return (const struct set_stream *)stream;
}

#endif
