/* SPDX-License-Identifier: BSD-3-Clause */
#include "source/source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "source/source_impl.h"

enum {
	SNIFF_BYTES = 6, /* the longest magic: xz */
};

/* Formats that people mistake for captures we read; for a helpful refusal only. */
static const struct {
	const char *magic;
	size_t len;
	const char *is;
} foreign[] = {
	{"snoop", 5, "a snoop capture; `editcap -F pcapng` converts it"},
	{"BZh", 3, "compressed by bzip2; decompress it first"},
	{"\x04\x22\x4d\x18", 4, "compressed by lz4; decompress it first"},
	{"PK\x03\x04", 4, "a zip archive; unpack it first"},
	{"\x1f\x9d", 2, "compressed by compress; decompress it first"},
};

static bool source_refuse(struct bytes head, const char *inside, struct err_info *err)
{
	if (head.len == 0)
		return err_set(err, "%sis empty", inside);
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		if (head.len >= foreign[i].len &&
		    memcmp(head.at, foreign[i].magic, foreign[i].len) == 0)
			return err_set(err, "%sis %s", inside, foreign[i].is);
	if (head.len < 4)
		return err_set(err, "%sis too short for a capture (%zu bytes)", inside, head.len);
	return err_set(err,
		       "%sis not a pcap or pcapng capture (it begins with %02x %02x %02x %02x)",
		       inside, head.at[0], head.at[1], head.at[2], head.at[3]);
}

/* Waits for the first bytes; a file that is shorter shows what it has. */
static bool source_sniff(struct source *s, struct bytes *head, struct err_info *err)
{
	enum input_got got = input_wait(&s->in, SNIFF_BYTES, err);

	*head = bytes_head(input_window(&s->in), SNIFF_BYTES);
	if (got == INPUT_IDLE)
		return err_set(err, "interrupted");
	/* Compressed data that breaks off early may still have given a header. */
	return got != INPUT_ERROR && (got != INPUT_CUT || head->len >= 4);
}

static bool source_start(struct source *s, struct err_info *err)
{
	struct bytes head;
	const struct expander_ops *ops;
	const char *inside = "";

	if (!source_sniff(s, &head, err))
		return false;
	ops = input_expander_find(head);
	if (ops) {
		if (!input_expand(&s->in, ops, s->opts.expand_max_bytes, s->opts.expand_ratio_max,
				  err) ||
		    !source_sniff(s, &head, err))
			return false;
		inside = "what was compressed ";
	}
	if (source_pcap_is(head)) {
		s->stats.format = ops ? ops->format[0] : "pcap";
		return source_pcap_start(s, err);
	}
	if (source_pcapng_is(head)) {
		s->stats.format = ops ? ops->format[1] : "pcapng";
		return source_pcapng_start(s, err);
	}
	if (ops && input_expander_find(head))
		return err_set(err, "is compressed twice");
	return source_refuse(head, inside, err);
}

uint16_t source_linktype(uint16_t in_file)
{
	switch (in_file) {
	case 11: /* DLT_ATM_RFC1483 */
		return 100;
	case 12: /* DLT_RAW; OpenBSD's DLT_LOOP, but its libpcap writes 108 for that */
	case 14: /* DLT_RAW of OpenBSD */
		return 101;
	case 15: /* DLT_SLIP_BSDOS */
		return 102;
	case 16: /* DLT_PPP_BSDOS */
		return 103;
	case 18: /* DLT_PFSYNC of some BSDs */
		return 246;
	case 19: /* DLT_ATM_CLIP */
		return 106;
	default:
		return in_file;
	}
}

static struct source *source_new(const struct source_options *opts, struct err_info *err)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s) {
		(void)err_set(err, "out of memory"); /* always false; NULL says it */
		return NULL;
	}
	if (opts)
		s->opts = *opts;
	if (!s->opts.expand_max_bytes)
		s->opts.expand_max_bytes = LIMIT_EXPAND_BYTES;
	if (!s->opts.expand_ratio_max)
		s->opts.expand_ratio_max = LIMIT_EXPAND_RATIO;
	return s;
}

