/* SPDX-License-Identifier: BSD-3-Clause */
#include "live_conf_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"

#define AT(member) .at = offsetof(struct live_run, member)

const struct live_opt live_conf_table[LIVE_CONF_TABLE] = {
	{"interface", 'i', "IFACE", "where to listen; `any` for all", KIND_TEXT, AT(live.device)},
	{"tap", 0, "auto|xdp|tc|socket|pcap",
	 "socket (and auto, the default): an eBPF filter in the kernel passes on\n"
	 "copies of the packets that matter; tc: the same at tc's hooks, cheaper;\n"
	 "xdp: what comes in before the kernel makes packets of it, what leaves at\n"
	 "tc's hook; pcap: every packet. What the kernel does not allow falls to\n"
	 "the next of xdp, tc, socket, pcap, and says so",
	 KIND_TAP, AT(live.tap)},
	{"mirror", 0, NULL, "a mirror port: tc and xdp look only at what comes in", KIND_SWITCH,
	 AT(live.mirror)},
	{"follow", 0, "all", "the filter passes everything (finds throttling too; costs more)",
	 KIND_FOLLOW, AT(live.follow_all)},
	{"promisc", 0, NULL, "frames for other machines too (mirror ports)", KIND_SWITCH,
	 AT(live.promisc)},
	{"format", 0, "jsonl|text", "how to print; JSON lines by default", KIND_FORMAT, AT(ops)},
	{"flows", 0, NULL, "one event for every flow too (jsonl)", KIND_SWITCH, AT(cfg.want_flows)},
	{"output", 'o', "FILE", "append to FILE (mode 0600) instead of standard output", KIND_TEXT,
	 AT(keep.out_path)},
	{"rotate", 0, "SIZE",
	 "start FILE anew when it has grown to SIZE, keeping FILE.1, FILE.2, ...", KIND_U64, true,
	 AT(keep.rotate_bytes), .min = 1 << 16, .max = UINT64_MAX},
	{"keep", 0, "N", "so many of them (default 8)", KIND_U32, true, AT(keep.keep), .max = 1000},
	{"metrics", 0, "FILE", "counts for Prometheus' text file collector, no addresses in it",
	 KIND_TEXT, AT(keep.metrics_path)},
	{"metrics-listen", 0, "WHERE",
	 "the same over HTTP for this machine, at /metrics: 127.0.0.1:PORT,\n"
	 "[::1]:PORT or unix:PATH",
	 KIND_TEXT, AT(keep.metrics_listen)},
	{"metrics-every", 0, "S", "seconds between two of them (default 10)", KIND_U32, true,
	 AT(metrics_s), .min = 1, .max = 86400},
	{"ring", 0, "SIZE", "room for packets between kernel and program (default 64M)", KIND_U32,
	 AT(live.ring_bytes), .min = 1 << 18, .max = 1 << 30},
	{"snaplen", 0, "BYTES", "of each packet (default: all)", KIND_U32, AT(live.snaplen),
	 .min = 64, .max = LIMIT_FRAME_BYTES},
	{"user", 0, "NAME",
	 "whom the parsing process becomes when started by root (default nobody)", KIND_TEXT,
	 AT(user)},
	{"signatures", 0, "DIR", "use these signatures too; may be repeated", KIND_DIR, true,
	 AT(dirs)},
	{"memory", 0, "SIZE", "ceiling for flow state (default: a quarter of the machine)",
	 KIND_U64, AT(cfg.memory_bytes), .min = 1 << 20, .max = UINT64_MAX},
};
_Static_assert(ARRAY_LEN(live_conf_table) <= LIVE_CONF_OPTIONS,
	       "struct live_run has room for each");

void live_conf_defaults(struct live_run *r)
{
	*r = (struct live_run){.ops = sink_find("jsonl"), .metrics_s = 10, .keep.keep = 8};
}

static bool take_number(const struct live_opt *o, const char *value, uint64_t *n,
			struct err_info *err)
{
	if (!cmd_parse_size(value, n))
		return err_set(err, "'%s' is no size (1000, 64K, 2G)", value);
	if (*n < o->min || *n > o->max)
		return err_set(err, "'%s' is not in %" PRIu64 " to %" PRIu64, value, o->min,
			       o->max);
	return true;
}

static bool take_word(struct live_run *r, const struct live_opt *o, const char *value)
{
	switch (o->kind) {
	case KIND_TAP:
		r->live.tap = live_tap_find(value);
		return r->live.tap < LIVE_TAPS;
	case KIND_FOLLOW:
		return r->live.follow_all = !strcmp(value, "all");
	case KIND_FORMAT:
		r->ops = sink_find(value);
		return r->ops;
	default:
		return false;
	}
}

bool live_conf_take(struct live_run *r, const struct live_opt *o, const char *value,
		    struct err_info *err)
{
	void *at = (char *)r + o->at;
	uint64_t n;

