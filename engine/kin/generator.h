/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_KIN_GENERATOR_H
#define WP_KIN_GENERATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the source calls the equation: it names a published program, not who runs it. */
#define GENERATOR_NAME "geedge-tsg"

/* One reset, as far as the generator's equation needs it. Equal copies of a burst are one. */
struct generator_reset {
	uint16_t ip_id, win;
	uint8_t ttl;    /* as it arrived */
	bool to_orig;   /* travels to the side that opened the connection */
	uint8_t src[4]; /* claimed sender, as bytes on the wire */
	uint8_t dst[4];
	uint32_t packets; /* copies of it, at least 1 */
	int64_t ts_ns;
};

/* What the pair test recovers. */
struct generator_fit {
	uint32_t multiplier;
	uint32_t bound;   /* modulo 65536 */
	uint32_t packets; /* resets that fit, copies counted */
	uint32_t resets;  /* different resets that fit */
	uint32_t tested;  /* different resets with different windows looked at */
	/* that random IP IDs would fit as well somewhere among all parameters tried: below 1e-6 */
	double chance;
	bool has_hops; /* initial TTLs computed by the equation agree on a distance */
	uint8_t hops;
};

/* The pair test (MIDDLEBOXES 1.1, USENIX Security 2026 6.3 and listing 1): is there a multiplier k
 * and a bound M such that
 *
 *   ip_id = M - k * (win - B mod k) + A mod win   (mod 65536)
 *
 * for nearly all of these resets, A and B being their two addresses as little-endian numbers in one
 * of the possible orders? Asks for at least four resets with different windows, for three of four
 * to fit, and for a chance below one in a million after correction for every parameter tried.
 * False: no. Pure; cost about 2,000 times n. */
bool generator_fit(const struct generator_reset *reset, size_t n, struct generator_fit *out);

#endif
