"""A real Envoy with the configuration that Keywright prints for it. The cases are in tests/support/forward_auth.py."""

from forward_auth import Cases, Common
from proxies import Envoy


class TestEnvoy(Cases):
    proxy = Envoy


class TestEnvoyOverTls(Common):
    proxy, tls = Envoy, True
