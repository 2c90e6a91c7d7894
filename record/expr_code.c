/* SPDX-License-Identifier: MIT */
/*
 * expr_code.c - from the tree of an expression to a filter for one event. The language is in query/expr.h, the machine in
 * lib/abi/filter.h.
 *
 * The types of all fields are known, so
 *
 *     what cannot hold (a field that is not there, a string with a number) or always does is decided here (truth_of), never
 *     emitted; hence the machine meets no "nothing", and an event for which the whole is decided needs no filter at all
 *
 * and labels of enumerations become ranges of values. Code is emitted in one of two ways: emit_condition(), whose value is only
 * ever asked whether it is true, and emit_value(), whose value is compared.
 */
#include "record/expr_code.h"

#include <string.h>

#include "query/match.h"

bl_static_assert(EXPR_OPS_MAX <= BL_FILTER_OPS_MAX && EXPR_STACK_MAX <= BL_FILTER_STACK && EXPR_STRINGS_MAX <= BL_FILTER_TEXT_MAX,
		 "what parses can be run");

const struct expr_variable expr_code_variables[] = {
	{"ctx.tid", EXPR_NUMBER, BL_FILTER_PUSH_TID},
	{"ctx.pid", EXPR_NUMBER, BL_FILTER_PUSH_PID},
	{"tid", EXPR_NUMBER, BL_FILTER_PUSH_TID},
	{"pid", EXPR_NUMBER, BL_FILTER_PUSH_PID},
	{0},
};

/* ---- Code ---- */

static void emit(struct expr_code *code, enum bl_filter_code op, uint32_t arg, uint64_t value)
{
	if (code->n_ops == BL_FILTER_OPS_MAX) {
		code->overflow = true;
		return;
	}
	code->ops[code->n_ops++] = (struct bl_filter_op){.code = (uint16_t)op, .arg = (uint16_t)arg, .value = value};
}

void expr_code_init(struct expr_code *code)
{
	code->n_ops = 0;
	code->text_size = 0;
	code->overflow = false;
}

void expr_code_op(struct expr_code *code, enum bl_filter_code op)
{
	emit(code, op, 0, 0);
}

uint32_t expr_code_jump(struct expr_code *code, enum bl_filter_code op)
{
	emit(code, op, 0, 0);
	return code->n_ops - 1;
}

void expr_code_land(struct expr_code *code, uint32_t jump)
{
	code->ops[jump].arg = (uint16_t)(code->n_ops - jump - 1);
}

bool expr_code_has_room(const struct expr_code *code, uint32_t n_ops, uint32_t text_size)
{
	return n_ops <= BL_FILTER_OPS_MAX - code->n_ops && text_size <= BL_FILTER_TEXT_MAX - code->text_size;
}

void expr_code_append(struct expr_code *code, const struct expr_code *from)
{
	uint32_t i;

	if (from->overflow || !expr_code_has_room(code, from->n_ops, from->text_size)) {
		code->overflow = true;
		return;
	}
	for (i = 0; i < from->n_ops; i++) {
		struct bl_filter_op *op = &code->ops[code->n_ops++];

		*op = from->ops[i];
		if (op->code == BL_FILTER_PUSH_TEXT)
			op->value += (uint64_t)code->text_size << 32;
	}
	memcpy(code->text + code->text_size, from->text, from->text_size);
	code->text_size += from->text_size;
}

size_t expr_code_size(const struct expr_code *code)
{
	return (sizeof(struct bl_filter) + code->n_ops * sizeof(code->ops[0]) + code->text_size + 7) & ~(size_t)7;
}

void expr_code_write(const struct expr_code *code, void *to)
{
	const struct bl_filter head = {.n_ops = code->n_ops, .text_size = code->text_size};
	const size_t ops_size = code->n_ops * sizeof(code->ops[0]);
	char *at = to;

	memset(to, 0, expr_code_size(code));
	memcpy(at, &head, sizeof(head));
	memcpy(at + sizeof(head), code->ops, ops_size);
	memcpy(at + sizeof(head) + ops_size, code->text, code->text_size);
}

static void emit_text(struct expr_code *code, const char *string)
{
	const size_t size = strlen(string);

	if (size > BL_FILTER_TEXT_MAX - code->text_size) {
		code->overflow = true;
		return;
	}
	emit(code, BL_FILTER_PUSH_TEXT, 0, (uint64_t)code->text_size << 32 | size);
	memcpy(code->text + code->text_size, string, size);
	code->text_size += (uint32_t)size;
}

