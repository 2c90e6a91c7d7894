/* SPDX-License-Identifier: MIT */
/*
 * decode.h - reads packets as a CTF reader would, for the tests of the core. Knows the layout on its own: it shares no code and no
 * structure with core/, so that a mistake there is not repeated here.
 */
#ifndef BL_TESTS_DECODE_H
#define BL_TESTS_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#define PACKET_HEAD 136u
#define LOST_REASONS 5u

struct packet {
	uint32_t magic, stream_id, cpu_id, owner[3];
	uint8_t uuid[16];
	uint64_t instance, begin, end, seq;
	uint64_t content_bits, packet_bits;
	uint64_t discarded, discarded_by[LOST_REASONS];
};

struct record {
	uint32_t id;
	bool extended;
	uint64_t ts;         /* full clock, by CTF's rule: it only goes forward, from the packet's begin on */
	uint32_t at;         /* offset of the header in the packet */
	uint32_t size;       /* of the payload */
	const uint8_t *payload;
};

/*
 * Payloads say how long they are. Events SMALL_ID + n, n below SMALL_MAX, have n bytes; all others begin with a 32-bit serial number
 * and their 32-bit size.
 */
#define SMALL_ID 2u
#define SMALL_MAX 8u

/** Read the head of a packet. */
void decode_packet(const uint8_t *bytes, struct packet *ret);

/**
 * decode_record() - read the record at offset *@at, of a packet whose content ends at @end
 * @now: clock so far; begins with packet.begin
 *
 * Return: NULL and *@ret; or what is wrong. *@at and *@now move on.
 */
const char *decode_record(const uint8_t *bytes, uint32_t end, uint32_t id_bits, uint32_t *at, uint64_t *now, struct record *ret);

#endif
