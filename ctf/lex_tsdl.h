/* SPDX-License-Identifier: MIT */
/**
 * lex_tsdl.h - TSDL's words. Not for anybody but the parser.
 *
 * Every word and every text in quotes is a symbol: there is one of each spelling, so that they are compared by address. Symbols
 * live in the model's arena; the text that is read may go afterwards.
 */
#ifndef BL_CTF_LEX_TSDL_H
#define BL_CTF_LEX_TSDL_H

#include "ctf/model.h"

#define TSDL_SYMBOLS_MAX (1u << 21) /* different words and texts */

/** What a token is: a punctuator of one character is that character. */
enum tsdl_kind {
	TSDL_END = 0,
	TSDL_BAD = 256, /* model_error() was called; there are no more */
	TSDL_NAME,
	TSDL_TEXT,
	TSDL_NUMBER, /* a character constant, too */
	TSDL_ELLIPSIS,
	TSDL_ARROW,
	TSDL_DEFINE, /* := */
	TSDL_ALIGN,  /* the first keyword */
	TSDL_CALLSITE,
	TSDL_CONST,
	TSDL_CHAR,
	TSDL_CLOCK,
	TSDL_DOUBLE,
	TSDL_ENUM,
	TSDL_ENV,
	TSDL_EVENT,
	TSDL_FLOATING_POINT,
	TSDL_FLOAT,
	TSDL_INTEGER,
	TSDL_INT,
	TSDL_LONG,
	TSDL_SHORT,
	TSDL_SIGNED,
	TSDL_STREAM,
	TSDL_STRING,
	TSDL_STRUCT,
	TSDL_TRACE,
	TSDL_TYPEALIAS,
	TSDL_TYPEDEF,
	TSDL_UNSIGNED,
	TSDL_VARIANT,
	TSDL_VOID,
	TSDL_BOOL,
	TSDL_COMPLEX,
	TSDL_IMAGINARY,
};

struct tsdl_symbol {
	const char *text;
	size_t size;
	int kind; /* TSDL_NAME or a keyword: what it is without quotes */
	uint64_t hash;
};

struct tsdl_token {
	int kind;
	uint32_t line;
	uint32_t column;
	const struct tsdl_symbol *symbol; /* words and texts */
	uint64_t number;
	const char *raw; /* as in the text */
	size_t raw_size;
};

struct tsdl_lexer {
	struct ctf_model *model;
	struct tsdl_token token; /* the one that is looked at */
	const char *at;          /* behind it */
	const char *end;
	const char *line_start;
	uint32_t line;
	bool quiet; /* errors are not model errors */
	struct tsdl_symbol **symbols;
	uint32_t n_symbols;
	uint32_t room; /* a power of 2 */
	uint64_t seed;
	char *text; /* of a token with escapes */
	size_t text_room;
};

/** tsdl_lexer_init() - look at the first token. Return: false: model_error() was called; it needs tsdl_lexer_fini() all the same.
 */
bool tsdl_lexer_init(struct tsdl_lexer *lexer, struct ctf_model *model, const char *text, size_t size);
void tsdl_lexer_fini(struct tsdl_lexer *lexer);

/** tsdl_next() - look at the next token. */
void tsdl_next(struct tsdl_lexer *lexer);

/** tsdl_place(), tsdl_go_back() - to read again from the token that is looked at. */
struct tsdl_place {
	struct tsdl_token token;
	const char *at;
	const char *line_start;
	uint32_t line;
};

struct tsdl_place tsdl_place(const struct tsdl_lexer *lexer);
void tsdl_go_back(struct tsdl_lexer *lexer, const struct tsdl_place *place);

/** tsdl_peek() - the kind of the token behind the one that is looked at. */
int tsdl_peek(struct tsdl_lexer *lexer);

/** tsdl_symbol() - the symbol of a spelling, made if it is new; NULL: model_error() was called. */
const struct tsdl_symbol *tsdl_symbol(struct tsdl_lexer *lexer, const char *text, size_t size);

/** tsdl_symbol_find() - NULL: there is none. */
const struct tsdl_symbol *tsdl_symbol_find(const struct tsdl_lexer *lexer, const char *text, size_t size);

static inline bool tsdl_is_word(int kind)
{
	return kind == TSDL_NAME || kind >= TSDL_ALIGN;
}

/** tsdl_is_keyword() - is it no name? */
bool tsdl_is_keyword(const char *text);

#endif
