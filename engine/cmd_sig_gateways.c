/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "cmd_sig.h"
#include "sink/json.h"

static const char *level_words(enum gateway_level l)
{
	static const char *const text[] = {
		[GATEWAY_NONE] = "none found",
		[GATEWAY_THIN] = "thin: described, but nothing particular enough for a signature",
		[GATEWAY_PUBLISHED] = "published: header values stand in a source",
		[GATEWAY_CAPTURES] = "captures: others published packets of it",
		[GATEWAY_ISP] = "of single providers",
		[GATEWAY_NATIONAL] = "of all large providers",
	};

	return text[l];
}

static void side_text(const char *name, const struct gateway_side *s,
		      const struct source_list *sources)
{
	printf("  %s: %s", name, level_words(s->level));
	printf(s->since ? "; since %s\n" : "\n", s->since);
	sig_print_wrapped("    ", s->says);
	for (uint32_t i = 0; i < s->n_signatures; i++)
		printf("    signature %s\n", s->signature[i]);
	for (uint32_t i = 0; i < s->n_sources; i++) {
		const struct source_entry *e = sources_find(sources, s->source[i]);

		sig_print_wrapped("    source ", e ? e->cite : s->source[i]);
	}
}

static void text(const struct gateway_list *l, const struct source_list *sources)
{
	for (int asked = 1; asked >= 0; asked--) {
		puts(asked ? "The places that this project began with"
			   : "Others that are well documented");
		for (uint32_t i = 0; i < l->n; i++) {
			const struct gateway *g = &l->at[i];

			if (g->asked != (asked == 1))
				continue;
			printf("\n%s (%s)\n", g->name, g->place);
			if (g->system)
				sig_print_wrapped("  ", g->system);
			side_text("Packets", &g->packet, sources);
			side_text("Pages and answers", &g->application, sources);
		}
		putchar('\n');
	}
	sig_print_wrapped(
		"",
		"\"None found\" is about what is public and what we could read, not about what is there. "
		"Where nobody has shown packets, wallprint has no signature of packets.");
}

static void words(struct json *j, const char *key, char *const *word, uint32_t n)
{
	json_open(j, key, '[');
	for (uint32_t i = 0; i < n; i++)
		json_word(j, NULL, word[i]);
	json_close(j, ']');
}

static void side_json(struct json *j, const char *key, const struct gateway_side *s)
{
	json_open(j, key, '{');
	json_word(j, "level", gateway_level_name(s->level));
	json_word(j, "since", s->since);
	json_word(j, "says", s->says);
	words(j, "sources", s->source, s->n_sources);
	words(j, "signatures", s->signature, s->n_signatures);
	json_close(j, '}');
}

static void jsonl_one(const struct gateway *g)
{
	struct json j = {.f = stdout};

	json_open(&j, NULL, '{');
	json_word(&j, "schema", "wallprint.gateway/1");
	json_word(&j, "place", g->place);
	json_word(&j, "name", g->name);
	json_word(&j, "system", g->system);
	json_bool(&j, "asked", g->asked);
	side_json(&j, "packet", &g->packet);
	side_json(&j, "application", &g->application);
	json_close(&j, '}');
	json_end_line(&j);
}

void sig_gateways(const struct gateway_list *l, const struct source_list *sources, bool jsonl)
{
	if (!jsonl)
		text(l, sources);
	for (uint32_t i = 0; jsonl && i < l->n; i++)
		jsonl_one(&l->at[i]);
}
