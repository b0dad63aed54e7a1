"""Header rows give every column a unique name, its question and its option."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data.dialects import Recognised, recognise
from edtech_survey.data.dialects import header_columns as columns
from edtech_survey.data.grids import letter


def parts(rows: list[list[str]]) -> list[tuple[str, str, str]]:
    table, _ = columns(recognise(rows), rows, len(rows[0]), "x.csv")
    return list(zip(table["name"], table["question"], table["option"], strict=True))


def test_surveymonkey_carries_the_question_over_its_options() -> None:
    rows = [
        ["Respondent ID", "District", "Who?", "", "", "FTE", ""],
        [
            "",
            "Open-Ended Response",
            "Staff",
            "Families, all",
            "Other (please specify)",
            "CTO",
            "Tech",
        ],
    ]
    assert parts(rows)[1:] == [
        ("District", "District", ""),
        ("Who? | Staff", "Who?", "Staff"),
        ("Who? | Families, all", "Who?", "Families, all"),
        ("Who? | Other (please specify)", "Who?", "Other (please specify)"),
        ("FTE | CTO", "FTE", "CTO"),
        ("FTE | Tech", "FTE", "Tech"),
    ]
    table, _ = columns(recognise(rows), rows, 7, "x.csv")
    assert table["role"].tolist() == ["meta"] + ["answer"] * 6
    assert table["kind"].tolist()[4] == "other"


def test_qualtrics_parts_options_from_their_common_question() -> None:
    rows = [
        ["StartDate", "ResponseId", "Q1", "Q2_1", "Q2_4", "Q2_4_TEXT"],
        ["Start Date", "Response ID", "How many - in all?", "Who? - Selected Choice - Staff",
         "Who? - Selected Choice - Other", "Who? - Other - Text"],
        ['{"ImportId":"startDate"}'] * 6,
    ]  # fmt: skip
    assert parts(rows)[2:] == [
        ("Q1", "How many - in all?", ""),
        ("Q2_1", "Who?", "Staff"),
        ("Q2_4", "Who?", "Other"),
        ("Q2_4_TEXT", "Who?", "Other"),
    ]


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


def test_a_tools_own_columns_at_the_end_are_no_answers() -> None:
    rows = [
        ["V1", "Q1", "LocationLatitude", "LocationAccuracy", ""],
        ["ResponseID", "Who?", "", "", ""],
    ]
    table, _ = columns(recognise(rows), rows, 4, "x.csv")
    assert table["role"].tolist() == ["meta", "answer", "meta", "meta"]
    rows = [["id", "submitdate", "lastpage", "q1", "interviewtime", "groupTime7"]]
    table, _ = columns(recognise(rows), rows, 6, "x.csv")
    assert table["role"].tolist() == ["meta"] * 3 + ["answer"] + ["meta"] * 2
    rows = [["id. Response ID", "submitdate. Date submitted", "lastpage. Last page",
             "q1. Screen time", "q1Time. Question time: q1"]]  # fmt: skip
    table, _ = columns(recognise(rows), rows, 5, "x.csv")
    assert table["role"].tolist() == ["meta"] * 3 + ["answer", "meta"]


@pytest.mark.parametrize(
    ("wordings", "question", "options"),
    [
        (["Rank order-A", "Rank order-B"], "Rank order", ["A", "B"]),
        (["Which one-to-one?-Pre-K", "Which one-to-one?-Pre-1"], "Which one-to-one?",
         ["Pre-K", "Pre-1"]),
        (["Which - Pre-K", "Which - Pre-1"], "Which", ["Pre-K", "Pre-1"]),
        (["Two words A", "Two words B"], "", []),
    ],
)  # fmt: skip
def test_qualtrics_before_2017_parts_options_by_a_bare_dash(
    wordings: list[str], question: str, options: list[str]
) -> None:
    rows = [["V1", "Q1_1", "Q1_2"], ["ResponseID", *wordings]]
    found = parts(rows)[1:]
    expected = [(question, option) for option in options] or [(text, "") for text in wordings]
    assert [(asked, option) for _, asked, option in found] == expected


def test_qualtrics_today_does_not_part_at_a_bare_dash() -> None:
    marks = [f'{{"ImportId":"{name}"}}' for name in ("_recordId", "Q1_1", "Q1_2")]
    rows = [["ResponseId", "Q1_1", "Q1_2"], ["Response ID", "1-1 in K", "1-1 in 3-5"], marks]
    assert [option for _, _, option in parts(rows)] == ["", "", ""]


def test_google_grids() -> None:
    assert parts([["Timestamp", "Ratio by band [PK-2]"]])[1] == (
        "Ratio by band [PK-2]",
        "Ratio by band",
        "PK-2",
    )


def test_a_question_called_name_is_a_question() -> None:
    rows = [["ID", "Start time", "Completion time", "Email", "District", "Name"]]
    table, _ = columns(recognise(rows), rows, 6, "x.xlsx")
    assert table["role"].tolist() == ["meta"] * 4 + ["answer"] * 2


def test_namesakes_are_kept_apart_and_the_nameless_named() -> None:
    rows = [["A", "A (2)", "A", "", " "]]
    table, notices = columns(Recognised("plain", 1, ""), rows, 6, "x.csv")
    assert table["name"].tolist() == ["A", "A (2)", "A (3)", "column 4", "column 5", "column 6"]
    assert [notice.where for notice in notices] == [f"x.csv, column {c}" for c in "CDEF"]


@given(st.lists(st.sampled_from(["a", "a (2)", "", " ", "column 2", "b"]), min_size=1, max_size=12))
def test_names_are_always_unique(names: list[str]) -> None:
    table, _ = columns(Recognised("plain", 1, ""), [names], len(names), "x")
    assert table["name"].is_unique
    assert not (table["name"] == "").any()


@given(st.integers(0, 20_000))
def test_letters_count_in_base_26(place: int) -> None:
    number = 0
    for character in letter(place):
        number = number * 26 + ord(character) - 64
    assert number == place + 1
