/* SPDX-License-Identifier: MIT */
/*
 * expr.c - from the text of an expression to its tree, and the messages about both. The language is in expr.h.
 *
 * The tree is an array of nodes that refer to each other by index; children have lower indices than their parents. Strings and
 * names lie behind it, in the same block of memory.
 */
#include "query/expr.h"

#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_TEXT_MAX 64u

/* ---- Words ---- */

enum token_kind {
	TOKEN_END,
	TOKEN_VALUE, /* number, string, true, false, field, variable: node is filled in */
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
	const struct expr_variable *variables;
	char *strings; /* where the next string goes */
	struct expr_error *error;
	locale_t c_locale; /* numbers have a point, whatever the user's locale */
	uint32_t at;       /* behind the current word */
	uint32_t begin;    /* of the current word */
	uint32_t last_end; /* of the word before it */
	uint32_t depth;
	uint32_t strings_size; /* of all strings together */
	enum token_kind token;
	struct expr_node node; /* of the current word */
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
		p->node.kind = EXPR_I64;
		p->node.as.u64 = -value;
	} else {
		p->node.kind = value > INT64_MAX ? EXPR_U64 : EXPR_I64;
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
	p->node.kind = EXPR_F64;
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
	p->strings_size += (uint32_t)(p->strings - string) - 1;
	if (p->strings_size > EXPR_STRINGS_MAX)
		return fail(p, p->begin, "the strings of an expression can have %u bytes together", EXPR_STRINGS_MAX);
	p->node.kind = EXPR_TEXT;
	p->node.as.string = string;
	return true;
}

static void keep_name(struct parser *p, const char *name, size_t size)
{
	p->node.as.string = p->strings;
	memcpy(p->strings, name, size);
	p->strings[size] = '\0';
	p->strings += size + 1;
}

/* The opening quote is at p->at. */
static bool lex_quoted_name(struct parser *p)
{
	const uint32_t open = p->at;
	const char *name = p->text + open + 1;
	const char *end = strchr(name, '`');

	if (!end)
		return fail(p, open, "this name has no closing `");
	if (end == name)
		return fail(p, open, "the name is empty");
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

/* Bytes of a name with all its parts. */
static size_t name_size(const char *s)
{
	size_t size = 0;
	size_t part;

	while (is_name(s[size]))
		size++;
	while (size && (part = name_part(s + size)))
		size += part;
	return size;
}

static bool lex_name(struct parser *p)
{
	const char *name = p->text + p->at;
	const size_t size = name_size(name);

	p->at += (uint32_t)size;
	if ((size == 4 && !memcmp(name, "true", size)) || (size == 5 && !memcmp(name, "false", size))) {
		p->node.kind = EXPR_I64;
		p->node.as.i64 = name[0] == 't';
		return true;
	}
	p->node.kind = EXPR_FIELD;
	keep_name(p, name, size);
	return true;
}

/* "$a, $b.FIELD and $c" */
static const char *list_variables(const struct expr_variable *variables, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (; variables->name && n < size; variables++) {
		const size_t length = strlen(variables->name);
		const char *field = length && variables->name[length - 1] == '.' ? "FIELD" : "";
		const char *separator = !n ? "" : variables[1].name ? ", " : " and ";

		n += (size_t)snprintf(buf + n, size - n, "%s$%s%s", separator, variables->name, field);
	}
	return buf;
}

static const struct expr_variable *find_variable(const struct expr_variable *variables, const char *name, size_t size)
{
	for (; variables->name; variables++)
		if (strlen(variables->name) == size && !memcmp(variables->name, name, size))
			return variables;
	return NULL;
}

/* At $: a variable's name, or the first part of a name and the field behind it. */
static bool lex_variable(struct parser *p)
{
	char list[sizeof(p->error->message)];
	const char *name = p->text + p->at + 1;
	const size_t size = is_name_start(*name) ? name_size(name) : 0;
	size_t first = 0;

	p->node.kind = EXPR_VARIABLE;
	p->node.variable = find_variable(p->variables, name, size);
	if (p->node.variable) {
		p->at += 1 + (uint32_t)size;
		return true;
	}
	while (is_name(name[first]))
		first++;
	if (name[first] == '.')
		p->node.variable = find_variable(p->variables, name, first + 1);
	if (!p->node.variable)
		return fail(p, p->begin, "unknown variable; there are %s", list_variables(p->variables, list, sizeof(list)));
	p->at += 1 + (uint32_t)first + 1;
	if (p->text[p->at] == '`')
		return lex_quoted_name(p);
	if (!is_name_start(p->text[p->at]))
		return fail(p, p->at, "a field's name is missing behind $%s", p->node.variable->name);
	keep_name(p, p->text + p->at, name_size(p->text + p->at));
	p->at += (uint32_t)strlen(p->node.as.string);
	return true;
}

static bool lex_operator(struct parser *p)
{
	static const struct {
		char text[3];
		enum token_kind token;
		enum expr_op op;
		bool negate;
	} words[] = {
		/* the longer ones first */
		{"&&", TOKEN_AND, 0, false},
		{"||", TOKEN_OR, 0, false},
		{"==", TOKEN_COMPARE, EXPR_EQ, false},
		{"!=", TOKEN_COMPARE, EXPR_NE, false},
		{"<=", TOKEN_COMPARE, EXPR_LE, false},
		{">=", TOKEN_COMPARE, EXPR_GE, false},
		{"!~", TOKEN_COMPARE, EXPR_GLOB, true},
		{"<", TOKEN_COMPARE, EXPR_LT, false},
		{">", TOKEN_COMPARE, EXPR_GT, false},
		{"~", TOKEN_COMPARE, EXPR_GLOB, false},
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
	p->node = (struct expr_node){.begin = p->at};
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
	if (*s == '`') {
		p->node.kind = EXPR_FIELD;
		return lex_quoted_name(p);
	}
	if (is_name_start(*s))
		return lex_name(p);
	if (*s == '$')
		return lex_variable(p);
	return lex_operator(p);
}

/* ---- Tree ---- */

static bool parse_or(struct parser *p, uint32_t *ret);

static bool add_node(struct parser *p, const struct expr_node *node, uint32_t *ret)
{
	struct expr *expr = p->expr;

	if (expr->n_nodes == EXPR_NODES_MAX)
		return fail(p, node->begin, "this expression is too long: it can have %u operands and operators", EXPR_NODES_MAX);
	expr->node[expr->n_nodes] = *node;
	*ret = expr->n_nodes++;
	return true;
}

static bool add_binary(struct parser *p, struct expr_node node, uint32_t left, uint32_t right, uint32_t *ret)
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

static enum expr_type known_type(const struct expr_node *node)
{
	switch (node->kind) {
	case EXPR_TEXT:
		return EXPR_STRING;
	case EXPR_FIELD:
		return EXPR_ANY;
	case EXPR_VARIABLE:
		return node->variable->type;
	default:
		return EXPR_NUMBER;
	}
}

static bool check_bits(struct parser *p, uint32_t at)
{
	const struct expr_node *node = &p->expr->node[at];

	if (node->kind == EXPR_F64 || known_type(node) == EXPR_STRING)
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
		    !add_binary(p, (struct expr_node){.kind = EXPR_BITS}, *ret, right, ret))
			return false;
	}
	return true;
}

