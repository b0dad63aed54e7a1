import base64
import json
import stat
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from edtech_survey.errors import ReportError, SetupError
from edtech_survey.reports import lint, site
from edtech_survey.reports.html import render
from edtech_survey.reports.provenance import read_manifest


@pytest.fixture
def folder(report, tmp_path):
    manifest = {"date": "2024-11", "parameters": {}, "code": {}, "synthetic": False}
    (tmp_path / "01-x.html").write_text(render(report, manifest=manifest, folder_link=True))
    (tmp_path / "stranger.html").write_text("<html><h1>Not ours</h1></html>")
    return tmp_path


def test_the_index_lists_our_pages_with_finding_date_and_files(folder):
    (folder / "01-x.pdf").write_bytes(b"%PDF")
    tour = {"code": {}, "notebook": {"path": "notebooks/00_x.ipynb", "sha256": ""}}
    page = (folder / "01-x.html").read_text()
    data = page.split("data:application/json;charset=utf-8;base64,")[1].split('"')[0]
    told = base64.b64encode(json.dumps(tour).encode()).decode()
    (folder / "00-x.html").write_text(page.replace(data, told))
    made = site.write_index(folder).read_text()
    soup = BeautifulSoup(made, "html.parser")
    assert lint.lint(made) == []
    assert [h.get_text() for h in soup("h2")] == ["Nearly every grade band is one-to-one"]
    text = soup.main.get_text(" ", strip=True)
    for part in ("gave every student a device.", "Data of 2024-11", "Who answered: 62 of about"):
        assert part in text
    assert soup.main.img["src"].startswith("data:image/png")
    assert "Not ours" not in made
    assert '"Segoe UI"' in soup.style.string
    links = [a["href"] for a in soup.main.select("a[href]")]
    assert {"01-x.html", "01-x.pdf", "data/01-x--levels.csv"} <= set(links)
    assert "00-x.html" not in links
    assert all((folder / link).is_file() for link in links)


def test_the_data_lie_beside_the_pages_with_their_columns_described(folder):
    site.write_index(folder)
    files = sorted(path.name for path in (folder / "data").iterdir())
    assert files == ["01-x--bands.csv", "01-x--levels-2.csv", "01-x--levels.csv", "README.md"]
    read = pd.read_csv(folder / "data" / "01-x--levels.csv")
    assert read["estimate"].tolist() == [89, 97, 100, 98]
    readme = (folder / "data" / "README.md").read_text()
    assert "`conf_low`: lower end of the interval" in readme
    assert "01-x--levels.csv" in readme
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["pages"]["01-x.html"]["date"] == "2024-11"
    assert set(manifest["data"]) == {name for name in files if name.endswith(".csv")}


def test_two_runs_give_the_same_bytes_and_stale_data_go(folder):
    assert "No report has been made yet" in site.write_index(folder / "new").read_text()
    site.write_index(folder)
    before = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (folder / "data" / "01-x--gone.csv").write_text("old")
    site.write_index(folder)
    after = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert after == before


def test_a_browser_that_fails_or_is_missing_leaves_the_old_pdf(folder, monkeypatch):
    browser = folder / "browser"
    browser.write_text("#!/bin/sh\necho 'no space left' >&2\nexit 1\n")
    browser.chmod(browser.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setattr(site, "find_browser", lambda: str(browser))
    (folder / "01-x.pdf").write_bytes(b"%PDF old")
    with pytest.raises(ReportError, match="no space left"):
        site.print_pdf(folder / "01-x.html", folder / "01-x.pdf")
    assert (folder / "01-x.pdf").read_bytes() == b"%PDF old"
    monkeypatch.setattr(site, "find_browser", lambda: None)
    with pytest.raises(SetupError, match=r"install one, or open 01-x\.html in any browser"):
        site.print_pdf(folder / "01-x.html", folder / "01-x.pdf")


@pytest.mark.parametrize("user", [0, 1000])
def test_printing_asks_for_tags_and_an_outline_and_root_has_no_sandbox(folder, monkeypatch, user):
    asked = []

    def run(command, **_):
        asked.extend(command)
        target = next(part for part in command if part.startswith("--print-to-pdf="))
        Path(target.split("=", 1)[1]).write_bytes(b"%PDF-1.7 new")
        return subprocess.CompletedProcess(command, 0, b"", b"")

    monkeypatch.setattr(site.os, "geteuid", lambda: user, raising=False)
    monkeypatch.setattr(site, "find_browser", lambda: "browser")
    monkeypatch.setattr(site.subprocess, "run", run)
    made = site.print_pdf(folder / "01-x.html", folder / "sub" / "x.pdf")
    assert made.read_bytes() == b"%PDF-1.7 new"
    assert "--generate-pdf-document-outline" in asked
    assert "--no-pdf-header-footer" in asked
    assert ("--no-sandbox" in asked) == (user == 0)


def link(name, data):
    return f'<a download="{name}" href="data:text/csv;charset=utf-8;base64,{data}">CSV</a>'


def test_a_page_from_elsewhere_writes_nothing_outside_the_data_folder(folder, tmp_path_factory):
    before = {path.name for path in folder.parent.iterdir()}
    page = (folder / "01-x.html").read_text()
    hostile = link("../../../evil.csv", "YQox")
    (folder / "javascript:x #1 50%.html").write_text(page.replace("</main>", f"{hostile}</main>"))
    (folder / "latin.html").write_bytes("<html><p>Élan</p></html>".encode("latin-1"))
    for name, data in (("bad", "YQ=x"), ("bytes", "/w=="), ("empty", "")):
        changed = page.replace("</main>", f"{link('b.csv', data)}</main>")
        (folder / f"{name}.html").write_text(changed)
    made = site.write_index(folder)
    assert {path.name for path in folder.parent.iterdir()} == before
    assert not list(folder.rglob("*--b.csv"))
    assert not list(folder.glob("*.csv"))
    assert all(path.parent == folder / "data" for path in folder.rglob("*.csv"))
    assert (folder / "data" / "javascript-x-1-50--evil.csv").read_text() == "a\n1"
    links = [a["href"] for a in BeautifulSoup(made.read_text(), "html.parser").select("h2 a")]
    assert "javascript%3Ax%20%231%2050%25.html" in links


def test_a_changed_manifest_is_refused_and_its_page_not_listed(folder):
    page = (folder / "01-x.html").read_text()
    data = page.split("data:application/json;charset=utf-8;base64,")[1].split('"')[0]
    for other in ("WzFd", "e30x", "YQ"):
        (folder / "02-y.html").write_text(page.replace(data, other))
        with pytest.raises(ReportError, match="was changed"):
            read_manifest(folder / "02-y.html")
        assert "02-y.html" not in site.write_index(folder).read_text()
