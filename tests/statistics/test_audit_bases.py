"""Bases question by question, against brute force over every count and against hand counts."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.audit import audit
from edtech_survey.statistics.audit_checks import TOGETHER, percent_bases, question_bases


def figures(percents, base=30, item="worry", source="a"):
    return pd.DataFrame(
        {
            "figure_id": [f"{source}.{item}.{k}" for k in range(len(percents))],
            "source": source,
            "wave": 2024,
            "item": item,
            "group": [f"g{k}" for k in range(len(percents))],
            "statistic": "share",
            "printed": percents,
            "value": [float(text.rstrip("%")) for text in percents],
            "unit": "percent",
            "base": base,
            "base_kind": "published",
        }
    )


def brute_force(percents, limit):
    """Every base of which some count prints each of the whole percents."""

    def prints(text, base):
        return any(
            (Decimal(100 * count) / base).quantize(Decimal(1), rounding=rounding)
            == Decimal(text.rstrip("%"))
            for count in range(base + 1)
            for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN)
        )

    return [base for base in range(1, limit + 1) if all(prints(text, base) for text in percents)]


def test_joint_bases_are_those_of_brute_force():
    percents = ["78%", "61%"]
    told = question_bases(figures(percents)).iloc[0]
    assert [int(b) for b in told["bases"].split(", ")] == brute_force(percents, 30) == [18, 23]
    assert (told["largest"], told["left_out"]) == (23, 7)
    assert told["left_out_percent"] == pytest.approx(700 / 30)
    assert not told["fits"]


def test_a_question_that_no_base_prints_has_no_largest():
    told = question_bases(figures(["48%", "75%", "87%"])).iloc[0]
    assert brute_force(["48%", "75%", "87%"], 30) == []
    assert (told["bases"], told["found"]) == ("", 0)
    assert pd.isna(told["largest"])
    assert pd.isna(told["left_out_percent"])


def test_a_base_that_fits_leaves_nobody_out():
    told = question_bases(figures(["73%", "87%"])).iloc[0]
    assert told["fits"]
    assert told["left_out"] == 0


def test_questions_without_a_stated_base_are_left_out():
    assert question_bases(figures(["73%", "87%"], base=pd.NA).assign(population=50)).empty


def test_each_percent_and_all_together():
    told = percent_bases(figures(["78%", "61%"]), subject="a.2024.worry")
    assert told["printed"].tolist() == ["78%", "61%", "78%, 61%"]
    assert told["bases"].tolist() == ["9, 18, 23, 27", "18, 23, 28", "18, 23"]
    assert told["figure_id"].iloc[-1] == TOGETHER
    assert told["found"].tolist() == [4, 3, 2]
    assert not told["fits"].any()


def test_an_unknown_question_is_refused_with_those_there_are():
    with pytest.raises(EstimateError, match=r"'b'.*a\.2024\.worry"):
        percent_bases(figures(["78%", "61%"]), subject="b")


def test_the_table_agrees_with_the_findings_of_the_audit():
    both = pd.concat([figures(["78%", "61%"]), figures(["73%", "87%"], item="priority")])
    joint = audit(both).query("check == 'joint_base'").set_index("finding_id")["grade"]
    told = question_bases(both).set_index("subject")["fits"]
    assert {name.partition(":")[2]: grade == "passed" for name, grade in joint.items()} == dict(
        told
    )
