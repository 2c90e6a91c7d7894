/* SPDX-License-Identifier: MIT */
/*
 * borelog.c - our trace points as programs use them: <borelog.h> and libborelog.so, in a session or not, as `borelog record` says.
 *
 * The floor is here a second time, with the same operations as core.c's, so that it can run interleaved in the traced process.
 */
#include "bench.h"

#include <borelog.h>

static void floor_run(uint32_t n)
{
	static struct {
		uint64_t head __attribute__((aligned(64)));
		uint64_t count __attribute__((aligned(64)));
		uint64_t data[4] __attribute__((aligned(64)));
	} words;
	uint64_t head = words.head;

	for (; n; n--) {
		const uint64_t ts = bl_user_counter();

		words.data[0] = ts;
		words.data[1] = n;
		words.data[2] = ts;
		words.data[3] = n;
		bl_local_cas(&words.head, head, head + 1);
		head++;
		(void)bench_xadd(&words.count, 1);
	}
}

static void a_run(uint32_t n)
{
	const struct bench_input in = bench_input();

	for (; n; n--)
		borelog_event("bench", "a", in.number);
}

static void b_run(uint32_t n)
{
	const struct bench_input in = bench_input();

	for (; n; n--) {
		const char *text = in.text;

		bench_hide(text);
		borelog_event("bench", "b", in.number, in.wide, text);
	}
}

static void c_run(uint32_t n)
{
	const struct bench_input in = bench_input();

	for (; n; n--) {
		const uint8_t *bytes = in.bytes;

		bench_hide(bytes);
		borelog_event("bench", "c", borelog_bytes(bytes, 128));
	}
}

/* A trace point that no session records; run without a session it is what a program pays that is not traced. */
static void disabled_run(uint32_t n)
{
	const struct bench_input in = bench_input();

	for (; n; n--)
		borelog_event("bench", "disabled", in.number);
}

static void empty_run(uint32_t n)
{
	for (; n; n--)
		bench_hide(n);
}

BENCH_CASES = {
	{"floor", NULL, floor_run, NULL, NULL},
	{"a", NULL, a_run, NULL, NULL},
	{"b", NULL, b_run, NULL, NULL},
	{"c", NULL, c_run, NULL, NULL},
	{"disabled", NULL, disabled_run, NULL, NULL},
	{"empty", NULL, empty_run, NULL, NULL},
	{0},
};
