/* SPDX-License-Identifier: MIT */
/*
 * ring.pml - the ring's algorithm, as in core/ring.h and core/ring.c, with each shared access as one step: reserve, the two duties
 * of the switcher (closing the old packet, opening the new one), commit, hand-over, discard and overwrite mode, flush, a consumer.
 * Memory is sequentially consistent here; what the barriers are for is in order.pml, what the clock is for in clock.pml and
 * header.pml. Here the number in head stands for the clock's half: it tells one round from the next; who needs the number finds it by
 * the physical sub-buffer, as the core does.
 *
 * PLAIN   the kernel's and hypervisor's flavour: the writers are levels of interruption of one CPU. A writer may be interrupted before
 *         every step by one of a higher level, which runs to its end and may be interrupted itself: double nesting.
 * USER    the programs' flavour: the writers are threads, all interleavings.
 * OVERWRITE  flight recorder. Without: discard mode.
 *
 * Scale: 2 sub-buffers of 4 units and the consumer's spare; a packet head of 1 unit; records of 1 and of 2 units (2 is the largest
 * that fits); numbers of sub-buffers mod 8, which wrap in the search. Writer i writes RECORDS_i records. FLUSHES flushes come at any time, from a
 * writer. Every search is exhaustive within this scale.
 *
 * What must hold:
 *     a unit is written once, while its sub-buffer is open under the number that was claimed
 *     no commit count passes the size; a packet that is handed over is whole: head, closing fields, records, no gap
 *     totals of discarded records rise from packet to packet
 *     in the end every record was read, counted as discarded, or was in a packet that was overwritten
 *
 * Twins:
 *     ENTER       any free slot may be entered, whatever number it is free for
 *     EARLY       who opens a packet counts its claim first, and opens the slot then
 *     FIND        the sub-buffer that head is in is taken to be the first one that is open
 *     LOST        the discard counter is read after the claim
 *     CLAIM       head is stored, not exchanged
 *     PAD         a record may end where the sub-buffer ends, and nobody is left to close it
 *     COMMIT      counted first, written later
 *     DUTY        the padding is not counted
 *     CLEAN_OPEN  a sub-buffer that is open is cleared as well
 *     CLEAN_LATE  the slot is set free first, cleared later
 *     CLEAN_STORE the slot is taken for clearing by a store
 *     SEEK        the oldest sub-buffer is told by its number alone
 */

/*
 * good   plain-discard    -DPLAIN -DRECORDS_1=2 -DRECORDS_2=1 -DRECORDS_3=1 -DFLUSHES=1
 * good   plain-overwrite  -DPLAIN -DOVERWRITE -DBIG -DRECORDS_1=2 -DRECORDS_2=1 -DRECORDS_3=1 -DFLUSHES=0
 * good   user-discard     -DUSER -DBIG -DRECORDS_1=2 -DRECORDS_2=1 -DRECORDS_3=1 -DFLUSHES=0
 * good   user-flush       -DUSER -DRECORDS_1=3 -DRECORDS_2=2 -DRECORDS_3=0 -DFLUSHES=1
 * good   user-overwrite   -DUSER -DOVERWRITE -DRECORDS_1=1 -DRECORDS_2=1 -DRECORDS_3=1 -DFLUSHES=0
 * reach  plain-discard    discard, record in an unopened one, closed before opened, nested twice
 * reach  plain-overwrite  somebody else has taken or cleared it, overwritten while it is taken, nested twice
 * reach  user-discard     discard, closed before opened
 * reach  user-flush       discard, record in an unopened one
 * broken ENTER       plain-discard   assertion
 * broken ENTER       user-discard    assertion
 * broken EARLY       plain-discard   assertion
 * broken FIND        plain-discard   assertion
 * broken LOST        plain-discard   assertion
 * broken CLAIM       plain-discard   assertion
 * broken PAD         plain-discard   assertion
 * broken COMMIT      user-discard    assertion
 * broken DUTY        user-flush      assertion
 * broken CLEAN_OPEN  plain-overwrite assertion
 * broken CLEAN_LATE  user-overwrite  assertion
 * broken CLEAN_STORE plain-overwrite assertion
 * broken SEEK        user-overwrite  assertion
 */

c_decl {
	\#define REACHED(what) do { static int once; if (!once++) printf("reached: %s\n", what); } while (0)
};

#define N_SUB 2
#define N_PHYS 3
#define SIZE 4
#define N_MASK 7
#define FIRST 6
#define WRITERS 3

