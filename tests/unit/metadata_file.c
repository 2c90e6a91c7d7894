/* SPDX-License-Identifier: MIT */
/*
 * metadata_file.c - the file "metadata": which reader gets which text of it, and what is refused. The readers are stand-ins here,
 * which remember what they are given.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "ctf/model.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))
#define HEADER_SIZE 37u

static struct {
	const char *reader; /* "tsdl", "json"; NULL: none was called */
	char text[256];
	size_t size;
	bool finished;
	bool fails;
} seen;

static bool remember(struct ctf_model *model, const char *reader, const char *text, size_t size)
{
	assert_null(seen.reader);
	assert_true(size <= sizeof(seen.text));
	memcpy(seen.text, text, size);
	seen.reader = reader;
	seen.size = size;
	return !seen.fails || model_error(model, 3, 4, "wrong");
}

bool ctf_tsdl_read(struct ctf_model *model, const char *text, size_t size)
{
	return remember(model, "tsdl", text, size);
}

bool ctf_json_read(struct ctf_model *model, const char *text, size_t size)
{
	return remember(model, "json", text, size);
}

bool model_finish(struct ctf_model *model)
{
	(void)model;
	seen.finished = true;
	return true;
}

/* ---- Files ---- */

struct file {
	char path[64];
	struct ctf_model model;
	struct ctf_error error;
	bool ok;
};

static void load(struct file *file)
{
	const bool fails = seen.fails;

	memset(&seen, 0, sizeof(seen));
	seen.fails = fails;
	model_init(&file->model, file->path, &file->error);
	file->ok = ctf_metadata_load(&file->model, file->path);
	model_lists_free(&file->model);
	arena_free(&file->model.arena);
	assert_int_equal(file->ok, !file->error.text[0]);
}

static void load_bytes(struct file *file, const void *bytes, size_t size)
{
	int fd;

	strcpy(file->path, "/tmp/borelog-metadata-XXXXXX");
	fd = mkstemp(file->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	close(fd);
	load(file);
	unlink(file->path);
}

static void assert_seen(const struct file *file, const char *reader, const char *text)
{
	if (!file->ok)
		fail_msg("%s", file->error.text);
	assert_string_equal(seen.reader, reader);
	assert_int_equal(seen.size, strlen(text));
	assert_memory_equal(seen.text, text, seen.size);
	assert_true(seen.finished);
}

static void assert_refused(const struct file *file, const char *what)
{
	assert_false(file->ok);
	assert_false(seen.finished);
	assert_int_equal(strncmp(file->error.text, file->path, strlen(file->path)), 0);
	assert_string_equal(file->error.what, what);
}

/* ---- Packets ---- */

static void store(uint8_t *to, uint32_t value, bool big_endian)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> 8 * (big_endian ? 3 - i : i));
}

/* A packet with that text and so many bytes of padding. Return: its size. */
static size_t put_packet(uint8_t *to, const char *text, size_t padding, bool big_endian)
{
	const size_t size = strlen(text);

	memset(to, 0, HEADER_SIZE);
	store(to, 0x75d11d57, big_endian);
	memcpy(to + 4, "a universal name", 16);
	store(to + 24, (uint32_t)(HEADER_SIZE + size) * 8, big_endian);
	store(to + 28, (uint32_t)(HEADER_SIZE + size + padding) * 8, big_endian);
	to[34] = 3; /* a checksum, which is not looked at */
	to[35] = 1;
	to[36] = 8;
	memcpy(to + HEADER_SIZE, text, size);
	memset(to + HEADER_SIZE + size, 0x55, padding);
	return HEADER_SIZE + size + padding;
}

static void test_plain(void **state)
{
	struct file file;

	(void)state;
	load_bytes(&file, "/* CTF 1.8 */", 13);
	assert_seen(&file, "tsdl", "/* CTF 1.8 */");
	load_bytes(&file, "\x1e{}\n\x1e{}", 7);
	assert_seen(&file, "json", "\x1e{}\n\x1e{}");
	load_bytes(&file, "\x75\xd1\x1d", 3); /* not enough to be a magic number */
	assert_seen(&file, "tsdl", "\x75\xd1\x1d");
}

static void test_packets(void **state)
{
	uint8_t bytes[1024];
	struct file file;
	size_t size;

	(void)state;
	for (int big_endian = 0; big_endian < 2; big_endian++) {
		size = put_packet(bytes, "/* CTF 1.8 */\nenv", 100, big_endian);
		size += put_packet(bytes + size, "", 3, big_endian);
		size += put_packet(bytes + size, " { };\n", 0, big_endian);
		load_bytes(&file, bytes, size);
		assert_seen(&file, "tsdl", "/* CTF 1.8 */\nenv { };\n");
		size = put_packet(bytes, "\x1e{}", 0, big_endian);
		load_bytes(&file, bytes, size);
		assert_seen(&file, "json", "\x1e{}");
	}
	size = put_packet(bytes, "one ", 5, true);
	size += put_packet(bytes + size, "two", 0, false);
	load_bytes(&file, bytes, size);
	assert_seen(&file, "tsdl", "one two");
}

