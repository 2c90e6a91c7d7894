/* SPDX-License-Identifier: MIT */
/*
 * recorder_attacher.c - a traced program that does not use libborelog: it speaks the protocol of lib/abi/control.h and writes records with
 * the core, so that it can do what a library never does. Run under `borelog record`; the session is the first in BORELOG_SESSION.
 *
 *     good N          N records, exit
 *     torn N M        N records, one that is claimed and never written, M more behind it, _exit
 *     stuck N         N records, one that is claimed; says "ready" and waits until stdin ends
 *     closer N        N records, then the claim that closes a sub-buffer and opens the next, interrupted right there; _exit
 *     delivered N     fills one sub-buffer after N records and dies between its full count and its hand-over
 *     scribble SEED   N good records are not even tried: random bytes all over the rings, with many hand-overs and bells; exit
 *     heads SEED      well-formed sub-buffers with random packet heads
 *     babble SEED     random messages to the socket, also attach requests with random descriptions
 *     foreign         attaches twice, the second time with descriptions that changed meanwhile
 *
 * Records are a:step with one u32.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/ring.h"
#include "lib/abi/control.h"

static struct bl_control *control;
static char control_path[PATH_MAX];
static char socket_path[BL_SOCKET_PATH_MAX];
static struct bl_session_head *head;
static uint64_t memory_size;
static struct bl_ring ring;
static uint32_t next_n;

#ifndef SYS_futex
#define SYS_futex SYS_futex_time64
#endif

static void die(const char *what)
{
	fprintf(stderr, "recorder_attacher: %s: %s\n", what, strerror(errno));
	exit(99);
}

void bl_port_wake(struct bl_ring *r)
{
	(void)r;
	if (!__atomic_exchange_n(&head->bell, 1, __ATOMIC_SEQ_CST))
		(void)syscall(SYS_futex, &head->bell, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* a:step { u32 n }, as core/event.h wants it. */
static size_t describe(uint8_t *at, const char *name)
{
	struct bl_event_head event = {.id = 1, .line = 1, .n_fields = 1};
	uint8_t *p = at + sizeof(event);

	p = (uint8_t *)stpcpy((char *)p, "a") + 1;
	p = (uint8_t *)stpcpy((char *)p, name) + 1;
	p = (uint8_t *)stpcpy((char *)p, "recorder_attacher.c") + 1;
	*p++ = BL_TYPE_U32;
	p = (uint8_t *)stpcpy((char *)p, "n") + 1;
	while ((p - at) % 8)
		*p++ = 0;
	event.size = (uint32_t)(p - at);
	memcpy(at, &event, sizeof(event));
	return event.size;
}

static void make_control(void)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	char dir[PATH_MAX - 64];
	struct stat ns;
	int fd;

	if (!run || stat("/proc/self/ns/pid", &ns))
		die("XDG_RUNTIME_DIR is not set, or there is no /proc");
	(void)snprintf(dir, sizeof(dir), "%s/borelog", run);
	(void)mkdir(dir, 0700);
	(void)snprintf(dir, sizeof(dir), "%s/borelog/programs", run);
	(void)mkdir(dir, 0700);
	(void)snprintf(control_path, sizeof(control_path), "%s/%d-%llu", dir, (int)getpid(), (unsigned long long)ns.st_ino);
	(void)unlink(control_path);
	fd = open(control_path, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || ftruncate(fd, 65536))
		die(control_path);
	control = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (control == MAP_FAILED)
		die("mmap");
	close(fd);
	control->magic = BL_CONTROL_MAGIC;
	control->abi = BL_CONTROL_ABI;
	control->pid = (uint32_t)getpid();
	control->n_events = 1;
	control->generation = 1;
	control->events_size = (uint32_t)describe((uint8_t *)control + BL_CONTROL_SIZE, "step");
}

static int call(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, socket_path, sizeof(socket_path));
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		die(socket_path);
	return fd;
}

/* Return: the session's memory, or the negative status. */
static int ask(struct bl_attach_reply *reply)
{
	const struct bl_attach_request request = {BL_CONTROL_MAGIC, BL_CONTROL_ABI, BL_MESSAGE_ATTACH, control->generation, 0};
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} ancillary;
	struct iovec part = {.iov_base = reply, .iov_len = sizeof(*reply)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &ancillary, .msg_controllen = sizeof(ancillary)};
	const int fd = call();
	int fds[2];

	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) < 0 || recvmsg(fd, &message, 0) != sizeof(*reply))
		die("attach");
	close(fd);
	if (reply->status)
		return reply->status;
	memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fds));
	/* The page of life is not ours to write to. */
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fds[1], 0) != MAP_FAILED || errno != EPERM)
		die("the page of life can be mapped writable");
	if (!ftruncate(fds[0], 0))
		die("the memory can be cut off");
	close(fds[1]);
	return fds[0];
}

