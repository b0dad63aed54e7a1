import base64
import json
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from edtech_survey.errors import ReportError, SetupError
from edtech_survey.reports import lint, site
from edtech_survey.reports.exhibits import slug
from edtech_survey.reports.html import render
from edtech_survey.reports.provenance import read_manifest

FAST = "q-how-fast-did-each-grade-band-get-there"


@pytest.fixture(autouse=True)
def on_day(monkeypatch):
    """Let it be a day of November."""

    def on(day):
        epoch = datetime(2026, 11, day, tzinfo=UTC).timestamp()
        monkeypatch.setenv("SOURCE_DATE_EPOCH", f"{epoch:.0f}")

    on(28)
    return on


@pytest.fixture
def folder(report, tmp_path):
    manifest = {"date": "2024-11", "parameters": {}, "code": {}, "synthetic": False}
    (tmp_path / "01-x.html").write_text(render(report, manifest=manifest, folder_link=True))
    (tmp_path / "stranger.html").write_text("<html><h1>Not ours</h1></html>")
    return tmp_path


ASKED = [
    {"reader": "If you lead", "question": "How fast?", "page": "01-x", "anchor": FAST},
    {"reader": "If you ask", "question": "Is every band so?", "page": "01-x", "anchor": ""},
    {"reader": "If you lead", "question": "Which?", "page": "01-x", "anchor": "levels-2"},
    {"reader": "If you lead", "question": "Whose page?", "page": "09-gone", "anchor": ""},
    {"reader": "If you ask", "question": "Whose anchor?", "page": "01-x", "anchor": "gone"},
]


def told(page, manifest):
    """Give a page another manifest."""
    data = page.split("data:application/json;charset=utf-8;base64,")[1].split('"')[0]
    return page.replace(data, base64.b64encode(json.dumps(manifest).encode()).decode())


def test_questions_are_answered_by_the_pages_in_their_order_and_others_are_listed(folder):
    page = (folder / "01-x.html").read_text()
    (folder / "01-x.pdf").write_bytes(b"%PDF")
    tour = {"code": {}, "notebook": {"path": "notebooks/00_x.ipynb", "sha256": ""}}
    (folder / "00-x.html").write_text(told(page, tour).replace("Nearly every", "A tour: every"))
    (folder / "02-y.html").write_text(page.replace("Nearly every", "In no survey is every"))
    made = site.write_index(folder, site.read_pages(folder, ASKED)).read_text()
    soup = BeautifulSoup(made, "html.parser")
    assert lint.lint(made) == []
    cards = [
        [card.find_previous("h2").get_text(), card.a.get_text(), card.a["href"], card.p.get_text()]
        for card in soup.select("article")
    ]
    assert cards == [
        ["If you lead", "How fast?", f"01-x.html#{FAST}", "Three bands are above 95 percent."],
        ["If you lead", "Which?", "01-x.html#levels-2", "All four bands are above 85 percent."],
        ["If you ask", "Is every band so?", "01-x.html", "Nearly every grade band is one-to-one."],
    ]
    table, chart, whole = soup.select("article")
    assert table.img is None
    assert chart.img["src"].startswith("data:image/png;base64,")
    assert [card.select_one(".facts").get_text() for card in (chart, whole)] == [
        "Based on 53 to 58 districts in 2024. PDF",
        "Based on 62 of 200 districts in 2024. PDF",
    ]
    assert [a.get_text() for a in soup.select(".plain a")] == [
        "In no survey is every grade band is one-to-one",
        "A tour: every grade band is one-to-one",
    ]
    assert "Not ours" not in made
    links = {a["href"].partition("#")[0] for a in soup.main.select("a[href]")} - {""}
    assert {"01-x.html", "01-x.pdf", "data/01-x--levels.csv"} <= links
    assert all((folder / link).is_file() for link in links)


