/* SPDX-License-Identifier: MIT */
/*
 * select.c - from -e options to off, on, or a filter for each event.
 *
 * The filter of an event is  (i1 || i2 || ...) && !(e1) && !(e2) ...  over the conditions of the options whose pattern matches its
 * name: i of those that include, e of those that exclude. Conditions that hold for none or all of its records vanish beforehand.
 */
#include "record/select.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

struct rule {
	char *option; /* as the user wrote it */
	char *glob;   /* NULL: every event */
	struct expr *condition; /* NULL: always */
	size_t condition_at;    /* in option */
	uint32_t layers;
	bool exclude;
	bool used;      /* matched an event's name */
	bool too_large; /* its condition did not fit into a filter */
};

struct selection {
	struct rule *rules;
	uint32_t n_rules;
	uint32_t n_includes;
	bool any_event; /* selection_apply() was called */
};

struct selection *selection_new(void)
{
	return calloc(1, sizeof(struct selection));
}

static void rule_fini(struct rule *rule)
{
	expr_free(rule->condition);
	free(rule->glob);
	free(rule->option);
}

void selection_free(struct selection *selection)
{
	uint32_t i;

	if (!selection)
		return;
	for (i = 0; i < selection->n_rules; i++)
		rule_fini(&selection->rules[i]);
	free(selection->rules);
	free(selection);
}

/* ---- Options ---- */

