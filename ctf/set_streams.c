/* SPDX-License-Identifier: MIT */
/**
 * set_streams.c - sorts the files of a trace into data streams, over all of the trace's chunks (chunks.h).
 *
 * Files of one stream class and id are a data stream, in the order of what their first packets say; a file without an id is one of
 * its own. What a later chunk has, too, is read there: data_file.end is where a file stops, 0 if none of it is read. Either all
 * chunks go together or nothing is added.
 */
#include "ctf/set.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctf/chunks.h"
#include "ctf/reader.h"

/** A directory. */
struct chunk {
	const struct ctf_trace *own; /* what its own metadata say */
	bool has_begin;
	int64_t begin;
	bool other_time; /* its clock is not that of the trace */
};

/** What the first packet says of its place among others. */
struct start {
	bool has_begin;
	bool has_sequence;
	int64_t begin;
	uint64_t sequence;
};

/** A file, before it is known which stream it is of. */
struct data_file {
	const char *path;
	uint64_t size;
	uint64_t end;                /* byte up to which it is read */
	const struct ctf_trace *own; /* of its chunk */
	uint32_t chunk;              /* in the order of time */
	const struct ctf_stream_class *class;
	bool has_id;
	uint64_t id;
	struct start start; /* of the file */
	struct start run;   /* of the first file of the chunk that is of this stream */
};

/** The trace. */
struct parts {
	struct opening *opening;
	const struct ctf_trace *trace;
	struct chunk *chunks;
	uint32_t n_chunks;
	struct data_file *files;
	uint32_t n_files;
	bool fits; /* a data stream of a chunk goes together with that of another one */
};

/* ---- Files ---- */

static void probe_file(struct parts *parts, struct stream_reader *reader, const FTSENT *entry, struct chunk *chunk)
{
	struct opening *opening = parts->opening;
	struct data_file file = {.size = (uint64_t)entry->fts_statp->st_size, .end = UINT64_MAX, .own = chunk->own};
	enum ctf_status status;

	if (!file.size)
		return;
	file.path = arena_text(&opening->ctf->arena, entry->fts_path, entry->fts_pathlen);
	if (!file.path || !set_grow(&parts->files, parts->n_files, sizeof(file))) {
		opening->no_memory = true;
		return;
	}
	status = reader_probe(reader, parts->trace, file.path, &file.has_id, &file.id);
	if (status == CTF_ERROR)
		set_trouble(opening, &reader->error);
	if (status != CTF_RECORD)
		return;
	file.class = &reader->class->model.pub;
	file.start = (struct start){reader->packet.has_begin, reader->packet.has_sequence, reader->packet.begin_ns,
				    reader->packet.sequence};
	parts->files[parts->n_files++] = file;
	chunk->other_time |= !chunks_same_time(file.class, chunk->own, reader->packet.begin);
	if (file.start.has_begin && (!chunk->has_begin || file.start.begin < chunk->begin)) {
		chunk->has_begin = true;
		chunk->begin = file.start.begin;
	}
}

static bool is_data(const FTSENT *entry)
{
	return entry->fts_info == FTS_F && entry->fts_level == 1 && entry->fts_name[0] != '.' &&
	       strcmp(entry->fts_name, "metadata");
}

static void see_entry(struct parts *parts, struct stream_reader *reader, FTS *fts, FTSENT *entry, struct chunk *chunk)
{
	switch (entry->fts_info) {
	case FTS_D:
		if (entry->fts_level > 0)
			fts_set(fts, entry, FTS_SKIP);
		break;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		set_unreadable(parts->opening, entry->fts_path, entry->fts_errno);
		break;
	default:
		if (is_data(entry))
			probe_file(parts, reader, entry, chunk);
	}
}

static void probe_chunk(struct parts *parts, struct stream_reader *reader, struct chunk *chunk)
{
	char *const paths[] = {(char *)chunk->own->dir, NULL};
	FTS *fts = fts_open(paths, FTS_COMFOLLOW | FTS_LOGICAL | FTS_NOCHDIR, set_by_name);
	FTSENT *entry;

	if (!fts) {
		set_unreadable(parts->opening, chunk->own->dir, errno);
		return;
	}
	while ((entry = fts_read(fts)))
		see_entry(parts, reader, fts, entry, chunk);
	if (errno)
		set_unreadable(parts->opening, chunk->own->dir, errno);
	fts_close(fts);
}

