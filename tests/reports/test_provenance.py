import base64
import hashlib
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from edtech_survey import build
from edtech_survey.cli import main
from edtech_survey.errors import ReportError
from edtech_survey.reports import provenance
from edtech_survey.reports.exhibits import csv_link, csv_text
from edtech_survey.reports.html import render


def test_the_manifest_tells_hashes_and_no_path_of_the_machine(tmp_path):
    files = [tmp_path / name for name in ("b/figures.csv", "a.yaml", "x.ipynb")]
    files[0].parent.mkdir()
    for file in files:
        file.write_text(file.name)
    made = provenance.manifest(
        inputs=files[:2],
        root=tmp_path,
        parameters={"waves": [2017, 2024], "base": None},
        notebook=files[2],
        date="2024-11",
    )
    assert made["inputs"] == {
        name: hashlib.sha256(name.split("/")[-1].encode()).hexdigest()
        for name in ("a.yaml", "b/figures.csv", "x.ipynb")
    }
    assert made["parameters"] == {"base": None, "waves": [2017, 2024]}
    assert made["notebook"]["path"] == "x.ipynb"
    assert made["packages"]["pandas"] == pd.__version__
    text = provenance.dumps(made)
    assert str(tmp_path) not in text
    assert json.loads(text) == made


def test_data_of_a_page_read_back_as_written(report):
    found = provenance.exhibits(render(report))
    assert set(found) == {"levels", "bands", "levels-2"}
    assert found["levels"]["group"].tolist() == ["pk-2", "3-5", "6-8", "9-12"]
    assert found["levels"]["estimate"].tolist() == ["89", "97", "100", "98"]


def page_of(frame):
    """The part of a page that matters here: the data of one exhibit."""
    return csv_link(csv_text(frame), "levels", "figure", len(frame))


def test_diff_lists_each_number_that_moved_and_no_other(shares):
    moved = shares.assign(estimate=[90.0, 97.0, 100.0, 98.0], base=[54, 58, 58, 57])
    table = provenance.diff_pages(page_of(shares), page_of(moved))
    assert table.to_dict("records") == [
        {
            "exhibit": "levels",
            "row": "ct-2024 / 2024 / one_to_one / pk-2 / share",
            "column": column,
            "old": old,
            "new": new,
        }
        for column, old, new in (("estimate", "89", "90"), ("base", "53", "54"))
    ]
    assert provenance.diff_pages(page_of(shares), page_of(shares.iloc[::-1])).empty


def test_diff_shows_rows_and_exhibits_that_came_or_went(shares, make_notebook):
    fewer = provenance.diff_pages(page_of(shares), page_of(shares.iloc[:3]))
    assert set(fewer["new"]) == {""}
    assert set(fewer["row"].str.contains("9-12")) == {True}
    gone = provenance.diff_pages(page_of(shares), render(make_notebook("# T")))
    assert len(gone["row"].unique()) == 4


@pytest.mark.parametrize(
    ("old", "new", "moved"),
    [
        (["holds", "open", "holds", "holds"], ["holds"] * 4, ["3-5", "open", "holds"]),
        ([1, 2, 3, 4], ["1", "2", "none", "4"], ["6-8", "3", "none"]),
    ],
)
def test_a_verdict_or_a_number_that_turns_into_text_is_no_other_row(shares, old, new, moved):
    pages = (page_of(shares.assign(verdict=cells)) for cells in (old, new))
    (row,) = provenance.diff_pages(*pages).to_numpy().tolist()
    assert row[1].split(" / ")[3:] == [moved[0], "share"]
    assert row[2:] == ["verdict", *moved[1:]]


