/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/live_conf.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "live_conf.h"

static bool read_text(struct live_run *r, const char *text, struct err_info *err)
{
	live_conf_defaults(r);
	return live_conf_text(r, "f.conf", (struct bytes){(const uint8_t *)text, strlen(text)},
			      err);
}

static void expect_error(const char *text, const char *want)
{
	struct live_run r;
	struct err_info err;

	assert_false(read_text(&r, text, &err));
	if (!strstr(err.text, want))
		fail_msg("%s: '%s' instead of '%s'", text, err.text, want);
	live_conf_free(&r);
}

static void test_file_every_key_lands_in_its_place(void **state)
{
	static const char text[] = "# a comment\n\n"
				   "interface = eth0\ntap=pcap\n  follow =  all\t\npromisc = yes\n"
				   "format = text\r\nflows = no\noutput = /var/log/a b # c\n"
				   "rotate = 64M\nkeep = 0\nmetrics = m.prom\nmetrics-every = 7\n"
				   "ring = 1M\nsnaplen = 128\nuser = wallprint\nsignatures = /a\n"
				   "signatures = /b\nmemory = 2G";
	struct live_run r;
	struct err_info err;

	(void)state;
	assert_true(read_text(&r, text, &err));
	assert_string_equal(r.live.device, "eth0");
	assert_int_equal(r.live.tap, LIVE_TAP_PCAP);
	assert_true(r.live.follow_all && r.live.promisc && !r.cfg.want_flows);
	assert_ptr_equal(r.ops, sink_find("text"));
	assert_string_equal(r.keep.out_path, "/var/log/a b # c");
	assert_true(r.keep.rotate_bytes == 64 << 20 && r.keep.keep == 0);
	assert_string_equal(r.keep.metrics_path, "m.prom");
	assert_int_equal(r.metrics_s, 7);
	assert_true(r.live.ring_bytes == 1 << 20 && r.live.snaplen == 128);
	assert_string_equal(r.user, "wallprint");
	assert_int_equal(r.dirs.n, 2);
	assert_string_equal(r.dirs.at[1], "/b");
	assert_true(r.cfg.memory_bytes == UINT64_C(2) << 30);
	live_conf_free(&r);
}

static void test_file_errors_name_file_line_and_key(void **state)
{
	struct live_run r;
	struct err_info err;

	(void)state;
	expect_error("\n# x\ninterfaec = eth0\n", "f.conf:3: interfaec: no such key");
	expect_error("interface\n", "f.conf:1: interface: no `key = value`");
	expect_error("interface =\n", "f.conf:1: interface: is empty");
	expect_error("keep = 1\nkeep = 2\n", "f.conf:2: keep: was given before");
	expect_error("keep = many\n", "f.conf:1: keep: 'many' is no size");
	expect_error("keep = 1001\n", "f.conf:1: keep: '1001' is not in 0 to 1000");
	expect_error("ring = 2G\n", "f.conf:1: ring: '2G' is not in 262144 to 1073741824");
	expect_error("promisc = 1\n", "f.conf:1: promisc: '1' is neither yes nor no");
	expect_error("tap = tcp\n", "f.conf:1: tap: 'tcp' is not one of auto|xdp");
	expect_error("format = xml\n", "f.conf:1: format: 'xml' is not one of jsonl|text");
	expect_error("follow = none\n", "f.conf:1: follow: 'none' is not one of all");
	expect_error("\x1b[31m = 1\n", "f.conf:1: \\x1b[31m: no such key");
	live_conf_defaults(&r);
	assert_false(
		live_conf_text(&r, "f.conf", (struct bytes){(const uint8_t *)"a\0b", 3}, &err));
	assert_string_equal(err.text, "f.conf: is no text");
	live_conf_free(&r);
}

static void test_file_missing_or_endless_is_refused(void **state)
{
	struct live_run r;
	struct err_info err;

	(void)state;
	live_conf_defaults(&r);
	assert_false(live_conf_file(&r, "/nonexistent/f.conf", &err));
	assert_string_equal(err.text, "/nonexistent/f.conf: No such file or directory");
	assert_false(live_conf_file(&r, "/dev/zero", &err));
	assert_string_equal(err.text, "/dev/zero: more than 65536 bytes");
	live_conf_free(&r);
}

static void test_args_win_over_the_file(void **state)
{
	char *argv[] = {"live", "--keep", "3", "--promisc", "--signatures", "/b", NULL};
	struct live_run r;
	struct err_info err;

	(void)state;
	assert_true(
		read_text(&r, "interface = eth0\nkeep = 5\npromisc = no\nsignatures = /a\n", &err));
	assert_int_equal(live_conf_args(&r, 6, argv), -1);
	assert_true(r.keep.keep == 3 && r.live.promisc);
	assert_int_equal(r.dirs.n, 2);
	assert_string_equal(r.dirs.at[1], "/b");
	live_conf_free(&r);
}

static void test_path_comes_from_the_option_or_the_default(void **state)
{
	char *none[] = {"live", NULL};
	char *named[] = {"live", "-i", "eth0", "--config=x.conf", NULL};
	char *device[] = {"live", "--interface", "eth0", NULL};
	char *help[] = {"live", "--help", NULL};

	(void)state;
	assert_string_equal(live_conf_path(1, none), LIVE_CONF_DEFAULT);
	assert_string_equal(live_conf_path(4, named), "x.conf");
	assert_null(live_conf_path(3, device));
	assert_null(live_conf_path(2, help));
}

static void test_change_of_a_start_option_is_named(void **state)
{
	struct live_run is, wanted;
	struct err_info err;
	char names[64];

	(void)state;
	assert_true(read_text(&is, "interface = eth0\nring = 1M\nkeep = 5\nuser = a\n", &err));
	assert_true(read_text(
		&wanted,
		"interface = eth0\nring = 2M\nkeep = 6\nmetrics-every = 3\nsnaplen = 96\nuser = a\n",
		&err));
	assert_int_equal(live_conf_needs_start(&is, &wanted, names, sizeof(names)), 2);
	assert_string_equal(names, "ring, snaplen");
	assert_int_equal(live_conf_needs_start(&is, &wanted, names, 6), 2);
	assert_string_equal(names, "ring,");
	assert_int_equal(live_conf_needs_start(&is, &is, names, sizeof(names)), 0);
	live_conf_free(&is);
	live_conf_free(&wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_every_key_lands_in_its_place),
		cmocka_unit_test(test_file_errors_name_file_line_and_key),
		cmocka_unit_test(test_file_missing_or_endless_is_refused),
		cmocka_unit_test(test_args_win_over_the_file),
		cmocka_unit_test(test_path_comes_from_the_option_or_the_default),
		cmocka_unit_test(test_change_of_a_start_option_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
