/* SPDX-License-Identifier: BSD-3-Clause */
#include "merge_in.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cmd.h"

static bool read_file(const char *command, const char *path, bool findings, struct merge *m)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	struct err_info err;
	char name[256];
	bool ok;

	text_terminal(name, sizeof(name), path, strlen(path));
	if (!f) {
		cmd_complain(command, "%s: %s", name, strerror(errno));
		return false;
	}
	ok = merge_read(m, f, path, findings, &err);
	if (!ok)
		cmd_complain(command, "%s: %s", name, err.text);
	if (f != stdin)
		fclose(f); /* read only: nothing can be lost */
	return ok;
}

static int complain(const char *command, const struct merge *m, int status)
{
	char name[256];

	for (uint32_t i = 0; i < m->n_runs; i++) {
		const struct event_log *log = &m->run[i].log;

		text_terminal(name, sizeof(name), m->run[i].file, strlen(m->run[i].file));
		if (log->state == EVENTS_REFUSED) {
			cmd_complain(command, "%s: refused: not one event of wallprint's in it",
				     name);
			status = EXIT_REFUSED;
			continue;
		}
		if (log->state == EVENTS_CUT)
			cmd_complain(command, "%s: cut: it does not end with a run event", name);
		if (log->n_bad)
			cmd_complain(command, "%s: %llu lines are no events (the first: line %llu)",
				     name, (unsigned long long)log->n_bad,
				     (unsigned long long)log->first_bad);
		if (log->n_left_out)
			cmd_complain(command, "%s: %llu events found no room", name,
				     (unsigned long long)log->n_left_out);
		if (status == EXIT_DONE &&
		    (log->state == EVENTS_CUT || log->n_bad || log->n_left_out))
			status = EXIT_LOSSY;
	}
	return status;
}

int merge_in_read(const char *command, char **files, size_t n, bool findings, struct merge **out)
{
	struct merge *m = merge_new();
	struct err_info err;
	int status = EXIT_DONE;

	*out = NULL;
	for (size_t i = 0; m && i < n; i++)
		if (!read_file(command, files[i], findings, m))
			status = EXIT_REFUSED;
	if (!m || !merge_sort(m, &err)) {
		cmd_complain(command, "out of memory");
		merge_free(m);
		return EXIT_REFUSED;
	}
	*out = m;
	return complain(command, m, status);
}

bool merge_in_addr(const char *text, uint8_t out[16])
{
	memset(out, 0, 10);
	out[10] = out[11] = 0xff;
	return strchr(text, ':') ? inet_pton(AF_INET6, text, out) == 1
				 : inet_pton(AF_INET, text, out + 12) == 1;
}
