/* SPDX-License-Identifier: BSD-3-Clause */
#include "cmd_lists.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cmd.h"

/* How many entries were complained of; the first are told one by one. */
struct complaints {
	uint32_t n;
};

static void complain(void *arg, const char *path, uint32_t line, const char *what)
{
	struct complaints *c = arg;
	char name[256], text[512];

	if (c->n++ >= LIMIT_PAGE_COMPLAINTS)
		return;
	text_terminal(name, sizeof(name), path, strlen(path));
	text_terminal(text, sizeof(text), what, strlen(what));
	cmd_complain("replay", "%s:%u: entry left out: %s", name, line, text);
}

static void complain_rest(const struct complaints *c)
{
	if (c->n > LIMIT_PAGE_COMPLAINTS)
		cmd_complain("replay", "%u more entries left out", c->n - LIMIT_PAGE_COMPLAINTS);
}

static bool failed(const struct err_info *err)
{
	char text[ERR_TEXT_MAX];

	text_terminal(text, sizeof(text), err->text, strlen(err->text));
	cmd_complain("replay", "%s", text);
	return false;
}

bool cmd_lists_add(struct blockpages **lists, const char *path)
{
	struct complaints c = {0};
	struct err_info err;
	bool ok;

	if (!*lists && !(*lists = blockpages_new())) {
		cmd_complain("replay", "out of memory");
		return false;
	}
	ok = blockpages_add(*lists, path, complain, &c, &err);
	complain_rest(&c);
	return ok || failed(&err);
}

bool cmd_lists_ready(struct blockpages *lists)
{
	struct complaints c = {0};
	struct err_info err;
	bool ok;

	if (!lists)
		return true;
	ok = blockpages_compile(lists, complain, &c, &err);
	complain_rest(&c);
	return ok || failed(&err);
}

void cmd_lists_tell(const struct blockpages *lists, struct run_summary *run)
{
	const struct page_list *l;
	size_t n = lists ? blockpages_lists(lists, &l) : 0;

	for (size_t i = 0; i < n && i < RUN_LISTS_MAX; i++) {
		struct run_list *to = &run->list[run->n_lists++];

		memcpy(to->name, l[i].name, sizeof(to->name));
		memcpy(to->sha256, l[i].sha256, sizeof(to->sha256));
		to->format = l[i].format;
		to->n_entries = l[i].n_entries;
		to->n_used = l[i].n_used;
	}
}
