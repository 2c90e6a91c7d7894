/* SPDX-License-Identifier: MIT */
/**
 * window.c - see window.h.
 */
#include "ctf/window.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctf/bits.h"

static atomic_uint n_kept; /* descriptors, of all windows */

/* Half of the descriptors that the process may have are for others, and for files that are open for a moment. */
static bool keep_one(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return false;
	if (atomic_fetch_add(&n_kept, 1) < limit.rlim_cur / 2)
		return true;
	atomic_fetch_sub(&n_kept, 1);
	return false;
}

void window_leave(struct window *window)
{
	if (window->path && window->fd >= 0) {
		close(window->fd);
		atomic_fetch_sub(&n_kept, 1);
	}
	window->fd = -1;
	window->path = NULL;
	window->size = 0;
	window->offset = 0;
}

/* A name may be a pipe's or a directory's by now. Return: a descriptor; -errno. */
static int open_file(const char *path, struct stat *ret)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int error = EINVAL;

	if (fd < 0)
		return -errno;
	if (fstat(fd, ret))
		error = errno;
	else if (S_ISDIR(ret->st_mode))
		error = EISDIR;
	else if (S_ISREG(ret->st_mode))
		return fd;
	close(fd);
	return -error;
}

int window_open(struct window *window, const char *path, bool keep)
{
	struct stat stat;
	int fd;

	window_leave(window);
	fd = open_file(path, &stat);
	if (fd < 0)
		return fd;
	window->path = path;
	window->fd = keep && keep_one() ? fd : -1;
	if (window->fd < 0)
		close(fd);
	window->file_size = (uint64_t)stat.st_size;
	return 0;
}

/* Return: bytes read, less than @size only at the file's end; -errno. */
static ssize_t read_at(int fd, uint8_t *to, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		const ssize_t n = pread(fd, to + done, size - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static void keep_overlap(struct window *window, uint64_t offset)
{
	if (offset < window->offset || offset >= window->offset + window->size) {
		window->size = 0;
	} else {
		window->size -= (size_t)(offset - window->offset);
		memmove(window->bytes, window->bytes + (offset - window->offset), window->size);
	}
	window->offset = offset;
}

int window_load(struct window *window, uint64_t offset)
{
	size_t wanted = window->use;
	struct stat stat;
	int fd = window->fd;
	ssize_t n;

	keep_overlap(window, offset);
	if (offset >= window->file_size)
		return 0;
	if (wanted > window->file_size - offset)
		wanted = (size_t)(window->file_size - offset);
	if (window->size >= wanted)
		return 0;
	if (fd < 0)
		fd = open_file(window->path, &stat);
	if (fd < 0)
		return fd;
	n = read_at(fd, window->bytes + window->size, wanted - window->size, offset + window->size);
	if (window->fd < 0)
		close(fd);
	if (n < 0)
		return (int)n;
	window->size += (size_t)n;
	window->loaded += (uint64_t)n;
	if (window->size < wanted)
		window->file_size = offset + window->size;
	memset(window->bytes + window->size, 0, BITS_SLACK);
	return 0;
}

int window_grow(struct window *window, size_t room)
{
	uint8_t *bytes;

	if (room <= window->room)
		return 0;
	bytes = realloc(window->bytes, room + BITS_SLACK);
	if (!bytes)
		return -ENOMEM;
	window->bytes = bytes;
	window->room = window->use = room;
	return 0;
}

void window_close(struct window *window)
{
	window_leave(window);
	free(window->bytes);
	window->bytes = NULL;
	window->room = window->use = window->size = 0;
}
