# SPDX-License-Identifier: BSD-3-Clause
"""Sealed QUIC datagrams for pcapgen, with the standard library only: AES-128 and GCM are written out here (FIPS 197, SP 800-38D),
slow and plain. Keys and labels by RFC 9001 5.2 and RFC 9369 3.3; `self_test` holds them against the key of RFC 9001 A.1. Pure functions."""
import hashlib
import hmac
import struct

import packets as pk

VERSIONS = {"1": (1, "38762cf7f55934b34d179ae6a4c80cadccbb7f0a", "quic "),
            "2": (0x6b3343cf, "0dede3def700a6db819381be6e269dcbf9bd2ed9", "quicv2 ")}


def _make_sbox():
    p = q = 1
    box = [0] * 256
    while True:
        p = (p ^ (p << 1) ^ (0x1b if p & 0x80 else 0)) & 0xff
        q = (q ^ (q << 1)) & 0xff
        q = (q ^ (q << 2)) & 0xff
        q = (q ^ (q << 4)) & 0xff
        q ^= 0x09 if q & 0x80 else 0
        x = q
        for i in range(1, 5):
            x ^= (q << i | q >> (8 - i)) & 0xff
        box[p] = x ^ 0x63
        if p == 1:
            break
    box[0] = 0x63
    return box


SBOX = _make_sbox()


def _xtime(a):
    return (a << 1 ^ (0x1b if a & 0x80 else 0)) & 0xff


def aes_keys(key):
    w = [list(key[i:i + 4]) for i in range(0, 16, 4)]
    rcon = 1
    for i in range(4, 44):
        t = w[i - 1]
        if i % 4 == 0:
            t = [SBOX[b] for b in t[1:] + t[:1]]
            t[0] ^= rcon
            rcon = _xtime(rcon)
        w.append([a ^ b for a, b in zip(w[i - 4], t)])
    return [sum(w[i:i + 4], []) for i in range(0, 44, 4)]


