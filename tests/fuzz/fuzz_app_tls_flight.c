/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/app/app_tls_flight.c engine/app/app_cert.c */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/app_cert.h"
#include "app/app_tls.h"
#include "app/app_tls_flight.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_cert(struct bytes der)
{
	char subject[CERT_TEXT], issuer[CERT_TEXT];
	struct cert c;

	if (!cert_read(der, "www.example.com", 15, &c))
		return;
	must(memchr(c.issuer_cn, 0, CERT_TEXT) && memchr(c.issuer_org, 0, CERT_TEXT) &&
	     memchr(c.issuer_unit, 0, CERT_TEXT) && memchr(c.subject_cn, 0, CERT_TEXT));
	must(cert_names(der, subject, issuer) && strcmp(issuer, c.issuer_cn) == 0 &&
	     strcmp(subject, c.subject_cn) == 0);
}

/* First byte: 0 a server's flight, 1 a client's hello, 2 a bare certificate, else a flight with a small scratch. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t scratch[TLS_SCRATCH_BYTES];
	struct bytes b = {data, size};
	struct tls_flight fl;

	if (!size)
		return 0;
	b = bytes_from(b, 1);
	if (data[0] == 1) {
		/* Whole or nothing: a cut hello has no shape. */
		uint64_t h = tls_hello_shape(b, scratch, sizeof(scratch));

		must(!h || tls_is_record(b));
		return 0;
	}
	if (data[0] == 2) {
		check_cert(b);
		return 0;
	}
	if (tls_flight_read(b, scratch, data[0] ? 512 : sizeof(scratch), &fl) == APP_NOT)
		must(!fl.has_hello && !fl.n_certs);
	must(fl.n_certs <= LIMIT_TLS_CERTS && fl.n_exts <= TLS_FLIGHT_EXTS);
	must(!fl.has_certs || fl.n_certs);
	(void)tls_flight_shape(&fl); /* whatever was read */
	for (uint32_t i = 0; i < fl.n_certs && i < LIMIT_TLS_CHAIN; i++)
		check_cert(fl.cert[i]);
	return 0;
}
