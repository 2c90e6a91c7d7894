/* SPDX-License-Identifier: MIT */
/*
 * number.c - numbers to text.
 *
 * Floating point. The shortest number that reads as the double v is looked for among those of 15, 16 and 17 digits:
 *
 *     15 digits    every one of them is read as another double, so at most one decimal number of so few digits is v. With
 *                  t = v * 10^k rounded to an integer below 10^15 it is t / 10^k, and a division of two exact doubles says if
 *                  it is v.
 *     16 and 17    v = m 2^e reads from every number between (2m - 1) 2^(e-1) and (2m + 1) 2^(e-1), the ends included if m is
 *                  even. Times 10^k these are integers of 128 bits over a power of two, as long as k <= 22.
 *
 * What is too small or too large for that (below 1e-6, from 2^52 on) is left to printf() and strtod(), and so is all that needs
 * more than 15 digits where the compiler has no integers of 128 bits. There a power of two may get a digit more than it needs.
 */
#include "analysis/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;
#endif

const char number_pairs[] = "0001020304050607080910111213141516171819"
			    "2021222324252627282930313233343536373839"
			    "4041424344454647484950515253545556575859"
			    "6061626364656667686970717273747576777879"
			    "8081828384858687888990919293949596979899";

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
				1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
#define POWER_MAX 22

static inline char *four(char *to, uint32_t value)
{
	return number_two(number_two(to, value / 100), value % 100);
}

static inline char *eight(char *to, uint32_t value)
{
	return four(four(to, value / 10000), value % 10000);
}

char *number_nine(char *to, uint32_t value)
{
	*to = (char)('0' + value / 100000000);
	return eight(to + 1, value % 100000000);
}

/* Below 10^4, without leading zeros. */
static inline char *up_to_four(char *to, uint32_t value)
{
	if (value >= 100) {
		const uint32_t high = value / 100;

		if (high >= 10)
			to = number_two(to, high);
		else
			*to++ = (char)('0' + high);
		return number_two(to, value % 100);
	}
	if (value >= 10)
		return number_two(to, value);
	*to++ = (char)('0' + value);
	return to;
}

/* Below 10^8, without leading zeros. */
static inline char *up_to_eight(char *to, uint32_t value)
{
	if (value < 10000)
		return up_to_four(to, value);
	return four(up_to_four(to, value / 10000), value % 10000);
}

char *number_uint(char *to, uint64_t value)
{
	const uint64_t half = 100000000;

	if (value < half)
		return up_to_eight(to, (uint32_t)value);
	if (value < half * half)
		return eight(up_to_eight(to, (uint32_t)(value / half)), (uint32_t)(value % half));
	to = up_to_eight(to, (uint32_t)(value / (half * half)));
	value %= half * half;
	return eight(eight(to, (uint32_t)(value / half)), (uint32_t)(value % half));
}

char *number_int(char *to, int64_t value)
{
	if (value >= 0)
		return number_uint(to, (uint64_t)value);
	*to = '-';
	return number_uint(to + 1, -(uint64_t)value);
}

char *number_base(char *to, uint64_t value, unsigned int base)
{
	const unsigned int shift = base == 16 ? 4 : base == 8 ? 3 : 1;
	const unsigned int bits = value ? 64 - (unsigned int)__builtin_clzll(value) : 1;
	unsigned int n = (bits + shift - 1) / shift;

	*to++ = '0';
	*to++ = base == 16 ? 'x' : base == 8 ? 'o' : 'b';
	while (n--)
		*to++ = "0123456789abcdef"[value >> n * shift & (base - 1)];
	return to;
}

/* ---- Floating point ---- */

/*
 * The decimal number 0.DIGITS * 10^point, where the first of DIGITS is not 0: with an exponent where it would otherwise have more
 * than four zeros behind the point, or more than 16 digits in front of it.
 */
