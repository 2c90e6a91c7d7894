/* SPDX-License-Identifier: MIT */
/**
 * term.c - see term.h
 */
#include "cli/term.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define WIDTH_MIN 40
#define WIDTH_MAX 240
#define WIDTH_DEFAULT 100
#define EIGHTHS 8
#define NS_PER_S 1000000000
#define PROGRESS_AFTER_NS NS_PER_S
#define PROGRESS_COLUMNS 40

static bool locale_is_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool is;

	if (!locale)
		return false;
	is = !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");
	freelocale(locale);
	return is;
}

static unsigned int width_of(FILE *to)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	long width = WIDTH_DEFAULT;

	if (!ioctl(fileno(to), TIOCGWINSZ, &size) && size.ws_col)
		width = size.ws_col;
	else if (columns && strtol(columns, NULL, 10) > 0)
		width = strtol(columns, NULL, 10);
	return (unsigned int)(width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width);
}

void term_init(struct term *term, FILE *to)
{
	const char *kind = getenv("TERM");
	const char *no_colour = getenv("NO_COLOR");

	*term = (struct term){.to = to, .terminal = isatty(fileno(to)), .unicode = locale_is_utf8(), .width = width_of(to)};
	term->colour = term->terminal && kind && strcmp(kind, "dumb") && !(no_colour && no_colour[0]);
}

void term_style(const struct term *term, enum term_style style)
{
	static const char *const codes[] = {"0", "1", "2", "34", "32", "33", "1;31"};

	if (term->colour)
		fprintf(term->to, "\033[%sm", codes[style]);
}

static bool begins_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

unsigned int term_columns(const char *text)
{
	unsigned int columns = 0;

	for (; *text; text++)
		columns += begins_character(*text);
	return columns;
}

void term_text(const struct term *term, const char *text, unsigned int columns)
{
	const unsigned int wanted = term_columns(text);
	unsigned int shown = 0;

	for (; *text; text++) {
		if (begins_character(*text) && shown + 1 == columns && wanted > columns)
			break;
		shown += begins_character(*text);
		fputc(*text, term->to);
	}
	if (wanted > columns && columns) {
		fputs(term->unicode ? "…" : "~", term->to);
		shown++;
	}
	fprintf(term->to, "%*s", (int)(shown < columns ? columns - shown : 0), "");
}

/* @value out of @max as steps of 0..@steps; at least 1 for what is not 0. */
static uint64_t scaled(uint64_t value, uint64_t max, uint64_t steps)
{
	const uint64_t result = max ? (uint64_t)((double)value / (double)max * (double)steps) : 0;

	return value && !result ? 1 : result;
}

void term_bar(const struct term *term, uint64_t value, uint64_t max, unsigned int columns)
{
	static const char *const parts[EIGHTHS] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	uint64_t steps = scaled(value, max, (uint64_t)columns * (term->unicode ? EIGHTHS : 1));

	if (!term->unicode) {
		while (steps--)
			fputc('#', term->to);
		return;
	}
	for (; steps >= EIGHTHS; steps -= EIGHTHS)
		fputs("█", term->to);
	fputs(parts[steps], term->to);
}

void term_level(const struct term *term, uint64_t value, uint64_t max, unsigned int row, unsigned int rows)
{
	static const char *const parts[EIGHTHS + 1] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char plain[] = " .:#";
	const uint64_t each = term->unicode ? EIGHTHS : sizeof(plain) - 2;
	const uint64_t steps = scaled(value, max, rows * each);
	const uint64_t here = steps <= row * each ? 0 : steps - row * each < each ? steps - row * each : each;

	if (term->unicode)
		fputs(parts[here], term->to);
	else
		fputc(plain[here], term->to);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

void term_progress_init(struct term_progress *progress, const char *what)
{
	*progress = (struct term_progress){.what = what, .begin_ns = now_ns()};
	term_init(&progress->term, stderr);
}

void term_progress_draw(struct term_progress *progress, uint64_t done, uint64_t total)
{
	const struct term *term = &progress->term;

	if (!term->terminal || now_ns() - progress->begin_ns < PROGRESS_AFTER_NS || !total)
		return;
	if (done > total)
		done = total;
	fprintf(term->to, "\r\033[K%s %3.0f %% ", progress->what, 100 * (double)done / (double)total);
	term_bar(term, done, total, PROGRESS_COLUMNS);
	fflush(term->to);
	progress->drawn = true;
}

void term_progress_clear(struct term_progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", progress->term.to);
	progress->drawn = false;
}
