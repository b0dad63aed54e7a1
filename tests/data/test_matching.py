"""Questionnaires in other words than the codebook's: what is taken as sure is never wrong."""

from pathlib import Path

import pandas as pd
import pytest

from edtech_survey.data.exports import read_export
from edtech_survey.data.matching import UNSURE, match_columns

ASKED = pd.read_csv(Path(__file__).with_name("headers.csv"), dtype="str", keep_default_na=False)
STRANGE = [
    "School Year", "Number of students with a device", "Number of staff supported by your team",
    "Number of vacancies: Technology Director", "Percent of devices older than 4 years",
    "Number of schools with wifi", "Superintendent salary", "Devices purchased in 2025",
    "How many teachers use the devices?", "Students on free lunch",
]  # fmt: skip
"""Asks for what no item holds."""


def match(path, table, book):
    answers = table["answers"].str.split("|").tolist()
    columns = dict(zip(table["header"], answers, strict=True))
    pd.DataFrame(columns).to_csv(path, index=False)
    return match_columns(read_export(path), book).set_index("column").loc[list(table["header"])]


def sure(found):
    return found[found["note"].ne(UNSURE) & ~found["item"].isin(["", "ignored"])]


@pytest.mark.parametrize("questionnaire", ASKED["questionnaire"].unique())
def test_what_is_sure_is_right_and_little_is_left(tmp_path, book, questionnaire):
    asked = ASKED[ASKED["questionnaire"].eq(questionnaire)].set_index("header", drop=False)
    taken = sure(match(tmp_path / "x.csv", asked, book))[["item", "group"]]
    right = asked.loc[taken.index, ["item", "group"]]
    assert taken.values.tolist() == right.values.tolist()
    assert len(taken) >= 0.9 * asked["item"].ne("").sum()


@pytest.mark.parametrize("header", STRANGE)
@pytest.mark.parametrize("answers", ["3|5|2|8|1|4", "2900|3100|1500|17000|2100|900"])
def test_what_no_item_holds_is_never_sure(tmp_path, book, header, answers):
    rows = [("District", "Avon|Berlin|Bethel|Canton|Hartford|New Haven"), (header, answers)]
    table = pd.DataFrame(rows, columns=["header", "answers"])
    assert sure(match(tmp_path / "x.csv", table, book)).index.tolist() == ["District"]


def test_a_column_of_codes_names_the_district(tmp_path, book):
    rows = [("State district code", "0040011|0070011|0090011"), ("Students", "3000|2900|3100")]
    table = pd.DataFrame(rows, columns=["header", "answers"])
    found = match(tmp_path / "x.csv", table, book)
    assert found.loc["State district code", ["item", "note"]].tolist() == ["district_name", ""]


@pytest.mark.parametrize("proof", ["0,5|1|2|0,5", "1|2|3|4"])
def test_numbers_with_points_for_thousands_are_numbers_of_their_column(tmp_path, book, proof):
    """A half of a post proves the mark of the file; without a proof a person looks."""
    rows = [
        ("District", "Avon|Berlin|Bethel|Canton"),
        ("Number of students enrolled", "3.000|2.900|1.100|1.500"),
        ("How many devices does your team support in total?", "3.600|2.400|1.310|1.900"),
        ("How many staff repair and troubleshoot devices (FTE)?", proof),
    ]
    found = match(tmp_path / "x.csv", pd.DataFrame(rows, columns=["header", "answers"]), book)
    assert found["item"].tolist() == ["district_name", "enrollment", "devices", "support_staff"]
    proven = "," in proof
    assert found["note"].eq("").tolist()[1:3] == [proven, proven]
