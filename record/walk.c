/* SPDX-License-Identifier: MIT */
/* walk.c - see walk.h. */
#include <errno.h>
#include <string.h>

#include "core/event.h"
#include "core/packet.h"
#include "core/record.h"
#include "walk.h"

/* One walk: what it reads, and how far it is. */
struct walker {
	const uint8_t *bytes;
	const struct event_set *set;
	uint32_t id_bits;
	uint32_t contexts;
	struct walk walk;
};

/* The head of one record. */
struct head {
	uint32_t id;
	uint32_t size;
	uint64_t ts;
};

enum verdict {
	UNFINISHED,
	BROKEN,
	FINISHED,
};

/* The next time after @from whose low @bits are @low. Return: false if there is none below 2^64. */
static bool forward(uint64_t from, uint32_t low, uint32_t bits, uint64_t *ret)
{
	const uint64_t mask = (UINT64_C(1) << bits) - 1;
	const uint64_t ts = (from & ~mask) | low;

	*ret = ts >= from ? ts : ts + mask + 1;
	return *ret >= from;
}

static enum verdict read_extended(const struct walker *w, struct head *head)
{
	const uint8_t *at = w->bytes + w->walk.end;

	if (w->walk.claimed - w->walk.end < BL_RECORD_EXTENDED)
		return BROKEN;
	memcpy(&head->id, at + BL_RECORD_COMPACT, sizeof(head->id));
	memcpy(&head->ts, at + BL_RECORD_COMPACT + sizeof(head->id), sizeof(head->ts));
	head->size = BL_RECORD_EXTENDED;
	return head->ts >= w->walk.ts ? FINISHED : BROKEN;
}

static enum verdict read_head(const struct walker *w, struct head *head)
{
	const uint32_t all_ones = (1u << w->id_bits) - 1;
	uint32_t word, low;

	if (w->walk.claimed - w->walk.end < BL_RECORD_COMPACT)
		return UNFINISHED;
	memcpy(&word, w->bytes + w->walk.end, sizeof(word));
	if (!word)
		return UNFINISHED;
	head->id = bl_record_word_id(word, w->id_bits);
	low = bl_record_word_clock(word, w->id_bits);
	if (head->id == all_ones)
		return low ? BROKEN : read_extended(w, head);
	head->size = BL_RECORD_COMPACT;
	return forward(w->walk.ts, low, 32 - w->id_bits, &head->ts) ? FINISHED : BROKEN;
}

/* Move *@at behind @size bytes, if they are there. */
static bool pass(const struct walker *w, uint32_t *at, uint32_t size)
{
	if (w->walk.claimed - *at < size)
		return false;
	*at += size;
	return true;
}

static bool pass_field(const struct walker *w, uint32_t *at, uint32_t type)
{
	const uint8_t *nul;
	uint16_t count = 1;

	if ((type & BL_TYPE_SCALAR_MASK) == BL_TYPE_STRING) {
		nul = memchr(w->bytes + *at, '\0', w->walk.claimed - *at);
		return nul && pass(w, at, (uint32_t)(nul - (w->bytes + *at)) + 1);
	}
	if (type & BL_TYPE_SEQUENCE) {
		if (w->walk.claimed - *at < sizeof(count))
			return false;
		memcpy(&count, w->bytes + *at, sizeof(count));
		*at += sizeof(count);
	}
	return pass(w, at, count * bl_type_size(type));
}

/* Go over one record. */
static enum verdict step(struct walker *w)
{
	const struct event_desc *event;
	struct head head;
	enum verdict verdict = read_head(w, &head);
	uint32_t at, i;

	if (verdict != FINISHED)
		return verdict;
	event = event_set_find(w->set, head.id);
	if (!event)
		return BROKEN;
	at = w->walk.end + head.size;
	if ((w->contexts & BL_CONTEXT_TID) && !pass(w, &at, sizeof(int32_t)))
		return BROKEN;
	for (i = 0; i < event->n_fields; i++) {
		if (!pass_field(w, &at, event->fields[i].type))
			return BROKEN;
	}
	w->walk.end = at;
	w->walk.ts = head.ts;
	w->walk.records++;
	return FINISHED;
}

/* How many of @size bytes are claimed by records: who closed the packet, if anybody did, has written it down. */
static uint32_t claimed_by_records(const struct bl_packet *packet, size_t size)
{
	const uint64_t content = packet->content_bits / 8;

	return content >= sizeof(*packet) && content <= size ? (uint32_t)content : (uint32_t)size;
}

int walk_packet(const void *bytes, size_t size, const struct event_set *set, uint32_t id_bits, uint32_t contexts, struct walk *ret)
{
	struct walker w = {.bytes = bytes, .set = set, .id_bits = id_bits, .contexts = contexts};
	struct bl_packet packet;
	enum verdict verdict;

	if (size < sizeof(packet) || size > UINT32_MAX || id_bits < BL_ID_BITS_MIN || id_bits > BL_ID_BITS_MAX)
		return -EINVAL;
	memcpy(&packet, bytes, sizeof(packet));
	w.walk.end = sizeof(packet);
	w.walk.claimed = claimed_by_records(&packet, size);
	w.walk.begin = packet.timestamp_begin;
	w.walk.ts = packet.timestamp_begin;
	do
		verdict = step(&w);
	while (verdict == FINISHED);
	w.walk.broken = verdict == BROKEN;
	*ret = w.walk;
	return 0;
}

uint64_t walk_torn(const struct walk *walk, uint32_t committed_records)
{
	const uint32_t room = (walk->claimed - walk->end) / BL_RECORD_COMPACT;
	uint32_t behind = committed_records > walk->records ? committed_records - walk->records : 0;

	if (walk->end == walk->claimed)
		return 0;
	if (behind >= room)
		behind = room ? room - 1 : 0; /* nonsense: no room for so many */
	return behind + 1;
}

void walk_close(void *bytes, const struct walk *walk, const struct walk_head *head)
{
	struct bl_packet packet = {
		.magic = BL_PACKET_MAGIC,
		.stream_id = head->stream_id,
		.stream_instance_id = head->stream_instance_id,
		.timestamp_begin = walk->begin > head->ts_min ? walk->begin : head->ts_min,
		.seq = head->seq,
		.cpu_id = head->cpu_id,
		.timestamp_end = walk->ts > head->ts_min ? walk->ts : head->ts_min,
		.content_bits = 8ull * walk->end,
		.packet_bits = 8ull * walk->end,
	};
	size_t i;

	memcpy(packet.uuid, head->uuid, sizeof(packet.uuid));
	memcpy(packet.owner, head->owner, sizeof(packet.owner));
	for (i = 0; i < BL_LOST_NR; i++)
		packet.discarded_by[i] = head->lost[i];
	packet.discarded_by[BL_LOST_TORN] += head->torn;
	for (i = 0; i < BL_LOST_NR; i++)
		packet.discarded += packet.discarded_by[i];
	memcpy(bytes, &packet, sizeof(packet));
}
