/* SPDX-License-Identifier: MIT */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static ssize_t read_file(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -ESRCH;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n <= 0)
		return -ESRCH;
	buf[n] = 0;
	return n;
}

/* Field of a line "Name:\tvalue"; the value of the last column if @last. */
static long status_value(const char *status, const char *name, int column, bool last, long missing)
{
	const char *at = strstr(status, name);
	long value = missing;
	char *end;
	int i;

	if (!at)
		return missing;
	at += strlen(name);
	for (i = 0; last || i <= column; i++) {
		long v;

		while (*at == ' ' || *at == '\t')
			at++;
		if (*at == '\n' || !*at)
			break;
		v = strtol(at, &end, 10);
		if (end == at)
			break;
		value = v;
		at = end;
	}
	return value;
}

static int64_t start_time(const char *stat)
{
	const char *at = strrchr(stat, ')');
	struct timespec real, boot;
	unsigned long long ticks = 0;
	int i;

	if (!at)
		return 0;
	at++;
	for (i = 3; i < 22 && at; i++)
		at = strchr(at + 1, ' ');
	if (at)
		ticks = strtoull(at, NULL, 10);
	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return real.tv_sec - boot.tv_sec + (int64_t)(ticks / (unsigned long long)sysconf(_SC_CLK_TCK));
}

static void read_executable(pid_t pid, const char *stat, char ret[PATH_MAX])
{
	const char *open = strchr(stat, '('), *close = strrchr(stat, ')');
	char path[64];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, ret, PATH_MAX - 1);
	if (n > 0)
		ret[n] = 0;
	else if (open && close > open)
		(void)snprintf(ret, PATH_MAX, "%.*s", (int)(close - open - 1), open + 1);
	else
		ret[0] = 0;
}

int proc_read(pid_t pid, struct proc_facts *ret)
{
	char status[8192], stat[1024];
	const char *state;

	if (read_file(pid, "status", status, sizeof(status)) < 0 || read_file(pid, "stat", stat, sizeof(stat)) < 0)
		return -ESRCH;
	state = strrchr(stat, ')');
	if (!state || state[1] != ' ' || state[2] == 'Z' || state[2] == 'X')
		return -ESRCH;
	ret->uid = (uid_t)status_value(status, "\nUid:", 1, false, -1);
	ret->ns_pid = (pid_t)status_value(status, "\nNSpid:", 0, true, pid);
	ret->seccomp = status_value(status, "\nSeccomp:", 0, false, 0) != 0;
	ret->start_s = start_time(stat);
	read_executable(pid, stat, ret->executable);
	return 0;
}
