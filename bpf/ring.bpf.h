/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
#ifndef WP_BPF_RING_H
#define WP_BPF_RING_H

/* A chosen frame on its way to user space, where no socket carries it. */
#include "decide.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18); /* user space sets it */
} ring SEC(".maps");

/* Bytes of a frame that are copied, at most TAP_FRAME_MOST. */
const volatile __u32 snap = 0;

/* User space sleeps, and wants to be woken by the next frame. A wake-up a frame costs the datapath
 * up to 57 ns (PERFORMANCE 6); while frames come, user space looks for itself every millisecond. */
volatile __u32 waiting;

INLINE void ring_put_in(const struct tap_bytes *b, const struct tap_record *head, __u32 n,
			const __u32 room)
{
	struct tap_record *r = bpf_ringbuf_reserve(&ring, sizeof(*r) + room, 0);

	if (!r) {
		count(TAP_RING_FULL);
		return;
	}
	*r = *head;
	r->cap_len = n;
	r->tai_ns = bpf_ktime_get_tai_ns();
	/* For the verifier, which loses sight of the bound between caller and here. */
	asm volatile("" : "+r"(n));
	if (n < 1 || n > room || tap_copy(b, 0, r + 1, n)) {
		bpf_ringbuf_discard(r, BPF_RB_NO_WAKEUP);
		count(TAP_RING_FULL);
		return;
	}
	if (waiting) {
		waiting = 0;
		bpf_ringbuf_submit(r, BPF_RB_FORCE_WAKEUP);
	} else {
		bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	}
}

/* Room is reserved in sizes that the verifier knows: headers, a hello, a full frame, a jumbo frame,
 * and what segmentation offload joins. */
INLINE void ring_put(const struct tap_bytes *b, const struct tap_record *head)
{
	__u32 n = head->wire_len < snap ? head->wire_len : snap;

	if (n <= 128)
		ring_put_in(b, head, n, 128);
	else if (n <= 512)
		ring_put_in(b, head, n, 512);
	else if (n <= 1600)
		ring_put_in(b, head, n, 1600);
	else if (n <= 8192)
		ring_put_in(b, head, n, 8192);
	else
		ring_put_in(b, head, n, TAP_FRAME_MOST);
}

#endif
