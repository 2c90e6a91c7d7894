/* SPDX-License-Identifier: MIT */
/*
 * Whatever a dead program left in its packet: the walk stays inside (address sanitizer: the packet lies in a block of exactly its
 * size), time does not go back, and the part that it found is found again, with the same records, once the packet has been closed
 * there.
 *
 * Input: one byte for id_bits and contexts, then the packet behind its clock: 8 bytes of time, then records of the events below.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/event.h"
#include "core/packet.h"
#include "core/record.h"
#include "record/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(int condition)
{
	if (!condition)
		abort();
}

static const struct event_field fields[] = {
	{.name = "a", .type = BL_TYPE_U8},
	{.name = "b", .type = BL_TYPE_STRING},
	{.name = "c", .type = BL_TYPE_U64 | BL_TYPE_SEQUENCE},
	{.name = "d", .type = BL_TYPE_F32},
	{.name = "e", .type = BL_TYPE_U8 | BL_TYPE_HEX | BL_TYPE_SEQUENCE},
};

static const struct event_desc events[] = {
	{.id = 1, .category = "", .name = "", .file = "", .n_fields = 0},
	{.id = 2, .category = "", .name = "", .file = "", .n_fields = 1, .fields = fields},
	{.id = 3, .category = "", .name = "", .file = "", .n_fields = 5, .fields = fields},
	{.id = 4, .category = "", .name = "", .file = "", .n_fields = 1, .fields = fields + 1},
	{.id = 40, .category = "", .name = "", .file = "", .n_fields = 1, .fields = fields + 4},
	{.id = 70000, .category = "", .name = "", .file = "", .n_fields = 2, .fields = fields + 2},
};

static const struct event_set set = {.n = sizeof(events) / sizeof(events[0]), .events = events};

static void close_and_walk_again(uint8_t *bytes, const struct walk *walk, uint32_t id_bits, uint32_t contexts)
{
	const uint64_t lost[BL_LOST_NR] = {0};
	const struct walk_head head = {.lost = lost, .torn = walk_torn(walk, 3)};
	struct bl_packet packet;
	struct walk again;

	walk_close(bytes, walk, &head);
	memcpy(&packet, bytes, sizeof(packet));
	need(packet.content_bits == 8ull * walk->end && packet.timestamp_begin <= packet.timestamp_end);
	need(packet.discarded == head.torn);
	need(!walk_packet(bytes, walk->end, &set, id_bits, contexts, &again));
	need(again.end == walk->end && again.records == walk->records && again.ts == walk->ts && !again.broken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bl_packet none = {0};
	const uint32_t id_bits = size ? BL_ID_BITS_MIN + data[0] % (BL_ID_BITS_MAX - BL_ID_BITS_MIN + 1) : 0;
	const uint32_t contexts = size && data[0] & 0x80 ? BL_CONTEXT_TID : 0;
	struct walk walk;
	uint8_t *bytes;
	size_t n;

	if (size < 1 + sizeof(uint64_t))
		return 0;
	n = sizeof(none) + size - 1 - sizeof(uint64_t);
	bytes = malloc(n);
	memcpy(bytes, &none, sizeof(none));
	memcpy(bytes + offsetof(struct bl_packet, timestamp_begin), data + 1, sizeof(uint64_t));
	memcpy(bytes + sizeof(none), data + 1 + sizeof(uint64_t), n - sizeof(none));
	need(!walk_packet(bytes, n, &set, id_bits, contexts, &walk));
	need(walk.end >= sizeof(none) && walk.end <= walk.claimed && walk.claimed == n && walk.ts >= walk.begin);
	close_and_walk_again(bytes, &walk, id_bits, contexts);
	free(bytes);
	return 0;
}
