/* SPDX-License-Identifier: BSD-3-Clause */
#include "told_queue.h"

#include <stdlib.h>
#include <string.h>

/* A small capture tells little; a large one fills many blocks. */
enum { BLOCK_FIRST = 4096, BLOCK_MOST = 256 * 1024, ALIGN = 16 };

struct head {
	uint32_t kind;
	uint32_t len; /* of the message, its head included; a multiple of ALIGN */
};

/* Room for a message of `len` bytes, or NULL. */
static void *put(struct told_writer *w, enum told_kind kind, size_t len)
{
	size_t need = ALIGN + (len + ALIGN - 1) / ALIGN * ALIGN;
	struct told_block *b = w->last;
	struct head *h;

	if (!b || b->room - b->used < need) {
		size_t room = b && b->room < BLOCK_MOST ? b->room * 4 : BLOCK_FIRST;

		room = b && b->room >= BLOCK_MOST ? BLOCK_MOST : room;
		room = room < need ? need : room;
		b = malloc(sizeof(*b) + room);
		if (!b) {
			w->lost++;
			return NULL;
		}
		*b = (struct told_block){.room = room};
		if (w->last)
			w->last->next = b;
		else
			w->first = b;
		w->last = b;
	}
	h = (struct head *)(b->at + b->used);
	*h = (struct head){(uint32_t)kind, (uint32_t)need};
	b->used += need;
	w->bytes += need;
	return (unsigned char *)h + ALIGN;
}

static void finding_free(struct finding *f)
{
	for (uint32_t i = 0; i < f->n_cases; i++)
		evidence_free((struct evidence *)f->cases[i]);
}

void told_put_finding(struct told_writer *w, const struct finding *f, bool last, bool news)
{
	struct told_finding *m = put(w, TOLD_FINDING, sizeof(*m));
	size_t outside = 0;

	if (!m)
		return;
	m->last = last;
	m->news = news;
	m->f = *f;
	for (uint32_t i = 0; i < f->n_cases; i++) {
		m->f.cases[i] = evidence_copy(f->cases[i]);
		if (!m->f.cases[i]) {
			/* A finding without its evidence is none. */
			m->f.n_cases = i;
			finding_free(&m->f);
			m->f.n_cases = 0;
			m->last = m->news = false;
			w->lost++;
			break;
		}
		outside += evidence_n(f->cases[i]) * sizeof(struct ev_value);
	}
	w->last->outside += outside;
	w->bytes += outside;
}

void told_put_flow(struct told_writer *w, const struct flow_record *r)
{
	struct flow_record *m = put(w, TOLD_FLOW, sizeof(*m));

	if (m)
		*m = *r;
}

void told_put_pass(struct told_writer *w, uint64_t pass, const char flow_id[FLOW_ID_TEXT])
{
	struct told_pass *m = put(w, TOLD_PASS, sizeof(*m));

	if (!m)
		return;
	m->pass = pass;
	memcpy(m->flow_id, flow_id, sizeof(m->flow_id));
}

void told_put_input(struct told_writer *w)
{
	(void)put(w, TOLD_INPUT, 0); /* a person is not warned then; the input's state says it */
}

bool told_put_part(struct told_writer *w, const struct run_summary *part)
{
	struct run_summary *m = put(w, TOLD_PART, sizeof(*m));

	if (m)
		*m = *part;
	return m;
}

const void *told_next(const struct told_block *b, size_t *off, enum told_kind *kind)
{
	const struct head *h;

	if (*off == b->used)
		return NULL;
	h = (const struct head *)(b->at + *off);
	*kind = (enum told_kind)h->kind;
	*off += h->len;
	return (const unsigned char *)h + ALIGN;
}

size_t told_block_bytes(const struct told_block *b)
{
	return b->used + b->outside;
}

void told_free(struct told_block *first)
{
	while (first) {
		struct told_block *next = first->next;
		enum told_kind kind;
		const void *m;

		for (size_t off = 0; (m = told_next(first, &off, &kind));)
			if (kind == TOLD_FINDING)
				finding_free(&((struct told_finding *)m)->f);
		free(first);
		first = next;
	}
}
