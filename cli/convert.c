/* SPDX-License-Identifier: MIT */
/**
 * convert.c - `borelog convert`: write traces as others, in CTF 1.8 or 2, all of them or a part
 *
 * Everything is written into a directory with a name of its own beside the one that is asked for, which it becomes at the end, in
 * one step: a trace that is not complete never has the name of one that is. Streams are written one after the other, each from
 * its own reader, so that memory does not depend on the trace.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/term.h"
#include "cli/traces.h"
#include "ctf/rewrite.h"

#define PROGRESS_EVERY 65536u /* records */

enum {
	OPT_CTF = CLI_TRACES_OTHER,
	OPT_UTC,
};

static const struct cli_option options[] = {
	{'o', "output", "DIR", "where to, a directory that does not exist"},
	{OPT_CTF, "ctf", "VERSION", "of the format, 1.8 or 2 (default: 1.8)"},
	CLI_TRACES_OPTIONS,
	{OPT_UTC, "utc", NULL, "times are in UTC, not in the user's time zone"},
	{0},
};

struct convert {
	const struct cli_command *command;
	struct cli_traces_options which;
	struct cli_traces traces;
	enum ctf_version version;
	char *output; /* without a slash at its end */
	char *made;   /* the directory that is being written */
	char **operands;
	size_t n_operands;
	char **names; /* of traces, in the output; "": the output itself */
	bool *streams;
	uint64_t done; /* bytes of the streams that are written */
	uint64_t total;
	struct term_progress progress;
};

static volatile sig_atomic_t stopped_by;

static void stop(int signal_number)
{
	stopped_by = signal_number;
}

/* ---- Words ---- */

static int no_memory(const struct convert *convert)
{
	return cli_fail(convert->command, "out of memory");
}

static size_t size_without_slashes(const char *path)
{
	size_t size = strlen(path);

	while (size > 0 && path[size - 1] == '/')
		size--;
	return size;
}

static int set(void *data, int key, const char *arg)
{
	struct convert *convert = data;

	if (cli_traces_set(&convert->which, key, arg))
		return -1;
	switch (key) {
	case 'o':
		free(convert->output);
		convert->output = strndup(arg, size_without_slashes(arg));
		return convert->output ? -1 : no_memory(convert);
	case OPT_CTF:
		if (strcmp(arg, "1.8") && strcmp(arg, "2"))
			return cli_usage_error(convert->command, "--ctf is 1.8 or 2, not \"%s\"", arg);
		convert->version = strcmp(arg, "2") ? CTF_1_8 : CTF_2;
		break;
	case OPT_UTC:
		convert->which.utc = true;
		break;
	}
	return -1;
}

static int fail(const char *what, int error)
{
	fprintf(stderr, "borelog convert: %s: %s\n", what, strerror(error));
	return CLI_FAILED;
}

/* ---- Names ---- */

/* What of @path is below @dir; NULL: it is not. */
static const char *below(const char *path, const char *dir)
{
	const size_t n = size_without_slashes(dir);

	if (strncmp(path, dir, n) || (path[n] && path[n] != '/'))
		return NULL;
	path += n;
	return path + strspn(path, "/");
}

static char *base_name(const char *path)
{
	char *real = realpath(path, NULL);
	const char *slash = real ? strrchr(real, '/') : NULL;
	char *name = real ? strdup(slash && slash[1] ? slash + 1 : "root") : NULL;

	free(real);
	return name;
}

static bool is_name_taken(const struct convert *convert, uint32_t n, const char *name)
{
	for (uint32_t i = 0; i < n; i++)
		if (!strcmp(convert->names[i], name))
			return true;
	return false;
}

/* @name, which is freed or returned, with a number behind it if one of the first @n traces has it. NULL: no memory. */
static char *unique_name(const struct convert *convert, uint32_t n, char *name)
{
	char *numbered = name;

	for (unsigned int i = 2; numbered && is_name_taken(convert, n, numbered); i++) {
		if (numbered != name)
			free(numbered);
		if (asprintf(&numbered, "%s-%u", name, i) < 0)
			numbered = NULL;
	}
	if (numbered != name)
		free(name);
	return numbered;
}

