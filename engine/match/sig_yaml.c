/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/limits.h"
#include "match/sig_impl.h"

/* The strict subset of YAML: events of libyaml become a small tree in which every value is text
 * and knows its place. What YAML would do beyond that (types, anchors, tags, merge keys,
 * documents) is refused here, so that nobody downstream has to know it exists. */

struct open_node {
	struct ynode *node;
	struct ynode **end; /* where the next child is hung */
	struct ynode *key;  /* MAP: the key that waits for its value */
};

struct builder {
	struct sig_src *src;
	struct ytree *tree;
	uint32_t depth;
	uint32_t documents;
	struct open_node open[LIMIT_SIG_DEPTH];
};

void ytree_free(struct ytree *t)
{
	struct ynode *next;

	for (struct ynode *n = t->all; n; n = next) {
		next = n->all;
		free(n->text);
		free(n);
	}
	*t = (struct ytree){0};
}

static struct ynode *node_new(struct builder *b, enum ynode_kind kind, const yaml_event_t *e)
{
	struct ynode *n;
	uint32_t line = (uint32_t)e->start_mark.line + 1, col = (uint32_t)e->start_mark.column + 1;

	if (b->tree->n == LIMIT_SIG_NODES) {
		sig_complain(b->src, line, col, NULL, "more than %d values in one file",
			     LIMIT_SIG_NODES);
		return NULL;
	}
	n = calloc(1, sizeof(*n));
	if (!n) {
		sig_complain(b->src, line, col, NULL, "out of memory");
		return NULL;
	}
	n->kind = kind;
	n->line = line;
	n->col = col;
	n->all = b->tree->all;
	b->tree->all = n;
	b->tree->n++;
	return n;
}

/* Hangs a finished or just opened node where it belongs: as the root, a list's item, a map's key
 * or that key's value. */
static bool hang(struct builder *b, struct ynode *n)
{
	struct open_node *top = b->depth ? &b->open[b->depth - 1] : NULL;

	if (!top) {
		b->tree->root = n;
		return true;
	}
	if (top->node->kind == YNODE_MAP && !top->key) {
		if (n->kind != YNODE_TEXT && n->kind != YNODE_BAD) {
			sig_complain(b->src, n->line, n->col, NULL, "a key must be a word");
			return false;
		}
		top->key = n;
		return true;
	}
	n->key = top->key;
	top->key = NULL;
	*top->end = n;
	top->end = &n->next;
	return true;
}

/* Anchors and tags may stand at any value; both are refused. */
static void check_extras(struct builder *b, const yaml_event_t *e, const yaml_char_t *anchor,
			 const yaml_char_t *tag)
{
	uint32_t line = (uint32_t)e->start_mark.line + 1, col = (uint32_t)e->start_mark.column + 1;

	if (anchor)
		sig_complain(b->src, line, col, "write the value out",
			     "anchors (&) are not allowed");
	if (tag)
		sig_complain(b->src, line, col, "every value is text: leave the tag out",
			     "tags (!) are not allowed");
}

static bool on_open(struct builder *b, const yaml_event_t *e, enum ynode_kind kind)
{
	struct ynode *n = node_new(b, kind, e);

	if (!n)
		return false;
	if (b->depth == LIMIT_SIG_DEPTH) {
		sig_complain(b->src, n->line, n->col, NULL, "more than %d levels deep",
			     LIMIT_SIG_DEPTH);
		return false;
	}
	if (!hang(b, n))
		return false;
	b->open[b->depth++] = (struct open_node){.node = n, .end = &n->child};
	return true;
}

/* Escapes in double quotes ("\0", "\e") can still make what sig_text_check refused in the file. */
static bool scalar_clean(struct bytes text)
{
	uint32_t cp;

	for (size_t off = 0, n; (off += sig_plain(bytes_from(text, off))) < text.len; off += n) {
		n = sig_utf8(bytes_from(text, off), &cp);
		if (!n || (cp != '\n' && cp != '\t' && sig_invisible(cp)))
			return false;
	}
	return true;
}