@pytest.mark.parametrize(
    ("title", "said", "who"),
    [
        ("What do jobs pay?", "89% to 100% of responding districts", "Based on 62"),
        ("Of 2024 there are no figures on pay", "Of 2024 there are no figures on pay", ""),
    ],
)
def test_a_question_is_no_finding_and_no_figures_have_no_base(folder, title, said, who):
    page = (folder / "01-x.html").read_text()
    heading = BeautifulSoup(page, "html.parser").h1.get_text()
    (folder / "01-x.html").write_text(page.replace(heading, title))
    asked = [{"reader": "If you lead", "question": "Which?", "page": "01-x", "anchor": ""}]
    made = site.write_index(folder, site.read_pages(folder, asked)).read_text()
    card = BeautifulSoup(made, "html.parser").article
    assert card.p.get_text().startswith(said)
    assert card.select_one(".facts").get_text().startswith(who)
    assert bool(who) == ("Based on" in card.get_text())


def lines(folder):
    """Tell what changed, and when, as the index does."""
    soup = BeautifulSoup(site.write_index(folder).read_text(), "html.parser")
    news = soup.select_one(".news")
    return news and [line.get_text() for line in news.select(".facts, li, summary")]


def test_what_moved_since_the_build_before_is_told_until_something_else_moves(folder, on_day):
    on_day(3)
    assert lines(folder) is None
    page = (folder / "01-x.html").read_text()
    csv = (folder / "data" / "01-x--levels.csv").read_bytes()
    other = csv.replace(b"97,", b"91,").replace(b"98,", b"92,")
    changed = page.replace(base64.b64encode(csv).decode(), base64.b64encode(other).decode(), 1)
    changed = changed.replace("Nearly every", "Every").replace("The gap shrank.", "The gap grew.")
    (folder / "01-x.html").write_text(changed)
    (folder / "02-y.html").write_text(page)
    on_day(9)
    said = [
        "Compared on November 9, 2026 with the build of November 3, 2026.",
        "The headline “Nearly every grade band is one-to-one” is now “Every grade band is "
        "one-to-one”.",
        "“The gap shrank” is now “The gap grew”.",
        "New report: “Nearly every grade band is one-to-one”.",
        "2 numbers moved in “All four bands are above 85 percent”.",
    ]
    assert lines(folder) == said
    on_day(20)
    assert lines(folder) == said
    assert "Built on November 20, 2026" in (folder / "index.html").read_text()
    (folder / "02-y.html").unlink()
    (folder / "01-x.html").write_text(changed.replace("The gap grew.", "Who knows."))
    assert lines(folder) == [
        "Compared on November 20, 2026 with an earlier build of that day.",
        "“The gap grew” is now “Who knows”.",
        "No longer here: “Nearly every grade band is one-to-one”.",
    ]


def test_a_manifest_that_was_changed_is_no_build_before(folder):
    site.write_index(folder)
    good = json.loads((folder / "manifest.json").read_text())
    news = {"built": "2026-11-03", "since": "x", "told": []}
    pages = [{"01-x.html": 1}, {"01-x.html": {"title": 1, "findings": []}}]
    changed = [good | part for part in ({"built": "soon"}, {"changes": news})]
    changed += [good | {"pages": page} for page in pages]
    for other in ([], *changed):
        (folder / "manifest.json").write_text(json.dumps(other))
        assert lines(folder) is None


