/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/geo/geo.c */
/* covers: engine/geo/geo_mmdb.c */
/* covers: engine/geo/geo_tor.c */
/* Countries of addresses. The MMDB is the fuzz target's seed, made by tests/geo/mmdb.py; the tables are written here. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "geo/geo.h"

static const char mmdb[] = "tests/fuzz/seeds/geo_mmdb/countries";

static void addr_of(const char *ip, uint8_t addr[16])
{
	memcpy(addr, (const uint8_t[12]){0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 12);
	if (strchr(ip, ':'))
		assert_int_equal(inet_pton(AF_INET6, ip, addr), 1);
	else
		assert_int_equal(inet_pton(AF_INET, ip, addr + 12), 1);
}

static uint32_t network(const struct geo *g, const char *ip)
{
	uint8_t addr[16];

	addr_of(ip, addr);
	return geo_network(g, addr);
}

/* The country by g, "" for none. */
static const char *where(const struct geo *g, const char *ip, char out[GEO_COUNTRY])
{
	uint8_t addr[16];

	addr_of(ip, addr);
	if (geo_country(g, addr, out))
		assert_int_equal(strlen(out), 2);
	else
		assert_string_equal(out, "");
	return out;
}

struct dir {
	char at[32];
};

static struct dir dir_make(void)
{
	struct dir d = {"/tmp/wp-geo-XXXXXX"};

	assert_non_null(mkdtemp(d.at));
	return d;
}

static void put(const struct dir *d, const char *name, const char *text)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", d->at, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fputs(text, f) < 0, 0);
	assert_int_equal(fclose(f), 0);
}

static void dir_remove(const struct dir *d)
{
	static const char *const name[] = {"geoip", "geoip6", "cut"};
	char path[64];

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", d->at, name[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(d->at), 0);
}

static void test_mmdb_of_two_shapes_gives_country(void **state)
{
	char cc[GEO_COUNTRY];
	struct err_info err;
	struct geo *g;

	(void)state;
	assert_true(geo_open(&g, mmdb, &err));
	assert_string_equal(where(g, "192.0.2.77", cc), "AQ");
	assert_string_equal(where(g, "198.51.100.1", cc), "BV"); /* country_code */
	assert_string_equal(where(g, "2001:db8::5", cc), "GS");
	/* Where the block's owner has its office is not where the address is; A1 is no country. */
	assert_string_equal(where(g, "198.51.100.200", cc), "");
	assert_string_equal(where(g, "203.0.113.9", cc), "");
	assert_string_equal(where(g, "192.0.3.1", cc), "");
	assert_string_equal(where(g, "2001:db9::5", cc), "");
	assert_string_equal(geo_info(g)->name, "Test-Country");
	assert_string_equal(geo_info(g)->date, "2023-11-14");
	geo_close(g);
	assert_string_equal(where(NULL, "192.0.2.77", cc), "");
}

static void test_mmdb_of_two_shapes_gives_network(void **state)
{
	struct err_info err;
	struct geo *g;

	(void)state;
	assert_true(geo_open(&g, "tests/fuzz/seeds/geo_mmdb/networks", &err));
	assert_int_equal(network(g, "192.0.2.77"), 64500);
	assert_int_equal(network(g, "198.51.100.1"), 4200000000); /* "AS4200000000" */
	assert_int_equal(network(g, "2001:db8::5"), 64501);
	assert_int_equal(network(g, "203.0.113.1"), 0);   /* AS64500x is no number */
	assert_int_equal(network(g, "203.0.113.200"), 0); /* nor is 2^32 */
	assert_int_equal(network(g, "192.0.3.1"), 0);
	geo_close(g);
	assert_true(geo_open(&g, mmdb, &err));
	assert_int_equal(network(g, "192.0.2.77"), 0); /* it knows countries only */
	geo_close(g);
	assert_int_equal(network(NULL, "192.0.2.77"), 0);
}

static void test_mmdb_cut_at_every_length_is_refused_or_read(void **state)
{
	struct dir d = dir_make();
	static uint8_t whole[65536];
	char path[64], cc[GEO_COUNTRY];
	struct err_info err;
	struct geo *g;
	FILE *f = fopen(mmdb, "r");
	size_t n, opened = 0;

	(void)state;
	assert_non_null(f);
	n = fread(whole, 1, sizeof(whole), f);
	fclose(f);
	snprintf(path, sizeof(path), "%s/cut", d.at);
	for (size_t len = 0; len < n; len++) {
		f = fopen(path, "w");
		assert_non_null(f);
		assert_int_equal(fwrite(whole, 1, len, f), len);
		assert_int_equal(fclose(f), 0);
		err.text[0] = '\0';
		if (geo_open(&g, path, &err)) {
			where(g, "192.0.2.77", cc);
			opened++;
		} else {
			assert_null(g);
			assert_non_null(strstr(err.text, path));
		}
		geo_close(g);
	}
	assert_true(opened < n / 10);
	dir_remove(&d);
}

