/* SPDX-License-Identifier: BSD-3-Clause */
/* untested: tests/cli/live.test runs it on a real interface */
#include "source/live.h"

#include <dlfcn.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "source/device.h"
#include "source/source_impl.h"
#include "source/tap.h"

/* libpcap is loaded when an interface is opened: linked, it and the D-Bus library that Debian's
 * needs would cost every replay of a small file several milliseconds of loading (bench/README.md).
 */
#define PCAP_CALLS(X)                \
	X(pcap_create)               \
	X(pcap_set_snaplen)          \
	X(pcap_set_promisc)          \
	X(pcap_set_timeout)          \
	X(pcap_set_buffer_size)      \
	X(pcap_set_tstamp_precision) \
	X(pcap_activate)             \
	X(pcap_setnonblock)          \
	X(pcap_datalink)             \
	X(pcap_fileno)               \
	X(pcap_get_tstamp_precision) \
	X(pcap_dispatch)             \
	X(pcap_breakloop)            \
	X(pcap_stats)                \
	X(pcap_geterr)               \
	X(pcap_statustostr)          \
	X(pcap_close)

struct pcap_calls {
#define X(name) __typeof__(&name) name;
	PCAP_CALLS(X)
#undef X
};

enum { ARENA_BYTES = 4 * 1024 * 1024 };

struct live {
	void *lib;
	struct pcap_calls call;
	struct live_options opts;
	pcap_t *pcap;         /* NULL: the frames come through the tap's ring */
	struct device device; /* then */
	struct tap *tap;
	bool nano;
	uint16_t linktype;
	struct batch *out; /* the batch being filled */
	uint8_t *arena;    /* the frames of a batch: libpcap's own die when its callback returns */
	size_t used;
	uint32_t last_rounds; /* reads that are left when it was told to stop */
	bool left_unread;     /* they did not suffice: what is still there counts as lost */
};

static const char *const tap_names[LIVE_TAPS] = {[LIVE_TAP_AUTO] = "auto",
						 [LIVE_TAP_XDP] = "xdp",
						 [LIVE_TAP_TC] = "tc",
						 [LIVE_TAP_SOCKET] = "socket",
						 [LIVE_TAP_PCAP] = "pcap"};

const char *live_tap_name(enum live_tap t)
{
	return t < LIVE_TAPS ? tap_names[t] : NULL;
}

enum live_tap live_tap_find(const char *name)
{
	int t = 0;

	while (t < LIVE_TAPS && strcmp(tap_names[t], name))
		t++;
	return (enum live_tap)t;
}

