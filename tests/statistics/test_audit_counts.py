"""Counts of findings, against counting by hand and against the audit's own summary."""

import pandas as pd
import pytest

from edtech_survey.data.figures import read_figures, read_relations, read_sources
from edtech_survey.statistics.audit import audit, summary
from edtech_survey.statistics.audit_case import GRADES
from edtech_survey.statistics.audit_checks import grades_by_source, percents_by_source


@pytest.fixture(scope="module")
def findings():
    figures = read_figures()
    return audit(figures, read_relations(figures=figures), read_sources())


def test_sources_and_checks_count_the_same_findings(findings):
    by_source, by_check = grades_by_source(findings), summary(findings)
    for grade in (*GRADES, "findings"):
        assert by_source[grade].sum() == by_check[grade].sum()
    assert by_source["findings"].sum() == len(findings)


def test_sources_stand_in_the_order_of_their_gravest_findings():
    told = grades_by_source(
        pd.DataFrame(
            {"source": ["a", "a", "b", "c"], "grade": ["passed", "suspicious", "impossible",
                                                       "only by rounding"]}
        )
    )  # fmt: skip
    assert told["source"].tolist() == ["b", "c", "a"]


def test_percents_are_counted_not_findings(findings):
    told = percents_by_source(findings).set_index("source")
    # Eight percents are printed of the council of 30; 48, 75, 78, 61 and 44 are no share of 30.
    assert told.loc["incident-iq-2024"].tolist() == [5, 3, 8, 0, 8]
    # By hand: of CoSN's 24 percents with decimals 26.8, 5.6 (twice), 45.2 and 6.8 fit 250.
    assert told.loc["cosn-2013", ["off", "fit", "tested"]].tolist() == [19, 5, 24]
    assert (told["percents"] == told["tested"] + told["untested"]).all()


def test_padded_zeros_count_as_fitting():
    told = percents_by_source(
        pd.DataFrame(
            {"check": ["percent_base", "sum"], "source": "a",
             "grade": ["only by rounding", "impossible"], "figure_ids": ["x", "y;z"]}
        )
    )  # fmt: skip
    assert told[["off", "fit", "untested"]].iloc[0].tolist() == [0, 1, 0]
