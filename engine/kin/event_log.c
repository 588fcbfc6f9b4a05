/* SPDX-License-Identifier: BSD-3-Clause */
#include "kin/event_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/sha256.h"
#include "base/text.h"
#include "kin/event_json.h"

enum { EVENT_DEPTH = 11 /* the writer's JSON_DEPTH is 12 */ };

const char *event_log_state_name(enum event_log_state s)
{
	static const char *const name[] = {
		[EVENTS_WHOLE] = "whole", [EVENTS_CUT] = "cut", [EVENTS_REFUSED] = "refused"};

	return name[s];
}

struct reading {
	struct event_log *log;
	struct json_tokener *tok;
	struct sha256 hash;
	char *line;
	size_t len, room;
	uint64_t bytes_kept;
	bool findings, no_memory;
};

enum line_got { LINE_OK, LINE_LONG, LINE_END, LINE_NO_MEMORY };

/* The next line, without its newline, into r->line. What is longer than an event may be is read
 * over. */
static enum line_got next_line(struct reading *r, FILE *f)
{
	bool too_long = false, any = false;
	int c;

	r->len = 0;
	while ((c = getc_unlocked(f)) != EOF && c != '\n') {
		any = true;
		if (r->len == LIMIT_EVENT_BYTES) {
			too_long = true;
			continue;
		}
		if (r->len == r->room) {
			size_t room = r->room ? 2 * r->room : 4096;
			char *line = realloc(r->line, room);

			if (!line)
				return LINE_NO_MEMORY;
			r->line = line;
			r->room = room;
		}
		r->line[r->len++] = (char)c;
	}
	if (c == EOF && !any)
		return LINE_END;
	sha256_add(&r->hash, r->line, r->len);
	sha256_add(&r->hash, "\n", 1);
	return too_long ? LINE_LONG : LINE_OK;
}

/* NULL when the line is no JSON object, or something stands behind it. */
static struct json_object *parse(struct reading *r)
{
	struct json_object *o;

