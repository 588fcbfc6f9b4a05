# SPDX-License-Identifier: BSD-3-Clause
"""Plays in which a real program interferes: a router's packet filter and queues, a proxy, a resolver; and their innocent twins.

Injector `mbox`: our box does it. Injector `kernel`: nftables (drop, reject, limit, redirect) in a router, r1 beside the client or r2 beyond the
box. The rule set is in truth.json. Not every kernel has tc's policer or netem; nftables' `limit` is the same token bucket.
"""
import draw
import net
from draw import ACK, PSH, RST
from scenarios import ALLOWED, BLOCKED, BOX, BOX_KERNEL, FINE, KERNEL, UNRELATED, curl, http, lookup, play, sees, tls


def filter_rule(where, rule, hook="forward"):
    return ("nft", where, f"table inet lab {{ chain f {{ type filter hook {hook} priority 0; {rule}; }}; }}")


def device(p, rng):
    p.device = rng.choice(["r1", "r2"])
    return p.device


def to_server(p, addr):
    return f"ip6 daddr {addr}" if p.v6 else f"ip daddr {addr}"


def later(p, rule):
    """A rule that comes in force between two commands."""
    p.cmds.append(([f"@{rule[0]} {rule[1]}", rule[2]], 5, None))


def pause(p, seconds):
    p.cmds.append((["@sleep", str(seconds)], seconds + 1, None))


def background(p):
    """The last command runs on beside the next ones."""
    argv, limit, kill = p.cmds.pop()
    p.cmds.append((["@bg"] + argv, limit, kill))


# --- throttling ------------------------------------------------------------------------------------

def download(p, path="big", limit=14):
    curl(p, f"https://{BLOCKED}/{path}", BLOCKED, limit, ["--tls-max", "1.2"])
    p.trigger = ("sni", BLOCKED)


@play("police-sni", "downloads are policed: a token bucket drops what exceeds it", BOX_KERNEL, twin="inn-shape")
def police_sni(p, rng):
    # MIDDLEBOXES 4 and METHODS h.2: 130 kbit/s and up; the lab's are faster, so that a run is short.
    rate, bucket = rng.choice([600, 900, 1300]), rng.choice([20, 40, 80])
    p.notes["police"] = {"kbit_s": rate, "bucket_kbytes": bucket}
    download(p)
    if p.injector == "mbox":
        p.police = (rate * 1000, bucket * 1000)
    else:
        p.rules.append(filter_rule(device(p, rng), f"tcp sport 443 limit rate over {rate // 8} kbytes/second burst {bucket} kbytes drop"))
        p.kernel_drops = {"s2c"}
    p.need |= {"policed"}
    p.may = {"throttling", "packet_drop"}
    sees(p, server=["throttling"])


@play("inn-shape", "the same download behind a shaper: packets wait in a deep queue")
def inn_shape(p, rng):
    rate = rng.choice([600, 900, 1300])
    p.notes["shape_kbit_s"] = rate
    p.rules.append(("tc", device(p, rng), f"qdisc add dev west root tbf rate {rate}kbit burst 8kb latency 2000ms"))
    p.kernel_drops, p.kernel_why = {"s2c"}, "loss"
    download(p)


@play("inn-congestion", "the same download through a slow link with an ordinary queue that overflows")
def inn_congestion(p, rng):
    rate = rng.choice([900, 1300, 2000])
    p.notes["link_kbit_s"] = rate
    p.rules.append(("tc", device(p, rng), f"qdisc add dev west root tbf rate {rate}kbit burst 3kb latency {rng.choice([80, 150, 250])}ms"))
    p.kernel_drops, p.kernel_why = {"s2c"}, "loss"
    download(p)


@play("inn-radio", "the same download over a path that loses two or three packets in a hundred")
def inn_radio(p, rng):
    p.loss_pct = max(p.loss_pct, rng.choice([2.0, 3.0]))
    download(p)


# --- drops by a packet filter ----------------------------------------------------------------------

