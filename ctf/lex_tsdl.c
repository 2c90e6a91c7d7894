/* SPDX-License-Identifier: MIT */
/**
 * lex_tsdl.c - TSDL's words: the lexical grammar of CTF 1.8.3, C.1.
 *
 * Bytes from 0x80 on are letters, so names may be UTF-8. A NUL is allowed nowhere, not even as an escape: names and texts are C
 * strings from here on. The table of symbols is hashed with a seed that nobody can guess, so that no metadata can be made to be
 * slow.
 */
#include "ctf/lex_tsdl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "ctf/text.h"

#define SYMBOLS_FIRST 1024u

static const char *const keywords[] = {
	"align",     "callsite", "const",    "char",    "clock", "double", "enum",     "env",        "event",  "floating_point",
	"float",     "integer",  "int",      "long",    "short", "signed", "stream",   "string",     "struct", "trace",
	"typealias", "typedef",  "unsigned", "variant", "void",  "_Bool",  "_Complex", "_Imaginary",
};

_Static_assert(sizeof(keywords) / sizeof(keywords[0]) == TSDL_IMAGINARY - TSDL_ALIGN + 1, "one keyword for each kind");

bool tsdl_is_keyword(const char *text)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (!strcmp(text, keywords[i]))
			return true;
	return false;
}

/* ---- Symbols ---- */

static uint32_t symbol_slot(const struct tsdl_lexer *lexer, uint64_t hash, const char *text, size_t size)
{
	uint32_t i = (uint32_t)hash & (lexer->room - 1);

	for (const struct tsdl_symbol *symbol; (symbol = lexer->symbols[i]); i = (i + 1) & (lexer->room - 1))
		if (symbol->hash == hash && symbol->size == size && !memcmp(symbol->text, text, size))
			break;
	return i;
}

static bool symbols_grow(struct tsdl_lexer *lexer)
{
	const uint32_t room = lexer->room ? 2 * lexer->room : SYMBOLS_FIRST;
	struct tsdl_symbol **symbols = calloc(room, sizeof(*symbols));

	if (!symbols)
		return model_no_memory(lexer->model);
	for (uint32_t i = 0; i < lexer->room; i++) {
		uint32_t slot;

		if (!lexer->symbols[i])
			continue;
		for (slot = (uint32_t)lexer->symbols[i]->hash & (room - 1); symbols[slot]; slot = (slot + 1) & (room - 1))
			;
		symbols[slot] = lexer->symbols[i];
	}
	free(lexer->symbols);
	lexer->symbols = symbols;
	lexer->room = room;
	return true;
}

const struct tsdl_symbol *tsdl_symbol(struct tsdl_lexer *lexer, const char *text, size_t size)
{
	const uint64_t hash = XXH3_64bits_withSeed(text, size, lexer->seed);
	uint32_t slot = symbol_slot(lexer, hash, text, size);
	struct tsdl_symbol *symbol;

	if (lexer->symbols[slot])
		return lexer->symbols[slot];
	if (lexer->n_symbols == TSDL_SYMBOLS_MAX) {
		model_error(lexer->model, lexer->token.line, lexer->token.column, "the text has more than %u different words",
			    TSDL_SYMBOLS_MAX);
		return NULL;
	}
	symbol = model_alloc(lexer->model, sizeof(*symbol));
	if (!symbol)
		return NULL;
	*symbol = (struct tsdl_symbol){.text = model_text(lexer->model, text, size), .size = size, .kind = TSDL_NAME, .hash = hash};
	if (!symbol->text)
		return NULL;
	lexer->symbols[slot] = symbol;
	lexer->n_symbols++;
	if (lexer->n_symbols > lexer->room / 2 && !symbols_grow(lexer))
		return NULL;
	return symbol;
}

const struct tsdl_symbol *tsdl_symbol_find(const struct tsdl_lexer *lexer, const char *text, size_t size)
{
	return lexer->symbols[symbol_slot(lexer, XXH3_64bits_withSeed(text, size, lexer->seed), text, size)];
}

