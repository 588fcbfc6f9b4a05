/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/kin/base_rates.c */
/* covers: engine/kin/base_maker.c */
/* Tables of what is ordinary: made, read, and refused when damaged. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "kin/base_rates.h"

static struct base_rates rates_of(const char *text)
{
	FILE *f = fmemopen((void *)text, strlen(text), "r");
	struct base_rates r;
	struct err_info err;

	assert_non_null(f);
	if (!base_rates_read(f, "table", &r, &err))
		fail_msg("%s", err.text);
	fclose(f);
	return r;
}

static void test_damaged_tables_are_refused_by_line(void **state)
{
	static const char *const bad[] = {"rst\n",
					  "rst\t0\trst.win=1\n",
					  "rst\t-4\trst.win=1\n",
					  "nonsense\t1\trst.win=1\n",
					  "rst\t1\tdns.ipid=1\n",
					  "rst\t1\trst.win\n",
					  "rst\t1\trst.win=x\n",
					  "rst\t1\trst.df=1\n",
					  "rst\t1\trst.payload=\\x0\n",
					  "rst\t1\trst.payload=\\x00\n",
					  "rst\t1\trst.win=1"};
	struct base_rates r;
	struct err_info err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[256];
		FILE *f;

		snprintf(text, sizeof(text), "# t\n# p\nrst\t1\trst.win=1\n%s", bad[i]);
		f = fmemopen(text, strlen(text), "r");
		assert_non_null(f);
		if (base_rates_read(f, "table", &r, &err))
			fail_msg("read: %s", bad[i]);
		fclose(f);
		assert_non_null(strstr(err.text, "line 4"));
		assert_null(r.row);
	}
}

/* A scan with a thousand resets of one make is one observation; a value of one capture only is not told. */
static void test_table_counts_captures_and_hides_what_only_one_has(void **state)
{
	struct base_maker *m = base_maker_new();
	struct evidence *ev = evidence_new(CASE_RST);
	struct base_ask common = {FEAT_RST_WIN, 7, NULL}, rare = {FEAT_RST_IPID, 1, NULL};
	struct base_rates r;
	uint64_t had, known;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_true(m && ev && f);
	for (int capture = 0; capture < 2; capture++) {
		for (int i = 0; i < 1000; i++) {
			evidence_put1(ev, FEAT_RST_WIN, 7, 1);
			evidence_put1(ev, FEAT_RST_TTL, 50 + i % 10,
				      1); /* not the program's doing */
			evidence_put1(ev, FEAT_RST_IPID, capture * 1000 + i, 1);
			evidence_put_text(ev, FEAT_RST_PAYLOAD, "a b\t*\\", 6, 1);
			assert_true(base_maker_case(m, ev));
		}
		base_maker_capture(m);
	}
	assert_true(base_maker_write(m, f, "somewhere"));
	assert_int_equal(fclose(f), 0);
	r = rates_of(text);
	assert_int_equal(r.n_rows, 1);
	assert_int_equal(r.total[CASE_RST], 2);
	assert_string_equal(r.provenance, "somewhere");
	base_rates_value(&r, CASE_RST, &common, &had, &known);
	assert_true(had == 2 && known == 2);
	base_rates_value(&r, CASE_RST, &rare, &had, &known);
	assert_true(had == 0 && known == 2);
	for (uint32_t i = 0; i < r.row[0].n_values; i++)
		if (r.row[0].value[i].feat == FEAT_RST_PAYLOAD)
			assert_string_equal(r.row[0].value[i].text, "a b\t*\\");
	assert_null(strstr(text, "rst.ttl="));
	base_rates_clear(&r);
	base_maker_free(m);
	evidence_free(ev);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damaged_tables_are_refused_by_line),
		cmocka_unit_test(test_table_counts_captures_and_hides_what_only_one_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
