/* SPDX-License-Identifier: MIT */
/*
 * write_tsdl.c - metadata in CTF 1.8.
 *
 * Nothing depends on defaults: every integer says its size, and is aligned to a byte except for what shares the word of the record
 * header. A structure is aligned as its widest member is, so nothing in the header's second half may be aligned at all.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "writer.h"

void ctf_tsdl_string(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f) {
			fprintf(out, "\\%03o", (unsigned int)*text);
			continue;
		}
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		putc(*text, out);
	}
	putc('"', out);
}

static void write_clean_string(FILE *out, const char *text)
{
	char clean[CTF_TEXT_MAX + 1];

	ctf_clean(clean, text);
	ctf_tsdl_string(out, clean);
}

static void write_types(FILE *out)
{
	static const int sizes[] = {8, 16, 32, 64};
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const int n = sizes[i];

		fprintf(out, "typealias integer { size = %d; align = 8; signed = false; } := u%d;\n", n, n);
		fprintf(out, "typealias integer { size = %d; align = 8; signed = false; base = hex; } := x%d;\n", n, n);
		fprintf(out, "typealias integer { size = %d; align = 8; signed = true; } := i%d;\n", n, n);
	}
	fprintf(out, "typealias floating_point { exp_dig = 8; mant_dig = 24; align = 8; } := f32;\n"
		     "typealias floating_point { exp_dig = 11; mant_dig = 53; align = 8; } := f64;\n"
		     "typealias enum : u8 { \"false\" = 0, \"true\" = 1 } := boolean;\n\n");
}

static void write_trace(const struct ctfw_trace_class *trace, FILE *out)
{
	char uuid[CTF_UUID_SIZE];

	ctf_uuid_text(uuid, trace->uuid);
	fprintf(out,
		"trace {\n"
		"\tmajor = 1;\n"
		"\tminor = 8;\n"
		"\tuuid = \"%s\";\n"
		"\tbyte_order = %s;\n"
		"\tpacket.header := struct {\n"
		"\t\tu32 magic;\n"
		"\t\tu32 stream_id;\n"
		"\t\tu8 uuid[16];\n"
		"\t\tu64 stream_instance_id;\n"
		"\t};\n"
		"};\n\n",
		uuid, trace->big_endian ? "be" : "le");
}

static void write_env(const struct ctfw_trace_class *trace, FILE *out)
{
	char name[CTF_NAME_SIZE];
	uint32_t i;

	if (!trace->n_env)
		return;
	fprintf(out, "env {\n");
	for (i = 0; i < trace->n_env; i++) {
		ctf_identifier(name, trace->env[i].name);
		fprintf(out, "\t%s = ", name);
		if (trace->env[i].text)
			write_clean_string(out, trace->env[i].text);
		else
			fprintf(out, "%" PRId64, trace->env[i].number);
		fprintf(out, ";\n");
	}
	fprintf(out, "};\n\n");
}

static void write_clock(const struct ctfw_clock *clock, FILE *out)
{
	char uuid[CTF_UUID_SIZE], name[CTF_NAME_SIZE];

	ctf_uuid_text(uuid, clock->uuid);
	ctf_identifier(name, clock->name);
	fprintf(out, "clock {\n\tname = %s;\n\tuuid = \"%s\";\n\tdescription = ", name, uuid);
	write_clean_string(out, clock->description);
	fprintf(out,
		";\n"
		"\tfreq = %" PRIu64 ";\n"
		"\tprecision = %" PRIu64 ";\n"
		"\toffset_s = %" PRId64 ";\n"
		"\toffset = %" PRIu64 ";\n"
		"\tabsolute = TRUE;\n"
		"};\n\n",
		clock->frequency, clock->precision, clock->offset_s, clock->offset_cycles);
	fprintf(out, "typealias integer { size = 64; align = 8; signed = false; map = clock.%s.value; } := clock64;\n\n", name);
}

int ctf_tsdl_write_trace(const struct ctfw_trace_class *trace, FILE *out)
{
	fprintf(out, "/* CTF 1.8 */\n\n");
	write_types(out);
	write_trace(trace, out);
	write_env(trace, out);
	write_clock(&trace->clock, out);
	return 0;
}

static void write_packet_context(const struct ctfw_stream_class *stream, const char *clock, FILE *out)
{
	char name[CTF_NAME_SIZE];
	size_t i;

	fprintf(out, "\tpacket.context := struct {\n"
		     "\t\tclock64 timestamp_begin;\n"
		     "\t\tu64 packet_seq_num;\n"
		     "\t\tu32 cpu_id;\n");
	for (i = 0; i < CTFW_OWNERS && stream->owner[i]; i++) {
		ctf_identifier(name, stream->owner[i]);
		fprintf(out, "\t\tu32 %s;\n", name);
	}
	fprintf(out,
		"\t\tinteger { size = 64; align = %d; signed = false; map = clock.%s.value; } timestamp_end;\n"
		"\t\tu64 content_size;\n"
		"\t\tu64 packet_size;\n"
		"\t\tu64 events_discarded;\n"
		"\t\tstruct {\n",
		CTF_END_ALIGN_BITS, clock);
	for (i = 0; i < ctf_discard_n_reasons; i++)
		fprintf(out, "\t\t\tu64 %s;\n", ctf_discard_reasons[i]);
	fprintf(out, "\t\t} discarded;\n\t};\n");
}

/*
 * The rest of an extended header's word is not a clock, but is said to be one: babeltrace2 warns of fields in this place that are
 * neither id nor clock. It does no harm, since the full clock that follows is taken as it is.
 */
