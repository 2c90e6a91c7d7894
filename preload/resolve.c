/* SPDX-License-Identifier: MIT */
/*
 * resolve.c - looks up what the wrappers wrap. See resolve.h.
 */
#include "preload/resolve.h"

#include <errno.h>
#include <string.h>

#define ARENA_ALIGN 16u

struct bl_real bl_real;
__thread int bl_resolving __attribute__((tls_model("initial-exec")));

char bl_arena[BL_ARENA_SIZE] __attribute__((aligned(ARENA_ALIGN)));
static size_t arena_used;

struct name {
	const char *name;
	const char *version; /* preferred, or NULL */
};

#define NAME(function) {#function, NULL},
#define NAME_V(function, version) {#function, version},
static const struct name names[] = {BL_FUNCTIONS(NAME, NAME_V)};

_Static_assert(sizeof(names) / sizeof(names[0]) == sizeof(struct bl_real) / sizeof(void *), "one name for each address");

static int missing(void)
{
	errno = ENOSYS;
	return -1;
}

static void *look_up(const struct name *name)
{
	void *found = NULL;

	if (name->version)
		found = dlvsym(RTLD_NEXT, name->name, name->version);
	if (!found)
		found = dlsym(RTLD_NEXT, name->name);
	if (!found) {
		(void)dlerror(); /* the program must not find our error */
		found = (void *)(uintptr_t)missing;
	}
	return found;
}

void *bl_real_find(void *slot)
{
	const size_t index = (size_t)((void **)slot - (void **)&bl_real);
	const int saved_errno = errno;
	void *found;

	bl_resolving++;
	found = look_up(&names[index]);
	bl_resolving--;
	__atomic_store_n((void **)slot, found, __ATOMIC_RELAXED);
	errno = saved_errno;
	return found;
}

__attribute__((constructor(101))) static void find_all(void)
{
	void **slot;

	for (slot = (void **)&bl_real; slot != (void **)(&bl_real + 1); slot++)
		if (!__atomic_load_n(slot, __ATOMIC_RELAXED))
			bl_real_find(slot);
}

void *bl_arena_alloc(size_t size)
{
	const size_t room = (size + 2 * ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN; /* its size in front */
	size_t at;

	if (size > BL_ARENA_SIZE / 4 || (at = __atomic_fetch_add(&arena_used, room, __ATOMIC_RELAXED)) > BL_ARENA_SIZE - room) {
		errno = ENOMEM;
		return NULL;
	}
	memcpy(&bl_arena[at], &size, sizeof(size));
	return &bl_arena[at + ARENA_ALIGN];
}

size_t bl_arena_size(const void *pointer)
{
	size_t size;

	memcpy(&size, (const char *)pointer - ARENA_ALIGN, sizeof(size));
	return size;
}
