/* SPDX-License-Identifier: MIT */
/*
 * core.c - the ring itself, on private memory, in the flavour of the port it is compiled with; and the floor of that flavour.
 *
 * The floor is what any tracer of this kind must pay: clock reading, 32 bytes stored, one compare-and-exchange, one addition, with
 * the port's own operations and with no dependency between them.
 *
 * Two rings: one in overwrite mode, where the writer also clears the sub-buffers that it takes back; one in discard mode, whose
 * consumer drains it after each burst, so that nothing is ever discarded.
 */
#include "bench.h"
#include "core/ring.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SUB_SHIFT 18u
#define N_SUB 4u
#define ID 3u

void bl_port_wake(struct bl_ring *ring)
{
	(void)ring;
}

static struct bl_ring rings[2]; /* discard, overwrite */
static struct bl_reader reader;
static bool started;

static int make_ring(struct bl_ring *ring, uint32_t flags)
{
	const uint32_t n_phys = N_SUB + 1;
	const size_t size = 65536 + ((size_t)n_phys << SUB_SHIFT);
	uint8_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		return -1;
	memset(ring, 0, sizeof(*ring));
	ring->shared = (struct bl_ring_shared *)(void *)memory;
	ring->sub_shift = SUB_SHIFT;
	ring->n_sub = N_SUB;
	ring->n_phys = n_phys;
	ring->id_bits = 8;
	ring->flags = flags | BL_RING_NO_WAKE;
	ring->clock = 1; /* BL_CLOCK_COUNTER in programs; other ports have one clock */
	bl_ring_lay(ring, memory + 65536);
	if (!bl_ring_setup(ring))
		return -1;
	bl_ring_init(ring);
	return 0;
}

static int start(void)
{
	if (started)
		return 0;
	started = true;
	if (make_ring(&rings[0], 0) || make_ring(&rings[1], BL_RING_OVERWRITE))
		return -1;
	bl_reader_init(&reader, &rings[0]);
	return 0;
}

static void drain(void)
{
	(void)bl_ring_flush(&rings[0]);
	while (!bl_reader_take(&reader))
		bl_reader_clean(&reader);
}

static uint64_t discarded(void)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < BL_LOST_NR; i++)
		sum += rings[0].shared->lost[i] + rings[1].shared->lost[i];
	return sum;
}

static void floor_run(uint32_t n)
{
	static struct {
		uint64_t head __attribute__((aligned(64)));
		uint64_t count __attribute__((aligned(64)));
		uint64_t data[4] __attribute__((aligned(64)));
	} words;
	struct bl_ring *const ring = &rings[0];
	uint64_t head = words.head;

	(void)ring; /* not every port's clock asks */
	for (; n; n--) {
		const uint64_t ts = bl_port_clock(ring);

		words.data[0] = ts;
		words.data[1] = n;
		words.data[2] = ts;
		words.data[3] = n;
		bl_local_cas(&words.head, head, head + 1);
		head++;
		(void)bench_xadd(&words.count, 1);
	}
}

static inline __attribute__((always_inline)) void record_a(struct bl_ring *ring, uint32_t id, uint32_t n)
{
	const struct bench_input in = bench_input();
	struct bl_record rec;

	for (; n; n--) {
		if (bl_ring_reserve(ring, id, sizeof(in.number), &rec))
			continue;
		memcpy(rec.payload, &in.number, sizeof(in.number));
		bl_ring_commit(ring, &rec);
	}
}

static inline __attribute__((always_inline)) void record_b(struct bl_ring *ring, uint32_t id, uint32_t n)
{
	const struct bench_input in = bench_input();
	struct bl_record rec;

	for (; n; n--) {
		const char *text = in.text;
		size_t size;

		bench_hide(text);
		size = bl_text_length(text);
		if (bl_ring_reserve(ring, id, (uint32_t)(12 + size + 1), &rec))
			continue;
		memcpy(rec.payload, &in.number, 4);
		memcpy(rec.payload + 4, &in.wide, 8);
		bl_text_put(rec.payload + 12, text, size + 1);
		bl_ring_commit(ring, &rec);
	}
}

static inline __attribute__((always_inline)) void record_c(struct bl_ring *ring, uint32_t id, uint32_t n)
{
	const struct bench_input in = bench_input();
	const uint16_t count = 128;
	struct bl_record rec;

	for (; n; n--) {
		const uint8_t *bytes = in.bytes;

		bench_hide(bytes);
		if (bl_ring_reserve(ring, id, 2 + 128, &rec))
			continue;
		memcpy(rec.payload, &count, 2);
		memcpy(rec.payload + 2, bytes, 128);
		bl_ring_commit(ring, &rec);
	}
}

/* A trace point has ring and id from somewhere, not from its own code. */
#define CASE(letter) \
	static void discard_##letter(uint32_t n) \
	{ \
		struct bl_ring *ring = &rings[0]; \
		uint32_t id = ID; \
 \
		bench_hide(ring); \
		bench_hide(id); \
		record_##letter(ring, id, n); \
	} \
	static void overwrite_##letter(uint32_t n) \
	{ \
		struct bl_ring *ring = &rings[1]; \
		uint32_t id = ID; \
 \
		bench_hide(ring); \
		bench_hide(id); \
		record_##letter(ring, id, n); \
	}

CASE(a)
CASE(b)
CASE(c)

BENCH_CASES = {
	{"floor", start, floor_run, NULL, NULL},
	{"a", start, discard_a, drain, discarded},
	{"b", start, discard_b, drain, discarded},
	{"c", start, discard_c, drain, discarded},
	{"a-overwrite", start, overwrite_a, NULL, discarded},
	{"b-overwrite", start, overwrite_b, NULL, discarded},
	{"c-overwrite", start, overwrite_c, NULL, discarded},
	{0},
};
