/* SPDX-License-Identifier: MIT */
/* Every kind of argument in every kind of C++ function; compiled by header_compiles.py in many ways, without a warning. */
#include <borelog.h>

BORELOG_ENUM(states, {0, "idle"}, {1, "run"});

enum colour { RED, GREEN };
enum class scoped : uint8_t { X, Y };

template <class T> void in_template(T t)
{
	borelog_event("x", "template", t);
}

inline void in_inline(int q)
{
	borelog_event("x", "inline", q);
}

struct object {
	int member = 1;
	void method()
	{
		borelog_event("x", "method", this, member);
	}
	template <class T> static void in_member_template(T t)
	{
		borelog_event("x", "member_template", t, sizeof(T));
	}
};

namespace
{
void in_namespace(scoped s)
{
	borelog_event("x", "namespace", s);
}
}

void points(int rows, const char *sql, double d, char *buf, const int *v);
void points(int rows, const char *sql, double d, char *buf, const int *v)
{
	unsigned char uc = 3;
	bool b = true;
	enum colour en = GREEN;
	char arr[5] = "abc";

	borelog_event("db", "query_done", rows, sql, d);
	borelog_event("db", "none");
	borelog_begin("db", "query", borelog_hex(rows), borelog_hex(&rows), borelog_hex(uc), borelog_hex(5ULL));
	borelog_end("db", "query", borelog_bytes(v, 5), borelog_array(v, 3), borelog_enum(rows, states), borelog_named(lat, d * 2));
	borelog_event("db", "many", uc, b, en, arr, buf, v, 'x', 1L, 1UL, 1LL, 1ULL, 1.0f, 1.0L, (short)3, (signed char)-1, -1);
	borelog_event("db", "odd % text", rows | 1, rows % 7, (rows < 2 ? rows : 2), "a, \"b\")", sql ? sql : "{|}");
	if (rows)
		borelog_event("db", "then", rows);
	else
		borelog_event("db", "else", rows);
	auto lambda = [&](int z) { borelog_event("x", "lambda", z, rows); };

	in_template(3);
	in_template(4.0);
	in_template("text");
	in_inline(5);
	in_namespace(scoped::Y);
	object().method();
	object::in_member_template(6L);
	lambda(7);
}
