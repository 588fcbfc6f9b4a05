/* SPDX-License-Identifier: BSD-3-Clause */
#include "sink/json.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "base/version.h"

static const uint64_t exact_max = UINT64_C(1) << 53;

static void lead(struct json *j, const char *key)
{
	if (j->more[j->depth])
		fputc(',', j->f);
	j->more[j->depth] = true;
	if (key) {
		text_json(j->f, key, strlen(key));
		fputc(':', j->f);
	}
}

void json_open(struct json *j, const char *key, char bracket)
{
	lead(j, key);
	fputc(bracket, j->f);
	assert(j->depth + 1 < JSON_DEPTH);
	j->more[++j->depth] = false;
}

void json_close(struct json *j, char bracket)
{
	assert(j->depth > 0);
	j->depth--;
	fputc(bracket, j->f);
}

void json_str(struct json *j, const char *key, const char *text, size_t len)
{
	lead(j, key);
	text_json(j->f, text, len);
}

void json_word(struct json *j, const char *key, const char *text)
{
	if (text && text[0])
		json_str(j, key, text, strlen(text));
}

void json_uint(struct json *j, const char *key, uint64_t n)
{
	lead(j, key);
	fprintf(j->f, n > exact_max ? "\"%" PRIu64 "\"" : "%" PRIu64, n);
}

void json_int(struct json *j, const char *key, int64_t n)
{
	uint64_t size = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

	lead(j, key);
	fprintf(j->f, size > exact_max ? "\"%" PRId64 "\"" : "%" PRId64, n);
}

void json_real(struct json *j, const char *key, double x)
{
	lead(j, key);
	/* A chance so small that it is no number any more is still a chance. */
	fprintf(j->f, "%.3g", x > 1e-300 ? x : 1e-300);
}

void json_bool(struct json *j, const char *key, bool b)
{
	lead(j, key);
	fputs(b ? "true" : "false", j->f);
}

void json_end_line(struct json *j)
{
	assert(j->depth == 0);
	fputc('\n', j->f);
	j->more[0] = false;
}

void json_event(struct json *j, const char *type)
{
	json_open(j, NULL, '{');
	json_word(j, "schema", "wallprint.event/1");
	json_word(j, "event_type", type);
}

void json_run(struct json *j)
{
	json_event(j, "run");
	json_open(j, "tool", '{');
	json_word(j, "version", WALLPRINT_VERSION);
	json_close(j, '}');
}
