/* SPDX-License-Identifier: MIT */
/*
 * filter.c - expressions on the records of a trace.
 *
 * For each event class:
 *
 *     every name in the tree becomes a place (place.h)
 *     a truth is found for every node (truth_of): it cannot hold, it always does, or it depends on the record. A class for which
 * the whole cannot hold is not even read; one for which it always holds costs a look at that a comparison with labels becomes one
 * with ranges of values
 *
 * Then the tree is walked for each record, and only the nodes that depend on it. The walk is as deep as the tree, at most
 * EXPR_NODES_MAX.
 */
#include "analysis/filter.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/place.h"
#include "query/match.h"

enum type {
	TYPE_NOTHING,
	TYPE_INTEGER,
	TYPE_FLOAT,
	TYPE_TEXT,
	TYPE_LABELS,  /* an integer with labels: enumeration, bit map */
	TYPE_VARIANT, /* it depends on the record */
};

/* What the labels that a comparison names stand for: values of an enumeration, bits of a bit map. */
struct labels {
	uint64_t bits;
	uint32_t n;
	struct ctf_range ranges[];
};

/* A node of the tree, for one event class. */
struct part {
	enum expr_truth truth;
	struct place *place; /* of a name */
	struct labels
		*labels; /* of a comparison of an enumeration or bit map, whose class is known, with a label; NULL: other nodes */
};

struct filter {
	struct expr *expr;
	bool is_time[EXPR_NODES_MAX]; /* a string that is a time, */
	int64_t time[EXPR_NODES_MAX]; /* and which */
	uint32_t n_events;            /* of the set; the following are by trace->first_event + event->index */
	struct part **parts;          /* of all nodes; NULL: it is decided */
	bool *events;                 /* false: none is wanted */
	uint32_t n_streams;
	bool *streams; /* NULL: all */
	bool *losses;  /* by stream: some record can be wanted */
};

/* ---- Values ---- */

struct value {
	struct match_value is;
	const struct ctf_class *class; /* of a field */
	char *memory;                  /* that a text is in, to be freed; NULL: it is elsewhere */
};

/* What is asked: a record, or only what all records of an event have in common. */
struct question {
	const struct filter *filter;
	const struct part *parts;
	const struct ctf_trace *trace;
	const struct ctf_event_class *event;
	const struct ctf_stream *stream; /* NULL: not known */
	const struct ctf_record *record; /* NULL: none; then only what is_known() can be asked for */
};

static const struct value nothing;

static struct value integer(int64_t i64)
{
	return (struct value){.is.kind = MATCH_I64, .is.as.i64 = i64};
}

static struct value string(const char *text)
{
	return (struct value){.is.kind = MATCH_TEXT, .is.as.text = text, .is.size = strlen(text)};
}

/* Of another encoding than UTF-8 into memory of its own. Without memory, it is nothing. */
static struct value value_of_text(const struct ctf_field *field)
{
	struct value value = {.is.kind = MATCH_TEXT, .class = field->class};
	size_t room;

	if (field->class->encoding == CTF_UTF8) {
		value.is.as.text = ctf_field_text(field, NULL, 0, &value.is.size);
		return value;
	}
	ctf_field_bytes(field, &room);
	room = room * 2 + 4;
	value.memory = malloc(room);
	if (!value.memory)
		return nothing;
	value.is.as.text = ctf_field_text(field, value.memory, room, &value.is.size);
	return value;
}

static struct value value_of_field(const struct ctf_field *field)
{
	struct value value = {.class = field->class};
	struct ctf_field inner;

	if (!field->class)
		return nothing;
	switch (field->class->type) {
	case CTF_UINT:
	case CTF_BOOL:
	case CTF_BITS:
	case CTF_BITMAP:
		value.is.kind = MATCH_U64;
		value.is.as.u64 = ctf_field_uint(field);
		return value;
	case CTF_SINT:
		value.is.kind = MATCH_I64;
		value.is.as.i64 = ctf_field_int(field);
		return value;
	case CTF_FLOAT:
		value.is.kind = MATCH_F64;
		value.is.as.f64 = ctf_field_double(field);
		return value;
	case CTF_STRING:
		return value_of_text(field);
	case CTF_BLOB:
	case CTF_ARRAY:
		value.is.kind = MATCH_U64;
		value.is.as.u64 = field->n;
		return value;
	case CTF_OPTIONAL:
	case CTF_VARIANT:
		inner = ctf_field_first(field);
		return value_of_field(&inner);
	case CTF_STRUCT:
		return nothing;
	}
	return nothing;
}