static bool add_keywords(struct tsdl_lexer *lexer)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		struct tsdl_symbol *symbol = (struct tsdl_symbol *)tsdl_symbol(lexer, keywords[i], strlen(keywords[i]));

		if (!symbol)
			return false;
		symbol->kind = TSDL_ALIGN + (int)i;
	}
	return true;
}

/* ---- Characters ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static uint32_t column_of(const struct tsdl_lexer *lexer, const char *at)
{
	return (uint32_t)(at - lexer->line_start) + 1;
}

/* No more tokens. */
static void stop(struct tsdl_lexer *lexer)
{
	lexer->token.kind = TSDL_BAD;
	lexer->at = lexer->end;
}

static void bad(struct tsdl_lexer *lexer, const char *at, const char *what)
{
	if (!lexer->quiet)
		model_error(lexer->model, lexer->line, column_of(lexer, at), "%s", what);
	stop(lexer);
}

/* ---- Escapes ---- */

/* \uXXXX, \UXXXXXXXX; @at: of the backslash. Return: behind it; NULL: bad(). */
static const char *universal(struct tsdl_lexer *lexer, const char *at, char **to)
{
	const int n = at[1] == 'u' ? 4 : 8;
	uint32_t c = 0;
	size_t size;

	for (int i = 0; i < n; i++) {
		const int digit = lexer->end - at > i + 2 ? hex_digit(at[i + 2]) : -1;

		if (digit < 0) {
			bad(lexer, at,
			    n == 4 ? "\\u must be followed by 4 hexadecimal digits"
				   : "\\U must be followed by 8 hexadecimal digits");
			return NULL;
		}
		c = c << 4 | (uint32_t)digit;
	}
	size = !c || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : ctf_text_put(*to, c);
	if (!size) {
		bad(lexer, at, "this escape is no character");
		return NULL;
	}
	*to += size;
	return at + 2 + n;
}

/* Octal and hexadecimal ones: @at: of the first digit. */
static const char *numeric_escape(struct tsdl_lexer *lexer, const char *backslash, const char *at, char **to)
{
	const bool hex = at[0] == 'x';
	const char *first = hex ? at + 1 : at;
	uint32_t c = 0;

	for (at = first; at < lexer->end && c < 0x100; at++) {
		if (hex ? hex_digit(*at) < 0 : (!is_octal(*at) || at - first == 3))
			break;
		c = c * (hex ? 16 : 8) + (uint32_t)hex_digit(*at);
	}
	if (at == first)
		bad(lexer, backslash, "\\x must be followed by hexadecimal digits");
	else if (c > 0xff)
		bad(lexer, backslash, "this escape is more than a byte");
	else if (!c)
		bad(lexer, backslash, "a text cannot hold the character 0");
	else
		*(*to)++ = (char)c;
	return lexer->token.kind == TSDL_BAD ? NULL : at;
}

/* @at: of the backslash. Return: behind it; NULL: bad(). */
static const char *escape(struct tsdl_lexer *lexer, const char *at, char **to)
{
	static const char names[] = "'\"?\\abfnrtv";
	static const char values[] = "'\"?\\\a\b\f\n\r\t\v";
	const char *found;

	if (lexer->end - at < 2) {
		bad(lexer, at, "the text ends in an escape");
		return NULL;
	}
	if (at[1] == 'u' || at[1] == 'U')
		return universal(lexer, at, to);
	if (at[1] == 'x' || is_octal(at[1]))
		return numeric_escape(lexer, at, at + 1, to);
	found = at[1] ? strchr(names, at[1]) : NULL;
	if (!found) {
		bad(lexer, at, "there is no such escape; write \\\\ for a backslash");
		return NULL;
	}
	*(*to)++ = values[found - names];
	return at + 2;
}

