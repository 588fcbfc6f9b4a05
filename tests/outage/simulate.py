# SPDX-License-Identifier: BSD-3-Clause
"""Weeks of bins as `wallprint replay --series-save` writes them, drawn by rule and seed: countries with a day and a week of their own,
networks from a flow an hour to hundreds a bin, over-dispersed counts that go together for an hour, and something that happens to
one of them. Nothing is taken from a capture."""
import math
import random

BIN_S = 300
DAY = 288
KINDS = (0.55, 0.12, 0.08, 0.05, 0.16, 0.0, 0.04)          # tcp/443, 80, 22, other, udp/443, udp/53, other
DNS = 0.3                                                  # answers of DNS for one flow


def poisson(r, m):
    if m > 40:
        return max(0, round(r.gauss(m, math.sqrt(m))))
    limit, n, p = math.exp(-m), 0, 1.0
    while True:
        p *= r.random()
        if p <= limit:
            return n
        n += 1


class Net:
    def __init__(self, r, country, asn, mean):
        self.country, self.asn, self.mean = country, asn, mean
        self.spread = r.choice((0.02, 0.05, 0.1, 0.3))     # gamma variance of one bin
        self.slow = r.choice((0.05, 0.1, 0.2))             # of an hour's drift
        self.per_client = r.uniform(1.2, 4)
        self.drift = 0.0


class Country:
    def __init__(self, r, code, n_nets, scale, first_asn):
        self.code = code
        self.zone = r.uniform(0, 24)
        self.swing = r.uniform(0.3, 0.9)                   # night over day
        self.weekend = r.uniform(0.7, 1.2)
        self.nets = [Net(r, self, first_asn + i, scale * math.exp(r.gauss(0, 1.0)) / n_nets) for i in range(n_nets)]

    def usual(self, t, shift_h=0.0):
        hour = (t * 24 / DAY + self.zone + shift_h) % 24
        day = int((t * 24 / DAY + self.zone) // 24) % 7
        return (1 + self.swing * math.cos((hour - 20) / 24 * 2 * math.pi)) * (self.weekend if day in (2, 3) else 1)


class World:
    """`what` may hold: factor(t, country, net) -> what is left of the flows; clock(t, country) -> hours; gap(t) -> the bin is
    missing; kinds(t, net) -> shares that remain; heavy(t, net) -> flows of one more client."""

    def __init__(self, seed, weeks, countries=6, **what):
        self.r = random.Random(seed)
        self.weeks, self.what = weeks, what
        codes = self.r.sample("AQ BV HM TF GS IO UM SJ PN TK".split(), countries)
        self.countries = [Country(self.r, c, self.r.randint(2, 6), math.exp(self.r.uniform(math.log(2), math.log(200))),
                                  64512 + 20 * i) for i, c in enumerate(codes)]
        self.nets = [n for c in self.countries for n in c.nets]

    def lines(self, start=1767225600):                     # 2026-01-01
        r, w = self.r, self.what
        yield f"wallprint.series/1,{BIN_S},10"
        no = {"all": 0}
        yield "k,0,all"
        for c in self.countries:
            no[c] = len(no)
            yield f"k,{no[c]},country,{c.code}"
        for n in self.nets:
            no[n] = len(no)
            yield f"k,{no[n]},network,{n.country.code},{n.asn}"
        for t in range(self.weeks * 7 * DAY):
            sums, rows = {}, []
            for n in self.nets:
                c = n.country
                n.drift = 0.92 * n.drift + 0.39 * r.gauss(0, n.slow)
                m = n.mean * c.usual(t, w["clock"](t, c) if "clock" in w else 0) * math.exp(n.drift)
                if "factor" in w:
                    m *= w["factor"](t, c, n)
                m = m * r.gammavariate(1 / n.spread, n.spread) if m > 0 else 0
                share = w["kinds"](t, n) if "kinds" in w else KINDS
                total = poisson(r, m * sum(share))
                row = [round(total * s / (sum(share) or 1)) for s in share]
                row[0] = max(0, row[0] + total - sum(row))
                row[5] = poisson(r, m * DNS * (w["dns"](t, n) if "dns" in w else 1))
                ok = sum(row) - row[5]
                clients = min(ok, max(1, round(ok / n.per_client))) if ok else 0
                heavy = w["heavy"](t, n) if "heavy" in w else 0
                if heavy:
                    row[0] += poisson(r, heavy)
                    clients += 1
                counts = [clients, poisson(r, 0.03 * m), 80000] + row
                if not any(counts[:2] + row):
                    continue
                rows.append((no[n], counts))
                for k in (c, "all"):
                    s = sums.setdefault(k, [0] * 10)
                    for i, x in enumerate(counts):
                        s[i] += x
            if "gap" in w and w["gap"](t):
                continue
            yield f"b,{start + t * BIN_S}"
            for k, s in sums.items():
                s[2] = 80000
                rows.append((no[k], s))
            for i, counts in rows:
                yield f"r,{i}," + ",".join(map(str, counts))
        yield "l,0,0,0"
        yield "e"
