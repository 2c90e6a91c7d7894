/* SPDX-License-Identifier: MIT */
/**
 * life.h - the page by which traced programs see that their recorder has died (struct bl_life).
 *
 * The kernel marks the word when the thread that owns it ends, whatever ended it: it is on that thread's robust list. The list itself
 * stays in private memory, so the page shows programs no address. The C library has registered a list of its own for its robust
 * mutexes; ours takes its place, so the owning thread must not use any. Where the kernel knows no robust lists (qemu-user), a death
 * is not noticed and the programs keep the memory until their end.
 */
#ifndef BL_RECORD_LIFE_H
#define BL_RECORD_LIFE_H

#include "lib/abi/control.h"
#include "record.h"

struct life {
	int fd; /* programs can map it readable only */
	struct bl_life *page;
};

/** The calling thread's life. */
int life_open(struct life *life, struct record_error *error);
/** Tells the programs at once. Takes one that was never opened (fd -1). */
void life_close(struct life *life);

#endif
