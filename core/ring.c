/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * ring.c - the cases of the ring that are not the common one: a record that opens a sub-buffer, one that needs the extended header,
 * flush, hand-over; and the consumer. The algorithm and its invariants are in ring.h, the shared words in ring_abi.h, every label
 * ORD(x:Y) in ORDERING.md.
 */
#include "ring.h"

/* What one attempt to claim found and wants. */
struct claim {
	uint64_t head;
	uint64_t ts;
	uint64_t new_head;
	uint32_t n;           /* sub-buffer of the record */
	uint32_t pos;         /* where the record's bytes begin in it: behind the packet head if it opens the sub-buffer */
	uint32_t close_pos;   /* where the previous sub-buffer ended; 0: nothing to close */
	uint32_t header_size;
	bool opens;
	uint64_t lost[BL_LOST_NR]; /* discarded so far, for the packet that is closed */
};

static uint32_t n_mask(const struct bl_ring *ring)
{
	return 0xffffffffu >> ring->sub_shift;
}

static uint64_t *slot_of(const struct bl_ring *ring, uint32_t n)
{
	return &ring->shared->slot[n & ring->slot_mask];
}

bool bl_ring_setup(struct bl_ring *ring)
{
	if (ring->sub_shift < BL_SUB_SHIFT_MIN || ring->sub_shift > BL_SUB_SHIFT_MAX || ring->n_sub < 2 || ring->n_sub > BL_SUB_MAX ||
	    (ring->n_sub & (ring->n_sub - 1)) || ring->n_phys <= ring->n_sub || ring->n_phys > BL_PHYS_MAX ||
	    ring->id_bits < BL_ID_BITS_MIN || ring->id_bits > BL_ID_BITS_MAX)
		return false;
	ring->sub_size = 1u << ring->sub_shift;
	ring->sub_mask = ring->sub_size - 1;
	ring->slot_mask = ring->n_sub - 1;
	ring->payload_max = bl_ring_payload_max(ring->sub_shift);
	ring->compact_ids = (1u << ring->id_bits) - 1;
	ring->compact_ticks = 1u << (32 - ring->id_bits);
	ring->compact_span = (uint64_t)ring->compact_ticks << 32;
	ring->pos_mask = ring->sub_mask;
	ring->slot_shift = ring->sub_shift - 3;
	ring->slot_bytes = ring->slot_mask << 3;
	ring->room = ring->sub_size - 1 - BL_RECORD_COMPACT;
	ring->fast_ids = bl_port_clock_is_fast(ring) ? ring->compact_ids : 0;
	return true;
}

void bl_ring_init(const struct bl_ring *ring)
{
	uint32_t i;

	for (i = 0; i < ring->n_sub; i++)
		bl_store_relaxed(&ring->shared->slot[i], bl_slot(i, BL_SLOT_FREE, i));
}

void bl_ring_lose(struct bl_ring *ring, enum bl_lost reason, uint64_t count)
{
	bl_local_add_return(&ring->shared->lost[reason], count); /* ORD(lost:A) */
}

static void deliver(struct bl_ring *ring, uint32_t n, uint32_t phys)
{
	bl_port_step(BL_STEP_COUNTED);
	/* Nobody else moves an open slot, so a store is enough. */
	bl_store_release(slot_of(ring, n), bl_slot(n, BL_SLOT_DELIVERED, phys)); /* ORD(deliver:A) */
	bl_port_step(BL_STEP_DELIVERED);
	if (!(ring->flags & BL_RING_NO_WAKE))
		bl_port_wake(ring);
}

/*
 * Whoever makes a count full knows only that count: what a record would have to carry for this rare moment costs registers on every
 * record. The sub-buffer is in exactly one slot, and stays open there until we move it.
 */
void bl_ring_deliver(struct bl_ring *ring, const uint64_t *count)
{
	const uint32_t phys = (uint32_t)(count - ring->shared->commit);
	uint32_t i;

	for (i = 0; i < ring->n_sub; i++) {
		const uint64_t slot = bl_load_relaxed(&ring->shared->slot[i]);

		if (bl_slot_phys(slot) == phys && bl_slot_state(slot) == BL_SLOT_OPEN) {
			deliver(ring, bl_slot_n(slot), phys);
			return;
		}
	}
}

