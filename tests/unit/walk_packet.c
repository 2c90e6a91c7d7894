/* SPDX-License-Identifier: MIT */
/*
 * walk_packet.c - the walk over a dead program's packet ends at the first unfinished record, wherever that is, and at the last
 * whole one whatever the bytes are. Packets are in buffers of the exact size, so that a sanitizer sees a byte too many.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/packet.h"
#include "core/record.h"
#include "describe_build.h"
#include "record/walk.h"

#define HEAD ((uint32_t)sizeof(struct bl_packet))
#define ID_BITS 12u
#define ALL_ONES ((1u << ID_BITS) - 1)
#define BEGIN UINT64_C(0x123456789abcd)
#define RECORDS_MAX 64

/* A packet, and what is known of it. */
struct packet {
	uint8_t bytes[4096];
	uint32_t size;
	uint32_t n;
	uint32_t start[RECORDS_MAX];
	uint64_t ts[RECORDS_MAX];
};

static struct build b;
static struct event_set *set;
static struct packet p;

static void put(const void *bytes, size_t size)
{
	memcpy(p.bytes + p.size, bytes, size);
	p.size += (uint32_t)size;
}

static void put_head(uint32_t id, uint64_t ts, bool extended)
{
	const uint32_t word = extended ? bl_record_word(ALL_ONES, 0, ID_BITS) : bl_record_word(id, ts, ID_BITS);

	p.start[p.n] = p.size;
	p.ts[p.n++] = ts;
	put(&word, sizeof(word));
	if (!extended)
		return;
	put(&id, sizeof(id));
	put(&ts, sizeof(ts));
}

static void put_sequence(uint16_t count, uint32_t element_size)
{
	put(&count, sizeof(count));
	memset(p.bytes + p.size, 0, count * element_size);
	p.size += count * element_size;
}

static void begin(uint64_t ts)
{
	const struct bl_packet head = {.magic = BL_PACKET_MAGIC, .timestamp_begin = ts};

	p = (struct packet){0};
	put(&head, sizeof(head));
}

/* Event 7 of the sample: a number, a text, a block, a state. */
static void put_query(uint64_t ts, const char *sql, uint16_t block, bool extended)
{
	const int32_t rows = 0;
	const int8_t state = 0;

	put_head(7, ts, extended);
	put(&rows, sizeof(rows));
	put(sql, strlen(sql) + 1);
	put_sequence(block, 1);
	put(&state, sizeof(state));
}

static void put_sample(void)
{
	begin(BEGIN);
	put_query(BEGIN, "", 0, false);
	put_query(BEGIN + 5, "SELECT", 9, false);
	put_head(2, BEGIN + (1u << 20) - 1, false);
	put_head(2, BEGIN + (1u << 20) + 77, false);
	put_query(BEGIN + (1ull << 40), "text", 300, true);
	put_head(300, BEGIN + (1ull << 40) + 1, false);
	put_sequence(100, 8);
	put_head(2, BEGIN + (1ull << 40) + 1, false);
}

static int walk_bytes(const uint8_t *bytes, size_t size, uint32_t id_bits, uint32_t contexts, struct walk *ret)
{
	uint8_t *copy = malloc(size ? size : 1);
	int err;

	memcpy(copy, bytes, size);
	err = walk_packet(copy, size, set, id_bits, contexts, ret);
	free(copy);
	return err;
}

static void assert_walk(size_t size, uint32_t records, bool broken)
{
	struct walk walk;

	assert_int_equal(walk_bytes(p.bytes, size, ID_BITS, 0, &walk), 0);
	assert_int_equal(walk.records, records);
	assert_int_equal(walk.end, records == p.n ? p.size : p.start[records]);
	assert_int_equal(walk.ts, records ? p.ts[records - 1] : walk.begin);
	assert_int_equal(walk.broken, broken);
}

static void test_whole(void **state)
{
	(void)state;
	put_sample();
	assert_walk(p.size, p.n, false);
	/* Zeros behind: not claimed by any finished record. */
	assert_walk(sizeof(p.bytes), p.n, false);
}

static void test_unfinished(void **state)
{
	uint32_t i;

	(void)state;
	put_sample();
	for (i = 0; i < p.n; i++) {
		put_sample();
		memset(p.bytes + p.start[i], 0, BL_RECORD_COMPACT);
		assert_walk(p.size, i, false);
		assert_walk(sizeof(p.bytes), i, false);
	}
}

