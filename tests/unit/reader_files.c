/* SPDX-License-Identifier: MIT */
/*
 * reader_files.c - files that change while they are read, that cannot be read, and more of them than there are descriptors: an error that
 * says which file and where, the records that are there, and never more than that.
 *
 * A trace has packets of one content: a header of 16 bits, which is the packet's size in bytes, and records of one byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "ctf/ctf.h"

#define PACKET 8192u
#define RECORDS (PACKET - 4)
#define PACKETS 200u /* more than a window holds */

static const char metadata[] = "/* CTF 1.8 */ trace { major = 1; minor = 8; byte_order = le; };"
			       "typealias integer { size = 8; } := u8; typealias integer { size = 32; } := u32;"
			       "stream { packet.context := struct { u32 packet_size; }; };"
			       "event { name = e; fields := struct { u8 x; }; };";

static char directory[64];

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void write_file(const char *name, const void *bytes, size_t size)
{
	const int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static void write_stream(const char *name, unsigned int n_packets)
{
	static uint8_t bytes[PACKETS * PACKET];

	for (unsigned int i = 0; i < n_packets; i++) {
		const uint32_t bits = htole32(8 * PACKET);

		memset(bytes + i * PACKET, (int)i, PACKET);
		memcpy(bytes + i * PACKET, &bits, sizeof(bits));
	}
	write_file(name, bytes, n_packets * PACKET);
}

static int make_directory(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/borelog-files-XXXXXX");
	assert_non_null(mkdtemp(directory));
	write_file("metadata", metadata, strlen(metadata));
	return 0;
}

static int remove_directory(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static struct ctf *open_directory(uint32_t n_streams)
{
	const char *const dirs[] = {directory};
	struct ctf_error error;
	struct ctf *ctf = ctf_open(dirs, 1, &error);

	assert_non_null(ctf);
	assert_int_equal(ctf_n_streams(ctf), n_streams);
	return ctf;
}

/* Records up to the end; the last error, and how many there were. */
static uint64_t read_rest(struct ctf_iter *iter, struct ctf_error *ret_error, unsigned int *ret_errors)
{
	const struct ctf_record *record;
	uint64_t n = 0;
	enum ctf_status status;

	*ret_errors = 0;
	while ((status = ctf_iter_next(iter, &record)) != CTF_END) {
		n += status == CTF_RECORD;
		if (status == CTF_ERROR) {
			*ret_error = *ctf_iter_error(iter);
			assert_true(++*ret_errors < 10000);
		}
	}
	return n;
}

static struct ctf_iter *begin(const struct ctf *ctf, uint64_t n_records)
{
	const struct ctf_record *record;
	struct ctf_error error;
	struct ctf_iter *iter = ctf_iter_new(ctf, NULL, &error);

	assert_non_null(iter);
	for (uint64_t i = 0; i < n_records; i++)
		assert_int_equal(ctf_iter_next(iter, &record), CTF_RECORD);
	return iter;
}

static void test_whole(void **state)
{
	struct ctf_error error;
	unsigned int errors;
	struct ctf *ctf;
	struct ctf_iter *iter;

	(void)state;
	write_stream("stream", PACKETS);
	ctf = open_directory(1);
	iter = begin(ctf, 0);
	assert_int_equal(read_rest(iter, &error, &errors), PACKETS * RECORDS);
	assert_int_equal(errors, 0);
	ctf_iter_free(iter);
	ctf_close(ctf);
}

/* Made shorter between two calls, in the middle of a packet: what was loaded, and an error that says where the file ends now. */
static void test_truncated(void **state)
{
	const unsigned int kept = 100;
	struct ctf_error error;
	unsigned int errors;
	struct ctf *ctf;
	struct ctf_iter *iter;
	uint64_t n;

	(void)state;
	write_stream("stream", PACKETS);
	ctf = open_directory(1);
	iter = begin(ctf, 10);
	assert_int_equal(truncate(path_of("stream"), kept * PACKET + 1000), 0);
	n = 10 + read_rest(iter, &error, &errors);
	assert_int_equal(errors, 1);
	assert_int_equal(n, kept * RECORDS + 1000 - 4);
	assert_non_null(strstr(error.text, "stream: packet 100 (byte 0xc83e8): the file ends here, 7192 bytes before the packet does"));
	ctf_iter_free(iter);
	ctf_close(ctf);
}

static void test_truncated_to_nothing(void **state)
{
	struct ctf_error error;
	unsigned int errors;
	struct ctf *ctf;
	struct ctf_iter *iter;

	(void)state;
	write_stream("stream", PACKETS);
	ctf = open_directory(1);
	iter = begin(ctf, 10);
	assert_int_equal(truncate(path_of("stream"), 0), 0);
	assert_true(read_rest(iter, &error, &errors) < PACKETS * RECORDS);
	assert_in_range(errors, 0, 1);
	ctf_iter_free(iter);
	iter = begin(ctf, 0);
	assert_int_equal(read_rest(iter, &error, &errors), 0);
	assert_int_equal(errors, 0);
	ctf_iter_free(iter);
	ctf_close(ctf);
}

/* What is behind its end when it was opened is not read before it is opened anew. */
static void test_longer(void **state)
{
	struct ctf_error error;
	unsigned int errors;
	struct ctf *ctf;
	struct ctf_iter *iter;

	(void)state;
	write_stream("stream", 2);
	ctf = open_directory(1);
	iter = begin(ctf, 10);
	write_stream("stream", 4);
	assert_int_equal(10 + read_rest(iter, &error, &errors), 2 * RECORDS);
	assert_int_equal(errors, 0);
	ctf_iter_free(iter);
	ctf_close(ctf);
}

/* Something else has the file's name when it is opened anew: for an iterator, or for each load where descriptors are few. */
static void replaced(const char *word, void (*replace)(const char *path))
{
	const struct rlimit few = {.rlim_cur = 1, .rlim_max = 1024};
	struct ctf_error error = {0};
	struct rlimit before;
	unsigned int errors;
	struct ctf *ctf;
	struct ctf_iter *iter;

	write_stream("stream", PACKETS);
	ctf = open_directory(1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = few.rlim_cur, .rlim_max = before.rlim_max}), 0);
	iter = begin(ctf, 0);
	read_rest(iter, &error, &errors); /* no descriptor at all */
	assert_int_equal(errors, 1);
	assert_non_null(strstr(error.text, "stream: packet 0 (byte 0x0): cannot be read: Too many open files"));
	ctf_iter_free(iter);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);

	assert_int_equal(unlink(path_of("stream")), 0);
	replace(path_of("stream"));
	iter = begin(ctf, 0);
	assert_int_equal(read_rest(iter, &error, &errors), 0);
	assert_int_equal(errors, 1);
	assert_non_null(strstr(error.text, "stream: packet 0 (byte 0x0): cannot be read: "));
	assert_non_null(strstr(error.text, word));
	ctf_iter_free(iter);
	ctf_close(ctf);
}

