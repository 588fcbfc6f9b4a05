/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_KIN_OUTAGE_IMPL_H
#define WP_KIN_OUTAGE_IMPL_H

/* Shared by the files of outage detection; nobody else includes it. */

#include "kin/outage.h"

/* Others below this part of what was expected of them: the server has a problem of its own, and shows nothing. */
#define OUTAGE_OWN_TROUBLE 0.5

enum { PAST_WEEKS = 5, WEEK_HOURS = 168, RECENT_BINS = 12 };

/* What is usual at an hour of the week: mean flows a bin, of the running week and the four before. */
struct season {
	int64_t week[PAST_WEEKS];           /* whose rows these are */
	float hour[PAST_WEEKS][WEEK_HOURS]; /* below 0: not known */
	int64_t now_hour;                   /* being added up */
	double sum;
	uint32_t n;
	int64_t cached_hour; /* of the three below */
	double near[3];      /* the hour before, this, the next; below 0: not known */
	enum outage_basis basis;
};
void season_reset(struct season *s);
/* Adds a bin that is worth learning from. */
void season_add(struct season *s, int64_t start_s, double y);
/* The usual flows of a bin, before the slow level; 1 when nothing is known but the recent (then *basis says so). */
double season_usual(struct season *s, int64_t start_s, enum outage_basis *basis);

/* A mean in which what is older counts less; exact from the first value on. */
struct mean {
	double sum, weight;
};
void mean_add(struct mean *m, double x, double share);
double mean_of(const struct mean *m); /* 0 before the first value */

/* OONI's two-state detector on the failure fraction, as in ooni/data's detector.py (METHODS j.3). */
enum fails_state { FAILS_UNKNOWN, FAILS_OK, FAILS_BLOCKED };
struct fails {
	enum fails_state state;
	double pos, neg;
	int64_t last_s; /* 0: none yet */
};
/* One bin with `failed` of `all` tries; returns true when it goes from OK to BLOCKED with this. */
bool fails_add(struct fails *f, int64_t start_s, uint64_t failed, uint64_t all);

struct recent {
	int64_t start_s; /* 0: none */
	float y, m;
};

/* An outage that is being watched. */
struct watch {
	bool down;
	bool fading; /* DOWN, and a run of better bins has begun */
	int64_t start_s, shown_s, back_s, last_s;
	double y, m, m2; /* flows, expected, squares of expected */
	double clients;  /* seen */
	double kind_y[TALLY_KINDS], kind_m[TALLY_KINDS];
	double others, others_n;
	double better;                  /* CUSUM of the way back */
	double back_y, back_m, back_m2; /* of the bins of that run */
	uint32_t n, back_n, signs;
	double level; /* as it was before; `flat`: without a season */
	bool flat;
};

struct key_state {
	struct tally_key key;
	bool known, here;
	struct season season;
	struct mean y, usual, flat; /* the slow level: y / usual, or flat alone */
	struct mean square, power;  /* the dispersion by moments: (square - m) / power */
	struct mean clients, kind[TALLY_KINDS], ok; /* for shares */
	uint32_t learnt;                            /* bins */
	double chart, idle; /* EWMA of residuals; log of the chance of the idle run */
	double cusum;
	struct fails fails;
	int64_t failing_s; /* when that last said blocked */
	struct watch watch;
	struct recent recent[RECENT_BINS];
	/* of this bin */
	struct tally_counts c;
	double now_y, now_m,
		now_c; /* now_m below 0: no expectation; now_c below 0: nothing to compare with */
	enum outage_basis now_basis;
	/* since its country is down */
	double fell_y, fell_m;
};

struct outages {
	struct key_state *key; /* LIMIT_TALLY_KEYS */
	uint32_t n_keys;       /* one behind the last used */
	/* room for sorting */
	uint32_t *order;
	double *rank;
	uint32_t country[26 * 26]; /* place of the country's key + 1; 0 none */
	struct outage *found;
	size_t n_found, room;
	uint64_t left_out;
	int64_t last_s;
};

/* What the rest of the traffic had in this bin of what was expected: now_c of every key. */
void outage_compare(struct outages *o);
/* One key's bin: tests, begins and ends its outage. */
void outage_step(struct outages *o, struct key_state *k, int64_t start_s);
/* Standard error of watch.y / watch.m, with dispersion v: what came through varies as flows do, and one more than was seen. */
double outage_left_error(const struct watch *w, double v);
double outage_dispersion(const struct key_state *k);
/* Is its country in an outage (not itself)? */
bool outage_held(const struct outages *o, const struct key_state *k);
struct key_state *outage_country(const struct outages *o, const struct tally_key *key);
/* The outage that k watches is over, or (`ended` false) all is. */
void outage_put(struct outages *o, struct key_state *k, bool ended);
/* Its country has just been found down since `start_s`: what the networks in it had since then. */
void outage_children(struct outages *o, const struct key_state *country);

#endif
