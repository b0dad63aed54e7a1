"""A survey tool is known by its first rows; they name every column, question and option."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data.dialects import (
    Recognised,
    flagged,
    header_columns,
    key,
    recognise,
    tidy,
    with_kinds,
)
from edtech_survey.errors import WaveError

MONKEY = ["Respondent ID", "Collector ID", "Date Created", "District", "Who?", ""]
QUALTRICS = ["StartDate", "EndDate", "Status", "Progress", "Finished", "ResponseId", "Q1", "Q2_1"]
LIME = ["id", "submitdate", "lastpage", "startlanguage", "seed", "q1", "q2[SQ001]"]
MICROSOFT = ["ID", "Start time", "Completion time", "Email", "Name", "How many devices?"]


@pytest.mark.parametrize(
    ("rows", "dialect", "header_rows"),
    [
        ([MONKEY, ["", "", "", "Open-Ended Response", "Staff", "Students"]], "surveymonkey", 2),
        ([["RespondentID", "Seen it?"], ["", "Response"], ["32", "Yes"]], "surveymonkey", 2),
        ([MONKEY, ["1", "2", "3", "4", "5", "6"]], "surveymonkey", 1),
        ([["District", "Who?", ""], ["Open-Ended Response", "Response", "Other (please specify)"]],
         "surveymonkey", 2),
        ([QUALTRICS, ["Anfangsdatum"] * 8, ['{"ImportId":"startDate","timeZone":"Z"}'] * 8],
         "qualtrics", 3),
        ([QUALTRICS, ['{"ImportId": "QID1"}'] * 8], "qualtrics", 2),
        ([["V1", "V2", "Q1"], ["ResponseID", "ResponseSet", "Devices?"]], "qualtrics", 2),
        ([QUALTRICS, ["Start Date", "End Date", "Response Type", "Progress", "Finished",
                      "Response ID", "Devices?", "Who? - Staff"]], "qualtrics", 2),
        ([QUALTRICS, ["2024-05-01", "2024-05-01", "0", "100", "1", "R_1", "5", "6"]],
         "qualtrics", 1),
        ([["Time", "Q1", "Q2", "Q3_1"], ["Duration", "What is your age (years)?",
          "Which of these? - Selected Choice", "Why did you? - Text"]], "qualtrics", 2),
        ([LIME, ["1", "", "", "", "", "", ""]], "limesurvey", 1),
        ([["Response ID", "Date submitted", "Last page", "Start language", "Q"]], "limesurvey", 1),
        ([["id. Response ID", "submitdate. Date submitted", "lastpage. Last page",
           "startlanguage. Start language", "G01Q01. District?"]], "limesurvey", 1),
        ([MICROSOFT], "microsoft-forms", 1),
        ([["ID", "Startzeit", "Fertigstellungszeit", "E-Mail", "Name"]], "microsoft-forms", 1),
        ([["Timestamp", "District"]], "google-forms", 1),
        ([["Horodateur", "District"]], "google-forms", 1),
        ([["District", "Timestamp"]], "plain", 1),
        ([["id", "name", "Q1"], ["1", "x", "y"]], "plain", 1),
        ([["Response", "Salary"], ["Response", "1"]], "plain", 1),
    ],
)  # fmt: skip
def test_recognised(rows: list[list[str]], dialect: str, header_rows: int) -> None:
    found = recognise(rows)
    assert (found.dialect, found.header_rows) == (dialect, header_rows)
    assert found.evidence


def test_a_given_dialect_must_be_borne_out() -> None:
    assert recognise([MONKEY, ["", "", "", "Response"]], "surveymonkey").header_rows == 2
    assert recognise([MONKEY], "plain").header_rows == 1
    with pytest.raises(WaveError, match=r"not recognised as qualtrics.*looks like plain"):
        recognise([["a", "b"]], "qualtrics", "x.csv")
    with pytest.raises(WaveError, match=r"no dialect is called 'wufoo'.*surveymonkey"):
        recognise([["a", "b"]], "wufoo", "x.csv")


def test_headers_are_read_as_a_person_reads_them() -> None:
    assert tidy("<p><strong>FTE</strong>&nbsp;&amp; pay</p>") == "FTE & pay"
    assert tidy("fewer than <900 students, or >900") == "fewer than <900 students, or >900"
    assert key("IP_Address ") == "ipaddress"


def columns(rows: list[list[str]]) -> pd.DataFrame:
    return header_columns(recognise(rows), rows, len(rows[0]), "x.csv")[0]


def parts(rows: list[list[str]]) -> list[tuple[str, str, str]]:
    table = columns(rows)
    return list(zip(table["name"], table["question"], table["option"], strict=True))


def test_qualtrics_parts_options_from_their_common_question() -> None:
    rows = [
        ["StartDate", "ResponseId", "Q1", "Q2_1", "Q2_4", "Q2_4_TEXT"],
        ["Start Date", "Response ID", "How many - in all?", "Who? - Selected Choice - Staff",
         "Who? - Selected Choice - Other", "Who? - Other - Text"],
        ['{"ImportId":"startDate"}'] * 6,
    ]  # fmt: skip
    assert [part[1:] for part in parts(rows)[2:]] == [
        ("How many - in all?", ""), ("Who?", "Staff"), ("Who?", "Other"), ("Who?", "Other"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "question", "option"),
    [
        ("q1", "q1", ""),
        ("q2[SQ001]", "q2", "SQ001"),
        ("G01Q02[SQ001]. After hours? [Staff]", "After hours?", "Staff"),
        ("G01Q01. District name?", "District name?", ""),
        ("After hours? [Students]", "After hours?", "Students"),
        ("m1[SQ001_SQ002]. FTE [Director] [Number]", "FTE [Director]", "Number"),
    ],
)
def test_limesurvey_codes_and_texts(header: str, question: str, option: str) -> None:
    rows = [["id", "submitdate", "lastpage", "startlanguage", header]]
    assert parts(rows)[-1] == (header, question, option)


@pytest.mark.parametrize(
    ("rows", "answers"),
    [
        ([["V1", "Q1", "LocationLatitude", "LocationAccuracy"], ["ResponseID", "Who?", "", ""]],
         ["Q1"]),
        ([["id", "submitdate", "lastpage", "q1", "interviewtime", "groupTime7"]], ["q1"]),
        ([["id. Response ID", "submitdate. Date submitted", "lastpage. Last page",
           "q1. Screen time", "q1Time. Question time: q1"]], ["q1. Screen time"]),
        ([["ID", "Start time", "Completion time", "Email", "District", "Name"]],
         ["District", "Name"]),
    ],
)  # fmt: skip
def test_a_tools_own_columns_are_no_answers(rows: list[list[str]], answers: list[str]) -> None:
    table = columns(rows)
    assert table.loc[table["role"] == "answer", "name"].tolist() == answers


@pytest.mark.parametrize(
    ("wordings", "expected"),
    [
        (["Rank order-A", "Rank order-B"], [("Rank order", "A"), ("Rank order", "B")]),
        (["Which?-Pre-K", "Which?-Pre-1"], [("Which?", "Pre-K"), ("Which?", "Pre-1")]),
        (["Which - Pre-K", "Which - Pre-1"], [("Which", "Pre-K"), ("Which", "Pre-1")]),
        (["Two words A", "Two words B"], [("Two words A", ""), ("Two words B", "")]),
    ],
)
def test_qualtrics_before_2017_parts_options_by_a_bare_dash(
    wordings: list[str], expected: list[tuple[str, str]]
) -> None:
    rows = [["V1", "Q1_1", "Q1_2"], ["ResponseID", *wordings]]
    assert [part[1:] for part in parts(rows)[1:]] == expected
    today = [["ResponseId", "Q1_1", "Q1_2"], ["Response ID", "1-1 in K", "1-1 in 3-5"]]
    marks = [f'{{"ImportId":"{name}"}}' for name in ("_recordId", "Q1_1", "Q1_2")]
    assert [option for _, _, option in parts([*today, marks])] == ["", "", ""]


def test_namesakes_are_kept_apart_and_the_nameless_named() -> None:
    rows = [["A", "A (2)", "A", "", " "]]
    table, notices = header_columns(Recognised("plain", 1, ""), rows, 6, "x.csv")
    assert table["name"].tolist() == ["A", "A (2)", "A (3)", "column 4", "column 5", "column 6"]
    assert [notice.where for notice in notices] == [f"x.csv, column {c}" for c in "CDEF"]


@given(st.lists(st.sampled_from(["a", "a (2)", "", " ", "column 2", "b"]), min_size=1, max_size=12))
def test_names_are_always_unique(names: list[str]) -> None:
    table, _ = header_columns(Recognised("plain", 1, ""), [names], len(names), "x")
    assert table["name"].is_unique
    assert not (table["name"] == "").any()


def test_qualtrics_words_and_codes_mean_the_same() -> None:
    names = ["Status", "Finished", "DistributionChannel", "Q1"]
    rows = [
        ["IP Address", "True", "anonymous", "1"],
        ["Survey Preview", "True", "preview", "2"],
        ["1", "1", "email", "0"],
        ["0", "0", "email", "False"],
        ["Spam", "False", "email", ""],
    ]
    frame = pd.DataFrame(rows, columns=names, index=range(4, 9), dtype="str")
    told = pd.DataFrame({"name": names, "question": names, "role": ["meta"] * 3 + ["answer"]})
    found = flagged("qualtrics", frame, told)
    assert found["row"].tolist() == [5, 6, 7, 8, 8]
    assert found["flag"].tolist() == ["preview"] * 2 + ["incomplete"] * 2 + ["spam"]
    assert flagged("plain", frame, told).empty


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"Staff": ["Staff", ""], "All": ["", ""], "Other": ["", "the library"]},
         ["option", "option", "other"]),
        ({"Staff": ["Staff", ""], "All": ["yes", ""], "None": ["", ""]},
         ["option", "single", "single"]),
        ({"Director": ["1", ""], "Technician": ["", ""]}, ["single", "single"]),
        ({"Director": ["", ""], "Technician": ["", ""]}, ["single", "single"]),
        ({"Staff": ["Staff", "Staff"]}, ["single"]),
    ],
)  # fmt: skip
def test_cells_with_the_options_text_or_nothing_are_choices(
    cells: dict[str, list[str]], expected: list[str]
) -> None:
    kinds = ["other" if option == "Other" else "single" for option in cells]
    told = {"name": list(cells), "question": "Who?", "option": list(cells), "own": ""}
    table = pd.DataFrame({**told, "role": "answer", "kind": kinds}, dtype="str")
    assert with_kinds(table, pd.DataFrame(cells, dtype="str"))["kind"].tolist() == expected
