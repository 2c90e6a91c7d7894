/* SPDX-License-Identifier: MIT */
/* The same template and inline function as in points.cc, in a second source of the same object. */
#include <borelog.h>

template <class T> void in_template(T t)
{
	borelog_event("x", "template", t);
}

void other(int rows);
void other(int rows)
{
	in_template(rows);
	borelog_event("x", "other", rows);
}