/* The way to a trace below the nearest operand; with the operand's name in front if there are several. NULL: no memory. */
static char *name_trace(const struct convert *convert, uint32_t index)
{
	const char *dir = ctf_trace_at(convert->traces.ctf, index)->dir, *best = NULL, *operand = NULL;
	char *name = NULL, *base = NULL;

	for (size_t i = 0; i < convert->n_operands; i++) {
		const char *rest = below(dir, convert->operands[i]);

		if (rest && (!best || strlen(rest) < strlen(best))) {
			best = rest;
			operand = convert->operands[i];
		}
	}
	if (convert->n_operands > 1) {
		base = base_name(operand);
		if (!base || asprintf(&name, "%s%s%s", base, *best ? "/" : "", best) < 0)
			name = NULL;
		free(base);
	} else {
		name = strdup(best);
	}
	return unique_name(convert, index, name);
}

static bool name_traces(struct convert *convert)
{
	const uint32_t n = ctf_n_traces(convert->traces.ctf);

	convert->names = calloc(n + 1, sizeof(*convert->names));
	for (uint32_t i = 0; convert->names && i < n; i++) {
		convert->names[i] = name_trace(convert, i);
		if (!convert->names[i])
			return false;
	}
	return convert->names;
}

/* ---- Directories ---- */

static int exists(const struct convert *convert)
{
	fprintf(stderr, "borelog convert: %s exists already; name a directory that does not\n", convert->output);
	return CLI_FAILED;
}

/* Return: -1: go on. */
static int make_output(struct convert *convert)
{
	struct stat stat_buf;

	if (!lstat(convert->output, &stat_buf))
		return exists(convert);
	if (asprintf(&convert->made, "%s.unfinished-XXXXXX", convert->output) < 0) {
		convert->made = NULL;
		return no_memory(convert);
	}
	if (!mkdtemp(convert->made)) {
		const int error = errno;

		free(convert->made);
		convert->made = NULL;
		return fail(convert->output, error);
	}
	return -1;
}

