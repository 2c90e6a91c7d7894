/* SPDX-License-Identifier: MIT */
/*
 * preload_slow.c - a library that wraps the creation of threads, to be preloaded behind the probes: it comes back when the new thread has
 * long run, and freed what its id was written to. That is what an unlucky scheduler does to everybody.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <unistd.h>

int pthread_create(pthread_t *restrict ret, const pthread_attr_t *restrict attr, void *(*start)(void *), void *restrict arg)
{
	static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	int result;

	if (!real)
		real = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))(uintptr_t)dlsym(RTLD_NEXT, "pthread_create");
	result = real(ret, attr, start, arg);
	usleep(2000);
	return result;
}
