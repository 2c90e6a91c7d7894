/* SPDX-License-Identifier: MIT */
/*
 * stream_file_killed.c - record/stream_file.c and the metadata of record/trace.c: killed at every step, readable at every step.
 *
 * A child does a fixed row of things to files; the system calls that change files are wrapped. Each is a step, and a long write has a
 * step at every TEAR bytes, more than the kernel would allow: it ends one at pages. Round N of a test ends the child at its Nth step, and
 * the parent looks at what is there: what is visible must be whole, hold all that had been said to be written, and nothing that was not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record/trace.h"

#define PACKETS 30
#define PAYLOAD_MAX 5000
#define TEAR 1024
#define PAGE 4096
#define KILLED 99
#define NAME "stream_0_0_0"
#define CLASSES 40

enum trouble {
	NO_TROUBLE,
	WRITES_FAIL,      /* now and then, in the middle */
	NOTHING_BIG,      /* no file larger than 20000 bytes */
	NO_GROWING,       /* but by writing; and no shrinking either */
	NO_HOLES,
	TROUBLES
};

/* Shared with the child, who does not come back. */
struct shared {
	uint32_t kill_at;
	uint32_t steps;
	enum trouble trouble;
	uint32_t writes;
	bool fail_next;
	bool wrong; /* a step that must not be */
	uint32_t attempted, appended;
	bool done[PACKETS];
};

static struct shared *shared;
static char folder[64];
static int dir_fd;

static void step(void)
{
	if (++shared->steps == shared->kill_at)
		_exit(KILLED);
}

/* Does the wrapped call fail this time? */
static bool fails(void)
{
	if (shared->trouble != WRITES_FAIL)
		return false;
	if (shared->fail_next) {
		shared->fail_next = false;
		return true;
	}
	return ++shared->writes % 5 == 0;
}

static bool is_too_big(off_t size)
{
	return shared->trouble == NOTHING_BIG && size > 20000;
}

static ssize_t torn_write(int fd, const uint8_t *bytes, size_t size, off_t offset)
{
	const size_t end = fails() ? size / 2 : size;
	size_t at, part;

	for (at = 0; at < end; at += part) {
		step();
		part = TEAR - (size_t)(offset + (off_t)at) % TEAR;
		if (part > end - at)
			part = end - at;
		if (syscall(SYS_pwrite64, fd, bytes + at, part, offset + (off_t)at) != (long)part)
			return -1;
	}
	step();
	errno = ENOSPC;
	return end == size ? (ssize_t)size : -1;
}

ssize_t pwritev(int fd, const struct iovec *part, int n, off_t offset)
{
	uint8_t bytes[PAYLOAD_MAX + 1000];
	size_t size = 0;

	for (; n; n--, part++) {
		memcpy(bytes + size, part->iov_base, part->iov_len);
		size += part->iov_len;
	}
	return torn_write(fd, bytes, size, offset);
}

/* Not torn: that is what all this stands on. */
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
	ssize_t n = -1;

	step();
	if (size > 8 || offset / PAGE != (offset + (off_t)size - 1) / PAGE)
		shared->wrong = true;
	errno = ENOSPC;
	if (!fails() && !is_too_big(offset + (off_t)size))
		n = (ssize_t)syscall(SYS_pwrite64, fd, bytes, size, offset);
	step();
	return n;
}

/* Only the metadata is written so, and its end is the file's end. */
static ssize_t torn_append(int fd, const char *bytes, size_t size)
{
	size_t at, part;

	for (at = 0; at < size; at += part) {
		step();
		part = size - at > TEAR ? TEAR : size - at;
		if (syscall(SYS_write, fd, bytes + at, part) != (long)part)
			return -1;
	}
	step();
	return (ssize_t)size;
}

ssize_t write(int fd, const void *bytes, size_t size)
{
	return shared && shared->kill_at ? torn_append(fd, bytes, size) : (ssize_t)syscall(SYS_write, fd, bytes, size);
}

int ftruncate(int fd, off_t size)
{
	int err;

	step();
	if (is_too_big(size) || shared->trouble == NO_GROWING) {
		errno = shared->trouble == NO_GROWING ? EPERM : EFBIG;
		return -1;
	}
	err = (int)syscall(SYS_ftruncate, fd, size);
	step();
	return err;
}

