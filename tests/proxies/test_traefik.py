"""A real Traefik with the configuration that Keywright prints for it. The cases are in tests/support/forward_auth.py."""

from forward_auth import Cases, Common
from proxies import Traefik


class TestTraefik(Cases):
    proxy = Traefik


class TestTraefikOverTls(Common):
    proxy, tls = Traefik, True
