/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_BLOCKPAGES_IMPL_H
#define WP_APP_BLOCKPAGES_IMPL_H

#include "app/blockpages.h"

/* Inside blockpages*.c only. */

/* Where an entry's pattern is looked for. */
enum page_where { WHERE_ALL, WHERE_HEAD, WHERE_BODY, WHERE_N };

struct page_entry {
	char *expression; /* for the matcher; the entry's */
	char name[PAGE_HIT_TEXT];
	uint32_t line;
	uint8_t list_i;
	enum page_scope scope;
	enum page_where where;
	bool unusable; /* the matcher does not take it */
};

struct page_entries {
	uint32_t n, cap;
	struct page_entry *at;
};

/* One list while it is read. */
struct page_reader {
	struct page_entries *to;
	const char *path;
	uint8_t list_i;
	bool look_alikes; /* the whole file is of innocent pages */
	page_complaint say;
	void *arg;
	struct page_list *list;
	struct err_info *err;
};

void page_complain(const struct page_reader *r, uint32_t line, const char *what);
/* Adds an entry; takes `expression` over. False without memory or beyond the bound (*r->err). */
MUST_CHECK bool page_entry_add(struct page_reader *r, uint32_t line, const char *name,
			       size_t name_len, enum page_scope scope, enum page_where where,
			       char *expression);
/* --- blockpages_read.c --- */
MUST_CHECK bool page_read_jsonl(struct page_reader *r, struct bytes file);
MUST_CHECK bool page_read_csv(struct page_reader *r, struct bytes file);

#endif
