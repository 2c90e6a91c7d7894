/* SPDX-License-Identifier: MIT */
/*
 * hypervisor.c - the hypervisor: is there one, may we record it from here, and if not, what is to be done about it; the user's choice of its
 * events; its source (device_source.h).
 *
 * Where it is not there the programs are recorded alone, as everywhere. Who names its events with -e gets an error instead, with the remedy.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device_source.h"
#include "error.h"
#include "session.h"

#define DEVICE "/dev/borelog-xen"
#define SYS "/sys/hypervisor/"
#define CATEGORY "xen"
#define RING_BYTES_MAX (32u << 20)
#define FEATURE_DOM0 11 /* XENFEAT_dom0 of Xen's public interface */
/* Two measurements of one TSC by clocks of a computer do not differ by more. */
#define KHZ_APART_PERCENT 1
#define KHZ_SPAN_NS 1000000000u

static const struct device_layer xen_layer = {
	.layer = "xen",
	.who = "the hypervisor",
	.owner = {"domain", "vcpu"},
	.ring_bytes_max = RING_BYTES_MAX,
};

/* One line of a small file; empty if it cannot be read. */
static void read_line(const char *path, char *ret, size_t size)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	const ssize_t n = fd < 0 ? -1 : read(fd, ret, size - 1);

	if (fd >= 0)
		close(fd);
	ret[n > 0 ? n : 0] = 0;
	ret[strcspn(ret, "\n")] = 0;
}

static bool is_xen(void)
{
	char type[16];

	read_line(SYS "type", type, sizeof(type));
	return !strcmp(type, "xen");
}

static bool is_dom0(void)
{
	char text[64];

	read_line(SYS "properties/features", text, sizeof(text));
	if (text[0])
		return strtoul(text, NULL, 16) >> FEATURE_DOM0 & 1;
	read_line("/proc/xen/capabilities", text, sizeof(text));
	return strstr(text, "control_d") != NULL;
}

static void read_name(char *ret, size_t size)
{
	char major[16], minor[16], extra[32];

	read_line(SYS "version/major", major, sizeof(major));
	read_line(SYS "version/minor", minor, sizeof(minor));
	read_line(SYS "version/extra", extra, sizeof(extra));
	(void)snprintf(ret, size, "Xen%s%s%s%s%s", major[0] ? " " : "", major, minor[0] ? "." : "", minor, extra);
}

static void cannot_open(struct record_hypervisor *ret, int err)
{
	ret->missing = "the kernel module borelog-xen cannot be asked: /dev/borelog-xen gives an error";
	ret->remedy = "What the kernel says of it: dmesg | grep borelog";
	switch (err) {
	case -ENOENT:
	case -ENXIO:
	case -ENODEV:
		ret->missing = "the kernel module borelog-xen is not loaded";
		ret->remedy = "Load it: modprobe borelog-xen. If that says \"No such device\", this Xen is without borelog's tracer: see docs/xen.md";
		break;
	case -EACCES:
	case -EPERM:
		ret->missing = "only root may record the hypervisor";
		ret->remedy = "Run the command as root";
		break;
	case -EPROTO:
	case -ERANGE:
		ret->missing = "the kernel module borelog-xen is of another version than this borelog";
		ret->remedy = "Install both from one version, then: rmmod borelog-xen; modprobe borelog-xen";
		break;
	}
}

/* Somebody has the hypervisor's tracer; a session that is about to end will be waited for. */
static void is_busy(struct record_hypervisor *ret)
{
	char state[32];

	read_line(SYS "resources/trace/session/state", state, sizeof(state));
	if (!strcmp(state, "destroying"))
		return;
	if (!strcmp(state, "none")) {
		ret->missing = "xentrace records now, and only one can have Xen's tracer";
		ret->remedy = "End xentrace first";
	} else {
		ret->missing = "another session records the hypervisor now, and only one can";
		ret->remedy = "Which one: borelog status. End it with: borelog stop";
	}
}

