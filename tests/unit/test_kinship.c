/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/kin/kinship.c */
/* covers: engine/kin/kin_sig.c */
/* covers: engine/kin/kin_tree.c */
/* How alike two devices are: what they share counts by how rare it is, what is unknown does not count. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kin/kinship.h"
#include "kin_build.h"

/* 1000 ordinary resets: window 0 and flags 0x14 are everyday, window 16 is not. Every reset with window 16 has IP ID 242 as well. */
static const char table[] = "# wallprint base rates\n# made up\n"
			    "rst\t700\trst.flags=20\trst.win=0\trst.ipid=0\trst.df=yes\n"
			    "rst\t290\trst.flags=4\trst.win=0\trst.ipid=*\trst.df=yes\n"
			    "rst\t10\trst.flags=20\trst.win=16\trst.ipid=242\trst.df=no\n";

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

/* Three blocks, which are needed, and in which all are the same. */
#define ALIKE                               \
	KIN_YESNO("rst.seq_zero", false, 9) \
	"," KIN_YESNO("rst.ack_zero", false, 9) "," KIN_YESNO("rst.df", true, 9) ","

static struct kin_pair compare(const char *a, const char *b, const struct base_rates *r)
{
	struct device x = kin_device(a), y = kin_device(b);
	struct kin_pair p, q;

	kin_compare(&x, &y, r, &p);
	kin_compare(&y, &x, r, &q); /* symmetric */
	assert_true(p.comparable == q.comparable && p.distance == q.distance &&
		    p.known == q.known && p.bits == q.bits);
	for (uint32_t i = 0; i < p.n_lines; i++) { /* they point into x and y */
		p.line[i].a = p.line[i].b = NULL;
		p.line[i].value = NULL;
	}
	device_clear(&x);
	device_clear(&y);
	return p;
}

#define SAME_16 \
	KIN_NUM("rst.flags", 20, 5) "," KIN_NUM("rst.win", 16, 5) "," KIN_NUM("rst.ipid", 242, 5)

static void test_same_device_is_at_distance_0(void **state)
{
	struct base_rates r = rates_of(table);
	struct kin_pair p = compare(SAME_16, SAME_16, &r);

	(void)state;
	assert_true(p.comparable);
	assert_true(p.distance < 1e-9);
	assert_true(p.known > 0.999);
	assert_int_equal(p.n_shared, 3);
	base_rates_clear(&r);
}

/* Window 16 and IP ID 242 come together: each alone is 1 in 91, both are no rarer than one. */
static void test_features_that_depend_on_one_another_surprise_once(void **state)
{
	struct base_rates r = rates_of(table);
	struct kin_pair p = compare(SAME_16, SAME_16, &r);

	(void)state;
	assert_int_equal(p.of, 1000);
	assert_int_equal(p.ordinary, 10);
	assert_true(p.bits > 6.5 && p.bits < 6.51); /* log2(1001 / 11) */
	base_rates_clear(&r);
}

static void test_value_never_seen_surprises_no_more_than_the_table_is_long(void **state)
{
	struct base_rates r = rates_of(table);
	struct kin_pair p =
		compare(ALIKE KIN_NUM("rst.win", 4321, 9), ALIKE KIN_NUM("rst.win", 4321, 9), &r);

	(void)state;
	assert_int_equal(p.ordinary, 0);
	assert_true(p.bits > 9.96 && p.bits < 9.97); /* log2(1001) */
	base_rates_clear(&r);
}

static void test_agreement_in_what_is_common_weighs_less_than_in_what_is_rare(void **state)
{
	struct base_rates r = rates_of(table);
	struct kin_pair common =
		compare(ALIKE KIN_NUM("rst.win", 0, 5) "," KIN_BYTES("rst.hdr_len", 20, 5),
			ALIKE KIN_NUM("rst.win", 0, 5) "," KIN_BYTES("rst.hdr_len", 32, 5), &r);
	struct kin_pair rare =
		compare(ALIKE KIN_NUM("rst.win", 16, 5) "," KIN_BYTES("rst.hdr_len", 20, 5),
			ALIKE KIN_NUM("rst.win", 16, 5) "," KIN_BYTES("rst.hdr_len", 32, 5), &r);

	(void)state;
	assert_true(common.comparable && rare.comparable);
	assert_true(rare.distance < common.distance);
	base_rates_clear(&r);
}

