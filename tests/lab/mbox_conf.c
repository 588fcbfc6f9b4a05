/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads the order sheet the driver writes: one `key value...` a line, `act key=value ...` for packets. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mbox.h"

static bool number(const char *s, int64_t *out)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(s, &end, 0);
	if (errno || end == s || *end)
		return false;
	*out = v;
	return true;
}

/* The next word at *at, ended in place, and *at moved past it; NULL at the end of the line. */
static char *next_word(char **at)
{
	char *w = *at + strspn(*at, " \n"), *end = w + strcspn(w, " \n");

	*at = *end ? end + 1 : end;
	*end = 0;
	return *w ? w : NULL;
}

static bool hex_bytes(const char *s, uint8_t *out, size_t max, size_t *n)
{
	size_t len = strlen(s);

	if (len % 2 || len / 2 > max)
		return false;
	for (size_t i = 0; i < len; i += 2) {
		char two[3] = {s[i], s[i + 1], 0};
		char *end;

		out[i / 2] = (uint8_t)strtoul(two, &end, 16);
		if (*end)
			return false;
	}
	*n = len / 2;
	return true;
}

static bool rdata_read(struct act *a, const char *v)
{
	if (inet_pton(AF_INET, v, a->rdata) == 1)
		a->rdata_len = 4;
	else if (inet_pton(AF_INET6, v, a->rdata) == 1)
		a->rdata_len = 16;
	else
		return false;
	return true;
}

/* Keys whose value is a word or a word with a number. *known says whether the key was one of them. */
static bool act_word(struct act *a, const char *k, const char *v, bool *known)
{
	int64_t n = 0;

	*known = true;
	if (!strcmp(k, "on")) {
		a->on = strcmp(v, "fin") ? ON_TRIGGER : ON_FIN;
		return !strcmp(v, "fin") || !strcmp(v, "trigger");
	}
	if (!strcmp(k, "to")) {
		a->dir = strcmp(v, "client") ? C2S : S2C;
		return !strcmp(v, "client") || !strcmp(v, "server");
	}
	if (!strcmp(k, "payload"))
		return hex_bytes(v, a->payload, sizeof(a->payload), &a->payload_len);
	if (!strcmp(k, "rdata"))
		return rdata_read(a, v);
	if (!strcmp(k, "ttl") && !strcmp(v, "mirror")) {
		a->ttl_mirror = true;
		return true;
	}
	if (!strcmp(k, "win") && !strcmp(v, "echo")) {
		a->win_echo = true;
		return true;
	}
	if (!strcmp(k, "ipid") && !strncmp(v, "echo", 4)) {
		a->ipid_mode = ID_ECHO;
		if (v[4] && !number(v + 4, &n))
			return false;
		a->ipid = (int)n;
		return true;
	}
	if ((!strcmp(k, "seq") || !strcmp(k, "ack")) && !strncmp(v, "abs:", 4)) {
		bool is_seq = !strcmp(k, "seq");

		*(is_seq ? &a->seq_is_abs : &a->ack_is_abs) = true;
		return number(v + 4, is_seq ? &a->seq_add : &a->ack_add);
	}
	*known = false;
	return true;
}

static bool act_number(struct act *a, const char *k, const char *v)
{
	int64_t n;

	if (!number(v, &n))
		return false;
	if (!strcmp(k, "dns"))
		a->is_dns = n != 0;
	else if (!strcmp(k, "delay_us"))
		a->delay_us = n;
	else if (!strcmp(k, "count"))
		a->count = (int)n;
	else if (!strcmp(k, "gap_us"))
		a->gap_us = n;
	else if (!strcmp(k, "ttl"))
		a->ttl = (int)n;
	else if (!strcmp(k, "ipid"))
		a->ipid = (int)n;
	else if (!strcmp(k, "df"))
		a->df = n != 0;
	else if (!strcmp(k, "tos"))
		a->tos = (int)n;
	else if (!strcmp(k, "flags"))
		a->flags = (unsigned)n;
	else if (!strcmp(k, "win"))
		a->win = (int)n;
	else if (!strcmp(k, "seq"))
		a->seq_add = n;
	else if (!strcmp(k, "ack"))
		a->ack_add = n;
	else if (!strcmp(k, "opt_mss"))
		a->opt_mss = (int)n;
	else if (!strcmp(k, "opt_ts"))
		a->opt_ts = n != 0;
	else if (!strcmp(k, "dns_flags"))
		a->dns_flags = (int)n;
	else if (!strcmp(k, "rr_ttl"))
		a->rr_ttl = (uint32_t)n;
	else if (!strcmp(k, "name_full"))
		a->name_full = n != 0;
	else
		return false;
	return true;
}

