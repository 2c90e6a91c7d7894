/* SPDX-License-Identifier: MIT */
/*
 * stdio.c - streams. libc writes and reads for them by itself, not through the functions in io.c, so who wants to see what a program
 * prints or how long it waits for the disk needs these.
 *
 * Each function that moves whole lines or blocks, opens, flushes or closes is a span with the stream's descriptor (-1: it has none, or
 * all streams are meant). Where the kernel is asked within that span, nothing else is recorded. The printf and scanf families are
 * recorded under their own names, fortified variants under the plain ones.
 *
 * A single character is a span only if the kernel will be asked: there is nothing left in the buffer, or no room, or the character ends
 * a line that goes out; a record each would drown the rest. For output libc has public functions that tell. For input there are none,
 * but getc_unlocked() and putc_unlocked() are compiled into programs with the places of the pointers, so these cannot change (in struct
 * _IO_wide_data since glibc's old <libio.h> did the same with getwc_unlocked()). Where such inlined code finds nothing it calls __uflow()
 * or __overflow(), which are recorded as getc and putc. The look is taken without the stream's lock: another thread at the same stream can
 * have it be wrong, and then a record is there too much or missing.
 *
 * The wprintf and wscanf families are left alone.
 */
#include "preload/probe.h"

/* A stream that is no file has no descriptor, which sets errno. */
static int fd_of(FILE *stream)
{
	const int saved_errno = errno;
	const int fd = stream ? fileno_unlocked(stream) : -1;

	errno = saved_errno;
	return fd;
}

