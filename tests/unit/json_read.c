/* SPDX-License-Identifier: MIT */
/*
 * json_read.c - what the reader of CTF 2 metadata puts into the model: each kind of fragment and field class with each of its
 * properties; and its limits. Errors are in json_read_errors.c.
 */
#include "tests/unit/json_read.h"

static const struct model_stream *stream(uint32_t i)
{
	assert_true(i < now.model.streams.n);
	return now.model.streams.items[i];
}

static const struct model_event *event(uint32_t i)
{
	assert_true(i < now.model.events.n);
	return now.model.events.items[i];
}

static const struct ctf_clock *clock_at(uint32_t i)
{
	assert_true(i < now.model.clocks.n);
	return &((const struct model_clock *)now.model.clocks.items[i])->pub;
}

static const struct ctf_class *member(const struct ctf_class *class, uint32_t i)
{
	assert_non_null(class);
	assert_true(i < class->n_members);
	assert_non_null(class->members[i].class);
	return class->members[i].class;
}

/* The class of the one field of FIELD(). */
static const struct ctf_class *field(void)
{
	return member(event(0)->pub.payload, 0);
}

static const struct model_class *made(const struct ctf_class *class)
{
	return (const struct model_class *)class;
}

static void assert_ranges(const struct ctf_range *ranges, uint32_t n, const uint64_t *want, uint32_t n_want)
{
	assert_int_equal(n, n_want / 2);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(ranges[i].first, want[2 * i]);
		assert_int_equal(ranges[i].last, want[2 * i + 1]);
	}
}