/* ---- An expression and an event ---- */

struct compiler {
	struct expr *expr;
	const struct event_field *fields;
	uint32_t n_fields;
	struct expr_code *code;
	uint8_t truth[EXPR_NODES_MAX]; /* enum expr_truth, of every node */
};

enum type {
	TYPE_NOTHING,
	TYPE_INTEGER,
	TYPE_FLOAT,
	TYPE_TEXT,
	TYPE_ENUM, /* an integer with labels */
};

static const struct event_field *field_of(const struct compiler *c, const struct expr_node *node, uint32_t *ret_index)
{
	uint32_t i;

	if (node->kind != EXPR_FIELD)
		return NULL;
	for (i = 0; i < c->n_fields; i++) {
		if (!strcmp(c->fields[i].name, node->as.string)) {
			*ret_index = i;
			return &c->fields[i];
		}
	}
	return NULL;
}

/* A field's name that is a context's, where the event has no such field: its operation, or 0. */
static enum bl_filter_code context_of(const char *name)
{
	return !strcmp(name, "tid") ? BL_FILTER_PUSH_TID : !strcmp(name, "pid") ? BL_FILTER_PUSH_PID : 0;
}

static enum type type_of_field(const struct event_field *field)
{
	const uint32_t scalar = field->type & BL_TYPE_SCALAR_MASK;

	if (field->type & BL_TYPE_SEQUENCE)
		return TYPE_INTEGER;
	if (scalar == BL_TYPE_STRING)
		return TYPE_TEXT;
	if (scalar == BL_TYPE_F32 || scalar == BL_TYPE_F64)
		return TYPE_FLOAT;
	if ((scalar >= BL_TYPE_U8 && scalar <= BL_TYPE_I64) || scalar == BL_TYPE_BOOL)
		return field->type & BL_TYPE_ENUM ? TYPE_ENUM : TYPE_INTEGER;
	return TYPE_NOTHING;
}

static enum type type_of(const struct compiler *c, uint32_t at)
{
	const struct expr_node *node = &c->expr->node[at];
	const struct event_field *field;
	uint32_t index;
	enum type l, r;

	switch (node->kind) {
	case EXPR_F64:
		return TYPE_FLOAT;
	case EXPR_TEXT:
		return TYPE_TEXT;
	case EXPR_FIELD:
		field = field_of(c, node, &index);
		if (field)
			return type_of_field(field);
		return context_of(node->as.string) ? TYPE_INTEGER : TYPE_NOTHING;
	case EXPR_BITS:
		l = type_of(c, node->left);
		r = type_of(c, node->right);
		return (l == TYPE_INTEGER || l == TYPE_ENUM) && (r == TYPE_INTEGER || r == TYPE_ENUM) ? TYPE_INTEGER : TYPE_NOTHING;
	default:
		return TYPE_INTEGER;
	}
}

/* If the comparison is one of an enumeration with a label: the sides, in this order. */
static bool is_label_compare(const struct compiler *c, const struct expr_node *node, uint32_t *ret_enum, const char **ret_label)
{
	const struct expr_node *nodes = c->expr->node;

	if (node->op != EXPR_EQ && node->op != EXPR_NE && node->op != EXPR_GLOB)
		return false;
	if (nodes[node->right].kind == EXPR_TEXT && type_of(c, node->left) == TYPE_ENUM) {
		*ret_enum = node->left;
		*ret_label = nodes[node->right].as.string;
		return true;
	}
	if (nodes[node->left].kind == EXPR_TEXT && type_of(c, node->right) == TYPE_ENUM && node->op != EXPR_GLOB) {
		*ret_enum = node->right;
		*ret_label = nodes[node->left].as.string;
		return true;
	}
	return false;
}

static bool label_matches(const struct expr_node *compare, const char *wanted, const char *label)
{
	return compare->op == EXPR_GLOB ? match_glob(wanted, strlen(wanted), label, strlen(label), NULL) : !strcmp(wanted, label);
}

static bool wants_other_labels(const struct expr_node *compare)
{
	return compare->op == EXPR_NE || compare->negate;
}

static enum expr_truth truth_of_label_compare(const struct compiler *c, struct expr_node *node, uint32_t at, const char *label)
{
	uint32_t index;
	const struct event_field *field = field_of(c, &c->expr->node[at], &index);
	uint32_t i;

