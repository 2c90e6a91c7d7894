/* SPDX-License-Identifier: MIT */
/*
 * trace_made.h - a small CTF 2 trace with a field of every kind, for the tests of what reads records.
 *
 * One stream, one packet, five records 10 ns apart from 1700000000.000000100 on:
 *
 *     0  t:all    the first values of made_all()
 *     1  t:small  u8 = 7
 *     2  t:all    the second ones
 *     3  t:small  u8 = 200
 *     4  k:none   no fields
 */
#ifndef BL_TESTS_TRACE_MADE_H
#define BL_TESTS_TRACE_MADE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctf/ctf.h"

#define MADE_TIME INT64_C(1700000000000000100)
#define MADE_RECORDS 5

#define U(bits) "{\"type\":\"fixed-length-unsigned-integer\",\"length\":" #bits ",\"byte-order\":\"little-endian\""
#define I(bits) "{\"type\":\"fixed-length-signed-integer\",\"length\":" #bits ",\"byte-order\":\"little-endian\""
#define F(bits) "{\"type\":\"fixed-length-floating-point-number\",\"length\":" #bits ",\"byte-order\":\"little-endian\"}"
#define MEMBER(name, class) "{\"name\":\"" name "\",\"field-class\":" class "}"
#define STRUCT(members) "{\"type\":\"structure\",\"member-classes\":[" members "]}"
#define NEAR(name) "{\"path\":[\"" name "\"]}"

static const char made_payload[] = STRUCT(
	MEMBER("u8", U(8) "}") "," MEMBER("i16", I(16) "}") "," MEMBER("hex", U(32) ",\"preferred-display-base\":16}") ","
	MEMBER("big", U(64) "}") "," MEMBER("f64", F(64)) "," MEMBER("f32", F(32)) ","
	MEMBER("yes", "{\"type\":\"fixed-length-boolean\",\"length\":8,\"byte-order\":\"little-endian\"}") ","
	MEMBER("bits", "{\"type\":\"fixed-length-bit-array\",\"length\":8,\"byte-order\":\"little-endian\"}") ","
	MEMBER("flags", "{\"type\":\"fixed-length-bit-map\",\"length\":8,\"byte-order\":\"little-endian\","
			"\"flags\":{\"read\":[[0,0]],\"write\":[[1,2]]}}") ","
	MEMBER("state", U(8) ",\"mappings\":{\"idle\":[[0,0]],\"busy\":[[1,3]],\"odd one\":[[3,3],[9,9]]}}") ","
	MEMBER("neg", I(8) ",\"mappings\":{\"minus\":[[-5,-1]]}}") ","
	MEMBER("s", "{\"type\":\"null-terminated-string\"}") ","
	MEMBER("wide", "{\"type\":\"static-length-string\",\"length\":8,\"encoding\":\"utf-16le\"}") ","
	MEMBER("blob", "{\"type\":\"static-length-blob\",\"length\":3,\"media-type\":\"image/x\"}") ","
	MEMBER("three", "{\"type\":\"static-length-array\",\"length\":3,\"element-field-class\":" U(8) "}}") ","
	MEMBER("mem", "{\"type\":\"static-length-array\",\"length\":3,\"element-field-class\":" U(8) ",\"preferred-display-base\":16}}") ","
	MEMBER("_seq_length", U(8) "}") ","
	MEMBER("seq", "{\"type\":\"dynamic-length-array\",\"length-field-location\":" NEAR("_seq_length")
		      ",\"element-field-class\":" U(16) "}}") ","
	MEMBER("st", STRUCT(MEMBER("a", U(8) "}") "," MEMBER("in", STRUCT(MEMBER("b", U(8) "}"))))) ","
	MEMBER("has", U(8) "}") ","
	MEMBER("opt", "{\"type\":\"optional\",\"selector-field-location\":" NEAR("has")
		      ",\"selector-field-ranges\":[[1,1]],\"field-class\":" U(8) "}}") ","
	MEMBER("v", "{\"type\":\"variant\",\"selector-field-location\":" NEAR("has") ",\"options\":["
		    "{\"name\":\"text\",\"selector-field-ranges\":[[0,0]],\"field-class\":{\"type\":\"null-terminated-string\"}},"
		    "{\"name\":\"num\",\"selector-field-ranges\":[[1,9]],\"field-class\":" U(8) ",\"mappings\":{\"one\":[[1,1]]}}}]}") ","
	MEMBER("leb", "{\"type\":\"variable-length-signed-integer\"}") ","
	MEMBER("r.state", U(8) "}") "," MEMBER("p_q_3", U(8) "}") "," MEMBER("st.in", U(8) "}"));

static const char made_metadata[] =
	"\x1e{\"type\":\"preamble\",\"version\":2}\n"
	"\x1e{\"type\":\"trace-class\",\"environment\":{\"domain\":\"ust\"}}\n"
	"\x1e{\"type\":\"clock-class\",\"id\":\"c\",\"frequency\":1000000000,\"origin\":\"unix-epoch\","
	"\"offset-from-origin\":{\"seconds\":1700000000}}\n"
	"\x1e{\"type\":\"data-stream-class\",\"id\":0,\"default-clock-class-id\":\"c\","
	"\"packet-context-field-class\":"
	STRUCT(MEMBER("cpu_id", U(32) "}") "," MEMBER("pid", U(32) "}") "," MEMBER("same", U(8) "}"))
	",\"event-record-header-field-class\":"
	STRUCT(MEMBER("id", U(8) ",\"roles\":[\"event-record-class-id\"]}") ","
	       MEMBER("t", U(64) ",\"roles\":[\"default-clock-timestamp\"]}"))
	",\"event-record-common-context-field-class\":" STRUCT(MEMBER("tid", U(32) "}") "," MEMBER("same", U(8) "}")) "}\n";

