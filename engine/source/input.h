/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SOURCE_INPUT_H
#define WP_SOURCE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/sha256.h"

/* The bytes below the capture formats: a file, a pipe or memory; its digest; decompression; and a
 * window over the plain bytes in which whole records lie in one piece. Internal to source/. */

enum input_got {
	INPUT_OK,
	INPUT_IDLE,  /* a pipe had nothing for 100 ms, or a signal came; try again */
	INPUT_END,   /* no more bytes, and the end is where it should be */
	INPUT_CUT,   /* compressed data ends early, is damaged or grows too large; err says which */
	INPUT_ERROR, /* read() failed; err says why */
};

/* Stored bytes: what lies in the file. */
struct raw {
	int fd; /* -1: memory */
	bool own_fd, regular, eof;
	bool interrupted; /* the last INPUT_IDLE was a signal's doing */
	struct bytes mem;
	size_t mem_off, mem_chunk;
	uint64_t n_read, size; /* bytes; size 0: unknown */
	struct sha256 sum;     /* over what was read */
};

/* Opens `path`, "-" for standard input. False with a reason; raw_close is safe either way. */
MUST_CHECK bool raw_open(struct raw *r, const char *path, struct err_info *err);
/* The same over memory that outlives `r`; raw_read gives at most `chunk` bytes a call. */
void raw_open_memory(struct raw *r, struct bytes mem, size_t chunk);
/* Reads 1..room bytes into `to`. INPUT_OK, INPUT_IDLE, INPUT_END (again at every further call) or
 * INPUT_ERROR. */
enum input_got raw_read(struct raw *r, uint8_t *to, size_t room, size_t *n, struct err_info *err);
/* Reads what is left, through `scratch`, and writes the digest. False, and no digest, when the end
 * of the input was not seen: a pipe that is still open is not waited for, because it may never end.
 */
MUST_CHECK bool raw_finish(struct raw *r, uint8_t *scratch, size_t room, uint8_t sha256[32]);
void raw_close(struct raw *r);

enum expand_got {
	EXPAND_MORE, /* inside a compressed stream */
	EXPAND_DONE, /* so far everything is whole; another stream may follow */
	EXPAND_BAD,  /* damage; err says what. Bytes made before it are good */
};

/* One kind of compression. */
struct expander_ops {
	const char *name;      /* for people: "gzip" */
	const char *format[2]; /* struct source_stats.format of pcap and pcapng inside */
	bool (*is)(struct bytes head);
	void *(*new)(struct err_info *err); /* NULL with a reason when out of memory */
	/* Consumes *used bytes of `in` and writes *made bytes to `out`; `last`: nothing follows
	 * `in`. */
	enum expand_got (*run)(void *state, struct bytes in, bool last, size_t *used, uint8_t *out,
			       size_t room, size_t *made, struct err_info *err);
	void (*free)(void *state);
};
extern const struct expander_ops expander_gz, expander_zst, expander_xz;
/* The kind whose magic `head` begins with (6 bytes suffice), or NULL. */
const struct expander_ops *input_expander_find(struct bytes head);

struct expander {
	const struct expander_ops *ops;
	void *state;
	uint8_t *buf; /* stored bytes read ahead; NULL when `src` is the caller's memory */
	size_t cap;
	struct bytes src; /* of them, not yet consumed */
	uint64_t n_in, n_out;
	uint64_t out_max;
	uint32_t ratio_max;
	bool whole, pending, bad;
	struct err_info why; /* when bad */
};

struct input {
	/* Read path: the window is win[head..tail). Frames point into it, so it moves only in
	 * input_fill. */
	const uint8_t *win;
	size_t head, tail;
	uint64_t base; /* plain bytes before win[0] */
	uint8_t *buf;  /* == win; NULL when win is the caller's memory */
	size_t cap;
	enum input_got end; /* what ended the plain bytes; INPUT_OK before */
	struct err_info why;
	struct raw raw;
	struct expander x; /* ops NULL: not compressed */
};

/* input_open and input_open_memory leave *in closable when they fail. chunk 0: the window is the
 * memory itself. */
MUST_CHECK bool input_open(struct input *in, const char *path, struct err_info *err);
MUST_CHECK bool input_open_memory(struct input *in, struct bytes mem, size_t chunk,
				  struct err_info *err);
void input_close(struct input *in);

/* Takes what is in the window as the head of compressed data; from here on the window shows the
 * plain bytes. */
MUST_CHECK bool input_expand(struct input *in, const struct expander_ops *ops, uint64_t out_max,
			     uint32_t ratio_max, struct err_info *err);

/* Makes the window hold `need` bytes (at most LIMIT_PCAPNG_BLOCK_BYTES) or more, moving it:
 * pointers into it die. Otherwise says why not; the window then holds what there is. Reads at most
 * 256 KB beyond `need`. */
enum input_got input_fill(struct input *in, size_t need, struct err_info *err);

/* The same, waiting as long as it takes; used while opening. INPUT_IDLE only when a signal came. */
enum input_got input_wait(struct input *in, size_t need, struct err_info *err);

static inline struct bytes input_window(const struct input *in)
{
	return (struct bytes){in->win + in->head, in->tail - in->head};
}

/* Offset of the window's first byte in the plain (decompressed) capture. */
static inline uint64_t input_offset(const struct input *in)
{
	return in->base + in->head;
}

#endif
