"""The API as curl would use it."""

import requests


class Api:
    def __init__(self, base, token):
        self.base, self.session = base + "/api/v3", requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method, path, expect=None, **kw):
        answer = self.session.request(method, self.base + path, timeout=30, **kw)
        if expect is not None:
            assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:600]}"
        return answer.json() if answer.content else None

    def get(self, path, **params):
        return self.call("GET", path, 200, params=params)

    def post(self, path, body, expect=201):
        return self.call("POST", path, expect, json=body)

    def patch(self, path, body):
        return self.call("PATCH", path, 200, json=body)

    def first(self, path, **params):
        found = self.get(path, **params)["results"]
        assert found, f"nothing at {path} with {params}"
        return found[0]

    # What most tests need.

    def flow(self, slug):
        return self.get(f"/flows/instances/{slug}/")["pk"]

    def scope(self, name):
        return self.first("/propertymappings/provider/scope/", scope_name=name)["pk"]

    def signing_key(self):
        return self.first("/crypto/certificatekeypairs/", name="authentik Self-signed Certificate")["pk"]

    def oauth_app(self, slug, redirect, scopes=("openid", "email", "profile"), consent="implicit", **extra):
        provider = self.post(
            "/providers/oauth2/",
            {
                "name": slug,
                "authorization_flow": self.flow(f"default-provider-authorization-{consent}-consent"),
                "invalidation_flow": self.flow("default-provider-invalidation-flow"),
                "client_type": "confidential",
                "client_id": slug,
                "client_secret": f"{slug}-secret",
                "redirect_uris": [{"matching_mode": "strict", "url": redirect}],
                "signing_key": self.signing_key(),
                "property_mappings": [self.scope(s) for s in scopes],
                **extra,
            },
        )
        application = self.post("/core/applications/", {"name": slug, "slug": slug, "provider": provider["pk"]})
        return provider, application

    def user(self, name, password, groups=()):
        user = self.post("/core/users/", {"username": name, "name": name.title(), "email": f"{name}@example.com", "groups": list(groups)})
        self.call("POST", f"/core/users/{user['pk']}/set_password/", 204, json={"password": password})
        return user

    def group(self, name):
        return self.post("/core/groups/", {"name": name})["pk"]
