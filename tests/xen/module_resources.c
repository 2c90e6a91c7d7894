/* SPDX-License-Identifier: MIT */
/*
 * module_resources.c - in dom0: what /sys/hypervisor/resources says of domains, memory and pCPUs is so, and who sleeps on it is
 * woken.
 *
 * A domain here is a few pages and no vCPU. One of its pages, mapped, keeps it from being freed: so "dying" and "freed" can be
 * told apart. All waits are without a time limit: a wake-up that does not come hangs the test, which alarm() ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/xen/check.h"
#include "tests/xen/domain.h"
#include "tests/xen/hypercall.h"
#include "tests/xen/resource.h"

#define LIMIT_S 600
#define PAGES 64
#define MANY 100

static const uint8_t uuid[16] = {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 1, 2, 3, 4, 5, 6, 7, 8};
static const char uuid_text[] = "12345678-9abc-def0-0102-030405060708";

static int open_of(uint64_t serial, const char *attribute)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "domains/%" PRIu64 "/%s", serial, attribute);
	fd = resource_open(path);
	CHECK(fd >= 0, "%s: %s", path, strerror(-fd));
	return fd;
}

static void has(uint64_t serial, const char *attribute, const char *wanted)
{
	const int fd = open_of(serial, attribute);
	char text[128] = "";
	const int err = resource_read(fd, text, sizeof(text));

	CHECK(!err && !strcmp(text, wanted), "%s of %" PRIu64 " is \"%s\" (%s), wanted \"%s\"", attribute, serial, text,
	      strerror(-err), wanted);
	close(fd);
}

static void has_pages(uint64_t serial, uint64_t wanted)
{
	char path[64];
	uint64_t is;

	snprintf(path, sizeof(path), "domains/%" PRIu64 "/pages", serial);
	is = resource_number(path);
	CHECK(is == wanted, "%" PRIu64 " pages of %" PRIu64 ", wanted %" PRIu64, is, serial, wanted);
}

/* ---- Waiters ---- */

/* Sleeps until the state has been each of these, in this order; "freed" may be seen as the attribute's end. */
struct waiter {
	pthread_t thread;
	uint64_t serial;
	const char *const *states;
	pthread_barrier_t before; /* it has read the state that is now */
};

static void *waits(void *argument)
{
	struct waiter *waiter = argument;
	const int fd = open_of(waiter->serial, "state");
	const char *const *state;
	char text[128];

	CHECK(!resource_read(fd, text, sizeof(text)), "state");
	pthread_barrier_wait(&waiter->before);
	for (state = waiter->states; *state; state++)
		if (!resource_wait(fd, *state))
			CHECK(!strcmp(*state, "freed"), "the entry has gone before it was %s", *state);
	close(fd);
	return NULL;
}

static void waiter_start(struct waiter *waiter, uint64_t serial, const char *const *states)
{
	waiter->serial = serial;
	waiter->states = states;
	pthread_barrier_init(&waiter->before, NULL, 2);
	pthread_create(&waiter->thread, NULL, waits, waiter);
	pthread_barrier_wait(&waiter->before);
}

static void waiter_end(struct waiter *waiter)
{
	pthread_join(waiter->thread, NULL);
	pthread_barrier_destroy(&waiter->before);
}

/* ---- Tests ---- */

static void test_life(void)
{
	static const char *const to_dying[] = {"dying", NULL}, *const to_freed[] = {"freed", NULL};
	const uint16_t id = domain_create(uuid);
	const uint64_t serial = resource_find_domain(id);
	struct waiter dying, freed;
	uint64_t frames[PAGES];
	int states;
	void *page;

	CHECK(serial, "domain %u is not listed", id);
	has(serial, "state", "created");
	has(serial, "uuid", uuid_text);
	domain_populate(id, PAGES, frames);
	has_pages(serial, PAGES);
	page = domain_map(id, frames[0]);
	domain_unpause(id);
	has(serial, "state", "running");
	states = open_of(serial, "state");
	CHECK(resource_wait(states, "running"), "state");
	domain_shut_down(id, 1);
	CHECK(resource_wait(states, "shutdown"), "state");
	has(serial, "shutdown_code", "1");
	waiter_start(&dying, serial, to_dying);
	waiter_start(&freed, serial, to_freed);
	domain_destroy(id);
	waiter_end(&dying);
	has(serial, "state", "dying");
	has_pages(serial, 1);
	munmap(page, 4096);
	waiter_end(&freed);
	CHECK(!resource_wait(states, "never"), "state");
	close(states);
	CHECK(!resource_find_domain(id), "domain %u is listed after its end", id);
}