static bool act_read(struct conf *c, char **at)
{
	struct act *a;
	char *tok;

	if (c->n_acts == ACTS_MAX)
		return false;
	a = &c->acts[c->n_acts++];
	a->count = 1;
	while ((tok = next_word(at))) {
		char *eq = strchr(tok, '=');
		bool known;

		if (!eq)
			return false;
		*eq = 0;
		if (!act_word(a, tok, eq + 1, &known))
			return false;
		if (!known && !act_number(a, tok, eq + 1))
			return false;
	}
	return a->count > 0 && a->count <= 8;
}

static bool trigger_read(struct conf *c, const char *kind, const char *name)
{
	static const char *const kinds[] = {"none", "sni", "host", "qname", "syn", "quic", "bytes"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(kind, kinds[i]))
			c->trig = (enum trig_kind)i;
	}
	if (c->trig == TRIG_NONE || strlen(name) > NAME_MAX_LEN)
		return false;
	memcpy(c->name, name, strlen(name) + 1);
	return true;
}

static bool drop_read(struct conf *c, const char *what)
{
	if (!strcmp(what, "trigger"))
		c->drop_trigger = true;
	else if (!strcmp(what, "c2s"))
		c->drop_c2s = true;
	else if (!strcmp(what, "s2c"))
		c->drop_s2c = true;
	else
		return false;
	return true;
}

static bool lose_read(struct conf *c, const char *dir, const char *nth)
{
	enum dir d = strcmp(dir, "c2s") ? S2C : C2S;
	int64_t n;

	if (!number(nth, &n) || c->n_lose[d] == LOSE_MAX)
		return false;
	c->lose_nth[d][c->n_lose[d]++] = (uint32_t)n;
	return true;
}

static bool line_read(struct conf *c, char *line)
{
	char *at = line, *k = next_word(&at), *a, *b;
	int64_t x = 0, y = 0;

	if (!k || *k == '#')
		return true;
	if (!strcmp(k, "act"))
		return act_read(c, &at);
	a = next_word(&at);
	b = a ? next_word(&at) : NULL;
	if (!a)
		return false;
	if (!strcmp(k, "trigger"))
		return b && trigger_read(c, a, b);
	if (!strcmp(k, "drop"))
		return drop_read(c, a);
	if (!strcmp(k, "lose"))
		return b && lose_read(c, a, b);
	if (!number(a, &x) || (b && !number(b, &y)))
		return false;
	if (!strcmp(k, "leg_us"))
		c->leg_us[0] = x, c->leg_us[1] = y;
	else if (!strcmp(k, "hops"))
		c->hops[0] = (int)x, c->hops[1] = (int)y;
	else if (!strcmp(k, "v6_extra_us"))
		c->v6_extra_us = x;
	else if (!strcmp(k, "loss_ppm"))
		c->loss_ppm = (uint32_t)x;
	else if (!strcmp(k, "seed"))
		c->seed = (uint64_t)x;
	else if (!strcmp(k, "police"))
		c->police_bps = x, c->police_burst = y;
	else if (!strcmp(k, "residual_s"))
		c->residual_s = x;
	else
		return false;
	return true;
}

bool conf_read(struct conf *c, const char *path)
{
	static char line[8192];
	FILE *f = fopen(path, "r");
	int n = 0;
	bool ok = true;

	if (!f) {
		perror(path);
		return false;
	}
	while (ok && fgets(line, sizeof(line), f)) {
		n++;
		ok = line_read(c, line);
	}
	if (!ok)
		fprintf(stderr, "mbox: %s: line %d makes no sense\n", path, n);
	fclose(f);
	return ok;
}
