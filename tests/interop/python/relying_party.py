"""The relying party that a Python application is: Authlib. Prints where a browser has to go, then what it learned."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, jwt
from authlib.oidc.core import CodeIDToken

issuer, client_id, secret = (os.environ[k] for k in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET"))
host, port = os.environ["CALLBACK_LISTEN"].split(":")
metadata = requests.get(issuer + ".well-known/openid-configuration", timeout=10).json()
assert metadata["issuer"] == issuer, metadata["issuer"]

arrived = threading.Event()
came = {}


class Callback(BaseHTTPRequestHandler):
    def do_GET(self):
        came["path"] = self.path
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"done")
        arrived.set()

    def log_message(self, *_):
        pass


server = HTTPServer((host, int(port)), Callback)
threading.Thread(target=server.serve_forever, daemon=True).start()
redirect_uri = f"http://{host}:{port}/callback"
session = OAuth2Session(client_id, secret, scope=os.environ["SCOPES"], redirect_uri=redirect_uri, code_challenge_method="S256")
verifier, nonce = generate_token(64), generate_token(20)
url, state = session.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
print(url, flush=True)
assert arrived.wait(60), "nobody came back"
token = session.fetch_token(
    metadata["token_endpoint"], authorization_response=f"http://{host}:{port}{came['path']}", code_verifier=verifier, state=state
)
keys = JsonWebKey.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())
claims = jwt.decode(token["id_token"], keys, claims_cls=CodeIDToken, claims_params={"nonce": nonce, "client_id": client_id})
claims.validate()
userinfo = session.get(metadata["userinfo_endpoint"]).json()
print(json.dumps({"claims": dict(claims), "userinfo": userinfo, "refreshed": False}), flush=True)
