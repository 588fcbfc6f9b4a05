/* SPDX-License-Identifier: BSD-3-Clause */
/* pour IFINDEX PACKETS: sends so many packets of 500 bytes out of an interface from inside the kernel and prints the ns that each took, the receiver's
 * softirq included where it runs on the same core. Root. bench/host runs it. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>

#include <pour.skel.h>

#ifndef BPF_F_TEST_XDP_LIVE_FRAMES
#define BPF_F_TEST_XDP_LIVE_FRAMES (1U << 1) /* Linux 5.18 */
#endif

/* Ethernet to a machine that is not here: the host drops it early. IPv4, TCP, data. */
static unsigned char frame[500] = {
	2,    0,    0,   0,    0, 9, 2,    0, 0,  0, 0, 1, 8,    0, /* Ethernet */
	0x45, 0,    1,   0xe6, 0, 1, 0x40, 0, 60, 6, 0, 0, 192,  0,    2,    10,
	198,  51,   100, 20,                                                       /* IPv4 */
	0x9c, 0x40, 1,   0xbb, 0, 0, 0,    1, 0,  0, 0, 1, 0x50, 0x10, 0xfa, 0xf0, /* TCP: ACK */
};

int main(int argc, char **argv)
{
	long ifindex = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
	long packets = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = sizeof(frame),
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	struct pour *s;

	if (ifindex < 1 || packets < 1 || packets > 100000000) {
		fprintf(stderr, "usage: pour IFINDEX PACKETS\n");
		return 2;
	}
	s = pour__open();
	if (s)
		s->rodata->ifindex = (unsigned)ifindex;
	if (!s || pour__load(s)) {
		fprintf(stderr, "pour: the kernel does not take the program (root?)\n");
		return 1;
	}
	o.repeat = (int)packets;
	if (bpf_prog_test_run_opts(bpf_program__fd(s->progs.pour), &o)) {
		perror("pour: bpf_prog_test_run");
		return 1;
	}
	printf("%u\n", o.duration);
	pour__destroy(s);
	return 0;
}
