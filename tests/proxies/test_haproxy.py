"""A real Haproxy with the configuration that Keywright prints for it. The cases are in tests/support/forward_auth.py."""

from forward_auth import Cases, Common
from proxies import Haproxy


class TestHaproxy(Cases):
    proxy = Haproxy


class TestHaproxyOverTls(Common):
    proxy, tls = Haproxy, True