static void make_fifo(const char *path)
{
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void make_dir(const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
}

static void make_nothing(const char *path)
{
	(void)path;
}

static void make_loop(const char *path)
{
	assert_int_equal(symlink(path, path), 0);
}

static void test_replaced(void **state)
{
	(void)state;
	replaced("Invalid argument", make_fifo);
	unlink(path_of("stream"));
	replaced("Is a directory", make_dir);
	rmdir(path_of("stream"));
	replaced("No such file", make_nothing);
	replaced("Too many levels", make_loop);
}

#define SMALL 64u /* bytes of the only packet of each of many */

static void make_many(unsigned int n)
{
	const uint32_t bits = htole32(8 * SMALL);
	uint8_t bytes[SMALL] = {0};
	char name[32];

	memcpy(bytes, &bits, sizeof(bits));
	for (unsigned int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "stream%u", i);
		write_file(name, bytes, sizeof(bytes));
	}
}

/* With more streams than are kept open, in the middle of the file: nobody may be waited for who writes into the pipe. */
static void test_pipe_between_loads(void **state)
{
	const unsigned int n = 300;
	struct ctf_error error = {0};
	unsigned int errors;
	struct ctf *ctf;
	struct ctf_iter *iter;

	(void)state;
	make_many(n);
	write_stream("stream0", PACKETS);
	ctf = open_directory(n);
	iter = begin(ctf, 10);
	assert_int_equal(unlink(path_of("stream0")), 0);
	make_fifo(path_of("stream0"));
	assert_true(10 + read_rest(iter, &error, &errors) >= (n - 1) * (SMALL - 4));
	assert_true(errors >= 1);
	assert_non_null(strstr(error.text, "stream0: packet "));
	assert_non_null(strstr(error.text, "cannot be read: Invalid argument"));
	ctf_iter_free(iter);
	ctf_close(ctf);
}

