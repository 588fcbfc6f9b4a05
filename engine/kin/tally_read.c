/* SPDX-License-Identifier: BSD-3-Clause */
/* Saved series are somebody's input like any capture: a line that is none of ours, or out of place, is counted and skipped. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "kin/tally_file.h"
#include "kin/tally_sketch.h"

enum { ROW_FIELDS = 5 + TALLY_KINDS, FIELDS_MAX = ROW_FIELDS };
/* the year 2242 */
#define START_MAX_S (INT64_C(1) << 33)

struct named {
	struct keyed k;
	bool here;        /* this file has named it */
	uint64_t row_bin; /* number of the bin that has a row of it */
};

struct tally_reader {
	struct tally_hears to;
	struct keyed_table keys;
	uint32_t of[LIMIT_TALLY_KEYS]; /* a file's number: place in `keys`, or KEYED_NONE */
	struct tally_row *row;
	uint32_t n_rows;
	int64_t start_s, last_s; /* of the open bin, -1 none; of the last one told */
	uint64_t bin_no;         /* from 1 */
	uint64_t line_no;
	bool headed, refused, ended;
	bool back; /* the rows to come are of a bin that is left out */
	struct tally_read_stats stats;
};

struct field {
	const char *at;
	size_t len;
};

struct tally_reader *tally_reader_new(const struct tally_hears *to)
{
	struct tally_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->to = *to;
	r->start_s = r->last_s = -1;
	memset(r->of, 0xff, sizeof(r->of));
	r->row = malloc(LIMIT_TALLY_KEYS * sizeof(*r->row));
	if (!r->row || !keyed_make(&r->keys, LIMIT_TALLY_KEYS, sizeof(struct named))) {
		tally_reader_free(r);
		return NULL;
	}
	return r;
}

void tally_reader_free(struct tally_reader *r)
{
	if (!r)
		return;
	keyed_free(&r->keys);
	free(r->row);
	free(r);
}

static uint32_t split(const char *line, size_t len, struct field out[FIELDS_MAX + 1])
{
	uint32_t n = 0;

	for (const char *end = line + len; n <= FIELDS_MAX; n++) {
		const char *comma = memchr(line, ',', (size_t)(end - line));

		out[n] = (struct field){line, (size_t)((comma ? comma : end) - line)};
		if (!comma)
			return n + 1;
		line = comma + 1;
	}
	return n;
}

static bool is(const struct field *f, const char *word)
{
	return f->len == strlen(word) && !memcmp(f->at, word, f->len);
}

