/* SPDX-License-Identifier: BSD-3-Clause */
/* What other flows tell, set up for tests of engine/around.c. */
#ifndef WP_TESTS_AROUND_BUILD_H
#define WP_TESTS_AROUND_BUILD_H

#include "around.h"
#include "case_build.h"
#include "icmp_build.h"

struct scene {
	struct cb c;
	struct around a;
	uint64_t flow_no;
};

static inline void scene_init(struct scene *s)
{
	cb_init(&s->c);
	s->a = (struct around){hosts_new(), controls_new()};
	s->flow_no = 1000; /* no flow of the table's */
}

static inline void scene_fini(struct scene *s)
{
	hosts_free(s->a.hosts);
	controls_free(s->a.controls);
	cb_fini(&s->c);
}

/* Another connection of the client's, tried and (or not) answered `ms` after the start. */
static inline void other(struct scene *s, struct ip_addr resp, uint16_t port, int64_t ms, bool ok)
{
	struct control_note n = {.flow_no = ++s->flow_no,
				 .orig = s->c.b.addr[0].b,
				 .resp = resp.b,
				 .resp_port = port,
				 .proto = 6,
				 .ts_ns = FB_START + ms * FB_MS,
				 .frame = (uint64_t)(5000 + ms)};

	controls_note(s->a.controls, &n);
	if (!ok)
		return;
	n.outcome = CONTROL_OK;
	n.ttl = 55;
	controls_note(s->a.controls, &n);
}

/* An earlier connection to the same service was struck `s` seconds after the start, after the name a.example. */
static inline void struck(struct scene *sc, enum hosts_how how, uint16_t orig_port, int64_t s)
{
	hosts_struck(sc->a.hosts, sc->c.b.addr[0].b, sc->c.b.addr[1].b, 443, how,
		     &(struct hosts_struck){FB_START + s * FB_S, 77, orig_port,
					    controls_name("a.example", 9)});
}

/* Three SYNs of the flow from 700 s on, and what is told of it at 800 s. */
static inline const struct evidence *unanswered(struct scene *s, bool icmp)
{
	struct evidence *ev;

	for (int64_t i = 0; i < 3; i++) {
		struct pkt p;

		cb_at(&s->c, 700000 + 1500 * i);
		p = cb_next(&s->c, 0, TCP_SYN, NULL, 0);
		cb_put(&s->c, &p);
	}
	if (icmp) {
		struct pkt p = fb_icmp(&s->c.b, fb_ip4(198, 51, 100, 7), 3, 13, 0, FB_C);

		fb_icmp_put(&s->c.b, s->c.f, &p);
	}
	cb_judge(&s->c);
	ev = s->c.cases.at[0];
	around_case(&s->a, s->c.f, FB_START + 800000 * FB_MS, ev);
	return ev;
}

/* Another attempt of the client's under a name, `s` seconds after the start. */
static inline void named(struct scene *sc, struct ip_addr resp, const char *name, int64_t s,
			 bool ok)
{
	struct control_note n = {.flow_no = ++sc->flow_no,
				 .orig = sc->c.b.addr[0].b,
				 .resp = resp.b,
				 .resp_port = 443,
				 .proto = 6,
				 .name = controls_name(name, strlen(name)),
				 .ts_ns = FB_START + s * FB_S,
				 .frame = (uint64_t)(5000 + s)};

	controls_note(sc->a.controls, &n);
	n.outcome = CONTROL_OK;
	n.ttl = 50;
	if (ok)
		controls_note(sc->a.controls, &n);
}

#endif