static void look(struct record_hypervisor *ret, struct device *device)
{
	int err;

	memset(ret, 0, sizeof(*ret));
	*device = DEVICE_CLOSED;
	if (!is_xen()) {
		ret->missing = "this kernel does not run under Xen";
		ret->remedy = "How to boot Xen with borelog's tracer: docs/xen.md";
		return;
	}
	read_name(ret->name, sizeof(ret->name));
	ret->host = is_dom0();
	if (!ret->host) {
		ret->missing = "this is a guest, and only its host's dom0 may record the hypervisor";
		ret->remedy = "Record there; programs can be recorded here";
		return;
	}
	err = device_open(device, DEVICE, BLS_LAYER_XEN);
	if (err) {
		cannot_open(ret, err);
		return;
	}
	ret->n_cpus = device->info.n_cpus;
	ret->tsc_khz = device->info.tsc_khz;
	ret->tsc_reliable = device->info.flags & BLS_TSC_RELIABLE;
	if (device->info.flags & BLS_BUSY)
		is_busy(ret);
}

void record_hypervisor_look(struct record_hypervisor *ret)
{
	struct device device;
	void *events;
	size_t size;

	look(ret, &device);
	if (device.fd >= 0 && !device_read_events(&device, &events, &size)) {
		ret->events = events;
		ret->events_size = size;
	}
	device_close(&device);
}

void record_hypervisor_fini(struct record_hypervisor *hypervisor)
{
	free(hypervisor->events);
	hypervisor->events = NULL;
}

/* ---- The session's source ---- */

static int read_set(const struct device *device, struct event_set **ret, struct record_error *error)
{
	struct event_set_error what;
	void *bytes;
	size_t size;
	int err;

	err = device_read_events(device, &bytes, &size);
	if (err)
		return record_fail(error, err, "the hypervisor's descriptions of its events cannot be read: %s", strerror(-err));
	err = event_set_parse(bytes, size, ret, &what);
	free(bytes);
	if (!err && (*ret)->n && (*ret)->events[(*ret)->n - 1].id > device->info.n_events) {
		event_set_free(*ret);
		return record_fail(error, -ERANGE, "the hypervisor describes more events than it says it has");
	}
	return err ? record_fail(error, err, "the hypervisor's descriptions make no sense at byte %zu: %s", what.offset, what.text) : 0;
}

/* A bitmap by id. *@ret_n: how many events are on. */
static int choose_bits(struct record_session *session, const struct event_set *set, uint8_t *bits, uint32_t *ret_n,
		       struct record_error *error)
{
	const char *option = NULL;
	uint32_t i, n = 0;

	for (i = 0; i < set->n; i++) {
		const uint32_t id = set->events[i].id;
		const int result = selection_choose(session->selection, SELECT_XEN, &set->events[i], &option);

		if (result == -EOPNOTSUPP)
			return record_fail(error, result,
					   "-e '%.120s': the hypervisor evaluates no conditions (this one would depend on fields of %s:%s). Record the events whole and "
					   "filter when reading: borelog events DIR --filter. If only programs are meant: 'user:*:* if CONDITION'",
					   option, set->events[i].category, set->events[i].name);
		if (result < 0)
			return record_fail(error, result, "out of memory");
		if (result == SELECT_ON) {
			bits[id / 8] |= (uint8_t)(1u << id % 8);
			n++;
		}
	}
	*ret_n = n;
	return 0;
}

static void describe(struct record_session *session, struct source *source, const struct record_hypervisor *seen)
{
	struct ctfw_env *env = session->hypervisor_env;

	(void)snprintf(session->hypervisor_name, sizeof(session->hypervisor_name), "%s", seen->name);
	env[0] = (struct ctfw_env){.name = "hypervisor", .text = session->hypervisor_name};
	env[1] = (struct ctfw_env){.name = "tsc_khz", .number = seen->tsc_khz};
	env[2] = (struct ctfw_env){.name = "tsc_reliable", .number = seen->tsc_reliable};
	source->trace.more = env;
	source->trace.n_more = 3;
	if (!seen->tsc_reliable)
		session->clock.note = "Xen does not take the TSCs of this machine's CPUs for one clock: times of different CPUs may disagree";
}

