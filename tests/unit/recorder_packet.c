/* SPDX-License-Identifier: MIT */
/* recorder_packet.c - record/packet.c: what a hostile program can and cannot make of its packets' heads. record/stream.c: who shares a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "record/packet.h"

#define NOW 1000000u
#define LOST_CAN_BE 500u

static uint8_t control[BL_RING_CONTROL_SIZE] __attribute__((aligned(64)));
static struct bl_ring ring;
static struct stream stream;
static struct bl_packet packet;
static uint64_t extra[BL_LOST_NR];

static int setup(void **state)
{
	(void)state;
	memset(control, 0, sizeof(control));
	ring = (struct bl_ring){.shared = (void *)control, .sub_shift = 12, .n_sub = 2, .n_phys = 3, .id_bits = 5, .stream_id = 3,
				.cpu_id = 1, .owner = {4711}, .stream_instance_id = 9};
	bl_ring_lay(&ring, NULL);
	assert_true(bl_ring_setup(&ring));
	memset(ring.uuid, 0xab, sizeof(ring.uuid));
	stream = (struct stream){.seq_next = 17, .ts_last = 100, .lost = {5}};
	ring.lost_base[BL_LOST_FULL] = 5;
	packet = (struct bl_packet){.timestamp_begin = 100, .timestamp_end = 200, .content_bits = 8 * 200, .packet_bits = 8 * 200,
				    .discarded = 5, .discarded_by = {5}};
	memset(extra, 0, sizeof(extra));
	return 0;
}

static int check(void)
{
	return packet_check(&packet, &ring, &stream, extra, NOW, LOST_CAN_BE);
}

static void names_are_the_recorders(void **state)
{
	(void)state;
	memset(&packet, 0xee, offsetof(struct bl_packet, timestamp_begin));
	packet.seq = 99;
	packet.cpu_id = 99;
	packet.owner[0] = 1;
	packet.packet_bits = 1;
	assert_int_equal(check(), 0);
	assert_int_equal(packet.magic, BL_PACKET_MAGIC);
	assert_int_equal(packet.stream_id, 3);
	assert_memory_equal(packet.uuid, ring.uuid, 16);
	assert_int_equal(packet.stream_instance_id, 9);
	assert_int_equal(packet.seq, 17);
	assert_int_equal(packet.cpu_id, 1);
	assert_int_equal(packet.owner[0], 4711);
	assert_int_equal(packet.packet_bits, packet.content_bits);
}

static void sizes_outside_are_refused(void **state)
{
	static const uint64_t wrong[] = {0, 8, 8 * 135, 8 * 4089, 8 * 4097, 8 * 200 + 1, UINT64_MAX, 1ull << 63};
	static const uint64_t right[] = {8 * 136, 8 * 4088};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		setup(state);
		packet.content_bits = wrong[i];
		assert_int_equal(check(), -BL_EPROTO);
	}
	for (i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		setup(state);
		packet.content_bits = right[i];
		assert_int_equal(check(), 0);
	}
}

static void times_do_not_go_back(void **state)
{
	static const uint64_t wrong[][2] = {{99, 200}, {200, 199}, {100, NOW + 1}, {0, 0}, {UINT64_MAX, UINT64_MAX}, {300, 0}};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		setup(state);
		packet.timestamp_begin = wrong[i][0];
		packet.timestamp_end = wrong[i][1];
		assert_int_equal(check(), -BL_EPROTO);
	}
	setup(state);
	packet.timestamp_begin = NOW;
	packet.timestamp_end = NOW;
	assert_int_equal(check(), 0);
	packet_written(&stream, &packet);
	assert_int_equal(stream.ts_last, NOW);
	assert_int_equal(stream.seq_next, 18);
}

static uint64_t sum(const struct bl_packet *p)
{
	uint64_t total = 0;
	int i;

	for (i = 0; i < BL_LOST_NR; i++)
		total += p->discarded_by[i];
	return total;
}

static void losses_only_rise(void **state)
{
	(void)state;
	packet.discarded_by[BL_LOST_FULL] = 8;
	packet.discarded_by[BL_LOST_SIZE] = 2;
	packet.discarded = 12345;
	extra[BL_LOST_FULL] = 1;
	assert_int_equal(check(), 0);
	assert_int_equal(packet.discarded_by[BL_LOST_FULL], 9);
	assert_int_equal(packet.discarded_by[BL_LOST_SIZE], 2);
	assert_int_equal(packet.discarded, 11);
	packet_written(&stream, &packet);
	packet.timestamp_begin = packet.timestamp_end = 200;
	memset(packet.discarded_by, 0, sizeof(packet.discarded_by));
	assert_int_equal(check(), 0);
	assert_int_equal(packet.discarded_by[BL_LOST_FULL], 9);
	assert_int_equal(packet.discarded, sum(&packet));
}

static void absurd_losses_are_not_believed(void **state)
{
	(void)state;
	packet.discarded_by[BL_LOST_FULL] = 5 + LOST_CAN_BE + 1;
	packet.discarded_by[BL_LOST_SIZE] = UINT64_MAX;
	packet.discarded_by[BL_LOST_TORN] = 7; /* only the recorder knows what is torn */
	packet.discarded_by[BL_LOST_BUSY] = LOST_CAN_BE;
	assert_int_equal(check(), 0);
	assert_int_equal(packet.discarded_by[BL_LOST_FULL], 5);
	assert_int_equal(packet.discarded_by[BL_LOST_SIZE], 0);
	assert_int_equal(packet.discarded_by[BL_LOST_TORN], 0);
	assert_int_equal(packet.discarded_by[BL_LOST_BUSY], LOST_CAN_BE);
	assert_int_equal(packet.discarded, sum(&packet));
}

