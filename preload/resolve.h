/* SPDX-License-Identifier: MIT */
/*
 * resolve.h - the functions behind the wrappers: the next definition of the same name in the search order, which is libc's, or that
 * of another preloaded library behind this one.
 *
 * All addresses are looked up by this library's constructor. A wrapper that runs earlier (constructors of other libraries) looks up
 * its own; two threads that do so at once find the same address, so no lock is needed. Whoever looks up may be called back by the
 * loader (malloc for an error text): bl_resolving says so, and memory then comes from a small static arena.
 */
#ifndef BL_PRELOAD_RESOLVE_H
#define BL_PRELOAD_RESOLVE_H

#include "preload/functions.h"

#include <stdbool.h>

#define BL_HIDDEN __attribute__((visibility("hidden")))
#define BL_EXPORT __attribute__((visibility("default")))
#define BL_ALIAS(name, target) BL_EXPORT __typeof__(target) name __attribute__((alias(#target)))

#define BL_REAL_MEMBER(name) __typeof__(name) *name;
#define BL_REAL_MEMBER_V(name, version) __typeof__(name) *name;
struct bl_real {
	BL_FUNCTIONS(BL_REAL_MEMBER, BL_REAL_MEMBER_V)
};

extern struct bl_real bl_real BL_HIDDEN;

/* The calling thread is inside a look-up. Initial-exec: reading it calls nothing. */
extern __thread int bl_resolving BL_HIDDEN __attribute__((tls_model("initial-exec")));

/* Look up the function whose address belongs at @slot of bl_real, and put it there. One that libc lacks fails with ENOSYS. */
void *bl_real_find(void *slot) BL_HIDDEN;

#define bl_real(name)                                                                                                          \
	__extension__({                                                                                                        \
		__typeof__(bl_real.name) bl_function_ = __atomic_load_n(&bl_real.name, __ATOMIC_RELAXED);                      \
		if (__builtin_expect(!bl_function_, 0))                                                                        \
			bl_function_ = (__typeof__(bl_real.name))bl_real_find(&bl_real.name);                                  \
		bl_function_;                                                                                                  \
	})

/* Memory while malloc itself is being looked up: never reused, never returned to anybody. */
#define BL_ARENA_SIZE 8192u
extern char bl_arena[BL_ARENA_SIZE] BL_HIDDEN;
void *bl_arena_alloc(size_t size) BL_HIDDEN;
size_t bl_arena_size(const void *pointer) BL_HIDDEN;

static inline bool bl_arena_owns(const void *pointer)
{
	return __builtin_expect((uintptr_t)pointer - (uintptr_t)bl_arena < BL_ARENA_SIZE, 0);
}

#endif
