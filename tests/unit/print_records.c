/* SPDX-License-Identifier: MIT */
/*
 * Records in text, JSON and CSV: every kind of field, every option; what comes out of several printers, joined.
 */
#include <time.h>

#include "analysis/print.h"
#include "tests/unit/trace_made.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static struct ctf *ctf;
static char dir[64];

static bool append(void *data, const char *bytes, size_t size)
{
	text_put(data, bytes, size);
	return true;
}

/* All records by one printer, as one string with NUL, joined. */
static char *print(const struct print_options *options)
{
	struct expr_error error = {0};
	struct print *how = print_new(ctf, options, &error);
	struct print_joint joint = {0};
	struct text raw = {0}, text = {0};
	const struct ctf_record *record;
	struct ctf_error broken;
	struct printer *printer;
	struct ctf_iter *iter;

	if (!how)
		fail_msg("column %zu: %s", error.column, error.message);
	printer = printer_new(how);
	iter = ctf_iter_new(ctf, NULL, &broken);
	assert_true(printer && iter);
	print_head(how, &raw);
	while (ctf_iter_next(iter, &record) == CTF_RECORD)
		printer_put(printer, record, &raw);
	assert_false(raw.failed);
	print_join(&joint, raw.bytes, raw.size, append, &text);
	text_char(&text, '\0');
	ctf_iter_free(iter);
	printer_free(printer);
	print_free(how);
	text_fini(&raw);
	return text.bytes;
}

static void check(const struct print_options *options, const char *expected)
{
	char *printed = print(options);

	assert_string_equal(printed, expected);
	free(printed);
}

#define TEXT_FIRST                                                                                                                 \
	"u8=1, i16=-2, hex=0xbeef, big=18446744073709551615, f64=1.5, f32=0.1, yes=true, bits=0x5a, flags=read|write(0x5), "        \
	"state=busy|\"odd one\"(3), neg=minus(-5), s=\"SELECT \\\"a\\\"\\n\\xff\xc3\xa4\", wide=\"\xc3\xa4x\", blob=<01abff>, "     \
	"three=[10, 20, 30], mem=<00cafe>, seq=[1, 256], st={a=9, in={b=8}}, has=1, opt=42, v={num=one}, leb=-1, r.state=11, p_q_3=12, st.in=13 | prio=-3, " \
	"same=2\n"
#define TEXT_SECOND                                                                                                                \
	"u8=255, i16=300, hex=0x0, big=5, f64=-0.1, f32=Infinity, yes=false, bits=0x1, flags=0x0, state=idle, neg=4, s=\"\", "     \
	"wide=\"\xf0\x9f\x98\x80\", blob=<01abff>, three=[10, 20, 30], mem=<00cafe>, seq=[], st={a=0, in={b=1}}, has=0, opt=null, "              \
	"v={text=\"hi\"}, leb=127, r.state=11, p_q_3=12, st.in=13 | prio=-3, same=2\n"

static void test_text(void **state)
{
	(void)state;
	check(&(struct print_options){.utc = true},
	      "== 2023-11-14 Tuesday (UTC) ==\n"
	      "22:13:20.000000100 [3] 4711/4712 t:all: " TEXT_FIRST
	      "22:13:20.000000110 [3] 4711 t:small: u8=7 | same=2\n"
	      "22:13:20.000000120 [3] 4711/4712 t:all: " TEXT_SECOND
	      "22:13:20.000000130 [3] 4711 t:small: u8=200 | same=2\n"
	      "22:13:20.000000140 [3] 4711 k:none: | same=2\n");
}

/* The user's zone, which is on another day; nanoseconds have no day. */
static void test_times(void **state)
{
	char *printed;

	(void)state;
	printed = print(&(struct print_options){0});
	assert_non_null(strstr(printed, "== 2023-11-15 Wednesday (+05:30) ==\n03:43:20.000000100 [3] "));
	assert_null(strstr(strstr(printed, "==\n"), "\n=="));
	free(printed);
	check(&(struct print_options){.ns = true, .fields = "u8"}, "1700000000000000100 [3] 4711/4712 t:all: u8=1\n"
								   "1700000000000000110 [3] 4711 t:small: u8=7\n"
								   "1700000000000000120 [3] 4711/4712 t:all: u8=255\n"
								   "1700000000000000130 [3] 4711 t:small: u8=200\n"
								   "1700000000000000140 [3] 4711 k:none:\n");
}