/* However few bytes are claimed, the records that lie inside are found. */
static void test_every_size(void **state)
{
	uint32_t size, records = 0;
	struct walk walk;

	(void)state;
	put_sample();
	for (size = 0; size < HEAD; size++)
		assert_int_equal(walk_bytes(p.bytes, size, ID_BITS, 0, &walk), -EINVAL);
	for (; size <= p.size; size++) {
		while (records < p.n && size >= (records + 1 == p.n ? p.size : p.start[records + 1]))
			records++;
		assert_walk(size, records, size >= p.start[records < p.n ? records : 0] + BL_RECORD_COMPACT && records < p.n);
	}
	assert_int_equal(records, p.n);
}

static void test_closed(void **state)
{
	struct bl_packet *head = (void *)p.bytes;
	struct walk walk;
	uint32_t end;

	(void)state;
	put_sample();
	end = p.size;
	memset(p.bytes + p.start[6], 0, BL_RECORD_COMPACT);
	head->content_bits = 8ull * end;
	assert_int_equal(walk_bytes(p.bytes, sizeof(p.bytes), ID_BITS, 0, &walk), 0);
	assert_int_equal(walk.claimed, end);
	assert_int_equal(walk_torn(&walk, 6), 1);
	assert_int_equal(walk.end, p.start[6]);
	/* A size that cannot be is no size. */
	head->content_bits = 8ull * (sizeof(p.bytes) + 1);
	assert_int_equal(walk_bytes(p.bytes, sizeof(p.bytes), ID_BITS, 0, &walk), 0);
	assert_int_equal(walk.claimed, sizeof(p.bytes));
	head->content_bits = 8;
	assert_int_equal(walk_bytes(p.bytes, sizeof(p.bytes), ID_BITS, 0, &walk), 0);
	assert_int_equal(walk.claimed, sizeof(p.bytes));
}

static void assert_broken(uint32_t records)
{
	assert_walk(p.size, records, true);
}

static void test_broken(void **state)
{
	const uint32_t not_zero = bl_record_word(ALL_ONES, 1, ID_BITS);
	uint16_t count = 65535;

	(void)state;
	put_sample();
	put_head(8, BEGIN + (1ull << 40) + 2, false); /* nobody's id */
	assert_broken(p.n - 1);
	put_sample();
	put_head(2, BEGIN, true); /* back in time */
	assert_broken(p.n - 1);
	put_sample();
	memcpy(p.bytes + p.start[4], &not_zero, sizeof(not_zero));
	assert_broken(4);
	put_sample();
	memcpy(p.bytes + p.start[5] + BL_RECORD_COMPACT, &count, sizeof(count)); /* longer than the packet */
	assert_broken(5);
	put_sample();
	put_head(7, BEGIN + (1ull << 40) + 2, false);
	put("\0\0\0\0no end", 10);
	assert_broken(p.n - 1);
	begin(UINT64_MAX - 1);
	put_head(2, UINT64_MAX, false);
	put_head(2, 3, false); /* behind the end of time */
	assert_broken(1);
}

static void test_contexts(void **state)
{
	const int32_t tid = 77;
	struct walk walk;
	int i;

	(void)state;
	begin(BEGIN);
	for (i = 0; i < 3; i++) {
		put_head(2, BEGIN + 1, false);
		put(&tid, sizeof(tid));
	}
	assert_int_equal(walk_bytes(p.bytes, p.size, ID_BITS, BL_CONTEXT_TID, &walk), 0);
	assert_int_equal(walk.records, 3);
	assert_int_equal(walk.end, p.size);
	assert_int_equal(walk_bytes(p.bytes, p.size, BL_ID_BITS_MIN - 1, 0, &walk), -EINVAL);
	assert_int_equal(walk_bytes(p.bytes, p.size, BL_ID_BITS_MAX + 1, 0, &walk), -EINVAL);
}