static void test_tor_tables_give_country_name_and_date(void **state)
{
	struct dir d = dir_make();
	char cc[GEO_COUNTRY];
	struct err_info err;
	struct geo *g;

	(void)state;
	put(&d, "geoip",
	    "# Last updated\n# Generated: Thu, 25 Jun 2026 04:33:59 GMT\n# Vendor:    Test Project\n"
	    "16777216,16777471,??\n3221225984,3221226239,AQ\n\"3221226240\",\"3221226495\",\"BV\"\n3221226500,3221226500,A1\n");
	put(&d, "geoip6",
	    "# Generated: Wed, 24 Jun 2026 04:33:59 GMT\n2001:db8::,2001:db8:0:ffff:ffff:ffff:ffff:ffff,GS\n");
	assert_true(geo_open(&g, d.at, &err));
	assert_string_equal(where(g, "192.0.2.0", cc), "AQ");
	assert_string_equal(where(g, "192.0.2.255", cc), "AQ");
	assert_string_equal(where(g, "192.0.1.255", cc), "");
	assert_string_equal(where(g, "192.0.3.0", cc), "BV");
	assert_string_equal(where(g, "192.0.4.4", cc), "");
	assert_string_equal(where(g, "1.0.0.1", cc), "");
	assert_string_equal(where(g, "255.255.255.255", cc), "");
	assert_string_equal(where(g, "2001:db8:0:1::", cc), "GS");
	assert_string_equal(where(g, "2001:db8:1::", cc), "");
	assert_string_equal(geo_info(g)->name, "tor geoip (Test Project)");
	assert_string_equal(geo_info(g)->date, "2026-06-24"); /* the older of the two */
	geo_close(g);
	dir_remove(&d);
}

static void test_tor_table_with_one_file_is_enough_none_is_not(void **state)
{
	struct dir d = dir_make();
	char cc[GEO_COUNTRY];
	struct err_info err;
	struct geo *g;

	(void)state;
	assert_false(geo_open(&g, d.at, &err));
	assert_non_null(strstr(err.text, "tor-geoipdb"));
	put(&d, "geoip6", "2001:db8::,2001:db8::ff,GS\n");
	assert_true(geo_open(&g, d.at, &err));
	assert_string_equal(where(g, "2001:db8::1", cc), "GS");
	assert_string_equal(where(g, "192.0.2.1", cc), "");
	assert_string_equal(geo_info(g)->name, "tor geoip");
	assert_string_equal(geo_info(g)->date, "");
	geo_close(g);
	dir_remove(&d);
}

/* One bad line, and the table says which. */
static void test_tor_table_with_a_bad_line_is_refused_by_line(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"1,2,AQ\n1,2\n", "line 2 is not"},
		{"1,2,AQ\n3,4,AQ,5\n", "line 2 is not"},
		{"1,2,AQ\n2,4,AQ\n", "line 2 is out of order"},
		{"5,4,AQ\n", "line 1 is out of order"},
		{"1,4294967296,AQ\n", "line 1 does not begin"},
		{"-1,4,AQ\n", "line 1 does not begin"},
		{"1.0.0.0,1.0.0.1,AQ\n", "line 1 does not begin"},
		{"1,4,AQX\n", "line 1 names no country"},
		{"\n1,4,\n", "line 2 is not"},
	};
	struct dir d = dir_make();
	char line[400];
	struct err_info err;
	struct geo *g;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(&d, "geoip", bad[i].text);
		assert_false(geo_open(&g, d.at, &err));
		if (!strstr(err.text, bad[i].why))
			fail_msg("%s: %s", bad[i].text, err.text);
	}
	memset(line, '1', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	put(&d, "geoip", line);
	assert_false(geo_open(&g, d.at, &err));
	assert_non_null(strstr(err.text, "too long"));
	line[0] = '#'; /* a long comment is none of our business */
	put(&d, "geoip", line);
	assert_true(geo_open(&g, d.at, &err));
	geo_close(g);
	dir_remove(&d);
}

static void test_what_is_no_database_is_refused(void **state)
{
	static const char *const what[] = {"/nonexistent", "/dev/null", "Makefile", "/tmp/\033[2J"};
	struct err_info err;
	struct geo *g;

	(void)state;
	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		assert_false(geo_open(&g, what[i], &err));
		assert_null(g);
		assert_null(strchr(err.text, '\033'));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mmdb_of_two_shapes_gives_country),
		cmocka_unit_test(test_mmdb_of_two_shapes_gives_network),
		cmocka_unit_test(test_mmdb_cut_at_every_length_is_refused_or_read),
		cmocka_unit_test(test_tor_tables_give_country_name_and_date),
		cmocka_unit_test(test_tor_table_with_one_file_is_enough_none_is_not),
		cmocka_unit_test(test_tor_table_with_a_bad_line_is_refused_by_line),
		cmocka_unit_test(test_what_is_no_database_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
