"""Failed assertions of the shared cases show their values; certificates that nobody signed are meant."""

import pytest
import urllib3

pytest.register_assert_rewrite("forward_auth")
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