#define FREE 1
#define OPEN 2
#define DELIVERED 3
#define CLEANING 4

#define SLOT(n) ((n) % N_SUB)
#define SLOT_IS(n, state) (s_state[SLOT(n)] == (state) && s_n[SLOT(n)] == (n))
#define NEXT(n) (((n) + 1) & N_MASK)

byte head_n = FIRST;
byte head_pos; /* 0: closed */
byte head_phys;
byte s_n[N_SUB] = {6, 7};
byte s_state[N_SUB] = {FREE, FREE};
byte s_phys[N_SUB] = {0, 1};
byte commit[N_PHYS];
/* Units of a sub-buffer but the first: 0; a record of 1 unit; a record of 2 units and its second unit, 3. */
byte unit[N_PHYS * SIZE];
/* The first unit: the packet head. */
byte p_number[N_PHYS]; /* and 8, so that it is not 0 */
byte p_end[N_PHYS];
byte p_lost[N_PHYS];

byte lost;
byte attempted;
byte got;
byte gone;      /* with a packet that was overwritten */
byte flushes;
byte level;     /* PLAIN: of the writer that runs */
byte done;
byte next = FIRST;
byte spare = N_SUB;
byte last_lost;
hidden byte i;

#define CELL(phys, pos) unit[(phys) * SIZE + (pos)]

/* In one step: is the packet in @phys whole? Adds its records to @records. */
inline check_packet(phys, number, records)
{
	assert(p_number[phys] == number + 8 && p_end[phys] && commit[phys] == SIZE);
	i = 1;
	do
	:: i < p_end[phys] ->
		assert(CELL(phys, i) == 1 || (CELL(phys, i) == 2 && CELL(phys, i + 1) == 3));
		i = i + CELL(phys, i);
		records++
	:: else ->
		break
	od;
	assert(i == p_end[phys])
}

inline zero(phys)
{
	p_number[phys] = 0;
	p_end[phys] = 0;
	p_lost[phys] = 0;
	CELL(phys, 1) = 0;
	CELL(phys, 2) = 0;
	CELL(phys, 3) = 0
}

/* slot_open(): the claim that moved head into @number is ours. */
inline slot_open(number, phys)
{
	atomic {
		assert(SLOT_IS(number, FREE) && s_phys[SLOT(number)] == phys);
		s_state[SLOT(number)] = OPEN
	}
}

/* find_slot(): number of the sub-buffer that is at @phys, or 255. */
#ifdef BROKEN_FIND
#define FOUND(s, phys) (s_state[s] == OPEN)
#else
#define FOUND(s, phys) (s_phys[s] == phys)
#endif

inline find_slot(phys, number)
{
	d_step {
		if
		:: FOUND(0, phys) -> number = s_n[0]
		:: !FOUND(0, phys) && FOUND(1, phys) -> number = s_n[1]
		:: else -> number = 255
		fi
	}
}

/* count_bytes(), bl_ring_commit(), bl_ring_deliver(). */
inline count(number, phys, bytes)
{
	do
	:: atomic {
		commit[phys] = commit[phys] + bytes;
		assert(commit[phys] <= SIZE);
		if
		:: commit[phys] != SIZE -> break
		:: else
		fi
	   };
	   atomic {
		assert(SLOT_IS(number, OPEN) && s_phys[SLOT(number)] == phys);
		s_state[SLOT(number)] = DELIVERED;
		break
	   }
	od
}

/* make_free(): uses phys and seen_n, which are not in use where it is called. */
#ifdef BROKEN_CLEAN_OPEN
#define CLEANABLE(n) (SLOT_IS(n, DELIVERED) || SLOT_IS(n, OPEN))
#else
#define CLEANABLE(n) SLOT_IS(n, DELIVERED)
#endif

inline set_free(number)
{
	atomic {
		s_n[SLOT(number)] = number;
		s_state[SLOT(number)] = FREE
	}
}

