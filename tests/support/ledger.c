/* SPDX-License-Identifier: MIT */
/* Self-checking records and the audit of a ring; see ledger.h. */
#include "ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A test can have it at a place of its own. */
__attribute__((weak)) uint64_t bl_test_now = 0x123456789ull;
uint64_t bl_test_tick = 1;

#define MANY 16u

bl_static_assert(LOST_REASONS == BL_LOST_NR, "decoder knows every reason");

size_t test_ring_size(const struct bl_ring *ring)
{
	return BL_RING_CONTROL_SIZE + ((size_t)ring->n_phys << ring->sub_shift);
}

bool test_ring_init(struct bl_ring *ring, void *memory)
{
	uint32_t i;

	bl_ring_lay(ring, (uint8_t *)memory + BL_RING_CONTROL_SIZE);
	if (!bl_ring_setup(ring))
		return false;
	memset(memory, 0, test_ring_size(ring));
	ring->shared = memory;
	for (i = 0; i < 16; i++)
		ring->uuid[i] = (uint8_t)(0xa0 + i);
	for (i = 0; i < 3; i++)
		ring->owner[i] = 1000 + i;
	ring->stream_id = 3;
	ring->cpu_id = 5;
	ring->stream_instance_id = 0x1122334455667788ull;
	bl_ring_init(ring);
	return true;
}

void test_ring_begin_at(struct bl_ring *ring, struct audit *audit, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < ring->n_sub; i++)
		ring->shared->slot[(n + i) & ring->slot_mask] = bl_slot((n + i) & BL_N_MASK, BL_SLOT_FREE, i);
	ring->shared->head = BL_HEAD_CLOSED | n;
	ring->shared->seq_hint = n;
	audit->reader.next = n;
	audit->next_seq = ring->seq_base + n;
}

static uint64_t clock_now(const struct bl_ring *ring)
{
#ifdef BL_TEST_REAL_CLOCK
	return bl_port_clock(ring);
#else
	(void)ring;
	return bl_test_now;
#endif
}

struct entry *ledger_new(struct ledger *ledger, const struct bl_ring *ring, uint32_t id, uint32_t size)
{
	struct entry *entry;
	uint32_t n = bl_load_relaxed(&ledger->n);

