/* SPDX-License-Identifier: MIT */
/*
 * lttng.c - the peer: LTTng-UST with the same three records. Built only where liblttng-ust-dev is.
 */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "lttng_tp.h"

#include "bench.h"

static void a_run(uint32_t n)
{
	const struct bench_input in = bench_input();

	for (; n; n--)
		lttng_ust_tracepoint(bench, a, in.number);
}

static void b_run(uint32_t n)
{
	const struct bench_input in = bench_input();

	for (; n; n--) {
		const char *text = in.text;

		bench_hide(text);
		lttng_ust_tracepoint(bench, b, in.number, in.wide, text);
	}
}

static void c_run(uint32_t n)
{
	const struct bench_input in = bench_input();

	for (; n; n--) {
		const uint8_t *bytes = in.bytes;

		bench_hide(bytes);
		lttng_ust_tracepoint(bench, c, bytes);
	}
}

static void disabled_run(uint32_t n)
{
	const struct bench_input in = bench_input();

	for (; n; n--) {
		lttng_ust_tracepoint(bench, disabled, in.number);
		bench_hide(n);
	}
}

BENCH_CASES = {
	{"lttng-a", NULL, a_run, NULL, NULL},
	{"lttng-b", NULL, b_run, NULL, NULL},
	{"lttng-c", NULL, c_run, NULL, NULL},
	{"lttng-disabled", NULL, disabled_run, NULL, NULL},
	{0},
};
