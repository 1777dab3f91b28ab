"""Requests exactly as they are written, which a client library would tidy up, and names that lead to this machine."""

import os
import socket
import ssl
from collections import namedtuple

from applications import frame, read_frame

DOMAIN = "example.test"
Answer = namedtuple("Answer", "status headers body")

_resolve = socket.getaddrinfo


def _here(host, *rest, **more):
    name = host.decode() if isinstance(host, bytes) else host
    own = isinstance(name, str) and (name == DOMAIN or name.endswith("." + DOMAIN))
    return _resolve("127.0.0.1" if own else host, *rest, **more)


def resolve_here():
    """Every name below DOMAIN is this machine from now on."""
    socket.getaddrinfo = _here


# Ports that speak TLS, with certificates that nobody signed.
TLS = set()


def connect(port, host="localhost"):
    plain = socket.create_connection(("127.0.0.1", port), timeout=15)
    if port not in TLS:
        return plain
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context.wrap_socket(plain, server_hostname=host.split(":")[0] or "localhost")


def send(port, path, host, headers=(), method="GET", body=b""):
    """One request, its headers in the order and spelling given (pairs); the answer, redirects not followed."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    with connect(port, host) as s:
        s.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        with s.makefile("rb") as stream:
            return read(stream)


def read(stream):
    first = stream.readline().split()
    if len(first) < 2:
        return Answer(0, {}, b"")
    headers = read_headers(stream)
    return Answer(int(first[1]), headers, stream.read() if int(first[1]) != 101 else b"")


def read_headers(stream):
    headers = {}
    while (line := stream.readline().strip()) not in (b"", b"\r\n"):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    return headers


def talk(port, host, said, headers=()):
    """Opens a WebSocket, says something, and returns the status and what was said back."""
    lines = ["GET /socket HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    lines += [f"{name}: {value}" for name, value in headers]
    with connect(port, host) as s:
        s.sendall("\r\n".join([*lines, "", ""]).encode())
        with s.makefile("rb") as stream:
            status = int(stream.readline().split()[1])
            read_headers(stream)
            if status != 101:
                return status, None
            s.sendall(frame(said, os.urandom(4)))
            return status, read_frame(stream)
