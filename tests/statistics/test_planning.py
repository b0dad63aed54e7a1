"""A plan's margins are those of waves drawn by it, a thousand times over."""

import numpy as np
import pandas as pd
import pytest

import edtech_survey as es
from edtech_survey.errors import EstimateError
from edtech_survey.statistics.state import size_classes

MORE = 40


@pytest.fixture(scope="module")
def evidence():
    return es.evidence()


@pytest.fixture(scope="module")
def drawn(evidence):
    """Errors of a share and of a mean over waves drawn as planned from the real list."""
    frame = evidence.frame.dropna(subset="enrollment")
    answers = es.plan(evidence, MORE).query("statistic == 'answers'").set_index("group")["estimate"]
    rng = np.random.default_rng(2026)
    students = frame["enrollment"].to_numpy(float)
    has = rng.permutation(np.arange(len(frame)) % 2)
    units = [np.flatnonzero(size_classes(frame["enrollment"]).eq(name)) for name in answers.index]
    for part in units:
        has[part] = rng.permutation(np.arange(len(part)) % 2)  # half of each class
    found = []
    for _ in range(2000):
        chosen = [
            rng.choice(part, int(n), replace=False) for part, n in zip(units, answers, strict=True)
        ]
        found.append([
            sum(len(part) * values[one].mean() for part, one in zip(units, chosen, strict=True))
            for values in (has, students)
        ])  # fmt: skip
    share, mean = np.array(found).std(axis=0) / len(frame)
    return 1.959964 * 100 * share, 1.959964 * 100 * mean / students.mean()


def test_margins_are_those_of_waves_drawn_so(evidence, drawn):
    planned = es.plan(evidence, MORE).query("group == 'as planned'").set_index("statistic")
    assert planned.loc["margin_of_share", "estimate"] == pytest.approx(drawn[0], rel=0.1)
    assert planned.loc["margin_of_mean", "estimate"] == pytest.approx(drawn[1], rel=0.1)


def test_each_further_answer_goes_where_no_other_would_help_more(evidence):
    """Against all pairs of a plan of two, tried out."""
    rows = es.plan(evidence, 2).query("statistic == 'answers'")
    last, units = rows["count"].to_numpy(float), rows["base"].to_numpy(float)

    def error(answers):
        return (units**2 * (1 - answers / units) * units / (units - 1) / answers).sum()

    tried = {
        (a, b): error(last + np.eye(6)[a] + np.eye(6)[b]) for a in range(6) for b in range(a, 6)
    }
    best = min(tried, key=lambda pair: tried[pair])
    chase = rows["chase"].to_numpy(int)
    assert chase.tolist() == (np.eye(6)[best[0]] + np.eye(6)[best[1]]).astype(int).tolist()


def test_nothing_more_is_the_last_wave_and_all_is_a_census(evidence):
    same = es.plan(evidence).pivot_table(index="statistic", columns="group", values="estimate")
    assert (same["as planned"] == same["as last time"]).loc[["effective_base"]].all()
    whole = es.plan(evidence, 198 - 61).query("group == 'as planned'").set_index("statistic")
    assert whole.loc["margin_of_share", "estimate"] == pytest.approx(0)
    assert whole.loc["effective_base", "estimate"] == pytest.approx(198)


@pytest.mark.parametrize(("more", "said"), [(-1, "0 or above"), (138, "only 137 did not answer")])
def test_a_plan_that_cannot_be_is_refused(evidence, more, said):
    with pytest.raises(EstimateError, match=said):
        es.plan(evidence, more)


def test_without_a_list_there_is_no_plan():
    assert es.plan(es.evidence("sample"), 5).empty
    assert isinstance(es.plan(es.evidence("sample"), 5), pd.DataFrame)
