/* SPDX-License-Identifier: MIT */
/*
 * json_read_errors.c - CTF 2 metadata that is refused: where, and with which words. See json_read.h for how texts are written; the @ is
 * where the error must be.
 */
#include "tests/unit/json_read.h"

#define PATH_F "payload-field-class.member-classes[0].field-class"
#define TWO(a, b) "{'type':'structure','member-classes':[{'name':'a','field-class':" a "},{'name':'b','field-class':" b "}]}"
#define ARRAY(more) "{'type':'static-length-array','element-field-class':" UNSIGNED("") more "}"
#define OPTIONAL(more) "{'type':'optional','field-class':" UNSIGNED("") more "}"
#define CLOCK_WITH(more) PREAMBLE "{'type':'clock-class','id':'k'" more "}\n"
#define UUID_FIELD(length) "{'type':'static-length-blob','length':" length ",'roles':[@'metadata-stream-uuid']}"
#define MAGIC(bits) FIXED("unsigned-integer", ",'length':" bits ",'roles':['packet-magic-number']")

static const struct {
	const char *text;
	const char *piece;
} errors[] = {
	/* The sequence. */
	{"@ {}", "must begin with a record separator"},
	{"@ ", "must begin with a record separator"},
	{"@", "must begin with a record separator"},
	{"\n@", "ends without a fragment"},
	{PREAMBLE "@", "ends without a data-stream-class"},
	{"@[]\n", "fragment 1: a fragment must be a JSON object"},
	{"@1\n", "fragment 1: a fragment must be a JSON object"},
	{"{'type':'preamble','version':2}@{}\n", "more in the fragment than one object"},
	{"{'type':'preamble','version':2}@}\n", "'}' closes nothing"},

	/* JSON. */
	{"{'type':'preamble','version':@02}\n", "fragment 1, type: no JSON: \"02\" is neither"},
	{"{'type':'preamble','version':@NaN}\n", "no JSON: \"NaN\""},
	{"{'type':'preamble','version':@-Infinity}\n", "no JSON: \"-Infinity\""},
	{"{'type':'preamble','version':@2.}\n", "no JSON: \"2.\""},
	{"{'type':'preamble','version':@2e}\n", "no JSON: \"2e\""},
	{"{'type':'preamble','version':@+2}\n", "no JSON: \"+2\""},
	{"{'type':'preamble','version':@True}\n", "no JSON: \"True\""},
	{"{'type':'preamble','version':@-}\n", "no JSON: \"-\""},
	{"{'type':'preamble','version':@/* */2}\n", "no JSON: \"/*\""},
	{"{'type':'preamble',@\v'version':2}\n", "no JSON: \"?\""},
	{"{'type':'preamble','version':2,@}\n", "no JSON: "},
	{"{'type':'preamble','version' @2}\n", "no JSON: "},
	{"{'type':'preamble' @'version':2}\n", "no JSON: "},
	{"{'type':'preamble','version':[2@}]\n", "no JSON: "},
	{"{'type':'pream@\tble','version':2}\n", "a control character (0x09) in a string"},
	{"{'type':'pre@\xff'}\n", "this byte (0xff) is not UTF-8"},
	{"{'type':'pre@\xed\xa0\x80'}\n", "this byte (0xed) is not UTF-8"},
	{"{'type':'pre@\xc0\x80'}\n", "this byte (0xc0) is not UTF-8"},
	{"{'type':'preamble@\n'}", "a control character (0x0a) in a string"},
	{"{'type':@'preamble}", "this string has no end"},
	{"{'type':'preamble','version':2,'attributes':{'a':@[[2]", "attributes.a: no JSON: this has no end"},
	{"@{'type':'preamble','version':2", "no JSON: this has no end"},
	{"{'type':'preamble','version':2,\n 'attributes':{'a b':{'c':\n   [1,@'}}}", "attributes[\"a b\"].c[0]: no JSON: this string"},
	{"{'type':'preamble','version':2,@'type':'preamble'}\n", "this key is twice"},
	{"{'type':'preamble','version':2,'attributes':{'a':{'x\\u0041':1,'y':[{}],@'\\u0078A':2}}}\n", "this key is twice"},
	{"{'type':'preamble','version':2,'a@\\u0000b':2}\n", "NUL in a key"},
	{"{'type':@'preamble\\u0000','version':2}\n", "type: NUL in a text"},
	{PREAMBLE "{'type':'data-stream-class','name':@'\\u0000'}\n", "name: NUL in a text"},

	/* Fragments. */
	{"@{'version':2}\n", "fragment 1: missing: type"},
	{"{'type':@1}\n", "type: must be a string, is 1"},
	{"{'type':@'preambel'}\n", "there is no type of fragment \"preambel\""},
	{PREAMBLE "{'type':@'Clock-class'}\n", "fragment 2, type: there is no type of fragment"},
	{"@" STREAM, "fragment 1 (data-stream-class): the first fragment must be the preamble"},
	{PREAMBLE "@" PREAMBLE, "fragment 2 (preamble): there is a preamble already"},
	{PREAMBLE "{'type':'trace-class','extra':@1}\n", "fragment 2 (trace-class), extra: no property of that name is known here"},
	{PREAMBLE "{'type':'trace-class','extra name':@1}\n", "(trace-class), [\"extra name\"]: no property of that name"},
	{PREAMBLE "{'type':'trace-class','attributes':@[]}\n", "attributes: must be an object, is an array of nothing"},
	{PREAMBLE "{'type':'trace-class','extensions':@1}\n", "extensions: must be an object, is 1"},
	{PREAMBLE "{'type':'trace-class','extensions':{'a':@1}}\n", "extensions.a: must be an object, is 1"},
	{PREAMBLE "{'type':'trace-class','extensions':{'a':{'b':@null}}}\n", "extension \"b\" of \"a\" is not supported"},

	/* Preamble. */
	{"@{'type':'preamble'}\n", "fragment 1 (preamble): missing: version"},
	{"{'type':'preamble','version':@1}\n", "version: must be 2, is 1"},
	{"{'type':'preamble','version':@'2'}\n", "version: must be an integer, is \"2\""},
	{"{'type':'preamble','version':@2.0}\n", "version: must be an integer, is 2.0"},
	{"{'type':'preamble','version':@2e0}\n", "version: must be an integer, is 2e0"},
	{"{'type':'preamble','version':@18446744073709551618}\n", "an integer of 64 bits (larger ones are not supported)"},
	{"{'type':'preamble','version':2,'uuid':@[1,2]}\n", "uuid: must have 16 bytes, has 2"},
	{"{'type':'preamble','version':2,'uuid':@{}}\n", "uuid: must be an array, is an object"},
	{"{'type':'preamble','version':2,'uuid':[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,@256]}\n", "uuid[15]: must be from 0 to 255, is 256"},
	{"{'type':'preamble','version':2,'uuid':[@-1,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]}\n", "uuid[0]: must be from 0 to 255, is -1"},
	{"{'type':'preamble','version':2,'uuid':[0,@'1',2,3,4,5,6,7,8,9,10,11,12,13,14,15]}\n", "uuid[1]: must be an integer"},
	{"{'type':'preamble','version':2,'extensions':{'x.y':{'piano':@true}}}\n", "extension \"piano\" of \"x.y\" is not supported"},

	/* Aliases. */
	{PREAMBLE "@{'type':'field-class-alias','name':'a'}\n", "missing: field-class"},
	{PREAMBLE "@{'type':'field-class-alias','field-class':'a'}\n", "missing: name"},
	{PREAMBLE "{'type':'field-class-alias','name':@1,'field-class':'a'}\n", "name: must be a string, is 1"},
	{PREAMBLE "{'type':'field-class-alias','name':'a','field-class':@'a'}\n", "there is no field-class-alias \"a\" before this"},
	{PREAMBLE "{'type':'field-class-alias','name':'a','field-class':@null}\n", "must be a field class (an object) or the name"},
	{PREAMBLE ALIAS("a", UNSIGNED("")) "{'type':'field-class-alias','name':@'a','field-class':'a'}\n", "another alias \"a\""},
	{PREAMBLE ALIAS("a", UNSIGNED("")) "{'type':'data-stream-class','packet-context-field-class':@'a'}\n", "must be a structure"},
	{FIELD("@'b'"), "there is no field-class-alias \"b\" before this"},
	{FIELD("@'b\\u0000'"), "NUL in a text"},

	/* Trace class. */
	{PREAMBLE "{'type':'trace-class'}\n@{'type':'trace-class'}\n", "there is another trace-class before this one"},
	{PREAMBLE STREAM "@{'type':'trace-class'}\n", "must be before every data-stream-class"},
	{PREAMBLE "{'type':'trace-class','uid':@5}\n", "uid: must be a string, is 5"},
	{PREAMBLE "{'type':'trace-class','environment':@[]}\n", "environment: must be an object"},
	{PREAMBLE "{'type':'trace-class','environment':{'a':@1.5}}\n", "environment.a: must be a string or an integer, is 1.5"},
	{PREAMBLE "{'type':'trace-class','environment':{'a':@null}}\n", "must be a string or an integer, is null"},
	{PREAMBLE "{'type':'trace-class','environment':{'a':@9223372036854775808}}\n", "must be from -9223372036854775808"},
	{PREAMBLE "{'type':'trace-class','environment':{'a':@-9223372036854775809}}\n", "must be from -9223372036854775808"},
	{HEADER("@" UNSIGNED("")), "packet-header-field-class: must be a structure"},
	{HEADER("@1"), "must be a field class (an object) or the name of a field-class-alias, is 1"},

	/* Clock classes. */
	{PREAMBLE "@{'type':'clock-class','frequency':1}\n", "missing: id"},
	{PREAMBLE "@{'type':'clock-class','id':'a'}\n", "missing: frequency"},
	{PREAMBLE "@{'type':'clock-class'}\n", "missing: frequency, id"},
	{PREAMBLE "{'type':'clock-class','id':@0,'frequency':1}\n", "id: must be a string, is 0"},
	{CLOCK_WITH(",'frequency':@0"), "fragment 2 (clock-class), frequency: must be positive, is 0"},
	{CLOCK_WITH(",'frequency':@-1"), "frequency: must be positive, is -1"},
	{CLOCK_WITH(",'frequency':@1.5"), "frequency: must be an integer, is 1.5"},
	{CLOCK_WITH(",'frequency':5,'offset-from-origin':{'cycles':@5}"), "offset-from-origin.cycles: must be from 0 to 4, is 5"},
	{CLOCK_WITH(",'frequency':1,'offset-from-origin':{'cycles':@1}"), "cycles: must be 0, is 1"},
	{CLOCK_WITH(",'frequency':5,'offset-from-origin':{'cycles':@-1}"), "cycles: must be from 0 to 4, is -1"},
	{CLOCK_WITH(",'frequency':5,'offset-from-origin':{'second':@1}"), "no property of that name is known here (known are cycles, seconds)"},
	{CLOCK_WITH(",'frequency':5,'offset-from-origin':{'seconds':@9223372036854775808}"), "seconds: must be from -92233720368547"},
	{CLOCK_WITH(",'frequency':5,'offset-from-origin':@0"), "offset-from-origin: must be an object, is 0"},
	{CLOCK_WITH(",'frequency':5,'precision':@-1"), "precision: must be 0 or positive, is -1"},
	{CLOCK_WITH(",'frequency':5,'accuracy':@-5"), "accuracy: must be 0 or positive, is -5"},
	{CLOCK_WITH(",'frequency':5,'description':@{}"), "description: must be a string"},
	{CLOCK_WITH(",'frequency':5,'origin':@'unix'"), "origin: must be \"unix-epoch\", is \"unix\""},
	{CLOCK_WITH(",'frequency':5,'origin':@1970"), "origin: must be \"unix-epoch\" or an object, is 1970"},
	{CLOCK_WITH(",'frequency':5,'origin':@{'name':'a'}"), "origin: missing: uid"},
	{CLOCK_WITH(",'frequency':5,'origin':@{'uid':'a'}"), "origin: missing: name"},
	{CLOCK_WITH(",'frequency':5,'origin':{'uid':'a','name':@5}"), "origin.name: must be a string"},
	{PREAMBLE CLOCK "{'type':'clock-class','frequency':5,'id':@'k'}\n", "there is another clock-class \"k\""},
#define SAME(more) "{'type':'clock-class','id':'a','namespace':'n','name':'m','uid':'u'" more "}\n"
#define ALSO(more) "@{'type':'clock-class','id':'b','namespace':'n','name':'m','uid':'u'" more "}\n"
	{PREAMBLE SAME(",'frequency':5") ALSO(",'frequency':6"), "the same clock as \"a\", but their frequency differs"},
	{PREAMBLE SAME(",'frequency':5") ALSO(",'frequency':5,'precision':0"), "precision differs"},
	{PREAMBLE SAME(",'frequency':5,'accuracy':1") ALSO(",'frequency':5,'accuracy':2"), "accuracy differs"},
	{PREAMBLE SAME(",'frequency':5,'origin':'unix-epoch'") ALSO(",'frequency':5"), "origin differs"},
	{PREAMBLE SAME(",'frequency':5,'origin':{'name':'x','uid':'y'}")
		 ALSO(",'frequency':5,'origin':{'name':'x','uid':'y','namespace':''}"), "origin differs"},

	/* Data stream classes. */
	{PREAMBLE "{'type':'data-stream-class','id':@-1}\n", "id: must be 0 or positive, is -1"},
	{PREAMBLE "{'type':'data-stream-class','id':@'0'}\n", "id: must be an integer"},
	{PREAMBLE STREAM "@{'type':'data-stream-class'}\n", "fragment 3 (data-stream-class): there is another data-stream-class 0"},
	{PREAMBLE STREAM "{'type':'data-stream-class','id':@0}\n", "id: there is another data-stream-class 0"},
	{PREAMBLE "{'type':'data-stream-class','default-clock-class-id':@'k'}\n" CLOCK, "there is no clock-class \"k\" before this"},
	{PREAMBLE "{'type':'data-stream-class','default-clock-class-id':@0}\n", "default-clock-class-id: must be a string"},
	{IN_STREAM("event-record-header", "@" ARRAY(",'length':1")), "event-record-header-field-class: must be a structure"},
	{IN_STREAM("event-record-common-context", "@{}"), "event-record-common-context-field-class: missing: type"},
	{PREAMBLE "{'type':'data-stream-class','payload-field-class':@{}}\n", "no property of that name"},

	/* Event record classes. */
	{PREAMBLE STREAM "{'type':'event-record-class','id':@-7}\n", "id: must be 0 or positive, is -7"},
	{PREAMBLE "@{'type':'event-record-class'}\n" STREAM, "there is no data-stream-class 0 before this"},
	{PREAMBLE STREAM "{'type':'event-record-class','data-stream-class-id':@1}\n", "there is no data-stream-class 1 before this"},
	{PREAMBLE STREAM "{'type':'event-record-class'}\n@{'type':'event-record-class'}\n",
	 "there is another event-record-class 0 of data-stream-class 0"},
	{PREAMBLE STREAM "{'type':'event-record-class','id':3}\n{'type':'event-record-class','id':@3,'data-stream-class-id':0}\n",
	 "id: there is another event-record-class 3 of data-stream-class 0"},
	{PREAMBLE STREAM "{'type':'event-record-class','specific-context-field-class':@'x'}\n", "no field-class-alias \"x\""},
	{PAYLOAD("@" VARIANT(OPTION("", "[[0,0]]"))), "payload-field-class: must be a structure"},

	/* All field classes. */
	{FIELD("@{}"), PATH_F ": missing: type"},
	{FIELD("{'type':@[]}"), "type: must be a string"},
	{FIELD("{'type':@'fixed-length-integer'}"), "there is no type of field class \"fixed-length-integer\""},
	{FIELD("{'type':@'Structure'}"), "there is no type of field class"},
	{FIELD("{'type':'null-terminated-string','length':@5}"), PATH_F ".length: no property of that name"},
	{FIELD(UNSIGNED(",'attributes':@1")), PATH_F ".attributes: must be an object, is 1"},
	{FIELD(UNSIGNED(",'extensions':{'x':{'y':@1}}")), "extension \"y\" of \"x\" is not supported"},
	{FIELD("{'type':'null-terminated-string','roles':@[]}"), "roles: no property of that name"},
	{FIELD(FIXED("signed-integer", ",'length':8,'roles':@[]")), "roles: no property of that name"},

	/* Fixed-length ones. */
	{FIELD("@{'type':'fixed-length-boolean','length':8}"), "missing: byte-order"},
	{FIELD("@{'type':'fixed-length-bit-array'}"), "missing: byte-order, length"},
	{FIELD(FIXED("bit-array", ",'length':@0")), "fragment 3 (event-record-class), " PATH_F ".length: must be positive, is 0"},
	{FIELD(FIXED("unsigned-integer", ",'length':@-8")), "length: must be positive, is -8"},
	{FIELD(FIXED("unsigned-integer", ",'length':@8.0")), "length: must be an integer, is 8.0"},
	{FIELD(FIXED("unsigned-integer", ",'length':@65")), "field \"f\": numbers of more than 64 bits are not supported"},
	{FIELD(FIXED("bit-map", ",'length':@128,'flags':{'a':[[0,0]]}")), "field \"f\": numbers of more than 64 bits"},
	{FIELD(FIXED("boolean", ",'length':@18446744073709551615")), "field \"f\": numbers of more than 64 bits"},
	{FIELD(FIXED("floating-point-number", ",'length':@128")), "field \"f\": floating-point numbers of more than 64 bits"},
	{FIELD(FIXED("floating-point-number", ",'length':@160")), "floating-point numbers of more than 64 bits"},
	{FIELD(FIXED("floating-point-number", ",'length':@8")), "must be 16, 32, 64, 128, or a greater multiple of 32, is 8"},
	{FIELD(FIXED("floating-point-number", ",'length':@96")), "must be 16, 32, 64, 128, or a greater multiple of 32, is 96"},
	{FIELD(FIXED("floating-point-number", ",'length':@130")), "must be 16, 32, 64, 128, or a greater multiple of 32, is 130"},
	{FIELD("{'type':'fixed-length-boolean','length':8,'byte-order':@'native'}"),
	 "byte-order: must be \"little-endian\" or \"big-endian\", is \"native\""},
	{FIELD("{'type':'fixed-length-boolean','length':8,'byte-order':@1}"), "byte-order: must be \"little-endian\" or"},
	{FIELD(UNSIGNED(",'bit-order':@'forward'")), "bit-order: must be \"first-to-last\" or \"last-to-first\""},
	{FIELD(UNSIGNED(",'alignment':@0")), "alignment: must be positive, is 0"},
	{FIELD(UNSIGNED(",'alignment':@12")), "alignment: must be a power of two, is 12"},
	{FIELD(UNSIGNED(",'alignment':@65536")), "alignments of more than 32768 bits are not supported"},
	{FIELD(UNSIGNED(",'alignment':@'8'")), "alignment: must be an integer"},
	{FIELD(UNSIGNED(",'preferred-display-base':@3")), "preferred-display-base: must be 2, 8, 10 or 16, is 3"},
	{FIELD(UNSIGNED(",'preferred-display-base':@258")), "must be from 2 to 16, is 258"},
	{FIELD("{'type':'variable-length-signed-integer','length':@8}"), "length: no property of that name"},
	{FIELD("@" FIXED("bit-map", ",'length':8")), "missing: flags"},
	{FIELD(FIXED("bit-map", ",'length':8,'flags':@{}")), "flags: there must be a flag at least"},
	{FIELD(FIXED("bit-map", ",'length':8,'flags':@[]")), "flags: must be an object"},
	{FIELD(FIXED("bit-map", ",'length':8,'flags':{'a':[@[2,1]]}")), "flags.a[0]: the first value of a range must not be greater"},

	/* Ranges. */
	{FIELD(UNSIGNED(",'mappings':@[]")), "mappings: must be an object"},
	{FIELD(UNSIGNED(",'mappings':{'a':@[]}")), "mappings.a: there must be a range at least"},
	{FIELD(UNSIGNED(",'mappings':{'a':@3}")), "mappings.a: must be an array, is 3"},
	{FIELD(UNSIGNED(",'mappings':{'a':[@3,4]}")), "mappings.a[0]: must be an array, is 3"},
	{FIELD(UNSIGNED(",'mappings':{'a b':[[1,1],@[3]]}")), "mappings[\"a b\"][1]: a range has two integers"},
	{FIELD(UNSIGNED(",'mappings':{'':[@[1,2,3]]}")), "mappings[\"\"][0]: a range has two integers, the first and the last value; here are 3"},
	{FIELD(UNSIGNED(",'mappings':{'a':[[1,@1.0]]}")), "mappings.a[0][1]: must be an integer, is 1.0"},
	{FIELD(UNSIGNED(",'mappings':{'a':[[1,@null]]}")), "must be an integer, is null"},
	{FIELD(UNSIGNED(",'mappings':{'a':[@[2,1]]}")), "the first value of a range must not be greater than the last"},
	{FIELD(UNSIGNED(",'mappings':{'a':[@[-1,-2]]}")), "the first value of a range must not be greater than the last"},
	{FIELD(UNSIGNED(",'mappings':{'a':[@[0,-1]]}")), "the first value of a range must not be greater than the last"},
	{FIELD(UNSIGNED(",'mappings':{'a':[[0,@18446744073709551616]]}")), "must be an integer of 64 bits"},

	/* Strings and BLOBs. */
	{FIELD("{'type':'null-terminated-string','encoding':@'ascii'}"), "encoding: must be \"utf-8\" or \"utf-16le\" or"},
	{FIELD("{'type':'null-terminated-string','encoding':@'UTF-8'}"), "is \"UTF-8\""},
	{FIELD("{'type':'null-terminated-string','encoding':@'utf-8\\u0000'}"), "NUL in a text"},
	{FIELD("@{'type':'static-length-string'}"), "missing: length"},
	{FIELD("{'type':'static-length-string','length':@-1}"), "length: must be 0 or positive, is -1"},
	{FIELD("{'type':'static-length-string','length':@536870913}"), "lengths of more than 536870912 are not supported"},
	{FIELD("@{'type':'dynamic-length-string'}"), "missing: length-field-location"},
	{FIELD("{'type':'dynamic-length-string','length':@1,'length-field-location':{'path':['a']}}"), "length: no property"},
	{FIELD("{'type':'static-length-blob','length':@1e1}"), "length: must be an integer, is 1e1"},
	{FIELD("{'type':'static-length-blob','length':1,'media-type':@5}"), "media-type: must be a string"},
	{FIELD("{'type':'dynamic-length-blob','length-field-location':{'path':['a']},'roles':@[]}"), "roles: no property"},

	/* Field locations. */
#define LOCATED(location) FIELD("{'type':'dynamic-length-blob','length-field-location':" location "}")
	{LOCATED("@'a'"), "length-field-location: must be an object, is \"a\""},
	{LOCATED("@{}"), "length-field-location: missing: path"},
	{LOCATED("{'path':@'a'}"), "path: must be an array"},
	{LOCATED("{'path':@[]}"), "the path of a field location must not be empty"},
	{LOCATED("{'path':['a',@null]}"), "path[1]: the path of a field location must end with a name, not with null"},
	{LOCATED("{'path':[@1,'a']}"), "path[0]: must be a string, is 1"},
	{LOCATED("{'path':['a'],'origin':@'payload'}"), "origin: must be \"packet-header\" or \"packet-context\" or"},
	{LOCATED("{'path':['a'],'attributes':@{}}"), "attributes: no property of that name"},

	/* Structures. */
	{PAYLOAD("{'type':'structure','member-classes':@{}}"), "member-classes: must be an array, is an object"},
	{PAYLOAD("{'type':'structure','member-classes':[@1]}"), "member-classes[0]: must be an object, is 1"},
	{PAYLOAD("{'type':'structure','member-classes':[@{'name':'a'}]}"), "member-classes[0]: missing: field-class"},
	{PAYLOAD("{'type':'structure','member-classes':[@{'field-class':{}}]}"), "member-classes[0]: missing: name"},
	{PAYLOAD("{'type':'structure','member-classes':[{'name':@null,'field-class':{}}]}"), "name: must be a string, is null"},
	{PAYLOAD("{'type':'structure','member-classes':[{'name':'a','type':@null,'field-class':{}}]}"), "type: no property"},
	{PAYLOAD("{'type':'structure','member-classes':[" MEMBER(UNSIGNED("")) ",{'name':@'f','field-class':" UNSIGNED("") "}]}"),
	 "payload-field-class.member-classes[1].name: there is another \"f\" before this one"},
	{PAYLOAD("{'type':'structure','minimum-alignment':@3}"), "minimum-alignment: must be a power of two, is 3"},
	{PAYLOAD("{'type':'structure','member-classes':[{'name':'a','field-class':" UNSIGNED("") ",'extensions':{'x':{'y':@0}}}]}"),
	 "member-classes[0].extensions.x.y: extension"},

	/* Arrays. */
	{FIELD("@{'type':'static-length-array','length':1}"), "missing: element-field-class"},
	{FIELD("@" ARRAY("")), "missing: length"},
	{FIELD(ARRAY(",'length':@-1")), "length: must be 0 or positive, is -1"},
	{FIELD(ARRAY(",'length':@4294967297")), "lengths of more than 4294967296 are not supported"},
	{FIELD(ARRAY(",'length':1,'minimum-alignment':@0")), "minimum-alignment: must be positive, is 0"},
	{FIELD("{'type':'static-length-array','length':1,'element-field-class':" FIXED("boolean", ",'length':@0") "}"),
	 PATH_F ".element-field-class.length: must be positive"},
	{FIELD("@{'type':'dynamic-length-array','element-field-class':" UNSIGNED("") "}"), "missing: length-field-location"},

	/* Optionals and variants. */
	{FIELD("@" OPTIONAL("")), "missing: selector-field-location"},
	{FIELD(OPTIONAL(",'selector-field-location':{'path':['a']},'selector-field-ranges':@[]")), "there must be a range at least"},
	{FIELD(OPTIONAL(",'selector-field-location':{'path':['a']},'selector-field-ranges':@[[-1,18446744073709551615]]")),
	 "ranges with values below 0 and values above 9223372036854775807, together, are not supported"},
	{FIELD("@{'type':'variant','selector-field-location':{'path':['a']}}"), "missing: options"},
	{FIELD("{'type':'variant','selector-field-location':{'path':['a']},'options':@{}}"), "options: must be an array"},
	{FIELD("{'type':'variant','selector-field-location':{'path':['a']},'options':@[]}"), "there must be an option at least"},
	{FIELD(VARIANT("@{'field-class':" UNSIGNED("") "}")), "options[0]: missing: selector-field-ranges"},
	{FIELD(VARIANT("@{'selector-field-ranges':[[0,0]]}")), "options[0]: missing: field-class"},
	{FIELD(VARIANT("@5")), "options[0]: must be an object, is 5"},
	{FIELD(VARIANT(OPTION("", "@5"))), "options[0].selector-field-ranges: must be an array, is 5"},
	{FIELD(VARIANT(OPTION("", "[[0,1]]") "," OPTION("", "[[3,3],@[1,2]]"))),
	 "options[1].selector-field-ranges[1]: ranges of options 0 and 1 overlap"},
	{FIELD(VARIANT(OPTION("", "[[0,9],[2,3]]") "," OPTION("", "[[20,20]]") "," OPTION("", "[@[5,5]]"))), "ranges of options 0 and 2 overlap"},
	{FIELD(VARIANT(OPTION("", "[[5,18446744073709551615]]") "," OPTION("", "[@[0,5]]"))), "ranges of options 0 and 1 overlap"},
	{FIELD(VARIANT(OPTION("", "[[-9,-5]]") "," OPTION("", "[@[-5,9]]"))), "ranges of options 0 and 1 overlap"},
	{FIELD(VARIANT(OPTION(",'name':'a'", "[[0,0]]") "," OPTION(",'name':@'a'", "[[1,1]]"))), "there is another \"a\" before this one"},
	{FIELD(VARIANT(OPTION("", "[[0,0]]") "," OPTION("", "@[[-1,9223372036854775808]]"))), "together, are not supported"},

	/* Roles. */
	{HEADER(STRUCTURE(FIXED("unsigned-integer", ",'length':8,'roles':@'data-stream-id'"))), "roles: must be an array"},
	{HEADER(STRUCTURE(FIXED("unsigned-integer", ",'length':8,'roles':[@1]"))), "roles[0]: must be a string"},
	{HEADER(STRUCTURE(FIXED("unsigned-integer", ",'length':8,'roles':['data-stream-id',@'stream']"))), "there is no role \"stream\""},
	{HEADER(STRUCTURE(FIXED("unsigned-integer", ",'length':8,'roles':[@'metadata-stream-uuid']"))), "is not for integers"},
	{HEADER(STRUCTURE("{'type':'static-length-blob','length':16,'roles':[@'data-stream-id']}")), "is not for BLOBs"},
	{HEADER(STRUCTURE(FIXED("unsigned-integer", ",'length':64,'roles':[@'packet-magic-number']"))), "needs a fixed-length integer of 32 bits"},
	{HEADER(STRUCTURE("{'type':'variable-length-unsigned-integer','roles':[@'packet-magic-number']}")), "needs a fixed-length integer"},
	{HEADER(TWO(UNSIGNED(""), FIXED("unsigned-integer", ",'length':32,'roles':[@'packet-magic-number']"))),
	 "must be the first member of the packet header"},
	{HEADER(STRUCTURE(STRUCTURE(FIXED("unsigned-integer", ",'length':32,'roles':[@'packet-magic-number']")))), "must be the first member"},
	{HEADER(STRUCTURE(UUID_FIELD("16"))), "role \"metadata-stream-uuid\" needs a \"uuid\" in the preamble"},
	{HEADER_UUID(STRUCTURE(UUID_FIELD("15"))), "role \"metadata-stream-uuid\" needs a length of 16 bytes"},
	{HEADER(STRUCTURE(FIXED("unsigned-integer", ",'length':8,'roles':[@'packet-total-length']"))), "has no meaning in the packet header"},
	{HEADER(STRUCTURE(FIXED("unsigned-integer", ",'length':8,'roles':[@'default-clock-timestamp']"))), "has no meaning in the packet header"},
	{IN_CLOCKED("packet-context", STRUCTURE(FIXED("unsigned-integer", ",'length':8,'roles':[@'event-record-class-id']"))),
	 "has no meaning in the packet context"},
	{IN_CLOCKED("event-record-header", STRUCTURE(FIXED("unsigned-integer", ",'length':8,'roles':[@'packet-sequence-number']"))),
	 "has no meaning in the event record header"},
	{IN_CLOCKED("event-record-common-context", STRUCTURE(FIXED("unsigned-integer", ",'length':8,'roles':[@'default-clock-timestamp']"))),
	 "has no meaning in the event record common context"},
	{FIELD(FIXED("unsigned-integer", ",'length':8,'roles':[@'event-record-class-id']")), "has no meaning in the event record payload"},
	{FIELD("{'type':'static-length-blob','length':16,'roles':[@'metadata-stream-uuid']}"), "has no meaning in the event record payload"},
	{IN_STREAM("packet-context", STRUCTURE(FIXED("unsigned-integer", ",'length':8,'roles':[@'default-clock-timestamp']"))),
	 "needs a \"default-clock-class-id\" in the data-stream-class"},
	{IN_STREAM("event-record-header", STRUCTURE(FIXED("unsigned-integer", ",'length':8,'roles':[@'default-clock-timestamp']"))),
	 "needs a \"default-clock-class-id\""},
	{IN_STREAM("packet-context", STRUCTURE(FIXED("unsigned-integer", ",'length':8,'roles':[@'packet-end-default-clock-timestamp']"))),
	 "needs a \"default-clock-class-id\""},
	/* Of an alias, in its place. */
	{PREAMBLE "{'type':'field-class-alias','name':'m','field-class':" FIXED(
		 "unsigned-integer", ",'length':8,'roles':[@'packet-magic-number']") "}\n", "needs a fixed-length integer of 32 bits"},
	{PREAMBLE ALIAS("m", MAGIC("32")) "{'type':'trace-class','packet-header-field-class':" TWO(UNSIGNED(""), "@'m'") "}\n",
	 "must be the first member of the packet header"},
	{PREAMBLE ALIAS("m", STRUCTURE(STRUCTURE(MAGIC("32")))) "{'type':'trace-class','packet-header-field-class':@'m'}\n",
	 "must be the first member of the packet header"},
	{PREAMBLE ALIAS("t", STRUCTURE(ROLE("default-clock-timestamp"))) "{'type':'data-stream-class','packet-context-field-class':@'t'}\n",
	 "role \"default-clock-timestamp\" needs a \"default-clock-class-id\""},
	{PREAMBLE ALIAS("t", ROLE("event-record-class-id")) "{'type':'data-stream-class','packet-context-field-class':" STRUCTURE("@'t'") "}\n",
	 "role \"event-record-class-id\" has no meaning in the packet context"},
};

