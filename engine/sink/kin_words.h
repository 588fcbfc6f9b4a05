/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SINK_KIN_WORDS_H
#define WP_SINK_KIN_WORDS_H

#include <stdio.h>

#include "kin/kin_set.h"
#include "sink/page.h"
#include "sink/sink.h"

/* Devices side by side, for people and for programs. Text of captures and of other people's files
 * is escaped for where it goes. Write errors stay in the stream. */

/* "0x014", "yes", "varies (20 values)": one feature of one device, added to the sentence. */
void kin_say_feat(struct say *s, const struct device_feat *l);
void kin_say_value(struct say *s, enum feat feat, const struct device_value *v);
/* "rst, 12 findings, captured in gfw.pcap and 3 more": where one device was met. */
void kin_say_where(struct say *s, const struct kin_set *k, uint32_t i);

void kin_text(FILE *f, const struct kin_set *k, uint32_t width, bool colour,
	      const struct run_geo *geo);
void kin_jsonl(FILE *f, const struct kin_set *k, const struct run_geo *geo);
/* The dendrogram as SVG, by itself: no script, no reference to anything outside. */
void kin_svg(FILE *f, const struct kin_set *k);

#endif
