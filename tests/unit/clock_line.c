/* SPDX-License-Identifier: MIT */
/*
 * clock_line.c - times by one multiplication (ctf/clock.h) are those that are computed in full, for clocks of every speed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ctf/clock.h"

static uint64_t state = 1;

static uint64_t any(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Small numbers as often as big ones. */
static uint64_t any_size(unsigned int bits)
{
	return any() >> (64 - bits + any() % bits);
}

static void assert_line(const struct ctf_clock *clock, uint64_t begin)
{
	struct clock_line line = {.clock = clock};

	for (unsigned int i = 0; i < 64; i++) {
		const uint64_t cycles = begin + any_size(32);

		assert_int_equal(clock_line_ns(&line, cycles), ctf_clock_ns(clock, cycles));
	}
}

static void test_frequencies(void **test_state)
{
	(void)test_state;
	for (unsigned int i = 0; i < 20000; i++) {
		const struct ctf_clock clock = {
			.frequency = 1 + any_size(40),
			.offset_s = (int64_t)any_size(33) - (1 << 30),
			.offset_cycles = any_size(48),
		};

		assert_line(&clock, any_size(62));
	}
}

/* Where a cycle ends with a whole nanosecond, or nearly. */
static void test_edges(void **test_state)
{
	static const uint64_t frequencies[] = {1,
					       2,
					       3,
					       32768,
					       1000000,
					       19200000,
					       999999999,
					       1000000000,
					       1000000001,
					       2299999918,
					       3000000000,
					       CLOCK_LINE_FREQUENCY_MAX - 1,
					       CLOCK_LINE_FREQUENCY_MAX,
					       CTF_FREQUENCY_MAX};

	(void)test_state;
	for (size_t i = 0; i < sizeof(frequencies) / sizeof(frequencies[0]); i++) {
		const struct ctf_clock clock = {.frequency = frequencies[i], .offset_cycles = frequencies[i] / 2};
		struct clock_line line = {.clock = &clock};

		for (uint64_t cycles = 0; cycles < 100000; cycles++)
			assert_int_equal(clock_line_ns(&line, cycles), ctf_clock_ns(&clock, cycles));
		for (uint64_t cycles = UINT64_MAX - 1000; cycles; cycles++)
			assert_int_equal(clock_line_ns(&line, cycles), ctf_clock_ns(&clock, cycles));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frequencies),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
