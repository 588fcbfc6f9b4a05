/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_SIG_TEXT_H
#define WP_TESTS_SIG_TEXT_H

/* Signatures as text, and reading them, for the tests of match/. Include after cmocka.h. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "match/signature.h"

/* A good middlebox signature with every key. */
static const char sig_text_full[] =
	"format: 1\n"
	"id: middlebox.cn.burst\n"
	"rev: 3\n"
	"status: active\n"
	"title: resets in a burst\n"
	"claims:\n"
	"  technique: rst_injection\n"
	"  position: on-path\n"
	"  scope: [CN, NO]\n"
	"  actor: Acme\n"
	"  artefact: yes\n"
	"  valid: {from: 2021-01, to: 2023}\n"
	"when:\n"
	"  - trigger.kind in {tls-sni, http-host}\n"
	"  - rst.count >= 3\n"
	"  - rst.lag < 500ms\n"
	"unless:\n"
	"  - rst.after_fin is yes\n"
	"supports:\n"
	"  - rst.seq_step in {1460, -2920, 0x10}\n"
	"caps: likely\n"
	"confidence: {mechanism: high, scope: low, why: two papers}\n"
	"rivals:\n"
	"  - {cause: a balancer, tell: no trigger}\n"
	"sources:\n"
	"  - {key: a2009, says: devices of ACME do so, read: primary, fields: "
	"[rst.count, rst.lag]}\n"
	"  - {key: b2010, says: confirmed, read: summary}\n"
	"tests:\n"
	"  - match: a.pcap\n"
	"  - match: sub/b.pcap\n"
	"  - no-match: c.pcap\n"
	"  - unknown: d.pcap\n"
	"captures:\n"
	"  - repo: some/where\n"
	"    commit: 0123456789abcdef0123456789abcdef01234567\n"
	"    path: pcaps/a.pcap\n"
	"    frames: [7, 9]\n"
	"notes: |\n"
	"  one\n"
	"  two\n";

static inline struct bytes sig_bytes(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

/* Reads a signature that must be good; prints what was said about it when it is not. */
static inline struct signature *sig_good(const char *text)
{
	struct sig_problems p = {0};
	struct signature *s = sig_read(NULL, sig_bytes(text), &p);

	for (size_t i = 0; i < p.n; i++)
		sig_problem_print(stderr, &p.at[i]);
	assert_int_equal(p.n + p.left_out, 0);
	assert_non_null(s);
	sig_problems_free(&p);
	return s;
}

/* A mechanism signature made of list items `  - ...\n`; any may be "". */
static inline struct signature *sig_of_terms(const char *when, const char *unless,
					     const char *supports)
{
	char text[4096];
	int n = snprintf(text, sizeof(text),
			 "format: 1\nid: mechanism.t\nrev: 1\nstatus: draft\ntitle: t\n"
			 "claims: {technique: rst_injection}\nwhen:\n%sunless:\n%ssupports:\n%s",
			 when, unless, supports);

	assert_in_range(n, 1, sizeof(text) - 1);
	return sig_good(text);
}

static inline void file_put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* A set of signatures read from a folder made for it. Ids have two parts. All must be good. */
static inline struct sig_set *set_of(const char *const *text, size_t n)
{
	static const char *const kind[] = {"mechanism", "middlebox", "benign"};
	char dir[] = "/tmp/wallprint-set.XXXXXX", path[128];
	const char *dirs[] = {dir};
	struct sig_problems p = {0};
	struct sig_set *set;
	struct err_info err;

	assert_non_null(mkdtemp(dir));
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < 3 && pass == 0; i++) {
			assert_in_range(snprintf(path, sizeof(path), "%s/%s", dir, kind[i]), 1,
					sizeof(path) - 1);
			assert_int_equal(mkdir(path, 0700), 0);
		}
		for (size_t i = 0; i < n; i++) {
			const char *id = strstr(text[i], "id: ") + 4, *dot = strchr(id, '.');

			assert_in_range(snprintf(path, sizeof(path), "%s/%.*s/%.*s.yaml", dir,
						 (int)(dot - id), id, (int)strcspn(dot + 1, "\n"),
						 dot + 1),
					1, sizeof(path) - 1);
			if (pass == 0)
				file_put(path, text[i]);
			else
				assert_int_equal(unlink(path), 0);
		}
		if (pass == 0)
			assert_true(sig_set_load(&set, dirs, 1, &p, &err));
	}
	for (size_t i = 0; i < 3; i++) {
		assert_in_range(snprintf(path, sizeof(path), "%s/%s", dir, kind[i]), 1,
				sizeof(path) - 1);
		assert_int_equal(rmdir(path), 0);
	}
	assert_int_equal(rmdir(dir), 0);
	for (size_t i = 0; i < p.n; i++)
		sig_problem_print(stderr, &p.at[i]);
	assert_int_equal(p.n, 0);
	assert_int_equal(sig_set_n(set), n);
	sig_problems_free(&p);
	return set;
}

#endif
