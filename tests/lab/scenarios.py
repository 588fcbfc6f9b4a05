# SPDX-License-Identifier: BSD-3-Clause
"""The plays. Each function fills a Plan: who asks whom for what, what the box does, and what an
honest reader of each capture should then say. What really happened is established by truth.py afterwards."""
import os
import random
from dataclasses import dataclass, field

import draw
import net
from draw import ACK, FIN, PSH, RST, SYN

BLOCKED, ALLOWED = "blocked.example", "allowed.example"
# Owners of their own, as blocked.example is.
UNRELATED = ("forbidden.example", "banned.example")
FINE = tuple(f"fine{i}.example" for i in range(7))
ODD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "odd.py")
TABLE = {}


@dataclass
class Plan:
    scenario: str
    seed: int
    family: int
    rtt_ms: float
    injector: str
    rng: random.Random
    loss_pct: float = 0.0
    box_seed: int = 0                                      # which packets are lost; another one at a second attempt
    hops: list = field(default_factory=lambda: [0, 0])     # virtual ones, client leg and server leg
    hops_real: tuple = (1, 2)                              # r1; r2 and r3
    leg_us: list = field(default_factory=lambda: [0, 0])
    v6_extra_us: int = 0
    ttl_client: int = 64
    ttl_server: int = 64
    trigger: tuple = None                                  # (kind, value)
    acts: list = field(default_factory=list)
    drops: set = field(default_factory=set)
    residual_s: int = 0
    lose: list = field(default_factory=list)
    spec: dict = None                                      # orders for inject2.py
    services: set = field(default_factory=set)
    cmds: list = field(default_factory=list)               # [(argv, limit_s, kill_after_s or None)]
    resolv: str = None
    hosts: bool = False                                    # the client knows the site's names without asking
    settle_s: float = 0.3
    idle_s: int = 20                                       # nginx waits so long for a request
    notes: dict = field(default_factory=dict)
    expect: dict = field(default_factory=lambda: {"client": set(), "server": set()})
    need: set = field(default_factory=set)                 # facts without which the run did not show its point
    may: set = field(default_factory=set)                  # true as well, and may be said
    aims: set = field(default_factory=set)                 # besides what the trigger's kind says
    otherwise: set = field(default_factory=set)            # techniques that no packet count shows (a resolver that lies, a proxy)
    police: tuple = None                                   # (bit/s, bucket in bytes): the box, flows with the trigger, to the client
    device: str = None                                     # router whose kernel interferes: r1 or r2
    rules: list = field(default_factory=list)              # its rules from the start: ("nft" or "tc", where, text)
    kernel_drops: set = field(default_factory=set)         # ways on which a router's kernel may drop
    kernel_forges: set = field(default_factory=set)        # ... and send in another's name
    kernel_why: str = "policy"                             # or "loss": a queue that overflows is no policy
    proxied: int = None                                    # port on which a proxy ends connections
    lies: dict = field(default_factory=dict)               # what the resolver says: name -> addresses, or None: there is no such name
    second: bool = False                                   # a second resolver, at the second address, that does not lie

    def note(self, key, value):
        self.notes[key] = value

    @property
    def v6(self):
        return self.family == 6

    @property
    def client_ip(self):
        return net.CLIENT6 if self.v6 else net.CLIENT4

    @property
    def web(self):
        return net.WEB6 if self.v6 else net.WEB4

    @property
    def resolver(self):
        return net.DNS6 if self.v6 else net.DNS4

    server_ip = web

    @property
    def web2(self):
        return net.WEB6B if self.v6 else net.WEB4B

    @property
    def nobody(self):
        return net.NOBODY6 if self.v6 else net.NOBODY4

    def box_acts(self):
        return bool(self.acts or self.drops or self.spec or self.police)

    def acting(self):
        return bool(self.box_acts() or self.expect["client"] or self.expect["server"])

    def kernel_note(self):
        """What routers were told, for the truth."""
        return {"device": self.device, "rules": [list(r) for r in self.rules + self.later_rules()], "lies": self.lies} \
            if self.rules or self.later_rules() or self.lies else None

    def later_rules(self):
        return [tuple(c[0][0][1:].split()) + tuple(c[0][1:]) for c in self.cmds if c[0][0] in ("@nft", "@tc")]


