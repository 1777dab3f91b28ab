"""Failed assertions of the shared cases show their values."""

import pytest

pytest.register_assert_rewrite("forward_auth")