#define ASSERT_RANGES(ranges, n, ...)                                                                                                      \
	assert_ranges(ranges, n, (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* ---- Field classes ---- */

static void number_defaults(void **state)
{
	const struct ctf_class *class;

	(void)state;
	must_read(FIELD(UNSIGNED("")));
	class = field();
	assert_int_equal(class->type, CTF_UINT);
	assert_int_equal(class->size, 8);
	assert_int_equal(class->align, 1);
	assert_int_equal(class->base, 0);
	assert_int_equal(class->roles, 0);
	assert_false(class->is_enum);
	assert_false(class->leb128);
	assert_int_equal(class->save, -1);
	assert_int_equal(class->source, -1);
	assert_null(class->attributes);
	assert_null(made(class)->ref);
	assert_int_equal(made(class)->line, 3);
	assert_string_equal(event(0)->pub.payload->members[0].name, "f");
}

static void number_bits(void **state)
{
	static const struct {
		const char *text;
		bool big_endian, reversed;
	} orders[] = {
		{"'byte-order':'little-endian'", false, false},
		{"'byte-order':'little-endian','bit-order':'first-to-last'", false, false},
		{"'byte-order':'little-endian','bit-order':'last-to-first'", false, true},
		{"'byte-order':'big-endian'", true, false},
		{"'byte-order':'big-endian','bit-order':'last-to-first'", true, false},
		{"'byte-order':'big-endian','bit-order':'first-to-last'", true, true},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		snprintf(text, sizeof(text), FIELD("{'type':'fixed-length-signed-integer','length':63,%s,'alignment':32768}"),
			 orders[i].text);
		must_read(text);
		assert_int_equal(field()->type, CTF_SINT);
		assert_int_equal(field()->size, 63);
		assert_int_equal(field()->align, 32768);
		assert_int_equal(field()->big_endian, orders[i].big_endian);
		assert_int_equal(field()->reversed, orders[i].reversed);
	}
}

static void number_types(void **state)
{
	static const struct {
		const char *text;
		enum ctf_type type;
		uint32_t size;
	} types[] = {
		{FIXED("unsigned-integer", ",'length':1"), CTF_UINT, 1},
		{FIXED("unsigned-integer", ",'length':64"), CTF_UINT, 64},
		{FIXED("boolean", ",'length':7"), CTF_BOOL, 7},
		{FIXED("bit-array", ",'length':9"), CTF_BITS, 9},
		{FIXED("bit-map", ",'length':5,'flags':{'a':[[0,0]]}"), CTF_BITMAP, 5},
		{FIXED("floating-point-number", ",'length':16"), CTF_FLOAT, 16},
		{FIXED("floating-point-number", ",'length':32"), CTF_FLOAT, 32},
		{FIXED("floating-point-number", ",'length':64,'alignment':4"), CTF_FLOAT, 64},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		snprintf(text, sizeof(text), FIELD("%s"), types[i].text);
		must_read(text);
		assert_int_equal(field()->type, types[i].type);
		assert_int_equal(field()->size, types[i].size);
		assert_int_equal(field()->align, types[i].size == 64 && types[i].type == CTF_FLOAT ? 4 : 1);
	}
}

static void number_variable(void **state)
{
	(void)state;
	must_read(FIELD("{'type':'variable-length-unsigned-integer','preferred-display-base':16,'mappings':{'a':[[1,2]]}}"));
	assert_int_equal(field()->type, CTF_UINT);
	assert_true(field()->leb128);
	assert_int_equal(field()->align, 8);
	assert_int_equal(field()->base, 16);
	assert_true(field()->is_enum);
	must_read(FIELD("{'type':'variable-length-signed-integer','preferred-display-base':2}"));
	assert_int_equal(field()->type, CTF_SINT);
	assert_true(field()->leb128);
	assert_int_equal(field()->base, 2);
	must_read(FIELD(UNSIGNED(",'preferred-display-base':8")));
	assert_int_equal(field()->base, 8);
	must_read(FIELD(UNSIGNED(",'preferred-display-base':10")));
	assert_int_equal(field()->base, 10);
}

static void mappings(void **state)
{
	const struct ctf_mapping *mapping;

	(void)state;
	must_read(FIELD(UNSIGNED(",'mappings':{'a b':[[3,3],[0,1]],'':[[-7,2]],'never':[[-3,-1]],"
				 "'top':[[18446744073709551615,18446744073709551615]]}")));
	mapping = field()->mappings;
	assert_true(field()->is_enum);
	assert_int_equal(field()->n_mappings, 4);
	assert_string_equal(mapping[0].label, "a b");
	ASSERT_RANGES(mapping[0].ranges, mapping[0].n_ranges, 3, 3, 0, 1);
	assert_string_equal(mapping[1].label, "");
	ASSERT_RANGES(mapping[1].ranges, mapping[1].n_ranges, 0, 2);
	assert_string_equal(mapping[2].label, "never");
	assert_int_equal(mapping[2].n_ranges, 0);
	ASSERT_RANGES(mapping[3].ranges, mapping[3].n_ranges, UINT64_MAX, UINT64_MAX);

	must_read(FIELD(FIXED("signed-integer", ",'length':8,'mappings':{'low':[[-9223372036854775808,-1]],"
						"'wide':[[-9223372036854775809,9223372036854775808]],'beyond':[[9223372036854775808,"
						"9223372036854775809]]}")));
	mapping = field()->mappings;
	ASSERT_RANGES(mapping[0].ranges, mapping[0].n_ranges, (uint64_t)1 << 63, UINT64_MAX);
	ASSERT_RANGES(mapping[1].ranges, mapping[1].n_ranges, (uint64_t)1 << 63, INT64_MAX);
	assert_int_equal(mapping[2].n_ranges, 0);

	/* As if it were not there: that is the default. */
	must_read(FIELD(UNSIGNED(",'mappings':{}")));
	assert_false(field()->is_enum);
	assert_int_equal(field()->n_mappings, 0);
}

static void flags(void **state)
{
	const struct ctf_mapping *flag;

	(void)state;
	must_read(FIELD(FIXED("bit-map", ",'length':16,'flags':{'a':[[0,0],[4,5]],'b':[[4,200]],'c':[[16,17]],'d':[[-2,-1]]}")));
	flag = field()->mappings;
	assert_int_equal(field()->n_mappings, 4);
	assert_false(field()->is_enum);
	ASSERT_RANGES(flag[0].ranges, flag[0].n_ranges, 0, 0, 4, 5);
	ASSERT_RANGES(flag[1].ranges, flag[1].n_ranges, 4, 15);
	assert_int_equal(flag[2].n_ranges, 0);
	assert_int_equal(flag[3].n_ranges, 0);
}

static void strings(void **state)
{
	static const struct {
		const char *name;
		enum ctf_encoding encoding;
	} encodings[] = {
		{"utf-8", CTF_UTF8},
		{"utf-16le", CTF_UTF16LE},
		{"utf-16be", CTF_UTF16BE},
		{"utf-32le", CTF_UTF32LE},
		{"utf-32be", CTF_UTF32BE},
	};
	char text[512];

	(void)state;
	must_read(FIELD("{'type':'null-terminated-string'}"));
	assert_int_equal(field()->type, CTF_STRING);
	assert_int_equal(field()->length, CTF_ENDED);
	assert_int_equal(field()->encoding, CTF_UTF8);
	assert_int_equal(field()->align, 8);
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
		snprintf(text, sizeof(text), FIELD("{'type':'static-length-string','length':%zu,'encoding':'%s'}"), i,
			 encodings[i].name);
		must_read(text);
		assert_int_equal(field()->type, CTF_STRING);
		assert_int_equal(field()->length, CTF_STATIC);
		assert_int_equal(field()->count, i);
		assert_int_equal(field()->encoding, encodings[i].encoding);
	}
	must_read(FIELD("{'type':'dynamic-length-string','length-field-location':{'path':['n']},'encoding':'utf-16be'}"));
	assert_int_equal(field()->type, CTF_STRING);
	assert_int_equal(field()->length, CTF_DYNAMIC);
	assert_int_equal(field()->encoding, CTF_UTF16BE);
	assert_int_equal(field()->align, 8);
	assert_non_null(made(field())->ref);
}

static void blobs(void **state)
{
	(void)state;
	must_read(FIELD("{'type':'static-length-blob','length':536870912}"));
	assert_int_equal(field()->type, CTF_BLOB);
	assert_int_equal(field()->length, CTF_STATIC);
	assert_int_equal(field()->count, 536870912);
	assert_int_equal(field()->align, 8);
	assert_null(field()->media_type);
	must_read(FIELD("{'type':'dynamic-length-blob','length-field-location':{'path':['n']},'media-type':'image/png'}"));
	assert_int_equal(field()->type, CTF_BLOB);
	assert_int_equal(field()->length, CTF_DYNAMIC);
	assert_int_equal(field()->align, 8);
	assert_string_equal(field()->media_type, "image/png");
	assert_non_null(made(field())->ref);
}

static void structures(void **state)
{
	const struct ctf_class *class;

	(void)state;
	must_read(PAYLOAD("{'type':'structure'}"));
	assert_int_equal(event(0)->pub.payload->type, CTF_STRUCT);
	assert_int_equal(event(0)->pub.payload->n_members, 0);
	assert_int_equal(made(event(0)->pub.payload)->min_align, 0);
	must_read(PAYLOAD("{'type':'structure','minimum-alignment':64,'member-classes':[]}"));
	assert_int_equal(event(0)->pub.payload->n_members, 0);
	assert_int_equal(made(event(0)->pub.payload)->min_align, 64);
	assert_int_equal(event(0)->pub.payload->align, 1);
	must_read(PAYLOAD("{'type':'structure','member-classes':["
			  "{'name':'','field-class':{'type':'structure','member-classes':[" MEMBER(UNSIGNED("")) "]}},"
			  "{'name':'_the magic!','field-class':" UNSIGNED("") ",'attributes':{'n':{ 'a' : [1, 2] }}}]}"));
	class = event(0)->pub.payload;
	assert_int_equal(class->n_members, 2);
	assert_string_equal(class->members[0].name, "");
	assert_int_equal(member(class, 0)->type, CTF_STRUCT);
	assert_string_equal(member(class, 0)->members[0].name, "f");
	assert_string_equal(class->members[1].name, "_the magic!");
	assert_string_equal(class->members[1].attributes, "{\"n\":{\"a\":[1,2]}}");
	assert_null(class->members[0].attributes);
	assert_null(made(class)->raw);
}

static void arrays(void **state)
{
	(void)state;
	must_read(FIELD("{'type':'static-length-array','length':4294967296,'minimum-alignment':16,'element-field-class':" UNSIGNED("") "}"));
	assert_int_equal(field()->type, CTF_ARRAY);
	assert_int_equal(field()->length, CTF_STATIC);
	assert_int_equal(field()->count, 4294967296);
	assert_int_equal(made(field())->min_align, 16);
	assert_int_equal(field()->n_members, 1);
	assert_null(field()->members[0].name);
	assert_int_equal(member(field(), 0)->type, CTF_UINT);
	must_read(FIELD("{'type':'dynamic-length-array','length-field-location':{'path':['n']},"
			"'element-field-class':{'type':'static-length-array','length':0,'element-field-class':" UNSIGNED("") "}}"));
	assert_int_equal(field()->length, CTF_DYNAMIC);
	assert_int_equal(made(field())->min_align, 0);
	assert_non_null(made(field())->ref);
	assert_int_equal(member(field(), 0)->type, CTF_ARRAY);
	assert_int_equal(member(field(), 0)->length, CTF_STATIC);
	assert_int_equal(member(field(), 0)->count, 0);
	assert_int_equal(member(member(field(), 0), 0)->type, CTF_UINT);
}

static void optionals(void **state)
{
	(void)state;
	must_read(FIELD("{'type':'optional','selector-field-location':{'path':['b']},'field-class':" UNSIGNED("") "}"));
	assert_int_equal(field()->type, CTF_OPTIONAL);
	assert_int_equal(field()->n_members, 1);
	assert_int_equal(field()->members[0].n_ranges, 0);
	assert_null(field()->members[0].name);
	assert_int_equal(member(field(), 0)->type, CTF_UINT);
	assert_string_equal(made(field())->ref->path[0], "b");
	must_read(FIELD("{'type':'optional','selector-field-location':{'path':['b']},'selector-field-ranges':[[-1,1],[5,6]],"
			"'field-class':" UNSIGNED("") "}"));
	ASSERT_RANGES(field()->members[0].ranges, field()->members[0].n_ranges, UINT64_MAX, 1, 5, 6);
	assert_true(field()->selector_signed);
	must_read(FIELD("{'type':'optional','selector-field-location':{'path':['b']},'selector-field-ranges':[[0,18446744073709551615]],"
			"'field-class':" UNSIGNED("") "}"));
	ASSERT_RANGES(field()->members[0].ranges, field()->members[0].n_ranges, 0, UINT64_MAX);
	assert_false(field()->selector_signed);
}

static void variants(void **state)
{
	const struct ctf_member *options;

	(void)state;
	must_read(FIELD(VARIANT(OPTION(",'name':'a','attributes':{}", "[[4,6],[0,2],[5,5]]") "," OPTION("", "[[7,18446744073709551615]]")
				"," OPTION(",'extensions':{'n':{}}", "[[3,3]]"))));
	assert_int_equal(field()->type, CTF_VARIANT);
	assert_int_equal(field()->n_members, 3);
	options = field()->members;
	assert_string_equal(options[0].name, "a");
	assert_string_equal(options[0].attributes, "{}");
	assert_null(options[1].name);
	assert_null(options[2].name);
	ASSERT_RANGES(options[0].ranges, options[0].n_ranges, 4, 6, 0, 2, 5, 5);
	ASSERT_RANGES(options[1].ranges, options[1].n_ranges, 7, UINT64_MAX);
	ASSERT_RANGES(options[2].ranges, options[2].n_ranges, 3, 3);
	assert_false(field()->selector_signed);
	assert_non_null(made(field())->ref);
	assert_false(made(field())->by_label);

	must_read(FIELD(VARIANT(OPTION("", "[[-5,-3]]") "," OPTION("", "[[-2,9223372036854775807]]"))));
	options = field()->members;
	assert_true(field()->selector_signed);
	ASSERT_RANGES(options[0].ranges, options[0].n_ranges, (uint64_t)-5, (uint64_t)-3);
	ASSERT_RANGES(options[1].ranges, options[1].n_ranges, (uint64_t)-2, INT64_MAX);
}

/* What model_finish() makes of ranges once the selector is known: what it cannot be is cut off. */
#define SELECTED(by, ranges)                                                                                                       \
	PAYLOAD("{'type':'structure','member-classes':[{'name':'u','field-class':" UNSIGNED(                                       \
		"") "},{'name':'i','field-class':" FIXED("signed-integer", ",'length':8")                                          \
		"},{'name':'f','field-class':{'type':'optional','selector-field-location':{'path':['" by                           \
		"']},'selector-field-ranges':" ranges ",'field-class':" UNSIGNED("") "}}]}")

static const struct ctf_member *finished(const char *text)
{
	must_read(text);
	if (!model_finish(&now.model))
		fail_msg("%s", now.error.text);
	return member(now.model.trace.events[0]->payload, 2)->members;
}

static void selectors(void **state)
{
	const struct ctf_member *content;

	(void)state;
	content = finished(SELECTED("u", "[[-5,3],[-7,-2],[9,9]]"));
	assert_false(member(now.model.trace.events[0]->payload, 2)->selector_signed);
	ASSERT_RANGES(content->ranges, content->n_ranges, 0, 3, 1, 0, 9, 9);
	content = finished(SELECTED("i", "[[-5,3],[9,9]]"));
	assert_true(member(now.model.trace.events[0]->payload, 2)->selector_signed);
	ASSERT_RANGES(content->ranges, content->n_ranges, (uint64_t)-5, 3, 9, 9);
	content = finished(SELECTED("i", "[[2,18446744073709551615],[9223372036854775808,9223372036854775809]]"));
	assert_true(member(now.model.trace.events[0]->payload, 2)->selector_signed);
	ASSERT_RANGES(content->ranges, content->n_ranges, 2, INT64_MAX, 1, 0);
	content = finished(SELECTED("u", "[[2,18446744073709551615]]"));
	ASSERT_RANGES(content->ranges, content->n_ranges, 2, UINT64_MAX);
}

static void locations(void **state)
{
	static const char *const origins[] = {
		[CTF_PACKET_HEADER] = "packet-header",
		[CTF_PACKET_CONTEXT] = "packet-context",
		[CTF_EVENT_HEADER] = "event-record-header",
		[CTF_COMMON_CONTEXT] = "event-record-common-context",
		[CTF_SPECIFIC_CONTEXT] = "event-record-specific-context",
		[CTF_PAYLOAD] = "event-record-payload",
	};
	const struct model_ref *ref;
	char text[512];

	(void)state;
	must_read(FIELD("{'type':'dynamic-length-string','length-field-location':@{'path':[null,null,'a b','c']}}"));
	ref = made(field())->ref;
	assert_int_equal(ref->origin, REF_RELATIVE);
	assert_int_equal(ref->n, 4);
	assert_null(ref->path[0]);
	assert_null(ref->path[1]);
	assert_string_equal(ref->path[2], "a b");
	assert_string_equal(ref->path[3], "c");
	assert_int_equal(ref->line, now.line);
	assert_int_equal(ref->column, now.column);
	/* A null behind a name takes it back. */
	must_read(FIELD("{'type':'dynamic-length-string','length-field-location':{'path':[null,'s','t',null,null,'u',null,'n']}}"));
	ref = made(field())->ref;
	assert_int_equal(ref->n, 2);
	assert_null(ref->path[0]);
	assert_string_equal(ref->path[1], "n");
	for (int i = 0; i < CTF_N_SCOPES; i++) {
		snprintf(text, sizeof(text), FIELD("{'type':'dynamic-length-blob','length-field-location':{'path':['x'],'origin':'%s'}}"),
			 origins[i]);
		must_read(text);
		ref = made(field())->ref;
		assert_int_equal(ref->origin, REF_SCOPE);
		assert_int_equal(ref->scope, i);
		assert_int_equal(ref->n, 1);
	}
}

static void roles(void **state)
{
	static const struct {
		const char *name;
		uint32_t role;
		int scope;
	} known[] = {
		{"data-stream-class-id", CTF_ROLE_STREAM_CLASS_ID, CTF_PACKET_HEADER},
		{"data-stream-id", CTF_ROLE_STREAM_ID, CTF_PACKET_HEADER},
		{"packet-total-length", CTF_ROLE_PACKET_SIZE, CTF_PACKET_CONTEXT},
		{"packet-content-length", CTF_ROLE_CONTENT_SIZE, CTF_PACKET_CONTEXT},
		{"default-clock-timestamp", CTF_ROLE_CLOCK, CTF_PACKET_CONTEXT},
		{"default-clock-timestamp", CTF_ROLE_CLOCK, CTF_EVENT_HEADER},
		{"packet-end-default-clock-timestamp", CTF_ROLE_END_CLOCK, CTF_PACKET_CONTEXT},
		{"discarded-event-record-counter-snapshot", CTF_ROLE_DISCARDED, CTF_PACKET_CONTEXT},
		{"packet-sequence-number", CTF_ROLE_SEQUENCE, CTF_PACKET_CONTEXT},
		{"event-record-class-id", CTF_ROLE_EVENT_ID, CTF_EVENT_HEADER},
	};
	const struct ctf_class *class;
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const char *format = known[i].scope == CTF_PACKET_HEADER ? HEADER(STRUCTURE(ROLE("%s")))
				     : known[i].scope == CTF_EVENT_HEADER
					     ? IN_CLOCKED("event-record-header",
							  STRUCTURE("{'type':'variable-length-unsigned-integer','roles':['%s']}"))
					     : IN_CLOCKED("packet-context", STRUCTURE(ROLE("%s")));

		snprintf(text, sizeof(text), format, known[i].name);
		must_read(text);
		class = known[i].scope == CTF_PACKET_HEADER  ? now.model.trace.packet_header
			: known[i].scope == CTF_EVENT_HEADER ? stream(0)->pub.event_header
							     : stream(0)->pub.packet_context;
		assert_int_equal(member(class, 0)->roles, known[i].role);
	}
	must_read(HEADER_UUID("{'type':'structure','member-classes':[{'name':'m','field-class':" FIXED(
		"unsigned-integer", ",'length':32,'roles':['packet-magic-number','data-stream-id']") "},"
			"{'name':'u','field-class':{'type':'static-length-blob','length':16,'roles':['metadata-stream-uuid']}}]}"));
	assert_int_equal(member(now.model.trace.packet_header, 0)->roles, CTF_ROLE_MAGIC | CTF_ROLE_STREAM_ID);
	assert_int_equal(member(now.model.trace.packet_header, 1)->roles, CTF_ROLE_UUID);
	assert_int_equal(member(now.model.trace.packet_header, 1)->count, 16);
}

