/* SPDX-License-Identifier: MIT */
/*
 * core/text.h: length and copy of strings at every misalignment and length, with bytes that are no ASCII, at the end of memory that may
 * be read, and of strings that change between being measured and being copied.
 */
#include "core/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#define LONGEST 70u
#define BEHIND 0xee

static const uint8_t fills[] = {1, 'a', 0x7f, 0x80, 0x81, 0xff};

void bl_port_wake(struct bl_ring *ring)
{
	(void)ring;
}

/* @n characters, none of them 0, that end in front of @end. */
static char *string_before(char *end, uint32_t n, uint32_t seed)
{
	char *const s = end - n - 1;
	uint32_t i;

	for (i = 0; i < n; i++)
		s[i] = (char)fills[(i * 7 + seed) % sizeof(fills)];
	s[n] = 0;
	return s;
}

static void check(const char *s, uint32_t n)
{
	uint8_t copy[LONGEST + 2];

	assert_int_equal(bl_text_length(s), n);
	memset(copy, BEHIND, sizeof(copy));
	assert_true(bl_text_put(copy, s, n + 1) == copy + n + 1);
	assert_int_equal(memcmp(copy, s, n + 1), 0);
	assert_int_equal(copy[n + 1], BEHIND);
}

static void everywhere(void **state)
{
	static char memory[2 * LONGEST + 64];
	uint32_t n, at, seed;

	(void)state;
	for (n = 0; n <= LONGEST; n++) {
		for (at = 0; at < 32; at++) {
			for (seed = 0; seed < sizeof(fills); seed++) {
				memset(memory, seed % 2 ? 0 : BEHIND, sizeof(memory));
				check(string_before(memory + LONGEST + 1 + at, n, seed), n);
			}
		}
	}
}

/* Nothing behind the string's page may be read. */
static void at_the_end_of_memory(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t n, gap;

	(void)state;
	assert_true(memory != MAP_FAILED);
	assert_int_equal(mprotect(memory + page, page, PROT_NONE), 0);
	for (n = 0; n <= LONGEST; n++)
		for (gap = 0; gap < 17; gap++)
			check(string_before(memory + page - gap, n, n), n);
	munmap(memory, 2 * page);
}

/* Whatever becomes of the string, the copy has the measured length: a 0 in it is shown as #, a longer one is cut. */
static void changed_meanwhile(void **state)
{
	char s[2 * LONGEST];
	uint8_t copy[LONGEST + 2];
	uint32_t n, zero, i;

	(void)state;
	for (n = 1; n <= LONGEST; n++) {
		for (zero = 0; zero <= n; zero++) {
			memset(s, 'x', sizeof(s));
			s[zero] = 0; /* at n: none in the measured part, but none at its end needed either */
			memset(copy, BEHIND, sizeof(copy));
			bl_text_put(copy, s, n + 1);
			for (i = 0; i < n; i++)
				assert_int_equal(copy[i], i == zero ? '#' : 'x');
			assert_int_equal(copy[n], 0);
			assert_int_equal(copy[n + 1], BEHIND);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everywhere),
		cmocka_unit_test(at_the_end_of_memory),
		cmocka_unit_test(changed_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
