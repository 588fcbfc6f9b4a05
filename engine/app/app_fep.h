/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_APP_FEP_H
#define WP_APP_APP_FEP_H

#include "app/app.h"

/* Would the rule by which China's firewall picked out fully encrypted connections pass this first
 * payload of a client (Wu et al., USENIX Security 2023, algorithm 1; METHODS i)? The first exemption
 * that holds, in the paper's order. The rule says nothing about what the bytes are: 0.6 per cent of
 * a university's ordinary connections had none. */
enum fep {
	FEP_NONE,      /* no exemption: the rule would have blocked it */
	FEP_POPCOUNT,  /* 3.4 or fewer, or 4.6 or more bits set in a byte, on average */
	FEP_FIRST_SIX, /* the first six bytes are printable (0x20 to 0x7e) */
	FEP_HALF,      /* more than half of the bytes are */
	FEP_RUN,       /* more than 20 of them in a row are */
	FEP_PROTOCOL,  /* begins like TLS or HTTP */
	FEP_EMPTY,     /* no bytes: nothing to judge */
};
/* `popcount` becomes the average of bits set in a byte, in hundredths. Pure; linear in the bytes. */
enum fep fep_judge(struct bytes first, uint32_t *popcount);
/* "none", "popcount", "first_six", "half", "run", "protocol"; NULL for FEP_EMPTY. */
const char *fep_name(enum fep f);

#endif
