/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_DETECT_RST_GROUP_H
#define WP_DETECT_RST_GROUP_H

#include "detect/detect.h"

/* Resets of one kind in one direction, in order of arrival. */
enum { RST_GROUP_MAX = 128 };
struct rst_group {
	const struct flow *f;
	enum dir dir; /* whose name they carry */
	uint32_t n, left_out;
	const struct seg *at[RST_GROUP_MAX];
	const struct trigger *trigger; /* NULL when none */
	bool raced_trigger; /* the trigger arrived after the reset that was built from it */
};

/* The four kinds of facts about a group; each in its own file. */
void rst_facts_stack(const struct rst_group *g, struct evidence *ev);
void rst_facts_order(const struct rst_group *g, struct evidence *ev);
void rst_facts_time(const struct rst_group *g, struct evidence *ev);
void rst_facts_generator(const struct rst_group *g, struct evidence *ev);

#endif
