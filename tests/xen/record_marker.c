/* SPDX-License-Identifier: MIT */
/*
 * record_marker.c - a program in dom0 for record_xen.py, traced itself.
 *
 * usage: record_marker calls N      N hypercalls between two trace points each, which the trace must show in this order
 *        record_marker end          end the hypervisor's trace session, whoever's it is
 *        record_marker domain       make a domain and print its number; destroy it when standard input ends
 *
 * The hypercall is one that nobody else makes and Xen refuses at once: an HVM operation that does not exist.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "borelog.h"
#include "tests/xen/domain.h"
#include "tests/xen/hypercall.h"

#define HYPERVISOR_HVM_OP 34
#define NO_SUCH_OPERATION 0x7fffffff
#define PAGES 16

static int make_calls(long n)
{
	long i;

	for (i = 0; i < n; i++) {
		long r;

		borelog_event("marker", "before", i);
		r = blx_raw(HYPERVISOR_HVM_OP, NO_SUCH_OPERATION, 0, 0, 0, 0);
		borelog_event("marker", "after", i);
		if (r != -ENOSYS) {
			fprintf(stderr, "record_marker: the hypercall returned %ld\n", r);
			return 1;
		}
	}
	return 0;
}

static int end_session(void)
{
	struct blx_session_name name;
	struct blx_info info;
	int r;

	r = blx_do(BLX_INFO, &info, sizeof(info));
	name.serial = info.serial;
	if (!r)
		r = blx_do(BLX_DESTROY, &name, sizeof(name));
	if (r)
		fprintf(stderr, "record_marker: %s\n", strerror(-r));
	return r != 0;
}

static int live_as_domain(void)
{
	static const uint8_t uuid[16] = {0xb0, 0x7e, 0x10, 0x09, 1, 2, 0x43, 4, 0x85, 6, 7, 8, 9, 10, 11, 12};
	uint64_t frames[PAGES];
	const uint16_t id = domain_create(uuid);

	domain_populate(id, PAGES, frames);
	printf("%u\n", id);
	fflush(stdout);
	while (getchar() != EOF)
		;
	domain_destroy(id);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	blx_open();
	if (!strcmp(what, "calls") && argc == 3)
		return make_calls(strtol(argv[2], NULL, 10));
	if (!strcmp(what, "end"))
		return end_session();
	if (!strcmp(what, "domain"))
		return live_as_domain();
	fprintf(stderr, "record_marker: calls N, end, or domain\n");
	return 2;
}
