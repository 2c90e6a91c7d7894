/* SPDX-License-Identifier: MIT */
/*
 * The consumer's side, and both sides against memory that was taken away or that the other one filled with nonsense: no access outside
 * the ring (the memory ends at a page that nobody may touch, before and behind), nothing but errors.
 */
#include "support/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#define SHIFT 12u
#define SUB (1u << SHIFT)
#define N_SUB 4u
#define GUARD 65536u
#define ENTRIES 4096u

static struct entry entries[ENTRIES];
static struct ledger ledger;
static struct audit audit;
static struct bl_ring ring;
static uint8_t *memory;

void bl_port_wake(struct bl_ring *by)
{
	(void)by;
}

static void begin(uint32_t flags)
{
	ring = (struct bl_ring){ .sub_shift = SHIFT, .n_sub = N_SUB, .n_phys = N_SUB + 1, .id_bits = 5, .flags = flags };
	if (!memory) {
		memory = mmap(NULL, 2 * GUARD + test_ring_size(&ring), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memory += GUARD;
		assert_int_equal(mprotect(memory, test_ring_size(&ring), PROT_READ | PROT_WRITE), 0);
	}
	bl_test_now = 1ull << 40;
	assert_true(test_ring_init(&ring, memory));
	ledger = (struct ledger){ .entry = entries, .max = ENTRIES };
	audit_init(&audit, &ring, &ledger);
}

static int put(uint32_t size)
{
	return ledger_record(&ledger, &ring, 1, size);
}

static void take_and_clean(void **state)
{
	struct bl_reader reader;
	uint32_t i, spare;

	(void)state;
	begin(0);
	bl_reader_init(&reader, &ring);
	spare = reader.spare;
	assert_int_equal(spare, N_SUB);
	assert_int_equal(bl_reader_take(&reader), -BL_EAGAIN);
	assert_int_equal(put(8), 0);
	assert_int_equal(bl_reader_take(&reader), -BL_EAGAIN);
	assert_int_equal(bl_ring_flush(&ring), 0);
	assert_int_equal(bl_reader_take(&reader), 0);
	assert_int_equal(reader.next, 1);
	assert_int_equal(reader.spare, 0);
	assert_int_equal(bl_slot_phys(ring.shared->slot[0]), spare);
	assert_int_equal(bl_slot_state(ring.shared->slot[0]), BL_SLOT_FREE);
	bl_reader_clean(&reader);
	for (i = 0; i < SUB - BL_COUNT_SIZE; i++)
		assert_int_equal(ring.sub[0][i], 0);
	assert_int_equal(*bl_ring_count(&ring, 0), bl_count_start(SUB));
	assert_int_equal(bl_reader_take(&reader), -BL_EAGAIN);
}

static void distance_and_seek(void **state)
{
	struct bl_reader reader;
	uint32_t i;

	(void)state;
	begin(BL_RING_OVERWRITE);
	bl_reader_init(&reader, &ring);
	for (i = 0; i < 10; i++) {
		assert_int_equal(bl_reader_distance(&reader), i);
		assert_int_equal(put(3000), 0);
		assert_int_equal(bl_ring_flush(&ring), 0);
	}
	assert_int_equal(bl_reader_take(&reader), -BL_EAGAIN);
	bl_reader_seek_oldest(&reader);
	assert_int_equal(reader.next, 10 - (N_SUB - 1)); /* one is cleared ahead */
	for (i = 1; i < N_SUB; i++) {
		assert_int_equal(bl_reader_take(&reader), 0);
		bl_reader_clean(&reader);
	}
	assert_int_equal(bl_reader_distance(&reader), 0);
	assert_int_equal(bl_reader_take(&reader), -BL_EAGAIN);
}

static void peek_at_unfinished(void **state)
{
	struct bl_unfinished unfinished;
	struct bl_reader reader;
	struct bl_record rec;

	(void)state;
	begin(0);
	bl_reader_init(&reader, &ring);
	assert_int_equal(bl_reader_peek(&reader, &unfinished), -BL_EAGAIN);
	assert_int_equal(put(8), 0);
	assert_int_equal(bl_ring_reserve(&ring, 1, 100, &rec), 0);
	assert_int_equal(put(8), 0);
	assert_int_equal(bl_reader_peek(&reader, &unfinished), 0);
	assert_int_equal(unfinished.phys, 0);
	assert_true(unfinished.opened);
	assert_int_equal(unfinished.claimed_bytes, PACKET_HEAD + 12 + 104 + 12);
	assert_int_equal(unfinished.committed_bytes, PACKET_HEAD + 12 + 12);
	assert_int_equal(unfinished.committed_records, 2);
	assert_int_equal(put(3900), 0); /* into the next one */
	assert_int_equal(bl_reader_peek(&reader, &unfinished), 0);
	assert_int_equal(unfinished.claimed_bytes, SUB - BL_COUNT_SIZE);
	assert_int_equal(unfinished.committed_bytes, SUB - 104);
	bl_reader_skip(&reader);
	assert_int_equal(bl_reader_peek(&reader, &unfinished), 0);
	assert_int_equal(unfinished.claimed_bytes, PACKET_HEAD + 4 + 3900);
	assert_int_equal(unfinished.committed_records, 1);
	bl_reader_skip(&reader);
	assert_int_equal(bl_reader_peek(&reader, &unfinished), -BL_EPROTO); /* behind all writers */
}

/* The end of a session: zeros everywhere, and nobody writes there any more. */
static void memory_taken_away(void **state)
{
	const size_t size = test_ring_size(&ring);
	struct bl_record rec;
	uint32_t mode;
	size_t i;

	(void)state;
	for (mode = 0; mode <= BL_RING_OVERWRITE; mode++) {
		begin(mode);
		assert_int_equal(put(100), 0);
		memset(memory, 0, size);
		assert_int_equal(bl_ring_reserve(&ring, 1, 8, &rec), -BL_ENOTCONN);
		assert_int_equal(bl_ring_reserve(&ring, 40, 3000, &rec), -BL_ENOTCONN);
		assert_int_equal(bl_ring_flush(&ring), -BL_EAGAIN);
		for (i = 0; i < size; i++)
			assert_int_equal(memory[i], 0);
	}
	/* In the middle of a record: the commit is harmless, the next one is told. */
	begin(0);
	assert_int_equal(put(8), 0);
	assert_int_equal(bl_ring_reserve(&ring, 1, 8, &rec), 0);
	memset(memory, 0, size);
	bl_ring_commit(&ring, &rec);
	assert_int_equal(bl_ring_reserve(&ring, 1, 8, &rec), -BL_ENOTCONN);
}

/*
 * Memory that is used again for another session, and a writer of the one before that comes late: its commit is in the way of one
 * sub-buffer, which is never handed over. Nobody is told that the session has ended, and every other record is there or counted.
 */
static void late_commit(void **state)
{
	struct bl_unfinished unfinished;
	struct bl_record late;
	uint32_t mode, i, written = 0, full = 0;

	(void)state;
	for (mode = 0; mode <= BL_RING_OVERWRITE; mode++) {
		begin(mode);
		assert_int_equal(bl_ring_reserve(&ring, 1, 50, &late), 0);
		begin(mode);
		assert_int_equal(put(8), 0);
		bl_ring_commit(&ring, &late);
		for (i = 0; i < 2000; i++) {
			const int err = put(40);

			written += !err;
			full += err == -BL_ENOSPC;
		}
		assert_int_equal(written + full, 2000);
		assert_int_equal(ring.shared->lost[BL_LOST_FULL], full);
		assert_true(full > 1000);
		assert_int_equal(bl_reader_peek(&audit.reader, &unfinished), 0);
		written = full = 0;
	}
}

static uint64_t random_state = 88172645463325252ull;

static uint64_t random64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* A slot that looks almost right more often than not. */
static uint64_t nonsense_slot(void)
{
	const uint64_t r = random64();

	if (r % 3 == 0)
		return random64();
	return bl_slot((uint32_t)(r >> 8) % 8, (enum bl_slot_state)((r >> 16) % 6), (uint32_t)(r >> 24) % 8);
}

static void scribble(void)
{
	struct bl_ring_shared *shared = ring.shared;
	uint32_t i;

	for (i = 0; i < BL_SUB_MAX; i++)
		if (random64() % 4)
			shared->slot[i] = nonsense_slot();
	for (i = 0; i < ring.n_phys; i++)
		if (random64() % 2)
			*bl_ring_count(&ring, i) = random64() % 2 ? random64() : (1ull << 63) - ((random64() % 64) << 32);
	if (random64() % 2)
		shared->head = random64();
	if (random64() % 8 == 0)
		shared->head = random64() << 32 | (random64() % 8) << SHIFT | (SUB - random64() % 32);
	/* What the record path takes without asking anybody, if the place is one. */
	if (random64() % 8 == 0) {
		shared->head = (bl_test_now & 0xffffffff) << 32 | random64() % 0x100000000ull >> random64() % 32;
		shared->last_ts = bl_test_now;
	}
	shared->seq_hint = random64();
	if (random64() % 4 == 0)
		shared->last_ts = random64() % 2 ? random64() : bl_test_now;
}

static void hostile_to_writers(void **state)
{
	struct bl_record rec;
	uint32_t i;
	int err;

	(void)state;
	begin(0);
	for (i = 0; i < 100000; i++) {
		const uint8_t *const first = memory + BL_RING_CONTROL_SIZE, *const last = memory + test_ring_size(&ring);
		const uint32_t size = (uint32_t)(random64() % (i % 2 ? 40 : SUB + 100));

		if (i % 64 == 0)
			begin(i / 64 % 2);
		if (i % 3 == 0)
			scribble();
		if (random64() % 8 == 0)
			(void)bl_ring_flush(&ring);
		err = bl_ring_reserve(&ring, 1 + (uint32_t)(random64() % 60), size, &rec);
		if (err) {
			assert_true(err == -BL_ENOSPC || err == -BL_EMSGSIZE || err == -BL_ENOTCONN);
			continue;
		}
		assert_true(rec.header >= first && rec.payload > rec.header && rec.payload + size < last);
		assert_true((rec.header - first) >> SHIFT == (rec.payload + size - first) >> SHIFT);
		memset(rec.payload, 0xaa, size);
		if (random64() % 4 == 0)
			scribble();
		bl_ring_commit(&ring, &rec);
	}
}

static void hostile_to_reader(void **state)
{
	struct bl_unfinished unfinished;
	struct bl_reader reader;
	uint32_t i;
	int err;

	(void)state;
	for (i = 0; i < 100000; i++) {
		if (i % 64 == 0) {
			begin(i / 64 % 2);
			bl_reader_init(&reader, &ring);
		}
		scribble();
		err = bl_reader_take(&reader);
		assert_true(!err || err == -BL_EAGAIN || err == -BL_EPROTO);
		assert_true(reader.spare < ring.n_phys);
		if (!err) {
			struct bl_packet *packet = (struct bl_packet *)(void *)ring.sub[reader.spare];

			packet->content_bits = random64() >> random64() % 64;
			bl_reader_clean(&reader);
		}
		err = bl_reader_peek(&reader, &unfinished);
		assert_true(!err || err == -BL_EAGAIN || err == -BL_EPROTO);
		if (!err)
			assert_true(unfinished.phys < ring.n_phys && unfinished.phys != reader.spare && unfinished.claimed_bytes <= SUB);
		(void)bl_reader_distance(&reader);
		bl_reader_seek_oldest(&reader);
		if (random64() % 4 == 0)
			bl_reader_skip(&reader);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(take_and_clean),     cmocka_unit_test(distance_and_seek),  cmocka_unit_test(peek_at_unfinished),
		cmocka_unit_test(memory_taken_away),  cmocka_unit_test(late_commit),        cmocka_unit_test(hostile_to_writers), cmocka_unit_test(hostile_to_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
