/* SPDX-License-Identifier: MIT */
/*
 * Records every field type with the values that hurt, and prints beside each record what it must read as: one line of JSON, made by
 * printf from the same variables. Included by lib_fields.c and lib_fields.cc, so that C and C++ are held to the same.
 */
#include <borelog.h>

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>

BORELOG_ENUM(levels, {-1, "below"}, {0, "idle"}, {1, "run"}, {1000000, "high up"});

static void print_bytes(const unsigned char *data, size_t n)
{
	size_t i;

	printf("[");
	for (i = 0; i < n; i++)
		printf("%s%u", i ? ", " : "", data[i]);
	printf("]");
}

#define SIGNED(type, value, event)                                                                                             \
	do {                                                                                                                   \
		type v = (type)(value);                                                                                        \
		borelog_event("field", event, v);                                                                              \
		printf("{\"name\": \"field:" event "\", \"fields\": {\"v\": %lld}}\n", (long long)v);                          \
	} while (0)
#define UNSIGNED(type, value, event)                                                                                           \
	do {                                                                                                                   \
		type v = (type)(value);                                                                                        \
		borelog_event("field", event, v);                                                                              \
		printf("{\"name\": \"field:" event "\", \"fields\": {\"v\": %llu}}\n", (unsigned long long)v);                 \
	} while (0)
#define BOOL(value)                                                                                                            \
	do {                                                                                                                   \
		bool v = value;                                                                                                \
		borelog_event("field", "bool", v);                                                                             \
		printf("{\"name\": \"field:bool\", \"fields\": {\"v\": [%d, \"%s\"]}}\n", v, v ? "true" : "false");                     \
	} while (0)
#define REAL(type, value, event)                                                                                               \
	do {                                                                                                                   \
		type v = (type)(value);                                                                                        \
		borelog_event("field", event, v);                                                                              \
		printf("{\"name\": \"field:" event "\", \"fields\": {\"v\": \"%a\"}}\n", (double)v);                           \
	} while (0)
#define HEX(type, value, event)                                                                                                \
	do {                                                                                                                   \
		type v = (type)(value);                                                                                        \
		borelog_event("field", event, borelog_hex(v));                                                                 \
		printf("{\"name\": \"field:" event "\", \"fields\": {\"v\": %llu}}\n", (unsigned long long)v);                 \
	} while (0)
#define STRING(value, shown)                                                                                                   \
	do {                                                                                                                   \
		const char *v = value;                                                                                         \
		borelog_event("field", "string", v);                                                                           \
		printf("{\"name\": \"field:string\", \"fields\": {\"v\": \"%s\"}}\n", shown);                                  \
	} while (0)

static void integers(void)
{
	SIGNED(signed char, SCHAR_MIN, "schar");
	SIGNED(signed char, SCHAR_MAX, "schar");
	SIGNED(char, 'x', "char");
	UNSIGNED(unsigned char, UCHAR_MAX, "uchar");
	SIGNED(short, SHRT_MIN, "short");
	UNSIGNED(unsigned short, USHRT_MAX, "ushort");
	SIGNED(int, INT_MIN, "int");
	SIGNED(int, INT_MAX, "int");
	SIGNED(int, 0, "int");
	UNSIGNED(unsigned, UINT_MAX, "uint");
	SIGNED(long, LONG_MIN, "long");
	UNSIGNED(unsigned long, ULONG_MAX, "ulong");
	SIGNED(long long, LLONG_MIN, "llong");
	SIGNED(long long, LLONG_MAX, "llong");
	UNSIGNED(unsigned long long, ULLONG_MAX, "ullong");
	HEX(unsigned char, 0xab, "hex8");
	HEX(unsigned short, 0xabcd, "hex16");
	HEX(unsigned, 0xdeadbeef, "hex32");
	HEX(unsigned long long, 0x0123456789abcdefULL, "hex64");
	BOOL(true);
	BOOL(false);
}

static void reals(void)
{
	REAL(float, 1.5, "float");
	REAL(float, FLT_MAX, "float");
	REAL(float, -0.0, "float");
	REAL(double, DBL_MIN, "double");
	REAL(double, -DBL_MAX, "double");
	REAL(double, INFINITY, "double");
	REAL(long double, 0.25L, "ldouble");
}

