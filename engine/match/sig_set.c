/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/sha256.h"
#include "match/match_impl.h"
#include "match/sig_impl.h"

/* Signatures from directories. A set keeps the bytes of its files too: they are what the digest
 * is over, and what complaints show. */

struct entry {
	struct signature *sig;
	struct sig_file file;
};

struct sig_set {
	struct entry *at; /* ordered by id */
	size_t n, room;
	/* the signatures for each kind of case, one list behind the other */
	const struct signature **for_case[CASE_N];
	size_t n_for_case[CASE_N];
};

/* A folder on the way down: opened when its turn comes, so that depth costs memory and no
 * recursion. */
struct folder {
	char *path, *id; /* id: the ids below it begin so, "" for the top */
	uint32_t depth;
	struct folder *next;
};

struct loader {
	struct sig_set *set;
	const struct sig_known_set *known; /* NULL: every file is read */
	struct sig_problems *problems;
	struct folder *todo;
	size_t n_entries, n_files;
	bool no_memory;
};

static void complain_file(struct loader *l, const char *path, const char *hint, const char *what)
{
	struct sig_src src = {.path = path, .problems = l->problems};

	sig_complain(&src, 0, 0, hint, "%s", what);
}

struct sig_set *sig_set_new(void)
{
	return calloc(1, sizeof(struct sig_set));
}

/* Where the id stands, or would stand. */
static size_t place_of(const struct sig_set *set, const char *id, bool *there)
{
	size_t lo = 0, hi = set->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(set->at[mid].sig->id, id) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*there = lo < set->n && strcmp(set->at[lo].sig->id, id) == 0;
	return lo;
}

bool sig_set_put(struct sig_set *set, struct signature *sig, struct sig_file file)
{
	bool there;
	size_t i = place_of(set, sig->id, &there);

	if (there) {
		sig_free(set->at[i].sig);
		sig_file_free(&set->at[i].file);
		set->at[i] = (struct entry){sig, file};
		return true;
	}
	if (set->n == set->room) {
		size_t room = set->room ? set->room * 2 : 64;
		struct entry *at = realloc(set->at, room * sizeof(*at));

		if (!at) {
			sig_free(sig);
			sig_file_free(&file);
			return false;
		}
		set->at = at;
		set->room = room;
	}
	memmove(set->at + i + 1, set->at + i, (set->n - i) * sizeof(*set->at));
	set->at[i] = (struct entry){sig, file};
	set->n++;
	return true;
}

/* NULL when it has problems. */
static struct signature *read_file(struct loader *l, const char *path, const char *id,
				   struct sig_file *file)
{
	struct bytes text = {file->at, file->len}, known_text;
	struct signature *sig =
		l->known ? sig_known_get(l->known, path, id, text, &known_text) : NULL;

	if (!sig)
		return sig_read_as(path, id, text, l->problems);
	sig_file_free(file);
	*file = (struct sig_file){.at = known_text.at, .len = known_text.len};
	return sig;
}

static void load_file(struct loader *l, const char *path, const char *id)
{
	struct signature *sig;
	struct sig_file file;
	const char *why;

	if (l->n_files++ >= LIMIT_SIG_FILES) {
		complain_file(l, path, NULL, "too many signature files: this one is left out");
		return;
	}
	why = sig_file_read(path, &file);
	if (why) {
		complain_file(l, path, NULL, why);
		return;
	}
	sig = read_file(l, path, id, &file);
	if (!sig)
		sig_file_free(&file);
	else if (!sig_set_put(l->set, sig, file))
		l->no_memory = true;
}

/* Takes path and id, either of which may be NULL: out of memory. */
static void push_folder(struct loader *l, char *path, char *id, uint32_t depth)
{
	struct folder *f = path && id ? malloc(sizeof(*f)) : NULL;

	if (!f) {
		l->no_memory = true;
		free(path);
		free(id);
		return;
	}
	*f = (struct folder){path, id, depth, l->todo};
	l->todo = f;
}

static char *join(const char *a, char between, const char *b, size_t b_len)
{
	char *out = NULL;

	if (!*a)
		return strndup(b, b_len);
	return asprintf(&out, "%s%c%.*s", a, between, (int)b_len, b) < 0 ? NULL : out;
}

static bool ends_in(const char *name, const char *ending)
{
	size_t n = strlen(name), e = strlen(ending);

	return n > e && strcmp(name + n - e, ending) == 0;
}

