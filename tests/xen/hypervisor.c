/* SPDX-License-Identifier: MIT */
/*
 * hypervisor - the tracer in the hypervisor, from dom0, by hypercalls alone. Runs one test; prints what is not as it should be.
 *
 * usage: hypervisor TEST [NUMBER]
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/event.h"
#include "core/ring_abi.h"
#include "tests/xen/check.h"
#include "tests/xen/hypercall.h"
#include "tests/xen/rings.h"

#define SYSCTL_DEBUG_KEYS 7
#define SYSCTL_CPU_HOTPLUG 11
#define CPU_ONLINE 0
#define CPU_OFFLINE 1
#define TBUF_SET_SIZE 3
#define TBUF_ENABLE 4
#define TBUF_DISABLE 5
#define XEN_VERSION_HYPERCALL 17

/* struct xen_sysctl, for Xen's own operations */
struct sysctl {
	uint32_t cmd;
	uint32_t version;
	union {
		struct {
			uint64_t keys;
			uint32_t n;
		} debug_keys;
		struct {
			uint32_t cpu;
			uint32_t op;
		} hotplug;
		struct {
			uint32_t cmd;
			uint64_t cpu_mask;
			uint64_t cpu_mask_bits;
			uint64_t event_mask;
			uint64_t buffer_mfn;
			uint32_t size;
		} tbuf;
		uint8_t all[128];
	} u;
};

static const struct blx_create small = {.sub_shift = 12, .n_sub = 4};
static const struct blx_create usual = {
	.sub_shift = 16, .n_sub = 8, .stream_id = 7, .uuid = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

static long xen_sysctl(struct sysctl *call)
{
	call->version = BLX_SYSCTL_VERSION_MIN;
	return blx_raw(BLX_SYSCTL_HYPERCALL, (uintptr_t)call, 0, 0, 0, 0);
}

static void pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	CHECK(!sched_setaffinity(0, sizeof(set), &set), "CPU%u: %s", cpu, strerror(errno));
}

/* ---- Load: processes that make hypercalls, and so records, on each of dom0's CPUs until they are ended ---- */

static pid_t workers[CPUS_MAX];
static unsigned int n_workers;

static void work(unsigned int cpu)
{
	unsigned long n;

	pin(cpu);
	for (n = 0;; n++)
		blx_raw(XEN_VERSION_HYPERCALL, 0, 0, 0, 0, 0);
}

static void load_begin(void)
{
	const unsigned int n = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);

	for (n_workers = 0; n_workers < n && n_workers < CPUS_MAX; n_workers++) {
		workers[n_workers] = fork();
		if (!workers[n_workers])
			work(n_workers);
	}
}

static void load_end(void)
{
	while (n_workers) {
		kill(workers[--n_workers], SIGKILL);
		waitpid(workers[n_workers], NULL, 0);
	}
}

/* ---- Tests ---- */

static void begin(struct session *session, const struct blx_create *how)
{
	int r;

	memset(session, 0, sizeof(*session));
	session->how = *how;
	r = session_create(session);
	if (r) {
		printf("a session could not be created: %s\n", strerror(-r));
		exit(1);
	}
	session_map(session);
}

static void end(struct session *session)
{
	CHECK(!session_do(session, BLX_DESTROY), "serial %lu", session->serial);
	session_unmap(session);
	session_gone(session);
}

static uint64_t records_of(const struct session *session)
{
	uint64_t records = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS_MAX; cpu++)
		records += session->ring[cpu].records;
	return records;
}

/* What the hypervisor counted is what the packets say. */
static void check_counters(const struct session *session)
{
	unsigned int cpu;
	int i;

	for (cpu = 0; cpu < session->n_cpus; cpu++) {
		struct blx_counters counters = {.serial = session->serial, .cpu = cpu};
		const struct ring *ring = &session->ring[cpu];
		uint64_t lost = 0;
		const int r = blx_do(BLX_COUNTERS, &counters, sizeof(counters));

		CHECK(!r, "CPU%u: %d", cpu, r);
		for (i = 0; i < LOST_NR; i++)
			lost += counters.lost[i];
		CHECK(counters.taken == ring->packets, "CPU%u: %lu and %lu packets", cpu, counters.taken, ring->packets);
		CHECK(counters.records == ring->records, "CPU%u: %lu and %lu records", cpu, counters.records, ring->records);
		CHECK(lost == ring->lost, "CPU%u: %lu and %lu discarded", cpu, lost, ring->lost);
	}
}

