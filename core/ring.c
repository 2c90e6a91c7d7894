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
	uint32_t off;         /* where the record's bytes begin in the ring: behind the packet head if it opens a sub-buffer */
	uint32_t n;           /* of the sub-buffer that it opens */
	uint32_t phys;
	uint32_t close_n;     /* of the one that it closes */
	uint32_t close_phys;
	uint32_t close_pos;   /* where that ended; 0: nothing to close */
	uint32_t header_size;
	bool opens;
	uint64_t lost[BL_LOST_NR]; /* discarded so far, for the packet that is closed */
};

static uint64_t *slot_of(const struct bl_ring *ring, uint32_t n)
{
	return &ring->shared->slot[n & ring->slot_mask];
}

static uint32_t next_n(uint32_t n)
{
	return (n + 1) & BL_N_MASK;
}

/* Where the sub-buffers are to each other: as the record path takes them. */
static bool check_offsets(const struct bl_ring *ring)
{
	const uint32_t sub_size = 1u << ring->sub_shift;
	uint32_t p;

	for (p = 0; p < ring->n_phys; p++) {
		if (ring->offset[p] & (sub_size - 1) || ring->offset[p] > BL_HEAD_CLOSED - sub_size)
			return false;
		if (p ? ring->offset[p] <= ring->offset[p - 1] : ring->offset[p])
			return false;
	}
	return true;
}

bool bl_ring_setup(struct bl_ring *ring)
{
	if (ring->sub_shift < BL_SUB_SHIFT_MIN || ring->sub_shift > BL_SUB_SHIFT_MAX || ring->n_sub < 2 || ring->n_sub > BL_SUB_MAX ||
	    (ring->n_sub & (ring->n_sub - 1)) || ring->n_phys <= ring->n_sub || ring->n_phys > BL_PHYS_MAX ||
	    ring->id_bits < BL_ID_BITS_MIN || ring->id_bits > BL_ID_BITS_MAX || !check_offsets(ring))
		return false;
	ring->sub_size = 1u << ring->sub_shift;
	ring->sub_mask = ring->sub_size - 1;
	ring->slot_mask = ring->n_sub - 1;
	ring->payload_max = bl_ring_payload_max(ring->sub_shift);
	ring->compact_ids = (1u << ring->id_bits) - 1;
	ring->compact_ticks = 1u << (32 - ring->id_bits);
	ring->compact_back = -((uint64_t)ring->compact_ticks << 32);
	ring->id_scale = 1u << ring->id_bits;
	ring->limit = ring->offset[ring->n_phys - 1] + ring->sub_size;
	ring->sub_last = ring->sub_mask;
	ring->fast_ids = bl_port_clock_is_fast(ring) ? ring->compact_ids : 0;
	return true;
}

void bl_ring_lay(struct bl_ring *ring, void *base)
{
	uint32_t p;

	for (p = 0; p < ring->n_phys && p < BL_PHYS_MAX; p++) {
		ring->offset[p] = p << ring->sub_shift;
		ring->sub[p] = (uint8_t *)base + ring->offset[p];
	}
}

/* What is to be a free sub-buffer, or spare: its first @size bytes and its count. Released to others by who hands it on. */
static void wipe(struct bl_ring *ring, uint32_t phys, uint32_t size)
{
	bl_port_zero(ring->sub[phys], size);
	bl_store_relaxed(bl_ring_count(ring, phys), bl_count_start(ring->sub_size));
}

void bl_ring_init(const struct bl_ring *ring)
{
	uint32_t i;

	for (i = 0; i < ring->n_phys; i++)
		bl_store_relaxed(bl_ring_count(ring, i), bl_count_start(ring->sub_size));
	for (i = 0; i < ring->n_sub; i++)
		bl_store_relaxed(&ring->shared->slot[i], bl_slot(i, BL_SLOT_FREE, i));
	bl_store_relaxed(&ring->shared->head, BL_HEAD_CLOSED);
}

void bl_ring_lose(struct bl_ring *ring, enum bl_lost reason, uint64_t count)
{
	bl_local_add(&ring->shared->lost[reason], count); /* ORD(lost:A) */
}