/* So far the hypervisor's events are all that the selection has seen. */
static int nothing_chosen(struct record_session *session, const char *asked, struct record_error *error)
{
	struct select_cursor cursor = {0};
	struct expr_error what;
	const char *option;

	while (selection_warning(session->selection, &cursor, &option, &what))
		if (!strcmp(option, asked))
			return record_fail(error, -ENOENT, "-e '%.200s': column %zu: %.160s, in the hypervisor. What it has: borelog list", asked,
					   what.column, what.message);
	return record_fail(error, -ENOENT, "-e '%.200s': the other options leave no event of the hypervisor", asked);
}

/* What @set has, as the user wants it. @device is closed, or the source's; so is @set. *@ret is NULL if nothing of it is wanted. */
static int make_source(struct record_session *session, struct device *device, struct event_set *set, const char *asked, struct source **ret,
		       struct record_error *error)
{
	uint8_t *bits = calloc(1, device->info.n_events / 8 + 1);
	uint32_t n = 0;
	int err = bits ? choose_bits(session, set, bits, &n, error) : record_fail(error, -ENOMEM, "out of memory");

	*ret = NULL;
	if (!err && !n && asked)
		err = nothing_chosen(session, asked, error);
	if (err || !n)
		device_close(device);
	else
		err = device_source_new(session, &xen_layer, device, set, n == set->n ? NULL : bits, ret, error);
	if (!*ret)
		event_set_free(set);
	free(bits);
	return err;
}

static int add(struct record_session *session, struct device *device, const struct record_hypervisor *seen, const char *asked,
	       struct record_error *error)
{
	struct event_set *set;
	struct source *source;
	int err;

	err = read_set(device, &set, error);
	if (err) {
		device_close(device);
		return err;
	}
	err = make_source(session, device, set, asked, &source, error);
	if (err || !source)
		return err;
	describe(session, source, seen);
	source->next = session->sources;
	session->sources = source;
	session->summary.hypervisor = true;
	session->hypervisor_khz = seen->tsc_khz;
	return 0;
}

int hypervisor_add(struct record_session *session, struct record_error *error)
{
	const char *asked = selection_asks_for(session->selection, SELECT_XEN, CATEGORY);
	struct record_hypervisor seen;
	struct record_error why;
	struct device device;
	int err;

	look(&seen, &device);
	if (seen.missing) {
		device_close(&device);
		if (asked)
			return record_fail(error, -ENODEV, "-e '%.120s': the hypervisor cannot be recorded: %s. %s", asked, seen.missing, seen.remedy);
		if (seen.host && !geteuid() && !session->options.filters)
			session_say(session, "the hypervisor is not recorded: %s. %s", seen.missing, seen.remedy);
		return 0;
	}
	err = add(session, &device, &seen, asked, &why);
	if (!err)
		return 0;
	if (asked || err == -EOPNOTSUPP)
		return record_fail(error, err, "%s", why.text);
	session_say(session, "the hypervisor is not recorded: %s", why.text);
	return 0;
}

void hypervisor_check_clock(struct record_session *session)
{
	const uint64_t measured = session->clock.frequency_hz / 1000, said = session->hypervisor_khz;
	const uint64_t apart = measured > said ? measured - said : said - measured;

	/* Where the TSC is not one clock its speed is not one either; that was said. */
	if (said && !session->clock.note && session->clock.span_ns >= KHZ_SPAN_NS && apart > said / 100 * KHZ_APART_PERCENT)
		session_say(session, "the TSC has %llu kHz by this kernel's clock and %llu kHz by Xen's: the times of the trace are by the first",
			    (unsigned long long)measured, (unsigned long long)said);
}
