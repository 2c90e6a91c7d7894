/* SPDX-License-Identifier: MIT */
#include "stream_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEAD_SIZE sizeof(struct bl_packet)
/* Where there are no holes. */
#define ROOM_SOLID (4ull << 20)
#define NAME_SIZE 80

bl_static_assert(__builtin_offsetof(struct bl_packet, packet_bits) % 8 == 0, "written in one piece");
bl_static_assert(sizeof(struct bl_packet) % 8 == 0, "a packet begins at a multiple of eight");

static uint64_t round_up(uint64_t size)
{
	return (size + 7) & ~7ull;
}

/* @hidden: with a leading dot, else without. */
static void make_name(char ret[NAME_SIZE], const char *name, uint32_t n, bool hidden)
{
	if (n)
		(void)snprintf(ret, NAME_SIZE, "%s%s.%u", hidden ? "." : "", name, n + 1);
	else
		(void)snprintf(ret, NAME_SIZE, "%s%s", hidden ? "." : "", name);
}

static int write_parts(int fd, struct iovec *part, int n, uint64_t offset)
{
	while (n) {
		ssize_t done = pwritev(fd, part, n, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? -errno : -EIO;
		offset += (uint64_t)done;
		for (; n && (size_t)done >= part->iov_len; part++, n--)
			done -= (ssize_t)part->iov_len;
		if (n) {
			part->iov_base = (char *)part->iov_base + done;
			part->iov_len -= (size_t)done;
		}
	}
	return 0;
}

/* The step that makes things visible: one write, within a page. */
static int set_last_size(const struct stream_file *file, uint64_t size)
{
	const uint64_t bits = 8 * size;
	const off_t at = (off_t)(file->last + __builtin_offsetof(struct bl_packet, packet_bits));
	ssize_t n;

	do
		n = pwrite(file->fd, &bits, sizeof(bits), at);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(bits) ? 0 : n < 0 ? -errno : -EIO;
}

static int extend(int fd, uint64_t size)
{
	int err;

	if (!ftruncate(fd, (off_t)size))
		return 0;
	err = -errno;
	/* Some file systems grow only by writing. */
	return pwrite(fd, "", 1, (off_t)size - 1) == 1 ? 0 : err;
}

static uint64_t choose_room(uint32_t n_files, uint64_t need, const struct stream_file_rooms *rooms)
{
	uint64_t room = rooms->first;
	struct rlimit limit;

	for (; n_files && room < rooms->max; n_files--)
		room *= 2;
	if (room > rooms->max)
		room = rooms->max;
	if (room < need)
		room = need;
	if (!getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur != RLIM_INFINITY && room > limit.rlim_cur)
		room = limit.rlim_cur;
	return room & ~7ull;
}

/* The file is not visible yet, so it may change its size at will. */
static int make_room(struct stream_file *file, uint64_t need, struct stream_file_rooms *rooms)
{
	uint64_t room = choose_room(file->n_files, need, rooms);
	struct stat st;
	int err;

	if (room < need)
		return -EFBIG;
	while ((err = extend(file->fd, room)) && room > need)
		room = room / 2 > need ? (room / 2) & ~7ull : need;
	if (err)
		return err;
	if (room > ROOM_SOLID && room > need && !fstat(file->fd, &st) && (uint64_t)st.st_blocks * 512 > room / 2) {
		rooms->first = rooms->max = ROOM_SOLID;
		if (!ftruncate(file->fd, (off_t)(need > ROOM_SOLID ? need : ROOM_SOLID)))
			room = need > ROOM_SOLID ? need : ROOM_SOLID;
	}
	file->room = room;
	return 0;
}

static int reopen(struct stream_file *file, int dir_fd, const char *name)
{
	char path[NAME_SIZE];

	if (file->fd >= 0)
		return 0;
	make_name(path, name, file->n_files - 1, false);
	file->fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	return file->fd < 0 ? -errno : 0;
}

static void make_tail(struct bl_packet *tail, const struct bl_packet *packet, uint64_t size)
{
	*tail = *packet;
	tail->seq++;
	tail->timestamp_begin = packet->timestamp_end;
	tail->content_bits = 8 * HEAD_SIZE;
	tail->packet_bits = 8 * size;
}

static void put_tail_back(struct stream_file *file)
{
	struct iovec part = {.iov_base = &file->tail, .iov_len = HEAD_SIZE};

	file->tail_lost = write_parts(file->fd, &part, 1, file->end) != 0;
}

/* A packet that could be written in part only, or was not made visible. Its room on the disk may help somebody else. */
static void take_back(struct stream_file *file)
{
	const uint64_t behind = file->end + HEAD_SIZE;

	put_tail_back(file);
	(void)fallocate(file->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)behind, (off_t)(file->room - behind));
}