static bool on_scalar(struct builder *b, const yaml_event_t *e)
{
	struct bytes text = {e->data.scalar.value, e->data.scalar.length};
	struct ynode *n = node_new(b, YNODE_TEXT, e);

	if (!n)
		return false;
	check_extras(b, e, e->data.scalar.anchor, e->data.scalar.tag);
	n->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	n->quoted = e->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
		    e->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	if (text.len > LIMIT_SIG_SCALAR) {
		sig_complain(b->src, n->line, n->col, NULL, "longer than %d bytes",
			     LIMIT_SIG_SCALAR);
		n->kind = YNODE_BAD;
	} else if (!scalar_clean(text)) {
		sig_complain(b->src, n->line, n->col, "take it out",
			     "an escape makes an invisible character");
		n->kind = YNODE_BAD;
	} else {
		n->text = strndup((const char *)text.at, text.len);
		if (!n->text) {
			sig_complain(b->src, n->line, n->col, NULL, "out of memory");
			return false;
		}
	}
	return hang(b, n);
}

static bool on_alias(struct builder *b, const yaml_event_t *e)
{
	struct ynode *n = node_new(b, YNODE_BAD, e);

	if (!n)
		return false;
	sig_complain(b->src, n->line, n->col, "write the value out", "aliases (*) are not allowed");
	return hang(b, n);
}

static bool on_document(struct builder *b, const yaml_event_t *e)
{
	uint32_t line = (uint32_t)e->start_mark.line + 1;

	if (e->data.document_start.version_directive ||
	    e->data.document_start.tag_directives.start !=
		    e->data.document_start.tag_directives.end) {
		sig_complain(b->src, line, 1, "take the line out",
			     "%%YAML and %%TAG lines are not allowed");
		return false;
	}
	if (b->documents++) {
		sig_complain(b->src, line, 1, "one signature, one file",
			     "a second document begins here");
		return false;
	}
	return true;
}

static bool on_event(struct builder *b, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		return on_document(b, e);
	case YAML_ALIAS_EVENT:
		return on_alias(b, e);
	case YAML_SCALAR_EVENT:
		return on_scalar(b, e);
	case YAML_SEQUENCE_START_EVENT:
		check_extras(b, e, e->data.sequence_start.anchor, e->data.sequence_start.tag);
		return on_open(b, e, YNODE_LIST);
	case YAML_MAPPING_START_EVENT:
		check_extras(b, e, e->data.mapping_start.anchor, e->data.mapping_start.tag);
		return on_open(b, e, YNODE_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return true;
	default:
		return true;
	}
}

static void complain_syntax(struct sig_src *src, const yaml_parser_t *p)
{
	uint32_t line = (uint32_t)p->problem_mark.line + 1,
		 col = (uint32_t)p->problem_mark.column + 1;
	const char *what = p->problem ? p->problem : "out of memory";
	const char *hint = NULL;

	if (strstr(what, "cannot start any token"))
		hint = "indent with spaces, and put a text that begins with this character in quotes";
	else if (strstr(what, "tab character"))
		hint = "indent with spaces";
	else if (strstr(what, "mapping values are not allowed"))
		hint = "put a text that holds \": \" in quotes";
	else if (strstr(what, "did not find expected key"))
		hint = "line up with the key above";
	sig_complain(src, line, col, hint, "not YAML: %s", what);
}

bool ytree_read(struct sig_src *src, struct ytree *out)
{
	struct builder b = {.src = src, .tree = out};
	yaml_parser_t p;
	yaml_event_t e;
	bool go_on = true, ended = false;

	*out = (struct ytree){0};
	if (!yaml_parser_initialize(&p)) {
		sig_complain(src, 0, 0, NULL, "out of memory");
		return false;
	}
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&p, src->text.at ? src->text.at : (const uint8_t *)"",
				     src->text.len);
	/* Each event takes at least one byte of the file, but for the ends and empty values:
	 * bounded by its size. */
	while (go_on && !ended) {
		if (!yaml_parser_parse(&p, &e)) {
			complain_syntax(src, &p);
			go_on = false;
			break;
		}
		ended = e.type == YAML_STREAM_END_EVENT;
		go_on = on_event(&b, &e);
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&p);
	return go_on;
}
