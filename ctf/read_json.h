/* SPDX-License-Identifier: MIT */
/**
 * read_json.h - what the readers of CTF 2 metadata share: a fragment's JSON values, each with its place in the text.
 *
 * json-c makes the values, but it keeps the last of two equal keys, cuts keys at a NUL, rounds integers that are too large, takes
 * single quotes and NaN, and knows no places. So the text is first gone through here (read_json_text.c): this notes where
 * each value is, in the order of the text, and refuses those. What json-c then accepts has the same values in the same order, and a
 * json_value is one of them with its place.
 *
 * Functions that return bool: false: the model has its error.
 */
#ifndef BL_CTF_READ_JSON_H
#define BL_CTF_READ_JSON_H

#include <json-c/json.h>

#include "ctf/model.h"

#define JSON_DEPTH_MAX (4 * CTF_DEPTH_MAX) /* of values; a member of a structure is three deeper than the structure */
#define JSON_COST_MAX (1u << 21)           /* values in a fragment: what they take in memory is many times their text */
#define JSON_OBJECT_COST 8u                /* an object, in values */

/* What objects of CTF 2 metadata have. Each kind of object has some of these: P(NAME) are bits of a set. */
enum json_property {
	PROPERTY_ACCURACY,
	PROPERTY_ALIGNMENT,
	PROPERTY_ATTRIBUTES,
	PROPERTY_BIT_ORDER,
	PROPERTY_BYTE_ORDER,
	PROPERTY_CYCLES,
	PROPERTY_DATA_STREAM_CLASS_ID,
	PROPERTY_DEFAULT_CLOCK_CLASS_ID,
	PROPERTY_DESCRIPTION,
	PROPERTY_ELEMENT_FIELD_CLASS,
	PROPERTY_ENCODING,
	PROPERTY_ENVIRONMENT,
	PROPERTY_COMMON_CONTEXT,
	PROPERTY_EVENT_HEADER,
	PROPERTY_EXTENSIONS,
	PROPERTY_FIELD_CLASS,
	PROPERTY_FLAGS,
	PROPERTY_FREQUENCY,
	PROPERTY_ID,
	PROPERTY_LENGTH,
	PROPERTY_LENGTH_LOCATION,
	PROPERTY_MAPPINGS,
	PROPERTY_MEDIA_TYPE,
	PROPERTY_MEMBER_CLASSES,
	PROPERTY_MINIMUM_ALIGNMENT,
	PROPERTY_NAME,
	PROPERTY_NAMESPACE,
	PROPERTY_OFFSET,
	PROPERTY_OPTIONS,
	PROPERTY_ORIGIN,
	PROPERTY_PACKET_CONTEXT,
	PROPERTY_PACKET_HEADER,
	PROPERTY_PATH,
	PROPERTY_PAYLOAD,
	PROPERTY_PRECISION,
	PROPERTY_BASE,
	PROPERTY_ROLES,
	PROPERTY_SECONDS,
	PROPERTY_SELECTOR_LOCATION,
	PROPERTY_SELECTOR_RANGES,
	PROPERTY_SPECIFIC_CONTEXT,
	PROPERTY_TYPE,
	PROPERTY_UID,
	PROPERTY_UUID,
	PROPERTY_VERSION,
	N_PROPERTIES,
};

#define P(name) ((uint64_t)1 << PROPERTY_##name)
#define P_COMMON (P(ATTRIBUTES) | P(EXTENSIONS))

/* Where a value is. Values are in the order of the text, so what is inside of one follows it directly. */
struct json_place {
	uint32_t begin; /* in the fragment's text */
	uint32_t end;
	uint32_t key;   /* where the key is that it is the value of; 0: it is not an object's member */
	uint32_t next;  /* the first place that is not inside of it */
	uint32_t count; /* members, elements */
	uint32_t line;
	uint32_t column;
};

struct json_value {
	struct json_object *json; /* NULL: null */
	uint32_t at;              /* the place; JSON_ABSENT: there is no value */
};

#define JSON_ABSENT UINT32_MAX

struct json_properties {
	struct json_value is[N_PROPERTIES];
};

/* An integer as it is written; 0 is not negative. */
struct json_integer {
	bool negative;
	uint64_t magnitude;
};