bool source_open(struct source **out, const char *path, const struct source_options *opts,
		 struct err_info *err)
{
	struct source *s = source_new(opts, err);

	*out = NULL;
	if (!s)
		return false;
	if (!input_open(&s->in, path, err) || !source_start(s, err)) {
		source_close(s);
		return false;
	}
	*out = s;
	return true;
}

bool source_open_memory(struct source **out, struct bytes mem, size_t chunk,
			const struct source_options *opts, struct err_info *err)
{
	struct source *s = source_new(opts, err);

	*out = NULL;
	if (!s)
		return false;
	if (!input_open_memory(&s->in, mem, chunk, err) || !source_start(s, err)) {
		source_close(s);
		return false;
	}
	*out = s;
	return true;
}

/* Ends the source for good: every further call gets the same answer. s->why holds the reason. */
static enum source_got source_finish(struct source *s, enum source_got end)
{
	uint8_t scratch[4096];

	s->ended = true;
	s->end = end;
	if (end == SOURCE_ERROR)
		return end;
	/* No frame is out at this point, so the window's buffer may serve; zero-copy sources have
	 * none. */
	s->stats.sha256_valid =
		raw_finish(&s->in.raw, s->in.buf ? s->in.buf : scratch,
			   s->in.buf ? s->in.cap : sizeof(scratch), s->stats.sha256);
	return end;
}

/* The window cannot be filled any further: is that the end, or a record cut short? */
static enum source_got source_end(struct source *s)
{
	struct bytes rest = input_window(&s->in);

	if (rest.len == 0)
		return source_finish(s, SOURCE_END);
	(void)err_set(&s->why,
		      "ends inside record %" PRIu64 " (byte %" PRIu64
		      ", %zu bytes of it are there)",
		      s->no + 1, input_offset(&s->in), rest.len); /* always false */
	return source_finish(s, SOURCE_CUT);
}

/* Compressed data broke off: say where in the capture that was, too. */
static enum source_got source_cut(struct source *s)
{
	struct err_info why = s->why;

	(void)err_set(&s->why, "%.400s; %" PRIu64 " frames were read before", why.text,
		      s->stats.frames); /* always false */
	return source_finish(s, SOURCE_CUT);
}

static enum source_got source_step(struct source *s, struct batch *out)
{
	for (;;) {
		size_t need = 0;
		enum walk_got got = s->walk(s, out, &need, &s->why);

		if (out->n > 0) {
			/* Damage that follows is found again by the next call: frames first. */
			s->stats.frames += out->n;
			return SOURCE_FRAMES;
		}
		if (got == WALK_BAD)
			return source_finish(s, SOURCE_CUT);
		switch (input_fill(&s->in, need, &s->why)) {
		case INPUT_OK:
			break;
		case INPUT_IDLE:
			return SOURCE_IDLE;
		case INPUT_END:
			return source_end(s);
		case INPUT_CUT:
			return source_cut(s);
		case INPUT_ERROR:
			return source_finish(s, SOURCE_ERROR);
		}
	}
}

enum source_got source_next(struct source *s, struct batch *out, struct err_info *err)
{
	out->n = 0;
	enum source_got got = s->ended  ? s->end
			      : s->live ? source_live_next(s, out)
					: source_step(s, out);

	if (err && (got == SOURCE_CUT || got == SOURCE_ERROR))
		*err = s->why;
	return got;
}

void source_stats(const struct source *s, struct source_stats *out)
{
	*out = s->stats;
	if (s->live) {
		source_live_stats(s, out);
		return;
	}
	out->file_bytes = s->in.raw.n_read;
	out->file_size = s->in.raw.size;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	if (s->live) {
		source_live_free(s->live);
		free(s);
		return;
	}
	source_pcapng_free(s);
	input_close(&s->in);
	free(s);
}
