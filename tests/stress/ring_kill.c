/* SPDX-License-Identifier: MIT */
/*
 * A writer killed at each named step of the record path (enum bl_step), at the first time that it comes there and at later ones; with
 * records nested in records, in both modes. What the consumer must find in the shared memory that is left:
 *
 *     every packet that was handed over is whole
 *     in each other packet, every record that had ended and lies in front of the first unfinished one is there
 *     the count of committed records is that of the records that had ended, but for those in progress
 *     the ring is no trap for others: who goes on recording there gets room or is told that there is none
 */
#include "support/ledger.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHIFT 12u
#define N_SUB 8u
#define RECORDS 600u
#define ENTRIES (16 * RECORDS)
#define NESTED_MAX 2u

struct shared {
	uint8_t memory[BL_RING_CONTROL_SIZE + ((N_SUB + 1) << SHIFT)];
	struct entry entry[ENTRIES];
	struct ledger ledger;
	bool flushing;
};

static struct shared *shared; /* between the writer and us */
static struct bl_ring ring;
static struct audit audit;
/* The writer's. */
static int kill_step;
static uint32_t kill_time, times, calls, depth, nested_max;

void bl_port_wake(struct bl_ring *by)
{
	(void)by;
}

static void put(uint32_t number)
{
	struct entry *entry = ledger_new(&shared->ledger, &ring, number % 17 ? 1 : 40, 8 + number * 13 % 250);

	if (!entry)
		_exit(1);
	(void)ledger_write(&shared->ledger, &ring, entry);
	ledger_end(entry, &ring);
}

void bl_test_step(int step)
{
	if (kill_step < 0)
		return;
	if (step == kill_step && ++times == kill_time)
		kill(getpid(), SIGKILL);
	if (depth < nested_max && ++calls % 5 == 0) {
		depth++;
		put(calls);
		depth--;
	}
}

static void writer(void)
{
	uint32_t i;

	for (i = 0; i < RECORDS; i++) {
		put(i);
		if (i % 50 == 49) {
			shared->flushing = true;
			(void)bl_ring_flush(&ring);
			shared->flushing = false;
		}
	}
	_exit(0);
}

static bool wrong(const char *what, uint64_t found, uint64_t expected)
{
	return audit_wrong(&audit, what, found, expected);
}

static bool ended(const struct entry *entry)
{
	return !entry->err && entry->after;
}

/* Records of sub-buffer @n by what became of them; @stop: where the walk came to an unfinished one. */
static bool check_unfinished(uint32_t n, uint32_t stop, const struct bl_unfinished *unfinished)
{
	uint32_t i, n_ended = 0, n_in_progress = 0;

	for (i = 0; i < shared->ledger.n; i++) {
		const struct entry *entry = &shared->ledger.entry[i];

		if (entry->err == ENTRY_PENDING || (!entry->err && !entry->after))
			n_in_progress++;
		if (entry->err || entry->n != n)
			continue;
		n_ended += ended(entry);
		if (ended(entry) && entry->at < stop && !entry->seen)
			return wrong("finished record in front of the unfinished one is missing", i, entry->at);
		if (entry->seen && entry->at >= stop)
			return wrong("record behind the unfinished one", i, stop);
	}
	if (!n_in_progress && !shared->flushing)
		return wrong("unfinished packet, but nothing in progress", n, 0);
	if (unfinished->committed_records < n_ended || unfinished->committed_records > n_ended + n_in_progress)
		return wrong("committed records", unfinished->committed_records, n_ended);
	return true;
}

