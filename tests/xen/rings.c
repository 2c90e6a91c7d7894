/* SPDX-License-Identifier: MIT */
/* See rings.h. */
#include "tests/xen/rings.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/event.h"
#include "core/packet.h"
#include "core/record.h"
#include "core/ring_abi.h"
#include "tests/xen/check.h"
#include "tests/xen/hypercall.h"

#define PAGE 4096

static uint8_t *published;
static uint32_t published_size;

/* By id: where its description is. */
static const uint8_t *description[1u << BL_ID_BITS_MAX];
static uint32_t n_events;

struct blx_info info(void)
{
	struct blx_info found;
	const int r = blx_do(BLX_INFO, &found, sizeof(found));

	if (r) {
		printf("BLX_INFO: %s\n", strerror(-r));
		exit(1);
	}
	return found;
}

uint64_t free_pages(void)
{
	struct blx_memory memory = {0};
	const int r = blx_do(BLX_MEMORY, &memory, sizeof(memory));

	CHECK(!r, "%s", strerror(-r));
	return memory.free_pages;
}

/* ---- Descriptions ---- */

void describe(void)
{
	struct blx_buffer buffer = {0};
	struct bl_event_head head;
	uint32_t at;
	int r;

	published_size = info().events_size;
	published = calloc(1, published_size);
	buffer = (struct blx_buffer){.to = (uintptr_t)published, .size = published_size};
	r = blx_do(BLX_EVENTS, &buffer, sizeof(buffer));
	CHECK(!r && buffer.copied == published_size && buffer.total == published_size, "%d, %u of %u bytes", r, buffer.copied,
	      published_size);
	for (at = 0; at < published_size; at += head.size) {
		memcpy(&head, published + at, sizeof(head));
		if (head.size < sizeof(head) || head.size % 8 || head.size > published_size - at || head.id != n_events + 1) {
			CHECK(false, "event at byte %u: size %u, id %u", at, head.size, head.id);
			exit(1);
		}
		description[++n_events] = published + at;
	}
	CHECK(n_events == info().n_events, "%u", n_events);
}

const char *name_of(uint32_t id)
{
	const char *category = (const char *)description[id] + sizeof(struct bl_event_head);

	return category + strlen(category) + 1;
}

uint32_t id_of(const char *name)
{
	uint32_t id;

	for (id = 1; id <= n_events; id++)
		if (!strcmp(name_of(id), name))
			return id;
	CHECK(false, "there is no event %s", name);
	return 0;
}

/* Size of the fields of a record of @id that begin at @at, with @left bytes; -1: they do not fit. */
static long fields_size(uint32_t id, const uint8_t *at, size_t left)
{
	struct bl_event_head head;
	const uint8_t *p = description[id];
	size_t size = 0;
	unsigned int i, strings;

	memcpy(&head, p, sizeof(head));
	p += sizeof(head);
	for (strings = 0; strings < 3; strings++)
		p += strlen((const char *)p) + 1;
	for (i = 0; i < head.n_fields; i++) {
		const uint8_t type = *p++;
		uint16_t count = 1;

		p += strlen((const char *)p) + 1;
		if (type & BL_TYPE_ENUM) {
			memcpy(&count, p, sizeof(count));
			for (p += sizeof(count); count; count--)
				p += 16 + strlen((const char *)p + 16) + 1;
			count = 1;
		}
		if ((type & BL_TYPE_SCALAR_MASK) == BL_TYPE_STRING) {
			size += size < left ? strnlen((const char *)at + size, left - size) + 1 : 1;
			continue;
		}
		if (type & BL_TYPE_SEQUENCE) {
			if (size + sizeof(count) > left)
				return -1;
			memcpy(&count, at + size, sizeof(count));
			size += sizeof(count);
		}
		size += (size_t)count * bl_type_size(type);
	}
	return size <= left ? (long)size : -1;
}

/* ---- Sessions ---- */

int session_create(struct session *session)
{
	int r;

	session->how.serial = 0;
	do
		r = blx_do(BLX_CREATE, &session->how, sizeof(session->how));
	while (!r && session->how.left);
	session->serial = session->how.serial;
	session->n_cpus = info().n_cpus;
	return r;
}

int session_do(const struct session *session, unsigned int op)
{
	struct blx_session_name name = {session->serial};

	return blx_do(op, &name, sizeof(name));
}

static void map_ring(struct session *session, unsigned int cpu)
{
	struct ring *ring = &session->ring[cpu];
	struct blx_layout layout = {.serial = session->serial, .cpu = cpu};
	int r = blx_do(BLX_LAYOUT, &layout, sizeof(layout));

	if (r == -ENODEV)
		return;
	CHECK(r == -ENOBUFS, "%d", r);
	ring->n_pages = layout.n_pages;
	ring->frames = calloc(ring->n_pages, sizeof(*ring->frames));
	layout.room = layout.n_pages;
	layout.frames = (uintptr_t)ring->frames;
	r = blx_do(BLX_LAYOUT, &layout, sizeof(layout));
	CHECK(!r, "%d", r);
	CHECK(layout.n_pages == 1 + (layout.n_phys << (layout.sub_shift - 12)) && layout.n_phys == session->how.n_sub + 1,
	      "%u pages, %u sub-buffers", layout.n_pages, layout.n_phys);
	session->id_bits = layout.id_bits;
	ring->at = blx_map(ring->frames, ring->n_pages, PROT_READ);
	CHECK(ring->at, "CPU%u: %s", cpu, strerror(errno));
}

