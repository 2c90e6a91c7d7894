/* SPDX-License-Identifier: MIT */
/*
 * order.pml - what the barriers of commit, hand-over and exchange are for. Plain bytes (records, zeros of a cleared sub-buffer) and
 * the resets of commit counters have no order of their own: only acquire and release carry the knowledge of them from one CPU to
 * another. So each such place in memory has a set of those who know its newest access, CPUs and ordered words alike:
 *
 *     access by a CPU           assert that the CPU is in the set, which is then that CPU alone
 *     release to a word         the word is in the sets that the CPU is in, and in no other
 *     acquire from a word       the CPU is in the sets that the word is in
 *     relaxed store to a word   the word is in no set
 *     relaxed exchange          changes nothing (it goes on with the release before it)
 *
 * This is happens-before of C11, and thus stronger than any one machine: a store buffer that drains in any order, an early load and a
 * machine where CPUs see stores in different orders all show as an access by one who is not in the set. What a load that is early
 * (RESERVE_A) does to control is modelled as such: the slot is loaded in front of head.
 *
 * Two writers on two CPUs, of the programs' flavour, fill sub-buffers of two records each, one slot, two physical sub-buffers, 3
 * rounds, so that each physical one is used again; a consumer. Exhaustive within that.
 * Writers of the plain flavour share a CPU: their part of the order is the program's.
 *
 * Twins: the label whose order is missing, _ACQ and _REL for the half of it. Where one label alone is not missed because another
 * one covers it, the twin leaves both out.
 *
 * good   discard     -DROUNDS=3
 * good   overwrite   -DROUNDS=3 -DOVERWRITE
 * reach  discard     opened by the second, delivered by the first
 * reach  overwrite   cleaned, taken, beaten by the consumer, beaten by the writer
 * broken RESERVE_A    discard   assertion
 * broken COMMIT_B_REL discard   assertion
 * broken COMMIT_B_ACQ discard   assertion
 * broken DELIVER_A    discard   assertion
 * broken TAKE_ACQ     discard   assertion
 * broken TAKE_B_REL   discard   assertion
 * broken ENTER_SLOT   discard   assertion
 * broken CLEAN_ACQ    overwrite assertion
 * broken CLEAN_B      overwrite assertion
 * broken CLEAN_C      overwrite assertion
 */

c_decl {
	\#define REACHED(what) do { static int once; if (!once++) printf("reached: %s\n", what); } while (0)
};

#define FREE 1
#define OPEN 2
#define DELIVERED 3
#define CLEANING 4

/* Who can know: CPU of writer 0, of writer 1, of the consumer; then words. */
#define READER 2
#define HEAD 3
#define SLOT 4
#define COMMIT 5 /* and 6 */
#define KNOWERS 7

/* Places, as bits: 2 records in each of 2 physical sub-buffers; then the resets of their commit counters. */
#define RECORD(phys, pos) ((phys) * 2 + (pos))
#define RESET(phys) (4 + (phys))
#define ALL_PLACES 63

byte knows[KNOWERS] = {63, 63, 63, 63, 63, 63, 63}; /* set up before anybody looked */
byte head;  /* claims; 2 in each sub-buffer */
byte s_n;
byte s_state = FREE;
byte s_phys;
byte commit[2];
byte value[4];
byte next;
byte spare = 1;

#define HAS(place, who) ((knows[who] >> (place)) & 1)

inline access(place, who)
{
	assert(HAS(place, who));
	knows[0] = knows[0] & (ALL_PLACES - (1 << (place)));
	knows[1] = knows[1] & (ALL_PLACES - (1 << (place)));
	knows[2] = knows[2] & (ALL_PLACES - (1 << (place)));
	knows[3] = knows[3] & (ALL_PLACES - (1 << (place)));
	knows[4] = knows[4] & (ALL_PLACES - (1 << (place)));
	knows[5] = knows[5] & (ALL_PLACES - (1 << (place)));
	knows[6] = knows[6] & (ALL_PLACES - (1 << (place)));
	knows[who] = knows[who] | (1 << (place))
}

/* Acquire: knows[who] of the word as well; release by a store: the word knows what the CPU knows; by an exchange: that as well. */
#define acquire(word, who) knows[who] = knows[who] | knows[word]
#define release(word, who) knows[word] = knows[who]
#define release_more(word, who) knows[word] = knows[word] | knows[who]
#define forget(word) knows[word] = 0

/* bl_port_zero() and the reset, relaxed. */
inline clear(phys, who)
{
	access(RECORD(phys, 0), who);
	access(RECORD(phys, 1), who);
	access(RESET(phys), who);
	value[RECORD(phys, 0)] = 0;
	value[RECORD(phys, 1)] = 0;
	commit[phys] = 0;
	forget(COMMIT + phys)
}

#define IS(n, state) (s_n == (n) && s_state == (state))

inline make_free(n, who)
{
	do
	:: d_step {
		phys = s_phys;
		cleans = IS(n - 1, DELIVERED);
#ifndef BROKEN_CLEAN_ACQ
		acquire(SLOT, who) /* ORD(clean:A) */
#endif
	   };
	   if
	   :: cleans
	   :: else -> break
	   fi;
	   d_step {
		if
#ifdef BROKEN_CLEAN_B
		:: true ->
#else
		:: IS(n - 1, DELIVERED) && s_phys == phys ->
#endif
			s_n = n - 1;
			s_state = CLEANING;
			s_phys = phys;
#ifndef BROKEN_CLEAN_ACQ
			acquire(SLOT, who); /* ORD(clean:B) */
			release(SLOT, who)
#else
			release_more(SLOT, who)
#endif
		:: else ->
			c_code { REACHED("beaten by the consumer"); };
			cleans = 0
		fi
	   };
	   if
	   :: cleans
	   :: else -> break
	   fi;
	   d_step {
		clear(phys, who);
		c_code { REACHED("cleaned"); }
	   };
	   d_step {
		s_n = n;
		s_state = FREE;
#ifdef BROKEN_CLEAN_C
		forget(SLOT)
#else
		release(SLOT, who) /* ORD(clean:C) */
#endif
	   };
	   break
	od;
	cleans = 0
}