/*
 * The count of an open sub-buffer is negative. It stays as it is when it is full. More than that it can only be in memory that is used
 * again, where a writer of the session before has come late; to hand that over would give away a sub-buffer that head is still in.
 */
static void deliver(struct bl_ring *ring, uint32_t n, uint32_t phys)
{
	const uint64_t open_slot = bl_slot(n, BL_SLOT_OPEN, phys);

	if (bl_load_relaxed(bl_ring_count(ring, phys)) >> BL_COUNT_BYTE_SHIFT != BL_COUNT_FULL)
		return;
	bl_port_step(BL_STEP_COUNTED);
	/* Nobody else moves an open slot; the exchange is for those who come when it is not open any more. */
	if (!bl_shared_cas(slot_of(ring, n), open_slot, bl_slot(n, BL_SLOT_DELIVERED, phys))) /* ORD(deliver:A) */
		return;
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
	uint32_t i;

	for (i = 0; i < ring->n_sub; i++) {
		const uint64_t slot = bl_load_relaxed(&ring->shared->slot[i]);
		const uint32_t phys = bl_slot_phys(slot);

		if (phys < ring->n_phys && bl_ring_count(ring, phys) == count && bl_slot_state(slot) == BL_SLOT_OPEN) {
			deliver(ring, bl_slot_n(slot), phys);
			return;
		}
	}
}

static void count_bytes(struct bl_ring *ring, uint32_t n, uint32_t phys, uint32_t bytes)
{
	if (bl_local_add_negative(bl_ring_count(ring, phys), bl_count_bytes(bytes))) /* ORD(commit:B) */
		deliver(ring, n, phys);
}

/*
 * Number and physical sub-buffer of what offset @off lies in, by the slots: rare enough. Who then claims at this place knows that what was
 * found is right, because the slot of the sub-buffer that head is in keeps its number.
 */
static bool find_slot(const struct bl_ring *ring, uint32_t off, uint32_t *ret_n, uint32_t *ret_phys)
{
	uint32_t i;

	for (i = 0; i < ring->n_sub; i++) {
		const uint64_t slot = bl_load_relaxed(&ring->shared->slot[i]);
		const uint32_t phys = bl_slot_phys(slot);

		if (bl_slot_state(slot) != BL_SLOT_GONE && phys < ring->n_phys && ring->offset[phys] == (off & ~ring->sub_mask)) {
			*ret_n = bl_slot_n(slot) & BL_N_MASK;
			*ret_phys = phys;
			return true;
		}
	}
	return false;
}

/* Is @off a place for a record? Behind a packet's head, and in front of the count. */
static bool is_place(const struct bl_ring *ring, uint32_t off)
{
	const uint32_t pos = off & ring->sub_mask;

	return off < ring->limit && pos > sizeof(struct bl_packet) && pos <= ring->sub_size - BL_COUNT_SIZE;
}

/* Only the claim that moved head into a sub-buffer opens it. What others put behind that claim waits for it. */
static int slot_open(struct bl_ring *ring, uint32_t n, uint32_t phys)
{
	const uint64_t free_slot = bl_slot(n, BL_SLOT_FREE, phys);

	return bl_shared_cas(slot_of(ring, n), free_slot, bl_slot(n, BL_SLOT_OPEN, phys)) ? 0 : -BL_ENOTCONN; /* ORD(slot:A) */
}

/* Overwrite mode: make the sub-buffer that is to become number @n free, if all of its records are committed. */
static void make_free(struct bl_ring *ring, uint32_t n)
{
	uint64_t *at = slot_of(ring, n);
	const uint64_t slot = bl_load_acquire(at); /* ORD(clean:A) */
	const uint32_t phys = bl_slot_phys(slot);

	/* Only what is one round old: nested writers may have filled number @n itself meanwhile. */
	if (bl_slot_state(slot) != BL_SLOT_DELIVERED || bl_slot_n(slot) != ((n - ring->n_sub) & BL_N_MASK) || phys >= ring->n_phys)
		return;
	if (!bl_shared_cas(at, slot, bl_slot(bl_slot_n(slot), BL_SLOT_CLEANING, phys))) /* ORD(clean:B) */
		return;
	bl_port_step(BL_STEP_CLEANING);
	wipe(ring, phys, ring->sub_size);
	bl_store_release(at, bl_slot(n, BL_SLOT_FREE, phys)); /* ORD(clean:C) */
}

