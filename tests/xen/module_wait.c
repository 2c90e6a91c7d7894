/* SPDX-License-Identifier: MIT */
/*
 * module_wait.c - in dom0: sleep on an attribute below /sys/hypervisor/resources until it reads as TEXT, or cannot be read any
 * more.
 *
 * usage: module_wait PATH TEXT
 *
 * Says "asleep" when it has read it once. The status is 3 if it cannot be read.
 */
#include <stdio.h>
#include <string.h>

#include "tests/xen/resource.h"

int main(int argc, char **argv)
{
	char text[128];
	int fd;

	if (argc != 3)
		return 2;
	fd = resource_open(argv[1]);
	if (fd < 0 || resource_read(fd, text, sizeof(text)))
		return 3;
	puts("asleep");
	fflush(stdout);
	return resource_wait(fd, argv[2]) ? 0 : 3;
}
