/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_RATE_SIM_H
#define WP_TESTS_RATE_SIM_H

/* A TCP download over a path that polices, queues or loses, put into a flow table packet by packet. The sender
 * is a plain Reno that knows which segments arrived (as with SACK); all is drawn from a seed. Include after
 * flow_build.h. */

enum sim_kind { SIM_FREE, SIM_POLICE, SIM_QUEUE, SIM_RED };
static const double sim_seg = 1448; /* bytes; SIM_SEG where an integer is wanted */
enum { SIM_SEG = 1448, SIM_MAX = 2048, SIM_EVENTS = 16384 };

struct sim_path {
	enum sim_kind kind;
	double rate_bps, depth; /* of bucket or queue, bytes */
	double loss;            /* share lost at random besides */
	double app_bps;         /* the sender has no more than this; 0 no limit */
	int64_t rtt_ns;
	uint32_t segments;
	uint64_t seed;
	bool near_receiver;
};

struct sim {
	struct sim_path path;
	double tokens, cwnd, ssthresh;
	int64_t now, at_ns, free_ns, sent[SIM_MAX];
	uint32_t una, next, top, recover, cumulative;
	bool got[SIM_MAX], lost[SIM_MAX], here[SIM_MAX];
	struct {
		int64_t at;
		uint32_t seg;
	} ack[SIM_EVENTS];
	uint32_t n_ack, ack_i;
	struct sim_event {
		int64_t at;
		uint32_t no, n; /* order; segment or cumulative ACK */
		bool is_ack;
	} ev[2 * SIM_EVENTS];
	uint32_t n_ev, n_dropped;
};

static inline double sim_random(struct sim *s)
{
	s->path.seed ^= s->path.seed << 13;
	s->path.seed ^= s->path.seed >> 7;
	s->path.seed ^= s->path.seed << 17;
	return (double)(s->path.seed >> 11) / 9007199254740992.0;
}

/* When the packet leaves the path; -1: never. */
static inline int64_t sim_pass(struct sim *s)
{
	double per_ns = s->path.rate_bps / 8e9, waiting;

	if (s->path.loss > 0 && sim_random(s) < s->path.loss)
		return -1;
	if (s->path.kind == SIM_FREE)
		return s->now;
	if (s->path.kind == SIM_POLICE) {
		s->tokens += (double)(s->now - s->at_ns) * per_ns;
		s->tokens = s->tokens < s->path.depth ? s->tokens : s->path.depth;
		s->at_ns = s->now;
		if (s->tokens < sim_seg)
			return -1;
		s->tokens -= sim_seg;
		return s->now;
	}
	if (s->free_ns < s->now)
		s->free_ns = s->now;
	waiting = (double)(s->free_ns - s->now) * per_ns;
	/* RED as Floyd and Jacobson 1993: from a quarter of the queue on, up to one packet in ten. */
	if (waiting + sim_seg > s->path.depth ||
	    (s->path.kind == SIM_RED && waiting > s->path.depth / 4 &&
	     sim_random(s) < 0.1 * waiting / s->path.depth))
		return -1;
	s->free_ns += (int64_t)(sim_seg / per_ns);
	return s->free_ns;
}

static inline void sim_note(struct sim *s, int64_t at, uint32_t n, bool is_ack)
{
	assert_true(s->n_ev < 2 * SIM_EVENTS);
	s->ev[s->n_ev] = (struct sim_event){at, s->n_ev, n, is_ack};
	s->n_ev++;
}

static inline void sim_send(struct sim *s, uint32_t seg)
{
	int64_t out = sim_pass(s), half = s->path.rtt_ns / 2;

	s->sent[seg] = s->now;
	s->lost[seg] = false;
	if (!s->path.near_receiver)
		sim_note(s, s->now, seg, false);
	s->n_dropped += out < 0;
	if (out < 0)
		return;
	if (s->path.near_receiver)
		sim_note(s, out + half, seg, false);
	s->here[seg] = true;
	while (s->cumulative < s->path.segments && s->here[s->cumulative])
		s->cumulative++;
	assert_true(s->n_ack < SIM_EVENTS);
	sim_note(s, out + (s->path.near_receiver ? half : s->path.rtt_ns), s->cumulative, true);
	s->ack[s->n_ack].at = out + s->path.rtt_ns;
	s->ack[s->n_ack++].seg = seg;
}