@play("drop-filter-c2s", "a packet filter lets three packets of the client pass, then none", KERNEL)
def drop_filter_c2s(p, rng):
    tls(p, rng, BLOCKED, 9)
    p.rules.append(filter_rule(device(p, rng), "tcp dport 443 ct original packets > 2 drop"))
    p.kernel_drops = {"c2s"}
    sees(p, client=["packet_drop"])


@play("drop-filter-both", "a packet filter lets the handshake pass, then nothing either way", KERNEL)
def drop_filter_both(p, rng):
    http(p, BLOCKED, "", 9)
    p.rules.append(filter_rule(device(p, rng), "tcp dport 80 ct original packets > 2 drop; tcp sport 80 ct original packets > 2 drop"))
    p.kernel_drops = {"c2s", "s2c"}
    sees(p, client=["packet_drop"])


# --- addresses -------------------------------------------------------------------------------------

def visit(p, addr, limit=4, more=()):
    """One request to an address of the server's, whatever plan.web says."""
    at = f"[{addr}]" if p.v6 else addr
    p.services |= {"nginx"}
    p.cmds.append((["curl", "-q", "-sS", "-k", f"-{p.family}", "--noproxy", "*", "--http1.1", "-m", str(limit), "-o", "/dev/null",
                    "--resolve", f"{BLOCKED}:443:{at}", *more, f"https://{BLOCKED}/"], limit + 2, None))


def blocked_address(p, rng, rule, drops=("c2s",)):
    """It answers, then the rule comes in force, and a second address of the same server goes on answering."""
    p.trigger = ("syn", p.web)
    p.aims = {"address_blocking"}
    p.may = {"packet_drop"}
    visit(p, p.web)
    if rule:
        later(p, filter_rule(device(p, rng), rule))
        p.kernel_drops = set(drops)
    visit(p, p.web, 9)
    visit(p, p.web2)
    visit(p, p.web, 9)


@play("addr-drop", "packets to an address are dropped; a second address of the server answers", KERNEL, twin="inn-nobody")
def addr_drop(p, rng):
    blocked_address(p, rng, f"{to_server(p, p.web)} drop")
    sees(p, client=["packet_drop"])


@play("addr-drop-all", "packets to an address are dropped from the beginning", BOX_KERNEL, twin="inn-nobody")
def addr_drop_all(p, rng):
    p.trigger = ("syn", p.web)
    p.aims = {"address_blocking"}
    visit(p, p.web2)
    visit(p, p.web, 9)
    visit(p, p.web2)
    if p.injector == "mbox":
        p.drops = {"trigger", "c2s"}
    else:
        p.rules.append(filter_rule(device(p, rng), f"{to_server(p, p.web)} drop"))
        p.kernel_drops = {"c2s"}
    sees(p, client=["packet_drop"])


@play("addr-icmp", "a router answers for an address: administratively prohibited", KERNEL, twin="inn-own-firewall")
def addr_icmp(p, rng):
    blocked_address(p, rng, f"{to_server(p, p.web)} reject with icmpx admin-prohibited")
    sees(p, client=["packet_drop"])


@play("addr-rst", "a reset comes to every SYN for an address", BOX_KERNEL, twin="inn-closed-port")
def addr_rst(p, rng):
    sees(p, client=["rst_injection"])
    if p.injector == "mbox":
        p.trigger = ("syn", p.web)
        p.aims = {"address_blocking"}
        p.may = {"packet_drop"}
        p.acts = [{"to": "client", "flags": RST | ACK, "df": 1, "ipid": 0, "win": 0, "ttl": rng.choice([64, 128, 255]), "seq": "abs:0",
                   "delay_us": draw.reaction(rng, p, 200, 2000)}]
        p.drops = {"trigger", "c2s"}
        visit(p, p.web)
        visit(p, p.web2)
        visit(p, p.web)
    else:
        blocked_address(p, rng, f"{to_server(p, p.web)} meta l4proto tcp reject with tcp reset")
        p.kernel_forges = {"s2c"}