static char *place_point(char *to, const char *digits, int n, int point)
{
	if (point > 16 || point < -3) {
		*to++ = digits[0];
		if (n > 1)
			*to++ = '.';
		memcpy(to, digits + 1, (size_t)n - 1);
		to += n - 1;
		*to++ = 'e';
		*to++ = point > 0 ? '+' : '-';
		point = point > 0 ? point - 1 : 1 - point;
		return point < 100 ? number_two(to, (uint32_t)point) : number_uint(to, (uint64_t)point);
	}
	if (point <= 0) {
		memcpy(to, "0.000", 5);
		to += 2 - point;
		memcpy(to, digits, (size_t)n);
		return to + n;
	}
	if (n <= point) {
		memcpy(to, digits, (size_t)n);
		memset(to + n, '0', (size_t)(point - n));
		memcpy(to + point, ".0", 2);
		return to + point + 2;
	}
	memcpy(to, digits, (size_t)point);
	to[point] = '.';
	memcpy(to + point + 1, digits + point, (size_t)(n - point));
	return to + n + 1;
}

/* @value * 10^-@k; @value is not 0. */
static char *decimal(char *to, uint64_t value, int k)
{
	char digits[24];
	int n = (int)(number_uint(digits, value) - digits);
	const int point = n - k;

	while (n > 1 && digits[n - 1] == '0')
		n--;
	return place_point(to, digits, n, point);
}

/* The k for which v * 10^k has @n digits in front of the point, for 1e-6 <= v < 2^53; it may be negative. */
static int scale_for(double v, int n)
{
	uint64_t bits;
	int binary, point; /* v is between 2^(binary - 1) and 2^binary, and 10^(point - 1) and 10^point */

	memcpy(&bits, &v, sizeof(bits));
	binary = (int)(bits >> 52) - 1022;
	point = (binary * 1233 + (1 << 16 << 12)) / 4096 - (1 << 16); /* 1233 / 4096 is the logarithm of 2, rounded down */
	if (point >= 0 ? v >= powers[point] : v * powers[-point] >= 1)
		point++;
	return n - point;
}

/* An integer near to v, which is not above 2^52; of two the larger. */
static double nearest(double v)
{
	return (double)(uint64_t)(v + 0.5);
}

static char *fifteen_digits(char *to, double v)
{
	const int k = scale_for(v, 15);
	double t = v * 1000;

	/* What people measure: integers and thousandths of them. */
	if (t < 1e15 && t == (double)(uint64_t)t && t / 1000 == v)
		return decimal(to, (uint64_t)t, 3);
	if (k < 0 || k > POWER_MAX)
		return NULL;
	t = nearest(v * powers[k]);
	return t / powers[k] == v ? decimal(to, (uint64_t)t, k) : NULL;
}

#ifdef __SIZEOF_INT128__
/* The closest multiple of 10 to mid / 2^shift in first..last; 0: none is there. */
static uint64_t closest_ten(wide mid, unsigned int shift, uint64_t first, uint64_t last)
{
	const uint64_t below = (uint64_t)(mid >> shift) / 10 * 10;
	const wide over = mid - ((wide)below << shift);
	const wide five = (wide)5 << shift;
	const bool up = over > five || (over == five && below / 10 % 2);

	if (below >= first && (!up || below + 10 > last))
		return below;
	return below + 10 <= last ? below + 10 : 0;
}

