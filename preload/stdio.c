/* SPDX-License-Identifier: MIT */
/*
 * stdio.c - streams. libc writes and reads for them by itself, not through the functions in io.c, so who wants to see what a program
 * prints or how long it waits for the disk needs these.
 *
 * Each function that moves whole lines or blocks, opens, flushes or closes is a span with the stream's descriptor (-1: it has none, or
 * all streams are meant). Where the kernel is asked within that span, nothing else is recorded. The printf family is recorded under its own names, fortified variants under the plain ones. Single
 * characters (getc, putc), wide characters and scanf are left alone: the first are mostly inlined by the compiler, and a record each would
 * drown the rest.
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