static struct value value_of_place(const struct question *q, const struct place *place)
{
	struct ctf_field field;

	switch (place->kind) {
	case PLACE_NONE:
		return nothing;
	case PLACE_NAME:
		return string(q->event->name);
	case PLACE_LAYER:
		return string(place_layer(q->trace));
	case PLACE_TIME:
		return q->record->has_time ? integer(q->record->time) : nothing;
	case PLACE_STREAM:
		return integer((int64_t)q->stream->class->id);
	case PLACE_FIELD:
		field = place_field(place, q->record);
		return value_of_field(&field);
	}
	return nothing;
}

/* ---- Comparisons ---- */

static const uint8_t accepted[] = {
	[EXPR_EQ] = MATCH_EQUAL,   [EXPR_NE] = MATCH_LESS | MATCH_GREATER | MATCH_UNORDERED,
	[EXPR_LT] = MATCH_LESS,    [EXPR_LE] = MATCH_LESS | MATCH_EQUAL,
	[EXPR_GT] = MATCH_GREATER, [EXPR_GE] = MATCH_GREATER | MATCH_EQUAL,
};

static bool has_labels(const struct ctf_class *class)
{
	return class && (class->is_enum || class->n_mappings || class->type == CTF_BITMAP);
}

/* If the node compares with a label: the other operand's value must have one like it. */
static const char *label_of(const struct question *q, const struct expr_node *node, uint32_t *ret_other)
{
	const struct expr_node *nodes = q->filter->expr->node;

	if (node->op != EXPR_EQ && node->op != EXPR_NE && node->op != EXPR_GLOB)
		return NULL;
	if (nodes[node->right].kind == EXPR_TEXT) {
		*ret_other = node->left;
		return nodes[node->right].as.string;
	}
	if (nodes[node->left].kind == EXPR_TEXT && node->op != EXPR_GLOB) {
		*ret_other = node->right;
		return nodes[node->left].as.string;
	}
	return NULL;
}

static bool wants_other_labels(const struct expr_node *compare)
{
	return compare->op == EXPR_NE || compare->negate;
}

static bool label_matches(const struct expr_node *compare, const char *wanted, const char *label)
{
	return compare->op == EXPR_GLOB ? match_glob(wanted, strlen(wanted), label, strlen(label), NULL) : !strcmp(wanted, label);
}

static bool in_labels(const struct labels *labels, const struct ctf_class *class, uint64_t value)
{
	if (class->type == CTF_BITMAP)
		return value & labels->bits;
	for (uint32_t i = 0; i < labels->n; i++) {
		const struct ctf_range *range = &labels->ranges[i];

		if (class->type == CTF_SINT ? (int64_t)range->first <= (int64_t)value && (int64_t)value <= (int64_t)range->last
					    : range->first <= value && value <= range->last)
			return true;
	}
	return false;
}

/* A variant's enumeration: its class was not known before. */
static bool has_such_label(const struct expr_node *compare, const char *wanted, const struct ctf_class *class, uint64_t value)
{
	const struct ctf_mapping *mapping;
	uint32_t next = 0;

	while ((mapping = ctf_mapping_next(class, value, next, &next)))
		if (label_matches(compare, wanted, mapping->label))
			return true;
	return false;
}

static bool compare_values(const struct question *q, uint32_t at, const struct value *l, const struct value *r)
{
	const struct expr_node *node = &q->filter->expr->node[at];
	const struct labels *labels = q->parts[at].labels;
	uint32_t other = 0;
	const char *label = label_of(q, node, &other);
	const struct value *value = other == node->left ? l : r;

	if (label && match_is_integer(&value->is) && has_labels(value->class) &&
	    (l->is.kind == MATCH_TEXT || r->is.kind == MATCH_TEXT)) {
		const bool hit = labels ? in_labels(labels, value->class, value->is.as.u64)
					: has_such_label(node, label, value->class, value->is.as.u64);

		return hit != wants_other_labels(node);
	}
	if (node->op == EXPR_GLOB)
		return l->is.kind == MATCH_TEXT && r->is.kind == MATCH_TEXT &&
		       match_glob(r->is.as.text, r->is.size, l->is.as.text, l->is.size, NULL) != node->negate;
	return match_relate(&l->is, &r->is) & accepted[node->op];
}

