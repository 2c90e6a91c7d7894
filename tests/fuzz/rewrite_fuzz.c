/* SPDX-License-Identifier: MIT */
/**
 * rewrite_fuzz.c - whole traces (trace_input.h), rewritten in both versions of CTF and read again.
 *
 * What was read of the source must be read of the result, with the same times and values, and without errors. In CTF 1.8 that is
 * what rewrite.h has for them.
 */
#include <assert.h>
#include <string.h>

#include "ctf/rewrite.h"
#include "tests/fuzz/trace_input.h"

#define RECORDS_MAX 2000u /* of one input: tiny records of big inputs take too long */

static struct trace_dir input, output;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void remove_directories(void)
{
	trace_dir_remove(&input);
	trace_dir_remove(&output);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	trace_dir_make(&input);
	trace_dir_make(&output);
	atexit(remove_directories);
	return 0;
}

/* ---- Comparison: @a of the source, @b of the result ---- */

static void same_text(const struct ctf_field *a, const struct ctf_field *b)
{
	size_t room, size_a, size_b;
	char *buf_a, *buf_b;
	const char *text_a, *text_b;

	ctf_field_bytes(a, &room);
	ctf_field_bytes(b, &size_b);
	room = 2 * (room + size_b) + 4;
	buf_a = malloc(room);
	buf_b = malloc(room);
	text_a = ctf_field_text(a, buf_a, room, &size_a);
	text_b = ctf_field_text(b, buf_b, room, &size_b);
	assert(size_a == size_b && !memcmp(text_a, text_b, size_a));
	free(buf_a);
	free(buf_b);
}

static void same_bytes(const struct ctf_field *a, const struct ctf_field *b)
{
	size_t size;
	const uint8_t *bytes = ctf_field_bytes(a, &size);

	assert(size == b->n);
	for (size_t i = 0; i < size; i++) {
		const struct ctf_field element = b->class->type == CTF_ARRAY ? ctf_field_number(b, i) : *b;

		assert(bytes[i] == (b->class->type == CTF_ARRAY ? ctf_field_uint(&element) : ctf_field_bytes(b, &size)[i]));
	}
}

static void same_number(const struct ctf_field *a, const struct ctf_field *b)
{
	const double x = ctf_field_double(a), y = ctf_field_double(b);

	assert(b->class->type <= CTF_FLOAT);
	if (a->class->type == CTF_FLOAT)
		assert((x != x && y != y) || (x == y && !__builtin_signbit(x) == !__builtin_signbit(y)));
	else
		assert(ctf_field_uint(a) == ctf_field_uint(b));
}

static void same_field(const struct ctf_field *a, const struct ctf_field *b);

static void same_children(const struct ctf_field *a, const struct ctf_field *b)
{
	struct ctf_field of_a = ctf_field_first(a), of_b = ctf_field_first(b);

	assert(a->n == b->n);
	while (of_a.class) {
		assert(of_b.class);
		same_field(&of_a, &of_b);
		of_a = ctf_field_next(a, &of_a);
		of_b = ctf_field_next(b, &of_b);
	}
	assert(!of_b.class);
}

/* Of CTF 1.8 a variant, of which the other option is empty. */
static void same_optional(const struct ctf_field *a, const struct ctf_field *b)
{
	struct ctf_field of_a = ctf_field_first(a), of_b = ctf_field_first(b);

	if (of_a.class)
		same_field(&of_a, &of_b);
	else
		assert(b->class->type == CTF_OPTIONAL ? !of_b.class : of_b.class->type == CTF_STRUCT && !of_b.n);
}

static void same_field(const struct ctf_field *a, const struct ctf_field *b)
{
	assert(b->class);
	switch (a->class->type) {
	case CTF_STRING:
		same_text(a, b);
		break;
	case CTF_BLOB:
		same_bytes(a, b);
		break;
	case CTF_STRUCT:
	case CTF_ARRAY:
	case CTF_VARIANT:
		assert(a->class->type == b->class->type);
		same_children(a, b);
		break;
	case CTF_OPTIONAL:
		same_optional(a, b);
		break;
	default:
		same_number(a, b);
	}
}

