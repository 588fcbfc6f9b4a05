/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/geo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "geo/geo_impl.h"

static const char tor_dir[] = "/usr/share/tor";

enum { PATH_TEXT = 4096, READ_BYTES = 65536 };

bool geo_is_country(const char *at, size_t n)
{
	return n == 2 && at[0] >= 'A' && at[0] <= 'Z' && at[1] >= 'A' && at[1] <= 'Z';
}

static bool refuse(struct err_info *err, const char *path, const char *why)
{
	char name[256];

	text_terminal(name, sizeof(name), path, strlen(path));
	return err_set(err, "%s: %s", name, why);
}

/* One of the two tables; a directory may hold only one. */
static bool tor_table(struct geo *g, const char *dir, bool v6, struct sha256 *hash, bool *any,
		      struct err_info *err)
{
	char path[PATH_TEXT];
	FILE *f;
	bool ok;

	if (snprintf(path, sizeof(path), "%s/geoip%s", dir, v6 ? "6" : "") >= (int)sizeof(path))
		return refuse(err, dir, "name too long");
	f = fopen(path, "re");
	if (!f)
		return errno == ENOENT || refuse(err, path, strerror(errno));
	*any = true;
	g->table[v6].v6 = v6;
	ok = geo_tor_read(f, path, &g->table[v6], &g->info, hash, err);
	fclose(f); /* read only: nothing can be lost */
	return ok;
}

static bool open_tor(struct geo *g, const char *dir, struct sha256 *hash, struct err_info *err)
{
	bool any = false;

	if (!tor_table(g, dir, false, hash, &any, err) || !tor_table(g, dir, true, hash, &any, err))
		return false;
	if (!any)
		return refuse(err, dir, "no geoip and no geoip6 there (package tor-geoipdb)");
	if (!g->info.name[0])
		(void)snprintf(g->info.name, sizeof(g->info.name), "tor geoip"); /* fits */
	return true;
}

static bool hash_file(const char *path, struct sha256 *hash, struct err_info *err)
{
	FILE *f = fopen(path, "re");
	uint8_t *room = malloc(READ_BYTES);
	bool ok = f && room;
	size_t n;

	while (ok && (n = fread(room, 1, READ_BYTES, f)) > 0)
		sha256_add(hash, room, n);
	if (!ok || ferror(f))
		ok = refuse(err, path, f ? "could not be read" : strerror(errno));
	free(room);
	if (f)
		fclose(f); /* read only: nothing can be lost */
	return ok;
}

static bool open_what(struct geo *g, const char *what, struct sha256 *hash, struct err_info *err)
{
	struct stat st;

	if (!strcmp(what, "tor"))
		return open_tor(g, tor_dir, hash, err);
	if (stat(what, &st))
		return refuse(err, what, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return open_tor(g, what, hash, err);
	/* A pipe would be empty the second time. */
	if (!S_ISREG(st.st_mode))
		return refuse(err, what, "not a file");
	return hash_file(what, hash, err) && geo_mmdb_open(g, what, err);
}

bool geo_open(struct geo **out, const char *what, struct err_info *err)
{
	struct geo *g = calloc(1, sizeof(*g));
	struct sha256 hash;

	*out = NULL;
	if (!g)
		return err_set(err, "out of memory");
	sha256_start(&hash);
	if (!open_what(g, what, &hash, err)) {
		geo_close(g);
		return false;
	}
	sha256_end(&hash, g->info.sha256);
	*out = g;
	return true;
}

void geo_close(struct geo *g)
{
	if (!g)
		return;
	if (g->is_mmdb)
		MMDB_close(&g->mmdb);
	free(g->table[0].at);
	free(g->table[1].at);
	free(g);
}

const struct geo_info *geo_info(const struct geo *g)
{
	return &g->info;
}

bool geo_country(const struct geo *g, const uint8_t addr[16], char out[GEO_COUNTRY])
{
	static const uint8_t v4[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	out[0] = '\0';
	if (!g)
		return false;
	if (g->is_mmdb)
		return geo_mmdb_find(g, addr, out);
	return geo_tor_find(&g->table[memcmp(addr, v4, sizeof(v4)) != 0], addr, out);
}

uint32_t geo_network(const struct geo *g, const uint8_t addr[16])
{
	return g && g->is_mmdb ? geo_mmdb_network(g, addr) : 0;
}