static void attributes(void **state)
{
	(void)state;
	must_read(FIELD(UNSIGNED(",'attributes':{ 'a b' : { 'n' : [ null , true, -1.5e+3 , 123456789012345678901234567890, "
				 "'two  words \\\\ \\' { ]' ] } } ,'extensions':{'x':{},'y':{}}")));
	assert_string_equal(field()->attributes, "{\"a b\":{\"n\":[null,true,-1.5e+3,123456789012345678901234567890,"
						 "\"two  words \\\\ \\\" { ]\"]}}");
}

/* ---- Aliases ---- */

static void aliases(void **state)
{
	const struct ctf_class *payload;

	(void)state;
	must_read(PREAMBLE ALIAS("u", UNSIGNED(",'mappings':{'a':[[1,1]]}")) ALIAS("v", "'u'")
		  ALIAS("s", "{'type':'structure','member-classes':[{'name':'x','field-class':'v'},{'name':'y','field-class':"
			     "{'type':'dynamic-length-array','length-field-location':{'path':['x']},'element-field-class':'u'}}]}")
		  STREAM "{'type':'event-record-class','payload-field-class':{'type':'structure','member-classes':["
		  "{'name':'a','field-class':@'s'},{'name':'b','field-class':'s'},"
		  "{'name':'c','field-class':{'type':'optional','selector-field-location':{'path':['a','x']},'field-class':'u',"
		  "'selector-field-ranges':[[1,1]]}},"
		  "{'name':'d','field-class':{'type':'variant','selector-field-location':{'path':['a','x']},"
		  "'options':[{'field-class':'v','selector-field-ranges':[[1,1]]}]}}]}}\n");
	payload = event(0)->pub.payload;
	assert_int_equal(payload->n_members, 4);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(member(payload, i)->type, CTF_STRUCT);
		assert_int_equal(member(member(payload, i), 0)->n_mappings, 1);
		assert_int_equal(member(member(payload, i), 1)->type, CTF_ARRAY);
		assert_int_equal(member(member(member(payload, i), 1), 0)->type, CTF_UINT);
		assert_string_equal(made(member(member(payload, i), 1))->ref->path[0], "x");
	}
	assert_int_equal(made(member(payload, 0))->line, now.line);
	assert_int_equal(made(member(payload, 0))->column, now.column);
	assert_int_equal(member(member(payload, 2), 0)->type, CTF_UINT);
	assert_int_equal(member(member(payload, 3), 0)->type, CTF_UINT);
	/* No two places share a class. */
	assert_ptr_not_equal(member(payload, 0), member(payload, 1));
	assert_ptr_not_equal(member(member(payload, 0), 0), member(member(payload, 1), 0));
	assert_ptr_not_equal(member(member(payload, 0), 1), member(member(payload, 1), 1));
	assert_ptr_not_equal(member(member(member(payload, 0), 1), 0), member(member(member(payload, 1), 1), 0));
}

