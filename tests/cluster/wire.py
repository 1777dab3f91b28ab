"""A wire to a port, which can be cut so that nobody is told: bytes vanish on the way, and nothing is closed."""

import contextlib
import socket
import threading


class Wire:
    def __init__(self, to):
        self.to, self.whole, self.ended, self.sockets = to, threading.Event(), False, []
        self.whole.set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def cut(self):
        """From now on nothing arrives. Whoever sends or connects does not notice, as the kernel takes it."""
        self.whole.clear()

    def heal(self, forgotten=False):
        """What was sent meanwhile arrives late, as TCP repeats it; or the connections are forgotten, as after a long time."""
        if forgotten:
            for one in self.sockets:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            self.sockets = []
        self.whole.set()

    def accept(self):
        while not self.ended:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(near,), daemon=True).start()

    def carry(self, near):
        self.whole.wait()
        try:
            far = socket.create_connection(("127.0.0.1", self.to), timeout=5)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        self.sockets += [near, far]
        threading.Thread(target=self.pump, args=(far, near), daemon=True).start()
        self.pump(near, far)

    def pump(self, source, target):
        with contextlib.suppress(OSError):
            while part := source.recv(65536):
                self.whole.wait()
                target.sendall(part)
        self.whole.wait()
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def stop(self):
        self.ended = True
        self.whole.set()
        self.listener.close()
        for one in self.sockets:
            one.close()
