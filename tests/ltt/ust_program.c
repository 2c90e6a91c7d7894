// SPDX-License-Identifier: MIT
/*
 * ust_program - a program traced by LTTng-UST.
 *
 * usage: ust_program ROUNDS [SEED [wait]]
 *
 * A round is one record of every trace point of ust_provider.h, with values that follow from SEED and the round's number. "wait": after
 * the first round it prints "ready" and goes on as soon as it reads a line; then it prints "done" and ends at the next line. It has an
 * application context $app.ltt:* whose value has another type in each record.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ust_provider.h"
#include <lttng/tracef.h>
#include <lttng/tracelog.h>
#include <lttng/ust-events.h>
#include <lttng/ust-ringbuffer-context.h>

/*
 * LTTng-UST's interface for application contexts, which its Java agent uses. It is exported by the library of 2.13 and part of its
 * ABI, but in no public header.
 */
struct ust_context_value {
	int selector;
	union {
		int64_t i64;
		uint64_t u64;
		const char *text;
		double d;
	} u;
};

struct lttng_ust_context_provider {
	uint32_t struct_size;
	const char *name;
	size_t (*get_size)(void *priv, struct lttng_ust_probe_ctx *probe, size_t offset);
	void (*record)(void *priv, struct lttng_ust_probe_ctx *probe, struct lttng_ust_ring_buffer_ctx *ring,
		       struct lttng_ust_channel_buffer *channel);
	void (*get_value)(void *priv, struct lttng_ust_probe_ctx *probe, struct ust_context_value *ret_value);
	void *priv;
};

extern void *lttng_ust_context_provider_register(struct lttng_ust_context_provider *provider);

/* The types that such a context can have, in the order of LTTng's tags, each as the bytes of a value. */
static const struct {
	size_t size;
	size_t align;
	const void *bytes;
} context_values[] = {
	{ 0, 1, "" },
	{ 1, 1, &(int8_t){ -8 } },
	{ 2, lttng_ust_rb_alignof(int16_t), &(int16_t){ -16000 } },
	{ 4, lttng_ust_rb_alignof(int32_t), &(int32_t){ -32000000 } },
	{ 8, lttng_ust_rb_alignof(int64_t), &(int64_t){ INT64_MIN } },
	{ 1, 1, &(uint8_t){ 200 } },
	{ 2, lttng_ust_rb_alignof(uint16_t), &(uint16_t){ 65000 } },
	{ 4, lttng_ust_rb_alignof(uint32_t), &(uint32_t){ 4000000000 } },
	{ 8, lttng_ust_rb_alignof(uint64_t), &(uint64_t){ UINT64_MAX } },
	{ 4, lttng_ust_rb_alignof(float), &(float){ 0.1f } },
	{ 8, lttng_ust_rb_alignof(double), &(double){ -0.1 } },
	{ sizeof("text \xc3\xa9"), 1, "text \xc3\xa9" },
};
#define N_CONTEXT_VALUES (sizeof(context_values) / sizeof(context_values[0]))

static __thread unsigned int context_turn;

static size_t context_size(void *priv, struct lttng_ust_probe_ctx *probe, size_t offset)
{
	unsigned int turn = context_turn % N_CONTEXT_VALUES;
	size_t size = lttng_ust_ring_buffer_align(offset, lttng_ust_rb_alignof(char)) + 1;

	(void)priv;
	(void)probe;
	size += lttng_ust_ring_buffer_align(offset + size, context_values[turn].align);
	return size + context_values[turn].size;
}

static void context_record(void *priv, struct lttng_ust_probe_ctx *probe, struct lttng_ust_ring_buffer_ctx *ring,
			   struct lttng_ust_channel_buffer *channel)
{
	unsigned int turn = context_turn++ % N_CONTEXT_VALUES;
	char tag = (char)turn;

	(void)priv;
	(void)probe;
	channel->ops->event_write(ring, &tag, sizeof(tag), lttng_ust_rb_alignof(char));
	if (context_values[turn].size)
		channel->ops->event_write(ring, context_values[turn].bytes, context_values[turn].size, context_values[turn].align);
}

/* For filters, which the sessions here do not use on contexts. */
static void context_value(void *priv, struct lttng_ust_probe_ctx *probe, struct ust_context_value *ret_value)
{
	(void)priv;
	(void)probe;
	ret_value->selector = 0;
}

