/* SPDX-License-Identifier: MIT */
/**
 * device.h - a device of one of our kernel modules (kmod/abi/stream.h), opened: what it says of itself, checked.
 */
#ifndef BL_RECORD_DEVICE_H
#define BL_RECORD_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "core/ring.h"
#include "describe.h"
#include "kmod/abi/stream.h"

#define DEVICE_CPUS_MAX 8192u

struct device {
	int fd; /* -1: not open */
	struct bls_info info;
};

#define DEVICE_CLOSED ((struct device){.fd = -1})

/**
 * device_open() - and ask what it is
 *
 * Return: 0; -ENOENT and others of open(); -EPROTO: it speaks another version, or is another layer's; -ERANGE: what it says makes no sense.
 */
int device_open(struct device *device, const char *path, enum bls_layer layer);
void device_close(struct device *device);

/** device_read_events() - its descriptions, as they are published. @ret_bytes is the caller's, to be freed. Return: 0, -ERANGE, -ENOMEM, others. */
int device_read_events(const struct device *device, void **ret_bytes, size_t *ret_size);

/** device_create() - a session, which ends with device_close(). Return: 0, -EBUSY, -ENOMEM, others of kmod/abi/stream.h. */
int device_create(const struct device *device, struct bls_create *create);

/** device_do() - BLS_START, BLS_STOP, BLS_FLUSH, BLS_LOOK. Return: 0; -EBADFD: the session has gone. */
int device_do(const struct device *device, unsigned long what);

/**
 * device_open_ring() - map a CPU's ring, for reading; names in its packets' heads are left to the caller
 *
 * Return: 0; -ENODEV: this CPU has no ring; -EBADFD: the session has gone; -ERANGE: what it says makes no sense.
 */
int device_open_ring(const struct device *device, uint32_t cpu, struct bl_ring *ret);
void device_close_ring(struct bl_ring *ring);

/**
 * device_take() - give back the sub-buffer of this ring that was taken last, if any, and take the next one
 *
 * Return: 0: it is at ring->sub[*ret_phys], and nobody writes to it; -EAGAIN: there is none; -EBADFD: the session has gone; -ERANGE.
 */
int device_take(const struct device *device, const struct bl_ring *ring, uint32_t *ret_phys);

/** device_count() - what it has counted for a CPU's ring; its cpu is set. Return: 0, negative errno. */
int device_count(const struct device *device, struct bls_counters *counters);

#endif
