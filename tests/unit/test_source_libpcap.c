/* SPDX-License-Identifier: BSD-3-Clause */
/* Our reader against libpcap: the same frames, times, lengths and link types, for every capture
 * that libpcap reads to its end; for one where it gives up, the same up to there. Captures: a set
 * that libpcap writes here, and all of
 * ../shared/corpus when that exists. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "source/source_expand.h"
#include "source/source_impl.h"

/* Where libpcap's answer may differ, and why ours is right. Kinds, never files. */
enum excuse {
	/* libpcap cuts a packet to the file's snaplen (sf-pcap.c, "Solaris 2.3 systems tripping
	 * over the BUFMOD problem"); Wireshark and we take what the record holds. */
	EXCUSE_SNAPLEN,
	/* The record says fewer bytes on the wire than it holds; frame.h promises wire_len >=
	   cap_len. */
	EXCUSE_WIRE,
	/* libpcap takes the seconds as signed, so that they wrap in 2038; ours are good until 2106.
	 */
	EXCUSE_2038,
	/* A fraction of a second that is none (damage): libpcap multiplies it in 32 bits, which
	   wrap; ours do not. */
	EXCUSE_FRACTION,
	EXCUSE_N
};
static const char *const excuse_text[EXCUSE_N] = {
	"cut to snaplen by libpcap",
	"wire length below the captured one",
	"seconds beyond 2038",
	"fraction above a second",
};

struct tally {
	uint64_t files, whole, early, unopened, frames, excused[EXCUSE_N];
};

struct ours {
	struct source *s;
	struct batch b;
	uint32_t i;
	struct err_info err;
	enum source_got got;
};

static const struct frame *ours_next(struct ours *o)
{
	if (o->i == o->b.n) {
		o->i = 0;
		do
			o->got = source_next(o->s, &o->b, &o->err);
		while (o->got == SOURCE_IDLE);
	}
	return o->got == SOURCE_FRAMES ? &o->b.frame[o->i++] : NULL;
}

/* True when both readers say the same of one frame, or differ for a known reason. */
static bool same_frame(pcap_t *p, const struct pcap_pkthdr *h, const uint8_t *bytes,
		       const struct frame *f, struct tally *t)
{
	uint32_t cap = h->caplen, wire = h->len;
	/* With nanosecond precision tv_usec holds nanoseconds: pcap(3PCAP). */
	int64_t ns = (int64_t)h->ts.tv_sec * 1000000000 + h->ts.tv_usec;

	if (cap < f->cap_len && cap == (uint32_t)pcap_snapshot(p))
		t->excused[EXCUSE_SNAPLEN]++;
	else if (cap != f->cap_len)
		return false;
	if (wire < f->cap_len && f->wire_len == f->cap_len)
		t->excused[EXCUSE_WIRE]++;
	else if (wire != f->wire_len)
		return false;
	if (ns != f->ts_ns && h->ts.tv_sec < 0) {
		t->excused[EXCUSE_2038]++;
		ns += (INT64_C(1) << 32) * 1000000000;
	}
	if (ns != f->ts_ns) {
		int64_t whole = ns - h->ts.tv_usec;

		if (f->ts_ns - whole < 1000000000 || (f->ts_ns - ns) % (INT64_C(1) << 32) != 0)
			return false;
		t->excused[EXCUSE_FRACTION]++;
	}
	return cap == 0 || memcmp(bytes, f->at, cap) == 0;
}

/* Reads both to the end of what libpcap can read. */
static void compare(const char *path, pcap_t *p, struct ours *o, struct tally *t)
{
	struct pcap_pkthdr *h;
	const uint8_t *bytes;
	uint64_t n = 0;
	int got;

	while ((got = pcap_next_ex(p, &h, &bytes)) == 1) {
		const struct frame *f = ours_next(o);

		n++;
		if (!f)
			fail_msg("%s: libpcap reads frame %" PRIu64 ", we stop (%d): %s", path, n,
				 o->got, o->err.text);
		if (!same_frame(p, h, bytes, f, t))
			fail_msg("%s: frame %" PRIu64 ": libpcap %lld.%09lld %u/%u, we %" PRId64
				 " %u/%u",
				 path, n, (long long)h->ts.tv_sec, (long long)h->ts.tv_usec,
				 h->caplen, h->len, f->ts_ns, f->cap_len, f->wire_len);
		if (o->b.linktype != source_linktype((uint16_t)pcap_datalink(p)))
			fail_msg("%s: link type %d, we %u", path, pcap_datalink(p), o->b.linktype);
	}
	t->frames += n;
	if (got == PCAP_ERROR_BREAK) {
		if (ours_next(o) || o->got != SOURCE_END)
			fail_msg("%s: libpcap ends after %" PRIu64 " frames, we do not (%d): %s",
				 path, n, o->got, o->err.text);
		t->whole++;
	} else {
		t->early++;
	}
}

