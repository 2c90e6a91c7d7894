/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * ring.h - one CPU's ring: reserve, commit, hand-over, flush; and the consumer's side.
 *
 * Writers. A record is written in three steps:
 *
 *     bl_ring_reserve()   reads head, *then* the clock, and claims room by compare-and-exchange of head; on failure all over again,
 *                         clock included. head carries half of the newest claim's clock, so that the claim also decides, atomically,
 *                         whether the compact header can express the time, and so that a clock that seems to go back (a load
 *                         overtaken by the clock reading on another CPU) is seen and corrected to the time of the record before.
 *     fields              plain stores to bl_record.payload
 *     bl_ring_commit()    stores the header word, then adds to the sub-buffer's commit count. Whoever makes it full hands the
 *                         sub-buffer over.
 *
 * A record that does not fit moves head into the next sub-buffer with the same compare-and-exchange that claims its room there; it
 * then owns two duties, closing the old packet (closing fields, padding) and opening the new one (slot, packet header). Both count as
 * committed bytes, so a sub-buffer is handed over only when all of them are done, in whatever order nested writers finish.
 *
 * Nothing here waits. A writer that is interrupted between any two instructions keeps at most its own sub-buffer from being handed
 * over; when the ring comes round to it the newcomers are discarded and counted.
 *
 * Invariants, for the sub-buffer with number n that is not free:
 *     committed bytes <= claimed bytes <= sub_size, and == sub_size only when all claims are committed
 *     a packet's bytes end in front of the count in the sub-buffer's last BL_COUNT_SIZE bytes, which are padding to the arithmetic
 *     DELIVERED(n)  =>  every byte of its packet is written and visible to who reads the slot with acquire
 *     what lies behind the claimed bytes, in front of the count, is zero
 *     times of records rise with their positions
 *
 * Source of the scheme: free-running offset with per-sub-buffer commit counts, as described by M. Desnoyers, "Low-Impact Operating
 * System Tracing" (2009), ch. 5; the clock and the place in the claimed word, the slot states and the finished-record rule are ours.
 *
 * A claim holds only if head is still the word that was loaded. Within a sub-buffer the place rises, and a claim that leaves one is later than
 * the claims before by a tick at least, if need be by one that the clock has not come to. So the same word again, after a round of the
 * ring, takes a writer that is interrupted for a multiple of 2^32 ticks, not 0, to the tick, with the newest record at the same place.
 *
 * Context: unless said otherwise any, NMI and signal handlers included. The caller of reserve stays with the same bl_ring until commit;
 * on ports with plain local atomics it also stays on that CPU.
 */
#ifndef BL_CORE_RING_H
#define BL_CORE_RING_H

#include "record.h"
#include "ring_abi.h"

/** Errors, with the numbers of errno. */
enum {
	BL_EAGAIN = 11,    /* nothing there now */
	BL_ENOSPC = 28,    /* discarded, counted */
	BL_EPROTO = 71,    /* the other side wrote nonsense */
	BL_EMSGSIZE = 90,  /* too large, counted */
	BL_ENOTCONN = 107, /* the ring's memory was taken away: the session has ended */
};

#define BL_RESERVE_TRIES 128u
/** From this distance to last_ts on, half a clock in head says nothing: the extended header is used. */
#define BL_IDLE_TICKS (1ull << 31)
/** A clock that seems to go back by less than this is a reading that overtook a load. Larger jumps are taken as they are. */
#define BL_BACK_TICKS 4096u

enum bl_ring_flags {
	BL_RING_OVERWRITE = 1u << 0, /* flight recorder: the oldest sub-buffer goes; discard mode otherwise */
	BL_RING_NO_WAKE = 1u << 1,   /* never call bl_port_wake() */
};

