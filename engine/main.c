/* SPDX-License-Identifier: BSD-3-Clause */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "base/version.h"

static const struct command commands[] = {
	{"replay", "read captures and print what was found", cmd_replay},
	{"live", "listen at a network interface and print what is found", cmd_live},
	{"check-config", "check the configuration file of live", cmd_check_config},
	{"explain", "show the facts of one flow and how every signature fared", cmd_explain},
	{"signatures", "check, list or show the signature collection", cmd_signatures},
	{"diff", "compare two captures of the same traffic, one from each end", cmd_diff},
	{"merge", "join what several runs found", cmd_merge},
	{"outages", "find outages in saved series of successful flows", cmd_outages},
	{"kin", "compare devices with one another and with the collection", cmd_kin},
};

static void usage(FILE *f)
{
	fputs("Usage: wallprint COMMAND [OPTIONS] ...\n\n"
	      "Reads packet captures and says, with frame numbers that can be checked in Wireshark, whether\n"
	      "somebody on the path interfered with the traffic, how, and which known middlebox behaves like that.\n"
	      "It never sends a packet and never contacts anything.\n\nCommands:\n",
	      f);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(f, "  %-12s %s\n", commands[i].name, commands[i].help);
	fputs("\n`wallprint COMMAND --help` tells more; `wallprint --version` the version.\n"
	      "Exit status: 0 done, 1 check found something wrong, 2 usage, 3 an input was cut short or lossy,\n"
	      "4 an input was refused, 5 output could not be written.\n",
	      f);
}

/* What was printed must have arrived. */
static int written(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fputs("wallprint: standard output could not be written\n", stderr);
	return EXIT_OUTPUT;
}

static int version(void)
{
	puts("wallprint " WALLPRINT_VERSION);
	return written(EXIT_DONE);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return written(EXIT_DONE);
	}
	if (!strcmp(argv[1], "--version"))
		return version();
	/* Digests and published keys are no matter of this machine's openssl.cnf, nor of a file that the environment names. Should it
	 * fail, libcrypto's own first use says so. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return argc == 3 && !strcmp(argv[2], "--version")
				       ? version()
				       : written(commands[i].run(argc - 1, argv + 1));
	fprintf(stderr, "wallprint: no command '%s'; `wallprint --help` lists them\n", argv[1]);
	return EXIT_USAGE;
}
