/* SPDX-License-Identifier: MIT */
/* recorder_clock.c - record/clock.c: the line through two readings, and that it tells the world's time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <time.h>

#include "core/port.h"
#include "record/clock.h"

#define SECOND 1000000000ll
#define EPOCH (1800000000ll * SECOND + 123456789)

/* The world's time, in ns, that the estimate gives to @ticks. */
static int64_t world(const struct trace_clock *clock, uint64_t ticks)
{
	const uint64_t all = clock->offset_ticks + ticks, hz = clock->frequency_hz;

	return (clock->offset_s + (int64_t)(all / hz)) * SECOND + (int64_t)(all % hz * SECOND / hz);
}

static void assert_near(int64_t a, int64_t b, int64_t limit)
{
	assert_true(a - b <= limit && b - a <= limit);
}

static void estimate(struct trace_clock *clock, uint64_t hz, uint64_t start_ticks, int64_t seconds, int64_t slew_ns, int64_t step_ns)
{
	const struct clock_reading end = {
		.ticks = start_ticks + hz * (uint64_t)seconds,
		.real_ns = EPOCH + seconds * SECOND + slew_ns + step_ns,
		.raw_ns = 77 + seconds * SECOND,
		.bracket_ticks = hz / 10000000, /* 100 ns */
	};

	*clock = (struct trace_clock){.start = {start_ticks, EPOCH, 77, hz / 10000000}};
	trace_clock_estimate(clock, &end, true);
}

static void frequencies(void **state)
{
	static const uint64_t hz[] = {1000000, 24000000, 1000000000, 2596123456, 5700000000};
	static const uint64_t start[] = {0, 1, 1ull << 40, 1ull << 62};
	struct trace_clock clock;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(hz) / sizeof(hz[0]); i++)
		for (k = 0; k < sizeof(start) / sizeof(start[0]); k++) {
			estimate(&clock, hz[i], start[k], 1000, 0, 0);
			assert_int_equal(clock.frequency_hz, hz[i]);
			assert_true(clock.offset_ticks < clock.frequency_hz);
			assert_near(world(&clock, start[k]), EPOCH, 1 + SECOND / (int64_t)hz[i]);
			assert_near(world(&clock, start[k] + 1000 * hz[i]), EPOCH + 1000 * SECOND, 1 + SECOND / (int64_t)hz[i]);
			assert_in_range(clock.error_ns, 1, 120 + SECOND / (int64_t)hz[i]);
		}
}

/* NTP makes the world's clock run at another speed than the raw one: the trace follows the world. */
static void slewed(void **state)
{
	struct trace_clock clock;

	(void)state;
	estimate(&clock, 2596000000, 1ull << 50, 3600, 3600 * 100000ll, 0); /* 100 ppm */
	assert_near(world(&clock, (1ull << 50) + 3600 * 2596000000ull), EPOCH + 3600 * SECOND + 3600 * 100000ll, 2000);
	assert_near((int64_t)clock.error_ns, 0, 3000);
}

/* Somebody sets the clock while a session runs: neither frequency nor times of the trace jump. */
static void stepped(void **state)
{
	static const int64_t steps[] = {3600 * SECOND, -3600 * SECOND, 50 * SECOND, -2 * SECOND};
	struct trace_clock clock;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		estimate(&clock, 2596000000, 1ull << 50, 1000, 0, steps[i]);
		assert_int_equal(clock.frequency_hz, 2596000000);
		assert_near(world(&clock, (1ull << 50) + 1000 * 2596000000ull), EPOCH + 1000 * SECOND, 2);
		assert_true(clock.error_ns < 1000);
	}
}

static int64_t real_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * SECOND + ts.tv_nsec;
}

/* On this machine: what the clock says lies between two readings of the world's clock around it, give or take the bound. */
static void tells_the_time(void **state)
{
	struct trace_clock clock;
	int64_t before, after;
	uint64_t ticks;

	(void)state;
	trace_clock_init(&clock);
	before = real_ns();
	ticks = trace_clock_now(&clock);
	after = real_ns();
	trace_clock_refine(&clock);
	/* A step of the machine's clock in these microseconds would be another machine's fault. */
	assert_true(world(&clock, ticks) >= before - (int64_t)clock.error_ns - 1);
	assert_true(world(&clock, ticks) <= after + (int64_t)clock.error_ns + 1);
	print_message("%s: %llu Hz, error %llu ns\n", clock.why, (unsigned long long)clock.frequency_hz,
		      (unsigned long long)clock.error_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frequencies),
		cmocka_unit_test(slewed),
		cmocka_unit_test(stepped),
		cmocka_unit_test(tells_the_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
