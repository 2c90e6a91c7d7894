/* SPDX-License-Identifier: MIT */
#include "pool.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int memory_init(struct ring_memory *memory)
{
	memory->fd = memfd_create("borelog-rings", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memory->fd < 0 || ftruncate(memory->fd, (off_t)memory->size))
		return -errno;
	/* Where it cannot be had at once, it is better to know now than to be killed in the middle of a record. */
	if (fallocate(memory->fd, 0, 0, (off_t)memory->size) && errno != EOPNOTSUPP && errno != ENOSYS)
		return -errno;
	memory->base = mmap(NULL, memory->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, memory->fd, 0);
	if (memory->base == MAP_FAILED)
		return -errno;
	if (fcntl(memory->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	return 0;
}

static struct ring_memory *memory_new(uid_t uid, size_t size)
{
	struct ring_memory *memory = calloc(1, sizeof(*memory));
	int err;

	if (!memory)
		return NULL;
	memory->uid = uid;
	memory->size = size;
	memory->base = MAP_FAILED;
	err = memory_init(memory);
	if (!err)
		return memory;
	pool_drop(memory);
	errno = -err;
	return NULL;
}

struct ring_memory *pool_get(struct pool *pool, uid_t uid, size_t size)
{
	struct ring_memory **at, *memory;

	for (at = &pool->free; (memory = *at); at = &memory->next) {
		if (memory->uid != uid || memory->size != size)
			continue;
		*at = memory->next;
		pool->free_bytes -= size;
		return memory;
	}
	return memory_new(uid, size);
}

void pool_put(struct pool *pool, struct ring_memory *memory)
{
	if (pool->free_bytes + memory->size > POOL_KEEP_BYTES) {
		pool_drop(memory);
		return;
	}
	memory->next = pool->free;
	pool->free = memory;
	pool->free_bytes += memory->size;
}

void pool_prepare(struct pool *pool, uid_t uid, size_t size)
{
	struct ring_memory *memory;

	if (size > POOL_READY_BYTES)
		return;
	for (memory = pool->free; memory; memory = memory->next)
		if (memory->uid == uid && memory->size == size)
			return;
	memory = memory_new(uid, size);
	if (memory)
		pool_put(pool, memory);
}

void pool_drop(struct ring_memory *memory)
{
	if (!memory)
		return;
	if (memory->fd >= 0) {
		(void)fallocate(memory->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)memory->size);
		close(memory->fd);
	}
	if (memory->base != MAP_FAILED)
		munmap(memory->base, memory->size);
	free(memory);
}

void pool_fini(struct pool *pool)
{
	struct ring_memory *memory;

	while ((memory = pool->free)) {
		pool->free = memory->next;
		pool_drop(memory);
	}
	pool->free_bytes = 0;
}
