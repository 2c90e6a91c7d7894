/* SPDX-License-Identifier: MIT */
/*
 * bell.pml - no wake-up is lost: programs that hand over and ring, the thread that waits for the bell, the session's thread that
 * serves. As in lib/abi/control.h, lib/attach.c, record/bell.[ch] and record/drain.c.
 *
 * A program's store to a slot goes into its CPU's store buffer, from where it reaches memory at any later time; an exchange that
 * releases waits until the buffer is empty, a relaxed one or a load does not. futex wait is one step: compare, then sleep.
 *
 * PROGRAMS programs with a bell each in one group, HANDS hand-overs each. Exhaustive within that; the bell's thread may be anywhere.
 * In the end everything that was handed over must have been taken, with both threads of the recorder asleep: a search that comes to
 * rest with something left has lost a wake-up.
 *
 * Twins:
 *     BELL_A_LOAD   a program that sees its bell rung already does not exchange (the store to the slot may be behind the load)
 *     BELL_A_RELAX  the exchange does not release
 *     BELL_A_WAKE   the bell is stored, and nobody woken
 *     BELL_B        the recorder looks at the slots, then silences the bell
 *     BELL_C        the thread sleeps without comparing
 *     CONTROL       the group is put to sleep without moving the control word
 *
 * good   one    -DPROGRAMS=1 -DHANDS=3
 * good   two    -DPROGRAMS=2 -DHANDS=2
 * reach  one    rang a bell that was rung, woke the thread
 * broken BELL_A_LOAD  one  assertion
 * broken BELL_A_RELAX one  assertion
 * broken BELL_A_WAKE  one  assertion
 * broken BELL_B       one  assertion
 * broken BELL_C       one  assertion
 * broken CONTROL      one  assertion
 */

c_decl {
	\#define REACHED(what) do { static int once; if (!once++) printf("reached: %s\n", what); } while (0)
};

byte buffered[PROGRAMS]; /* hand-overs that are in the CPU's store buffer */
byte visible[PROGRAMS];  /* in memory, not taken */
bit bell[PROGRAMS];
bit asleep_for_bells;    /* the group's thread: in futex_waitv() */
bit asleep_for_control;  /* in futex(control) */
byte control;
bit awake;
bit event;               /* the eventfd is readable */
byte done;

#define RUNG (bell[0] || bell[PROGRAMS - 1])
#define LEFT (buffered[0] || visible[0] || buffered[PROGRAMS - 1] || visible[PROGRAMS - 1])

active [PROGRAMS] proctype memory()
{
end:	do
	:: d_step {
		buffered[_pid] ->
		buffered[_pid]--;
		visible[_pid]++
	   }
	od
}

#define ME (_pid - PROGRAMS)

active [PROGRAMS] proctype program()
{
	byte hands = HANDS;
	bit old;

	do
	:: hands ->
		hands--;
		buffered[ME]++; /* ORD(deliver:A) */
		old = 0;
#ifdef BROKEN_BELL_A_LOAD
		old = bell[ME];
#endif
		if
		:: !old ->
			atomic { /* ORD(bell:A) */
#ifndef BROKEN_BELL_A_RELAX
				!buffered[ME] ->
#endif
				old = bell[ME];
				bell[ME] = 1
			};
			if
			:: !old ->
#ifndef BROKEN_BELL_A_WAKE
				d_step {
					if
					:: asleep_for_bells -> c_code { REACHED("woke the thread"); }
					:: else
					fi;
					asleep_for_bells = 0
				}
#endif
			:: else -> c_code { REACHED("rang a bell that was rung"); }
			fi
		:: else
		fi
	:: else -> break
	od;
	done++
}

/* group_run() */
active proctype waiter()
{
	byte c;
	bit rung;

end:	do
	:: c = control;
	   rung = RUNG; /* one word after the other in the code; each look is repeated by the kernel */
	   if
	   :: !rung ->
		d_step { /* ORD(bell:C) */
			if
#ifdef BROKEN_BELL_C
			:: true -> asleep_for_bells = 1
#else
			:: !RUNG && control == c -> asleep_for_bells = 1
#endif
			:: else
			fi
		};
end_1:		!asleep_for_bells
	   :: else ->
		awake = 1;
		event = 1;
		d_step {
			if
			:: control == c -> asleep_for_control = 1
			:: else
			fi
		};
end_2:		!asleep_for_control
	   fi;
	   c = 0;
	   rung = 0
	od
}

inline take_all(i, n)
{
	d_step {
		n = visible[i];
		visible[i] = 0
	}
}

/* drain_serve() for program @i: is there more to do? */
inline serve(i)
{
#ifdef BROKEN_BELL_B
	take_all(i, n);
	bell[i] = 0
#else
	take_all(i, n);
	if
	:: n -> more = 1
	:: else ->
		bell[i] = 0; /* ORD(bell:B) */
		take_all(i, n); /* ORD(take:A) */
		if
		:: n -> more = 1
		:: else
		fi
	fi
#endif
}

/* bells_serve(), whenever the eventfd is readable or there was more. */
active proctype session()
{
	byte n;
	bit more;

end:	do
	:: event || more ->
		more = 0;
		event = 0;
		if
		:: awake ->
			if
			:: bell[0] -> serve(0)
			:: else
			fi;
#if PROGRAMS == 2
			if
			:: bell[1] -> serve(1)
			:: else
			fi;
#endif
			n = 0;
			if
			:: more
			:: else ->
				awake = 0;
#ifndef BROKEN_CONTROL
				d_step {
					control = (control + 1) & 15;
					asleep_for_bells = 0;
					asleep_for_control = 0
				}
#endif
			fi
		:: else
		fi
	od
}

/* Where everybody rests nothing may be left. */
active proctype judge()
{
	atomic {
		timeout -> assert(done == PROGRAMS && !LEFT)
	}
}
