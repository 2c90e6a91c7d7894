/* SPDX-License-Identifier: MIT */
/**
 * device_source.h - the source whose rings a kernel module of ours hands out (kmod/abi/stream.h): the hypervisor's, and the kernel's.
 *
 * The producer discards or overwrites, hands over and wakes by itself. The module's descriptor is readable when there is something to take;
 * a sub-buffer is taken by a call that gives the one before back, and its memory is mapped read-only. What comes is checked all the same
 * (device.h, packet.h): a packet that makes no sense is left out and said, the rest goes on.
 *
 * CPUs may come while it records; a ring is mapped when it is first seen.
 */
#ifndef BL_RECORD_DEVICE_SOURCE_H
#define BL_RECORD_DEVICE_SOURCE_H

#include "device.h"
#include "source.h"

struct device_layer {
	const char *layer;     /* "xen" */
	const char *who;       /* "the hypervisor", for messages */
	const char *owner[3];  /* names of the packet context's owner words */
	uint64_t ring_bytes_max; /* of a ring with its spare sub-buffer */
};

/**
 * device_source_new() - a source of @session, with a session of its own in @device
 * @device: the source's from now on; on failure it is closed
 * @events: its descriptions; the source's from now on, if this succeeds
 * @enabled: a bitmap by event id, of device->info.n_events + 1 bits: what is to be recorded; NULL: all
 *
 * Return: 0; -EBUSY: somebody else records there; other negative errno, with the error filled in.
 */
int device_source_new(struct record_session *session, const struct device_layer *layer, const struct device *device,
		      struct event_set *events, const uint8_t *enabled, struct source **ret, struct record_error *error);

#endif
