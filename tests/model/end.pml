/* SPDX-License-Identifier: MIT */
/*
 * end.pml - a session ends under writers that are in the middle of a record: the page with the control words is punched out of the
 * memfd, and reads as zeros from then on (one page, so in one step; the sub-buffers' pages, commit counts among them, follow later).
 * A head of zeros is no place in a ring, and not a closed ring either.
 *
 * Either the recorder ends the session and punches, or it dies at any moment, which its robust futex word shows; then who hands a sub-buffer over next
 * finds out and punches, once (bl_port_wake() in lib/attach.c). Two writers on two CPUs with 3 records each, each of which fills a
 * sub-buffer, two slots, overwrite mode (which has all the stores to slots). Exhaustive within that.
 *
 * What must hold:
 *     who loads head after the end gets no record, however many late stores have reached the empty page
 *     a session is punched once
 *     a recorder's death is seen by the first hand-over after it
 *
 * Twins:
 *     GONE   a head of zeros is taken for a closed ring, and an empty slot (0) counts as free
 *     ENTER  a head of zeros is taken for a closed ring, and any free slot may be entered, whatever number it is free for: a late writer
 *            that clears a sub-buffer sets one free
 *     CLAIM  head is stored
 *     ONCE   everybody who sees that the recorder is dead punches
 *     LIFE   the recorder's life is looked at before the hand-over
 *
 * good   end   -DRECORDS=3
 * reach  end   late hand-over, late set free, buried, not connected, opened too late
 * broken GONE   end assertion
 * broken ENTER  end assertion
 * broken CLAIM  end assertion
 * broken ONCE   end assertion
 * broken LIFE   end assertion
 */

c_decl {
	\#define REACHED(what) do { static int once; if (!once++) printf("reached: %s\n", what); } while (0)
};

#define GONE 0
#define FREE 1
#define OPEN 2
#define DELIVERED 3
#define CLEANING 4

#define SLOT(n) ((n) % 2)
#define SLOT_IS(n, state) (s_state[SLOT(n)] == (state) && s_n[SLOT(n)] == (n))

/* In the page. A sub-buffer number n is not open (used 0) or full but for its padding (used 1); both claims counted make 2. */
byte head_n;
bit head_used;
bit head_gone; /* all of head is 0 */
byte s_n[2] = {0, 1};
byte s_state[2] = {FREE, FREE};
byte commit[2]; /* by slot: nothing is exchanged here */

byte punched;
bit died;
bit attached = 1;
bit must_see; /* a hand-over came after the death */

inline punch()
{
	atomic {
		head_n = 0;
		head_used = 0;
		head_gone = 1;
		s_n[0] = 0;
		s_n[1] = 0;
		s_state[0] = GONE;
		s_state[1] = GONE;
		punched++;
		assert(punched == 1)
	};
	atomic {
		commit[0] = 0;
		commit[1] = 0
	}
}

inline wake()
{
#ifndef BROKEN_LIFE
	dead = died;
#endif
	if
	:: dead ->
		dead = 0;
		atomic {
			old = attached;
			attached = 0
		};
		if
#ifndef BROKEN_ONCE
		:: !old
#endif
		:: else ->
			punch();
			c_code { REACHED("buried"); }
		fi
	:: else
	fi
}

inline count(n)
{
	do
	:: atomic {
		commit[SLOT(n)]++;
		if
		:: commit[SLOT(n)] != 2 -> break
		:: else
		fi
	   };
#ifdef BROKEN_LIFE
	   dead = died;
#endif
	   atomic {
		if
		:: punched -> c_code { REACHED("late hand-over"); }
		:: else
		fi;
		s_n[SLOT(n)] = n;
		s_state[SLOT(n)] = DELIVERED;
		must_see = must_see || died
	   };
	   wake();
	   break
	od
}

/* By who opens: the claim that moved head into @n is ours. Sets gone if the slot is not there any more. */
inline slot_open(n)
{
	atomic {
		if
		:: SLOT_IS(n, FREE) -> s_state[SLOT(n)] = OPEN
		:: else ->
			assert(punched);
			c_code { REACHED("opened too late"); };
			gone = 1
		fi
	}
}

inline make_free(n)
{
	do
	:: atomic {
		if
		:: n >= 2 && SLOT_IS(n - 2, DELIVERED)
		:: else -> break
		fi
	   };
	   atomic {
		if
		:: SLOT_IS(n - 2, DELIVERED) -> s_state[SLOT(n)] = CLEANING
		:: else -> break
		fi
	   };
	   commit[SLOT(n)] = 0;
	   atomic {
		if
		:: punched -> c_code { REACHED("late set free"); }
		:: else
		fi;
		s_n[SLOT(n)] = n;
		s_state[SLOT(n)] = FREE
	   };
	   break
	od
}

#if defined(BROKEN_GONE) || defined(BROKEN_ENTER)
#define IS_GONE false
#else
#define IS_GONE head_gone
#endif

#ifdef BROKEN_GONE
#define MAY_ENTER(n) (SLOT_IS(n, FREE) || s_state[SLOT(n)] == GONE)
#elif defined(BROKEN_ENTER)
#define MAY_ENTER(n) (s_state[SLOT(n)] == FREE)
#else
#define MAY_ENTER(n) SLOT_IS(n, FREE)
#endif

inline record()
{
	do
	:: atomic {
		hn = head_n;
		used = head_used;
		n = hn + used;
		late = (punched > 0);
		if
		:: IS_GONE ->
			c_code { REACHED("not connected"); };
			break
		:: else
		fi
	   };
	   make_free(n);
	   atomic {
		if
		:: MAY_ENTER(n) -> assert(!late)
		:: else ->
			break /* discarded, or gone meanwhile */
		fi
	   };
	   atomic {
		if
#ifdef BROKEN_CLAIM
		:: true ->
#else
		:: head_n == hn && head_used == used && (late || !head_gone) ->
#endif
			head_n = n;
			head_used = 1;
			head_gone = 0
		:: else -> goto record_again
		fi
	   };
	   if
	   :: used -> count(hn)
	   :: else
	   fi;
	   slot_open(n);
	   if
	   :: gone -> gone = 0
	   :: else ->
		make_free(n + 1);
		count(n)
	   fi;
	   break;
record_again:
	   skip
	od;
	atomic {
		hn = 0; used = 0; n = 0; late = 0; old = 0
	}
}

active [2] proctype writer()
{
	byte hn, n, left = RECORDS;
	bit used, late, gone, old, dead;

	do
	:: left ->
		left--;
		record()
	:: else -> break
	od
}

active proctype recorder()
{
	bit old;

	if
	:: died = 1
	:: atomic {
		old = attached;
		attached = 0
	   };
	   if
	   :: old -> punch()
	   :: else
	   fi
	fi
}

active proctype judge()
{
	atomic {
		timeout -> assert(!must_see || punched == 1)
	}
}
