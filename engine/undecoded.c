/* SPDX-License-Identifier: BSD-3-Clause */
#include "undecoded.h"

#include <string.h>

void undecoded_count(struct run_summary *r, uint16_t linktype, uint16_t ethertype, const char *why)
{
	uint32_t i;

	r->lost.undecoded++;
	for (i = 0; i < r->n_undecoded; i++)
		if (r->undecoded[i].linktype == linktype &&
		    r->undecoded[i].ethertype == ethertype && !strcmp(r->undecoded[i].why, why))
			break;
	if (i == RUN_UNDECODED_MAX)
		i--; /* the last line takes the rest */
	else if (i == r->n_undecoded)
		r->undecoded[r->n_undecoded++] =
			(struct run_undecoded){linktype, ethertype, why, 0};
	r->undecoded[i].n++;
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
