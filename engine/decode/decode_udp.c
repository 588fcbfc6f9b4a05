/* SPDX-License-Identifier: BSD-3-Clause */
#include "decode/layer.h"

enum { UDP_HDR = 8 };

bool decode_udp_read(struct pkt *p, size_t wire)
{
	struct bytes b = p->l4_bytes;
	uint16_t len;
	size_t use = wire;

	p->l4 = L4_UDP;
	if (!bytes_be16(b, 0, &p->sport) || !bytes_be16(b, 2, &p->dport)) {
		p->sport = 0;
		p->quirks |= QUIRK(TRUNC_L4);
		return false;
	}
	if (b.len < UDP_HDR || !bytes_be16(b, 4, &len)) {
		p->quirks |= QUIRK(TRUNC_L4);
		return false;
	}
	/* Length 0 is a jumbogram's (RFC 2675 4) or offload's: then the IP length counts, as it
	 * does when UDP claims more. */
	if (len != wire && !(len == 0 && p->quirks & QUIRK(IP_LEN_ZERO)))
		p->quirks |= QUIRK(UDP_LEN);
	if (len != 0 && len < wire)
		use = len < UDP_HDR ? UDP_HDR : len;
	p->payload = bytes_from(bytes_head(b, use), UDP_HDR);
	p->payload_len = (uint32_t)(use - UDP_HDR);
	if (p->payload.len < p->payload_len)
		p->quirks |= QUIRK(TRUNC_PAYLOAD);
	return true;
}
