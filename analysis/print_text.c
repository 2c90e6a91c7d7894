/* SPDX-License-Identifier: MIT */
/*
 * print_text.c - records as lines for people. The format is in print.h.
 *
 * Every name, label and string of the trace goes through text_shown(), so a line holds no control characters but those of the
 * colours.
 */
#include "analysis/print_compound.h"
#include "analysis/print_inside.h"

#define DIM "\033[2m"
#define BOLD "\033[1m"
#define RED "\033[31m"
#define PLAIN "\033[0m"

/* ---- Values ---- */

static void put_value(struct printer *printer, const struct ctf_field *field, struct text *text);

/* A number without labels, or the one behind them. */
static void put_integer(const struct ctf_class *class, uint64_t value, struct text *text)
{
	const unsigned int base = class->type == CTF_BITS || class->type == CTF_BITMAP ? 16 : class->base;
	char *to = text_room(text, NUMBER_MAX);

	if (!to)
		return;
	if (base == 16 || base == 8 || base == 2)
		text_end(text,
			 number_base(to, class->size < 64 && !class->leb128 ? value & ((1ull << class->size) - 1) : value, base));
	else if (class->type == CTF_SINT)
		text_end(text, number_int(to, (int64_t)value));
	else
		text_end(text, number_uint(to, value));
}

void print_text_number(const struct ctf_field *field, bool exact, struct text *text)
{
	const struct ctf_class *class = field->class;
	char *to;

	if (class->type == CTF_BOOL) {
		text_string(text, ctf_field_bool(field) ? "true" : "false");
	} else if (class->type == CTF_FLOAT) {
		const double number = ctf_field_double(field);

		to = text_room(text, NUMBER_MAX);
		if (to)
			text_end(text, class->size > 32 || exact ? number_double(to, number) : number_float(to, (float)number));
	} else {
		put_integer(class, ctf_field_uint(field), text);
	}
}

static bool is_word(const char *label)
{
	size_t i;

	for (i = 0; (label[i] >= 'a' && label[i] <= 'z') || (label[i] >= 'A' && label[i] <= 'Z') || label[i] == '_' ||
		    (i && ((label[i] >= '0' && label[i] <= '9') || label[i] == '-' || label[i] == '.' || label[i] == ':'));
	     i++)
		;
	return i && !label[i];
}

static void put_label(const char *label, struct text *text)
{
	if (is_word(label)) {
		text_string(text, label);
		return;
	}
	text_quoted(text, label, strlen(label));
}

static bool is_single(const struct ctf_mapping *mapping)
{
	return mapping->n_ranges == 1 && mapping->ranges[0].first == mapping->ranges[0].last;
}

/* BUSY; if that could be several values, or there is another label, LOW|ODD(3); without labels 3. */
void print_text_labels(const struct ctf_class *class, uint64_t value, struct text *text)
{
	const struct ctf_mapping *mapping;
	uint32_t n = 0, next = 0;
	bool clear = false;

	while ((mapping = ctf_mapping_next(class, value, next, &next))) {
		if (n++)
			text_char(text, '|');
		put_label(mapping->label, text);
		clear = n == 1 && class->type != CTF_BITMAP && is_single(mapping);
	}
	if (clear)
		return;
	if (n)
		text_char(text, '(');
	put_integer(class, value, text);
	if (n)
		text_char(text, ')');
}

static void put_string(struct printer *printer, const struct ctf_field *field, struct text *text)
{
	size_t size;
	const char *string = print_string(printer, field, &size);

	text_quoted(text, string, size);
}

/* Bytes that their producer wants to see in hexadecimal: a block of memory. */
static bool is_block(const struct ctf_class *array)
{
	const struct ctf_class *element = array->members[0].class;

	return array->numbers && element->type == CTF_UINT && element->size == 8 && element->base == 16 && !element->leb128 &&
	       !print_has_labels(element);
}

static void put_block(const struct ctf_field *array, struct text *text)
{
	const uint8_t *raw = ctf_field_raw(array);
	uint64_t values[PRINT_VALUES], n;

	text_char(text, '<');
	if (raw)
		text_hex(text, raw, (size_t)array->n);
	for (uint64_t i = 0; !raw && !text->failed && (n = ctf_field_numbers(array, i, PRINT_VALUES, values)); i += n) {
		unsigned char bytes[PRINT_VALUES];

		for (uint64_t k = 0; k < n; k++)
			bytes[k] = (unsigned char)values[k];
		text_hex(text, bytes, (size_t)n);
	}
	text_char(text, '>');
}

