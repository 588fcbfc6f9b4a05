#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seeds of the app room's fuzz targets into tests/fuzz/seeds: one valid input for each kind of message."""
import pathlib
import struct
import sys

SEEDS = pathlib.Path(__file__).parent / "seeds"
sys.path.insert(0, str(SEEDS.parent.parent / "pcapgen"))
import certs


def write(target, name, data):
    (SEEDS / target).mkdir(parents=True, exist_ok=True)
    (SEEDS / target / name).write_bytes(data)


def vec(size, body):
    return len(body).to_bytes(size, "big") + body


def name(text):
    return b"".join(vec(1, label.encode()) for label in text.split(".")) + b"\0"


def dns(flags, question, *records, extra=b"", n_extra=0):
    return (struct.pack(">6H", 0x1234, flags, 1, len(records), 0, n_extra) +
            name(question) + b"\0\1\0\1" + b"".join(records) + extra)


def rr(kind, ttl, data, owner=b"\xc0\x0c"):
    return owner + struct.pack(">2HI", kind, 1, ttl) + vec(2, data)


OPT = b"\0" + struct.pack(">2HIH", 41, 1232, 0x8000, 0)


def dns_seeds():
    query = dns(0x0100, "eXaMple.com")
    answer = dns(0x8180, "www.example.com", rr(5, 60, b"\4host\xc0\x10"), rr(1, 300, bytes([192, 0, 2, 1])),
                 rr(28, 300, bytes.fromhex("20010db8" + "00" * 11 + "01")), extra=OPT, n_extra=1)
    whole = {
        "query": query,
        "query-edns": dns(0x0120, "example.com", extra=OPT, n_extra=1),
        "answer": answer,
        "answer-bogon": dns(0x81a0, "example.com", rr(1, 418, bytes([10, 10, 34, 36]))),
        "answer-teredo": dns(0x8180, "example.com", rr(28, 60, bytes.fromhex("2001" + "00" * 10 + "5d2e0859"))),
        "answer-named": dns(0x8580, "example.com", rr(1, 60, bytes(4), owner=name("example.com"))),
        "nxdomain": dns(0x8183, "wpad.lan"),
        "odd-name": dns(0x0100, "a\\b.c d"),
        "empty": struct.pack(">6H", 1, 0x8001, 0, 0, 0, 0),
        "jumps": dns(0x8180, "a", rr(16, 0, b"\xc0\x0c\xc0\x1e\xc0\x20"), rr(5, 0, b"\xc0\x22")),
    }
    for key, data in whole.items():
        write("app_dns", key, b"\0" + data)
    write("app_dns", "tcp", b"\1" + vec(2, query) + vec(2, answer))

    def seg(side, back, body):
        """One segment of side 0 or 1 that begins `back` bytes (times 4) before the side's next byte."""
        return bytes([side | back << 2, len(body)]) + body
    ask = vec(2, dns(0x0100, "a.bc"))
    one, two = (vec(2, dns(0x8180, "a.bc", rr(1, 300, bytes([198, 51, 100, n])))) for n in (1, 2))
    write("det_dns_tcp", "fine", seg(0, 0, ask) + seg(1, 0, one))
    write("det_dns_tcp", "cut", seg(0, 0, ask[:9]) + seg(0, 0, ask[9:]) + seg(1, 0, one[:5]) + seg(1, 0, one[5:]))
    write("det_dns_tcp", "several", seg(0, 0, ask + ask) + seg(1, 0, one + two))
    write("det_dns_tcp", "again", seg(0, 0, ask) + seg(1, 0, one) + seg(1, len(one) // 4, one))
    write("det_dns_tcp", "forged", seg(0, 0, ask) + seg(3, 0, one) + seg(1, len(one) // 4, two))


def hello(sni=b"www.example.com", more=b""):
    def ext(kind, body):
        return struct.pack(">H", kind) + vec(2, body)
    exts = ext(0x1a1a, b"")
    if sni:
        exts += ext(0, vec(2, b"\0" + vec(2, sni)))
    exts += ext(16, vec(2, vec(1, b"h2"))) + ext(43, vec(1, b"\x6a\x6a\3\4\3\3")) + ext(51, vec(2, b"\0\x1d" + vec(2, bytes(32))))
    body = b"\3\3" + bytes(32) + vec(1, bytes(32)) + vec(2, b"\x13\x01\x13\x02") + b"\1\0" + vec(2, exts + more)
    return b"\1" + vec(3, body)


def record(kind, body):
    return bytes([kind, 3, 1]) + vec(2, body)


def tls_seeds():
    whole = hello()
    split = record(22, whole[:3]) + record(22, whole[3:70]) + record(22, whole[70:])
    write("app_tls", "hello", b"\0" + record(22, whole))
    write("app_tls", "hello-split", b"\0" + split)
    write("app_tls", "hello-ech", b"\0" + record(22, hello(more=b"\xfe\x0d\0\1\0")))
    write("app_tls", "hello-esni", b"\0" + record(22, hello(sni=b"", more=b"\xff\xce\0\0")))
    write("app_tls", "hello-address", b"\0" + record(22, hello(sni=b"192.0.2.1")))
    write("app_tls", "hello-old", b"\0" + record(22, b"\1" + vec(3, b"\3\1" + bytes(33) + b"\0\2\0\x2f\1\0")))
    write("app_tls", "hello-sslv2", b"\0\x80\x1f\1\3\1\0\6\0\0\0\x10\0\0\x2f\7\0\xc0" + bytes(16))
    write("app_tls", "hello-small-scratch", b"\3" + split)
    write("app_tls", "body", b"\1" + whole)
    exts = b"\0\x2b\0\2\3\4"
    for key, tail in (("tls12", b"\xc0\x2f\0"), ("tls13", b"\x13\1\0" + vec(2, exts))):
        write("app_tls", "answer-" + key, b"\2" + record(22, b"\2" + vec(3, b"\3\3" + bytes(32) + b"\0" + tail)))
    write("app_tls", "answer-alert", b"\2" + record(21, b"\2\x28"))
    write("app_tls", "answer-sealed", b"\2" + record(21, bytes(19)))
    write("app_tls", "answer-other", b"\2" + record(20, b"\1"))


def http_seeds():
    texts = {
        "get": b"GET /a HTTP/1.1\r\nHost: www.Example.com:80\r\nX: 1\r\n folded\r\n\r\n",
        "get-lf": b"GET / HTTP/1.0\nhoSt : a.b\n\n",
        "get-old": b"GET /\r\n",
        "absolute": b"GET http://u:p@a.b:81/x HTTP/1.1\r\nHost: c\r\n\r\n",
        "connect": b"CONNECT [2001:db8::1]:443 HTTP/1.1\r\n\r\n",
        "ok": b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\nx",
        "redirect": b"HTTP/1.0 302 Moved\r\nLocation: http://warning.or.kr/\r\nConnection: x, close\r\n\r\n",
        "forbidden": b"HTTP/1.1 403 Forbidden\n\n<iframe src=http://10.10.34.36/>",
        "bare": b"\r\n<html><title>Surf Safely!</title>",
        "no-http": b"SSH-2.0-x\r\n",
    }
    for key, data in texts.items():
        write("app_http", key, data)


def quic_seeds():
    body = hello()
    def crypto(at, end):
        return b"\6" + struct.pack(">2H", 0x4000 | at, 0x4000 | (end - at)) + body[at:end]
    write("app_quic", "frames", b"\1" + crypto(0, len(body)) + bytes(20))
    write("app_quic", "frames-shuffled", b"\1" + crypto(90, len(body)) + b"\1\0\2\5\0\1\0\1\1" + crypto(0, 95))
    write("app_quic", "frames-ack", b"\1\3\5\0\0\0\1\1\1" + bytes(20))
    write("app_quic", "frames-close", b"\1\x1c\0\0\0" + bytes(20))
    for key, head in (("v1", b"\xc0\0\0\0\1"), ("v2", b"\xd0\x6b\x33\x43\xcf"), ("draft29", b"\xc0\xff\0\0\x1d")):
        write("app_quic", key, b"\0" + head + vec(1, bytes(8)) + b"\0" + b"\3tok" + b"\x40\x28" + bytes(40))
    write("app_quic", "handshake", b"\0\xe0\0\0\0\1\0\0\5hello")
    write("app_quic", "retry", b"\0\xf0\0\0\0\1\0\0token")
    write("app_quic", "short", b"\0\x40" + bytes(30))


def flight_seeds():
    chain = "cn=www.example.com san=www.example.com,*.example.com issuer='Some CA' org=Org / cn='Some CA' issuer='Some Root' e=3"
    for key, text in (("tls12", "version=1.2 cipher=c02f exts=ff01,0017 / " + chain), ("tls13", "version=1.3"),
                      ("resumed", "version=1.2 exts="), ("self", "version=1.2 / cn=router.example org=Org")):
        write("app_tls_flight", key, b"\0" + certs.flight(text))
    write("app_tls_flight", "small-scratch", b"\3" + certs.flight("version=1.2 / " + chain))
    write("app_tls_flight", "client", b"\1" + hello())
    write("app_tls_flight", "cert", b"\2" + certs.cert(certs.words("cn=www.example.com issuer=CA org=Org")))


if __name__ == "__main__":
    dns_seeds()
    tls_seeds()
    http_seeds()
    quic_seeds()
    flight_seeds()
