/* SPDX-License-Identifier: BSD-3-Clause */
/* An annotation on connections that broke after their first payload: does that payload look as one
 * published rule wanted it (METHODS i)? It is no sign of interference, belongs to no group, and
 * nothing is put where the first packet's payload is not whole. */
#include <string.h>

#include "app/app_fep.h"
#include "detect/detect.h"

/* The client's first packet with payload: the rule was applied to one packet. NULL: not at hand. */
static const struct piece *first_packet(const struct flow *f)
{
	const struct stream *s = f->side[DIR_ORIG].stream;
	const struct piece *p = s && s->n_pieces ? &s->piece[0] : NULL;

	return p && s->n_pieces <= STREAM_PIECES && !p->off && p->len == p->seg_len &&
			       p->len <= stream_head(f, DIR_ORIG).len
		       ? p
		       : NULL;
}

void detect_first_words(const struct flow *f, struct evidence *ev)
{
	const struct piece *p = first_packet(f);
	uint32_t popcount;
	const char *name;

	if (!p || f->app[0] || f->midstream || f->truncated)
		return;
	name = fep_name(
		fep_judge((struct bytes){f->side[DIR_ORIG].stream->ring, p->len}, &popcount));
	if (!name)
		return;
	evidence_put_text(ev, FEAT_TRIGGER_FEP, name, strlen(name), p->frame_no);
	evidence_put1(ev, FEAT_TRIGGER_POPCOUNT, popcount, p->frame_no);
}