	do {
		if (n >= ledger->max)
			return NULL;
	} while (!__atomic_compare_exchange_n(&ledger->n, &n, n + 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	entry = &ledger->entry[n];
	entry->id = id;
	entry->size = size;
	entry->err = ENTRY_PENDING;
	entry->n = entry->at = 0;
	entry->seen = false;
	bl_store_relaxed(&entry->after, 0);
	entry->not_before = clock_now(ring);
	return entry;
}

static uint8_t fill_byte(uint32_t serial)
{
	return (uint8_t)(serial * 37 | 1);
}

void ledger_fill(const struct ledger *ledger, const struct entry *entry, uint8_t *payload)
{
	const uint32_t serial = (uint32_t)(entry - ledger->entry);

	if (entry->size < SMALL_MAX) {
		memset(payload, fill_byte(entry->id), entry->size);
		return;
	}
	memcpy(payload, &serial, 4);
	memcpy(payload + 4, &entry->size, 4);
	memset(payload + 8, fill_byte(serial), entry->size - 8);
}

/* The number of the sub-buffer that is open in physical one @phys; the claim in it keeps it open. */
static uint32_t number_of(const struct bl_ring *ring, uint32_t phys)
{
	uint32_t i;

	for (i = 0; i < ring->n_sub; i++) {
		const uint64_t slot = bl_load_relaxed(&ring->shared->slot[i]);

		if (bl_slot_phys(slot) == phys)
			return bl_slot_n(slot);
	}
	return 0xffffffff;
}

int ledger_write(struct ledger *ledger, struct bl_ring *ring, struct entry *entry)
{
	struct bl_record rec;

	entry->err = bl_ring_reserve(ring, entry->id, entry->size, &rec);
	if (!entry->err) {
		entry->at = (uint32_t)(rec.header - ring->sub[0]) & ring->sub_mask;
		entry->n = number_of(ring, (uint32_t)(rec.header - ring->sub[0]) >> ring->sub_shift);
		ledger_fill(ledger, entry, rec.payload);
		bl_ring_commit(ring, &rec);
	}
	return entry->err;
}

void ledger_end(struct entry *entry, const struct bl_ring *ring)
{
	bl_store_relaxed(&entry->after, clock_now(ring)); /* a consumer may look at it already */
}

int ledger_record(struct ledger *ledger, struct bl_ring *ring, uint32_t id, uint32_t size)
{
	struct entry *entry = ledger_new(ledger, ring, id, size);

	if (!entry)
		return ENTRY_PENDING;
	ledger_write(ledger, ring, entry);
	ledger_end(entry, ring);
	return entry->err;
}

void audit_init(struct audit *audit, struct bl_ring *ring, struct ledger *ledger)
{
	memset(audit, 0, sizeof(*audit));
	bl_reader_init(&audit->reader, ring);
	audit->ledger = ledger;
	audit->next_seq = ring->seq_base;
	memcpy(audit->lost, ring->lost_base, sizeof(audit->lost));
}

bool audit_wrong(struct audit *audit, const char *what, uint64_t found, uint64_t expected)
{
	if (!audit->wrong[0])
		snprintf(audit->wrong, sizeof(audit->wrong), "%s: found %" PRIu64 " (0x%" PRIx64 "), expected %" PRIu64 " (0x%" PRIx64 ")",
			 what, found, found, expected, expected);
	return false;
}

static bool expect(struct audit *audit, const char *what, uint64_t found, uint64_t expected)
{
	return found == expected || audit_wrong(audit, what, found, expected);
}

static bool at_least(struct audit *audit, const char *what, uint64_t found, uint64_t least)
{
	return found >= least || audit_wrong(audit, what, found, least);
}

/* Of a record without room for a serial number: the first attempt that it can be. */
static struct entry *find_small(struct audit *audit, const struct record *record, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < audit->ledger->n; i++) {
		struct entry *entry = &audit->ledger->entry[i];

		if (entry->id == record->id && !entry->err && !entry->seen && entry->n == n)
			return entry;
	}
	return NULL;
}

static struct entry *find_entry(struct audit *audit, const struct record *record, uint32_t n)
{
	uint32_t serial;

