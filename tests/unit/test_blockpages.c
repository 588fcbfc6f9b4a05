/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/app/blockpages.c
 * covers: engine/app/blockpages_read.c
 * covers: engine/cmd_lists.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "app/blockpages.h"
#include "cmd_lists.h"
#include "unit/guard.h"

#define HEAD "name,scope,other_names,location_found,pattern_type,pattern,notes\n"

struct said {
	uint32_t n, line;
	char what[256];
};

static void note(void *arg, const char *path, uint32_t line, const char *what)
{
	struct said *s = arg;

	assert_non_null(path);
	s->n++;
	s->line = line;
	snprintf(s->what, sizeof(s->what), "%s", what);
}

static struct blockpages *made(const char *name, const char *text, struct said *s)
{
	struct blockpages *b = blockpages_new();
	struct guard g = guard_copy(text, strlen(text));
	struct err_info err;

	memset(s, 0, sizeof(*s));
	assert_non_null(b);
	if (!blockpages_take(b, name, (struct bytes){g.at, strlen(text)}, note, s, &err) ||
	    !blockpages_compile(b, note, s, &err))
		fail_msg("%s", err.text);
	guard_free(&g);
	return b;
}

/* "id id ..." of the hits, with their scopes' first letters in front. */
static const char *hits(const struct blockpages *b, const char *page)
{
	static char out[512];
	struct page_hit h[PAGE_HITS_MAX];
	struct guard g = guard_copy(page, strlen(page));
	size_t n = blockpages_find(b, (struct bytes){g.at, strlen(page)}, h, PAGE_HITS_MAX),
	       len = 0;

	guard_free(&g);
	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%s/%s", i ? " " : "",
					page_scope_name(h[i].scope), h[i].id);
	return out;
}

static void test_ooni_types_and_places(void **state)
{
	struct said s;
	struct blockpages *b = made("/some/where/o.csv",
				    HEAD "c,nat,,body,contains,blocked (by) order,\n"
					 "p,isp,,body,prefix,<html>B,\n"
					 "f,prod,,body,full,<b>no</b>,\n"
					 "r,inst,,body,regexp,dpid=[0-9]+,\n"
					 "hp,isp,,header.location,prefix,http://notice.example/,\n"
					 "hf,vbw,,header.Server,full,Box 1.0,\n"
					 "hc,nat,,header.via,contains,proxy.example,\n"
					 "hr,nat,,header.x-app-url,regexp,^never,\n",
				    &s);

	(void)state;
	assert_int_equal(s.n, 0);
	assert_string_equal(hits(b, "HTTP/1.1 200 OK\r\n\r\n<p>blocked (by) order"), "nat/o.csv:c");
	assert_string_equal(hits(b, "HTTP/1.1 200 OK\r\n\r\n<p>blocked by order"), "");
	assert_string_equal(hits(b, "HTTP/1.1 200 OK\r\nX: blocked (by) order\r\n\r\n"), "");
	assert_string_equal(hits(b, "<p>blocked (by) order"), "nat/o.csv:c"); /* no head at all */
	assert_string_equal(hits(b, "HTTP/1.1 200 OK\r\n\r\n<html>B"), "isp/o.csv:p");
	assert_string_equal(hits(b, "HTTP/1.1 200 OK\r\n\r\n <html>B"), "");
	assert_string_equal(hits(b, "HTTP/1.1 200 OK\r\n\r\n<b>no</b>"), "prod/o.csv:f");
	assert_string_equal(hits(b, "HTTP/1.1 200 OK\r\n\r\n<b>no</b>\r\n"), "prod/o.csv:f");
	assert_string_equal(hits(b, "HTTP/1.1 200 OK\r\n\r\n<b>no</b>!"), "");
	assert_string_equal(hits(b, "HTTP/1.1 200 OK\r\n\r\n?dpid=7"), "inst/o.csv:r");
	assert_string_equal(hits(b, "HTTP/1.1 302 F\r\nlOcAtion:  http://notice.example/x\r\n\r\n"),
			    "isp/o.csv:hp");
	assert_string_equal(hits(b, "HTTP/1.1 302 F\r\nLocation: x http://notice.example/\r\n\r\n"),
			    "");
	assert_string_equal(hits(b, "HTTP/1.1 302 F\r\nX-Location: http://notice.example/\r\n\r\n"),
			    "");
	assert_string_equal(hits(b, "HTTP/1.1 200 F\r\n\r\nLocation: http://notice.example/\r\n"),
			    "");
	assert_string_equal(hits(b, "HTTP/1.1 200 F\r\nServer: Box 1.0\r\nA: b\r\n\r\n"),
			    "other/o.csv:hf");
	assert_string_equal(hits(b, "HTTP/1.1 200 F\r\nServer: Box 1.01\r\nA: b\r\n\r\n"), "");
	assert_string_equal(hits(b, "HTTP/1.1 200 F\r\nVia: 1.1 proxy.example (x)\r\n\r\n"),
			    "nat/o.csv:hc");
	assert_string_equal(hits(b, "HTTP/1.1 200 F\r\nX-App-Url: never!\r\n\r\n"), "nat/o.csv:hr");
	assert_string_equal(hits(b, "HTTP/1.1 200 F\r\nX-App-Url: so never!\r\n\r\n"), "");
	blockpages_free(b);
}

