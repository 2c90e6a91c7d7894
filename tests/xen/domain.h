/* SPDX-License-Identifier: MIT */
/**
 * domain.h - for test programs in dom0: domains that are never booted, made and destroyed by hypercall alone, and what keeps them
 * from being freed. For Xen 4.17 (domctl's interface has a version). blx_open() comes first; errors end the program.
 */
#ifndef TESTS_XEN_DOMAIN_H
#define TESTS_XEN_DOMAIN_H

#include <stddef.h>
#include <stdint.h>

/** domain_create() - a PV domain with room for one vCPU, paused, without memory. Return: its id. */
uint16_t domain_create(const uint8_t uuid[16]);

/** domain_populate() - give it @n pages; @frames gets their machine frames. */
void domain_populate(uint16_t id, size_t n, uint64_t *frames);

void domain_unpause(uint16_t id);
void domain_shut_down(uint16_t id, unsigned int reason);

/** domain_destroy() - until Xen has taken it apart, but for what others hold of it. */
void domain_destroy(uint16_t id);

/** domain_map() - a page of it, which it is not freed without. To be unmapped with munmap(). */
void *domain_map(uint16_t id, uint64_t frame);

#endif