/* Ids are used again, serials are not. */
static void test_serials(void)
{
	uint64_t before = 0;
	int i;

	for (i = 0; i < MANY; i++) {
		static const char *const to_freed[] = {"freed", NULL};
		const uint16_t id = domain_create(uuid);
		const uint64_t serial = resource_find_domain(id);
		struct waiter waiter;

		CHECK(serial > before, "serial %" PRIu64 " of domain %u, after %" PRIu64, serial, id, before);
		if (!serial)
			return;
		before = serial;
		waiter_start(&waiter, serial, to_freed);
		domain_destroy(id);
		waiter_end(&waiter);
	}
}

/* All at once, so that the list has several parts, and all freed without anybody who waits. */
static void test_many(void)
{
	uint16_t ids[MANY];
	int i;

	for (i = 0; i < MANY; i++)
		ids[i] = domain_create(uuid);
	for (i = 0; i < MANY; i++)
		CHECK(resource_find_domain(ids[i]), "domain %u is not listed", ids[i]);
	for (i = 0; i < MANY; i++)
		domain_destroy(ids[i]);
	for (i = 0; i < MANY; i++)
		resource_wait_no_domain(ids[i]);
}

static void set_threshold(uint64_t pages)
{
	const int fd = open(RESOURCES "memory/threshold", O_WRONLY);
	char text[32];
	const int n = snprintf(text, sizeof(text), "%" PRIu64 "\n", pages);

	CHECK(fd >= 0 && write(fd, text, (size_t)n) == n, "threshold: %s", strerror(errno));
	close(fd);
}

static void test_memory(void)
{
	const uint64_t total = resource_number("memory/total_pages"), before = resource_number("memory/free_pages");
	const uint16_t id = domain_create(uuid);
	const size_t n = 4096;
	uint64_t *frames = calloc(n, sizeof(*frames)), less;

	CHECK(before && before < total, "%" PRIu64 " of %" PRIu64 " pages free", before, total);
	domain_populate(id, n, frames);
	less = resource_number("memory/free_pages");
	CHECK(less + n <= before, "%" PRIu64 " pages free before, %" PRIu64 " after %zu were taken", before, less, n);
	set_threshold(less + n / 2);
	set_threshold(less + n);
	CHECK(resource_number("memory/threshold") == less + n / 2, "the lower threshold does not hold");
	set_threshold(0);
	CHECK(!resource_number("memory/threshold"), "the threshold is not taken away");
	set_threshold(less + n / 2);
	if (!fork()) {
		usleep(200000); /* the parent had better sleep, but need not */
		domain_destroy(id);
		_exit(0);
	}
	resource_wait_number("memory/free_pages", less + n / 2);
	CHECK(!resource_number("memory/threshold"), "the threshold is not over");
	set_threshold(1); /* reached already */
	CHECK(!resource_number("memory/threshold"), "a threshold that is reached is not over");
	free(frames);
}

static void test_refusals(void)
{
	const int fd = open(RESOURCES "memory/threshold", O_WRONLY);

	CHECK(write(fd, "many\n", 5) < 0 && errno == EINVAL, "threshold \"many\": %s", strerror(errno));
	CHECK(write(fd, "-1\n", 3) < 0 && errno == EINVAL, "threshold -1: %s", strerror(errno));
	close(fd);
}

/* It says so to who sleeps, when it goes and when it comes back. */
static void test_hotplug(void)
{
	const int fd = resource_open("cpus/1/online");

	CHECK(resource_wait(fd, "1"), "cpus/1/online");
	blx_cpu(1, false);
	CHECK(resource_wait(fd, "0"), "cpus/1/online");
	blx_cpu(1, true);
	CHECK(resource_wait(fd, "1"), "cpus/1/online");
	close(fd);
}

static void test_cpus(void)
{
	struct blx_info info = {0};
	unsigned int n, online = 0;

	CHECK(!blx_do(BLX_INFO, &info, sizeof(info)), "info");
	for (n = 0; n < info.n_cpus; n++) {
		char path[64];

		snprintf(path, sizeof(path), "cpus/%u/online", n);
		online += resource_number(path) == 1;
	}
	CHECK(online == (unsigned int)sysconf(_SC_NPROCESSORS_CONF), "%u pCPUs are online", online);
}

int main(void)
{
	alarm(LIMIT_S);
	blx_open();
	test_cpus();
	test_hotplug();
	test_refusals();
	test_memory();
	test_life();
	test_serials();
	test_many();
	return check_end("module_resources");
}
