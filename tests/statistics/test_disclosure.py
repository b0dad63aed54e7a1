from dataclasses import replace

import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS, estimates
from edtech_survey.statistics.disclosure import PRESETS, dominated, withhold

SALARIES = estimates(
    [
        {"wave": 2024, "item": "position_salary", "group": "cyber_security", "statistic": "mean",
         "estimate": 123000, "conf_low": 1, "conf_high": 2, "base": 4},
        {"wave": 2024, "item": "position_salary", "group": "technician_1", "statistic": "mean",
         "estimate": 48347, "base": 40},
        {"wave": 2024, "item": "devices", "group": "all", "statistic": "max",
         "estimate": 20000, "base": 62},
        {"wave": 2024, "item": "sharing", "group": "some", "statistic": "count",
         "estimate": 1, "base": 61},
        {"wave": 2024, "item": "devices", "group": "all", "statistic": "mean",
         "estimate": 4547, "base": pd.NA},
    ]
)  # fmt: skip


def test_each_withheld_number_says_why_and_shows_nothing():
    done = withhold(SALARIES)
    assert done["withheld"].fillna("").tolist() == [
        "base below 5", "", "one respondent's own value", "", "base below 5",
    ]  # fmt: skip
    hidden = done[done["withheld"].notna()]
    assert hidden[["estimate", "std_error", "conf_low", "conf_high", "base"]].isna().all(axis=None)
    assert done.loc[1, "estimate"] == 48347
    assert tuple(done.columns[:15]) == ESTIMATE_COLUMNS


def test_presets_have_their_own_thresholds():
    for preset, base, hidden in (("districts-5", 5, False), ("nces", 9, True),
                                 ("opensafely", 7, True), ("opensafely", 8, False)):  # fmt: skip
        row = SALARIES.head(1).assign(base=base)
        assert withhold(row, preset)["withheld"].notna().item() is hidden


def test_a_dominated_sum_is_withheld_though_its_base_is_large_enough():
    rows = estimates([{"wave": 2024, "item": "devices", "group": "all", "statistic": "total",
                       "estimate": 1100, "base": 6}])  # fmt: skip
    values = pd.DataFrame({"wave": 2024, "item": "devices", "group": "all",
                           "value": [900, 150, 20, 10, 10, 10]})  # fmt: skip
    assert withhold(rows)["withheld"].isna().all()
    done = withhold(rows, contributions=values)
    assert done["withheld"].item() == "largest can be estimated within 10 percent"


def test_the_rules_by_hand():
    both = PRESETS["districts-5"]
    largest, two = (
        "largest can be estimated within 10 percent",
        "2 respondents hold over 90 percent",
    )
    for values, percent, share in (
        # p%: total 155, less the two largest leaves 5; 5 < 10 percent of 100.
        # (2, 0.9): 150 of 155 is 96.8 percent, 150 of 170 is 88.2 percent.
        ([100, 50, 5], largest, two), ([100, 50, 10], pd.NA, two), ([100], largest, two),
        ([100, 50, 20], pd.NA, pd.NA),
    ):  # fmt: skip
        assert str(dominated(values, replace(both, dominance=None))) == str(percent)
        assert str(dominated(values, replace(both, p_percent=None))) == str(share)


def test_an_unknown_preset_names_those_there_are():
    with pytest.raises(EstimateError, match=r"no disclosure preset 'acro'.*strict-10"):
        withhold(SALARIES, "acro")
