/* SPDX-License-Identifier: MIT */
/*
 * module_stream.c - in dom0: /dev/borelog-xen keeps what kmod/abi/stream.h promises.
 *
 * usage: module_stream             sessions come and go by all ways that there are, and Xen's own view of them is asked for
 *        module_stream hold        says "held" when it has a ring mapped and nothing else of ours, until standard input ends
 *        module_stream moved       moves a mapping, which makes the kernel complain
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmod/abi/stream.h"
#include "tests/xen/check.h"
#include "tests/xen/hypercall.h"
#include "tests/xen/resource.h"

#define DEVICE "/dev/borelog-xen"
#define LIMIT_S 600
#define PAGE 4096ul
#define SUB_SHIFT 14
#define N_SUB 4
#define CALLS 2000
#define ROUNDS 50
#define PACKET_MAGIC 0xc1fc1fc1u
#define HYPERCALL_XEN_VERSION 17

static const struct bls_create usual = {.sub_shift = SUB_SHIFT, .n_sub = N_SUB, .stream_id = 7};

static int device(void)
{
	const int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		perror(DEVICE);
		exit(1);
	}
	return fd;
}

static int call(int fd, unsigned long what, void *arg)
{
	return ioctl(fd, what, arg) < 0 ? errno : 0;
}

#define GIVES(wanted, fd, what, arg)                                                                                               \
	do {                                                                                                                       \
		const int gave = call(fd, what, arg);                                                                              \
		CHECK(gave == (wanted), #what " gave %s", strerror(gave));                                                         \
	} while (0)

/* A session that is wanted for what comes then. */
static int session(uint64_t *ret_serial)
{
	struct bls_create create = usual;
	const int fd = device();

	GIVES(0, fd, BLS_CREATE, &create);
	CHECK(create.serial, "serial");
	if (ret_serial)
		*ret_serial = create.serial;
	return fd;
}

static struct blx_info xen_info(void)
{
	struct blx_info info = {0};

	CHECK(!blx_do(BLX_INFO, &info, sizeof(info)), "info");
	return info;
}

static uint64_t mapped_pages(int fd)
{
	struct bls_info info;

	GIVES(0, fd, BLS_INFO, &info);
	return info.mapped_pages;
}

static void wait_destroyed(uint64_t serial)
{
	resource_wait_number("trace/session/destroyed", serial);
}

static size_t ring_bytes(int fd, uint32_t cpu, struct bls_ring *ring)
{
	*ring = (struct bls_ring){.cpu = cpu};
	GIVES(0, fd, BLS_RING, ring);
	return PAGE + ((size_t)ring->n_phys << ring->sub_shift);
}

static void *map(int fd, uint32_t cpu, size_t size, int prot, int flags)
{
	return mmap(NULL, size, prot, flags, fd, (off_t)cpu << BLS_CPU_SHIFT);
}

/* Hypercalls, which Xen's trace sites see. */
static void make_records(void)
{
	int i;

	for (i = 0; i < CALLS; i++)
		blx_raw(HYPERCALL_XEN_VERSION, 0, 0, 0, 0, 0);
}

/* ---- Without a session ---- */

static void test_info(void)
{
	const struct blx_info xen = xen_info();
	struct bls_info info;
	const int fd = device();

	GIVES(0, fd, BLS_INFO, &info);
	CHECK(info.abi == BLS_ABI && info.layer == BLS_LAYER_XEN && info.ring_abi == xen.ring_abi, "ABIs %u %u, layer %u", info.abi,
	      info.ring_abi, info.layer);
	CHECK(info.n_cpus == xen.n_cpus && info.n_cpus, "%u CPUs", info.n_cpus);
	CHECK(info.n_events == xen.n_events && info.n_events && info.events_size == xen.events_size, "%u events, %u bytes",
	      info.n_events, info.events_size);
	CHECK(info.tsc_khz == xen.tsc_khz && info.tsc_khz, "%u kHz", info.tsc_khz);
	CHECK(!(info.flags & BLS_BUSY), "busy");
	close(fd);
}