/* A role in an alias is that of the place where it is used. */
static void alias_roles(void **state)
{
	(void)state;
	must_read(PREAMBLE ALIAS("magic", FIXED("unsigned-integer", ",'length':32,'roles':['packet-magic-number']"))
		  ALIAS("header", STRUCTURE("'magic'")) CLOCK ALIAS("time", ROLE("default-clock-timestamp"))
		  "{'type':'trace-class','packet-header-field-class':'header'}\n"
		  "{'type':'data-stream-class','default-clock-class-id':'k','packet-context-field-class':" STRUCTURE("'time'")
		  ",'event-record-header-field-class':" STRUCTURE("'time'") "}\n");
	assert_int_equal(member(now.model.trace.packet_header, 0)->roles, CTF_ROLE_MAGIC);
	assert_int_equal(member(stream(0)->pub.packet_context, 0)->roles, CTF_ROLE_CLOCK);
	assert_int_equal(member(stream(0)->pub.event_header, 0)->roles, CTF_ROLE_CLOCK);
}

/* ---- Fragments ---- */

static void preamble(void **state)
{
	(void)state;
	must_read(PREAMBLE STREAM);
	assert_false(now.model.trace.has_uuid);
	assert_int_equal(now.model.trace.major, 2);
	assert_int_equal(now.model.trace.minor, 0);
	must_read("{'type':'preamble','version':2,'uuid':" UUID ",'attributes':{'a':1},'extensions':{}}\n" STREAM);
	assert_true(now.model.trace.has_uuid);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(now.model.trace.uuid[i], i < 15 ? i : 255);
	must_read("{'type':'preamble','version':2,'extensions':{'a':{},'b':{}}}\n" STREAM);
}