static void same_event(const struct ctf_record *a, const struct ctf_record *b)
{
	assert(a->event->id == b->event->id);
	assert(!a->has_time || (b->has_time && a->cycles == b->cycles && a->time == b->time));
	for (int scope = CTF_COMMON_CONTEXT; scope < CTF_N_SCOPES; scope++) {
		const struct ctf_field of_a = ctf_record_scope(a, (enum ctf_scope)scope),
				       of_b = ctf_record_scope(b, (enum ctf_scope)scope);

		assert(!of_a.class == !of_b.class);
		if (of_a.class)
			same_field(&of_a, &of_b);
	}
}

/* ---- Both ways ---- */

static void told_of_packet(void *data, const struct ctf_record *record)
{
	ctf_rewriter_packet(data, record);
}

/* Return: events; what was wrong with the source ends nothing. */
static unsigned int rewrite_stream(const struct ctf *ctf, const struct ctf_rewrite *rewrite)
{
	const int fd = open(output.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	const struct ctf_rewrite_cut cut = {0};
	struct ctf_rewriter *to = ctf_rewriter_new(rewrite, ctf_stream_at(ctf, 0), &cut, fd);
	const struct ctf_select select = {.packet = told_of_packet, .data = to};
	struct ctf_error error;
	struct ctf_iter *iter = ctf_iter_new(ctf, &select, &error);
	const struct ctf_record *record;
	enum ctf_status status;
	unsigned int n = 0;

	while (n < RECORDS_MAX && (status = ctf_iter_next(iter, &record)) != CTF_END) {
		if (status != CTF_RECORD)
			continue;
		if (ctf_rewriter_put(to, record))
			break;
		n += record->kind == CTF_EVENT;
	}
	ctf_rewriter_end(to);
	ctf_iter_free(iter);
	ctf_rewriter_free(to);
	close(fd);
	return n;
}

static const struct ctf_record *next_event(struct ctf_iter *iter, bool errors)
{
	const struct ctf_record *record;
	enum ctf_status status;

	while ((status = ctf_iter_next(iter, &record)) != CTF_END) {
		if (status == CTF_ERROR && !errors)
			fprintf(stderr, "%s\n", ctf_iter_error(iter)->text);
		assert(status != CTF_ERROR || errors);
		if (status == CTF_RECORD && record->kind == CTF_EVENT)
			return record;
	}
	return NULL;
}

static void compare(const struct ctf *a, unsigned int n)
{
	const char *const dirs[] = {output.path};
	struct ctf_error error;
	struct ctf *b = ctf_open(dirs, 1, &error);
	struct ctf_iter *iter_a = ctf_iter_new(a, NULL, &error), *iter_b;

	if (!b)
		fprintf(stderr, "%s\n", error.text);
	assert(b && !ctf_trouble(b, 0));
	iter_b = ctf_iter_new(b, NULL, &error);
	while (n--) {
		const struct ctf_record *of_a = next_event(iter_a, true), *of_b = next_event(iter_b, false);

		assert(of_a && of_b);
		same_event(of_a, of_b);
	}
	assert(!next_event(iter_b, false));
	ctf_iter_free(iter_a);
	ctf_iter_free(iter_b);
	ctf_close(b);
}

static void rewrite_in(const struct ctf *ctf, enum ctf_version version)
{
	struct ctf_error error;
	struct ctf_rewrite *rewrite = ctf_rewrite_new(ctf_trace_at(ctf, 0), version, &error);
	FILE *file;

	if (!rewrite) {
		assert(version == CTF_1_8 && strstr(error.text, "CTF 1.8 has no words"));
		return;
	}
	file = fopen(output.metadata, "w");
	assert(file && !ctf_rewrite_metadata(rewrite, file) && !fclose(file));
	compare(ctf, rewrite_stream(ctf, rewrite));
	ctf_rewrite_free(rewrite);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct ctf *ctf = trace_input_open(&input, bytes, size);

	if (ctf && ctf_n_streams(ctf)) {
		rewrite_in(ctf, CTF_2);
		rewrite_in(ctf, CTF_1_8);
	}
	ctf_close(ctf);
	return 0;
}
