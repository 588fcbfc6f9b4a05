/* SPDX-License-Identifier: BSD-3-Clause */
/* xz: streams and stream padding follow each other (xz-file-format.txt 2, 2.2). */
#include <lzma.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "source/input.h"

struct xz {
	lzma_stream l;
	bool done;
};

/* xz-file-format.txt 2.1.1.1: FD "7zXZ" 00. */
static bool xz_is(struct bytes head)
{
	static const uint8_t magic[6] = {0xfd, '7', 'z', 'X', 'Z', 0};

	return head.len >= sizeof(magic) && memcmp(head.at, magic, sizeof(magic)) == 0;
}

static void *xz_new(struct err_info *err)
{
	struct xz *x = calloc(1, sizeof(*x));

	if (x &&
	    lzma_stream_decoder(&x->l, LIMIT_EXPAND_MEMORY_BYTES, LZMA_CONCATENATED) == LZMA_OK)
		return x;
	free(x);
	(void)err_set(err, "out of memory for xz"); /* always false; NULL says it */
	return NULL;
}

static void xz_free(void *state)
{
	struct xz *x = state;

	lzma_end(&x->l);
	free(x);
}

static enum expand_got xz_run(void *state, struct bytes in, bool last, size_t *used, uint8_t *out,
			      size_t room, size_t *made, struct err_info *err)
{
	struct xz *x = state;

	*used = *made = 0;
	if (x->done)
		return EXPAND_DONE;
	x->l.next_in = in.at;
	x->l.avail_in = in.len;
	x->l.next_out = out;
	x->l.avail_out = room;
	lzma_ret got = lzma_code(&x->l, last ? LZMA_FINISH : LZMA_RUN);

	*used = in.len - x->l.avail_in;
	*made = room - x->l.avail_out;
	switch (got) {
	case LZMA_STREAM_END:
		x->done = true;
		return EXPAND_DONE;
	case LZMA_OK:
	case LZMA_BUF_ERROR: /* nothing to do without more input or room */
		return EXPAND_MORE;
	case LZMA_MEMLIMIT_ERROR:
		(void)err_set(err, "the xz data wants more than %d MB of memory", /* always false */
			      LIMIT_EXPAND_MEMORY_BYTES >> 20);
		return EXPAND_BAD;
	default:
		(void)err_set(
			err,
			"the xz data is damaged, or something else follows it"); /* always false */
		return EXPAND_BAD;
	}
}

const struct expander_ops expander_xz = {
	.name = "xz",
	.format = {"pcap.xz", "pcapng.xz"},
	.is = xz_is,
	.new = xz_new,
	.run = xz_run,
	.free = xz_free,
};
