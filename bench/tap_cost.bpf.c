/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* The taps as they are, beside programs that do nothing. bpf_prog_test_run() gives every run the same
 * packet; for cold cells the source address is drawn anew, on both sides of the comparison. */
#include "tap.bpf.c"

enum { SRC_AT = 26, FLOWS = (1 << 18) - 1 /* PERFORMANCE 7: 262 k random flows */ };

SEC("socket")
int none_socket(struct __sk_buff *skb)
{
	(void)skb;
	return 0;
}

SEC("tc")
int none_tc(struct __sk_buff *skb)
{
	(void)skb;
	return TC_ACT_UNSPEC;
}

SEC("xdp.frags")
int none_xdp(struct xdp_md *xdp)
{
	(void)xdp;
	return XDP_PASS;
}

INLINE void draw_source(struct xdp_md *xdp)
{
	__u32 src = bpf_get_prandom_u32() & FLOWS;

	(void)bpf_xdp_store_bytes(xdp, SRC_AT, &src, sizeof(src)); /* the packet is long enough */
}

SEC("xdp.frags")
int none_xdp_cold(struct xdp_md *xdp)
{
	draw_source(xdp);
	return XDP_PASS;
}

SEC("xdp.frags")
int tap_xdp_cold(struct xdp_md *xdp)
{
	draw_source(xdp);
	return look_xdp(xdp);
}
