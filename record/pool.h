/* SPDX-License-Identifier: MIT */
/**
 * pool.h - the rings' memory: one memfd for each traced program, prefaulted by the recorder and sealed, so that nobody can shrink it
 * and no access to it can fault in a program.
 *
 * Making one costs a page fault for each page, so memory of a program that died in good order (every packet made sense, nothing was
 * torn) is kept for the next program of the same user: the recorder has zeroed what was used. Another user never sees it.
 */
#ifndef BL_RECORD_POOL_H
#define BL_RECORD_POOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define POOL_KEEP_BYTES (64u << 20)
#define POOL_READY_BYTES (8u << 20) /* at most this is made ready before anybody asks */

struct ring_memory {
	struct ring_memory *next;
	uid_t uid;
	int fd;
	uint8_t *base;
	size_t size;
};

struct pool {
	struct ring_memory *free;
	size_t free_bytes;
};

/** pool_get() - @size zeroed bytes. Return: NULL with errno. */
struct ring_memory *pool_get(struct pool *pool, uid_t uid, size_t size);
/** pool_put() - for the next one; all bytes are zero again. */
void pool_put(struct pool *pool, struct ring_memory *memory);
/**
 * pool_prepare() - have memory ready for a program that may attach soon, unless there is some, or it would be much
 *
 * The program that attaches waits for its memory in the middle of a trace point; the recorder has the time before.
 */
void pool_prepare(struct pool *pool, uid_t uid, size_t size);
/** pool_drop() - take the pages out from under every mapping, now, and let go. Takes NULL. */
void pool_drop(struct ring_memory *memory);
void pool_fini(struct pool *pool);

#endif
