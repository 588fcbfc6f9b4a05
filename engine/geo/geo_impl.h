/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_GEO_GEO_IMPL_H
#define WP_GEO_GEO_IMPL_H

/* Shared by the files of this room; nobody else includes it. */

#include <maxminddb.h>
#include <stddef.h>
#include <stdio.h>

#include "base/sha256.h"
#include "geo/geo.h"

/* Both ends belong to the range. */
struct geo_range {
	uint8_t low[16], high[16];
	char country[2];
};

struct geo_table {
	struct geo_range *at; /* ascending, not overlapping */
	size_t n, room;
	bool v6;
};

struct geo {
	struct geo_info info;
	bool is_mmdb;
	MMDB_s mmdb;
	struct geo_table table[2]; /* IPv4, IPv6 */
};

/* Two capital letters? Databases also hold T1, A1, ?? and the like, which are no countries. */
bool geo_is_country(const char *at, size_t n);

/* Reads one of tor's tables into t (appends; empty at first) and hashes what it reads. `file` is
 * what errors call it. False with a reason at the first line that is none, or out of order; t is
 * the caller's to free either way. */
MUST_CHECK bool geo_tor_read(FILE *f, const char *file, struct geo_table *t, struct geo_info *info,
			     struct sha256 *hash, struct err_info *err);
bool geo_tor_find(const struct geo_table *t, const uint8_t addr[16], char out[GEO_COUNTRY]);

/* Opens g->mmdb and fills name and date. */
MUST_CHECK bool geo_mmdb_open(struct geo *g, const char *path, struct err_info *err);
bool geo_mmdb_find(const struct geo *g, const uint8_t addr[16], char out[GEO_COUNTRY]);
uint32_t geo_mmdb_network(const struct geo *g, const uint8_t addr[16]);

#endif
