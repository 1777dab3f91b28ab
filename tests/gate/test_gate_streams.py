"""What still goes on when a session ends: tunnels through the server as a proxy."""

import os
import socket
import time
import urllib.parse

from applications import frame, read_frame
from asking import PASSWORD
from person import Person


def in_as(gate, server, name, host):
    person = Person(server).logged_in(name, PASSWORD)
    answer = gate.ask(host, "/")
    outside, _ = person.go(answer.headers["location"])
    parts = urllib.parse.urlsplit(outside)
    return person, gate.ask(host, f"{parts.path}?{parts.query}", answer.cookie()).cookie()


def opened(gate, host, cookie):
    s = socket.create_connection(("127.0.0.1", gate.server.http), timeout=15)
    lines = ["GET /socket HTTP/1.1", f"Host: {host}", "X-Forwarded-Proto: https", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", f"Cookie: {cookie}", "", ""]
    s.sendall("\r\n".join(lines).encode())
    stream = s.makefile("rb")
    status = int(stream.readline().split()[1])
    while stream.readline().strip():
        pass
    return s, stream, status


def test_a_websocket_ends_with_the_session(gate, server):
    host = "full.example.test"
    person, cookie = in_as(gate, server, "alice", host)
    s, stream, status = opened(gate, host, cookie)
    assert status == 101
    s.sendall(frame("hello", os.urandom(4)))
    assert read_frame(stream) == "behind heard hello"
    person.go(f"{server.base}/flows/-/default/invalidation/")
    assert person.who() is None
    ended = time.monotonic()
    s.settimeout(20)
    assert stream.read(1) in (b"", b"\x88"), "something still came through"
    assert time.monotonic() - ended < 10
    s.close()


def test_no_websocket_without_a_session(gate):
    s, _, status = opened(gate, "full.example.test", "x=1")
    s.close()
    assert status == 302


def test_no_websocket_over_http2_without_a_session(gate):
    """RFC 8441: the answer comes although the stream that was asked for stays open."""

    def literal(text):
        return bytes([len(text)]) + text.encode()

    def framed(kind, flags, stream, body=b""):
        return len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body

    fields = {":method": "CONNECT", ":protocol": "websocket", ":scheme": "http", ":authority": "full.example.test", ":path": "/socket", "sec-websocket-version": "13"}
    # RFC 7541 §6.2.2: literal fields without an index, without Huffman.
    head = b"".join(b"\0" + literal(name) + literal(value) for name, value in fields.items())
    with socket.create_connection(("127.0.0.1", gate.server.http), timeout=5) as s, s.makefile("rb") as stream:
        s.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + framed(4, 0, 0) + framed(4, 1, 0) + framed(1, 4, 1, head))
        while True:
            start = stream.read(9)
            body = stream.read(int.from_bytes(start[:3], "big"))
            assert len(start) == 9 and start[3] != 7, "the connection ended"
            if start[3] == 1:
                break
    # RFC 7541 §6.1: `:status 200` would be 0x88.
    assert body[0] != 0x88, body
