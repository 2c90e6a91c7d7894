/* SPDX-License-Identifier: MIT */
/*
 * expr.c - from the text of an expression to its tree, and from the tree to a filter for one event. The language is in expr.h, the
 * machine in lib/abi/filter.h.
 *
 * The tree is an array of nodes that refer to each other by index; children have lower indices than their parents. Strings and
 * names lie behind it, in the same block of memory.
 *
 * Compiling for an event: the types of all fields are known, so
 *
 *     what cannot hold (a field that is not there, a string with a number) or always does is decided here (truth_of), never
 *     emitted; hence the machine meets no "nothing", and an event for which the whole is decided needs no filter at all
 *
 * and labels of enumerations become ranges of values. Code is emitted in one of two ways: emit_condition(), whose value is only
 * ever asked whether it is true, and emit_value(), whose value is compared.
 */
#include "record/expr.h"

#include <errno.h>
#include <fnmatch.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Every node costs an operation, so more could never be compiled. */
#define NODES_MAX BL_FILTER_OPS_MAX
#define NUMBER_TEXT_MAX 64u

enum node_kind {
	NODE_I64,
	NODE_U64,
	NODE_F64,
	NODE_TEXT,
	NODE_FIELD,
	NODE_TID,
	NODE_PID,
	NODE_BITS,
	NODE_COMPARE,
	NODE_NOT,
	NODE_AND,
	NODE_OR,
};

struct node {
	enum node_kind kind;
	enum bl_filter_code op; /* of a comparison */
	bool negate;            /* of a comparison: !~ */
	bool sensible;          /* field: some event has it; comparison: the types fitted once, and the label was found */
	bool reached;           /* comparison: some event has all of its fields */
	uint32_t left;
	uint32_t right;
	uint32_t begin; /* of its text, for messages; [begin, end) */
	uint32_t end;
	union {
		int64_t i64;
		uint64_t u64;
		double f64;
		const char *string; /* text, field */
	} as;
};

struct expr {
	uint32_t n_nodes;
	uint32_t root;
	struct node node[NODES_MAX];
	char source_and_strings[]; /* the text with its NUL, then what was unescaped */
};

/* ---- Words ---- */

enum token_kind {
	TOKEN_END,
	TOKEN_VALUE, /* number, string, true, false, context, field: node is filled in */
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_NOT,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_BITS,
	TOKEN_COMPARE, /* op, and negate for !~ */
};

struct parser {
	struct expr *expr;
	const char *text;
	char *strings; /* where the next string goes */
	struct expr_error *error;
	locale_t c_locale; /* numbers have a point, whatever the user's locale */
	uint32_t at;       /* behind the current word */
	uint32_t begin;    /* of the current word */
	uint32_t last_end; /* of the word before it */
	uint32_t depth;
	uint32_t text_size; /* of all strings, as they will be in the filter */
	enum token_kind token;
	struct node node; /* of the current word */
};