static void test_planet_patterns_are_looked_for_everywhere(void **state)
{
	struct said s;
	struct blockpages *b =
		made("p.json",
		     "{\"fingerprint\": \"b_nat_xa\", \"pattern\": \"order.number \\\\d+\"}\r\n"
		     "\n"
		     "{\"fingerprint\": \"a_prod_box\", \"pattern\": \"<title>Box.*</title>\"}\n"
		     "{\"fingerprint\": \"f_gen_x\", \"pattern\": \"box/1\\\\.0\"}",
		     &s);
	const struct page_list *l;

	(void)state;
	assert_string_equal(
		hits(b,
		     "HTTP/1.0 403 F\r\nServer: box/1.0\r\n\r\n<title>Box\nsays</title>order\nnumber 7"),
		"nat/p.json:b_nat_xa prod/p.json:a_prod_box other/p.json:f_gen_x");
	assert_string_equal(hits(b, "HTTP/1.0 403 Forbidden\r\nServer: nginx\r\n\r\nForbidden"),
			    "");
	assert_int_equal(blockpages_lists(b, &l), 1);
	assert_string_equal(l->name, "p.json");
	assert_string_equal(l->format, "censoredplanet");
	assert_int_equal(l->n_entries, 3);
	assert_int_equal(l->n_used, 3);
	blockpages_free(b);
}

/* Look-alikes come first, whatever list or row they stand in. */
static void test_look_alikes_come_first(void **state)
{
	static const char fp[] = "{\"fingerprint\": \"b_nat_no\", \"pattern\": \"Please Wait\"}\n";
	struct said s;
	struct err_info err;
	struct blockpages *b = blockpages_new();

	(void)state;
	assert_true(blockpages_take(b, "o.csv",
				    (struct bytes){(const uint8_t *)HEAD
						   "n,nat,,body,contains,Wait,\n"
						   "x,fp,,body,contains,Please,\n",
						   strlen(HEAD) + 54},
				    note, &s, &err));
	assert_true(blockpages_take(b, "false_positive_signatures.json",
				    (struct bytes){(const uint8_t *)fp, strlen(fp)}, note, &s,
				    &err));
	assert_true(blockpages_compile(b, note, &s, &err));
	assert_string_equal(hits(b, "Please Wait"),
			    "fp/o.csv:x fp/false_positive_signatures.json:b_nat_no nat/o.csv:n");
	blockpages_free(b);
}

static void test_what_is_no_list_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text, *why;
	} table[] = {
		{"", "no entry"},
		{"\n\n", "no entry"},
		{HEAD, "no entry"},
		{"name,scope\nx,nat\n", "l:1: no column location_found"},
		{HEAD "a,nat,,body,contains,x,\nb,nat,,body\n", "l:3: no pattern_type"},
		{HEAD "a,nat,,body,contains,\"x\ny\",\n,nat,,body,contains,x,\n", "l:4: no name"},
		{HEAD "a,nat,,body,contains,\"x", "l:2: no CSV"},
		{HEAD "a,nat,,body,contains,x\"y,\n", "l:2: no CSV"},
		{"{\"fingerprint\": \"a\", \"pattern\": \"b\"}\n{\"fingerprint\": ",
		 "l:2: no JSON"},
		{"{\"fingerprint\": \"a\", \"pattern\": \"b\"}\n[1]\n", "l:2: no \"fingerprint\""},
		{"{\"fingerprint\": \"a\", \"pattern\": 7}", "l:1: no \"fingerprint\""},
		{"{\"fingerprint\": \"\", \"pattern\": \"x\"}", "l:1: no \"fingerprint\""},
		{"\x7f"
		 "ELF\x01\x02",
		 "l:1: no column"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct blockpages *b = blockpages_new();
		struct guard g = guard_copy(table[i].text, strlen(table[i].text));
		struct err_info err = {{0}};
		struct said s = {0};

		assert_false(blockpages_take(b, "l", (struct bytes){g.at, strlen(table[i].text)},
					     note, &s, &err));
		if (!strstr(err.text, table[i].why))
			fail_msg("list %zu: \"%s\" and not \"%s\"", i, err.text, table[i].why);
		guard_free(&g);
		blockpages_free(b);
	}
}

