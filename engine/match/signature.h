/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_MATCH_SIGNATURE_H
#define WP_MATCH_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "evidence/evidence.h"
#include "evidence/flow_record.h"

enum technique {
	TECH_RST_INJECTION,
	TECH_DNS_INJECTION,
	TECH_DATA_INJECTION,
	TECH_HTTP_BLOCKPAGE,
	TECH_TLS_INTERCEPTION,
	TECH_PACKET_DROP,
	TECH_QUIC_BLOCKING,
	TECH_THROTTLING,
	TECH_DNS_MANIPULATION,
	TECH_SNI_FILTERING,
	TECH_HOST_FILTERING,
	TECH_ADDRESS_BLOCKING,
	TECH_PROTOCOL_BLOCKING,
	TECH_N
};
const char *technique_name(enum technique t); /* "rst_injection", ... */
MUST_CHECK bool technique_find(const char *name, size_t len, enum technique *out);

enum grade { GRADE_NONE, GRADE_ANOMALY, GRADE_LIKELY, GRADE_CONFIRMED, GRADE_PROOF };
const char *grade_name(enum grade g); /* NULL for NONE; "anomaly", "likely", ... */

enum sig_kind { SIG_MECHANISM, SIG_MIDDLEBOX, SIG_BENIGN };
enum sig_status { SIG_DRAFT, SIG_ACTIVE, SIG_RETIRED };
enum term_op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_IN, OP_IS };
enum truth { TRUTH_NO, TRUTH_YES, TRUTH_UNKNOWN };

enum {
	SIG_TERMS_MAX = 24,  /* in one of when, unless, supports */
	SIG_VALUES_MAX = 64, /* in one { } list */
};

struct term_value {
	int64_t num;
	char *text; /* TOKEN, TEXT, ADDR */
};

struct term {
	enum feat feat;
	enum term_op op;
	uint32_t n_values;
	struct term_value *value;
	char *source; /* the term as written, for people */
	uint32_t line, col;
};

struct sig_rival {
	char *cause, *tell;
};
struct sig_source {
	char *key, *says, *read;
	uint32_t n_fields;
	enum feat *field; /* features whose value this source states; NULL when it is not said */
	uint32_t line, col;
};
/* A capture that somebody else took and published, in which the signature matches. */
struct sig_capture {
	char *repo, *commit, *path; /* owner/name, 40 hex digits, path in that commit */
	uint32_t n_frames;
	uint64_t *frame; /* numbered from 1: what the match has to cite */
	uint32_t line, col;
};
enum sig_expect { EXPECT_MATCH, EXPECT_NO_MATCH, EXPECT_UNKNOWN };
struct sig_test {
	enum sig_expect expect;
	char *file;
	uint32_t line, col;
};

struct signature {
	char *id;   /* path below signatures/, / as dot, no ending */
	char *path; /* the file it was read from */
	uint32_t rev;
	enum sig_kind kind;
	enum sig_status status;
	char *title;
	enum ev_case kase;
	bool has_technique;
	enum technique technique; /* claims.technique; for benign: what `excuses` names */
	char *position;           /* on-path | in-path | unknown; may be NULL */
	char *actor;              /* may be NULL */
	uint32_t n_scope;
	char **scope;                       /* ISO 3166 alpha-2, upper case */
	int64_t valid_from_ns, valid_to_ns; /* packet time; INT64_MIN / INT64_MAX when open */
	/* claims.artefact: a published mark so particular that it alone makes `confirmed` */
	bool artefact;
	bool veto;       /* benign: effect veto (else anomaly) */
	enum grade caps; /* never above; GRADE_PROOF when not given */
	uint32_t n_when, n_unless, n_supports;
	struct term *when, *unless, *supports; /* at most SIG_TERMS_MAX each; NULL: none */
	char *confidence_mechanism, *confidence_scope, *confidence_why; /* may be NULL */
	uint32_t n_rivals, n_sources, n_tests;
	struct sig_rival *rival;
	struct sig_source *source;
	struct sig_test *test;
	uint32_t n_captures;
	struct sig_capture *capture;
	char *notes; /* may be NULL */
	void *known; /* one block that holds all of this but `path`; NULL: each part is from malloc */
};

/* One complaint of the reader or the linter, for a person: file:line:col, what, the line with a
 * caret, a suggestion. */
struct sig_problem {
	char *file;
	uint32_t line, col;      /* 1-based; 0 when it is about the whole file */
	char *what, *suggestion; /* suggestion may be NULL */
	char *text;              /* the source line, may be NULL */
};
struct sig_problems {
	struct sig_problem *at;
	size_t n;
	size_t left_out; /* beyond the limit */
};
void sig_problems_free(
	struct sig_problems *p); /* frees what it holds, not p itself; p is empty afterwards */