def play(name, about, injectors=("none",), **kw):
    """`twin`: the innocent play that `lab table` runs beside this one under the same conditions."""
    def add(fn):
        twin = kw.pop("twin", None) or next((t for k, t in TWINS if name.startswith(k)), None)
        TABLE[name] = {"fn": fn, "about": about, "injectors": injectors, "twin": twin if injectors != ("none",) else None, **kw}
        return fn
    return add


BOX, BOTH = ("mbox",), ("mbox", "scapy")
# kernel: a router's own packet filter (nftables, tc), in the place of the box.
KERNEL, BOX_KERNEL = ("kernel",), ("mbox", "kernel")
TWINS = (("rst-host", "inn-host-rst"), ("rst-", "inn-hello-rst"), ("dns-multi", "inn-dns-rr"), ("dns-", "twin-dns"), ("page-", "inn-403"),
         ("redirect-", "inn-302"), ("synack-", "inn-loss-synack"), ("drop-", "inn-mute"))


def make_plan(name, seed, family=None, rtt=None, loss=None, injector=None, attempt=None):
    """All numbers of a run come from (name, seed), so that naming them repeats it."""
    t = TABLE[name]
    rng = random.Random(f"{name}/{seed}")
    fam, r = rng.choice([4, 4, 6]), rng.choice([40, 60, 120, 200])
    inj = injector or t["injectors"][0]
    if inj not in t["injectors"]:
        raise net.LabError(f"{name} has no {inj} injector, only {', '.join(t['injectors'])}")
    p = Plan(name, seed, family or t.get("family") or fam, rtt or t.get("rtt") or r, inj, rng,
             loss_pct=loss or 0.0, box_seed=seed + 1000003 * (attempt or 0))
    share = rng.uniform(0.1, 0.6)
    one_way = p.rtt_ms * 500
    p.leg_us = [int(one_way * share), int(one_way * (1 - share))]
    p.hops = [rng.randint(1, 7), rng.randint(2, 9)]
    p.ttl_client, p.ttl_server = rng.choice([64, 64, 128]), rng.choice([64, 64, 64, 128, 255])
    t["fn"](p, rng)
    p.note("act", [{k: v for k, v in a.items()} for a in p.acts])
    if p.device:
        p.note("device", p.device)
    return p


# --- what clients do -------------------------------------------------------------------------------

def curl(p, url, name, limit=4, more=(), kill=None):
    port = 443 if url.startswith("https") else 80
    ip = f"[{p.web}]" if p.v6 else p.web
    p.services |= {"nginx"}
    p.cmds.append((["curl", "-q", "-sS", "-k", f"-{p.family}", "--noproxy", "*", "--http1.1", "-m", str(limit),
                    "-o", "/dev/null", "--resolve", f"{name}:{port}:{ip}", *more, url], limit + 2, kill))


def tls(p, rng, name, limit=4):
    """curl or openssl s_client, as the seed says."""
    p.trigger = ("sni", name)
    if rng.random() < 0.7:
        curl(p, f"https://{name}/", name, limit)
        return
    p.services |= {"nginx"}
    at = f"[{p.web}]:443" if p.v6 else f"{p.web}:443"
    p.cmds.append((["openssl", "s_client", "-connect", at, "-servername", name, "-quiet"], limit, None))


def http(p, name, path="", limit=4, more=(), kill=None):
    p.trigger = ("host", name)
    curl(p, f"http://{name}/{path}", name, limit, more, kill)


def lookup(p, rng, name, aaaa=False):
    p.trigger = ("qname", name)
    p.services |= {"dnsmasq"}
    if rng.random() < 0.6:
        p.cmds.append((["dig", f"@{p.resolver}", "+tries=1", "+time=3", "+short", name,
                        "AAAA" if aaaa else "A"], 6, None))
    else:
        p.resolv = f"nameserver {p.resolver}\noptions timeout:3 attempts:1\n"
        p.cmds.append((["getent", "ahostsv6" if aaaa else "ahostsv4", name], 6, None))


def odd_client(p, what, name=BLOCKED, port=80):
    p.services |= {"nginx"}
    p.cmds.append(([ODD, what, p.web, str(port), name], 10, None))