int renameat(int old_dir, const char *old, int new_dir, const char *new)
{
	int err;

	step();
	errno = ENOSPC;
	err = fails() ? -1 : (int)syscall(SYS_renameat2, old_dir, old, new_dir, new, 0);
	step();
	return err;
}

int renameat2(int old_dir, const char *old, int new_dir, const char *new, unsigned int flags)
{
	int err;

	step();
	err = (int)syscall(SYS_renameat2, old_dir, old, new_dir, new, flags);
	step();
	return err;
}

int fstat(int fd, struct stat *st)
{
	const int err = fstatat(fd, "", st, AT_EMPTY_PATH);

	if (shared && shared->trouble == NO_HOLES)
		st->st_blocks = st->st_size / 512;
	return err;
}

static uint32_t payload_size(uint64_t seq)
{
	static const uint32_t sizes[] = {0, 1, 7, 8, 100, 376, 3960, 4000, PAYLOAD_MAX};

	return seq % 3 ? sizes[seq % 9] : (uint32_t)(seq * 2654435761u % PAYLOAD_MAX);
}

static uint8_t payload_byte(uint64_t seq, uint32_t i)
{
	return (uint8_t)(1 + (seq * 31 + i * 7) % 255);
}

static int append(struct stream_file *file, struct stream_file_rooms *rooms, uint64_t seq)
{
	const uint32_t size = payload_size(seq);
	struct bl_packet packet = {.magic = BL_PACKET_MAGIC, .seq = seq, .timestamp_begin = seq * 10, .timestamp_end = seq * 10 + 5,
				   .content_bits = 8 * (sizeof(packet) + size), .packet_bits = 8 * (sizeof(packet) + size)};
	uint8_t payload[PAYLOAD_MAX];
	uint32_t i;

	for (i = 0; i < size; i++)
		payload[i] = payload_byte(seq, i);
	return stream_file_append(file, dir_fd, NAME, rooms, &packet, payload, size);
}

static struct stream_file_rooms rooms_usual(void)
{
	return shared->trouble == NO_HOLES ? (struct stream_file_rooms){32 << 20, 64 << 20} : (struct stream_file_rooms){8192, 32768};
}

/* What the child does. */
static void write_files(void)
{
	struct stream_file_rooms rooms = rooms_usual();
	struct stream_file file = STREAM_FILE_CLOSED;
	uint32_t seq;

	for (seq = 0; seq < PACKETS; seq++) {
		shared->attempted = seq + 1;
		shared->fail_next = seq == PACKETS - 1; /* nothing is written over what it leaves */
		if (!append(&file, &rooms, seq)) {
			shared->done[seq] = true;
			shared->appended++;
		}
		if (seq % 7 == 3)
			stream_file_close(&file);
	}
	stream_file_finish(&file, dir_fd, NAME);
	if (shared->trouble == NO_HOLES && (rooms.first > 4 << 20 || rooms.max > 4 << 20))
		shared->wrong = true;
}

static void empty_folder(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			assert_int_equal(unlinkat(dir_fd, entry->d_name, 0), 0);
	closedir(dir);
}

/* Return: the child was killed at step @kill_at. */
static bool run_child(void (*work)(void), uint32_t kill_at, enum trouble trouble)
{
	int status;
	pid_t pid;

	empty_folder();
	memset(shared, 0, sizeof(*shared));
	shared->kill_at = kill_at;
	shared->trouble = trouble;
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		work();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == KILLED);
	assert_false(shared->wrong);
	return WEXITSTATUS(status) == KILLED;
}

struct seen {
	uint32_t packets;
	uint32_t tails;
	uint32_t files;
	bool there[PACKETS];
	uint64_t last_seq;
	uint64_t padding;
};

static void look_at_packet(const uint8_t *bytes, const struct bl_packet *head, struct seen *seen, bool at_end)
{
	const uint64_t size = head->content_bits / 8 - sizeof(*head);
	uint32_t i;

	assert_int_equal(head->magic, BL_PACKET_MAGIC);
	if (at_end && !size && seen->packets && head->timestamp_begin == head->timestamp_end) {
		assert_int_equal(head->seq, seen->last_seq + 1);
		seen->tails++;
		return;
	}
	assert_true(head->seq < PACKETS && head->seq < shared->attempted && !seen->there[head->seq]);
	assert_true(!seen->packets || head->seq > seen->last_seq);
	assert_int_equal(size, payload_size(head->seq));
	for (i = 0; i < size; i++)
		assert_int_equal(bytes[sizeof(*head) + i], payload_byte(head->seq, i));
	seen->there[head->seq] = true;
	seen->last_seq = head->seq;
	seen->packets++;
	seen->padding += head->packet_bits / 8 - ((head->content_bits / 8 + 7) & ~7ull);
}

