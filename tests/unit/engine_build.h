/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_ENGINE_BUILD_H
#define WP_TESTS_ENGINE_BUILD_H

/* Small captures written to a folder of their own, and a run of the engine over them whose hooks write down what they
 * were told. Include after cmocka.h; run from the top of the source tree, as tests/run does. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "decode/decode.h"
#include "engine.h"

enum { EB_START = 1700000000, EB_C = 1000, EB_SV = 900000 };

struct eb {
	char dir[64];
	FILE *f;
	char path[4][96];
	uint32_t n;
	uint8_t host;  /* last byte of the client's address */
	uint16_t port; /* of the client */
	uint16_t ip_id;
	uint8_t ttl[2];
	double at_s; /* since EB_START */
};

static inline void eb_init(struct eb *b)
{
	const char *tmp = getenv("TMPDIR");

	*b = (struct eb){.host = 1, .port = 40000, .ip_id = 100, .ttl = {61, 50}};
	snprintf(b->dir, sizeof(b->dir), "%.40s/wp-engine.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(b->dir));
}

static inline void eb_fini(struct eb *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		unlink(b->path[i]);
	assert_int_equal(rmdir(b->dir), 0);
}

static inline void eb_le(struct eb *b, uint32_t v, int size)
{
	for (; size-- > 0; v >>= 8)
		fputc((int)(v & 0xff), b->f);
}

/* Begins a file; packets go into it until eb_end. Raw IP. Returns its path, good until eb_fini. */
static inline const char *eb_file(struct eb *b, const char *name)
{
	char *path = b->path[b->n];

	memcpy(path, b->dir, sizeof(b->dir));
	snprintf(path + strlen(path), sizeof(b->path[0]) - strlen(path), "/%s", name);
	b->f = fopen(b->path[b->n], "wb");
	assert_non_null(b->f);
	eb_le(b, 0xa1b2c3d4, 4);
	eb_le(b, 2, 2);
	eb_le(b, 4, 2);
	eb_le(b, 0, 4);
	eb_le(b, 0, 4);
	eb_le(b, 65535, 4);
	eb_le(b, 101, 4);
	return b->path[b->n++];
}

static inline void eb_end(struct eb *b)
{
	assert_int_equal(fclose(b->f), 0);
	b->f = NULL;
}

static inline uint32_t eb_sum(const uint8_t *at, size_t n, uint32_t sum)
{
	for (size_t i = 0; i < n; i++)
		sum += i & 1 ? at[i] : (uint32_t)at[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* One IPv4 packet of 10.0.0.host:port and 192.0.2.1:443; `who` 0 from the client. UDP when flags are above 12 bits. */
enum { EB_UDP = 1 << 12 };
static inline void eb_pkt(struct eb *b, int who, uint32_t flags, uint32_t seq, uint32_t ack,
			  const char *data)
{
	const uint8_t addr[2][4] = {{10, 0, 0, b->host}, {192, 0, 2, 1}};
	const uint16_t port[2] = {b->port, flags & EB_UDP ? 5000 : 443};
	const bool udp = flags & EB_UDP;
	const size_t hdr = udp ? 8 : 20, n = strlen(data), len = 20 + hdr + n;
	uint8_t ip[600] = {0x45,
			   0,
			   (uint8_t)(len >> 8),
			   (uint8_t)len,
			   (uint8_t)(b->ip_id >> 8),
			   (uint8_t)b->ip_id,
			   0x40,
			   0,
			   b->ttl[who],
			   udp ? 17 : 6};
	uint8_t *l4 = ip + 20;
	uint32_t sum;

	assert_true(len <= sizeof(ip));
	b->ip_id++;
	memcpy(ip + 12, addr[who], 4);
	memcpy(ip + 16, addr[!who], 4);
	sum = ~eb_sum(ip, 20, 0);
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
	for (int i = 0; i < 2; i++) {
		l4[2 * i] = (uint8_t)(port[who ^ i] >> 8);
		l4[2 * i + 1] = (uint8_t)port[who ^ i];
	}
	memcpy(l4 + hdr, data, n);
	if (udp) {
		l4[4] = (uint8_t)((hdr + n) >> 8);
		l4[5] = (uint8_t)(hdr + n);
	} else {
		for (int i = 0; i < 4; i++) {
			l4[4 + i] = (uint8_t)(seq >> (24 - 8 * i));
			l4[8 + i] = (uint8_t)(ack >> (24 - 8 * i));
		}
		l4[12] = (uint8_t)(0x50 | flags >> 8);
		l4[13] = (uint8_t)flags;
		l4[14] = 0xfa;
		sum = ~eb_sum(l4, hdr + n, eb_sum(ip + 12, 8, (uint32_t)(6 + hdr + n)));
		l4[16] = (uint8_t)(sum >> 8);
		l4[17] = (uint8_t)sum;
	}
	eb_le(b, EB_START + (uint32_t)b->at_s, 4);
	eb_le(b, (uint32_t)((b->at_s - (uint32_t)b->at_s) * 1e6 + 0.5), 4);
	eb_le(b, (uint32_t)len, 4);
	eb_le(b, (uint32_t)len, 4);
	assert_int_equal(fwrite(ip, 1, len, b->f), len);
	b->at_s += 0.01;
}

/* Handshake and a request with the Host given: 4 packets. The answer follows 40 ms after each question. */
static inline void eb_request(struct eb *b, const char *host)
{
	char get[128];

	snprintf(get, sizeof(get), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", host);
	eb_pkt(b, 0, TCP_SYN, EB_C, 0, "");
	b->at_s += 0.03;
	eb_pkt(b, 1, TCP_SYN | TCP_ACK, EB_SV, EB_C + 1, "");
	eb_pkt(b, 0, TCP_ACK, EB_C + 1, EB_SV + 1, "");
	eb_pkt(b, 0, TCP_PSH | TCP_ACK, EB_C + 1, EB_SV + 1, get);
}

/* A reset in the server's name from a box that counts its own TTL and IP ID. */
static inline void eb_forged_reset(struct eb *b)
{
	uint8_t ttl = b->ttl[1];
	uint16_t ip_id = b->ip_id;

	b->ttl[1] = 98;
	b->ip_id = 51234;
	eb_pkt(b, 1, TCP_RST | TCP_ACK, EB_SV + 1, EB_C + 1, "");
	b->ttl[1] = ttl;
	b->ip_id = ip_id;
}

/* What the hooks were told, a line each: "finding FILE rev frame...", "flow FILE client's port packets trigger",
 * "input FILE state". Files without their folder. */
struct told_lines {
	char text[65536];
	size_t len;
	uint32_t flows, findings, cases, techniques; /* techniques: of all findings */
	struct flow_record last_flow;
};

static inline const char *base_name(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

static inline void __attribute__((format(printf, 2, 3)))
tell_line(struct told_lines *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(o->text + o->len, sizeof(o->text) - o->len, fmt, ap);
	va_end(ap);
	assert_true(n >= 0 && (size_t)n < sizeof(o->text) - o->len);
	o->len += (size_t)n;
}

static inline void told_finding(void *arg, const struct finding *f, const char *file)
{
	struct told_lines *o = arg;

	o->findings++;
	o->techniques |= f->techniques;
	tell_line(o, "finding %s rev %u %s %x %d at %lld:", base_name(file), f->rev, f->flow.id,
		  f->techniques, (int)f->grade, (long long)f->ts_ns);
	for (uint32_t i = 0; i < f->n_frames; i++)
		tell_line(o, " %llu", (unsigned long long)f->frame[i]);
	tell_line(o, "\n");
}

static inline void told_flow(void *arg, const struct flow_record *r, const char *file)
{
	struct told_lines *o = arg;

	o->flows++;
	o->last_flow = *r;
	tell_line(o, "flow %s %s %u %llu+%llu %s %s\n", base_name(file), r->id, r->orig.port,
		  (unsigned long long)r->packets[0], (unsigned long long)r->packets[1], r->history,
		  r->trigger_value);
}

static inline void told_case(void *arg, const struct flow_record *r, const struct evidence *ev,
			     const struct sig_result *result, size_t n, const char *file)
{
	struct told_lines *o = arg;

	(void)result;
	o->cases++;
	tell_line(o, "case %s %s %d %zu\n", base_name(file), r->id, (int)evidence_case(ev), n);
}

static inline void told_input(void *arg, const struct run_input *in)
{
	tell_line(arg, "input %s %s %llu\n", base_name(in->file), input_state_name(in->state),
		  (unsigned long long)in->packets);
}

static struct sig_set *eb_sigs;

static inline int eb_group_setup(void **state)
{
	static const char *const dirs[] = {"signatures"};
	struct sig_problems problems = {0};
	struct err_info err;

	(void)state;
	if (!sig_set_load(&eb_sigs, dirs, 1, &problems, &err) || problems.n)
		return -1;
	return 0;
}

static inline int eb_group_teardown(void **state)
{
	(void)state;
	sig_set_free(eb_sigs);
	return 0;
}

/* Runs over the files; *o holds what was told, *run the summary (free it). */
static inline void eb_run(const struct engine_config *cfg, const char *const *files, size_t n,
			  struct told_lines *o, struct run_summary *run)
{
	struct engine_hooks hooks = {.arg = o,
				     .on_finding = told_finding,
				     .on_flow = told_flow,
				     .on_case = told_case,
				     .on_input = told_input};
	struct err_info err = {{0}};

	memset(o, 0, sizeof(*o));
	if (!engine_run(cfg, eb_sigs, files, n, &hooks, run, &err))
		fail_msg("engine_run: %s", err.text);
}

#endif
