"""A browser without JavaScript: follows redirects, fills in forms, presses the button."""

import html.parser
import urllib.parse

import requests


class Forms(html.parser.HTMLParser):
    """The forms of a page, with their fields, and its text."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.text, self._open, self._skip = [], [], None, False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        self._skip = tag in ("style", "script")
        if tag == "form":
            self._open = {"action": a.get("action", ""), "method": a.get("method", "get").lower(), "fields": {}, "types": {}}
            self.forms.append(self._open)
        elif tag in ("input", "select", "textarea") and self._open is not None and a.get("name"):
            kind = a.get("type", tag)
            if kind in ("checkbox", "radio") and "checked" not in a:
                return
            self._open["fields"][a["name"]] = a.get("value", "")
            self._open["types"][a["name"]] = kind

    def handle_endtag(self, tag):
        self._skip = False
        if tag == "form":
            self._open = None

    def handle_data(self, data):
        if not self._skip and data.strip():
            self.text.append(data.strip())


class Page:
    def __init__(self, response):
        self.response, self.url, self.status = response, response.url, response.status_code
        parsed = Forms(response.text) if "html" in response.headers.get("content-type", "") else None
        self.forms = parsed.forms if parsed else []
        self.text = " ".join(parsed.text) if parsed else response.text


class Browser:
    def __init__(self, ca=None):
        self.session = requests.Session()
        self.session.trust_env = False
        if ca:
            self.session.verify = str(ca)

    def get(self, url, **kw):
        return Page(self.session.get(url, timeout=30, **kw))

    def submit(self, page, **values):
        """Fills in the page's first form and sends it."""
        assert page.forms, f"no form on {page.url} ({page.status}): {page.text[:400]}"
        form = page.forms[0]
        unknown = [k for k in values if k not in form["fields"] and k not in ("remember_me",)]
        assert not unknown, f"the form on {page.url} has no field {unknown}, only {list(form['fields'])}"
        data = {**form["fields"], **values}
        target = urllib.parse.urljoin(page.url, form["action"])
        return Page(self.session.request(form["method"], target, data=data, timeout=30, headers={"Referer": page.url}))

    def log_in(self, page, username, password, most=6):
        """Goes through login steps until a page asks for something else or there is no form left."""
        for _ in range(most):
            if not page.forms:
                return page
            fields = page.forms[0]["fields"]
            if "uid_field" in fields:
                both = {"uid_field": username} | ({"password": password} if "password" in fields else {})
                page = self.submit(page, **both)
            elif "password" in fields:
                page = self.submit(page, password=password)
            else:
                return page
        return page

    def consent(self, page):
        """Agrees where a page asks for it."""
        if page.forms and page.forms[0]["fields"].get("component") == "ak-stage-consent":
            return self.submit(page)
        return page
