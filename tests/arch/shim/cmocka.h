/* SPDX-License-Identifier: MIT */
/*
 * The few of cmocka's macros that the tests which run on foreign architectures use, for machines whose cmocka is not at hand: a check that
 * fails ends the program.
 */
#ifndef BL_TESTS_ARCH_CMOCKA_H
#define BL_TESTS_ARCH_CMOCKA_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
	const char *name;
	void (*function)(void **state);
};

static inline void shim_check(int good, const char *what, const char *file, int line)
{
	if (good)
		return;
	printf("%s:%d: failed: %s\n", file, line, what);
	exit(1);
}

static inline void shim_check_string(const char *found, const char *expected, const char *file, int line)
{
	if (strcmp(found, expected))
		printf("found \"%s\"\n", found);
	shim_check(!strcmp(found, expected), expected, file, line);
}

#define assert_true(x) shim_check(!!(x), #x, __FILE__, __LINE__)
#define assert_false(x) shim_check(!(x), "not " #x, __FILE__, __LINE__)
#define assert_int_equal(a, b) shim_check((unsigned long long)(a) == (unsigned long long)(b), #a " == " #b, __FILE__, __LINE__)
#define assert_string_equal(a, b) shim_check_string(a, b, __FILE__, __LINE__)
#define cmocka_unit_test(f) { #f, f }
#define cmocka_run_group_tests(tests, setup, teardown) shim_run(tests, sizeof(tests) / sizeof((tests)[0]))

static inline int shim_run(const struct CMUnitTest *tests, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		void *state = NULL;

		tests[i].function(&state);
		printf("ok: %s\n", tests[i].name);
	}
	return 0;
}

#endif
