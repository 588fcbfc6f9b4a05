/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_GEO_GEO_H
#define WP_GEO_GEO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"

/* Countries of addresses, from a database that the user named. Without one nothing is known, and
 * nothing is guessed: such a database says where its maker thinks an address is used. */

enum { GEO_COUNTRY = 3, GEO_NAME = 96, GEO_DATE = 11 };

struct geo_info {
	char name[GEO_NAME]; /* as the database calls itself; any byte may be in it */
	char date[GEO_DATE]; /* YYYY-MM-DD of its making; empty when it does not say */
	uint8_t sha256[32];  /* of the file; of tor's two tables one after the other */
};

struct geo;

/* Opens `what`: "tor" for the tables of Debian's tor-geoipdb, a directory that holds such tables
 * (`geoip`, `geoip6`, or one of them), or a file in MaxMind's format. Reads the file once for its
 * digest. False with a reason when it is none of these or damaged; *out is then NULL. An MMDB stays
 * mapped: do not cut it short while it is in use. */
MUST_CHECK bool geo_open(struct geo **out, const char *what, struct err_info *err);
void geo_close(struct geo *g); /* accepts NULL */
const struct geo_info *geo_info(const struct geo *g);
/* Writes the ISO 3166 alpha-2 country of the address (IPv4 as ::ffff:a.b.c.d), upper case. False,
 * and an empty string, when the database has none for it, or g is NULL. About 1 us. */
bool geo_country(const struct geo *g, const uint8_t addr[16], char out[GEO_COUNTRY]);
/* The number of the network (autonomous system, RFC 1930) that announces the address; 0 when the database has none for it, is not
 * of MaxMind's format, or g is NULL. About 1 us. */
uint32_t geo_network(const struct geo *g, const uint8_t addr[16]);

#endif
