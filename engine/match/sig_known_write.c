/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "match/sig_impl.h"
#include "match/sig_known.h"

/* Signatures as the C source of a struct sig_known_set. Each is written as the memory it takes, so a field that somebody adds to
 * struct signature is in it without a line here; a pointer needs its line in sig_blocks.c, as it does to be freed. */

struct buffer {
	char *at;
	size_t len;
	FILE *f;
};

/* A pointer of the signature at hand, and what it will hold. */
struct link {
	const char *where;
	uintptr_t to;
	bool pool;
};

struct writer {
	struct buffer pool, cell, fix, known;
	uint32_t n_pool, n_cells, n_fix; /* in all */
	uint32_t first;                  /* cell of this signature */
	struct link *link;               /* of this signature */
	size_t n_links, room;
	bool failed;
};

enum {
	CELL = sizeof(uintptr_t),
	/* What a block begins at a multiple of: int64_t may ask for it where pointers are shorter. */
	ALIGN_CELLS = 8 / sizeof(uintptr_t),
};

/* As part of a string literal: octal always with three digits, so that what follows is no part of it; no trigraphs. */
static uint32_t put_pool(struct writer *w, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	uint32_t at = w->n_pool;

	fputs("\t\"", w->pool.f);
	for (size_t i = 0; i < len; i++) {
		if (b[i] < 0x20 || b[i] > 0x7e || strchr("\"\\?", b[i]))
			fprintf(w->pool.f, "\\%03o", b[i]);
		else
			fputc(b[i], w->pool.f);
	}
	fputs("\"\n", w->pool.f);
	w->n_pool += (uint32_t)len;
	return at;
}

static void add_link(struct writer *w, const void *where, uintptr_t to, bool pool)
{
	if (w->n_links == w->room) {
		size_t room = w->room ? w->room * 2 : 256;
		struct link *link = realloc(w->link, room * sizeof(*link));

		if (!link) {
			w->failed = true;
			return;
		}
		w->link = link;
		w->room = room;
	}
	w->link[w->n_links++] = (struct link){where, to, pool};
}

/* Writes a block's cells, with the pointers among them as distances. `at` is its first cell, counted from the signature's. */
static void put_cells(struct writer *w, const char *block, size_t len, uint32_t at)
{
	size_t n = (len + CELL - 1) / CELL;

	for (size_t i = 0; i < n; i++) {
		const char *where = block + i * CELL;
		size_t left = len - i * CELL, k = 0;
		uintptr_t v = 0;

		while (k < w->n_links && w->link[k].where != where)
			k++;
		if (k < w->n_links)
			v = w->link[k].to;
		else
			memcpy(&v, where, left < CELL ? left : CELL);
		fprintf(w->cell.f, "%#jx,%s", (uintmax_t)v, i % 16 == 15 ? "\n" : "");
		if (k < w->n_links) {
			fprintf(w->fix.f, "%zu,", ((size_t)at + i) * 2 + w->link[k].pool);
			w->n_fix++;
		}
	}
	for (; n % ALIGN_CELLS; n++)
		fputs("0,", w->cell.f);
	fputc('\n', w->cell.f);
	w->n_cells += (uint32_t)n;
}

static void put_block(void *arg, void *where, void *block, size_t len, bool is_text)
{
	struct writer *w = arg;
	uint32_t at = w->n_cells - w->first;

	if (is_text) {
		add_link(w, where, put_pool(w, block, len), true);
		return;
	}
	put_cells(w, block, len, at);
	add_link(w, where, at, false);
}

static void put_signature(struct writer *w, const struct signature *s, struct bytes text)
{
	/* The path is that of the run which reads the file; the id stands in the pool once more, for the search. */
	struct signature copy = *s;
	uint32_t id = put_pool(w, s->id, strlen(s->id) + 1), at = put_pool(w, text.at, text.len);
	uint32_t fix = w->n_fix, root;

	w->first = w->n_cells;
	w->n_links = 0;
	copy.path = NULL;
	copy.known = NULL;
	sig_each_block(&copy, put_block, w);
	root = w->n_cells - w->first;
	put_cells(w, (const char *)&copy, sizeof(copy), root);
	fprintf(w->known.f, "\t{%u, %u, %zu, %u, %u, %u, %u, %u},\n", id, at, text.len, w->first,
		w->n_cells - w->first, root, fix, w->n_fix - fix);
}

static bool buffer_open(struct buffer *b)
{
	b->f = open_memstream(&b->at, &b->len);
	return b->f != NULL;
}

/* False when it did not take everything; then, too, it is closed. */
static bool buffer_close(struct buffer *b)
{
	bool ok = b->f && !ferror(b->f);

	if (b->f && fclose(b->f))
		ok = false;
	return ok;
}

/* What no set has, but C asks for, stands last. */
static void put_c(const struct writer *w, size_t n, FILE *f)
{
	fputs("/* Made from signatures/ by engine/sig_maker.c. */\n#include \"match/sig_known.h\"\n\n"
	      "static const char pool[] =\n",
	      f);
	fwrite(w->pool.at, 1, w->pool.len, f);
	fputs("\t\"\";\nstatic const uintptr_t cell[] = {\n", f);
	fwrite(w->cell.at, 1, w->cell.len, f);
	fputs("0};\nstatic const uint32_t fix[] = {", f);
	fwrite(w->fix.at, 1, w->fix.len, f);
	fputs("0};\nstatic const struct sig_known known[] = {\n", f);
	fwrite(w->known.at, 1, w->known.len, f);
	fprintf(f,
		"\t{0},\n};\nconst struct sig_known_set sig_shipped = {%zu, known, cell, fix, pool};\n",
		n);
}

bool sig_known_write(const struct sig_set *set, FILE *f)
{
	struct writer w = {0};
	struct buffer *const all[] = {&w.pool, &w.cell, &w.fix, &w.known};
	bool ok = true;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		ok = buffer_open(all[i]) && ok;
	for (size_t i = 0; ok && i < sig_set_n(set); i++)
		put_signature(&w, sig_set_at(set, i), sig_set_text(set, i));
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		ok = buffer_close(all[i]) && ok;
	ok = ok && !w.failed;
	if (ok)
		put_c(&w, sig_set_n(set), f);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		free(all[i]->at);
	free(w.link);
	return ok && !ferror(f);
}
