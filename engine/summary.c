/* SPDX-License-Identifier: BSD-3-Clause */
#include "summary.h"

#include <string.h>

void undecoded_count(struct run_summary *r, uint16_t linktype, uint16_t ethertype, const char *why,
		     uint64_t n)
{
	uint32_t i;

	r->lost.undecoded += n;
	for (i = 0; i < r->n_undecoded; i++)
		if (r->undecoded[i].linktype == linktype &&
		    r->undecoded[i].ethertype == ethertype && !strcmp(r->undecoded[i].why, why))
			break;
	if (i == RUN_UNDECODED_MAX)
		i--; /* the last line takes the rest */
	else if (i == r->n_undecoded)
		r->undecoded[r->n_undecoded++] =
			(struct run_undecoded){linktype, ethertype, why, 0};
	r->undecoded[i].n += n;
}

const char *undecoded_why(enum decode_got got)
{
	switch (got) {
	case DECODE_NOT_IP:
		return "not IP";
	case DECODE_LINKTYPE:
		return "link type not known";
	case DECODE_CUT:
		return "cut inside the headers";
	case DECODE_MALFORMED:
		return "malformed headers";
	case DECODE_TOO_DEEP:
		return "too many layers";
	default:
		return "other transport";
	}
}

static void add_all(uint64_t *to, const uint64_t *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] += from[i];
}

void summary_take(struct run_summary *run, struct run_summary *part)
{
	struct run_summary p = *part;

	*part = (struct run_summary){.n_inputs = p.n_inputs, .input = p.input, .sig_n = p.sig_n};
	memcpy(part->sig_sha256, p.sig_sha256, sizeof(part->sig_sha256));
	run->sig_n = p.sig_n;
	memcpy(run->sig_sha256, p.sig_sha256, sizeof(run->sig_sha256));
	run->packets += p.packets;
	run->bytes += p.bytes;
	run->flows += p.flows;
	add_all(run->stage, p.stage, ARRAY_LEN(p.stage));
	add_all(run->findings, p.findings, ARRAY_LEN(p.findings));
	add_all(run->findings_by_grade, p.findings_by_grade, ARRAY_LEN(p.findings_by_grade));
	run->lost.kernel += p.lost.kernel;
	run->lost.ring += p.lost.ring;
	run->lost.truncated += p.lost.truncated;
	run->lost.prefiltered += p.lost.prefiltered;
	run->lost.evicted += p.lost.evicted;
	run->lost.output += p.lost.output;
	for (uint32_t i = 0; i < p.n_undecoded; i++)
		undecoded_count(run, p.undecoded[i].linktype, p.undecoded[i].ethertype,
				p.undecoded[i].why, p.undecoded[i].n);
	run->time_backwards += p.time_backwards;
	run->clock_steps += p.clock_steps;
	run->across_evicted += p.across_evicted;
	run->duplicates += p.duplicates;
	run->defrag_failed += p.defrag_failed;
	run->inspection_lost += p.inspection_lost;
}
