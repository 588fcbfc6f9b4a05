# SPDX-License-Identifier: BSD-3-Clause
"""TLS server flights with certificates, for pcapgen. Keys and signatures are bytes drawn from a hash: nothing here could be verified, and
nothing that reads the capture verifies it."""
import hashlib
import shlex
import struct

OID = {"cn": b"\x55\x04\x03", "c": b"\x55\x04\x06", "o": b"\x55\x04\x0a", "ou": b"\x55\x04\x0b"}
SHA256_RSA = bytes.fromhex("300d06092a864886f70d01010b0500")
RSA = bytes.fromhex("300d06092a864886f70d0101010500")


def tlv(tag, body):
    n = len(body)
    head = bytes([n]) if n < 128 else bytes([0x82]) + struct.pack(">H", n)
    return bytes([tag]) + head + body


def draw(seed, n):
    out = b""
    while len(out) < n:
        out += hashlib.sha256(b"%s %d" % (seed.encode(), len(out))).digest()
    return out[:n]


def integer(data):
    data = data.lstrip(b"\0") or b"\0"
    return tlv(2, b"\0" + data if data[0] & 0x80 else data)


def name(cn, org=None, country=None):
    parts = [(k, v) for k, v in (("c", country), ("o", org), ("cn", cn)) if v]
    return tlv(0x30, b"".join(tlv(0x31, tlv(0x30, tlv(6, OID[k]) + tlv(0x13 if k == "c" else 0x0c, v.encode()))) for k, v in parts))


def cert(kv):
    """kv: cn san issuer org country key e from until (YYMMDDhhmmssZ), all optional but cn."""
    modulus = draw("key " + kv.get("key", kv["cn"]), 256)
    modulus = bytes([modulus[0] | 0x80]) + modulus[1:-1] + bytes([modulus[-1] | 1])
    e = int(kv.get("e", "65537"))
    rsa = tlv(0x30, integer(modulus) + integer(e.to_bytes(4, "big")))
    issuer = name(kv.get("issuer", kv["cn"]), kv.get("org"), kv.get("country"))
    subject = issuer if "issuer" not in kv else name(kv["cn"])
    validity = tlv(0x30, tlv(0x17, kv.get("from", "240101000000Z").encode()) + tlv(0x17, kv.get("until", "341231000000Z").encode()))
    sans = tlv(0x30, b"".join(tlv(0x82, s.encode()) for s in kv.get("san", kv["cn"]).split(",")))
    exts = tlv(0xa3, tlv(0x30, tlv(0x30, b"\x06\x03\x55\x1d\x11" + tlv(4, sans))))
    body = tlv(0x30, tlv(0xa0, b"\x02\x01\x02") + integer(draw("serial " + repr(sorted(kv.items())), 8)) + SHA256_RSA + issuer + validity +
               subject + tlv(0x30, RSA + tlv(3, b"\0" + rsa)) + exts)
    return tlv(0x30, body + SHA256_RSA + tlv(3, b"\0" + draw("signature", 256)))


def words(text):
    return dict(w.partition("=")[::2] for w in shlex.split(text))


def message(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def record(kind, body):
    return struct.pack(">BHH", kind, 0x0303, len(body)) + body


def flight(text):
    """ServerHello, and up to TLS 1.2 Certificate and ServerHelloDone, a record each. Words: version=1.2|1.3 cipher=HEX exts=HEX,HEX; then `/` and a
    certificate's words, and again for each that is sent with it."""
    hello, *certs = text.split("/")
    kv = words(hello)
    v13 = kv.get("version", "1.2") == "1.3"
    exts = b""
    for ext in filter(None, kv.get("exts", "002b,0033" if v13 else "ff01,0017").split(",")):
        body = {"002b": b"\x03\x04", "0033": b"\x00\x1d\x00\x20" + draw("share", 32), "ff01": b"\0"}.get(ext, b"")
        exts += bytes.fromhex(ext) + struct.pack(">H", len(body)) + body
    hello = b"\x03\x03" + draw("random", 32) + b"\0" + bytes.fromhex(kv.get("cipher", "1301" if v13 else "c02f")) + b"\0" + struct.pack(">H", len(exts)) + exts
    out = record(22, message(2, hello))
    if v13:
        return out + record(20, b"\1") + record(23, draw("sealed", 600))
    ders = [cert(words(c)) for c in certs]
    if ders:
        chain = b"".join(len(d).to_bytes(3, "big") + d for d in ders)
        out += record(22, message(11, len(chain).to_bytes(3, "big") + chain))
    return out + record(22, message(14, b""))