/*
 * May head move to sub-buffer @n? 0 and where that is, -BL_ENOSPC (not counted here), -BL_ENOTCONN.
 *
 * A free slot is not enough, it must be free for @n: the writer that moved head to number n - n_sub may have been interrupted before
 * it opened the same slot, and that is free still, for n - n_sub.
 */
static int may_enter(struct bl_ring *ring, uint32_t n, uint32_t *ret_phys)
{
	uint64_t slot = bl_load_acquire(slot_of(ring, n)); /* ORD(enter:A) */

	if (bl_slot_state(slot) == BL_SLOT_DELIVERED && (ring->flags & BL_RING_OVERWRITE)) {
		make_free(ring, n);
		slot = bl_load_acquire(slot_of(ring, n)); /* ORD(enter:A) */
	}
	*ret_phys = bl_slot_phys(slot);
	if (bl_slot_state(slot) == BL_SLOT_FREE && bl_slot_n(slot) == n && *ret_phys < ring->n_phys)
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
	if (head != BL_HEAD_CLOSED && -ticks < BL_BACK_TICKS) {
		*ts += (uint32_t)-ticks;
		ticks = 0;
	}
	return *ts - last < BL_IDLE_TICKS ? ticks : 0xffffffffu;
}

/*
 * The time of a claim that leaves the sub-buffer of @head, @ticks behind the newest claim: later than that, even where the clock stands
 * still for as long as the ring goes round. So no word of head comes again while a writer could have it in mind, see ring.h.
 */
