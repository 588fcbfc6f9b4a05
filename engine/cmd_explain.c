/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cmd.h"
#include "decode/decode.h"
#include "engine.h"
#include "cmd_explain_device.h"

enum { DRAFT_CASES_MAX = 16 };

struct explain {
	const char *flow_id;   /* NULL: by frame */
	const char *device_id; /* a device instead of a flow */
	uint64_t frame;
	bool draft; /* of a device, only the draft */
	bool all;   /* every signature, not only those that came near */
	struct sig_dirs dirs;
	uint32_t n_cases, n_findings;
	bool told_flow, flow_known;
	struct flow_record flow;
	struct evidence *kept[DRAFT_CASES_MAX];
	uint32_t n_kept;
	int status;
};

static void help(void)
{
	puts("Usage: wallprint explain [OPTIONS] FILE (--flow ID | --frame N)\n"
	     "       wallprint explain [OPTIONS] --device ID FILE...\n\n"
	     "Shows every fact measured about one flow with the frames it was read from, and how each signature fared: which of its\n"
	     "terms held, failed, or could not be judged. Ends with a draft signature for what was seen.\n\n"
	     "  --flow ID            the flow with this id (as in JSON lines)\n"
	     "  --frame N            the flow that frame N of the file takes part in\n"
	     "  --device ID          what all findings of this device have in common, and a draft signature made of all of\n"
	     "                       them; with the same files for which `wallprint replay` named it\n"
	     "  --draft              of a device only the draft, to be saved\n"
	     "  --all                list signatures that failed at their first term too\n"
	     "  --signatures DIR     use these signatures too; may be repeated\n"
	     "  --help               this text");
}

static void put_text(const char *text, size_t len)
{
	char out[4 * EV_TEXT_BYTES + 8];

	text_terminal(out, sizeof(out), text, len);
	fputs(out, stdout);
}

static bool wanted(const struct explain *x, const struct flow_record *r)
{
	return x->flow_id ? !strcmp(x->flow_id, r->id) : r->marked;
}

static void put_flow(const struct flow_record *r)
{
	char a[IP_TEXT_MAX], b[IP_TEXT_MAX];
	struct ip_addr orig, resp;

	memcpy(orig.b, r->orig.addr, sizeof(orig.b));
	memcpy(resp.b, r->resp.addr, sizeof(resp.b));
	printf("flow %s  %s  %s port %u -> %s port %u\n", r->id, r->udp ? "udp" : "tcp",
	       ip_text(&orig, a), r->orig.port, ip_text(&resp, b), r->resp.port);
	printf("  history %s  frames %" PRIu64 " to %" PRIu64 "  packets %" PRIu64
	       " there, %" PRIu64 " back\n",
	       r->history[0] ? r->history : "-", r->first_frame, r->last_frame, r->packets[0],
	       r->packets[1]);
	if (r->tampering[0])
		printf("  shape %s (%s)\n", r->tampering, flow_stage_name(r->stage));
	if (r->trigger != TRIGGER_NONE) {
		printf("  trigger %s ", trigger_kind_name(r->trigger));
		put_text(r->trigger_value, r->trigger_len);
		printf(" in frame %" PRIu64 "\n", r->trigger_frame);
	}
	printf("  capture point %s%s%s\n", capture_point_name(r->point),
	       r->one_sided ? ", one-sided" : "", r->truncated ? ", truncated" : "");
}

static void put_value(const struct ev_value *v)
{
	const struct feat_info *fi = feat_info(v->feat);

	printf("  %-22s ", fi->name);
	switch (fi->unit) {
	case UNIT_YESNO:
		fputs(v->num ? "yes" : "no", stdout);
		break;
	case UNIT_TIME:
		printf("%.3f ms", (double)v->num / 1e6);
		break;
	case UNIT_TOKEN:
	case UNIT_TEXT:
	case UNIT_ADDR:
		for (uint32_t i = 0; i < v->n_text; i++) {
			fputs(i ? ", " : "", stdout);
			put_text(v->text[i], strlen(v->text[i]));
		}
		break;
	default:
		printf("%" PRId64 "%s", v->num,
		       fi->unit == UNIT_HOPS    ? " hops"
		       : fi->unit == UNIT_BYTES ? " bytes"
						: "");
		if (fi->unit == UNIT_NUMBER && v->num > 9)
			printf(" (0x%" PRIx64 ")", (uint64_t)v->num);
	}
	if (fi->group != GROUP_NONE)
		printf("  [%s]", group_name(fi->group));
	if (v->n_frames && v->frame[0])
		fputs("  frame", stdout);
	for (uint32_t i = 0; i < v->n_frames && v->frame[0]; i++)
		printf(" %" PRIu64, v->frame[i]);
	putchar('\n');
}