static struct lttng_ust_context_provider provider = {
	.struct_size = sizeof(provider),
	.name = "$app.ltt",
	.get_size = context_size,
	.record = context_record,
	.get_value = context_value,
};

/* Any sequence of numbers with all bits in it. */
static uint64_t next_number(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state ^ *state >> 29;
}

static uint64_t number_of_round(uint64_t *state, unsigned int round)
{
	static const uint64_t edges[] = { 0, 1, UINT64_MAX, INT64_MAX, (uint64_t)INT64_MIN, 0x80, 0x7fff, 0x80000000, 0xffffffff };
	uint64_t number = next_number(state);

	return round % 2 || round / 2 >= sizeof(edges) / sizeof(edges[0]) ? number >> number % 64 : edges[round / 2];
}

static double float_of_round(uint64_t *state, unsigned int round)
{
	static const double edges[] = { 0.0, -0.0, NAN, INFINITY, -INFINITY, 5e-324, 1e-45, 3.4028234663852886e38, 1e308, 0.1, -1.5, 16777217 };
	double number;

	if (round % 3 == 0)
		return edges[round / 3 % (sizeof(edges) / sizeof(edges[0]))];
	do {
		uint64_t bits = next_number(state);

		memcpy(&number, &bits, sizeof(number));
	} while (isnan(number));
	return round % 3 == 1 ? number : remainder(number, 1000);
}

static const char *text_of_round(unsigned int round)
{
	/* Each with bytes behind its end, for arrays and sequences of a fixed number of characters. */
#define BEHIND "\0behind the end of the string, more than forty bytes"
	static const char *const texts[] = {
		"text" BEHIND, "" BEHIND, "a \"quoted\" one, with \\ and tab \t and line\nend" BEHIND,
		"\xc3\xa9t\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" BEHIND, "not UTF-8: \xff\xfe\x80 \xc3" BEHIND, "exactly8" BEHIND,
		"control \x01\x02\x1f\x7f" BEHIND,
	};

	return texts[round % (sizeof(texts) / sizeof(texts[0]))];
}

static void make_values(struct ust_values *v, uint64_t *state, unsigned int round)
{
	v->n = number_of_round(state, round);
	v->d = float_of_round(state, round);
	v->f = (float)float_of_round(state, round + 1);
	v->text = text_of_round(round);
	v->length = round % 41;
	for (unsigned int i = 0; i < 40; i++) {
		uint64_t n = next_number(state);

		v->i8[i] = (int8_t)n;
		v->i16[i] = (int16_t)n;
		v->i32[i] = (int32_t)n;
		v->i64[i] = (int64_t)n;
	}
}

static void record_round(const struct ust_values *v, unsigned int round)
{
	lttng_ust_tracepoint(ltt, integers, v);
	lttng_ust_tracepoint(ltt, integers_hex, v);
	lttng_ust_tracepoint(ltt, integers_network, v);
	lttng_ust_tracepoint(ltt, nowrite, v);
	lttng_ust_tracepoint(ltt, floats, v);
	lttng_ust_tracepoint(ltt, texts, v);
	lttng_ust_tracepoint(ltt, arrays, v);
	lttng_ust_tracepoint(ltt, sequences, v);
	lttng_ust_tracepoint(ltt, enumerations, v);
	lttng_ust_tracepoint(ltt, empty);
	lttng_ust_tracepoint(ltt, first_of_pair, (int)round, v->text);
	lttng_ust_tracepoint(ltt, second_of_pair, (int)round, v->text);
	lttng_ust_tracef("round %u of %s", round, v->text);
	lttng_ust_tracelog(LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO, "number %" PRIu64, v->n);
}

static void say_and_wait(const char *word)
{
	puts(word);
	fflush(stdout);
	getchar();
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 1;
	uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	int wait = argc > 3 && !strcmp(argv[3], "wait");
	struct ust_values values;

	if (!lttng_ust_context_provider_register(&provider)) {
		fprintf(stderr, "ust_program: LTTng-UST refuses the application context\n");
		return 1;
	}
	for (unsigned int round = 0; round < rounds; round++) {
		make_values(&values, &state, round);
		record_round(&values, round);
		if (wait && round == 0)
			say_and_wait("ready");
	}
	if (wait)
		say_and_wait("done");
	return 0;
}
