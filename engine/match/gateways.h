/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_MATCH_GATEWAYS_H
#define WP_MATCH_GATEWAYS_H

#include "match/sources.h"

/* GATEWAYS.yaml: what is public about the filters of a place, and what is not. */

/* CAPTURES: others published captures of it; PUBLISHED: header fields stand in a source; THIN:
 * something stands there, too ordinary for a signature. For `application`, NATIONAL: one notice or
 * address of all large providers; ISP: of single ones. */
enum gateway_level {
	GATEWAY_NONE,
	GATEWAY_THIN,
	GATEWAY_PUBLISHED,
	GATEWAY_CAPTURES,
	GATEWAY_ISP,
	GATEWAY_NATIONAL
};
const char *gateway_level_name(enum gateway_level l); /* "none", "thin", ... */

struct gateway_side {
	enum gateway_level level;
	char *since, *says; /* since: as written, NULL when not known */
	uint32_t n_sources, n_signatures;
	char **source, **signature; /* keys of SOURCES.yaml, ids of the collection */
	uint32_t line, col;
};

struct gateway {
	char *place, *name; /* ISO 3166, and the name in English */
	char *system;       /* what it is called; may be NULL */
	bool asked;         /* one of the places that the project began with */
	struct gateway_side packet, application;
	uint32_t line, col;
};

struct gateway_list {
	struct gateway *at;
	uint32_t n;
};

/* Reads a file in the strict YAML of signatures and holds every claim to the collection: keys of
 * sources must be in `known`, ids of signatures in `set`, and who claims packets must name a
 * signature of them. All complaints go to *problems; the list, the caller's to free, is then
 * whatever could be read and not to be shown. False when there was any complaint. */
MUST_CHECK bool gateways_read(struct gateway_list *out, const char *path, const struct sig_set *set,
			      const struct source_list *known, struct sig_problems *problems);
/* The same from memory; `path` is what messages call it. */
MUST_CHECK bool gateways_parse(struct gateway_list *out, const char *path, struct bytes text,
			       const struct sig_set *set, const struct source_list *known,
			       struct sig_problems *problems);
void gateways_free(struct gateway_list *l); /* l is empty afterwards */

#endif
