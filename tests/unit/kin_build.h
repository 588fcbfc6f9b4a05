/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices and files of events, written as the text that a run would have written. */
#ifndef TEST_KIN_BUILD_H
#define TEST_KIN_BUILD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kin/event_json.h"
#include "kin/event_log.h"

enum { KIN_TEXT = 16384 };

/* One device event. `print` is the inside of its fingerprint. */
static inline void kin_event(char out[KIN_TEXT], const char *id, const char *kind,
			     unsigned findings, const char *file, const char *first,
			     const char *print)
{
	int n = snprintf(
		out, KIN_TEXT,
		"{\"schema\":\"wallprint.event/1\",\"event_type\":\"device\",\"id\":\"%s\",\"kind\":\"%s\",\"findings\":%u,"
		"\"cases\":%u,\"techniques\":[\"rst_injection\"],\"grade\":\"likely\",\"fingerprint\":{%s},\"seen_from\":[{\"file\":"
		"\"%s\",\"findings\":%u,\"hops_from_capture\":[5,7],\"first\":\"%s\",\"last\":\"2026-01-02T00:00:00.000000000Z\"}],"
		"\"reacts_to\":[\"tls-sni\"],\"matches\":[{\"signature\":\"mechanism.x\",\"findings\":1},{\"signature\":\"middlebox.yy.other\",\"findings\":1}],\"first\":\"%s\",\"last\":"
		"\"2026-01-02T00:00:00.000000000Z\"}",
		id, kind, findings, findings, print, file, findings, first, first);

	if (n < 0 || n >= KIN_TEXT)
		abort();
}

static inline bool kin_read(const char *text, struct device *out)
{
	struct json_object *o = json_tokener_parse(text);
	bool ok = event_device_read(o, out);

	json_object_put(o);
	return ok;
}

/* A device of resets with this fingerprint. */
static inline struct device kin_device(const char *print)
{
	char text[KIN_TEXT];
	struct device d;

	kin_event(text, "00000000000000aa", "rst", 5, "a.pcap", "2026-01-01T00:00:00.000000000Z",
		  print);
	if (!kin_read(text, &d)) {
		fprintf(stderr, "no device: %s\n", text);
		abort();
	}
	return d;
}

/* "feature":{...} with one constant value in n cases. */
#define KIN_NUM(name, v, n)                                                          \
	"\"" name "\":{\"unit\":\"number\",\"known\":" #n ",\"values\":[[" #v "," #n \
	"]],\"min\":" #v ",\"max\":" #v "}"
#define KIN_BYTES(name, v, n)                                                       \
	"\"" name "\":{\"unit\":\"bytes\",\"known\":" #n ",\"values\":[[" #v "," #n \
	"]],\"min\":" #v ",\"max\":" #v "}"
#define KIN_YESNO(name, v, n) \
	"\"" name "\":{\"unit\":\"yesno\",\"known\":" #n ",\"values\":[[" #v "," #n "]]}"

#endif
