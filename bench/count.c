/* SPDX-License-Identifier: MIT */
/*
 * count.c - counts the records in stream files whose records all have payloads of one size, by walking over their headers.
 *
 * usage: bench-count ID_BITS PAYLOAD FILE...
 * prints: packets, records, discarded (the last packet's total, summed over streams), bytes of the files
 *
 * Written for the benches alone, where a trace has more records than a decoder gets through in reasonable time.
 */
#include "core/packet.h"
#include "core/record.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define STREAMS_MAX 4096u

struct totals {
	unsigned long long packets, records, bytes;
	unsigned long long discarded[STREAMS_MAX]; /* a stream may have several files, and its total only rises */
};

static int count_packet(const uint8_t *packet, size_t content, uint32_t id_bits, size_t payload, struct totals *totals)
{
	size_t at = sizeof(struct bl_packet);
	uint32_t word;

	while (at < content) {
		memcpy(&word, packet + at, sizeof(word));
		if (!word)
			return -1;
		at += payload + (bl_record_word_id(word, id_bits) == (1u << id_bits) - 1 ? BL_RECORD_EXTENDED : BL_RECORD_COMPACT);
		totals->records++;
	}
	totals->packets++;
	return at == content ? 0 : -1;
}

static int count_file(const uint8_t *bytes, size_t size, uint32_t id_bits, size_t payload, struct totals *totals)
{
	struct bl_packet head = {0};
	size_t at = 0;

	totals->bytes += size;
	while (size - at >= sizeof(head)) {
		memcpy(&head, bytes + at, sizeof(head));
		if (head.magic != BL_PACKET_MAGIC || head.packet_bits / 8 > size - at || head.content_bits > head.packet_bits)
			return -1;
		if (count_packet(bytes + at, head.content_bits / 8, id_bits, payload, totals))
			return -1;
		at += head.packet_bits / 8;
	}
	if (at != size || head.stream_instance_id >= STREAMS_MAX)
		return -1;
	if (totals->discarded[head.stream_instance_id] < head.discarded)
		totals->discarded[head.stream_instance_id] = head.discarded;
	return 0;
}

int main(int argc, char **argv)
{
	static struct totals totals;
	unsigned long long discarded = 0;
	struct stat st;
	void *bytes;
	int i, fd;

	for (i = 3; i < argc; i++) {
		fd = open(argv[i], O_RDONLY);
		if (fd < 0 || fstat(fd, &st) || !st.st_size)
			return 1;
		bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
		if (bytes == MAP_FAILED)
			return 1;
		if (count_file(bytes, (size_t)st.st_size, (uint32_t)atoi(argv[1]), (size_t)atoi(argv[2]), &totals)) {
			fprintf(stderr, "%s: malformed\n", argv[i]);
			return 1;
		}
		munmap(bytes, (size_t)st.st_size);
		close(fd);
	}
	for (i = 0; i < (int)STREAMS_MAX; i++)
		discarded += totals.discarded[i];
	printf("%llu %llu %llu %llu\n", totals.packets, totals.records, discarded, totals.bytes);
	return 0;
}