static uint32_t random_next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Whatever the bytes: the walk stays inside, and says the same of the part that it found. */
static void test_hostile(void **state)
{
	uint32_t seed = 1, round, i;
	struct walk walk, again;

	(void)state;
	for (round = 0; round < 20000; round++) {
		const uint32_t id_bits = BL_ID_BITS_MIN + round % (BL_ID_BITS_MAX - BL_ID_BITS_MIN + 1);
		uint32_t changes = random_next(&seed) % 8;
		uint32_t size;

		put_sample();
		for (i = 0; i < changes; i++)
			p.bytes[random_next(&seed) % p.size] = (uint8_t)random_next(&seed);
		size = HEAD + random_next(&seed) % (p.size - HEAD);
		assert_int_equal(walk_bytes(p.bytes, size, round & 1 ? ID_BITS : id_bits, 0, &walk), 0);
		assert_true(walk.end >= HEAD && walk.end <= walk.claimed && walk.claimed <= size && walk.ts >= walk.begin);
		assert_int_equal(walk_bytes(p.bytes, walk.end, round & 1 ? ID_BITS : id_bits, 0, &again), 0);
		assert_int_equal(again.records, walk.records);
		assert_int_equal(again.end, walk.end);
		assert_true(walk_torn(&walk, random_next(&seed)) <= (size - HEAD) / BL_RECORD_COMPACT + 1);
	}
}

static void test_torn(void **state)
{
	const struct walk walk = {.end = 200, .claimed = 300, .records = 10};
	const struct walk whole = {.end = 300, .claimed = 300, .records = 10};

	(void)state;
	assert_int_equal(walk_torn(&walk, 10), 1);
	assert_int_equal(walk_torn(&walk, 8), 1); /* two were finished but not counted yet */
	assert_int_equal(walk_torn(&walk, 13), 4);
	assert_int_equal(walk_torn(&walk, 0xffffffff), 25);
	assert_int_equal(walk_torn(&whole, 12), 0);
}

static void test_close(void **state)
{
	const uint64_t lost[BL_LOST_NR] = {1, 2, 3, 4, 5};
	struct walk_head head = {
		.stream_id = 3,
		.cpu_id = 4,
		.owner = {5, 6, 7},
		.uuid = {9, [15] = 8},
		.stream_instance_id = 10,
		.seq = 11,
		.lost = lost,
		.torn = 100,
	};
	struct bl_packet packet;
	struct walk walk;

	(void)state;
	put_sample();
	memset(p.bytes + p.start[6], 0, BL_RECORD_COMPACT);
	assert_int_equal(walk_packet(p.bytes, p.size, set, ID_BITS, 0, &walk), 0);
	walk_close(p.bytes, &walk, &head);
	memcpy(&packet, p.bytes, sizeof(packet));
	assert_int_equal(packet.magic, BL_PACKET_MAGIC);
	assert_int_equal(packet.stream_id, 3);
	assert_int_equal(packet.cpu_id, 4);
	assert_memory_equal(packet.owner, head.owner, sizeof(head.owner));
	assert_memory_equal(packet.uuid, head.uuid, sizeof(head.uuid));
	assert_int_equal(packet.stream_instance_id, 10);
	assert_int_equal(packet.seq, 11);
	assert_int_equal(packet.timestamp_begin, BEGIN);
	assert_int_equal(packet.timestamp_end, p.ts[5]);
	assert_int_equal(packet.content_bits, 8 * p.start[6]);
	assert_int_equal(packet.packet_bits, 8 * p.start[6]);
	assert_int_equal(packet.discarded, 115);
	assert_int_equal(packet.discarded_by[BL_LOST_TORN], 104);
	assert_int_equal(packet.discarded_by[BL_LOST_BUSY], 5);
	/* Nothing was found, and the program did not even write when its packet began. */
	begin(0);
	assert_int_equal(walk_packet(p.bytes, p.size + 100, set, ID_BITS, 0, &walk), 0);
	head.ts_min = 1234;
	walk_close(p.bytes, &walk, &head);
	memcpy(&packet, p.bytes, sizeof(packet));
	assert_int_equal(packet.timestamp_begin, 1234);
	assert_int_equal(packet.timestamp_end, 1234);
	assert_int_equal(packet.content_bits, 8 * HEAD);
}

static int setup(void **state)
{
	(void)state;
	build_sample(&b);
	return event_set_parse(b.bytes, b.size, &set, NULL);
}

static int teardown(void **state)
{
	(void)state;
	event_set_free(set);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),  cmocka_unit_test(test_unfinished), cmocka_unit_test(test_every_size),
		cmocka_unit_test(test_closed), cmocka_unit_test(test_broken),     cmocka_unit_test(test_contexts),
		cmocka_unit_test(test_torn),   cmocka_unit_test(test_hostile),    cmocka_unit_test(test_close),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
