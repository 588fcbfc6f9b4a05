/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_KIN_DEVICES_IMPL_H
#define WP_KIN_DEVICES_IMPL_H

/* Shared by the files that gather findings; nobody else includes it. */

#include "kin/device_impl.h"

enum {
	CELL_NAMES_MAX = 32, /* names acted on that are kept of one cell */
	CELL_NONE = UINT32_MAX
};

/* Cases of one class with one pair of values: the least that is never taken apart. */
struct cell {
	struct device d;
	struct device_key key;
	/* takes every value of that place: a cell for those that have none of their own */
	bool any[2];
	/* findings of which no earlier case went to another cell of this class */
	uint64_t n_own;
	char last_finding[17];
	uint64_t acted;
	uint32_t n_names;
	bool names_cut;
	uint64_t name[CELL_NAMES_MAX];
	uint32_t moved_to; /* CELL_NONE, or the cell that took this one in */
	uint32_t group;    /* while clustering: which device of its class */
};

/* An act that followed a trigger: what comes later between the same ends is laid beside it. */
struct act {
	uint32_t input_i;
	uint8_t orig[16], resp[16];
	uint16_t port;
	int64_t ts_ns;
	uint64_t frame;
	uint32_t cell_i;
};

/* Flows that carried a name and were answered, nobody acting on them. */
struct pass {
	uint64_t name; /* 0: free */
	uint64_t n;
};

struct devices {
	struct cell *cell;
	uint32_t n_cells, room;
	struct act act[LIMIT_DEVICE_ACTS];
	uint64_t n_acts; /* ever; a ring */
	struct pass pass[LIMIT_DEVICE_NAMES];
	uint32_t n_passes;
	bool passes_cut;
	char last_flow[FLOW_ID_TEXT]; /* that was acted on */
	uint64_t left_out;
	struct device **out;
	size_t n_out;
};

/* The name and its kind in one input, as a number; 0 when the flow shows none. */
uint64_t devices_name(const struct flow_record *r);
/* Remembers a case that was put into cell_i, and what it shows of an earlier act on these ends. */
void devices_past(struct devices *ds, const struct flow_record *r, const struct evidence *ev,
		  int64_t ts_ns, uint32_t cell_i);
/* The cell for a case with this key, made when there is none; CELL_NONE: no room. */
uint32_t devices_cell_for(struct devices *ds, const struct device_key *key);
void devices_name_add(struct cell *c, uint64_t name);
/* The cell that now holds what was put into cell_i. */
uint32_t devices_cell(const struct devices *ds, uint32_t cell_i);
/* Takes `from` into `into`; `from` is empty afterwards. What found no room is counted. */
void devices_take_in(struct devices *ds, uint32_t into, uint32_t from);
/* Gives the cells of each class their groups. */
void devices_group(struct devices *ds);
/* Of the flows that carried the cell's names, those that passed; false: unknown. */
bool devices_passed(const struct devices *ds, const struct cell *c, uint64_t *n);

#endif
