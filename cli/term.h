/* SPDX-License-Identifier: MIT */
/**
 * term.h - what the terminal can show: colours, how wide it is, which characters; bars.
 */
#ifndef BL_CLI_TERM_H
#define BL_CLI_TERM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct term {
	FILE *to;
	bool terminal;
	bool colour;
	bool unicode; /* the user's locale is UTF-8 */
	unsigned int width;
};

enum term_style {
	TERM_PLAIN,
	TERM_BOLD,
	TERM_DIM,
	TERM_BLUE,
	TERM_GREEN,
	TERM_YELLOW,
	TERM_RED,
};

/**
 * term_init() - look at where @to goes
 *
 * Colours: on a terminal, unless NO_COLOR is set or TERM is "dumb". Width: of the terminal, else COLUMNS, else 100; 40 to 240.
 */
void term_init(struct term *term, FILE *to);

/** term_style() - begin a style, TERM_PLAIN ends it. Nothing without colours. */
void term_style(const struct term *term, enum term_style style);

/** term_columns() - columns that text in UTF-8 takes: its characters. */
unsigned int term_columns(const char *text);

/** term_text() - @text in exactly @columns, cut with "…" or filled up with blanks. */
void term_text(const struct term *term, const char *text, unsigned int columns);

/** term_bar() - a horizontal bar of @value out of @max on up to @columns; what is not 0 is seen. */
void term_bar(const struct term *term, uint64_t value, uint64_t max, unsigned int columns);

/** term_level() - one row of a vertical bar of @rows rows: row 0 is the lowest. */
void term_level(const struct term *term, uint64_t value, uint64_t max, unsigned int row, unsigned int rows);

/** A bar on stderr for what takes longer than a second, if that is a terminal. */
struct term_progress {
	struct term term;
	const char *what;
	uint64_t begin_ns;
	bool drawn;
};

void term_progress_init(struct term_progress *progress, const char *what);
void term_progress_draw(struct term_progress *progress, uint64_t done, uint64_t total);
/** Takes it away, before something else is printed there. */
void term_progress_clear(struct term_progress *progress);

#endif
