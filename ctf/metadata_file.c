/* SPDX-License-Identifier: MIT */
/**
 * metadata_file.c - the file "metadata": plain or in packets, TSDL or JSON.
 *
 * A packet is a header of 37 bytes, text, and padding. Its byte order is that of its magic number, each packet's own. What the
 * packets hold is joined: lines are counted in the joined text. Which language it is says the first byte: JSON sequences begin with
 * a record separator.
 */
#include "ctf/model.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACKET_MAGIC 0x75d11d57u
#define RECORD_SEPARATOR 0x1e

enum packet_header {
	AT_MAGIC = 0,
	AT_UUID = 4,
	AT_CONTENT_SIZE = 24, /* behind a checksum; bits */
	AT_PACKET_SIZE = 28,  /* bits */
	AT_COMPRESSION = 32,
	AT_ENCRYPTION = 33,
	HEADER_SIZE = 37, /* behind the kind of checksum and the version */
};

struct bytes {
	uint8_t *data;
	size_t size;
};

static bool read_rest(struct ctf_model *model, int fd, size_t expected, struct bytes *ret)
{
	size_t room = expected + 1; /* so that the end is seen without growing */

	ret->size = 0;
	ret->data = malloc(room);
	while (ret->data) {
		ssize_t n;

		if (ret->size == room) {
			uint8_t *grown = realloc(ret->data, 2 * room);

			if (!grown)
				return model_no_memory(model);
			ret->data = grown;
			room *= 2;
		}
		n = read(fd, ret->data + ret->size, room - ret->size);
		if (n < 0 && errno != EINTR)
			return model_error(model, 0, 0, "cannot be read: %s", strerror(errno));
		if (n == 0)
			return true;
		ret->size += n > 0 ? (size_t)n : 0;
		if (ret->size > CTF_METADATA_MAX)
			return model_error(model, 0, 0, "is larger than %" PRIu64 " MiB", CTF_METADATA_MAX >> 20);
	}
	return model_no_memory(model);
}

static bool read_file(struct ctf_model *model, const char *path, struct bytes *ret)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	bool ok = false;

	if (fd < 0)
		return model_error(model, 0, 0, "cannot be opened: %s", strerror(errno));
	if (fstat(fd, &status) < 0)
		model_error(model, 0, 0, "cannot be read: %s", strerror(errno));
	else if (!S_ISREG(status.st_mode))
		model_error(model, 0, 0, "is no file");
	else if ((uint64_t)status.st_size > CTF_METADATA_MAX)
		model_error(model, 0, 0, "is larger than %" PRIu64 " MiB", CTF_METADATA_MAX >> 20);
	else
		ok = read_rest(model, fd, (size_t)status.st_size, ret);
	close(fd);
	return ok;
}

static uint32_t load(const uint8_t *at, bool big_endian)
{
	if (big_endian)
		return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static bool is_packet(const uint8_t *at, size_t size, bool *ret_big_endian)
{
	if (size < 4)
		return false;
	*ret_big_endian = load(at, true) == PACKET_MAGIC;
	return *ret_big_endian || load(at, false) == PACKET_MAGIC;
}

/* "FILE: packet N (byte 0xOFFSET): what" */
static bool packet_error(struct ctf_model *model, uint64_t number, size_t offset, const char *what)
{
	model_error(model, 0, 0, "packet %" PRIu64 " (byte 0x%zx): %s", number, offset, what);
	model->error->packet = number;
	model->error->offset = offset;
	return false;
}

struct packet {
	size_t size; /* bytes */
	size_t content;
};

/* @from: the first packet, for what all have in common. */
static const char *check_packet(const uint8_t *first, const uint8_t *at, size_t left, struct packet *ret)
{
	uint32_t content_bits, packet_bits;
	bool big_endian;

	if (!is_packet(at, left, &big_endian))
		return left < 4 ? "it is cut short: there is no whole header"
				: "there is no magic number 0x75d11d57 where it should begin";
	if (left < HEADER_SIZE)
		return "it is cut short: there is no whole header";
	content_bits = load(at + AT_CONTENT_SIZE, big_endian);
	packet_bits = load(at + AT_PACKET_SIZE, big_endian);
	if (content_bits % 8 || packet_bits % 8)
		return "its sizes are no whole bytes";
	*ret = (struct packet){.size = packet_bits / 8, .content = content_bits / 8};
	if (ret->content < HEADER_SIZE)
		return "its content is smaller than its header";
	if (ret->size < ret->content)
		return "it is smaller than its content";
	if (ret->size > left)
		return "it is cut short: the file ends before it";
	if (memcmp(first + AT_UUID, at + AT_UUID, 16) != 0)
		return "its uuid is not that of the first packet";
	if (at[AT_COMPRESSION])
		return "it is compressed, which is not supported";
	if (at[AT_ENCRYPTION])
		return "it is encrypted, which is not supported";
	return NULL;
}

/* In place: the contents without headers and padding. */
static bool join_packets(struct ctf_model *model, struct bytes *bytes)
{
	uint8_t first[HEADER_SIZE] = {0};
	size_t from = 0, to = 0;

	memcpy(first, bytes->data, bytes->size < HEADER_SIZE ? bytes->size : HEADER_SIZE);
	for (uint64_t number = 0; from < bytes->size; number++) {
		struct packet packet;
		const char *wrong = check_packet(first, bytes->data + from, bytes->size - from, &packet);

		if (wrong)
			return packet_error(model, number, from, wrong);
		memmove(bytes->data + to, bytes->data + from + HEADER_SIZE, packet.content - HEADER_SIZE);
		to += packet.content - HEADER_SIZE;
		from += packet.size;
	}
	bytes->size = to;
	return true;
}

static bool read_text(struct ctf_model *model, struct bytes *bytes)
{
	bool big_endian;

	if (is_packet(bytes->data, bytes->size, &big_endian) && !join_packets(model, bytes))
		return false;
	if (!bytes->size)
		return model_error(model, 0, 0, "is empty");
	if (bytes->data[0] == RECORD_SEPARATOR)
		return ctf_json_read(model, (const char *)bytes->data, bytes->size);
	return ctf_tsdl_read(model, (const char *)bytes->data, bytes->size);
}

bool ctf_metadata_load(struct ctf_model *model, const char *path)
{
	struct bytes bytes = {0};
	const bool ok = read_file(model, path, &bytes) && read_text(model, &bytes);

	free(bytes.data);
	return ok && model_finish(model);
}