static void look_at_file(const char *name, struct seen *seen)
{
	struct bl_packet head;
	uint8_t *bytes;
	size_t at, size;
	struct stat st;
	int fd;

	fd = openat(dir_fd, name, O_RDONLY);
	assert_true(fd >= 0 && !fstat(fd, &st));
	size = (size_t)st.st_size;
	assert_true(size > 0);
	bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(bytes != MAP_FAILED);
	for (at = 0; at < size; at += head.packet_bits / 8) {
		assert_true(size - at >= sizeof(head));
		memcpy(&head, bytes + at, sizeof(head));
		assert_true(head.content_bits % 8 == 0 && head.content_bits >= 8 * sizeof(head));
		assert_true(head.packet_bits % 64 == 0 && head.content_bits <= head.packet_bits && head.packet_bits / 8 <= size - at);
		look_at_packet(bytes + at, &head, seen, at && at + head.packet_bits / 8 == size);
	}
	munmap(bytes, size);
	close(fd);
	seen->files++;
}

static void look(struct seen *seen)
{
	char name[80];
	uint32_t n;

	memset(seen, 0, sizeof(*seen));
	for (n = 1; n < 100; n++) {
		(void)snprintf(name, sizeof(name), n > 1 ? NAME ".%u" : NAME, n);
		if (faccessat(dir_fd, name, F_OK, 0))
			break;
		look_at_file(name, seen);
	}
	for (n = 0; n < PACKETS; n++)
		assert_true(seen->there[n] >= shared->done[n]);
	assert_true(seen->packets <= shared->appended + 1);
}

/* Visible files and hidden ones; a reader would look at all that are visible. */
static void count_names(uint32_t *ret_visible, uint32_t *ret_hidden)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	*ret_visible = *ret_hidden = 0;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			++*ret_visible;
		else if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			++*ret_hidden;
	closedir(dir);
}

static void kill_everywhere(enum trouble trouble)
{
	uint32_t kill_at, visible, hidden;
	struct seen seen;
	bool killed = true;

	for (kill_at = 1; killed; kill_at++) {
		killed = run_child(write_files, kill_at, trouble);
		look(&seen);
		count_names(&visible, &hidden);
		assert_int_equal(visible, seen.files);
		assert_true(hidden <= 1);
		assert_true(seen.tails <= (killed ? 1 : 0));
	}
	assert_true(kill_at > 100);
	/* The last round was not disturbed. */
	assert_int_equal(shared->attempted, PACKETS);
	assert_int_equal(seen.packets, shared->appended);
	assert_int_equal(hidden, 0);
	if (trouble == NO_TROUBLE || trouble == NOTHING_BIG || trouble == NO_HOLES) {
		assert_int_equal(seen.packets, PACKETS);
		assert_int_equal(seen.padding, 0);
	}
	assert_true(trouble == NO_HOLES ? seen.files == 1 : seen.files >= 3);
}

static void killed_at_every_step(void **state)
{
	(void)state;
	kill_everywhere(NO_TROUBLE);
}

static void killed_while_writes_fail(void **state)
{
	(void)state;
	kill_everywhere(WRITES_FAIL);
	assert_true(shared->appended > PACKETS / 4 && shared->appended < PACKETS);
}

static void rooms_shrink_to_what_is_allowed(void **state)
{
	(void)state;
	kill_everywhere(NOTHING_BIG);
}

static void files_that_cannot_change_size(void **state)
{
	(void)state;
	kill_everywhere(NO_GROWING);
	assert_int_equal(shared->appended, PACKETS);
}

static void file_systems_without_holes(void **state)
{
	(void)state;
	kill_everywhere(NO_HOLES);
}