static void probe_files(struct parts *parts)
{
	struct stream_reader reader;

	if (reader_init(&reader, NULL, READER_HEAD_ROOM, false))
		parts->opening->no_memory = true;
	for (uint32_t i = 0; i < parts->n_chunks && !parts->opening->no_memory; i++)
		probe_chunk(parts, &reader, &parts->chunks[i]);
	reader_free(&reader);
}

/* ---- Order ---- */

/* What does not say when it begins comes last. */
static int by_begin(const void *a, const void *b)
{
	const struct chunk *x = a, *y = b;

	if (x->has_begin != y->has_begin)
		return x->has_begin ? -1 : 1;
	if (x->has_begin && x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return strverscmp(x->own->dir, y->own->dir);
}

static int by_start(const struct start *a, const struct start *b)
{
	if (a->has_begin != b->has_begin)
		return a->has_begin ? -1 : 1;
	if (a->has_begin && a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	if (a->has_sequence != b->has_sequence)
		return a->has_sequence ? -1 : 1;
	return a->has_sequence ? set_compare(a->sequence, b->sequence) : 0;
}

/* Files of one stream one after the other, in the stream's own order of chunks, which may not be that of the chunks. */
static int by_stream(const void *a, const void *b)
{
	const struct data_file *x = a, *y = b;
	int order = set_compare(x->class->id, y->class->id);

	if (!order)
		order = x->has_id - y->has_id;
	if (!order && x->has_id)
		order = set_compare(x->id, y->id);
	if (!order)
		order = by_start(&x->run, &y->run);
	if (!order)
		order = set_compare(x->chunk, y->chunk);
	if (!order && x->has_id)
		order = by_start(&x->start, &y->start);
	return order ? order : strverscmp(x->path, y->path);
}

static uint32_t chunk_of(const struct parts *parts, const struct data_file *file)
{
	uint32_t i = 0;

	while (parts->chunks[i].own != file->own)
		i++;
	return i;
}

/* Return: the end of the files from @at on that are of one stream; with @chunk: and of one chunk. */
static uint32_t end_of(const struct parts *parts, uint32_t at, bool chunk)
{
	const struct data_file *first = &parts->files[at];
	uint32_t end = at + 1;

	while (end < parts->n_files && first->has_id && parts->files[end].has_id && first->class == parts->files[end].class &&
	       first->id == parts->files[end].id && (!chunk || first->chunk == parts->files[end].chunk))
		end++;
	return end;
}

static void sort(struct parts *parts)
{
	uint32_t end;

	qsort(parts->chunks, parts->n_chunks, sizeof(*parts->chunks), by_begin);
	for (uint32_t i = 0; i < parts->n_files; i++)
		parts->files[i].chunk = chunk_of(parts, &parts->files[i]);
	if (!parts->n_files)
		return;
	qsort(parts->files, parts->n_files, sizeof(*parts->files), by_stream);
	for (uint32_t i = 0; i < parts->n_files; i = end) {
		end = end_of(parts, i, true);
		for (uint32_t k = i; k < end && parts->files[i].has_id; k++)
			parts->files[k].run = parts->files[i].start;
	}
	qsort(parts->files, parts->n_files, sizeof(*parts->files), by_stream);
}

/* ---- Data streams ---- */

/* Of files that are to be read. */
static struct set_stream *make_stream(struct parts *parts, const struct data_file *files, uint32_t n)
{
	struct arena *arena = &parts->opening->ctf->arena;
	struct set_stream *stream = arena_alloc(arena, sizeof(*stream));
	const char **paths = arena_alloc(arena, n * sizeof(*paths));
	uint64_t *sizes = arena_alloc(arena, n * sizeof(*sizes)), *ends = arena_alloc(arena, n * sizeof(*ends));

	if (!stream || !paths || !sizes || !ends) {
		parts->opening->no_memory = true;
		return NULL;
	}
	stream->ends = ends;
	stream->pub = (struct ctf_stream){
		.trace = parts->trace,
		.class = files->class,
		.has_id = files->has_id,
		.id = files->id,
		.files = paths,
		.file_sizes = sizes,
	};
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t to = stream->pub.n_files;

		if (!files[i].end)
			continue;
		paths[to] = files[i].path;
		ends[to] = files[i].end;
		sizes[to] = files[i].size < files[i].end ? files[i].size : files[i].end;
		stream->pub.size += sizes[to];
		stream->pub.n_files++;
	}
	return stream;
}

static void add_stream(struct parts *parts, const struct data_file *files, uint32_t n)
{
	struct ctf *ctf = parts->opening->ctf;
	struct set_stream *stream = make_stream(parts, files, n);

	if (!stream)
		return;
	if (!set_grow(&ctf->streams, ctf->n_streams, sizeof(stream)) || index_init(&stream->index)) {
		parts->opening->no_memory = true;
		return;
	}
	stream->pub.index = ctf->n_streams;
	ctf->streams[ctf->n_streams++] = stream;
}

/* Nothing at or behind a byte of the first of @files is read. */
static void cut(struct data_file *files, uint32_t n, uint64_t offset)
{
	for (uint32_t i = 0; i < n; i++)
		files[i].end = i ? 0 : offset;
}

/** Files of one chunk and stream. */
struct run {
	struct data_file *files;
	uint32_t n;
	const struct set_stream *stream; /* of them */
	struct place place;              /* what is in front of it is not in any later chunk */
};

static struct run run_at(struct parts *parts, uint32_t at)
{
	const uint32_t n = end_of(parts, at, true) - at;

	return (struct run){parts->files + at, n, make_stream(parts, parts->files + at, n), {0}};
}

static enum chunk_fit join_two(struct run *earlier, const struct run *later)
{
	const struct place *place = &earlier->place;
	enum chunk_fit fit;

	if (!earlier->stream || !later->stream)
		return CHUNK_NO_MEMORY;
	fit = chunks_fit(earlier->stream, later->stream, &earlier->place);
	if (fit == CHUNK_OVERLAPS)
		cut(earlier->files + place->file, earlier->n - place->file, place->offset);
	if (fit == CHUNK_INSIDE)
		cut(later->files, later->n, 0);
	return fit;
}

/* The chunks' parts of a stream, files [first, end). Return: false: they do not go together. */
static bool join_all(struct parts *parts, uint32_t first, uint32_t end)
{
	struct run last = run_at(parts, first);

	for (uint32_t at = first + last.n; at < end;) {
		const struct run next = run_at(parts, at);
		const enum chunk_fit fit = join_two(&last, &next);

		parts->opening->no_memory |= fit == CHUNK_NO_MEMORY;
		if (fit == CHUNK_NO_MEMORY || fit == CHUNK_OTHER)
			return false;
		parts->fits = true;
		last = fit == CHUNK_INSIDE ? last : next;
		at += next.n;
	}
	return true;
}

/*
 * Do all chunks go together? Their overlaps are cut off. If one data stream does, they are of one recording; chunks that have no
 * stream in common with others are, too, as of programs that ran on another CPU.
 */
static bool are_one(struct parts *parts)
{
	uint32_t end;

	for (uint32_t i = 0; i < parts->n_chunks; i++)
		if (parts->chunks[i].other_time)
			return false;
	for (uint32_t i = 0; i < parts->n_files; i = end) {
		end = end_of(parts, i, false);
		if (!join_all(parts, i, end))
			return false;
	}
	return parts->fits || !parts->n_files;
}

static void add_streams(struct parts *parts)
{
	uint32_t end;

	for (uint32_t i = 0; i < parts->n_files && !parts->opening->no_memory; i = end) {
		end = end_of(parts, i, false);
		add_stream(parts, parts->files + i, end - i);
	}
}

bool set_add_streams(struct opening *opening, const struct ctf_trace *trace, const struct ctf_trace **chunks, uint32_t n)
{
	struct parts parts = {.opening = opening, .trace = trace, .n_chunks = n, .chunks = calloc(n, sizeof(*parts.chunks))};
	bool ok;

	if (!parts.chunks) {
		opening->no_memory = true;
		return true;
	}
	for (uint32_t i = 0; i < n; i++)
		parts.chunks[i].own = chunks[i];
	probe_files(&parts);
	sort(&parts);
	ok = opening->no_memory || n == 1 || are_one(&parts);
	for (uint32_t i = 0; i < n; i++)
		chunks[i] = parts.chunks[i].own;
	if (ok)
		add_streams(&parts);
	free(parts.chunks);
	free(parts.files);
	return ok;
}
