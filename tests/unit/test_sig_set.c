/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/match/sig_tests.c */
/* covers: engine/match/sig_file.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/evp.h>

#include "unit/sig_text.h"

#define SIG(id, title)                                                     \
	"format: 1\nid: " id "\nrev: 1\nstatus: draft\ntitle: " title "\n" \
	"claims: {technique: rst_injection}\nwhen: [rst.df is yes]\n"

/* A folder of its own for each test; what is put there is removed with it. */
struct place {
	char dir[64];
};

static int place_new(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	memcpy(p->dir, "/tmp/wallprint-set.XXXXXX", 26);
	assert_non_null(mkdtemp(p->dir));
	*state = p;
	return 0;
}

static int place_free(void **state)
{
	struct place *p = *state;
	char cmd[128];

	assert_in_range(snprintf(cmd, sizeof(cmd), "rm -rf '%s'", p->dir), 1, sizeof(cmd) - 1);
	assert_int_equal(system(cmd), 0);
	free(p);
	return 0;
}

static const char *at(const struct place *p, const char *name)
{
	static char path[512];

	assert_in_range(snprintf(path, sizeof(path), "%s/%s", p->dir, name), 1, sizeof(path) - 1);
	return path;
}

static void folder(const struct place *p, const char *name)
{
	assert_int_equal(mkdir(at(p, name), 0700), 0);
}

static struct sig_set *load(const char *const *dirs, size_t n, struct sig_problems *p)
{
	struct sig_set *set;
	struct err_info err;

	*p = (struct sig_problems){0};
	assert_true(sig_set_load(&set, dirs, n, p, &err));
	return set;
}

static void test_load_finds_files_below_the_three_folders(void **state)
{
	const struct place *p = *state;
	const char *dirs[] = {p->dir};
	struct sig_problems pr;
	struct sig_set *set;

	folder(p, "mechanism");
	folder(p, "middlebox");
	folder(p, "middlebox/vendor");
	folder(p, "other");
	file_put(at(p, "mechanism/b.yaml"), SIG("mechanism.b", "t"));
	file_put(at(p, "mechanism/a-2_x.yaml"), SIG("mechanism.a-2_x", "t"));
	file_put(at(p, "mechanism/README.md"), "no signature");
	file_put(at(p, "mechanism/.hidden.yaml"), "no signature");
	file_put(at(p, "template.yaml"), "no signature");
	file_put(at(p, "other/x.yaml"), "no signature");
	file_put(at(p, "middlebox/vendor/m.yaml"),
		 SIG("middlebox.vendor.m", "t") "sources: [{key: a, says: b, read: recalled}]\n");
	set = load(dirs, 1, &pr);
	assert_int_equal(pr.n, 0);
	assert_int_equal(sig_set_n(set), 3);
	assert_string_equal(sig_set_at(set, 0)->id, "mechanism.a-2_x");
	assert_string_equal(sig_set_at(set, 1)->id, "mechanism.b");
	assert_string_equal(sig_set_at(set, 2)->id, "middlebox.vendor.m");
	assert_null(sig_set_at(set, 3));
	assert_ptr_equal(sig_set_find(set, "mechanism.b"), sig_set_at(set, 1));
	assert_null(sig_set_find(set, "mechanism.c"));
	assert_string_equal(sig_set_at(set, 1)->path, at(p, "mechanism/b.yaml"));
	sig_set_free(set);
}

static void test_load_bad_file_is_left_out_and_described(void **state)
{
	const struct place *p = *state;
	const char *dirs[] = {p->dir};
	struct sig_problems pr;
	struct sig_set *set;

	folder(p, "mechanism");
	file_put(at(p, "mechanism/a.yaml"), SIG("mechanism.a", "t"));
	file_put(at(p, "mechanism/b.yaml"), SIG("mechanism.a", "t"));
	file_put(at(p, "mechanism/c.yml"), SIG("mechanism.c", "t"));
	file_put(at(p, "mechanism/d.e.yaml"), SIG("mechanism.d.e", "t"));
	set = load(dirs, 1, &pr);
	assert_int_equal(sig_set_n(set), 1);
	assert_int_equal(pr.n, 3);
	assert_string_equal(pr.at[0].file, at(p, "mechanism/b.yaml"));
	assert_string_equal(pr.at[1].file, at(p, "mechanism/c.yml"));
	/* It would have the id of d/e.yaml. */
	assert_string_equal(pr.at[2].file, at(p, "mechanism/d.e.yaml"));
	sig_problems_free(&pr);
	sig_set_free(set);
}

static void test_load_later_folder_replaces_same_id(void **state)
{
	const struct place *p = *state;
	char one[80], two[80];
	const char *dirs[] = {one, two};
	struct sig_problems pr;
	struct sig_set *set;

	assert_in_range(snprintf(one, sizeof(one), "%s/one", p->dir), 1, sizeof(one) - 1);
	assert_in_range(snprintf(two, sizeof(two), "%s/two", p->dir), 1, sizeof(two) - 1);
	folder(p, "one");
	folder(p, "two");
	folder(p, "one/mechanism");
	folder(p, "two/mechanism");
	file_put(at(p, "one/mechanism/a.yaml"), SIG("mechanism.a", "first"));
	file_put(at(p, "one/mechanism/b.yaml"), SIG("mechanism.b", "first"));
	file_put(at(p, "two/mechanism/a.yaml"), SIG("mechanism.a", "second"));
	set = load(dirs, 2, &pr);
	assert_int_equal(pr.n, 0);
	assert_int_equal(sig_set_n(set), 2);
	assert_string_equal(sig_set_find(set, "mechanism.a")->title, "second");
	assert_string_equal(sig_set_find(set, "mechanism.b")->title, "first");
	sig_set_free(set);
}

