/* SPDX-License-Identifier: MIT */
/*
 * Records in one ring: geometry, choice of header, the end of a sub-buffer at every residue, packet fields, discarded counts, sequence
 * numbers, flush, the wrap of the offset. Everything written goes through the books of support/ledger.h.
 */
#include "support/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define SHIFT 12u
#define SUB (1u << SHIFT)
#define ENTRIES 40000u

static uint8_t memory[BL_RING_CONTROL_SIZE + 9 * SUB] __attribute__((aligned(4096)));
static struct entry entries[ENTRIES];
static struct ledger ledger;
static struct audit audit;
static struct bl_ring ring;
static uint32_t woken;

void bl_port_wake(struct bl_ring *by)
{
	assert_true(by == &ring);
	woken++;
}

static void begin(uint32_t n_sub, uint32_t id_bits, uint32_t flags)
{
	ring = (struct bl_ring){ .sub_shift = SHIFT, .n_sub = n_sub, .n_phys = n_sub + 1, .id_bits = id_bits, .flags = flags };
	ring.seq_base = 500;
	ring.lost_base[BL_LOST_ATTACH] = 11;
	bl_test_now = 0x123456789ull;
	bl_test_tick = 1;
	woken = 0;
	assert_true(test_ring_init(&ring, memory));
	ledger = (struct ledger){ .entry = entries, .max = ENTRIES };
	audit_init(&audit, &ring, &ledger);
}

static int put(uint32_t id, uint32_t size)
{
	return ledger_record(&ledger, &ring, id, size);
}

static uint32_t position(void)
{
	return (uint32_t)ring.shared->head & ring.sub_mask;
}

static void finish(void)
{
	audit_finish(&audit);
	assert_string_equal(audit.wrong, "");
}

static void geometry(void **state)
{
	static const struct {
		uint32_t shift, n_sub, n_phys, id_bits;
		bool good;
	} cases[] = {
		{ 12, 2, 3, 5, true },    { 22, 128, 130, 16, true },  { 11, 2, 3, 5, false },     { 23, 2, 3, 5, false },
		{ 12, 1, 3, 5, false },   { 12, 0, 3, 5, false },      { 12, 3, 4, 5, false },     { 12, 256, 257, 5, false },
		{ 12, 2, 2, 5, false },   { 12, 2, 1, 5, false },      { 12, 128, 131, 5, false }, { 12, 2, 130, 5, true },
		{ 12, 2, 3, 4, false },   { 12, 2, 3, 17, false },     { 12, 2, 3, 0, false },     { 0xffffffff, 2, 3, 5, false },
		{ 12, 0x80000000u, 0xffffffffu, 5, false },            { 12, 2, 3, 0xffffffff, false },
	};
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bl_ring r = { .sub_shift = cases[i].shift, .n_sub = cases[i].n_sub, .n_phys = cases[i].n_phys, .id_bits = cases[i].id_bits };

		if (cases[i].shift < 32)
			bl_ring_lay(&r, NULL);
		assert_int_equal(bl_ring_setup(&r), cases[i].good);
	}
}

/* Places that the record path could not find, or that would overlap. */
static void offsets(void **state)
{
	static const struct {
		uint32_t p, offset;
		bool good;
	} cases[] = {
		{ 0, 0, true },        { 0, SUB, false },         { 1, SUB, true },        { 1, SUB + 8, false },    { 1, 0, false },
		{ 2, 3 * SUB, true },  { 2, SUB, false },         { 2, 0x7ffff000u, true }, { 2, 0x80000000u, false }, { 2, 0xfffff000u, false },
	};
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bl_ring r = { .sub_shift = SHIFT, .n_sub = 2, .n_phys = 3, .id_bits = 5 };

		bl_ring_lay(&r, memory);
		r.offset[cases[i].p] = cases[i].offset;
		assert_int_equal(bl_ring_setup(&r), cases[i].good);
	}
}

/* Take the packet, and read the record behind its first one. */
static struct record second_record(void)
{
	struct record record;
	uint32_t at = PACKET_HEAD;
	uint64_t now;
	const uint8_t *bytes;
	struct packet packet;

	assert_int_equal(bl_ring_flush(&ring), 0);
	assert_true(audit_take(&audit));
	bytes = ring.sub[audit.reader.spare];
	decode_packet(bytes, &packet);
	now = packet.begin;
	assert_true(!decode_record(bytes, SUB, ring.id_bits, &at, &now, &record));
	assert_true(!decode_record(bytes, SUB, ring.id_bits, &at, &now, &record));
	finish();
	return record;
}

static void header_by_id(void **state)
{
	uint32_t bits;

	(void)state;
	for (bits = BL_ID_BITS_MIN; bits <= BL_ID_BITS_MAX; bits++) {
		const uint32_t all_ones = (1u << bits) - 1;
		const uint32_t ids[] = { 1, all_ones - 1, all_ones, all_ones + 1, 0xffffffff };
		uint32_t i;

		for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
			begin(2, bits, 0);
			assert_int_equal(put(1, 16), 0);
			assert_int_equal(put(ids[i], 16), 0);
			assert_int_equal(second_record().extended, ids[i] >= all_ones);
		}
		begin(2, bits, 0);
		assert_int_equal(put(all_ones, 16), 0); /* opens a packet */
		finish();
	}
}

