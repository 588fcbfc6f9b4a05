/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/detect/det_dns_tcp.c engine/detect/det_dns.c engine/detect/dns_judge.c */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/trigger.h"
#include "detect/det_dns.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void on_judged(void *arg, const struct flow *f, const struct trigger *question,
		      struct case_list *cases, struct told *told, bool last)
{
	(void)arg;
	(void)told;
	must(last && cases->n > 0 && cases->n <= CASES_MAX);
	must(question->kind == TRIGGER_DNS_QNAME && question->name_len == strlen(question->name));
	for (uint32_t i = 0; i < cases->n; i++) {
		const uint64_t *suspect;

		must(evidence_case(cases->at[i]) == CASE_DNS);
		must(evidence_suspects(cases->at[i], &suspect) == 1);
		must(*suspect >= f->first_frame && *suspect <= f->last_frame);
	}
}

static void on_end(void *arg, struct flow *f)
{
	det_dns_end(arg, f);
}

static struct pkt packet(uint64_t frame, int who, uint32_t seq, const uint8_t *at, size_t len)
{
	struct pkt p = {
		.ts_ns = (int64_t)frame * 1000000,
		.frame_no = frame,
		.ip_version = 4,
		.ip_proto = 6,
		.l4 = L4_TCP,
		.ttl = who ? 50 : 64,
		.sport = who ? 53 : 40000,
		.dport = who ? 40000 : 53,
		.payload = {at, len},
		.payload_len = (uint32_t)len,
		.tcp = {.seq = seq, .flags = TCP_ACK, .hdr_len = 20},
	};

	p.src.b[15] = (uint8_t)who;
	p.dst.b[15] = (uint8_t)!who;
	return p;
}

/* Segments: one byte for the side (bit 0), TTL (bit 1), how far back its place lies (bits 2..7, times 4), one for its
 * length, then its bytes. The last one takes what is left. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct usual *usual; /* over TCP nothing is taught */
	struct det_dns dd = {.on_judged = on_judged};
	struct flow_options o = {.memory_bytes = 4 << 20, .arg = &dd, .on_end = on_end};
	uint32_t next[2] = {1000, 2000};
	uint64_t frame = 0;

	usual = usual ? usual : usual_new();
	dd.usual = usual;
	dd.table = flow_table_new(&o);
	if (!dd.usual || !dd.table)
		abort();
	while (size > 2) {
		int who = data[0] & 1;
		size_t len = data[1] < size - 2 ? data[1] : size - 2;
		uint8_t *copy = malloc(len ? len : 1);
		struct pkt p;
		struct flow *f;
		enum dir d;

		if (!copy)
			abort();
		memcpy(copy, data + 2, len);
		p = packet(++frame, who, next[who] - (data[0] >> 2) * 4, copy, len);
		p.ttl = (uint8_t)(p.ttl - (data[0] & 2));
		f = flow_table_packet(dd.table, &p, 0, &d);
		if (f && !det_dns_tcp(&dd, f, d, &p))
			trigger_look(dd.table, f, d, &p);
		next[who] = p.tcp.seq + (uint32_t)len;
		free(copy);
		data += 2 + len;
		size -= 2 + len;
	}
	flow_table_end_all(dd.table);
	flow_table_free(dd.table);
	return 0;
}
