/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/app/app_dns.c engine/app/app_dns_names.c */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/app_dns.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check(struct bytes b, enum app_got got, const struct dns_msg *m)
{
	if (got == APP_NOT)
		return;
	must(m->end_off <= b.len && m->trailing_bytes <= b.len - m->end_off);
	must(m->n_answer <= LIMIT_DNS_ANSWERS && m->n_answer <= m->n_an);
	must(memchr(m->qname, 0, sizeof(m->qname)) != NULL &&
	     strlen(m->qname) == strlen(m->qname_sent));
	must(got != APP_OK || m->has_question || !m->n_qd || m->cut);
	(void)dns_name_is_public(m->qname);
	for (uint32_t i = 0; i < m->n_answer; i++) {
		const struct dns_rr *rr = &m->answer[i];

		must(memchr(rr->target, 0, sizeof(rr->target)) != NULL);
		must(!rr->addr_len || rr->addr_len == (rr->type == DNS_A ? 4 : 16));
		if (rr->addr_len)
			(void)dns_addr_bogon(rr->type, rr->addr);
		if (rr->addr_len == 16)
			must(!dns_addr_teredo0(rr->addr) || !dns_addr_bogon(rr->type, rr->addr));
	}
}

/* First byte: 0 a datagram, else a stream. A cut of the message says the same as far as it goes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dns_msg m, half;
	struct bytes b = {data, size};
	enum app_got got;
	size_t used;

	if (!size)
		return 0;
	b = bytes_from(b, 1);
	if (data[0]) {
		while ((got = dns_read_tcp(b, &m, &used)) == APP_OK) {
			must(used > 2 && used <= b.len);
			check(b, got, &m);
			b = bytes_from(b, used);
		}
		must(used == 0);
		check(b, got, &m);
		return 0;
	}
	got = dns_read(b, &m);
	check(b, got, &m);
	if (got == APP_OK && b.len > 20) {
		b = bytes_head(b, b.len / 2);
		got = dns_read(b, &half);
		check(b, got, &half);
		must(got == APP_OK || got == APP_MORE);
		must(half.n_answer <= m.n_answer);
		if (half.has_question)
			must(strcmp(half.qname_sent, m.qname_sent) == 0);
	}
	return 0;
}
