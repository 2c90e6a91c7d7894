/* SPDX-License-Identifier: MIT */
/* A small reader of packets; see decode.h. Offsets are those of the trace format. */
#include "decode.h"

#include <string.h>

static uint16_t one = 1;

static bool little_endian(void)
{
	return *(const uint8_t *)&one == 1;
}

static uint32_t read32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static uint64_t read64(const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

void decode_packet(const uint8_t *bytes, struct packet *ret)
{
	uint32_t i;

	ret->magic = read32(bytes);
	ret->stream_id = read32(bytes + 4);
	memcpy(ret->uuid, bytes + 8, 16);
	ret->instance = read64(bytes + 24);
	ret->begin = read64(bytes + 32);
	ret->seq = read64(bytes + 40);
	ret->cpu_id = read32(bytes + 48);
	for (i = 0; i < 3; i++)
		ret->owner[i] = read32(bytes + 52 + 4 * i);
	ret->end = read64(bytes + 64);
	ret->content_bits = read64(bytes + 72);
	ret->packet_bits = read64(bytes + 80);
	ret->discarded = read64(bytes + 88);
	for (i = 0; i < LOST_REASONS; i++)
		ret->discarded_by[i] = read64(bytes + 96 + 8 * i);
}

static const char *payload_size(uint32_t id, const uint8_t *payload, uint32_t room, uint32_t *ret)
{
	if (id >= SMALL_ID && id < SMALL_ID + SMALL_MAX)
		*ret = id - SMALL_ID;
	else if (room < 8)
		return "record's payload is cut off";
	else
		*ret = read32(payload + 4);
	return *ret > room ? "record reaches over the end of the content" : NULL;
}

/* The clock @bits wide that reads @low, at @now or later. */
static uint64_t forward(uint64_t now, uint64_t low, uint32_t bits)
{
	const uint64_t wrap = 1ull << bits;
	const uint64_t ts = (now & ~(wrap - 1)) | low;

	return ts < now ? ts + wrap : ts;
}

const char *decode_record(const uint8_t *bytes, uint32_t end, uint32_t id_bits, uint32_t *at, uint64_t *now, struct record *ret)
{
	const uint32_t ts_bits = 32 - id_bits;
	const char *wrong;
	uint32_t word, pos = *at;

	if (end - pos < 4)
		return "record's header is cut off";
	word = read32(bytes + pos);
	if (!word)
		return "record is not finished";
	ret->at = pos;
	ret->id = little_endian() ? word & ((1u << id_bits) - 1) : word >> ts_bits;
	ret->ts = forward(*now, little_endian() ? word >> id_bits : word & ((1u << ts_bits) - 1), ts_bits);
	pos += 4;
	ret->extended = ret->id == (1u << id_bits) - 1;
	if (ret->extended) {
		if (end - pos < 12)
			return "record's extended header is cut off";
		if (little_endian() ? word >> id_bits : word & ((1u << ts_bits) - 1))
			return "extended header has a compact clock";
		ret->id = read32(bytes + pos);
		ret->ts = read64(bytes + pos + 4);
		pos += 12;
		if (ret->ts < *now)
			return "extended clock goes back";
	}
	ret->payload = bytes + pos;
	wrong = payload_size(ret->id, ret->payload, end - pos, &ret->size);
	if (wrong)
		return wrong;
	*now = ret->ts;
	*at = pos + ret->size;
	return NULL;
}
