/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_ACROSS_USUAL_H
#define WP_ACROSS_USUAL_H

#include <stdbool.h>
#include <stdint.h>

/* What answers of one host usually look like: a bounded table over the whole run, filled as packets
 * come. When it is full, a new host takes the place of an old one (counted). */
struct usual;

enum { USUAL_TTLS = 4 };
struct usual_host {
	uint8_t addr[16];
	uint32_t series; /* usual.c only: in which it was written */
	uint8_t n_ttl;
	struct {
		uint8_t ttl;
		uint32_t n;
	} ttl[USUAL_TTLS];
	uint32_t n, n_df, n_opt;
	int64_t lag_min_ns; /* smallest answer time; valid when n > 0 */
	/* What usual_habit() was told: answers; with RA, AA, Z set; to queries with EDNS, and with
	 * EDNS themselves; to queries with capitals in the name, and spelt the same. */
	uint32_t n_habit, n_ra, n_aa, n_z, n_opt_asked, n_opt_given, n_case_asked, n_case_kept;
	int64_t ttl_since_ns; /* when the TTLs in `ttl` began to be counted */
	bool ttl_timed;
};

/* How an answer looks beside its query. */
struct usual_habit {
	int64_t ts_ns;
	uint16_t flags; /* the DNS flags word */
	bool opt_asked, opt_given, case_asked, case_kept;
};

struct usual *usual_new(void); /* NULL when out of memory */
void usual_free(struct usual *u);
/* Forgets all, for the next series; costs nothing. */
void usual_clear(struct usual *u);
/* Notes one answer of the host: its IP TTL, DF bit, whether it carried EDNS, how long it took. */
void usual_note(struct usual *u, const uint8_t addr[16], uint8_t ttl, bool df, bool opt,
		int64_t lag_ns);
/* The rest of what an answer shows; called before usual_note() for the same answer. TTLs older than
 * ten minutes are forgotten then: anycast moves them for long periods (METHODS d.2). */
void usual_habit(struct usual *u, const uint8_t addr[16], const struct usual_habit *a);
/* NULL: nothing known */
const struct usual_host *usual_get(const struct usual *u, const uint8_t addr[16]);
/* The TTL that most answers had; false when fewer than `least` are counted. */
bool usual_ttl(const struct usual_host *h, uint32_t least, uint8_t *out);
uint64_t usual_evicted(const struct usual *u);

#endif
