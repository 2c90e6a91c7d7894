/* SPDX-License-Identifier: MIT */
/**
 * slices.h - a job over a set of traces, on all CPUs, its output in the order of time.
 *
 *     static void work(void *data, void *worker, struct slice *slice)
 *     {
 *             const struct ctf_record *record;
 *             char *p;
 *
 *             while ((record = slice_next(slice)) && (p = slice_room(slice, LINE_MAX)))
 *                     slice_used(slice, print(record, p));
 *     }
 *
 * Time is cut into slices [t0,t1) of about equal bytes. Each slice is read by one worker thread with an iterator of its own; what
 * the worker writes, and the errors that it meets, come to the caller's thread slice after slice, as if one iterator had read
 * everything: record for record the same, since no slice splits records of equal time. Only records that are more than
 * CTF_PART_MARGIN_NS outside of what their packet says stay in the slice of the packet, which is another order. Workers that are
 * ahead wait when too much output is held.
 *
 * Boundaries are found while the work goes on, from the packets' headers, so the first output comes at once. Early slices are
 * small, and so are the last ones. Where packets do not say when they begin the rest is one slice. Streams without
 * clock are a slice of their own, the first.
 *
 * With one worker there is no thread: the same slices are done in the caller's.
 */
#ifndef BL_ANALYSIS_SLICES_H
#define BL_ANALYSIS_SLICES_H

#include <string.h>

#include "ctf/ctf.h"

struct slice;

struct slices_job {
	const struct ctf *ctf;
	struct ctf_select select; /* of the whole */
	unsigned int workers;     /* 0: as many as this process may use CPUs */
	uint64_t slice_bytes; /* of packets, about; more where packets are large. 0: SLICES_BYTES, less for many workers, more if
			       * there is no output */
	void *data;

	/* In a worker's thread. What worker_new returns is given to work; NULL is an error (no memory). Both may be missing. */
	void *(*worker_new)(void *data);
	void (*work)(void *data, void *worker, struct slice *slice);

	/*
	 * In the caller's thread. Each may be missing; take only if there is no output.
	 *
	 * worker_end  when all threads have ended, for each worker in turn, to merge what it gathered and to free it
	 *
	 * take        output, in order; a piece ends anywhere, but errors and ends of slices do not come in between what is written
	 *             between two calls of slice_next(); with what slice_note() was called for, or without. Returns false to end it all
	 *
	 * error       what could not be read, in order; each once, although slices that touch the same packet all meet it
	 *
	 * progress    bytes of files, each 100 ms or so
	 */
	void (*worker_end)(void *data, void *worker);
	bool (*take)(void *data, const char *bytes, size_t size, bool noted);
	void (*error)(void *data, const struct ctf_error *error);
	void (*progress)(void *data, uint64_t done, uint64_t total);
};

#define SLICES_BYTES ((uint64_t)4 << 20)

/**
 * slices_run() - do the job
 *
 * Return: 0: all was read, errors included; -ECANCELED: take() said so; -ENOMEM.
 */
int slices_run(const struct slices_job *job);

/* ---- For work() ---- */

/** The beginning is what slice_next() and slice_room() need at once; the rest is in slices.c. */
struct slice {
	struct ctf_iter *iter;
	uint32_t until_look; /* records until slice_look() */
	char *at;            /* free room of the piece that is being written */
	size_t left;
	bool noted;      /* of that piece */
	uint64_t number; /* of the slice, from 0 */
};

/** Those who call once in a while. */
const struct ctf_record *slice_next_slowly(struct slice *slice, enum ctf_status status, const struct ctf_record *record);
char *slice_room_slowly(struct slice *slice, size_t size);

/** slice_next() - the slice's next record; NULL: no more, or the whole is to end. Errors are passed on to the caller's thread. */
static inline const struct ctf_record *slice_next(struct slice *slice)
{
	const struct ctf_record *record;
	const enum ctf_status status = ctf_iter_next(slice->iter, &record);

	if (__builtin_expect(status == CTF_RECORD && --slice->until_look, 1))
		return record;
	return slice_next_slowly(slice, status, record);
}

/** slice_room() - where at least @size bytes of output can be written; valid until the next call. NULL: the whole is to end. */
static inline char *slice_room(struct slice *slice, size_t size)
{
	if (__builtin_expect(size <= slice->left, 1))
		return slice->at;
	return slice_room_slowly(slice, size);
}

/** slice_used() - so many bytes were written, at most what was asked for. */
static inline void slice_used(struct slice *slice, size_t size)
{
	slice->at += size;
	slice->left -= size;
}

/**
 * slice_note() - what was written last, in one step, is something that take() has to look at
 *
 * All else it can pass on without reading it, which is dear: the bytes are in another CPU's cache, if in any.
 */
static inline void slice_note(struct slice *slice)
{
	slice->noted = true;
}

/** slice_write() - the same for what is somewhere else already. Return: false: the whole is to end. */
static inline bool slice_write(struct slice *slice, const char *bytes, size_t size)
{
	char *to = slice_room(slice, size);

	if (!to)
		return false;
	memcpy(to, bytes, size);
	slice_used(slice, size);
	return true;
}

#endif