static bool is_number(enum expr_type type)
{
	return type == EXPR_NUMBER || type == EXPR_TIME;
}

/* Errors that no event can cure. */
static bool check_compare(struct parser *p, const struct expr_node *op, uint32_t left, uint32_t right)
{
	const struct expr_node *l = &p->expr->node[left];
	const struct expr_node *r = &p->expr->node[right];
	const enum expr_type l_type = known_type(l);
	const enum expr_type r_type = known_type(r);
	const bool is_time = op->op != EXPR_GLOB &&
			     ((l_type == EXPR_TIME && r->kind == EXPR_TEXT) || (r_type == EXPR_TIME && l->kind == EXPR_TEXT));

	if (op->op == EXPR_GLOB && r->kind != EXPR_TEXT)
		return fail(p, r->begin, "a pattern in quotes expected");
	if (!is_time && ((l_type == EXPR_STRING && is_number(r_type)) || (is_number(l_type) && r_type == EXPR_STRING)))
		return fail(p, op->begin, "a string cannot be compared with a number");
	return true;
}

static bool parse_compare(struct parser *p, uint32_t *ret)
{
	struct expr_node op;
	uint32_t right;

	if (!parse_bits(p, ret))
		return false;
	if (p->token != TOKEN_COMPARE)
		return true;
	op = p->node;
	op.kind = EXPR_COMPARE;
	if (!advance(p) || !parse_bits(p, &right) || !check_compare(p, &op, *ret, right))
		return false;
	if (p->token == TOKEN_COMPARE)
		return fail(p, p->begin, "comparisons cannot be chained; write a < b && b < c");
	return add_binary(p, op, *ret, right, ret);
}

static bool parse_not(struct parser *p, uint32_t *ret)
{
	struct expr_node node = {.kind = EXPR_NOT, .begin = p->begin};

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

		if (!advance(p) || !parse_not(p, &right) || !add_binary(p, (struct expr_node){.kind = EXPR_AND}, *ret, right, ret))
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

		if (!advance(p) || !parse_and(p, &right) || !add_binary(p, (struct expr_node){.kind = EXPR_OR}, *ret, right, ret))
			return false;
	}
	return true;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Operations that turn the condition which && and || leave into a value to compare. */
static uint32_t value_cost(const struct expr_node *node)
{
	return node->kind == EXPR_AND || node->kind == EXPR_OR ? 2 : 0;
}

