// SPDX-License-Identifier: MIT
// tsc_now - print the CPU's time stamp counter. A PV dom0 reads that of Xen.
#include <inttypes.h>
#include <stdio.h>
#include <x86intrin.h>

int main(void)
{
	printf("%" PRIu64 "\n", (uint64_t)__rdtsc());
	return 0;
}
