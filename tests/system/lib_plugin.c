/* SPDX-License-Identifier: MIT */
/* A library with trace points of its own, for dlopen and dlclose by lib_process.c. */
#include <borelog.h>

void plugin_run(int round);
void plugin_run(int round)
{
	int n;

	for (n = 0; n < 10; n++)
		borelog_event("t", "plugin", round, n);
}

__attribute__((constructor)) static void loaded(void)
{
	borelog_event("t", "plugin_loaded");
}

__attribute__((destructor)) static void unloaded(void)
{
	borelog_event("t", "plugin_unloaded");
}