/* Stack and operations that each node needs at most; only labels can make it more operations. */
static bool check_size(struct parser *p)
{
	const struct expr_node *nodes = p->expr->node;
	uint32_t stack[EXPR_NODES_MAX];
	uint32_t n_ops[EXPR_NODES_MAX];
	uint32_t i;

	for (i = 0; i < p->expr->n_nodes; i++) {
		const struct expr_node *node = &nodes[i];

		stack[i] = 1;
		n_ops[i] = 1 + node->negate;
		if (node->kind >= EXPR_BITS) {
			stack[i] = stack[node->left];
			n_ops[i] += n_ops[node->left];
		}
		if (node->kind == EXPR_BITS || node->kind == EXPR_COMPARE) {
			stack[i] = max_u32(stack[i], stack[node->right] + 1);
			n_ops[i] += n_ops[node->right] + value_cost(&nodes[node->left]) + value_cost(&nodes[node->right]);
		}
		if (node->kind == EXPR_AND || node->kind == EXPR_OR) {
			stack[i] = max_u32(stack[i], stack[node->right]);
			n_ops[i] += n_ops[node->right];
		}
		if (stack[i] > EXPR_STACK_MAX)
			return fail(p, node->begin, "this needs too many intermediate values; turn its sides around");
	}
	if (n_ops[p->expr->root] > EXPR_OPS_MAX)
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

struct expr *expr_parse(const char *text, const struct expr_variable *variables, struct expr_error *ret_error)
{
	const size_t length = strlen(text);
	struct parser p = {.error = ret_error, .variables = variables};
	bool ok;

	if (length > EXPR_TEXT_MAX) {
		fail(&p, EXPR_TEXT_MAX, "this expression is too long");
		return NULL;
	}
	/* A word takes at least its size in the text; three times that has room for the NUL of names that follow each other at
	 * once. */
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

static enum expr_truth truth_if(bool condition)
{
	return condition ? EXPR_TRUE : EXPR_FALSE;
}

enum expr_truth expr_truth_of(const struct expr_node *node, const uint8_t *truth)
{
	enum expr_truth l, r;

	switch (node->kind) {
	case EXPR_I64:
	case EXPR_U64:
		return truth_if(node->as.u64);
	case EXPR_F64:
		return truth_if(node->as.f64 != 0);
	case EXPR_TEXT:
		return truth_if(node->as.string[0]);
	case EXPR_NOT:
		l = truth[node->left];
		return l == EXPR_DEPENDS ? l : truth_if(l == EXPR_FALSE);
	case EXPR_AND:
		l = truth[node->left];
		r = truth[node->right];
		return l == EXPR_FALSE || r == EXPR_FALSE ? EXPR_FALSE : l == EXPR_TRUE ? r : l;
	case EXPR_OR:
		l = truth[node->left];
		r = truth[node->right];
		return l == EXPR_TRUE || r == EXPR_TRUE ? EXPR_TRUE : l == EXPR_FALSE ? r : l;
	default:
		return EXPR_DEPENDS;
	}
}

/* ---- Messages ---- */

static bool is_name_node(const struct expr_node *node)
{
	return node->kind == EXPR_FIELD || node->kind == EXPR_VARIABLE;
}

static bool same_name(const struct expr_node *a, const struct expr_node *b)
{
	if (!is_name_node(a) || a->variable != b->variable)
		return false;
	return a->as.string == b->as.string || (a->as.string && b->as.string && !strcmp(a->as.string, b->as.string));
}

static bool warned_before(const struct expr *expr, uint32_t at)
{
	uint32_t i;

	for (i = 0; i < at; i++)
		if (same_name(&expr->node[i], &expr->node[at]))
			return true;
	return false;
}

static void warn_missing(const struct expr_node *node, struct expr_error *ret)
{
	if (node->kind == EXPR_FIELD)
		snprintf(ret->message, sizeof(ret->message), "no event has a field '%.80s'", node->as.string);
	else
		snprintf(ret->message, sizeof(ret->message), "no event has $%s%.80s", node->variable->name,
			 node->as.string ? node->as.string : "");
}

static bool label_of(const struct expr *expr, const struct expr_node *node)
{
	return (expr->node[node->left].kind == EXPR_TEXT || expr->node[node->right].kind == EXPR_TEXT) &&
	       (node->op == EXPR_EQ || node->op == EXPR_NE || node->op == EXPR_GLOB);
}

bool expr_warning(const struct expr *expr, uint32_t *next, struct expr_error *ret)
{
	while (*next < expr->n_nodes) {
		const uint32_t at = (*next)++;
		const struct expr_node *node = &expr->node[at];
		const char *source = expr->source_and_strings;
		const int size = (int)(node->end - node->begin);

		ret->column = node->begin + 1;
		if (is_name_node(node) && !node->sensible && !warned_before(expr, at)) {
			warn_missing(node, ret);
			return true;
		}
		if (node->kind == EXPR_COMPARE && node->reached && !node->sensible) {
			snprintf(ret->message, sizeof(ret->message),
				 label_of(expr, node)
					 ? "in no event does '%.*s%s' compare strings, or a field with one of its labels"
					 : "in no event does '%.*s%s' compare numbers with numbers or strings with strings",
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