static void count_bytes(struct bl_ring *ring, uint32_t n, uint32_t phys, uint32_t bytes)
{
	uint64_t count = bl_local_add_return(&ring->shared->commit[phys], bytes); /* ORD(commit:B) */

	if ((uint32_t)count == ring->sub_size)
		deliver(ring, n, phys);
}

/*
 * The slot of a sub-buffer in which the caller holds a claim. Whoever comes first opens it: the writer that moved head there may have
 * been interrupted before it got so far.
 */
int bl_ring_slot_open(struct bl_ring *ring, uint32_t n, uint32_t *ret_phys)
{
	uint32_t tries;

	for (tries = 0; tries < BL_RESERVE_TRIES; tries++) {
		const uint64_t slot = bl_load_acquire(slot_of(ring, n)); /* ORD(slot:A) */
		const uint32_t phys = bl_slot_phys(slot);

		if (phys >= ring->n_phys || bl_slot_n(slot) != n)
			break;
		if (bl_slot_state(slot) == BL_SLOT_OPEN) {
			*ret_phys = phys;
			return 0;
		}
		if (bl_slot_state(slot) != BL_SLOT_FREE)
			break;
		(void)bl_shared_cas(slot_of(ring, n), slot, bl_slot(n, BL_SLOT_OPEN, phys)); /* ORD(slot:B) */
	}
	return -BL_ENOTCONN;
}

/* Overwrite mode: make the sub-buffer that is to become number @n free, if all of its records are committed. */
static void make_free(struct bl_ring *ring, uint32_t n)
{
	uint64_t *at = slot_of(ring, n);
	const uint64_t slot = bl_load_acquire(at); /* ORD(clean:A) */
	const uint32_t phys = bl_slot_phys(slot);

	/* Only what is one round old: nested writers may have filled number @n itself meanwhile. */
	if (bl_slot_state(slot) != BL_SLOT_DELIVERED || bl_slot_n(slot) != ((n - ring->n_sub) & n_mask(ring)) || phys >= ring->n_phys)
		return;
	if (!bl_shared_cas(at, slot, bl_slot(bl_slot_n(slot), BL_SLOT_CLEANING, phys))) /* ORD(clean:B) */
		return;
	bl_port_step(BL_STEP_CLEANING);
	bl_port_zero(ring->sub[phys], ring->sub_size);
	bl_store_relaxed(&ring->shared->commit[phys], 0);
	bl_store_release(at, bl_slot(n, BL_SLOT_FREE, phys)); /* ORD(clean:C) */
}

/*
 * May head move to sub-buffer @n? 0, -BL_ENOSPC (not counted here), -BL_ENOTCONN.
 *
 * A free slot is not enough, it must be free for @n: the writer that moved head to number n - n_sub may have been interrupted before
 * it opened the same slot, and that is free still, for n - n_sub.
 */
static int may_enter(struct bl_ring *ring, uint32_t n)
{
	uint64_t slot = bl_load_acquire(slot_of(ring, n)); /* ORD(enter:A) */

	if (bl_slot_state(slot) == BL_SLOT_DELIVERED && (ring->flags & BL_RING_OVERWRITE)) {
		make_free(ring, n);
		slot = bl_load_acquire(slot_of(ring, n)); /* ORD(enter:A) */
	}
	if (bl_slot_state(slot) == BL_SLOT_FREE && bl_slot_n(slot) == n)
		return 0;
	return bl_slot_state(slot) == BL_SLOT_GONE ? -BL_ENOTCONN : -BL_ENOSPC;
}

/*
 * Ticks from the newest claim to @ts, as far as the compact header can use them; corrects a clock that overtook the load of head.
 * Anything that the compact header cannot say comes out as 2^32 - 1.
 */
static uint32_t ticks_since(const struct bl_ring *ring, uint64_t head, uint64_t *ts)
{
	const uint64_t last = bl_load_relaxed(&ring->shared->last_ts);
	uint32_t ticks = (uint32_t)*ts - (uint32_t)(head >> 32);

	/* After an idle time of just less than 2^32 ticks it looks the same: the time is a little late then, but the header extended. */
	if (head && -ticks < BL_BACK_TICKS) {
		*ts += (uint32_t)-ticks;
		ticks = 0;
	}
	return *ts - last < BL_IDLE_TICKS ? ticks : 0xffffffffu;
}

