/* SPDX-License-Identifier: MIT */
/*
 * Prints the tables of xen/tracer/events.h, a line a thing, for sites.py:
 *
 *     event ID WORDS FLAGS FROM_ID CATEGORY NAME
 *     field TYPE BYTES SHIFT BITS NAME             of the event above
 *     label FIRST LAST NAME                        of the field above, or of the line below
 *     labels NAME                                  a set that no field has
 */
#include <inttypes.h>
#include <stdio.h>

#include "xen/tracer/events_table.h"

static void print_labels(const struct blx_labels *labels)
{
	for (uint32_t i = 0; i < labels->n; i++)
		printf("label %" PRId64 " %" PRId64 " %s\n", labels->label[i].first, labels->label[i].last, labels->label[i].name);
}

static void print_field(const struct blx_field *field)
{
	printf("field %u %u %u %u %s\n", field->type, bl_type_size(field->type), field->shift, field->bits, field->name);
	if (field->labels)
		print_labels(field->labels);
}

static void print_event(const struct blx_event *event)
{
	printf("event %" PRIu32 " %u %u %u %s %s\n", event->event, event->words, event->flags, event->n_from_id, event->category,
	       event->name);
	for (uint32_t i = 0; i < event->n_fields; i++)
		print_field(&event->fields[i]);
}

int main(void)
{
	for (uint32_t t = 0; t < blx_n_tables; t++)
		for (uint32_t e = 0; e < blx_tables[t]->n; e++)
			print_event(&blx_tables[t]->event[e]);
	printf("labels hypercalls\n");
	print_labels(&blx_hypercalls);
	return 0;
}
