"""A real Caddy with the configuration that Keywright prints for it. The cases are in tests/support/forward_auth.py."""

from forward_auth import Cases, Common
from proxies import Caddy


class TestCaddy(Cases):
    proxy = Caddy


class TestCaddyOverTls(Common):
    proxy, tls = Caddy, True
