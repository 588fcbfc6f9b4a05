/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_APP_H
#define WP_APP_APP_H

#include "base/bytes.h"
#include "base/limits.h"

/* What a parser of this room says about the bytes it was given. The parsers are pure functions: no
 * state, no allocation, and nothing they give out points anywhere but into the bytes of that call.
 */
enum app_got {
	APP_OK,   /* read whole */
	APP_MORE, /* cut: more bytes would help; what *out already holds is right */
	APP_NOT,  /* another protocol; *out holds nothing */
	APP_BAD,  /* this protocol, malformed; *out holds what came before the damage */
};

/* A host name as text, with its ending NUL: RFC 1035 2.3.4 allows 255 bytes. */
enum { APP_NAME_SIZE = 256 };

#endif
