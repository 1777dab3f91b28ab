"""Nothing that somebody types makes the server open connections or read files that it should not."""

import socket
import threading

import pytest
from person import Client, Person


class Ear:
    """Listens and notes who came."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.visitors = self.socket.getsockname()[1], []
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.visitors.append(connection.recv(1000))
            connection.close()


@pytest.fixture
def ear():
    ear = Ear()
    yield ear
    ear.socket.close()


ADDRESSES = ["http://127.0.0.1:{}/", "http://localhost:{}/", "http://[::ffff:127.0.0.1]:{}/", "http://2130706433:{}/", "http://0.0.0.0:{}/", "oci://127.0.0.1:{}/x"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_in_objects_are_not_visited(server, api, ear, address):
    url = address.format(ear.port)
    name = f"visited-{abs(hash(address)) % 10**8}"
    api.call("POST", "/core/applications/", json={"name": name, "slug": name, "meta_launch_url": url, "meta_icon": url})
    user = api.user(name, "a-password")
    api.patch(f"/core/users/{user['pk']}/", {"attributes": {"avatar": url}})
    api.get(f"/core/users/{user['pk']}/")
    api.get("/core/applications/")
    assert not ear.visitors


@pytest.mark.parametrize("path", ["../../../../etc/passwd", "/etc/passwd", "default/../../../etc/passwd", "file:///etc/passwd", "http://127.0.0.1:{}/", "..\\..\\etc", "nothing.yaml", "\0"])
def test_a_blueprint_is_read_from_its_folder_only(api, ear, path):
    path = path.format(ear.port)
    refused = api.call("POST", "/managed/blueprints/", 400, json={"name": f"path {abs(hash(path))}", "path": path})
    assert "path" in refused and "root:" not in str(refused), refused
    assert not ear.visitors


def test_a_registry_is_not_asked(api, ear):
    made = api.post("/managed/blueprints/", {"name": "registry", "path": f"oci://127.0.0.1:{ear.port}/x"})
    refused = api.call("POST", f"/managed/blueprints/{made['pk']}/apply/", 400, json={})
    assert "oci://" in str(refused), refused
    assert not ear.visitors


REACHING = {
    "requests": "return str(ak_requests.get('http://127.0.0.1:{}/'))",
    "client": "return str(requests.get('http://127.0.0.1:{}/').text)",
    "import": "import socket\nreturn str(socket.create_connection(('127.0.0.1', {})))",
    "urllib": "import urllib.request\nreturn str(urllib.request.urlopen('http://127.0.0.1:{}/'))",
    "dunder import": "return str(__import__('os').popen('id').read())",
    "open": "return open('/etc/passwd').read()",
    "eval": "return str(eval('1+1'))",
    "exec": "exec('x=1')\nreturn str(x)",
    "class walk": "return str(().__class__.__bases__[0].__subclasses__())",
    "globals": "return str((lambda: 0).__globals__)",
    "function code": "return str((lambda: 0).__code__)",
    "format walk": "return '{{0.__class__.__init__.__globals__}}'.format(request)",
    "getattr walk": "return str(getattr(getattr(request, '__class__'), '__subclasses__')())",
    "builtins": "return str(__builtins__)",
    "environment": "import os\nreturn str(os.environ)",
}


@pytest.mark.parametrize("expression", REACHING.values(), ids=REACHING)
def test_expressions_reach_nothing_outside(server, api, ear, expression):
    expression = expression.format(ear.port)
    name = f"reaching {abs(hash(expression))}"
    made = api.call("POST", "/propertymappings/provider/scope/", json={"name": name, "scope_name": "x", "expression": expression})
    if "pk" not in made:
        # Refused when it was saved: that names the field.
        assert "expression" in made, made
        return
    answer = api.call("POST", f"/propertymappings/all/{made['pk']}/test/", json={"user": api.first("/core/users/")["pk"]})
    assert answer.get("successful") is not True or not any(s in answer["result"] for s in ("root:", "uid=", "<class", "PATH", "200", "object at")), answer
    assert not ear.visitors


def test_a_request_uri_is_not_visited(server, api, ear):
    client = Client(server, api, "by-reference")
    Person(server).get(client.authorize_url(request_uri=f"http://127.0.0.1:{ear.port}/"))
    assert not ear.visitors