struct json_fragment {
	const char *text;
	size_t size;
	uint32_t number;  /* from 1 */
	const char *type; /* NULL: not known yet */
	uint32_t line;    /* where the text begins */
	uint32_t column;
	struct json_object *json;
	struct json_place *places;
	uint32_t n_places;
	uint32_t room;
	uint32_t cost;
};

/* All of one reading. */
struct json_reader {
	struct ctf_model *model;
	struct json_fragment fragment;
	struct lh_table *aliases, *clocks, *identities, *streams, *events; /* what there is, by name or number */
	bool has_trace;
	/* What the field class that is being read is part of. */
	enum ctf_scope scope; /* CTF_N_SCOPES: an alias, it may become part of any */
	bool has_clock;       /* the data stream class has one */
	uint32_t depth;       /* of the field class; 0: it is the scope */
	bool first;           /* the structure's first member */
	const char *field;    /* the member's name; NULL: it is in none */
};

/* ---- Values (read_json_text.c) ---- */

/** json_fragment_parse() - fragment.text into fragment.json and the places; the array of places is used again for each. */
bool json_fragment_parse(struct json_reader *r);

/** json_error() - "PATH:LINE:COLUMN: fragment 3 (TYPE), PATH OF @value: what". Return: false. */
bool json_error(struct json_reader *r, struct json_value value, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** json_wrong() - "must be @expected, is (the value)". Return: false. */
bool json_wrong(struct json_reader *r, struct json_value value, const char *expected);

/** Iteration over an object's members or an array's elements. Nothing else has any. */
struct json_walk {
	const char *key; /* NULL: an element */
	struct json_value value;
	uint32_t index;
	/* Private. */
	struct json_value of;
	struct json_object_iterator member;
};

void json_walk_init(struct json_walk *walk, struct json_value of);
bool json_walk_next(const struct json_reader *r, struct json_walk *walk);

/** json_type_is() - false, with an error, if it is of another type. */
bool json_type_is(struct json_reader *r, struct json_value value, enum json_type type);

/** json_get() - an object's member; absent if there is none, or @of is no object. */
struct json_value json_get(const struct json_reader *r, struct json_value of, const char *key);

/** json_get_properties() - an object's, which has all of @required and nothing but these and those of @optional. */
bool json_get_properties(struct json_reader *r, struct json_value object, uint64_t required, uint64_t optional,
			 struct json_properties *ret);

static inline bool json_is_absent(struct json_value value)
{
	return value.at == JSON_ABSENT;
}

/** json_peek_text() - a string, which goes with the fragment; NULL: it is none, or has a NUL, and the model has its error. */
const char *json_peek_text(struct json_reader *r, struct json_value value);

/* The functions below leave *ret alone when the value is absent: it holds the default. */

/** A copy in the arena. */
bool json_get_text(struct json_reader *r, struct json_value value, const char **ret);
/** An integer in min..max. */
bool json_get_uint(struct json_reader *r, struct json_value value, uint64_t min, uint64_t max, uint64_t *ret);
bool json_get_int(struct json_reader *r, struct json_value value, int64_t *ret);
bool json_get_integer(struct json_reader *r, struct json_value value, struct json_integer *ret);
/** One of @names (NULL at the end): its index. */
bool json_get_word(struct json_reader *r, struct json_value value, const char *const *names, uint32_t *ret);
/** An object of any values, as its text without white space. */
bool json_get_attributes(struct json_reader *r, struct json_value value, const char **ret);
/** Extensions are refused, all of them. */
bool json_check_extensions(struct json_reader *r, struct json_value value);

/** json_name_add() - put @item under @name, which stays the caller's. *@table: made if NULL. *@ret_had: what was there already. */
bool json_name_add(struct json_reader *r, struct lh_table **table, const char *name, void *item, void **ret_had);
/** json_name_find() - NULL: there is none. */
void *json_name_find(struct lh_table *table, const char *name);

/* ---- Field classes (read_json_class.c) ---- */

/** The specification's words for enum ctf_scope and enum ctf_encoding; NULL at the end. */
extern const char *const json_origins[], *const json_encodings[];
/** json_role() - its word for one role. */
const char *json_role(uint32_t role);

/** json_read_class() - a field class, or the alias of one that was read before; r->scope and r->has_clock say for where. */
bool json_read_class(struct json_reader *r, struct json_value value, struct model_class **ret);

#endif