/* A list cut at every length is read or refused, never half read into what it was not. */
static void test_cut_at_every_length(void **state)
{
	static const char text[] =
		HEAD "a,nat,,body,contains,\"x\"\"y\",\r\nb,isp,,header.via,full,z,\n";

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		struct blockpages *b = blockpages_new();
		struct guard g = guard_copy(text, len);
		struct err_info err = {{0}};
		struct said s = {0};

		if (!blockpages_take(b, "l", (struct bytes){g.at, len}, note, &s, &err))
			assert_true(err.text[0] != '\0');
		guard_free(&g);
		blockpages_free(b);
	}
}

/* What the matcher does not take is left out and told with its line; the rest works. */
static void test_unusable_entries_are_left_out(void **state)
{
	struct said s;
	struct blockpages *b = made("l",
				    HEAD "a,nat,,body,regexp,(x)\\1,\n"
					 "b,nat,,body,regexp,(unclosed,\n"
					 "c,nat,,body,regexp,x*,\n"
					 "d,nat,,dns,full,1.2.3.4,\n"
					 "e,nat,,body,near,x,\n"
					 "f,nat,,header.,full,x,\n"
					 "g,nat,,body,contains,good,\n",
				    &s);
	const struct page_list *l;

	(void)state;
	assert_int_equal(s.n, 6);
	assert_int_equal(blockpages_lists(b, &l), 1);
	assert_int_equal(l->n_used, 1);
	assert_string_equal(hits(b, "xx good"), "nat/l:g");
	blockpages_free(b);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* banned: a test's own stopwatch */
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Patterns made to cost: refused, or taken in bounded time. */
static void test_hostile_patterns_cost_little(void **state)
{
	static const char *const hostile[] = {
		"(((((a{1,100}){1,100}){1,100}){1,100}){1,100}){1,100}",
		"(a|aa)+(b|bb)+(c|cc)+(a|aa)+(b|bb)+(c|cc)+$",
		"a{32767}b{32767}c{32767}",
		"(.*a){200}",
		"[a-z]{1,500}[0-9]{1,500}[a-z]{1,500}x",
		"((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))",
	};
	double start = seconds();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		char text[512];
		struct said s;
		struct blockpages *b;

		snprintf(text, sizeof(text),
			 HEAD "h,nat,,body,regexp,\"%s\",\ng,nat,,body,contains,good,\n",
			 hostile[i]);
		b = made("l", text, &s);
		assert_string_equal(hits(b, "good"), "nat/l:g");
		blockpages_free(b);
	}
	assert_true(seconds() - start < 20);
}

static void test_bounds_are_kept(void **state)
{
	struct blockpages *b = blockpages_new();
	struct err_info err = {{0}};
	struct said s = {0};
	size_t n = LIMIT_PAGE_LIST_ENTRIES + 1, at = 0;
	char *text = malloc(n * 48 + LIMIT_PAGE_PATTERN + 200);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, 48,
				       "{\"fingerprint\":\"a%zu\",\"pattern\":\"b\"}\n", i);
	assert_false(
		blockpages_take(b, "l", (struct bytes){(const uint8_t *)text, at}, note, &s, &err));
	assert_non_null(strstr(err.text, "l:16385: too many entries"));
	blockpages_free(b);
	b = blockpages_new();
	at = (size_t)snprintf(text, 256, HEAD "n,nat,,body,contains,");
	memset(text + at, 'x', LIMIT_PAGE_PATTERN + 1);
	at += LIMIT_PAGE_PATTERN + 1;
	memcpy(text + at, ",\n", 2);
	assert_false(blockpages_take(b, "l", (struct bytes){(const uint8_t *)text, at + 2}, note,
				     &s, &err));
	assert_int_equal(s.n, 1);
	assert_string_equal(s.what, "pattern too long");
	blockpages_free(b);
	free(text);
}

static void test_a_missing_file_and_an_empty_set(void **state)
{
	struct run_summary run = {.packets = 1};
	struct blockpages *b = NULL;
	struct err_info err;

	(void)state;
	assert_true(cmd_lists_ready(NULL));
	cmd_lists_tell(NULL, &run);
	assert_int_equal(run.n_lists, 0);
	assert_false(cmd_lists_add(&b, "/nonexistent/list.csv"));
	assert_true(blockpages_compile(b, NULL, NULL, &err));
	assert_string_equal(hits(b, "anything"), "");
	blockpages_free(b);
	blockpages_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ooni_types_and_places),
		cmocka_unit_test(test_planet_patterns_are_looked_for_everywhere),
		cmocka_unit_test(test_look_alikes_come_first),
		cmocka_unit_test(test_what_is_no_list_is_refused_with_its_line),
		cmocka_unit_test(test_cut_at_every_length),
		cmocka_unit_test(test_unusable_entries_are_left_out),
		cmocka_unit_test(test_hostile_patterns_cost_little),
		cmocka_unit_test(test_bounds_are_kept),
		cmocka_unit_test(test_a_missing_file_and_an_empty_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
