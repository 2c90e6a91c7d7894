/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * known.h - which of Xen's event numbers is which id, as the record path asks; and the descriptions. Made at boot, constant
 * afterwards.
 */
#ifndef BLX_KNOWN_H
#define BLX_KNOWN_H

#include <xen/types.h>

/** Ids: these, then trace points (xen/include/borelog.h), then the tables'. */
enum {
	BLX_ID_RAW = 1,       /* an event that nobody described: u32 event, u32 words[] */
	BLX_ID_HYPERCALL = 2, /* u8 op, u32 args[] */
	BLX_ID_SUBCALL = 3,   /* the same, of a multicall */
	BLX_ID_OWN_END
};

#define BLX_FROM_ID_MAX 2

/** What the record path knows of one of Xen's event numbers. 8 bytes: eight of them in a cache line. */
struct blx_known {
	uint32_t event; /* 0: no more here */
	uint16_t id;
	uint8_t words; /* that are there at least */
	uint8_t flags; /* enum blx_known_flags */
};

enum blx_known_flags {
	BLX_KNOWN_FOLLOWS = 1u << 0, /* a sequence of the other words */
	BLX_KNOWN_FROM_ID = 1u << 1, /* bytes from the id come first */
};

/** blx_known_find() - any context. Return: NULL: nobody described it. */
const struct blx_known *blx_known_find(uint32_t event);

/** blx_known_from_id() - the bytes that bits of @event are recorded as. Return: how many; at most BLX_FROM_ID_MAX. */
unsigned int blx_known_from_id(const struct blx_known *known, uint32_t event, uint8_t *bytes);

uint32_t blx_events_count(void);
unsigned int blx_id_bits(void);

/** Descriptions in core/event.h's published form, made at boot. */
extern const uint8_t *blx_published;
extern uint32_t blx_published_size;

#endif