def scapy_spec(p, rng, kind, to=("client",)):
    """Orders for the second injector: other code, other quirks, drawn here so that the seed repeats them."""
    p.acts, p.drops = [], set()
    quirk = rng.choice(["scapy", "mirror", "copy", "climb"])
    p.spec = {"kind": kind, "to": list(to), "match": p.trigger[0], "name": p.trigger[1], "quirk": quirk,
              "delay_ms": rng.randint(0, 5), "ttl": rng.randint(40, 250), "count": rng.choice([1, 1, 2, 3]),
              "win": rng.choice([8192, 1024, 4096]), "flags": rng.choice(["R", "RA", "RPA"]),
              "seq_step": rng.choice([0, 0, 1460]), "split": rng.random() < 0.5, "stamps": rng.random() < 0.5,
              "status": rng.choice(["HTTP/1.1 302 Found", "HTTP/1.1 403 Forbidden", "HTTP/1.1 200 OK"]),
              "aa": rng.random() < 0.5, "rr_ttl": rng.choice([60, 86400, 3]),
              "addr": draw.gfw_address(rng, False), "addr6": draw.gfw_address(rng, True)}


# --- interference ----------------------------------------------------------------------------------

def sees(p, **sides):
    for side, what in sides.items():
        p.expect[side] |= set(what)


@play("rst-sni-single", "one forged reset to the client after the SNI", BOTH)
def rst_sni_single(p, rng):
    tls(p, rng, BLOCKED)
    sees(p, client=["rst_injection"])
    if p.injector == "scapy":
        scapy_spec(p, rng, "rst")
    else:
        p.acts = draw.rst_single(rng, p, ["client"])


@play("rst-sni-unknown", "resets of a box that nobody has described; LAB_DEVICE=N draws it, the seed draws the connection", BOX)
def rst_sni_unknown(p, rng):
    tls(p, rng, BLOCKED)
    sees(p, client=["rst_injection"])
    p.acts = draw.rst_unknown(rng, p, os.environ.get("LAB_DEVICE", "1"))


@play("rst-sni-both", "one forged reset to each end after the SNI", BOTH)
def rst_sni_both(p, rng):
    tls(p, rng, BLOCKED)
    sees(p, client=["rst_injection"], server=["rst_injection"])
    if p.injector == "scapy":
        scapy_spec(p, rng, "rst", ("client", "server"))
    else:
        p.acts = draw.rst_single(rng, p, ["client", "server"])
        p.drops = set()


@play("rst-sni-gfw2", "three equal RST+ACK of the TSG generator to both ends after the SNI", BOX)
def rst_sni_gfw2(p, rng):
    tls(p, rng, BLOCKED)
    d, fixed = draw.reaction(rng, p, 3000, 17000), rng.random() < 0.5
    p.acts = [draw.gfw2(rng, p, d, to, fixed) for to in ("client", "server")]
    sees(p, client=["rst_injection"], server=["rst_injection"])


@play("rst-sni-gfw1-2", "a plain RST, then the RST+ACK triple, to both ends after the SNI", BOX)
def rst_sni_gfw1_2(p, rng):
    tls(p, rng, BLOCKED)
    d = draw.reaction(rng, p, 1000, 9000)
    later, fixed = d + rng.randint(700, 3000), rng.random() < 0.5
    for to in ("client", "server"):
        p.acts += [dict(draw.gfw1(rng, d), to=to), draw.gfw2(rng, p, later, to, fixed)]
    sees(p, client=["rst_injection"], server=["rst_injection"])


@play("rst-sni-gfw3", "one TSG RST+ACK, then both directions and new connections dropped", BOX)
def rst_sni_gfw3(p, rng):
    tls(p, rng, BLOCKED)
    a, val = draw.tsg(rng, p.server_ip, p.client_ip)
    p.note("tsg_val_client", val)
    p.acts = [dict(a, to="client", delay_us=draw.reaction(rng, p))]
    p.drops, p.residual_s = {"c2s", "s2c"}, 180
    curl(p, f"https://{BLOCKED}/", BLOCKED, 2)
    sees(p, client=["rst_injection"])


@play("rst-sni-spaced", "three RST+ACK at X, X+1460, X+4380, TTL and window climbing", BOX)
def rst_sni_spaced(p, rng):
    tls(p, rng, BLOCKED)
    p.acts = draw.rst_spaced(rng, p)
    sees(p, client=["rst_injection"])


@play("rst-payload", "a forged reset that carries bytes (Henan, Tajikistan)", BOX)
def rst_payload(p, rng):
    tls(p, rng, BLOCKED)
    p.acts = draw.rst_payload(rng, p)
    sees(p, client=["rst_injection"])