/* libpcap reads no compressed files: it gets what the tools write. */
static pcap_t *libpcap_open(const char *path, const char *format, FILE **pipe_out, char *why)
{
	char command[1200];
	const char *tool = strstr(format, ".gz")    ? "gzip"
			   : strstr(format, ".zst") ? "zstd"
			   : strstr(format, ".xz")  ? "xz"
						    : NULL;

	*pipe_out = NULL;
	if (!tool)
		return pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO,
							       why);
	assert_null(strchr(path, '\''));
	snprintf(command, sizeof(command), "%s -dc '%s'", tool, path);
	*pipe_out = popen(command, "r");
	assert_non_null(*pipe_out);
	return pcap_fopen_offline_with_tstamp_precision(*pipe_out, PCAP_TSTAMP_PRECISION_NANO, why);
}

static void compare_file(const char *path, struct tally *t)
{
	struct ours o = {0};
	char why[PCAP_ERRBUF_SIZE] = "";
	FILE *packed = NULL;
	pcap_t *p;

	t->files++;
	if (!source_open(&o.s, path, NULL, &o.err)) {
		/* What we refuse, libpcap refuses. */
		p = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
		/* But for link types above 16 bits, which nobody has assigned; Wireshark refuses
		 * them, too. */
		if (p && pcap_datalink(p) <= UINT16_MAX)
			fail_msg("%s: libpcap opens it, we do not: %s", path, o.err.text);
		if (p)
			pcap_close(p);
		t->unopened++;
		return;
	}
	struct source_stats st;

	source_stats(o.s, &st);
	p = libpcap_open(path, st.format, &packed, why);
	if (p) {
		compare(path, p, &o, t);
		pcap_close(p); /* closes `packed`'s stream, too */
	} else {
		t->unopened++;
		if (packed)
			pclose(packed);
	}
	source_close(o.s);
}

static void tally_print(const char *what, const struct tally *t)
{
	print_message("%s: %" PRIu64 " files; same to the end %" PRIu64
		      ", same until libpcap gives up %" PRIu64 ", not opened by libpcap %" PRIu64
		      "; %" PRIu64 " frames\n",
		      what, t->files, t->whole, t->early, t->unopened, t->frames);
	for (int i = 0; i < EXCUSE_N; i++)
		if (t->excused[i])
			print_message("%s: %" PRIu64 " frames: %s\n", what, t->excused[i],
				      excuse_text[i]);
}

/* Writes a capture with libpcap. */
static void dump(const char *path, int dlt, u_int precision, int snaplen, uint32_t n)
{
	pcap_t *p = pcap_open_dead_with_tstamp_precision(dlt, snaplen, precision);
	pcap_dumper_t *d = pcap_dump_open(p, path);
	uint8_t bytes[2000];

	assert_non_null(d);
	for (uint32_t i = 0; i < n; i++) {
		struct pcap_pkthdr h = {.ts = {.tv_sec = 1700000000 + i / 7,
					       .tv_usec = (i * 7919) % 1000000},
					.len = 20 + i * 13 % 1900};

		h.caplen = h.len < (uint32_t)snaplen ? h.len : (uint32_t)snaplen;
		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)(i + k * 3);
		pcap_dump((u_char *)d, &h, bytes);
	}
	pcap_dump_close(d);
	pcap_close(p);
}

static void test_libpcap_files_that_it_writes_read_the_same(void **state)
{
	static const int dlts[] = {DLT_EN10MB,     DLT_RAW,        DLT_NULL,  DLT_LOOP,
				   DLT_LINUX_SLL,  DLT_LINUX_SLL2, DLT_PPP,   DLT_PPP_ETHER,
				   DLT_IEEE802_11, DLT_IPV4,       DLT_C_HDLC};
	static const u_int precisions[] = {PCAP_TSTAMP_PRECISION_MICRO, PCAP_TSTAMP_PRECISION_NANO};
	static const int snaplens[] = {60, 262144};
	const char *tmp = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
	struct tally t = {0};
	char path[300];

	(void)state;
	snprintf(path, sizeof(path), "%s/wallprint-libpcap-%d.pcap", tmp, (int)getpid());
	for (size_t i = 0; i < ARRAY_LEN(dlts) * 4; i++) {
		dump(path, dlts[i / 4], precisions[i & 1], snaplens[i >> 1 & 1], 500);
		compare_file(path, &t);
	}
	unlink(path);
	tally_print("written here", &t);
	assert_int_equal(t.whole, ARRAY_LEN(dlts) * 4);
	assert_int_equal(t.frames, ARRAY_LEN(dlts) * 4 * 500);
}

/* A sanitizer finds its errors in a sample as well, and takes ten times as long. */
#ifdef __SANITIZE_ADDRESS__
enum { STEP = 8 };
#else
enum { STEP = 1 };
#endif

static void test_libpcap_corpus_reads_the_same(void **state)
{
	const char *const dir = "../shared/corpus";
	struct path_list files = {0};
	struct err_info err = {""};
	struct tally t = {0};

	(void)state;
	if (access(dir, R_OK) != 0) {
		print_message("no ../shared/corpus here\n");
		skip();
	}
	if (!source_expand(&dir, 1, &files, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < files.n; i += STEP)
		if (!strstr(files.at[i], ".tsv")) /* the lists beside the captures */
			compare_file(files.at[i], &t);
	path_list_free(&files);
	tally_print("corpus", &t);
	assert_true(t.files > 0);
	/* Most must have been compared to the end, else this test says nothing. */
	assert_true(t.whole > t.files * 9 / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_libpcap_files_that_it_writes_read_the_same),
		cmocka_unit_test(test_libpcap_corpus_reads_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
