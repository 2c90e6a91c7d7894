/* SPDX-License-Identifier: MIT */
/**
 * read_tsdl.h - what the parts of the TSDL parser share: blocks (read_tsdl.c), types (types_tsdl.c, numbers_tsdl.c). Not for
 * anybody else.
 *
 * A recursive descent with one token of look-ahead. Nothing nests but structures and variants, in each other and in a block; they
 * count against CTF_DEPTH_MAX, so the machine's stack is bounded. Functions that return bool return false after model_error(),
 * those that return a pointer NULL.
 */
#ifndef BL_CTF_READ_TSDL_H
#define BL_CTF_READ_TSDL_H

#include "ctf/lex_tsdl.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))
#define TSDL_PATH_MAX (CTF_DEPTH_MAX + 4) /* names with dots between; scopes have up to 3 in front */

/** What is behind a '=', in brackets, or between < and >. */
struct tsdl_value {
	int kind; /* TSDL_NUMBER; TSDL_TEXT; TSDL_NAME: a path */
	bool negative;
	uint32_t line;
	uint32_t column;
	uint64_t number; /* without its sign */
	uint32_t n;      /* names of the path; 1: a text */
	const struct tsdl_symbol *path[TSDL_PATH_MAX];
};

/** A reference that may be bound to the structure around its type's definition, which is still open. */
struct tsdl_ref {
	struct model_ref pub;
	uint32_t space; /* of that structure's members; 0: it is not bound */
};

/** What stands for a scope in the reference to a length in the environment. */
#define TSDL_SCOPE_ENV CTF_N_SCOPES

/**
 * A map from (space, symbol) to an address; entries are never taken out. A space is a number: each lexical scope has one for its
 * types, each structure one for its members, each enumeration one for its labels.
 */
struct tsdl_names {
	struct tsdl_name *slots;
	uint32_t n;
	uint32_t room; /* a power of 2 */
};

struct tsdl_name {
	const struct tsdl_symbol *symbol; /* NULL: the slot is free */
	void *value;
	uint32_t space;
};

/** A lexical scope: where types are declared. */
struct tsdl_scope {
	uint32_t space;
	uint32_t n_types;
};

/** A structure or variant that is still open. */
struct tsdl_open {
	uint32_t space;
	uint32_t first; /* of its members, in tsdl_reader.members */
	bool is_variant;
	bool has_bound; /* references are bound to it */
	/* For bit fields: */
	uint32_t n_measured; /* of its members */
	uint64_t bits;       /* of those */
	uint32_t unit;       /* the largest one, in bits */
};

struct tsdl_member {
	const struct tsdl_symbol *symbol;
	struct model_class *class;
	int8_t keeps; /* its underscore: 1, 0; -1: not known yet */
};

/** A line of an enumeration. */
struct tsdl_label {
	const struct tsdl_symbol *symbol;
	struct ctf_range range;
	uint32_t mapping;
};

struct tsdl_reader {
	struct ctf_model *model;
	struct tsdl_lexer lexer;
	struct tsdl_names names;
	uint32_t n_spaces;
	struct tsdl_scope scopes[CTF_DEPTH_MAX + 3]; /* the whole text's, then from the outside in */
	uint32_t n_scopes;
	struct tsdl_open open[CTF_DEPTH_MAX]; /* from the outside in */
	uint32_t n_open;
	uint32_t defining;           /* of open: that many are around the type that is being given a name */
	struct tsdl_member *members; /* of all that are open */
	uint32_t n_members;
	uint32_t members_room;
	struct tsdl_label *labels; /* of the enumeration that is open */
	uint32_t n_labels;
	uint32_t labels_room;
	char *text; /* a type's name of more than one word */
	size_t text_size;
	size_t text_room;
	uint32_t env_space; /* of the environment's names */
	uint32_t clock_space;
	bool in_container; /* of an enumeration: nothing nests there */
	bool has_trace;
	bool has_env_lengths;
};

static inline int tsdl_kind(const struct tsdl_reader *reader)
{
	return reader->lexer.token.kind;
}

