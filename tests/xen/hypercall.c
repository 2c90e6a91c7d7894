/* SPDX-License-Identifier: MIT */
/* See hypercall.h. */
#include "tests/xen/hypercall.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define DOMID_XEN 0x7ff2
#define PAGE 4096
#define SYSCTL_CPU_HOTPLUG 11
#define CPU_ONLINE 0
#define CPU_OFFLINE 1

/* Linux's xen/privcmd.h is for who builds programs on a Xen host; here it is not installed. */
struct privcmd_hypercall {
	uint64_t op;
	uint64_t arg[5];
};

struct privcmd_mmapbatch_v2 {
	unsigned int num;
	uint16_t dom;
	uint64_t addr;
	const uint64_t *arr;
	int *err;
};

#define IOCTL_PRIVCMD_HYPERCALL _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))
#define IOCTL_PRIVCMD_MMAPBATCH_V2 _IOC(_IOC_NONE, 'P', 4, sizeof(struct privcmd_mmapbatch_v2))

static int privcmd = -1;
static uint32_t version;

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

void blx_open(void)
{
	privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
	if (privcmd < 0)
		die("/dev/xen/privcmd");
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		die("mlockall");
}

long blx_raw(unsigned int number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	struct privcmd_hypercall call = {number, {a, b, c, d, e}};
	const long r = ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, &call);

	return r < 0 ? -errno : r;
}

static long sysctl(uint32_t with_version, unsigned int op, void *arg, size_t size)
{
	struct blx_call call = {.sysctl = BLX_SYSCTL_TBUF,
				.version = with_version,
				.op = op,
				.arg = (uintptr_t)arg,
				.arg_size = (uint32_t)size,
				.magic = BLX_MAGIC};

	return blx_raw(BLX_SYSCTL_HYPERCALL, (uintptr_t)&call, 0, 0, 0, 0);
}

int blx_do(unsigned int op, void *arg, size_t size)
{
	uint32_t try;

	for (try = BLX_SYSCTL_VERSION_MIN; !version && try <= BLX_SYSCTL_VERSION_MAX; try++) {
		struct blx_info info;

		if (sysctl(try, BLX_INFO, &info, sizeof(info)) != -EACCES)
			version = try;
	}
	return (int)sysctl(version, op, arg, size);
}

void *blx_map(const uint64_t *frames, size_t n, int prot)
{
	return blx_map_of(DOMID_XEN, frames, n, prot);
}

void *blx_map_of(uint16_t domain, const uint64_t *frames, size_t n, int prot)
{
	void *at = mmap(NULL, n * PAGE, prot, MAP_SHARED, privcmd, 0);
	int *err = calloc(n, sizeof(*err));
	struct privcmd_mmapbatch_v2 batch = {
		.num = (unsigned int)n, .dom = domain, .addr = (uintptr_t)at, .arr = frames, .err = err};
	size_t i;
	int r;

	if (at == MAP_FAILED || !err)
		die("no memory");
	r = ioctl(privcmd, IOCTL_PRIVCMD_MMAPBATCH_V2, &batch) ? errno : 0;
	for (i = 0; i < n && !r; i++)
		r = -err[i];
	free(err);
	if (!r)
		return at;
	munmap(at, n * PAGE);
	errno = r;
	return NULL;
}

void blx_cpu(uint32_t cpu, bool online)
{
	struct {
		uint32_t sysctl;
		uint32_t version;
		uint32_t cpu;
		uint32_t op;
		uint8_t rest[120];
	} call = {SYSCTL_CPU_HOTPLUG, BLX_SYSCTL_VERSION_MIN, cpu, online ? CPU_ONLINE : CPU_OFFLINE, {0}};
	const long r = blx_raw(BLX_SYSCTL_HYPERCALL, (uintptr_t)&call, 0, 0, 0, 0);

	if (r) {
		errno = (int)-r;
		die(online ? "pCPU online" : "pCPU offline");
	}
}
