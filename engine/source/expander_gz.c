/* SPDX-License-Identifier: BSD-3-Clause */
/* gzip (RFC 1952): members follow each other; zero bytes may pad the end, as tapes and `dd` leave
 * them. */
#include <stdlib.h>
#include <zlib.h>

#include "source/input.h"

struct gz {
	z_stream z;
	bool between; /* no member is open */
};

/* RFC 1952 2.3.1: ID1, ID2, and CM 8, the only method there is. */
static bool gz_is(struct bytes head)
{
	return head.len >= 3 && head.at[0] == 0x1f && head.at[1] == 0x8b && head.at[2] == 8;
}

static void *gz_new(struct err_info *err)
{
	struct gz *g = calloc(1, sizeof(*g));

	/* 15 is the largest window, 16 asks for the gzip wrapper: zlib.h, inflateInit2. */
	if (!g || inflateInit2(&g->z, 15 + 16) != Z_OK) {
		free(g);
		(void)err_set(err, "out of memory for gzip"); /* always false; NULL says it */
		return NULL;
	}
	g->between = true;
	return g;
}

static void gz_free(void *state)
{
	struct gz *g = state;

	/* Fails only for a state that inflateInit2 did not make. */
	(void)inflateEnd(&g->z);
	free(g);
}

static enum expand_got gz_run(void *state, struct bytes in, bool last, size_t *used, uint8_t *out,
			      size_t room, size_t *made, struct err_info *err)
{
	struct gz *g = state;
	size_t skip = 0;

	(void)last; /* the caller sees from the answer whether a member was open */
	*made = 0;
	while (g->between && skip < in.len && in.at[skip] == 0 && g->z.total_in > 0)
		skip++;
	*used = skip;
	if (g->between && skip == in.len)
		return EXPAND_DONE;
	if (g->between && g->z.total_in > 0 && inflateReset(&g->z) != Z_OK)
		goto bad;
	g->between = false;
	/* zlib only reads next_in; its type has no const unless ZLIB_CONST is defined. */
	g->z.next_in = (Bytef *)(uintptr_t)(in.at ? in.at + skip : NULL);
	g->z.avail_in = (uInt)(in.len - skip);
	g->z.next_out = out;
	g->z.avail_out = (uInt)room;
	int got = inflate(&g->z, Z_NO_FLUSH);

	*used = in.len - g->z.avail_in;
	*made = room - g->z.avail_out;
	if (got == Z_STREAM_END) {
		g->between = true;
		return EXPAND_DONE;
	}
	/* Z_BUF_ERROR: nothing to do without more input or room; not an error (zlib.h). */
	if (got == Z_OK || got == Z_BUF_ERROR)
		return EXPAND_MORE;
bad:
	(void)err_set(err,
		      "the gzip data is damaged, or something else follows it"); /* always false */
	return EXPAND_BAD;
}

const struct expander_ops expander_gz = {
	.name = "gzip",
	.format = {"pcap.gz", "pcapng.gz"},
	.is = gz_is,
	.new = gz_new,
	.run = gz_run,
	.free = gz_free,
};