static void test_digest_is_sha256_of_the_files_in_id_order(void **state)
{
	static const char b[] = SIG("mechanism.a", "t");
	const struct place *p = *state;
	const char *dirs[] = {p->dir};
	char all[512], benign[256];
	uint8_t got[32], want[32];
	struct sig_problems pr;
	struct sig_set *set;
	unsigned int len;

	assert_in_range(snprintf(benign, sizeof(benign),
				 "format: 1\nid: benign.z\nrev: 1\nstatus: draft\ntitle: t\n"
				 "excuses: any\neffect: veto\nwhen: [rst.df is yes]\n"),
			1, sizeof(benign) - 1);
	assert_in_range(snprintf(all, sizeof(all), "%s%s", benign, b), 1, sizeof(all) - 1);
	folder(p, "mechanism");
	folder(p, "benign");
	file_put(at(p, "mechanism/a.yaml"), b);
	file_put(at(p, "benign/z.yaml"), benign);
	assert_true(EVP_Digest(all, strlen(all), want, &len, EVP_sha256(), NULL));
	set = load(dirs, 1, &pr);
	assert_int_equal(pr.n, 0);
	sig_set_digest(set, got);
	assert_memory_equal(got, want, 32);
	sig_set_free(set);
	/* A comment changes the digest too. */
	file_put(at(p, "mechanism/a.yaml"), SIG("mechanism.a", "t") "# more\n");
	set = load(dirs, 1, &pr);
	sig_set_digest(set, got);
	assert_memory_not_equal(got, want, 32);
	sig_set_free(set);
}

static void test_load_link_back_up_ends(void **state)
{
	const struct place *p = *state;
	const char *dirs[] = {p->dir};
	struct sig_problems pr;
	struct sig_set *set;

	folder(p, "mechanism");
	file_put(at(p, "mechanism/a.yaml"), SIG("mechanism.a", "t"));
	assert_int_equal(symlink(".", at(p, "mechanism/loop")), 0);
	assert_int_equal(symlink("nowhere", at(p, "mechanism/dangling.yaml")), 0);
	set = load(dirs, 1, &pr);
	assert_int_equal(sig_set_n(set), 1);
	/* The same file, the same dangling link at each depth, and the end of it. */
	assert_in_range(pr.n, 3, 20);
	sig_problems_free(&pr);
	sig_set_free(set);
}

static void test_load_pipe_does_not_hang(void **state)
{
	const struct place *p = *state;
	const char *dirs[] = {p->dir};
	struct sig_problems pr;
	struct sig_set *set;

	folder(p, "benign");
	assert_int_equal(mkfifo(at(p, "benign/pipe.yaml"), 0600), 0);
	set = load(dirs, 1, &pr);
	assert_int_equal(sig_set_n(set), 0);
	assert_int_equal(pr.n, 1);
	assert_string_equal(pr.at[0].what, "not a file");
	sig_problems_free(&pr);
	sig_set_free(set);
}

static void test_load_file_too_long_is_named(void **state)
{
	const struct place *p = *state;
	const char *dirs[] = {p->dir};
	struct sig_problems pr;
	struct sig_set *set;
	char *text = malloc(70001);

	assert_non_null(text);
	memset(text, '#', 70000);
	text[70000] = '\0';
	folder(p, "benign");
	file_put(at(p, "benign/long.yaml"), text);
	free(text);
	set = load(dirs, 1, &pr);
	assert_int_equal(pr.n, 1);
	assert_non_null(strstr(pr.at[0].what, "longer than"));
	sig_problems_free(&pr);
	sig_set_free(set);
}

static void test_load_folder_missing_or_empty(void **state)
{
	const struct place *p = *state;
	const char *gone[] = {at(p, "gone")}, *dirs[] = {p->dir};
	struct sig_problems pr = {0};
	struct err_info err = {""};
	struct sig_set *set;

	assert_false(sig_set_load(&set, gone, 1, &pr, &err));
	assert_null(set);
	assert_non_null(strstr(err.text, "gone"));
	assert_int_equal(pr.n, 0);
	set = load(dirs, 1, &pr);
	assert_int_equal(sig_set_n(set), 0);
	assert_int_equal(pr.n, 1);
	assert_int_equal(pr.at[0].line, 0);
	sig_problems_free(&pr);
	sig_set_free(set);
	sig_set_free(NULL);
	file_put(at(p, "file"), "");
	gone[0] = at(p, "file");
	assert_false(sig_set_load(&set, gone, 1, &pr, &err));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, place_new, place_free)
	const struct CMUnitTest tests[] = {
		T(test_load_finds_files_below_the_three_folders),
		T(test_load_bad_file_is_left_out_and_described),
		T(test_load_later_folder_replaces_same_id),
		T(test_digest_is_sha256_of_the_files_in_id_order),
		T(test_load_link_back_up_ends),
		T(test_load_pipe_does_not_hang),
		T(test_load_file_too_long_is_named),
		T(test_load_folder_missing_or_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