static void trace_class(void **state)
{
	const struct ctf_trace *trace = &now.model.trace;
	struct ctf_env *const *env;

	(void)state;
	must_read(PREAMBLE STREAM);
	assert_null(trace->name);
	assert_null(trace->packet_header);
	assert_int_equal(now.model.envs.n, 0);
	must_read(PREAMBLE "{'type':'trace-class','namespace':'n.s','name':'','uid':'u-1','attributes':{'x':2},"
			   "'environment':{'z':'','host':'h','low':-9223372036854775808,'high':9223372036854775807}}\n" STREAM);
	assert_string_equal(trace->ns, "n.s");
	assert_string_equal(trace->name, "");
	assert_string_equal(trace->uid, "u-1");
	assert_string_equal(trace->attributes, "{\"x\":2}");
	assert_int_equal(now.model.envs.n, 4);
	env = (struct ctf_env *const *)now.model.envs.items;
	assert_string_equal(env[0]->name, "z");
	assert_string_equal(env[0]->text, "");
	assert_string_equal(env[1]->text, "h");
	assert_string_equal(env[2]->name, "low");
	assert_null(env[2]->text);
	assert_true(env[2]->number == INT64_MIN);
	assert_true(env[3]->number == INT64_MAX);
}

static void clock_class(void **state)
{
	const struct ctf_clock *clock;

	(void)state;
	must_read(PREAMBLE CLOCK STREAM);
	clock = clock_at(0);
	assert_string_equal(((const struct model_clock *)clock)->id, "k");
	assert_int_equal(((const struct model_clock *)clock)->line, 2);
	assert_int_equal(((const struct model_clock *)clock)->column, 2);
	assert_int_equal(clock->frequency, 1000);
	assert_null(clock->name);
	assert_false(clock->has_precision);
	assert_false(clock->has_accuracy);
	assert_false(clock->unix_epoch);
	assert_null(clock->origin_name);
	assert_int_equal(clock->offset_s, 0);
	assert_int_equal(clock->offset_cycles, 0);
	must_read(PREAMBLE
		  "{'type':'clock-class','id':'c','namespace':'n','name':'m','uid':'u','frequency':18446744073709551615,"
		  "'description':'d','origin':'unix-epoch','precision':0,'accuracy':18446744073709551614,"
		  "'offset-from-origin':{'seconds':-9223372036854775808,'cycles':18446744073709551614},'attributes':{'a':null}}\n"
		  "{'type':'clock-class','id':'d','frequency':2,'origin':{'name':'on','uid':'ou'},'offset-from-origin':{'cycles':1}}\n"
		  "{'type':'clock-class','id':'e','frequency':2,'origin':{'namespace':'os','name':'on','uid':'ou'}}\n" STREAM);
	clock = clock_at(0);
	assert_string_equal(clock->ns, "n");
	assert_string_equal(clock->name, "m");
	assert_string_equal(clock->uid, "u");
	assert_string_equal(clock->description, "d");
	assert_string_equal(clock->attributes, "{\"a\":null}");
	assert_int_equal(clock->frequency, UINT64_MAX);
	assert_true(clock->offset_s == INT64_MIN);
	assert_int_equal(clock->offset_cycles, UINT64_MAX - 1);
	assert_true(clock->has_precision && clock->has_accuracy);
	assert_int_equal(clock->precision, 0);
	assert_int_equal(clock->accuracy, UINT64_MAX - 1);
	assert_true(clock->unix_epoch);
	clock = clock_at(1);
	assert_false(clock->unix_epoch);
	assert_null(clock->origin_ns);
	assert_string_equal(clock->origin_name, "on");
	assert_string_equal(clock->origin_uid, "ou");
	assert_int_equal(clock->offset_cycles, 1);
	assert_string_equal(clock_at(2)->origin_ns, "os");
}