/*
 * What the closer of a packet will say of losses is read between the load of head and the claim. Claims come one after the other, so
 * the totals rise from packet to packet; read later, a closer that was interrupted would say more than who closed the next packet.
 */
static void read_lost(const struct bl_ring *ring, uint64_t *lost)
{
	int i;

	for (i = 0; i < BL_LOST_NR; i++)
		lost[i] = ring->lost_base[i] + bl_load_relaxed(&ring->shared->lost[i]);
}

/* Fill in what a claim of @size bytes for event @id would be, given c->head. Return as bl_ring_reserve(), nothing counted. */
static int plan(struct bl_ring *ring, uint32_t id, uint32_t size, struct claim *c)
{
	const uint32_t sub_size = ring->sub_size;
	const uint32_t off = (uint32_t)c->head;
	const uint32_t pos = off & ring->sub_mask;
	const bool wide_id = id >= ring->compact_ids;
	uint32_t ticks;
	int err;

	if (size > ring->payload_max)
		return -BL_EMSGSIZE;
	c->ts = bl_port_clock(ring); /* ORD(reserve:B) */
	ticks = ticks_since(ring, c->head, &c->ts);
	bl_port_step(BL_STEP_LOADED);

	c->n = off >> ring->sub_shift;
	c->header_size = wide_id || ticks >= ring->compact_ticks ? BL_RECORD_EXTENDED : BL_RECORD_COMPACT;
	c->opens = !pos || c->header_size + size >= sub_size - pos;
	c->pos = pos;
	c->close_pos = 0;
	if (c->opens) {
		/* A packet begins with its first record, so their clocks agree and the compact header is enough. */
		c->header_size = wide_id ? BL_RECORD_EXTENDED : BL_RECORD_COMPACT;
		c->close_pos = pos;
		if (pos) {
			c->n = (c->n + 1) & n_mask(ring);
			read_lost(ring, c->lost);
		}
		c->pos = sizeof(struct bl_packet);
		err = may_enter(ring, c->n);
		if (err)
			return err;
	}
	c->new_head = c->ts << 32 | (uint32_t)((c->n << ring->sub_shift) + c->pos + c->header_size + size);
	return 0;
}

/* Write what the closer of a packet owes, and count its padding. Caller's claim moved head from @pos of sub-buffer @n on. */
static void close_packet(struct bl_ring *ring, uint32_t n, uint32_t pos, uint64_t ts, const uint64_t *lost)
{
	struct bl_packet *packet;
	uint64_t total = 0;
	uint32_t phys;
	int i;

	if (bl_ring_slot_open(ring, n, &phys))
		return;
	packet = (struct bl_packet *)(void *)ring->sub[phys];
	packet->timestamp_end = ts;
	packet->content_bits = 8ull * pos;
	packet->packet_bits = 8ull * pos;
	for (i = 0; i < BL_LOST_NR; i++) {
		packet->discarded_by[i] = lost[i];
		total += lost[i];
	}
	packet->discarded = total;
	bl_port_step(BL_STEP_CLOSED);
	count_bytes(ring, n, phys, ring->sub_size - pos);
}

/* The full number of sub-buffer @n, from a hint that is at most n_sub away. */
static uint64_t full_number(struct bl_ring *ring, uint32_t n)
{
	const uint64_t hint = bl_load_relaxed(&ring->shared->seq_hint);
	const uint32_t ahead = (n - (uint32_t)hint) << ring->sub_shift;
	const int32_t signed_ahead = (int32_t)ahead / (int32_t)ring->sub_size;
	const uint64_t seq = hint + (uint64_t)(int64_t)signed_ahead;

	/*
	 * A late store of an older number is harmless: its writer has not committed yet, so the ring cannot have got further ahead
	 * than n_sub.
	 */
	bl_store_relaxed(&ring->shared->seq_hint, seq);
	return seq;
}

/* Write what the opener of a packet owes, all but counting it. */
static void open_packet(struct bl_ring *ring, uint32_t n, uint32_t phys, uint64_t ts)
{
	struct bl_packet *packet = (struct bl_packet *)(void *)ring->sub[phys];
	int i;

	packet->magic = BL_PACKET_MAGIC;
	packet->stream_id = ring->stream_id;
	for (i = 0; i < 16; i++)
		packet->uuid[i] = ring->uuid[i];
	packet->stream_instance_id = ring->stream_instance_id;
	packet->timestamp_begin = ts;
	packet->seq = ring->seq_base + full_number(ring, n);
	packet->cpu_id = ring->cpu_id;
	for (i = 0; i < 3; i++)
		packet->owner[i] = ring->owner[i];
	bl_port_step(BL_STEP_OPENED);
}

