"""A real Haproxy with the configuration that Keywright prints for it. The cases are in tests/support/forward_auth.py."""

from forward_auth import Cases
from proxies import Haproxy


class TestHaproxy(Cases):
    proxy = Haproxy
