/* SPDX-License-Identifier: MIT */
/* preload_outer.c - a library that opens another one by its bare name: found only if the loader knows that *this* library asks. */
#include <dlfcn.h>
#include <stddef.h>

int preload_outer_answer(void);

/* The handle is used afterwards, so that the compiler makes a call of dlopen() and not a jump. */
int preload_outer_answer(void)
{
	void *handle = dlopen("libpreload_inner.so", RTLD_NOW);
	int (*answer)(void) = NULL;
	int result = -1;

	if (!handle)
		return -1;
	*(void **)&answer = dlsym(handle, "preload_inner_answer");
	if (answer)
		result = answer();
	if (dlopen("libpreload_inner.so", RTLD_NOW | RTLD_NOLOAD) != handle)
		result = -2;
	dlclose(handle);
	dlclose(handle);
	return result;
}