ROOT = Path(__file__).parents[2]
NOTEBOOK = "notebooks/00_start_here.ipynb"
HASH = hashlib.sha256((ROOT / NOTEBOOK).read_bytes()).hexdigest()
FACTS = {"packages": {"matplotlib": "3"}, "parameters": {}, "code": {}, "inputs": {"a": "1"}}
CHANGES = {
    "headline": ("grade band is one-to-one</h1>", "grade band was one-to-one</h1>", "band was one"),
    "number": ("<li>89% to 100% of r", "<li>98% to 100% of r", "text: 89% to 100% of"),
    "caveat deleted": ("<p>Much.</p>", "", "nothing -> markup: <p>; text: Much."),
    "table": (">97%", ">79%", "79%"),
    "alternative text": ('alt="89% in PK-2"', 'alt="98% in PK-2"', "98% in PK-2"),
    "picture": ("data:image/png;base64,iVBOR", "data:image/png;base64,iVBOS", "picture of levels"),
    "code": ("es.shares(", "es.totals(", "code: "),
    "script added": ("</main>", "<script>alert(1)</script></main>", "<script>"),
    "handler added": ("<main ", "<main onclick='x()' ", "onclick='x()'"),
    "policy weakened": ("default-src 'none'", "default-src *", "default-src *"),
    "style": ("<style>\n", "<style>\n.deck { display: none }", "<style>"),
    "fold opened": (
        '<details class="appendix first"><summary>How this was w',
        '<details class="appendix first" open><summary>How this was w',
        "open",
    ),
    "hidden text in the manifest": ("<dt>Parameters</dt>", "<dt>Nothing</dt>", "bytes"),
    "white space": ("</main>", "</main> ", "bytes"),
    "title": ("<title>Nearly every", "<title>Not every", "text: Not every"),
    "description": ('content="89% to 100%', 'content="98% to 100%', "description: 98% to 100%"),
    "language": ('<html lang="en"', '<html lang="fr"', "lang='fr'"),
    "link": ('href="#content"', 'href="https://example.org/"', "https://example.org/"),
    "link added": ("<p>Much.", '<p><a href="x.html">More</a>', "href='x.html'"),
    "name of a region": ('aria-labelledby="levels-', 'aria-labelledby="other-', "other-"),
    "comment added": ("</main>", "<!-- checked --></main>", "text: checked"),
    "paragraph twice": (
        "<p>Much.</p>",
        "<p>Much.</p><p>Much.</p>",
        "markup: <p>; text: Much. -> nothing",
    ),
    "picture added": ("<p>Much.</p>", "<p>Much.</p><img src='data:,'>", "picture: hash"),
    "letter as entity": ("<p>Much.</p>", "<p>&#77;uch.</p>", "bytes"),
    "document type": ("<!DOCTYPE html>", "", "text: html"),
    "trailing bytes": ("</html>\n", "</html>\n\0", "text: \0"),
    "line ends": ("</head>\n", "</head>\r\n", "bytes"),
}
"""A change in a page: what was there, what is, and what is told of it, in words."""


@pytest.fixture(scope="module")
def good(report):
    """A page of a notebook of the project, as a run of it would make it again."""
    return render(report, manifest={**FACTS, "notebook": {"path": NOTEBOOK, "sha256": HASH}})


@pytest.fixture
def verify(good, tmp_path, monkeypatch):
    """Verify a page as the command does, but for the run of its notebook."""
    made = tmp_path / "made.html"
    made.write_bytes(good.encode())
    outcome = build.Outcome("page", made, 0.1)
    monkeypatch.setenv("EDTECH_SURVEY_HOME", str(ROOT))
    monkeypatch.setattr(build, "_page", lambda *_, **__: outcome)

    def verified(content):
        page = tmp_path / "page.html"
        page.write_bytes(content if isinstance(content, bytes) else content.encode())
        return CliRunner().invoke(main, ["verify", str(page)])

    return verified


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_changed_in_a_page_is_told(good, verify, change):
    was, now, told = CHANGES[change]
    assert was in good
    done = verify(good.replace(was, now, 1))
    assert done.exit_code == 1
    told = told.replace("hash", provenance.hash_of(b"data:,")[:12]).replace("\0", "\ufffd")
    assert told in done.output
    assert "page.html does not follow" in done.output


def test_a_page_that_is_the_same_to_the_last_byte_is_verified(good, verify):
    done = verify(good)
    assert done.exit_code == 0
    assert "every byte is the same" in done.output


def with_manifest(page, made):
    """The page with another manifest, or with any bytes in its place."""
    data = made if isinstance(made, bytes) else json.dumps(made).encode()
    link = re.compile(f'(?<={re.escape(provenance.JSON_LINK)})[^"]*')
    return link.sub(base64.b64encode(data).decode(), page)


