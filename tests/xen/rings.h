/* SPDX-License-Identifier: MIT */
/**
 * rings.h - for test programs in dom0: a session of the hypervisor and its rings, by hypercalls alone; and packets, checked.
 *
 * blx_open() comes first. What cannot happen ends the program; what should not is counted by CHECK().
 */
#ifndef TESTS_XEN_RINGS_H
#define TESTS_XEN_RINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xen/abi/hypercall.h"

#define CPUS_MAX 16
#define LOST_NR 5

struct ring {
	const uint8_t *at; /* control page, then sub-buffers; NULL: the CPU has none */
	size_t n_pages;
	uint64_t *frames;
	uint64_t packets; /* taken */
	uint64_t records; /* counted by walking the packets */
	uint64_t seq;     /* of the packet to come */
	uint64_t end;     /* time of the last packet */
	uint64_t lost;    /* what the last packet said */
};

struct session {
	struct blx_create how;
	uint64_t serial;
	uint32_t n_cpus;
	uint32_t id_bits;
	struct ring ring[CPUS_MAX];
	void (*record)(void *data, unsigned int cpu, uint32_t id, uint64_t time, const uint8_t *fields, size_t size);
	void *data;
};

/** session_create() - as @session->how says. Return: 0 or the hypercall's error. */
int session_create(struct session *session);

/** session_map() - map all rings read-only. */
void session_map(struct session *session);

/** session_do() - BLX_START, BLX_STOP, BLX_FLUSH, BLX_DESTROY */
int session_do(const struct session *session, unsigned int op);

/** session_take() - take and check all packets that are there; record() for each record, if it is set. Return: how many packets. */
unsigned int session_take(struct session *session);

/** session_gone() - wait until Xen has let go of it, 10 s at most. */
void session_gone(const struct session *session);

/** session_unmap() - and forget it. */
void session_unmap(struct session *session);

/** info() - BLX_INFO, which always works. */
struct blx_info info(void);

/** free_pages() - of Xen's heap. */
uint64_t free_pages(void);

/** describe() - learn the descriptions; to be called once, before packets are taken. */
void describe(void);

/** id_of() - the id of an event; 0: no such, which was said. name_of() - the other way round, for ids that there are. */
uint32_t id_of(const char *name);
const char *name_of(uint32_t id);

#endif