static int invalid(struct expr_error *error, size_t at, const char *message)
{
	error->column = at + 1;
	snprintf(error->message, sizeof(error->message), "%s", message);
	return -EINVAL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_blanks(const char *s, size_t at)
{
	while (is_blank(s[at]))
		at++;
	return at;
}

/* Where the word "if" stands between blanks, from @at on; the length of @s if nowhere. */
static size_t find_if(const char *s, size_t at)
{
	for (; s[at]; at++)
		if (at && is_blank(s[at - 1]) && s[at] == 'i' && s[at + 1] == 'f' && (is_blank(s[at + 2]) || !s[at + 2]))
			return at;
	return at;
}

/* Where the first of @wanted or of the quotes stands in [begin, end); @end if there is none. */
static size_t find_unquoted(const char *s, size_t begin, size_t end, char wanted)
{
	while (begin < end && s[begin] != wanted && !strchr("\"'`", s[begin]))
		begin++;
	return begin;
}

static bool is_pattern(const char *s, size_t begin, size_t end)
{
	const size_t colon = find_unquoted(s, begin, end, ':');

	return (end - begin == 1 && s[begin] == '*') || (colon < end && s[colon] == ':');
}

/* Nothing but what could be meant as a name or glob: never a useful expression, often a forgotten category. */
static bool is_bare_word(const char *s, size_t begin, size_t end)
{
	size_t i;

	for (i = begin; i < end; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_*?[]", s[i]))
			return false;
	return begin < end;
}

static size_t take_layer(const char *glob, uint32_t *ret_layers)
{
	static const struct {
		const char *prefix;
		enum select_layer layer;
	} layers[] = {{"user:", SELECT_USER}, {"kernel:", SELECT_KERNEL}, {"xen:", SELECT_XEN}};
	size_t i;

	*ret_layers = SELECT_ALL_LAYERS;
	for (i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
		const size_t size = strlen(layers[i].prefix);

		if (strncmp(glob, layers[i].prefix, size) || !strchr(glob + size, ':'))
			continue;
		*ret_layers = layers[i].layer;
		return size;
	}
	return 0;
}

/* option[begin, end) is a pattern. */
static int set_pattern(struct rule *rule, size_t begin, size_t end)
{
	char *pattern;
	size_t layer_size;

	pattern = strndup(rule->option + begin, end - begin);
	if (!pattern)
		return -ENOMEM;
	layer_size = take_layer(pattern, &rule->layers);
	memmove(pattern, pattern + layer_size, strlen(pattern + layer_size) + 1);
	rule->glob = pattern; /* "*" matches every name, too */
	return 0;
}

static int set_condition(struct rule *rule, size_t at, struct expr_error *ret_error)
{
	rule->condition_at = at;
	rule->condition = expr_parse(rule->option + at, expr_code_variables, ret_error);
	if (rule->condition)
		return 0;
	if (!ret_error->column)
		return -ENOMEM;
	ret_error->column += at;
	return -EINVAL;
}

static int parse_rule(struct rule *rule, struct expr_error *ret_error)
{
	const char *s = rule->option;
	const size_t begin = skip_blanks(s, 0);
	const bool bang = s[begin] == '!';
	const size_t first = bang ? skip_blanks(s, begin + 1) : begin;
	const size_t at_if = find_if(s, first);
	size_t end = at_if;
	int ret;

	while (end > first && is_blank(s[end - 1]))
		end--;
	if (!s[begin])
		return invalid(ret_error, begin, "the option is empty; write a pattern, as 'db:*', or a condition, as 'rows > 9'");
	if (is_pattern(s, first, end)) {
		rule->exclude = bang;
		ret = set_pattern(rule, first, end);
		return ret || !s[at_if] ? ret : set_condition(rule, at_if + 2, ret_error);
	}
	if (s[at_if] && find_unquoted(s, first, end, '\0') == end)
		return invalid(ret_error, first, "in front of \"if\" a pattern category:name is expected, as 'db:*'");
	if (is_bare_word(s, first, end))
		return invalid(ret_error, first, "this is neither a pattern category:name, as 'db:*', nor a condition, as 'rows > 9'");
	return set_condition(rule, begin, ret_error);
}

int selection_add(struct selection *selection, const char *option, struct expr_error *ret_error)
{
	struct rule rule = {.layers = SELECT_ALL_LAYERS};
	struct rule *rules;
	int ret;

	rules = realloc(selection->rules, (selection->n_rules + 1) * sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	selection->rules = rules;
	rule.option = strdup(option);
	ret = rule.option ? parse_rule(&rule, ret_error) : -ENOMEM;
	if (ret) {
		rule_fini(&rule);
		return ret;
	}
	rules[selection->n_rules++] = rule;
	selection->n_includes += !rule.exclude;
	return 0;
}

/* ---- Events ---- */

static bool rule_names(struct rule *rule, enum select_layer layer, const char *full_name)
{
	if (!(rule->layers & layer) || (rule->glob && fnmatch(rule->glob, full_name, 0)))
		return false;
	rule->used = true;
	return true;
}

/* What an event's options come to, so far. */
struct plan {
	const struct event_desc *event;
	struct expr_code code;
	struct expr_code part; /* of one option; leaves a value on the stack, as code does */
	uint32_t jumps[BL_FILTER_OPS_MAX];
	uint32_t n_jumps;
};

/* The condition's code comes into plan->part. Unlike expr_compile(), never one that overflowed: then *ret_fits is false. */
static enum expr_truth compile_condition(struct plan *plan, struct rule *rule, bool *ret_fits)
{
	enum expr_truth truth = EXPR_TRUE;

	expr_code_init(&plan->part);
	if (rule->condition)
		truth = expr_compile(rule->condition, plan->event->fields, plan->event->n_fields, &plan->part);
	*ret_fits = !plan->part.overflow;
	return truth;
}

/* Put plan->part behind the code, joined by the jump @join if there is code already. False: no room, nothing is changed. */
static bool join_part(struct plan *plan, enum bl_filter_code join)
{
	if (plan->code.n_ops && !expr_code_has_room(&plan->code, plan->part.n_ops + 2, plan->part.text_size))
		return false;
	if (plan->code.n_ops)
		plan->jumps[plan->n_jumps++] = expr_code_jump(&plan->code, join);
	expr_code_append(&plan->code, &plan->part);
	return true;
}

static void land_jumps(struct plan *plan)
{
	while (plan->n_jumps)
		expr_code_land(&plan->code, plan->jumps[--plan->n_jumps]);
}

/* Every rule is compiled, also where others have decided already: its warnings shall not depend on them. */
static enum expr_truth plan_includes(struct selection *selection, struct plan *plan, enum select_layer layer, const char *full_name)
{
	enum expr_truth result = selection->n_includes ? EXPR_FALSE : EXPR_TRUE;
	uint32_t i;

	for (i = 0; i < selection->n_rules; i++) {
		struct rule *rule = &selection->rules[i];
		enum expr_truth truth;
		bool fits;

		if (rule->exclude || !rule_names(rule, layer, full_name))
			continue;
		truth = compile_condition(plan, rule, &fits);
		if (truth == EXPR_DEPENDS && result != EXPR_TRUE && !(fits && join_part(plan, BL_FILTER_JUMP_TRUE))) {
			rule->too_large = true;
			truth = EXPR_TRUE;
		}
		if (truth == EXPR_TRUE || result == EXPR_FALSE)
			result = truth;
	}
	land_jumps(plan);
	if (result == EXPR_TRUE)
		expr_code_init(&plan->code);
	return result;
}

static enum expr_truth plan_excludes(struct selection *selection, struct plan *plan, enum select_layer layer, const char *full_name,
				     enum expr_truth result)
{
	uint32_t i;

	for (i = 0; i < selection->n_rules; i++) {
		struct rule *rule = &selection->rules[i];
		enum expr_truth truth;
		bool fits;

		if (!rule->exclude || !rule_names(rule, layer, full_name))
			continue;
		truth = compile_condition(plan, rule, &fits);
		if (truth == EXPR_TRUE)
			result = EXPR_FALSE;
		if (truth != EXPR_DEPENDS || result == EXPR_FALSE)
			continue;
		/* The condition's value becomes its opposite, in one operation more. */
		if (fits && expr_code_has_room(&plan->part, 1, 0) && join_part(plan, BL_FILTER_JUMP_FALSE)) {
			expr_code_op(&plan->code, BL_FILTER_NOT);
			result = EXPR_DEPENDS;
		} else {
			rule->too_large = true; /* not excluded: a record too many is seen, one too few is lost */
		}
	}
	land_jumps(plan);
	return result;
}

static int append_filter(struct select_filters *filters, const struct expr_code *code, uint32_t *ret_offset)
{
	const size_t size = expr_code_size(code);

	if (filters->size + size > UINT32_MAX)
		return -ENOMEM;
	if (filters->capacity - filters->size < size) {
		const size_t capacity = 2 * filters->capacity + size;
		uint8_t *data = realloc(filters->data, capacity);

		if (!data)
			return -ENOMEM;
		filters->data = data;
		filters->capacity = capacity;
	}
	expr_code_write(code, filters->data + filters->size);
	*ret_offset = (uint32_t)filters->size;
	filters->size += size;
	return SELECT_FILTER;
}

int selection_apply(struct selection *selection, enum select_layer layer, const struct event_desc *event,
		    struct select_filters *filters, uint32_t *ret_offset)
{
	struct plan plan;
	enum expr_truth result;
	char *full_name;

	selection->any_event = true;
	if (!selection->n_rules)
		return SELECT_ON;
	if (asprintf(&full_name, "%s:%s", event->category, event->name) < 0)
		return -ENOMEM;
	plan.event = event;
	plan.n_jumps = 0;
	expr_code_init(&plan.code);
	result = plan_includes(selection, &plan, layer, full_name);
	result = plan_excludes(selection, &plan, layer, full_name, result);
	free(full_name);
	if (result == EXPR_DEPENDS)
		return append_filter(filters, &plan.code, ret_offset);
	return result == EXPR_TRUE ? SELECT_ON : SELECT_OFF;
}

/* The first option on whose condition the event depends. */
static const char *find_condition(struct selection *selection, enum select_layer layer, const struct event_desc *event,
				  const char *full_name)
{
	struct plan plan = {.event = event};
	uint32_t i;

	for (i = 0; i < selection->n_rules; i++) {
		struct rule *rule = &selection->rules[i];
		bool fits;

		if (rule_names(rule, layer, full_name) && compile_condition(&plan, rule, &fits) == EXPR_DEPENDS)
			return rule->option;
	}
	return NULL;
}

int selection_choose(struct selection *selection, enum select_layer layer, const struct event_desc *event, const char **ret_option)
{
	struct select_filters filters = {0};
	uint32_t offset;
	int result = selection_apply(selection, layer, event, &filters, &offset);
	char *full_name;

	free(filters.data);
	if (result != SELECT_FILTER)
		return result;
	if (asprintf(&full_name, "%s:%s", event->category, event->name) < 0)
		return -ENOMEM;
	*ret_option = find_condition(selection, layer, event, full_name);
	free(full_name);
	return -EOPNOTSUPP;
}

const char *selection_asks_for(const struct selection *selection, enum select_layer layer, const char *category)
{
	const size_t size = strlen(category);
	uint32_t i;

	for (i = 0; i < selection->n_rules; i++) {
		const struct rule *rule = &selection->rules[i];

		if (rule->exclude || !rule->glob || !(rule->layers & layer))
			continue;
		if (rule->layers == (uint32_t)layer || (!strncmp(rule->glob, category, size) && rule->glob[size] == ':'))
			return rule->option;
	}
	return NULL;
}

/* ---- Warnings ---- */

/* The cursor's part is 0 for the option as a whole, then what expr_warning() counts, plus 1. */
static bool rule_warning(const struct rule *rule, uint32_t *part, struct expr_error *ret)
{
	uint32_t next;
	bool found;

	if (!*part) {
		*part = 1;
		ret->column = 1;
		if (!rule->used) {
			snprintf(ret->message, sizeof(ret->message), "no event has a name like this");
			return true;
		}
		if (rule->too_large) {
			snprintf(ret->message, sizeof(ret->message),
				 "too much for one filter, so some events are recorded that this should keep out");
			return true;
		}
	}
	if (!rule->used || !rule->condition)
		return false;
	next = *part - 1;
	found = expr_warning(rule->condition, &next, ret);
	*part = next + 1;
	if (found)
		ret->column += rule->condition_at;
	return found;
}

bool selection_warning(const struct selection *selection, struct select_cursor *cursor, const char **ret_option,
		       struct expr_error *ret)
{
	if (!selection->any_event)
		return false;
	for (; cursor->option < selection->n_rules; cursor->option++, cursor->part = 0) {
		const struct rule *rule = &selection->rules[cursor->option];

		if (rule_warning(rule, &cursor->part, ret)) {
			*ret_option = rule->option;
			return true;
		}
	}
	return false;
}