/* @v has no number of 15 digits. NULL: it is not of those for which this works. */
static char *seventeen_digits(char *to, double v)
{
	int k = scale_for(v, 17);
	int exponent;
	const uint64_t m = (uint64_t)(frexp(v, &exponent) * 9007199254740992.0);
	const int shift = 54 - exponent; /* v = 2m / 2^shift */
	const bool even = !(m & 1);
	wide scale = 1, low, mid, high;
	uint64_t first, last, found;

	if (k < 0 || k > POWER_MAX || shift < 1 || shift > 127 || m == 1ull << 52)
		return NULL;
	for (int i = 0; i < k; i++)
		scale *= 10;
	if (k < POWER_MAX &&
	    2 * (wide)m * scale >> shift < (wide)powers[16]) { /* just below a power of 10, which v * 10^k became */
		scale *= 10;
		k++;
	}
	low = (2 * (wide)m - 1) * scale;
	mid = 2 * (wide)m * scale;
	high = (2 * (wide)m + 1) * scale;
	first = (uint64_t)(low >> shift);
	if (!even || low != (wide)first << shift)
		first++;
	last = (uint64_t)(high >> shift);
	if (!even && high == (wide)last << shift)
		last--;
	found = closest_ten(mid, (unsigned int)shift, first, last);
	if (!found) {
		const wide half = (wide)1 << (shift - 1);

		found = (uint64_t)(mid >> shift);
		mid -= (wide)found << shift;
		found += mid > half || (mid == half && found & 1);
	}
	return decimal(to, found, k);
}
#endif

/* "d.ddde+xx" of printf(), whatever the locale's point is. */
static char *from_scientific(char *to, const char *text)
{
	const char *exponent = strchr(text, 'e');
	char digits[24];
	int n = 0;

	for (; text < exponent; text++)
		if (*text >= '0' && *text <= '9')
			digits[n++] = *text;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	return place_point(to, digits, n, atoi(exponent + 1) + 1);
}

static char *any_double(char *to, double v)
{
	char text[40];
	int digits = 1;

	/* Denormal numbers can have few digits; of the others, what has fewer than 15 ends with zeros. */
	if (v >= DBL_MIN)
		digits = 15;
	for (; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*e", digits - 1, v);
		if (strtod(text, NULL) == v)
			break;
	}
	return from_scientific(to, text);
}

static char *any_float(char *to, float v)
{
	char text[40];
	int digits = 1;

	if (v >= FLT_MIN)
		digits = 6;
	for (; digits <= 9; digits++) {
		snprintf(text, sizeof(text), "%.*e", digits - 1, (double)v);
		if (strtof(text, NULL) == v)
			break;
	}
	return from_scientific(to, text);
}

static char *word(char *to, const char *text)
{
	const size_t size = strlen(text);

	memcpy(to, text, size);
	return to + size;
}

/* NaN, infinity and zero. Writes the sign of what is left, and makes it positive. Return: NULL: a number is left. */
static char *special(char **to, double *v)
{
	if (isnan(*v))
		return word(*to, "NaN");
	if (signbit(*v)) {
		*(*to)++ = '-';
		*v = -*v;
	}
	if (isinf(*v))
		return word(*to, "Infinity");
	return *v == 0 ? word(*to, "0.0") : NULL;
}

char *number_double(char *to, double v)
{
	char *end = special(&to, &v);

	if (end)
		return end;
	if (v >= 1e-6 && v < 4503599627370496.0) {
		end = fifteen_digits(to, v);
#ifdef __SIZEOF_INT128__
		if (!end)
			end = seventeen_digits(to, v);
#endif
	}
	return end ? end : any_double(to, v);
}

/* Is @t / 10^@k nearer to @v than to its neighbours, and clearly so? */
static bool reads_as_float(double t, int k, double v, double half_step)
{
	return fabs(t / powers[k] - v) < half_step * 0.999999;
}

static float float_below(float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof(bits));
	bits--;
	memcpy(&v, &bits, sizeof(bits));
	return v;
}

char *number_float(char *to, float value)
{
	double v = (double)value;
	char *end = special(&to, &v);
	double half_step;

	if (end)
		return end;
	if (v < 1e-6 || v >= 16777216.0)
		return any_float(to, (float)v);
	/* Towards 0 it is half of that below a power of two; they are asked for the smaller one. */
	half_step = (v - (double)float_below((float)v)) / 2;
	for (int digits = 6; digits <= 9; digits++) {
		const int k = scale_for(v, digits);
		double t;

		if (k < 0)
			continue;
		t = nearest(v * powers[k]);
		if (reads_as_float(t, k, v, half_step))
			return decimal(to, (uint64_t)t, k);
	}
	return any_float(to, (float)v);
}
