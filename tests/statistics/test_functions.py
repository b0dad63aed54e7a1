import numpy as np
import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import figures
from edtech_survey.statistics.intervals import finite_population
from edtech_survey.statistics.support import function_bounds, functions_covered

FUNCTIONS = pd.DataFrame(
    {
        "function": ["coaching", "training"],
        "label": ["Coaching teachers", "Training"],
        "positions": ["specialist|director", "specialist"],
    }
)


def counts(rows=(("specialist", 13, 62), ("director", 9, 62)), population=205):
    return figures(
        {
            "figure_id": f"ct.position-present.{position}.count", "source": "ct", "wave": 2024,
            "item": "position_present", "group": position, "statistic": "count",
            "printed": str(count), "value": count, "base": base, "base_kind": "published",
            "population": population, "synthetic": False,
        }
        for position, count, base in rows
    )  # fmt: skip


def responses(seed=3):
    rng = np.random.default_rng(seed)
    ids = [f"d{at}" for at in range(30)]
    districts = pd.DataFrame(
        {"wave": 2024, "district_id": ids, "source": "made", "synthetic": True}
    )
    held = [
        (2024, name, position)
        for name in ids
        for position in ("specialist", "director", "other")
        if rng.random() < 0.4
    ]
    return districts, pd.DataFrame(held, columns=["wave", "district_id", "position"])


def test_bounds_by_hand():
    table = function_bounds(counts(), FUNCTIONS).set_index("group")
    coaching = table.loc["coaching"]
    assert pd.isna(coaching["estimate"])
    assert coaching["estimate_low"] == pytest.approx(100 * 13 / 62)
    assert coaching["estimate_high"] == pytest.approx(100 * 22 / 62)
    assert table.loc["training", "estimate"] == pytest.approx(100 * 13 / 62)
    low, high = finite_population(13, 62, 205)
    assert (table.loc["training", "conf_low"], table.loc["training", "conf_high"]) == (low, high)


def test_what_responses_say_lies_within_what_their_margins_allow():
    districts, positions = responses()
    exact = functions_covered(districts, positions, FUNCTIONS, population=100)
    margins = [
        (name, part["district_id"].nunique(), len(districts))
        for name, part in positions.groupby("position")
    ]
    bounds = function_bounds(counts(margins, 100), FUNCTIONS)
    assert (exact["estimate"] >= bounds["estimate_low"] - 1e-9).all()
    assert (exact["estimate"] <= bounds["estimate_high"] + 1e-9).all()
    own = {
        name
        for name, part in positions.groupby("district_id")
        if {"specialist", "director"} & set(part["position"])
    }
    assert exact.loc[0, "estimate"] == pytest.approx(100 * len(own) / 30)
    assert exact["synthetic"].all()


def test_what_was_not_asked_is_no_zero():
    districts, positions = responses()
    more = pd.concat([districts, districts.assign(wave=2021)], ignore_index=True)
    earlier = positions[positions["position"] != "director"].assign(wave=2021)
    held = pd.concat([positions, earlier], ignore_index=True)
    table = functions_covered(more, held, FUNCTIONS)
    assert table[["wave", "group"]].values.tolist() == [
        [2021, "training"], [2024, "coaching"], [2024, "training"],
    ]  # fmt: skip
    said = functions_covered(more, held, FUNCTIONS, asked={2021: ["specialist", "director"]})
    assert said["group"].tolist() == ["coaching", "training"]
    assert set(said["wave"]) == {2021}
    with pytest.raises(EstimateError, match="no wave asked about all positions"):
        functions_covered(more, held, FUNCTIONS, asked={})


def test_problems_are_named_together():
    bad = pd.DataFrame({"function": ["a"], "label": ["A"], "positions": ["nobody|specialist"]})
    rows = (("specialist", 13, 62), ("director", 9, 61))
    with pytest.raises(EstimateError, match="nobody is not published") as error:
        function_bounds(counts(rows), bad)
    assert "several bases" in str(error.value)
    with pytest.raises(EstimateError, match="no column positions"):
        function_bounds(counts(), FUNCTIONS.drop(columns="positions"))


def test_positions_of_districts_that_did_not_answer_are_refused():
    districts, positions = responses()
    with pytest.raises(EstimateError, match="2024 d0: has positions and no row in districts"):
        functions_covered(districts.iloc[1:], positions.assign(district_id="d0"), FUNCTIONS)