/* One directory entry; frees nothing of the caller's. */
static void visit(struct loader *l, const struct folder *in, const struct dirent *d)
{
	const char *name = d->d_name;
	char *path = join(in->path, '/', name, strlen(name));
	bool yaml = ends_in(name, ".yaml");
	char *id = join(in->id, '.', name, strlen(name) - (yaml ? 5 : 0));
	struct stat st = {.st_mode = d->d_type == DT_REG ? S_IFREG : 0};

	if (!path || !id) {
		l->no_memory = true;
	} else if (d->d_type != DT_REG && stat(path, &st) != 0) {
		complain_file(l, path, NULL, strerror(errno));
	} else if (S_ISDIR(st.st_mode) && in->depth == LIMIT_SIG_DIR_DEPTH) {
		complain_file(l, path, "is a link leading back up?",
			      "folders too deep: this one is left out");
	} else if ((yaml || S_ISDIR(st.st_mode)) &&
		   memchr(name, '.', strlen(name) - (yaml ? 5 : 0))) {
		complain_file(l, path, "use - or _",
			      "a dot in the name stands for a folder in the id");
	} else if (S_ISDIR(st.st_mode)) {
		push_folder(l, path, id, in->depth + 1);
		return;
	} else if (yaml) {
		load_file(l, path, id);
	} else if (ends_in(name, ".yml")) {
		complain_file(l, path, "rename it to .yaml", "a signature's file ends in .yaml");
	}
	free(path);
	free(id);
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_hidden(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* Directories are told apart by their place on the way, not by inode: a link back up ends at the
 * depth limit, and what it doubles at the limit of entries. */
static void visit_folder(struct loader *l, const struct folder *f)
{
	struct dirent **list = NULL;
	int n = scandir(f->path, &list, not_hidden, by_bytes);

	if (n < 0) {
		complain_file(l, f->path, NULL, strerror(errno));
		return;
	}
	for (int i = 0; i < n; i++) {
		if (l->n_entries++ == LIMIT_SIG_ENTRIES)
			complain_file(l, f->path, NULL, "too many files: the rest is left out");
		if (l->n_entries <= LIMIT_SIG_ENTRIES)
			visit(l, f, list[i]);
		free(list[i]);
	}
	free(list);
}

static void run_todo(struct loader *l)
{
	while (l->todo) {
		struct folder *f = l->todo;

		l->todo = f->next;
		visit_folder(l, f);
		free(f->path);
		free(f->id);
		free(f);
	}
}

static bool load_dir(struct loader *l, const char *dir, struct err_info *err)
{
	static const char *const kind[] = {"benign", "mechanism", "middlebox"};
	size_t found = 0;
	struct stat st;

	if (stat(dir, &st) != 0)
		return err_set(err, "signatures in %s: %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return err_set(err, "signatures in %s: not a directory", dir);
	for (size_t i = 0; i < ARRAY_LEN(kind); i++) {
		char *path = join(dir, '/', kind[i], strlen(kind[i]));

		if (path && stat(path, &st) != 0 && errno == ENOENT) {
			free(path);
			continue;
		}
		found++;
		push_folder(l, path, strdup(kind[i]), 1);
		run_todo(l);
	}
	if (!found)
		complain_file(l, dir, NULL, "has no folder mechanism/, middlebox/ or benign/");
	return true;
}

bool sig_set_index(struct sig_set *set)
{
	const struct signature **next = calloc(CASE_N * set->n + 1, sizeof(*next));

	if (!next)
		return false;
	for (int c = CASE_ANY; c < CASE_N; c++) {
		set->for_case[c] = next;
		for (size_t i = 0; i < set->n; i++) {
			const struct signature *s = set->at[i].sig;

			if (s->status != SIG_RETIRED &&
			    (s->kase == CASE_ANY || s->kase == (enum ev_case)c))
				*next++ = s;
		}
		set->n_for_case[c] = (size_t)(next - set->for_case[c]);
	}
	return true;
}

const struct signature *const *sig_set_for(const struct sig_set *set, enum ev_case kase, size_t *n)
{
	assert(set->for_case[kase]);
	*n = set->n_for_case[kase];
	return set->for_case[kase];
}

bool sig_set_load_known(struct sig_set **out, const char *const *dirs, size_t n_dirs,
			const struct sig_known_set *known, struct sig_problems *problems,
			struct err_info *err)
{
	struct loader l = {.set = sig_set_new(), .known = known, .problems = problems};

	*out = NULL;
	if (!l.set)
		return err_set(err, "out of memory");
	for (size_t i = 0; i < n_dirs; i++) {
		if (!load_dir(&l, dirs[i], err))
			goto out_free;
	}
	if (!sig_set_index(l.set) || l.no_memory) {
		err_set(err, "out of memory reading signatures");
		goto out_free;
	}
	*out = l.set;
	return true;

out_free:
	sig_set_free(l.set);
	return false;
}

bool sig_set_load(struct sig_set **out, const char *const *dirs, size_t n_dirs,
		  struct sig_problems *problems, struct err_info *err)
{
	return sig_set_load_known(out, dirs, n_dirs, NULL, problems, err);
}

size_t sig_set_n(const struct sig_set *set)
{
	return set->n;
}

const struct signature *sig_set_at(const struct sig_set *set, size_t i)
{
	return i < set->n ? set->at[i].sig : NULL;
}

struct bytes sig_set_text(const struct sig_set *set, size_t i)
{
	return (struct bytes){set->at[i].file.at, set->at[i].file.len};
}

const struct signature *sig_set_find(const struct sig_set *set, const char *id)
{
	bool there;
	size_t i = place_of(set, id, &there);

	return there ? set->at[i].sig : NULL;
}

void sig_set_digest(const struct sig_set *set, uint8_t out[32])
{
	struct sha256 sum;

	sha256_start(&sum);
	for (size_t i = 0; i < set->n; i++)
		sha256_add(&sum, set->at[i].file.at, set->at[i].file.len);
	sha256_end(&sum, out);
}

void sig_set_free(struct sig_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->n; i++) {
		sig_free(set->at[i].sig);
		sig_file_free(&set->at[i].file);
	}
	free(set->for_case[CASE_ANY]);
	free(set->at);
	free(set);
}