	for (i = 0; i < field->n_mappings; i++) {
		if (label_matches(node, label, field->mappings[i].label)) {
			node->sensible = true;
			return EXPR_DEPENDS;
		}
	}
	return wants_other_labels(node) ? EXPR_TRUE : EXPR_FALSE;
}

static enum expr_truth truth_of_compare(const struct compiler *c, struct expr_node *node)
{
	const enum type l = type_of(c, node->left);
	const enum type r = type_of(c, node->right);
	const char *label;
	uint32_t at;

	if (l == TYPE_NOTHING || r == TYPE_NOTHING)
		return EXPR_FALSE;
	node->reached = true;
	if (is_label_compare(c, node, &at, &label))
		return truth_of_label_compare(c, node, at, label);
	if ((l == TYPE_TEXT) != (r == TYPE_TEXT) || (l != TYPE_TEXT && node->op == EXPR_GLOB))
		return EXPR_FALSE;
	node->sensible = true;
	return EXPR_DEPENDS;
}

/* Those of lower indices are known. */
static enum expr_truth truth_of(const struct compiler *c, uint32_t at)
{
	struct expr_node *node = &c->expr->node[at];

	switch (node->kind) {
	case EXPR_FIELD:
		if (type_of(c, at) == TYPE_NOTHING)
			return EXPR_FALSE;
		node->sensible = true;
		return EXPR_DEPENDS;
	case EXPR_VARIABLE:
		node->sensible = true;
		return EXPR_DEPENDS;
	case EXPR_BITS:
		return type_of(c, at) == TYPE_NOTHING ? EXPR_FALSE : EXPR_DEPENDS;
	case EXPR_COMPARE:
		return truth_of_compare(c, node);
	default:
		return expr_truth_of(node, c->truth);
	}
}

static void emit_condition(struct compiler *c, uint32_t at);
static void emit_value(struct compiler *c, uint32_t at);

static void emit_integer(struct compiler *c, const struct event_field *field, int64_t value)
{
	const bool is_unsigned = (field->type & BL_TYPE_SCALAR_MASK) == BL_TYPE_U64;

	emit(c->code, is_unsigned ? BL_FILTER_PUSH_U64 : BL_FILTER_PUSH_I64, 0, (uint64_t)value);
}

/* 1 if the field at @index lies in the mapping's range. */
static void emit_range(struct compiler *c, uint32_t index, const struct event_mapping *mapping)
{
	const struct event_field *field = &c->fields[index];
	uint32_t below;

	emit(c->code, BL_FILTER_PUSH_FIELD, index, 0);
	emit_integer(c, field, mapping->first);
	if (mapping->first == mapping->last) {
		expr_code_op(c->code, BL_FILTER_EQ);
		return;
	}
	expr_code_op(c->code, BL_FILTER_GE);
	below = expr_code_jump(c->code, BL_FILTER_JUMP_FALSE);
	emit(c->code, BL_FILTER_PUSH_FIELD, index, 0);
	emit_integer(c, field, mapping->last);
	expr_code_op(c->code, BL_FILTER_LE);
	expr_code_land(c->code, below);
}

/* At least one label matches: truth_of_label_compare() saw to that. */
static void emit_label_compare(struct compiler *c, const struct expr_node *node, uint32_t at, const char *label)
{
	uint32_t hits[BL_FILTER_OPS_MAX];
	uint32_t n_hits = 0;
	uint32_t index = 0;
	const struct event_field *field = field_of(c, &c->expr->node[at], &index);
	bool first = true;
	uint32_t i;

	for (i = 0; i < field->n_mappings && !c->code->overflow; i++) {
		if (!label_matches(node, label, field->mappings[i].label))
			continue;
		if (!first)
			hits[n_hits++] = expr_code_jump(c->code, BL_FILTER_JUMP_TRUE);
		first = false;
		emit_range(c, index, &field->mappings[i]);
	}
	for (i = 0; i < n_hits; i++)
		expr_code_land(c->code, hits[i]);
	if (wants_other_labels(node))
		expr_code_op(c->code, BL_FILTER_NOT);
}