/* Room for a token's text: no escape is longer than it is written. */
static bool text_reserve(struct tsdl_lexer *lexer, size_t size)
{
	char *text;

	if (size <= lexer->text_room)
		return true;
	text = realloc(lexer->text, size);
	if (!text) {
		stop(lexer);
		return model_no_memory(lexer->model);
	}
	lexer->text = text;
	lexer->text_room = size;
	return true;
}

/* ---- Tokens ---- */

/* Where a text or character constant ends: at its quote; NULL: bad(). */
static const char *closing_quote(struct tsdl_lexer *lexer, const char *from, char quote, bool *ret_escapes)
{
	const char *at;

	*ret_escapes = false;
	for (at = from; at < lexer->end && *at != quote; at++) {
		if (*at == '\n' || !*at)
			break;
		if (*at == '\\') {
			*ret_escapes = true;
			if (lexer->end - at > 1 && at[1] != '\n')
				at++;
		}
	}
	if (at < lexer->end && *at == quote)
		return at;
	if (at < lexer->end && !*at)
		bad(lexer, at, "a NUL in the text");
	else
		bad(lexer, lexer->token.raw,
		    quote == '"' ? "this text has no closing \" on its line" : "this character has no closing ' on its line");
	return NULL;
}

/* What is between quotes, without escapes, is [*ret_text, Return). */
static const char *unquote(struct tsdl_lexer *lexer, const char *from, const char *quote, bool escapes, const char **ret_text)
{
	char *to;

	*ret_text = from;
	if (!escapes)
		return quote;
	if (!text_reserve(lexer, (size_t)(quote - from)))
		return NULL;
	to = lexer->text;
	while (from < quote) {
		if (*from != '\\') {
			*to++ = *from++;
			continue;
		}
		from = escape(lexer, from, &to);
		if (!from)
			return NULL;
	}
	*ret_text = lexer->text;
	return to;
}

static void token_end(struct tsdl_lexer *lexer, int kind, const char *at)
{
	lexer->token.kind = kind;
	lexer->token.raw_size = (size_t)(at - lexer->token.raw);
	lexer->at = at;
}

static void token_symbol(struct tsdl_lexer *lexer, const char *text, size_t size)
{
	lexer->token.symbol = tsdl_symbol(lexer, text, size);
	if (!lexer->token.symbol)
		stop(lexer);
}

/* @from: behind the opening quote. */
static void scan_text(struct tsdl_lexer *lexer, const char *from)
{
	const char *text, *text_end, *quote;
	bool escapes;

	quote = closing_quote(lexer, from, '"', &escapes);
	if (!quote)
		return;
	text_end = unquote(lexer, from, quote, escapes, &text);
	if (!text_end)
		return;
	token_end(lexer, TSDL_TEXT, quote + 1);
	token_symbol(lexer, text, (size_t)(text_end - text));
}

static void scan_character(struct tsdl_lexer *lexer, const char *from)
{
	const char *text, *text_end, *quote;
	bool escapes;

	quote = closing_quote(lexer, from, '\'', &escapes);
	if (!quote)
		return;
	text_end = unquote(lexer, from, quote, escapes, &text);
	if (!text_end)
		return;
	if (text_end - text != 1) {
		bad(lexer, lexer->token.raw, "a character constant must be of one byte");
		return;
	}
	lexer->token.number = (unsigned char)*text;
	token_end(lexer, TSDL_NUMBER, quote + 1);
}

/* u, l, ll and their combinations, in any case. */
static bool is_suffix(const char *at, const char *end)
{
	bool has_unsigned = false, has_long = false;

	while (at < end) {
		if ((*at == 'u' || *at == 'U') && !has_unsigned) {
			has_unsigned = true;
			at++;
		} else if ((*at == 'l' || *at == 'L') && !has_long) {
			has_long = true;
			at += end - at > 1 && at[1] == at[0] ? 2 : 1;
		} else {
			return false;
		}
	}
	return true;
}

