/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/kin/tally_read.c */
/* covers: engine/kin/tally_write.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "kin/tally_file.h"

static const char whole[] = "wallprint.series/1,300,10\n"
			    "k,0,all\n"
			    "k,7,country,AQ\n"
			    "k,2,network,AQ,64500\n"
			    "k,3,network,,64501\n"
			    "k,4,prefix,AQ,64500,203.0.113.0/24\n"
			    "k,5,prefix,,0,2001:db8:5::/48\n"
			    "b,1764000000\n"
			    "r,0,4,1,80000,5,0,1,0,2,3,0\n"
			    "r,4,2,0,79000,1,0,0,0,0,0,0\n"
			    "g,4\n"
			    "b,1764000600\n"
			    "l,3,1,0\n"
			    "e\n";

/* Reads a text as one file and writes what is heard; the caller frees the text. */
static char *again(const char *text, size_t len, enum tally_file_state *state,
		   struct tally_read_stats *st)
{
	char *out = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);
	struct tally_writer w;
	struct tally_hears to = tally_write_hears(&w);
	struct tally_reader *r = tally_reader_new(&to);

	assert_non_null(f);
	assert_non_null(r);
	tally_write_begin(&w, f);
	for (size_t from = 0; from < len;) {
		const char *end = memchr(text + from, '\n', len - from);
		size_t line = (end ? (size_t)(end - text) : len) - from;

		tally_reader_line(r, text + from, line);
		from += line + 1;
	}
	*state = tally_reader_end(r, st);
	tally_write_end(&w, &st->lost);
	assert_int_equal(fclose(f), 0);
	tally_reader_free(r);
	return out;
}

static void test_what_is_read_is_what_was_written(void **state)
{
	enum tally_file_state got;
	struct tally_read_stats st;
	char *out = again(whole, sizeof(whole) - 1, &got, &st), *twice;
	enum tally_file_state got2;
	struct tally_read_stats st2;

	(void)state;
	assert_int_equal(got, TALLY_FILE_WHOLE);
	assert_int_equal(st.bad_lines, 0);
	assert_int_equal(st.bins, 2);
	assert_int_equal(st.lost.late, 3);
	/* Numbers are given anew, and at its end every key of the file goes. */
	assert_non_null(strstr(
		out, "k,1,country,AQ\nk,2,network,AQ,64500\nk,3,network,,64501\n"
		     "k,4,prefix,AQ,64500,203.0.113.0/24\nk,5,prefix,,0,2001:db8:5::/48\n"
		     "b,1764000000\nr,0,4,1,80000,5,0,1,0,2,3,0\nr,4,2,0,79000,1,0,0,0,0,0,0\n"
		     "g,4\nb,1764000600\n"));
	twice = again(out, strlen(out), &got2, &st2);
	assert_string_equal(twice, out);
	free(out);
	free(twice);
}

static void test_cut_at_every_length_it_tells_a_part_of_the_whole(void **state)
{
	enum tally_file_state got;
	struct tally_read_stats st;

	(void)state;
	for (size_t len = 0; len < sizeof(whole) - 3; len++) {
		struct guard g = guard_copy(whole, len);
		char *out = again((const char *)g.at, len, &got, &st);

		assert_int_not_equal(got, TALLY_FILE_WHOLE);
		assert_true(st.bins <= 2 && st.bad_lines <= 1);
		/* Never a bin with some of its rows only. */
		if (strstr(out, "b,1764000000"))
			assert_non_null(strstr(out, "r,4,2,0,79000,1,0,0,0,0,0,0\n"));
		free(out);
		guard_free(&g);
	}
}

static void test_lines_that_are_none_are_counted_and_skipped(void **state)
{
	static const char *const bad[] = {
		"",
		"r",
		"x,1",
		"k,1",
		"k,1,all",           /* the number has a key */
		"k,8,country,aq",    /* no country */
		"k,8,country,",      /* nor this */
		"k,8,network,AQ,0",  /* no network */
		"k,4096,country,BV", /* LIMIT_TALLY_KEYS */
		"k,8,prefix,AQ,1,1.2.3.4/24",
		"k,8,prefix,AQ,1,1.2.3.0/23",
		"k,8,prefix,AQ,1,2001:db8::1/48",
		"k,8,planet,AQ",
		"k,8,country,AQ,5",
		"k,8,country,AQ", /* it has a number already */
		"g,9",
		"b,1764000001", /* not a multiple of 300 */
		"b,99999999999999999999",
		"b,-300",
		"r,0,1,1,1,1,1,1,1,1,1,1", /* no bin is open */
		"l,1",
		"e,1",
		"b,1764000300,1",
	};
	enum tally_file_state got;
	struct tally_read_stats st;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[512], *out;

		snprintf(text, sizeof(text),
			 "wallprint.series/1,300,10\nk,1,country,AQ\n%s\nb,1764000600\n"
			 "r,1,4,1,80000,5,0,1,0,2,3,0\nl,0,0,0\ne\n",
			 bad[i]);
		out = again(text, strlen(text), &got, &st);
		if (st.bad_lines != 1)
			fail_msg("%llu bad lines: %s", (unsigned long long)st.bad_lines, bad[i]);
		assert_int_equal(st.first_bad, 3);
		assert_non_null(strstr(out, "b,1764000600\nr,0,4,1,80000,5,0,1,0,2,3,0\n"));
		free(out);
	}
}

static void test_rows_out_of_place_are_counted(void **state)
{
	static const char text[] =
		"wallprint.series/1,300,10\nk,1,country,AQ\nb,1764000600\n"
		"r,1,4,1,80000,5,0,1,0,2,3,0\nr,1,4,1,80000,5,0,1,0,2,3,0\n"
		"r,2,4,1,80000,5,0,1,0,2,3,0\nr,1,4,1\nr,1,500000001,1,1,1,1,1,1,1,1,1\n"
		"b,1764000300\nr,1,4,1,80000,5,0,1,0,2,3,0\ne\ne\n";
	enum tally_file_state got;
	struct tally_read_stats st;

	(void)state;
	free(again(text, sizeof(text) - 1, &got, &st));
	assert_int_equal(
		st.bad_lines,
		5); /* twice, no key, too short, too much; and what stands behind the end */
	assert_int_equal(st.bins_back, 1);
	assert_int_equal(st.bins, 1);
}

static void test_other_version_floor_or_bin_is_refused(void **state)
{
	static const char *const head[] = {"wallprint.series/2,300,10", "wallprint.series/1,600,10",
					   "wallprint.series/1,300,5", "{}", ""};
	enum tally_file_state got;
	struct tally_read_stats st;

	(void)state;
	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text), "%s\nk,1,country,AQ\nb,300\ne\n", head[i]);
		free(again(text, strlen(text), &got, &st));
		assert_int_equal(got, TALLY_FILE_REFUSED);
		assert_int_equal(st.bins, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_read_is_what_was_written),
		cmocka_unit_test(test_cut_at_every_length_it_tells_a_part_of_the_whole),
		cmocka_unit_test(test_lines_that_are_none_are_counted_and_skipped),
		cmocka_unit_test(test_rows_out_of_place_are_counted),
		cmocka_unit_test(test_other_version_floor_or_bin_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