/* Records of all kinds, in the order of time, with the right counts. */
static void test_records(unsigned long seconds)
{
	struct session session;
	unsigned long tenths;

	begin(&session, &usual);
	CHECK(!session_take(&session), "packets of a session that was not started");
	CHECK(!session_do(&session, BLX_START), "start");
	load_begin();
	for (tenths = 0; tenths < seconds * 10; tenths++) {
		usleep(100000);
		session_take(&session);
	}
	load_end();
	CHECK(!session_do(&session, BLX_STOP), "stop");
	session_take(&session);
	CHECK(records_of(&session) > 1000, "%lu records", records_of(&session));
	check_counters(&session);
	printf("%lu records\n", records_of(&session));
	end(&session);
}

/* Nobody takes anything: all is counted, and the last packet says so. */
static void test_discard(unsigned long seconds)
{
	struct session session;
	unsigned int cpu, round;
	uint64_t lost = 0;

	begin(&session, &small);
	CHECK(!session_do(&session, BLX_START), "start");
	load_begin();
	for (round = 0; round < 3; round++) {
		usleep((useconds_t)(seconds * 1000000 / 3));
		session_take(&session);
	}
	load_end();
	CHECK(!session_do(&session, BLX_STOP), "stop");
	session_take(&session);
	/* What was lost since the last packet is in none yet: an empty one for it would need a record that fits. */
	CHECK(!session_do(&session, BLX_START), "start");
	usleep(300000);
	CHECK(!session_do(&session, BLX_STOP), "stop");
	session_take(&session);
	check_counters(&session);
	for (cpu = 0; cpu < session.n_cpus; cpu++)
		lost += session.ring[cpu].lost;
	CHECK(lost > 1000, "%lu discarded", lost);
	printf("%lu records, %lu discarded\n", records_of(&session), lost);
	end(&session);
}

/* The newest are there: the last packet ends when recording ended. */
static void test_overwrite(unsigned long seconds)
{
	struct blx_create how = small;
	struct session session;
	unsigned int cpu;

	how.flags = BLX_OVERWRITE;
	begin(&session, &how);
	CHECK(!session_do(&session, BLX_START), "start");
	load_begin();
	usleep((useconds_t)(seconds * 1000000));
	load_end();
	CHECK(!session_do(&session, BLX_STOP), "stop");
	session_take(&session);
	for (cpu = 0; cpu < session.n_cpus; cpu++) {
		const struct ring *ring = &session.ring[cpu];

		CHECK(ring->packets && ring->packets <= how.n_sub, "CPU%u: %lu packets", cpu, ring->packets);
		CHECK(ring->seq > 2 * how.n_sub, "CPU%u: only packet %lu", cpu, ring->seq);
		CHECK(!ring->lost, "CPU%u: %lu discarded", cpu, ring->lost);
	}
	end(&session);
}

struct selection {
	uint32_t wanted;
	uint64_t wanted_records;
	uint64_t other_records;
};

static void count_selected(void *data, unsigned int cpu, uint32_t id, uint64_t time, const uint8_t *fields, size_t size)
{
	struct selection *selection = data;

	(void)cpu, (void)time, (void)fields, (void)size;
	if (id == selection->wanted)
		selection->wanted_records++;
	else
		selection->other_records++;
}

/* One event, one CPU. */
static void test_select(unsigned long seconds)
{
	uint64_t events[16] = {0}, cpus = 1ull << 1;
	struct selection selection = {.wanted = id_of("pv_hypercall_return")};
	struct blx_create how = usual;
	struct session session;

	events[selection.wanted / 64] = 1ull << selection.wanted % 64;
	how.events = (uintptr_t)events;
	how.n_events = 1024;
	how.cpus = (uintptr_t)&cpus;
	how.n_cpus = 64;
	begin(&session, &how);
	session.record = count_selected;
	session.data = &selection;
	CHECK(!session.ring[0].at && session.ring[1].at, "rings of CPU0 and 1");
	CHECK(!session_do(&session, BLX_START), "start");
	load_begin();
	usleep((useconds_t)(seconds * 1000000));
	session_take(&session);
	load_end();
	CHECK(!session_do(&session, BLX_STOP), "stop");
	session_take(&session);
	CHECK(selection.wanted_records > 100 && !selection.other_records, "%lu and %lu", selection.wanted_records,
	      selection.other_records);
	end(&session);
}