__attribute__((format(printf, 3, 4))) static bool fail(struct parser *p, size_t at, const char *format, ...)
{
	va_list args;

	p->error->column = at + 1;
	va_start(args, format);
	vsnprintf(p->error->message, sizeof(p->error->message), format, args);
	va_end(args);
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(char c)
{
	return is_name_start(c) || is_digit(c);
}

/* 0..35, or 36 for what is no digit in any base. */
static unsigned digit_value(char c)
{
	if (is_digit(c))
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A') + 10;
	return 36;
}

/* The factor that a suffix at p->at stands for, moved behind it; 1 without one; 0 and an error for a bad one. */
static uint64_t number_suffix(struct parser *p)
{
	static const char letters[] = "kMGT";
	const char c = p->text[p->at];
	const char *letter = strchr("KMGT", c);
	uint64_t factor = 1;
	int i;

	if (!is_name_start(c))
		return 1;
	if (c != 'k' && !letter) {
		fail(p, p->at, "'%c' does not belong to a number; suffixes are k M G T and Ki Mi Gi Ti", c);
		return 0;
	}
	if (letter && p->text[p->at + 1] == 'i') {
		factor = 1ull << 10 * (letter - "KMGT" + 1);
		p->at += 2;
	} else if (c == 'K') {
		fail(p, p->at, "K is ambiguous: write k (1000) or Ki (1024)");
		return 0;
	} else {
		for (i = 0; i <= strchr(letters, c) - letters; i++)
			factor *= 1000;
		p->at++;
	}
	if (is_name(p->text[p->at])) {
		fail(p, p->at, "'%c' does not belong to a number", p->text[p->at]);
		return 0;
	}
	return factor;
}

static bool set_integer(struct parser *p, uint64_t value, bool negative)
{
	if (negative) {
		if (value > 1ull << 63)
			return fail(p, p->begin, "this number is below -2^63");
		p->node.kind = NODE_I64;
		p->node.as.u64 = -value;
	} else {
		p->node.kind = value > INT64_MAX ? NODE_U64 : NODE_I64;
		p->node.as.u64 = value;
	}
	return true;
}

static bool lex_float(struct parser *p, bool negative)
{
	char number[NUMBER_TEXT_MAX];
	const uint32_t begin = p->at;
	uint64_t factor;
	uint32_t size;

	while (is_digit(p->text[p->at]))
		p->at++;
	if (p->text[p->at] == '.') {
		if (!is_digit(p->text[++p->at]))
			return fail(p, p->at, "a digit is missing behind the point");
		while (is_digit(p->text[p->at]))
			p->at++;
	}
	if (p->text[p->at] == 'e' || p->text[p->at] == 'E') {
		p->at++;
		if (p->text[p->at] == '-' || p->text[p->at] == '+')
			p->at++;
		if (!is_digit(p->text[p->at]))
			return fail(p, p->at, "the exponent is missing");
		while (is_digit(p->text[p->at]))
			p->at++;
	}
	size = p->at - begin;
	if (size >= sizeof(number))
		return fail(p, begin, "this number has too many digits");
	memcpy(number, p->text + begin, size);
	number[size] = '\0';
	factor = number_suffix(p);
	if (!factor)
		return false;
	p->node.kind = NODE_F64;
	p->node.as.f64 = strtod_l(number, NULL, p->c_locale) * (double)factor;
	if (p->node.as.f64 > __DBL_MAX__)
		return fail(p, begin, "this number is too large");
	if (negative)
		p->node.as.f64 = -p->node.as.f64;
	return true;
}

static bool lex_digits(struct parser *p, unsigned base, const char *base_name, uint64_t *ret)
{
	const uint32_t begin = p->at;
	uint64_t value = 0;

	for (; digit_value(p->text[p->at]) < base; p->at++)
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit_value(p->text[p->at]), &value))
			return fail(p, p->begin, "this number does not fit into 64 bits");
	if (p->at == begin || (base != 10 && is_name(p->text[p->at])))
		return fail(p, p->at, "%s digit expected", base_name);
	*ret = value;
	return true;
}

struct base {
	char letter;
	unsigned base;
	const char *name;
};

