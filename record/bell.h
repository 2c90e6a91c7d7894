/* SPDX-License-Identifier: MIT */
/**
 * bell.h - how programs wake the recorder. A program holds no descriptor, so it rings a futex word in the memory it shares with the
 * recorder (bl_session_head.bell); threads of the recorder wait for these words and turn a ring into something that poll() sees.
 *
 * Words are watched in groups of up to BELL_GROUP_MAX, each by one thread in futex_waitv(), together with a control word of the
 * group; where the kernel has no futex_waitv() (before 5.16, qemu-user) a group is one word and the thread waits for that alone. A
 * group is in one of two states:
 *
 *     asleep  the thread waits; the session does not look at the words
 *     awake   the thread saw a word that was not 0, has written to the eventfd and waits for the control word to move. The session's
 *             thread looks at every word of the group (bell_is_rung), serves, silences them, and puts the group to sleep again when
 *             nothing is left to do (bells_sleep), by moving the control word on.
 *
 * Nothing can be missed:
 *     program                                        recorder
 *     slot := DELIVERED            ORD(deliver:A)    bell := 0, by exchange      ORD(bell:B)
 *     old := exchange(bell, 1)     ORD(bell:A)       look at the slots           ORD(take:A)
 *     if old == 0: FUTEX_WAKE                        wait while bell == 0        ORD(bell:C)
 * Both exchanges are acquire and release and meet on one word. If the program's came first, the recorder's reads its 1 and what was
 * handed over before it is visible to the look that follows. If it came second, it reads 0 and wakes; and as the kernel compares the
 * word under its own lock, a recorder that is about to sleep sees the 1. While a program is being served its bell stays 1, so a
 * program that writes without pause makes no system call.
 */
#ifndef BL_RECORD_BELL_H
#define BL_RECORD_BELL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define BELL_GROUP_MAX 127u

struct bell_group;

struct bell {
	uint32_t *word; /* shared with the program */
	struct bell_group *group;
	uint32_t index;
	void *owner;
};

struct bells {
	int event_fd; /* readable: some group is awake */
	bool single;  /* no futex_waitv() */
	struct bell_group *groups;
};

int bells_init(struct bells *bells);
/** All bells have been removed. */
void bells_fini(struct bells *bells);

int bells_add(struct bells *bells, struct bell *bell, uint32_t *word, void *owner);
/** Afterwards no thread touches the word. Takes one that was not added. */
void bells_remove(struct bells *bells, struct bell *bell);

/** bells_serve() - call @serve with the owner of each rung bell of each group that is awake; it returns whether there is more to do. */
bool bells_serve(struct bells *bells, bool (*serve)(void *data, void *owner), void *data);

/** bell_silence() - to be followed by a look at the rings */
void bell_silence(struct bell *bell);

#endif