/* What is selected does not happen: nobody is woken, nothing is handed over. */
static void test_idle(unsigned long seconds)
{
	uint64_t events[16] = {1ull << id_of("raw")};
	struct blx_create how = usual;
	struct session session;
	unsigned int cpu;

	how.events = (uintptr_t)events;
	how.n_events = 1024;
	begin(&session, &how);
	CHECK(!session_do(&session, BLX_START), "start");
	load_begin();
	sleep((unsigned int)seconds);
	load_end();
	for (cpu = 0; cpu < session.n_cpus; cpu++) {
		struct blx_counters counters = {.serial = session.serial, .cpu = cpu};

		CHECK(!blx_do(BLX_COUNTERS, &counters, sizeof(counters)) && !counters.wakes, "CPU%u: %lu wakes", cpu,
		      counters.wakes);
	}
	CHECK(!session_do(&session, BLX_STOP), "stop");
	CHECK(!session_take(&session), "packets without a record");
	end(&session);
}

/* Rings are read-only for us, whatever we try: with the session, while it goes, and when only our mapping is left. */
static void test_read_only(unsigned long unused)
{
	struct session session;
	uint64_t before;
	size_t i;

	(void)unused;
	before = free_pages();
	begin(&session, &small);
	for (i = 0; i < session.ring[0].n_pages; i++)
		CHECK(!blx_map(&session.ring[0].frames[i], 1, PROT_READ | PROT_WRITE), "page %zu could be mapped writable", i);
	CHECK(mprotect((void *)(uintptr_t)session.ring[0].at, 4096, PROT_READ | PROT_WRITE), "mprotect made a page writable");
	CHECK(!session_do(&session, BLX_DESTROY), "destroy");
	session_gone(&session);
	/* The pages are ours alone now, and were not given to anybody: their contents are there. */
	CHECK(free_pages() < before, "%lu pages free, %lu before", free_pages(), before);
	CHECK(((const struct bl_ring_shared *)(const void *)session.ring[0].at)->head, "a page that is mapped lost its contents");
	session_unmap(&session);
	for (i = 0; i < 100 && free_pages() != before; i++)
		usleep(10000);
	CHECK(free_pages() == before, "%lu pages free, %lu before", free_pages(), before);
}

/* Again and again, with load: no memory is left behind. */
static void test_again(unsigned long times)
{
	struct session session;
	uint64_t before;
	unsigned long n;

	begin(&session, &small);
	end(&session);
	before = free_pages();
	load_begin();
	for (n = 0; n < times; n++) {
		begin(&session, &small);
		CHECK(!session_do(&session, BLX_START), "start");
		session_take(&session);
		if (n % 2)
			CHECK(!session_do(&session, BLX_STOP), "stop");
		end(&session);
	}
	load_end();
	CHECK(free_pages() == before, "%lu pages free, %lu before", free_pages(), before);
	printf("%lu times\n", n);
}

/* xentrace and we shut each other out, and nobody else notices. */
static void test_stock(unsigned long unused)
{
	struct sysctl size = {.cmd = BLX_SYSCTL_TBUF, .u.tbuf = {.cmd = TBUF_SET_SIZE, .size = 4}};
	struct sysctl on = {.cmd = BLX_SYSCTL_TBUF, .u.tbuf = {.cmd = TBUF_ENABLE}};
	struct sysctl off = {.cmd = BLX_SYSCTL_TBUF, .u.tbuf = {.cmd = TBUF_DISABLE}};
	struct session session = {.how = small};
	long r;

	(void)unused;
	begin(&session, &small);
	r = xen_sysctl(&size);
	CHECK(r == -EBUSY, "set_size beside a session: %ld", r);
	r = xen_sysctl(&on);
	CHECK(r == -EBUSY, "enable beside a session: %ld", r);
	end(&session);
	CHECK(!(r = xen_sysctl(&size)), "set_size: %ld", r); /* which also enables */
	CHECK(info().flags & BLX_STOCK_BUSY, "flags %#x", info().flags);
	r = session_create(&session);
	CHECK(r == -EBUSY, "create beside xentrace: %ld", r);
	CHECK(!(r = xen_sysctl(&off)), "disable: %ld", r);
	begin(&session, &small);
	end(&session);
}

