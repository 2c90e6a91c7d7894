/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/port.h"

#define READING_TRIES 200
#define FIRST_SPAN_NS 4000000
/* CLOCK_REALTIME is slewed by at most 500 ppm; twice that, and a millisecond, is a step. */
#define SLEW_PPM_MAX 1000
#define STEP_NS 1000000

static int64_t now_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

uint64_t trace_clock_now(const struct trace_clock *clock)
{
	return bl_user_clock_read(clock->kind);
}

static int64_t read_bracketed(const struct trace_clock *clock, clockid_t id, uint64_t *ret_ticks, uint64_t *ret_bracket)
{
	int64_t best = 0;
	int i;

	*ret_bracket = UINT64_MAX;
	for (i = 0; i < READING_TRIES; i++) {
		const uint64_t before = trace_clock_now(clock);
		const int64_t ns = now_ns(id);
		const uint64_t after = trace_clock_now(clock);

		if (after - before >= *ret_bracket)
			continue;
		*ret_bracket = after - before;
		*ret_ticks = before + (after - before) / 2;
		best = ns;
	}
	return best;
}

static void read_clocks(const struct trace_clock *clock, struct clock_reading *ret)
{
	uint64_t raw_ticks = 0, raw_bracket;

	ret->ticks = 0;
	ret->raw_ns = read_bracketed(clock, CLOCK_MONOTONIC_RAW, &raw_ticks, &raw_bracket);
	ret->real_ns = read_bracketed(clock, CLOCK_REALTIME, &ret->ticks, &ret->bracket_ticks);
}

#if defined(__x86_64__) || defined(__i386__)
static bool file_has(const char *path, const char *word)
{
	char buf[8192];
	ssize_t n;
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return false;
	buf[n] = 0;
	return strstr(buf, word) != NULL;
}
#endif

/* Is the counter the same on every CPU and does it never stop? The kernel has tried it out; under Xen it is the layers' common clock. */
static bool counter_is_good(const char **why)
{
#if defined(__x86_64__) || defined(__i386__)
	if (file_has("/sys/hypervisor/type", "xen")) {
		*why = "the TSC, as the hypervisor's layer";
		return true;
	}
	if (!file_has("/proc/cpuinfo", "constant_tsc") || !file_has("/proc/cpuinfo", "nonstop_tsc")) {
		*why = "CLOCK_MONOTONIC, for this CPU's TSC changes its speed or stops";
		return false;
	}
	if (!file_has("/sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc")) {
		*why = "CLOCK_MONOTONIC, for the kernel does not trust the TSC";
		return false;
	}
	*why = "the TSC";
	return true;
#elif defined(__aarch64__)
	*why = "the virtual counter";
	return true;
#else
	*why = "CLOCK_MONOTONIC, for there is no counter that programs can read";
	return false;
#endif
}

static void read_uuid(struct trace_clock *clock)
{
	char text[64] = "";
	const int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	const char *at = text;
	unsigned int i, byte;

	if (fd >= 0) {
		if (read(fd, text, sizeof(text) - 1) < 0)
			text[0] = 0;
		close(fd);
	}
	for (i = 0; i < 16; i++) {
		if (*at == '-')
			at++;
		if (sscanf(at, "%2x", &byte) != 1)
			break;
		clock->uuid[i] = (uint8_t)byte;
		at += 2;
	}
	/* Two clocks of one host are not one clock. */
	clock->uuid[15] ^= (uint8_t)!clock->kind;
}

/* Real time that @ticks take. Frequencies are below 2^34 Hz, so nothing here leaves 64 bits. */
static uint64_t to_ns(const struct trace_clock *clock, uint64_t ticks)
{
	const uint64_t hz = clock->frequency_hz;

	return ticks / hz * 1000000000 + ticks % hz * 1000000000 / hz;
}

static void set_offset(struct trace_clock *clock, int64_t real_ns, uint64_t ticks)
{
	const uint64_t hz = clock->frequency_hz;
	const int64_t rest = (int64_t)((uint64_t)(real_ns % 1000000000) * hz / 1000000000) - (int64_t)(ticks % hz);

	clock->offset_s = real_ns / 1000000000 - (int64_t)(ticks / hz) - (rest < 0);
	clock->offset_ticks = (uint64_t)(rest < 0 ? rest + (int64_t)hz : rest);
}

void trace_clock_estimate(struct trace_clock *clock, const struct clock_reading *end, bool counter)
{
	const struct clock_reading *start = &clock->start;
	const int64_t raw = end->raw_ns - start->raw_ns, real = end->real_ns - start->real_ns;
	const int64_t apart = real > raw ? real - raw : raw - real;
	const bool stepped = apart > raw / 1000000 * SLEW_PPM_MAX + STEP_NS;
	const int64_t span = stepped ? raw : real;
	int64_t late;

	clock->span_ns = (uint64_t)(span > 0 ? span : 0);
	if (!counter)
		clock->frequency_hz = 1000000000;
	else if (span > 0)
		clock->frequency_hz = (uint64_t)((long double)(end->ticks - start->ticks) * 1e9L / (long double)span + 0.5L);
	if (!clock->frequency_hz)
		clock->frequency_hz = 1;
	set_offset(clock, start->real_ns, start->ticks);
	/* What the line says about the end, and what the end said itself. A step of the world's time is not our error. */
	late = (int64_t)to_ns(clock, end->ticks - start->ticks) - span;
	clock->error_ns = to_ns(clock, start->bracket_ticks) / 2 + to_ns(clock, end->bracket_ticks) / 2 +
			  (uint64_t)(late < 0 ? -late : late) + 1;
}

void trace_clock_refine(struct trace_clock *clock)
{
	struct clock_reading end;

	read_clocks(clock, &end);
	trace_clock_estimate(clock, &end, clock->kind != BL_CLOCK_MONOTONIC);
}

bool trace_clock_is_stale(const struct trace_clock *clock)
{
	const int64_t age = now_ns(CLOCK_MONOTONIC_RAW) - clock->start.raw_ns;

	return age > 0 && (uint64_t)age > 10 * clock->span_ns;
}

void trace_clock_init(struct trace_clock *clock)
{
	memset(clock, 0, sizeof(*clock));
	clock->kind = counter_is_good(&clock->why) ? BL_CLOCK_COUNTER : BL_CLOCK_MONOTONIC;
	clock->name = clock->kind == BL_CLOCK_COUNTER ? "counter" : "monotonic";
	read_uuid(clock);
	read_clocks(clock, &clock->start);
	if (clock->kind == BL_CLOCK_COUNTER)
		(void)nanosleep(&(const struct timespec){.tv_nsec = FIRST_SPAN_NS}, NULL);
	trace_clock_refine(clock);
}
