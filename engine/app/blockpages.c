/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of block pages: reading them into entries, and one matcher for each place of an answer. */
#include "app/blockpages.h"

#include <dlfcn.h>
#include <errno.h>
#include <hs/hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/blockpages_impl.h"
#include "base/sha256.h"

/* The functions of vectorscan that are used, by their own names and types: loaded when there is a
 * list, as its 9 MB and the C++ library below it would cost every run. */
#define HS_FUNCTIONS(X)          \
	X(hs_compile_multi)      \
	X(hs_expression_info)    \
	X(hs_free_compile_error) \
	X(hs_alloc_scratch)      \
	X(hs_scan)               \
	X(hs_free_scratch)       \
	X(hs_free_database)

struct hs_functions {
#define X(name) __typeof__(name) *name;
	HS_FUNCTIONS(X)
#undef X
};

struct blockpages {
	struct page_entries entries;
	struct page_list list[PAGE_LISTS_MAX];
	uint32_t n_lists;
	void *library;
	struct hs_functions f;
	hs_database_t *db[WHERE_N]; /* NULL: no entry looks there */
	hs_scratch_t *scratch;
};

const char *page_scope_name(enum page_scope s)
{
	static const char *const name[] = {"fp", "nat", "isp", "prod", "inst", "other"};

	return name[s];
}

void page_complain(const struct page_reader *r, uint32_t line, const char *what)
{
	if (r->say)
		r->say(r->arg, r->path, line, what);
}

bool page_entry_add(struct page_reader *r, uint32_t line, const char *name, size_t name_len,
		    enum page_scope scope, enum page_where where, char *expression)
{
	struct page_entries *e = r->to;
	size_t list_len = strlen(r->list->name);
	struct page_entry *at;

	if (expression && e->n == e->cap && e->n < LIMIT_PAGE_LIST_ENTRIES) {
		uint32_t cap = e->cap ? 2 * e->cap : 256;
		void *grown = realloc(e->at, cap * sizeof(*e->at));

		if (grown) {
			e->at = grown;
			e->cap = cap;
		}
	}
	if (!expression || e->n == e->cap) {
		free(expression);
		return err_set(r->err, "%s:%u: %s", r->path, line,
			       e->n == LIMIT_PAGE_LIST_ENTRIES ? "too many entries"
							       : "out of memory");
	}
	at = &e->at[e->n++];
	*at = (struct page_entry){.expression = expression,
				  .line = line,
				  .list_i = r->list_i,
				  .scope = scope,
				  .where = where};
	/* "list:entry", each cut to what fits */
	memcpy(at->name, r->list->name, list_len);
	at->name[list_len] = ':';
	if (name_len > sizeof(at->name) - list_len - 2)
		name_len = sizeof(at->name) - list_len - 2;
	memcpy(at->name + list_len + 1, name, name_len);
	r->list->n_entries++;
	return true;
}

struct blockpages *blockpages_new(void)
{
	return calloc(1, sizeof(struct blockpages));
}

void blockpages_free(struct blockpages *b)
{
	if (!b)
		return;
	for (uint32_t i = 0; i < b->entries.n; i++)
		free(b->entries.at[i].expression);
	free(b->entries.at);
	for (int w = 0; b->library && w < WHERE_N; w++)
		if (b->db[w])
			(void)b->f.hs_free_database(b->db[w]); /* fails for no database only */
	if (b->scratch)
		(void)b->f.hs_free_scratch(b->scratch); /* likewise */
	if (b->library)
		(void)dlclose(b->library); /* nothing of it is used any more */
	free(b);
}

static bool file_read(const char *path, uint8_t **at, size_t *len, struct err_info *err)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes;

	if (!f)
		return err_set(err, "%s: %s", path, strerror(errno));
	bytes = malloc(LIMIT_PAGE_LIST_BYTES + 1);
	*len = bytes ? fread(bytes, 1, LIMIT_PAGE_LIST_BYTES + 1, f) : 0;
	if (!bytes || ferror(f) || *len > LIMIT_PAGE_LIST_BYTES) {
		bool odd = ferror(f);

		(void)fclose(f); /* it was only read */
		free(bytes);
		return err_set(err, "%s: %s", path,
			       !bytes ? "out of memory"
			       : odd  ? "cannot be read"
				      : "larger than a list may be (8 MB)");
	}
	(void)fclose(f); /* it was only read */
	*at = bytes;
	return true;
}