/* What is wrong with the second packet of two; the first has 50 bytes. */
static void test_wrong_packets(void **state)
{
	static const struct {
		size_t at; /* in the packet */
		uint8_t bytes[4];
		const char *what;
	} wrongs[] = {
		{0, {0x75, 0xd1, 0x1d, 0x58}, "packet 1 (byte 0x32): there is no magic number 0x75d11d57 where it should begin"},
		{4, {'x', 'x', 'x', 'x'}, "packet 1 (byte 0x32): its uuid is not that of the first packet"},
		{24, {0, 0, 1, 0x27}, "packet 1 (byte 0x32): its sizes are no whole bytes"},
		{28, {0, 0, 1, 0x57}, "packet 1 (byte 0x32): its sizes are no whole bytes"},
		{24, {0, 0, 1, 0x20}, "packet 1 (byte 0x32): its content is smaller than its header"},
		{24, {0, 0, 0, 0}, "packet 1 (byte 0x32): its content is smaller than its header"},
		{28, {0, 0, 1, 0x28}, "packet 1 (byte 0x32): it is smaller than its content"},
		{28, {0, 0, 1, 0x60}, "packet 1 (byte 0x32): it is cut short: the file ends before it"},
		{28, {0xff, 0xff, 0xff, 0xf8}, "packet 1 (byte 0x32): it is cut short: the file ends before it"},
		{32, {1, 0, 3, 1}, "packet 1 (byte 0x32): it is compressed, which is not supported"},
		{32, {0, 1, 3, 1}, "packet 1 (byte 0x32): it is encrypted, which is not supported"},
	};

	(void)state;
	for (size_t i = 0; i < N_OF(wrongs); i++) {
		uint8_t bytes[256];
		struct file file;
		size_t size = put_packet(bytes, "text", 9, true);

		assert_int_equal(size, 50);
		size += put_packet(bytes + size, "text", 2, true);
		memcpy(bytes + 50 + wrongs[i].at, wrongs[i].bytes, 4);
		load_bytes(&file, bytes, size);
		assert_refused(&file, wrongs[i].what);
		assert_int_equal(file.error.packet, 1);
		assert_int_equal(file.error.offset, 50);
		assert_null(seen.reader);
	}
}

/* A file that ends anywhere but between packets. */
static void test_cut_packets(void **state)
{
	uint8_t bytes[256];
	const size_t first = put_packet(bytes, "first", 2, false);
	const size_t size = first + put_packet(bytes + first, "second", 2, false);
	struct file file;

	(void)state;
	for (size_t cut = 4; cut < size; cut++) {
		load_bytes(&file, bytes, cut);
		if (cut == first) {
			assert_seen(&file, "tsdl", "first");
			continue;
		}
		assert_false(file.ok);
		assert_non_null(strstr(file.error.what, "it is cut short: "));
		assert_int_equal(file.error.packet, cut > first);
		assert_int_equal(file.error.offset, cut > first ? first : 0);
	}
}

static void test_wrong_files(void **state)
{
	struct file file;
	uint8_t bytes[64];
	int fd;

	(void)state;
	load_bytes(&file, "", 0);
	assert_refused(&file, "is empty");
	load_bytes(&file, bytes, put_packet(bytes, "", 1, true));
	assert_refused(&file, "is empty");
	strcpy(file.path, "/nowhere/metadata");
	load(&file);
	assert_refused(&file, "cannot be opened: No such file or directory");
	strcpy(file.path, "/tmp");
	load(&file);
	assert_refused(&file, "is no file");
	strcpy(file.path, "/dev/zero");
	load(&file);
	assert_refused(&file, "is no file");
	strcpy(file.path, "/tmp/borelog-metadata-XXXXXX");
	fd = mkstemp(file.path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)CTF_METADATA_MAX + 1), 0);
	load(&file);
	close(fd);
	unlink(file.path);
	assert_refused(&file, "is larger than 256 MiB");
	assert_null(seen.reader);
}

/* A FIFO that nobody writes to is not waited for. */
static void test_fifo(void **state)
{
	struct file file;

	(void)state;
	snprintf(file.path, sizeof(file.path), "/tmp/borelog-metadata-fifo-%d", (int)getpid());
	assert_int_equal(mkfifo(file.path, 0600), 0);
	load(&file);
	unlink(file.path);
	assert_refused(&file, "is no file");
}

static void test_reader_fails(void **state)
{
	struct file file;

	(void)state;
	seen.fails = true;
	load_bytes(&file, "text", 4);
	seen.fails = false;
	assert_refused(&file, "wrong");
	assert_int_equal(file.error.line, 3);
	assert_int_equal(file.error.column, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),        cmocka_unit_test(test_packets),     cmocka_unit_test(test_wrong_packets),
		cmocka_unit_test(test_cut_packets),  cmocka_unit_test(test_wrong_files), cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_reader_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