/* Three features of one block against one of another: the block counts once. */
static void test_block_of_dependent_features_counts_as_one(void **state)
{
	static const char a[] =
		KIN_YESNO("rst.df", true, 9) "," KIN_NUM("rst.flags", 4, 5) "," KIN_BYTES(
			"rst.payload_len", 22,
			5) ",\"rst.payload\":{\"unit\":\"text\",\"known\":5,\"values\":[[\"00\",5]]}";
	static const char b[] =
		KIN_YESNO("rst.df", true, 9) "," KIN_NUM("rst.flags", 20, 5) "," KIN_BYTES(
			"rst.payload_len", 22,
			5) ",\"rst.payload\":{\"unit\":\"text\",\"known\":5,\"values\":[[\"00\",5]]}";
	struct kin_pair p = compare(a, b, NULL);

	(void)state;
	assert_true(p.distance > 0.333 && p.distance < 0.334);
}

/* One packet each: that two random numbers differ says nothing. */
static void test_single_values_that_chance_may_have_made_do_not_differ(void **state)
{
	struct kin_pair p =
		compare(ALIKE KIN_NUM("rst.flags", 20, 1) "," KIN_NUM("rst.win", 4000, 1),
			ALIKE KIN_NUM("rst.flags", 20, 9) "," KIN_NUM("rst.win", 512, 9), NULL);

	(void)state;
	assert_true(p.comparable);
	assert_true(p.distance < 1e-9);
	p = compare(ALIKE KIN_NUM("rst.flags", 20, 3) "," KIN_NUM("rst.win", 4000, 3),
		    ALIKE KIN_NUM("rst.flags", 20, 9) "," KIN_NUM("rst.win", 512, 9), NULL);
	assert_true(p.distance > 0.199);
	/* Flags are written into a program. */
	p = compare(ALIKE KIN_NUM("rst.flags", 20, 1), ALIKE KIN_NUM("rst.flags", 4, 1), NULL);
	assert_true(p.comparable && p.distance > 0.249);
}

static void test_values_that_vary_in_both_are_alike_and_surprise_nobody(void **state)
{
	static const char a[] = ALIKE
		"\"rst.win\":{\"unit\":\"number\",\"known\":4,\"values\":[[1,1],[2,1],[3,1],[4,1]],\"min\":1,\"max\":4}";
	static const char b[] = ALIKE
		"\"rst.win\":{\"unit\":\"number\",\"known\":4,\"values\":[[5,1],[6,1],[7,1],[8,1]],\"min\":5,\"max\":8}";
	struct base_rates r = rates_of(table);
	struct kin_pair p = compare(a, b, &r);

	(void)state;
	assert_true(p.comparable && p.distance < 1e-9);
	assert_int_equal(p.n_shared, 3); /* the window is not among them */
	p = compare(a, ALIKE KIN_NUM("rst.win", 5, 9), &r);
	assert_true(p.distance > 0.1);
	/* One packet within what the other has shown to vary over; one outside. */
	p = compare(a, ALIKE KIN_NUM("rst.win", 3, 1), &r);
	assert_true(p.distance < 1e-9);
	p = compare(a, ALIKE KIN_NUM("rst.win", 9, 1), &r);
	assert_true(p.comparable && p.distance < 1e-9 && p.known < 0.95);
	base_rates_clear(&r);
}

