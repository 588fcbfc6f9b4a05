/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_KIN_TALLY_SKETCH_H
#define WP_KIN_TALLY_SKETCH_H

/* Shared by the files of kin/ that count for series; nobody else includes it. */

#include <stdint.h>

#include "kin/tally.h"

/* Distinct clients: HyperLogLog (Flajolet 2007) with linear counting below 2.5 of its registers (Heule 2013, 3). Its standard error is
 * 1.04 / sqrt(128), 9 %. */
enum { SKETCH_REGISTERS = 128 };
struct sketch {
	uint8_t at[SKETCH_REGISTERS];
};
void sketch_add(struct sketch *s, uint64_t hash);
uint32_t sketch_count(const struct sketch *s);

/* Round trips by size: steps of a fourth of an octave from 1 ms on. */
enum { RTT_STEPS = 48 };
struct rtt_hist {
	uint16_t at[RTT_STEPS];
};
void rtt_add(struct rtt_hist *h, int64_t rtt_ns);
uint32_t
rtt_median_us(const struct rtt_hist *h); /* the middle of the median's step; 0: none was added */

/* Keys by their bytes, least recently touched first. Items lie in an array of the owner's, whose first member is this. */
struct keyed {
	struct tally_key key;
	uint32_t chain;        /* next in the bucket, KEYED_NONE ends */
	uint32_t older, newer; /* in order of use; `newer` chains free items too */
	bool used;
};
enum { KEYED_NONE = UINT32_MAX };
struct keyed_table {
	char *at;
	size_t size; /* of an item */
	uint32_t cap, n;
	uint32_t oldest, newest, free;
	uint32_t *bucket; /* `cap` of them */
};
/* False when out of memory; keyed_free either way. */
MUST_CHECK bool keyed_make(struct keyed_table *t, uint32_t cap, size_t size);
void keyed_free(struct keyed_table *t);
struct keyed *keyed_at(const struct keyed_table *t, uint32_t i);
/* KEYED_NONE when it is not there. */
uint32_t keyed_find(const struct keyed_table *t, const struct tally_key *key);
/* Puts a key that is not there into a free item, emptied but for the key. The table must not be full. */
uint32_t keyed_put(struct keyed_table *t, const struct tally_key *key);
void keyed_touch(struct keyed_table *t, uint32_t i);
void keyed_remove(struct keyed_table *t, uint32_t i);

#endif
