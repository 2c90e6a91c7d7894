/* SPDX-License-Identifier: MIT */
/**
 * set.c - opens traces: finds them in directories, reads their metadata, sorts their files into data streams.
 */
#include "ctf/set.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctf/reader.h"

#define DIRECTORIES_DEEP 32 /* a trace is not deeper in what was given */

/** A file of a trace, before it is known which stream it is of. */
struct data_file {
	const char *path;
	uint64_t size;
	const struct ctf_stream_class *class;
	bool has_id;
	uint64_t id;
	bool has_begin;
	int64_t begin;
};

/** While a set is being opened. */
struct opening {
	struct ctf *ctf;
	char **dirs; /* that hold a metadata file */
	uint32_t n_dirs;
	bool no_memory;
};

static bool grow(void *array, uint32_t n, size_t size)
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

static void add_trouble(struct opening *opening, const struct ctf_error *error)
{
	struct ctf *ctf = opening->ctf;
	struct ctf_error *copy = malloc(sizeof(*copy));

	if (!copy || !grow(&ctf->troubles, ctf->n_troubles, sizeof(copy))) {
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
	add_trouble(opening, &error);
}

/* ---- Directories ---- */

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void add_dir(struct opening *opening, const FTSENT *metadata)
{
	/* The path without "/metadata". */
	char *dir = strndup(metadata->fts_path, (size_t)metadata->fts_pathlen - strlen("/metadata"));

	if (!dir || !grow(&opening->dirs, opening->n_dirs, sizeof(dir))) {
		free(dir);
		opening->no_memory = true;
		return;
	}
	opening->dirs[opening->n_dirs++] = dir;
}

static void see_entry(struct opening *opening, FTS *fts, FTSENT *entry)
{
	switch (entry->fts_info) {
	case FTS_D:
		if (entry->fts_level > DIRECTORIES_DEEP || (entry->fts_level > 0 && entry->fts_name[0] == '.'))
			fts_set(fts, entry, FTS_SKIP);
		break;
	case FTS_F:
		if (entry->fts_level > 0 && !strcmp(entry->fts_name, "metadata"))
			add_dir(opening, entry);
		break;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		trouble(opening, "%s: cannot be read: %s", entry->fts_path, strerror(entry->fts_errno));
		break;
	default:
		break;
	}
}

static void find_traces(struct opening *opening, const char *path)
{
	char *const paths[] = {(char *)path, NULL};
	const uint32_t n_before = opening->n_dirs, n_troubles = opening->ctf->n_troubles;
	FTS *fts = fts_open(paths, FTS_COMFOLLOW | FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	FTSENT *entry;

	if (!fts) {
		trouble(opening, "%s: cannot be read: %s", path, strerror(errno));
		return;
	}
	while ((entry = fts_read(fts)))
		see_entry(opening, fts, entry);
	fts_close(fts);
	if (opening->n_dirs == n_before && opening->ctf->n_troubles == n_troubles)
		trouble(opening, "%s: no trace is there: neither it nor a directory in it has a file \"metadata\"", path);
}

/* ---- Data streams ---- */

static int by_stream(const void *a, const void *b)
{
	const struct data_file *x = a, *y = b;

	if (x->class->id != y->class->id)
		return x->class->id < y->class->id ? -1 : 1;
	if (x->has_id != y->has_id)
		return x->has_id ? 1 : -1;
	if (x->has_id && x->id != y->id)
		return x->id < y->id ? -1 : 1;
	if (x->has_id && x->has_begin && y->has_begin && x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return strverscmp(x->path, y->path);
}

static bool is_same_stream(const struct data_file *a, const struct data_file *b)
{
	return a->class == b->class && a->has_id && b->has_id && a->id == b->id;
}

static bool add_stream(struct opening *opening, const struct ctf_trace *trace, const struct data_file *files, uint32_t n)
{
	struct ctf *ctf = opening->ctf;
	struct set_stream *stream = arena_alloc(&ctf->arena, sizeof(*stream));
	const char **paths = arena_alloc(&ctf->arena, n * sizeof(*paths));
	uint64_t *sizes = arena_alloc(&ctf->arena, n * sizeof(*sizes));

	if (!stream || !paths || !sizes || index_init(&stream->index))
		return false;
	if (!grow(&ctf->streams, ctf->n_streams, sizeof(stream))) {
		index_destroy(&stream->index);
		return false;
	}
	stream->pub = (struct ctf_stream){
		.trace = trace,
		.class = files->class,
		.has_id = files->has_id,
		.id = files->id,
		.index = ctf->n_streams,
		.n_files = n,
		.files = paths,
		.file_sizes = sizes,
	};
	for (uint32_t i = 0; i < n; i++) {
		paths[i] = files[i].path;
		sizes[i] = files[i].size;
		stream->pub.size += files[i].size;
	}
	ctf->streams[ctf->n_streams++] = stream;
	return true;
}

static void probe_file(struct opening *opening, struct stream_reader *reader, const struct ctf_trace *trace, const FTSENT *entry,
		       struct data_file **files, uint32_t *n)
{
	struct data_file file = {.size = (uint64_t)entry->fts_statp->st_size};
	enum ctf_status status;

	if (!file.size)
		return;
	file.path = arena_text(&opening->ctf->arena, entry->fts_path, entry->fts_pathlen);
	if (!file.path || !grow(files, *n, sizeof(file))) {
		opening->no_memory = true;
		return;
	}
	status = reader_probe(reader, trace, file.path, &file.has_id, &file.id);
	if (status == CTF_ERROR)
		add_trouble(opening, &reader->error);
	if (status != CTF_RECORD)
		return;
	file.class = &reader->class->model.pub;
	file.has_begin = reader->packet.has_begin;
	file.begin = reader->packet.begin_ns;
	(*files)[(*n)++] = file;
}

static bool is_data(const FTSENT *entry)
{
	return entry->fts_info == FTS_F && entry->fts_level == 1 && entry->fts_name[0] != '.' &&
	       strcmp(entry->fts_name, "metadata");
}

static uint32_t probe_files(struct opening *opening, const struct ctf_trace *trace, struct data_file **files)
{
	char *const paths[] = {(char *)trace->dir, NULL};
	FTS *fts = fts_open(paths, FTS_COMFOLLOW | FTS_LOGICAL | FTS_NOCHDIR, by_name);
	struct stream_reader reader;
	FTSENT *entry;
	uint32_t n = 0;

	if (!fts || reader_init(&reader, NULL, READER_HEAD_ROOM, false)) {
		opening->no_memory = true;
		if (fts)
			fts_close(fts);
		return 0;
	}
	while ((entry = fts_read(fts))) {
		if (entry->fts_info == FTS_D && entry->fts_level > 0)
			fts_set(fts, entry, FTS_SKIP);
		else if (is_data(entry))
			probe_file(opening, &reader, trace, entry, files, &n);
	}
	fts_close(fts);
	reader_free(&reader);
	return n;
}

static void find_streams(struct opening *opening, const struct ctf_trace *trace)
{
	struct data_file *files = NULL;
	const uint32_t n = probe_files(opening, trace, &files);
	uint32_t end;

	if (n)
		qsort(files, n, sizeof(*files), by_stream);
	for (uint32_t i = 0; i < n && !opening->no_memory; i = end) {
		end = i + 1;
		while (end < n && is_same_stream(&files[i], &files[end]))
			end++;
		if (!add_stream(opening, trace, files + i, end - i))
			opening->no_memory = true;
	}
	free(files);
}

/* ---- Traces ---- */

static void open_trace(struct opening *opening, const char *dir)
{
	struct ctf *ctf = opening->ctf;
	struct set_trace *trace = calloc(1, sizeof(*trace));
	struct ctf_error error;
	char *path;

	if (!trace || asprintf(&path, "%s/metadata", dir) < 0) {
		free(trace);
		opening->no_memory = true;
		return;
	}
	model_init(&trace->model, path, &error);
	if (!ctf_metadata_load(&trace->model, path)) {
		add_trouble(opening, &error);
		model_lists_free(&trace->model);
		arena_free(&trace->model.arena);
		free(trace);
		free(path);
		return;
	}
	model_lists_free(&trace->model);
	free(path);
	trace->model.path = NULL;
	trace->model.error = NULL;
	trace->model.trace.dir = arena_text(&ctf->arena, dir, strlen(dir));
	if (!trace->model.trace.dir || !grow(&ctf->traces, ctf->n_traces, sizeof(trace))) {
		arena_free(&trace->model.arena);
		free(trace);
		opening->no_memory = true;
		return;
	}
	if (ctf->n_traces) {
		const struct ctf_trace *before = &ctf->traces[ctf->n_traces - 1]->model.trace;

		trace->model.trace.first_event = before->first_event + before->n_events;
	}
	ctf->traces[ctf->n_traces++] = trace;
	find_streams(opening, &trace->model.trace);
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
	for (uint32_t i = 0; i < opening.n_dirs; i++) {
		if (!opening.no_memory)
			open_trace(&opening, opening.dirs[i]);
		free(opening.dirs[i]);
	}
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
