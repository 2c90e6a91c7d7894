/* SPDX-License-Identifier: MIT */
/**
 * stream_file.h - the files of one stream, each a row of whole packets at every instant, whatever ends the recorder.
 *
 * The kernel lets SIGKILL end a write() between any two pages, and several calls between any two of them. So a packet is written where
 * nobody looks, and then a single small write makes it visible. A file's room is made in advance, as a hole, and the last packet's
 * packet_bits claim all of it as padding:
 *
 *     | packet | packet |   last packet   | tail |            hole             |
 *     0                 last              end                                room
 *                       <------------ packet_bits of the last packet ---------->
 *
 * tail is the head of a packet without records, from end to room. Invariant, of every file that has a visible name, between any two
 * instructions of recorder and kernel:
 *
 *     following packet_bits from 0 leads exactly to the file's size, over whole packets only
 *
 *     begin     under a name with a leading dot, which readers pass over: room by ftruncate(), the first packet and its tail, rename()
 *     append    at end, in the padding: the new packet, whose packet_bits lead to room, and its tail; then the old last packet's
 *               packet_bits := end - last, eight bytes, and the new one is the last
 *     finish    packet_bits := end - last, and the tail is the last packet, which says nothing new; then ftruncate(end)
 *
 * The eight bytes never lie in two pages, as packets begin at multiples of eight; within a page, a write is done or not done. The tail is
 * written with each packet because a full disk could refuse it later. A file that has no room for the next packet is finished, and the
 * stream goes on in a further one, NAME.2, NAME.3: to extend a file that is visible there is no safe order. Readers put the
 * packets of a stream in order of time, whichever files they are in. For the same reason a file is finished only when nothing will be
 * appended to it.
 */
#ifndef BL_RECORD_STREAM_FILE_H
#define BL_RECORD_STREAM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"

/**
 * How much room files get: @first, doubled for each further file of a stream up to @max, and less where the file system or the
 * process' limit does not allow it. A file system without holes makes them small, as what is claimed is used there.
 */
struct stream_file_rooms {
	uint64_t first;
	uint64_t max;
};

/*
 * A killed recorder's file is at most so large, or twice as large as the stream, for programs that copy holes. 1 GiB: Java readers
 * map a packet with its padding, which must be less than 2 GiB.
 */
#define STREAM_FILE_ROOM_FIRST (64ull << 20)
#define STREAM_FILE_ROOM_MAX (1ull << 30)

struct stream_file {
	int fd;           /* -1: closed, opened again when it is needed */
	uint32_t n_files; /* begun so far */
	uint64_t room;    /* 0: the next packet begins a file */
	uint64_t last;
	uint64_t end;
	uint64_t bytes;   /* of packets, in all files */
	bool tail_lost;   /* could not be written again after an append that failed */
	struct bl_packet tail;
};

#define STREAM_FILE_CLOSED ((struct stream_file){.fd = -1})

/**
 * stream_file_append() - a packet
 * @dir_fd, @name: of the stream's first file; the same in each call
 * @packet:        its head; packet_bits does not matter
 *
 * Return: 0; -ENOENT: somebody removed the file; other errors, with the files as before.
 */
int stream_file_append(struct stream_file *file, int dir_fd, const char *name, struct stream_file_rooms *rooms,
		       const struct bl_packet *packet, const void *payload, size_t payload_size);

/** stream_file_finish() - no more packets: take the room away. Where that fails it stays, and the file is readable with it. */
void stream_file_finish(struct stream_file *file, int dir_fd, const char *name);

/** stream_file_close() - not needed for a while. */
void stream_file_close(struct stream_file *file);

#endif
