/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_MATCH_SIG_IMPL_H
#define WP_MATCH_SIG_IMPL_H

/* What the files sig_*.c share: the text of one signature on its way from bytes to struct
 * signature. Nobody outside match/ includes this. */

#include "base/bytes.h"
#include "match/signature.h"

/* The keys whose place in the file a later complaint may have to show. */
enum sig_key {
	KEY_FORMAT,
	KEY_ID,
	KEY_REV,
	KEY_STATUS,
	KEY_TITLE,
	KEY_CLAIMS,
	KEY_EXCUSES,
	KEY_EFFECT,
	KEY_WHEN,
	KEY_UNLESS,
	KEY_SUPPORTS,
	KEY_CAPS,
	KEY_CONFIDENCE,
	KEY_RIVALS,
	KEY_SOURCES,
	KEY_TESTS,
	KEY_CAPTURES,
	KEY_NOTES,
	KEY_TOP_N,
	KEY_TECHNIQUE = KEY_TOP_N,
	KEY_ACTOR,
	KEY_SCOPE,
	KEY_VALID,
	KEY_ARTEFACT,
	KEY_CONF_MECHANISM,
	KEY_CONF_SCOPE,
	KEY_N,
};

struct sig_mark {
	uint32_t line, col; /* 1-based; 0 when the key is not there */
};

/* One file being read. */
struct sig_src {
	const char *path; /* for messages; may be NULL */
	char *want_id;    /* the id its path asks for; NULL: not checked */
	struct bytes text;
	struct sig_problems *problems; /* may be NULL: only counted */
	size_t n_complaints;           /* about this file */
	bool terms_lost; /* a term could not be read: its list is not judged for what it lacks */
	struct signature *sig;
	struct sig_mark root; /* where the map of all keys begins: for what is missing */
	struct sig_mark at[KEY_N];
	bool have[KEY_N];
};

/* Adds a complaint about line:col (0: the whole file), with the line's text. `suggestion` may be
 * NULL; copied. Beyond LIMIT_SIG_PROBLEMS, or out of memory, it is counted in left_out. */
void sig_complain(struct sig_src *src, uint32_t line, uint32_t col, const char *suggestion,
		  const char *fmt, ...) PRINTF_LIKE(5, 6);
void sig_complain_at(struct sig_src *src, enum sig_key key, const char *suggestion, const char *fmt,
		     ...) PRINTF_LIKE(4, 5);

/* Of `n` candidates the one that most resembles `word`, when it is close enough to be what was
 * meant; else NULL. */
const char *sig_nearest(const char *word, const char *(*name)(const void *list, size_t i),
			const void *list, size_t n);
/* The same for a plain array of names. */
const char *sig_nearest_of(const char *word, const char *const *list, size_t n);

/* Complains about the first byte that is not allowed: bad UTF-8, control characters, line breaks
 * other than LF and CR LF, marks that turn the direction of text. libyaml reports these at 1:1.
 * True when there is none. */
bool sig_text_check(struct sig_src *src);
/* Bytes of the well-formed character at the start of b, and its code point; 0 when it is none. */
size_t sig_utf8(struct bytes b, uint32_t *cp);
/* The bytes at the start of b that are printable ASCII: nearly all there is, and read at every start of the program. */
size_t sig_plain(struct bytes b);
/* A character that a person would not see, or that steers a terminal. */
bool sig_invisible(uint32_t cp);

enum ynode_kind { YNODE_TEXT, YNODE_MAP, YNODE_LIST, YNODE_BAD };

/* One value of a document. BAD was complained about and is to be passed over. */
struct ynode {
	enum ynode_kind kind;
	uint32_t line, col;
	bool plain;          /* no quotes: its columns are those of the file */
	bool quoted;         /* 'so' or "so" */
	char *text;          /* TEXT: NUL-terminated, no NUL inside */
	struct ynode *key;   /* in a MAP: TEXT */
	struct ynode *child; /* of MAP, LIST: the first */
	struct ynode *next;  /* sibling */
	struct ynode *all;   /* every node of the tree, for freeing */
};

struct ytree {
	struct ynode *root; /* NULL when the document is empty or no YAML */
	struct ynode *all;
	size_t n;
};

/* Reads the one document of src->text into *out. Complains about everything outside the strict
 * subset; after a complaint that leaves the rest meaningless the tree ends there and false is
 * returned. The tree is freed by ytree_free in either case. */
bool ytree_read(struct sig_src *src, struct ytree *out);
void ytree_free(struct ytree *t);

