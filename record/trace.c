/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "error.h"

/*
 * The metadata is replaced by rename(), so that it is whole whatever happens. With so many classes it is written anew for each;
 * with more, that would be quadratic, and there are two copies that take turns: the hidden one gets what it lacks, then they change
 * names.
 */
#define REWRITE_CLASSES 16u
#define METADATA "metadata"
#define METADATA_HIDDEN ".metadata"
#define DEFAULT_TRIES 1000
#define STREAM_NAME_MAX 64

#ifndef BORELOG_VERSION
#define BORELOG_VERSION "0.1.0"
#endif

static int make_default(char ret[PATH_MAX], struct record_error *error)
{
	char name[40], cwd[PATH_MAX - 64];
	const time_t now = time(NULL);
	struct tm tm;
	int i;

	if (!getcwd(cwd, sizeof(cwd)))
		return record_fail(error, -errno, "cannot find the current directory: %s. Name one with -o.", strerror(errno));
	localtime_r(&now, &tm);
	(void)strftime(name, sizeof(name) - 8, "borelog-%Y%m%d-%H%M%S", &tm);
	for (i = 1; i < DEFAULT_TRIES; i++) {
		if (i == 1)
			(void)snprintf(ret, PATH_MAX, "%s/%s", cwd, name);
		else
			(void)snprintf(ret, PATH_MAX, "%s/%s.%d", cwd, name, i);
		if (!mkdir(ret, 0777))
			return 0;
		if (errno != EEXIST)
			break;
	}
	return record_fail(error, -errno, "cannot make the directory %s: %s. Name another with -o.", ret, strerror(errno));
}

static int make_named(char ret[PATH_MAX], const char *path, struct record_error *error)
{
	char cwd[PATH_MAX] = "";
	int n;

	if (path[0] != '/' && !getcwd(cwd, sizeof(cwd)))
		return record_fail(error, -errno, "cannot find the current directory: %s", strerror(errno));
	n = snprintf(ret, PATH_MAX, "%s%s%s", cwd, path[0] == '/' ? "" : "/", path);
	if (n < 0 || n >= PATH_MAX - 64)
		return record_fail(error, -ENAMETOOLONG, "%s: the name is too long", path);
	if (!mkdir(ret, 0777))
		return 0;
	if (errno == EEXIST)
		return record_fail(error, -EEXIST,
				   "%s is there already, and a trace never overwrites anything. Choose another name.", path);
	return record_fail(error, -errno, "cannot make the directory %s: %s", path, strerror(errno));
}

int trace_make_dir(char ret[PATH_MAX], const char *path, struct record_error *error)
{
	const int err = path ? make_named(ret, path, error) : make_default(ret, error);

	if (err)
		ret[0] = 0;
	return err;
}

