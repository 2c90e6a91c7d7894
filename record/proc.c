/* SPDX-License-Identifier: MIT */
#include "proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static uint64_t namespace_of(const char *process, const char *kind)
{
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%s/ns/%s", process, kind);
	return stat(path, &st) ? 0 : st.st_ino;
}

static uint64_t namespace_of_pid(pid_t pid, const char *kind)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	return namespace_of(text, kind);
}

uint64_t proc_own_namespace(void)
{
	return namespace_of("self", "pid");
}

bool proc_is_ours(void)
{
	char self[16];
	const ssize_t n = readlink("/proc/self", self, sizeof(self) - 1);

	if (n <= 0)
		return false;
	self[n] = 0;
	return strtol(self, NULL, 10) == getpid();
}

/*
 * The process' numbers, from our pid namespace down to its own: only one for a process of ours. Which the others are of the kernel tells
 * who may trace it.
 */
static void read_namespace(pid_t pid, const char *status, struct proc_facts *ret)
{
	const char *at = strstr(status, "\nNSpid:"), *end;

	ret->ns_pid = (pid_t)status_value(status, "\nNSpid:", 0, true, pid);
	at = at ? at + strlen("\nNSpid:") : NULL;
	end = at ? strchr(at, '\n') : NULL;
	at = at ? at + strspn(at, " \t") : NULL;
	if (end && at + strcspn(at, " \t\n") < end)
		ret->ns = namespace_of_pid(pid, "pid");
	else
		ret->ns = proc_own_namespace();
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
	read_namespace(pid, status, ret);
	ret->seccomp = status_value(status, "\nSeccomp:", 0, false, 0) != 0;
	ret->start_s = start_time(stat);
	read_executable(pid, stat, ret->executable);
	return 0;
}

/* /proc/PID/uid_map as we read it: first id inside, first id outside, count. */
bool proc_knows_user(pid_t pid, uid_t uid)
{
	unsigned long inside, outside, count;
	char path[64];
	bool knows = false;
	FILE *map;

	(void)snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	map = fopen(path, "re");
	if (!map)
		return true; /* a kernel without */
	while (!knows && fscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3)
		knows = uid >= outside && uid - outside < count;
	(void)fclose(map);
	return knows;
}

static int inner_add(struct proc_inner *inner, pid_t pid)
{
	struct proc_inner_entry *at = inner->at;
	struct proc_facts facts;

	if (proc_read(pid, &facts) || !facts.ns || facts.ns == proc_own_namespace())
		return 0;
	/* Room for 16, 32, 64 ... */
	if (inner->n < 16 ? !inner->n : !(inner->n & (inner->n - 1)))
		at = realloc(at, (inner->n < 16 ? 16 : 2 * inner->n) * sizeof(*at));
	if (!at)
		return -ENOMEM;
	inner->at = at;
	at[inner->n++] = (struct proc_inner_entry){.ns = facts.ns, .ns_pid = facts.ns_pid, .pid = pid};
	return 0;
}

int proc_inner_read(struct proc_inner *ret)
{
	const struct dirent *entry;
	DIR *dir = opendir("/proc");
	int err = 0;

	*ret = (struct proc_inner){0};
	while (dir && !err && (entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			err = inner_add(ret, (pid_t)strtol(entry->d_name, NULL, 10));
	if (dir)
		closedir(dir);
	return err;
}

void proc_inner_fini(struct proc_inner *inner)
{
	free(inner->at);
	*inner = (struct proc_inner){0};
}

pid_t proc_inner_find(const struct proc_inner *inner, uint64_t ns, pid_t ns_pid)
{
	size_t i;

	for (i = 0; i < inner->n; i++)
		if (inner->at[i].ns == ns && inner->at[i].ns_pid == ns_pid)
			return inner->at[i].pid;
	return 0;
}
