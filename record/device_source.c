/* SPDX-License-Identifier: MIT */
#include "device_source.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "error.h"
#include "session.h"

#define RING_SIZE_DEFAULT (1u << 20)
#define SUB_PER_RING 8u
/* A record that the flush at the end has interrupted is handed over when it is finished, at once; this only ends what hangs. */
#define QUIET_NS 100000000u
#define QUIET_MS 10

struct device_ring {
	struct feed feed;
	struct bl_reader reader; /* only to know where we are: what is taken is taken by a call */
	uint64_t seq;            /* of the next packet */
	uint64_t n_taken;        /* packets, */
	uint64_t n_records;      /* and what is in them */
	bool taken;              /* there is something to give back */
};

struct device_source {
	struct source source; /* first */
	const struct device_layer *layer;
	struct device device;
	struct watch watch;
	struct stream_class *class;
	bool gone;    /* its session has ended without us */
	bool refused; /* something made no sense; the user was told */
	struct device_ring *ring[]; /* by CPU; NULL: not seen yet */
};

static struct device_source *of(struct source *source)
{
	return (struct device_source *)(void *)source;
}

/* ---- Trouble ---- */

/* The session is not there any more: the module was removed, or somebody ended it. */
static void is_gone(struct record_session *session, struct device_source *device)
{
	if (device->gone)
		return;
	device->gone = true;
	session_unwatch(session, &device->watch);
	session_say(session, "%s has ended the session: its records end here, the others go on", device->layer->who);
}

static void failed(struct record_session *session, struct device_source *device, const char *what, int err)
{
	if (err == -EBADFD) {
		is_gone(session, device);
		return;
	}
	if (!device->refused)
		session_say(session, "%s: %s: %s: its records are incomplete", device->layer->who, what,
			    err == -ERANGE ? "what it says makes no sense" : strerror(-err));
	device->refused = true;
}

static void refuse(struct record_session *session, struct device_source *device, const struct device_ring *ring)
{
	session->summary.refused_packets++;
	if (!device->refused)
		session_say(session, "%s: a packet of CPU %u has a number, size or time that cannot be, and was left out", device->layer->who,
			    ring->feed.ring.cpu_id);
	device->refused = true;
}

/* ---- Rings ---- */

static int ring_new(struct device_source *device, uint32_t cpu, struct device_ring **ret)
{
	struct device_ring *ring = calloc(1, sizeof(*ring));
	int err;

	if (!ring)
		return -ENOMEM;
	err = device_open_ring(&device->device, cpu, &ring->feed.ring);
	if (err) {
		free(ring);
		return err;
	}
	bl_reader_init(&ring->reader, &ring->feed.ring);
	device->ring[cpu] = *ret = ring;
	return 0;
}

static int ring_bind(struct device_source *device, struct device_ring *ring)
{
	struct bl_ring *names = &ring->feed.ring;

	if (names->id_bits != device->class->id_bits)
		return -ERANGE;
	ring->feed.stream = stream_bind(&device->source.streams, device->class, names->cpu_id);
	if (!ring->feed.stream)
		return -ENOMEM;
	names->stream_id = device->class->id;
	names->stream_instance_id = ring->feed.stream->instance_id;
	memcpy(names->uuid, device->source.trace.uuid, sizeof(names->uuid));
	return 0;
}

/* NULL: this CPU has none, or it cannot be had; that was said. */
static struct device_ring *find_ring(struct record_session *session, struct device_source *device, uint32_t cpu)
{
	struct device_ring *ring = device->ring[cpu];
	int err = 0;

	if (!ring)
		err = ring_new(device, cpu, &ring);
	if (!err && !ring->feed.stream && !ring->feed.broken) {
		err = ring_bind(device, ring);
		ring->feed.broken = err;
	}
	if (err && err != -ENODEV)
		failed(session, device, "cannot look at a ring", err);
	return err || ring->feed.broken ? NULL : ring;
}

/* ---- Packets ---- */

/* The next packet in its ring's order, some of which may have been overwritten; owners are what the producer says. */
static int go_on(struct device_ring *ring, const struct bl_packet *head)
{
	const uint64_t passed = head->seq - ring->seq;

	if (passed > BL_N_MASK)
		return -BL_EPROTO;
	ring->feed.stream->seq_next += passed;
	ring->seq = head->seq + 1;
	ring->reader.next = (uint32_t)ring->seq & BL_N_MASK;
	memcpy(ring->feed.ring.owner, head->owner, sizeof(head->owner));
	return 0;
}

static void write_taken(struct record_session *session, struct device_source *device, struct device_ring *ring, struct trace *trace,
			uint32_t phys)
{
	const struct bl_ring *at = &ring->feed.ring;
	const uint32_t records = (uint32_t)bl_load_relaxed(bl_ring_count(at, phys));
	struct bl_packet head;

	ring->n_taken++;
	ring->n_records += records;
	memcpy(&head, at->sub[phys], sizeof(head));
	if (go_on(ring, &head) || feed_take(session, &ring->feed, trace, at->sub[phys], records))
		refuse(session, device, ring);
}