/* In one piece and in many, they are the same. */
static void test_events(void)
{
	const struct blx_info xen = xen_info();
	const uint32_t piece = 1000;
	uint8_t *whole = calloc(1, xen.events_size), *pieces = calloc(1, xen.events_size + piece);
	struct bls_events events = {.to = (uintptr_t)whole, .size = xen.events_size};
	const int fd = device();
	uint32_t done = 0;

	while (done < xen.events_size) {
		events.to = (uintptr_t)whole + done;
		events.from = done;
		events.size = xen.events_size - done;
		GIVES(0, fd, BLS_EVENTS, &events);
		CHECK(events.copied && events.total == xen.events_size, "%u of %u bytes", events.copied, events.total);
		if (!events.copied)
			break;
		done += events.copied;
	}
	for (done = 0; done < xen.events_size; done += piece) {
		events = (struct bls_events){.to = (uintptr_t)pieces + done, .from = done, .size = piece};
		GIVES(0, fd, BLS_EVENTS, &events);
	}
	CHECK(!memcmp(whole, pieces, xen.events_size), "pieces");
	events = (struct bls_events){.to = (uintptr_t)pieces, .size = 8, .from = xen.events_size / 8 * 8 + 8};
	GIVES(EINVAL, fd, BLS_EVENTS, &events);
	events = (struct bls_events){.to = (uintptr_t)pieces, .size = 8, .from = 4};
	GIVES(EINVAL, fd, BLS_EVENTS, &events);
	events = (struct bls_events){.to = (uintptr_t)pieces, .size = 0};
	GIVES(EINVAL, fd, BLS_EVENTS, &events);
	events = (struct bls_events){.to = 8, .size = 8};
	GIVES(EFAULT, fd, BLS_EVENTS, &events);
	free(whole);
	free(pieces);
	close(fd);
}

static void refused_without_session(int fd)
{
	struct bls_ring ring = {0};
	struct bls_put put = {0};
	struct bls_counters counters = {0};

	GIVES(EBADFD, fd, BLS_START, NULL);
	GIVES(EBADFD, fd, BLS_STOP, NULL);
	GIVES(EBADFD, fd, BLS_FLUSH, NULL);
	GIVES(EBADFD, fd, BLS_RING, &ring);
	GIVES(EBADFD, fd, BLS_PUT, &put);
	GIVES(EBADFD, fd, BLS_COUNTERS, &counters);
	CHECK(map(fd, 0, PAGE, PROT_READ, MAP_SHARED) == MAP_FAILED && errno == EBADFD, "mmap: %s", strerror(errno));
}

static void test_without_session(void)
{
	struct bls_create create = usual;
	const int fd = device();

	refused_without_session(fd);
	GIVES(ENOTTY, fd, _IO('b', 99), NULL);
	GIVES(EFAULT, fd, BLS_CREATE, (void *)8);
	create.flags = 1u << 31;
	GIVES(EINVAL, fd, BLS_CREATE, &create);
	create = usual;
	create.sub_shift = 11;
	GIVES(EINVAL, fd, BLS_CREATE, &create);
	create = usual;
	create.n_sub = 3;
	GIVES(EINVAL, fd, BLS_CREATE, &create);
	create = usual;
	create.events = 8;
	create.n_events = 8;
	GIVES(EFAULT, fd, BLS_CREATE, &create);
	create.n_events = UINT32_MAX;
	GIVES(EINVAL, fd, BLS_CREATE, &create);
	create = usual;
	create.cpus = (uintptr_t)&create;
	GIVES(EINVAL, fd, BLS_CREATE, &create);
	CHECK(xen_info().state == BLX_NONE, "a refused session exists");
	close(fd);
}

/* ---- With one ---- */

static void test_owner(void)
{
	struct bls_create create = usual;
	uint64_t serial;
	const int fd = session(&serial), other = device();
	struct bls_info info;

	CHECK(xen_info().state == BLX_READY && xen_info().serial == serial, "state %u of %" PRIu64, xen_info().state,
	      xen_info().serial);
	GIVES(EBADFD, fd, BLS_CREATE, &create);
	GIVES(EBUSY, other, BLS_CREATE, &create);
	GIVES(0, other, BLS_INFO, &info);
	CHECK(info.flags & BLS_BUSY && info.serial == serial, "others see no session");
	refused_without_session(other);
	close(other);
	close(fd);
	wait_destroyed(serial);
	CHECK(xen_info().state == BLX_NONE, "state %u", xen_info().state);
}