inline make_free(number)
{
	do
	:: atomic {
		seen_n = (number - N_SUB) & N_MASK;
		phys = s_phys[SLOT(number)];
		if
		:: !CLEANABLE(seen_n) -> break
		:: else
		fi
	   };
	   atomic {
#ifdef BROKEN_CLEAN_STORE
		s_n[SLOT(number)] = seen_n;
		s_phys[SLOT(number)] = phys;
#else
		if
		:: CLEANABLE(seen_n) && s_phys[SLOT(number)] == phys -> skip
		:: else ->
			c_code { REACHED("somebody else has taken or cleared it"); };
			break
		fi;
#endif
		s_state[SLOT(number)] = CLEANING
	   };
#ifdef BROKEN_CLEAN_LATE
	   set_free(number);
#endif
	   d_step {
#if !defined(BROKEN_CLEAN_OPEN) && !defined(BROKEN_CLEAN_LATE)
		assert(SLOT_IS(seen_n, CLEANING) && s_phys[SLOT(number)] == phys);
		check_packet(phys, seen_n, gone);
#endif
		zero(phys);
		commit[phys] = 0
	   };
#ifndef BROKEN_CLEAN_LATE
	   set_free(number);
#endif
	   break
	od
}

#ifdef BROKEN_ENTER
#define MAY_ENTER(n) (s_state[SLOT(n)] == FREE)
#else
#define MAY_ENTER(n) SLOT_IS(n, FREE)
#endif

/* close_packet(): the claim moved head from @pos of @number on. */
inline close_packet(number, phys, pos)
{
	atomic {
#ifdef BROKEN_LOST
		lost_seen = lost;
#endif
		assert((SLOT_IS(number, OPEN) || SLOT_IS(number, FREE)) && s_phys[SLOT(number)] == phys && !p_end[phys]);
		if
		:: !p_number[phys] -> c_code { REACHED("closed before opened"); }
		:: else
		fi;
		p_end[phys] = pos;
		p_lost[phys] = lost_seen
	};
#ifndef BROKEN_DUTY
	count(number, phys, SIZE - pos)
#endif
}

#ifdef BROKEN_CLAIM
#define CLAIM_HOLDS true
#else
#define CLAIM_HOLDS (head_n == hn && head_pos == hp)
#endif
#ifdef BROKEN_PAD
#define FITS(hp, size) ((hp) + (size) <= SIZE)
#else
#define FITS(hp, size) ((hp) + (size) < SIZE)
#endif

inline write_record()
{
	d_step {
#ifdef BROKEN_EARLY
#define MAY_BE_FREE true
#else
#define MAY_BE_FREE !opens
#endif
		assert((SLOT_IS(n, OPEN) || (MAY_BE_FREE && SLOT_IS(n, FREE))) && s_phys[SLOT(n)] == phys);
		if
		:: s_state[SLOT(n)] == FREE -> c_code { REACHED("record in an unopened one"); }
		:: else
		fi;
		assert(!CELL(phys, pos));
		CELL(phys, pos) = size;
		if
		:: size == 2 ->
			assert(!CELL(phys, pos + 1));
			CELL(phys, pos + 1) = 3
		:: else
		fi
	}
}

/* One record of 1 or 2 units. */
inline record()
{
	do
	:: atomic {
		hn = head_n;
		hp = head_pos;
		phys = head_phys;
		opens = (!hp || !FITS(hp, size));
		n = hn;
		pos = (opens -> 1 : hp)
	   };
	   if
	   :: opens ->
	      if
	      :: hp ->
		close_phys = phys;
		find_slot(close_phys, n);
		if
		:: n == 255 -> goto record_again /* head has moved */
		:: else
		fi;
		n = NEXT(n);
		lost_seen = lost
	      :: else
	      fi;
#ifdef OVERWRITE
	      if
	      :: s_state[SLOT(n)] == DELIVERED -> make_free(n)
	      :: else
	      fi;
#endif
	      atomic {
		if
		:: MAY_ENTER(n) -> phys = s_phys[SLOT(n)]
		:: !MAY_ENTER(n) && head_n == hn && head_pos == hp ->
			c_code { REACHED("discard"); };
			lost++;
			break
		:: else -> goto record_again
		fi
	      }
	   :: else
	   fi;
	   atomic {
		if
		:: CLAIM_HOLDS ->
			assert(n == (opens && hp -> NEXT(hn) : hn));
			head_n = n;
			head_pos = pos + size;
			head_phys = phys
		:: else -> goto record_again
		fi
	   };
	   if
	   :: opens && hp -> close_packet(hn, close_phys, hp)
	   :: else
	   fi;
	   if
	   :: opens ->
#ifndef BROKEN_EARLY
		slot_open(n, phys);
#endif
		d_step {
			assert(!p_number[phys]);
			p_number[phys] = n + 8
		}
	   :: else
	   fi;
#ifdef OVERWRITE
	   if
	   :: opens ->
		close_phys = phys;
		make_free(NEXT(n));
		phys = close_phys
	   :: else
	   fi;
#endif
#if defined(BROKEN_COMMIT)
	   count(n, phys, size + opens);
	   write_record();
#elif defined(BROKEN_EARLY)
	   write_record();
	   count(n, phys, size + opens);
	   if
	   :: opens -> slot_open(n, phys)
	   :: else
	   fi;
#else
	   write_record();
	   count(n, phys, size + opens);
#endif
	   break;
record_again:
	   skip
	od;
	atomic {
		hn = 0; hp = 0; n = 0; pos = 0; phys = 0; seen_n = 0; lost_seen = 0; close_phys = 0; size = 0;
		opens = 0
	}
}

