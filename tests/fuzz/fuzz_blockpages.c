/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/app/blockpages_read.c */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/blockpages.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void complain(void *arg, const char *path, uint32_t line, const char *what)
{
	must(arg && path && line && what && *what);
}

/* Reads only: what a pattern costs is the matcher's, tried in tests/unit/test_blockpages.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blockpages *b = blockpages_new();
	struct err_info err = {{0}};
	const struct page_list *l;
	bool ok;

	if (!b)
		return 0;
	ok = blockpages_take(b, "x/list", (struct bytes){data, size}, complain, &err, &err);
	must(ok || err.text[0]);
	must(blockpages_lists(b, &l) == (size_t)ok);
	must(!ok ||
	     (l->n_entries && l->n_entries <= LIMIT_PAGE_LIST_ENTRIES && !strcmp(l->name, "list")));
	blockpages_free(b);
	return 0;
}
