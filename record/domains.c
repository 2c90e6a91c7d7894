/* SPDX-License-Identifier: MIT */
/*
 * domains.c - the hypervisor's domains, from the attributes of borelog-xen.ko (docs/xen-resources.md): looked at, and waited for.
 *
 * Waiting is read, poll, read again: an attribute says by poll() that its value has changed since it was read, so nothing is missed and
 * nobody looks by time. A domain whose directory has gone has been freed; if the module has gone with it nobody can know any more.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "record.h"

#define DOMAINS "/sys/hypervisor/resources/domains"
#define VALUE_MAX 64

static const char *const state_names[] = {
	[RECORD_DOMAIN_CREATED] = "created",
	[RECORD_DOMAIN_RUNNING] = "running",
	[RECORD_DOMAIN_SHUTDOWN] = "shutdown",
	[RECORD_DOMAIN_DYING] = "dying",
	[RECORD_DOMAIN_FREED] = "freed",
};
_Static_assert(sizeof(state_names) / sizeof(state_names[0]) == RECORD_DOMAIN_STATES, "every state has a name");

const char *record_domain_state_name(enum record_domain_state state)
{
	return state < RECORD_DOMAIN_STATES ? state_names[state] : NULL;
}

enum record_domain_state record_domain_state_of(const char *name)
{
	uint32_t i;

	for (i = RECORD_DOMAIN_CREATED; i < RECORD_DOMAIN_STATES; i++)
		if (!strcmp(name, state_names[i]))
			return i;
	return RECORD_DOMAIN_UNKNOWN;
}

/* The attribute's value now, from its beginning. */
static int read_value(int fd, char ret[VALUE_MAX])
{
	const ssize_t n = pread(fd, ret, VALUE_MAX - 1, 0);

	if (n < 0)
		return -errno;
	ret[n] = 0;
	ret[strcspn(ret, "\n")] = 0;
	return 0;
}

static int read_at(int dir_fd, const char *name, char ret[VALUE_MAX])
{
	const int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = read_value(fd, ret);
	close(fd);
	return err;
}

static int read_number(int dir_fd, const char *name, uint64_t *ret)
{
	char text[VALUE_MAX];
	const int err = read_at(dir_fd, name, text);

	if (!err)
		*ret = strtoull(text, NULL, 10);
	return err;
}

/* ---- All of them ---- */

static int read_domain(int dir_fd, struct record_domain *ret)
{
	uint64_t domain = 0, code = 0;
	char text[VALUE_MAX];
	int err;

	err = read_at(dir_fd, "state", text);
	ret->state = err ? RECORD_DOMAIN_UNKNOWN : record_domain_state_of(text);
	if (!err)
		err = read_number(dir_fd, "domain", &domain);
	if (!err)
		err = read_number(dir_fd, "shutdown_code", &code);
	if (!err)
		err = read_number(dir_fd, "pages", &ret->pages);
	if (!err)
		err = read_at(dir_fd, "uuid", text);
	ret->domain = (uint32_t)domain;
	ret->shutdown_code = (uint32_t)code;
	(void)snprintf(ret->uuid, sizeof(ret->uuid), "%.36s", text);
	return err;
}