/* Read what is there of a packet that nobody will hand over. */
static bool walk(uint32_t n, const struct bl_unfinished *unfinished)
{
	const uint8_t *bytes = ring.sub[unfinished->phys];
	struct record record;
	struct packet packet;
	uint32_t at = PACKET_HEAD, serial;
	uint64_t now;

	decode_packet(bytes, &packet);
	now = packet.begin;
	while (at < unfinished->claimed_bytes && !decode_record(bytes, unfinished->claimed_bytes, ring.id_bits, &at, &now, &record)) {
		memcpy(&serial, record.payload, sizeof(serial));
		if (serial >= shared->ledger.n || shared->ledger.entry[serial].n != n || shared->ledger.entry[serial].size != record.size)
			return wrong("record that nobody wrote", serial, record.at);
		if (record.ts < shared->ledger.entry[serial].not_before ||
		    (shared->ledger.entry[serial].after && record.ts > shared->ledger.entry[serial].after))
			return wrong("time of a record", record.ts, shared->ledger.entry[serial].not_before);
		shared->ledger.entry[serial].seen = true;
	}
	return check_unfinished(n, at, unfinished);
}

static bool read_all(void)
{
	struct bl_unfinished unfinished;
	int err;

	for (;;) {
		if (ring.flags & BL_RING_OVERWRITE)
			bl_reader_seek_oldest(&audit.reader);
		if (audit_take(&audit))
			continue;
		if (audit.wrong[0])
			return false;
		err = bl_reader_peek(&audit.reader, &unfinished);
		if (err == -BL_EAGAIN)
			return true;
		if (err)
			return wrong("peek", (uint64_t)-err, 0);
		/* It may be the place of a packet that is being cleared for the next: nothing of it is left. */
		if (unfinished.opened && !walk(audit.reader.next, &unfinished))
			return false;
		if (!bl_reader_distance(&audit.reader))
			return true;
		bl_reader_skip(&audit.reader);
		audit.next_seq++;
	}
}

static bool others_live_on(void)
{
	uint32_t i;
	int err;

	for (i = 0; i < RECORDS; i++) {
		err = ledger_record(&shared->ledger, &ring, 1, 200);
		if (err && err != -BL_ENOSPC)
			return wrong("recording after a writer was killed", (uint64_t)-err, 0);
	}
	return true;
}

/* Returns whether the writer came to the step. */
static bool killed_at(int step, uint32_t time, uint32_t nested, uint32_t flags)
{
	int status;
	pid_t pid;

	ring = (struct bl_ring){ .sub_shift = SHIFT, .n_sub = N_SUB, .n_phys = N_SUB + 1, .id_bits = 5, .flags = flags };
	bl_test_now = 1ull << 40;
	kill_step = -1;
	if (!test_ring_init(&ring, shared->memory))
		exit(1);
	shared->ledger = (struct ledger){ .entry = shared->entry, .max = ENTRIES };
	shared->flushing = false;
	audit_init(&audit, &ring, &shared->ledger);
	pid = fork();
	if (!pid) {
		kill_step = step;
		kill_time = time;
		nested_max = nested;
		writer();
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || (!WIFSIGNALED(status) && WEXITSTATUS(status)))
		exit(1);
	if (!WIFSIGNALED(status))
		return false;
	bl_test_now = 1ull << 41; /* the writer's clock was a copy of ours */
	if (!read_all() || !others_live_on()) {
		printf("FAULT: killed at step %d, time %u, nested %u, mode %u: %s\n", step, time, nested, flags, audit.wrong);
		exit(1);
	}
	return true;
}

int main(void)
{
	static const uint32_t at[] = { 1, 2, 3, 4, 5, 7, 9, 20, 50, 51, 52, 53, 170, 333 };
	uint32_t time, nested, flags, reached, total = 0;
	int step;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	for (step = 0; step < BL_STEP_NR; step++) {
		reached = 0;
		for (nested = 0; nested <= NESTED_MAX; nested++)
			for (flags = 0; flags <= BL_RING_OVERWRITE; flags++)
				for (time = 0; time < sizeof(at) / sizeof(at[0]); time++)
					reached += killed_at(step, at[time], nested, flags);
		printf("step %d: killed there %u times\n", step, reached);
		if (!reached)
			return 1;
		total += reached;
	}
	printf("ok: %u writers killed\n", total);
	return 0;
}