def test_data_or_facts_that_were_changed_inside_a_page_are_told(good, verify):
    link = re.search(f'{re.escape(provenance.CSV_LINK)}([^"]*)', good)[1]
    data = base64.b64decode(link).replace(b",89,", b",98,")
    told = verify(good.replace(link, base64.b64encode(data).decode(), 1)).output
    assert "levels, ct-2024 / 2024 / one_to_one / pk-2 / share, estimate: 98 -> 89" in told
    made = {**FACTS, "notebook": {"path": NOTEBOOK, "sha256": HASH}, "inputs": {"a": "2"}}
    assert "made with inputs a: 2 -> 1" in verify(with_manifest(good, made)).output


HERE = {"path": NOTEBOOK}
HOSTILE = {
    "empty": (b"", "cannot be read"),
    "no object": (b"[]", "cannot be read"),
    "nested": (b'{"a":' * 4000 + b"1" + b"}" * 4000, "cannot be read"),
    "nested less": ({"a": {"b": {"c": {"d": 1}}}}, "cannot be read"),
    "a long number": (b'{"a": %s}' % (b"9" * 5000), "cannot be read"),
    "a long text": ({"notebook": {"path": "x" * 100_000}}, "cannot be read"),
    "many": ({str(n): n for n in range(50_000)}, "cannot be read"),
    "nothing": ({}, "names no notebook of this project"),
    "escapes": ({"notebook": {"path": "\x1b[2J\n\nall is well"}}, "names no notebook"),
    "a folder above": ({"notebook": {"path": f"notebooks/../{NOTEBOOK}"}}, "names no notebook"),
    "no parameters": ({"notebook": {**HERE, "sha256": "?"}, "parameters": []}, "names no notebook"),
    "a notebook that changed": ({"notebook": {**HERE, "sha256": "0" * 64}}, "was not run"),
    "no hash": ({"notebook": HERE}, "was not run"),
    "unknown parameters": (
        {"notebook": HERE, "parameters": {"import os; x": 1, "y\n": 2}}, "cannot be given"
    ),
    "no number": ({"notebook": HERE, "parameters": {"wave": float("nan")}}, "cannot be given"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_manifest_is_refused_in_one_line_and_nothing_runs(
    good, verify, kind, monkeypatch
):
    monkeypatch.setattr(build, "_page", lambda *_, **__: pytest.fail("something ran"))
    made, told = HOSTILE[kind]
    if told == "cannot be given":
        made = {**made, "notebook": {**HERE, "sha256": HASH}}
    done = verify(with_manifest(good, made))
    assert done.exit_code == 1
    assert "Running" not in done.output
    (line,) = done.output.splitlines()
    assert told in line
    assert len(line) < 400
    assert line.isprintable()


@pytest.mark.parametrize(
    "content",
    [b"", b"# Read me", b"\xff\xfe\x00", b"<div>" * 20_000, b"x" * 3_000_000],
)
def test_a_page_without_a_manifest_is_refused_in_one_line(verify, content):
    (line,) = verify(content).output.splitlines()
    assert line.startswith("Error: page.html ")


def test_what_a_page_was_made_from_is_told_first(report, tmp_path):
    page, other = tmp_path / "a.html", tmp_path / "b.html"
    page.write_text(render(report, manifest=FACTS))
    facts = {**FACTS, "packages": {"matplotlib": "4"}, "inputs": {"a": "2", "b": "1"}}
    other.write_text(render(report, manifest=facts))
    assert provenance.differences(page, other)[:3] == [
        "made with inputs a: 1 -> 2", "made with inputs b: None -> 1",
        "made with packages matplotlib: 3 -> 4",
    ]  # fmt: skip
    other.write_text(render(report, manifest={}))
    with pytest.raises(ReportError, match="no run manifest"):
        provenance.differences(other, page)


def test_what_is_no_page_is_refused_and_not_found_equal(tmp_path, report):
    page = tmp_path / "page.html"
    page.write_text(render(report))
    broken = page.read_text().replace("base64,77u/", "base64,/", 1)
    for content in (b"<html><p>Not ours</p></html>", b"\xff\xfe\x00", broken.encode(), None):
        other = tmp_path / "other.html"
        other.unlink() if content is None else other.write_bytes(content)
        with pytest.raises(ReportError, match=r"other\.html"):
            provenance.diff_pages(page, other)