static void clock_identity(void **state)
{
	(void)state;
	/* One clock twice, and its offset may differ; others that look like it and are not. */
	must_read(PREAMBLE "{'type':'clock-class','id':'1','name':'m','uid':'u','frequency':5}\n"
			   "{'type':'clock-class','id':'2','name':'m','uid':'u','frequency':5,'offset-from-origin':{'seconds':1}}\n"
			   "{'type':'clock-class','id':'3','name':'mu','uid':'','frequency':6}\n"
			   "{'type':'clock-class','id':'4','namespace':'','name':'m','uid':'u','frequency':7}\n"
			   "{'type':'clock-class','id':'5','name':'m','frequency':8}\n"
			   "{'type':'clock-class','id':'6','name':'m','frequency':9}\n" STREAM);
	assert_int_equal(now.model.clocks.n, 6);
}

static void streams_and_events(void **state)
{
	(void)state;
	must_read(PREAMBLE CLOCK "{'type':'data-stream-class','id':18446744073709551615,'namespace':'n','name':'m','uid':'u',"
				 "'default-clock-class-id':'k','attributes':{'s':1},"
				 "'packet-context-field-class':{'type':'structure','minimum-alignment':2},"
				 "'event-record-header-field-class':{'type':'structure','minimum-alignment':4},"
				 "'event-record-common-context-field-class':{'type':'structure','minimum-alignment':8}}\n"
				 "{'type':'event-record-class','data-stream-class-id':18446744073709551615,'id':7,'namespace':'en',"
				 "'name':'em','uid':'eu','specific-context-field-class':{'type':'structure','minimum-alignment':16},"
				 "'payload-field-class':{'type':'structure','minimum-alignment':32},'attributes':{'lttng.org,2009':"
				 "{'log-level':-13,'emf-uri':'http://x'}}}\n" STREAM
				 "{'type':'event-record-class','attributes':{'lttng.org,2009':{'log-level':'no','emf-uri':1}}}\n"
				 "{'type':'event-record-class','id':7}\n");
	assert_int_equal(now.model.streams.n, 2);
	assert_int_equal(stream(0)->pub.id, UINT64_MAX);
	assert_true(stream(0)->has_id && stream(1)->has_id);
	assert_string_equal(stream(0)->pub.ns, "n");
	assert_string_equal(stream(0)->pub.name, "m");
	assert_string_equal(stream(0)->pub.uid, "u");
	assert_string_equal(stream(0)->clock_id, "k");
	assert_string_equal(stream(0)->pub.attributes, "{\"s\":1}");
	assert_int_equal(stream(0)->line, 3);
	assert_int_equal(stream(0)->column, 2);
	assert_int_equal(made(stream(0)->pub.packet_context)->min_align, 2);
	assert_int_equal(made(stream(0)->pub.event_header)->min_align, 4);
	assert_int_equal(made(stream(0)->pub.event_context)->min_align, 8);
	assert_int_equal(stream(1)->pub.id, 0);
	assert_null(stream(1)->clock_id);
	assert_null(stream(1)->pub.packet_context);

	assert_int_equal(now.model.events.n, 3);
	assert_int_equal(event(0)->pub.id, 7);
	assert_int_equal(event(0)->stream_id, UINT64_MAX);
	assert_true(event(0)->has_id && event(0)->has_stream_id);
	assert_string_equal(event(0)->pub.ns, "en");
	assert_string_equal(event(0)->pub.name, "em");
	assert_string_equal(event(0)->pub.uid, "eu");
	assert_int_equal(made(event(0)->pub.context)->min_align, 16);
	assert_int_equal(made(event(0)->pub.payload)->min_align, 32);
	assert_true(event(0)->pub.has_loglevel);
	assert_int_equal(event(0)->pub.loglevel, -13);
	assert_string_equal(event(0)->pub.emf_uri, "http://x");
	assert_int_equal(event(0)->line, 4);
	assert_int_equal(event(1)->pub.id, 0);
	assert_int_equal(event(1)->stream_id, 0);
	assert_null(event(1)->pub.name);
	assert_null(event(1)->pub.context);
	assert_null(event(1)->pub.payload);
	assert_false(event(1)->pub.has_loglevel);
	assert_null(event(1)->pub.emf_uri);
	assert_int_equal(event(2)->pub.id, 7);
}

