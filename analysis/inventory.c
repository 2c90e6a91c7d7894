/* SPDX-License-Identifier: MIT */
/**
 * inventory.c - see inventory.h
 *
 * Losses are counted as the reader does it: the counter of discarded records is a running total that begins at 0 with the first
 * packet of a stream, unless the sequence numbers say that packets before it are gone.
 */
#include "analysis/inventory.h"

/* What the packet before says. */
struct before {
	bool is;
	bool has_discarded;
	bool has_sequence;
	uint64_t discarded;
	uint64_t sequence;
};

static void add_time(struct inventory *inventory, int64_t ns)
{
	if (!inventory->has_time || ns < inventory->first)
		inventory->first = ns;
	if (!inventory->has_time || ns > inventory->last)
		inventory->last = ns;
	inventory->has_time = true;
}

static void add_losses(struct inventory *inventory, const struct before *before, const struct ctf_packet *packet)
{
	const bool first = !before->is && (!packet->has_sequence || !packet->sequence);
	const uint64_t discarded = first ? 0 : before->discarded;

	if (packet->has_sequence && before->has_sequence && packet->sequence > before->sequence + 1)
		inventory->lost_packets += packet->sequence - before->sequence - 1;
	if (packet->has_discarded && (first || before->has_discarded) && packet->discarded > discarded)
		inventory->lost_records += packet->discarded - discarded;
}

static void add_packet(struct inventory *inventory, const struct ctf_packet *packet)
{
	inventory->packets++;
	inventory->bytes += packet->size;
	inventory->content += packet->content / 8 + (packet->content % 8 != 0);
	if (packet->has_begin)
		add_time(inventory, packet->begin_ns);
	if (packet->has_end)
		add_time(inventory, packet->end_ns);
}

static struct before before_of(const struct ctf_packet *packet)
{
	return (struct before){.is = true,
			       .has_discarded = packet->has_discarded,
			       .has_sequence = packet->has_sequence,
			       .discarded = packet->discarded,
			       .sequence = packet->sequence};
}

void inventory_read(const struct ctf *ctf, const struct ctf_stream *stream,
		    void (*error)(void *data, const struct ctf_error *error), void *data, struct inventory *ret)
{
	struct ctf_packet packet = {.stream = stream};
	struct before before = {0};
	struct ctf_error what;
	enum ctf_status status;
	const char *file = NULL;
	uint64_t offset = 0;

	*ret = (struct inventory){0};
	while ((status = ctf_packet_next(ctf, &packet, &what)) != CTF_END) {
		if (status == CTF_ERROR) {
			if (error)
				error(data, &what);
			if (packet.file == file && packet.offset == offset)
				break; /* not of the trace's making */
		} else {
			add_losses(ret, &before, &packet);
			add_packet(ret, &packet);
			before = before_of(&packet);
		}
		file = packet.file;
		offset = packet.offset;
	}
}

void inventory_add(struct inventory *to, const struct inventory *from)
{
	to->packets += from->packets;
	to->bytes += from->bytes;
	to->content += from->content;
	to->lost_records += from->lost_records;
	to->lost_packets += from->lost_packets;
	if (!from->has_time)
		return;
	add_time(to, from->first);
	add_time(to, from->last);
}
