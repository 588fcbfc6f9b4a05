/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "evidence/evidence.h"

/* A constant expression in gcc and clang: the table below stays in read-only memory. */
#define HAS_PREFIX(name, prefix) (__builtin_strncmp(name, prefix, sizeof(prefix) - 1) == 0)
#define CASE_OF(name)                                  \
	(HAS_PREFIX(name, "rst.")       ? CASE_RST     \
	 : HAS_PREFIX(name, "overlap.") ? CASE_OVERLAP \
	 : HAS_PREFIX(name, "synack.")  ? CASE_SYNACK  \
	 : HAS_PREFIX(name, "page.")    ? CASE_PAGE    \
	 : HAS_PREFIX(name, "dns.")     ? CASE_DNS     \
	 : HAS_PREFIX(name, "drop.")    ? CASE_DROP    \
	 : HAS_PREFIX(name, "rate.")    ? CASE_RATE    \
	 : HAS_PREFIX(name, "quic.")    ? CASE_QUIC    \
	 : HAS_PREFIX(name, "tls.")     ? CASE_TLS     \
	 : HAS_PREFIX(name, "command.") ? CASE_COMMAND \
					: CASE_ANY)

static const struct feat_info info[FEAT_N] = {
#define X(id, name, unit, group, advice, tokens, doc) \
	{name, UNIT_##unit, GROUP_##group, ADVICE_##advice, tokens, doc, CASE_OF(name)},
#include "evidence/features.def"
#undef X
};

static const uint8_t name_len[FEAT_N] = {
#define X(id, name, unit, group, advice, tokens, doc) sizeof(name) - 1,
#include "evidence/features.def"
#undef X
};

const struct feat_info *feat_info(enum feat id)
{
	return &info[id];
}

bool feat_find(const char *name, size_t len, enum feat *out)
{
	for (size_t i = 0; i < FEAT_N; i++) {
		if (name_len[i] != len || memcmp(info[i].name, name, len) != 0)
			continue;
		*out = (enum feat)i;
		return true;
	}
	return false;
}

const char *unit_name(enum unit u)
{
	static const char *const name[] = {"count", "hops", "ns",     "bytes", "yesno",
					   "token", "text", "number", "addr"};

	return name[u];
}

const char *group_name(enum ev_group g)
{
	static const char *const name[GROUP_N] = {"none",    "stack",   "timing", "sequence",
						  "content", "control", "ends"};

	return name[g];
}

const char *case_name(enum ev_case c)
{
	static const char *const name[CASE_N] = {"any",  "rst", "overlap", "synack",
						 "page", "dns", "drop",    "rate",
						 "quic", "tls", "command"};

	return name[c];
}