/* ---- The sequence ---- */

static void sequence(void **state)
{
	static const char text[] = "\x1e\x1e \n\x1e\r\n{ \"type\" :\t\"preamble\",\n\"version\":2}\n\n\x1e\x1e"
				   "{\"type\":\"data-stream-class\",\"name\":\"\\u0041\\n\\\"\\u00e9\\ud83d\\ude00\xc3\xa9\"}\x1e \n\x1e"
				   "{\"\\u0074ype\":\"event-record-class\"}";

	(void)state;
	finish();
	if (!read_bytes(text, sizeof(text) - 1))
		fail_msg("%s", now.error.text);
	assert_string_equal(stream(0)->pub.name, "A\n\"\xc3\xa9\xf0\x9f\x98\x80\xc3\xa9");
	assert_int_equal(stream(0)->line, 6);
	assert_int_equal(stream(0)->column, 3);
	assert_int_equal(event(0)->line, 7);
	assert_int_equal(event(0)->column, 2);
}

/* What the recorder writes. */
static char *golden(size_t *ret_size)
{
	FILE *file = fopen(getenv("GOLDEN"), "r");
	char *text = malloc(1 << 20);

	assert_non_null(file);
	assert_non_null(text);
	*ret_size = fread(text, 1, 1 << 20, file);
	fclose(file);
	return text;
}

static void own_metadata(void **state)
{
	const struct ctf_class *header;
	size_t size;
	char *text = golden(&size);

	(void)state;
	finish();
	read_bytes(text, size);
	free(text);
	assert_true(now.good);
	assert_int_equal(now.model.streams.n, 2);
	assert_int_equal(now.model.clocks.n, 1);
	assert_int_equal(now.model.envs.n, 4);
	assert_int_equal(now.model.events.n, 6);
	assert_string_equal(event(0)->pub.name, "db:query_done");
	assert_string_equal(event(0)->pub.attributes, "{\"borelog\":{\"file\":\"src/db.c\",\"line\":42}}");
	assert_int_equal(event(5)->stream_id, 7);
	header = stream(0)->pub.event_header;
	assert_int_equal(member(header, 0)->roles, CTF_ROLE_EVENT_ID);
	assert_int_equal(member(header, 1)->type, CTF_VARIANT);
	assert_int_equal(member(member(member(header, 1), 1), 2)->roles, CTF_ROLE_CLOCK);
	assert_true(clock_at(0)->unix_epoch);
}

/* Cut anywhere (a third of all places do), it is whole fragments or an error. */
static void cut(void **state)
{
	size_t size;
	char *text = golden(&size);

	(void)state;
	for (size_t at = 0; at < size; at += 3) {
		const bool whole = at && (text[at] == 0x1e || text[at] == '\n' || text[at - 1] == 0x1e);

		finish();
		read_bytes(text, at);
		assert_true(whole || !now.good);
		assert_true(!whole || now.good == (now.model.streams.n > 0));
	}
	free(text);
}

/* ---- Limits ---- */

