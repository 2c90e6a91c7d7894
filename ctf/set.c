/* SPDX-License-Identifier: MIT */
/**
 * set.c - opens traces: finds them in directories, reads their metadata, puts chunks of one recording together.
 */
#include "ctf/set.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctf/chunks.h"

#define DIRECTORIES_DEEP 32 /* a trace is not deeper in what was given */

bool set_grow(void *array, uint32_t n, size_t size)
{
	void **items = array;
	void *more;

	/* Room is doubled at each power of two. */
	if (n & (n - 1))
		return true;
	more = realloc(*items, (n ? 2 * (size_t)n : 1) * size);
	if (!more)
		return false;
	*items = more;
	return true;
}

void set_trouble(struct opening *opening, const struct ctf_error *error)
{
	struct ctf *ctf = opening->ctf;
	struct ctf_error *copy = malloc(sizeof(*copy));

	if (!copy || !set_grow(&ctf->troubles, ctf->n_troubles, sizeof(copy))) {
		free(copy);
		opening->no_memory = true;
		return;
	}
	*copy = *error;
	copy->what = copy->text + (error->what ? error->what - error->text : 0);
	ctf->troubles[ctf->n_troubles++] = copy;
}

static __attribute__((format(printf, 2, 3))) void trouble(struct opening *opening, const char *format, ...)
{
	struct ctf_error error = {0};
	va_list args;

	va_start(args, format);
	vsnprintf(error.text, sizeof(error.text), format, args);
	va_end(args);
	error.what = error.text;
	set_trouble(opening, &error);
}

/* ---- Directories ---- */

int set_by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_known(const struct opening *opening, const struct stat *dir)
{
	for (uint32_t i = 0; i < opening->n_dirs; i++)
		if (opening->dirs[i].dev == dir->st_dev && opening->dirs[i].ino == dir->st_ino)
			return true;
	return false;
}

void set_unreadable(struct opening *opening, const char *path, int error)
{
	if (error == ENOMEM)
		opening->no_memory = true;
	else
		trouble(opening, "%s: cannot be read: %s", path, strerror(error));
}

/* Its directory, unless it was met before. */
static void add_dir(struct opening *opening, const FTSENT *metadata)
{
	const struct stat *stat = metadata->fts_parent->fts_statp;
	struct set_dir dir = {.dev = stat->st_dev, .ino = stat->st_ino};

	if (is_known(opening, stat))
		return;
	/* The path without "/metadata". */
	dir.path = strndup(metadata->fts_path, (size_t)metadata->fts_pathlen - strlen("/metadata"));
	if (!dir.path || !set_grow(&opening->dirs, opening->n_dirs, sizeof(dir))) {
		free(dir.path);
		opening->no_memory = true;
		return;
	}
	opening->dirs[opening->n_dirs++] = dir;
}

/* Return: it is a trace's metadata. */
static bool see_entry(struct opening *opening, FTS *fts, FTSENT *entry)
{
	switch (entry->fts_info) {
	case FTS_D:
		if (entry->fts_level > DIRECTORIES_DEEP || (entry->fts_level > 0 && entry->fts_name[0] == '.'))
			fts_set(fts, entry, FTS_SKIP);
		break;
	case FTS_F:
		if (entry->fts_level == 0 || strcmp(entry->fts_name, "metadata"))
			break;
		add_dir(opening, entry);
		return true;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		set_unreadable(opening, entry->fts_path, entry->fts_errno);
		break;
	default:
		break;
	}
	return false;
}

static void find_traces(struct opening *opening, const char *path)
{
	char *const paths[] = {(char *)path, NULL};
	const uint32_t n_troubles = opening->ctf->n_troubles;
	FTS *fts = fts_open(paths, FTS_COMFOLLOW | FTS_PHYSICAL | FTS_NOCHDIR, set_by_name);
	bool has_any = false;
	FTSENT *entry;

	if (!fts) {
		set_unreadable(opening, path, errno);
		return;
	}
	while ((entry = fts_read(fts)))
		has_any |= see_entry(opening, fts, entry);
	if (errno)
		set_unreadable(opening, path, errno);
	fts_close(fts);
	if (!has_any && opening->ctf->n_troubles == n_troubles)
		trouble(opening, "%s: no trace is there: neither it nor a directory in it has a file \"metadata\"", path);
}

