/* SPDX-License-Identifier: MIT */
/*
 * module_fuzz.c - in dom0: /dev/borelog-xen with arguments that make no sense, and with those that nearly do.
 *
 * usage: module_fuzz SEED STEPS
 *
 * Each step is a call on one of a few open files, with numbers that like to be at the edges of what is meant, and addresses that
 * are good, bad, the kernel's, or cut off by the end of a page. Which ones depends on the seed alone. An error that the contract
 * does not know ends it. What is wrong in the kernel shows in its log, what is lost in Xen's free memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kmod/abi/stream.h"
#include "tests/xen/check.h"

#define DEVICE "/dev/borelog-xen"
#define N_FILES 3
#define N_MAPPED 8
#define PAGE 4096ul
#define LIMIT_S 900

static uint64_t state;
static uint8_t *buffer;  /* a page that can be written; behind it there is nothing */
static uint8_t *nothing; /* a page that cannot be accessed */
static int files[N_FILES];
static struct {
	void *at;
	size_t size;
} mapped[N_MAPPED];

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static uint64_t below(uint64_t n)
{
	return next() % n;
}

static uint64_t number(void)
{
	static const uint64_t edges[] = {0,   1,    2,    3,     4,     7,     8,          12,         13,
					 14,  16,   22,   23,    31,    32,    63,         64,         128,
					 129, 4095, 4096, 65535, 65536, 65537, 0x7fffffff, 0x80000000, 0xffffffff};

	switch (below(4)) {
	case 0:
		return next();
	case 1:
		return next() >> below(64);
	case 2:
		return -below(9);
	default:
		return edges[below(sizeof(edges) / sizeof(edges[0]))];
	}
}

static uint64_t address(void)
{
	switch (below(6)) {
	case 0:
		return 0;
	case 1:
		return number();
	case 2:
		return (uintptr_t)nothing;
	case 3:
		return (uintptr_t)buffer + PAGE - below(256);
	case 4:
		return 0xffffffff81000000u + below(PAGE);
	default:
		return (uintptr_t)buffer + below(PAGE / 2);
	}
}

static void refill(uint8_t *at, size_t size)
{
	while (size--)
		*at++ = (uint8_t)number();
}

/* A creation that succeeds often enough to have sessions to play with */
static void likely(struct bls_create *create)
{
	*create = (struct bls_create){.sub_shift = (uint32_t)(12 + below(6)), .n_sub = 2u << below(3), .flags = (uint32_t)below(2)};
	if (!below(3)) {
		create->events = address();
		create->n_events = (uint32_t)number();
	}
	if (!below(3)) {
		create->cpus = address();
		create->n_cpus = (uint32_t)number();
	}
}

/* Return: an address for an ioctl's argument; where it is good there are numbers, and often a plausible first one. */
static uint64_t argument(unsigned long what)
{
	uint8_t *at = buffer + 8 * below(PAGE / 16);

	if (!below(5))
		return address();
	refill(at, 128);
	if (what == BLS_CREATE && below(4))
		likely((struct bls_create *)at);
	else if (what == BLS_EVENTS)
		*(struct bls_events *)at =
			(struct bls_events){.to = address(), .size = (uint32_t)number(), .from = (uint32_t)number()};
	else if (below(2))
		*(uint32_t *)at = (uint32_t)below(3);
	return (uintptr_t)at;
}

static void known_error(const char *what, unsigned long number, int err)
{
	static const int known[] = {EINVAL, EFAULT, ENOTTY, EBUSY, EBADFD, ENODEV, ENOMEM, EAGAIN, EACCES};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (err == known[i])
			return;
	CHECK(0, "%s %lx gave error %d, %s", what, number, err, strerror(err));
}

static void step_ioctl(int fd)
{
	static const unsigned long whats[] = {BLS_INFO,  BLS_EVENTS, BLS_CREATE, BLS_CREATE, BLS_START,    BLS_STOP,
					      BLS_FLUSH, BLS_RING,   BLS_PUT,    BLS_PUT,    BLS_COUNTERS, BLS_LOOK};
	const unsigned long random = _IOC(below(4), 'b', below(16), below(256));
	const unsigned long what = below(20) ? whats[below(sizeof(whats) / sizeof(whats[0]))] : random;

	if (ioctl(fd, what, argument(what)) < 0)
		known_error("ioctl", what, errno);
}

static void step_map(int fd)
{
	const unsigned int i = (unsigned int)below(N_MAPPED);
	const uint64_t offset = below(2) ? below(3) << BLS_CPU_SHIFT : number() & ~(PAGE - 1) & INT64_MAX;
	const size_t size = below(2) ? PAGE * (1 + below(64)) : 1 + number() % (64ul << 20);
	const int prot = below(3) ? PROT_READ : (int)below(8);
	const int flags = below(4) ? MAP_SHARED : MAP_PRIVATE;

	if (mapped[i].at)
		munmap(mapped[i].at, mapped[i].size);
	mapped[i].at = mmap(NULL, size, prot, flags, fd, (off_t)offset);
	mapped[i].size = size;
	if (mapped[i].at == MAP_FAILED) {
		mapped[i].at = NULL;
		if (errno != EOVERFLOW)
			known_error("mmap", offset, errno);
	}
}

static void step_mapping(void)
{
	const unsigned int i = (unsigned int)below(N_MAPPED);
	volatile const uint8_t *at = mapped[i].at;

	if (!at)
		return;
	CHECK(mprotect(mapped[i].at, mapped[i].size, (int)below(8)) < 0, "mprotect");
	(void)at[below(mapped[i].size / PAGE + !(mapped[i].size / PAGE)) * PAGE];
}

static void step_reopen(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = open(DEVICE, below(4) ? O_RDWR : O_RDONLY);
	CHECK(*fd >= 0, "open: %s", strerror(errno));
}

static void step(void)
{
	int *fd = &files[below(N_FILES)];
	struct pollfd it = {.fd = *fd, .events = (short)number()};

	switch (below(32)) {
	case 0:
		step_reopen(fd);
		break;
	case 1:
	case 2:
		step_map(*fd);
		break;
	case 3:
		step_mapping();
		break;
	case 4:
		poll(&it, 1, 0);
		break;
	default:
		step_ioctl(*fd);
	}
}

static void end(void)
{
	int i;

	for (i = 0; i < N_MAPPED; i++)
		if (mapped[i].at)
			munmap(mapped[i].at, mapped[i].size);
	for (i = 0; i < N_FILES; i++)
		close(files[i]);
}

int main(int argc, char **argv)
{
	uint64_t steps, left;
	int i;

	if (argc != 3)
		return 2;
	alarm(LIMIT_S);
	state = strtoull(argv[1], NULL, 0) * 2 + 1;
	steps = strtoull(argv[2], NULL, 0);
	buffer = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	nothing = buffer + PAGE;
	if (buffer == MAP_FAILED || mprotect(nothing, PAGE, PROT_NONE))
		return 1;
	for (i = 0; i < N_FILES; i++) {
		files[i] = -1;
		step_reopen(&files[i]);
	}
	for (left = steps; left && !check_failures; left--)
		step();
	if (check_failures)
		printf("module_fuzz: seed %s, step %" PRIu64 "\n", argv[1], steps - left);
	end();
	return check_end("module_fuzz");
}