static inline void put_name(const char *name, struct text *text)
{
	text_shown(text, name, strlen(name));
	text_char(text, '=');
}

static void put_blob(const struct ctf_field *field, struct text *text)
{
	size_t size;
	const uint8_t *bytes = ctf_field_bytes(field, &size);

	text_char(text, '<');
	text_hex(text, bytes, size);
	text_char(text, '>');
}

static bool put_time(struct printer *printer, const struct ctf_record *record, struct text *text)
{
	print_clock(printer, record->stream, record->has_time, record->time, text);
	return true;
}

const struct print_style print_text_style = {
	.separator = ", ",
	.key = put_name,
	.string = text_shown,
	.integer = put_integer,
	.value = put_value,
	.time = put_time,
};

static void put_value(struct printer *printer, const struct ctf_field *field, struct text *text)
{
	switch (field->class->type) {
	case CTF_UINT:
	case CTF_SINT:
	case CTF_BITS:
	case CTF_BITMAP:
		if (print_has_labels(field->class))
			print_label(printer, field, print_text_labels, text);
		else
			print_text_number(field, false, text);
		break;
	case CTF_BOOL:
	case CTF_FLOAT:
		print_text_number(field, false, text);
		break;
	case CTF_STRING:
		put_string(printer, field, text);
		break;
	case CTF_BLOB:
		put_blob(field, text);
		break;
	case CTF_STRUCT:
		print_structure(printer, &print_text_style, field, 0, text);
		break;
	case CTF_ARRAY:
		if (is_block(field->class))
			put_block(field, text);
		else
			print_array(printer, &print_text_style, field, text);
		break;
	case CTF_OPTIONAL:
		print_inner(printer, &print_text_style, field, text);
		break;
	case CTF_VARIANT:
		print_variant(printer, &print_text_style, field, text);
		break;
	}
}

/* ---- Parts of a line ---- */

static bool number_at(const struct place *place, const struct ctf_record *record, uint64_t *ret)
{
	struct ctf_field field;

	if (place->kind != PLACE_FIELD)
		return false;
	field = place_field(place, record);
	if (!field.class || field.class->type > CTF_BITMAP)
		return false;
	*ret = ctf_field_uint(&field);
	return true;
}

/* " [3]", in the packet's context mostly */
static void put_cpu(const struct place *place, const struct ctf_record *record, struct text *text)
{
	uint64_t cpu;
	char *to;

	if (!number_at(place, record, &cpu))
		return;
	to = text_room(text, NUMBER_MAX + 4);
	if (!to)
		return;
	*to++ = ' ';
	*to++ = '[';
	to = number_uint(to, cpu);
	*to++ = ']';
	text_end(text, to);
}

static void make_packet(struct printer *printer, const struct ctf_record *record, struct print_packet *packet)
{
	const struct ctf_trace *trace = record->stream->trace;
	const struct print_event *event = printer->events[trace->first_event + record->event->index];

	packet->has_origin = false;
	packet->has_pid = event->pid->scope == CTF_PACKET_CONTEXT && number_at(event->pid, record, &packet->pid);
}

static void put_ids(bool has_pid, uint64_t pid, bool has_tid, uint64_t tid, struct text *text)
{
	char *to = text_room(text, 2 * NUMBER_MAX);

	if ((!has_pid && !has_tid) || !to)
		return;
	*to++ = ' ';
	if (has_pid)
		to = number_int(to, (int64_t)pid);
	if (has_pid && has_tid && pid != tid)
		*to++ = '/';
	if (has_tid && (!has_pid || pid != tid))
		to = number_int(to, (int64_t)tid);
	text_end(text, to);
}

