"""Pictures that are uploaded are kept under safe names, shown to everybody, and harm nobody."""

import pathlib

import pytest
import requests

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def upload(api, name, content, filename="file.png", **fields):
    form = ({"name": name} if name is not None else {}) | fields
    return requests.post(api.base + "/admin/file/", files={"file": (filename, content)}, data=form, headers=api.session.headers, timeout=30)


def names(api, **query):
    return [f["name"] for f in api.get("/admin/file/", **query)]


def test_a_picture_is_listed_shown_used_and_removed(server, api):
    assert upload(api, "icons/one.png", PNG).status_code == 200
    entry = next(f for f in api.get("/admin/file/", search="ONE") if f["name"] == "icons/one.png")
    assert entry == {"name": "icons/one.png", "mime_type": "image/png", "url": "/files/media/public/icons/one.png"}
    shown = requests.get(server.base + entry["url"], timeout=30)
    assert (shown.content, shown.headers["Content-Type"]) == (PNG, "image/png")
    application = api.post("/core/applications/", {"name": "with icon", "slug": "with-icon", "meta_icon": "icons/one.png"})
    assert application["meta_icon_url"] == entry["url"]
    users = api.get("/admin/file/used_by/", name="icons/one.png")
    assert [(u["model_name"], u["name"], u["action"]) for u in users] == [("application", "with icon", "left_dangling")]
    again = upload(api, "icons/one.png", PNG)
    assert again.status_code == 400 and again.json() == {"name": ["A file with this name already exists."]}
    api.call("DELETE", "/admin/file/?name=icons/one.png", 200)
    assert "icons/one.png" not in names(api) and requests.get(server.base + entry["url"], timeout=30).status_code == 404
    assert api.first("/events/events/", action="model_deleted")["context"]["model"]["name"] == "icons/one.png"


def test_a_drawing_runs_no_scripts(server, api):
    assert upload(api, None, SVG, "drawing.svg").status_code == 200
    shown = requests.get(server.base + "/files/media/public/drawing.svg", timeout=30)
    assert shown.headers["Content-Type"] == "image/svg+xml" and shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in shown.headers["Content-Security-Policy"] and "default-src 'none'" in shown.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["../evil.png", "/etc/evil.png", "a/../../evil.png", ".evil.png", "a/.evil.png", "a//evil.png", "evil\\evil.png", "ev il.png", "evil\0.png", "x" * 2000 + ".png", "evil.png/"])
def test_a_name_that_leads_elsewhere_is_refused(server, api, name):
    answer = upload(api, name, PNG)
    # Some clients cut a name at NUL; what is left must be harmless.
    assert answer.status_code == 400 or "\0" in name, answer.text
    assert not [p for p in pathlib.Path(server.data).rglob("*evil*") if "media" not in p.parts]


@pytest.mark.parametrize(("name", "content"), [("page.html", b"<html>"), ("script.js", b"1"), ("page.svg.html", SVG), ("none", PNG), ("fake.png", b"<html>"), ("empty.png", b"")])
def test_what_is_no_picture_is_refused(api, name, content):
    answer = upload(api, name, content)
    assert answer.status_code == 400 and "file" in answer.json(), answer.text
    assert name not in names(api)


@pytest.mark.parametrize("path", ["..%2f..%2fsecret.key", "../../secret.key", "%2e%2e/%2e%2e/secret.key", "secret.key", "/etc/passwd", "a%00.png"])
def test_nothing_else_is_served(server, path):
    request = requests.Request("GET", server.base).prepare()
    request.url = f"{server.base}/files/media/public/{path}"
    answer = requests.Session().send(request, timeout=30)
    assert answer.status_code in (400, 404) and b"root:" not in answer.content


def test_only_who_may_manages_files(server, api):
    user = api.user("file-user", "some-password")
    api.post("/core/tokens/", {"identifier": "file-user", "intent": "api", "user": user["pk"]})
    headers = {"Authorization": "Bearer " + api.get("/core/tokens/file-user/view_key/")["key"]}
    for method, path in [("GET", ""), ("POST", ""), ("DELETE", "?name=a.png"), ("GET", "used_by/?name=a.png")]:
        answer = requests.request(method, f"{api.base}/admin/file/{path}", headers=headers, timeout=30)
        assert answer.status_code == 403, (method, path, answer.text)


def test_the_version_that_runs_is_in_the_history(api):
    current = api.get("/admin/version/")["version_current"]
    history = api.get("/admin/version/history/")
    assert history[0]["version"] == current and api.get(f"/admin/version/history/{history[0]['id']}/") == history[0]


def test_roles_get_initial_permissions_on_what_their_people_make(api):
    role = api.post("/rbac/roles/", {"name": "makers"})
    of = {p["codename"]: p["id"] for p in api.get("/rbac/permissions/", page_size=100, search="group")["results"]}
    given = [of["change_group"], of["view_group"]]
    initial = api.post("/rbac/initial_permissions/", {"name": "of groups", "role": role["pk"], "permissions": given})
    assert initial["permissions"] == given and [p["codename"] for p in initial["permissions_obj"]] == ["change_group", "view_group"]
    refused = api.call("PATCH", f"/rbac/initial_permissions/{initial['pk']}/", 400, json={"permissions": [99999999]})
    assert refused == {"permissions": ['Invalid pk "99999999" - object does not exist.']}
    user = api.user("maker", "some-password")
    api.call("POST", f"/rbac/roles/{role['pk']}/add_user/", 204, json={"pk": user["pk"]})
    api.call("POST", f"/rbac/permissions/assigned_by_roles/{role['pk']}/assign/", 200, json={"permissions": ["authentik_core.add_group"]})
    api.post("/core/tokens/", {"identifier": "maker", "intent": "api", "user": user["pk"]})
    headers = {"Authorization": "Bearer " + api.get("/core/tokens/maker/view_key/")["key"]}
    mine = requests.post(api.base + "/core/groups/", json={"name": "made by maker"}, headers=headers, timeout=30).json()
    other = api.group("made by admin")
    change = lambda pk: requests.patch(f"{api.base}/core/groups/{pk}/", json={"attributes": {"a": 1}}, headers=headers, timeout=30).status_code  # noqa: E731
    assert (change(mine["pk"]), change(other)) == (200, 404)