@play("inn-nobody", "an address where nobody is: silence, then the last router says so")
def inn_nobody(p, rng):
    visit(p, p.web2)
    visit(p, p.nobody, 9)
    p.trigger = ("syn", p.nobody)
    p.kernel_drops, p.kernel_why = {"c2s"}, "loss"


@play("inn-own-firewall", "the server's own packet filter rejects: the ICMP comes from the server itself")
def inn_own_firewall(p, rng):
    what = rng.choice(["reject with icmpx admin-prohibited", "reject with icmpx port-unreachable"])
    p.trigger = ("syn", p.web)
    visit(p, p.web)
    later(p, filter_rule("sv", f"tcp dport 443 {to_server(p, p.web)} {what}", "input"))
    visit(p, p.web, 6)
    visit(p, p.web2)


@play("inn-down", "a server that is there, and then is not: its address falls silent")
def inn_down(p, rng):
    p.trigger = ("syn", p.web)
    visit(p, p.web)
    later(p, filter_rule("sv", f"{to_server(p, p.web)} drop", "input"))
    visit(p, p.web, 9)


# --- names: a resolver that lies, DNS over TCP -------------------------------------------------------

@play("dns-lie", "the resolver itself gives a false address", ("resolver",), twin="inn-dns-private")
def dns_lie(p, rng):
    lookup(p, rng, BLOCKED, p.v6)
    false4 = rng.choice(["127.0.0.1", "0.0.0.0", "10.10.34.36", "198.51.100.99", draw.gfw_address(rng, False)])
    p.lies = {BLOCKED: [false4, rng.choice(["::", "::1", net.NOBODY6])]}
    p.cmds.append((["dig", f"@{p.resolver}", "+tries=1", "+time=3", "+short", ALLOWED, "A"], 6, None))
    p.otherwise = {"dns_manipulation"}
    sees(p, client=["dns_manipulation"], server=["dns_manipulation"])


def ask(p, resolver, name):
    p.cmds.append((["dig", f"@{resolver}", "+tries=2", "+time=3", "+short", name, "AAAA" if p.v6 else "A"], 8, None))


def several_lookups(p):
    """Names that all is well with, so that the resolver's habits are known; then three unrelated ones, each asked of a second resolver too."""
    p.services |= {"dnsmasq"}
    p.second = True
    p.trigger = ("qname", BLOCKED)
    for name in FINE * 2:
        ask(p, p.resolver, name)
    for name in (BLOCKED,) + UNRELATED:
        ask(p, p.resolver, name)
        ask(p, p.web2, name)


@play("dns-lie-many", "the resolver denies three unrelated names that a second resolver knows", ("resolver",), twin="inn-dns-two")
def dns_lie_many(p, rng):
    several_lookups(p)
    p.lies = {name: None for name in (BLOCKED,) + UNRELATED}
    p.otherwise = {"dns_manipulation"}
    # Beside the resolver nothing shows that an answer took the time that the resolver's own answers take.
    sees(p, client=["dns_manipulation"])


@play("inn-dns-two", "the same questions to the same two resolvers, both honest")
def inn_dns_two(p, rng):
    several_lookups(p)


@play("inn-dns-private", "a name inside a network: its private address, truly where it is")
def inn_dns_private(p, rng):
    lookup(p, rng, "inside.example", p.v6)
    p.cmds.append((["dig", f"@{p.resolver}", "+tries=1", "+time=3", "+short", ALLOWED, "A"], 6, None))


def tcp_lookup(p, name):
    p.trigger = ("qname", name)
    p.services |= {"dnsmasq"}
    p.cmds.append((["dig", "+tcp", f"@{p.resolver}", "+tries=1", "+time=3", "+short", name, "AAAA" if p.v6 else "A"], 6, None))


@play("dns-tcp-rst", "a question over TCP is answered by forged resets", BOX, twin="inn-dns-tcp")
def dns_tcp_rst(p, rng):
    tcp_lookup(p, BLOCKED)
    d = draw.reaction(rng, p)
    p.acts = [dict(draw.gfw1(rng, d), to="client"), draw.gfw2(rng, p, d + 300, "client", False)]
    p.may = {"dns_injection"}
    sees(p, client=["rst_injection"])


