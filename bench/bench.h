/* SPDX-License-Identifier: MIT */
/**
 * bench.h - what a contestant gives to the driver.
 *
 * A contestant is a shared module with a table of cases. The driver loads the modules, pins itself, and runs short bursts of all
 * cases in turn, A B C A B C ..., so that all of them see the same moods of the machine. Two modules may hold the same code in two
 * flavours (the core with the atomics of programs and of kernels), so everything but the table is hidden.
 */
#ifndef BL_BENCH_BENCH_H
#define BL_BENCH_BENCH_H

#include <stdint.h>

struct bench_case {
	const char *name;
	int (*start)(void);                /* once, before anything is measured; 0, or negative: cannot run. May be NULL */
	void (*run)(uint32_t n);           /* the burst: n times the operation */
	void (*rest)(void);                /* after each burst, not measured. May be NULL */
	uint64_t (*discarded)(void);       /* records that were not recorded in the bursts, if the case knows. May be NULL */
};

/* Ends with a case without name. */
#define BENCH_CASES \
	extern const struct bench_case bench_cases[]; \
	__attribute__((visibility("default"))) const struct bench_case bench_cases[]

/** Makes the compiler forget what it knows about a value. */
#define bench_hide(x) __asm__ volatile("" : "+r"(x))

/**
 * bench_xadd() - the floor's second operation: add and learn what was there; with LOCK, or with BENCH_PLAIN without
 *
 * The core's own commit needs less than that: it only learns whether the sum is negative.
 */
static inline uint64_t bench_xadd(uint64_t *p, uint64_t v)
{
#if defined(BENCH_PLAIN) && defined(__x86_64__)
	__asm__ volatile("xaddq %0, %1" : "+r"(v), "+m"(*p) : : "memory", "cc");
#elif defined(__x86_64__)
	__asm__ volatile("lock xaddq %0, %1" : "+r"(v), "+m"(*p) : : "memory", "cc");
#else
	v = __atomic_fetch_add(p, v, __ATOMIC_ACQ_REL);
	bench_hide(v);
#endif
	return v;
}

/** The three records of the benches. */
struct bench_input {
	int32_t number;
	int64_t wide;
	const char *text;      /* 16 characters */
	const uint8_t *bytes;  /* 128 of them */
};

static inline struct bench_input bench_input(void)
{
	static uint8_t bytes[128];
	struct bench_input in = {-5, 0x123456789abcdef, "sixteen letters.", bytes};

	bench_hide(in.number);
	bench_hide(in.wide);
	bench_hide(in.text);
	bench_hide(in.bytes);
	return in;
}

#endif