static void write_extended(uint8_t *header, uint32_t id, uint64_t ts)
{
	__builtin_memcpy(header + 4, &id, sizeof(id));
	__builtin_memcpy(header + 8, &ts, sizeof(ts));
}

/* The claim is ours: do its duties and fill in @ret. */
static int settle(struct bl_ring *ring, const struct claim *c, uint32_t id, uint32_t size, struct bl_record *ret)
{
	uint32_t head_size = 0;

	ret->n = c->n;
	if (c->opens) {
		bl_port_step(BL_STEP_SWITCH_CLAIMED);
		if (c->close_pos)
			close_packet(ring, (c->n - 1) & n_mask(ring), c->close_pos, c->ts, c->lost);
	} else {
		bl_port_step(BL_STEP_CLAIMED);
	}
	if (bl_ring_slot_open(ring, c->n, &ret->phys))
		return -BL_ENOTCONN;
	if (c->opens) {
		open_packet(ring, c->n, ret->phys, c->ts);
		head_size = sizeof(struct bl_packet);
	}
	ret->header = ring->sub[ret->phys] + c->pos;
	ret->payload = ret->header + c->header_size;
	ret->count = &ring->shared->commit[ret->phys];
	ret->bytes = head_size + c->header_size + size;
	if (c->header_size == BL_RECORD_EXTENDED) {
		write_extended(ret->header, id, c->ts);
		ret->word = bl_record_word(ring->compact_ids, 0, ring->id_bits);
	} else {
		ret->word = bl_record_word(id, c->ts, ring->id_bits);
	}
	if (c->opens && (ring->flags & BL_RING_OVERWRITE))
		make_free(ring, (c->n + 1) & n_mask(ring)); /* ahead of need: who comes next finds it free even if we are slow */
	return 0;
}

int bl_ring_reserve_slow(struct bl_ring *ring, uint32_t id, uint32_t size, struct bl_record *ret)
{
	struct claim c;
	uint32_t tries;
	int err;

	for (tries = 0; tries < BL_RESERVE_TRIES; tries++) {
		c.head = bl_load_acquire(&ring->shared->head); /* ORD(reserve:A) */
		err = plan(ring, id, size, &c);
		/* A verdict on a head that has moved meanwhile says nothing about the record: somebody may have opened the next one. */
		if (err == -BL_ENOSPC && bl_load_acquire(&ring->shared->head) != c.head) /* ORD(reserve:A) */
			continue;
		if (err == -BL_ENOTCONN)
			return err;
		if (err) {
			bl_ring_lose(ring, err == -BL_EMSGSIZE ? BL_LOST_SIZE : BL_LOST_FULL, 1);
			return err;
		}
		if (bl_local_cas(&ring->shared->head, c.head, c.new_head)) { /* ORD(reserve:C) */
			bl_store_relaxed(&ring->shared->last_ts, c.ts);
			return settle(ring, &c, id, size, ret);
		}
	}
	bl_ring_lose(ring, BL_LOST_BUSY, 1);
	return -BL_ENOSPC;
}

int bl_ring_flush(struct bl_ring *ring)
{
	uint64_t lost[BL_LOST_NR];
	uint32_t tries;

	for (tries = 0; tries < BL_RESERVE_TRIES; tries++) {
		const uint64_t head = bl_load_acquire(&ring->shared->head); /* ORD(reserve:A) */
		const uint32_t pos = (uint32_t)head & ring->sub_mask;
		const uint32_t n = (uint32_t)head >> ring->sub_shift;
		uint64_t ts = bl_port_clock(ring); /* ORD(reserve:B) */

		if (!pos)
			return -BL_EAGAIN;
		(void)ticks_since(ring, head, &ts);
		read_lost(ring, lost);
		if (!bl_local_cas(&ring->shared->head, head, ts << 32 | (uint32_t)((n + 1) << ring->sub_shift))) /* ORD(reserve:C) */
			continue;
		close_packet(ring, n, pos, ts, lost);
		return 0;
	}
	return -BL_EAGAIN;
}

