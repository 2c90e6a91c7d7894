/* SPDX-License-Identifier: MIT */
/*
 * preload_heap.c - another library that wraps the heap, to be preloaded in front of or behind the probes: each block has a guard in
 * front, so a block that came by another way, or goes by another way, ends the program.
 */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *__libc_malloc(size_t size);
void __libc_free(void *block);

#define GUARD 0xb0debeef5afe600dull

struct front {
	uint64_t guard;
	size_t size;
	void *base;
	void *unused;
};

static struct front *front_of(void *block)
{
	struct front *front = (struct front *)block - 1;

	if (front->guard != GUARD)
		abort();
	return front;
}

static void *get(size_t alignment, size_t size)
{
	const size_t more = sizeof(struct front) + alignment;
	struct front *front;
	char *base;

	if (size > PTRDIFF_MAX - more || !(base = __libc_malloc(size + more))) {
		errno = ENOMEM;
		return NULL;
	}
	front = (struct front *)(((uintptr_t)base + more) / alignment * alignment) - 1;
	*front = (struct front){GUARD, size, base, NULL};
	return front + 1;
}

void *malloc(size_t size)
{
	return get(sizeof(struct front), size);
}

void free(void *block)
{
	struct front *front;

	if (!block)
		return;
	front = front_of(block);
	front->guard = 0;
	__libc_free(front->base);
}

void *calloc(size_t count, size_t size)
{
	void *block;

	if (size && count > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	block = malloc(count * size);
	return block ? memset(block, 0, count * size) : NULL;
}

void *realloc(void *old, size_t size)
{
	void *block = malloc(size);

	if (!old || !block)
		return block;
	memcpy(block, old, front_of(old)->size < size ? front_of(old)->size : size);
	free(old);
	return block;
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	void *block;

	if (alignment % sizeof(void *) || (alignment & (alignment - 1)))
		return EINVAL;
	block = get(alignment < sizeof(struct front) ? sizeof(struct front) : alignment, size);
	if (!block)
		return ENOMEM;
	*ret = block;
	return 0;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	void *block;

	return posix_memalign(&block, alignment, size) ? NULL : block;
}

void *memalign(size_t alignment, size_t size)
{
	return aligned_alloc(alignment, size);
}

size_t malloc_usable_size(void *block)
{
	return block ? front_of(block)->size : 0;
}

void *valloc(size_t size)
{
	return aligned_alloc(4096, size);
}

void *pvalloc(size_t size)
{
	return aligned_alloc(4096, (size + 4095) / 4096 * 4096);
}