/* Return: was there one? */
static bool take(struct record_session *session, struct device_source *device, struct device_ring *ring, struct trace *trace)
{
	uint32_t phys;
	const int err = device_take(&device->device, &ring->feed.ring, &phys);

	ring->taken = !err;
	if (!err)
		write_taken(session, device, ring, trace, phys);
	else if (err != -EAGAIN)
		failed(session, device, "cannot take a packet", err);
	return !err;
}

/* Was the next sub-buffer handed over? Saves calls for rings in which nothing happens. */
static bool is_delivered(const struct device_ring *ring)
{
	const uint32_t n = ring->reader.next;
	const uint64_t slot = bl_load_acquire(&ring->feed.ring.shared->slot[n & ring->feed.ring.slot_mask]);

	return bl_slot_state(slot) == BL_SLOT_DELIVERED && bl_slot_n(slot) == n;
}

/* Return: is there more? A producer that is faster than we does not keep us for ever. */
static bool drain_ring(struct record_session *session, struct device_source *device, struct device_ring *ring, struct trace *trace)
{
	uint32_t n;

	for (n = 0; n < ring->feed.ring.n_sub; n++)
		if ((!ring->taken && !is_delivered(ring)) || !take(session, device, ring, trace))
			return false;
	return true;
}

static bool drain(struct record_session *session, struct source *source)
{
	struct device_source *device = of(source);
	struct device_ring *ring;
	bool more = false;
	uint32_t cpu;
	int err;

	if (device->gone || session->options.overwrite)
		return false;
	err = device_do(&device->device, BLS_LOOK);
	if (err)
		failed(session, device, "cannot wait for packets", err);
	for (cpu = 0; cpu < device->device.info.n_cpus && !device->gone; cpu++) {
		ring = find_ring(session, device, cpu);
		if (ring && drain_ring(session, device, ring, &source->trace))
			more = true;
	}
	return more && !device->gone;
}

static void newest(struct record_session *session, struct source *source, struct trace *trace)
{
	struct device_source *device = of(source);
	struct device_ring *ring;
	uint32_t cpu, n;

	for (cpu = 0; cpu < device->device.info.n_cpus && !device->gone; cpu++) {
		ring = find_ring(session, device, cpu);
		/* Writers that are faster than the disk can run over us, but not for ever. */
		for (n = 0; ring && n <= 2 * ring->feed.ring.n_sub; n++)
			if (!take(session, device, ring, trace))
				break;
	}
}

static void flush(struct record_session *session, struct source *source)
{
	struct device_source *device = of(source);
	const int err = device->gone ? 0 : device_do(&device->device, BLS_FLUSH);

	if (err)
		failed(session, device, "cannot flush", err);
}

/* ---- Life ---- */

static void ready(struct record_session *session, struct watch *watch)
{
	struct device_source *device = (struct device_source *)(void *)((char *)watch - offsetof(struct device_source, watch));
	struct pollfd now = {.fd = watch->fd, .events = POLLIN};

	(void)poll(&now, 1, 0);
	device->source.more = drain(session, &device->source);
	if (now.revents & (POLLHUP | POLLERR))
		is_gone(session, device);
}

static int start(struct record_session *session, struct source *source, struct record_error *error)
{
	struct device_source *device = of(source);
	int err;

	err = session_watch_for(session, &device->watch, device->device.fd, session->options.overwrite ? 0 : EPOLLIN, ready);
	if (!err)
		err = device_do(&device->device, BLS_START);
	return err ? record_fail(error, err, "%s cannot begin to record: %s", device->layer->who, strerror(-err)) : 0;
}

static bool is_quiet(const struct device_source *device)
{
	uint32_t cpu;

	for (cpu = 0; cpu < device->device.info.n_cpus; cpu++)
		if (device->ring[cpu] && !device->ring[cpu]->feed.broken && bl_reader_distance(&device->ring[cpu]->reader))
			return false;
	return true;
}

static void take_all(struct record_session *session, struct device_source *device)
{
	const uint64_t deadline_ns = session_now_ns() + QUIET_NS;
	struct pollfd news = {.fd = device->device.fd, .events = POLLIN};

	while (drain(session, &device->source))
		;
	while (!device->gone && !is_quiet(device) && session_now_ns() < deadline_ns) {
		(void)poll(&news, 1, QUIET_MS);
		(void)drain(session, &device->source);
	}
}

/* Both sides must have counted the same. */
static void check_counters(struct record_session *session, struct device_source *device, const struct device_ring *ring)
{
	struct bls_counters theirs = {.cpu = ring->feed.ring.cpu_id};

	if (device->gone || device->refused || device_count(&device->device, &theirs))
		return;
	if (theirs.taken != ring->n_taken || theirs.records != ring->n_records)
		session_say(session, "%s has handed over %llu records in %llu packets of CPU %u, and %llu in %llu were taken: the trace is incomplete",
			    device->layer->who, (unsigned long long)theirs.records, (unsigned long long)theirs.taken, theirs.cpu,
			    (unsigned long long)ring->n_records, (unsigned long long)ring->n_taken);
}