static uint64_t switch_time(uint64_t ts, uint32_t ticks)
{
	return ticks ? ts : ts + 1;
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

/* The sub-buffer that a claim which does not fit where head is has to close, if any, and the one that it has to open. */
static int plan_switch(struct bl_ring *ring, struct claim *c)
{
	const uint32_t off = (uint32_t)c->head;

	c->opens = true;
	c->n = off & BL_N_MASK;
	if (!(off & BL_HEAD_CLOSED)) {
		if (!find_slot(ring, off, &c->close_n, &c->close_phys))
			return -BL_ENOTCONN;
		c->n = next_n(c->close_n);
		c->close_pos = off & ring->sub_mask;
		read_lost(ring, c->lost);
	}
	return may_enter(ring, c->n, &c->phys);
}

/* Fill in what a claim of @size bytes for event @id would be, given c->head. Return as bl_ring_reserve(), nothing counted. */
static int plan(struct bl_ring *ring, uint32_t id, uint32_t size, struct claim *c)
{
	const bool wide_id = id >= ring->compact_ids;
	const bool closed = (uint32_t)c->head & BL_HEAD_CLOSED;
	uint32_t ticks;
	int err;

	if (size > ring->payload_max)
		return -BL_EMSGSIZE;
	c->ts = bl_port_clock(ring); /* ORD(reserve:B) */
	ticks = ticks_since(ring, c->head, &c->ts);
	bl_port_step(BL_STEP_LOADED);

	c->opens = false;
	c->close_pos = 0;
	c->off = (uint32_t)c->head;
	if (!closed && !is_place(ring, c->off))
		return -BL_ENOTCONN;
	c->header_size = wide_id || ticks >= ring->compact_ticks ? BL_RECORD_EXTENDED : BL_RECORD_COMPACT;
	if (closed || c->header_size + size + BL_COUNT_SIZE > ring->sub_size - (c->off & ring->sub_mask)) {
		err = plan_switch(ring, c);
		if (err)
			return err;
		c->ts = switch_time(c->ts, ticks);
		/* A packet begins with its first record, so their clocks agree and the compact header is enough. */
		c->header_size = wide_id ? BL_RECORD_EXTENDED : BL_RECORD_COMPACT;
		c->off = ring->offset[c->phys] + (uint32_t)sizeof(struct bl_packet);
	}
	c->new_head = c->ts << 32 | (c->off + c->header_size + size);
	return 0;
}

/* Write what the closer of a packet owes, and count its padding. Caller's claim moved head from @pos of sub-buffer @n on. */
static void close_packet(struct bl_ring *ring, uint32_t n, uint32_t phys, uint32_t pos, uint64_t ts, const uint64_t *lost)
{
	struct bl_packet *packet = (struct bl_packet *)(void *)ring->sub[phys];
	uint64_t total = 0;
	int i;

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
	const int32_t signed_ahead = (int32_t)((n - (uint32_t)hint) << 1) / 2; /* of 31 bits */
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
		packet->owner[i] = bl_port_owner(ring, i);
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
	uint32_t bytes = c->header_size + size;

	if (c->opens) {
		bl_port_step(BL_STEP_SWITCH_CLAIMED);
		if (c->close_pos)
			close_packet(ring, c->close_n, c->close_phys, c->close_pos, c->ts, c->lost);
		if (slot_open(ring, c->n, c->phys))
			return -BL_ENOTCONN;
		open_packet(ring, c->n, c->phys, c->ts);
		bytes += (uint32_t)sizeof(struct bl_packet);
	} else {
		bl_port_step(BL_STEP_CLAIMED);
	}
	ret->header = ring->sub[0] + c->off;
	ret->payload = ret->header + c->header_size;
	ret->count = (uint64_t *)(void *)(ring->sub[0] + (c->off | ring->sub_mask) + 1 - BL_COUNT_SIZE);
	ret->add = bl_count_bytes(bytes) + BL_COUNT_RECORD;
	if (c->header_size == BL_RECORD_EXTENDED) {
		write_extended(ret->header, id, c->ts);
		ret->word = bl_record_word(ring->compact_ids, 0, ring->id_bits);
	} else {
		ret->word = bl_record_word(id, c->ts, ring->id_bits);
	}
	if (c->opens && (ring->flags & BL_RING_OVERWRITE))
		make_free(ring, next_n(c->n)); /* ahead of need: who comes next finds it free even if we are slow */
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
		if ((err == -BL_ENOSPC || err == -BL_ENOTCONN) && bl_load_acquire(&ring->shared->head) != c.head) /* ORD(reserve:A) */
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
	uint32_t tries, ticks, n, phys;

	for (tries = 0; tries < BL_RESERVE_TRIES; tries++) {
		const uint64_t head = bl_load_acquire(&ring->shared->head); /* ORD(reserve:A) */
		const uint32_t off = (uint32_t)head;
		uint64_t ts = bl_port_clock(ring); /* ORD(reserve:B) */

		if (!is_place(ring, off))
			return -BL_EAGAIN;
		ticks = ticks_since(ring, head, &ts);
		ts = switch_time(ts, ticks);
		read_lost(ring, lost);
		if (!find_slot(ring, off, &n, &phys))
			continue;
		if (!bl_local_cas(&ring->shared->head, head, ts << 32 | BL_HEAD_CLOSED | next_n(n))) /* ORD(reserve:C) */
			continue;
		close_packet(ring, n, phys, off & ring->sub_mask, ts, lost);
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
	if (!bl_shared_cas(slot_of(ring, n), slot, bl_slot((n + ring->n_sub) & BL_N_MASK, BL_SLOT_FREE, reader->spare))) /* ORD(take:B) */
		return -BL_EAGAIN;
	reader->spare = phys;
	bl_reader_skip(reader);
	return 0;
}

/*
 * Where writers are: number and position, which is 0 if that sub-buffer is not open yet. False: the words make no sense together, or
 * writers were faster than we, all the time.
 */
static bool find_head(const struct bl_ring *ring, uint32_t *ret_n, uint32_t *ret_pos)
{
	uint32_t tries, phys;

	for (tries = 0; tries < BL_RESERVE_TRIES; tries++) {
		const uint64_t head = bl_load_acquire(&ring->shared->head); /* ORD(seek:B) */
		const uint32_t off = (uint32_t)head;

		*ret_n = off & BL_N_MASK;
		*ret_pos = 0;
		if (off & BL_HEAD_CLOSED)
			return true;
		*ret_pos = off & ring->sub_mask;
		if (is_place(ring, off) && find_slot(ring, off, ret_n, &phys))
			return true;
		if (bl_load_acquire(&ring->shared->head) == head) /* ORD(seek:B) */
			break;
	}
	return false;
}

uint32_t bl_reader_distance(const struct bl_reader *reader)
{
	uint32_t newest, pos;

	return find_head(reader->ring, &newest, &pos) ? (newest - reader->next) & BL_N_MASK : 0;
}

/* Is what was sub-buffer @n being cleared, or is its slot for the next round already? */
static bool is_overwritten(const struct bl_ring *ring, uint32_t n)
{
	const uint64_t slot = bl_load_acquire(slot_of(ring, n)); /* ORD(seek:A) */

	return bl_slot_n(slot) == ((n + ring->n_sub) & BL_N_MASK) ||
	       (bl_slot_state(slot) == BL_SLOT_CLEANING && bl_slot_n(slot) == n);
}

void bl_reader_seek_oldest(struct bl_reader *reader)
{
	const uint32_t n_sub = reader->ring->n_sub;
	const uint32_t distance = bl_reader_distance(reader);
	uint32_t tries;

	/* A closed head has not entered its sub-buffer, so n_sub back may be there still; and one is cleared ahead of need. */
	if (distance > n_sub)
		reader->next = (reader->next + distance - n_sub) & BL_N_MASK;
	for (tries = 0; tries < n_sub && is_overwritten(reader->ring, reader->next); tries++)
		bl_reader_skip(reader);
}

uint32_t bl_reader_records(const struct bl_reader *reader)
{
	return (uint32_t)bl_load_relaxed(bl_ring_count(reader->ring, reader->spare));
}

void bl_reader_clean(struct bl_reader *reader)
{
	struct bl_ring *ring = reader->ring;
	const struct bl_packet *packet = (const struct bl_packet *)(const void *)ring->sub[reader->spare];
	/* Whole words, for bl_port_zero(); one reading, since the producer may still change it. */
	const uint64_t content = (bl_load_relaxed((const bl_count_word *)&packet->content_bits) / 8 + 7) & ~UINT64_C(7);

	wipe(ring, reader->spare, content < ring->sub_size ? (uint32_t)content : ring->sub_size); /* released by ORD(take:B) */
}

int bl_reader_peek(const struct bl_reader *reader, struct bl_unfinished *ret)
{
	struct bl_ring *ring = reader->ring;
	uint32_t newest, pos, ahead;
	uint64_t slot, count = bl_count_start(ring->sub_size);

	if (!find_head(ring, &newest, &pos))
		return -BL_EPROTO;
	ahead = (newest - reader->next) & BL_N_MASK;
	if (ahead > ring->n_sub)
		return -BL_EPROTO;
	ret->claimed_bytes = ahead ? ring->sub_size - BL_COUNT_SIZE : pos;
	if (!ret->claimed_bytes)
		return -BL_EAGAIN;
	slot = bl_load_acquire(slot_of(ring, reader->next)); /* ORD(peek:B) */
	ret->phys = bl_slot_phys(slot);
	if (ret->phys >= ring->n_phys || ret->phys == reader->spare)
		return -BL_EPROTO;
	ret->opened = (bl_slot_state(slot) == BL_SLOT_OPEN || bl_slot_state(slot) == BL_SLOT_DELIVERED) && bl_slot_n(slot) == reader->next;
	if (ret->opened || (bl_slot_state(slot) == BL_SLOT_FREE && bl_slot_n(slot) == reader->next))
		count = bl_load_acquire(bl_ring_count(ring, ret->phys)); /* ORD(peek:C) */
	ret->committed_records = (uint32_t)count;
	ret->committed_bytes = (uint32_t)((count - bl_count_start(ring->sub_size)) >> BL_COUNT_BYTE_SHIFT);
	return 0;
}

void bl_reader_skip(struct bl_reader *reader)
{
	reader->next = next_n(reader->next);
}