static const struct base *find_base(char letter)
{
	static const struct base bases[] = {{'x', 16, "hexadecimal"}, {'o', 8, "octal"}, {'b', 2, "binary"}};
	size_t i;

	for (i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		if (bases[i].letter == letter)
			return &bases[i];
	return NULL;
}

static bool lex_number(struct parser *p)
{
	const struct base *base;
	const bool negative = p->text[p->at] == '-';
	const char *digits;
	size_t n_digits;
	uint64_t factor;
	uint64_t value;

	p->at += negative;
	digits = p->text + p->at;
	n_digits = strspn(digits, "0123456789");
	if (!n_digits)
		return fail(p, p->begin, "a minus sign can only stand in front of a number");
	if (digits[n_digits] == '.' || (digits[n_digits] | 0x20) == 'e')
		return lex_float(p, negative);
	if (digits[0] == '0' && n_digits == 1 && (base = find_base((char)(digits[1] | 0x20)))) {
		p->at += 2;
		return lex_digits(p, base->base, base->name, &value) && set_integer(p, value, negative);
	}
	if (digits[0] == '0' && n_digits > 1)
		return lex_digits(p, 8, "octal (the number begins with 0)", &value) && set_integer(p, value, negative);
	if (!lex_digits(p, 10, "decimal", &value))
		return false;
	factor = number_suffix(p);
	if (!factor)
		return false;
	if (__builtin_mul_overflow(value, factor, &value))
		return fail(p, p->begin, "this number does not fit into 64 bits");
	return set_integer(p, value, negative);
}

/* \x.. and \ooo. Sets *ret, which is 1..255. */
static bool lex_byte_escape(struct parser *p, char *ret)
{
	const uint32_t begin = p->at - 1;
	const bool hex = p->text[p->at] == 'x';
	const unsigned base = hex ? 16 : 8;
	const uint32_t n_max = hex ? 2 : 3;
	unsigned value = 0;
	uint32_t n = 0;

	p->at += hex;
	for (; n < n_max && digit_value(p->text[p->at]) < base; n++)
		value = value * base + digit_value(p->text[p->at++]);
	if (!n)
		return fail(p, p->at, "\\x needs hexadecimal digits");
	if (value > 255)
		return fail(p, begin, "this is more than a byte");
	if (!value)
		return fail(p, begin, "strings end at a NUL, so it cannot be in one");
	*ret = (char)value;
	return true;
}

/* Behind a backslash. */
static bool lex_escape(struct parser *p, char *ret)
{
	static const char from[] = "abfnrtve\\\"'?";
	static const char to[] = "\a\b\f\n\r\t\v\033\\\"'?";
	const char c = p->text[p->at];
	const char *found;

	if (c == 'x' || (c >= '0' && c <= '7'))
		return lex_byte_escape(p, ret);
	found = c ? strchr(from, c) : NULL;
	if (!found) {
		if (c && strchr("*[]-!", c))
			return fail(p, p->at - 1, "unknown escape; to quote a character of a glob write \\\\%c", c);
		return fail(p, p->at - 1, "unknown escape; for a backslash write \\\\");
	}
	p->at++;
	*ret = to[found - from];
	return true;
}

static bool lex_string(struct parser *p)
{
	const char quote = p->text[p->at++];
	char *const string = p->strings;

	for (;;) {
		char c = p->text[p->at];

		if (!c)
			return fail(p, p->begin, "this string has no closing %c", quote);
		p->at++;
		if (c == quote)
			break;
		if (c == '\\' && !lex_escape(p, &c))
			return false;
		*p->strings++ = c;
	}
	*p->strings++ = '\0';
	p->text_size += (uint32_t)(p->strings - string) - 1;
	if (p->text_size > BL_FILTER_TEXT_MAX)
		return fail(p, p->begin, "the strings of an expression can have %u bytes together", BL_FILTER_TEXT_MAX);
	p->node.kind = NODE_TEXT;
	p->node.as.string = string;
	return true;
}

static void keep_name(struct parser *p, const char *name, size_t size)
{
	p->node.kind = NODE_FIELD;
	p->node.as.string = p->strings;
	memcpy(p->strings, name, size);
	p->strings[size] = '\0';
	p->strings += size + 1;
}

static bool lex_quoted_name(struct parser *p)
{
	const char *name = p->text + p->at + 1;
	const char *end = strchr(name, '`');

	if (!end)
		return fail(p, p->begin, "this name has no closing `");
	if (end == name)
		return fail(p, p->begin, "the name is empty");
	keep_name(p, name, (size_t)(end - name));
	p->at = (uint32_t)(end + 1 - p->text);
	return true;
}

/* Bytes of what goes on with a name: .x  ->x  [1]; 0 if nothing does. */
static size_t name_part(const char *s)
{
	const size_t arrow = s[0] == '.' ? 1 : s[0] == '-' && s[1] == '>' ? 2 : 0;
	size_t n;

	if (arrow && is_name_start(s[arrow])) {
		for (n = arrow; is_name(s[n]);)
			n++;
		return n;
	}
	if (s[0] == '[') {
		n = strspn(s + 1, "0123456789");
		if (n && s[n + 1] == ']')
			return n + 2;
	}
	return 0;
}

static bool lex_name(struct parser *p)
{
	const char *name = p->text + p->at;
	size_t size = 0;
	size_t part;

	while (is_name(name[size]))
		size++;
	while ((part = name_part(name + size)))
		size += part;
	keep_name(p, name, size);
	p->at += (uint32_t)size;
	if (!strcmp(p->node.as.string, "true") || !strcmp(p->node.as.string, "false")) {
		const bool value = p->node.as.string[0] == 't';

		p->node.kind = NODE_I64;
		p->node.as.i64 = value;
	}
	return true;
}

static bool lex_context(struct parser *p)
{
	const char *s = p->text + p->at;

	p->at += 8;
	if (!strncmp(s, "$ctx.tid", 8) && !is_name(s[8]))
		p->node.kind = NODE_TID;
	else if (!strncmp(s, "$ctx.pid", 8) && !is_name(s[8]))
		p->node.kind = NODE_PID;
	else
		return fail(p, p->begin, "unknown context; there are $ctx.tid and $ctx.pid");
	return true;
}

static bool lex_operator(struct parser *p)
{
	static const struct {
		char text[3];
		enum token_kind token;
		enum bl_filter_code op;
		bool negate;
	} words[] = {
		/* the longer ones first */
		{"&&", TOKEN_AND, 0, false},
		{"||", TOKEN_OR, 0, false},
		{"==", TOKEN_COMPARE, BL_FILTER_EQ, false},
		{"!=", TOKEN_COMPARE, BL_FILTER_NE, false},
		{"<=", TOKEN_COMPARE, BL_FILTER_LE, false},
		{">=", TOKEN_COMPARE, BL_FILTER_GE, false},
		{"!~", TOKEN_COMPARE, BL_FILTER_GLOB, true},
		{"<", TOKEN_COMPARE, BL_FILTER_LT, false},
		{">", TOKEN_COMPARE, BL_FILTER_GT, false},
		{"~", TOKEN_COMPARE, BL_FILTER_GLOB, false},
		{"!", TOKEN_NOT, 0, false},
		{"&", TOKEN_BITS, 0, false},
		{"(", TOKEN_OPEN, 0, false},
		{")", TOKEN_CLOSE, 0, false},
	};
	const char *s = p->text + p->at;
	size_t i;

	if (s[0] == '=' && s[1] != '=')
		return fail(p, p->at, s[1] == '~' ? "for a glob write ~" : "to compare write ==");
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strncmp(s, words[i].text, strlen(words[i].text)))
			continue;
		p->at += (uint32_t)strlen(words[i].text);
		p->token = words[i].token;
		p->node.op = words[i].op;
		p->node.negate = words[i].negate;
		return true;
	}
	if (*s == '|')
		return fail(p, p->at, "for \"or\" write ||");
	if (*s > ' ' && *s < 0x7f)
		return fail(p, p->at, "'%c' does not belong here", *s);
	return fail(p, p->at, "this character does not belong here");
}

