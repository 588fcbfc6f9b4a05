/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_LIVE_ORDERS_H
#define WP_LIVE_ORDERS_H

#include <stddef.h>
#include <stdint.h>

#include "match/signature.h"

/* What the writing process hands to the parsing one, which can open nothing: signatures read anew. And the end of the pipe, which
 * is the order to stop. */

/* The order to use these from now on, from malloc; NULL: no memory. */
char *live_orders_pack(uint32_t metrics_s, const struct sig_set *sigs, size_t *len);

/* The parser's end. */
struct live_orders {
	int fd; /* non-blocking */
	uint8_t *at;
	size_t n, room;
};
struct live_order {
	uint32_t metrics_s;
	struct sig_set *sigs; /* the caller's; NULL: they could not be read */
	struct err_info err;  /* then: why */
};
enum live_orders_got { ORDERS_NOTHING, ORDERS_RELOAD, ORDERS_STOP };
/* Reads what has come; never waits. */
enum live_orders_got live_orders_next(struct live_orders *o, struct live_order *out);
void live_orders_fini(struct live_orders *o);

#endif