void session_map(struct session *session)
{
	unsigned int cpu;

	for (cpu = 0; cpu < session->n_cpus && cpu < CPUS_MAX; cpu++)
		if (!session->ring[cpu].at)
			map_ring(session, cpu);
}

void session_unmap(struct session *session)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS_MAX; cpu++) {
		if (session->ring[cpu].at)
			munmap((void *)(uintptr_t)session->ring[cpu].at, session->ring[cpu].n_pages * PAGE);
		free(session->ring[cpu].frames);
	}
	memset(session->ring, 0, sizeof(session->ring));
}

void session_gone(const struct session *session)
{
	unsigned int tries;

	for (tries = 0; tries < 1000 && info().destroyed != session->serial; tries++)
		usleep(10000);
	CHECK(info().destroyed == session->serial && info().state == BLX_NONE, "destroyed %lu of %lu, state %u", info().destroyed,
	      session->serial, info().state);
}

/* ---- Packets ---- */

/* The record at @at. Its time from that of the one before. Return: behind it; NULL: it is nonsense, which was said. */
static const uint8_t *walk_record(const struct session *session, unsigned int cpu, const uint8_t *at, const uint8_t *end,
				  uint64_t *time)
{
	const uint32_t bits = session->id_bits, span_bits = 32 - bits;
	uint32_t word, id;
	uint64_t now;
	long size;

	memcpy(&word, at, sizeof(word));
	id = bl_record_word_id(word, bits);
	now = (*time & ~((1ull << span_bits) - 1)) | bl_record_word_clock(word, bits);
	if (now < *time)
		now += 1ull << span_bits;
	at += BL_RECORD_COMPACT;
	if (id == (1u << bits) - 1) {
		memcpy(&id, at, sizeof(id));
		memcpy(&now, at + sizeof(id), sizeof(now));
		at += BL_RECORD_EXTENDED - BL_RECORD_COMPACT;
	}
	size = id && id <= n_events ? fields_size(id, at, (size_t)(end - at)) : -1;
	if (size < 0 || now < *time) {
		CHECK(false, "CPU%u: record with word %#x, id %u, %ld bytes, at %lu behind %lu", cpu, word, id, size, now, *time);
		return NULL;
	}
	*time = now;
	if (session->record)
		session->record(session->data, cpu, id, now, at, (size_t)size);
	return at + size;
}

static void walk_packet(struct session *session, unsigned int cpu, const uint8_t *at)
{
	struct ring *ring = &session->ring[cpu];
	struct bl_packet head;
	const uint8_t *end, *p = at + sizeof(head);
	uint64_t time;

	memcpy(&head, at, sizeof(head));
	CHECK(head.magic == BL_PACKET_MAGIC && head.cpu_id == cpu && head.stream_id == session->how.stream_id, "CPU%u: head", cpu);
	CHECK(!memcmp(head.uuid, session->how.uuid, sizeof(head.uuid)), "CPU%u: uuid", cpu);
	CHECK(session->how.flags & BLX_OVERWRITE ? head.seq >= ring->seq : head.seq == ring->seq, "CPU%u: packet %lu, not %lu", cpu,
	      head.seq, ring->seq);
	CHECK(head.timestamp_begin >= ring->end && head.timestamp_end >= head.timestamp_begin,
	      "CPU%u: packet %lu from %lu to %lu, behind %lu", cpu, head.seq, head.timestamp_begin, head.timestamp_end, ring->end);
	CHECK(head.discarded >= ring->lost, "CPU%u: %lu discarded behind %lu", cpu, head.discarded, ring->lost);
	if (head.content_bits % 8 || head.content_bits / 8 > 1ul << session->how.sub_shift ||
	    head.content_bits / 8 < sizeof(head)) {
		CHECK(false, "CPU%u: %lu bits", cpu, head.content_bits);
		return;
	}
	ring->seq = head.seq + 1;
	ring->end = head.timestamp_end;
	ring->lost = head.discarded;
	end = at + head.content_bits / 8;
	for (time = head.timestamp_begin; p && p < end; ring->records++)
		p = walk_record(session, cpu, p, end, &time);
	CHECK(time <= head.timestamp_end, "CPU%u: a record at %lu behind the packet's end %lu", cpu, time, head.timestamp_end);
}

unsigned int session_take(struct session *session)
{
	unsigned int cpu, taken = 0;

	for (cpu = 0; cpu < session->n_cpus && cpu < CPUS_MAX; cpu++) {
		struct ring *ring = &session->ring[cpu];
		struct blx_put put = {.serial = session->serial, .cpu = cpu};
		int r;

		if (!ring->at)
			continue;
		while (!(r = blx_do(BLX_PUT, &put, sizeof(put)))) {
			walk_packet(session, cpu, ring->at + BL_RING_CONTROL_SIZE + ((size_t)put.phys << session->how.sub_shift));
			ring->packets++;
			taken++;
		}
		CHECK(r == -EAGAIN, "CPU%u: %d", cpu, r);
	}
	return taken;
}