	if (record->size < SMALL_MAX)
		return find_small(audit, record, n);
	memcpy(&serial, record->payload, 4);
	return serial < bl_load_relaxed(&audit->ledger->n) ? &audit->ledger->entry[serial] : NULL;
}

static bool check_fill(struct audit *audit, const struct entry *entry, const struct record *record)
{
	const uint32_t from = record->size < SMALL_MAX ? 0 : 8;
	const uint8_t byte = fill_byte(from ? (uint32_t)(entry - audit->ledger->entry) : entry->id);
	uint32_t i;

	for (i = from; i < record->size; i++)
		if (record->payload[i] != byte)
			return audit_wrong(audit, "payload is torn", record->payload[i], byte);
	return true;
}

static bool check_record(struct audit *audit, const struct record *record, uint32_t n)
{
	struct entry *entry = find_entry(audit, record, n);
	uint64_t after;

	if (!entry)
		return audit_wrong(audit, "record that nobody wrote", record->id, 0);
	if (entry->seen)
		return audit_wrong(audit, "record is there twice", (uint64_t)(entry - audit->ledger->entry), 0);
	entry->seen = true;
	audit->records++;
	after = bl_load_relaxed(&entry->after);
	if (!after)
		after = clock_now(audit->reader.ring);
	return expect(audit, "reserve had failed", (uint64_t)entry->err, 0) && expect(audit, "event id", record->id, entry->id) &&
	       expect(audit, "payload size", record->size, entry->size) && expect(audit, "packet of the record", n, entry->n) &&
	       at_least(audit, "time of the record is too early", record->ts + audit->early, entry->not_before) &&
	       at_least(audit, "time of the record is too late, before", after + audit->late, record->ts) &&
	       check_fill(audit, entry, record);
}

static bool check_head(struct audit *audit, const struct packet *packet, uint32_t n)
{
	const struct bl_ring *ring = audit->reader.ring;
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < LOST_REASONS; i++) {
		if (!at_least(audit, "discarded count goes back", packet->discarded_by[i], audit->lost[i]))
			return false;
		audit->lost[i] = packet->discarded_by[i];
		sum += packet->discarded_by[i];
	}
	for (i = 0; i < 3; i++)
		if (!expect(audit, "owner", packet->owner[i], ring->owner[i]))
			return false;
	if (memcmp(packet->uuid, ring->uuid, 16))
		return audit_wrong(audit, "uuid", packet->uuid[0], ring->uuid[0]);
	if (!(ring->flags & BL_RING_OVERWRITE) && !expect(audit, "packet's sequence number", packet->seq, audit->next_seq))
		return false;
	if (!at_least(audit, "packet's sequence number goes back", packet->seq, audit->next_seq))
		return false;
	audit->next_seq = packet->seq + 1;
	return expect(audit, "magic", packet->magic, 0xc1fc1fc1u) && expect(audit, "stream", packet->stream_id, ring->stream_id) &&
	       expect(audit, "instance", packet->instance, ring->stream_instance_id) &&
	       expect(audit, "cpu", packet->cpu_id, ring->cpu_id) && expect(audit, "sum of discarded", packet->discarded, sum) &&
	       expect(audit, "number of the packet", (packet->seq - ring->seq_base) & BL_N_MASK, n) &&
	       expect(audit, "packet size", packet->packet_bits, packet->content_bits) &&
	       expect(audit, "content in whole bytes", packet->content_bits % 8, 0) &&
	       at_least(audit, "content has a record", packet->content_bits, 8ull * (PACKET_HEAD + 4)) &&
	       at_least(audit, "content leaves room for the count", 8ull * (ring->sub_size - BL_COUNT_SIZE), packet->content_bits) &&
	       at_least(audit, "packet begins before the end of the last", packet->begin, audit->end) &&
	       at_least(audit, "packet ends before it begins", packet->end, packet->begin);
}

void audit_taken(struct audit *audit, uint32_t n)
{
	struct bl_ring *ring = audit->reader.ring;
	const uint8_t *bytes = ring->sub[audit->reader.spare];
	const uint64_t count = *bl_ring_count(ring, audit->reader.spare);
	const uint32_t before = audit->records;
	struct record record;
	struct packet packet;
	const char *wrong;
	uint32_t at = PACKET_HEAD;
	uint64_t now;

	decode_packet(bytes, &packet);
	if (!check_head(audit, &packet, n))
		return;
	now = packet.begin;
	while (at < packet.content_bits / 8) {
		wrong = decode_record(bytes, (uint32_t)(packet.content_bits / 8), ring->id_bits, &at, &now, &record);
		if (wrong) {
			audit_wrong(audit, wrong, at, 0);
			return;
		}
		if (audit->records == before && !expect(audit, "first record's time is the packet's", record.ts, packet.begin))
			return;
		if (!check_record(audit, &record, n))
			return;
	}
	for (; at < ring->sub_size - BL_COUNT_SIZE; at++)
		if (bytes[at] && !audit_wrong(audit, "byte behind the content", at, 0))
			return;
	at_least(audit, "packet ends before its last record", packet.end, now);
	expect(audit, "committed bytes", count >> 32, 0x80000000u);
	expect(audit, "committed records", (uint32_t)count, audit->records - before);
	expect(audit, "committed records, as the reader says", bl_reader_records(&audit->reader), audit->records - before);
	audit->end = packet.end;
	audit->packets++;
	audit->taken[n % TAKEN_MAX] = 1;
}