static void stop(struct record_session *session, struct source *source)
{
	struct device_source *device = of(source);
	struct device_ring *ring;
	uint32_t cpu;
	int err;

	session_unwatch(session, &device->watch);
	err = device->gone ? 0 : device_do(&device->device, BLS_STOP);
	if (err)
		failed(session, device, "cannot stop", err);
	if (session->options.overwrite)
		newest(session, source, &source->trace);
	else if (!err)
		take_all(session, device);
	for (cpu = 0; cpu < device->device.info.n_cpus; cpu++) {
		ring = device->ring[cpu];
		if (!ring || !ring->feed.stream)
			continue;
		feed_write_counters(session, &ring->feed, &source->trace);
		check_counters(session, device, ring);
	}
}

static void source_free(struct record_session *session, struct source *source)
{
	struct device_source *device = of(source);
	uint32_t cpu;

	session_unwatch(session, &device->watch);
	for (cpu = 0; cpu < device->device.info.n_cpus; cpu++) {
		if (device->ring[cpu])
			device_close_ring(&device->ring[cpu]->feed.ring);
		free(device->ring[cpu]);
	}
	device_close(&device->device);
	source_fini(source);
	free(device);
}

static const struct source_ops device_source_ops = {
	.start = start,
	.flush = flush,
	.drain = drain,
	.newest = newest,
	.stop = stop,
	.close = source_free,
};

/* ---- Creation ---- */

static void choose_geometry(struct record_session *session, const struct device_layer *layer, struct bls_create *create)
{
	const struct record_options *options = &session->options;
	const uint64_t ring = options->ring_size ? options->ring_size : RING_SIZE_DEFAULT;
	const uint64_t sub = options->sub_size ? options->sub_size : ring / SUB_PER_RING;
	uint64_t most;

	session_fit_ring(ring, sub, BL_SUB_SHIFT_MAX, &create->sub_shift, &create->n_sub);
	most = (uint64_t)create->n_sub << create->sub_shift;
	while (create->n_sub > 2 && ((uint64_t)(create->n_sub + 1) << create->sub_shift) > layer->ring_bytes_max)
		create->n_sub /= 2;
	if ((uint64_t)create->n_sub << create->sub_shift < most)
		session_say(session, "rings of %s have %u MiB for each CPU, as large as it allows", layer->who,
			    create->n_sub << create->sub_shift >> 20);
}

/* Its id_bits are known from a ring, and some CPU has one. */
static int make_class(struct device_source *device, struct event_set *events)
{
	struct stream_form form = {0};
	struct device_ring *ring;
	int err = -ENODEV;
	uint32_t cpu;

	for (cpu = 0; cpu < device->device.info.n_cpus && err == -ENODEV; cpu++)
		err = ring_new(device, cpu, &ring);
	if (err)
		return err;
	form.id_bits = ring->feed.ring.id_bits;
	memcpy(form.owner, device->layer->owner, sizeof(form.owner));
	device->class = stream_class_new(&device->source.streams, events, device->device.info.n_cpus, &form);
	return device->class ? 0 : -errno;
}

static int begin(struct record_session *session, struct device_source *device, struct event_set *events, const uint8_t *enabled)
{
	struct bls_create create = {
		.flags = session->options.overwrite ? BLS_OVERWRITE : 0,
		.events = (uintptr_t)enabled,
		.n_events = enabled ? device->device.info.n_events + 1 : 0,
	};
	int err;

	choose_geometry(session, device->layer, &create);
	memcpy(create.uuid, device->source.trace.uuid, sizeof(create.uuid));
	err = device_create(&device->device, &create);
	return err ? err : make_class(device, events);
}

int device_source_new(struct record_session *session, const struct device_layer *layer, const struct device *from,
		      struct event_set *events, const uint8_t *enabled, struct source **ret, struct record_error *error)
{
	struct device_source *device = calloc(1, sizeof(*device) + from->info.n_cpus * sizeof(device->ring[0]));
	int err;

	if (!device) {
		device_close(&(struct device){.fd = from->fd});
		return record_fail(error, -ENOMEM, "out of memory");
	}
	device->source.ops = &device_source_ops;
	device->source.trace.dir_fd = -1;
	device->layer = layer;
	device->device = *from;
	device->watch.fd = -1;
	err = session_name_layer(session, &device->source, layer->layer, error);
	if (!err) {
		err = begin(session, device, events, enabled);
		if (err)
			(void)record_fail(error, err, "%s makes no session: %s", layer->who,
					  err == -ENOMEM ? "it has too little memory for the rings. Smaller ones may do: --size"
							 : strerror(-err));
	}
	if (err) {
		source_free(session, &device->source);
		return err;
	}
	*ret = &device->source;
	return 0;
}