/* The sub-buffers of the ring at @offset in the session's memory, each where the ring's head means it to be. */
static void map_subs(int fd, uint64_t offset)
{
	const size_t size = (size_t)1 << head->sub_shift;
	uint8_t *base;
	uint32_t p;

	for (p = 0; p < head->n_phys; p++)
		ring.offset[p] = bl_sub_offset(head->sub_shift, p);
	base = mmap(NULL, ring.offset[head->n_phys - 1] + size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	for (p = 0; p < head->n_phys && base != MAP_FAILED; p++) {
		ring.sub[p] = base + ring.offset[p];
		if (mmap(ring.sub[p], size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, (off_t)(offset + BL_ABI_PAGE + p * size)) ==
		    MAP_FAILED)
			base = MAP_FAILED;
	}
	if (base == MAP_FAILED)
		die("mmap");
}

static void join(void)
{
	struct bl_attach_reply reply;
	const struct bl_session_ring *rings;
	uint8_t *at;
	const int fd = ask(&reply);

	if (fd < 0) {
		errno = -fd;
		die("not attached");
	}
	memory_size = reply.size;
	head = mmap(NULL, memory_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (head == MAP_FAILED)
		die("mmap");
	rings = (const void *)((const uint8_t *)head + head->rings_offset);
	at = (uint8_t *)head + head->head_size;
	ring = (struct bl_ring){.shared = (void *)at, .sub_shift = head->sub_shift, .n_sub = head->n_sub, .n_phys = head->n_phys,
				.id_bits = head->id_bits, .flags = head->ring_flags, .clock = head->clock,
				.stream_id = rings[0].stream_id, .cpu_id = rings[0].cpu_id,
				.stream_instance_id = rings[0].stream_instance_id, .seq_base = rings[0].seq_base};
	memcpy(ring.owner, head->owner, sizeof(ring.owner));
	memcpy(ring.uuid, head->uuid, sizeof(ring.uuid));
	memcpy(ring.lost_base, rings[0].lost_base, sizeof(ring.lost_base));
	map_subs(fd, head->head_size);
	close(fd);
	if (!bl_ring_setup(&ring))
		die("the recorder's geometry makes no sense");
}

static bool reserve(struct bl_record *rec)
{
	return !bl_ring_reserve(&ring, 1, (head->contexts ? 4 : 0) + 4, rec);
}

static void step(void)
{
	const uint32_t tid = (uint32_t)getpid();
	struct bl_record rec;

	if (!reserve(&rec))
		return;
	if (head->contexts)
		memcpy(rec.payload, &tid, sizeof(tid));
	memcpy(rec.payload + (head->contexts ? 4 : 0), &next_n, sizeof(next_n));
	next_n++;
	bl_ring_commit(&ring, &rec);
}

static void steps(long n)
{
	while (n-- > 0)
		step();
}

static uint32_t random_word(void)
{
	return (uint32_t)rand() << 16 ^ (uint32_t)rand();
}

static void torn(long before, long behind)
{
	struct bl_record rec;

	steps(before);
	if (!reserve(&rec))
		die("reserve");
	steps(behind);
	_exit(0);
}

static void stuck(long before)
{
	struct bl_record rec;

	steps(before);
	if (!reserve(&rec))
		die("reserve");
	printf("ready\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
	_exit(0);
}

/* Index of the slot of the sub-buffer that is open. */
static uint32_t open_slot(void)
{
	uint32_t i = 0;

	while (i < ring.n_sub - 1 && bl_slot_state(ring.shared->slot[i]) != BL_SLOT_OPEN)
		i++;
	return i;
}

/* The last thing this process does is the claim itself: head moves into the next sub-buffer, and nothing else happens. */
static void closer(long before)
{
	uint64_t next;

	steps(before);
	next = ring.shared->slot[(open_slot() + 1) & ring.slot_mask];
	__atomic_store_n(&ring.shared->head, (bl_user_clock_read(ring.clock) << 32) | (ring.offset[bl_slot_phys(next)] + 144),
			 __ATOMIC_RELEASE);
	_exit(0);
}

/* A sub-buffer that is full by its count, while its slot still says that it is open. */
static void delivered(long before)
{
	uint64_t *slot, open;

	steps(before);
	slot = &ring.shared->slot[open_slot()];
	open = *slot;
	(void)bl_ring_flush(&ring);
	*slot = open;
	_exit(0);
}

static void scribble(unsigned int seed)
{
	uint8_t *bytes = (uint8_t *)head;
	long i;
	uint32_t n;

	srand(seed);
	for (i = 0; i < 200000; i++) {
		const uint64_t at = head->head_size % memory_size + random_word() % (memory_size - 65536 - 8) / 8 * 8;
		uint64_t value = (uint64_t)random_word() << 32 | random_word();

		memcpy(bytes + at % (memory_size - 8), &value, sizeof(value));
		/* Control words more often, and sometimes almost right. */
		n = random_word() % 256;
		if (i % 4 == 0)
			ring.shared->slot[n % BL_SUB_MAX] = bl_slot(random_word() % 32, BL_SLOT_DELIVERED, random_word() % 12);
		if (i % 16 == 0)
			ring.shared->head = value;
		if (i % 32 == 0)
			ring.shared->head = value >> 32 << 32 | (ring.offset[n % ring.n_phys] + random_word() % ring.sub_size);
		if (i % 64 == 0)
			*bl_ring_count(&ring, n % ring.n_phys) = i % 128 ? value : 1ull << 63;
		if (i % 256 == 0)
			bl_port_wake(&ring);
	}
}

/* Packets whose records are good and whose heads are not. */
static void heads(unsigned int seed)
{
	uint32_t n, i;

	srand(seed);
	for (n = 0; n < 200; n++) {
		uint8_t *bytes;

		steps(3);
		bytes = ring.sub[bl_slot_phys(ring.shared->slot[open_slot()]) % ring.n_phys];
		(void)bl_ring_flush(&ring);
		for (i = 0; i < 4; i++)
			bytes[random_word() % sizeof(struct bl_packet)] = (uint8_t)random_word();
	}
}

static void babble(unsigned int seed)
{
	static uint8_t bytes[8192];
	struct bl_attach_request *request = (void *)bytes;
	int i, fd;
	size_t k;

	srand(seed);
	for (i = 0; i < 500; i++) {
		for (k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)random_word();
		if (i % 2) {
			request->magic = BL_CONTROL_MAGIC;
			request->abi = BL_CONTROL_ABI;
			request->message = i % 8 == 1 ? BL_MESSAGE_ATTACH : 3 + random_word() % 40; /* never stop */
			request->generation = control->generation;
		}
		if (i % 8 == 1) {
			control->events_size = random_word() % 65536;
			control->n_events = random_word();
			memcpy((uint8_t *)control + BL_CONTROL_SIZE + random_word() % 64, bytes + 64, 64);
		}
		fd = call();
		(void)send(fd, bytes, i % 3 ? sizeof(*request) : random_word() % sizeof(bytes), MSG_NOSIGNAL);
		if (i % 5)
			(void)recv(fd, bytes, sizeof(bytes), 0);
		close(fd);
	}
}

static void foreign(void)
{
	struct bl_attach_reply reply;

	steps(5);
	control->generation++;
	control->events_size = (uint32_t)describe((uint8_t *)control + BL_CONTROL_SIZE, "other");
	munmap(head, memory_size);
	join();
	steps(5);
	/* Descriptions that are not those of the request. */
	control->generation += 7;
	(void)ask(&reply);
}

int main(int argc, char **argv)
{
	const char *list = getenv("BORELOG_SESSION"), *mode = argc > 1 ? argv[1] : "";
	const long n = argc > 2 ? atol(argv[2]) : 0;

	if (!list || strcspn(list, ":") >= sizeof(socket_path))
		die("no session in BORELOG_SESSION");
	memcpy(socket_path, list, strcspn(list, ":"));
	make_control();
	if (strcmp(mode, "babble"))
		join();
	if (!strcmp(mode, "good"))
		steps(n);
	else if (!strcmp(mode, "torn"))
		torn(n, argc > 3 ? atol(argv[3]) : 0);
	else if (!strcmp(mode, "stuck"))
		stuck(n);
	else if (!strcmp(mode, "closer"))
		closer(n);
	else if (!strcmp(mode, "delivered"))
		delivered(n);
	else if (!strcmp(mode, "scribble"))
		scribble((unsigned int)n);
	else if (!strcmp(mode, "heads"))
		heads((unsigned int)n);
	else if (!strcmp(mode, "babble"))
		babble((unsigned int)n);
	else if (!strcmp(mode, "foreign"))
		foreign();
	else
		die("unknown mode");
	(void)unlink(control_path);
	return 0;
}
