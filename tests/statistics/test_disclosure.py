import pandas as pd
import pytest

from edtech_survey.shape import ESTIMATE_COLUMNS, estimates
from edtech_survey.statistics.disclosure import dominated, withhold


def test_each_withheld_number_says_why_and_shows_nothing():
    rows = pd.DataFrame({"statistic": ["mean", "mean", "max", "count", "mean"], "conf_low": 1.0})
    rows = rows.assign(estimate=[123_000, 48_347, 20_000, 1, 4547], base=[4, 5, 62, 61, None])
    done = withhold(rows)
    small, own = "base below 5", "one respondent's own value"
    assert done["withheld"].fillna("").tolist() == [small, "", own, "", small]
    hidden = done[done["withheld"].notna()]
    assert hidden[["estimate", "std_error", "conf_low", "conf_high", "base"]].isna().all(axis=None)
    assert done.loc[1, "estimate"] == 48_347
    assert tuple(done.columns[:15]) == ESTIMATE_COLUMNS


def test_a_dominated_sum_is_withheld_though_its_base_is_large_enough():
    of = {"wave": 2024, "item": "devices", "group": "all"}
    rows = estimates([of | {"statistic": "total", "estimate": 1100, "base": 6}])
    values = pd.DataFrame({"value": [900, 150, 20, 10, 10, 10]}).assign(**of)
    assert withhold(rows)["withheld"].isna().all()
    done = withhold(rows, contributions=values)
    assert done["withheld"].item() == "largest can be estimated within 10 percent"
    for other in ({"wave": 2020}, {"statistic": "count"}):
        assert withhold(rows.assign(**other), contributions=values)["withheld"].isna().all()


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