@play("rst-host-single", "one forged reset to the client after the Host header", BOTH)
def rst_host_single(p, rng):
    http(p, BLOCKED)
    sees(p, client=["rst_injection"])
    if p.injector == "scapy":
        scapy_spec(p, rng, "rst")
    else:
        p.acts = draw.rst_single(rng, p, ["client"])


@play("rst-host-both", "forged resets to both ends after the Host header", BOTH)
def rst_host_both(p, rng):
    http(p, BLOCKED)
    sees(p, client=["rst_injection"], server=["rst_injection"])
    if p.injector == "scapy":
        scapy_spec(p, rng, "rst", ("client", "server"))
        return
    # 1.11: at the server a triple, then a plain RST.
    d, fixed = draw.reaction(rng, p, 300, 3000), rng.random() < 0.5
    for to in ("client", "server"):
        p.acts += [draw.gfw2(rng, p, d, to, fixed), dict(draw.gfw1(rng, d + 200), to=to)]


def dns_play(p, rng, aaaa, makers):
    lookup(p, rng, BLOCKED, aaaa)
    sees(p, client=["dns_injection"])
    p.need |= {"two_answers"}
    if p.injector == "scapy":
        scapy_spec(p, rng, "dns")
    else:
        p.acts = draw.dns(rng, p, aaaa, makers)


@play("dns-race-a", "a forged A answer ahead of the resolver's", BOTH)
def dns_race_a(p, rng):
    dns_play(p, rng, False, [rng.choice(draw.DNS_ON_PATH)])


@play("dns-race-aaaa", "a forged AAAA answer ahead of the resolver's", BOTH)
def dns_race_aaaa(p, rng):
    dns_play(p, rng, True, [rng.choice(draw.DNS_ON_PATH)])


@play("dns-multi", "two or three injectors answer one query, then the resolver", BOX)
def dns_multi(p, rng):
    dns_play(p, rng, False, rng.sample([draw.dns_1, draw.dns_2, draw.dns_3], rng.choice([2, 3])))


@play("dns-inpath", "the query is dropped and a forged answer takes its place", BOX)
def dns_inpath(p, rng):
    aaaa = rng.random() < 0.3
    lookup(p, rng, BLOCKED, aaaa)
    p.acts, p.drops = draw.dns(rng, p, aaaa, [draw.dns_iran]), {"trigger"}
    sees(p, client=["dns_injection"])


@play("page-race", "a page with FIN ahead of the genuine answer, which still arrives", BOTH)
def page_race(p, rng):
    http(p, BLOCKED)
    sees(p, client=["data_injection", "http_blockpage"])
    p.need |= {"conflict"}
    if p.injector == "scapy":
        scapy_spec(p, rng, "data")
    else:
        p.acts = draw.page(rng, p, draw.PAGES[:1])


@play("page-inpath", "a page in place of the answer, which never arrives", BOX)
def page_inpath(p, rng):
    http(p, BLOCKED)
    p.acts, p.drops = draw.page(rng, p, draw.PAGES), {"s2c"}
    sees(p, client=["data_injection", "http_blockpage"])
    if p.notes["profile"] == "page_bare":
        sees(p, client=["rst_injection"])


@play("redirect-307", "PacketLogic: 307 in a FIN+ACK without PSH, then an ACK of the client's FIN", BOX)
def redirect_307(p, rng):
    http(p, BLOCKED)
    p.acts = draw.page(rng, p, [draw.redirect_packetlogic])
    sees(p, client=["data_injection", "http_blockpage"])


@play("redirect-302", "a 302 with FIN ahead of the genuine answer", BOX)
def redirect_302(p, rng):
    http(p, BLOCKED)
    p.acts = draw.page(rng, p, draw.REDIRECTS)
    p.need |= {"conflict"}
    sees(p, client=["data_injection", "http_blockpage"])


def synack(p, rng, delay):
    http(p, BLOCKED)
    p.trigger = ("syn", p.web)
    look = {"df": 0, "ipid": rng.randint(0, 65535), "win": rng.choice([8192, 65535]),
            "ttl": rng.choice([64, 128, 255])}
    p.acts = [dict(look, to="client", flags=SYN | ACK, seq=f"abs:{rng.randint(1, 2**32 - 1)}", delay_us=delay,
                   opt_mss=rng.choice([0, 1460]))]
    sees(p, client=["data_injection"])
    return look