/* What was taken last of this ring is given back; the next one is looked at. */
static bool take(int fd, uint32_t cpu, const uint8_t *ring, uint64_t *packets)
{
	struct bls_put put = {.cpu = cpu};
	const int err = call(fd, BLS_PUT, &put);
	uint32_t magic;

	CHECK(!err || err == EAGAIN, "put: %s", strerror(err));
	if (err)
		return false;
	CHECK(put.phys <= N_SUB, "sub-buffer %u", put.phys);
	memcpy(&magic, ring + PAGE + ((size_t)put.phys << SUB_SHIFT), sizeof(magic));
	CHECK(magic == PACKET_MAGIC, "packet %08x", magic);
	++*packets;
	return true;
}

/* Sleeps until there is something, takes it, until all is taken that a stop left. */
static void test_stream(void)
{
	const unsigned int n_cpus = xen_info().n_cpus;
	uint64_t serial, packets = 0, taken = 0, records = 0;
	const int fd = session(&serial);
	struct pollfd look = {.fd = fd, .events = POLLIN};
	struct bls_counters counters;
	struct bls_ring ring;
	unsigned int cpu;

	GIVES(0, fd, BLS_LOOK, NULL);
	CHECK(poll(&look, 1, 0) == 0, "there is something before the start");
	GIVES(0, fd, BLS_START, NULL);
	CHECK(xen_info().state == BLX_RUNNING, "state %u", xen_info().state);
	make_records();
	GIVES(0, fd, BLS_STOP, NULL);
	CHECK(poll(&look, 1, -1) == 1 && look.revents == POLLIN, "poll says %x", look.revents);
	GIVES(0, fd, BLS_LOOK, NULL);
	CHECK(poll(&look, 1, 0) == 0, "there is something after the look: %x", look.revents);
	for (cpu = 0; cpu < n_cpus; cpu++) {
		const size_t size = ring_bytes(fd, cpu, &ring);
		const uint8_t *at = map(fd, cpu, size, PROT_READ, MAP_SHARED);

		CHECK(at != MAP_FAILED, "mmap of CPU %u: %s", cpu, strerror(errno));
		CHECK(ring.n_phys == N_SUB + 1 && ring.n_sub == N_SUB && ring.sub_shift == SUB_SHIFT && ring.online,
		      "ring of CPU %u", cpu);
		while (take(fd, cpu, at, &packets))
			continue;
		counters = (struct bls_counters){.cpu = cpu};
		GIVES(0, fd, BLS_COUNTERS, &counters);
		taken += counters.taken;
		records += counters.records;
		munmap((void *)at, size);
	}
	CHECK(packets && packets == taken, "%" PRIu64 " packets, Xen counts %" PRIu64, packets, taken);
	CHECK(records >= CALLS, "%" PRIu64 " records of at least %d hypercalls", records, CALLS);
	ring.cpu = n_cpus;
	GIVES(ENODEV, fd, BLS_RING, &ring);
	close(fd);
	wait_destroyed(serial);
}

/* A CPU that comes after the beginning gets its ring; one that goes keeps it. */
static void test_late_cpu(void)
{
	struct bls_ring ring = {.cpu = 1};
	uint64_t serial, packets = 0;
	const uint8_t *at;
	size_t size;
	int fd;

	blx_cpu(1, false);
	fd = session(&serial);
	GIVES(ENODEV, fd, BLS_RING, &ring);
	CHECK(map(fd, 1, PAGE, PROT_READ, MAP_SHARED) == MAP_FAILED && errno == ENODEV, "mmap: %s", strerror(errno));
	GIVES(0, fd, BLS_START, NULL);
	blx_cpu(1, true);
	size = ring_bytes(fd, 1, &ring);
	CHECK(ring.online, "CPU 1 is not online");
	at = map(fd, 1, size, PROT_READ, MAP_SHARED);
	CHECK(at != MAP_FAILED, "mmap: %s", strerror(errno));
	GIVES(0, fd, BLS_STOP, NULL);
	while (take(fd, 1, at, &packets))
		continue;
	CHECK(packets, "CPU 1 has recorded nothing since it came");
	blx_cpu(1, false);
	ring_bytes(fd, 1, &ring);
	CHECK(!ring.online, "CPU 1 is online");
	blx_cpu(1, true);
	munmap((void *)at, size);
	close(fd);
	wait_destroyed(serial);
}

