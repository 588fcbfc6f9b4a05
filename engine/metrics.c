/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics.h"

#include <inttypes.h>

#include "base/macros.h"
#include "base/version.h"

static void head(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP wallprint_%s %s\n# TYPE wallprint_%s %s\n", name, help, name, type);
}

static void one(FILE *f, const char *name, const char *type, const char *help, uint64_t n)
{
	head(f, name, type, help);
	fprintf(f, "wallprint_%s %" PRIu64 "\n", name, n);
}

static void lost(FILE *f, const struct run_summary *r)
{
	const struct run_count at[] = {
		{"kernel", r->lost.kernel},           {"ring", r->lost.ring},
		{"truncated", r->lost.truncated},     {"undecoded", r->lost.undecoded},
		{"prefiltered", r->lost.prefiltered}, {"evicted", r->lost.evicted},
		{"output", r->lost.output},           {"inspection", r->inspection_lost},
		{"across", r->across_evicted},        {"fragments", r->defrag_failed},
	};

	head(f, "lost_total", "counter",
	     "What was not seen or not kept, by place; prefiltered: not chosen by the filter in the kernel.");
	for (size_t i = 0; i < ARRAY_LEN(at); i++)
		fprintf(f, "wallprint_lost_total{place=\"%s\"} %" PRIu64 "\n", at[i].name, at[i].n);
}

void metrics_write(FILE *f, const struct run_summary *r)
{
	one(f, "packets_total", "counter", "Packets read from the interface.", r->packets);
	one(f, "bytes_total", "counter", "Bytes of those packets on the wire.", r->bytes);
	one(f, "flows_total", "counter", "Flows seen.", r->flows);
	one(f, "clock_steps_total", "counter", "Times the clock was set, and flows ended.",
	    r->clock_steps);
	lost(f, r);
	head(f, "tampering_flows_total", "counter",
	     "TCP flows that ended in one of the published tampering patterns, by stage.");
	for (int st = STAGE_POST_SYN; st < STAGE_N; st++)
		fprintf(f, "wallprint_tampering_flows_total{stage=\"%s\"} %" PRIu64 "\n",
			flow_stage_name((enum flow_stage)st), r->stage[st]);
	head(f, "findings_total", "counter",
	     "Findings in their last revision, by technique; a finding with several counts in each.");
	for (int t = 0; t < TECH_N; t++)
		fprintf(f, "wallprint_findings_total{technique=\"%s\"} %" PRIu64 "\n",
			technique_name((enum technique)t), r->findings[t]);
	head(f, "findings_by_grade_total", "counter", "Findings in their last revision, by grade.");
	for (int g = GRADE_ANOMALY; g <= GRADE_PROOF; g++)
		fprintf(f, "wallprint_findings_by_grade_total{grade=\"%s\"} %" PRIu64 "\n",
			grade_name((enum grade)g), r->findings_by_grade[g]);
	head(f, "signatures_info", "gauge", "1; the signature set in use.");
	fputs("wallprint_signatures_info{sha256=\"", f);
	for (size_t i = 0; i < sizeof(r->sig_sha256); i++)
		fprintf(f, "%02x", r->sig_sha256[i]);
	fprintf(f, "\",n=\"%" PRIu32 "\"} 1\n", r->sig_n);
	head(f, "build_info", "gauge", "1; the program.");
	fputs("wallprint_build_info{version=\"" WALLPRINT_VERSION "\"} 1\n", f);
}

void metrics_write_service(FILE *f, const struct metrics_service *s)
{
	head(f, "reloads_total", "counter",
	     "Reloads of configuration and signatures; failed: what was in use stayed in use.");
	fprintf(f, "wallprint_reloads_total{result=\"ok\"} %" PRIu64 "\n", s->reloads_ok);
	fprintf(f, "wallprint_reloads_total{result=\"failed\"} %" PRIu64 "\n", s->reloads_failed);
}