/* Read the next word. */
static bool advance(struct parser *p)
{
	const char *s;

	p->last_end = p->at;
	p->at += (uint32_t)strspn(p->text + p->at, " \t\r\n");
	p->begin = p->at;
	p->node = (struct node){.begin = p->at};
	p->token = TOKEN_VALUE;
	s = p->text + p->at;
	if (!*s) {
		p->token = TOKEN_END;
		return true;
	}
	if (is_digit(*s) || *s == '-')
		return lex_number(p);
	if (*s == '.' && is_digit(s[1]))
		return fail(p, p->at, "write 0 in front of the point");
	if (*s == '"' || *s == '\'')
		return lex_string(p);
	if (*s == '`')
		return lex_quoted_name(p);
	if (is_name_start(*s))
		return lex_name(p);
	if (*s == '$')
		return lex_context(p);
	return lex_operator(p);
}

/* ---- Tree ---- */

static bool parse_or(struct parser *p, uint32_t *ret);

static bool add_node(struct parser *p, const struct node *node, uint32_t *ret)
{
	struct expr *expr = p->expr;

	if (expr->n_nodes == NODES_MAX)
		return fail(p, node->begin, "this expression is too long: it can have %u operands and operators", NODES_MAX);
	expr->node[expr->n_nodes] = *node;
	*ret = expr->n_nodes++;
	return true;
}

static bool add_binary(struct parser *p, struct node node, uint32_t left, uint32_t right, uint32_t *ret)
{
	node.left = left;
	node.right = right;
	node.begin = p->expr->node[left].begin;
	node.end = p->last_end;
	return add_node(p, &node, ret);
}

static bool parse_operand(struct parser *p, uint32_t *ret)
{
	const uint32_t open = p->begin;

	switch (p->token) {
	case TOKEN_VALUE:
		p->node.end = p->at;
		return add_node(p, &p->node, ret) && advance(p);
	case TOKEN_OPEN:
		if (++p->depth > EXPR_DEPTH_MAX)
			return fail(p, p->begin, "too deeply nested: %u levels are allowed", EXPR_DEPTH_MAX);
		if (!advance(p) || !parse_or(p, ret))
			return false;
		if (p->token != TOKEN_CLOSE) {
			if (p->token == TOKEN_END)
				return fail(p, open, "this parenthesis is not closed");
			return fail(p, p->begin, "an operator or ) expected");
		}
		p->depth--;
		return advance(p);
	case TOKEN_END:
		return fail(p, p->begin, "the expression ends too early: a field, number or string expected");
	case TOKEN_NOT:
		return fail(p, p->begin, "put parentheses around what ! belongs to: (!...)");
	default:
		return fail(p, p->begin, "a field, number or string expected");
	}
}