/* " [3] 4711/4712"; what follows from packet and thread is kept, since a thread often has several records in a row. */
static void put_origin(struct printer *printer, const struct print_event *event, const struct ctf_record *record, struct text *text)
{
	struct print_packet *packet = print_packet(printer, record, make_packet);
	uint64_t pid = packet->pid, tid = 0;
	const bool has_tid = number_at(event->tid, record, &tid);
	bool has_pid;

	if (packet->has_origin && packet->tid == tid && event->in_packet && has_tid) {
		text_copy(text, &packet->origin);
		return;
	}
	packet->origin.size = 0;
	put_cpu(event->cpu, record, &packet->origin);
	has_pid = packet->has_pid || number_at(event->pid, record, &pid);
	put_ids(has_pid, pid, has_tid, tid, &packet->origin);
	packet->tid = tid;
	packet->has_origin = has_tid && event->in_packet && !packet->origin.failed;
	text_copy(text, &packet->origin);
	text->failed |= packet->origin.failed;
	packet->origin.failed = false;
}

/* Is the member of a context shown elsewhere in the line? */
static bool is_origin(const struct print_event *event, enum ctf_scope scope, const struct ctf_class *class)
{
	const struct place *const places[] = {event->cpu, event->pid, event->tid};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i]->kind == PLACE_FIELD && places[i]->scope == scope && places[i]->class == class)
			return true;
	return false;
}

static void put_context(struct printer *printer, const struct print_event *event, const struct ctf_record *record,
			enum ctf_scope scope, bool *first, struct text *text)
{
	const struct ctf_field context = ctf_record_scope(record, scope);
	struct ctf_field member;

	if (!context.class)
		return;
	for (member = ctf_field_first(&context); member.class; member = ctf_field_next(&context, &member)) {
		if (is_origin(event, scope, member.class))
			continue;
		text_string(text, *first ? " | " : ", ");
		*first = false;
		put_name(print_name(ctf_field_name(&member)), text);
		put_value(printer, &member, text);
	}
}

/* ---- Lines ---- */

/* Bytes of a colour's sequence, or of a character; the latter counts as one. */
static size_t skip(const char *at, const char *end, uint32_t *columns)
{
	size_t n = 1;

	if (*at == '\033') {
		while (at + n < end && at[n] != 'm')
			n++;
		return n + 1;
	}
	while (at + n < end && ((unsigned char)at[n] & 0xc0) == 0x80)
		n++;
	++*columns;
	return n;
}

/* The line from @begin on has at most options.width characters. */
static void cut(struct printer *printer, size_t begin, struct text *text)
{
	const uint32_t width = printer->print->options.width;
	const char *at, *end, *last;
	uint32_t columns = 0;

	if (!width || text->failed || text->size - begin <= width)
		return;
	at = last = text->bytes + begin;
	end = text->bytes + text->size;
	while (at < end) {
		const uint32_t before = columns;
		const size_t n = skip(at, end, &columns);

		if (before < width && columns == width)
			last = at;
		if (columns > width) {
			text_end(text, last);
			text_string(text, printer->print->options.color ? "\xe2\x80\xa6" PLAIN : "\xe2\x80\xa6");
			return;
		}
		at += n;
	}
}

static void end_line(struct printer *printer, size_t begin, struct text *text)
{
	cut(printer, begin, text);
	text_char(text, '\n');
}

/* Return: where the line begins, behind the day if there is one. */
static size_t begin_line(struct printer *printer, const struct ctf_record *record, struct text *text)
{
	static const char colour[] = DIM;
	const bool color = printer->print->options.color;
	size_t begin = text->size;
	const char *last;

	print_record_time(printer, record, color ? colour : "", text);
	last = text->size > begin && text->bytes[begin] == PRINT_MARK ? memrchr(text->bytes + begin, PRINT_MARK, text->size - begin)
								      : NULL;
	if (last)
		begin = (size_t)(last + 1 - text->bytes);
	if (color)
		text_string(text, PLAIN);
	return begin;
}

void print_text_event(struct printer *printer, struct print_event *event, const struct ctf_record *record, struct text *text)
{
	const size_t begin = begin_line(printer, record, text);

	put_origin(printer, event, record, text);
	text_copy(text, &event->head);
	if (printer->print->options.fields) {
		print_chosen(printer, &print_text_style, event, record, text);
	} else {
		bool first = true;

		print_payload(printer, event, record, text);
		if (event->has_context[CTF_SPECIFIC_CONTEXT])
			put_context(printer, event, record, CTF_SPECIFIC_CONTEXT, &first, text);
		if (event->has_context[CTF_COMMON_CONTEXT])
			put_context(printer, event, record, CTF_COMMON_CONTEXT, &first, text);
	}
	end_line(printer, begin, text);
}