bool audit_take(struct audit *audit)
{
	uint32_t n;
	int err;

	if (audit->dirty)
		bl_reader_clean(&audit->reader);
	audit->dirty = false;
	if (audit->reader.ring->flags & BL_RING_OVERWRITE)
		bl_reader_seek_oldest(&audit->reader);
	n = audit->reader.next;
	err = bl_reader_take(&audit->reader);
	if (err == -BL_EPROTO)
		audit_wrong(audit, "reader: nonsense in the slot of sub-buffer", n, 0);
	if (err)
		return false;
	audit->dirty = true;
	audit_taken(audit, n);
	return !audit->wrong[0];
}

/* An attempt that was reported as reserved, but no packet had it. */
static void check_missing(struct audit *audit, const struct entry *entry)
{
	const struct bl_ring *ring = audit->reader.ring;
	const uint32_t age = (audit->reader.next - entry->n) & BL_N_MASK;

	/* What is in the newest n_sub - 1 packets is never overwritten: one may be cleared ahead. */
	if (!(ring->flags & BL_RING_OVERWRITE) || audit->taken[entry->n % TAKEN_MAX] || age < ring->n_sub)
		audit_wrong(audit, "record is missing", (uint64_t)(entry - audit->ledger->entry), entry->n);
}

static void balance(struct audit *audit, bool flushed)
{
	const struct bl_ring *ring = audit->reader.ring;
	uint64_t lost[LOST_REASONS];
	uint64_t failed = 0, busy_or_full;
	uint64_t too_large = 0;
	uint32_t i;

	for (i = 0; i < audit->ledger->n; i++) {
		const struct entry *entry = &audit->ledger->entry[i];

		if (entry->err == -BL_ENOSPC)
			failed++;
		else if (entry->err == -BL_EMSGSIZE)
			too_large++;
		else if (entry->err)
			audit_wrong(audit, "reserve failed with", (uint64_t)-entry->err, 0);
		else if (!entry->seen)
			check_missing(audit, entry);
	}
	for (i = 0; i < LOST_REASONS; i++) {
		lost[i] = ring->lost_base[i] + ring->shared->lost[i];
		if (flushed)
			expect(audit, "discarded count of the last packet", audit->lost[i], lost[i]);
	}
	busy_or_full = ring->shared->lost[BL_LOST_FULL] + ring->shared->lost[BL_LOST_BUSY];
	expect(audit, "discarded: full", busy_or_full, failed);
	expect(audit, "discarded: too large", ring->shared->lost[BL_LOST_SIZE], too_large);
}

bool audit_finish(struct audit *audit)
{
	struct bl_ring *ring = audit->reader.ring;
	const bool flushed = !bl_ring_flush(ring);
	const uint32_t before = audit->packets;

	if (ring->flags & BL_RING_OVERWRITE)
		bl_reader_seek_oldest(&audit->reader);
	while (!audit->wrong[0]) {
		if (audit_take(audit))
			continue;
		if (!(ring->flags & BL_RING_OVERWRITE) || !bl_reader_distance(&audit->reader))
			break;
		bl_reader_skip(&audit->reader);
		if (++audit->overwritten > MANY * ring->n_sub)
			audit_wrong(audit, "packets passed over at the end", audit->overwritten, ring->n_sub);
	}
	expect(audit, "packets that were not handed over", bl_reader_distance(&audit->reader), 0);
	expect(audit, "head after the flush", (uint32_t)ring->shared->head, BL_HEAD_CLOSED | audit->reader.next);
	if (flushed)
		at_least(audit, "packets after a flush", audit->packets, before + 1);
	balance(audit, flushed);
	return !audit->wrong[0];
}
