/* SPDX-License-Identifier: BSD-3-Clause */
/* What waits for its time: a binary heap by time, then by order of coming. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mbox.h"

static bool job_before(const struct job *a, const struct job *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void swap_jobs(struct job *a, struct job *b)
{
	struct job t = *a;

	*a = *b;
	*b = t;
}

void queue_put(struct queue *x, enum stage st, enum dir d, int64_t due, const uint8_t *f, size_t n)
{
	size_t i = x->n;
	uint8_t *copy = malloc(n);

	if (!copy || i == QUEUE_MAX) {
		fprintf(stderr, "mbox: queue full\n");
		exit(1);
	}
	memcpy(copy, f, n);
	x->heap[x->n++] = (struct job){due, x->order++, st, d, n, copy};
	for (; i && job_before(&x->heap[i], &x->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap_jobs(&x->heap[i], &x->heap[(i - 1) / 2]);
}

struct job queue_get(struct queue *x)
{
	struct job top = x->heap[0];
	size_t i = 0;

	x->heap[0] = x->heap[--x->n];
	for (;;) {
		size_t l = 2 * i + 1, m = i;

		if (l < x->n && job_before(&x->heap[l], &x->heap[m]))
			m = l;
		if (l + 1 < x->n && job_before(&x->heap[l + 1], &x->heap[m]))
			m = l + 1;
		if (m == i)
			return top;
		swap_jobs(&x->heap[i], &x->heap[m]);
		i = m;
	}
}