/* Arguments that make no sense, one at a time. */
static void test_arguments(unsigned long unused)
{
	static const struct blx_create bad[] = {
		{.sub_shift = 11, .n_sub = 4},
		{.sub_shift = 23, .n_sub = 4},
		{.sub_shift = 12, .n_sub = 0},
		{.sub_shift = 12, .n_sub = 1},
		{.sub_shift = 12, .n_sub = 3},
		{.sub_shift = 12, .n_sub = 256},
		{.sub_shift = 22, .n_sub = 128},
		{.sub_shift = 255, .n_sub = 4},
		{.sub_shift = 12, .n_sub = 0x80000000},
		{.sub_shift = 12, .n_sub = 4, .flags = 2},
		{.sub_shift = 12, .n_sub = 4, .reserved = 1},
	};
	struct session session = {.how = small};
	struct blx_session_name name;
	struct blx_create create;
	struct blx_put put;
	struct blx_buffer buffer = {0};
	size_t i;
	int r;

	(void)unused;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		create = bad[i];
		r = blx_do(BLX_CREATE, &create, sizeof(create));
		CHECK(r == -EINVAL, "create %zu: %d", i, r);
	}
	create = small;
	create.serial = 12345;
	CHECK((r = blx_do(BLX_CREATE, &create, sizeof(create))) == -ESRCH, "create with a serial: %d", r);
	create = small;
	create.events = 1;
	create.n_events = 1024;
	CHECK((r = blx_do(BLX_CREATE, &create, sizeof(create))) == -EFAULT, "bitmap nowhere: %d", r);
	create = small;
	CHECK((r = blx_do(BLX_CREATE, &create, sizeof(create) - 8)) == -EINVAL, "size: %d", r);
	CHECK((r = blx_do(BLX_CREATE, NULL, sizeof(create))) == -EFAULT, "argument nowhere: %d", r);
	CHECK((r = blx_do(BLX_OP_END, &create, sizeof(create))) == -EINVAL, "no such operation: %d", r);
	name.serial = info().serial + 1;
	for (i = BLX_DESTROY; i <= BLX_FLUSH; i++)
		CHECK((r = blx_do((unsigned int)i, &name, sizeof(name))) == -ESRCH, "operation %zu without a session: %d", i, r);
	buffer.from = 4;
	CHECK((r = blx_do(BLX_EVENTS, &buffer, sizeof(buffer))) == -EINVAL, "events from byte 4: %d", r);

	begin(&session, &small);
	create = small;
	CHECK((r = blx_do(BLX_CREATE, &create, sizeof(create))) == -EBUSY, "a second session: %d", r);
	put = (struct blx_put){.serial = session.serial, .cpu = 4096};
	CHECK((r = blx_do(BLX_PUT, &put, sizeof(put))) == -ENODEV, "CPU4096: %d", r);
	put = (struct blx_put){.serial = session.serial - 1};
	CHECK((r = blx_do(BLX_PUT, &put, sizeof(put))) == -ESRCH, "a serial of the past: %d", r);
	end(&session);
	CHECK((r = session_do(&session, BLX_START)) == -ESRCH, "a session that has gone: %d", r);
}