void print_text_loss(struct printer *printer, const struct ctf_record *record, struct text *text)
{
	const bool packets = record->kind == CTF_LOST_PACKETS;
	const size_t begin = begin_line(printer, record, text);

	text_string(text, printer->print->options.color ? RED " -- " : " -- ");
	if (record->n_lost)
		print_uint(record->n_lost, text);
	else
		text_string(text, "an unknown number of");
	text_string(text, packets ? " packets" : " records");
	text->size -= record->n_lost == 1; /* the plural's s */
	text_string(text, packets ? " missing" : " discarded");
	if (record->has_time) {
		text_string(text, " until ");
		print_clock(printer, record->stream, true, record->lost_to, text);
	}
	text_string(text, " (");
	text_shown(text, record->packet->file, strlen(record->packet->file));
	text_char(text, ')');
	if (printer->print->options.color)
		text_string(text, PLAIN);
	end_line(printer, begin, text);
}

/* ---- Event classes ---- */

/* For what is most frequent, without looking at the class again. */
static void put_uint(struct printer *printer, const struct ctf_field *field, struct text *text)
{
	(void)printer;
	print_uint(ctf_field_uint(field), text);
}

static void put_int(struct printer *printer, const struct ctf_field *field, struct text *text)
{
	(void)printer;
	print_int(ctf_field_int(field), text);
}

static void member_ready(struct print_member *member, const char *name, bool first)
{
	const struct ctf_class *class = member->class;
	const bool decimal = !print_has_labels(class) && class->base != 16 && class->base != 8 && class->base != 2;

	print_prefix(&print_text_style, name, first, &member->prefix);
	member->put = put_value;
	if (class->type == CTF_STRING)
		member->put = put_string;
	else if (class->type == CTF_UINT && decimal)
		member->put = put_uint;
	else if (class->type == CTF_SINT && decimal)
		member->put = put_int;
}

/* The number of elements of what comes next, which is seen there: _NAME_length and the like, that no programmer wrote. */
static bool is_shown(const struct ctf_class *payload, uint32_t member)
{
	const struct ctf_class *class = payload->members[member].class;
	const char *name = payload->members[member].name;
	const struct ctf_class *next;

	if (!name || name[0] != '_' || class->save < 0 || member + 1 == payload->n_members)
		return true;
	next = payload->members[member + 1].class;
	return next->length != CTF_DYNAMIC || next->source != class->save ||
	       (next->type != CTF_ARRAY && next->type != CTF_STRING && next->type != CTF_BLOB);
}

static bool has_context(const struct print_event *event, enum ctf_scope scope, const struct ctf_class *class)
{
	for (uint32_t i = 0; class && i < class->n_members; i++)
		if (!is_origin(event, scope, class->members[i].class))
			return true;
	return false;
}

static void put_head(const struct print *print, const struct print_event *event, struct text *text)
{
	const char *name = event->class->name;

	text_string(text, print->options.color ? " " BOLD : " ");
	if (name) {
		text_shown(text, name, strlen(name));
	} else {
		text_string(text, "event ");
		print_uint(event->class->id, text);
	}
	text_string(text, print->options.color ? PLAIN ":" : ":");
}

bool print_text_ready(const struct print *print, struct print_event *event)
{
	const struct ctf_event_class *class = event->class;

	put_head(print, event, &event->head);
	event->in_packet = (event->cpu->kind == PLACE_NONE || event->cpu->scope == CTF_PACKET_CONTEXT) &&
			   (event->pid->kind == PLACE_NONE || event->pid->scope == CTF_PACKET_CONTEXT);
	event->has_context[CTF_SPECIFIC_CONTEXT] = has_context(event, CTF_SPECIFIC_CONTEXT, class->context);
	event->has_context[CTF_COMMON_CONTEXT] = has_context(event, CTF_COMMON_CONTEXT, class->stream->event_context);
	return !event->head.failed && print_members_ready(event, member_ready, is_shown);
}
