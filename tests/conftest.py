"""Shared by all tests over HTTP: a server of its own for each file, and clients."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "support"))

from api import Api  # noqa: E402
from browser import Browser  # noqa: E402
from server import TOKEN, Server  # noqa: E402


@pytest.fixture(scope="module")
def server():
    with Server() as running:
        yield running


@pytest.fixture(scope="module")
def api(server):
    return Api(server.base, TOKEN)


@pytest.fixture
def browser():
    return Browser()
