/* SPDX-License-Identifier: BSD-3-Clause */
#include "source/input.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

enum {
	/* Room for a carried-over tail in front of a whole read; grows when one record is larger.
	 */
	INPUT_CAP_FIRST = 2 * LIMIT_READ_BYTES,
	INPUT_CAP_LEAST = 4096,
};

static bool input_buf_new(struct input *in, struct err_info *err)
{
	/* A small file needs no more than itself, and a byte for the read that finds its end. */
	in->cap = INPUT_CAP_FIRST;
	if (in->raw.size > 0 && in->raw.size < INPUT_CAP_FIRST)
		in->cap = (size_t)in->raw.size + 1;
	if (in->cap < INPUT_CAP_LEAST)
		in->cap = INPUT_CAP_LEAST;
	in->buf = malloc(in->cap);
	if (!in->buf)
		return err_set(err, "out of memory for the read buffer");
	in->win = in->buf;
	in->head = in->tail = 0;
	return true;
}

bool input_open(struct input *in, const char *path, struct err_info *err)
{
	*in = (struct input){.end = INPUT_OK};
	return raw_open(&in->raw, path, err) && input_buf_new(in, err);
}

bool input_open_memory(struct input *in, struct bytes mem, size_t chunk, struct err_info *err)
{
	*in = (struct input){.end = INPUT_OK};
	raw_open_memory(&in->raw, mem, chunk ? chunk : LIMIT_READ_BYTES);
	if (chunk)
		return input_buf_new(in, err);
	/* The window is the memory: records are parsed where they lie, so a guard page behind them
	 * guards. */
	static const uint8_t nothing[1];

	in->win = mem.len ? mem.at : nothing; /* NULL plus 0 is not defined in C */
	in->tail = mem.len;
	return true;
}

void input_close(struct input *in)
{
	if (in->x.ops && in->x.state)
		in->x.ops->free(in->x.state);
	free(in->x.buf);
	free(in->buf);
	raw_close(&in->raw);
	*in = (struct input){.raw.fd = -1};
}

const struct expander_ops *input_expander_find(struct bytes head)
{
	static const struct expander_ops *const all[] = {&expander_gz, &expander_zst, &expander_xz};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i]->is(head))
			return all[i];
	return NULL;
}

bool input_expand(struct input *in, const struct expander_ops *ops, uint64_t out_max,
		  uint32_t ratio_max, struct err_info *err)
{
	struct expander *x = &in->x;
	struct bytes have = input_window(in);

	assert(!x->ops && in->base == 0 && in->head == 0);
	*x = (struct expander){.ops = ops, .out_max = out_max, .ratio_max = ratio_max};
	x->state = ops->new (err);
	if (!x->state)
		return false;
	if (!in->buf) {
		x->src = have;
		return input_buf_new(in, err);
	}
	x->buf = malloc(in->cap);
	if (!x->buf)
		return err_set(err, "out of memory for the read buffer");
	x->cap = in->cap;
	assert(have.len <= x->cap);
	memcpy(x->buf, have.at, have.len);
	x->src = (struct bytes){x->buf, have.len};
	in->head = in->tail = 0;
	/* An end that was seen while looking for the magic is the stored bytes' end; raw remembers
	 * it. */
	in->end = INPUT_OK;
	return true;
}

/* True when the caps of a decompression bomb are passed, with the reason in x->why. */
static bool expand_too_much(struct expander *x)
{
	if (x->n_out > x->out_max)
		return !err_set(&x->why, "the %s data grows beyond the cap of %" PRIu64 " bytes",
				x->ops->name, x->out_max);
	if (x->n_out > LIMIT_EXPAND_FLOOR_BYTES && x->n_out / x->ratio_max > x->n_in)
		return !err_set(&x->why,
				"the %s data grows more than %" PRIu32 " times (%" PRIu64
				" bytes from %" PRIu64 ")",
				x->ops->name, x->ratio_max, x->n_out, x->n_in);
	return false;
}