static void put_terms(const char *what, const struct term *term, uint32_t n, uint32_t held,
		      uint32_t failed, uint32_t unknown)
{
	for (uint32_t i = 0; i < n; i++) {
		const char *state = held >> i & 1      ? "held"
				    : failed >> i & 1  ? "failed"
				    : unknown >> i & 1 ? "unknown"
						       : "-";

		printf("      %-8s %-8s %s\n", what, state, term[i].source);
	}
}

static void put_result(const struct explain *x, const struct sig_result *r)
{
	static const char *const verdict[] = {"no", "MATCH", "unknown"};
	const struct signature *s = r->sig;

	if (r->verdict == TRUTH_NO && !x->all && !r->when_held)
		return;
	printf("    %-7s %s: %s%s\n", verdict[r->verdict], s->id, s->title,
	       r->out_of_date ? " (outside its dates)" : "");
	if (r->verdict == TRUTH_NO && !x->all && r->when_failed && !r->unless_held) {
		for (uint32_t i = 0; i < s->n_when; i++)
			if (r->when_failed >> i & 1)
				printf("      when     failed   %s\n", s->when[i].source);
		return;
	}
	put_terms("when", s->when, s->n_when, r->when_held, r->when_failed, r->when_unknown);
	put_terms("unless", s->unless, s->n_unless, r->unless_held,
		  ~(r->unless_held | r->unless_unknown_mask), r->unless_unknown_mask);
	put_terms("supports", s->supports, s->n_supports, r->supports_held, r->supports_failed,
		  r->supports_unknown);
}

static void on_case(void *arg, const struct flow_record *r, const struct evidence *ev,
		    const struct sig_result *result, size_t n, const char *file)
{
	struct explain *x = arg;

	(void)file; /* explain reads one */
	if (!wanted(x, r))
		return;
	if (!x->told_flow)
		put_flow(r);
	x->told_flow = true;
	x->flow_known = true;
	x->flow = *r;
	printf("\ncase %u: %s\n", ++x->n_cases, case_name(evidence_case(ev)));
	for (size_t i = 0; i < evidence_n(ev); i++)
		put_value(evidence_at(ev, i));
	puts("\n  signatures");
	for (size_t i = 0; i < n; i++)
		put_result(x, &result[i]);
	if (x->n_kept < DRAFT_CASES_MAX) {
		x->kept[x->n_kept] = evidence_copy(ev);
		x->n_kept += x->kept[x->n_kept] != NULL;
	}
}

static void on_finding(void *arg, const struct finding *f, const char *file)
{
	struct explain *x = arg;

	(void)file;
	if (!x->flow_known || strcmp(x->flow.id, f->flow.id))
		return;
	x->n_findings++;
	printf("\nfinding %s: %s", f->id, grade_name(f->grade));
	for (int t = 0; t < TECH_N; t++)
		if (f->techniques >> t & 1)
			printf(" %s", technique_name((enum technique)t));
	putchar('\n');
}

static void on_flow(void *arg, const struct flow_record *r, const char *file)
{
	struct explain *x = arg;

	(void)file;
	if (x->told_flow || !wanted(x, r))
		return;
	put_flow(r);
	x->told_flow = true;
	puts("\nNo detector found anything to judge in this flow.");
}

static void on_devices(void *arg, const struct devices *ds)
{
	struct explain *x = arg;

	for (size_t i = 0; i < devices_n(ds); i++) {
		if (strcmp(devices_at(ds, i)->id, x->device_id) != 0)
			continue;
		if (!x->draft)
			explain_device(devices_at(ds, i));
		explain_device_draft(devices_at(ds, i));
		return;
	}
	cmd_complain("explain", "no device has that id");
	explain_devices_list(ds);
	x->status = x->status == EXIT_DONE ? EXIT_FOUND_WRONG : x->status;
}

