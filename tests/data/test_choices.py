"""Answers from a list: known spellings are taken, unknown ones named, options may hold commas."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data.readings import Reading
from edtech_survey.data.values import Answers, lookup, read

TABLE = pd.DataFrame(
    {
        "answer": ["staff", "students", "families", "none", "", ""],
        "spelling": ["Staff, all", "Students", "Families; guardians", "None", "n/a BYOD", "-"],
    }
)
ANSWERS = lookup(TABLE)


def multi(raw: str, answers: Answers = ANSWERS) -> Reading:
    return read(raw, "multi", answers)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("Students", "students"),
        ("Staff, all;Families; guardians;", "staff|families"),
        ("STUDENTS\nstaff, ALL", "staff|students"),
        ("Students|None", "students|none"),
        ("Students, n/a BYOD", "students"),
    ],
)
def test_several_answers_in_one_cell(raw: str, value: str) -> None:
    assert multi(raw).value == value


def test_an_unknown_piece_refuses_the_cell_and_some_answers_mean_missing() -> None:
    found = multi("Students, the library, Staff, all")
    assert found.missing == "unreadable"
    assert "'the library'" in found.advice
    assert "answers.csv" in found.advice
    assert multi("n/a BYOD").missing == "not_applicable"
    assert multi("prefer not to say").missing == "refused"
    assert multi(" ; ,").missing == "skipped"
    assert ANSWERS.spellings["-"] == (None, "not_applicable")


@given(
    st.lists(st.sampled_from(TABLE["spelling"][:4].tolist()), min_size=1, unique=True),
    st.sampled_from([", ", ";", "; ", ",", "\n"]),
)
def test_any_choice_joined_any_way_comes_back(chosen: list[str], glue: str) -> None:
    answers = dict(zip(TABLE["spelling"], TABLE["answer"], strict=True))
    expected = sorted((answers[text] for text in chosen), key=list(ANSWERS.order).index)
    assert multi(glue.join(chosen)).value == "|".join(expected)


@pytest.mark.parametrize(
    ("text", "value"),
    [("Yes", True), ("Y", True), ("TRUE", True), ("1", True), ("✓", True), ("no", False),
     ("0", False), ("None", False), ("Yes - staff only", True), ("No, not yet", False)],
)  # fmt: skip
def test_yes_and_no(text: str, value: bool) -> None:
    assert read(text, "yes_no").value is value


@pytest.mark.parametrize("text", ["2", "maybe", "yes and no", "yes, but no", "Hartford"])
def test_neither_yes_nor_no(text: str) -> None:
    found = read(text, "yes_no")
    assert found.missing == "unreadable"
    assert text in found.advice


@pytest.mark.parametrize(
    ("text", "value", "severity"),
    [
        ("Outsourced", True, "note"),
        ("partially outsourced", True, "warn"),
        ("yes", True, "ok"),
        ("In-house", False, "ok"),
        ("not outsourced", False, "ok"),
        ("we don’t outsource this", False, "ok"),
        ("no longer contracted out", False, "ok"),
        ("No vendor.", False, "ok"),
        ("contract employee", True, "note"),
    ],
)
def test_outsourced(text: str, value: bool, severity: str) -> None:
    found = read(text, "outsourced")
    assert found.value is value
    assert found.graded()[0] == severity


@pytest.mark.parametrize(
    "text",
    [
        "Acme Inc.",
        "both in-house and vendor",
        "not in-house: vendor",
        "will be outsourced next year",
        "formerly contracted",
        "non-contracted",
        "yes, in-house",
        "per teacher contract",
    ],
)
def test_unclear_who_does_it(text: str) -> None:
    assert read(text, "outsourced").missing == "unreadable"


@pytest.mark.parametrize("text", ["None;Staff", "Staff, None", "n/a; Staff"])
def test_none_beside_others_is_doubted(text: str) -> None:
    listed = lookup(
        pd.DataFrame({"answer": ["staff", "none", ""], "spelling": ["Staff", "None", "n/a"]})
    )
    found = multi(text, listed)
    assert found.value in ("staff|none", "staff")
    assert (found.graded()[0], "none_beside" in found.rules) == ("warn", True)
    assert multi("None", listed).graded()[0] == "ok"


def test_one_answer() -> None:
    assert read("None", "single", ANSWERS).value == "none"
    assert read("Maybe", "single", ANSWERS).rule == "unknown_answer"
    assert read(" Maybe ", "single").value == "Maybe"


def test_a_listed_truth_must_be_yes_or_no() -> None:
    listed = lookup(pd.DataFrame({"answer": ["yes", "some"], "spelling": ["always", "at times"]}))
    assert read("always", "yes_no", listed).value is True
    assert "must be yes, no or empty" in read("at times", "yes_no", listed).advice
