/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/kin/tally_read.c */
#include <stdlib.h>
#include <string.h>

#include "kin/outage.h"
#include "kin/tally_file.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

struct heard {
	struct tally_hears detectors;
	bool here[LIMIT_TALLY_KEYS];
	int64_t last_s;
};

static void on_key(void *arg, uint32_t no, const struct tally_key *key)
{
	struct heard *h = arg;

	must(no < LIMIT_TALLY_KEYS && !h->here[no] && key->scope < TALLY_SCOPES);
	h->here[no] = true;
	h->detectors.key(h->detectors.arg, no, key);
}

static void on_gone(void *arg, uint32_t no)
{
	struct heard *h = arg;

	must(no < LIMIT_TALLY_KEYS && h->here[no]);
	h->here[no] = false;
	h->detectors.gone(h->detectors.arg, no);
}

static void on_bin(void *arg, int64_t start_s, const struct tally_row *row, uint32_t n)
{
	struct heard *h = arg;

	must(start_s > h->last_s && start_s % TALLY_BIN_S == 0 && n <= LIMIT_TALLY_KEYS);
	h->last_s = start_s;
	for (uint32_t i = 0; i < n; i++)
		must(row[i].no < LIMIT_TALLY_KEYS && h->here[row[i].no]);
	h->detectors.bin(h->detectors.arg, start_s, row, n);
}

/* With an even length a second file begins in the middle. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct heard h;
	struct tally_hears to = {.arg = &h, .key = on_key, .gone = on_gone, .bin = on_bin};
	struct outages *o = outages_new();
	struct tally_reader *r = tally_reader_new(&to);
	struct tally_read_stats st;
	const char *at = (const char *)data;

	must(o && r);
	memset(&h, 0, sizeof(h));
	h.last_s = -1;
	h.detectors = outages_hears(o);
	for (size_t from = 0, lines = 0; from < size; lines++) {
		const char *end = memchr(at + from, '\n', size - from);
		size_t len = (end ? (size_t)(end - at) : size) - from;

		tally_reader_line(r, at + from, len);
		from += len + 1;
		if (lines == 20 && size % 2 == 0)
			must(tally_reader_end(r, &st) <= TALLY_FILE_REFUSED);
	}
	must(tally_reader_end(r, &st) <= TALLY_FILE_REFUSED);
	must((st.bad_lines > 0) == (st.first_bad > 0));
	outages_finish(o);
	for (size_t i = 0; i < outages_n(o); i++) {
		const struct outage *e = outages_at(o, i);

		must(e->start_s < e->end_s && e->depth >= e->depth_lo && e->depth <= e->depth_hi);
		must(e->depth_lo >= 0 && e->depth_hi <= 1 && e->networks_fell <= e->networks);
		must(e->grade == GRADE_ANOMALY || e->grade == GRADE_LIKELY);
	}
	tally_reader_free(r);
	outages_free(o);
	return 0;
}
