"""Bounds checked on made districts whose within-position slope is known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.ecology import ASSUMPTIONS, Within, ecological_bounds


@pytest.fixture
def table():
    printed = pd.read_csv(Path(__file__).with_name("ct_positions_2024.csv"))
    return printed.assign(label=printed["position"], source="ct-2024", wave=2024, synthetic=False)


def made_districts(table, correlation, enrollment_cv, salary_cv):
    """One row per district and position, with exactly these moments in every position."""
    rng = np.random.default_rng(8)
    parts = []
    for row in table.itertuples():
        n = row.districts
        both = rng.normal(size=(n, 2))
        both -= both.mean(axis=0)
        both = np.linalg.qr(both)[0] * np.sqrt(n)
        up = correlation * both[:, 0] + np.sqrt(1 - correlation**2) * both[:, 1]
        parts.append(
            pd.DataFrame(
                {
                    "position": row.position,
                    "x": row.enrollment * (1 + enrollment_cv * both[:, 0]),
                    "y": row.salary * (1 + salary_cv * up),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def slope(x, y):
    return np.polyfit(x, y, 1)[0]


@pytest.mark.parametrize("correlation", [-0.6, 0.0, 0.35])
def test_known_within_and_overall_slopes_come_out(table, correlation):
    # Four districts at the least, so that both moments can be set in every position.
    people = made_districts(table, correlation, 0.7, 0.25)
    centred = people[["x", "y"]] - people.groupby("position")[["x", "y"]].transform("mean")
    given = Within("exact", correlation, correlation, 0.7, 0.25)
    found = ecological_bounds(table, [given]).set_index("group")
    within = found.loc["within a position"]
    overall = found.loc["all districts and positions"]
    expected = slope(centred["x"], centred["y"])
    assert within["conf_low"] == pytest.approx(expected, abs=1e-9)
    # The overall bounds take in the interval of the observed slope, which is symmetrical.
    middle = (overall["conf_low"] + overall["conf_high"]) / 2
    assert middle == pytest.approx(slope(people["x"], people["y"]))
    observed = found.loc["between positions"]
    assert overall["conf_high"] - overall["conf_low"] == pytest.approx(
        overall["between_share"] / 100 * (observed["conf_high"] - observed["conf_low"])
    )


def test_the_observed_row_is_the_published_slope(table):
    observed = ecological_bounds(table).iloc[0]
    assert observed["estimate"] == pytest.approx(1.0175, abs=5e-5)
    assert observed["sign"] == "not known"


def test_without_an_assumption_on_the_correlation_the_sign_is_not_known(table):
    found = ecological_bounds(table)
    anything = found[found["assumption"] == "any correlation"]
    assert (anything["conf_low"] < 0).all()
    assert (anything["conf_high"] > 0).all()
    assert set(anything["sign"]) == {"not known"}


def test_bounds_narrow_with_the_assumption(table):
    found = ecological_bounds(table).set_index(["assumption", "group"])
    wide = found.loc[("any correlation", "within a position")]
    narrow = found.loc[("weak to moderate", "within a position")]
    assert wide["conf_low"] < narrow["conf_low"] < narrow["conf_high"] < wide["conf_high"]
    assert narrow["conf_high"] == pytest.approx(5 * narrow["conf_low"])
    assert len(found) == 1 + 2 * len(ASSUMPTIONS)


def test_impossible_assumptions_are_refused_together():
    with pytest.raises(EstimateError) as caught:
        Within("mine", 0.5, 1.5, 0.0, 0.2)
    assert "0.5 to 1.5" in str(caught.value)
    assert "positive fractions" in str(caught.value)