/* @name, recorded as @event, with what is to be recorded in front. */
#define STREAM_AS(type, name, event, params, args, failed, ...)                                                                \
	BL_WRAPPER(type, name, params, args)\
	{                                                                                                                      \
		type result;                                                                                                   \
		int fd, error;                                                                                                 \
                                                                                                                               \
		fd = fd_of(stream);                                                                                            \
		borelog_begin("libc", #event, __VA_ARGS__);                                                                    \
		result = bl_real(name) args;                                                                                   \
		error = (failed) ? errno : 0;                                                                                  \
		borelog_end("libc", #event, fd, result, error);                                                                \
		return result;                                                                                                 \
	}
#define STREAM(type, name, params, args, failed, ...) STREAM_AS(type, name, name, params, args, failed, __VA_ARGS__)

/* ---- Open, flush, close ---- */

#define FOPEN(name)                                                                                                            \
	BL_WRAPPER(FILE *, name, (const char *restrict path, const char *restrict mode), (path, mode))                         \
	{                                                                                                                      \
		FILE *stream;                                                                                                  \
		int error, fd;                                                                                                 \
                                                                                                                               \
		borelog_begin("libc", "fopen", mode);                                                                          \
		stream = bl_real(name)(path, mode);                                                                            \
		error = stream ? 0 : errno;                                                                                    \
		fd = fd_of(stream);                                                                                            \
		path = error == EFAULT ? NULL : path;                                                                          \
		borelog_end("libc", "fopen", path, fd, error);                                                                 \
		return stream;                                                                                                 \
	}
FOPEN(fopen)
FOPEN(fopen64)

#define FREOPEN(name)                                                                                                          \
	BL_WRAPPER(FILE *, name, (const char *restrict path, const char *restrict mode, FILE *restrict old), (path, mode, old)) \
	{                                                                                                                      \
		int fd = fd_of(old), error;                                                                                    \
		FILE *stream;                                                                                                  \
                                                                                                                               \
		borelog_begin("libc", "freopen", fd, mode);                                                                    \
		stream = bl_real(name)(path, mode, old);                                                                       \
		error = stream ? 0 : errno;                                                                                    \
		fd = fd_of(stream);                                                                                            \
		path = error == EFAULT ? NULL : path;                                                                          \
		borelog_end("libc", "freopen", path, fd, error);                                                               \
		return stream;                                                                                                 \
	}
FREOPEN(freopen)
FREOPEN(freopen64)

STREAM(int, fclose, (FILE * stream), (stream), result == EOF, fd)
STREAM(int, fflush, (FILE * stream), (stream), result == EOF, fd)
STREAM_AS(int, fflush_unlocked, fflush, (FILE * stream), (stream), result == EOF, fd)
BL_ALIAS(_IO_fflush, fflush);

/* ---- Blocks and lines. A short count has errno only if it was an error and not the end of the file. ---- */

STREAM(size_t, fread, (void *data, size_t size, size_t count, FILE *stream), (data, size, count, stream),
       result < count && ferror_unlocked(stream), fd, size, count)
STREAM_AS(size_t, fread_unlocked, fread, (void *data, size_t size, size_t count, FILE *stream), (data, size, count, stream),
	  result < count && ferror_unlocked(stream), fd, size, count)
STREAM_AS(size_t, __fread_chk, fread, (void *data, size_t room, size_t size, size_t count, FILE *stream),
	  (data, room, size, count, stream), result < count && ferror_unlocked(stream), fd, size, count)
STREAM_AS(size_t, __fread_unlocked_chk, fread, (void *data, size_t room, size_t size, size_t count, FILE *stream),
	  (data, room, size, count, stream), result < count && ferror_unlocked(stream), fd, size, count)
STREAM(size_t, fwrite, (const void *data, size_t size, size_t count, FILE *stream), (data, size, count, stream), size && result < count,
       fd, size, count)
STREAM_AS(size_t, fwrite_unlocked, fwrite, (const void *data, size_t size, size_t count, FILE *stream), (data, size, count, stream),
	  size && result < count, fd, size, count)
BL_ALIAS(_IO_fread, fread);
BL_ALIAS(_IO_fwrite, fwrite);

STREAM(int, fputs, (const char *text, FILE *stream), (text, stream), result == EOF, fd)
STREAM_AS(int, fputs_unlocked, fputs, (const char *text, FILE *stream), (text, stream), result == EOF, fd)
BL_ALIAS(_IO_fputs, fputs);

/* What goes to stdout. */
#define STDOUT(name, event, params, args)                                                                                      \
	BL_WRAPPER(int, name, params, args)                                                                                    \
	{                                                                                                                      \
		int result, fd = fd_of(stdout), error;                                                                         \
                                                                                                                               \
		borelog_begin("libc", #event, fd);                                                                             \
		result = bl_real(name) args;                                                                                   \
		error = result < 0 ? errno : 0;                                                                                \
		borelog_end("libc", #event, fd, result, error);                                                                \
		return result;                                                                                                 \
	}
STDOUT(puts, puts, (const char *text), (text))
BL_ALIAS(_IO_puts, puts);

/* What was read is the program's business: found says whether there was something. */
#define FGETS(name, params, args)                                                                                              \
	BL_WRAPPER(char *, name, params, args)                                                                                 \
	{                                                                                                                      \
		int fd = fd_of(stream), error;                                                                                 \
		char *result;                                                                                                  \
		bool found;                                                                                                    \
                                                                                                                               \
		borelog_begin("libc", "fgets", fd, size);                                                                      \
		result = bl_real(name) args;                                                                                   \
		found = result;                                                                                                \
		error = !found && ferror_unlocked(stream) ? errno : 0;                                                         \
		borelog_end("libc", "fgets", fd, found, error);                                                                \
		return result;                                                                                                 \
	}
FGETS(fgets, (char *restrict data, int size, FILE *restrict stream), (data, size, stream))
FGETS(fgets_unlocked, (char *restrict data, int size, FILE *restrict stream), (data, size, stream))
FGETS(__fgets_chk, (char *data, size_t room, int size, FILE *stream), (data, room, size, stream))
FGETS(__fgets_unlocked_chk, (char *data, size_t room, int size, FILE *stream), (data, room, size, stream))
BL_ALIAS(_IO_fgets, fgets);

STREAM(ssize_t, getline, (char **restrict line, size_t *restrict size, FILE *restrict stream), (line, size, stream),
       result < 0 && ferror_unlocked(stream), fd)
STREAM(ssize_t, getdelim, (char **restrict line, size_t *restrict size, int delimiter, FILE *restrict stream),
       (line, size, delimiter, stream), result < 0 && ferror_unlocked(stream), fd, delimiter)
BL_ALIAS(__getdelim, getdelim);

/* ---- Single characters ---- */

/* What libc's functions for wide characters are defined with, as far as glibc 2.27 and older had it in <libio.h>. */
struct wide_front {
	wchar_t *read_ptr, *read_end;
};

static bool wide_is_empty(FILE *stream)
{
	const struct wide_front *wide = (const struct wide_front *)(const void *)stream->_wide_data;

	return !wide || bl_load_relaxed(&wide->read_ptr) >= bl_load_relaxed(&wide->read_end);
}

static bool is_empty(FILE *stream)
{
	return bl_load_relaxed(&stream->_IO_read_ptr) >= bl_load_relaxed(&stream->_IO_read_end);
}

/* A stream that has no buffer yet makes one now; one that is not buffered has room for one character. */
static bool goes_out(FILE *stream, wint_t c)
{
	const size_t size = __fbufsize(stream);

	return size <= 1 || __fpending(stream) >= size || (c == '\n' && __flbf(stream));
}

/* The quick look for what is buffered in full; else libc's own functions. */
static bool is_full(FILE *stream, int c)
{
	return bl_load_relaxed(&stream->_IO_write_ptr) >= bl_load_relaxed(&stream->_IO_write_end) && goes_out(stream, (unsigned char)c);
}

/* What was read is the program's business: found says whether there was something. */
#define GET(type, name, event, params, args, from, empty, end)                                                                 \
	__attribute__((noinline)) static type waiting_##name params                                                            \
	{                                                                                                                      \
		int fd = fd_of(from), error;                                                                                   \
		type result;                                                                                                   \
		bool found;                                                                                                    \
                                                                                                                               \
		borelog_begin("libc", #event, fd);                                                                             \
		result = bl_real(name) args;                                                                                   \
		found = result != end;                                                                                         \
		error = !found && ferror_unlocked(from) ? errno : 0;                                                           \
		borelog_end("libc", #event, fd, found, error);                                                                 \
		return result;                                                                                                 \
	}                                                                                                                      \
	BL_WRAPPER(type, name, params, args)                                                                                   \
	{                                                                                                                      \
		return empty(from) ? waiting_##name args : bl_real(name) args;                                                 \
	}
#define GETC(name, event) GET(int, name, event, (FILE * stream), (stream), stream, is_empty, EOF)
#define GETCHAR(name) GET(int, name, getchar, (void), (), stdin, is_empty, EOF)
#define GETWC(name, event) GET(wint_t, name, event, (FILE * stream), (stream), stream, wide_is_empty, WEOF)
#define GETWCHAR(name) GET(wint_t, name, getwchar, (void), (), stdin, wide_is_empty, WEOF)
GETC(getc, getc)
GETC(getc_unlocked, getc)
GETC(__uflow, getc)
GETC(fgetc, fgetc)
GETC(fgetc_unlocked, fgetc)
GETCHAR(getchar)
GETCHAR(getchar_unlocked)
GETWC(getwc, getwc)
GETWC(getwc_unlocked, getwc)
GETWC(fgetwc, fgetwc)
GETWC(fgetwc_unlocked, fgetwc)
GETWCHAR(getwchar)
GETWCHAR(getwchar_unlocked)
BL_ALIAS(_IO_getc, getc);

#define PUT(type, name, event, params, args, to, full, end)                                                                    \
	__attribute__((noinline)) static type waiting_##name params                                                            \
	{                                                                                                                      \
		int fd = fd_of(to), error;                                                                                     \
		type result;                                                                                                   \
                                                                                                                               \
		borelog_begin("libc", #event, fd);                                                                             \
		result = bl_real(name) args;                                                                                   \
		error = result == end ? errno : 0;                                                                             \
		borelog_end("libc", #event, fd, error);                                                                        \
		return result;                                                                                                 \
	}                                                                                                                      \
	BL_WRAPPER(type, name, params, args)                                                                                   \
	{                                                                                                                      \
		return full(to, c) ? waiting_##name args : bl_real(name) args;                                                 \
	}
#define PUTC(name, event) PUT(int, name, event, (int c, FILE *stream), (c, stream), stream, is_full, EOF)
#define PUTCHAR(name) PUT(int, name, putchar, (int c), (c), stdout, is_full, EOF)
#define PUTWC(name, event) PUT(wint_t, name, event, (wchar_t c, FILE * stream), (c, stream), stream, goes_out, WEOF)
#define PUTWCHAR(name) PUT(wint_t, name, putwchar, (wchar_t c), (c), stdout, goes_out, WEOF)
PUTC(putc, putc)
PUTC(putc_unlocked, putc)
PUT(int, __overflow, putc, (FILE * stream, int c), (stream, c), stream, is_full, EOF)
PUTC(fputc, fputc)
PUTC(fputc_unlocked, fputc)
PUTCHAR(putchar)
PUTCHAR(putchar_unlocked)
PUTWC(putwc, putwc)
PUTWC(putwc_unlocked, putwc)
PUTWC(fputwc, fputwc)
PUTWC(fputwc_unlocked, fputwc)
PUTWCHAR(putwchar)
PUTWCHAR(putwchar_unlocked)
BL_ALIAS(_IO_putc, putc);

/* ---- Lines of wide characters ---- */

#define FGETWS(name, params, args)                                                                                             \
	BL_WRAPPER(wchar_t *, name, params, args)                                                                              \
	{                                                                                                                      \
		int fd = fd_of(stream), error;                                                                                 \
		wchar_t *result;                                                                                               \
		bool found;                                                                                                    \
                                                                                                                               \
		borelog_begin("libc", "fgetws", fd, size);                                                                     \
		result = bl_real(name) args;                                                                                   \
		found = result;                                                                                                \
		error = !found && ferror_unlocked(stream) ? errno : 0;                                                         \
		borelog_end("libc", "fgetws", fd, found, error);                                                               \
		return result;                                                                                                 \
	}
FGETWS(fgetws, (wchar_t *restrict data, int size, FILE *restrict stream), (data, size, stream))
FGETWS(fgetws_unlocked, (wchar_t *restrict data, int size, FILE *restrict stream), (data, size, stream))
FGETWS(__fgetws_chk, (wchar_t * data, size_t room, int size, FILE *stream), (data, room, size, stream))
FGETWS(__fgetws_unlocked_chk, (wchar_t * data, size_t room, int size, FILE *stream), (data, room, size, stream))
STREAM(int, fputws, (const wchar_t *restrict text, FILE *restrict stream), (text, stream), result < 0, fd)
STREAM_AS(int, fputws_unlocked, fputws, (const wchar_t *restrict text, FILE *restrict stream), (text, stream), result < 0, fd)

/* ---- printf. The variadic ones go through those that take a va_list, which are the ones that record. ---- */

STDOUT(vprintf, printf, (const char *restrict format, va_list ap), (format, ap))
STDOUT(__vprintf_chk, printf, (int flag, const char *format, va_list ap), (flag, format, ap))
STREAM_AS(int, vfprintf, fprintf, (FILE *restrict stream, const char *restrict format, va_list ap), (stream, format, ap), result < 0,
	  fd)
STREAM_AS(int, __vfprintf_chk, fprintf, (FILE * stream, int flag, const char *format, va_list ap), (stream, flag, format, ap),
	  result < 0, fd)

BL_SPAN_AS(int, vdprintf, dprintf, (int fd, const char *restrict format, va_list ap), (fd, format, ap), result < 0, fd)
BL_SPAN_AS(int, __vdprintf_chk, dprintf, (int fd, int flag, const char *format, va_list ap), (fd, flag, format, ap), result < 0, fd)

#define VARIADIC(name, params, call)                                                                                           \
	BL_EXPORT int name params                                                                                              \
	{                                                                                                                      \
		va_list ap;                                                                                                    \
		int result;                                                                                                    \
                                                                                                                               \
		va_start(ap, format);                                                                                          \
		result = call;                                                                                                 \
		va_end(ap);                                                                                                    \
		return result;                                                                                                 \
	}
VARIADIC(printf, (const char *restrict format, ...), vprintf(format, ap))
VARIADIC(fprintf, (FILE *restrict stream, const char *restrict format, ...), vfprintf(stream, format, ap))
VARIADIC(dprintf, (int fd, const char *restrict format, ...), vdprintf(fd, format, ap))
VARIADIC(__printf_chk, (int flag, const char *format, ...), __vprintf_chk(flag, format, ap))
VARIADIC(__fprintf_chk, (FILE * stream, int flag, const char *format, ...), __vfprintf_chk(stream, flag, format, ap))
VARIADIC(__dprintf_chk, (int fd, int flag, const char *format, ...), __vdprintf_chk(fd, flag, format, ap))

/* ---- scanf, in the same way ---- */

/*
 * For <stdio.h> the plain names may be those of C99's or C23's functions; here each has a name of its own, which is not that of its symbol.
 * @prefix is the symbol's; what is recorded is what the program wrote.
 */
#define SCANF(prefix)                                                                                                          \
	int bl_##prefix##scanf(const char *restrict format, ...) __asm__(#prefix "scanf");                                     \
	int bl_##prefix##fscanf(FILE *restrict stream, const char *restrict format, ...) __asm__(#prefix "fscanf");            \
	int bl_##prefix##vscanf(const char *restrict format, va_list ap) __asm__(#prefix "vscanf");                            \
	int bl_##prefix##vfscanf(FILE *restrict stream, const char *restrict format, va_list ap) __asm__(#prefix "vfscanf");   \
	SCANF_SPAN(prefix, vscanf, scanf, stdin, (const char *restrict format, va_list ap), (format, ap))                      \
	SCANF_SPAN(prefix, vfscanf, fscanf, stream, (FILE *restrict stream, const char *restrict format, va_list ap),          \
		   (stream, format, ap))                                                                                       \
	VARIADIC(bl_##prefix##scanf, (const char *restrict format, ...), bl_##prefix##vscanf(format, ap))                      \
	VARIADIC(bl_##prefix##fscanf, (FILE *restrict stream, const char *restrict format, ...),                               \
		 bl_##prefix##vfscanf(stream, format, ap))
#define SCANF_SPAN(prefix, name, event, from, params, args)                                                                    \
	__attribute__((noinline)) static int traced_##prefix##name params                                                      \
	{                                                                                                                      \
		int fd = fd_of(from), result, error;                                                                           \
                                                                                                                               \
		borelog_begin("libc", #event, fd);                                                                             \
		result = bl_real(prefix##name) args;                                                                           \
		error = result < 0 && ferror_unlocked(from) ? errno : 0;                                                       \
		borelog_end("libc", #event, fd, result, error);                                                                \
		return result;                                                                                                 \
	}                                                                                                                      \
	BL_EXPORT int bl_##prefix##name params                                                                                 \
	{                                                                                                                      \
		return bl_tracing() ? traced_##prefix##name args : bl_real(prefix##name) args;                                 \
	}
SCANF()
SCANF(__isoc99_)
SCANF(__isoc23_)
