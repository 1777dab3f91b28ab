"""Small applications to stand behind a reverse proxy: they answer with what they were asked, and note it."""

import base64
import hashlib
import http.server
import json
import struct
import threading

MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers every request with its method, path, headers and body; talks WebSocket to who asks for it."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
        asked = {"application": self.server.name, "method": self.command, "path": self.path, "headers": self.headers.items(), "body": body}
        self.server.asked.append(asked)
        if self.headers.get("Upgrade", "").lower() == "websocket":
            return self.talk()
        text = json.dumps(asked).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def talk(self):
        key = base64.b64encode(hashlib.sha1((self.headers["Sec-WebSocket-Key"] + MAGIC).encode()).digest()).decode()
        self.send_response(101)
        for name, value in (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", key)):
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        while (said := read_frame(self.rfile)) is not None:
            self.wfile.write(frame(f"{self.server.name} heard {said}"))

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)


class Application:
    """`with Application("wiki") as app:` and app.base answers; app.asked is what reached it."""

    def __init__(self, name):
        self.name = name
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        self.server.daemon_threads = True
        self.server.name, self.server.asked = name, []
        self.asked = self.server.asked
        self.port = self.server.server_address[1]
        self.base = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


# The least of WebSocket (RFC 6455): short texts, one frame each.


def frame(text, mask=b""):
    body = text.encode()
    assert len(body) < 126
    if mask:
        body = bytes(b ^ mask[i % 4] for i, b in enumerate(body))
    return bytes([0x81, len(body) | (0x80 if mask else 0)]) + mask + body


def read_frame(stream):
    """The next text, None at the end."""
    head = stream.read(2)
    if len(head) < 2 or head[0] & 0x0F == 8:
        return None
    length, mask = head[1] & 0x7F, b""
    if length == 126:
        length = struct.unpack("!H", stream.read(2))[0]
    if head[1] & 0x80:
        mask = stream.read(4)
    body = stream.read(length)
    return bytes(b ^ mask[i % 4] for i, b in enumerate(body)).decode() if mask else body.decode()