/* Two iterators at once, and 64 descriptors. */
static void many(unsigned int n, unsigned int n_descriptors)
{
	const uint64_t expected = (uint64_t)n * (SMALL - 4);
	struct ctf_error error = {0};
	struct rlimit before;
	unsigned int errors;
	struct ctf *ctf;
	struct ctf_iter *iters[2];

	make_many(n);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = n_descriptors, .rlim_max = before.rlim_max}), 0);
	ctf = open_directory(n);
	for (size_t i = 0; i < 2; i++)
		iters[i] = begin(ctf, 10);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(10 + read_rest(iters[i], &error, &errors), expected);
		assert_int_equal(errors, 0);
		ctf_iter_free(iters[i]);
	}
	ctf_close(ctf);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void test_100_streams(void **state)
{
	(void)state;
	many(100, 64);
}

static void test_1000_streams(void **state)
{
	(void)state;
	many(1000, 64);
}

static void test_5000_streams(void **state)
{
	(void)state;
	many(5000, 64);
}

/* One byte of head and a record of one byte in each packet, 100000 of them. */
static void test_tiny_packets(void **state)
{
	static const char tiny[] = "/* CTF 1.8 */ trace { major = 1; minor = 8; byte_order = le; };"
				   "typealias integer { size = 8; } := u8;"
				   "stream { packet.context := struct { u8 packet_size; }; };"
				   "event { name = e; fields := struct { u8 x; }; };";
	static uint8_t bytes[200000];
	struct ctf_error error;
	unsigned int errors;
	struct ctf *ctf;
	struct ctf_iter *iter;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i += 2)
		bytes[i] = 16;
	write_file("metadata", tiny, strlen(tiny));
	write_file("stream", bytes, sizeof(bytes));
	ctf = open_directory(1);
	iter = begin(ctf, 0);
	assert_int_equal(read_rest(iter, &error, &errors), sizeof(bytes) / 2);
	assert_int_equal(errors, 0);
	ctf_iter_free(iter);
	ctf_close(ctf);
}

/* Beside one that can be read: it is left out, and told. */
static void test_unreadable(void **state)
{
	const struct ctf_error *trouble;
	struct ctf *ctf;

	(void)state;
	if (!geteuid() && seteuid(65534))
		skip(); /* root may read everything */
	if (geteuid() == 65534) {
		assert_int_equal(seteuid(0), 0);
		assert_int_equal(chown(directory, 65534, (gid_t)-1), 0);
		assert_int_equal(chown(path_of("metadata"), 65534, (gid_t)-1), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	write_stream("good", 1);
	write_stream("secret", 1);
	assert_int_equal(chmod(path_of("secret"), 0), 0);
	ctf = open_directory(1);
	trouble = ctf_trouble(ctf, 0);
	assert_non_null(trouble);
	assert_non_null(strstr(trouble->text, "secret: packet 0 (byte 0x0): cannot be read: Permission denied"));
	assert_null(ctf_trouble(ctf, 1));
	ctf_close(ctf);
	if (!getuid())
		assert_int_equal(seteuid(0), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_whole),	 TEST(test_truncated),	  TEST(test_truncated_to_nothing),
		TEST(test_longer),	 TEST(test_replaced),	  TEST(test_pipe_between_loads),
		TEST(test_100_streams),	 TEST(test_1000_streams), TEST(test_5000_streams),
		TEST(test_tiny_packets), TEST(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
