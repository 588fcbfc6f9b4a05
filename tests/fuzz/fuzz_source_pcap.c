/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/source/source_pcap.c */
#include "fuzz/source_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_source(data, size);
}
