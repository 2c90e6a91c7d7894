/* SPDX-License-Identifier: MIT */
/*
 * clock.pml - times of records rise with their positions: head is loaded, then the clock read, then head exchanged (ORD(reserve:A),
 * (reserve:B), (reserve:C)); a failed exchange starts over, clock included.
 *
 * PLAIN   levels of interruption of one CPU, two deep.
 * USER    threads on as many CPUs whose clocks agree. A CPU may read its clock before a load that stands in front of it is done; as the
 *         load is under way already, the reading is less than BACK ticks early. Who sees its own reading lie behind head by less than
 *         that corrects it (ticks_since()).
 *
 * Time moves on at any moment, up to LAST ticks in all; each of WRITERS writers claims RECORDS records. Exhaustive within that.
 *
 * Twins:
 *     FIRST    the clock is read before head is loaded: somebody gets a record in between
 *     AGAIN    a failed exchange is tried again without reading the clock again
 *     CORRECT  an early reading is taken as it is
 *
 * good   plain   -DPLAIN -DWRITERS=3 -DRECORDS=1 -DLAST=5
 * good   user    -DUSER -DWRITERS=2 -DRECORDS=2 -DLAST=5
 * reach  plain   retry
 * reach  user    retry, early reading corrected
 * broken FIRST   plain assertion
 * broken FIRST   user  assertion
 * broken AGAIN   plain assertion
 * broken AGAIN   user  assertion
 * broken CORRECT user  assertion
 */

c_decl {
	\#define REACHED(what) do { static int once; if (!once++) printf("reached: %s\n", what); } while (0)
};

#define BACK 3

byte now = 10;
byte head;         /* records claimed */
byte head_ts = 10; /* of the newest */
byte level;

active [WRITERS] proctype writer()
#ifdef PLAIN
provided (level <= _pid + 1)
#endif
{
	byte h, h_ts, ts, left = RECORDS, before;
	bit early;

	do
	:: left ->
		left--;
#ifdef PLAIN
		atomic {
			(level < _pid + 1);
			before = level;
			level = _pid + 1
		};
#endif
again:
#ifdef BROKEN_AGAIN
		if
		:: ts
		:: else -> ts = now
		fi;
#endif
#ifdef BROKEN_FIRST
		ts = now;
#endif
		atomic {
			h = head; /* ORD(reserve:A) */
			h_ts = head_ts
		};
#if !defined(BROKEN_FIRST) && !defined(BROKEN_AGAIN)
		atomic { /* ORD(reserve:B) */
			ts = now;
#ifdef USER
			/* Early: the reading was done before the load, and less than BACK ticks have gone by since. */
			if
			:: ts = now
			:: ts = now - 1
			:: ts = now - 2
			fi
#endif
		};
#endif
#if defined(USER) && !defined(BROKEN_CORRECT)
		atomic {
			if
			:: ts < h_ts && h_ts - ts < BACK ->
				c_code { REACHED("early reading corrected"); };
				ts = h_ts
			:: else
			fi
		};
#endif
		atomic { /* ORD(reserve:C) */
			if
			:: head == h ->
				assert(ts >= head_ts);
				head++;
				head_ts = ts
			:: else ->
				c_code { REACHED("retry"); };
				goto again
			fi
		};
		atomic {
			h = 0;
			h_ts = 0;
			ts = 0
#ifdef PLAIN
			; level = before;
			before = 0
#endif
		}
	:: else -> break
	od
}

active proctype time()
{
end:	do
	:: now < 10 + LAST -> now++
	od
}