/* Digits only, at most `max`. */
static bool number(const struct field *f, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (!f->len || f->len > 19)
		return false;
	for (size_t i = 0; i < f->len; i++) {
		if (f->at[i] < '0' || f->at[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(f->at[i] - '0');
	}
	*out = n;
	return n <= max;
}

static bool number32(const struct field *f, uint64_t max, uint32_t *out)
{
	uint64_t n;

	if (!number(f, max, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

/* Of the file, and named in it. */
static bool named(const struct tally_reader *r, const struct field *f, uint32_t *no)
{
	return number32(f, LIMIT_TALLY_KEYS - 1, no) && r->of[*no] != KEYED_NONE;
}

static bool read_prefix(const struct field *f, struct tally_key *key)
{
	char text[INET6_ADDRSTRLEN + 4], *slash;
	struct in6_addr whole = {.s6_addr = {0}};

	if (f->len >= sizeof(text))
		return false;
	memcpy(text, f->at, f->len);
	text[f->len] = '\0';
	slash = strchr(text, '/');
	if (!slash || strlen(text) != f->len)
		return false;
	*slash = '\0';
	key->bits = !strcmp(slash + 1, "24") ? 24 : 48;
	if (key->bits == 24) {
		whole.s6_addr[10] = whole.s6_addr[11] = 0xff;
		if (inet_pton(AF_INET, text, whole.s6_addr + 12) != 1 || whole.s6_addr[15])
			return false;
	} else if (strcmp(slash + 1, "48") != 0 || inet_pton(AF_INET6, text, &whole) != 1 ||
		   memcmp(whole.s6_addr + 6, &(uint8_t[10]){0}, 10) != 0) {
		return false;
	}
	memcpy(key->prefix, whole.s6_addr, 16);
	return true;
}

static bool read_country(const struct field *f, struct tally_key *key)
{
	if (!f->len)
		return key->scope != TALLY_COUNTRY;
	for (size_t i = 0; i < f->len; i++)
		if (f->at[i] < 'A' || f->at[i] > 'Z')
			return false;
	if (f->len != 2)
		return false;
	memcpy(key->country, f->at, 2);
	return true;
}

static bool read_key(const struct field *f, uint32_t n, struct tally_key *key)
{
	static const char *const scope[] = {"all", "country", "network", "prefix"};

	memset(key, 0, sizeof(*key));
	while (key->scope < TALLY_SCOPES && !is(&f[0], scope[key->scope]))
		key->scope++;
	if (key->scope == TALLY_SCOPES || n != key->scope + 1u)
		return false;
	if (n > 1 && !read_country(&f[1], key))
		return false;
	if (n > 2 && (!number32(&f[2], UINT32_MAX, &key->network) ||
		      (key->scope == TALLY_NETWORK && !key->network)))
		return false;
	return n < 4 || read_prefix(&f[3], key);
}

static void drop(struct tally_reader *r, uint32_t no)
{
	struct named *k = (struct named *)keyed_at(&r->keys, r->of[no]);

	k->here = false;
	r->to.gone(r->to.arg, r->of[no]);
	r->of[no] = KEYED_NONE;
}

/* The key's place. Of a full table the key goes that no file has named for longest; when this file names all of them, there is
 * none. */
static uint32_t place(struct tally_reader *r, const struct tally_key *key)
{
	uint32_t i = keyed_find(&r->keys, key);

	if (i != KEYED_NONE || r->keys.n < r->keys.cap)
		return i != KEYED_NONE ? i : keyed_put(&r->keys, key);
	i = r->keys.oldest;
	if (((struct named *)keyed_at(&r->keys, i))->here)
		return KEYED_NONE;
	keyed_remove(&r->keys, i);
	return keyed_put(&r->keys, key);
}

static bool take_key(struct tally_reader *r, const struct field *f, uint32_t n)
{
	struct tally_key key;
	struct named *k;
	uint32_t no, i;

	if (n < 3 || !number32(&f[1], LIMIT_TALLY_KEYS - 1, &no) || r->of[no] != KEYED_NONE ||
	    !read_key(f + 2, n - 2, &key))
		return false;
	i = place(r, &key);
	if (i == KEYED_NONE) {
		r->stats.keys_left_out++;
		return true;
	}
	k = (struct named *)keyed_at(&r->keys, i);
	if (k->here)
		return false;
	k->here = true;
	k->row_bin = 0;
	keyed_touch(&r->keys, i);
	r->of[no] = i;
	r->to.key(r->to.arg, i, &key);
	return true;
}

static bool take_bin(struct tally_reader *r, const struct field *f, uint32_t n)
{
	uint64_t start;

	if (n != 2 || !number(&f[1], START_MAX_S, &start) || start % TALLY_BIN_S)
		return false;
	r->back = (int64_t)start <= r->last_s;
	r->stats.bins_back += r->back;
	r->start_s = r->back ? -1 : (int64_t)start;
	r->n_rows = 0;
	r->bin_no++;
	return true;
}

static bool take_row(struct tally_reader *r, const struct field *f, uint32_t n)
{
	struct tally_row row;
	struct named *k;
	uint32_t no;

	if (r->start_s < 0)
		return r->back;
	if (n != ROW_FIELDS || !named(r, &f[1], &no) ||
	    !number32(&f[2], TALLY_COUNT_MAX, &row.c.clients) ||
	    !number32(&f[3], TALLY_COUNT_MAX, &row.c.syn_only) ||
	    !number32(&f[4], TALLY_COUNT_MAX, &row.c.rtt_us))
		return false;
	for (int i = 0; i < TALLY_KINDS; i++)
		if (!number32(&f[5 + i], TALLY_COUNT_MAX, &row.c.kind[i]))
			return false;
	k = (struct named *)keyed_at(&r->keys, r->of[no]);
	if (k->row_bin == r->bin_no)
		return false;
	k->row_bin = r->bin_no;
	row.no = r->of[no];
	r->row[r->n_rows++] = row;
	return true;
}

static bool take_lost(struct tally_reader *r, const struct field *f, uint32_t n)
{
	struct tally_stats *l = &r->stats.lost;

	return n == 4 && number(&f[1], INT64_MAX, &l->late) &&
	       number(&f[2], INT64_MAX, &l->keys_dropped) &&
	       number(&f[3], INT64_MAX, &l->waiting_dropped);
}

/* All rows of the open bin are there: another kind of line has come. */
static void tell_bin(struct tally_reader *r)
{
	if (r->start_s < 0)
		return;
	r->to.bin(r->to.arg, r->start_s, r->row, r->n_rows);
	r->last_s = r->start_s;
	r->start_s = -1;
	r->stats.bins++;
}

static bool take_line(struct tally_reader *r, const char *line, size_t len)
{
	struct field f[FIELDS_MAX + 1];
	uint32_t n = split(line, len, f), no;

	if (n > FIELDS_MAX)
		return false;
	if (is(&f[0], "r"))
		return take_row(r, f, n);
	if (!is(&f[0], "b") && !is(&f[0], "k") && !is(&f[0], "g") && !is(&f[0], "l") &&
	    !is(&f[0], "e"))
		return false;
	tell_bin(r);
	r->back = false;
	if (is(&f[0], "b"))
		return take_bin(r, f, n);
	if (is(&f[0], "k"))
		return take_key(r, f, n);
	if (is(&f[0], "l"))
		return take_lost(r, f, n);
	if (is(&f[0], "e")) {
		r->ended = n == 1;
		return r->ended;
	}
	if (n != 2 || !named(r, &f[1], &no))
		return false;
	drop(r, no);
	return true;
}

/* Bins of another length, or another floor, would be compared with ours as if they were the same. */
static bool head(const char *line, size_t len)
{
	struct field f[FIELDS_MAX + 1];
	uint64_t bin, floor;

	return split(line, len, f) == 3 && is(&f[0], "wallprint.series/1") &&
	       number(&f[1], TALLY_BIN_S, &bin) && bin == TALLY_BIN_S &&
	       number(&f[2], TALLY_FLOOR, &floor) && floor == TALLY_FLOOR;
}

void tally_reader_line(struct tally_reader *r, const char *line, size_t len)
{
	r->line_no++;
	if (!r->headed) {
		r->headed = true;
		r->refused = len > LIMIT_TALLY_LINE || !head(line, len);
		return;
	}
	if (r->refused)
		return;
	if (r->ended || len > LIMIT_TALLY_LINE || !take_line(r, line, len))
		if (!r->stats.bad_lines++)
			r->stats.first_bad = r->line_no;
}

enum tally_file_state tally_reader_end(struct tally_reader *r, struct tally_read_stats *out)
{
	enum tally_file_state state = !r->headed || r->refused ? TALLY_FILE_REFUSED
				      : r->ended               ? TALLY_FILE_WHOLE
							       : TALLY_FILE_CUT;

	*out = r->stats;
	for (uint32_t no = 0; no < LIMIT_TALLY_KEYS; no++)
		if (r->of[no] != KEYED_NONE)
			drop(r, no);
	memset(&r->stats, 0, sizeof(r->stats));
	r->start_s = -1;
	r->line_no = 0;
	r->headed = r->refused = r->ended = r->back = false;
	return state;
}
