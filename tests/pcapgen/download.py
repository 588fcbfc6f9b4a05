# SPDX-License-Identifier: BSD-3-Clause
"""A download over a path that polices, queues or loses, for pcapgen's `download` line: which packet passes the capture when.

The sender is a plain TCP: slow start, then one segment a round trip; a loss (three later segments arrived) halves the window once a
flight; a timeout of 300 ms or two round trips starts from one segment. Nothing is drawn at random: a "random" loss is every n-th packet of a
fixed, uneven sequence."""
import heapq

SEGMENT = 1448
RWND = 512  # segments


class Path:
    """What lies between the two ends. `pass_at` gives the time at which a packet leaves it, None when it is dropped."""

    def __init__(self, kind, rate_bps, depth, loss_every):
        self.kind, self.rate, self.depth, self.loss_every = kind, rate_bps / 8e9, depth, loss_every
        self.tokens, self.at_ns, self.free_ns, self.n = depth, 0, 0, 0

    def pass_at(self, now_ns, size):
        self.n += 1
        # Quadratic residues: uneven, and always the same. 18 loses one packet in nine.
        if self.loss_every and self.n * self.n * 7 % self.loss_every == 1:
            return None
        if self.kind == "police":
            self.tokens = min(self.depth, self.tokens + (now_ns - self.at_ns) * self.rate)
            self.at_ns = now_ns
            if self.tokens < size:
                return None
            self.tokens -= size
            return now_ns
        if self.kind == "queue":
            start = max(now_ns, self.free_ns)
            if (start - now_ns) * self.rate + size > self.depth:
                return None
            self.free_ns = start + round(size / self.rate)
            return self.free_ns
        return now_ns


class Sender:
    def __init__(self, path, segments, rtt_ns):
        self.path, self.total, self.rtt = path, segments, rtt_ns
        self.cwnd, self.ssthresh, self.next, self.una, self.top = 10.0, 1e9, 0, 0, 0
        self.got, self.sent_ns, self.lost = set(), {}, set()
        self.recover = 0
        self.events, self.order = [], 0
        self.data, self.acks = [], []  # (left sender, passed the path or None, segment), (left receiver, cumulative)

    def push(self, at_ns, what, arg):
        self.order += 1
        heapq.heappush(self.events, (at_ns, self.order, what, arg))

    def send(self, now, seg):
        self.sent_ns[seg] = now
        out = self.path.pass_at(now, SEGMENT)
        self.data.append((now, out, seg))
        if out is not None:
            self.push(out + self.rtt // 2, "arrive", seg)

    def pump(self, now):
        flight = sum(1 for s in range(self.una, self.next) if s not in self.got and s not in self.lost)
        for seg in sorted(self.lost):
            if flight >= self.cwnd:
                return
            self.lost.discard(seg)
            self.send(now, seg)
            flight += 1
        while self.next < self.total and flight < self.cwnd and self.next - self.una < RWND:
            self.send(now, self.next)
            self.next += 1
            flight += 1

    def on_ack(self, now, seg):
        self.got.add(seg)
        while self.una in self.got:
            self.una += 1
        self.top = max(self.top, seg)
        self.cwnd += 1 if self.cwnd < self.ssthresh else 1 / self.cwnd
        for s in range(self.una, self.top - 2):
            # Lost when three later ones arrived that were sent after it.
            if s not in self.got and s not in self.lost and self.sent_ns[s] < self.sent_ns[seg]:
                self.lost.add(s)
                if s >= self.recover:
                    self.recover = self.next
                    self.ssthresh = self.cwnd = max(2.0, self.cwnd / 2)
        self.pump(now)

    def run(self, now):
        rto = max(300000000, 2 * self.rtt)
        cumulative, seen = 0, set()
        self.pump(now)
        self.push(now + rto, "timer", None)
        last = now
        while self.una < self.total:
            now, _, what, arg = heapq.heappop(self.events)
            if what == "arrive":
                seen.add(arg)
                while cumulative in seen:
                    cumulative += 1
                self.acks.append((now, cumulative))
                self.push(now + self.rtt // 2, "ack", arg)
            elif what == "ack":
                last = now
                self.on_ack(now, arg)
            else:
                if now - last >= rto:
                    self.lost |= {s for s in range(self.una, self.next) if s not in self.got}
                    self.ssthresh, self.cwnd, self.recover, last = max(2.0, self.cwnd / 2), 1.0, self.next, now
                    self.pump(now)
                self.push(now + rto / 4, "timer", None)


def make(segments, rtt_ns, path, start_ns, near_sender):
    """[(time, "data" or "ack", segment or cumulative)] as a capture beside the sender, or beside the receiver, holds it."""
    s = Sender(path, segments, rtt_ns)
    s.run(start_ns)
    out = []
    for left, passed, seg in s.data:
        if near_sender:
            out.append((left, "data", seg))
        elif passed is not None:
            out.append((passed + rtt_ns // 2, "data", seg))
    for left, cumulative in s.acks:
        out.append((left + (rtt_ns // 2 if near_sender else 0), "ack", cumulative))
    return sorted(out)
