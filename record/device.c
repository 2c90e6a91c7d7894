/* SPDX-License-Identifier: MIT */
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int ask(const struct device *device, unsigned long what, void *argument)
{
	int r;

	do
		r = ioctl(device->fd, what, argument);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

static int check_info(const struct bls_info *info, enum bls_layer layer)
{
	if (info->abi != BLS_ABI || info->ring_abi != BL_RING_ABI || info->layer != (uint32_t)layer)
		return -EPROTO;
	if (!info->n_cpus || info->n_cpus > DEVICE_CPUS_MAX || info->n_events > EVENT_ID_MAX || info->events_size > EVENT_SET_BYTES_MAX)
		return -ERANGE;
	return 0;
}

int device_open(struct device *device, const char *path, enum bls_layer layer)
{
	int err;

	device->fd = open(path, O_RDWR | O_CLOEXEC);
	if (device->fd < 0)
		return -errno;
	err = ask(device, BLS_INFO, &device->info);
	if (!err)
		err = check_info(&device->info, layer);
	if (err == -ENOTTY)
		err = -EPROTO;
	if (err)
		device_close(device);
	return err;
}

void device_close(struct device *device)
{
	if (device->fd >= 0)
		close(device->fd);
	device->fd = -1;
}

int device_read_events(const struct device *device, void **ret_bytes, size_t *ret_size)
{
	const uint32_t size = device->info.events_size;
	uint8_t *bytes = calloc(1, (size_t)size + 1);
	uint32_t at = 0;
	int err = bytes ? 0 : -ENOMEM;

	while (!err && at < size) {
		struct bls_events part = {.to = (uintptr_t)(bytes + at), .size = size - at, .from = at};

		err = ask(device, BLS_EVENTS, &part);
		if (err)
			break;
		if (part.total != size || !part.copied || part.copied > size - at || (part.copied % 8 && part.copied != size - at))
			err = -ERANGE;
		at += part.copied;
	}
	if (err) {
		free(bytes);
		return err;
	}
	*ret_bytes = bytes;
	*ret_size = size;
	return 0;
}

static size_t mapped_size(const struct bl_ring *ring)
{
	return BL_RING_CONTROL_SIZE + ((size_t)ring->n_phys << ring->sub_shift);
}

static int map_ring(const struct device *device, struct bl_ring *ring)
{
	void *at = mmap(NULL, mapped_size(ring), PROT_READ, MAP_SHARED, device->fd, (off_t)ring->cpu_id << BLS_CPU_SHIFT);

	if (at == MAP_FAILED)
		return -errno;
	ring->shared = at;
	bl_ring_lay(ring, (uint8_t *)at + BL_RING_CONTROL_SIZE);
	return 0;
}

int device_open_ring(const struct device *device, uint32_t cpu, struct bl_ring *ret)
{
	struct bls_ring ring = {.cpu = cpu};
	int err;

	err = ask(device, BLS_RING, &ring);
	if (err)
		return err;
	/* bl_ring_setup() looks at the rest; this much keeps the mapping's size in bounds. */
	if (ring.sub_shift < BL_SUB_SHIFT_MIN || ring.sub_shift > BL_SUB_SHIFT_MAX || ring.n_phys > BL_PHYS_MAX)
		return -ERANGE;
	memset(ret, 0, sizeof(*ret));
	ret->cpu_id = cpu;
	ret->sub_shift = ring.sub_shift;
	ret->n_sub = ring.n_sub;
	ret->n_phys = ring.n_phys;
	ret->id_bits = ring.id_bits;
	err = map_ring(device, ret);
	if (!err && !bl_ring_setup(ret)) {
		device_close_ring(ret);
		err = -ERANGE;
	}
	return err;
}

void device_close_ring(struct bl_ring *ring)
{
	if (ring->shared)
		(void)munmap(ring->shared, mapped_size(ring));
	ring->shared = NULL;
}

int device_take(const struct device *device, const struct bl_ring *ring, uint32_t *ret_phys)
{
	struct bls_put put = {.cpu = ring->cpu_id};
	const int err = ask(device, BLS_PUT, &put);

	if (err)
		return err;
	if (put.phys >= ring->n_phys)
		return -ERANGE;
	*ret_phys = put.phys;
	return 0;
}

int device_count(const struct device *device, struct bls_counters *counters)
{
	return ask(device, BLS_COUNTERS, counters);
}

int device_create(const struct device *device, struct bls_create *create)
{
	return ask(device, BLS_CREATE, create);
}

int device_do(const struct device *device, unsigned long what)
{
	return ask(device, what, NULL);
}