void bl_reader_init(struct bl_reader *reader, struct bl_ring *ring)
{
	reader->ring = ring;
	reader->next = 0;
	reader->spare = ring->n_sub;
}

int bl_reader_take(struct bl_reader *reader)
{
	struct bl_ring *ring = reader->ring;
	const uint32_t n = reader->next;
	const uint64_t slot = bl_load_acquire(slot_of(ring, n)); /* ORD(take:A) */
	const uint32_t phys = bl_slot_phys(slot);

	if (bl_slot_state(slot) != BL_SLOT_DELIVERED || bl_slot_n(slot) != n)
		return -BL_EAGAIN;
	if (phys >= ring->n_phys || phys == reader->spare)
		return -BL_EPROTO;
	if (!bl_shared_cas(slot_of(ring, n), slot, bl_slot((n + ring->n_sub) & n_mask(ring), BL_SLOT_FREE, reader->spare))) /* ORD(take:B) */
		return -BL_EAGAIN;
	reader->spare = phys;
	bl_reader_skip(reader);
	return 0;
}

uint32_t bl_reader_distance(const struct bl_reader *reader)
{
	const uint32_t newest = (uint32_t)bl_load_acquire(&reader->ring->shared->head) >> reader->ring->sub_shift; /* ORD(seek:B) */

	return (newest - reader->next) & n_mask(reader->ring);
}

/* Is what was sub-buffer @n being cleared, or is its slot for the next round already? */
static bool is_overwritten(const struct bl_ring *ring, uint32_t n)
{
	const uint64_t slot = bl_load_acquire(slot_of(ring, n)); /* ORD(seek:A) */

	return bl_slot_n(slot) == ((n + ring->n_sub) & n_mask(ring)) ||
	       (bl_slot_state(slot) == BL_SLOT_CLEANING && bl_slot_n(slot) == n);
}

void bl_reader_seek_oldest(struct bl_reader *reader)
{
	const uint32_t n_sub = reader->ring->n_sub;
	const uint32_t distance = bl_reader_distance(reader);
	uint32_t tries;

	/* Head at position 0 has not entered its sub-buffer, so n_sub back may be there still; and one is cleared ahead of need. */
	if (distance > n_sub)
		reader->next = (reader->next + distance - n_sub) & n_mask(reader->ring);
	for (tries = 0; tries < n_sub && is_overwritten(reader->ring, reader->next); tries++)
		bl_reader_skip(reader);
}

void bl_reader_clean(struct bl_reader *reader)
{
	struct bl_ring *ring = reader->ring;

	bl_port_zero(ring->sub[reader->spare], ring->sub_size);
	bl_store_relaxed(&ring->shared->commit[reader->spare], 0); /* released by ORD(take:B) */
}

int bl_reader_peek(const struct bl_reader *reader, struct bl_unfinished *ret)
{
	struct bl_ring *ring = reader->ring;
	const uint64_t head = bl_load_acquire(&ring->shared->head); /* ORD(peek:A) */
	const uint64_t slot = bl_load_acquire(slot_of(ring, reader->next)); /* ORD(peek:B) */
	const uint32_t sub_size = ring->sub_size;
	const uint32_t ahead = (((uint32_t)head >> ring->sub_shift) - reader->next) & n_mask(ring);
	uint64_t commit;

	if (ahead > ring->n_sub)
		return -BL_EPROTO;
	ret->claimed_bytes = ahead ? sub_size : (uint32_t)head & ring->sub_mask;
	if (!ret->claimed_bytes)
		return -BL_EAGAIN;
	ret->phys = bl_slot_phys(slot);
	if (ret->phys >= ring->n_phys || ret->phys == reader->spare)
		return -BL_EPROTO;
	ret->opened = (bl_slot_state(slot) == BL_SLOT_OPEN || bl_slot_state(slot) == BL_SLOT_DELIVERED) && bl_slot_n(slot) == reader->next;
	commit = ret->opened ? bl_load_acquire(&ring->shared->commit[ret->phys]) : 0; /* ORD(peek:C) */
	ret->committed_records = (uint32_t)(commit >> 32);
	ret->committed_bytes = (uint32_t)commit;
	return 0;
}

void bl_reader_skip(struct bl_reader *reader)
{
	reader->next = (reader->next + 1) & n_mask(reader->ring);
}
