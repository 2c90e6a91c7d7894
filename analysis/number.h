/* SPDX-License-Identifier: MIT */
/**
 * number.h - numbers to text, fast: what printing a trace spends most of its time with.
 *
 * Each function writes at @to, without a NUL, and returns the end; it never writes more than NUMBER_MAX bytes.
 */
#ifndef BL_ANALYSIS_NUMBER_H
#define BL_ANALYSIS_NUMBER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define NUMBER_MAX 72

char *number_uint(char *to, uint64_t value);
char *number_int(char *to, int64_t value);

/** number_base() - with its prefix: 0x, 0o or 0b; @base is 16, 8 or 2. */
char *number_base(char *to, uint64_t value, unsigned int base);

/** number_nine() - exactly nine digits; value < 1000000000. */
char *number_nine(char *to, uint32_t value);

extern const char number_pairs[]; /* "000102...99" */

/** number_two() - exactly two digits; value < 100. */
static inline char *number_two(char *to, uint32_t value)
{
	memcpy(to, number_pairs + 2 * value, 2);
	return to + 2;
}

/**
 * number_double(), number_float() - the shortest decimal number that reads as this double, or float, and no other
 *
 * 1.0, 0.25, 1e+16, 5e-324; NaN, Infinity, -Infinity. There is always a point or an exponent, so it is seen to be no integer.
 */
char *number_double(char *to, double value);
char *number_float(char *to, float value);

#endif
