/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_APP_CERT_H
#define WP_APP_APP_CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/app.h"

enum { CERT_TEXT = 96, CERT_HASH = 32 };
enum cert_key { CERT_KEY_OTHER, CERT_KEY_RSA, CERT_KEY_EC };
enum cert_truth { CERT_UNKNOWN, CERT_NO, CERT_YES };

/* One X.509 certificate. Texts are NUL-terminated UTF-8 as the certificate says, cut to fit; NULs in
 * them become dots; empty: absent. */
struct cert {
	uint8_t hash[CERT_HASH], key_hash[CERT_HASH]; /* SHA-256 of all of it, of its public key */
	uint8_t issuer_hash[CERT_HASH];               /* of the issuer's name */
	char issuer_cn[CERT_TEXT], issuer_org[CERT_TEXT], issuer_unit[CERT_TEXT];
	char subject_cn[CERT_TEXT];
	enum cert_key key;
	uint32_t key_bits;     /* 0: not known */
	uint64_t rsa_exponent; /* 0: not known */
	bool self_issued;      /* subject and issuer are one name */
	bool has_times;
	int64_t from_s, until_s; /* validity, seconds since 1970 */
	enum cert_truth covers;  /* the asked name; CERT_UNKNOWN when none was asked */
};

/* Reads a DER certificate, with libcrypto. `name` (may be NULL) is the host that was asked for.
 * False: not a certificate. Work is bounded by der.len; the caller bounds that. */
MUST_CHECK bool cert_read(struct bytes der, const char *name, size_t name_len, struct cert *out);
/* The same for the two common names only: of a certificate further up the chain. */
MUST_CHECK bool cert_names(struct bytes der, char subject[CERT_TEXT], char issuer[CERT_TEXT]);

#endif
