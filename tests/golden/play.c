/* SPDX-License-Identifier: MIT */
/*
 * play.c - writes a trace by script: what the core, the parser of descriptions and the writers of metadata make of it is judged by
 * others (ctf_roundtrip.py). Nothing here depends on the time or the machine but the byte order.
 *
 * A script has one command in each line of standard input; HEX is bytes in hexadecimal:
 *
 *     describe HEX                              published descriptions, for the streams that follow
 *     stream PATH ID ID_BITS CONTEXTS N_SUB [OWNER [OWNER [OWNER]]]
 *                                               a ring with sub-buffers of 4 KiB, whose packets go to PATH; names of owner words: pid
 *     clock TICKS                               set the clock
 *     record ID HEX                             one record with this payload; prints "record", its result
 *     tear ID HEX                               the same, but its writer dies before it commits
 *     lose REASON COUNT                         count discarded records
 *     drain                                     take what was handed over
 *     flush                                     hand over what is there, and drain
 *     bury                                      the program is dead: close what it left behind; prints "torn", how many records
 *     metadata VERSION ORDER PATH               VERSION 1.8 or 2, ORDER little or big
 *     order                                     prints the machine's byte order
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/event.h"
#include "core/ring.h"
#include "ctf/metadata.h"
#include "record/describe.h"
#include "record/walk.h"

#define STREAMS_MAX 16
#define SUB_SHIFT 12
#define PHYS_MAX 10

uint64_t play_clock;

static char owners[STREAMS_MAX][3][32];
static struct event_set *sets[STREAMS_MAX];
static uint32_t n_sets;
static struct ctfw_stream_class classes[STREAMS_MAX];
static uint32_t n_classes;

static _Alignas(4096) uint8_t control[BL_RING_CONTROL_SIZE];
static _Alignas(4096) uint8_t subs[PHYS_MAX][1 << SUB_SHIFT];
static struct bl_ring ring;
static struct bl_reader reader;
static FILE *file;

static const uint8_t trace_uuid[16] = {0xb0, 0x7e, 0x10, 0x9, 1, 2, 0x43, 4, 0x85, 6, 7, 8, 9, 10, 11, 12};

void bl_port_wake(struct bl_ring *woken)
{
	(void)woken;
}

#ifndef __x86_64__
uint64_t bl_check_clock(void);
uint64_t bl_check_clock(void)
{
	return play_clock;
}
#endif

static void die(const char *what)
{
	fprintf(stderr, "play: %s\n", what);
	exit(1);
}

static uint8_t *from_hex(const char *hex, size_t *ret_size)
{
	const size_t size = strlen(hex) / 2;
	uint8_t *bytes = malloc(size + 1);
	unsigned int byte;
	size_t i;

	for (i = 0; bytes && i < size; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			die("bad hexadecimal");
		bytes[i] = (uint8_t)byte;
	}
	*ret_size = size;
	return bytes;
}

static void describe(const char *hex)
{
	struct event_set_error error;
	uint8_t *bytes;
	size_t size;

	bytes = from_hex(hex, &size);
	if (n_sets == STREAMS_MAX || event_set_parse(bytes, size, &sets[n_sets++], &error))
		die(error.text);
	free(bytes);
}

static void drain(void)
{
	while (!bl_reader_take(&reader)) {
		const uint8_t *bytes = ring.sub[reader.spare];
		const struct bl_packet *packet = (const void *)bytes;

		if (fwrite(bytes, packet->packet_bits / 8, 1, file) != 1)
			die("cannot write a packet");
		bl_reader_clean(&reader);
	}
}

static void close_stream(void)
{
	if (file && fclose(file))
		die("cannot write a stream");
	file = NULL;
}

static void open_stream(const char *args)
{
	struct stream_form form = {.owner = {"pid"}};
	unsigned int id, contexts, n_sub;
	char path[512], (*names)[32];
	int i, n;

	close_stream();
	if (n_classes == STREAMS_MAX || !n_sets)
		die("bad stream");
	names = owners[n_classes];
	n = sscanf(args, "%511s %u %u %u %u %31s %31s %31s", path, &id, &form.id_bits, &contexts, &n_sub, names[0], names[1], names[2]);
	if (n < 5 || n_sub >= PHYS_MAX)
		die("bad stream");
	form.contexts = contexts;
	for (i = 0; i < n - 5; i++)
		form.owner[i] = names[i];
	memset(control, 0, sizeof(control));
	memset(subs, 0, sizeof(subs));
	ring = (struct bl_ring){
		.shared = (void *)control,
		.sub_shift = SUB_SHIFT,
		.n_sub = n_sub,
		.n_phys = n_sub + 1,
		.id_bits = form.id_bits,
		.stream_id = id,
		.cpu_id = id + 1,
		.owner = {1000 + id, 2000 + id, 3000 + id},
		.stream_instance_id = UINT64_C(0x123456789) + id,
	};
	memcpy(ring.uuid, trace_uuid, sizeof(ring.uuid));
	bl_ring_lay(&ring, subs);
	if (!bl_ring_setup(&ring) || event_set_to_ctf(sets[n_sets - 1], id, &form, &classes[n_classes++]))
		die("bad stream");
	bl_ring_init(&ring);
	bl_reader_init(&reader, &ring);
	file = fopen(path, "wb");
	if (!file)
		die(path);
}

static void record(const char *args, bool commit)
{
	struct bl_record rec;
	char *hex;
	const uint32_t id = (uint32_t)strtoul(args, &hex, 10);
	uint8_t *bytes;
	size_t size;
	int err;

	bytes = from_hex(hex + strspn(hex, " "), &size);
	err = bl_ring_reserve(&ring, id, (uint32_t)size, &rec);
	if (!err) {
		memcpy(rec.payload, bytes, size);
		if (commit)
			bl_ring_commit(&ring, &rec);
	}
	free(bytes);
	printf("record %d\n", err);
}

static void lose(const char *args)
{
	unsigned int reason;
	uint64_t count;

	if (sscanf(args, "%u %" SCNu64, &reason, &count) != 2 || reason >= BL_LOST_NR)
		die("bad loss");
	bl_ring_lose(&ring, reason, count);
}

static void bury(void)
{
	struct walk_head head = {
		.stream_id = ring.stream_id,
		.cpu_id = ring.cpu_id,
		.stream_instance_id = ring.stream_instance_id,
		.lost = ring.shared->lost,
	};
	const struct ctfw_stream_class *class = &classes[n_classes - 1];
	struct bl_unfinished left;
	struct walk walk;
	uint8_t *copy;

	drain();
	if (bl_reader_peek(&reader, &left) || !left.opened)
		die("nothing to bury");
	copy = malloc(left.claimed_bytes);
	memcpy(copy, ring.sub[left.phys], left.claimed_bytes);
	if (walk_packet(copy, left.claimed_bytes, sets[n_sets - 1], class->id_bits, class->n_contexts ? BL_CONTEXT_TID : 0, &walk))
		die("cannot walk");
	memcpy(head.uuid, ring.uuid, sizeof(head.uuid));
	memcpy(head.owner, ring.owner, sizeof(head.owner));
	head.seq = reader.next;
	head.torn = walk_torn(&walk, left.committed_records);
	walk_close(copy, &walk, &head);
	printf("torn %" PRIu64 "\n", head.torn);
	if (fwrite(copy, walk.end, 1, file) != 1)
		die("cannot write a packet");
	free(copy);
}

static void write_metadata(const char *args)
{
	static const struct ctfw_env env[] = {
		{.name = "hostname", .text = "host \"a\\b\"\nsecond line \xff \xc3\xa9"},
		{.name = "tracer_name", .text = "borelog"},
		{.name = "tracer_major", .number = 0},
		{.name = "lowest", .number = INT64_MIN},
	};
	struct ctfw_trace_class trace = {
		.clock = {.name = "borelog",
			  .description = "a clock that \"stands\" still",
			  .uuid = {0xc1, 0x0c, [6] = 0x40, [8] = 0x80, [15] = 1},
			  .frequency = 2500000000,
			  .offset_s = 1700000000,
			  .offset_cycles = 2499999999,
			  .precision = 500},
		.n_env = sizeof(env) / sizeof(env[0]),
		.env = env,
		.n_streams = n_classes,
		.streams = classes,
	};
	char version[4], order[8], path[512];
	FILE *out;

	if (sscanf(args, "%3s %7s %511s", version, order, path) != 3)
		die("bad metadata");
	memcpy(trace.uuid, trace_uuid, sizeof(trace.uuid));
	trace.big_endian = !strcmp(order, "big");
	out = fopen(path, "wb");
	if (!out || ctf_metadata_write(&trace, strcmp(version, "2") ? CTF_1_8 : CTF_2, out) || fclose(out))
		die("cannot write metadata");
}

static void run(char *line)
{
	char *args = line + strcspn(line, " \n");

	line[strcspn(line, "\n")] = '\0';
	if (*args)
		*args++ = '\0';
	if (!strcmp(line, "describe"))
		describe(args);
	else if (!strcmp(line, "stream"))
		open_stream(args);
	else if (!strcmp(line, "clock"))
		play_clock = strtoull(args, NULL, 10);
	else if (!strcmp(line, "record"))
		record(args, true);
	else if (!strcmp(line, "tear"))
		record(args, false);
	else if (!strcmp(line, "bury"))
		bury();
	else if (!strcmp(line, "lose"))
		lose(args);
	else if (!strcmp(line, "flush"))
		(void)bl_ring_flush(&ring);
	else if (!strcmp(line, "metadata"))
		write_metadata(args);
	else if (!strcmp(line, "order"))
		printf("%s\n", __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? "big" : "little");
	else if (strcmp(line, "drain"))
		die(line);
	if (!strcmp(line, "flush") || !strcmp(line, "drain"))
		drain();
}

int main(void)
{
	char *line = NULL;
	size_t room = 0;
	uint32_t i;

	while (getline(&line, &room, stdin) >= 0)
		run(line);
	close_stream();
	free(line);
	for (i = 0; i < n_classes; i++)
		event_set_ctf_fini(&classes[i]);
	for (i = 0; i < n_sets; i++)
		event_set_free(sets[i]);
	return 0;
}
