/* SPDX-License-Identifier: BSD-3-Clause */
/* Zstandard (RFC 8878): frames follow each other, skippable frames among them. */
#include <stdlib.h>
#include <zstd.h>

#include "base/limits.h"
#include "source/input.h"

/* The least that tells what kind of frame begins (magic and descriptor, RFC 8878 3.1.1),
 * and 3.1.1.2. */
enum { ZST_FIRST = 5, ZST_BLOCK_HEADER = 3 };

struct zst {
	ZSTD_DStream *d;
	bool between; /* no frame is open */
	size_t want;  /* bytes that zstd asks for next */
};

/* RFC 8878 3.1.1 and 3.1.2: frame, or skippable frame (pzstd begins with one). */
static bool zst_is(struct bytes head)
{
	uint32_t magic;

	return bytes_le32(head, 0, &magic) &&
	       (magic == UINT32_C(0xfd2fb528) || (magic & ~UINT32_C(0xf)) == UINT32_C(0x184d2a50));
}

static void zst_free(void *state)
{
	struct zst *z = state;

	/* Accepts NULL; its result is always 0 (zstd.h). */
	(void)ZSTD_freeDStream(z->d);
	free(z);
}

static void *zst_new(struct err_info *err)
{
	struct zst *z = calloc(1, sizeof(*z));

	if (!z)
		goto out;
	z->between = true;
	z->want = ZST_FIRST;
	z->d = ZSTD_createDStream();
	if (z->d &&
	    !ZSTD_isError(ZSTD_DCtx_setParameter(z->d, ZSTD_d_windowLogMax, LIMIT_ZSTD_WINDOW_LOG)))
		return z;
	zst_free(z);
out:
	(void)err_set(err, "out of memory for zstd"); /* always false; NULL says it */
	return NULL;
}

static enum expand_got zst_run(void *state, struct bytes in, bool last, size_t *used, uint8_t *out,
			       size_t room, size_t *made, struct err_info *err)
{
	struct zst *z = state;
	ZSTD_inBuffer from = {in.at, in.len, 0};
	ZSTD_outBuffer to = {out, room, 0};

	(void)last; /* the caller sees from the answer whether a frame was open */
	*used = *made = 0;
	/* Asked without input at a frame's end, zstd would say how much of the next header it
	 * wants. */
	if (z->between && in.len == 0)
		return EXPAND_DONE;
	/* Of a call that fails nothing comes out, also not the good blocks before the damage, and
	 * given its way zstd would take several blocks, or the whole frame, in a call: more from a
	 * file than from a pipe. So it is given one block at a time. What it asks for counts the
	 * next block's header, too. */
	size_t most = z->want > ZST_BLOCK_HEADER ? z->want - ZST_BLOCK_HEADER : z->want;

	if (from.size > most)
		from.size = most;
	size_t got = ZSTD_decompressStream(z->d, &to, &from);

	*used = from.pos;
	*made = to.pos;
	if (ZSTD_isError(got)) {
		(void)err_set(
			err,
			"the zstd data is damaged, or something else follows it (%s)", /* always
											  false */
			ZSTD_getErrorName(got));
		return EXPAND_BAD;
	}
	z->between = got == 0;
	z->want = z->between ? ZST_FIRST : got;
	return z->between ? EXPAND_DONE : EXPAND_MORE;
}

const struct expander_ops expander_zst = {
	.name = "zstd",
	.format = {"pcap.zst", "pcapng.zst"},
	.is = zst_is,
	.new = zst_new,
	.run = zst_run,
	.free = zst_free,
};