static void scan_number(struct tsdl_lexer *lexer)
{
	const char *at = lexer->at, *end = at, *first;
	unsigned int base = 10;
	uint64_t number = 0;

	while (end < lexer->end && (is_digit(*end) || is_letter(*end)))
		end++;
	if (*at == '0') {
		base = end - at > 1 && (at[1] == 'x' || at[1] == 'X') ? 16 : 8;
		at += base == 16 ? 2 : 0;
	}
	for (first = at; at < end; at++) {
		const int digit = hex_digit(*at);

		if (digit < 0 || digit >= (int)base)
			break;
		if (__builtin_mul_overflow(number, base, &number) || __builtin_add_overflow(number, (uint64_t)digit, &number)) {
			bad(lexer, lexer->token.raw, "this number has more than 64 bits");
			return;
		}
	}
	if (at == first)
		bad(lexer, lexer->token.raw, "0x must be followed by hexadecimal digits");
	else if (base == 8 && at < end && is_digit(*at))
		bad(lexer, at, "this is no octal digit; a number that begins with 0 is octal");
	else if (!is_suffix(at, end))
		bad(lexer, at, "this does not belong to a number; suffixes are u, l and ll");
	if (lexer->token.kind == TSDL_BAD)
		return;
	lexer->token.number = number;
	token_end(lexer, TSDL_NUMBER, end);
}

/* A name with \u or \U in it, from its beginning on. */
static void scan_universal_name(struct tsdl_lexer *lexer)
{
	const char *at = lexer->at;
	char *to;

	while (at < lexer->end && (is_letter(*at) || is_digit(*at) || *at == '\\'))
		at++;
	if (!text_reserve(lexer, (size_t)(at - lexer->at)))
		return;
	to = lexer->text;
	at = lexer->at;
	while (at < lexer->end && (is_letter(*at) || is_digit(*at) || *at == '\\')) {
		if (*at != '\\') {
			*to++ = *at++;
			continue;
		}
		if (lexer->end - at < 2 || (at[1] != 'u' && at[1] != 'U')) {
			bad(lexer, at, "in a name, a backslash begins \\u or \\U and nothing else");
			return;
		}
		at = universal(lexer, at, &to);
		if (!at)
			return;
	}
	token_end(lexer, TSDL_NAME, at);
	token_symbol(lexer, lexer->text, (size_t)(to - lexer->text));
}

static void scan_word(struct tsdl_lexer *lexer)
{
	const char *at = lexer->at;

	while (at < lexer->end && (is_letter(*at) || is_digit(*at)))
		at++;
	if (at < lexer->end && *at == '\\') {
		scan_universal_name(lexer);
		return;
	}
	if (at - lexer->at == 1 && *lexer->at == 'L' && at < lexer->end && *at == '"') {
		scan_text(lexer, at + 1);
		return;
	}
	if (at - lexer->at == 1 && *lexer->at == 'L' && at < lexer->end && *at == '\'') {
		scan_character(lexer, at + 1);
		return;
	}
	token_end(lexer, TSDL_NAME, at);
	token_symbol(lexer, lexer->token.raw, lexer->token.raw_size);
	if (lexer->token.kind != TSDL_BAD)
		lexer->token.kind = lexer->token.symbol->kind;
}

static void scan_punctuator(struct tsdl_lexer *lexer)
{
	const char *at = lexer->at;
	const size_t left = (size_t)(lexer->end - at);
	char what[] = "the byte 0x00 has no place in TSDL";
	static const char digits[] = "0123456789abcdef";

	if (left >= 3 && !memcmp(at, "...", 3)) {
		token_end(lexer, TSDL_ELLIPSIS, at + 3);
	} else if (left >= 2 && !memcmp(at, ":=", 2)) {
		token_end(lexer, TSDL_DEFINE, at + 2);
	} else if (left >= 2 && !memcmp(at, "->", 2)) {
		token_end(lexer, TSDL_ARROW, at + 2);
	} else if (*at && strchr("[](){}.*+-<>:;=,", *at)) {
		token_end(lexer, *at, at + 1);
	} else {
		what[11] = digits[(unsigned char)*at >> 4];
		what[12] = digits[*at & 15];
		bad(lexer, at, what);
	}
}

