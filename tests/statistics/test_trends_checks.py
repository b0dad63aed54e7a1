import pandas as pd
import pytest

from edtech_survey.statistics.panel import change_of_share
from edtech_survey.statistics.trends_checks import curve_fits, district_changes


def answers():
    """Forty districts answer twice: 10 of them 1:1 at first, 35 later; three answer once."""
    ratios = ["1:1"] * 10 + ["2:1"] * 30 + ["1:1"] * 35 + ["2:1"] * 5
    return pd.DataFrame(
        {
            "wave": [2020] * 40 + [2024] * 40 + [2024] * 3,
            "district_id": [f"d{at}" for at in range(40)] * 2 + ["n1", "n2", "n3"],
            "band": ["pk-2"] * 80 + ["9-12"] * 3,
            "ratio": [*ratios, "1:1", "1:1", "2:1"],
        }
    )


def test_a_curve_is_tested_for_each_floor_and_never_below_the_one_asked(one_to_one_figures):
    fits = curve_fits(one_to_one_figures, groups=["pk-2"], floors=(1, 20), min_base=5)
    assert list(fits["min_base"]) == [5, 20]
    small, large = fits["estimate"]
    assert small > 0.05 > large
    assert fits["base_kind"].eq("feasible").all()


def test_a_curve_that_cannot_be_fitted_says_why(one_to_one_figures):
    fits = curve_fits(one_to_one_figures, waves=[2017, 2024], groups=["pk-2"])
    assert fits["estimate"].isna().all()
    assert fits["reason"].str.contains("2 waves").all()


def test_no_answers_give_no_rows(one_to_one_figures):
    assert district_changes(None).empty
    assert district_changes(answers(), waves=[2024]).empty


def test_the_same_districts_are_compared_as_the_panel_does():
    made = district_changes(answers(), groups=["pk-2"])
    expected = change_of_share(answers(), "ratio", answer="1:1", by="band", waves=(2020, 2024))
    assert list(made["comparison"]) == ["cross-section", "matched panel"]
    for name in ("estimate", "conf_low", "conf_high"):
        known = expected.loc[expected["group"] == "pk-2", name]
        assert made[name].tolist() == pytest.approx(known.tolist())


def test_a_change_over_few_districts_is_withheld():
    few = answers()
    few = few[few["district_id"].isin(["d0", "d1", "d2", "d39"]) | few["wave"].eq(2024)]
    made = district_changes(few, groups=["pk-2"]).set_index("comparison")
    assert pd.isna(made.loc["matched panel", "estimate"])
    assert pd.isna(made.loc["matched panel", "gained"])