def test_districts_are_found_by_letter_with_their_brief_and_made_up_ones_apart(folder):
    page = (folder / "01-x.html").read_text()
    briefs = folder / "briefs"
    briefs.mkdir()
    for name, manifest in (
        ("brief-avon", {"parameters": {"district": "avon"}}),
        ("brief-600", {"parameters": {}}),
        ("brief-own", {"parameters": {"district": "x", "data": "responses"}}),
        ("brief-s-1", {"parameters": {"district": "s-1"}, "synthetic": True}),
    ):
        made = page.replace("Nearly every", f"{name}: nearly every")
        (briefs / f"{name}.html").write_text(told(made, manifest))
    site.write_index(briefs)
    (briefs / "brief-600.html").rename(briefs / "gone.html")
    units = [
        {"district_id": "bolton", "name": "Bolton", "told": "688", "answered": False},
        {"district_id": "avon", "name": "Avon", "told": "3,092", "answered": True},
    ]
    survey = SimpleNamespace(
        place="Connecticut", unit="district", answered="2 of 9 districts.", units=units
    )
    made = site.write_index(folder, survey=survey).read_text()
    soup = BeautifulSoup(made, "html.parser")
    assert lint.lint(made) == []
    assert "Who answered: 2 of 9 districts. Built on" in soup.select_one(".deck").get_text()
    assert soup.h1.get_text() == "Who runs the technology in Connecticut’s schools?"
    assert [a["href"] for a in soup.select(".letters a")] == ["#find-A", "#find-B"]
    real, invented = soup.select(".finder")
    assert real.get_text(" ", strip=True) == "A Avon 3,092 ● B Bolton 688 ○"
    assert [mark["aria-label"] for mark in real.select("[role=img]")] == [
        "answered", "not named as answering",
    ]  # fmt: skip
    assert [a["href"] for a in soup.select(".finder a")] == [
        "briefs/brief-avon.html", "briefs/brief-s-1.html",
    ]  # fmt: skip
    assert invented.find_previous(class_="synthetic-badge")
    alone = BeautifulSoup((briefs / "index.html").read_text(), "html.parser")
    assert [a.get_text() for a in alone.select(".finder a")] == [
        "brief-600",
        "brief-avon",
        "brief-own",
        "brief-s-1",
    ]


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
    (folder / "given.html").write_text(told(page, {"parameters": 1}))
    (folder / "unhashable.html").write_text(told(page, {"parameters": {"district": []}}))
    made = site.write_index(folder)
    assert "given.html" not in made.read_text()
    assert {path.name for path in folder.parent.iterdir()} == before
    assert not list(folder.rglob("*--b.csv"))
    assert not list(folder.glob("*.csv"))
    assert all(path.parent == folder / "data" for path in folder.rglob("*.csv"))
    assert (folder / "data" / "javascript-x-1-50--evil.csv").read_text() == "a\n1"
    links = [a["href"] for a in BeautifulSoup(made.read_text(), "html.parser").select(".plain a")]
    assert "javascript%3Ax%20%231%2050%25.html" in links


def test_a_changed_manifest_is_refused_and_its_page_not_listed(folder):
    page = (folder / "01-x.html").read_text()
    data = page.split("data:application/json;charset=utf-8;base64,")[1].split('"')[0]
    for other in ("WzFd", "e30x", "YQ"):
        (folder / "02-y.html").write_text(page.replace(data, other))
        with pytest.raises(ReportError, match="was changed"):
            read_manifest(folder / "02-y.html")
        assert "02-y.html" not in site.write_index(folder).read_text()


def test_each_question_of_the_index_leads_to_a_notebook_and_a_heading_of_it():
    home = Path(__file__).parents[2] / "notebooks"
    heads = {
        path.stem.replace("_", "-"): {
            f"q-{slug(line.removeprefix('## ').replace('{{ about.units }}', 'districts'), 60)}"
            for cell in nbformat.read(path, 4).cells
            for line in cell.source.splitlines()
            if line.startswith("## ")
        }
        for path in home.glob("[0-9][0-9]_*.ipynb")
    }
    asked = pd.read_csv(home / "questions.csv", dtype="str", keep_default_na=False)
    assert not asked.duplicated(["reader", "question"]).any()
    leads = asked[~asked["anchor"].str.match("chart-|table-")]
    lost = [row.question for row in leads.itertuples() if row.anchor not in heads[row.page] | {""}]
    assert lost == []