/* -ENODEV: its directory has gone meanwhile, or is no domain's. */
static int look_at(DIR *dir, const char *name, struct record_domain *ret)
{
	char *end;
	int fd, err;

	ret->serial = strtoull(name, &end, 10);
	if (end == name || *end)
		return -ENODEV;
	fd = openat(dirfd(dir), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENODEV : -errno;
	err = read_domain(fd, ret);
	close(fd);
	if (err == -ENOENT || (!err && ret->state == RECORD_DOMAIN_FREED))
		return -ENODEV;
	return err;
}

/* Why there is nothing to look at. */
static int nowhere(struct record_error *error)
{
	struct record_hypervisor seen;

	record_hypervisor_look(&seen);
	record_hypervisor_fini(&seen);
	if (seen.name[0] && seen.host)
		return record_fail(error, -ENODEV, "%s is not there: the kernel module borelog-xen is not loaded. Load it: modprobe borelog-xen. If that "
				   "says \"No such device\", this Xen is without borelog's tracer: see docs/xen.md", DOMAINS);
	return record_fail(error, -ENODEV, "%s. Domains can be looked at in dom0 of a host under Xen with borelog's tracer: see docs/xen.md",
			   seen.missing ? seen.missing : "there are no domains");
}

struct list {
	struct record_domain *domains;
	size_t n;
};

static int list_add(struct list *list, const struct record_domain *domain)
{
	struct record_domain *domains = realloc(list->domains, (list->n + 1) * sizeof(*domains));

	if (!domains)
		return -ENOMEM;
	list->domains = domains;
	domains[list->n++] = *domain;
	return 0;
}

/* Give it a first @list, all zero, and free its domains. */
static int list_read(struct list *list, struct record_error *error)
{
	DIR *dir = opendir(DOMAINS);
	const struct dirent *entry;
	struct record_domain domain;
	char text[VALUE_MAX];
	int err;

	if (!dir)
		return nowhere(error);
	/* Afterwards all are there that were when we began. */
	err = read_at(dirfd(dir), "generation", text);
	while (!err && (entry = readdir(dir))) {
		err = look_at(dir, entry->d_name, &domain);
		if (!err)
			err = list_add(list, &domain);
		if (err == -ENODEV)
			err = 0;
	}
	closedir(dir);
	return err ? record_fail(error, err, "cannot read %s: %s", DOMAINS, strerror(-err)) : 0;
}

static int compare(const void *a, const void *b)
{
	const struct record_domain *left = a, *right = b;

	return (left->domain > right->domain) - (left->domain < right->domain);
}

int record_domains_each(int (*each)(void *data, const struct record_domain *domain), void *data, struct record_error *error)
{
	struct list list = {0};
	size_t i;
	int err;

	err = list_read(&list, error);
	if (!err && list.n)
		qsort(list.domains, list.n, sizeof(list.domains[0]), compare);
	for (i = 0; !err && i < list.n; i++)
		err = each(data, &list.domains[i]);
	free(list.domains);
	return err;
}

/* ---- Waiting ---- */

struct wait {
	uint32_t domain;
	enum record_domain_state state;
	enum record_domain_state now; /* as seen last; RECORD_DOMAIN_UNKNOWN: it was not there */
	uint64_t deadline_ns;         /* 0: none */
	uint64_t serial;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Sleep until the attribute behind @fd has another value than the one that was read from it. */
static int sleep_on(const struct wait *wait, int fd)
{
	struct pollfd change = {.fd = fd, .events = POLLPRI};
	const uint64_t now = now_ns();
	struct timespec left = {0};
	int n;

	if (wait->deadline_ns > now) {
		left.tv_sec = (time_t)((wait->deadline_ns - now) / 1000000000);
		left.tv_nsec = (long)((wait->deadline_ns - now) % 1000000000);
	}
	n = ppoll(&change, 1, wait->deadline_ns ? &left : NULL, NULL);
	if (n < 0 && errno != EINTR)
		return -errno;
	return n ? 0 : -ETIMEDOUT;
}

/* Find the domain of that number. *@ret: is there one? */
static int find(struct wait *wait, bool *ret, struct record_error *error)
{
	struct list list = {0};
	size_t i;
	int err;

	err = list_read(&list, error);
	*ret = false;
	for (i = 0; !err && i < list.n; i++) {
		if (list.domains[i].domain != wait->domain)
			continue;
		wait->serial = list.domains[i].serial;
		*ret = true;
	}
	free(list.domains);
	return err;
}

/* Until there is one. */
static int wait_until_found(struct wait *wait, struct record_error *error)
{
	const int fd = open(DOMAINS "/generation", O_RDONLY | O_CLOEXEC);
	char text[VALUE_MAX];
	bool found = false;
	int err = 0;

	if (fd < 0)
		return nowhere(error);
	while (!err && !found) {
		err = read_value(fd, text);
		if (err) {
			(void)record_fail(error, err, "cannot read %s/generation: %s. Has the module been removed?", DOMAINS, strerror(-err));
			break;
		}
		err = find(wait, &found, error);
		if (err || found)
			break;
		err = sleep_on(wait, fd);
		if (err)
			(void)record_fail(error, err, err == -ETIMEDOUT ? "there is no domain %u still" : "cannot wait for domain %u", wait->domain);
	}
	close(fd);
	return err;
}

/* An attribute that has gone: with its domain, or with all. */
static int is_gone(struct wait *wait, struct record_error *error)
{
	char text[VALUE_MAX];

	if (read_at(AT_FDCWD, DOMAINS "/generation", text))
		return record_fail(error, -ENODEV, "the module borelog-xen was removed: what became of domain %u is not known", wait->domain);
	wait->now = RECORD_DOMAIN_FREED;
	return 0;
}

static int wait_for_state(struct wait *wait, int fd, struct record_error *error)
{
	char text[VALUE_MAX];
	int err;

	for (;;) {
		err = read_value(fd, text);
		if (err == -ENODEV)
			return is_gone(wait, error);
		if (err)
			return record_fail(error, err, "cannot read the state of domain %u: %s", wait->domain, strerror(-err));
		wait->now = record_domain_state_of(text);
		if (wait->now == RECORD_DOMAIN_UNKNOWN)
			return record_fail(error, -EPROTO, "domain %u is \"%s\", which this borelog does not know: is the module of another version?",
					   wait->domain, text);
		if (wait->now >= wait->state)
			return 0;
		err = sleep_on(wait, fd);
		if (err == -ETIMEDOUT)
			return record_fail(error, err, "domain %u is %s still", wait->domain, text);
		if (err)
			return record_fail(error, err, "cannot wait for domain %u: %s", wait->domain, strerror(-err));
	}
}

int record_domain_wait(uint32_t domain, enum record_domain_state state, uint32_t timeout_ms, struct record_error *error)
{
	struct wait wait = {.domain = domain, .state = state, .deadline_ns = timeout_ms ? now_ns() + timeout_ms * 1000000ull : 0};
	char path[sizeof(DOMAINS) + 40];
	bool found = true;
	int fd, err;

	err = state > RECORD_DOMAIN_RUNNING ? find(&wait, &found, error) : wait_until_found(&wait, error);
	if (err || !found)
		return err;
	(void)snprintf(path, sizeof(path), "%s/%llu/state", DOMAINS, (unsigned long long)wait.serial);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? is_gone(&wait, error) : record_fail(error, -errno, "cannot open %s: %s", path, strerror(errno));
	err = wait_for_state(&wait, fd, error);
	close(fd);
	return err;
}
