import pandas as pd
import pytest

from edtech_survey.shape import ESTIMATE_COLUMNS, estimates
from edtech_survey.statistics.disclosure import dominated, withhold

SALARIES = estimates(
    [
        {"wave": 2024, "item": "position_salary", "group": "cyber_security", "statistic": "mean",
         "estimate": 123000, "conf_low": 1, "conf_high": 2, "base": 4},
        {"wave": 2024, "item": "position_salary", "group": "technician_1", "statistic": "mean",
         "estimate": 48347, "base": 5},
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


def test_a_dominated_sum_is_withheld_though_its_base_is_large_enough():
    rows = estimates([{"wave": 2024, "item": "devices", "group": "all", "statistic": "total",
                       "estimate": 1100, "base": 6}])  # fmt: skip
    values = pd.DataFrame({"wave": 2024, "item": "devices", "group": "all",
                           "value": [900, 150, 20, 10, 10, 10]})  # fmt: skip
    assert withhold(rows)["withheld"].isna().all()
    done = withhold(rows, contributions=values)
    assert done["withheld"].item() == "largest can be estimated within 10 percent"
    assert withhold(rows.assign(wave=2020), contributions=values)["withheld"].isna().all()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        # p%: less the two largest, 155 leaves 5, and 5 < 10 percent of 100.
        ([100, 5, 50], "largest can be estimated within 10 percent"),
        ([100], "largest can be estimated within 10 percent"),
        # (2, 90 %): 150 of 160 is 93.75 percent, 150 of 170 is 88.2 percent.
        ([50, 100, 10], "2 respondents hold over 90 percent"),
        ([100, 50, 20], pd.NA),
    ],
)
def test_the_rules_by_hand(values, said):
    assert str(dominated(pd.Series(values))) == str(said)
