/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/keyhash.h"
#include "base/text.h"
#include "match/signature.h"
#include "sink/outage_out.h"
#include "sink/outage_words.h"

static void put_scope(struct json *j, const struct tally_key *key)
{
	char text[OUTAGE_SCOPE_TEXT];

	json_open(j, "scope", '{');
	if (key->scope == TALLY_ALL)
		json_bool(j, "server", true);
	if (key->country[0])
		json_str(j, "country", key->country, 2);
	if (key->network)
		json_uint(j, "network", key->network);
	if (key->scope == TALLY_PREFIX)
		json_word(j, "prefix", outage_prefix(key, text));
	json_close(j, '}');
}

/* Two digits: the interval is never better known. Written as a number that is the same everywhere. */
static void put_part(struct json *j, const char *key, double x)
{
	long hundredths = lround(100 * x);

	if (hundredths > 0)
		json_real(j, key, (double)hundredths / 100);
	else
		json_uint(j, key, 0);
}

static void put_kinds(struct json *j, const char *key, uint32_t kinds)
{
	json_open(j, key, '[');
	for (int k = 0; k < TALLY_KINDS; k++)
		if (kinds >> k & 1)
			json_word(j, NULL, tally_kind_name((enum tally_kind)k));
	json_close(j, ']');
}

static void put_time(struct json *j, const char *key, int64_t s)
{
	char at[TEXT_TIME_SIZE];

	json_word(j, key, text_time(s * 1000000000, at));
}

/* Stable: made of the place and the start. */
static void put_id(struct json *j, const struct outage *e)
{
	/* "wallprint.outage" */
	static const struct hash_key key = {0x77616c6c7072696e, 0x742e6f7574616765};
	struct {
		struct tally_key key;
		int64_t start_s;
	} id;
	char text[20];

	memset(&id, 0, sizeof(id));
	id.key = e->key;
	id.start_s = e->start_s;
	(void)snprintf(text, sizeof(text), "%016" PRIx64,
		       keyhash(&key, &id, sizeof(id))); /* fits */
	json_word(j, "id", text);
}

static void put_around(struct json *j, const struct outage *e)
{
	if (e->compared)
		put_part(j, "others", e->others);
	if (e->key.scope == TALLY_COUNTRY) {
		json_open(j, "networks", '{');
		json_uint(j, "fell", e->networks_fell);
		json_uint(j, "of", e->networks);
		json_close(j, '}');
	}
	if (e->key.scope != TALLY_ALL)
		json_uint(j, "other_countries", e->countries_fell);
	json_uint(j, "inside", e->inside);
}

static void put_outage(struct json *j, const struct outage *e)
{
	const char *cause[OUTAGE_CAUSES], *tell[OUTAGE_CAUSES];
	uint32_t n = outage_causes(e, cause, tell);

	json_event(j, "outage");
	put_id(j, e);
	json_uint(j, "rev", 1);
	put_scope(j, &e->key);
	put_time(j, "start", e->start_s);
	put_time(j, e->ended ? "end" : "last", e->end_s);
	put_time(j, "shown", e->shown_s);
	put_part(j, "depth", e->depth);
	json_open(j, "depth_interval", '[');
	put_part(j, NULL, e->depth_lo);
	put_part(j, NULL, e->depth_hi);
	json_close(j, ']');
	json_int(j, "expected", llround(e->expected));
	json_uint(j, "observed", e->observed);
	json_word(j, "basis", outage_basis_name(e->basis));
	put_kinds(j, "kept", e->kept);
	put_kinds(j, "fell", e->fell);
	json_open(j, "signs", '[');
	for (int i = 0; i < OUTAGE_SIGNS; i++)
		if (e->signs >> i & 1)
			json_word(j, NULL, outage_sign_name((enum outage_sign)(1 << i)));
	json_close(j, ']');
	put_around(j, e);
	json_open(j, "techniques", '[');
	if (e->shutdown)
		json_word(j, NULL, "shutdown");
	json_close(j, ']');
	json_word(j, "grade", grade_name(e->grade));
	json_open(j, "alternatives", '[');
	for (uint32_t i = 0; i < n; i++) {
		json_open(j, NULL, '{');
		json_word(j, "cause", cause[i]);
		json_word(j, "tell", tell[i]);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
	json_end_line(j);
}

void json_outages(struct json *j, const struct outages *o)
{
	for (size_t i = 0; i < outages_n(o); i++)
		put_outage(j, outages_at(o, i));
}

void json_series(struct json *j, const struct tally_stats *st, uint64_t outages_left_out)
{
	json_open(j, "series", '{');
	json_uint(j, "bins", st->bins);
	json_uint(j, "partial", st->partial);
	json_uint(j, "keys", st->keys);
	json_uint(j, "late", st->late);
	json_uint(j, "keys_dropped", st->keys_dropped);
	json_uint(j, "waiting_dropped", st->waiting_dropped);
	json_uint(j, "outages_left_out", outages_left_out);
	json_close(j, '}');
}