/* Near, and so are many ordinary resets: no kinship. Nor where nothing was measured. */
static void test_what_is_common_is_no_family_however_near(void **state)
{
	struct base_rates r = rates_of(table);
	struct kin_pair p =
		compare(ALIKE KIN_NUM("rst.win", 0, 9), ALIKE KIN_NUM("rst.win", 0, 9), &r);

	(void)state;
	assert_true(p.distance < 1e-9);
	assert_int_equal(p.ordinary, 990);
	assert_true(kin_tree_distance(&p) >= kin_family_distance);
	p = compare(SAME_16, SAME_16, &r);
	assert_true(kin_tree_distance(&p) < 1e-9);
	p = compare(SAME_16, SAME_16, NULL);
	assert_true(p.distance < 1e-9 && kin_tree_distance(&p) >= kin_family_distance);
	p = compare(KIN_NUM("rst.flags", 20, 5), KIN_NUM("rst.flags", 20, 5), &r);
	assert_true(!p.comparable && kin_tree_distance(&p) < 0); /* one choice is no fingerprint */
	base_rates_clear(&r);
}

static void test_too_little_known_of_both_is_not_comparable(void **state)
{
	struct kin_pair p = compare(KIN_NUM("rst.flags", 20, 5) "," KIN_NUM(
					    "rst.win", 16, 5) "," KIN_NUM("rst.ipid", 242, 5),
				    KIN_NUM("rst.flags", 20, 5), NULL);

	(void)state;
	assert_false(p.comparable);
	p = compare(KIN_NUM("rst.flags", 20, 5), KIN_NUM("rst.win", 16, 5), NULL);
	assert_false(p.comparable);
}

static void test_devices_of_two_kinds_are_not_comparable(void **state)
{
	char text[KIN_TEXT];
	struct device a = kin_device(SAME_16), b;
	struct kin_pair p;

	(void)state;
	kin_event(text, "00000000000000ab", "dns", 5, "a.pcap", "2026-01-01T00:00:00.000000000Z",
		  KIN_NUM("dns.ipid", 242, 5));
	assert_true(kin_read(text, &b));
	kin_compare(&a, &b, NULL, &p);
	assert_false(p.comparable);
	device_clear(&a);
	device_clear(&b);
}

/* --- signatures --- */

static struct kin_sig against(const char *terms, const char *print, bool *of_kind)
{
	char text[4096];
	struct sig_problems problems = {0};
	struct device d = kin_device(print);
	struct signature *sig;
	struct kin_sig out;

	snprintf(
		text, sizeof(text),
		"format: 1\nid: middlebox.xx.box\nrev: 1\nstatus: draft\ntitle: A box\nclaims: {technique: rst_injection}\n%s"
		"sources:\n  - {key: weaver2009, says: x, read: recalled}\n",
		terms);
	sig = sig_read(NULL, (struct bytes){(const uint8_t *)text, strlen(text)}, &problems);
	for (size_t i = 0; i < problems.n; i++)
		sig_problem_print(stderr, &problems.at[i]);
	assert_non_null(sig);
	*of_kind = kin_signature(&d, sig, &out);
	sig_problems_free(&problems);
	sig_free(sig);
	device_clear(&d);
	return out;
}

static void test_terms_of_a_signature_hold_fail_or_stay_unknown(void **state)
{
	static const char terms[] =
		"when: [rst.win == 16, rst.df is no, trigger.kind == tls-sni]\nsupports: [rst.ipid == 242, rst.hdr_len == 20]\n";
	bool of_kind;
	struct kin_sig k = against(terms,
				   KIN_NUM("rst.win", 16, 5) "," KIN_YESNO(
					   "rst.df", false, 5) "," KIN_NUM("rst.ipid", 7, 5),
				   &of_kind);

	(void)state;
	assert_true(of_kind && k.like == KIN_LIKE_WHOLE);
	assert_int_equal(k.n_held, 3);
	assert_int_equal(k.n_terms, 5);
	assert_int_equal(k.term[3].state, KIN_FAILED); /* supports do not decide */
	assert_int_equal(k.term[4].state, KIN_TERM_UNKNOWN);
	k = against(terms, KIN_NUM("rst.win", 17, 5) "," KIN_YESNO("rst.df", false, 5), &of_kind);
	assert_int_equal(k.like, KIN_LIKE_NOT);
	assert_int_equal(k.n_failed, 1);
	/* What is required is unknown: not excluded, and no more; with most of it unknown, nothing. */
	k = against(terms, KIN_NUM("rst.win", 16, 5), &of_kind);
	assert_int_equal(k.like, KIN_LIKE_OPEN);
	k = against("when: [rst.win == 16, rst.df is no, rst.ack_zero is no]\n",
		    KIN_NUM("rst.win", 16, 5), &of_kind);
	assert_int_equal(k.like, KIN_LIKE_NOT);
}

