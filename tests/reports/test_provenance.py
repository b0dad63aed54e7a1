import hashlib
import json

import pandas as pd
import pytest

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


FACTS = {"packages": {"matplotlib": "3"}, "parameters": {}, "code": {}, "inputs": {"a": "1"}}
CHANGES = {
    "headline": ("grade band is one-to-one</h1>", "grade band was one-to-one</h1>", "band was one"),
    "number": ("<li>89% to 100% of r", "<li>98% to 100% of r", "text: 89% to 100% of"),
    "caveat deleted": ("<p>Much.</p>", "", "text: Much. -> nothing"),
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
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_changed_in_a_page_is_told(report, tmp_path, change):
    page, other = tmp_path / "a.html", tmp_path / "b.html"
    page.write_text(render(report, manifest=FACTS))
    assert provenance.differences(page, page) == []
    was, now, told = CHANGES[change]
    assert was in page.read_text()
    other.write_text(page.read_text().replace(was, now, 1))
    found = provenance.differences(other, page)
    assert any(told in line for line in provenance.differences(page, other) + found), found
    assert found


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