/** One side's private, trusted view of a ring. The caller fills it in and keeps it unchanged while anybody uses the ring. */
struct bl_ring {
	struct bl_ring_shared *shared; /* page-aligned */
	uint32_t sub_shift;            /* log2 of the sub-buffer's size in bytes */
	uint32_t n_sub;                /* slots, a power of two, 2..BL_SUB_MAX */
	uint32_t n_phys;               /* physical sub-buffers, n_sub + the consumer's spares */
	uint32_t id_bits;              /* BL_ID_BITS_MIN..MAX */
	uint32_t flags;                /* enum bl_ring_flags */
	uint32_t clock;                /* the port's choice of clock */
	/* constant part of every packet head */
	uint32_t stream_id;
	uint32_t cpu_id;
	uint32_t owner[3];
	uint8_t uuid[16];
	uint64_t stream_instance_id;
	uint64_t seq_base;                 /* sequence number of the ring's first packet */
	uint64_t lost_base[BL_LOST_NR];    /* discarded in the same stream before this ring */
	void *host;                        /* the port's own */
	uint32_t contexts;                 /* the port's own: enum bl_context, what is in front of each record's fields */
	/* derived by bl_ring_setup(), for the record path */
	uint32_t sub_size;
	uint32_t sub_mask;
	uint32_t slot_mask;
	uint32_t payload_max;
	uint32_t compact_ids;   /* ids below this one fit the compact header */
	uint32_t compact_ticks; /* distances below this one fit it */
	uint32_t fast_ids;      /* ids below this one take the inline path: compact_ids, or 0 where its clock is not the ring's */
	uint32_t id_scale;      /* 2^id_bits: a multiplication takes fewer instructions than a shift by what is not known */
	uint32_t limit;         /* no place in the ring is behind this offset */
	uint64_t compact_back;  /* 2^64 - compact_ticks in the upper half */
	uint64_t sub_last;      /* sub_mask: the bits of an offset that are set in a sub-buffer's last one */
	/*
	 * Physical sub-buffers 0..n_phys-1, filled in by the caller: where each is for us, aligned to 8 bytes; and how far behind the first
	 * one in the words that we share: multiples of sub_size, rising from 0. A side that records has sub[p] == sub[0] + offset[p].
	 */
	uint8_t *sub[BL_PHYS_MAX];
	uint32_t offset[BL_PHYS_MAX];
};

/** A claimed record, between reserve and commit. Belongs to the caller's stack. */
struct bl_record {
	uint8_t *payload; /* size bytes as asked for */
	uint8_t *header;
	uint64_t *count;  /* commit count of the sub-buffer */
	uint64_t add;     /* what to add to it */
	uint32_t word;
};

/** Largest payload that a record of any id can have in a ring with sub-buffers of 2^@sub_shift bytes. */
static inline uint32_t bl_ring_payload_max(uint32_t sub_shift)
{
	return (1u << sub_shift) - (uint32_t)sizeof(struct bl_packet) - BL_RECORD_EXTENDED - BL_COUNT_SIZE;
}

/** bl_ring_lay() - fill in @ring's sub and offset for sub-buffers that follow each other from @base on */
void bl_ring_lay(struct bl_ring *ring, void *base);

/**
 * bl_ring_setup() - check the geometry and derive from it
 *
 * To be called once, before any other use of a bl_ring whose other members are filled in, from outside perhaps.
 * Return: does the geometry keep every access inside?
 */
BL_MUST_CHECK bool bl_ring_setup(struct bl_ring *ring);

/**
 * bl_ring_init() - lay out the control words of a new ring
 *
 * The memory behind @ring must be zero, and nobody else may use it yet. Physical sub-buffers 0..n_sub-1 go to the slots. Writes to each.
 */
void bl_ring_init(const struct bl_ring *ring);

/** bl_ring_lose() - count @count discarded records. */
void bl_ring_lose(struct bl_ring *ring, enum bl_lost reason, uint64_t count);

/* The general case of bl_ring_reserve() and bl_ring_commit(); not to be called by anybody else. */
BL_MUST_CHECK int bl_ring_reserve_slow(struct bl_ring *ring, uint32_t id, uint32_t size, struct bl_record *ret);
void bl_ring_deliver(struct bl_ring *ring, const uint64_t *count);

/** Is @high the high half of last_ts? That is renewed on the slow path, which a record takes when its own is another one. */
static inline bool bl_ring_is_epoch(const struct bl_ring_shared *shared, uint32_t high)
{
	return bl_load_is(&shared->last_half[__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__], high);
}

/* As counts are aligned. Clang on i386 would take a uint64_t for one that atomic operations need a library for. */
typedef uint64_t bl_count_word __attribute__((aligned(8)));

/** The commit count of physical sub-buffer @phys. */
static inline bl_count_word *bl_ring_count(const struct bl_ring *ring, uint32_t phys)
{
	return (bl_count_word *)(void *)(ring->sub[phys] + ring->sub_size - BL_COUNT_SIZE);
}