static void write_with_limit(void)
{
	const struct rlimit limit = {.rlim_cur = 10000, .rlim_max = 10000};
	struct stream_file_rooms rooms = {STREAM_FILE_ROOM_FIRST, STREAM_FILE_ROOM_MAX};
	struct stream_file file = STREAM_FILE_CLOSED;
	static const uint8_t much[20000];
	struct bl_packet packet = {.content_bits = 8 * (sizeof(packet) + sizeof(much))};

	(void)setrlimit(RLIMIT_FSIZE, &limit); /* a write beyond it would end us by SIGXFSZ */
	for (shared->attempted = 0; shared->attempted < PACKETS; shared->attempted++)
		if (append(&file, &rooms, shared->attempted))
			shared->wrong = true;
	if (stream_file_append(&file, dir_fd, NAME, &rooms, &packet, much, sizeof(much)) != -EFBIG)
		shared->wrong = true;
	stream_file_finish(&file, dir_fd, NAME);
}

static void the_limit_of_the_process_is_kept(void **state)
{
	struct seen seen;

	(void)state;
	assert_false(run_child(write_with_limit, 0, NO_TROUBLE));
	shared->appended = PACKETS;
	look(&seen);
	assert_int_equal(seen.packets, PACKETS);
	assert_int_equal(seen.padding, 0);
}

/* Metadata: a session that gets one class after the other. */

static struct trace *trace_for_metadata(struct streams *streams, const struct trace_clock *clock)
{
	static struct trace trace;

	trace = (struct trace){.dir_fd = dir_fd, .streams = streams, .clock = clock};
	return &trace;
}

static void add_classes(void)
{
	static struct trace_clock clock = {.name = "c", .why = "w", .frequency_hz = 1000000000};
	struct streams streams = {0};
	struct trace *trace = trace_for_metadata(&streams, &clock);
	struct event_set *set;
	uint32_t i;

	for (i = 0; i < CLASSES; i++) {
		if (event_set_parse(NULL, 0, &set, NULL) || !stream_class_new(&streams, set, 1, &(const struct stream_form){0}))
			_exit(1);
		shared->attempted = i + 1;
		if (trace_describe(trace, NULL))
			_exit(1);
		shared->appended = i + 1;
		if (i == CLASSES / 2 && trace_describe(trace, NULL)) /* as when the clock is known better */
			_exit(1);
	}
	trace_finish(trace);
}

static uint32_t count(const char *text, const char *what)
{
	uint32_t n = 0;

	while ((text = strstr(text, what))) {
		n++;
		text++;
	}
	return n;
}

static void look_at_metadata(void)
{
	static char text[1 << 20];
	const int fd = openat(dir_fd, "metadata", O_RDONLY);
	ssize_t size;

	if (fd < 0) {
		assert_int_equal(shared->appended, 0);
		return;
	}
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	assert_true(size > 100);
	text[size] = 0;
	assert_string_equal(text + size - 4, "};\n\n");
	assert_int_equal(count(text, "{"), count(text, "}"));
	assert_int_equal(count(text, "\ntrace {"), 1);
	assert_true(count(text, "\nstream {") >= shared->appended && count(text, "\nstream {") <= shared->attempted);
}

static void metadata_is_whole(void **state)
{
	uint32_t kill_at, visible, hidden;
	bool killed = true;

	(void)state;
	for (kill_at = 1; killed; kill_at++) {
		killed = run_child(add_classes, kill_at, NO_TROUBLE);
		look_at_metadata();
		count_names(&visible, &hidden);
		assert_true(visible <= 1);
		assert_true(hidden <= 1);
	}
	assert_int_equal(shared->appended, CLASSES);
	assert_int_equal(hidden, 0);
}

static int setup(void **state)
{
	(void)state;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* A disk would take its time over thousands of files. */
	(void)snprintf(folder, sizeof(folder), "%s/borelog-killed-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	if (shared == MAP_FAILED || !mkdtemp(folder))
		return -1;
	dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir_fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	empty_folder();
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_at_every_step),
		cmocka_unit_test(killed_while_writes_fail),
		cmocka_unit_test(rooms_shrink_to_what_is_allowed),
		cmocka_unit_test(files_that_cannot_change_size),
		cmocka_unit_test(file_systems_without_holes),
		cmocka_unit_test(the_limit_of_the_process_is_kept),
		cmocka_unit_test(metadata_is_whole),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