static void test_fields(void **state)
{
	(void)state;
	check(&(struct print_options){.ns = true, .fields = "st.in.b, $name,v,`r.state`,$layer,$stream,$packet.same,opt"},
	      "1700000000000000100 [3] 4711/4712 t:all: st.in.b=8, $name=t:all, v={num=one}, `r.state`=11, $layer=user, $stream=0, "
	      "$packet.same=1, opt=42\n"
	      "1700000000000000110 [3] 4711 t:small: $name=t:small, $layer=user, $stream=0, $packet.same=1\n"
	      "1700000000000000120 [3] 4711/4712 t:all: st.in.b=1, $name=t:all, v={text=\"hi\"}, `r.state`=11, $layer=user, "
	      "$stream=0, $packet.same=1\n"
	      "1700000000000000130 [3] 4711 t:small: $name=t:small, $layer=user, $stream=0, $packet.same=1\n"
	      "1700000000000000140 [3] 4711 k:none: $name=k:none, $layer=user, $stream=0, $packet.same=1\n");
}

static void test_field_errors(void **state)
{
	static const struct {
		const char *fields;
		size_t column;
		const char *message;
	} cases[] = {
		{"", 1, "missing"},	  {"u8,", 4, "missing"},     {"u8,,s", 4, "missing"},	 {"u8 , s==1", 6, "name of a field"},
		{"u8,$core", 4, "$cpu"}, {"u8,`a", 4, "closing `"}, {"u8,5", 4, "name of a field"}, {"u8, a b", 7, "operator"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct expr_error error = {0};
		struct print *how = print_new(ctf, &(struct print_options){.fields = cases[i].fields}, &error);

		if (how || error.column != cases[i].column || !strstr(error.message, cases[i].message))
			fail_msg("'%s': column %zu: %s", cases[i].fields, error.column, error.message);
	}
}

#define JSON_HEAD(time, name, id)                                                                                                  \
	"{\"time\":1700000000000000" time ",\"cycles\":" time ",\"name\":\"" name "\",\"id\":" id ",\"stream\":0,\"file\":\"%s/stream\","   \
	"\"packet\":0,\"packet_context\":{\"cpu_id\":3,\"pid\":4711,\"same\":1},\"context\":{\"tid\":"

static const char json[] =
	JSON_HEAD("100", "t:all", "0")
	"4712,\"same\":2},\"event_context\":{\"prio\":-3},\"fields\":{\"u8\":1,\"i16\":-2,\"hex\":48879,\"big\":18446744073709551615,"
	"\"f64\":1.5,\"f32\":0.10000000149011612,\"yes\":true,\"bits\":90,\"flags\":{\"value\":5,\"flags\":[\"read\",\"write\"]},"
	"\"state\":{\"value\":3,\"labels\":[\"busy\",\"odd one\"]},\"neg\":{\"value\":-5,\"labels\":[\"minus\"]},"
	"\"s\":\"SELECT \\\"a\\\"\\n\\udcff\xc3\xa4\",\"wide\":\"\xc3\xa4x\",\"blob\":{\"blob\":\"01abff\",\"media_type\":\"image/x\"},"
	"\"three\":[10,20,30],\"mem\":[0,202,254],\"_seq_length\":2,\"seq\":[1,256],\"st\":{\"a\":9,\"in\":{\"b\":8}},\"has\":1,\"opt\":42,"
	"\"v\":{\"num\":{\"value\":1,\"labels\":[\"one\"]}},\"leb\":-1,\"r.state\":11,\"p_q_3\":12,\"st.in\":13}}\n"
	JSON_HEAD("110", "t:small", "1") "4711,\"same\":2},\"fields\":{\"u8\":7}}\n"
	JSON_HEAD("120", "t:all", "0")
	"4712,\"same\":2},\"event_context\":{\"prio\":-3},\"fields\":{\"u8\":255,\"i16\":300,\"hex\":0,\"big\":5,\"f64\":-0.1,"
	"\"f32\":\"Infinity\",\"yes\":false,\"bits\":1,\"flags\":{\"value\":0,\"flags\":[]},\"state\":{\"value\":0,\"labels\":[\"idle\"]},"
	"\"neg\":{\"value\":4,\"labels\":[]},\"s\":\"\",\"wide\":\"\xf0\x9f\x98\x80\","
	"\"blob\":{\"blob\":\"01abff\",\"media_type\":\"image/x\"},\"three\":[10,20,30],\"mem\":[0,202,254],\"_seq_length\":0,\"seq\":[],"
	"\"st\":{\"a\":0,\"in\":{\"b\":1}},\"has\":0,\"opt\":null,\"v\":{\"text\":\"hi\"},\"leb\":127,\"r.state\":11,\"p_q_3\":12,\"st.in\":13}}\n"
	JSON_HEAD("130", "t:small", "1") "4711,\"same\":2},\"fields\":{\"u8\":200}}\n"
	JSON_HEAD("140", "k:none", "2") "4711,\"same\":2}}\n";

static void test_json(void **state)
{
	char expected[8192];

	(void)state;
	assert_in_range(snprintf(expected, sizeof(expected), json, dir, dir, dir, dir, dir), 1, sizeof(expected) - 1);
	check(&(struct print_options){.format = PRINT_JSON}, expected);
}

static void test_json_fields(void **state)
{
	char *printed = print(&(struct print_options){.format = PRINT_JSON, .fields = "u8,$tid,nosuch,v.num"});

	(void)state;
	assert_non_null(strstr(printed, "\"packet\":0,\"packet_context\":{\"cpu_id\":3,\"pid\":4711,\"same\":1},\"fields\":{\"u8\":1,"
					"\"$tid\":4712,\"v.num\":{\"value\":1,\"labels\":[\"one\"]}}}\n"));
	assert_non_null(strstr(printed, "\"fields\":{\"$tid\":4711}}\n"));
	free(printed);
}

static void test_csv(void **state)
{
	static const bool small[] = {false, true, true};

	(void)state;
	check(&(struct print_options){.format = PRINT_CSV, .events = small}, "time,cpu,layer,name,pid,same,tid,u8\n"
									     "1700000000000000100,3,user,t:all,4711,2,4712,1\n"
									     "1700000000000000110,3,user,t:small,4711,2,4711,7\n"
									     "1700000000000000120,3,user,t:all,4711,2,4712,255\n"
									     "1700000000000000130,3,user,t:small,4711,2,4711,200\n"
									     "1700000000000000140,3,user,k:none,4711,2,4711,\n");
	check(&(struct print_options){.format = PRINT_CSV, .fields = "s,state,f32,seq,st,blob,v,yes,hex,flags"},
	      "time,cpu,layer,name,s,state,f32,seq,st,blob,v,yes,hex,flags\n"
	      "1700000000000000100,3,user,t:all,\"SELECT \"\"a\"\"\n\xff\xc3\xa4\",\"busy|\"\"odd one\"\"(3)\",0.10000000149011612,\"[1,256]\","
	      "\"{\"\"a\"\":9,\"\"in\"\":{\"\"b\"\":8}}\",01abff,\"{\"\"num\"\":{\"\"value\"\":1,\"\"labels\"\":[\"\"one\"\"]}}\","
	      "true,0xbeef,read|write(0x5)\n"
	      "1700000000000000110,3,user,t:small,,,,,,,,,,\n"
	      "1700000000000000120,3,user,t:all,,idle,Infinity,[],\"{\"\"a\"\":0,\"\"in\"\":{\"\"b\"\":1}}\",01abff,"
	      "\"{\"\"text\"\":\"\"hi\"\"}\",false,0x0,0x0\n"
	      "1700000000000000130,3,user,t:small,,,,,,,,,,\n"
	      "1700000000000000140,3,user,k:none,,,,,,,,,,\n");
}

/* The same value in a structure and as a column: as JSON there, as its label here. */
static void test_csv_labels(void **state)
{
	(void)state;
	check(&(struct print_options){.format = PRINT_CSV, .fields = "v,v.num,v"},
	      "time,cpu,layer,name,v,v.num,v\n"
	      "1700000000000000100,3,user,t:all,\"{\"\"num\"\":{\"\"value\"\":1,\"\"labels\"\":[\"\"one\"\"]}}\",one,"
	      "\"{\"\"num\"\":{\"\"value\"\":1,\"\"labels\"\":[\"\"one\"\"]}}\"\n"
	      "1700000000000000110,3,user,t:small,,,\n"
	      "1700000000000000120,3,user,t:all,\"{\"\"text\"\":\"\"hi\"\"}\",,\"{\"\"text\"\":\"\"hi\"\"}\"\n"
	      "1700000000000000130,3,user,t:small,,,\n"
	      "1700000000000000140,3,user,k:none,,,\n");
}

/* All columns: every field of every event, once. */
static void test_csv_columns(void **state)
{
	static const char head[] = "time,cpu,layer,name,pid,same,tid,prio,u8,i16,hex,big,f64,f32,yes,bits,flags,state,neg,s,wide,blob,three,mem,"
				   "_seq_length,seq,st,has,opt,v,leb,r.state,p_q_3,st.in\n";
	char *printed = print(&(struct print_options){.format = PRINT_CSV});

	(void)state;
	assert_memory_equal(printed, head, sizeof(head) - 1);
	free(printed);
}

static void test_width(void **state)
{
	(void)state;
	check(&(struct print_options){.ns = true, .width = 32, .fields = "u8"}, "1700000000000000100 [3] 4711/47\xe2\x80\xa6\n"
										"1700000000000000110 [3] 4711 t:\xe2\x80\xa6\n"
										"1700000000000000120 [3] 4711/47\xe2\x80\xa6\n"
										"1700000000000000130 [3] 4711 t:\xe2\x80\xa6\n"
										"1700000000000000140 [3] 4711 k:\xe2\x80\xa6\n");
	/* a character is one, whatever it takes; what fits exactly is not cut; colours take no room */
	check(&(struct print_options){.ns = true, .width = 42, .fields = "wide"},
	      "1700000000000000100 [3] 4711/4712 t:all: \xe2\x80\xa6\n"
	      "1700000000000000110 [3] 4711 t:small:\n"
	      "1700000000000000120 [3] 4711/4712 t:all: \xe2\x80\xa6\n"
	      "1700000000000000130 [3] 4711 t:small:\n"
	      "1700000000000000140 [3] 4711 k:none:\n");
	check(&(struct print_options){.ns = true, .width = 50, .fields = "wide"},
	      "1700000000000000100 [3] 4711/4712 t:all: wide=\"\xc3\xa4x\"\n"
	      "1700000000000000110 [3] 4711 t:small:\n"
	      "1700000000000000120 [3] 4711/4712 t:all: wide=\"\xf0\x9f\x98\x80\"\n"
	      "1700000000000000130 [3] 4711 t:small:\n"
	      "1700000000000000140 [3] 4711 k:none:\n");
	check(&(struct print_options){.ns = true, .width = 37, .color = true, .fields = "nosuch"},
	      "\033[2m1700000000000000100\033[0m [3] 4711/4712 \033[1mt:\xe2\x80\xa6\033[0m\n"
	      "\033[2m1700000000000000110\033[0m [3] 4711 \033[1mt:small\033[0m:\n"
	      "\033[2m1700000000000000120\033[0m [3] 4711/4712 \033[1mt:\xe2\x80\xa6\033[0m\n"
	      "\033[2m1700000000000000130\033[0m [3] 4711 \033[1mt:small\033[0m:\n"
	      "\033[2m1700000000000000140\033[0m [3] 4711 \033[1mk:none\033[0m:\n");
}

/* Each record by a printer of its own, in pieces of every size: the day is there once. */
static void test_join(void **state)
{
	char *expected = print(&(struct print_options){.utc = true});
	struct expr_error error;
	struct print *how = print_new(ctf, &(struct print_options){.utc = true}, &error);
	struct ctf_error broken;

	(void)state;
	for (size_t piece = 1; piece < 60; piece++) {
		struct ctf_iter *iter = ctf_iter_new(ctf, NULL, &broken);
		struct print_joint joint = {0};
		struct text raw = {0}, text = {0};
		const struct ctf_record *record;

		while (ctf_iter_next(iter, &record) == CTF_RECORD) {
			struct printer *printer = printer_new(how);

			printer_put(printer, record, &raw);
			printer_free(printer);
		}
		for (size_t at = 0; at < raw.size; at += piece)
			assert_true(print_join(&joint, raw.bytes + at, raw.size - at < piece ? raw.size - at : piece, append, &text));
		text_char(&text, '\0');
		assert_string_equal(text.bytes, expected);
		text_fini(&raw);
		text_fini(&text);
		ctf_iter_free(iter);
	}
	print_free(how);
	free(expected);
}

/* Days that change, and change back. */
static void test_days(void **state)
{
	struct print_joint joint = {0};
	struct text text = {0};
	char raw[] = "\001one\001a\n\001one\001b\n\001two\001c\n\001one\001d\n";

	(void)state;
	print_join(&joint, raw, sizeof(raw) - 1, append, &text);
	text_char(&text, '\0');
	assert_string_equal(text.bytes, "one\na\nb\ntwo\nc\none\nd\n");
	text_fini(&text);
}

static int open_trace(void **state)
{
	(void)state;
	setenv("TZ", "IST-5:30", 1);
	tzset();
	ctf = made_open(dir);
	return 0;
}

static int close_trace(void **state)
{
	(void)state;
	made_close(ctf, dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),	    cmocka_unit_test(test_times),	cmocka_unit_test(test_fields),
		cmocka_unit_test(test_field_errors), cmocka_unit_test(test_json),	cmocka_unit_test(test_json_fields),
		cmocka_unit_test(test_csv),	    cmocka_unit_test(test_csv_columns), cmocka_unit_test(test_width),
		cmocka_unit_test(test_csv_labels),  cmocka_unit_test(test_join),	    cmocka_unit_test(test_days),
	};

	return cmocka_run_group_tests(tests, open_trace, close_trace);
}
