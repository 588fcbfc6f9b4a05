/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_DETECT_DET_DNS_H
#define WP_DETECT_DET_DNS_H

#include "across/answers.h"
#include "across/dns_then.h"
#include "across/usual.h"
#include "app/app_dns.h"
#include "detect/detect.h"

/* Called with the cases of one transaction (one question and all its answers so far), and the
 * trigger it stands for; `last` when no more answers are waited for. `told` lives with the
 * transaction, for the callee's use. The cases are freed by the caller. */
typedef void dns_judged(void *arg, const struct flow *f, const struct trigger *question,
			struct case_list *cases, struct told *told, bool last);

struct det_dns {
	struct flow_table *table;
	struct usual *usual;
	struct answers *answers;     /* may be NULL: then nothing is known of other answers */
	const struct dns_then *then; /* may be NULL */
	/* Addresses and aliases, as text and in order of strcmp(), that are worth a look by themselves: those that the
	 * caller's signatures ask for. */
	const char *const *watch;
	size_t n_watch;
	void *arg;
	bool early; /* judge after every answer, not only when the transaction is over */
	dns_judged *on_judged;
	uint64_t lost; /* transactions or answers for which there was no room */
};

/* Looks at one UDP packet of a flow with a DNS port; keeps what a later answer must be compared
 * with. */
void det_dns_packet(struct det_dns *dd, struct flow *f, const struct pkt *p);
/* Looks at one TCP packet that is already in its flow's stream (RFC 1035 4.2.2, RFC 7766): reads the
 * messages that have become whole and notes each question as trigger. True: the connection is DNS,
 * or may still be, and no other reader of first words need look. One compare where no end has port
 * 53. */
bool det_dns_tcp(struct det_dns *dd, struct flow *f, enum dir d, const struct pkt *p);
/* Judges what is still open in the flow and frees it; to be called when the flow ends. */
void det_dns_end(struct det_dns *dd, struct flow *f);

#endif