static void random_heads_keep_the_rules(void **state)
{
	uint8_t *bytes = (uint8_t *)&packet;
	int round, k;

	srand(1);
	for (round = 0; round < 200000; round++) {
		setup(state);
		for (k = 0; k < 3; k++)
			bytes[(size_t)rand() % sizeof(packet)] = (uint8_t)rand();
		if (check())
			continue;
		assert_true(packet.timestamp_begin >= 100 && packet.timestamp_begin <= packet.timestamp_end && packet.timestamp_end <= NOW);
		assert_true(packet_payload_size(&packet) <= 4096 - sizeof(packet));
		assert_true(packet.discarded == sum(&packet) && packet.discarded_by[BL_LOST_FULL] >= 5);
		assert_true(packet.seq == 17 && packet.stream_id == 3 && packet.owner[0] == 4711);
	}
}

static void an_empty_packet_tells_the_rest(void **state)
{
	uint64_t lost[BL_LOST_NR];

	(void)state;
	ring.shared->lost[BL_LOST_FULL] = 3;
	ring.shared->lost[BL_LOST_SIZE] = LOST_CAN_BE + 1;
	extra[BL_LOST_TORN] = 2;
	packet_lost(lost, &ring, &stream, extra, LOST_CAN_BE);
	assert_int_equal(lost[BL_LOST_FULL], 8);
	assert_int_equal(lost[BL_LOST_SIZE], 0);
	assert_int_equal(lost[BL_LOST_TORN], 2);
	packet_empty(&packet, &ring, &stream, lost, 50);
	assert_int_equal(packet.timestamp_begin, 100);
	assert_int_equal(packet.timestamp_end, 100); /* not before the last one */
	assert_int_equal(packet.discarded, 10);
	assert_int_equal(packet_payload_size(&packet), 0);
}

static void ids_leave_room_for_the_escape(void **state)
{
	(void)state;
	assert_int_equal(stream_id_bits(0), 5);
	assert_int_equal(stream_id_bits(30), 5);
	assert_int_equal(stream_id_bits(31), 6);
	assert_int_equal(stream_id_bits(62), 6);
	assert_int_equal(stream_id_bits(63), 7);
	assert_int_equal(stream_id_bits(65534), 16);
	assert_int_equal(stream_id_bits(65535), 16);
	assert_int_equal(stream_id_bits(UINT32_MAX), 16);
}

static void streams_are_used_again(void **state)
{
	struct streams streams = {0};
	struct stream_class *class;
	struct stream *a, *b, *c;
	struct event_set *set;

	(void)state;
	assert_int_equal(event_set_parse(NULL, 0, &set, NULL), 0);
	class = stream_class_new(&streams, set, 2, &(const struct stream_form){0});
	assert_non_null(class);
	assert_ptr_equal(stream_class_find(&streams, set), class);
	a = stream_bind(&streams, class, 0);
	b = stream_bind(&streams, class, 0);
	assert_ptr_not_equal(a, b); /* both rings are alive */
	stream_unbind(a);
	assert_ptr_equal(stream_bind(&streams, class, 0), a);
	c = stream_bind(&streams, class, 1);
	assert_true(c != a && c != b && c->cpu == 1);
	b->spoiled = true;
	stream_unbind(b);
	assert_ptr_not_equal(stream_bind(&streams, class, 0), b); /* nobody follows a hostile program */
	streams_fini(&streams);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(names_are_the_recorders, setup),
		cmocka_unit_test_setup(sizes_outside_are_refused, setup),
		cmocka_unit_test_setup(times_do_not_go_back, setup),
		cmocka_unit_test_setup(losses_only_rise, setup),
		cmocka_unit_test_setup(absurd_losses_are_not_believed, setup),
		cmocka_unit_test_setup(random_heads_keep_the_rules, setup),
		cmocka_unit_test_setup(an_empty_packet_tells_the_rest, setup),
		cmocka_unit_test(ids_leave_room_for_the_escape),
		cmocka_unit_test(streams_are_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