void ctf_tsdl_record_header(FILE *out, const char *clock, uint32_t first_id, uint32_t id_bits, uint32_t id_size)
{
	const uint32_t extended = (1u << id_bits) - 1;
	const uint32_t clock_bits = 32 - id_bits;

	fprintf(out,
		"\t\tenum : integer { size = %u; align = 1; signed = false; } {\n"
		"\t\t\tcompact = %u ... %u,\n"
		"\t\t\textended = %u\n"
		"\t\t} id;\n"
		"\t\tvariant <id> {\n"
		"\t\t\tstruct {\n"
		"\t\t\t\tinteger { size = %u; align = 1; signed = false; map = clock.%s.value; } timestamp;\n"
		"\t\t\t} compact;\n"
		"\t\t\tstruct {\n"
		"\t\t\t\tinteger { size = %u; align = 1; signed = false; map = clock.%s.value; } zero;\n"
		"\t\t\t\tinteger { size = %u; align = 1; signed = false; } id;\n"
		"\t\t\t\tinteger { size = 64; align = 1; signed = false; map = clock.%s.value; } timestamp;\n"
		"\t\t\t} extended;\n"
		"\t\t} v;\n",
		id_bits, first_id, extended - 1, extended, clock_bits, clock, clock_bits, clock, id_size, clock);
}

static void write_number(FILE *out, const struct ctfw_field *field, int64_t value)
{
	if (field->type == CTFW_UNSIGNED)
		fprintf(out, "%" PRIu64, (uint64_t)value);
	else
		fprintf(out, "%" PRId64, value);
}

static void write_integer(FILE *out, const struct ctfw_field *field)
{
	const char letter = field->type == CTFW_SIGNED ? 'i' : field->hex ? 'x' : 'u';
	uint32_t i;

	if (!field->n_mappings) {
		fprintf(out, "%c%u", letter, field->bits);
		return;
	}
	fprintf(out, "enum : %c%u {", letter, field->bits);
	for (i = 0; i < field->n_mappings; i++) {
		const struct ctfw_mapping *mapping = &field->mappings[i];

		fprintf(out, "%s", i ? ", " : " ");
		write_clean_string(out, mapping->label);
		fprintf(out, " = ");
		write_number(out, field, mapping->first);
		if (mapping->first != mapping->last) {
			fprintf(out, " ... ");
			write_number(out, field, mapping->last);
		}
	}
	fprintf(out, " }");
}

static void write_type(FILE *out, const struct ctfw_field *field)
{
	switch (field->type) {
	case CTFW_UNSIGNED:
	case CTFW_SIGNED:
		write_integer(out, field);
		break;
	case CTFW_FLOAT:
		fprintf(out, "f%u", field->bits);
		break;
	case CTFW_BOOL:
		fprintf(out, "boolean");
		break;
	case CTFW_STRING:
		fprintf(out, "string { encoding = UTF8; }");
		break;
	}
}

/* A structure on several lines. With no fields it is an empty one, which takes no bytes. */
static int write_fields(FILE *out, const struct ctfw_field *fields, uint32_t n)
{
	struct ctf_name *names = ctf_names_new(fields, n);
	uint32_t i;

	if (!names)
		return -ENOMEM;
	fprintf(out, "struct {\n");
	for (i = 0; i < n; i++) {
		if (fields[i].sequence)
			fprintf(out, "\t\tu16 _%s;\n", names[i].length);
		fprintf(out, "\t\t");
		write_type(out, &fields[i]);
		fprintf(out, " _%s", names[i].name);
		if (fields[i].sequence)
			fprintf(out, "[ _%s ]", names[i].length);
		fprintf(out, ";\n");
	}
	fprintf(out, "\t};\n");
	free(names);
	return 0;
}

static void write_source(FILE *out, const struct ctfw_event *event)
{
	char file[CTF_TEXT_MAX + 1], uri[sizeof(file) + 32];

	if (!event->file[0])
		return;
	ctf_clean(file, event->file);
	snprintf(uri, sizeof(uri), "file:%s#L%" PRIu32, file, event->line);
	fprintf(out, "\tmodel.emf.uri = ");
	ctf_tsdl_string(out, uri);
	fprintf(out, ";\n");
}

static int write_event(FILE *out, const struct ctfw_stream_class *stream, const struct ctfw_event *event)
{
	char name[CTF_TEXT_MAX + 1];
	int err;

	ctf_event_name(name, event);
	fprintf(out, "event {\n\tname = ");
	ctf_tsdl_string(out, name);
	fprintf(out, ";\n\tid = %" PRIu32 ";\n\tstream_id = %" PRIu32 ";\n", event->id, stream->id);
	write_source(out, event);
	fprintf(out, "\tfields := ");
	err = write_fields(out, event->fields, event->n_fields);
	fprintf(out, "};\n\n");
	return err;
}

int ctf_tsdl_write_stream(const struct ctfw_stream_class *stream, const struct ctfw_clock *clock, FILE *out)
{
	char clock_name[CTF_NAME_SIZE];
	int err = 0;
	uint32_t i;

	ctf_identifier(clock_name, clock->name);
	fprintf(out, "stream {\n\tid = %" PRIu32 ";\n", stream->id);
	write_packet_context(stream, clock_name, out);
	fprintf(out, "\tevent.header := struct {\n");
	ctf_tsdl_record_header(out, clock_name, 1, stream->id_bits, 32);
	fprintf(out, "\t} align(8);\n");
	if (stream->n_contexts) {
		fprintf(out, "\tevent.context := ");
		err = write_fields(out, stream->contexts, stream->n_contexts);
	}
	fprintf(out, "};\n\n");
	for (i = 0; !err && i < stream->n_events; i++)
		err = write_event(out, stream, &stream->events[i]);
	return err;
}