def aes(keys, block):
    s = [a ^ b for a, b in zip(block, keys[0])]
    for rnd in range(1, 11):
        s = [SBOX[s[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if rnd < 10:
            out = []
            for c in range(0, 16, 4):
                a = s[c:c + 4]
                out += [_xtime(a[i]) ^ _xtime(a[(i + 1) % 4]) ^ a[(i + 1) % 4] ^ a[(i + 2) % 4] ^ a[(i + 3) % 4] for i in range(4)]
            s = out
        s = [a ^ b for a, b in zip(s, keys[rnd])]
    return bytes(s)


def _ghash(h, data):
    y = 0
    for i in range(0, len(data), 16):
        y ^= int.from_bytes(data[i:i + 16].ljust(16, b"\0"), "big")
        z, v = 0, h
        for bit in range(127, -1, -1):
            if y >> bit & 1:
                z ^= v
            v = v >> 1 ^ (0xe1 << 120 if v & 1 else 0)
        y = z
    return y


def gcm_seal(key, nonce, aad, plain):
    keys = aes_keys(key)
    h = int.from_bytes(aes(keys, bytes(16)), "big")
    out = b""
    for i in range(0, len(plain), 16):
        pad = aes(keys, nonce + struct.pack(">I", 2 + i // 16))
        out += bytes(a ^ b for a, b in zip(plain[i:i + 16], pad))
    fill = lambda b: b + bytes(-len(b) % 16)
    s = _ghash(h, fill(aad) + fill(out) + struct.pack(">QQ", 8 * len(aad), 8 * len(out)))
    tag = bytes(a ^ b for a, b in zip(s.to_bytes(16, "big"), aes(keys, nonce + b"\0\0\0\1")))
    return out + tag


def _expand(secret, label, length):
    info = struct.pack(">HB", length, 6 + len(label)) + b"tls13 " + label.encode() + b"\0"
    return hmac.new(secret, info + b"\1", hashlib.sha256).digest()[:length]


def initial_keys(version, dcid, who):
    _, salt, prefix = VERSIONS[version]
    secret = _expand(hmac.new(bytes.fromhex(salt), dcid, hashlib.sha256).digest(), who + " in", 32)
    return [_expand(secret, prefix + name, n) for name, n in (("key", 16), ("iv", 12), ("hp", 16))]


def initial(version, dcid, scid, number, frames, who="client", size=1200):
    """One datagram with one Initial packet, padded to `size` bytes. The server's is sealed with the keys of the client's first id."""
    key, iv, hp = initial_keys(version, dcid, who)
    first = 0xc3 if version == "1" else 0xd3
    to, me = (dcid, scid) if who == "client" else (scid, dcid)
    head = struct.pack(">BI", first, VERSIONS[version][0]) + bytes([len(to)]) + to + bytes([len(me)]) + me + b"\0"
    room = size - len(head) - 2
    head += struct.pack(">HI", 0x4000 | room, number)
    frames = frames.ljust(room - 4 - 16, b"\0")
    nonce = (int.from_bytes(iv, "big") ^ number).to_bytes(12, "big")
    sealed = gcm_seal(key, nonce, head, frames)
    mask = aes(aes_keys(hp), sealed[:16])
    pn = bytes(a ^ b for a, b in zip(head[-4:], mask[1:]))
    return bytes([head[0] ^ (mask[0] & 0x0f)]) + head[1:-4] + pn + sealed


def crypto(data, offset):
    return b"\x06" + struct.pack(">HH", 0x4000 | offset, 0x4000 | len(data)) + data


def hello(name):
    return pk.client_hello(name)[5:]  # without the record header


def datagram(what, kv, dcid, scid):
    """initial sni= [version=1|2] [part=1|2: half the hello each] [number=N]; server-initial: the server's Initial; handshake, short: sealed
    packets nobody can read; other version=0x..: a long header of a version without keys; vn: Version Negotiation; retry."""
    version, number = kv.get("version", "1"), int(kv.get("number", "0"))
    if what == "initial":
        msg = hello(kv["sni"])
        half = len(msg) // 2
        lo, hi = {"1": (0, half), "2": (half, len(msg))}.get(kv.get("part"), (0, len(msg)))
        return initial(version, dcid, scid, number, crypto(msg[lo:hi], lo))
    if what == "server-initial":
        return initial(version, dcid, scid, number, b"\x02\0\0\0\0" + crypto(pk.server_hello()[5:], 0), "server")
    to, me = (scid, dcid) if kv["from"] == "resp" else (dcid, scid)
    ids = bytes([len(to)]) + to + bytes([len(me)]) + me
    noise = bytes((7 * i + number) & 0xff for i in range(int(kv.get("len", "80"))))
    if what == "handshake":
        return struct.pack(">BI", 0xe3, 1) + ids + struct.pack(">H", 0x4000 | len(noise)) + noise
    if what == "other":
        return struct.pack(">BI", 0xc3, int(kv["version"], 0)) + ids + bytes(1100)
    if what == "vn":
        return struct.pack(">BI", 0xc0, 0) + ids + struct.pack(">I", VERSIONS["2"][0])
    if what == "retry":
        return struct.pack(">BI", 0xf0, 1) + ids + noise
    return b"\x43" + to + noise  # short


def self_test():
    key, iv, hp = initial_keys("1", bytes.fromhex("8394c8f03e515708"), "client")
    assert key.hex() == "1f369613dd76d5467730efcbe3b1a22d" and hp.hex() == "9f50449e04a0e810283a1e9933adedd2", key.hex()
    # FIPS 197 appendix B, and SP 800-38D test case 2 of the GCM paper.
    assert aes(aes_keys(bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")), bytes.fromhex("3243f6a8885a308d313198a2e0370734")).hex() == \
        "3925841d02dc09fbdc118597196a0b32"
    assert gcm_seal(bytes(16), bytes(12), b"", bytes(16)).hex() == "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"


if __name__ == "__main__":
    self_test()
