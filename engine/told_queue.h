/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TOLD_QUEUE_H
#define WP_TOLD_QUEUE_H

#include "evidence/flow_record.h"
#include "match/finding.h"
#include "sink/sink.h"

/* What one thread decides and another tells: messages in blocks, in order. A block belongs to one thread at a time. */
enum told_kind {
	TOLD_FINDING,
	TOLD_FLOW,
	TOLD_PASS,  /* what counts for devices of a flow that is not told itself */
	TOLD_INPUT, /* the input has been read, or refused */
	TOLD_PART,  /* the input's counts: the last message of it */
};

struct told_finding {
	bool last, news;
	struct finding f; /* its cases are the message's own */
};

struct told_pass {
	uint64_t pass;
	char flow_id[FLOW_ID_TEXT];
};

struct told_block {
	struct told_block *next;
	size_t used, room;
	size_t outside; /* bytes that messages hold beside the block */
	_Alignas(16) unsigned char at[];
};

/* The writer's end: blocks that are not handed on yet, first to last. */
struct told_writer {
	struct told_block *first, *last;
	size_t bytes;
	uint64_t lost; /* messages for which there was no memory */
};

void told_put_finding(struct told_writer *w, const struct finding *f, bool last, bool news);
void told_put_flow(struct told_writer *w, const struct flow_record *r);
void told_put_pass(struct told_writer *w, uint64_t pass, const char flow_id[FLOW_ID_TEXT]);
void told_put_input(struct told_writer *w);
/* False when there was no memory: then nothing else says that the input is over. */
MUST_CHECK bool told_put_part(struct told_writer *w, const struct run_summary *part);

/* The message at *off, which moves on; NULL: no more. The block's, until it is freed. */
const void *told_next(const struct told_block *b, size_t *off, enum told_kind *kind);
/* Bytes in a block and beside it. */
size_t told_block_bytes(const struct told_block *b);
/* Frees a list of blocks, with what their messages own. Accepts NULL. */
void told_free(struct told_block *first);

#endif
