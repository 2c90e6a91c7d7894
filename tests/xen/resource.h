/* SPDX-License-Identifier: MIT */
/**
 * resource.h - attributes below /sys/hypervisor/resources, for test programs in dom0: read, and waited for as docs/xen-resources.md
 * says.
 */
#ifndef TESTS_XEN_RESOURCE_H
#define TESTS_XEN_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RESOURCES "/sys/hypervisor/resources/"

/** resource_open() - @path below RESOURCES. Return: a descriptor, or a negative errno. */
int resource_open(const char *path);

/** resource_read() - into @text, without its newline. Return: 0 or a negative errno. */
int resource_read(int fd, char *text, size_t size);

/** resource_sleep() - until there may be something new since the last resource_read(). */
void resource_sleep(int fd);

/** resource_wait() - sleep until it reads @text. Return: false: it cannot be read any more. */
bool resource_wait(int fd, const char *text);

/** resource_number() - of an attribute that is one. */
uint64_t resource_number(const char *path);

/** resource_wait_number() - until it is at least @least. */
void resource_wait_number(const char *path, uint64_t least);

/** resource_find_domain() - serial of the entry of domain @id; 0: there is none. */
uint64_t resource_find_domain(unsigned int id);

/** resource_wait_no_domain() - sleep until there is no entry of domain @id. */
void resource_wait_no_domain(unsigned int id);

#endif
