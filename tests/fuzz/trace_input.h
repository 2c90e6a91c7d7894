/* SPDX-License-Identifier: MIT */
/*
 * trace_input.h - an input of a fuzzer as a trace of one data stream: the metadata's size in two bytes, little-endian, the
 * metadata, and then the data.
 */
#ifndef BL_TESTS_TRACE_INPUT_H
#define BL_TESTS_TRACE_INPUT_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctf/ctf.h"

/* A directory that is removed with what is in it when this process, and no child of it, exits. */
struct trace_dir {
	char path[256], metadata[280], data[280];
	pid_t owner; /* AFL++ forks */
};

static inline void trace_dir_make(struct trace_dir *dir)
{
	const char *folder = getenv("TMPDIR");

	snprintf(dir->path, sizeof(dir->path), "%s/borelog-fuzz-XXXXXX", folder ? folder : "/tmp");
	if (!mkdtemp(dir->path))
		abort();
	dir->owner = getpid();
	snprintf(dir->metadata, sizeof(dir->metadata), "%s/metadata", dir->path);
	snprintf(dir->data, sizeof(dir->data), "%s/data", dir->path);
}

static inline void trace_dir_remove(const struct trace_dir *dir)
{
	if (getpid() != dir->owner)
		return;
	unlink(dir->metadata);
	unlink(dir->data);
	rmdir(dir->path);
}

static inline void trace_file_write(const char *path, const uint8_t *bytes, size_t size)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		abort();
	close(fd);
}

/* Return: to be given to ctf_close(); NULL: it is no trace, which ctf_open() has said. */
static inline struct ctf *trace_dir_open(const struct trace_dir *dir)
{
	const char *const dirs[] = {dir->path};
	struct ctf_error error;
	struct ctf *ctf = ctf_open(dirs, 1, &error);

	if (!ctf && !error.text[0])
		abort();
	return ctf;
}

static inline struct ctf *trace_input_open(const struct trace_dir *dir, const uint8_t *bytes, size_t size)
{
	size_t metadata;

	if (size < 2)
		return NULL;
	metadata = (size_t)(bytes[0] | bytes[1] << 8);
	if (metadata > size - 2)
		metadata = size - 2;
	trace_file_write(dir->metadata, bytes + 2, metadata);
	trace_file_write(dir->data, bytes + 2 + metadata, size - 2 - metadata);
	return trace_dir_open(dir);
}

#endif
