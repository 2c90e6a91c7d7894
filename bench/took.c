/* SPDX-License-Identifier: MIT */
/*
 * took.c - runs a command and says what it took.
 *
 * usage: bench-took OUT COMMAND...     into the file OUT: {"status":, "elapsed_ns":, "cpu_ns":, "max_rss":}
 *
 * A process begins with the memory of the one that it was forked from as its maximum, so this has to be done by a small one. SIGTERM is
 * passed on.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile pid_t child;

static void pass_on(int number)
{
	kill(child, number);
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int64_t timeval_ns(struct timeval tv)
{
	return (int64_t)tv.tv_sec * 1000000000 + (int64_t)tv.tv_usec * 1000;
}

int main(int argc, char **argv)
{
	const int64_t begin = now_ns();
	struct rusage usage;
	int64_t elapsed;
	int status;
	FILE *out;

	if (argc < 3)
		return 2;
	child = fork();
	if (!child) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	signal(SIGTERM, pass_on);
	while (wait4(child, &status, 0, &usage) != child)
		;
	elapsed = now_ns() - begin;
	out = fopen(argv[1], "w");
	if (!out)
		return 1;
	fprintf(out, "{\"status\":%d,\"elapsed_ns\":%" PRId64 ",\"cpu_ns\":%" PRId64 ",\"max_rss\":%ld}\n",
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), elapsed,
		timeval_ns(usage.ru_utime) + timeval_ns(usage.ru_stime), usage.ru_maxrss * 1024);
	return fclose(out) != 0;
}
