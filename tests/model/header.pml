/* SPDX-License-Identifier: MIT */
/*
 * header.pml - when a record may have the compact header. Head carries the low half of the newest claim's clock, last_ts the full
 * clock of some claim that is never later. A reader adds to the time of the record before what the compact header's few bits say, so
 * a compact record must be less than their range behind it, with no wrap in between, however long nothing happened:
 *
 *     inline path  ticks since head's half clock fit, and the upper half of last_ts is that of this clock
 *     slow path    ticks fit, after the correction of an early reading, and last_ts is less than IDLE ticks ago
 *
 * Scale: half a clock has 4 bits, the compact header 2, IDLE is 8, BACK 3 (2^32, 2^27 .. 2^16, 2^31, 4096). Two writers on two CPUs
 * with 2 records and 1 take either path at any time, store last_ts late, and may read the clock up to 2 ticks early; between a load
 * and the reading of the clock any of the listed times goes by, around each power of two that matters, up to LAST in all. Exhaustive within
 * that.
 *
 * What is not covered: an idle time of 2^32 - 4096 .. 2^32 - 1 ticks looks like an early reading and puts the record up to 4095 ticks
 * late; if within these ticks another CPU then reads early as well, and both together make 4096, its time is taken as it is and goes
 * back by that much. The model lets nobody read early while the newest time is ahead of the clock.
 *
 * Twins:
 *     EPOCH   the inline path looks at the ticks alone
 *     IDLE    the slow path looks at the ticks alone
 *     BACK    a corrected reading is taken for a short time without looking at last_ts: after an idle time of just less than the
 *             half clock's range it is none
 *     LAST    last_ts is stored before the claim, and stays when the claim fails
 *
 * good   all     -DLAST=40
 * reach  all     compact by the inline path, compact by the slow path, extended after a short time, corrected after an idle time
 * broken EPOCH   all assertion
 * broken IDLE    all assertion
 * broken BACK    all assertion
 * broken LAST    all assertion
 */

c_decl {
	\#define REACHED(what) do { static int once; if (!once++) printf("reached: %s\n", what); } while (0)
};

#define HALF 16
#define COMPACT 4
#define IDLE 8
#define BACK 3
#define START 32

byte now = START;
byte head;            /* claims */
byte newest = START;  /* time of the newest claim; head knows its low half */
byte last_ts = START;

#define LOW(t) ((t) & (HALF - 1))
#define HIGH(t) ((t) / HALF)
#define BEHIND(a, b) ((LOW(a) + HALF - LOW(b)) & (HALF - 1))

#ifdef BROKEN_EPOCH
#define SAME_EPOCH(t, last) true
#else
#define SAME_EPOCH(t, last) (HIGH(t) == HIGH(last))
#endif
#ifdef BROKEN_IDLE
#define NOT_IDLE(t, last) true
#else
#define NOT_IDLE(t, last) ((t) >= (last) && (t) - (last) < IDLE)
#endif

inline pass_time()
{
	if
	:: true
	:: now + 1 <= START + LAST -> now = now + 1
	:: now + 3 <= START + LAST -> now = now + 3
	:: now + 4 <= START + LAST -> now = now + 4
	:: now + 8 <= START + LAST -> now = now + 8
	:: now + 14 <= START + LAST -> now = now + 14
	:: now + 15 <= START + LAST -> now = now + 15
	:: now + 16 <= START + LAST -> now = now + 16
	:: now + 17 <= START + LAST -> now = now + 17
	fi
}

active [2] proctype writer()
{
	byte h, h_low, ts, last, ticks, left = 2 - _pid;
	bit compact, slow;

	do
	:: left ->
		left--;
again:		/* One step: what others do in between makes the claim fail. */
		atomic {
			h = head; /* ORD(reserve:A) */
			h_low = LOW(newest);
			pass_time();
			if
			:: ts = now
			:: newest <= now -> ts = now - 1
			:: newest <= now -> ts = now - 2
			fi;
			last = last_ts;
			compact = 0;
			ticks = BEHIND(ts, h_low);
			if
			:: ticks < COMPACT && SAME_EPOCH(ts, last) ->
				slow = 0;
				compact = 1
			:: slow = 1;
				if
				:: BEHIND(h_low, ts) < BACK ->
					ts = ts + BEHIND(h_low, ts);
					ticks = 0;
#ifdef BROKEN_BACK
					compact = 1
#endif
				:: else
				fi;
				compact = compact || (ticks < COMPACT && NOT_IDLE(ts, last))
			fi
		};
#ifdef BROKEN_LAST
		last_ts = ts;
#endif
		atomic { /* ORD(reserve:C) */
			if
			:: head == h ->
				assert(ts >= newest);
				assert(!compact || ts - newest < COMPACT);
				if
				:: compact && !slow -> c_code { REACHED("compact by the inline path"); }
				:: compact && slow -> c_code { REACHED("compact by the slow path"); }
				:: !compact && ts - newest < COMPACT -> c_code { REACHED("extended after a short time"); }
				:: !compact && !ticks && ts - newest >= HALF -> c_code { REACHED("corrected after an idle time"); }
				:: else
				fi;
				newest = ts;
				head++
			:: else -> goto again
			fi
		};
		if
		:: slow -> last_ts = ts
		:: else
		fi;
		atomic {
			h = 0; h_low = 0; ts = 0; last = 0; ticks = 0;
			compact = 0; slow = 0
		}
	:: else -> break
	od
}