/* ---- Traces ---- */

static void free_found(struct set_trace *trace)
{
	if (trace)
		arena_free(&trace->model.arena);
	free(trace);
}

/* Read a directory's metadata. NULL: it was said why, or there is no memory. */
static struct set_trace *load_trace(struct opening *opening, const char *dir)
{
	struct set_trace *trace = calloc(1, sizeof(*trace));
	struct ctf_error error;
	char *path;
	bool ok;

	if (!trace || asprintf(&path, "%s/metadata", dir) < 0) {
		free(trace);
		opening->no_memory = true;
		return NULL;
	}
	model_init(&trace->model, path, &error);
	ok = ctf_metadata_load(&trace->model, path);
	if (!ok)
		set_trouble(opening, &error);
	model_lists_free(&trace->model);
	free(path);
	trace->model.path = NULL;
	trace->model.error = NULL;
	trace->model.trace.dir = dir;
	if (ok)
		return trace;
	free_found(trace);
	return NULL;
}

/* The trace and its streams, which are in the directories of @n @chunks. False: these do not go together, nothing was added. */
static bool add_trace(struct opening *opening, struct set_trace *trace, const struct ctf_trace **chunks, uint32_t n)
{
	struct ctf *ctf = opening->ctf;
	struct ctf_trace *pub = &trace->model.trace;
	const char **kept;

	if (!set_add_streams(opening, pub, chunks, n))
		return false;
	kept = arena_alloc(&ctf->arena, n * sizeof(*kept));
	for (uint32_t i = 0; kept && i < n; i++) {
		kept[i] = arena_text(&ctf->arena, chunks[i]->dir, strlen(chunks[i]->dir));
		opening->no_memory |= !kept[i];
	}
	if (!kept || !set_grow(&ctf->traces, ctf->n_traces, sizeof(trace))) {
		opening->no_memory = true;
		return false;
	}
	pub->dir = kept[0];
	pub->dirs = kept;
	pub->n_dirs = n;
	if (ctf->n_traces) {
		const struct ctf_trace *before = &ctf->traces[ctf->n_traces - 1]->model.trace;

		pub->first_event = before->first_event + before->n_events;
	}
	ctf->traces[ctf->n_traces++] = trace;
	return true;
}

static void forget_troubles(struct ctf *ctf, uint32_t n)
{
	while (ctf->n_troubles > n)
		free(ctf->troubles[--ctf->n_troubles]);
}

static bool has_uuid_of(const struct set_trace *trace, const struct set_trace *first)
{
	const struct ctf_trace *a = &trace->model.trace, *b = &first->model.trace;

	return a->has_uuid && b->has_uuid && !memcmp(a->uuid, b->uuid, sizeof(a->uuid));
}

/* Those of @found that have the uuid of the first one. Return: how many. */
static uint32_t find_group(struct set_trace *const *found, uint32_t n, uint32_t *ret)
{
	uint32_t n_group = 0;

	for (uint32_t i = 0; i < n; i++)
		if (found[i] && (!i || has_uuid_of(found[i], found[0])))
			ret[n_group++] = i;
	return n_group;
}

/* Does @a describe more than @b, or is it later by its name, so that it knows the clock better? Whatever the order of operands. */
static bool is_better(const struct ctf_trace *a, const struct ctf_trace *b)
{
	return a->n_events != b->n_events ? a->n_events > b->n_events : strverscmp(a->dir, b->dir) > 0;
}

/* The metadata that all are read with. NULL: they do not tell the same, or no memory. */
static struct set_trace *whole_of(struct opening *opening, struct set_trace *const *found, const uint32_t *group, uint32_t n)
{
	struct set_trace *whole = found[group[0]];

	for (uint32_t i = 1; i < n; i++)
		if (is_better(&found[group[i]]->model.trace, &whole->model.trace))
			whole = found[group[i]];
	for (uint32_t i = 0; i < n; i++) {
		const int same = chunks_same_metadata(&whole->model.trace, &found[group[i]]->model.trace);

		opening->no_memory |= same < 0;
		if (same <= 0)
			return NULL;
	}
	return whole;
}

