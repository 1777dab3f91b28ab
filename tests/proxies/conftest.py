"""Failed assertions of the shared cases show their values; certificates that nobody signed are meant."""

import pathlib
import sys

import pytest
import urllib3

pytest.register_assert_rewrite("forward_auth")
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

# The browser's flags are those of the tests of pages.
sys.path.append(str(pathlib.Path(__file__).parent.parent / "browser"))