static const enum bl_filter_code operations[] = {
	[EXPR_EQ] = BL_FILTER_EQ, [EXPR_NE] = BL_FILTER_NE, [EXPR_LT] = BL_FILTER_LT,     [EXPR_LE] = BL_FILTER_LE,
	[EXPR_GT] = BL_FILTER_GT, [EXPR_GE] = BL_FILTER_GE, [EXPR_GLOB] = BL_FILTER_GLOB,
};

static void emit_compare(struct compiler *c, const struct expr_node *node)
{
	const char *label;
	uint32_t at;

	if (is_label_compare(c, node, &at, &label)) {
		emit_label_compare(c, node, at, label);
		return;
	}
	emit_value(c, node->left);
	emit_value(c, node->right);
	expr_code_op(c->code, operations[node->op]);
	if (node->negate)
		expr_code_op(c->code, BL_FILTER_NOT);
}

static void emit_field(struct compiler *c, const struct expr_node *node)
{
	uint32_t index = 0;

	if (field_of(c, node, &index))
		emit(c->code, BL_FILTER_PUSH_FIELD, index, 0);
	else
		expr_code_op(c->code, context_of(node->as.string));
}

/* A value that is true exactly if the node is; @at's truth is not known. */
static void emit_logic(struct compiler *c, const struct expr_node *node)
{
	uint32_t decided;

	if (node->kind == EXPR_NOT) {
		emit_condition(c, node->left);
		expr_code_op(c->code, BL_FILTER_NOT);
		return;
	}
	if (c->truth[node->left] != EXPR_DEPENDS || c->truth[node->right] != EXPR_DEPENDS) {
		emit_condition(c, c->truth[node->left] == EXPR_DEPENDS ? node->left : node->right);
		return;
	}
	emit_condition(c, node->left);
	decided = expr_code_jump(c->code, node->kind == EXPR_AND ? BL_FILTER_JUMP_FALSE : BL_FILTER_JUMP_TRUE);
	emit_condition(c, node->right);
	expr_code_land(c->code, decided);
}

static void emit_condition(struct compiler *c, uint32_t at)
{
	const struct expr_node *node = &c->expr->node[at];

	if (c->truth[at] != EXPR_DEPENDS)
		emit(c->code, BL_FILTER_PUSH_I64, 0, c->truth[at]);
	else if (node->kind == EXPR_NOT || node->kind == EXPR_AND || node->kind == EXPR_OR)
		emit_logic(c, node);
	else
		emit_value(c, at);
}

/* Called for what has a type, that is, not for nothing. */
static void emit_value(struct compiler *c, uint32_t at)
{
	const struct expr_node *node = &c->expr->node[at];

	switch (node->kind) {
	case EXPR_I64:
		emit(c->code, BL_FILTER_PUSH_I64, 0, node->as.u64);
		break;
	case EXPR_U64:
		emit(c->code, BL_FILTER_PUSH_U64, 0, node->as.u64);
		break;
	case EXPR_F64:
		emit(c->code, BL_FILTER_PUSH_F64, 0, node->as.u64);
		break;
	case EXPR_TEXT:
		emit_text(c->code, node->as.string);
		break;
	case EXPR_FIELD:
		emit_field(c, node);
		break;
	case EXPR_VARIABLE:
		expr_code_op(c->code, (enum bl_filter_code)node->variable->id);
		break;
	case EXPR_BITS:
		emit_value(c, node->left);
		emit_value(c, node->right);
		expr_code_op(c->code, BL_FILTER_AND_BITS);
		break;
	case EXPR_COMPARE:
		if (c->truth[at] == EXPR_DEPENDS)
			emit_compare(c, node);
		else
			emit_condition(c, at);
		break;
	default:
		emit_condition(c, at);
		if (c->truth[at] == EXPR_DEPENDS && node->kind != EXPR_NOT) {
			/* what && and || leave is one of their operands, any value */
			expr_code_op(c->code, BL_FILTER_NOT);
			expr_code_op(c->code, BL_FILTER_NOT);
		}
		break;
	}
}

enum expr_truth expr_compile(struct expr *expr, const struct event_field *fields, uint32_t n_fields, struct expr_code *code)
{
	struct compiler c = {.expr = expr, .fields = fields, .n_fields = n_fields, .code = code};
	uint32_t i;

	for (i = 0; i < expr->n_nodes; i++)
		c.truth[i] = (uint8_t)truth_of(&c, i);
	if (c.truth[expr->root] == EXPR_DEPENDS)
		emit_condition(&c, expr->root);
	return c.truth[expr->root];
}
