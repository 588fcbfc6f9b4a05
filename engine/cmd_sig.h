/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_CMD_SIG_H
#define WP_CMD_SIG_H

#include "match/gateways.h"

/* The parts of `wallprint signatures` that print for people. All write to standard output. */

/* A signature's page: what a match means, how sure, who says so, what else it could be. */
void sig_show(const struct signature *s, const struct source_list *sources);
/* What is public about each place, as text or as JSON lines (`wallprint.gateway/1`). */
void sig_gateways(const struct gateway_list *l, const struct source_list *sources, bool jsonl);
/* The place's name in English; its code when the program does not know one. */
const char *sig_place(const char *code);
/* Prints text broken at spaces, 90 columns wide, the first line behind `head`, later lines set in
 * by as much. */
void sig_print_wrapped(const char *head, const char *text);

#endif