inline flush()
{
	do
	:: atomic {
		hn = head_n;
		hp = head_pos;
		phys = head_phys;
		if
		:: !hp -> break
		:: else
		fi
	   };
	   lost_seen = lost;
	   find_slot(phys, n);
	   atomic {
		if
		:: CLAIM_HOLDS ->
			assert(n == hn);
			head_n = NEXT(n);
			head_pos = 0;
			head_phys = 0
		:: else ->
			goto flush_again
		fi
	   };
	   close_packet(hn, phys, hp);
	   break;
flush_again:
	   skip
	od;
	atomic {
		hn = 0; hp = 0; phys = 0; n = 0; lost_seen = 0
	}
}

active [WRITERS] proctype writer()
#ifdef PLAIN
provided (level <= _pid + 1)
#endif
{
	byte hn, hp, n, pos, phys, size, seen_n, lost_seen, close_phys, left, before;
	bit opens;

	left = (_pid == 0 -> RECORDS_1 : (_pid == 1 -> RECORDS_2 : RECORDS_3));
	do
	:: left ->
		atomic {
#ifdef PLAIN
			(level < _pid + 1);
			before = level;
			level = _pid + 1;
			if
			:: before == 2 -> c_code { REACHED("nested twice"); }
			:: else
			fi;
#endif
			left--;
			if
#ifndef BIG
			:: size = 1; attempted++
#endif
			:: size = 2; attempted++
			:: flushes < FLUSHES -> flushes++
			fi
		};
		if
		:: size -> record()
		:: else -> flush()
		fi;
#ifdef PLAIN
		atomic {
			level = before;
			before = 0
		}
#endif
	:: else ->
		break
	od;
	done++
}

#ifdef BROKEN_SEEK
#define OVERWRITTEN(n) false
#else
#define OVERWRITTEN(n) (s_n[SLOT(n)] == (((n) + N_SUB) & N_MASK) || SLOT_IS(n, CLEANING))
#endif
#define DISTANCE ((head_n - next) & N_MASK)

#ifdef OVERWRITE
#define SEEKS(n) (DISTANCE > N_SUB || OVERWRITTEN(n))
#else
#define SEEKS(n) false
#endif

active proctype reader()
{
	byte hn, hp, n, phys, lost_seen;
	bit flushed;

	do
	:: SLOT_IS(next, DELIVERED) ->
#ifdef OVERWRITE
		phys = s_phys[SLOT(next)];
#endif
		atomic {
#ifdef OVERWRITE
			if
			:: SLOT_IS(next, DELIVERED) && s_phys[SLOT(next)] == phys -> skip
			:: else ->
				c_code { REACHED("overwritten while it is taken"); };
				goto not_taken
			fi;
#else
			phys = s_phys[SLOT(next)]; /* nobody else moves it */
#endif
			s_n[SLOT(next)] = (next + N_SUB) & N_MASK;
			s_state[SLOT(next)] = FREE;
			s_phys[SLOT(next)] = spare;
			spare = phys
		};
		d_step {
			check_packet(spare, next, got);
			assert(p_lost[spare] >= last_lost);
			last_lost = p_lost[spare];
			zero(spare);
			commit[spare] = 0;
			next = NEXT(next)
		};
not_taken:	phys = 0
#ifdef OVERWRITE
	:: SEEKS(next) ->
		d_step {
			if
			:: DISTANCE > N_SUB -> next = (next + DISTANCE - N_SUB) & N_MASK
			:: else
			fi
		};
		do
		:: OVERWRITTEN(next) -> next = NEXT(next)
		:: else -> break
		od
#endif
	:: done == WRITERS && !SLOT_IS(next, DELIVERED) && !SEEKS(next) ->
		if
		:: !flushed ->
			flush();
			flushed = 1
		:: else ->
			break
		fi
	od;
	assert(next == head_n && got + gone + lost == attempted)
}
