/* SPDX-License-Identifier: MIT */
/*
 * memory.c - the heap: malloc and its relatives; C++'s operator new and delete come through them.
 *
 * Records are ordered so that the life of a block can be told from them, whatever other threads do: an allocation is recorded after
 * the allocator has given the block out, free() before it is given back. realloc() does both, so it is a span: at _begin the old
 * block ends, at _end the new one begins. free(NULL) is not recorded. reallocarray() is libc's own, which calls realloc().
 */
#include "preload/probe.h"

#include <string.h>

static void *malloc_early(size_t size)
{
	return bl_resolving ? bl_arena_alloc(size) : bl_real(malloc)(size);
}

static void *calloc_early(size_t count, size_t size)
{
	if (!bl_resolving)
		return bl_real(calloc)(count, size);
	return size && count > SIZE_MAX / size ? NULL : bl_arena_alloc(count * size); /* never used before, so it is zero */
}

/* What is moved is not given back: the arena takes nothing back, and another block only while realloc itself is being looked up. */
static void *realloc_early(void *pointer, size_t size)
{
	const bool ours = bl_arena_owns(pointer);
	void *bigger;
	size_t old_size;

	if (!ours && !bl_resolving)
		return bl_real(realloc)(pointer, size);
	bigger = malloc(size);
	old_size = ours ? bl_arena_size(pointer) : malloc_usable_size(pointer);
	if (bigger && pointer)
		memcpy(bigger, pointer, old_size < size ? old_size : size);
	return bigger;
}

__attribute__((noinline)) static void *traced_malloc(size_t size)
{
	void *pointer = bl_real.malloc(size);

	borelog_event("libc", "malloc", size, pointer);
	return pointer;
}

BL_EXPORT void *malloc(size_t size)
{
	if (bl_unlikely(!bl_real.malloc))
		return malloc_early(size);
	return bl_tracing() ? traced_malloc(size) : bl_real.malloc(size);
}

__attribute__((noinline)) static void *traced_calloc(size_t count, size_t size)
{
	void *pointer = bl_real.calloc(count, size);

	borelog_event("libc", "calloc", count, size, pointer);
	return pointer;
}

BL_EXPORT void *calloc(size_t count, size_t size)
{
	if (bl_unlikely(!bl_real.calloc))
		return calloc_early(count, size);
	return bl_tracing() ? traced_calloc(count, size) : bl_real.calloc(count, size);
}

__attribute__((noinline)) static void *traced_realloc(void *old, size_t size)
{
	void *pointer;

	borelog_begin("libc", "realloc", old, size);
	pointer = bl_real.realloc(old, size);
	borelog_end("libc", "realloc", pointer);
	return pointer;
}

BL_EXPORT void *realloc(void *old, size_t size)
{
	if (bl_unlikely(!bl_real.realloc || bl_arena_owns(old)))
		return realloc_early(old, size);
	return bl_tracing() ? traced_realloc(old, size) : bl_real.realloc(old, size);
}

__attribute__((noinline)) static void note_free(void *pointer)
{
	borelog_event("libc", "free", pointer);
}

BL_EXPORT void free(void *pointer)
{
	if (bl_unlikely(bl_arena_owns(pointer) || (!bl_real.free && bl_resolving)))
		return; /* whoever looks free up may call it */
	if (bl_tracing() && pointer)
		note_free(pointer);
	bl_real(free)(pointer);
}

BL_WRAPPER(int, posix_memalign, (void **ret, size_t alignment, size_t size), (ret, alignment, size))
{
	void *pointer = NULL;
	const int result = bl_real(posix_memalign)(ret, alignment, size);

	if (!result)
		pointer = *ret;
	borelog_event("libc", "posix_memalign", alignment, size, pointer, result);
	return result;
}

#define ALIGNED(name)                                                                                                          \
	BL_WRAPPER(void *, name, (size_t alignment, size_t size), (alignment, size))                                           \
	{                                                                                                                      \
		void *pointer = bl_real(name)(alignment, size);                                                                \
                                                                                                                               \
		borelog_event("libc", #name, alignment, size, pointer);                                                        \
		return pointer;                                                                                                \
	}
ALIGNED(aligned_alloc)
ALIGNED(memalign)

#define PAGES(name)                                                                                                            \
	BL_WRAPPER(void *, name, (size_t size), (size))                                                                        \
	{                                                                                                                      \
		void *pointer = bl_real(name)(size);                                                                           \
                                                                                                                               \
		borelog_event("libc", #name, size, pointer);                                                                   \
		return pointer;                                                                                                \
	}
PAGES(valloc)
PAGES(pvalloc)
