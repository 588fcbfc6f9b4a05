# SPDX-License-Identifier: BSD-3-Clause
"""What the boxes send: published behaviours, every free number drawn from the published range.

Facts are those of the project's reference notes (MIDDLEBOXES.md, section named at each). An act is a dict of
mbox's keys; times in microseconds after the box saw the trigger.
"""
import ipaddress
import random

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
TSG_K, TSG_M = 13, 65535


def addr32(ip):
    """The address as an x86 host reads its (last) four bytes; section 1.1 verified that order for IPv4."""
    return int.from_bytes(ipaddress.ip_address(ip).packed[-4:], "little")


def tsg(rng, src, dst, val=None):
    """One packet of the TSG reset generator (1.1): window, IPID and TTL hang together."""
    val = val or rng.randint(128, TSG_M // TSG_K)
    win = val + addr32(src) % TSG_K or 1
    return {"win": win, "ipid": (TSG_M - TSG_K * val + addr32(dst) % win) % 65536, "df": 1,
            "ttl": val % 200 + 48, "flags": RST | ACK}, val


def reaction(rng, plan, low=300, high=8000):
    """Delay after the box saw the trigger; kept under the time the genuine answer needs to come by."""
    room = int(2 * plan.leg_us[1] * 0.7)
    return min(rng.randint(low, high), max(room, 200))


def gfw1(rng, delay):
    """1.2; IPID 0 until 2023, random in 2025."""
    return {"flags": RST, "ack": "abs:0", "df": 0, "ipid": rng.choice([0, rng.randint(1, 65535)]),
            "win": rng.randint(899, 59585), "ttl": rng.randint(64, 128), "delay_us": delay}


def gfw2(rng, plan, delay, to, fixed_ttl):
    ends = (plan.server_ip, plan.client_ip) if to == "client" else (plan.client_ip, plan.server_ip)
    a, val = tsg(rng, *ends)
    plan.note(f"tsg_val_{to}", val)
    if fixed_ttl:
        a["ttl"] = 255
    return dict(a, to=to, delay_us=delay, count=3, gap_us=rng.randint(20, 60))


def rst_iran(rng, plan, d):            # 3.1
    plan.drops |= {"s2c"}
    return [{"flags": RST | ACK, "df": 0, "ipid": rng.randint(1, 65535), "win": 0,
             "ttl": rng.choice([64, 192, 200])}]


def rst_turkmenistan(rng, plan, d):    # 4.1
    return [{"flags": RST, "df": 0, "ipid": 30000, "win": 0, "ack": "abs:0", "ttl": 128}]


def rst_packetlogic(rng, plan, d):     # 5.1: no TTL gap to rely on
    plan.drops |= {"s2c"}
    return [{"flags": RST | ACK, "df": 0, "ipid": 0x3412, "win": 32120,
             "ttl": plan.ttl_server - plan.hops_real[1] - plan.hops[1] + rng.randint(0, 2)}]


def rst_242(rng, plan, d):             # 6.1, 7.6
    return [{"flags": rng.choice([RST, RST | ACK]), "df": 0, "ipid": 242, "win": 16, "ttl": 64}]


def rst_echo(rng, plan, d):            # 9.5
    return [{"flags": RST, "df": 0, "ipid": "echo+1", "win": "echo", "ttl": rng.choice([32, 64])}]


def rst_0xf04(rng, plan, d):           # 6.2
    return [{"flags": 0xF04, "df": 0, "ipid": "echo", "win": 65535, "ttl": rng.choice([64, 128, 255])}]


def rst_myanmar(rng, plan, d):         # 7.1
    return [{"flags": RST | ACK, "df": 1, "ipid": rng.randint(1, 65535), "win": rng.randint(1, 65535),
             "ttl": rng.randint(48, 247)}]


def rst_isp(rng, plan, d):             # 2.5
    return [{"flags": RST | ACK, "df": 0, "ipid": rng.choice([0, 1]), "win": rng.choice([0, 8192]),
             "ttl": rng.choice([64, 128])}]


RST_SINGLE = (rst_iran, rst_turkmenistan, rst_packetlogic, rst_242, rst_echo, rst_0xf04, rst_myanmar,
              rst_isp)


def rst_single(rng, plan, to, only=None):
    """One reset per end in `to`, all built by one profile; the mirrored one draws its own TTL."""
    d = reaction(rng, plan)
    make = next((p for p in RST_SINGLE if p.__name__ == "rst_" + (only or "")), None) or rng.choice(RST_SINGLE)
    plan.note("profile", make.__name__)
    return [dict(a, to=t, delay_us=d + 30 * i) for i, t in enumerate(to) for a in make(rng, plan, d)]


def rst_spaced(rng, plan):
    """1.3, the form of 2006-2017: X, X+1460, X+4380, TTL and window climbing."""
    d, win, ttl = reaction(rng, plan), rng.randint(100, 5000), rng.randint(48, 200)
    return [{"to": "client", "flags": RST | ACK, "df": 1, "ipid": rng.randint(1, 65535), "seq": off,
             "win": win + i, "ttl": ttl + i, "delay_us": d + 40 * i}
            for i, off in enumerate((0, 1460, 4380))]


def rst_payload(rng, plan):
    """1.10 Henan: ten bytes 01..09 00, client only; 4.4 Tajikistan: 22 zero bytes."""
    d = reaction(rng, plan, 500, 4000)
    henan = {"payload": "01020304050607080900", "ipid": 1, "df": 0, "ttl": 64, "win": rng.randint(0, 65535)}
    tajik = {"payload": "00" * 22, "ipid": rng.randint(0, 65535), "df": 0, "ttl": 64, "win": 0}
    plan.note("profile", "henan" if (h := rng.random() < 0.5) else "tajikistan")
    return [dict(henan if h else tajik, to="client", flags=RST | ACK, delay_us=d)]


def rst_unknown(rng, plan, device):
    """A box that nobody has described: how it builds resets is drawn from `device`, what it changes from packet to packet from `rng`."""
    box = random.Random(f"device|{device}")
    flags, df = box.choice([RST, RST | ACK]), box.randint(0, 1)
    ttl, win = box.choice([64, 128, 255]) - box.randint(0, 6), box.choice([None, box.randint(1, 65535)])
    ipid, count = box.choice([None, box.randint(1, 65535)]), box.randint(1, 4)
    plan.note("device", f"flags={flags:#x} df={df} ttl={ttl} win={win} ipid={ipid} count={count}")
    return [{"to": "client", "flags": flags, "df": df, "ttl": ttl, "count": count, "gap_us": box.randint(20, 60),
             "ipid": rng.randint(1, 65535) if ipid is None else ipid, "win": rng.randint(1, 65535) if win is None else win,
             "delay_us": reaction(rng, plan)}]


# --- pages -----------------------------------------------------------------------------------------

def text(status, headers, body=""):
    h = "".join(f"{k}: {v}\r\n" for k, v in headers)
    return f"{status}\r\n{h}\r\n{body}".encode().hex()


def html(words):
    return f"<html><head><title>Notice</title></head><body><p>{words}</p></body></html>"


def page_plain(rng, plan, d):
    """No country's: a page of our own words, 200 or 403, FIN with the data or right after it."""
    body = html("The address you asked for is not available here. " * rng.randint(1, 6))
    status = rng.choice(["HTTP/1.1 403 Forbidden", "HTTP/1.1 200 OK"])
    p = text(status, [("Connection", "close"), ("Content-Type", "text/html"),
                      ("Content-Length", len(body))], body)
    base = {"df": rng.choice([0, 1]), "ipid": rng.randint(0, 65535), "win": rng.choice([16384, 32768, 65535]),
            "ttl": rng.choice([64, 128, 255])}
    plan.note("fin", fin := rng.choice(["with", "after"]))
    if fin == "with":
        return [dict(base, flags=FIN | PSH | ACK, payload=p)]
    return [dict(base, flags=PSH | ACK, payload=p),
            dict(base, flags=FIN | ACK, seq=len(p) // 2, delay_us=50)]


def page_iran(rng, plan, d):           # 3.2
    body = ('<html><head><meta http-equiv="Content-Type" content="text/html; charset=windows-1256"><title>NTE1'
            '</title></head><body><iframe src="http://10.10.34.36/?type=Invalid Keyword&policy=MainPolicy " '
            'style="width: 100%; height: 100%" scrolling="no"></iframe></body></html>')
    p = text("HTTP/1.1 403 Forbidden", [("Connection", "close"), ("Content-Type", "text/html; charset=utf-8"),
                                        ("Content-Length", len(body))], body)
    base = {"df": 0, "ttl": rng.choice([64, 192, 200])}
    return [dict(base, flags=PSH | ACK, win=65535, payload=p, ipid=rng.randint(1, 65535)),
            dict(base, flags=FIN | ACK, win=0, seq=len(p) // 2, ack=1, ipid=rng.randint(1, 65535),
                 delay_us=40)]


def page_bare(rng, plan, d):           # 6.2: HTML without a status line, then a reset with IPID + 1
    p = html("Surf Safely! This site is prohibited for viewership from within Pakistan.").encode().hex()
    ipid = rng.randint(1, 65000)
    return [{"flags": FIN | ACK, "df": 0, "win": 16384, "ttl": rng.choice([64, 128]), "ipid": ipid, "payload": p},
            {"flags": RST, "df": 0, "win": 0, "ttl": rng.choice([64, 128]), "ipid": ipid + 1,
             "seq": len(p) // 2, "ack": "abs:0", "delay_us": 170}]


def page_242(rng, plan, d):            # 6.1
    body = '<html><body><iframe src="http://www.airtel.in/dot/"></iframe></body></html>'
    p = text("HTTP/1.1 200 OK", [("Content-Length", len(body)), ("Connection", "close")], body)
    return [{"flags": FIN | PSH | ACK, "df": 0, "win": rng.choice([16, 8192]), "ttl": 64, "ipid": 242, "payload": p}]


def redirect_tkppse(rng, plan, d):     # 7.6
    p = text("HTTP/1.0 302 Moved", [("Content-Length", 0), ("Location", "http://lamanlabuh.aduankonten.id/"),
                                    ("Pragma", "no-cache"), ("Cache-Control", "no-cache")])
    return [{"flags": FIN | PSH | ACK, "df": rng.choice([0, 1]), "win": rng.randint(1, 65535), "ttl": 64,
             "ipid": rng.randint(0, 65535), "payload": p}]


def redirect_cn302(rng, plan, d):      # 1.5
    p = text("HTTP/1.1 302 Found", [("Location", "http://182.43.124.6/"), ("Content-Length", 0),
                                    ("Connection", "close")])
    return [{"flags": FIN | PSH | ACK, "df": 0, "win": rng.randint(1, 65535), "ttl": 255, "ipid": 0x4C57,
             "payload": p}]


def redirect_isp(rng, plan, d):        # 2.5
    p = text("HTTP/1.1 302 Found", [("Connection", "close"), ("Location", "http://blockpage.example/")])
    return [{"flags": FIN | PSH | ACK, "df": 0, "win": 8192, "ttl": rng.choice([64, 128]),
             "ipid": rng.choice([0, 1]), "payload": p}]


def redirect_packetlogic(rng, plan, d):  # 5.1
    plan.drops |= {"s2c"}
    p = text("HTTP/1.1 307 Temporary Redirect", [("Location", f"http://ads.example/static{rng.randint(1, 9)}.html"),
                                                 ("Connection", "close")])
    base = {"df": 0, "ipid": 0x3412, "win": 32120,
            "ttl": plan.ttl_server - plan.hops_real[1] - plan.hops[1] + rng.randint(0, 2)}
    return [dict(base, flags=FIN | ACK, payload=p),
            # A bare ACK of the client's FIN, about 100 ms later.
            dict(base, flags=ACK, on="fin", delay_us=rng.randint(98600, 99900) - d)]


PAGES = (page_plain, page_iran, page_bare, page_242)
REDIRECTS = (redirect_tkppse, redirect_cn302, redirect_isp)


def page(rng, plan, pool, only=None):
    d = reaction(rng, plan)
    make = next((p for p in pool if p.__name__ == only), None) or rng.choice(pool)
    plan.note("profile", make.__name__)
    return [dict(a, to="client", delay_us=d + a.get("delay_us", 0)) for a in make(rng, plan, d)]


# --- names -----------------------------------------------------------------------------------------

POOL_A = ("8.7.198.45", "37.61.54.158", "46.82.174.68", "59.24.3.173", "78.16.49.15", "93.46.8.89",
          "159.106.121.75", "203.98.7.65", "243.185.187.39")   # 1.9
POOL_AAAA = ("2001::1f0d:5b21", "2001::9df0:0a24", "2a03:2880:f112:83:face:b00c:0:25de",
             "2a03:2880:f127:283:face:b00c:0:25de")


def gfw_address(rng, v6):
    return rng.choice(POOL_AAAA if v6 else POOL_A)


def dns_1(rng, plan, v6):
    return {"df": 0, "ipid": rng.randint(1, 65535), "ttl": rng.randint(60, 200), "dns_flags": 0x8580,
            "name_full": 1, "rr_ttl": 60, "rdata": gfw_address(rng, v6)}


def dns_2(rng, plan, v6):
    return {"df": 1, "ipid": rng.randint(1, 65535), "ttl": rng.randint(48, 247), "dns_flags": 0x8180,
            "rr_ttl": rng.randint(60, 300), "rdata": gfw_address(rng, v6)}


def dns_3(rng, plan, v6):
    """Mirrors the query's TTL: reaches us only if the query came far enough with enough of it left."""
    return {"df": 0, "ipid": 0, "ttl": "mirror", "dns_flags": 0x8180, "name_full": rng.choice([0, 1]),
            "rr_ttl": rng.randint(30, 300), "rdata": gfw_address(rng, v6)}


def dns_iran(rng, plan, v6):           # 3.3
    return {"df": 0, "ipid": rng.randint(1, 65535), "ttl": rng.choice([192, 200]), "dns_flags": 0x81A0,
            "rr_ttl": 418, "rdata": "d0::11" if v6 else rng.choice(["10.10.34.34", "10.10.34.35", "10.10.34.36"])}


def dns_turkmenistan(rng, plan, v6):   # 4.1
    return {"df": 0, "ipid": 30000, "ttl": 128, "dns_flags": 0x8180, "rr_ttl": 300,
            "rdata": "::1" if v6 else "127.0.0.1"}


DNS_ON_PATH = (dns_1, dns_2, dns_3, dns_turkmenistan)


def dns(rng, plan, v6, makers):
    d = reaction(rng, plan, 200, 6000)
    plan.note("profile", [m.__name__ for m in makers])
    return [dict(m(rng, plan, v6), dns=1, to="client", delay_us=d + 100 * i) for i, m in enumerate(makers)]
