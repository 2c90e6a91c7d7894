/* SPDX-License-Identifier: MIT */
/* See domain.h. Numbers and layouts are those of Xen 4.17's public headers, which are not installed here. */
#include "tests/xen/domain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/xen/hypercall.h"

#define HYPERCALL_MEMORY 12
#define HYPERCALL_SCHED 29
#define HYPERCALL_DOMCTL 36
#define DOMCTL_VERSION 0x15
#define POPULATE_PHYSMAP 6
#define REMOTE_SHUTDOWN 4
#define MAX_KB 65536

enum domctl {
	CREATE = 1,
	DESTROY = 2,
	UNPAUSE = 4,
	MAX_MEMORY = 11,
};

struct domctl_create {
	uint32_t ssidref;
	uint8_t uuid[16];
	uint32_t flags;
	uint32_t iommu_opts;
	uint32_t max_vcpus;
	uint32_t max_evtchn_port;
	int32_t max_grant_frames;
	int32_t max_maptrack_frames;
	uint32_t grant_opts;
	uint32_t vmtrace_size;
	uint32_t cpupool_id;
	uint32_t emulation_flags;
	uint32_t misc_flags;
};

struct domctl_op {
	uint32_t cmd;
	uint32_t version;
	uint16_t domain;
	uint16_t reserved[3];
	union {
		struct domctl_create create;
		uint64_t max_kb;
		uint8_t all[128];
	};
};

static void die(const char *what, uint16_t id, long err)
{
	fprintf(stderr, "domain %u: %s: %s\n", id, what, strerror((int)-err));
	exit(1);
}

static long call(struct domctl_op *op)
{
	op->version = DOMCTL_VERSION;
	return blx_raw(HYPERCALL_DOMCTL, (uintptr_t)op, 0, 0, 0, 0);
}

uint16_t domain_create(const uint8_t uuid[16])
{
	struct domctl_op op = {
		.cmd = CREATE,
		.create = {.max_vcpus = 1,
			   .max_evtchn_port = 1023,
			   .max_grant_frames = -1,
			   .max_maptrack_frames = -1,
			   .grant_opts = 1},
	};
	long err;

	memcpy(op.create.uuid, uuid, sizeof(op.create.uuid));
	err = call(&op);
	if (err)
		die("create", 0, err);
	return op.domain;
}

void domain_populate(uint16_t id, size_t n, uint64_t *frames)
{
	struct domctl_op op = {.cmd = MAX_MEMORY, .domain = id, .max_kb = MAX_KB};
	struct {
		uint64_t frames;
		uint64_t n;
		uint32_t order;
		uint32_t flags;
		uint16_t domain;
	} reservation = {.frames = (uintptr_t)frames, .n = n, .domain = id};
	long done = call(&op);
	size_t i;

	if (done)
		die("set its maximum of memory", id, done);
	for (i = 0; i < n; i++)
		frames[i] = i; /* where the guest sees them, before Xen writes where they are */
	done = blx_raw(HYPERCALL_MEMORY, POPULATE_PHYSMAP, (uintptr_t)&reservation, 0, 0, 0);
	if (done != (long)n)
		die("populate", id, done < 0 ? done : -ENOMEM);
}

void domain_unpause(uint16_t id)
{
	struct domctl_op op = {.cmd = UNPAUSE, .domain = id};
	const long err = call(&op);

	if (err)
		die("unpause", id, err);
}

void domain_shut_down(uint16_t id, unsigned int reason)
{
	struct {
		uint16_t domain;
		uint32_t reason;
	} shutdown = {id, reason};
	const long err = blx_raw(HYPERCALL_SCHED, REMOTE_SHUTDOWN, (uintptr_t)&shutdown, 0, 0, 0);

	if (err)
		die("shut down", id, err);
}

void domain_destroy(uint16_t id)
{
	struct domctl_op op = {.cmd = DESTROY, .domain = id};
	long err;

	do {
		err = call(&op);
	} while (err == -EAGAIN);
	if (err)
		die("destroy", id, err);
}

void *domain_map(uint16_t id, uint64_t frame)
{
	void *at = blx_map_of(id, &frame, 1, PROT_READ);

	if (!at)
		die("map", id, -errno);
	return at;
}
