/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "match/sig_impl.h"

/* A collection as bytes: the number of files, then of each the lengths of path, id and text, and these. In the
 * machine's own byte order: it goes from one process of a run to another. */

enum { N_LENGTHS = 3 };

static bool put_u32(FILE *f, size_t n)
{
	uint32_t v = (uint32_t)n;

	return n <= UINT32_MAX && fwrite(&v, sizeof(v), 1, f) == 1;
}

bool sig_set_pack(const struct sig_set *set, FILE *f)
{
	bool ok = put_u32(f, sig_set_n(set));

	for (size_t i = 0; ok && i < sig_set_n(set); i++) {
		const struct signature *s = sig_set_at(set, i);
		struct bytes text = sig_set_text(set, i);
		size_t path = strlen(s->path), id = strlen(s->id);

		ok = put_u32(f, path) && put_u32(f, id) && put_u32(f, text.len) &&
		     fwrite(s->path, 1, path, f) == path && fwrite(s->id, 1, id, f) == id &&
		     fwrite(text.at, 1, text.len, f) == text.len;
	}
	return ok;
}

static bool take_u32(struct bytes *in, uint32_t *out)
{
	if (in->len < sizeof(*out))
		return false;
	memcpy(out, in->at, sizeof(*out));
	*in = (struct bytes){in->at + sizeof(*out), in->len - sizeof(*out)};
	return true;
}

/* NULL when there is less, or more than a path, id or file may have. */
static char *take_text(struct bytes *in, uint32_t len)
{
	char *out;

	if (len > in->len || len > LIMIT_SIG_BYTES)
		return NULL;
	out = malloc((size_t)len + 1);
	if (!out)
		return NULL;
	memcpy(out, in->at, len);
	out[len] = '\0';
	*in = (struct bytes){in->at + len, in->len - len};
	return out;
}

static bool take_file(struct sig_set *set, struct bytes *in, struct sig_problems *problems)
{
	uint32_t len[N_LENGTHS];
	char *path = NULL, *id = NULL;
	struct sig_file file = {0};
	struct signature *sig = NULL;

	if (take_u32(in, &len[0]) && take_u32(in, &len[1]) && take_u32(in, &len[2])) {
		path = take_text(in, len[0]);
		id = path ? take_text(in, len[1]) : NULL;
		file.own = id ? (uint8_t *)take_text(in, len[2]) : NULL;
		file.at = file.own;
		file.len = len[2];
	}
	if (file.at)
		sig = sig_read_as(path, id, (struct bytes){file.at, file.len}, problems);
	free(path);
	free(id);
	if (sig)
		return sig_set_put(set, sig, file);
	sig_file_free(&file);
	return false;
}

struct sig_set *sig_set_unpack(struct bytes in, struct err_info *err)
{
	struct sig_problems problems = {0};
	struct sig_set *set = sig_set_new();
	uint32_t n = 0, i = 0;

	if (set && take_u32(&in, &n) && n <= LIMIT_SIG_FILES)
		while (i < n && take_file(set, &in, &problems))
			i++;
	if (set && n && i == n && !in.len && sig_set_n(set) == n && sig_set_index(set))
		return set;
	/* both false */
	if (problems.n)
		(void)err_set(err, "%s: %s", problems.at[0].file, problems.at[0].what);
	else
		(void)err_set(err, "the signatures did not arrive whole, or there is no memory");
	sig_problems_free(&problems);
	sig_set_free(set);
	return NULL;
}