static void each_error(void **state)
{
	uint32_t failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		char place[32];

		read_text(errors[i].text);
		snprintf(place, sizeof(place), "metadata:%u:%u: ", now.line, now.column);
		if (!now.good && !strncmp(now.error.text, place, strlen(place)) && strstr(now.error.what, errors[i].piece) &&
		    now.error.line == now.line && now.error.column == now.column)
			continue;
		print_error("error %zu\n  text: %s\n  want: %s... %s\n  have: %s\n", i, errors[i].text, place, errors[i].piece,
			    now.good ? "no error" : now.error.text);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* Whatever is in the metadata, the error's text has no control characters and ends. */
static void shown(void **state)
{
	char text[4000] = PREAMBLE "{'type':'trace-class','environment':{'", *to = text + strlen(text);

	(void)state;
	for (int i = 0; i < 300; i++)
		to += sprintf(to, "\xc2\x9b""31m");
	strcpy(to, "':{'\\u001b\\n':1}}}\n");
	assert_false(read_text(text));
	for (const char *c = now.error.text; *c; c++)
		assert_true((uint8_t)*c >= 0x20 && (uint8_t)*c != 0x9b);
	assert_non_null(strstr(now.error.text, "must be a string or an integer, is an object"));
	/* A long way to the place is cut in front. */
	strcpy(text, "{'type':'preamble','version':2,'attributes':{'first':");
	to = text + strlen(text);
	for (int i = 0; i < 100; i++)
		to += sprintf(to, "{'level':[");
	strcpy(to, "@nothing");
	assert_false(read_text(text));
	assert_int_equal(now.error.column, now.column);
	assert_non_null(strstr(now.error.text, "(preamble), ...") ? "" : strstr(now.error.text, "fragment 1, ..."));
	assert_null(strstr(now.error.text, "first"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(each_error, teardown),
		cmocka_unit_test_teardown(shown, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