/* As mkdir -p, below the output. */
static int make_dirs(char *path, size_t from)
{
	for (char *slash = path + from; (slash = strchr(slash, '/')); slash++) {
		int result;

		*slash = 0;
		result = mkdir(path, 0777);
		*slash = '/';
		if (result && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int remove_one(const char *path, const struct stat *stat_buf, int type, struct FTW *at)
{
	(void)stat_buf;
	(void)type;
	(void)at;
	return remove(path);
}

static void remove_output(struct convert *convert)
{
	if (convert->made)
		nftw(convert->made, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Give it its name, and the rights that any new directory has. */
static int finish_output(struct convert *convert)
{
	const mode_t mask = umask(0);
	int result;

	umask(mask);
	result = chmod(convert->made, 0777 & ~mask);
	if (!result)
		result = renameat2(AT_FDCWD, convert->made, AT_FDCWD, convert->output, RENAME_NOREPLACE);
	/* A file system that does not know the flag: rename() takes the place of an empty directory only. */
	if (result && (errno == EINVAL || errno == ENOSYS))
		result = rename(convert->made, convert->output);
	if (result)
		result = errno == EEXIST || errno == ENOTEMPTY ? exists(convert) : fail(convert->output, errno);
	return result;
}

/* ---- One trace ---- */

/* A new file in the trace's directory. Return: a descriptor; -1: it was said what is wrong. */
static int new_file(struct convert *convert, uint32_t trace, const char *name, char **ret_path)
{
	const char *dir = convert->names[trace];
	int fd, error;

	if (asprintf(ret_path, "%s/%s%s%s", convert->made, dir, *dir ? "/" : "", name) < 0) {
		*ret_path = NULL;
		no_memory(convert);
		return -1;
	}
	error = make_dirs(*ret_path, strlen(convert->made) + 1);
	fd = error ? -1 : open(*ret_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		fail(*ret_path, error ? -error : errno);
	return fd;
}

static int write_metadata(struct convert *convert, uint32_t trace, const struct ctf_rewrite *rewrite)
{
	int status = -1, error;
	char *path;
	const int fd = new_file(convert, trace, "metadata", &path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file) {
		free(path);
		return CLI_FAILED;
	}
	errno = 0;
	error = ctf_rewrite_metadata(rewrite, file);
	if (fclose(file) || error)
		status = fail(path, errno ? errno : EIO);
	free(path);
	return status;
}

static void enter_packet(void *data, const struct ctf_record *record)
{
	ctf_rewriter_packet(data, record);
}

static void complain(struct convert *convert, const struct ctf_error *error)
{
	term_progress_clear(&convert->progress);
	cli_traces_complain(&convert->traces, error);
}

/* Return: 0; -errno of writing. */
static int copy_records(struct convert *convert, struct ctf_iter *iter, struct ctf_rewriter *to)
{
	const struct filter *filter = convert->traces.filter;
	const struct ctf_record *record;
	enum ctf_status status;
	uint32_t left = PROGRESS_EVERY;
	int error = 0;

	while (!error && (status = ctf_iter_next(iter, &record)) != CTF_END) {
		if (status == CTF_ERROR)
			complain(convert, ctf_iter_error(iter));
		else if (!filter || filter_match(filter, record))
			error = ctf_rewriter_put(to, record);
		if (stopped_by)
			return -EINTR;
		if (--left)
			continue;
		left = PROGRESS_EVERY;
		term_progress_draw(&convert->progress, convert->done + ctf_iter_bytes(iter), convert->total);
	}
	return error ? error : ctf_rewriter_end(to);
}

static int copy_stream(struct convert *convert, const struct ctf_stream *stream, struct ctf_rewriter *to)
{
	struct ctf_select select = convert->traces.select;
	struct ctf_error error;
	struct ctf_iter *iter;
	int result;

	/* A packet without records of a filter is of no use; one of a quiet time says that it was quiet. */
	if (!convert->traces.filter) {
		select.packet = enter_packet;
		select.data = to;
	}
	convert->streams[stream->index] = true;
	select.streams = convert->streams;
	iter = ctf_iter_new(convert->traces.ctf, &select, &error);
	convert->streams[stream->index] = false;
	if (!iter)
		return -ENOMEM;
	result = copy_records(convert, iter, to);
	ctf_iter_free(iter);
	return result;
}

/* Return: -1: go on. */
static int write_stream(struct convert *convert, uint32_t trace, const struct ctf_rewrite *rewrite, const struct ctf_stream *stream)
{
	const struct ctf_rewrite_cut cut = {convert->traces.select.has_from, convert->traces.select.has_to,
					    convert->traces.select.from, convert->traces.select.to};
	const char *slash = strrchr(stream->files[0], '/');
	char *path;
	const int fd = new_file(convert, trace, slash ? slash + 1 : stream->files[0], &path);
	struct ctf_rewriter *to = fd < 0 ? NULL : ctf_rewriter_new(rewrite, stream, &cut, fd);
	struct stat stat_buf;
	int status = -1, error;

	error = fd < 0 ? 0 : to ? copy_stream(convert, stream, to) : -ENOMEM;
	ctf_rewriter_free(to);
	/* No packet: an empty file is no stream. */
	if (fd >= 0 && !fstat(fd, &stat_buf) && !stat_buf.st_size)
		unlink(path);
	if (fd >= 0 && close(fd) && !error)
		error = -errno;
	term_progress_clear(&convert->progress);
	if (fd < 0)
		status = CLI_FAILED;
	else if (error && !stopped_by)
		status = fail(path, -error);
	free(path);
	convert->done += stream->size;
	return status;
}

static int write_trace(struct convert *convert, uint32_t index)
{
	const struct ctf *ctf = convert->traces.ctf;
	const struct ctf_trace *trace = ctf_trace_at(ctf, index);
	const bool *wanted = convert->traces.filter ? filter_streams(convert->traces.filter) : NULL;
	struct ctf_error error;
	struct ctf_rewrite *rewrite = ctf_rewrite_new(trace, convert->version, &error);
	int status;

	if (!rewrite)
		return cli_fail(convert->command, error.text);
	status = write_metadata(convert, index, rewrite);
	for (uint32_t i = 0; status < 0 && !stopped_by && i < ctf_n_streams(ctf); i++) {
		const struct ctf_stream *stream = ctf_stream_at(ctf, i);

		if (stream->trace == trace && stream->n_files && (!wanted || wanted[i]))
			status = write_stream(convert, index, rewrite, stream);
	}
	ctf_rewrite_free(rewrite);
	return status;
}

/* ---- The command ---- */

static void catch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = stop};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

static int convert_all(struct convert *convert)
{
	const uint32_t n = ctf_n_traces(convert->traces.ctf);
	int status;

	for (uint32_t i = 0; i < ctf_n_streams(convert->traces.ctf); i++)
		convert->total += ctf_stream_at(convert->traces.ctf, i)->size;
	convert->streams = calloc(ctf_n_streams(convert->traces.ctf) + 1, sizeof(bool));
	if (!convert->streams || !name_traces(convert))
		return no_memory(convert);
	catch_signals();
	status = make_output(convert);
	for (uint32_t i = 0; status < 0 && !stopped_by && i < n; i++)
		status = write_trace(convert, i);
	if (status < 0 && !stopped_by) {
		status = finish_output(convert);
		if (!status)
			return convert->traces.failed ? CLI_FAILED : CLI_OK;
	}
	remove_output(convert);
	if (stopped_by) {
		signal(stopped_by, SIG_DFL);
		raise(stopped_by);
	}
	return status;
}

static int convert_operands(struct convert *convert, int argc, char **argv)
{
	int status;

	term_progress_init(&convert->progress, "converting");
	convert->operands = argv + optind;
	convert->n_operands = (size_t)(argc - optind);
	status = cli_traces_open(&convert->traces, convert->command, argc, argv, &convert->which);
	if (status < 0)
		status = convert_all(convert);
	for (uint32_t i = 0; convert->names && i < ctf_n_traces(convert->traces.ctf); i++)
		free(convert->names[i]);
	free(convert->names);
	free(convert->streams);
	free(convert->made);
	cli_traces_close(&convert->traces);
	return status;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct convert convert = {.command = command, .version = CTF_1_8};
	int status = cli_parse(command, argc, argv, set, &convert);

	if (status < 0 && (!convert.output || !*convert.output))
		status = cli_usage_error(command, "where to? Name a new directory with -o");
	if (status < 0)
		status = convert_operands(&convert, argc, argv);
	free(convert.output);
	return status;
}

const struct cli_command cli_convert = {
	.name = "convert",
	.summary = "write a trace, or a part of it, as CTF 1.8 or 2",
	.synopsis = "-o DIR [--ctf VERSION] [--from TIME] [--to TIME] [--filter EXPR] DIR...",
	.description = "Writes the traces that are in DIR, from any producer of CTF 1.8 or 2, into a new directory:\n"
		       "all of them, or the records of some time, or those for which an expression is true.\n"
		       "\n"
		       "  borelog convert TRACE --ctf 1.8 -o OLD        for a reader that knows CTF 1.8 only\n"
		       "  borelog convert TRACE --from -10s -o END      the last ten seconds\n"
		       "  borelog convert TRACE --filter '$pid == 42' -o ONE\n",
	.options = options,
	.run = run,
};
