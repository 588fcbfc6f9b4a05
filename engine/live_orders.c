/* SPDX-License-Identifier: BSD-3-Clause */
#include "live_orders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"

/* Before what sig_set_pack writes. */
struct head {
	uint64_t len; /* of everything, this included */
	uint32_t metrics_s, zero;
};
_Static_assert(sizeof(struct head) == 16, "no padding that would carry old bytes");

char *live_orders_pack(uint32_t metrics_s, const struct sig_set *sigs, size_t *len)
{
	struct head head = {.metrics_s = metrics_s};
	char *out = NULL;
	FILE *f = open_memstream(&out, len);
	bool ok = f && fwrite(&head, sizeof(head), 1, f) == 1 && sig_set_pack(sigs, f);

	if (f && fclose(f))
		ok = false;
	if (!ok || *len > LIMIT_LIVE_ORDER_BYTES) {
		free(out);
		return NULL;
	}
	head.len = *len;
	memcpy(out, &head, sizeof(head));
	return out;
}

static void unpack(struct live_orders *o, struct live_order *out)
{
	struct head head;

	memcpy(&head, o->at, sizeof(head));
	*out = (struct live_order){.metrics_s = head.metrics_s};
	out->sigs = sig_set_unpack((struct bytes){o->at + sizeof(head), o->n - sizeof(head)},
				   &out->err);
	/* An order is sent when the one before is taken: nothing stands behind it. */
	live_orders_fini(o);
}

/* Room for the whole order as soon as its length is known; never less than for its head. */
static bool make_room(struct live_orders *o)
{
	struct head head = {.len = sizeof(head)};
	uint8_t *at;

	if (o->n >= sizeof(head))
		memcpy(&head, o->at, sizeof(head));
	if (o->room >= head.len)
		return true;
	at = head.len <= LIMIT_LIVE_ORDER_BYTES ? realloc(o->at, (size_t)head.len) : NULL;
	if (!at)
		return false;
	o->at = at;
	o->room = (size_t)head.len;
	return true;
}

enum live_orders_got live_orders_next(struct live_orders *o, struct live_order *out)
{
	for (;;) {
		ssize_t got;

		/* Without memory the order stays in the pipe: the next tick may find some. */
		if (!make_room(o))
			return ORDERS_NOTHING;
		if (o->n == o->room) {
			unpack(o, out);
			return ORDERS_RELOAD;
		}
		got = read(o->fd, o->at + o->n, o->room - o->n);
		if (!got)
			return ORDERS_STOP;
		if (got < 0 && errno != EINTR)
			return ORDERS_NOTHING;
		o->n += got > 0 ? (size_t)got : 0;
	}
}

void live_orders_fini(struct live_orders *o)
{
	free(o->at);
	o->at = NULL;
	o->n = o->room = 0;
}
