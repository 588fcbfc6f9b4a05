#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Ends that no shipped program plays: small sockets programs; the packets are still the kernel's own.

odd.py pipeline ADDR PORT NAME   two requests in one segment, both answers read
odd.py linger ADDR PORT NAME     asks for a page, reads a little, closes with SO_LINGER 0 (a reset)
odd.py unread PORT               server: closes as soon as data is there, unread (the kernel resets)
odd.py refuse PORT               server: answers 413 to the first bytes of an upload and closes, the rest unread
odd.py mute PORT                 server: reads everything, says nothing
odd.py partial ADDR PORT NAME    sends half a request, then waits
"""
import select
import socket
import struct
import sys
import time


def ask(addr, port, text):
    s = socket.create_connection((addr, int(port)), timeout=8)
    s.sendall(text.encode())
    return s


def read_all(s):
    try:
        while s.recv(65536):
            pass
    except OSError:
        pass


def serve(port, what):
    l = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    l.bind(("::", int(port)))
    l.listen(8)
    print("ready", flush=True)
    kept, end = [], time.monotonic() + 60
    while time.monotonic() < end:
        for s in select.select([l] + kept, [], [], 1)[0]:
            if s is l:
                kept.append(l.accept()[0])
            elif what == "refuse":
                s.recv(500)
                s.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                kept.remove(s)
                s.close()
            elif what == "unread" or not s.recv(65536):
                kept.remove(s)
                s.close()


def main(argv):
    what = argv[1]
    if what in ("unread", "refuse", "mute"):
        serve(argv[2], what)
        return
    addr, port, name = argv[2:5]
    get = f"GET /{{}} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: odd\r\n{{}}\r\n"
    if what == "pipeline":
        s = ask(addr, port, get.format("a", "") + get.format("b", "Connection: close\r\n"))
        read_all(s)
    elif what == "linger":
        s = ask(addr, port, get.format("page", ""))
        s.recv(4096)
        time.sleep(0.4)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif what == "partial":
        s = ask(addr, port, f"GET / HTTP/1.1\r\nHost: {name}\r\n")
        read_all(s)
    else:
        sys.exit(__doc__)
    s.close()


main(sys.argv)
