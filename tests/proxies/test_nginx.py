"""A real Nginx with the configuration that Keywright prints for it. The cases are in tests/support/forward_auth.py."""

from forward_auth import Cases, Common
from proxies import Nginx


class TestNginx(Cases):
    proxy = Nginx


class TestNginxOverTls(Common):
    proxy, tls = Nginx, True