static bool check_bits(struct parser *p, uint32_t at)
{
	const struct node *node = &p->expr->node[at];

	if (node->kind == NODE_TEXT || node->kind == NODE_F64)
		return fail(p, node->begin, "& is for integers; for \"and\" write &&");
	return true;
}

static bool parse_bits(struct parser *p, uint32_t *ret)
{
	if (!parse_operand(p, ret))
		return false;
	while (p->token == TOKEN_BITS) {
		uint32_t right;

		if (!check_bits(p, *ret) || !advance(p) || !parse_operand(p, &right) || !check_bits(p, right) ||
		    !add_binary(p, (struct node){.kind = NODE_BITS}, *ret, right, ret))
			return false;
	}
	return true;
}

enum known_type {
	KNOWN_NOTHING, /* depends on the event */
	KNOWN_NUMBER,
	KNOWN_TEXT,
};

static enum known_type known_type(const struct node *node)
{
	return node->kind == NODE_TEXT ? KNOWN_TEXT : node->kind == NODE_FIELD ? KNOWN_NOTHING : KNOWN_NUMBER;
}

/* Errors that no event can cure. */
static bool check_compare(struct parser *p, const struct node *op, uint32_t left, uint32_t right)
{
	const enum known_type l = known_type(&p->expr->node[left]);
	const enum known_type r = known_type(&p->expr->node[right]);

	if (op->op == BL_FILTER_GLOB && r != KNOWN_TEXT)
		return fail(p, p->expr->node[right].begin, "a pattern in quotes expected");
	if (l && r && l != r)
		return fail(p, op->begin, "a string cannot be compared with a number");
	return true;
}

static bool parse_compare(struct parser *p, uint32_t *ret)
{
	struct node op;
	uint32_t right;

	if (!parse_bits(p, ret))
		return false;
	if (p->token != TOKEN_COMPARE)
		return true;
	op = p->node;
	op.kind = NODE_COMPARE;
	if (!advance(p) || !parse_bits(p, &right) || !check_compare(p, &op, *ret, right))
		return false;
	if (p->token == TOKEN_COMPARE)
		return fail(p, p->begin, "comparisons cannot be chained; write a < b && b < c");
	return add_binary(p, op, *ret, right, ret);
}

static bool parse_not(struct parser *p, uint32_t *ret)
{
	struct node node = {.kind = NODE_NOT, .begin = p->begin};

	if (p->token != TOKEN_NOT)
		return parse_compare(p, ret);
	if (++p->depth > EXPR_DEPTH_MAX)
		return fail(p, p->begin, "too deeply nested: %u levels are allowed", EXPR_DEPTH_MAX);
	if (!advance(p))
		return false;
	if (!(p->token == TOKEN_NOT ? parse_not(p, &node.left) : parse_operand(p, &node.left)))
		return false;
	p->depth--;
	if (p->token == TOKEN_COMPARE || p->token == TOKEN_BITS)
		return fail(p, node.begin, "! would apply to the left side alone; write !(...) around the comparison");
	node.end = p->last_end;
	return add_node(p, &node, ret);
}

static bool parse_and(struct parser *p, uint32_t *ret)
{
	if (!parse_not(p, ret))
		return false;
	while (p->token == TOKEN_AND) {
		uint32_t right;

		if (!advance(p) || !parse_not(p, &right) || !add_binary(p, (struct node){.kind = NODE_AND}, *ret, right, ret))
			return false;
	}
	return true;
}

