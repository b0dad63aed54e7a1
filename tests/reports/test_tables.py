import pandas as pd
import pytest
from bs4 import BeautifulSoup

from edtech_survey.errors import ReportError
from edtech_survey.reports import tables
from edtech_survey.reports.shown import LEGEND

BAD = "<img src=x onerror=alert(1)>"


def parsed(made):
    return BeautifulSoup(made.html(), "html.parser")


def cells(made, row):
    body = [tr for tr in parsed(made).select("tbody tr") if "group" not in tr.get("class", [])]
    return [cell.get_text(strip=True) for cell in body[row].find_all(["th", "td"])]


@pytest.fixture
def make(words):
    def made(frame, **given):
        return tables.table(frame, **{"title": "T", "source": "S", "n": "53 districts", **given})

    return made


def test_headers_have_scopes_and_cells_name_theirs(exhibits):
    soup = parsed(exhibits["table"])
    ids = {cell["id"] for cell in soup.select("th[id]")}
    assert soup.select("th")
    assert all(cell.get("scope") in {"col", "row", "colgroup", "rowgroup"} for cell in soup("th"))
    assert all(set(cell["headers"]) <= ids for cell in soup.select("td"))
    # grade, group, spanner and column name the cell "One-to-one" of the first row
    named = soup.select_one("tbody td")["headers"]
    said = [soup.find(id=name).get_text(strip=True) for name in named]
    assert said == ["Districts", "One-to-one", "Lower", "Early elementary (PK-2)"]


def test_a_plain_table_needs_no_ids(make, shares):
    soup = parsed(make(shares, columns={"group": "Grades", "estimate": "Percent"}))
    assert not soup.select("th[id], td[headers]")
    assert [th["scope"] for th in soup("th")] == ["col", "col", "row", "row", "row", "row"]


def test_interval_stands_in_one_cell_in_the_unit_of_the_estimate(make, shares):
    made = make(
        shares,
        columns={"group": "Grades", "estimate": "Percent", "base": "Base"},
        formats={"estimate": "percent"},
    )
    assert cells(made, 0) == ["pk-2", "89% (77 to 95)", "53"]
    pay = shares.assign(estimate=[116668.0, 7.64, 1, 2], statistic="slope")
    made = make(pay, columns={"group": "G", "estimate": "Pay"}, formats={"estimate": "usd"})
    assert cells(made, 0)[1] == "$116,668 ($77.40 to $94.70)"


def test_missing_is_a_dash_with_its_legend_and_years_have_no_comma(make, shares):
    made = make(
        shares.assign(estimate=[pd.NA, 97.0, 100.0, 98.0]),
        columns={"group": "Grades", "wave": "Wave", "estimate": "Percent"},
    )
    assert cells(made, 0) == ["pk-2", "2024", "—"]
    assert LEGEND["—"] in made.notes


def test_small_bases_are_marked_and_amounts_over_few_withheld(make, shares):
    made = make(shares.assign(base=[12, 58, 58, 57]), columns={"group": "G", "estimate": "Percent"})
    assert cells(made, 0)[1].endswith(" !")
    assert LEGEND["!"] in made.notes
    pay = pd.DataFrame({"position": ["a", "b"], "pay": [9e4, 8e4], "base": [4, 40]})
    made = make(pay, columns={"position": "Position", "pay": "US dollars"}, formats={"pay": "usd"})
    assert "90,000" not in made.html()
    assert "90000" not in made.csv()
    shown = make(
        pay,
        columns={"position": "Position", "pay": "US dollars"},
        formats={"pay": "usd"},
        withhold=0,
    )
    assert cells(shown, 0)[1] == "$90,000"


def test_a_withheld_mean_leaves_its_sign_and_not_its_number(make, shares):
    pay = shares.assign(statistic="mean", base=[4, 58, 58, 57], estimate=[91234.0] * 4)
    made = make(pay, columns={"group": "G", "estimate": "Pay"}, formats={"estimate": "usd"})
    assert cells(made, 0)[1] == "‡"
    assert made.csv().count("91234") == 3
    assert LEGEND["‡"] in made.notes


