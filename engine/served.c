/* SPDX-License-Identifier: BSD-3-Clause */
#include "served.h"

#include "geo/geo.h"
#include "kin/tally.h"

static enum tally_kind kind_of(const struct flow *f)
{
	uint16_t port = f->port[DIR_RESP];

	if (f->proto == 6)
		return port == 443  ? TALLY_TCP_443
		       : port == 80 ? TALLY_TCP_80
		       : port == 22 ? TALLY_TCP_22
				    : TALLY_TCP_OTHER;
	return port == 443 ? TALLY_UDP_443 : port == 53 ? TALLY_UDP_53 : TALLY_UDP_OTHER;
}

static void count(const struct engine_config *cfg, const struct flow *f, int64_t ts_ns, bool ok)
{
	struct tally_flow s = {
		.client = f->addr[DIR_ORIG].b, .ts_ns = ts_ns, .kind = kind_of(f), .ok = ok};

	if (cfg->geo)
		(void)geo_country(cfg->geo, s.client, s.country); /* none: empty */
	s.network = geo_network(cfg->networks, s.client);
	/* METHODS 0: what the client's side of the path takes */
	if (ok && f->proto == 6 && !model_rtt(f, DIR_ORIG, NULL, 0, &s.rtt_ns))
		s.rtt_ns = 0;
	tally_count(cfg->tally, &s);
}

void served_packet(const struct engine_config *cfg, struct flow *f, enum dir d, const struct pkt *p)
{
	const struct flow_side *orig = &f->side[DIR_ORIG], *resp = &f->side[DIR_RESP];
	bool ok;

	tally_time(cfg->tally, p->ts_ns);
	if (f->served || f->midstream)
		return;
	if (f->proto == 6)
		ok = f->established && orig->n_data && resp->n_data;
	else
		ok = resp->packets && (d == DIR_ORIG || f->port[DIR_RESP] == 53);
	if (!ok)
		return;
	f->served = true;
	count(cfg, f, p->ts_ns, true);
}

/* A closed port answers with a reset, and a scanner resets what it was answered: neither is a path that fails. */
void served_end(const struct engine_config *cfg, const struct flow *f)
{
	const struct flow_side *orig = &f->side[DIR_ORIG], *resp = &f->side[DIR_RESP];

	if (f->proto == 6 && !f->served && !f->midstream && !f->established && orig->n_syn &&
	    !orig->n_data && !orig->n_rst && !resp->n_rst)
		count(cfg, f, f->first_ns, false);
}