static void test_term_that_holds_in_some_packets_only_is_mixed(void **state)
{
	static const char print[] =
		"\"rst.win\":{\"unit\":\"number\",\"known\":4,\"values\":[[16,2],[17,2]],\"min\":16,\"max\":17}";
	static const char most[] =
		"\"rst.win\":{\"unit\":\"number\",\"known\":20,\"values\":[[16,19],[17,1]],\"min\":16,\"max\":17}";
	bool of_kind;
	struct kin_sig k = against("when: [rst.win == 16]\n", print, &of_kind);

	(void)state;
	assert_int_equal(k.like, KIN_LIKE_NOT);
	assert_int_equal(k.n_mixed, 1);
	k = against("when: [rst.win == 16]\n", most, &of_kind);
	assert_int_equal(k.like, KIN_LIKE_WHOLE);
	k = against("when: [rst.win == 16]\nunless: [rst.win < 100]\n", most, &of_kind);
	assert_int_equal(k.like, KIN_LIKE_NOT);
}

/* --- the tree --- */

static void test_tree_joins_the_nearest_first_and_families_below_the_limit(void **state)
{
	/* 0 and 1 near, 2 and 3 near, the two pairs far from each other, 4 not comparable. */
	double d[25];
	struct kin_tree t;

	(void)state;
	for (size_t i = 0; i < 25; i++)
		d[i] = i / 5 == i % 5 ? 0 : i / 5 == 4 || i % 5 == 4 ? -1 : 0.8;
	d[1] = d[5] = 0.1;
	d[13] = d[17] = 0.2;
	assert_true(kin_tree_make(d, 5, &t));
	assert_int_equal(t.n_nodes, 3);
	assert_true(t.node[0].distance < 0.11 && t.node[1].distance < 0.21);
	assert_true(t.node[2].distance > 0.79 && t.node[2].distance < 0.81);
	assert_int_equal(t.node[2].size, 4);
	assert_int_equal(t.n_families, 3);
	assert_int_equal(t.family[0], t.family[1]);
	assert_int_equal(t.family[2], t.family[3]);
	assert_int_not_equal(t.family[0], t.family[2]);
	assert_int_not_equal(t.family[4], t.family[0]);
	assert_int_not_equal(t.family[4], t.family[2]);
	kin_tree_clear(&t);
	assert_true(kin_tree_make(d, 0, &t));
	kin_tree_clear(&t);
	assert_true(kin_tree_make(d, 1, &t));
	assert_int_equal(t.n_families, 1);
	kin_tree_clear(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_device_is_at_distance_0),
		cmocka_unit_test(test_features_that_depend_on_one_another_surprise_once),
		cmocka_unit_test(test_value_never_seen_surprises_no_more_than_the_table_is_long),
		cmocka_unit_test(test_agreement_in_what_is_common_weighs_less_than_in_what_is_rare),
		cmocka_unit_test(test_block_of_dependent_features_counts_as_one),
		cmocka_unit_test(test_single_values_that_chance_may_have_made_do_not_differ),
		cmocka_unit_test(test_values_that_vary_in_both_are_alike_and_surprise_nobody),
		cmocka_unit_test(test_what_is_common_is_no_family_however_near),
		cmocka_unit_test(test_too_little_known_of_both_is_not_comparable),
		cmocka_unit_test(test_devices_of_two_kinds_are_not_comparable),
		cmocka_unit_test(test_terms_of_a_signature_hold_fail_or_stay_unknown),
		cmocka_unit_test(test_term_that_holds_in_some_packets_only_is_mixed),
		cmocka_unit_test(test_tree_joins_the_nearest_first_and_families_below_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