def test_own_flags_and_their_legend(make, shares):
    made = make(
        shares.assign(mark=["#", "", "†", "nonsense"]),
        columns={"group": "G", "count": "Count"},
        flags={"count": "mark"},
        note="† Counted twice",
    )
    assert [cells(made, k)[1] for k in range(4)] == ["47 #", "56", "58 †", "56"]
    assert LEGEND["#"] in made.notes
    assert "† Counted twice." in made.notes


def test_total_is_last_and_marked(make, shares):
    made = make(shares, columns={"group": "Grades", "base": "Base"}, total="pk-2")
    assert cells(made, 3)[0] == "pk-2"
    rows = parsed(made).select("tbody tr")
    assert [row.get("class") for row in rows] == [None, None, None, ["total"]]


def test_rows_of_one_group_stand_together(make):
    frame = pd.DataFrame({"kind": ["x", "y", "x"], "name": ["a", "b", "c"], "v": [1, 2, 3]})
    made = make(frame, columns={"name": "Name", "v": "Value"}, groups="kind")
    order = [tr.get_text("|", strip=True) for tr in parsed(made).select("tbody tr")]
    assert order == ["x", "a|1", "c|3", "y", "b|2"]
    assert made.data["name"].tolist() == ["a", "c", "b"]


def test_hostile_text_is_shown_not_obeyed(make):
    frame = pd.DataFrame({"kind": [BAD], "name": [BAD], "text": [BAD], "v": [1.0]})
    made = make(
        frame,
        title=BAD,
        source=BAD,
        n=BAD,
        note=BAD,
        subtitle=BAD,
        columns={"name": BAD, "text": BAD, "v": BAD},
        groups="kind",
        spanners={BAD: ["text", "v"]},
    )
    soup = parsed(made)
    assert not soup.find("img")
    assert soup.get_text().count(BAD) >= 9
    assert cells(made, 0)[:2] == [BAD, BAD]


def test_column_names_may_be_anything(make):
    frame = pd.DataFrame({"a b": ["x"], "__import__('os')": [1.0], "100%": [2]})
    made = make(frame, columns={name: f"Column {name}" for name in frame.columns})
    assert cells(made, 0) == ["x", "1", "2"]


def test_everything_missing_is_told_at_once(shares):
    with pytest.raises(ReportError) as caught:
        tables.table(
            shares.head(0), title="", source="", columns={"grade": ""}, formats={"base": "euro"}
        )
    told = str(caught.value)
    for part in ("title", "source", "n and note", "no rows", "'grade'", "no header", "'euro'"):
        assert part in told


def test_synthetic_has_a_badge(make, shares):
    columns = {"group": "G", "estimate": "Percent"}
    assert "SYNTHETIC" in make(shares.assign(synthetic=True), columns=columns).html()
    assert "SYNTHETIC" not in make(shares, columns=columns).html()


def test_the_frame_is_not_changed_and_two_runs_agree(make, shares):
    before = shares.copy(deep=True)
    columns = {"group": "G", "estimate": "Percent"}
    assert make(shares, columns=columns).html() == make(shares, columns=columns).html()
    pd.testing.assert_frame_equal(shares, before)


def test_booleans_and_labels_are_words(make):
    frame = pd.DataFrame({"band": ["pk-2", "3-5"], "done": [True, False]})
    made = make(frame, columns={"band": "Band", "done": "Done"}, labels={"pk-2": "Early"})
    assert [cells(made, 0), cells(made, 1)] == [["Early", "yes"], ["3-5", "no"]]


def test_plain_text_for_consoles(make, shares):
    made = make(shares, columns={"group": "G"})
    assert made._repr_mimebundle_()["text/plain"].startswith("T\n")
    assert "4 rows" in repr(made)