/* Prints `file:line:col: error: what`, the source line, a caret under the column and
 * `suggestion: ...`. Bytes that could steer a terminal are printed as \xNN. Output errors are
 * left in f for the caller. */
void sig_problem_print(FILE *f, const struct sig_problem *p);

struct sig_set;
struct sig_known_set;

/* Reads every *.yaml below the given directories (mechanism/, middlebox/, benign/ inside each).
 * Files with problems are left out and described in *problems (all of them in one run). False
 * only for operating errors (a directory that cannot be read, memory). The set is the caller's.
 * A later directory's file replaces an earlier one's with the same id. */
MUST_CHECK bool sig_set_load(struct sig_set **out, const char *const *dirs, size_t n_dirs,
			     struct sig_problems *problems, struct err_info *err);
/* The same for a program that judges: a file that is byte for byte one of `known` is not read again. The set is the same. */
MUST_CHECK bool sig_set_load_known(struct sig_set **out, const char *const *dirs, size_t n_dirs,
				   const struct sig_known_set *known, struct sig_problems *problems,
				   struct err_info *err);
/* Reads one signature from memory (fuzzing, tests, drafts). `path` is what messages call it; the
 * id is not checked against it when `path` is NULL. NULL when it has problems. */
struct signature *sig_read(const char *path, struct bytes text, struct sig_problems *problems);
void sig_free(struct signature *s);
size_t sig_set_n(const struct sig_set *set);
const struct signature *sig_set_at(const struct sig_set *set, size_t i); /* ordered by id */
const struct signature *sig_set_find(const struct sig_set *set, const char *id);
/* SHA-256 over the files' bytes in id order: two runs with the same digest used the same
 * signatures. */
void sig_set_digest(const struct sig_set *set, uint8_t out[32]);
void sig_set_free(struct sig_set *set); /* accepts NULL */
/* The set as bytes for another process of this run, which may not open files. False when `f` did not take them all. */
MUST_CHECK bool sig_set_pack(const struct sig_set *set, FILE *f);
/* The set that was packed, read and checked anew. NULL with a reason: not whole, empty, a signature with a problem. */
struct sig_set *sig_set_unpack(struct bytes in, struct err_info *err);

/* The lint's look at the disk: every `tests:` file of every signature must be readable below the
 * signature file's own folder or one of `dirs`, the first that has it. Adds a complaint for each
 * that is not. */
void sig_check_tests_exist(const struct sig_set *set, const char *const *dirs, size_t n_dirs,
			   struct sig_problems *problems);
/* The path under which sig_check_tests_exist finds `file`; NULL when nowhere or out of memory.
 * The caller frees it. */
char *sig_test_path(const struct signature *s, const char *file, const char *const *dirs,
		    size_t n_dirs);

/* Writes a draft signature, in the collection's own format and accepted by sig_read, for the
 * cases of one kind that nobody has named yet: each feature by its advice. The kind is that of
 * the first case; others of another kind are left out. A feature that some of the cases lack
 * goes to `supports`. When nothing was measured that a signature could be made of, only a
 * comment says so. `flow` names the observation. Output errors are left in f for the caller.
 * Nothing is written for n 0. */
void sig_draft(FILE *f, const struct evidence *const *cases, size_t n,
	       const struct flow_record *flow);

/* What a feature was over all cases that a draft is made of. Text is a loan. */
enum { SIG_DRAFT_VALUES = 8 /* more different values than this are no mark of anything */ };
struct sig_draft_seen {
	uint64_t n_cases; /* that know the feature */
	int64_t num[SIG_DRAFT_VALUES];
	const char *text[SIG_DRAFT_VALUES];
	size_t n; /* different values */
	bool too_many;
	int64_t lo, hi;
};
/* Cases of one kind that are known by what was counted of them. */
struct sig_draft_source {
	const void *arg;
	/* Fills *s, which comes with nothing seen. */
	void (*see)(const void *arg, enum feat id, struct sig_draft_seen *s);
	enum ev_case kase;
	uint64_t n_cases;
	/* "flow" or "device", "the first in flow" or "of device", and its id: printed as they are */
	const char *what, *where, *id;
	int64_t first_ns; /* packet time */
};
/* The same for those. */
void sig_draft_from(FILE *f, const struct sig_draft_source *from);

/* Evaluates one term: unknown when the feature is not in `ev`. TEXT and ADDR hold if any of
 * their values does (for != and not-in: if none does). */
enum truth term_eval(const struct term *t, const struct evidence *ev);

#endif