/** bl_record_word(), for an id that fits. */
static inline uint32_t bl_ring_word(const struct bl_ring *ring, uint32_t id, uint32_t ts)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return ts * ring->id_scale + id;
#else
	return bl_record_word(id, ts, ring->id_bits);
#endif
}

/* Keeps @ret out of memory on the common path, where the compiler holds it in registers. */
static inline int bl_ring_reserve_slowly(struct bl_ring *ring, uint32_t id, uint32_t size, struct bl_record *ret)
{
	struct bl_record rec;
	const int err = bl_ring_reserve_slow(ring, id, size, &rec);

	if (!err)
		*ret = rec;
	return err;
}

/**
 * bl_ring_reserve() - claim room for one record
 * @id:   event id, not BL_ID_NONE; ids that do not fit the compact header take the extended one
 * @size: payload bytes (contexts and fields), 0 or more
 * @ret:  set only on success; give it to bl_ring_commit(), always
 *
 * Progress: lock-free; a retry means that another record got in; after BL_RESERVE_TRIES the record is discarded.
 * Ordering: none; bl_ring_commit() publishes.
 * Return: 0; -BL_ENOSPC or -BL_EMSGSIZE (loss already counted); -BL_ENOTCONN (the session has ended).
 */
BL_MUST_CHECK BL_ALWAYS_INLINE int bl_ring_reserve(struct bl_ring *ring, uint32_t id, uint32_t size, struct bl_record *ret)
{
	struct bl_ring_shared *shared = ring->shared;
	const uint64_t head = bl_load_acquire(&shared->head); /* ORD(reserve:A) */
	const struct bl_ticks ts = bl_port_clock_fast(ring); /* ORD(reserve:B) */

	bl_port_step(BL_STEP_LOADED);
	/* First what needs the clock's high half, which then is out of the way. */
	if (bl_likely(bl_ring_is_epoch(shared, ts.high))) {
		const uint32_t off = (uint32_t)head;
		const uint64_t new_head = ((uint64_t)ts.low << 32) + off + BL_RECORD_COMPACT + size;
		/* What has to be in the sub-buffer to its last byte: the count, if the record came right in front of it. And the last that is. */
		const uint64_t last = (uint64_t)off + size + (BL_RECORD_COMPACT + BL_COUNT_SIZE - 1);
		const uint64_t sub_last = off | ring->sub_last;
		uint64_t old_head = head;
		uint32_t word = bl_ring_word(ring, id, ts.low);

		/*
		 * An empty statement makes the compiler have its operands there and then, in registers: what waits for what it cannot know. This
		 * one frees the clock's register for the exchange to have head in, so that head's own can be used up below. Machines of 32
		 * bits have no registers to spare for that.
		 */
		if (sizeof(size_t) == sizeof(old_head))
			__asm__ volatile("" : "+r"(word), "+r"(old_head));
		else
			__asm__ volatile("" : "+r"(word));
		/*
		 * new_head - head is the ticks since the newest claim, in the upper half, and the record's size. The room that is checked
		 * keeps the lower half from overflowing; last_ts, never later than that claim and in the same 2^32 ticks as ts, the upper
		 * one. It is asked for the other way round, which leaves one number less to keep. A ring that is closed has an offset behind
		 * the limit.
		 */
		if (bl_likely(last <= sub_last && head - new_head > ring->compact_back && off < ring->limit && id < ring->fast_ids)) {
			/*
			 * All that a record needs is computed before the claim: loads behind it would wait for it, and what they are made
			 * from would have to be kept meanwhile, where registers are few on the stack, and the claim waits for stores.
			 */
			uint8_t *header = ring->sub[0] + off;
			uint8_t *count = ring->sub[0] + sub_last - (BL_COUNT_SIZE - 1);

			__asm__ volatile("" : "+r"(header), "+r"(count));
			bl_port_fetch_ahead(header, size);
			if (bl_likely(bl_local_cas(&shared->head, old_head, new_head))) { /* ORD(reserve:C) */
				bl_port_step(BL_STEP_CLAIMED);
				ret->header = header;
				ret->payload = header + BL_RECORD_COMPACT;
				ret->count = (uint64_t *)(void *)count;
				ret->add = bl_count_bytes(BL_RECORD_COMPACT + size) + BL_COUNT_RECORD;
				ret->word = word;
				return 0;
			}
		}
	}
	return bl_ring_reserve_slowly(ring, id, size, ret);
}