/* Comments and blanks. Return: false: bad(). */
static bool skip_blanks(struct tsdl_lexer *lexer)
{
	while (lexer->at < lexer->end) {
		const char *at = lexer->at;

		if (*at == '\n') {
			lexer->at++;
			lexer->line++;
			lexer->line_start = lexer->at;
		} else if (*at == ' ' || (*at >= '\t' && *at <= '\r')) {
			lexer->at++;
		} else if (*at == '/' && lexer->end - at > 1 && at[1] == '/') {
			const char *eol = memchr(at, '\n', (size_t)(lexer->end - at));

			lexer->at = eol ? eol : lexer->end;
		} else if (*at == '/' && lexer->end - at > 1 && at[1] == '*') {
			const char *close = memmem(at + 2, (size_t)(lexer->end - at) - 2, "*/", 2);

			if (!close) {
				bad(lexer, at, "this comment has no end; */ is missing");
				return false;
			}
			for (at += 2; (at = memchr(at, '\n', (size_t)(close - at))); at++) {
				lexer->line++;
				lexer->line_start = at + 1;
			}
			lexer->at = close + 2;
		} else {
			break;
		}
	}
	return true;
}

void tsdl_next(struct tsdl_lexer *lexer)
{
	if (lexer->token.kind == TSDL_BAD || !skip_blanks(lexer))
		return;
	lexer->token =
		(struct tsdl_token){.kind = TSDL_END, .line = lexer->line, .column = column_of(lexer, lexer->at), .raw = lexer->at};
	if (lexer->at == lexer->end)
		return;
	if (is_letter(*lexer->at) || *lexer->at == '\\')
		scan_word(lexer);
	else if (is_digit(*lexer->at))
		scan_number(lexer);
	else if (*lexer->at == '"')
		scan_text(lexer, lexer->at + 1);
	else if (*lexer->at == '\'')
		scan_character(lexer, lexer->at + 1);
	else
		scan_punctuator(lexer);
}

struct tsdl_place tsdl_place(const struct tsdl_lexer *lexer)
{
	return (struct tsdl_place){lexer->token, lexer->at, lexer->line_start, lexer->line};
}

void tsdl_go_back(struct tsdl_lexer *lexer, const struct tsdl_place *place)
{
	lexer->token = place->token;
	lexer->at = place->at;
	lexer->line_start = place->line_start;
	lexer->line = place->line;
}

int tsdl_peek(struct tsdl_lexer *lexer)
{
	const struct tsdl_place place = tsdl_place(lexer);
	const bool quiet = lexer->quiet;
	int kind;

	lexer->quiet = true;
	tsdl_next(lexer);
	kind = lexer->token.kind;
	lexer->quiet = quiet;
	tsdl_go_back(lexer, &place);
	return kind;
}

bool tsdl_lexer_init(struct tsdl_lexer *lexer, struct ctf_model *model, const char *text, size_t size)
{
	*lexer = (struct tsdl_lexer){.model = model, .at = text, .end = text + size, .line_start = text, .line = 1};
	if (getrandom(&lexer->seed, sizeof(lexer->seed), GRND_NONBLOCK) != sizeof(lexer->seed))
		lexer->seed = (uintptr_t)lexer ^ (uintptr_t)text;
	if (!symbols_grow(lexer) || !add_keywords(lexer))
		return false;
	tsdl_next(lexer);
	return true;
}

void tsdl_lexer_fini(struct tsdl_lexer *lexer)
{
	free(lexer->symbols);
	free(lexer->text);
}