/* Traces of one uuid, as one. False: they are not. */
static bool add_chunks(struct opening *opening, struct set_trace **found, const uint32_t *group, uint32_t n,
		       const struct ctf_trace **chunks)
{
	const uint32_t n_troubles = opening->ctf->n_troubles;
	struct set_trace *whole = whole_of(opening, found, group, n);

	for (uint32_t i = 0; i < n; i++)
		chunks[i] = &found[group[i]]->model.trace;
	if (!whole || !add_trace(opening, whole, chunks, n)) {
		forget_troubles(opening->ctf, n_troubles);
		return false;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (found[group[i]] != whole)
			free_found(found[group[i]]);
		found[group[i]] = NULL;
	}
	return true;
}

static void add_group(struct opening *opening, struct set_trace **found, const uint32_t *group, uint32_t n,
		      const struct ctf_trace **chunks)
{
	if (n > 1 && add_chunks(opening, found, group, n, chunks))
		return;
	for (uint32_t i = 0; i < n && !opening->no_memory; i++) {
		chunks[0] = &found[group[i]]->model.trace;
		if (add_trace(opening, found[group[i]], chunks, 1))
			found[group[i]] = NULL;
	}
}

static void open_traces(struct opening *opening)
{
	const uint32_t n = opening->n_dirs;
	struct set_trace **found = calloc(n + 1, sizeof(struct set_trace *));
	uint32_t *group = calloc(n + 1, sizeof(*group));
	const struct ctf_trace **chunks = calloc(n + 1, sizeof(*chunks));

	opening->no_memory |= !found || !group || !chunks;
	for (uint32_t i = 0; i < n && !opening->no_memory; i++)
		found[i] = load_trace(opening, opening->dirs[i].path);
	for (uint32_t i = 0; i < n && !opening->no_memory; i++)
		if (found[i])
			add_group(opening, found + i, group, find_group(found + i, n - i, group), chunks);
	for (uint32_t i = 0; found && i < n; i++)
		free_found(found[i]);
	free(found);
	free(group);
	free(chunks);
}

static struct ctf *give_up(struct opening *opening, struct ctf_error *ret_error)
{
	struct ctf *ctf = opening->ctf;

	*ret_error = (struct ctf_error){.text = "out of memory"};
	if (ctf && !opening->no_memory && ctf->n_troubles)
		*ret_error = *ctf->troubles[0];
	ret_error->what = ret_error->text;
	ctf_close(ctf);
	return NULL;
}

struct ctf *ctf_open(const char *const *dirs, size_t n_dirs, struct ctf_error *ret_error)
{
	struct opening opening = {.ctf = calloc(1, sizeof(*opening.ctf))};

	if (!opening.ctf)
		return give_up(&opening, ret_error);
	for (size_t i = 0; i < n_dirs; i++)
		find_traces(&opening, dirs[i]);
	if (!opening.no_memory)
		open_traces(&opening);
	for (uint32_t i = 0; i < opening.n_dirs; i++)
		free(opening.dirs[i].path);
	free(opening.dirs);
	if (opening.no_memory || !opening.ctf->n_traces)
		return give_up(&opening, ret_error);
	return opening.ctf;
}

void ctf_close(struct ctf *ctf)
{
	if (!ctf)
		return;
	for (uint32_t i = 0; i < ctf->n_streams; i++)
		index_destroy(&ctf->streams[i]->index);
	for (uint32_t i = 0; i < ctf->n_traces; i++) {
		arena_free(&ctf->traces[i]->model.arena);
		free(ctf->traces[i]);
	}
	for (uint32_t i = 0; i < ctf->n_troubles; i++)
		free(ctf->troubles[i]);
	free(ctf->streams);
	free(ctf->traces);
	free(ctf->troubles);
	arena_free(&ctf->arena);
	free(ctf);
}

uint32_t ctf_n_traces(const struct ctf *ctf)
{
	return ctf->n_traces;
}

const struct ctf_trace *ctf_trace_at(const struct ctf *ctf, uint32_t index)
{
	return &ctf->traces[index]->model.trace;
}

uint32_t ctf_n_streams(const struct ctf *ctf)
{
	return ctf->n_streams;
}

const struct ctf_stream *ctf_stream_at(const struct ctf *ctf, uint32_t index)
{
	return &ctf->streams[index]->pub;
}

const struct ctf_error *ctf_trouble(const struct ctf *ctf, uint32_t index)
{
	return index < ctf->n_troubles ? ctf->troubles[index] : NULL;
}
