/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * publish.c - from a trace point's site, as the assembler left it, to its published description (core/event.h) and its id.
 *
 * Descriptions are only ever added; equal ones (a template or inline function in several objects, a library that was unloaded and came
 * back) share an id.
 */
#include "core/describe.h"
#include "lib/program.h"

static const char *site_string(const int32_t *offset)
{
	return (const char *)offset + *offset;
}

static struct bl_point point_of(const struct borelog_object *object, const struct borelog_site *site)
{
	return (struct bl_point){
		.category = site_string(&site->category),
		.name = site_string(&site->name),
		.file = site_string(&site->file),
		.text = site_string(&site->text),
		.line = site->line,
		.n_fields = site->n_fields,
		.types = (const uint8_t *)site->types,
		.enums = object->enums,
		.enums_end = object->enums_end,
	};
}

/* Two descriptions that differ in nothing but the id. */
static bool same(const uint8_t *a, const uint8_t *b)
{
	struct bl_event_head ha, hb;

	memcpy(&ha, a, sizeof(ha));
	memcpy(&hb, b, sizeof(hb));
	return ha.size == hb.size && ha.line == hb.line && ha.n_fields == hb.n_fields &&
	       !memcmp(a + sizeof(ha), b + sizeof(hb), ha.size - sizeof(ha));
}

static uint32_t find(const uint8_t *events, uint32_t size, const uint8_t *event)
{
	struct bl_event_head head;
	uint32_t at;

	for (at = 0; at + sizeof(head) <= size; at += head.size) {
		memcpy(&head, events + at, sizeof(head));
		if (head.size < sizeof(head) || head.size > size - at)
			break; /* somebody wrote into our control file */
		if (same(events + at, event))
			return head.id;
	}
	return 0;
}

/* Publish one site. Return: 1 if its description is new. */
static uint32_t publish_site(struct borelog_object *object, struct borelog_site *site)
{
	struct bl_control *control = bl_program.control;
	uint8_t *events = (uint8_t *)control + BL_CONTROL_SIZE;
	const uint32_t used = bl_program.events_size;
	const uint32_t id = bl_program.n_events + 1;
	const struct bl_point point = point_of(object, site);
	const size_t size = bl_describe(NULL, 0, id, &point);

	if (size > BL_EVENT_SIZE_MAX || bl_program_grow(used + size))
		return 0; /* too large: never recorded */
	bl_describe(events + used, size, id, &point);
	site->id = find(events, used, events + used);
	if (site->id)
		return 0;
	site->id = id;
	bl_program.n_events = id;
	bl_program.events_size = used + (uint32_t)size;
	bl_store_relaxed(&control->n_events, id);
	bl_store_release(&control->events_size, bl_program.events_size); /* ORD(publish:A) */
	return 1;
}

uint32_t bl_publish(struct borelog_object *object)
{
	struct borelog_site *site;
	uint32_t added = 0;

	for (site = object->sites; site < object->sites_end; site++)
		added += publish_site(object, site);
	if (added)
		bl_store_release(&bl_program.control->generation, bl_program.control->generation + 1); /* ORD(publish:B) */
	return added;
}
