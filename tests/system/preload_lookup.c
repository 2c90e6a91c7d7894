/* SPDX-License-Identifier: MIT */
/*
 * preload_lookup.c - a library whose dlsym() uses the heap, as some versions of the loader do, to be preloaded in front of the probes: when
 * they look up malloc, malloc is called. Counts what went wrong, and how many blocks came from the probes' own memory.
 *
 * dlsym() looks at its return address, so the real one is jumped to.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KEPT 4
#define SIZE 120

int preload_lookup_bad, preload_lookup_early;

static struct {
	unsigned char *block;
	unsigned char byte;
} kept[KEPT];

static int is(const unsigned char *block, unsigned char byte, size_t size)
{
	size_t i;

	for (i = 0; i < size && block[i] == byte; i++)
		;
	return i == size;
}

static int is_early(const void *block)
{
	Dl_info info;

	return dladdr(block, &info) && strstr(info.dli_fname, "libborelog-libc");
}

/* Four blocks live at a time, each one grown, filled and looked at again when its turn to go comes. */
__attribute__((noinline)) static void use_heap(void)
{
	static unsigned int turn;
	const unsigned int i = turn++ % KEPT;
	unsigned char *zeros = calloc(5, 7), *block = malloc(SIZE / 2);

	preload_lookup_early += is_early(block) != 0;
	preload_lookup_bad += !zeros || !is(zeros, 0, 35) || !block || (uintptr_t)block % 16 || (uintptr_t)zeros % 16;
	memset(zeros, 0xee, 35);
	memset(block, (int)turn, SIZE / 2);
	block = realloc(block, SIZE);
	preload_lookup_bad += !block || !is(block, (unsigned char)turn, SIZE / 2);
	memset(block, (int)turn, SIZE);
	preload_lookup_bad += !is(zeros, 0xee, 35);
	free(zeros);
	preload_lookup_bad += kept[i].block && !is(kept[i].block, kept[i].byte, SIZE);
	free(kept[i].block);
	kept[i].block = block;
	kept[i].byte = (unsigned char)turn;
}

static void *(*real)(void *restrict, const char *restrict);

/* Where dlsym() came to be: in libc with 2.34, before that with the machine's first version. */
static void find_real(void)
{
	static const char *const versions[] = {"GLIBC_2.34", "GLIBC_2.17", "GLIBC_2.2.5", "GLIBC_2.2", "GLIBC_2.0"};
	size_t i;

	for (i = 0; i < sizeof(versions) / sizeof(versions[0]) && !real; i++)
		real = (void *(*)(void *restrict, const char *restrict))(uintptr_t)dlvsym(RTLD_NEXT, "dlsym", versions[i]);
	if (!real)
		abort();
}

void *dlsym(void *restrict handle, const char *restrict name)
{
	if (!real)
		find_real();
	use_heap();
	return real(handle, name);
}
