/* SPDX-License-Identifier: MIT */
/**
 * hypercall.h - for test programs in dom0: borelog's hypercalls, and Xen's pages, through /dev/xen/privcmd and without our module.
 *
 * Only one thread may use it. Errors of the hypercall are negative numbers of errno; what cannot happen ends the program.
 */
#ifndef TESTS_XEN_HYPERCALL_H
#define TESTS_XEN_HYPERCALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xen/abi/hypercall.h"

/** blx_open() - open privcmd; to be called first. */
void blx_open(void);

/** blx_raw() - any hypercall. Memory that its arguments point to must have been touched. */
long blx_raw(unsigned int number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);

/** blx_do() - operation @op on @arg; its results are in @arg. */
int blx_do(unsigned int op, void *arg, size_t size);

/** blx_map() - map @n frames of Xen's with PROT_* @prot. Return: NULL: refused, errno says why. */
void *blx_map(const uint64_t *frames, size_t n, int prot);

/** blx_map_of() - the same, frames of @domain */
void *blx_map_of(uint16_t domain, const uint64_t *frames, size_t n, int prot);

/** blx_cpu() - take a pCPU offline or bring it online. */
void blx_cpu(uint32_t cpu, bool online);

#endif