static void strings(void)
{
	static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz";
	char array[10] = "array";
	size_t i;

	STRING("", "");
	STRING("a", "a");
	STRING("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
	STRING(NULL, "(null)");
	/* Every length at every alignment: the copy goes by words. */
	for (i = 0; i < 40; i++)
		STRING(text + i % 9 + (sizeof(text) - 1 - i - i % 9), text + sizeof(text) - 1 - i);
	borelog_event("field", "array_of_char", array);
	printf("{\"name\": \"field:array_of_char\", \"fields\": {\"array\": \"array\"}}\n");
}

static void sequences(void)
{
	unsigned char bytes[300];
	const short shorts[] = {SHRT_MIN, 0, SHRT_MAX};
	const double doubles[] = {0.5, -2};
	size_t i, n;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7);
	for (n = 0; n <= sizeof(bytes); n += 60) {
		borelog_event("field", "bytes", borelog_bytes(bytes, n));
		printf("{\"name\": \"field:bytes\", \"fields\": {\"bytes\": ");
		print_bytes(bytes, n);
		printf("}}\n");
	}
	borelog_event("field", "shorts", borelog_array(shorts, 3));
	printf("{\"name\": \"field:shorts\", \"fields\": {\"shorts\": [%d, %d, %d]}}\n", shorts[0], shorts[1], shorts[2]);
	borelog_event("field", "doubles", borelog_array(doubles, 2), n);
	printf("{\"name\": \"field:doubles\", \"fields\": {\"doubles\": [\"%a\", \"%a\"], \"n\": %zu}}\n", doubles[0], doubles[1], n);
	borelog_event("field", "no_shorts", borelog_array(shorts, 0));
	printf("{\"name\": \"field:no_shorts\", \"fields\": {\"shorts\": []}}\n");
}

static void enumerations(void)
{
	static const struct {
		int value;
		const char *label;
	} cases[] = {{-1, "below"}, {0, "idle"}, {1, "run"}, {1000000, "high up"}, {5, ""}};
	size_t i;

	for (i = 0; i < 5; i++) {
		int level = cases[i].value;

		borelog_event("field", "level", borelog_enum(level, levels));
		printf("{\"name\": \"field:level\", \"fields\": {\"level\": [%d, \"%s\"]}}\n", level, cases[i].label);
	}
}

static void shapes(void)
{
	int a = 1, calls = 0;

	borelog_event("field", "none");
	printf("{\"name\": \"field:none\", \"fields\": {}}\n");
	borelog_event("field", "named", borelog_named(other, a + 1), borelog_named(address, borelog_hex(a)));
	printf("{\"name\": \"field:named\", \"fields\": {\"other\": 2, \"address\": 1}}\n");
	borelog_begin("field", "span", a);
	borelog_end("field", "span", borelog_named(result, -a));
	printf("{\"name\": \"field:span_begin\", \"fields\": {\"a\": 1}}\n{\"name\": \"field:span_end\", \"fields\": {\"result\": -1}}\n");
	borelog_event("field", "once", borelog_named(calls, ++calls));
	printf("{\"name\": \"field:once\", \"fields\": {\"calls\": %d}}\n", calls);
	borelog_event("field", "sixteen", borelog_named(a1, 1), borelog_named(a2, 2), borelog_named(a3, 3), borelog_named(a4, 4),
		      borelog_named(a5, "five"), borelog_named(a6, 6), borelog_named(a7, 7), borelog_named(a8, 8), borelog_named(a9, 9),
		      borelog_named(a10, 10), borelog_named(a11, 11), borelog_named(a12, 12), borelog_named(a13, 13),
		      borelog_named(a14, 14), borelog_named(a15, 15), borelog_named(a16, "end"));
	printf("{\"name\": \"field:sixteen\", \"fields\": {\"a1\": 1, \"a2\": 2, \"a3\": 3, \"a4\": 4, \"a5\": \"five\", \"a6\": 6, "
	       "\"a7\": 7, \"a8\": 8, \"a9\": 9, \"a10\": 10, \"a11\": 11, \"a12\": 12, \"a13\": 13, \"a14\": 14, \"a15\": 15, "
	       "\"a16\": \"end\"}}\n");
}

int main(void)
{
	integers();
	reals();
	strings();
	sequences();
	enumerations();
	shapes();
	return 0;
}