/* @n optionals around a number, each as @open, of a field. */
static char *nested(uint32_t n, const char *open, const char *inner)
{
	char *text = malloc((size_t)n * 128 + 1024), *to = text;

	assert_non_null(text);
	to += sprintf(to, "%s%s{'type':'event-record-class','payload-field-class':{'type':'structure','member-classes':["
			  "{'name':'f','field-class':", PREAMBLE ALIAS("deep", "{'type':'structure','member-classes':[" MEMBER(UNSIGNED("")) "]}"),
		      STREAM);
	for (uint32_t i = 0; i < n; i++)
		to += sprintf(to, "%s", open);
	to += sprintf(to, "%s", inner);
	for (uint32_t i = 0; i < n; i++)
		*to++ = '}';
	strcpy(to, "}]}}\n");
	return text;
}

static void assert_depth(uint32_t n, const char *inner, bool good)
{
	char *text = nested(n, "{'type':'static-length-array','length':1,'element-field-class':", inner);

	assert_int_equal(read_text(text), good);
	if (!good)
		assert_non_null(strstr(now.error.text, "nested more than 64 deep"));
	free(text);
}

static void depth(void **state)
{
	(void)state;
	assert_depth(CTF_DEPTH_MAX - 1, UNSIGNED(""), true);
	assert_depth(CTF_DEPTH_MAX, UNSIGNED(""), false);
	assert_depth(CTF_DEPTH_MAX - 2, "'deep'", true);
	assert_depth(CTF_DEPTH_MAX - 1, "'deep'", false);
}

/* JSON of any depth, in an attribute, is an error or is read. */
static void json_depth(void **state)
{
	char *text;

	(void)state;
	for (uint32_t n = 250; n < 700; n += n < 260 ? 1 : 200) {
		text = malloc(2 * n + 200);
		assert_non_null(text);
		strcpy(text, "{'type':'preamble','version':2,'attributes':{'a':");
		memset(text + strlen(text) + 1, 0, n + 1);
		memset(text + strlen(text), '[', n);
		memset(text + strlen(text) + 1, 0, n + 1);
		memset(text + strlen(text), ']', n);
		strcpy(text + strlen(text), "}}\n" STREAM);
		assert_int_equal(read_text(text), n <= 254);
		free(text);
	}
}

/* Aliases that double what is behind them. */
static void doubling(void **state)
{
	char text[8192] = PREAMBLE ALIAS("a0", UNSIGNED(""));
	size_t used = strlen(text);

	(void)state;
	for (int i = 0; i < 30; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 ALIAS("a%d", "{'type':'structure','member-classes':[{'name':'x','field-class':'a%d'},"
						      "{'name':'y','field-class':'a%d'}]}"), i + 1, i, i);
	assert_true(used < sizeof(text));
	assert_false(read_text(text));
	assert_non_null(strstr(now.error.text, "field classes and members"));
}

/* What takes much more memory than its text. */
static void cost(void **state)
{
	const size_t n = 300000;
	char *text = calloc(3 * n + 200, 1), *to = text;

	(void)state;
	assert_non_null(text);
	to += sprintf(to, "{'type':'preamble','version':2,'attributes':{'a':[{}");
	for (size_t i = 1; i < n; i++) {
		memcpy(to, ",{}", 3);
		to += 3;
	}
	strcpy(to, "]}}\n" STREAM);
	assert_false(read_text(text));
	assert_non_null(strstr(now.error.text, "so many JSON values"));
	free(text);
}

/* ---- Out of memory ---- */

static long allocations = -1; /* that still succeed; -1: all */

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static bool fails(void)
{
	if (!allocations)
		return true;
	if (allocations > 0)
		allocations--;
	return false;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

static void out_of_memory(void **state)
{
	size_t size;
	char *text = golden(&size);
	long n = 0;

	(void)state;
	do {
		finish();
		allocations = n++;
		read_bytes(text, size);
		allocations = -1;
		assert_true(now.good || !strcmp(now.error.what, "out of memory"));
	} while (!now.good);
	free(text);
	assert_true(n > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(number_defaults, teardown),
		cmocka_unit_test_teardown(number_bits, teardown),
		cmocka_unit_test_teardown(number_types, teardown),
		cmocka_unit_test_teardown(number_variable, teardown),
		cmocka_unit_test_teardown(mappings, teardown),
		cmocka_unit_test_teardown(flags, teardown),
		cmocka_unit_test_teardown(strings, teardown),
		cmocka_unit_test_teardown(blobs, teardown),
		cmocka_unit_test_teardown(structures, teardown),
		cmocka_unit_test_teardown(arrays, teardown),
		cmocka_unit_test_teardown(optionals, teardown),
		cmocka_unit_test_teardown(variants, teardown),
		cmocka_unit_test_teardown(selectors, teardown),
		cmocka_unit_test_teardown(locations, teardown),
		cmocka_unit_test_teardown(roles, teardown),
		cmocka_unit_test_teardown(attributes, teardown),
		cmocka_unit_test_teardown(aliases, teardown),
		cmocka_unit_test_teardown(alias_roles, teardown),
		cmocka_unit_test_teardown(preamble, teardown),
		cmocka_unit_test_teardown(trace_class, teardown),
		cmocka_unit_test_teardown(clock_class, teardown),
		cmocka_unit_test_teardown(clock_identity, teardown),
		cmocka_unit_test_teardown(streams_and_events, teardown),
		cmocka_unit_test_teardown(sequence, teardown),
		cmocka_unit_test_teardown(own_metadata, teardown),
		cmocka_unit_test_teardown(cut, teardown),
		cmocka_unit_test_teardown(depth, teardown),
		cmocka_unit_test_teardown(json_depth, teardown),
		cmocka_unit_test_teardown(doubling, teardown),
		cmocka_unit_test_teardown(cost, teardown),
		cmocka_unit_test_teardown(out_of_memory, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