static inline void sim_pump(struct sim *s, int64_t start)
{
	double flight = 0,
	       may = s->path.app_bps > 0
			     ? 10 + s->path.app_bps * (double)(s->now - start) / 8e9 / sim_seg
			     : SIM_MAX;

	for (uint32_t i = s->una; i < s->next; i++)
		flight += !s->got[i] && !s->lost[i];
	for (uint32_t i = s->una; i < s->next && flight < s->cwnd; i++)
		if (s->lost[i]) {
			sim_send(s, i);
			flight++;
		}
	for (; s->next < s->path.segments && s->next < may && flight < s->cwnd &&
	       s->next - s->una < 512;
	     flight++)
		sim_send(s, s->next++);
}

static inline void sim_halve(struct sim *s)
{
	s->ssthresh = s->cwnd / 2 > 2 ? s->cwnd / 2 : 2;
	s->recover = s->next;
}

static inline void sim_acked(struct sim *s, uint32_t seg)
{
	s->got[seg] = true;
	while (s->una < s->path.segments && s->got[s->una])
		s->una++;
	s->top = seg > s->top ? seg : s->top;
	s->cwnd += s->cwnd < s->ssthresh ? 1 : 1 / s->cwnd;
	for (uint32_t i = s->una; i + 2 < s->top; i++) {
		if (s->got[i] || s->lost[i] || s->sent[i] >= s->sent[seg])
			continue;
		s->lost[i] = true;
		if (i < s->recover)
			continue;
		sim_halve(s);
		s->cwnd = s->ssthresh;
	}
}

static inline int sim_cmp(const void *a, const void *b)
{
	const struct sim_event *x = a, *y = b;

	return x->at != y->at ? (x->at > y->at) - (x->at < y->at)
			      : (x->no > y->no) - (x->no < y->no);
}

/* Runs it on a fresh connection of `b` (fb_init), after a request; the flow lives in b's table. *dropped: packets
 * that the path dropped. */
static inline struct flow *sim_run(const struct sim_path *path, struct fb *b, uint32_t *dropped)
{
	struct sim *s = calloc(1, sizeof(*s));
	static const char zero[SIM_SEG];
	int64_t rto = path->rtt_ns * 2 > 300 * FB_MS ? path->rtt_ns * 2 : 300 * FB_MS, last, start,
		due;
	struct flow *f;

	assert_non_null(s);
	s->path = *path;
	s->path.seed = s->path.seed * 2654435761u + 88172645463325252u;
	fb_syn(b, 0, FB_C);
	b->now_ns += s->path.near_receiver ? s->path.rtt_ns : 0;
	fb_send(b, 1, TCP_SYN | TCP_ACK, FB_SV, FB_C + 1, NULL, 0);
	b->now_ns += s->path.near_receiver ? 0 : s->path.rtt_ns;
	fb_send(b, 0, TCP_ACK, FB_C + 1, FB_SV + 1, NULL, 0);
	f = fb_text(b, 0, 0, "GET / HTTP/1.1\r\n\r\n");
	start = last = s->now = s->at_ns = b->now_ns + s->path.rtt_ns / 2;
	s->tokens = s->path.depth;
	s->cwnd = 10;
	s->ssthresh = 1e9;
	sim_pump(s, start);
	for (due = start + 10 * FB_MS; s->una < s->path.segments;) {
		if (s->ack_i < s->n_ack && s->ack[s->ack_i].at <= due) {
			s->now = last = s->ack[s->ack_i].at;
			sim_acked(s, s->ack[s->ack_i++].seg);
		} else {
			s->now = due;
			due += 10 * FB_MS;
			if (s->now - last >= rto && s->una < s->next) {
				for (uint32_t i = s->una; i < s->next; i++)
					s->lost[i] = !s->got[i];
				sim_halve(s);
				s->cwnd = 1;
				last = s->now;
			}
		}
		sim_pump(s, start);
	}
	qsort(s->ev, s->n_ev, sizeof(s->ev[0]), sim_cmp);
	for (uint32_t i = 0; i < s->n_ev; i++) {
		uint32_t seq = FB_SV + 1 + s->ev[i].n * SIM_SEG, at = FB_C + 19;
		struct pkt p = s->ev[i].is_ack ? fb_pkt(b, 0, TCP_ACK, at, seq, NULL, 0)
					       : fb_pkt(b, 1, TCP_ACK, seq, at, zero, SIM_SEG);

		p.ts_ns = s->ev[i].at;
		f = fb_put(b, &p);
	}
	b->now_ns = s->now;
	*dropped = s->n_dropped;
	free(s);
	return f;
}

#endif