/* One step of the decompressor: 0..room bytes to `out`. Sets x->bad when nothing may follow. */
static size_t expand_run(struct input *in, uint8_t *out, size_t room)
{
	struct expander *x = &in->x;
	size_t used = 0, made = 0;

	if (room > LIMIT_READ_BYTES)
		room = LIMIT_READ_BYTES;
	/* One byte above the cap may be made, and shows that it was passed; it is dropped below. */
	if (room > x->out_max - x->n_out)
		room = (size_t)(x->out_max - x->n_out) + 1;
	bool last = in->raw.eof || !x->buf;
	enum expand_got got = x->ops->run(x->state, x->src, last, &used, out, room, &made, &x->why);

	x->whole = got == EXPAND_DONE;
	x->pending = made == room;
	x->bad = got == EXPAND_BAD;
	x->src = bytes_from(x->src, used);
	x->n_in += used;
	x->n_out += made;
	if (!x->bad && used == 0 && made == 0 && x->src.len > 0)
		x->bad = !err_set(&x->why, "the %s data cannot be decompressed", x->ops->name);
	if (!x->bad)
		x->bad = expand_too_much(x);
	if (x->n_out > x->out_max) {
		made--;
		x->n_out--;
	}
	return made;
}

static enum input_got expand_read(struct input *in, uint8_t *to, size_t room, size_t *n,
				  struct err_info *err)
{
	struct expander *x = &in->x;

	*n = 0;
	for (;;) {
		if (x->bad) {
			*err = x->why;
			return INPUT_CUT;
		}
		if (x->buf && !x->pending && x->src.len == 0 && !in->raw.eof) {
			size_t got_n;
			enum input_got got = raw_read(&in->raw, x->buf, x->cap, &got_n, err);

			if (got == INPUT_IDLE || got == INPUT_ERROR)
				return got;
			x->src = (struct bytes){x->buf, got_n};
		}
		*n = expand_run(in, to, room);
		if (*n > 0)
			return INPUT_OK;
		if (x->bad || x->src.len > 0 || (x->buf && !in->raw.eof))
			continue;
		if (x->whole)
			return INPUT_END;
		(void)err_set(err, "the %s data ends early",
			      x->ops->name); /* always false; the enum says it */
		return INPUT_CUT;
	}
}

/* Moves what is left of the window to the front of the buffer. */
static void input_compact(struct input *in)
{
	if (in->head == 0)
		return;
	memmove(in->buf, in->buf + in->head, in->tail - in->head);
	in->base += in->head;
	in->tail -= in->head;
	in->head = 0;
}

/* Doubles the full buffer; only bytes that arrived make it grow, not lengths that a header claims.
 */
static bool input_grow(struct input *in, struct err_info *err)
{
	uint8_t *buf = realloc(in->buf, in->cap * 2);

	if (!buf)
		return err_set(err, "out of memory for a record of more than %zu bytes", in->cap);
	in->win = in->buf = buf;
	in->cap *= 2;
	return true;
}

enum input_got input_fill(struct input *in, size_t need, struct err_info *err)
{
	assert(need <= LIMIT_PCAPNG_BLOCK_BYTES);
	if (in->tail - in->head >= need)
		return INPUT_OK;
	if (!in->buf)
		return INPUT_END;
	input_compact(in);
	while (in->tail < need) {
		size_t n;

		if (in->end != INPUT_OK) {
			if (err)
				*err = in->why;
			return in->end;
		}
		if (in->tail == in->cap && !input_grow(in, &in->why)) {
			in->end = INPUT_ERROR;
			continue;
		}
		uint8_t *to = in->buf + in->tail;
		size_t room = in->cap - in->tail;
		enum input_got got = in->x.ops ? expand_read(in, to, room, &n, &in->why)
					       : raw_read(&in->raw, to, room, &n, &in->why);

		if (got == INPUT_IDLE)
			return got;
		if (got == INPUT_OK)
			in->tail += n;
		else
			in->end = got;
	}
	return INPUT_OK;
}

enum input_got input_wait(struct input *in, size_t need, struct err_info *err)
{
	for (;;) {
		in->raw.interrupted = false;
		enum input_got got = input_fill(in, need, err);

		if (got != INPUT_IDLE || in->raw.interrupted)
			return got;
	}
}