static bool parse_or(struct parser *p, uint32_t *ret)
{
	if (!parse_and(p, ret))
		return false;
	while (p->token == TOKEN_OR) {
		uint32_t right;

		if (!advance(p) || !parse_and(p, &right) || !add_binary(p, (struct node){.kind = NODE_OR}, *ret, right, ret))
			return false;
	}
	return true;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Operations that turn the condition which && and || leave into a value to compare. */
static uint32_t value_cost(const struct node *node)
{
	return node->kind == NODE_AND || node->kind == NODE_OR ? 2 : 0;
}

/* Stack and operations that each node needs at most; only labels can make it more operations. */
static bool check_size(struct parser *p)
{
	const struct node *nodes = p->expr->node;
	uint32_t stack[NODES_MAX];
	uint32_t n_ops[NODES_MAX];
	uint32_t i;

	for (i = 0; i < p->expr->n_nodes; i++) {
		const struct node *node = &nodes[i];

		stack[i] = 1;
		n_ops[i] = 1 + node->negate;
		if (node->kind >= NODE_BITS) {
			stack[i] = stack[node->left];
			n_ops[i] += n_ops[node->left];
		}
		if (node->kind == NODE_BITS || node->kind == NODE_COMPARE) {
			stack[i] = max_u32(stack[i], stack[node->right] + 1);
			n_ops[i] += n_ops[node->right] + value_cost(&nodes[node->left]) + value_cost(&nodes[node->right]);
		}
		if (node->kind == NODE_AND || node->kind == NODE_OR) {
			stack[i] = max_u32(stack[i], stack[node->right]);
			n_ops[i] += n_ops[node->right];
		}
		if (stack[i] > BL_FILTER_STACK)
			return fail(p, node->begin, "this needs too many intermediate values; turn its sides around");
	}
	if (n_ops[p->expr->root] > BL_FILTER_OPS_MAX)
		return fail(p, 0, "this expression is too long");
	return true;
}

static bool parse_all(struct parser *p)
{
	if (!advance(p))
		return false;
	if (p->token == TOKEN_END)
		return fail(p, p->begin, "the expression is empty");
	if (!parse_or(p, &p->expr->root))
		return false;
	if (p->token == TOKEN_CLOSE)
		return fail(p, p->begin, "no parenthesis is open here");
	if (p->token != TOKEN_END)
		return fail(p, p->begin, "an operator expected, as && or ==");
	return check_size(p);
}

struct expr *expr_parse(const char *text, struct expr_error *ret_error)
{
	const size_t length = strlen(text);
	struct parser p = {.error = ret_error};
	bool ok;

	if (length > EXPR_TEXT_MAX) {
		fail(&p, EXPR_TEXT_MAX, "this expression is too long");
		return NULL;
	}
	/* A word takes at least its size in the text; three times that has room for the NUL of names that follow each other at once. */
	p.expr = calloc(1, sizeof(*p.expr) + 3 * length + 2);
	p.c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!p.expr || !p.c_locale) {
		*ret_error = (struct expr_error){.message = "out of memory"};
		ok = false;
	} else {
		memcpy(p.expr->source_and_strings, text, length + 1);
		p.text = p.expr->source_and_strings;
		p.strings = p.expr->source_and_strings + length + 1;
		ok = parse_all(&p);
	}
	if (p.c_locale)
		freelocale(p.c_locale);
	if (ok)
		return p.expr;
	free(p.expr);
	return NULL;
}

void expr_free(struct expr *expr)
{
	free(expr);
}

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
	uint8_t truth[NODES_MAX]; /* enum expr_truth, of every node */
};

enum type {
	TYPE_NOTHING,
	TYPE_INTEGER,
	TYPE_FLOAT,
	TYPE_TEXT,
	TYPE_ENUM, /* an integer with labels */
};

static const struct event_field *field_of(const struct compiler *c, const struct node *node, uint32_t *ret_index)
{
	uint32_t i;

	if (node->kind != NODE_FIELD)
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
	const struct node *node = &c->expr->node[at];
	const struct event_field *field;
	uint32_t index;
	enum type l, r;

	switch (node->kind) {
	case NODE_F64:
		return TYPE_FLOAT;
	case NODE_TEXT:
		return TYPE_TEXT;
	case NODE_FIELD:
		field = field_of(c, node, &index);
		if (field)
			return type_of_field(field);
		return context_of(node->as.string) ? TYPE_INTEGER : TYPE_NOTHING;
	case NODE_BITS:
		l = type_of(c, node->left);
		r = type_of(c, node->right);
		return (l == TYPE_INTEGER || l == TYPE_ENUM) && (r == TYPE_INTEGER || r == TYPE_ENUM) ? TYPE_INTEGER : TYPE_NOTHING;
	default:
		return TYPE_INTEGER;
	}
}

/* If the comparison is one of an enumeration with a label: the sides, in this order. */
static bool is_label_compare(const struct compiler *c, const struct node *node, uint32_t *ret_enum, const char **ret_label)
{
	const struct node *nodes = c->expr->node;

	if (node->op != BL_FILTER_EQ && node->op != BL_FILTER_NE && node->op != BL_FILTER_GLOB)
		return false;
	if (nodes[node->right].kind == NODE_TEXT && type_of(c, node->left) == TYPE_ENUM) {
		*ret_enum = node->left;
		*ret_label = nodes[node->right].as.string;
		return true;
	}
	if (nodes[node->left].kind == NODE_TEXT && type_of(c, node->right) == TYPE_ENUM && node->op != BL_FILTER_GLOB) {
		*ret_enum = node->right;
		*ret_label = nodes[node->left].as.string;
		return true;
	}
	return false;
}