@play("dns-tcp-answer", "a forged answer inside the TCP connection to the resolver", BOX, twin="inn-dns-tcp")
def dns_tcp_answer(p, rng):
    tcp_lookup(p, BLOCKED)
    a = draw.DNS_ON_PATH[1](rng, p, p.v6)
    p.acts = [dict(a, dns=1, to="client", flags=PSH | ACK, win=rng.choice([8192, 65535]), delay_us=draw.reaction(rng, p))]
    p.may = {"data_injection"}
    sees(p, client=["dns_injection"])


@play("inn-dns-tcp", "a question over TCP and the resolver's answer")
def inn_dns_tcp(p, rng):
    tcp_lookup(p, BLOCKED)


# --- mail ------------------------------------------------------------------------------------------

def mail(p, sender):
    at = f"[{p.web}]" if p.v6 else p.web
    p.services |= {"smtp"}
    p.cmds.append((["curl", "-q", "-sS", "--noproxy", "*", "-m", "6", "--mail-from", sender, "--mail-rcpt", "box@inside.example",
                    "-T", "{dir}/letter", f"smtp://{at}/client.example"], 8, None))


@play("quit-forged", "the server is sent a QUIT that the client never said, then resets", BOX, twin="inn-mail")
def quit_forged(p, rng):
    # METHODS f.1: `\r\n.\r\nQUIT\r\n` in the client's name, and a triple of RST+ACK.
    mail(p, f"someone@{BLOCKED}")
    p.trigger = ("bytes", BLOCKED)
    cmd = rng.choice(["QUIT\r\n", "\r\n.\r\nQUIT\r\n"])
    ttl, d = rng.choice([64, 128, 255]), draw.reaction(rng, p)
    rst = draw.gfw2(rng, p, d + 400, "server", False)
    p.acts = [{"to": "server", "flags": PSH | ACK, "df": 0, "ipid": rng.randint(1, 65535), "win": 8192, "ttl": ttl, "delay_us": d,
               "payload": cmd.encode().hex()}, dict(rst, seq=len(cmd))]
    sees(p, server=["data_injection", "rst_injection"])


@play("inn-mail", "the same letter, delivered")
def inn_mail(p, rng):
    mail(p, f"someone@{BLOCKED}")
    p.trigger = ("bytes", BLOCKED)


# --- a proxy in TLS --------------------------------------------------------------------------------

# Names of issuers: those published (METHODS f.4), and one that nobody published.
ISSUERS = ("/C=KZ/CN=Qaznet Trust Network", "/C=KZ/CN=Information Security Certification Authority CA", "/O=Fortinet/CN=FortiGate CA",
           "/O=Example Network/CN=Example Network Gateway CA")


def intercepted(p, rng, tls_max):
    p.services |= {"nginx"}
    p.notes["issuer"] = rng.choice(ISSUERS)
    p.notes["tls_max"] = tls_max
    p.trigger = ("sni", BLOCKED)
    more = ["--tls-max", tls_max]
    visit(p, p.web, 4, more)
    # Its last packets must be through: the rule would hand them to the proxy's kernel, which resets what it does not know.
    pause(p, 1)
    later(p, ("nft", device(p, rng), "table inet lab { chain p { type nat hook prerouting priority -100; iifname west tcp dport 443 redirect to :8443; }; }"))
    p.services |= {"sslsplit"}
    for _ in range(2):
        visit(p, p.web, 4, more)
    p.proxied = 443
    p.otherwise = {"tls_interception"}
    sees(p, client=["tls_interception"])


@play("tls-proxy", "sslsplit in a router takes TLS 1.2 apart, after a visit that it let alone", ("sslsplit",), twin="inn-new-certificate")
def tls_proxy(p, rng):
    intercepted(p, rng, "1.2")


@play("tls-proxy-13", "the same with TLS 1.3, where certificates are not visible", ("sslsplit",), twin="inn-new-certificate")
def tls_proxy_13(p, rng):
    intercepted(p, rng, "1.3")