static void on_input(void *arg, const struct run_input *in)
{
	struct explain *x = arg;
	char why[512];

	if (in->state == INPUT_WHOLE)
		return;
	text_terminal(why, sizeof(why), in->why, strlen(in->why));
	cmd_complain("explain", "%s: %s", input_state_name(in->state), why);
	x->status = in->state == INPUT_CUT ? EXIT_LOSSY : EXIT_REFUSED;
}

static int parse(struct explain *x, int argc, char **argv)
{
	static const struct option opts[] = {
		{"flow", required_argument, NULL, 'F'},
		{"frame", required_argument, NULL, 'n'},
		{"device", required_argument, NULL, 'D'},
		{"draft", no_argument, NULL, 'd'},
		{"all", no_argument, NULL, 'a'},
		{"signatures", required_argument, NULL, 'S'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct err_info err;
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "h", opts, NULL)) != -1) {
		switch (c) {
		case 'F':
			x->flow_id = optarg;
			break;
		case 'n':
			errno = 0;
			x->frame = strtoull(optarg, &end, 10);
			if (errno || *end || !x->frame || optarg[0] < '0' || optarg[0] > '9') {
				cmd_complain("explain",
					     "--frame wants a frame number from 1, not '%s'",
					     optarg);
				return EXIT_USAGE;
			}
			break;
		case 'D':
			x->device_id = optarg;
			break;
		case 'd':
			x->draft = true;
			break;
		case 'a':
			x->all = true;
			break;
		case 'S':
			if (!sig_dirs_add(&x->dirs, optarg, &err)) {
				cmd_complain("explain", "%s", err.text);
				return EXIT_USAGE;
			}
			break;
		case 'h':
			help();
			return EXIT_DONE;
		default:
			return EXIT_USAGE;
		}
	}
	if (x->device_id ? optind < argc && !x->flow_id && !x->frame
			 : optind == argc - 1 && !x->flow_id != !x->frame)
		return -1;
	cmd_complain(
		"explain",
		"wants one FILE and either --flow ID or --frame N, or --device ID and FILEs; `wallprint explain --help` tells more");
	return EXIT_USAGE;
}

static int run(struct explain *x, const char *const *files, size_t n_files)
{
	struct engine_config cfg = {.want_flows = true, .mark_frame = x->frame};
	struct engine_hooks hooks = {.arg = x,
				     .on_case = on_case,
				     .on_finding = on_finding,
				     .on_flow = on_flow,
				     .on_input = on_input};
	struct engine_hooks for_device = {.arg = x, .on_devices = on_devices, .on_input = on_input};
	struct run_summary summary;
	struct err_info err = {{0}};
	struct sig_set *sigs;

	sigs = cmd_collection("explain", &x->dirs);
	if (!sigs)
		return EXIT_USAGE;
	if (!engine_run(&cfg, sigs, files, n_files, x->device_id ? &for_device : &hooks, &summary,
			&err)) {
		cmd_complain("explain", "%s", err.text);
		x->status = EXIT_REFUSED;
	}
	if (x->n_kept) {
		puts("\ndraft signature (review every line; see signatures/README.md)\n");
		sig_draft(stdout, (const struct evidence *const *)x->kept, x->n_kept, &x->flow);
	} else if (!x->device_id && !x->told_flow && x->status != EXIT_REFUSED) {
		cmd_complain("explain", "no flow with that %s has anything to explain",
			     x->flow_id ? "id" : "frame");
		x->status = EXIT_FOUND_WRONG;
	}
	run_summary_free(&summary);
	sig_set_free(sigs);
	if (fflush(stdout) || ferror(stdout)) {
		cmd_complain("explain", "standard output could not be written");
		return EXIT_OUTPUT;
	}
	return x->status;
}

int cmd_explain(int argc, char **argv)
{
	struct explain x = {.status = EXIT_DONE};
	int status = parse(&x, argc, argv);

	if (status == -1)
		status = run(&x, (const char *const *)argv + optind, (size_t)(argc - optind));
	for (uint32_t i = 0; i < x.n_kept; i++)
		evidence_free(x.kept[i]);
	sig_dirs_free(&x.dirs);
	return status;
}