int trace_open(struct trace *trace, const char *dir, struct record_error *error)
{
	trace->dir_fd = -1;
	if (!trace->rooms.first)
		trace->rooms = (struct stream_file_rooms){.first = STREAM_FILE_ROOM_FIRST, .max = STREAM_FILE_ROOM_MAX};
	if (snprintf(trace->path, PATH_MAX, "%s/%s", dir, trace->layer) >= PATH_MAX) {
		trace->path[0] = 0;
		return record_fail(error, -ENAMETOOLONG, "%s: the name is too long", dir);
	}
	if (!mkdir(trace->path, 0777))
		trace->dir_fd = open(trace->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (trace->dir_fd < 0)
		return record_fail(error, -errno, "cannot make the directory %s: %s", trace->path, strerror(errno));
	return 0;
}

void trace_close(struct trace *trace)
{
	uint64_t i;

	for (i = 0; i < trace->n_files; i++)
		stream_file_close(&trace->files[i]);
	free(trace->files);
	trace->files = NULL;
	trace->n_files = 0;
	if (trace->dir_fd >= 0)
		close(trace->dir_fd);
	trace->dir_fd = -1;
}

void trace_remove(struct trace *trace)
{
	if (!trace->path[0])
		return;
	if (trace->dir_fd >= 0)
		(void)unlinkat(trace->dir_fd, METADATA, 0);
	(void)rmdir(trace->path);
	trace->path[0] = 0;
}

struct env_text {
	struct utsname host;
	struct ctfw_env env[16 + TRACE_ENV_MORE];
	uint32_t n;
};

static void add_text(struct env_text *env, const char *name, const char *text)
{
	if (text && text[0])
		env->env[env->n++] = (struct ctfw_env){.name = name, .text = text};
}

static void add_number(struct env_text *env, const char *name, int64_t number)
{
	env->env[env->n++] = (struct ctfw_env){.name = name, .number = number};
}

static void fill_env(struct env_text *env, const struct trace *trace)
{
	uint32_t i;

	env->n = 0;
	add_text(env, "domain", trace->layer);
	if (!uname(&env->host)) {
		add_text(env, "hostname", env->host.nodename);
		add_text(env, "sysname", env->host.sysname);
		add_text(env, "kernel_release", env->host.release);
		add_text(env, "kernel_version", env->host.version);
		add_text(env, "machine", env->host.machine);
	}
	add_text(env, "tracer_name", "borelog");
	add_text(env, "tracer_version", BORELOG_VERSION);
	add_text(env, "command", trace->command);
	add_text(env, "programs", trace->programs);
	add_text(env, "clock", trace->clock->why);
	add_text(env, "clock_note", trace->clock->note);
	add_number(env, "clock_error_ns", (int64_t)trace->clock->error_ns);
	for (i = 0; i < trace->n_more && i < TRACE_ENV_MORE; i++)
		env->env[env->n++] = trace->more[i];
}

static void fill_class(struct ctfw_trace_class *class, const struct trace *trace, const struct env_text *env)
{
	const struct trace_clock *clock = trace->clock;
	const uint64_t ticks_per_ms = clock->frequency_hz / 1000;

	memset(class, 0, sizeof(*class));
	memcpy(class->uuid, trace->uuid, sizeof(class->uuid));
	class->big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	class->clock.name = clock->name;
	class->clock.description = clock->why;
	memcpy(class->clock.uuid, clock->uuid, sizeof(class->clock.uuid));
	class->clock.frequency = clock->frequency_hz;
	class->clock.offset_s = clock->offset_s;
	class->clock.offset_cycles = clock->offset_ticks;
	class->clock.precision = clock->error_ns / 1000000 * ticks_per_ms + clock->error_ns % 1000000 * ticks_per_ms / 1000000 + 1;
	class->env = env->env;
	class->n_env = env->n;
}

static int write_classes(const struct trace *trace, const struct ctfw_trace_class *class, uint32_t first, FILE *out)
{
	const struct stream_class *at;
	uint32_t id;
	int err = 0;

	/* The list is newest first; few enough that looking each one up does not matter. */
	for (id = first; id < trace->streams->n_classes && !err; id++) {
		for (at = trace->streams->classes; at && at->id != id; at = at->next)
			;
		if (at)
			err = ctf_metadata_write_stream(class, &at->ctf, trace->version, out);
	}
	return err;
}

/* The text of classes from @first on; the head too if @first is 0. */
static int make_text(const struct trace *trace, uint32_t first, char **ret, size_t *ret_size)
{
	struct ctfw_trace_class class;
	struct env_text env;
	FILE *out = open_memstream(ret, ret_size);
	int err = 0;

	if (!out)
		return -ENOMEM;
	fill_env(&env, trace);
	fill_class(&class, trace, &env);
	if (!first)
		err = ctf_metadata_write_trace(&class, trace->version, out);
	if (!err)
		err = write_classes(trace, &class, first, out);
	if (fclose(out) && !err)
		err = -ENOMEM;
	if (err)
		free(*ret);
	return err;
}

static int write_all(int fd, const char *text, size_t size)
{
	while (size) {
		const ssize_t n = write(fd, text, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		text += n;
		size -= (size_t)n;
	}
	return 0;
}

static int write_hidden(const struct trace *trace, bool append, const char *text, size_t size)
{
	const int fd = openat(trace->dir_fd, METADATA_HIDDEN,
			      O_WRONLY | O_CLOEXEC | O_NOFOLLOW | (append ? O_APPEND : O_CREAT | O_TRUNC), 0666);
	int err;

	if (fd < 0)
		return -errno;
	err = write_all(fd, text, size);
	close(fd);
	return err;
}

/* @turns: the old one is kept, with what it lacks, for the next time. */
static int show_hidden(struct trace *trace, bool turns)
{
	const uint32_t before = trace->n_described;

	trace->n_behind = 0;
	if (turns && !renameat2(trace->dir_fd, METADATA_HIDDEN, trace->dir_fd, METADATA, RENAME_EXCHANGE))
		trace->n_behind = before;
	else if (renameat(trace->dir_fd, METADATA_HIDDEN, trace->dir_fd, METADATA))
		return -errno;
	return 0;
}

static void drop_hidden(struct trace *trace)
{
	(void)unlinkat(trace->dir_fd, METADATA_HIDDEN, 0);
	trace->n_behind = 0;
}

static int describe(struct trace *trace)
{
	const bool turns = trace->n_described >= REWRITE_CLASSES && trace->n_described < trace->streams->n_classes;
	const uint32_t first = turns ? trace->n_behind : 0;
	size_t size = 0;
	char *text = NULL;
	int err;

	err = make_text(trace, first, &text, &size);
	if (err)
		return err;
	err = write_hidden(trace, first, text, size);
	free(text);
	if (!err)
		err = show_hidden(trace, turns);
	if (err)
		drop_hidden(trace);
	return err;
}

int trace_describe(struct trace *trace, struct record_error *error)
{
	const int err = describe(trace);

	if (err)
		return record_fail(error, err, "cannot write %s/metadata: %s", trace->path, strerror(-err));
	trace->n_described = trace->streams->n_classes;
	return 0;
}

/* A stream's files: in the stream for the session's own trace, in a table for a snapshot. NULL: none yet. */
static struct stream_file *find_file(struct trace *trace, struct stream *stream)
{
	if (!trace->snapshot)
		return &stream->file;
	return stream->instance_id < trace->n_files ? &trace->files[stream->instance_id] : NULL;
}

static struct stream_file *make_file(struct trace *trace, struct stream *stream)
{
	struct stream_file *files = find_file(trace, stream);
	uint64_t i;

	if (files)
		return files;
	files = realloc(trace->files, (stream->instance_id + 1) * sizeof(*files));
	if (!files)
		return NULL;
	for (i = trace->n_files; i <= stream->instance_id; i++)
		files[i] = STREAM_FILE_CLOSED;
	trace->files = files;
	trace->n_files = stream->instance_id + 1;
	return &files[stream->instance_id];
}

static void make_name(char ret[STREAM_NAME_MAX], const struct stream *stream)
{
	(void)snprintf(ret, STREAM_NAME_MAX, "stream_%u_%u_%llu", stream->class->id, stream->cpu,
		       (unsigned long long)stream->instance_id);
}

int trace_write(struct trace *trace, struct stream *stream, const struct bl_packet *packet, const void *payload,
		size_t payload_size)
{
	struct stream_file *file = make_file(trace, stream);
	char name[STREAM_NAME_MAX];
	uint64_t before;
	int err;

	if (!file)
		return -ENOMEM;
	before = file->bytes;
	make_name(name, stream);
	err = stream_file_append(file, trace->dir_fd, name, &trace->rooms, packet, payload, payload_size);
	if (err)
		return err;
	trace->n_made += !before;
	trace->bytes += file->bytes - before;
	trace->packets++;
	return 0;
}

void trace_finish(struct trace *trace)
{
	struct stream_file *file;
	char name[STREAM_NAME_MAX];
	struct stream *stream;

	for (stream = trace->streams ? trace->streams->all : NULL; stream; stream = stream->next) {
		file = find_file(trace, stream);
		if (!file || !file->room)
			continue;
		make_name(name, stream);
		stream_file_finish(file, trace->dir_fd, name);
	}
	if (trace->n_behind)
		drop_hidden(trace);
}
