/* SPDX-License-Identifier: MIT */
/**
 * clock.h - clock values and times, for who computes many of them. Not for anybody outside ctf/.
 */
#ifndef BL_CTF_CLOCK_H
#define BL_CTF_CLOCK_H

#include "ctf/ctf.h"

#define CTF_FREQUENCY_MAX ((uint64_t)1 << 62) /* of a clock */

/** clock_ns() - as ctf_clock_ns(). @ret_rest: of cycles that the time leaves over, in 1/1e9 cycles; less than the frequency. */
int64_t clock_ns(const struct ctf_clock *clock, uint64_t cycles, uint64_t *ret_rest);

/** clock_update() - a clock value of @size bits that may have wrapped once since the last one: the next value that ends with them.
 */
static inline uint64_t clock_update(uint64_t clock, uint64_t value, unsigned int size)
{
	const uint64_t mask = size >= 64 ? UINT64_MAX : ((uint64_t)1 << size) - 1;

	return clock + ((value - clock) & mask);
}

/** clock_fraction() - 2^64 * a / b, rounded down, for a < b < 2^63. */
uint64_t clock_fraction(uint64_t a, uint64_t b);

#define CLOCK_LINE_MAX ((uint64_t)1 << 30)           /* cycles that times are computed for from one point */
#define CLOCK_LINE_FREQUENCY_MAX ((uint64_t)1 << 33) /* Hz */

/**
 * An exact point of a clock, and times after it by one multiplication.
 *
 * Time = ns + delta * whole + (delta * slope + fraction) / 2^64, rounded down, where whole and slope are 1e9 / frequency, slope in
 * parts of 2^64 and rounded down: short by less than 1, so that the product is short by less than delta < 2^30. fraction is that of
 * the point, rounded down, plus 2^30: the sum is too big by at most 2^30. It is rounded down to the right number, as no exact time
 * is that near below a whole one: the fractions are multiples of 1 / frequency, which is more than 2^-33.
 */
struct clock_line {
	const struct ctf_clock *clock;
	bool known; /* whole and slope are the clock's */
	uint64_t cycles;
	uint64_t most; /* cycles from there for which it is good; 0: none */
	int64_t ns;
	uint64_t whole;
	uint64_t slope;
	uint64_t fraction;
};

/** clock_line_begin() - a point at @cycles. All zero before the first one; always of the same clock. */
void clock_line_begin(struct clock_line *line, const struct ctf_clock *clock, uint64_t cycles);

/** High word of a * b + c, which must not overflow 128 bits. */
static inline uint64_t clock_multiply(uint64_t a, uint64_t b, uint64_t c)
{
#ifdef __SIZEOF_INT128__
	__extension__ typedef unsigned __int128 wide;

	return (uint64_t)(((wide)a * b + c) >> 64);
#else
	const uint64_t low = (uint64_t)(uint32_t)a * (uint32_t)b;
	const uint64_t middle = (a >> 32) * (uint32_t)b + (low >> 32);
	const uint64_t other = (uint64_t)(uint32_t)a * (b >> 32) + (uint32_t)middle;

	/* The low word of the product is other << 32 | (uint32_t)low. */
	return (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32) + ((other << 32 | (uint32_t)low) > UINT64_MAX - c);
#endif
}

/** clock_line_ns() - as ctf_clock_ns(), of the line's clock. */
static inline int64_t clock_line_ns(struct clock_line *line, uint64_t cycles)
{
	const uint64_t delta = cycles - line->cycles;

	if (__builtin_expect(delta >= line->most, 0)) {
		clock_line_begin(line, line->clock, cycles);
		return line->ns;
	}
	return line->ns + (int64_t)(delta * line->whole + clock_multiply(delta, line->slope, line->fraction));
}

#endif
