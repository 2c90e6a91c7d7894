/* SPDX-License-Identifier: MIT */
/**
 * select.h - the user's -e options: which events are recorded, and under what condition.
 *
 *     option    = [ "!" ] pattern [ "if" expression ] | expression
 *     pattern   = [ layer ":" ] glob, on category:name;  "*" alone is every event
 *     layer     = "user" | "kernel" | "xen", where two colons follow in the pattern; without it, all layers
 *
 *     -e 'db:*'                              all events of a category
 *     -e 'db:query_done if rows > 100'       some records of one event
 *     -e 'rows > 100'                        of every event that has such a field
 *     -e '!libc:malloc'                      but not these
 *     -e '!libc:* if $ctx.tid == 4711'       nor these
 *
 * What begins with a colon-joined pattern (a ":" outside of quotes and back quotes) or is "*" is a pattern, the rest are
 * expressions: their language (query/expr.h) has no colon. The blank-delimited word "if" ends the pattern, so names may have blanks.
 *
 * A record is wanted if any option without "!" wants it (or there is none) and no option with "!" matches. The order is of no
 * matter.
 */
#ifndef BL_RECORD_SELECT_H
#define BL_RECORD_SELECT_H

#include "record/expr_code.h"

enum select_layer {
	SELECT_USER = 1u << 0,
	SELECT_KERNEL = 1u << 1,
	SELECT_XEN = 1u << 2,
	SELECT_ALL_LAYERS = SELECT_USER | SELECT_KERNEL | SELECT_XEN,
};

struct selection;

/** Compiled filters, one behind the other, each aligned to 8. All zero: empty. The memory is malloc()'s; free() @data. */
struct select_filters {
	uint8_t *data;
	size_t size;
	size_t capacity;
};

enum select_result {
	SELECT_OFF = 0,
	SELECT_ON = 1,
	SELECT_FILTER = 2,
};

/** NULL: no memory. Without options, everything is wanted. */
struct selection *selection_new(void);

/** Accepts NULL. */
void selection_free(struct selection *selection);

/**
 * selection_add() - one more option
 *
 * Return: 0; -EINVAL with *@ret_error, whose column counts in @option; -ENOMEM.
 */
int selection_add(struct selection *selection, const char *option, struct expr_error *ret_error);

/**
 * selection_apply() - is this event wanted?
 * @layer:      of the producer, one bit of enum select_layer
 * @filters:    appended to if the result is SELECT_FILTER
 * @ret_offset: of the filter in @filters, set only then
 *
 * A condition that is too large for a filter (hundreds of ranges behind a label) counts as true, and selection_warning() says so.
 * Return: enum select_result, or -ENOMEM.
 */
int selection_apply(struct selection *selection, enum select_layer layer, const struct event_desc *event,
		    struct select_filters *filters, uint32_t *ret_offset);

/**
 * selection_choose() - the same for a producer that cannot evaluate conditions
 *
 * Return: SELECT_OFF, SELECT_ON; -EOPNOTSUPP: *@ret_option has a condition on which it would depend; -ENOMEM.
 */
int selection_choose(struct selection *selection, enum select_layer layer, const struct event_desc *event, const char **ret_option);

/**
 * selection_asks_for() - does an option name @layer, or @category in all layers, as what is to be recorded?
 *
 * Return: the first such option, or NULL.
 */
const char *selection_asks_for(const struct selection *selection, enum select_layer layer, const char *category);

/** Where selection_warning() is; all zero: at the beginning. */
struct select_cursor {
	uint32_t option;
	uint32_t part;
};

/**
 * selection_warning() - which options, or parts of them, had no meaning for any event that selection_apply() was asked about
 * @ret_option: the option's text, for expr_error_print(); as long-lived as the selection
 *
 * To be asked when all events are known, or at the end. Return: false when there is nothing more.
 */
bool selection_warning(const struct selection *selection, struct select_cursor *cursor, const char **ret_option,
		       struct expr_error *ret);

#endif