@play("synack-first", "a forged SYN/ACK wins; the genuine one comes second", BOX)
def synack_first(p, rng):
    synack(p, rng, draw.reaction(rng, p, 300, 3000))


@play("synack-second", "the forged SYN/ACK comes second", BOX)
def synack_second(p, rng):
    synack(p, rng, 2 * p.leg_us[1] + rng.randint(500, 1500))


@play("synack-data", "a forged SYN/ACK wins and forged data follows on its numbers", BOX)
def synack_data(p, rng):
    # Both acts hang on the SYN, so the page is timed: it must come after the client's GET, and before the server's
    # reset (it never sent those numbers) reaches the client, one round trip later.
    d = draw.reaction(rng, p, 300, 3000)
    look = synack(p, rng, d)
    isn = int(p.acts[0]["seq"][4:])
    page = draw.text("HTTP/1.1 403 Forbidden", [("Connection", "close"), ("Content-Length", 7)], "blocked")
    after_get = d + 2 * p.leg_us[0] + min(2000, p.leg_us[1])
    p.acts.append(dict(look, to="client", flags=FIN | PSH | ACK, seq=f"abs:{isn + 1 & 0xFFFFFFFF}", ack=0,
                       payload=page, delay_us=after_get))
    sees(p, client=["data_injection", "http_blockpage"])


def drop(p, rng, drops):
    p.drops = set(drops)
    sees(p, client=["packet_drop"])


@play("drop-sni-both", "silence both ways from the ClientHello on", BOX)
def drop_sni_both(p, rng):
    tls(p, rng, BLOCKED, 9)
    drop(p, rng, ["trigger", "c2s", "s2c"])


@play("drop-sni-c2s", "the client's packets vanish from the ClientHello on", BOX)
def drop_sni_c2s(p, rng):
    tls(p, rng, BLOCKED, 9)
    drop(p, rng, ["trigger", "c2s"])


@play("drop-sni-s2c", "the server's packets vanish after the ClientHello", BOX)
def drop_sni_s2c(p, rng):
    tls(p, rng, BLOCKED, 9)
    drop(p, rng, ["s2c"])


@play("drop-host-both", "silence both ways from the request on", BOX)
def drop_host_both(p, rng):
    http(p, BLOCKED, "", 9)
    drop(p, rng, ["trigger", "c2s", "s2c"])


# --- innocence -------------------------------------------------------------------------------------

@play("twin-sni", "the blocked name over TLS, the box silent")
def twin_sni(p, rng):
    tls(p, rng, BLOCKED)


@play("twin-host", "the blocked name over HTTP, the box silent")
def twin_host(p, rng):
    http(p, BLOCKED)


@play("twin-dns", "the blocked name asked of the resolver, the box silent")
def twin_dns(p, rng):
    lookup(p, rng, BLOCKED, rng.random() < 0.4)


@play("inn-unread-rst", "a server refuses an upload and closes with data unread: the kernel resets")
def inn_unread_rst(p, rng):
    p.services |= {"refuse"}
    p.notes["upload_bytes"] = n = rng.choice([20000, 60000])
    http(p, BLOCKED, "small", 4, ["-H", "Expect:", "--data-binary", f"@{{dir}}/zero.{n}"])
    p.services -= {"nginx"}
    p.need |= {"genuine_rst_s2c"}


@play("inn-hello-rst", "a server that closes with the ClientHello unread: a genuine reset after the SNI")
def inn_hello_rst(p, rng):
    p.services |= {"unread"}
    tls(p, rng, BLOCKED)
    p.services -= {"nginx"}
    p.need |= {"genuine_rst_s2c"}


@play("inn-host-rst", "nginx answers an unknown Host with a reset (444)")
def inn_host_rst(p, rng):
    http(p, "unknown.example")
    p.need |= {"genuine_rst_s2c"}


@play("inn-closed-port", "connection to a closed port")
def inn_closed_port(p, rng):
    http(p, BLOCKED)
    p.services = set()
    p.trigger = None
    p.need |= {"genuine_rst_s2c"}


@play("inn-client-abort", "curl killed in mid-transfer")
def inn_client_abort(p, rng):
    http(p, BLOCKED, "mid", 6, ["--limit-rate", "2k"], kill=3 * p.rtt_ms / 1000 + rng.uniform(0.5, 0.9))
    p.need |= {"genuine_rst_c2s"}


