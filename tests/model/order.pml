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
 * (RESERVE_A) does to control is modelled as such: the slot, by which a closer finds the number of the sub-buffer that head is in, is
 * loaded in front of head.
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
 * reach  discard     in an unopened one, delivered by the first
 * reach  overwrite   cleaned, taken, beaten by the consumer, beaten by the writer
 * broken RESERVE_A    discard   assertion
 * broken COMMIT_B_REL discard   assertion
 * broken COMMIT_B_ACQ discard   assertion
 * broken DELIVER_A    discard   assertion
 * broken TAKE_ACQ     discard   assertion
 * broken TAKE_B_REL   discard   assertion
 * broken ENTER_A      discard   assertion
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
byte head_phys;
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

/* slot_open(), by who opens; what it knows of the sub-buffer it knows by enter:A. */
inline slot_open(n, who)
{
	d_step {
		assert(IS(n, FREE) && s_phys == phys);
		s_state = OPEN;
		acquire(SLOT, who); /* ORD(slot:A) */
		release(SLOT, who)
	}
}

active [2] proctype writer()
{
	byte h, phys, seen_n, early_n, early_phys;
	bit opens, seen, finds, cleans, filled;

again:	do
	:: head >= 2 * ROUNDS -> break
	:: else ->
#ifdef BROKEN_RESERVE_A
		d_step {
			early_n = s_n;
			early_phys = s_phys
		};
#endif
		d_step {
			h = head;
			phys = head_phys;
			acquire(HEAD, _pid); /* ORD(reserve:A) */
			opens = (h % 2 == 0)
		};
		if
		:: h >= 2 * ROUNDS -> break
		:: else
		fi;
		if
		:: opens ->
			finds = 0;
#ifdef OVERWRITE
			if
			:: h && IS(h / 2 - 1, DELIVERED) -> make_free(h / 2, _pid)
			:: else
			fi;
#endif
			atomic {
				seen = IS(h / 2, FREE);
				phys = s_phys;
#ifndef BROKEN_ENTER_A
				acquire(SLOT, _pid) /* ORD(enter:A) */
#endif
			};
			if
			:: seen
			:: else -> goto again
			fi
		:: else ->
			/* A record needs nothing but head; a closer, which this one stands for as well, finds the slot. */
			if
			:: finds = 0
			:: d_step {
				finds = 1;
#ifndef BROKEN_RESERVE_A
				early_n = s_n;
				early_phys = s_phys;
#endif
				seen = (early_phys == phys);
				seen_n = early_n
			   };
			   if
			   :: seen
			   :: else -> goto again
			   fi
			fi
		fi;
		d_step {
			seen = (head == h);
			if
			:: seen ->
				head = h + 1;
				head_phys = phys;
				acquire(HEAD, _pid); /* ORD(reserve:C) */
				release(HEAD, _pid)
			:: else
			fi
		};
		if
		:: seen
		:: else -> goto again
		fi;
		assert(!finds || seen_n == h / 2);
		if
		:: opens -> slot_open(h / 2, _pid)
		:: else
		fi;
		atomic {
			if
			:: IS(h / 2, FREE) -> c_code { REACHED("in an unopened one"); }
			:: else
			fi;
			assert((IS(h / 2, OPEN) || IS(h / 2, FREE)) && s_phys == phys);
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
				assert(IS(h / 2, OPEN) && s_phys == phys);
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