static inline void made_require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "the made trace: %s\n", what);
	abort();
}

/* A piece of trace that is being made. */
struct made {
	uint8_t bytes[4096];
	size_t size;
};

static inline void made_put(struct made *made, const void *bytes, size_t size)
{
	made_require(size <= sizeof(made->bytes) - made->size, "too large");
	memcpy(made->bytes + made->size, bytes, size);
	made->size += size;
}

/* Little-endian. */
static inline void made_number(struct made *made, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		const uint8_t byte = (uint8_t)(value >> 8 * i);

		made_put(made, &byte, 1);
	}
}

static inline void made_double(struct made *made, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	made_number(made, bits, 8);
}

static inline void made_float(struct made *made, float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	made_number(made, bits, 4);
}

/* Header, contexts. */
static inline void made_record(struct made *made, uint8_t id, uint64_t time, uint32_t tid)
{
	made_number(made, id, 1);
	made_number(made, time, 8);
	made_number(made, tid, 4);
	made_number(made, 2, 1); /* same */
	if (id == 0)
		made_number(made, (uint8_t)-3, 1); /* prio */
}

static inline void made_all(struct made *made, bool first)
{
	made_number(made, first ? 1 : 255, 1);
	made_number(made, first ? (uint16_t)-2 : 300, 2);
	made_number(made, first ? 0xbeef : 0, 4);
	made_number(made, first ? UINT64_MAX : 5, 8);
	made_double(made, first ? 1.5 : -0.1);
	made_float(made, first ? 0.1f : __builtin_inff());
	made_number(made, first, 1);
	made_number(made, first ? 0x5a : 1, 1);
	made_number(made, first ? 5 : 0, 1); /* read|write, none */
	made_number(made, first ? 3 : 0, 1); /* busy and odd one, idle */
	made_number(made, first ? (uint8_t)-5 : 4, 1);
	if (first)
		made_put(made, "SELECT \"a\"\n\xff\xc3\xa4", 15);
	else
		made_put(made, "", 1);
	made_put(made, first ? "\xe4\0x\0\0\0y\0" : "\x3d\xd8\0\xde\0\0\0\0", 8); /* "äx", a smile */
	made_put(made, "\x01\xab\xff", 3);
	made_put(made, "\x0a\x14\x1e", 3);
	made_put(made, "\x00\xca\xfe", 3);
	made_number(made, first ? 2 : 0, 1);
	if (first)
		made_put(made, "\x01\x00\x00\x01", 4); /* 1, 256 */
	made_put(made, first ? "\x09\x08" : "\x00\x01", 2);
	made_number(made, first, 1);
	if (first)
		made_put(made, "\x2a\x01", 2); /* opt 42, num 1 */
	else
		made_put(made, "hi", 3);
	made_put(made, first ? "\x7f" : "\xff\x00", first ? 1 : 2); /* -1, 127 */
	made_put(made, "\x0b\x0c\x0d", 3);
}

static inline void made_packet(struct made *made)
{
	made_number(made, 3, 4);
	made_number(made, 4711, 4);
	made_number(made, 1, 1); /* same */
	made_record(made, 0, 100, 4712);
	made_all(made, true);
	made_record(made, 1, 110, 4711);
	made_number(made, 7, 1);
	made_record(made, 0, 120, 4712);
	made_all(made, false);
	made_record(made, 1, 130, 4711);
	made_number(made, 200, 1);
	made_record(made, 2, 140, 4711);
}

static inline void made_write(const char *path, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");

	made_require(file && fwrite(bytes, 1, size, file) == size && !fclose(file), path);
}

/* Make the trace and open it; to be given to made_close(). */
static inline struct ctf *made_open(char dir[64])
{
	static struct made made;
	char path[128], metadata[16384];
	struct ctf_error error;
	const char *dirs[] = {dir};
	struct ctf *ctf;
	int n;

	snprintf(dir, 64, "/tmp/borelog-test-XXXXXX");
	made_require(mkdtemp(dir), dir);
	n = snprintf(metadata, sizeof(metadata),
		     "%s\x1e{\"type\":\"event-record-class\",\"name\":\"t:all\",\"id\":0,\"specific-context-field-class\":%s,"
		     "\"payload-field-class\":%s}\n"
		     "\x1e{\"type\":\"event-record-class\",\"name\":\"t:small\",\"id\":1,\"payload-field-class\":%s}\n"
		     "\x1e{\"type\":\"event-record-class\",\"name\":\"k:none\",\"id\":2}\n",
		     made_metadata, STRUCT(MEMBER("prio", I(8) "}")), made_payload, STRUCT(MEMBER("u8", U(8) "}")));
	made_require(n > 0 && (size_t)n < sizeof(metadata), "too much metadata");
	snprintf(path, sizeof(path), "%s/metadata", dir);
	made_write(path, metadata, (size_t)n);
	made.size = 0;
	made_packet(&made);
	snprintf(path, sizeof(path), "%s/stream", dir);
	made_write(path, made.bytes, made.size);
	ctf = ctf_open(dirs, 1, &error);
	made_require(ctf, error.text);
	made_require(!ctf_trouble(ctf, 0), ctf_trouble(ctf, 0) ? ctf_trouble(ctf, 0)->text : "");
	return ctf;
}

static inline void made_close(struct ctf *ctf, const char *dir)
{
	char path[128];

	ctf_close(ctf);
	snprintf(path, sizeof(path), "%s/metadata", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/stream", dir);
	unlink(path);
	rmdir(dir);
}

#undef U
#undef I
#undef F
#undef MEMBER
#undef STRUCT
#undef NEAR

#endif
