/* SPDX-License-Identifier: MIT */
/* See resource.h. */
#include "tests/xen/resource.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT 128

static void die(const char *path, int err)
{
	fprintf(stderr, RESOURCES "%s: %s\n", path, strerror(-err));
	exit(1);
}

int resource_open(const char *path)
{
	char whole[256];
	int fd;

	snprintf(whole, sizeof(whole), RESOURCES "%s", path);
	fd = open(whole, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int resource_read(int fd, char *text, size_t size)
{
	const ssize_t n = pread(fd, text, size - 1, 0);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

void resource_sleep(int fd)
{
	struct pollfd it = {.fd = fd, .events = POLLPRI | POLLERR};

	while (poll(&it, 1, -1) < 0)
		if (errno != EINTR)
			die("poll", -errno);
}

bool resource_wait(int fd, const char *text)
{
	char now[TEXT];

	for (;;) {
		if (resource_read(fd, now, sizeof(now)))
			return false;
		if (!strcmp(now, text))
			return true;
		resource_sleep(fd);
	}
}

static uint64_t number(int fd, const char *path)
{
	char text[TEXT];
	const int err = resource_read(fd, text, sizeof(text));

	if (err)
		die(path, err);
	return strtoull(text, NULL, 10);
}

uint64_t resource_number(const char *path)
{
	const int fd = resource_open(path);
	uint64_t is;

	if (fd < 0)
		die(path, fd);
	is = number(fd, path);
	close(fd);
	return is;
}

void resource_wait_number(const char *path, uint64_t least)
{
	const int fd = resource_open(path);

	if (fd < 0)
		die(path, fd);
	while (number(fd, path) < least)
		resource_sleep(fd);
	close(fd);
}

/* An entry may go while we look. */
static bool is_domain(const char *serial, unsigned int id)
{
	char path[64], text[TEXT];
	bool is;
	int fd;

	snprintf(path, sizeof(path), "domains/%.20s/domain", serial);
	fd = resource_open(path);
	if (fd < 0)
		return false;
	is = !resource_read(fd, text, sizeof(text)) && strtoul(text, NULL, 10) == id;
	close(fd);
	return is;
}

static uint64_t find_domain(unsigned int id)
{
	DIR *dir = opendir(RESOURCES "domains");
	uint64_t found = 0;
	struct dirent *entry;

	if (!dir)
		die("domains", -errno);
	while (!found && (entry = readdir(dir)))
		if (is_domain(entry->d_name, id))
			found = strtoull(entry->d_name, NULL, 10);
	closedir(dir);
	return found;
}

/* A directory that goes while the others are listed can hide one of them: a list counts only if nothing has changed meanwhile. */
static uint64_t find_surely(int generation, unsigned int id)
{
	const char *path = "domains/generation";
	uint64_t found, before;

	do {
		before = number(generation, path);
		found = find_domain(id);
	} while (!found && number(generation, path) != before);
	return found;
}

static int open_generation(void)
{
	const int fd = resource_open("domains/generation");

	if (fd < 0)
		die("domains/generation", fd);
	return fd;
}

uint64_t resource_find_domain(unsigned int id)
{
	const int fd = open_generation();
	const uint64_t found = find_surely(fd, id);

	close(fd);
	return found;
}

void resource_wait_no_domain(unsigned int id)
{
	const int fd = open_generation();

	while (find_surely(fd, id))
		resource_sleep(fd);
	close(fd);
}