	json_tokener_reset(r->tok);
	json_tokener_set_flags(r->tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(r->tok, r->line, (int)r->len);
	if (json_tokener_get_error(r->tok) != json_tokener_success ||
	    json_tokener_get_parse_end(r->tok) != r->len ||
	    !json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		return NULL;
	}
	return o;
}

static bool is_id(const char *id)
{
	return strlen(id) == 16 && strspn(id, "0123456789abcdef") == 16;
}

/* Room for one more of `size` bytes; the number doubles. NULL: none. */
static void *more(void *at, size_t n, size_t size)
{
	if (n & (n - 1) || (n && n < 8))
		return at;
	return n < 8 ? (at ? at : calloc(8, size)) : realloc(at, 2 * n * size);
}

static struct event_finding *finding_of(struct event_log *log, const char *id, const char *file)
{
	/* Revisions come soon after one another: DNS and pipes. */
	for (size_t i = log->n_findings, k = 0; i && k < LIMIT_EVENT_REVISIONS; i--, k++)
		if (!strcmp(log->finding[i - 1].id, id) && !strcmp(log->finding[i - 1].file, file))
			return &log->finding[i - 1];
	return NULL;
}

static bool keep_line(struct reading *r, struct event_finding *f)
{
	char *line = malloc(r->len + 1);

	if (!line)
		return false;
	memcpy(line, r->line, r->len);
	line[r->len] = '\0';
	r->bytes_kept += r->len;
	free(f->line);
	f->line = line;
	f->len = r->len;
	return true;
}

/* Of a comparison of two captures, `src` is a list of both. */
static bool source_file(struct json_object *e, const char **out)
{
	struct json_object *both = event_list(e, "src");

	return event_text(both ? json_object_array_get_idx(both, 0) : event_object(e, "src"),
			  "file", out);
}

/* False when it is no finding of ours. */
static bool take_finding(struct reading *r, struct json_object *e)
{
	struct event_log *log = r->log;
	struct event_finding *f, fresh = {.rev = 0};
	const char *id, *file;
	uint64_t rev;
	void *at;

	if (!event_text(e, "id", &id) || !is_id(id) || !event_uint(e, "rev", &rev) ||
	    rev > UINT32_MAX || !event_time(e, "ts", &fresh.ts_ns) ||
	    !event_grade(e, &fresh.grade) || !source_file(e, &file))
		return false;
	fresh.techniques = event_techniques(e);
	if (!r->findings)
		return true;
	f = finding_of(log, id, file);
	if (f) {
		if (rev >= f->rev && keep_line(r, f)) {
			f->rev = (uint32_t)rev;
			f->ts_ns = fresh.ts_ns;
			f->techniques = fresh.techniques;
			f->grade = fresh.grade;
		}
		return true;
	}
	at = r->bytes_kept < LIMIT_EVENT_KEPT_BYTES
		     ? more(log->finding, log->n_findings, sizeof(*log->finding))
		     : NULL;
	if (at)
		log->finding = at;
	memcpy(fresh.id, id, sizeof(fresh.id));
	fresh.rev = (uint32_t)rev;
	fresh.file = at ? strdup(file) : NULL;
	if (!fresh.file || !keep_line(r, &fresh)) {
		free(fresh.file);
		log->n_left_out++;
		return true;
	}
	log->finding[log->n_findings++] = fresh;
	return true;
}

static bool take_device(struct reading *r, struct json_object *e)
{
	struct event_log *log = r->log;
	struct device d;
	void *at;

	if (!event_device_read(e, &d))
		return false;
	at = log->n_devices < LIMIT_EVENT_DEVICES
		     ? more(log->device, log->n_devices, sizeof(*log->device))
		     : NULL;
	if (!at) {
		device_clear(&d);
		log->n_left_out++;
		return true;
	}
	log->device = at;
	log->device[log->n_devices++] = d;
	return true;
}

static bool take_input(struct event_log *log, struct json_object *in)
{
	struct event_input *i = &log->input[log->n_inputs];
	const char *file, *sha = NULL;

	if (!event_text(in, "file", &file) || !event_text(in, "state", &i->state))
		return false;
	i->whole = !strcmp(i->state, "whole");
	if (event_text(in, "sha256", &sha) && strlen(sha) == 64)
		memcpy(i->sha256, sha, sizeof(i->sha256));
	if (!event_uint(in, "packets", &i->packets))
		i->packets = 0;
	if (!event_text(in, "why", &i->why))
		i->why = NULL;
	i->file = strdup(file);
	log->n_inputs += i->file != NULL;
	return i->file != NULL;
}

static bool take_run(struct reading *r, struct json_object *e)
{
	struct json_object *inputs = event_list(e, "inputs");
	size_t n = inputs ? json_object_array_length(inputs) : 0;

	if (!inputs || n > LIMIT_PATHS)
		return false;
	r->log->input = calloc(n + 1, sizeof(*r->log->input));
	r->no_memory = !r->log->input;
	for (size_t i = 0; i < n && !r->no_memory; i++)
		if (!take_input(r->log, json_object_array_get_idx(inputs, i)))
			r->log->n_left_out++;
	r->log->run = json_object_get(e);
	return true;
}

/* False when the line is no event of ours. */
static bool take_line(struct reading *r)
{
	struct json_object *e = parse(r);
	const char *schema, *type;
	bool ok = false;

	if (e && event_text(e, "schema", &schema) && !strcmp(schema, "wallprint.event/1") &&
	    event_text(e, "event_type", &type)) {
		if (!strcmp(type, "finding")) {
			ok = take_finding(r, e);
		} else if (!strcmp(type, "device")) {
			ok = take_device(r, e);
		} else if (!strcmp(type, "run")) {
			ok = take_run(r, e);
		} else {
			r->log->n_other++;
			ok = true;
		}
	}
	json_object_put(e);
	return ok;
}

static bool read_lines(struct reading *r, FILE *f, uint64_t *line_no)
{
	struct event_log *log = r->log;
	enum line_got got;

	while (!log->run && !r->no_memory && (got = next_line(r, f)) != LINE_END) {
		++*line_no;
		log->n_lines++;
		if (got == LINE_NO_MEMORY)
			r->no_memory = true;
		else if (got == LINE_LONG || !take_line(r))
			log->first_bad = log->n_bad++ ? log->first_bad : *line_no;
	}
	return !r->no_memory;
}

static void finish_hash(struct reading *r)
{
	uint8_t sum[SHA256_LEN];

	sha256_end(&r->hash, sum);
	text_hex(r->log->sha256, sum, sizeof(sum));
}

bool event_log_read(struct event_log *out, FILE *f, bool findings, uint64_t *line_no,
		    struct err_info *err)
{
	struct reading r = {.log = out, .findings = findings};
	bool ok = false;

	memset(out, 0, sizeof(*out));
	err->text[0] = '\0';
	r.tok = json_tokener_new_ex(EVENT_DEPTH);
	sha256_start(&r.hash);
	ok = r.tok && read_lines(&r, f, line_no);
	if (ok)
		finish_hash(&r);
	else
		err_set(err, "out of memory");
	if (ok && ferror(f))
		ok = err_set(err, "could not be read: %s", strerror(errno));
	out->state = out->run ? EVENTS_WHOLE
		     : out->n_findings + out->n_devices + out->n_other || out->n_lines > out->n_bad
			     ? EVENTS_CUT
			     : EVENTS_REFUSED;
	if (r.tok)
		json_tokener_free(r.tok);
	free(r.line);
	return ok && out->n_lines;
}

void event_log_clear(struct event_log *log)
{
	for (size_t i = 0; i < log->n_devices; i++)
		device_clear(&log->device[i]);
	for (size_t i = 0; i < log->n_findings; i++) {
		free(log->finding[i].file);
		free(log->finding[i].line);
	}
	for (uint32_t i = 0; i < log->n_inputs; i++)
		free(log->input[i].file);
	free(log->device);
	free(log->finding);
	free(log->input);
	json_object_put(log->run);
	memset(log, 0, sizeof(*log));
}
