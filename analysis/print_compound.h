/* SPDX-License-Identifier: MIT */
/**
 * print_compound.h - structures, arrays, variants and what is optional, which text and JSON write alike but for separators, names
 * and the values themselves. In line, so that a style that is known there costs nothing.
 */
#ifndef BL_ANALYSIS_PRINT_COMPOUND_H
#define BL_ANALYSIS_PRINT_COMPOUND_H

#include "analysis/print_inside.h"

/** print_name() - of a member or an option, which may have none. */
static inline const char *print_name(const char *name)
{
	return name ? name : "";
}

/* Integers without labels. */
static inline void print_integers(const struct print_style *style, const struct ctf_field *array, struct text *text)
{
	const struct ctf_class *class = array->class->members[0].class;
	uint64_t values[PRINT_VALUES], n;

	for (uint64_t i = 0; !text->failed && (n = ctf_field_numbers(array, i, PRINT_VALUES, values)); i += n) {
		for (uint64_t k = 0; k < n; k++) {
			if (i || k)
				text_string(text, style->separator);
			style->integer(class, values[k], text);
		}
	}
}

static inline void print_elements(struct printer *printer, const struct print_style *style, const struct ctf_field *array,
				  struct text *text)
{
	struct ctf_field element = ctf_field_first(array);

	while (element.class && !text->failed) {
		style->value(printer, &element, text);
		element = ctf_field_next(array, &element);
		if (element.class)
			text_string(text, style->separator);
	}
}

static inline void print_array(struct printer *printer, const struct print_style *style, const struct ctf_field *array,
			       struct text *text)
{
	const struct ctf_class *element = array->class->members[0].class;

	text_char(text, '[');
	if (array->class->numbers && (element->type == CTF_UINT || element->type == CTF_SINT || element->type == CTF_BITS) &&
	    !print_has_labels(element))
		print_integers(style, array, text);
	else
		print_elements(printer, style, array, text);
	text_char(text, ']');
}

/** print_structure() - its members, without those that have one of @roles. */
static inline void print_structure(struct printer *printer, const struct print_style *style, const struct ctf_field *field,
				   uint32_t roles, struct text *text)
{
	struct ctf_field member = ctf_field_first(field);
	bool first = true;

	text_char(text, '{');
	for (; member.class; member = ctf_field_next(field, &member)) {
		if (member.class->roles & roles)
			continue;
		if (!first)
			text_string(text, style->separator);
		first = false;
		style->key(print_name(ctf_field_name(&member)), text);
		style->value(printer, &member, text);
	}
	text_char(text, '}');
}

/* What is in an optional or a variant. */
static inline void print_inner(struct printer *printer, const struct print_style *style, const struct ctf_field *field,
			       struct text *text)
{
	const struct ctf_field inner = ctf_field_first(field);

	if (inner.class)
		style->value(printer, &inner, text);
	else
		text_string(text, "null");
}

static inline void print_variant(struct printer *printer, const struct print_style *style, const struct ctf_field *field,
				 struct text *text)
{
	text_char(text, '{');
	style->key(print_name(ctf_field_option(field)->name), text);
	print_inner(printer, style, field, text);
	text_char(text, '}');
}

#endif
