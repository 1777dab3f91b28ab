"""nginx asking as ingress-nginx makes it ask from the printed annotations.

There is no cluster here. What the controller writes from the annotations is written by hand: it sets X-Original-URL and little else, so
that the client's own X-Original-URI and X-Forwarded-Host arrive with the question.
"""

import urllib.parse

import yaml
from forward_auth import Cases
from proxies import Nginx

SERVER = """
server {{
    listen {port};
    server_name {host};
    proxy_buffer_size {buffer};
    proxy_buffers 4 {buffer};
    location / {{
        auth_request /_external-auth;
        error_page 401 = @signin;
        auth_request_set $auth_cookie $upstream_http_set_cookie;
        add_header Set-Cookie $auth_cookie;
        {copied}
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header Host $http_host;
        proxy_pass {upstream};
    }}
    location = /_external-auth {{
        internal;
        proxy_pass_request_body off;
        proxy_http_version 1.1;
        proxy_set_header Content-Length "";
        proxy_set_header X-Forwarded-Proto "";
        proxy_set_header Host {asked};
        proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
        proxy_set_header X-Original-Method $request_method;
        proxy_set_header X-Sent-From "nginx-ingress-controller";
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Auth-Request-Redirect $request_uri;
        proxy_pass {auth};
    }}
    location @signin {{
        internal;
        add_header Set-Cookie $auth_cookie;
        return 302 {signin};
    }}
    location {outpost} {{
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_pass http://{service};
    }}
}}
"""


class IngressNginx(Nginx):
    name = "ingress-nginx"

    def site(self, files, port):
        login, outpost, service = yaml.safe_load_all(files[0]["content"])
        said = {name.split("/")[1]: value for name, value in login["metadata"]["annotations"].items()}
        copied = []
        for header in said["auth-response-headers"].split(","):
            variable = header.lower().replace("-", "_")
            if header != "Set-Cookie":
                copied += [f"auth_request_set ${variable} $upstream_http_{variable};", f"proxy_set_header {header} ${variable};"]
        # Stock nginx cannot encode; how `start` reads the encoded form is a test of its own.
        signin = said["auth-signin"].replace("$escaped_request_uri", "$request_uri")
        path = outpost["spec"]["rules"][0]["http"]["paths"][0]["path"]
        external, (ports,) = service["spec"]["externalName"], service["spec"]["ports"]
        return SERVER.format(
            port=port,
            host=login["spec"]["rules"][0]["host"],
            buffer=said["proxy-buffer-size"],
            copied=" ".join(copied),
            upstream=self.upstream(login),
            asked=urllib.parse.urlsplit(said["auth-url"]).netloc,
            auth=said["auth-url"],
            signin=signin,
            outpost=path,
            service=f"{external}:{ports['port']}",
        )

    def upstream(self, ingress):
        # Services are names in a cluster; here the number is enough.
        backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
        return f"http://127.0.0.1:{backend['port']['number']}"

    def prepare(self, sites, ports):
        upgrade = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n"
        # The controller's own answer to names that no Ingress has.
        others = f"server {{ listen {ports[0]} default_server; server_name _; return 404; }}\n"
        text = upgrade + others + "".join(self.site(files, ports[0]) for files in sites.values())
        return super().prepare({"all": [{"name": "all.conf", "content": text}]}, ports)


class TestIngressNginx(Cases):
    proxy = IngressNginx
