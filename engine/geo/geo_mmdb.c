/* SPDX-License-Identifier: BSD-3-Clause */
/* MaxMind's format, read by libmaxminddb (MaxMind DB File Format 2.0). */
#include <netinet/in.h>
#include <string.h>

#include "base/text.h"
#include "geo/geo_impl.h"

bool geo_mmdb_open(struct geo *g, const char *path, struct err_info *err)
{
	const MMDB_metadata_s *m = &g->mmdb.metadata;
	char name[256], at[TEXT_TIME_SIZE];
	int status = MMDB_open(path, MMDB_MODE_MMAP, &g->mmdb);

	if (status != MMDB_SUCCESS) {
		text_terminal(name, sizeof(name), path, strlen(path));
		return err_set(err, "%s: %s", name, MMDB_strerror(status));
	}
	g->is_mmdb = true;
	(void)snprintf(g->info.name, sizeof(g->info.name), "%s", /* cut is fine */
		       m->database_type ? m->database_type : "MMDB");
	/* In seconds; what does not fit nanoseconds since 1970 is no date. */
	if (m->build_epoch && m->build_epoch < INT64_MAX / 1000000000) {
		text_time((int64_t)m->build_epoch * 1000000000, at);
		memcpy(g->info.date, at, GEO_DATE - 1);
	}
	return true;
}

static bool get_country(MMDB_entry_s *entry, const char *const *path, char out[GEO_COUNTRY])
{
	MMDB_entry_data_s data;

	if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data ||
	    data.type != MMDB_DATA_TYPE_UTF8_STRING ||
	    !geo_is_country(data.utf8_string, data.data_size))
		return false;
	memcpy(out, data.utf8_string, 2);
	out[2] = '\0';
	return true;
}

/* The entry of an address; false when there is none. */
static bool find_entry(const struct geo *g, const uint8_t addr[16], MMDB_entry_s *out)
{
	static const uint8_t v4[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_in in4 = {.sin_family = AF_INET};
	bool is_v4 = !memcmp(addr, v4, sizeof(v4));
	MMDB_lookup_result_s found;
	int status;

	memcpy(&in6.sin6_addr, addr, 16);
	memcpy(&in4.sin_addr, addr + 12, 4);
	found = MMDB_lookup_sockaddr(
		&g->mmdb, is_v4 ? (const struct sockaddr *)&in4 : (const struct sockaddr *)&in6,
		&status);
	*out = found.entry;
	return status == MMDB_SUCCESS && found.found_entry;
}

/* Where the address is used: `country` of GeoIP2, GeoLite2 and DB-IP, `country_code` of IPinfo and
 * plainer ones. Not `registered_country`: that is where the owner of the block has its office. */
bool geo_mmdb_find(const struct geo *g, const uint8_t addr[16], char out[GEO_COUNTRY])
{
	static const char *const nested[] = {"country", "iso_code", NULL};
	static const char *const flat[] = {"country_code", NULL};
	MMDB_entry_s entry;

	return find_entry(g, addr, &entry) &&
	       (get_country(&entry, nested, out) || get_country(&entry, flat, out));
}

/* `autonomous_system_number` of GeoLite2 ASN and DB-IP's; "AS64500" under `asn` of IPinfo. */
uint32_t geo_mmdb_network(const struct geo *g, const uint8_t addr[16])
{
	static const char *const number[] = {"autonomous_system_number", NULL};
	static const char *const text[] = {"asn", NULL};
	MMDB_entry_data_s data;
	MMDB_entry_s entry;
	uint64_t n = 0;

	if (!find_entry(g, addr, &entry))
		return 0;
	if (MMDB_aget_value(&entry, &data, number) == MMDB_SUCCESS && data.has_data)
		return data.type == MMDB_DATA_TYPE_UINT32 ? data.uint32 : 0;
	if (MMDB_aget_value(&entry, &data, text) != MMDB_SUCCESS || !data.has_data ||
	    data.type != MMDB_DATA_TYPE_UTF8_STRING || data.data_size < 3 || data.data_size > 12 ||
	    memcmp(data.utf8_string, "AS", 2) != 0)
		return 0;
	for (uint32_t i = 2; i < data.data_size; i++) {
		if (data.utf8_string[i] < '0' || data.utf8_string[i] > '9')
			return 0;
		n = n * 10 + (uint64_t)(data.utf8_string[i] - '0');
	}
	return n <= UINT32_MAX ? (uint32_t)n : 0;
}
