/* SPDX-License-Identifier: MIT */
/**
 * clock.c - clock values and times, exactly: no floating point, rounded down. Machines of 32 bits have no integers of 128, so
 * products that may need them are made bit by bit; clocks of less than 16 GHz never need them.
 */
#include "ctf/clock.h"

#define NS_PER_S ((uint64_t)1000000000)

/* @a * NS_PER_S / @b, and the rest, for a < b < 2^63. */
static uint64_t scale_ns(uint64_t a, uint64_t b, uint64_t *ret_rest)
{
	uint64_t quotient = 0, rest = 0;

	if (b >> 34 == 0) {
		*ret_rest = a * NS_PER_S % b;
		return a * NS_PER_S / b;
	}
	for (int bit = 29; bit >= 0; bit--) {
		quotient *= 2;
		rest *= 2;
		if (rest >= b) {
			rest -= b;
			quotient++;
		}
		rest += NS_PER_S >> bit & 1 ? a : 0;
		if (rest >= b) {
			rest -= b;
			quotient++;
		}
	}
	*ret_rest = rest;
	return quotient;
}

int64_t clock_ns(const struct ctf_clock *clock, uint64_t cycles, uint64_t *ret_rest)
{
	const uint64_t frequency = clock->frequency;
	uint64_t part = cycles % frequency + clock->offset_cycles % frequency;
	uint64_t seconds = cycles / frequency;
	int64_t sum, ns;

	*ret_rest = 0;
	if (part >= frequency) {
		part -= frequency;
		seconds++;
	}
	if (__builtin_add_overflow(seconds, clock->offset_cycles / frequency, &seconds) ||
	    __builtin_add_overflow(clock->offset_s, seconds, &sum))
		return INT64_MAX;
	if (__builtin_mul_overflow(sum, (int64_t)NS_PER_S, &ns))
		return sum < 0 ? INT64_MIN : INT64_MAX;
	if (__builtin_add_overflow(ns, scale_ns(part, frequency, ret_rest), &ns))
		return INT64_MAX;
	return ns;
}

uint64_t clock_fraction(uint64_t a, uint64_t b)
{
	uint64_t fraction = 0;

	for (int bit = 0; bit < 64; bit++) {
		fraction *= 2;
		a *= 2;
		if (a >= b) {
			a -= b;
			fraction++;
		}
	}
	return fraction;
}

void clock_line_begin(struct clock_line *line, const struct ctf_clock *clock, uint64_t cycles)
{
	uint64_t rest;
	bool good;

	if (line->clock != clock || !line->known) {
		line->clock = clock;
		line->known = true;
		line->whole = NS_PER_S / clock->frequency;
		line->slope = clock->frequency < CLOCK_LINE_FREQUENCY_MAX
				      ? clock_fraction(NS_PER_S % clock->frequency, clock->frequency)
				      : 0;
	}
	line->cycles = cycles;
	line->ns = clock_ns(clock, cycles, &rest);
	/* Near the ends of time and of cycles, and for very high frequencies, everything is computed in full. */
	good = clock->frequency < CLOCK_LINE_FREQUENCY_MAX && line->ns > INT64_MIN / 2 && line->ns < INT64_MAX / 2 &&
	       cycles <= UINT64_MAX - CLOCK_LINE_MAX;
	line->most = good ? CLOCK_LINE_MAX : 0;
	line->fraction = good ? clock_fraction(rest, clock->frequency) + CLOCK_LINE_MAX : 0;
}

int64_t ctf_clock_ns(const struct ctf_clock *clock, uint64_t cycles)
{
	uint64_t rest;

	return clock_ns(clock, cycles, &rest);
}

/* @ns * @frequency / NS_PER_S, rounded up, for ns < NS_PER_S. */
static uint64_t scale_cycles(uint64_t ns, uint64_t frequency)
{
	return ns * (frequency / NS_PER_S) + (ns * (frequency % NS_PER_S) + NS_PER_S - 1) / NS_PER_S;
}

uint64_t ctf_clock_cycles(const struct ctf_clock *clock, int64_t ns)
{
	int64_t seconds = ns / (int64_t)NS_PER_S;
	int64_t part = ns % (int64_t)NS_PER_S;
	uint64_t cycles;

	if (part < 0) {
		part += (int64_t)NS_PER_S;
		seconds--;
	}
	if (__builtin_sub_overflow(seconds, clock->offset_s, &seconds))
		return clock->offset_s < 0 ? UINT64_MAX : 0;
	if (seconds < 0)
		return 0;
	if (__builtin_mul_overflow((uint64_t)seconds, clock->frequency, &cycles) ||
	    __builtin_add_overflow(cycles, scale_cycles((uint64_t)part, clock->frequency), &cycles))
		return UINT64_MAX;
	return cycles < clock->offset_cycles ? 0 : cycles - clock->offset_cycles;
}
