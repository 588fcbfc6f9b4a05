/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_OUTAGE_RUN_H
#define WP_OUTAGE_RUN_H

#include "cmd.h"
#include "kin/outage.h"
#include "kin/tally.h"
#include "kin/tally_file.h"
#include "sink/sink.h"

/* What `replay --outages`, `--series-save` and `outages` share: the detectors and the file that hear of the same series. */
struct outage_run {
	struct tally *tally;
	struct outages *outages; /* NULL: nobody asks */
	struct tally_hears hears[2];
	uint32_t n_hears;
	struct tally_writer writer;
	struct cmd_out file; /* f NULL: nothing is saved */
	const char *command;
};

/* `detect`: look for outages; `save`: write the series there (mode 0600), NULL not. False after saying why; outage_run_free
 * either way. */
MUST_CHECK bool outage_run_begin(struct outage_run *r, const char *command, bool detect,
				 const char *save);
/* Hears for all who want to know. */
struct tally_hears outage_run_hears(struct outage_run *r);
/* No more flows come: tells the outages, and in *out what was counted, by which database of networks (NULL none). False when the file
 * could not be written, after saying so. */
MUST_CHECK bool outage_run_tell(struct outage_run *r, const struct geo *networks,
				const struct sink_ops *ops, struct sink *sink,
				struct run_summary *out);
void outage_run_free(struct outage_run *r);

#endif