/* ---- The walk ---- */

static bool holds(const struct question *q, uint32_t at);
static struct value value_of(const struct question *q, uint32_t at);

static struct value bits_of(const struct question *q, const struct expr_node *node)
{
	struct value l = value_of(q, node->left);
	struct value r = value_of(q, node->right);
	const struct value bits = {.is = match_and(&l.is, &r.is)};

	free(l.memory);
	free(r.memory);
	return bits;
}

static struct value value_of(const struct question *q, uint32_t at)
{
	const struct expr_node *node = &q->filter->expr->node[at];

	switch (node->kind) {
	case EXPR_I64:
		return integer(node->as.i64);
	case EXPR_U64:
		return (struct value){.is.kind = MATCH_U64, .is.as.u64 = node->as.u64};
	case EXPR_F64:
		return (struct value){.is.kind = MATCH_F64, .is.as.f64 = node->as.f64};
	case EXPR_TEXT:
		return q->filter->is_time[at] ? integer(q->filter->time[at]) : string(node->as.string);
	case EXPR_FIELD:
	case EXPR_VARIABLE:
		return value_of_place(q, q->parts[at].place);
	case EXPR_BITS:
		return bits_of(q, node);
	default:
		return integer(holds(q, at));
	}
}

static bool compare(const struct question *q, uint32_t at)
{
	const struct expr_node *node = &q->filter->expr->node[at];
	struct value l = value_of(q, node->left);
	struct value r = value_of(q, node->right);
	const bool result = compare_values(q, at, &l, &r);

	free(l.memory);
	free(r.memory);
	return result;
}

static bool holds(const struct question *q, uint32_t at)
{
	const struct expr_node *node = &q->filter->expr->node[at];
	struct value value;
	bool result;

	if (q->parts[at].truth != EXPR_DEPENDS)
		return q->parts[at].truth == EXPR_TRUE;
	switch (node->kind) {
	case EXPR_NOT:
		return !holds(q, node->left);
	case EXPR_AND:
		return holds(q, node->left) && holds(q, node->right);
	case EXPR_OR:
		return holds(q, node->left) || holds(q, node->right);
	case EXPR_COMPARE:
		return compare(q, at);
	default:
		value = value_of(q, at);
		result = match_is_true(&value.is);
		free(value.memory);
		return result;
	}
}

/* ---- What is decided by the event class ---- */

static enum expr_truth truth_if(bool condition)
{
	return condition ? EXPR_TRUE : EXPR_FALSE;
}

static enum type type_of_class(const struct ctf_class *class)
{
	switch (class->type) {
	case CTF_UINT:
	case CTF_SINT:
	case CTF_BOOL:
	case CTF_BITS:
	case CTF_BITMAP:
		return has_labels(class) ? TYPE_LABELS : TYPE_INTEGER;
	case CTF_FLOAT:
		return TYPE_FLOAT;
	case CTF_STRING:
		return TYPE_TEXT;
	case CTF_BLOB:
	case CTF_ARRAY:
		return TYPE_INTEGER;
	case CTF_VARIANT:
		return TYPE_VARIANT;
	default:
		return TYPE_NOTHING;
	}
}

static enum type type_of(const struct question *q, uint32_t at)
{
	const struct expr_node *node = &q->filter->expr->node[at];
	const struct place *place = q->parts[at].place;

	switch (node->kind) {
	case EXPR_F64:
		return TYPE_FLOAT;
	case EXPR_TEXT:
		return q->filter->is_time[at] ? TYPE_INTEGER : TYPE_TEXT;
	case EXPR_FIELD:
	case EXPR_VARIABLE:
		if (place->kind == PLACE_FIELD)
			return type_of_class(place->class);
		if (place->kind == PLACE_NAME || place->kind == PLACE_LAYER)
			return TYPE_TEXT;
		return place->kind == PLACE_NONE ? TYPE_NOTHING : TYPE_INTEGER;
	default:
		return TYPE_INTEGER;
	}
}