@play("inn-new-certificate", "a server gets a new key and certificate, of another issuer, between two visits")
def inn_new_certificate(p, rng):
    p.services |= {"nginx"}
    p.trigger = ("sni", BLOCKED)
    more = ["--tls-max", rng.choice(["1.2", "1.2", "1.3"])]
    visit(p, p.web, 4, more)
    p.cmds.append((["@newcert", "/O=Example Trust/CN=Example Trust R3"], 5, None))
    for _ in range(2):
        visit(p, p.web, 4, more)


# --- QUIC ------------------------------------------------------------------------------------------

def quic(p, name, limit=6, version="v1"):
    p.services |= {"quic", "nginx"}
    p.hosts = True      # the client takes the name it says from the host it is given
    p.cmds.append((["gtlsclient", "-q", "--no-quic-dump", "--no-http-dump", "--exit-on-all-streams-close", "--timeout=9s", "-v", version,
                    name, "443", f"https://{name}/index.html"], limit, None))


@play("quic-sni", "a name in QUIC's first packet: from then on nothing passes; another name does", BOX, twin="inn-quic")
def quic_sni(p, rng):
    p.trigger = ("quic", BLOCKED)
    p.drops = {"trigger", "c2s"} | ({"s2c"} if rng.random() < 0.5 else set())
    quic(p, BLOCKED, 8)
    background(p)
    pause(p, 1.2)
    quic(p, ALLOWED)
    curl(p, f"https://{BLOCKED}/", BLOCKED)
    quic(p, BLOCKED, 8)
    p.may = {"packet_drop", "protocol_blocking"}
    sees(p, client=["quic_blocking"])


@play("quic-all", "QUIC works, then a packet filter drops UDP 443; TCP works on", KERNEL, twin="inn-quic")
def quic_all(p, rng):
    for _ in range(3):
        quic(p, BLOCKED)
    later(p, filter_rule(device(p, rng), "udp dport 443 drop"))
    p.kernel_drops = {"c2s"}
    for _ in range(2):
        quic(p, BLOCKED, 8)
        background(p)
        pause(p, 1)
        curl(p, f"https://{BLOCKED}/", BLOCKED)
    pause(p, 6)
    p.aims = {"protocol_blocking"}
    p.may = {"packet_drop", "address_blocking", "sni_filtering"}
    sees(p, client=["quic_blocking"])


@play("quic-version", "version 1 is dropped by its version field (METHODS g.3); draft 29 passes", KERNEL, twin="inn-quic")
def quic_version(p, rng):
    p.rules.append(filter_rule(device(p, rng), "udp dport 443 @th,72,32 0x00000001 drop"))
    p.kernel_drops = {"c2s"}
    quic(p, BLOCKED, 8)
    background(p)
    pause(p, 1.2)
    quic(p, BLOCKED, 6, "0xff00001d")
    curl(p, f"https://{BLOCKED}/", BLOCKED)
    quic(p, BLOCKED, 8)
    p.aims = {"protocol_blocking"}
    p.may = {"packet_drop", "sni_filtering"}
    sees(p, client=["quic_blocking"])


@play("inn-quic", "both names over QUIC, and TCP")
def inn_quic(p, rng):
    quic(p, BLOCKED)
    quic(p, ALLOWED)
    curl(p, f"https://{BLOCKED}/", BLOCKED)
    p.need |= {"quic_answered"}


@play("inn-quic-none", "a server without QUIC whose own packet filter drops UDP; TCP works")
def inn_quic_none(p, rng):
    quic(p, BLOCKED, 8)
    p.services -= {"quic"}
    p.rules.append(filter_rule("sv", "udp dport 443 drop", "input"))
    background(p)
    pause(p, 1)
    curl(p, f"https://{BLOCKED}/", BLOCKED)
    quic(p, BLOCKED, 8)


@play("inn-quic-closed", "a server without QUIC: its kernel says port unreachable")
def inn_quic_closed(p, rng):
    quic(p, BLOCKED, 8)
    p.services -= {"quic"}
    curl(p, f"https://{BLOCKED}/", BLOCKED)
