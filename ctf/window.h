/* SPDX-License-Identifier: MIT */
/**
 * window.h - a part of a file in memory, moved forwards. Not for anybody outside ctf/.
 *
 * Read, not mapped: a file that somebody makes shorter meanwhile gives less data, not SIGBUS, and memory is bounded however large
 * the file is.
 */
#ifndef BL_CTF_WINDOW_H
#define BL_CTF_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct window {
	const char *path; /* NULL: no file */
	int fd;           /* -1: is opened for each load, to save descriptors: as asked for, or because there are few */
	uint8_t *bytes;   /* readable for BITS_SLACK bytes behind size */
	size_t room;
	size_t use; /* bytes of room that are loaded into: less than all for who needs little at each place */
	size_t size;
	uint64_t offset;    /* in the file, of bytes */
	uint64_t file_size; /* as it was when the file was opened, or less if it turned out to be less */
	uint64_t loaded;    /* bytes read from all files so far */
};

/** window_open() - another file, whose content is not loaded yet. @keep: hold a descriptor, if enough are left. Return: 0; -errno.
 */
int window_open(struct window *window, const char *path, bool keep);

/** window_leave() - close the file, forget what was loaded, keep the memory. */
void window_leave(struct window *window);

/** window_has() - are @size bytes at @offset loaded, or all there are up to the file's end? */
static inline bool window_has(const struct window *window, uint64_t offset, uint64_t size)
{
	const uint64_t end = window->offset + window->size;

	return offset >= window->offset && offset <= end && (end - offset >= size || end >= window->file_size);
}

/** window_load() - bytes from @offset on, as many as there is room for. Return: 0; -errno. size is what was there. */
int window_load(struct window *window, uint64_t offset);

/** window_grow() - make room for @room bytes at least. What is loaded stays. Return: 0; -ENOMEM. */
int window_grow(struct window *window, size_t room);

/** Closes the file and frees the memory. */
void window_close(struct window *window);

#endif