/* There is room. */
static int append(struct stream_file *file, const struct bl_packet *packet, const void *payload, size_t payload_size)
{
	static const uint8_t zeros[8];
	const uint64_t size = round_up(HEAD_SIZE + payload_size), left = file->room - file->end;
	struct bl_packet head = *packet, tail;
	struct iovec part[] = {
		{.iov_base = &head, .iov_len = HEAD_SIZE},
		{.iov_base = (void *)(uintptr_t)payload, .iov_len = payload_size},
		{.iov_base = (void *)(uintptr_t)zeros, .iov_len = size - HEAD_SIZE - payload_size},
		{.iov_base = &tail, .iov_len = HEAD_SIZE},
	};
	int err;

	head.packet_bits = 8 * left;
	make_tail(&tail, packet, left - size);
	err = write_parts(file->fd, part, 4, file->end);
	if (!err && file->end)
		err = set_last_size(file, file->end - file->last);
	if (err) {
		if (file->end)
			take_back(file);
		return err;
	}
	file->last = file->end;
	file->end += size;
	file->tail = tail;
	file->tail_lost = false;
	return 0;
}

static int begin(struct stream_file *file, int dir_fd, const char *name, struct stream_file_rooms *rooms, uint64_t need,
		 const struct bl_packet *packet, const void *payload, size_t payload_size)
{
	char hidden[NAME_SIZE], visible[NAME_SIZE];
	int err;

	make_name(hidden, name, file->n_files, true);
	make_name(visible, name, file->n_files, false);
	file->fd = openat(dir_fd, hidden, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (file->fd < 0)
		return -errno;
	file->last = file->end = 0;
	err = make_room(file, need, rooms);
	if (!err)
		err = append(file, packet, payload, payload_size);
	if (!err && renameat(dir_fd, hidden, dir_fd, visible))
		err = -errno;
	if (!err) {
		file->n_files++;
		return 0;
	}
	(void)unlinkat(dir_fd, hidden, 0);
	stream_file_close(file);
	file->room = 0;
	return err;
}

int stream_file_append(struct stream_file *file, int dir_fd, const char *name, struct stream_file_rooms *rooms,
		       const struct bl_packet *packet, const void *payload, size_t payload_size)
{
	const uint64_t size = round_up(HEAD_SIZE + payload_size), need = size + HEAD_SIZE;
	struct stat st;
	int err;

	if (file->room && file->room - file->end < need)
		stream_file_finish(file, dir_fd, name);
	if (file->room) {
		err = reopen(file, dir_fd, name);
		if (!err)
			err = append(file, packet, payload, payload_size);
	} else {
		err = begin(file, dir_fd, name, rooms, need, packet, payload, payload_size);
	}
	if (err)
		return err;
	/* A removed file takes everything and keeps nothing. */
	if (fstat(file->fd, &st) || !st.st_nlink)
		return -ENOENT;
	file->bytes += size;
	return 0;
}

void stream_file_finish(struct stream_file *file, int dir_fd, const char *name)
{
	if (file->room && !reopen(file, dir_fd, name)) {
		if (file->tail_lost)
			put_tail_back(file);
		/* The tail has the next packet's number, so it must not stay while others may follow. */
		if (!file->tail_lost && !set_last_size(file, file->end - file->last) && ftruncate(file->fd, (off_t)file->end))
			(void)set_last_size(file, file->room - file->last);
	}
	stream_file_close(file);
	file->room = 0;
}

void stream_file_close(struct stream_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}