/* ---- Mappings ---- */

static sigjmp_buf after_fault;

static void on_fault(int number)
{
	siglongjmp(after_fault, number);
}

static bool store_faults(volatile uint8_t *at)
{
	const int number = sigsetjmp(after_fault, 1);

	if (!number)
		*at = 1;
	return number == SIGSEGV;
}

static bool load_faults(const volatile uint8_t *at)
{
	if (sigsetjmp(after_fault, 1))
		return true;
	(void)*at;
	return false;
}

static void refused_mappings(int fd, size_t size)
{
	CHECK(map(fd, 0, size, PROT_READ | PROT_WRITE, MAP_SHARED) == MAP_FAILED && errno == EACCES, "writable: %s",
	      strerror(errno));
	CHECK(map(fd, 0, size, PROT_WRITE, MAP_SHARED) == MAP_FAILED && errno == EACCES, "writable only: %s", strerror(errno));
	CHECK(map(fd, 0, size, PROT_READ | PROT_EXEC, MAP_SHARED) == MAP_FAILED && errno == EACCES, "executable: %s",
	      strerror(errno));
	CHECK(map(fd, 0, size, PROT_READ, MAP_PRIVATE) == MAP_FAILED && errno == EINVAL, "private: %s", strerror(errno));
	CHECK(map(fd, 0, size + PAGE, PROT_READ, MAP_SHARED) == MAP_FAILED && errno == EINVAL, "too long: %s", strerror(errno));
	CHECK(map(fd, 4095, size, PROT_READ, MAP_SHARED) == MAP_FAILED && errno == ENODEV, "no such CPU: %s", strerror(errno));
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE) == MAP_FAILED && errno == EINVAL, "not from its start: %s",
	      strerror(errno));
}

static void refused_changes(uint8_t *at, size_t size)
{
	struct iovec local = {.iov_base = "x", .iov_len = 1}, remote = {.iov_base = at, .iov_len = 1};
	const int mem = open("/proc/self/mem", O_RDWR);

	CHECK(mprotect(at, size, PROT_READ | PROT_WRITE) && errno == EACCES, "mprotect: %s", strerror(errno));
	CHECK(mprotect(at, PAGE, PROT_WRITE) && errno == EACCES, "mprotect of a page: %s", strerror(errno));
	CHECK(mprotect(at, size, PROT_NONE) && errno == EACCES, "mprotect to nothing: %s", strerror(errno));
	CHECK(pwrite(mem, "x", 1, (off_t)(uintptr_t)at) < 0, "/proc/self/mem was written");
	CHECK(process_vm_writev(getpid(), &local, 1, &remote, 1, 0) < 0, "process_vm_writev has written");
	CHECK(mremap(at, size, size + PAGE, MREMAP_MAYMOVE) == MAP_FAILED, "it has grown");
	CHECK(madvise(at, size, MADV_DOFORK), "a child can have it");
	CHECK(store_faults(at), "a store went through");
	close(mem);
}

/* Neither of the child's business. */
static void test_child(const uint8_t *at)
{
	const pid_t pid = fork();
	int status;

	if (!pid)
		_exit(load_faults(at) ? 0 : 1);
	waitpid(pid, &status, 0);
	CHECK(!status, "a child has the mapping");
}

