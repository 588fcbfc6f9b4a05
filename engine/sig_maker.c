/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "match/sig_known.h"
#include "match/signature.h"

/* A program of the build: reads DIR and writes the C of sig_shipped to standard output. A file with a problem is left out: the
 * program then reads that one itself and says what is wrong with it. */
int main(int argc, char **argv)
{
	struct sig_problems problems = {0};
	struct sig_set *set = NULL;
	struct err_info err;
	bool ok = false;

	if (argc != 2) {
		fputs("sig_maker: DIR\n", stderr);
		return 2;
	}
	if (!sig_set_load(&set, (const char *const *)&argv[1], 1, &problems, &err))
		fprintf(stderr, "sig_maker: %s\n", err.text);
	else if (!sig_known_write(set, stdout) || fflush(stdout))
		fputs("sig_maker: out of memory, or the output was not taken\n", stderr);
	else
		ok = true;
	sig_set_free(set);
	sig_problems_free(&problems);
	return ok ? 0 : 1;
}
