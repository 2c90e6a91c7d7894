/* SPDX-License-Identifier: MIT */
/*
 * dl.c - loading and unloading of shared libraries.
 *
 * dlopen() looks at its return address to find out whose RUNPATH and which namespace count, so nobody may stand between the program
 * and it: record, then *jump* there. The compiler makes a jump of the last call because nothing of the frame is alive then (probes are
 * in functions of their own for that reason); the build always optimises this file, and a test with a RUNPATH holds it. Hence dlopen
 * and dlmopen are events, not spans, and have no result. dlclose() does not ask who calls.
 *
 * What the loader allocates for a library comes through malloc() and is recorded as any other block.
 */
#include "preload/probe.h"

#if defined(__has_attribute)
#if __has_attribute(musttail)
#define MUST_TAIL __attribute__((musttail))
#endif
#endif
#ifndef MUST_TAIL
#define MUST_TAIL
#endif

__attribute__((noinline)) static void note_dlopen(const char *path, int flags)
{
	borelog_event("libc", "dlopen", path, flags);
}

__attribute__((noinline)) static void note_dlmopen(long lmid, const char *path, int flags)
{
	borelog_event("libc", "dlmopen", lmid, path, flags);
}

BL_EXPORT void *dlopen(const char *path, int flags)
{
	if (bl_tracing())
		note_dlopen(path, flags);
	MUST_TAIL return bl_real(dlopen)(path, flags);
}

BL_EXPORT void *dlmopen(Lmid_t lmid, const char *path, int flags)
{
	if (bl_tracing())
		note_dlmopen(lmid, path, flags);
	MUST_TAIL return bl_real(dlmopen)(lmid, path, flags);
}

BL_SPAN_RESULT(dlclose, (void *handle), (handle), handle)