inline slot_open(n, who)
{
	do
	:: d_step {
		seen_n = s_n;
		seen = s_state;
		phys = s_phys;
#ifndef BROKEN_ENTER_SLOT
		acquire(SLOT, who) /* ORD(slot:A) */
#endif
	   };
	   if
	   :: seen_n == n && seen == OPEN -> break
	   :: else -> assert(seen_n == n && seen == FREE)
	   fi;
	   d_step {
		if
		:: IS(n, FREE) && s_phys == phys ->
			s_state = OPEN;
#ifdef BROKEN_ENTER_SLOT
			release_more(SLOT, who)
#else
			acquire(SLOT, who); /* ORD(slot:B) */
			release(SLOT, who)
#endif
		:: else
		fi
	   }
	od
}

active [2] proctype writer()
{
	byte h, phys, seen, seen_n;
	bit opens, fast, cleans, filled;

again:	do
	:: head >= 2 * ROUNDS -> break
	:: else ->
#ifdef BROKEN_RESERVE_A
		d_step {
			fast = (s_state == OPEN);
			phys = s_phys
		};
#endif
		d_step {
			h = head;
			acquire(HEAD, _pid); /* ORD(reserve:A) */
			opens = (h % 2 == 0)
		};
		if
		:: h >= 2 * ROUNDS -> break
		:: else
		fi;
		if
		:: opens ->
			fast = 0;
#ifdef OVERWRITE
			if
			:: h && IS(h / 2 - 1, DELIVERED) -> make_free(h / 2, _pid)
			:: else
			fi;
#endif
			atomic {
				seen = IS(h / 2, FREE);
#ifndef BROKEN_ENTER_SLOT
				acquire(SLOT, _pid) /* ORD(enter:A) */
#endif
			};
			if
			:: seen
			:: else -> goto again
			fi
		:: else ->
#ifndef BROKEN_RESERVE_A
			atomic {
				/* The number is not looked at: the claim says that it is right. */
				fast = (s_state == OPEN);
				phys = s_phys;
#ifndef BROKEN_ENTER_SLOT
				acquire(SLOT, _pid) /* ORD(slot:A) */
#endif
			}
#endif
		fi;
		d_step {
			seen = (head == h);
			if
			:: seen ->
				head = h + 1;
				acquire(HEAD, _pid); /* ORD(reserve:C) */
				release(HEAD, _pid)
			:: else
			fi
		};
		if
		:: seen
		:: else -> goto again
		fi;
		if
		:: fast
		:: else -> slot_open(h / 2, _pid)
		fi;
		atomic {
			if
			:: !fast && !opens -> c_code { REACHED("opened by the second"); }
			:: else
			fi;
			assert(IS(h / 2, OPEN) && s_phys == phys);
			access(RECORD(phys, h % 2), _pid);
			value[RECORD(phys, h % 2)] = h + 1
		};
		d_step {
			assert(HAS(RESET(phys), _pid));
			commit[phys] = commit[phys] + 1;
			assert(commit[phys] <= 2);
			filled = (commit[phys] == 2);
			if
			:: filled && opens -> c_code { REACHED("delivered by the first"); }
			:: else
			fi;
			/* ORD(commit:B) */
#ifndef BROKEN_COMMIT_B_ACQ
			acquire(COMMIT + phys, _pid);
#endif
#ifndef BROKEN_COMMIT_B_REL
			release_more(COMMIT + phys, _pid);
#endif
		};
		if
		:: filled ->
			d_step {
				s_n = h / 2;
				s_state = DELIVERED;
				s_phys = phys;
#ifdef BROKEN_DELIVER_A
				forget(SLOT)
#else
				release(SLOT, _pid) /* ORD(deliver:A) */
#endif
			}
		:: else
		fi
	od
}

active proctype reader()
{
	byte phys;
	bit taken;

	do
	:: IS(next, DELIVERED) ->
		d_step {
			phys = s_phys;
#ifndef BROKEN_TAKE_ACQ
			acquire(SLOT, READER) /* ORD(take:A) */
#endif
		};
		d_step {
			taken = (IS(next, DELIVERED) && s_phys == phys);
			if
			:: taken ->
				s_n = next + 1;
				s_state = FREE;
				s_phys = spare;
				spare = phys;
#ifndef BROKEN_TAKE_ACQ
				acquire(SLOT, READER); /* ORD(take:B) */
#endif
#ifndef BROKEN_TAKE_B_REL
				release_more(SLOT, READER)
#endif
			:: else ->
				c_code { REACHED("beaten by the writer"); }
			fi
		};
		if
		:: taken ->
			d_step {
				c_code { REACHED("taken"); };
				access(RECORD(spare, 0), READER);
				access(RECORD(spare, 1), READER);
				assert(value[RECORD(spare, 0)] == 2 * next + 1 && value[RECORD(spare, 1)] == 2 * next + 2)
			};
			d_step {
				clear(spare, READER);
				next++
			}
		:: else
		fi
	:: s_n > next && s_n <= ROUNDS -> next = s_n - (s_state == FREE) /* overwritten, or taken */
	:: next == ROUNDS -> break
	od
}