	r->given[o - live_conf_table] = value;
	switch (o->kind) {
	case KIND_TEXT:
		*(const char **)at = value;
		return *value || err_set(err, "is empty");
	case KIND_SWITCH:
		*(bool *)at = !strcmp(value, "yes");
		return *(bool *)at || !strcmp(value, "no") ||
		       err_set(err, "'%s' is neither yes nor no", value);
	case KIND_U32:
		if (!take_number(o, value, &n, err))
			return false;
		*(uint32_t *)at = (uint32_t)n;
		return true;
	case KIND_U64:
		return take_number(o, value, at, err);
	case KIND_DIR:
		return sig_dirs_add(at, value, err);
	default:
		return take_word(r, o, value) ||
		       err_set(err, "'%s' is not one of %s", value, o->arg);
	}
}

static const struct live_opt *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(live_conf_table); i++)
		if (!strcmp(live_conf_table[i].name, name))
			return &live_conf_table[i];
	return NULL;
}

/* Ends what begins at `at` behind its last character that is not blank; where it begins. */
static char *trim(char *at, char *end)
{
	static const char blank[] = " \t\r";

	at += strspn(at, blank);
	while (end > at && strchr(blank, end[-1]))
		end--;
	*end = '\0';
	return at;
}

/* `why` of a line that holds bytes of the user's. */
static bool complain(struct err_info *err, const char *path, size_t line, const char *key,
		     const char *why)
{
	char clean_key[64], clean_why[256];

	text_terminal(clean_key, sizeof(clean_key), key, strlen(key));
	text_terminal(clean_why, sizeof(clean_why), why, strlen(why));
	return err_set(err, "%s:%zu: %s: %s", path, line, clean_key, clean_why);
}

static bool take_line(struct live_run *r, const char *path, size_t no, char *line, char *end,
		      struct err_info *err)
{
	const struct live_opt *o;
	char *eq, *key;
	struct err_info why;

	key = trim(line, end);
	if (!*key || *key == '#')
		return true;
	eq = strchr(key, '=');
	if (!eq)
		return complain(err, path, no, key, "no `key = value`");
	line = trim(eq + 1, eq + 1 + strlen(eq + 1));
	key = trim(key, eq);
	o = find(key);
	if (!o)
		return complain(err, path, no, key,
				"no such key; `wallprint live --help` lists them");
	if (r->given[o - live_conf_table] && o->kind != KIND_DIR)
		return complain(err, path, no, key, "was given before");
	return live_conf_take(r, o, line, &why) || complain(err, path, no, key, why.text);
}

bool live_conf_text(struct live_run *r, const char *path, struct bytes text, struct err_info *err)
{
	char *at, *end;

	r->conf_text = at = malloc(text.len + 1);
	if (!at)
		return err_set(err, "out of memory");
	memcpy(at, text.at, text.len);
	at[text.len] = '\0';
	if (memchr(at, '\0', text.len))
		return err_set(err, "%s: is no text", path);
	for (size_t no = 1; *at; no++, at = end) {
		char *eol = strchrnul(at, '\n');

		end = *eol ? eol + 1 : eol;
		if (!take_line(r, path, no, at, eol, err))
			return false;
	}
	return true;
}

bool live_conf_file(struct live_run *r, const char *path, struct err_info *err)
{
	/* A pipe or device that somebody put there must not hold us up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	uint8_t *text = malloc(LIMIT_CONF_BYTES + 1);
	size_t n = 0;
	ssize_t got = 1;
	bool ok;

	while (text && fd >= 0 && got > 0 && n <= LIMIT_CONF_BYTES) {
		got = read(fd, text + n, LIMIT_CONF_BYTES + 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	if (!text)
		ok = err_set(err, "out of memory");
	else if (fd < 0 || got < 0)
		ok = err_set(err, "%s: %s", path, strerror(errno));
	else if (n > LIMIT_CONF_BYTES)
		ok = err_set(err, "%s: more than %d bytes", path, LIMIT_CONF_BYTES);
	else
		ok = live_conf_text(r, path, (struct bytes){text, n}, err);
	free(text);
	if (fd >= 0)
		(void)close(fd); /* nothing was written */
	return ok;
}

size_t live_conf_needs_start(const struct live_run *is, const struct live_run *wanted, char *out,
			     size_t room)
{
	size_t n = 0, used = 0;

	*out = '\0';
	for (size_t i = 0; i < ARRAY_LEN(live_conf_table); i++) {
		const char *a = is->given[i], *b = wanted->given[i];

		if (live_conf_table[i].at_once || (a && b ? !strcmp(a, b) : a == b))
			continue;
		if (used < room)
			used += (size_t)snprintf(out + used, room - used, "%s%s", n ? ", " : "",
						 live_conf_table[i].name);
		n++;
	}
	return n;
}

void live_conf_free(struct live_run *r)
{
	sig_dirs_free(&r->dirs);
	free(r->conf_text);
	r->conf_text = NULL;
}
