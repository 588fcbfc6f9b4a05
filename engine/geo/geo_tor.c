/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables that tor uses: `low,high,CC` a line, ascending; IPv4 addresses as decimal numbers,
 * IPv6 in the usual form; comments after #, among them the header of the export they were made from
 * (tor's src/lib/geoip/geoip.c; Debian's tor-geoipdb). */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/units.h"
#include "geo/geo_impl.h"

enum { LINE_BYTES = 256, ADDR_TEXT = 48 };

static bool read_v4(const char *at, size_t n, uint8_t out[16])
{
	int64_t v;

	if (units_read_int(at, n, &v) != UNITS_OK || v < 0 || v > UINT32_MAX)
		return false;
	memset(out, 0, 10);
	out[10] = out[11] = 0xff;
	for (int i = 0; i < 4; i++)
		out[12 + i] = (uint8_t)(v >> (24 - 8 * i));
	return true;
}

static bool read_v6(const char *at, size_t n, uint8_t out[16])
{
	char text[ADDR_TEXT];

	if (n >= sizeof(text) || memchr(at, '\0', n))
		return false;
	memcpy(text, at, n);
	text[n] = '\0';
	return inet_pton(AF_INET6, text, out) == 1;
}

/* A part up to the comma; quotes around it are left out: older tables have them. */
static bool part(const char **at, const char *end, const char **out, size_t *n)
{
	const char *comma = memchr(*at, ',', (size_t)(end - *at));

	*out = *at;
	*n = (size_t)((comma ? comma : end) - *at);
	*at = comma ? comma + 1 : end;
	if (*n >= 2 && (*out)[0] == '"' && (*out)[*n - 1] == '"') {
		(*out)++;
		*n -= 2;
	}
	return *n > 0;
}

static bool put_range(struct geo_table *t, const struct geo_range *r)
{
	if (t->n == t->room) {
		size_t room = t->room ? 2 * t->room : 4096;
		struct geo_range *at = realloc(t->at, room * sizeof(*at));

		if (!at)
			return false;
		t->at = at;
		t->room = room;
	}
	t->at[t->n++] = *r;
	return true;
}

/* NULL, or what is wrong with the line. */
static const char *take_line(struct geo_table *t, const char *at, size_t n)
{
	const char *end = at + n, *low, *high, *cc;
	size_t n_low, n_high, n_cc;
	bool (*read)(const char *, size_t, uint8_t *) = t->v6 ? read_v6 : read_v4;
	struct geo_range r;

	if (!part(&at, end, &low, &n_low) || !part(&at, end, &high, &n_high) ||
	    !part(&at, end, &cc, &n_cc) || at != end)
		return "is not low,high,country";
	if (!read(low, n_low, r.low) || !read(high, n_high, r.high))
		return "does not begin with two addresses";
	if (memcmp(r.low, r.high, sizeof(r.low)) > 0 ||
	    (t->n && memcmp(t->at[t->n - 1].high, r.low, sizeof(r.low)) >= 0))
		return "is out of order";
	if (n_cc != 2)
		return "names no country";
	memcpy(r.country, cc, sizeof(r.country));
	if (t->n == LIMIT_GEO_RANGES)
		return "is one too many";
	return put_range(t, &r) ? NULL : "finds no memory";
}

/* "Thu, 25 Jun 2026 04:33:59 GMT" */
static bool read_date(const char *at, size_t n, char out[GEO_DATE])
{
	static const char month[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t day, year;

	if (n < 16 || at[3] != ',' || at[7] != ' ' || at[11] != ' ')
		return false;
	if (units_read_int(at + 5, 2, &day) != UNITS_OK ||
	    units_read_int(at + 12, 4, &year) != UNITS_OK || day < 1 || day > 31 || year < 1970)
		return false;
	for (int m = 0; m < 12; m++)
		if (!memcmp(at + 8, month + 3 * m, 3)) {
			/* fits: four, two and two digits */
			(void)snprintf(out, GEO_DATE, "%04d-%02d-%02d", (int)(year % 10000), m + 1,
				       (int)day);
			return true;
		}
	return false;
}

/* The older of two tables' dates stands: what is said is at least as new as that. */
static void take_comment(struct geo_info *info, const char *at, size_t n)
{
	static const char made[] = "# Generated: ", vendor[] = "# Vendor:    ";
	char date[GEO_DATE];

	if (n > sizeof(made) - 1 && !memcmp(at, made, sizeof(made) - 1)) {
		if (read_date(at + sizeof(made) - 1, n - (sizeof(made) - 1), date) &&
		    (!info->date[0] || strcmp(date, info->date) < 0))
			memcpy(info->date, date, sizeof(date));
	} else if (n > sizeof(vendor) - 1 && !memcmp(at, vendor, sizeof(vendor) - 1)) {
		(void)snprintf(info->name, sizeof(info->name), "tor geoip (%.*s)", /* cut is fine */
			       (int)(n - (sizeof(vendor) - 1)), at + sizeof(vendor) - 1);
	}
}

static bool complain(struct err_info *err, const char *file, uint64_t line, const char *what)
{
	char name[256];

	text_terminal(name, sizeof(name), file, strlen(file));
	return err_set(err, "%s: line %llu %s", name, (unsigned long long)line, what);
}

bool geo_tor_read(FILE *f, const char *file, struct geo_table *t, struct geo_info *info,
		  struct sha256 *hash, struct err_info *err)
{
	char line[LINE_BYTES];
	uint64_t line_no = 0;
	bool in_comment = false; /* the rest of a long one is still to come */

	while (fgets(line, sizeof(line), f)) {
		size_t n = strlen(line);
		bool whole = n && line[n - 1] == '\n', goes_on = in_comment;
		const char *what;

		sha256_add(hash, line, n);
		line_no += !goes_on;
		in_comment = !whole && (goes_on || line[0] == '#');
		while (n && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			n--;
		if (goes_on || !n)
			continue;
		if (line[0] == '#') {
			take_comment(info, line, n);
			continue;
		}
		what = n == sizeof(line) - 1 ? "is too long" : take_line(t, line, n);
		if (what)
			return complain(err, file, line_no, what);
	}
	return !ferror(f) || complain(err, file, line_no, "is the last that could be read");
}

bool geo_tor_find(const struct geo_table *t, const uint8_t addr[16], char out[GEO_COUNTRY])
{
	size_t low = 0, high = t->n;

	while (low < high) { /* halves: 22 rounds at most */
		size_t mid = low + (high - low) / 2;

		if (memcmp(t->at[mid].high, addr, 16) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == t->n || memcmp(t->at[low].low, addr, 16) > 0 ||
	    !geo_is_country(t->at[low].country, 2))
		return false;
	memcpy(out, t->at[low].country, 2);
	out[2] = '\0';
	return true;
}