@play("inn-client-linger", "a client that closes with SO_LINGER 0 in mid-transfer")
def inn_client_linger(p, rng):
    odd_client(p, "linger")
    p.trigger = ("host", BLOCKED)
    p.need |= {"genuine_rst_c2s"}


@play("inn-idle-rst", "nginx resets a connection that sent half a request and went idle")
def inn_idle_rst(p, rng):
    odd_client(p, "partial")
    p.idle_s = 2
    p.trigger = ("host", BLOCKED)
    p.need |= {"genuine_rst_s2c"}


@play("inn-loss-http", "a download with lost segments and ACKs")
def inn_loss_http(p, rng):
    http(p, BLOCKED, "page", 8)
    p.lose = [("s2c", rng.randint(3, 5)), ("s2c", rng.randint(6, 9)), ("c2s", rng.randint(3, 6))]
    p.need |= {"loss"}


@play("inn-loss-tls", "a TLS exchange whose ClientHello is lost once")
def inn_loss_tls(p, rng):
    tls(p, rng, BLOCKED, 6)
    p.lose = [("c2s", 3)]
    p.need |= {"loss"}


@play("inn-loss-synack", "the first SYN/ACK is lost: SYN and SYN/ACK come again")
def inn_loss_synack(p, rng):
    http(p, BLOCKED, "", 6)
    p.lose = [("s2c", 1)]
    p.need |= {"loss"}


@play("inn-403", "nginx's own 403")
def inn_403(p, rng):
    http(p, BLOCKED, "forbidden", more=["-H", "Connection: close"])


@play("inn-302", "nginx's own 302, connection closed")
def inn_302(p, rng):
    http(p, BLOCKED, "moved", more=["-H", "Connection: close"])


@play("inn-dns-dup", "glibc repeats a query; the resolver answers both alike", rtt=1400)
def inn_dns_dup(p, rng):
    p.trigger = ("qname", BLOCKED)
    p.services |= {"dnsmasq"}
    p.resolv = f"nameserver {p.resolver}\noptions timeout:1 attempts:3\n"
    p.cmds.append((["getent", "ahostsv4", BLOCKED], 8, None))
    p.need |= {"two_answers"}


@play("inn-dns-rr", "a name with three addresses, asked twice: the order turns")
def inn_dns_rr(p, rng):
    p.trigger = ("qname", "many.example")
    p.services |= {"dnsmasq"}
    for _ in range(2):
        p.cmds.append((["dig", f"@{p.resolver}", "+tries=1", "+time=3", "+short", "many.example", "A"], 6, None))


@play("inn-dns-nx", "a name that does not exist")
def inn_dns_nx(p, rng):
    lookup(p, rng, "nothing.example")


@play("inn-tls-alert", "nginx refuses an unknown SNI with an alert (unrecognized_name)")
def inn_tls_alert(p, rng):
    tls(p, rng, "unknown.example")


@play("inn-keepalive", "three requests on one connection")
def inn_keepalive(p, rng):
    http(p, BLOCKED)
    c = p.cmds[0][0]
    c += ["-o", "/dev/null", f"http://{BLOCKED}/a", "-o", "/dev/null", f"http://{BLOCKED}/b"]


@play("inn-pipeline", "two requests in one segment")
def inn_pipeline(p, rng):
    odd_client(p, "pipeline")
    p.trigger = ("host", BLOCKED)


@play("inn-eyeballs", "IPv6 is slow, curl takes IPv4: the late IPv6 SYN/ACK is reset", family=4, rtt=60)
def inn_eyeballs(p, rng):
    p.services |= {"nginx"}
    p.trigger = ("sni", BLOCKED)
    p.v6_extra_us = rng.randint(120000, 180000)
    p.settle_s = 1.0
    p.cmds.append((["curl", "-q", "-sS", "-k", "--noproxy", "*", "--http1.1", "-m", "5", "-o", "/dev/null",
                    "--resolve", f"{BLOCKED}:443:[{net.WEB6}],{net.WEB4}", f"https://{BLOCKED}/"], 7, None))
    p.need |= {"genuine_rst_c2s"}


@play("inn-mute", "a server that acknowledges the request and never answers")
def inn_mute(p, rng):
    p.services |= {"mute"}
    http(p, BLOCKED, "", 7)
    p.services -= {"nginx"}


import devices     # noqa: E402,F401  the plays of routers, resolvers and proxies join the table
