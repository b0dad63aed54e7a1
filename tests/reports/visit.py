"""A browser for tests, and pages opened in it; without an installed one the tests are skipped."""

import importlib
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

WIDTHS = (320, 390, 1280)
SCHEMES = ("light", "dark")
FLAGS = [
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
REPORTS = sorted((Path(__file__).parents[2] / "reports").glob("*.html"))


def missing(reason):
    if os.environ.get("EDTECH_SURVEY_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{reason}, and EDTECH_SURVEY_REQUIRE_BROWSER=1 says that it must be there")
    pytest.skip(f"{reason}: browser tests skipped; install Chromium and run make test-browser")


def needed(name, package):
    try:
        return importlib.import_module(name)
    except ImportError:
        return missing(f"{package} is not installed")


@contextmanager
def launched():
    sync_api = needed("playwright.sync_api", "playwright")
    found = [shutil.which(n) for n in ("chromium", "chromium-browser", "google-chrome")]
    executable = next((path for path in found if path), None)
    if executable is None:
        missing("no chromium, chromium-browser or google-chrome on the path")
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    flags = [*FLAGS, "--no-sandbox"] if as_root else FLAGS
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=flags)
        yield started
        started.close()


class Visit:
    """A page opened with the network cut, and what it tried to do."""

    def __init__(self, browser, path, **options):
        self.context = browser.new_context(offline=True, **options)
        self.page = self.context.new_page()
        self.asked, self.said = [], []
        self.page.on("request", lambda r: self.asked.append(r.url))
        self.page.on("console", lambda m: self.said.append(m.text))
        self.page.on("pageerror", lambda e: self.said.append(str(e)))
        self.page.on("dialog", lambda d: (self.said.append(f"dialog {d.message}"), d.dismiss()))
        self.page.goto(path.as_uri())

    @property
    def outside(self):
        return [url for url in self.asked[1:] if not url.startswith("data:")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()


def open_all(page):
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