static bool can_be_integer(enum type type)
{
	return type == TYPE_INTEGER || type == TYPE_LABELS || type == TYPE_VARIANT;
}

/* Of & too, which type_of() takes for an integer. */
static bool can_be(const struct question *q, uint32_t at)
{
	const struct expr_node *node = &q->filter->expr->node[at];

	if (node->kind != EXPR_BITS)
		return type_of(q, at) != TYPE_NOTHING;
	return can_be(q, node->left) && can_be(q, node->right) && can_be_integer(type_of(q, node->left)) &&
	       can_be_integer(type_of(q, node->right));
}

/* Can it be asked for without a record? */
static bool is_known(const struct question *q, uint32_t at)
{
	const struct expr_node *node = &q->filter->expr->node[at];
	const struct place *place = q->parts[at].place;

	if (node->kind <= EXPR_TEXT)
		return true;
	if (!place)
		return false;
	return place->kind == PLACE_NAME || place->kind == PLACE_LAYER || (place->kind == PLACE_STREAM && q->stream);
}

static bool labels_add(struct labels **labels, const struct ctf_class *class, const struct ctf_mapping *mapping)
{
	const uint32_t n = *labels ? (*labels)->n : 0;
	struct labels *more = realloc(*labels, sizeof(*more) + (n + mapping->n_ranges) * sizeof(more->ranges[0]));

	if (!more)
		return false;
	if (!*labels)
		more->bits = 0;
	*labels = more;
	more->n = n;
	for (uint32_t i = 0; i < mapping->n_ranges; i++) {
		const struct ctf_range range = mapping->ranges[i];

		more->ranges[more->n++] = range;
		for (uint64_t bit = range.first; class->type == CTF_BITMAP && bit <= range.last && bit < 64; bit++)
			more->bits |= (uint64_t)1 << bit;
	}
	return true;
}

/* Of a comparison of an enumeration whose class is known with a label. False: out of memory. */
static bool find_labels(struct part *part, const struct expr_node *compare, const char *wanted, const struct ctf_class *class)
{
	free(part->labels);
	part->labels = NULL;
	for (uint32_t i = 0; i < class->n_mappings; i++)
		if (label_matches(compare, wanted, class->mappings[i].label) &&
		    !labels_add(&part->labels, class, &class->mappings[i]))
			return false;
	return true;
}

static bool truth_of_compare(const struct question *q, struct part *part, struct expr_node *node, enum expr_truth *ret)
{
	const enum type l = type_of(q, node->left);
	const enum type r = type_of(q, node->right);
	uint32_t other = 0;
	const char *label = label_of(q, node, &other);
	const struct place *place = q->parts[other].place;

	*ret = EXPR_FALSE;
	if (!can_be(q, node->left) || !can_be(q, node->right))
		return true;
	node->reached = true;
	*ret = EXPR_DEPENDS;
	if (label && type_of(q, other) == TYPE_LABELS && (l == TYPE_TEXT || r == TYPE_TEXT)) {
		if (!find_labels(part, node, label, place->class))
			return false;
		node->sensible |= part->labels != NULL;
		if (!part->labels && !(wants_other_labels(node) && place->may_miss))
			*ret = truth_if(wants_other_labels(node));
		return true;
	}
	if (l == TYPE_VARIANT || r == TYPE_VARIANT) {
		node->sensible = true;
		return true;
	}
	if ((l == TYPE_TEXT) != (r == TYPE_TEXT) || (l != TYPE_TEXT && node->op == EXPR_GLOB)) {
		*ret = EXPR_FALSE;
		return true;
	}
	node->sensible = true;
	if (is_known(q, node->left) && is_known(q, node->right))
		*ret = truth_if(compare(q, (uint32_t)(node - q->filter->expr->node)));
	return true;
}

static enum expr_truth truth_of_name(const struct question *q, struct expr_node *node, uint32_t at)
{
	const struct place *place = q->parts[at].place;
	struct value value;

	if (place->kind != PLACE_NONE)
		node->sensible = true;
	if (type_of(q, at) == TYPE_NOTHING)
		return EXPR_FALSE;
	if (!is_known(q, at))
		return EXPR_DEPENDS;
	value = value_of(q, at);
	return truth_if(match_is_true(&value.is));
}