/* Around the module: Xen itself refuses. */
static void refused_by_xen(uint64_t serial, size_t pages)
{
	uint64_t *frames = calloc(pages, sizeof(*frames));
	struct blx_layout layout = {.serial = serial, .room = (uint32_t)pages, .frames = (uintptr_t)frames};
	void *at;

	CHECK(!blx_do(BLX_LAYOUT, &layout, sizeof(layout)) && layout.n_pages == pages, "layout");
	at = blx_map(frames, pages, PROT_READ);
	CHECK(at, "privcmd cannot map what it should: %s", strerror(errno));
	if (at)
		munmap(at, pages * PAGE);
	CHECK(!blx_map(frames, 1, PROT_READ | PROT_WRITE), "privcmd has mapped the control page writable");
	CHECK(!blx_map(frames + 1, 1, PROT_READ | PROT_WRITE), "privcmd has mapped a sub-buffer writable");
	free(frames);
}

static void test_mapping(void)
{
	uint64_t serial;
	const int fd = session(&serial), reader = open(DEVICE, O_RDONLY);
	struct bls_ring ring;
	const size_t size = ring_bytes(fd, 0, &ring);
	uint8_t *at = map(fd, 0, size, PROT_READ, MAP_SHARED);

	CHECK(at != MAP_FAILED, "mmap: %s", strerror(errno));
	refused_mappings(fd, size);
	refused_changes(at, size);
	test_child(at);
	refused_by_xen(serial, size / PAGE);
	CHECK(mapped_pages(reader) == 0, "%" PRIu64 " pages of ended sessions", mapped_pages(reader));
	munmap(at, size);
	close(reader);
	close(fd);
	wait_destroyed(serial);
}

/* It outlives its session, and is counted while it does. */
static void test_left_mapping(void)
{
	uint64_t serial;
	const int fd = session(&serial), other = device();
	struct bls_ring ring;
	const size_t size = ring_bytes(fd, 0, &ring);
	uint8_t *at = map(fd, 0, size, PROT_READ, MAP_SHARED), *copy = malloc(size);

	GIVES(0, fd, BLS_START, NULL);
	make_records();
	GIVES(0, fd, BLS_STOP, NULL);
	memcpy(copy, at, size);
	close(fd);
	wait_destroyed(serial);
	CHECK(mapped_pages(other) == size / PAGE, "%" PRIu64 " pages mapped, wanted %zu", mapped_pages(other), size / PAGE);
	CHECK(!memcmp(copy, at, size), "it has changed");
	munmap(at, PAGE);
	CHECK(mapped_pages(other) == size / PAGE, "%" PRIu64 " pages mapped", mapped_pages(other));
	CHECK(!memcmp(copy + PAGE, at + PAGE, size - PAGE), "it has changed");
	munmap(at + PAGE, size - PAGE);
	CHECK(mapped_pages(other) == 0, "%" PRIu64 " pages mapped after all were unmapped", mapped_pages(other));
	free(copy);
	close(other);
}

/* ---- Ends ---- */

/* A child has a session, with rings mapped and records coming, and dies of SIGKILL. */
static void test_killed(void)
{
	uint64_t serial = 0;
	int ready[2];
	pid_t pid;

	if (pipe(ready))
		exit(1);
	pid = fork();
	if (!pid) {
		struct bls_ring ring;
		const int fd = session(&serial);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		map(fd, 0, ring_bytes(fd, 0, &ring), PROT_READ, MAP_SHARED);
		GIVES(0, fd, BLS_START, NULL);
		if (write(ready[1], &serial, sizeof(serial)) != sizeof(serial))
			_exit(1);
		for (;;)
			pause();
	}
	CHECK(read(ready[0], &serial, sizeof(serial)) == sizeof(serial) && serial, "the child has no session");
	CHECK(xen_info().state == BLX_RUNNING, "state %u", xen_info().state);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	wait_destroyed(serial);
	CHECK(xen_info().state == BLX_NONE && xen_info().pages == 0, "state %u, %" PRIu64 " pages", xen_info().state,
	      xen_info().pages);
	close(ready[0]);
	close(ready[1]);
}