/* Any operation with any argument: what is read and written is ours or an error, and Xen lives on. */
static void test_fuzz(unsigned long times)
{
	uint64_t arg[16], seed = 88172645463325252ull ^ times;
	unsigned long n;
	size_t i;

	load_begin();
	for (n = 0; n < times; n++) {
		const struct blx_info is = info();

		for (i = 0; i < sizeof(arg) / sizeof(arg[0]); i++) {
			seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
			/* Small numbers, the session's serial, places in our memory, anything. */
			arg[i] = seed % 7 == 0   ? seed
				 : seed % 7 == 1 ? is.serial
				 : seed % 7 == 2 ? (uintptr_t)arg
						 : seed >> 8 & 0x0000001f0000001f;
		}
		if (seed % 3 == 0) {
			const struct blx_create how = {
				.sub_shift = 12 + (seed >> 16 & 3), .n_sub = 2u << (seed >> 20 & 3), .flags = seed >> 24 & 1};

			memcpy(arg, &how, sizeof(how));
		}
		static const size_t sizes[] = {sizeof(struct blx_info),         sizeof(struct blx_create),
					       sizeof(struct blx_session_name), sizeof(struct blx_layout),
					       sizeof(struct blx_put),          sizeof(struct blx_counters),
					       sizeof(struct blx_buffer),       sizeof(struct blx_memory)};
		blx_do(BLX_INFO + seed / 256 % (BLX_OP_END - BLX_INFO + 1), arg,
		       sizes[seed / 65536 % (sizeof(sizes) / sizeof(sizes[0]))]);
	}
	load_end();
	if (info().state != BLX_NONE && info().state != BLX_DESTROYING) {
		struct session left = {.serial = info().serial};

		CHECK(!session_do(&left, BLX_DESTROY), "destroy");
		session_gone(&left);
	}
	printf("%lu calls\n", n);
}

/* A pCPU goes and comes back, and one comes that was not there when the session began. */
static void test_hotplug(unsigned long times)
{
	struct session session;
	unsigned long n;
	long r;

	for (n = 0; n < times; n++) {
		struct sysctl go = {.cmd = SYSCTL_CPU_HOTPLUG, .u.hotplug = {1, CPU_OFFLINE}};
		struct sysctl come = {.cmd = SYSCTL_CPU_HOTPLUG, .u.hotplug = {1, CPU_ONLINE}};
		uint64_t records;

		if (n % 2)
			CHECK(!(r = xen_sysctl(&go)), "offline: %ld", r);
		begin(&session, &usual);
		CHECK(n % 2 ? !session.ring[1].at : !!session.ring[1].at, "ring of CPU1");
		CHECK(!session_do(&session, BLX_START), "start");
		load_begin();
		usleep(200000);
		if (!(n % 2)) {
			session_take(&session);
			CHECK(!(r = xen_sysctl(&go)), "offline: %ld", r);
			session_take(&session);
			usleep(100000);
		}
		CHECK(!(r = xen_sysctl(&come)), "online: %ld", r);
		session_map(&session);
		CHECK(session.ring[1].at, "no ring for a CPU that came");
		records = session.ring[1].records;
		usleep(300000);
		load_end();
		CHECK(!session_do(&session, BLX_STOP), "stop");
		session_take(&session);
		CHECK(session.ring[1].records > records, "CPU1 records nothing: %lu", records);
		check_counters(&session);
		end(&session);
	}
}

struct nmis {
	const struct session *session;
	uint32_t entry, exit;
	uint64_t entries, exits;
	bool inside[CPUS_MAX];
};

static void count_nmis(void *data, unsigned int cpu, uint32_t id, uint64_t time, const uint8_t *fields, size_t size)
{
	struct nmis *nmis = data;

	(void)time, (void)fields, (void)size;
	if (id == nmis->entry) {
		CHECK(!nmis->inside[cpu] || nmis->session->ring[cpu].lost, "CPU%u: an NMI in an NMI", cpu);
		nmis->inside[cpu] = true;
		nmis->entries++;
	} else if (id == nmis->exit) {
		CHECK(nmis->inside[cpu] || nmis->session->ring[cpu].lost, "CPU%u: an NMI ends that has not begun", cpu);
		nmis->inside[cpu] = false;
		nmis->exits++;
	}
}

/* Debug key N: the pCPU that handles it sends itself an NMI. */
static void send_nmis(unsigned int cpu, unsigned long times)
{
	static char key = 'N';
	struct sysctl call = {.cmd = SYSCTL_DEBUG_KEYS, .u.debug_keys = {(uintptr_t)&key, 1}};
	unsigned long n;

	pin(cpu);
	for (n = 0; n < times; n++)
		if (xen_sysctl(&call))
			_exit(1);
	_exit(0);
}