static void header_by_distance(void **state)
{
	uint32_t bits;

	(void)state;
	for (bits = BL_ID_BITS_MIN; bits <= BL_ID_BITS_MAX; bits++) {
		const uint64_t width = 1ull << (32 - bits);
		const struct {
			uint64_t ticks;
			bool extended;
		} cases[] = {
			{ 0, false }, { width - 1, false }, { width, true }, { width + 1, true }, { (1ull << 31) - 1, true }, { 1ull << 31, true },
			{ (1ull << 32) - 5000, true }, { (1ull << 32) - 1, true }, { 1ull << 32, true }, { (1ull << 32) + 1, true },
			{ 7ull << 32, true }, { 1ull << 63, true },
		};
		uint32_t i;

		for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct record record;
			uint64_t first;

			begin(2, bits, 0);
			bl_test_tick = 0;
			audit.late = cases[i].ticks > 1ull << 31 ? BL_BACK_TICKS : 0;
			first = bl_test_now;
			assert_int_equal(put(1, 16), 0);
			bl_test_now += cases[i].ticks;
			assert_int_equal(put(1, 16), 0);
			record = second_record();
			assert_int_equal(record.extended, cases[i].extended);
			assert_true(record.ts - first - cases[i].ticks <= audit.late);
		}
	}
}

/* A clock that is read behind a load that it overtook. */
static void clock_goes_back(void **state)
{
	struct record record;
	uint64_t first;

	(void)state;
	begin(2, 5, 0);
	bl_test_tick = 0;
	assert_int_equal(put(1, 16), 0);
	first = bl_test_now;
	bl_test_now -= BL_BACK_TICKS - 1;
	assert_int_equal(put(1, 16), 0);
	entries[1].after = first;
	record = second_record();
	assert_false(record.extended);
	assert_true(record.ts == first);
}

/* A ring that nobody has claimed in has no newest claim: its first record's time is the clock's, wherever that is in its wrap. */
static void first_record_of_all(void **state)
{
	uint64_t low;

	(void)state;
	for (low = (1ull << 32) - BL_BACK_TICKS - 8; low < 1ull << 32; low++) {
		begin(2, 5, 0);
		bl_test_tick = 0;
		bl_test_now = 5ull << 32 | low;
		assert_int_equal(put(1, 16), 0);
		finish();
	}
}

/* While the clock stands still no word of head comes again: who leaves a sub-buffer moves the time on. */
static void clock_stands_still(void **state)
{
	uint32_t mode, i, sub = 0, clock = 0;

	(void)state;
	for (mode = 0; mode <= BL_RING_OVERWRITE; mode++) {
		begin(2, 5, mode);
		bl_test_tick = 0;
		audit.late = 1000;
		for (i = 0; i < 1000; i++) {
			assert_int_equal(put(1, 100), 0);
			if ((uint32_t)ring.shared->head >> SHIFT != sub && i > 50)
				assert_true((uint32_t)(ring.shared->head >> 32) - clock - 1 < 1000);
			sub = (uint32_t)ring.shared->head >> SHIFT;
			clock = (uint32_t)(ring.shared->head >> 32);
			if (i % 100 == 99) {
				(void)bl_ring_flush(&ring);
				assert_int_equal((uint32_t)(ring.shared->head >> 32), clock + 1);
				sub = UINT32_MAX;
				clock++;
			}
			while (audit_take(&audit))
				;
			assert_string_equal(audit.wrong, "");
		}
		finish();
	}
}

static void every_residue(void **state)
{
	uint32_t room, size;

	(void)state;
	for (room = BL_COUNT_SIZE; room < 60; room++) {
		for (size = 0; size < 40; size++) {
			const uint32_t id = size < SMALL_MAX ? SMALL_ID + size : 1;

			begin(4, 5, 0);
			put(1, 8);
			put(1, SUB - room - position() - BL_RECORD_COMPACT);
			assert_int_equal(position(), SUB - room);
			assert_int_equal(put(id, size), 0);
			/* The count's bytes stay free. */
			assert_int_equal((uint32_t)ring.shared->head >> SHIFT, BL_RECORD_COMPACT + size + BL_COUNT_SIZE > room);
			assert_int_equal(put(40, 9), 0);
			assert_int_equal(put(1, 8), 0);
			finish();
			assert_int_equal(audit.records, 5);
		}
	}
}