/* Somebody else ends it by hypercall. */
static void test_taken_away(void)
{
	struct blx_session_name name;
	const int fd = session(&name.serial);
	struct pollfd look = {.fd = fd, .events = POLLIN};
	struct bls_create create = usual;

	CHECK(!blx_do(BLX_DESTROY, &name, sizeof(name)), "destroy");
	do {
		look.revents = 0;
		poll(&look, 1, -1);
		GIVES(0, fd, BLS_LOOK, NULL);
	} while (!(look.revents & POLLHUP));
	refused_without_session(fd);
	GIVES(EBADFD, fd, BLS_CREATE, &create);
	wait_destroyed(name.serial);
	close(fd);
}

static void on_signal(int number)
{
	(void)number;
}

/* Signals come while it is created: there is no session then, and its file can have another. */
static void test_interrupted(void)
{
	struct bls_create create = {.sub_shift = 20, .n_sub = 16};
	struct sigaction action = {.sa_handler = on_signal};
	int fd = device(), err;
	uint64_t serial;
	pid_t pid;

	sigaction(SIGUSR1, &action, NULL);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			kill(getppid(), SIGUSR1);
			usleep(1000);
		}
	}
	while (!(err = call(fd, BLS_CREATE, &create))) { /* between two signals */
		close(fd);
		fd = device();
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK(err == EINTR, "BLS_CREATE gave %s", strerror(err));
	serial = xen_info().serial;
	wait_destroyed(serial);
	CHECK(xen_info().state == BLX_NONE && xen_info().pages == 0, "state %u", xen_info().state);
	create = usual;
	GIVES(0, fd, BLS_CREATE, &create);
	CHECK(create.serial > serial, "serial");
	close(fd);
	wait_destroyed(create.serial);
}

/* The next one waits for the end of the one before, and nothing of them stays. */
static void test_rounds(void)
{
	uint64_t serial = 0, last = 0, before;
	int i;

	before = resource_number("memory/free_pages");
	for (i = 0; i < ROUNDS; i++) {
		const int fd = session(&serial);

		CHECK(serial > last, "serial %" PRIu64 " after %" PRIu64, serial, last);
		last = serial;
		GIVES(0, fd, BLS_START, NULL);
		close(fd);
	}
	wait_destroyed(serial);
	CHECK(resource_number("memory/free_pages") == before, "%" PRIu64 " pages free before, %" PRIu64 " after", before,
	      resource_number("memory/free_pages"));
}

/* ---- What the module's end is tried on ---- */

static void hold(void)
{
	uint64_t serial;
	const int fd = session(&serial);
	struct bls_ring ring;
	const size_t size = ring_bytes(fd, 0, &ring);

	CHECK(map(fd, 0, size, PROT_READ, MAP_SHARED) != MAP_FAILED, "mmap: %s", strerror(errno));
	close(fd);
	wait_destroyed(serial);
	puts("held");
	fflush(stdout);
	while (getchar() != EOF)
		continue;
}

/* Its pages may be lost, no more. */
static void test_moved(void)
{
	uint64_t serial;
	const int fd = session(&serial);
	struct bls_ring ring;
	const size_t size = ring_bytes(fd, 0, &ring);
	uint8_t *at = map(fd, 0, size, PROT_READ, MAP_SHARED);
	uint8_t *to = mremap(at, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, at + (64ul << 20));

	CHECK(to != MAP_FAILED, "mremap: %s", strerror(errno));
	printf("module_stream: a moved mapping %s\n", load_faults(to) ? "has lost its pages" : "has its pages");
	CHECK(mapped_pages(fd) == 0, "pages of ended sessions");
	munmap(to, size);
	close(fd);
	wait_destroyed(serial);
}

static void test_all(void)
{
	test_info();
	test_events();
	test_without_session();
	test_owner();
	test_stream();
	test_late_cpu();
	test_mapping();
	test_left_mapping();
	test_killed();
	test_taken_away();
	test_interrupted();
	test_rounds();
}

int main(int argc, char **argv)
{
	struct sigaction fault = {.sa_handler = on_fault};

	alarm(LIMIT_S);
	sigaction(SIGSEGV, &fault, NULL);
	sigaction(SIGBUS, &fault, NULL);
	blx_open();
	if (argc > 1 && !strcmp(argv[1], "hold"))
		hold();
	else if (argc > 1 && !strcmp(argv[1], "moved"))
		test_moved();
	else
		test_all();
	return check_end("module_stream");
}
