/* SPDX-License-Identifier: MIT */
/*
 * preload_early.c - a second preloaded library, which depends on nothing: its constructor runs before those of the probes, its
 * destructor after theirs. Uses a function of each area in both, and counts in an exported variable.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int preload_early_good;

static void *thread(void *arg)
{
	return arg;
}

static int uses_everything(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	char line[16] = "", *block = calloc(3, 100), *moved;
	FILE *stream = fopen("/proc/self/comm", "r");
	const int fd = open("/dev/null", O_RDWR);
	pthread_t id;
	void *result;
	int good = 0;

	errno = 77;
	moved = realloc(block, 1000);
	good += moved && !moved[299];
	free(moved);
	good += fd >= 0 && write(fd, "x", 1) == 1 && read(fd, line, 1) == 0 && !close(fd);
	good += stream && fgets(line, sizeof(line), stream) && !fclose(stream);
	good += !pthread_mutex_lock(&mutex) && !pthread_mutex_unlock(&mutex);
	good += !pthread_create(&id, NULL, thread, &mutex) && !pthread_join(id, &result) && result == &mutex;
	good += dlopen("libm.so.6", RTLD_LAZY | RTLD_NOLOAD) || !dlopen("no-such-library.so", RTLD_LAZY);
	good += errno == 77 || errno == ENOENT;
	return good;
}

__attribute__((constructor)) static void early(void)
{
	preload_early_good = uses_everything();
}

__attribute__((destructor)) static void late(void)
{
	if (uses_everything() != 7)
		abort();
}