static void largest_payload(void **state)
{
	const uint32_t most = bl_ring_payload_max(SHIFT);

	(void)state;
	begin(4, 5, 0);
	assert_int_equal(put(1, most), 0);
	assert_int_equal(put(0xffffffff, most), 0);
	assert_int_equal(position(), SUB - BL_COUNT_SIZE);
	assert_int_equal(put(1, most + 1), -BL_EMSGSIZE);
	assert_int_equal(put(1, SUB), -BL_EMSGSIZE);
	assert_int_equal(put(1, 0x7fffffff), -BL_EMSGSIZE);
	assert_int_equal(put(1, 0xfffffffbu), -BL_EMSGSIZE);
	assert_int_equal(put(1, 0xffffffffu), -BL_EMSGSIZE);
	assert_int_equal(put(1, most), 0);
	finish();
	assert_int_equal(ring.shared->lost[BL_LOST_SIZE], 5);
}

static void discard_when_full(void **state)
{
	uint32_t i, failed = 0;

	(void)state;
	begin(4, 5, 0);
	for (i = 0; i < 400; i++)
		failed += put(1, 100) == -BL_ENOSPC;
	assert_true(failed > 200);
	assert_int_equal(ring.shared->lost[BL_LOST_FULL], failed);
	assert_true(audit_take(&audit));
	assert_int_equal(put(1, 100), 0); /* room again */
	bl_ring_lose(&ring, BL_LOST_ATTACH, 3);
	finish();
	assert_int_equal(audit.packets, 5);
	assert_int_equal(audit.lost[BL_LOST_ATTACH], 14);
	assert_int_equal(audit.lost[BL_LOST_FULL], failed);
}

static void overwrite_oldest(void **state)
{
	uint32_t i;

	(void)state;
	begin(8, 5, BL_RING_OVERWRITE);
	for (i = 0; i < 2000; i++)
		assert_int_equal(put(1, 100), 0);
	finish();
	assert_int_equal(audit.packets, 7);
	assert_int_equal(ring.shared->lost[BL_LOST_FULL], 0);
	for (i = 0; i < 2000; i++)
		assert_int_equal(put(1, 100), 0);
	finish();
	assert_int_equal(audit.packets, 14);
}

static void consumer_keeps_up(uint32_t flags, uint32_t from)
{
	uint32_t i;

	begin(4, 5, flags);
	test_ring_begin_at(&ring, &audit, from);
	for (i = 0; i < 30000; i++) {
		assert_int_equal(put(1, 8 + i * 7 % 300), 0);
		while (audit_take(&audit))
			;
		assert_string_equal(audit.wrong, "");
	}
	finish();
	assert_int_equal(audit.records, 30000);
	assert_true(audit.packets > 1000);
	assert_int_equal(woken, flags & BL_RING_NO_WAKE ? 0 : audit.packets);
	assert_true(audit.next_seq - ring.seq_base - from == audit.packets);
}

static void sequence_numbers(void **state)
{
	(void)state;
	consumer_keeps_up(0, 0);
	consumer_keeps_up(BL_RING_NO_WAKE, 0);
	consumer_keeps_up(BL_RING_OVERWRITE, 0);
}

/* 2^31 sub-buffers after its start their numbers begin again at 0; those of the packets go on. */
static void numbers_wrap(void **state)
{
	uint32_t before;

	(void)state;
	for (before = 0; before < 9; before++) {
		consumer_keeps_up(0, BL_N_MASK - before);
		consumer_keeps_up(BL_RING_OVERWRITE, BL_N_MASK - before);
	}
}

static void flushes(void **state)
{
	uint32_t i;

	(void)state;
	begin(4, 5, 0);
	assert_int_equal(bl_ring_flush(&ring), -BL_EAGAIN);
	for (i = 0; i < 20; i++) {
		assert_int_equal(put(SMALL_ID, 0), 0); /* just opened */
		assert_int_equal(bl_ring_flush(&ring), 0);
		assert_int_equal(bl_ring_flush(&ring), -BL_EAGAIN);
		assert_true(audit_take(&audit));
		assert_false(audit_take(&audit));
	}
	for (i = 0; i < 4; i++) {
		assert_int_equal(put(1, 100), 0);
		assert_int_equal(bl_ring_flush(&ring), 0);
	}
	assert_int_equal(put(1, 100), -BL_ENOSPC); /* nothing is open, nothing is free */
	assert_int_equal(bl_ring_flush(&ring), -BL_EAGAIN);
	assert_true(audit_take(&audit));
	assert_int_equal(put(1, 100), 0);
	finish();
	assert_int_equal(audit.packets, 25);
	assert_int_equal(audit.records, 25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(geometry),          cmocka_unit_test(offsets),           cmocka_unit_test(header_by_id),      cmocka_unit_test(header_by_distance),
		cmocka_unit_test(first_record_of_all),  cmocka_unit_test(clock_stands_still),
		cmocka_unit_test(clock_goes_back),   cmocka_unit_test(every_residue),     cmocka_unit_test(largest_payload),
		cmocka_unit_test(discard_when_full), cmocka_unit_test(overwrite_oldest),  cmocka_unit_test(sequence_numbers),
		cmocka_unit_test(numbers_wrap),      cmocka_unit_test(flushes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