/* Truths of all nodes, for the event and, if it is known, the stream. False: out of memory. */
static bool find_truths(const struct question *q, struct part *parts)
{
	struct expr *expr = q->filter->expr;
	uint8_t truths[EXPR_NODES_MAX];

	for (uint32_t i = 0; i < expr->n_nodes; i++) {
		struct expr_node *node = &expr->node[i];
		enum expr_truth truth;

		if (node->kind == EXPR_FIELD || node->kind == EXPR_VARIABLE)
			truth = truth_of_name(q, node, i);
		else if (node->kind == EXPR_BITS)
			truth = can_be(q, i) ? EXPR_DEPENDS : EXPR_FALSE;
		else if (node->kind != EXPR_COMPARE)
			truth = expr_truth_of(node, truths);
		else if (!truth_of_compare(q, &parts[i], node, &truth))
			return false;
		truths[i] = (uint8_t)truth;
		parts[i].truth = truth;
	}
	return true;
}

/* ---- A filter ---- */

static void parts_free(struct part *parts, uint32_t n)
{
	for (uint32_t i = 0; parts && i < n; i++) {
		free(parts[i].place);
		free(parts[i].labels);
	}
	free(parts);
}

static struct part *parts_new(const struct expr *expr, const struct ctf_trace *trace, const struct ctf_event_class *event)
{
	struct part *parts = calloc(expr->n_nodes, sizeof(*parts));

	for (uint32_t i = 0; parts && i < expr->n_nodes; i++) {
		const struct expr_node *node = &expr->node[i];

		if (node->kind != EXPR_FIELD && node->kind != EXPR_VARIABLE)
			continue;
		parts[i].place = place_new(trace, event, node);
		if (parts[i].place)
			continue;
		parts_free(parts, expr->n_nodes);
		return NULL;
	}
	return parts;
}

/* The tree for one event class; in one stream, or NULL: in any. Return: NULL: out of memory. */
static struct part *compile(struct filter *filter, const struct ctf_trace *trace, const struct ctf_event_class *event,
			    const struct ctf_stream *stream)
{
	struct part *parts = parts_new(filter->expr, trace, event);
	const struct question q = {.filter = filter, .parts = parts, .trace = trace, .event = event, .stream = stream};

	if (parts && find_truths(&q, parts))
		return parts;
	parts_free(parts, filter->expr->n_nodes);
	return NULL;
}

/* Parts are kept if something depends on the record. False: out of memory. */
static bool compile_event(struct filter *filter, const struct ctf_trace *trace, const struct ctf_event_class *event)
{
	const uint32_t index = trace->first_event + event->index;
	struct part *parts = compile(filter, trace, event, NULL);

	if (!parts)
		return false;
	filter->events[index] = parts[filter->expr->root].truth != EXPR_FALSE;
	if (parts[filter->expr->root].truth == EXPR_DEPENDS)
		filter->parts[index] = parts;
	else
		parts_free(parts, filter->expr->n_nodes);
	return true;
}

/* Can any record of an event of this stream be wanted? -1: out of memory. */
static int ask_stream(struct filter *filter, const struct ctf_stream *stream, bool by_number)
{
	for (uint32_t i = 0; i < stream->class->n_events; i++) {
		const struct ctf_event_class *event = stream->class->events[i];
		const uint32_t index = stream->trace->first_event + event->index;
		struct part *parts;
		bool wanted;

		if (!filter->events[index])
			continue;
		if (!by_number || !filter->parts[index])
			return true;
		parts = compile(filter, stream->trace, event, stream);
		if (!parts)
			return -1;
		wanted = parts[filter->expr->root].truth != EXPR_FALSE;
		parts_free(parts, filter->expr->n_nodes);
		if (wanted)
			return true;
	}
	return false;
}

static bool mentions_stream(const struct expr *expr)
{
	for (uint32_t i = 0; i < expr->n_nodes; i++)
		if (expr->node[i].kind == EXPR_VARIABLE && !strcmp(expr->node[i].variable->name, "stream"))
			return true;
	return false;
}