/* ---- Words and values: read_tsdl.c ---- */

/** tsdl_expected() - the error that @what should be where the token is. Return: false. */
bool tsdl_expected(struct tsdl_reader *reader, const char *what);
/** tsdl_accept() - pass over a token of the kind, if it is one. */
bool tsdl_accept(struct tsdl_reader *reader, int kind);
/** tsdl_expect() - pass over a token of the kind; @what as in tsdl_expected(). */
bool tsdl_expect(struct tsdl_reader *reader, int kind, const char *what);
bool tsdl_value(struct tsdl_reader *reader, struct tsdl_value *ret);
/** tsdl_text() - a text or a single name; NULL: it is neither, which is no error yet. */
const struct tsdl_symbol *tsdl_text(const struct tsdl_value *value);
/** tsdl_unsigned() - a number from @min to @max; @what: "the size". */
bool tsdl_unsigned(struct tsdl_reader *reader, const struct tsdl_value *value, const char *what, uint64_t min, uint64_t max,
		   uint64_t *ret);
bool tsdl_signed(struct tsdl_reader *reader, const struct tsdl_value *value, const char *what, int64_t *ret);
bool tsdl_bool(struct tsdl_reader *reader, const struct tsdl_value *value, const char *what, bool *ret);

/** An attribute of a block: one of the two functions. */
struct tsdl_attribute {
	const char *name;
	bool (*set)(struct tsdl_reader *reader, void *object, const struct tsdl_value *value);
	bool (*define)(struct tsdl_reader *reader, void *object, struct model_class *class);
};

/** A kind of block: its attributes. Others are passed over. */
struct tsdl_block {
	const char *name;
	const struct tsdl_attribute *attributes;
	size_t n_attributes;
	/* Instead, if not NULL: any name. */
	bool (*set_any)(struct tsdl_reader *reader, const struct tsdl_value *name, const struct tsdl_value *value);
};

/** tsdl_read_block() - from '{' to '}' */
bool tsdl_read_block(struct tsdl_reader *reader, const struct tsdl_block *block, void *object);

/* ---- Types without others in them: numbers_tsdl.c ---- */

/** tsdl_align() - a power of 2, up to CTF_ALIGN_MAX. */
bool tsdl_align(struct tsdl_reader *reader, const struct tsdl_value *value, uint64_t *ret);
/** Behind the keyword, which is at @line, @column. */
struct model_class *tsdl_read_integer(struct tsdl_reader *reader, uint32_t line, uint32_t column);
struct model_class *tsdl_read_float(struct tsdl_reader *reader, uint32_t line, uint32_t column);
struct model_class *tsdl_read_string(struct tsdl_reader *reader, uint32_t line, uint32_t column);

/* ---- Types: types_tsdl.c ---- */

bool tsdl_scope_open(struct tsdl_reader *reader);
void tsdl_scope_close(struct tsdl_reader *reader);

/** tsdl_name_find() - NULL: it is not there. */
void *tsdl_name_find(const struct tsdl_reader *reader, uint32_t space, const struct tsdl_symbol *symbol);
/** tsdl_name_add() - one that is not there yet. */
bool tsdl_name_add(struct tsdl_reader *reader, uint32_t space, const struct tsdl_symbol *symbol, void *value);

/** tsdl_read_declaration() - a typealias, a typedef, or a type with a name, up to ';' */
bool tsdl_read_declaration(struct tsdl_reader *reader);
/** tsdl_read_structure() - what is behind ':=', for the caller alone; @what: "packet.header". */
struct model_class *tsdl_read_structure(struct tsdl_reader *reader, const char *what);

/** What is done with a class that refers to another; @out: how many structures are around it in the class that is searched. */
typedef bool (*tsdl_visit)(struct tsdl_reader *reader, struct model_class *class, uint32_t space, uint32_t out);

/** tsdl_each_ref() - call @visit for each class in @class that refers to another. */
bool tsdl_each_ref(struct tsdl_reader *reader, struct model_class *class, tsdl_visit visit, uint32_t space);

#endif
