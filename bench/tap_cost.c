/* SPDX-License-Identifier: BSD-3-Clause */
/* What the programs of bpf/ cost where a packet is not chosen, over programs that do nothing: bpf_prog_test_run(), in one process,
 * alternating. Root. Prints a table; ends with 1 when the path costs more than issue 6 allows. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tap_cost.skel.h>

enum { ROUNDS = 9, REPEAT = 300000, WARM = 4000000, HOT_MAX_NS = 10, COLD_MAX_NS = 60 };

/* Ethernet, IPv4, TCP: 100 bytes of data in the middle of a connection. */
static unsigned char frame[154] = {
	2,    0,    0,   0,    0, 2, 2,    0, 0,  0, 0, 1, 8,    0, /* Ethernet */
	0x45, 0,    0,   140,  0, 1, 0x40, 0, 60, 6, 0, 0, 192,  0,    2,    10,
	198,  51,   100, 20,                                                       /* IPv4 */
	0x9c, 0x40, 1,   0xbb, 0, 0, 0,    1, 0,  0, 0, 1, 0x50, 0x10, 0xfa, 0xf0, /* TCP: ACK */
};

static unsigned run(const struct bpf_program *prog, int repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = sizeof(frame),
		    .repeat = repeat);

	if (bpf_prog_test_run_opts(bpf_program__fd(prog), &o)) {
		perror("bpf_prog_test_run");
		exit(1);
	}
	return o.duration;
}

static int by_value(const void *a, const void *b)
{
	const unsigned *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Median ns over nothing; prints the line. */
static int compare(const struct bpf_program *tap, const struct bpf_program *none, int max_ns)
{
	unsigned a[ROUNDS], b[ROUNDS];
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);
	int over;

	for (int i = 0; i < ROUNDS; i++) {
		b[i] = run(none, REPEAT);
		a[i] = run(tap, REPEAT);
	}
	qsort(a, ROUNDS, sizeof(a[0]), by_value);
	qsort(b, ROUNDS, sizeof(b[0]), by_value);
	over = (int)a[ROUNDS / 2] - (int)b[ROUNDS / 2];
	if (bpf_obj_get_info_by_fd(bpf_program__fd(tap), &info, &size)) {
		perror("bpf_obj_get_info_by_fd");
		exit(1);
	}
	printf("| %s | %u (%u-%u) | %u | +%d | %d, %s | %u | %u | %u |\n", bpf_program__name(tap),
	       a[ROUNDS / 2], a[0], a[ROUNDS - 1], b[ROUNDS / 2], over, max_ns,
	       over <= max_ns ? "met" : "NOT met", info.xlated_prog_len, info.jited_prog_len,
	       info.verified_insns);
	return over > max_ns;
}

static struct tap_cost *load(unsigned link_len)
{
	struct tap_cost *s = tap_cost__open();

	if (s) {
		s->rodata->seed = 0x9e3779b97f4a7c15ULL;
		s->rodata->snap = 65536;
		s->rodata->link_len = link_len;
	}
	if (s && !tap_cost__load(s))
		return s;
	fprintf(stderr, "tap_cost: the kernel does not take the programs (root?)\n");
	exit(1);
}

int main(void)
{
	/* a test run shows a socket filter the packet from the network header on */
	struct tap_cost *socket = load(0), *s = load(14);
	int bad = 0;

	printf("| program | ns, not chosen (least-most) | empty program, ns | over it | goal of issue 6 | xlated bytes | jited bytes | verified instructions |\n"
	       "| --- | --- | --- | --- | --- | --- | --- | --- |\n");
	bad += compare(socket->progs.tap_socket, socket->progs.none_socket, HOT_MAX_NS);
	bad += compare(s->progs.tap_tc, s->progs.none_tc, HOT_MAX_NS);
	bad += compare(s->progs.tap_xdp, s->progs.none_xdp, HOT_MAX_NS);
	/* until every flow has had its first packets */
	(void)run(s->progs.tap_xdp_cold, WARM);
	bad += compare(s->progs.tap_xdp_cold, s->progs.none_xdp_cold, COLD_MAX_NS);
	tap_cost__destroy(socket);
	tap_cost__destroy(s);
	return bad > 0;
}