/* NMIs under load on all CPUs, while everything is recorded: none torn, none lost uncounted. */
static void test_nmi(unsigned long times)
{
	struct nmis nmis = {.entry = id_of("nmi_entry"), .exit = id_of("nmi_exit")};
	const unsigned int n_cpus = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	struct session session;
	unsigned int cpu, left = 0;
	uint64_t lost = 0;
	int status;

	begin(&session, &usual);
	session.record = count_nmis;
	session.data = &nmis;
	nmis.session = &session;
	CHECK(!session_do(&session, BLX_START), "start");
	load_begin();
	for (cpu = 0; cpu < n_cpus; cpu++, left++)
		if (!fork())
			send_nmis(cpu, times);
	while (left) {
		session_take(&session);
		usleep(2000);
		while (left && waitpid(-1, &status, WNOHANG) > 0) {
			CHECK(!status, "a sender ended with %#x", status);
			left--;
		}
	}
	load_end();
	CHECK(!session_do(&session, BLX_STOP), "stop");
	session_take(&session);
	check_counters(&session);
	for (cpu = 0; cpu < session.n_cpus; cpu++)
		lost += session.ring[cpu].lost;
	/* Xen counts what it discards; without that every NMI is there. */
	CHECK(nmis.entries + lost >= n_cpus * times, "%lu of %lu NMIs, %lu discarded", nmis.entries, n_cpus * times, lost);
	CHECK(lost || nmis.entries == nmis.exits, "%lu begin, %lu end", nmis.entries, nmis.exits);
	printf("%lu NMIs sent, %lu recorded, %lu records, %lu discarded\n", n_cpus * times, nmis.entries, records_of(&session),
	       lost);
	end(&session);
}

/* A test build of the hypervisor sends itself NMIs inside of the record path: each of them records, and nothing is torn. */
static void test_self_nmi(unsigned long seconds)
{
	struct nmis nmis = {.entry = id_of("nmi_entry"), .exit = id_of("nmi_exit")};
	static const uint32_t flags[] = {0, BLX_OVERWRITE};
	unsigned int i, cpu;

	for (i = 0; i < 2; i++) {
		struct blx_create how = i ? small : usual;
		struct session session;
		unsigned long n;
		uint64_t lost = 0;

		memset(nmis.inside, 0, sizeof(nmis.inside));
		nmis.entries = nmis.exits = 0;
		how.flags = flags[i];
		begin(&session, &how);
		session.record = i ? NULL : count_nmis; /* what was overwritten does not come in pairs */
		session.data = &nmis;
		nmis.session = &session;
		CHECK(!session_do(&session, BLX_START), "start");
		load_begin();
		for (n = 0; n < seconds * 500; n++) {
			usleep(2000);
			session_take(&session);
		}
		load_end();
		CHECK(!session_do(&session, BLX_STOP), "stop");
		session_take(&session);
		check_counters(&session);
		for (cpu = 0; cpu < session.n_cpus; cpu++)
			lost += session.ring[cpu].lost;
		if (!i)
			CHECK(nmis.entries > 1000 && (lost || nmis.entries == nmis.exits), "%lu begin, %lu end, %lu discarded",
			      nmis.entries, nmis.exits, lost);
		printf("%lu NMIs in %lu records, %lu discarded\n", nmis.entries, records_of(&session), lost);
		end(&session);
	}
}

static const struct {
	const char *name;
	void (*run)(unsigned long number);
	unsigned long number;
} tests[] = {
	{"records", test_records, 2},   {"discard", test_discard, 1}, {"overwrite", test_overwrite, 1},
	{"select", test_select, 1},     {"idle", test_idle, 5},       {"read_only", test_read_only, 0},
	{"again", test_again, 100},     {"stock", test_stock, 0},     {"arguments", test_arguments, 0},
	{"self_nmi", test_self_nmi, 3}, {"fuzz", test_fuzz, 3000},    {"hotplug", test_hotplug, 2},
	{"nmi", test_nmi, 2000},
};

int main(int argc, char **argv)
{
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	blx_open();
	describe();
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		if (argc > 1 && !strcmp(argv[1], tests[i].name)) {
			tests[i].run(argc > 2 ? strtoul(argv[2], NULL, 10) : tests[i].number);
			return check_end(tests[i].name);
		}
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		printf("%s\n", tests[i].name);
	return argc > 1 ? 2 : 0;
}