static bool load_libpcap(struct live *l, struct err_info *err)
{
	l->lib = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL); /* Debian's soname */
	if (!l->lib)
		l->lib = dlopen("libpcap.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!l->lib)
		return err_set(err, "libpcap cannot be loaded: %s", dlerror());
#define X(name)                                                                                 \
	{                                                                                       \
		void *at = dlsym(l->lib, #name);                                                \
		if (!at)                                                                        \
			return err_set(err, "libpcap has no " #name);                           \
		memcpy(&l->call.name, &at, sizeof(at)); /* ISO C has no cast between the two */ \
	}
	PCAP_CALLS(X)
#undef X
	return true;
}

static bool activate(struct live *l, struct err_info *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	int got;

	l->pcap = l->call.pcap_create(l->opts.device, why);
	if (!l->pcap)
		return err_set(err, "%s", why);
	/* These fail only on a handle that is active. */
	(void)l->call.pcap_set_snaplen(l->pcap, (int)l->opts.snaplen);
	(void)l->call.pcap_set_promisc(l->pcap, l->opts.promisc);
	(void)l->call.pcap_set_timeout(l->pcap, LIMIT_IDLE_MS / 2);
	(void)l->call.pcap_set_buffer_size(l->pcap, (int)l->opts.ring_bytes);
	(void)l->call.pcap_set_tstamp_precision(l->pcap, PCAP_TSTAMP_PRECISION_NANO);
	got = l->call.pcap_activate(l->pcap);
	if (got < 0)
		return err_set(err, "%s%s%s", l->call.pcap_statustostr(got),
			       *l->call.pcap_geterr(l->pcap) ? ": " : "",
			       l->call.pcap_geterr(l->pcap));
	if (l->call.pcap_setnonblock(l->pcap, 1, why) < 0)
		return err_set(err, "%s", why);
	l->nano = l->call.pcap_get_tstamp_precision(l->pcap) == PCAP_TSTAMP_PRECISION_NANO;
	/* The DLT_ values of Linux captures are those of LINKTYPE_, but for raw IP. */
	l->linktype = source_linktype((uint16_t)l->call.pcap_datalink(l->pcap));
	return true;
}

/* What the socket filter finds before the network header: libpcap reads cooked and raw devices from
 * SOCK_DGRAM sockets, whose frames begin at it. */
static uint32_t link_len(const struct live *l)
{
	return l->linktype == 1 ? 14 : 0;
}

static void close_device(struct live *l)
{
	tap_free(l->tap);
	l->tap = NULL;
	if (l->pcap)
		l->call.pcap_close(l->pcap);
	l->pcap = NULL;
	device_close(&l->device);
}

static bool open_tap(struct live *l, enum live_tap kind, const char **how, struct err_info *err)
{
	struct tap_options o = {.kind = kind,
				.follow_all = l->opts.follow_all,
				.snaplen = l->opts.snaplen,
				.ring_bytes = l->opts.ring_bytes};

	if (kind == LIVE_TAP_SOCKET) {
		if (!activate(l, err))
			return false;
		o.fd = l->call.pcap_fileno(l->pcap);
		o.link_len = link_len(l);
	} else {
		if (!device_open(&l->device, l->opts.device, l->opts.promisc, err))
			return false;
		/* XDP's frames always begin with the link header */
		if (kind == LIVE_TAP_XDP && !l->device.link_len)
			return err_set(err, "this interface has no link header");
		o.ifindex = l->device.index;
		o.link_len = l->device.link_len;
		o.both = !l->device.loops && !l->opts.mirror;
		l->linktype = l->device.linktype;
	}
	l->tap = tap_new(&o, how, err);
	return l->tap;
}

/* The tap that was asked for, else the next that can be had. */
static bool open_device(struct live *l, struct err_info *note, struct err_info *err)
{
	enum live_tap kind = l->opts.tap == LIVE_TAP_AUTO ? LIVE_TAP_SOCKET : l->opts.tap;
	struct err_info before = {{0}}, why = {{0}};
	const char *how = "every packet, without a filter in the kernel";

	for (; kind != LIVE_TAP_PCAP; kind++) {
		if (open_tap(l, kind, &how, &why))
			break;
		close_device(l);
		before = *note;
		/* always false */
		(void)err_set(note, "%.200sno %s: %.180s; ", before.text, tap_names[kind],
			      why.text);
	}
	if (!l->tap && !activate(l, err)) {
		close_device(l);
		return false;
	}
	before = *note;
	(void)err_set(note, "%.400stap: %s", before.text, how); /* always false */
	return true;
}

static void count_frame(struct source *s, struct frame *f)
{
	f->no = ++s->no;
	s->stats.frames++;
	s->stats.bytes += f->wire_len;
	s->stats.truncated += f->cap_len < f->wire_len;
}

static void on_packet(u_char *arg, const struct pcap_pkthdr *h, const u_char *at)
{
	struct source *s = (struct source *)arg;
	struct live *l = s->live;
	struct frame *f = &l->out->frame[l->out->n++];

	f->cap_len = h->caplen < LIMIT_FRAME_BYTES ? h->caplen : LIMIT_FRAME_BYTES;
	f->wire_len = h->len > f->cap_len ? h->len : f->cap_len;
	f->ts_ns =
		(int64_t)h->ts.tv_sec * 1000000000 + (int64_t)h->ts.tv_usec * (l->nano ? 1 : 1000);
	f->joined = false; /* libpcap does not tell */
	f->at = memcpy(l->arena + l->used, at, f->cap_len);
	l->used += f->cap_len;
	count_frame(s, f);
	if (l->used > ARENA_BYTES - LIMIT_FRAME_BYTES)
		l->call.pcap_breakloop(l->pcap);
}

static enum source_got next_of_ring(struct source *s, struct batch *out, int wait_ms)
{
	struct live *l = s->live;

	tap_read(l->tap, out, wait_ms);
	for (uint32_t i = 0; i < out->n; i++)
		count_frame(s, &out->frame[i]);
	if (out->n)
		return SOURCE_FRAMES;
	if (device_there(&l->device))
		return SOURCE_IDLE;
	(void)err_set(&s->why, "the interface is gone"); /* false */
	return SOURCE_ERROR;
}

static enum source_got next_of_socket(struct source *s, struct batch *out, int wait_ms)
{
	struct live *l = s->live;
	struct pollfd p = {.events = POLLIN};
	int got;

	l->out = out;
	l->used = 0;
	/* What is there; else what comes within the time that a call may take. */
	for (int round = 0; round < 2; round++) {
		got = l->call.pcap_dispatch(l->pcap, BATCH_MAX, on_packet, (u_char *)s);
		if (out->n)
			return SOURCE_FRAMES;
		if (got == PCAP_ERROR) {
			(void)err_set(&s->why, "%s", l->call.pcap_geterr(l->pcap)); /* false */
			return SOURCE_ERROR;
		}
		p.fd = l->call.pcap_fileno(l->pcap);
		if (!round && poll(&p, 1, wait_ms) <= 0)
			return SOURCE_IDLE;
	}
	return SOURCE_IDLE;
}

enum source_got source_live_next(struct source *s, struct batch *out)
{
	struct live *l = s->live;
	bool stop = l->opts.stop && *l->opts.stop;
	enum source_got got;

	/* What had come before the order to stop is read; on a busy interface that would never end. */
	if (stop && !l->last_rounds) {
		l->left_unread = true;
		return SOURCE_END;
	}
	l->last_rounds -= stop;
	out->linktype = l->linktype;
	got = l->pcap ? next_of_socket(s, out, stop ? 0 : LIMIT_IDLE_MS)
		      : next_of_ring(s, out, stop ? 0 : LIMIT_IDLE_MS);
	return stop && got == SOURCE_IDLE ? SOURCE_END : got;
}

void source_live_stats(const struct source *s, struct source_stats *out)
{
	struct live *l = s->live;
	uint64_t came = 0; /* into the ring, the kernel's or ours */
	uint64_t *lost = l->pcap ? &out->kernel_lost : &out->ring_lost;
	struct tap_tally tally;
	struct pcap_stat st;

	out->kernel_lost = 0;
	if (l->tap) {
		tally = tap_tally(l->tap);
		out->prefiltered = tally.prefiltered;
		out->ring_lost = tally.ring_lost;
		came = tally.in_ring;
	}
	/* Dropped by the interface, and for want of room in the ring; libpcap counts the latter among those received, too. */
	if (l->pcap && !l->call.pcap_stats(l->pcap, &st)) {
		out->kernel_lost = (uint64_t)st.ps_drop + st.ps_ifdrop;
		came = st.ps_recv > st.ps_drop ? st.ps_recv - st.ps_drop : 0;
	}
	if (l->left_unread && came > s->stats.frames)
		*lost += came - s->stats.frames;
}

void source_live_follow(struct source *s, const struct live_flow *f)
{
	if (s->live && s->live->tap)
		tap_follow(s->live->tap, f);
}

void source_live_free(struct live *l)
{
	if (!l)
		return;
	close_device(l);
	free(l->arena);
	/* The library stays: what it has started (D-Bus threads) may outlive a handle. */
	free(l);
}

bool source_live_open(struct source **out, const struct live_options *opts, struct err_info *note,
		      struct err_info *err)
{
	struct source *s = calloc(1, sizeof(*s));
	struct live *l = calloc(1, sizeof(*l));

	*out = NULL;
	note->text[0] = '\0';
	if (!s || !l) {
		free(s);
		free(l);
		return err_set(err, "out of memory");
	}
	s->live = l;
	l->device.fd = -1;
	l->last_rounds = LIMIT_LIVE_LAST_ROUNDS;
	l->opts = *opts;
	if (!l->opts.snaplen || l->opts.snaplen > LIMIT_FRAME_BYTES)
		l->opts.snaplen = LIMIT_FRAME_BYTES;
	if (!l->opts.ring_bytes)
		l->opts.ring_bytes = LIMIT_LIVE_RING_BYTES;
	l->arena = malloc(ARENA_BYTES);
	if (!l->arena ? err_set(err, "out of memory")
		      : load_libpcap(l, err) && open_device(l, note, err)) {
		s->stats.format = l->tap ? "live, filtered in the kernel" : "live";
		*out = s;
		return true;
	}
	source_close(s);
	return false;
}
