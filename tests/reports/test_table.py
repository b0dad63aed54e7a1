"""Frames as tables: what a header names, where a number stands, what a sign means."""

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from IPython.utils.capture import capture_output
from tests.reports.saying import MIXED, known, levels, moves

import edtech_survey as es
from edtech_survey.errors import ReportError
from edtech_survey.reports import origins
from edtech_survey.reports.exhibits import csv_text
from edtech_survey.reports.html import clean
from edtech_survey.shape import HOLDS

COLUMNS = {"name": "Grade band", "estimate": "Percent", "base": "Answered"}


@pytest.fixture(autouse=True)
def evidence(shell):
    origins.remember(known())


def shown(frame, columns=COLUMNS, title="{{ rows | span }}", **kw):
    with capture_output() as out:
        es.table(frame, title=title, columns=columns, **kw)
    return [output.data for output in out.outputs]


def table(frame, columns=COLUMNS, **kw):
    (data,) = shown(frame, columns, **kw)
    return BeautifulSoup(clean(data["text/html"]), "html.parser")


def test_a_folded_table_is_whole_under_its_summary():
    fold = table(levels().tail(4), fold="More").find("details")
    assert fold.find("summary").get_text() == "More"
    assert fold.select("figure table tbody th")
    assert table(levels().tail(4)).find("figure").find_parent("details") is None


def test_headers_have_scopes_and_numbers_stand_right():
    made = table(levels().tail(4), measure="Percent of districts")
    assert [(th.get_text(), th["scope"], th.get("class")) for th in made.select("thead th")] == [
        ("Grade band", "col", None),
        ("Percent", "col", ["number"]),
        ("Answered", "col", ["number"]),
    ]
    assert {th["scope"] for th in made.select("tbody th")} == {"row"}
    assert {tuple(td["class"]) for td in made.select("td")} == {("number",)}
    assert made.table["aria-labelledby"] == made.select_one(".exhibit-title")["id"]
    region = made.select_one(".scroll")
    assert (region["role"], region["tabindex"]) == ("region", "0")


def test_an_interval_stands_in_one_piece_after_its_estimate():
    cell = table(levels().tail(4)).td
    assert (cell.get_text(), cell.span.get_text()) == ("89% (79 to 98)", "(79 to 98)")
    own = table(levels().tail(4), {"name": "Band", "estimate": "Percent", "conf_low": "At least"})
    assert [td.get_text() for td in own.tr.find_next("tr").select("td")] == ["89%", "79%"]


def test_a_p_value_of_a_change_is_not_told_in_points():
    rows = moves((12, HOLDS), p_value=0.0374)
    assert table(rows, {"name": "Band", "p_value": "p"}, title="One").td.get_text() == "0.04"


def test_each_number_is_written_as_its_kind():
    row = {"name": "a", "pay": 116668.4, "staff": 1.5, "wave": 2024, "ok": True, "n": 1008}
    rows = pd.DataFrame([row])
    columns = {"name": "Post", "pay": ("Pay", "dollars"), "staff": ("FTE", "fte"), "wave": "Year",
               "ok": "Asked", "n": "Count"}  # fmt: skip
    made = table(rows, columns, title="One post")
    told = [td.get_text() for td in made.select("td")]
    assert told == ["$116,668", "1.50", "2024", "yes", "1,008"]
    changes = table(moves(*MIXED), {"name": "Band", "estimate": "Change", "verdict": "Verdict"})
    told = [td.get_text() for td in changes.select("tr")[1].select("td")]
    assert told == ["+69 (57 to 78)", "clear"]


def test_a_sign_is_explained_where_it_occurs():
    rows = levels().tail(4).assign(base=[12, 58, pd.NA, 57], flag=["", "", "", "‡"])
    rows["estimate"] = rows["estimate"].where(rows["flag"].ne("‡"))
    made = table(rows, title="Few answered")
    told = [tr.td.get_text() for tr in made.select("tbody tr")]
    assert told == ["89% (79 to 98) !", "97% (87 to 100)", "100% (90 to 100)", "‡"]
    notes = " ".join(p.get_text() for p in made.select(".exhibit-notes p"))
    for sign in ("! Interpret with caution", "‡ Withheld", "— Not available"):
        assert sign in notes
    assert "‡" not in table(levels().tail(4)).get_text()


def test_groups_totals_and_zero_rows():
    rows = pd.DataFrame({"name": ["a", "b", "All"], "kind": ["x", "y", "y"], "n": [1, 2, 3]})
    made = table(rows, {"name": "Post", "n": "Count"}, title="Posts", groups="kind", total="All")
    heads = [(th.get_text(), th["colspan"]) for th in made.select("tr.group th")]
    assert heads == [("x", "2"), ("y", "2")]
    assert {th["scope"] for th in made.select("tr.group th")} == {"rowgroup"}
    assert made.select_one("tr.total th").get_text() == "All"
    (data,) = shown(rows.head(0), missing="Not asked.")
    assert data["text/markdown"] == "Not asked."


def test_everything_that_is_wrong_is_told_at_once():
    with pytest.raises(
        ReportError, match=r"(?s)'nam'.*there are source.*no header.*'percnt'.*percent"
    ):
        shown(levels(), {"nam": "A", "name": " ", "estimate": ("B", "percnt")})
    with pytest.raises(ReportError, match="title=: is not given"):
        shown(levels(), title="")


def test_hostile_cells_are_text():
    rows = levels().tail(1).assign(name="<script>x</script>")
    (data,) = shown(rows, {"name": "<b>", "estimate": "x"}, groups="name")
    made = BeautifulSoup(data["text/html"], "html.parser")
    assert not made.find(["script", "b"])
    assert made.tbody.th.get_text() == "<script>x</script>"


# ------------------------------------------------------------------ the data


@pytest.mark.parametrize(
    "text", ["=1+1", "+a1", "-1+1", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠x"]
)
def test_a_spreadsheet_never_runs_a_cell(text):
    told = csv_text(pd.DataFrame({text: [text]}))
    assert told.count("'") == 2
    assert "\r" not in told


def test_csv_keeps_lists_categories_missing_values_and_ten_digits():
    rows = pd.DataFrame(
        {
            "silent": [[2017, 2020], []],
            "c": pd.Categorical(["=x", None]),
            "x": [100 / 3, None],
            "n": pd.array([123456789012, None], "Int64"),
            "b": pd.array([True, None], "boolean"),
            "mixed": pd.Series([-100 / 3, pd.NA], dtype="object"),
        }
    )
    assert csv_text(rows) == (
        "silent,c,x,n,b,mixed\n2017 2020,'=x,33.33333333,123456789012,True,-33.33333333\n,,,,,\n"
    )