static bool ask_streams(struct filter *filter, const struct ctf *ctf)
{
	const bool by_number = mentions_stream(filter->expr);

	if (by_number)
		filter->streams = filter->losses;
	for (uint32_t i = 0; i < filter->n_streams; i++) {
		const int wanted = ask_stream(filter, ctf_stream_at(ctf, i), by_number);

		if (wanted < 0)
			return false;
		filter->losses[i] = wanted;
	}
	return true;
}

static bool compile_all(struct filter *filter, const struct ctf *ctf)
{
	for (uint32_t i = 0; i < ctf_n_traces(ctf); i++) {
		const struct ctf_trace *trace = ctf_trace_at(ctf, i);

		for (uint32_t k = 0; k < trace->n_events; k++)
			if (!compile_event(filter, trace, trace->events[k]))
				return false;
	}
	return ask_streams(filter, ctf);
}

/* Strings that are compared with a time. */
static bool find_times(struct filter *filter, const struct when_origin *origin, struct expr_error *ret_error)
{
	const struct expr_node *nodes = filter->expr->node;

	for (uint32_t i = 0; i < filter->expr->n_nodes; i++) {
		const uint32_t sides[] = {nodes[i].left, nodes[i].right};

		for (int k = 0; nodes[i].kind == EXPR_COMPARE && k < 2; k++) {
			const uint32_t at = sides[k];
			const struct expr_node *other = &nodes[sides[!k]];
			char error[WHEN_ERROR_MAX];

			if (nodes[at].kind != EXPR_TEXT || other->kind != EXPR_VARIABLE || other->variable->type != EXPR_TIME)
				continue;
			filter->is_time[at] = true;
			if (when_parse(nodes[at].as.string, origin, &filter->time[at], error))
				continue;
			ret_error->column = nodes[at].begin + 1;
			snprintf(ret_error->message, sizeof(ret_error->message), "%s", error);
			return false;
		}
	}
	return true;
}

static bool allocate(struct filter *filter, const struct ctf *ctf)
{
	for (uint32_t i = 0; i < ctf_n_traces(ctf); i++)
		filter->n_events += ctf_trace_at(ctf, i)->n_events;
	filter->n_streams = ctf_n_streams(ctf);
	filter->parts = calloc((size_t)filter->n_events + 1, sizeof(filter->parts[0]));
	filter->events = calloc((size_t)filter->n_events + 1, sizeof(filter->events[0]));
	filter->losses = calloc((size_t)filter->n_streams + 1, sizeof(filter->losses[0]));
	return filter->parts && filter->events && filter->losses;
}

struct filter *filter_new(const struct ctf *ctf, const char *text, const struct when_origin *origin, struct expr_error *ret_error)
{
	struct filter *filter = calloc(1, sizeof(*filter));

	if (!filter) {
		*ret_error = (struct expr_error){.message = "out of memory"};
		return NULL;
	}
	filter->expr = expr_parse(text, place_variables, ret_error);
	if (!filter->expr || !find_times(filter, origin, ret_error)) {
		filter_free(filter);
		return NULL;
	}
	if (!allocate(filter, ctf) || !compile_all(filter, ctf)) {
		*ret_error = (struct expr_error){.message = "out of memory"};
		filter_free(filter);
		return NULL;
	}
	return filter;
}

void filter_free(struct filter *filter)
{
	if (!filter)
		return;
	for (uint32_t i = 0; filter->parts && i < filter->n_events; i++)
		parts_free(filter->parts[i], filter->expr->n_nodes);
	free(filter->parts);
	free(filter->events);
	free(filter->losses);
	expr_free(filter->expr);
	free(filter);
}

const bool *filter_events(const struct filter *filter)
{
	return filter->events;
}

const bool *filter_streams(const struct filter *filter)
{
	return filter->streams;
}

bool filter_match(const struct filter *filter, const struct ctf_record *record)
{
	struct question q = {
		.filter = filter,
		.trace = record->stream->trace,
		.event = record->event,
		.stream = record->stream,
		.record = record,
	};
	uint32_t index;

	if (record->kind != CTF_EVENT)
		return filter->losses[record->stream->index];
	index = record->stream->trace->first_event + record->event->index;
	q.parts = filter->parts[index];
	if (!q.parts)
		return filter->events[index];
	return holds(&q, filter->expr->root);
}

bool filter_warning(const struct filter *filter, uint32_t *next, struct expr_error *ret)
{
	return expr_warning(filter->expr, next, ret);
}