static bool label_matches(const struct node *compare, const char *wanted, const char *label)
{
	return compare->op == BL_FILTER_GLOB ? !fnmatch(wanted, label, 0) : !strcmp(wanted, label);
}

static bool wants_other_labels(const struct node *compare)
{
	return compare->op == BL_FILTER_NE || compare->negate;
}

static enum expr_truth truth_of_label_compare(const struct compiler *c, struct node *node, uint32_t at, const char *label)
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

static enum expr_truth truth_of_compare(const struct compiler *c, struct node *node)
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
	if ((l == TYPE_TEXT) != (r == TYPE_TEXT) || (l != TYPE_TEXT && node->op == BL_FILTER_GLOB))
		return EXPR_FALSE;
	node->sensible = true;
	return EXPR_DEPENDS;
}

static enum expr_truth truth_if(bool condition)
{
	return condition ? EXPR_TRUE : EXPR_FALSE;
}

/* Those of lower indices are known. */
static enum expr_truth truth_of(const struct compiler *c, uint32_t at)
{
	struct node *node = &c->expr->node[at];
	enum expr_truth l, r;

	switch (node->kind) {
	case NODE_I64:
	case NODE_U64:
		return truth_if(node->as.u64);
	case NODE_F64:
		return truth_if(node->as.f64 != 0);
	case NODE_TEXT:
		return truth_if(node->as.string[0]);
	case NODE_FIELD:
		if (type_of(c, at) == TYPE_NOTHING)
			return EXPR_FALSE;
		node->sensible = true;
		return EXPR_DEPENDS;
	case NODE_BITS:
		return type_of(c, at) == TYPE_NOTHING ? EXPR_FALSE : EXPR_DEPENDS;
	case NODE_COMPARE:
		return truth_of_compare(c, node);
	case NODE_NOT:
		l = c->truth[node->left];
		return l == EXPR_DEPENDS ? l : truth_if(l == EXPR_FALSE);
	case NODE_AND:
		l = c->truth[node->left];
		r = c->truth[node->right];
		return l == EXPR_FALSE || r == EXPR_FALSE ? EXPR_FALSE : l == EXPR_TRUE ? r : l;
	case NODE_OR:
		l = c->truth[node->left];
		r = c->truth[node->right];
		return l == EXPR_TRUE || r == EXPR_TRUE ? EXPR_TRUE : l == EXPR_FALSE ? r : l;
	default:
		return EXPR_DEPENDS;
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
static void emit_label_compare(struct compiler *c, const struct node *node, uint32_t at, const char *label)
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

static void emit_compare(struct compiler *c, const struct node *node)
{
	const char *label;
	uint32_t at;

	if (is_label_compare(c, node, &at, &label)) {
		emit_label_compare(c, node, at, label);
		return;
	}
	emit_value(c, node->left);
	emit_value(c, node->right);
	expr_code_op(c->code, node->op);
	if (node->negate)
		expr_code_op(c->code, BL_FILTER_NOT);
}

static void emit_field(struct compiler *c, const struct node *node)
{
	uint32_t index = 0;

	if (field_of(c, node, &index))
		emit(c->code, BL_FILTER_PUSH_FIELD, index, 0);
	else
		expr_code_op(c->code, context_of(node->as.string));
}

/* A value that is true exactly if the node is; @at's truth is not known. */
static void emit_logic(struct compiler *c, const struct node *node)
{
	uint32_t decided;

	if (node->kind == NODE_NOT) {
		emit_condition(c, node->left);
		expr_code_op(c->code, BL_FILTER_NOT);
		return;
	}
	if (c->truth[node->left] != EXPR_DEPENDS || c->truth[node->right] != EXPR_DEPENDS) {
		emit_condition(c, c->truth[node->left] == EXPR_DEPENDS ? node->left : node->right);
		return;
	}
	emit_condition(c, node->left);
	decided = expr_code_jump(c->code, node->kind == NODE_AND ? BL_FILTER_JUMP_FALSE : BL_FILTER_JUMP_TRUE);
	emit_condition(c, node->right);
	expr_code_land(c->code, decided);
}

static void emit_condition(struct compiler *c, uint32_t at)
{
	const struct node *node = &c->expr->node[at];

	if (c->truth[at] != EXPR_DEPENDS)
		emit(c->code, BL_FILTER_PUSH_I64, 0, c->truth[at]);
	else if (node->kind == NODE_NOT || node->kind == NODE_AND || node->kind == NODE_OR)
		emit_logic(c, node);
	else
		emit_value(c, at);
}

/* Called for what has a type, that is, not for nothing. */
static void emit_value(struct compiler *c, uint32_t at)
{
	const struct node *node = &c->expr->node[at];

	switch (node->kind) {
	case NODE_I64:
		emit(c->code, BL_FILTER_PUSH_I64, 0, node->as.u64);
		break;
	case NODE_U64:
		emit(c->code, BL_FILTER_PUSH_U64, 0, node->as.u64);
		break;
	case NODE_F64:
		emit(c->code, BL_FILTER_PUSH_F64, 0, node->as.u64);
		break;
	case NODE_TEXT:
		emit_text(c->code, node->as.string);
		break;
	case NODE_FIELD:
		emit_field(c, node);
		break;
	case NODE_TID:
		expr_code_op(c->code, BL_FILTER_PUSH_TID);
		break;
	case NODE_PID:
		expr_code_op(c->code, BL_FILTER_PUSH_PID);
		break;
	case NODE_BITS:
		emit_value(c, node->left);
		emit_value(c, node->right);
		expr_code_op(c->code, BL_FILTER_AND_BITS);
		break;
	case NODE_COMPARE:
		if (c->truth[at] == EXPR_DEPENDS)
			emit_compare(c, node);
		else
			emit_condition(c, at);
		break;
	default:
		emit_condition(c, at);
		if (c->truth[at] == EXPR_DEPENDS && node->kind != NODE_NOT) {
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

/* ---- Messages ---- */

static bool warned_before(const struct expr *expr, uint32_t at)
{
	uint32_t i;

	for (i = 0; i < at; i++)
		if (expr->node[i].kind == NODE_FIELD && !strcmp(expr->node[i].as.string, expr->node[at].as.string))
			return true;
	return false;
}

static bool label_of(const struct expr *expr, const struct node *node)
{
	return (expr->node[node->left].kind == NODE_TEXT || expr->node[node->right].kind == NODE_TEXT) &&
	       (node->op == BL_FILTER_EQ || node->op == BL_FILTER_NE || node->op == BL_FILTER_GLOB);
}

bool expr_warning(const struct expr *expr, uint32_t *next, struct expr_error *ret)
{
	while (*next < expr->n_nodes) {
		const uint32_t at = (*next)++;
		const struct node *node = &expr->node[at];
		const char *source = expr->source_and_strings;
		const int size = (int)(node->end - node->begin);

		ret->column = node->begin + 1;
		if (node->kind == NODE_FIELD && !node->sensible && !warned_before(expr, at)) {
			snprintf(ret->message, sizeof(ret->message), "no event has a field '%.80s'", node->as.string);
			return true;
		}
		if (node->kind == NODE_COMPARE && node->reached && !node->sensible) {
			snprintf(ret->message, sizeof(ret->message), label_of(expr, node) ?
				 "in no event does '%.*s%s' compare strings, or a field with one of its labels" :
				 "in no event does '%.*s%s' compare numbers with numbers or strings with strings",
				 size > 60 ? 60 : size, source + node->begin, size > 60 ? "..." : "");
			return true;
		}
	}
	return false;
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

void expr_error_print(FILE *to, const char *what, const char *text, const struct expr_error *error)
{
	const size_t length = strlen(text);
	const size_t at = !error->column ? 0 : error->column - 1 < length ? error->column - 1 : length;
	size_t begin = at;
	size_t end = at + strcspn(text + at, "\n");
	size_t i;

	fprintf(to, "%s%s\n", what, error->message);
	if (!error->column)
		return;
	while (begin && text[begin - 1] != '\n')
		begin--;
	fputs("    ", to);
	for (i = begin; i < end; i++)
		fputc(((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f ? '?' : text[i], to);
	fputs("\n    ", to);
	for (i = begin; i < at; i++)
		if (!is_continuation(text[i]))
			fputc(text[i] == '\t' ? '\t' : ' ', to);
	fputs("^\n", to);
}
