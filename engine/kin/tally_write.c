/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <inttypes.h>

#include "kin/tally_file.h"

static void put_prefix(FILE *f, const struct tally_key *key)
{
	char ip[INET6_ADDRSTRLEN];

	if (key->bits == 24)
		(void)inet_ntop(AF_INET, key->prefix + 12, ip, sizeof(ip)); /* fits */
	else
		(void)inet_ntop(AF_INET6, key->prefix, ip, sizeof(ip)); /* fits */
	fprintf(f, ",%s/%u", ip, key->bits);
}

static void write_key(void *arg, uint32_t no, const struct tally_key *key)
{
	static const char *const scope[] = {"all", "country", "network", "prefix"};
	struct tally_writer *w = arg;

	fprintf(w->f, "k,%" PRIu32 ",%s", no, scope[key->scope]);
	if (key->scope >= TALLY_COUNTRY)
		fprintf(w->f, ",%.2s", key->country);
	if (key->scope >= TALLY_NETWORK)
		fprintf(w->f, ",%" PRIu32, key->network);
	if (key->scope == TALLY_PREFIX)
		put_prefix(w->f, key);
	fputc('\n', w->f);
}

static void write_gone(void *arg, uint32_t no)
{
	struct tally_writer *w = arg;

	fprintf(w->f, "g,%" PRIu32 "\n", no);
}

static void write_bin(void *arg, int64_t start_s, const struct tally_row *row, uint32_t n)
{
	struct tally_writer *w = arg;

	fprintf(w->f, "b,%" PRId64 "\n", start_s);
	for (uint32_t i = 0; i < n; i++) {
		const struct tally_counts *c = &row[i].c;

		fprintf(w->f, "r,%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32, row[i].no,
			c->clients, c->syn_only, c->rtt_us);
		for (int k = 0; k < TALLY_KINDS; k++)
			fprintf(w->f, ",%" PRIu32, c->kind[k]);
		fputc('\n', w->f);
	}
}

void tally_write_begin(struct tally_writer *w, FILE *f)
{
	w->f = f;
	fprintf(f, "wallprint.series/1,%d,%d\n", TALLY_BIN_S, TALLY_FLOOR);
}

struct tally_hears tally_write_hears(struct tally_writer *w)
{
	return (struct tally_hears){
		.arg = w, .key = write_key, .gone = write_gone, .bin = write_bin};
}

void tally_write_end(struct tally_writer *w, const struct tally_stats *st)
{
	fprintf(w->f, "l,%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\ne\n", st->late, st->keys_dropped,
		st->waiting_dropped);
}