bool blockpages_take(struct blockpages *b, const char *path, struct bytes file, page_complaint say,
		     void *arg, struct err_info *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	struct page_list *l = &b->list[b->n_lists];
	struct page_reader r = {.to = &b->entries,
				.path = path,
				.say = say,
				.arg = arg,
				.list = l,
				.list_i = (uint8_t)b->n_lists,
				.err = err};
	size_t n = strlen(name);
	bool ok;

	if (b->n_lists == PAGE_LISTS_MAX)
		return err_set(err, "more than %d lists of block pages", PAGE_LISTS_MAX);
	*l = (struct page_list){.n_entries = 0};
	memcpy(l->name, name, n < sizeof(l->name) - 1 ? n : sizeof(l->name) - 1);
	/* Censored Planet's second file holds pages that only look like block pages. */
	r.look_alikes = strstr(l->name, "false_positive") != NULL;
	sha256_of(file.at, file.len, l->sha256);
	/* a byte order mark, as spreadsheets leave one */
	if (file.len >= 3 && !memcmp(file.at, "\xef\xbb\xbf", 3))
		file = (struct bytes){file.at + 3, file.len - 3};
	ok = file.len && file.at[0] == '{' ? page_read_jsonl(&r, file) : page_read_csv(&r, file);
	if (ok && !l->n_entries)
		ok = err_set(err, "%s: holds no entry that can be used", path);
	b->n_lists += ok;
	return ok;
}

bool blockpages_add(struct blockpages *b, const char *path, page_complaint say, void *arg,
		    struct err_info *err)
{
	uint8_t *at = NULL;
	size_t len = 0;
	bool ok;

	if (!file_read(path, &at, &len, err))
		return false;
	ok = blockpages_take(b, path, (struct bytes){at, len}, say, arg, err);
	free(at);
	return ok;
}

static bool load(struct blockpages *b, struct err_info *err)
{
	bool ok = true;

	b->library = dlopen("libhs.so.5", RTLD_NOW | RTLD_LOCAL);
	if (!b->library)
		return err_set(err,
			       "lists of block pages need the library vectorscan (libhs.so.5)");
#define X(name) ok &= (*(void **)&b->f.name = dlsym(b->library, #name)) != NULL;
	HS_FUNCTIONS(X)
#undef X
	return ok || err_set(err, "libhs.so.5 is not the library that was expected");
}

/* What a list's pattern means: `.` is any byte, and one place is enough. */
enum { FLAGS = HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH };

static void refuse(struct blockpages *b, struct page_entry *e, hs_compile_error_t *why,
		   page_complaint say, void *arg)
{
	e->unusable = true;
	if (say)
		say(arg, b->list[e->list_i].name, e->line, why ? why->message : "not understood");
	(void)b->f.hs_free_compile_error(why); /* takes NULL */
}

/* Leaves out the entries of one place that the matcher takes not even alone. Returns how many. */
static uint32_t refuse_alone(struct blockpages *b, enum page_where where, page_complaint say,
			     void *arg)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->entries.n; i++) {
		struct page_entry *e = &b->entries.at[i];
		const unsigned int flags = FLAGS, id = 0;
		const char *text = e->expression;
		hs_compile_error_t *why = NULL;
		hs_database_t *db = NULL;

		if (e->where != where || e->unusable)
			continue;
		if (b->f.hs_compile_multi(&text, &flags, &id, 1, HS_MODE_BLOCK, NULL, &db, &why) !=
		    HS_SUCCESS) {
			refuse(b, e, why, say, arg);
			n++;
		} else {
			(void)b->f.hs_free_database(db); /* it is one */
		}
	}
	return n;
}

/* One matcher of all usable entries of one place. The matcher names one expression that it cannot
 * take: it is left out, and all is tried again. */
static bool compile_where(struct blockpages *b, enum page_where where, page_complaint say,
			  void *arg, struct err_info *err)
{
	uint32_t n_all = b->entries.n, n;
	const char **text = calloc(n_all, sizeof(*text));
	unsigned int *flags = calloc(n_all, sizeof(*flags)), *id = calloc(n_all, sizeof(*id));
	bool ok = text && flags && id, alone = false;

	for (int round = 0; ok && round <= LIMIT_PAGE_REFUSED; round++) {
		hs_compile_error_t *why = NULL;

		n = 0;
		for (uint32_t i = 0; i < n_all; i++)
			if (b->entries.at[i].where == where && !b->entries.at[i].unusable) {
				text[n] = b->entries.at[i].expression;
				flags[n] = FLAGS;
				id[n++] = i;
			}
		if (!n || b->f.hs_compile_multi(text, flags, id, n, HS_MODE_BLOCK, NULL,
						&b->db[where], &why) == HS_SUCCESS)
			break;
		if (why && why->expression >= 0 && (unsigned int)why->expression < n &&
		    round < LIMIT_PAGE_REFUSED) {
			refuse(b, &b->entries.at[id[why->expression]], why, say, arg);
			continue;
		}
		if (why && !alone && refuse_alone(b, where, say, arg)) {
			alone = true;
			(void)b->f.hs_free_compile_error(why); /* takes NULL */
			continue;
		}
		ok = err_set(err, "the lists of block pages could not be made ready: %s",
			     why ? why->message : "out of memory");
		(void)b->f.hs_free_compile_error(why); /* takes NULL */
	}
	if (!text || !flags || !id)
		err_set(err, "out of memory");
	free(text);
	free(flags);
	free(id);
	return ok;
}

