/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_BLOCKPAGES_H
#define WP_APP_BLOCKPAGES_H

#include "app/app.h"
#include "base/err.h"
#include "base/words.h"

/* Public lists of block-page fingerprints, imported at run time (`--blockpages FILE`): Censored
 * Planet's JSON lines {"fingerprint", "pattern"} and OONI's CSV (fingerprints_http.csv). Thousands
 * of patterns against one answer: vectorscan, the maintained fork of hyperscan that Debian has for
 * amd64 and arm64 (hyperscan itself is amd64 only, RE2 has no C interface, PCRE2 takes patterns one
 * by one and backtracks). The library is loaded when there is a list. */

/* Who a list says uses the page, surest first; PAGE_FP: known look-alikes, which take away. */
enum page_scope { PAGE_FP, PAGE_NAT, PAGE_ISP, PAGE_PROD, PAGE_INST, PAGE_OTHER };
const char *page_scope_name(enum page_scope s); /* "fp", "nat", "isp", "prod", "inst", "other" */

enum { PAGE_HIT_TEXT = 96, PAGE_HITS_MAX = 4, PAGE_LISTS_MAX = 8 };
struct page_hit {
	char id[PAGE_HIT_TEXT]; /* list:entry, cut when longer */
	enum page_scope scope;
};

/* What is told of one list. */
struct page_list {
	char name[64];      /* its file's name without folders */
	const char *format; /* "censoredplanet" or "ooni"; static */
	uint8_t sha256[32];
	uint32_t n_entries, n_used; /* entries read; of these, patterns in use */
};

struct blockpages;
/* A complaint about one entry that is left out. */
typedef void (*page_complaint)(void *arg, const char *path, uint32_t line, const char *what);

/* Empty; NULL when out of memory. */
struct blockpages *blockpages_new(void);
void blockpages_free(struct blockpages *b); /* accepts NULL */
/* Reads a list. Entries that cannot be used are left out with a complaint; false, with the line in
 * *err, when the file is no such list. Bounds: LIMIT_PAGE_LIST_*. */
MUST_CHECK bool blockpages_add(struct blockpages *b, const char *path, page_complaint say,
			       void *arg, struct err_info *err);
/* The same of a file's bytes; `path` gives its name. */
MUST_CHECK bool blockpages_take(struct blockpages *b, const char *path, struct bytes file,
				page_complaint say, void *arg, struct err_info *err);
/* Makes the lists ready: once, after the last blockpages_add. About a second for 2,000 entries. */
MUST_CHECK bool blockpages_compile(struct blockpages *b, page_complaint say, void *arg,
				   struct err_info *err);
/* What the lists know in an HTTP answer (as it came; its first LIMIT_MARK_PAGE_BYTES). Writes up to
 * `max` hits, look-alikes first, then by scope and order of reading; returns how many. Not for
 * several threads at once. */
size_t blockpages_find(const struct blockpages *b, struct bytes answer, struct page_hit *out,
		       size_t max);
size_t blockpages_lists(const struct blockpages *b, const struct page_list **out);

#endif