/**
 * bl_ring_commit() - publish a record whose payload is written
 *
 * Progress: wait-free.
 * Ordering: releases the payload to the consumer: ORD(commit:A), ORD(commit:B).
 */
BL_ALWAYS_INLINE void bl_ring_commit(struct bl_ring *ring, const struct bl_record *rec)
{
	bl_port_step(BL_STEP_WRITTEN);
	/*
	 * Who looks at the records of a killed program sees its stores in program order; only the compiler could put the word in front
	 * of the payload.
	 */
	__atomic_signal_fence(__ATOMIC_RELEASE);
	__builtin_memcpy(__builtin_assume_aligned(rec->header, 1), &rec->word, sizeof(rec->word)); /* ORD(commit:A) */
	bl_port_step(BL_STEP_FINISHED);
	if (bl_unlikely(bl_local_add_negative(rec->count, rec->add))) /* ORD(commit:B) */
		bl_ring_deliver(ring, rec->count);
}

/**
 * bl_ring_flush() - hand over what is in the open sub-buffer
 *
 * Ports with plain local atomics: on the ring's CPU only. With LOCKed ones: from anywhere, the consumer's process included.
 * Return: 0; -BL_EAGAIN: nothing was there, or writers kept getting in between.
 */
int bl_ring_flush(struct bl_ring *ring);

/* ---- The consumer. One for each ring; it trusts its own bl_ring and bl_reader, never what it finds in shared memory. ---- */

struct bl_reader {
	struct bl_ring *ring;
	uint32_t next;  /* number of the sub-buffer to come */
	uint32_t spare; /* physical sub-buffer that is ours: zero but for the count; what was taken, until it is put back */
};

/** A sub-buffer that its writers will not finish, see bl_reader_peek(). */
struct bl_unfinished {
	uint32_t phys;
	uint32_t claimed_bytes;     /* from the start of the packet */
	uint32_t committed_bytes;
	uint32_t committed_records;
	bool opened;                /* its opener got so far as to open the slot */
};

/** bl_reader_init() - start at the ring's first sub-buffer with the spare that follows the slots' own. */
void bl_reader_init(struct bl_reader *reader, struct bl_ring *ring);

/**
 * bl_reader_take() - exchange the next sub-buffer, if it was handed over, for the spare
 *
 * Ordering: acquires what its writers released, ORD(take:A).
 * Context: the consumer's only thread.
 * Return: 0: reader->spare is the taken one, to be read at ring->sub[] and then given to bl_reader_clean(); -BL_EAGAIN: not
 *	   handed over (yet, or any more: overwritten); -BL_EPROTO: the slot is nonsense, nothing of this ring can be believed.
 */
BL_MUST_CHECK int bl_reader_take(struct bl_reader *reader);

/** bl_reader_distance() - sub-buffers between the next one and the one that writers are in; a hostile producer can make it anything. */
uint32_t bl_reader_distance(const struct bl_reader *reader);

/** bl_reader_seek_oldest() - overwrite mode: pass over what was overwritten since the last visit. */
void bl_reader_seek_oldest(struct bl_reader *reader);

/** bl_reader_records() - how many records were committed to what was taken; a hostile producer can make it anything. */
uint32_t bl_reader_records(const struct bl_reader *reader);

/**
 * bl_reader_clean() - make what was taken a spare again
 *
 * Costs what its packet has in it: behind a packet's content nobody has written. Afterwards all bytes are zero, but for the count; a
 * producer that wrote elsewhere finds that again, in its own ring.
 */
void bl_reader_clean(struct bl_reader *reader);

/**
 * bl_reader_peek() - look at the next sub-buffer, which was claimed but not handed over, when its writers are dead or stopped
 *
 * Return: 0; -BL_EAGAIN: nothing was claimed there; -BL_EPROTO. After 0 the caller goes on with bl_reader_skip().
 */
BL_MUST_CHECK int bl_reader_peek(const struct bl_reader *reader, struct bl_unfinished *ret);
void bl_reader_skip(struct bl_reader *reader);

#endif