/* One key of a map and what reads its value. `into` is what that map fills. */
struct sig_field {
	const char *key;
	bool required;
	enum sig_key mark; /* KEY_N: nobody asks for its place */
	void (*take)(struct sig_src *src, const struct ynode *v, void *into);
};
/* Hands each value of a map to its field's `take`. Complains about unknown, duplicate and
 * missing keys. */
void sig_take_map(struct sig_src *src, const struct ynode *map, const struct sig_field *f, size_t n,
		  void *into, const char *what);
/* The text of a value that must have one; NULL with a complaint otherwise. */
const char *sig_text_of(struct sig_src *src, const struct ynode *v);
/* Stores a copy of the value's text in *(char **)into, or complains. */
void sig_take_text(struct sig_src *src, const struct ynode *v, void *into);
/* The place of the value in a list of words; -1 with a complaint when it is none of them. */
int sig_take_word(struct sig_src *src, const struct ynode *v, const char *const *word, size_t n);
/* The number of a list's items, and as many zeroed things of `size` in *room, the caller's to
 * free. 0 and NULL, with a complaint, when it is no list or longer than `max`. */
uint32_t sig_list_of(struct sig_src *src, const struct ynode *v, uint32_t max, size_t size,
		     void **room);
/* Reads every key of a signature into src->sig. */
void sig_take_all(struct sig_src *src, const struct ynode *root);

/* Two terms that ask for the same. */
bool sig_term_same(const struct term *a, const struct term *b);
/* A complaint about a signature that was read before. The line is shown from its file, which is
 * read once more; when that is gone the complaint stands without. */
void sig_complain_later(const struct signature *s, struct sig_problems *problems, uint32_t line,
			uint32_t col, const char *suggestion, const char *what);

/* Reads one term from a TEXT node. False, with a complaint and *out freed, when it is none. */
bool term_read(struct sig_src *src, const struct ynode *node, struct term *out);
void term_free(struct term *t);
/* Whether one term would hold for this number or this single text. */
bool term_holds_num(const struct term *t, int64_t num);
bool term_holds_text(const struct term *t, const char *text);
bool unit_is_text(enum unit u);

/* `fields` of a source and `captures` of a signature, and the rule what makes one active. */
void sig_take_fields(struct sig_src *src, const struct ynode *v, void *into);
void sig_take_captures(struct sig_src *src, const struct ynode *v, void *into);
void sig_check_evidence(struct sig_src *src);

/* All rules that look at more than one value of a signature; complains, and leaves the signature
 * alone. */
void sig_check(struct sig_src *src);

/* Called for every block of memory that *s owns but for its path and itself: the pointer that holds it, the block, its bytes, and
 * whether it is a text. What a block points to comes before the block. */
typedef void sig_block_fn(void *arg, void *where, void *block, size_t len, bool is_text);
void sig_each_block(struct signature *s, sig_block_fn *fn, void *arg);

/* The signature of this id as it was read when the program was built, if its file held this very text; the caller's. What goes
 * with it is the text, which lasts as long as the program. NULL when it is not known or there is no memory. */
struct signature *sig_known_get(const struct sig_known_set *set, const char *path, const char *id,
				struct bytes text, struct bytes *known_text);

/* The bytes of a signature file. */
struct sig_file {
	const uint8_t *at;
	size_t len;
	uint8_t *own; /* the same, from malloc; NULL: they are a loan */
};
/* Reads a regular file, at most LIMIT_SIG_BYTES + 1 bytes of it (the reader refuses those).
 * NULL, or why not. */
const char *sig_file_read(const char *path, struct sig_file *out);
void sig_file_free(struct sig_file *f);

/* sig_read with the id checked against `want_id` (NULL: not checked). Complaints come in the
 * order of the file. */
struct signature *sig_read_as(const char *path, const char *want_id, struct bytes text,
			      struct sig_problems *problems);

/* An empty set; NULL: no memory. */
struct sig_set *sig_set_new(void);
/* Takes the signature and the file, in place of one with the same id. False, with both freed, when there is no memory. */
MUST_CHECK bool sig_set_put(struct sig_set *set, struct signature *sig, struct sig_file file);
/* When all are put and before anything is judged: which signatures speak of which cases. False when out of memory. */
MUST_CHECK bool sig_set_index(struct sig_set *set);
/* The bytes of the file that signature i was read from: the set's. */
struct bytes sig_set_text(const struct sig_set *set, size_t i);

#endif
