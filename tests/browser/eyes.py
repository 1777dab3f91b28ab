"""A real browser that notes what must not happen: errors, blocked content, requests to others, text that does not fit."""

import os
import pathlib
import shutil
import tempfile
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
WIDE, NARROW = (1360, 900), (390, 844)
CHROMIUM = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
# Pictures for people to look at; nobody compares them.
PICTURES = pathlib.Path(os.environ.get("PICTURES") or tempfile.mkdtemp(prefix="keywright-pictures-"))

# What assistive technology finds: a name for everything one can use, and nothing wider than the window.
LOOK = """() => {
  const found = [];
  for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    const named = [...(e.labels || [])].some((l) => l.textContent.trim()) || e.getAttribute("aria-label");
    if (!named) found.push("no label: " + e.outerHTML.slice(0, 120));
  }
  for (const e of document.querySelectorAll("a, button"))
    if (!e.hidden && !e.textContent.trim() && !e.getAttribute("aria-label")) found.push("no name: " + e.outerHTML.slice(0, 120));
  for (const e of document.querySelectorAll("[aria-describedby]"))
    for (const id of e.getAttribute("aria-describedby").split(/\\s+/).filter(Boolean))
      if (!document.getElementById(id)) found.push("describes nothing: " + id);
  if (document.querySelectorAll("h1").length !== 1) found.push("a page has one heading of the first level");
  if (!document.title.trim() || !document.documentElement.lang) found.push("no title or language");
  if (document.documentElement.scrollWidth > innerWidth) found.push("wider than the window");
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  if (new Set(ids).size !== ids.length) found.push("an id twice");
  return found;
}"""

# What axe-core finds by the rules of WCAG 2.2 A and AA.
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


def accessibility(page):
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]} {node['failureSummary'][:300]}" for rule in found for node in rule["nodes"]]


class Eyes:
    """Windows of one browser, and everything that was wrong in them."""

    def __init__(self, chromium, base):
        self.chromium, self.base, self.wrong = chromium, base, []

    @contextmanager
    def window(self, size=WIDE, scheme="light", script=True):
        self.wrong = []
        context = self.chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, java_script_enabled=script, base_url=self.base
        )
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda m: m.type in ("error", "warning") and self._error(m))
        page.on("pageerror", lambda e: self.wrong.append(f"script error: {e}"))
        page.on("request", lambda r: self._request(r.url))
        # Where applications would answer.
        page.route("https://app.example.com/**", lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>The application</h1>"))
        try:
            yield page
        finally:
            context.close()
        assert not self.wrong, self.wrong

    def _error(self, message):
        # Chromium notes every answer of 400 and more; which those are is tested by their status.
        if "the server responded with a status of" not in message.text:
            self.wrong.append(f"console: {message.text}")

    def _request(self, url):
        if not url.startswith((self.base, "data:", "https://app.example.com/")):
            self.wrong.append(f"request to {url}")

    def look(self, page, name):
        """Looks at the page in both schemes and widths; keeps pictures."""
        before = page.viewport_size
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for width, height in (WIDE, NARROW):
                page.set_viewport_size({"width": width, "height": height})
                page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}.png", full_page=True)
                self.wrong += [f"{name} {width} {scheme}: {it}" for it in page.evaluate(LOOK) + accessibility(page)]
        page.set_viewport_size(before)
        page.emulate_media(color_scheme="light")
        assert not self.wrong, self.wrong


@contextmanager
def eyes(base):
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(prefix="keywright-chromium-") as home:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS, env={**os.environ, "HOME": home})
        try:
            yield Eyes(chromium, base)
        finally:
            chromium.close()