bool blockpages_compile(struct blockpages *b, page_complaint say, void *arg, struct err_info *err)
{
	if (!b->entries.n)
		return true;
	if (!load(b, err))
		return false;
	for (uint32_t i = 0; i < b->entries.n; i++) {
		hs_compile_error_t *why = NULL;
		hs_expr_info_t *info = NULL;

		/* Also refuses what would match an empty page. */
		if (b->f.hs_expression_info(b->entries.at[i].expression, FLAGS, &info, &why) !=
		    HS_SUCCESS)
			refuse(b, &b->entries.at[i], why, say, arg);
		free(info);
	}
	for (enum page_where w = WHERE_ALL; w < WHERE_N; w++) {
		if (!compile_where(b, w, say, arg, err))
			return false;
		if (b->db[w] && b->f.hs_alloc_scratch(b->db[w], &b->scratch) != HS_SUCCESS)
			return err_set(err, "out of memory");
	}
	for (uint32_t i = 0; i < b->entries.n; i++)
		b->list[b->entries.at[i].list_i].n_used += !b->entries.at[i].unusable;
	return true;
}

/* The best hits so far: by scope, then by entry. */
struct found {
	const struct page_entries *entries;
	uint32_t n, max, at[PAGE_HITS_MAX];
};

static bool goes_before(const struct page_entries *e, uint32_t a, uint32_t b)
{
	return e->at[a].scope != e->at[b].scope ? e->at[a].scope < e->at[b].scope : a < b;
}

static int on_match(unsigned int id, unsigned long long from, unsigned long long to,
		    unsigned int flags, void *arg)
{
	struct found *f = arg;
	uint32_t i = f->n;

	(void)from, (void)to, (void)flags; /* that it matched is all */
	while (i && goes_before(f->entries, id, f->at[i - 1])) {
		if (i < f->max)
			f->at[i] = f->at[i - 1];
		i--;
	}
	if (i < f->max)
		f->at[i] = id;
	f->n += f->n < f->max;
	return 0;
}

/* The header lines with the empty line behind them; all when there is none. */
static size_t head_len(struct bytes answer)
{
	const uint8_t *end;

	if (answer.len < 5 || memcmp(answer.at, "HTTP/", 5) != 0)
		return 0;
	end = memmem(answer.at, answer.len, "\r\n\r\n", 4);
	return end ? (size_t)(end - answer.at) + 4 : answer.len;
}

size_t blockpages_find(const struct blockpages *b, struct bytes answer, struct page_hit *out,
		       size_t max)
{
	struct found f = {.entries = &b->entries,
			  .max = max < PAGE_HITS_MAX ? (uint32_t)max : PAGE_HITS_MAX};
	struct bytes part[WHERE_N];
	size_t head;

	answer = bytes_head(answer, LIMIT_MARK_PAGE_BYTES);
	head = head_len(answer);
	part[WHERE_ALL] = answer;
	part[WHERE_HEAD] = (struct bytes){answer.at, head};
	part[WHERE_BODY] = (struct bytes){answer.at + head, answer.len - head};
	for (int w = 0; f.max && w < WHERE_N; w++)
		if (b->db[w] && part[w].len)
			/* Fails for wrong arguments only: the matcher's own are right by now. */
			(void)b->f.hs_scan(b->db[w], (const char *)part[w].at,
					   (unsigned int)part[w].len, 0, b->scratch, on_match, &f);
	for (uint32_t i = 0; i < f.n; i++) {
		memcpy(out[i].id, b->entries.at[f.at[i]].name, sizeof(out[i].id));
		out[i].scope = b->entries.at[f.at[i]].scope;
	}
	return f.n;
}

size_t blockpages_lists(const struct blockpages *b, const struct page_list **out)
{
	*out = b->list;
	return b->n_lists;
}
