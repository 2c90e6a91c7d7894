/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "error.h"

/* So many classes and the metadata is written anew for each; from then on a class is appended. */
#define REWRITE_CLASSES 16u
#define DEFAULT_TRIES 1000

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
		return record_fail(error, -EEXIST, "%s is there already, and a trace never overwrites anything. Choose another name.", path);
	return record_fail(error, -errno, "cannot make the directory %s: %s", path, strerror(errno));
}

int trace_open(struct trace *trace, const char *path, struct record_error *error)
{
	char user[PATH_MAX + 8];
	int err;

	trace->dir_fd = -1;
	err = path ? make_named(trace->path, path, error) : make_default(trace->path, error);
	if (err) {
		trace->path[0] = 0;
		return err;
	}
	(void)snprintf(user, sizeof(user), "%s/user", trace->path);
	if (!mkdir(user, 0777))
		trace->dir_fd = open(user, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (trace->dir_fd < 0)
		return record_fail(error, -errno, "cannot make the directory %s: %s", user, strerror(errno));
	return 0;
}

void trace_close(struct trace *trace)
{
	uint64_t i;

	for (i = 0; i < trace->n_files; i++)
		if (trace->files[i].fd >= 0)
			close(trace->files[i].fd);
	free(trace->files);
	trace->files = NULL;
	trace->n_files = 0;
	if (trace->dir_fd >= 0)
		close(trace->dir_fd);
	trace->dir_fd = -1;
}

void trace_remove(struct trace *trace)
{
	char user[PATH_MAX + 8];

	if (!trace->path[0])
		return;
	if (trace->dir_fd >= 0)
		(void)unlinkat(trace->dir_fd, "metadata", 0);
	(void)snprintf(user, sizeof(user), "%s/user", trace->path);
	(void)rmdir(user);
	(void)rmdir(trace->path);
	trace->path[0] = 0;
}

struct env_text {
	struct utsname host;
	struct ctf_env env[16];
	uint32_t n;
};

static void add_text(struct env_text *env, const char *name, const char *text)
{
	if (text && text[0])
		env->env[env->n++] = (struct ctf_env){.name = name, .text = text};
}

static void add_number(struct env_text *env, const char *name, int64_t number)
{
	env->env[env->n++] = (struct ctf_env){.name = name, .number = number};
}

static void fill_env(struct env_text *env, const struct trace *trace)
{
	env->n = 0;
	add_text(env, "domain", "user");
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
	add_number(env, "clock_error_ns", (int64_t)trace->clock->error_ns);
}

static void fill_class(struct ctf_trace_class *class, const struct trace *trace, const struct env_text *env)
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

static int write_classes(const struct trace *trace, const struct ctf_trace_class *class, uint32_t first, FILE *out)
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
	struct ctf_trace_class class;
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

static int write_file(const struct trace *trace, bool append, const char *text, size_t size)
{
	const char *name = append ? "metadata" : "metadata.new";
	const int fd = openat(trace->dir_fd, name, O_WRONLY | O_CLOEXEC | (append ? O_APPEND : O_CREAT | O_TRUNC), 0666);
	off_t before;
	int err;

	if (fd < 0)
		return -errno;
	before = lseek(fd, 0, SEEK_END);
	err = write_all(fd, text, size);
	if (err && append && ftruncate(fd, before))
		err = -errno;
	close(fd);
	if (!append && (err || renameat(trace->dir_fd, name, trace->dir_fd, "metadata"))) {
		err = err ? err : -errno;
		(void)unlinkat(trace->dir_fd, name, 0);
	}
	return err;
}

int trace_describe(struct trace *trace, struct record_error *error)
{
	const bool append = trace->n_described >= REWRITE_CLASSES && trace->n_described < trace->streams->n_classes;
	size_t size = 0;
	char *text = NULL;
	int err;

	err = make_text(trace, append ? trace->n_described : 0, &text, &size);
	if (!err) {
		err = write_file(trace, append, text, size);
		free(text);
	}
	if (err)
		return record_fail(error, err, "cannot write %s/user/metadata: %s", trace->path, strerror(-err));
	trace->n_described = trace->streams->n_classes;
	return 0;
}

/* The state of a stream's file: in the stream for the session's own trace, in a table for a snapshot. */
struct file_view {
	int *fd;
	bool *made;
	uint64_t *size;
};

static int find_file(struct trace *trace, struct stream *stream, struct file_view *ret)
{
	struct trace_file *files;
	uint64_t i;

	if (!trace->snapshot) {
		*ret = (struct file_view){&stream->fd, &stream->made, &stream->size};
		return 0;
	}
	if (stream->instance_id >= trace->n_files) {
		files = realloc(trace->files, (stream->instance_id + 1) * sizeof(*files));
		if (!files)
			return -ENOMEM;
		for (i = trace->n_files; i <= stream->instance_id; i++)
			files[i] = (struct trace_file){.fd = -1};
		trace->files = files;
		trace->n_files = stream->instance_id + 1;
	}
	files = &trace->files[stream->instance_id];
	*ret = (struct file_view){&files->fd, &files->made, &files->size};
	return 0;
}

static int open_file(struct trace *trace, const struct stream *stream, struct file_view *file)
{
	char name[64];

	if (*file->fd >= 0)
		return 0;
	(void)snprintf(name, sizeof(name), "stream_%u_%u_%llu", stream->class->id, stream->cpu, (unsigned long long)stream->instance_id);
	*file->fd = openat(trace->dir_fd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | (*file->made ? 0 : O_CREAT | O_EXCL), 0666);
	if (*file->fd < 0)
		return -errno;
	if (!*file->made)
		trace->n_made++;
	*file->made = true;
	return 0;
}

static int write_packet(int fd, uint64_t offset, const struct bl_packet *packet, const void *payload, size_t payload_size)
{
	const uint64_t total = sizeof(*packet) + payload_size;
	uint64_t done = 0;

	while (done < total) {
		struct iovec part[2] = {
			{.iov_base = (char *)(uintptr_t)packet + (done < sizeof(*packet) ? done : sizeof(*packet)),
			 .iov_len = done < sizeof(*packet) ? sizeof(*packet) - done : 0},
			{.iov_base = (char *)(uintptr_t)payload + (done > sizeof(*packet) ? done - sizeof(*packet) : 0),
			 .iov_len = done > sizeof(*packet) ? total - done : payload_size},
		};
		const ssize_t n = pwritev(fd, part, 2, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		done += (uint64_t)n;
	}
	return 0;
}

int trace_write(struct trace *trace, struct stream *stream, const struct bl_packet *packet, const void *payload, size_t payload_size)
{
	struct file_view file;
	struct stat st;
	int err;

	err = find_file(trace, stream, &file);
	if (!err)
		err = open_file(trace, stream, &file);
	if (err)
		return err;
	err = write_packet(*file.fd, *file.size, packet, payload, payload_size);
	/* A removed file takes everything and keeps nothing. */
	if (!err && (fstat(*file.fd, &st) || !st.st_nlink))
		return -ENOENT;
	if (err) {
		/* If even that fails, the tail is cut when the next packet is written over it, or read as what it is: half a packet. */
		if (ftruncate(*file.fd, (off_t)*file.size) && errno == EIO)
			err = -EIO;
		return err;
	}
	*file.size += sizeof(*packet) + payload_size;
	trace->bytes += sizeof(*packet) + payload_size;
	trace->packets++;
	return 0;
}
