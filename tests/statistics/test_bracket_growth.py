"""Bracket creep and a placed salary, with prices that make the arithmetic plain."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.brackets import bracket_growth, fit_brackets, place_salary

# Prices rise by 30 percent, so 130,000 later is 100,000 at first.
PRICES = pd.DataFrame(
    {
        "item": "cpi_u",
        "group": "all",
        "statistic": "index",
        "wave": [2013, 2020, 2023],
        "value": [100.0, 125.0, 130.0],
    }
)


def cells_of(shares, base=250):
    edges = [70000.0, 100000, 130000, 160000][: len(shares) - 1]
    return pd.DataFrame(
        {
            "source": "cosn-2013",
            "wave": 2013,
            "group": [f"b{i}" for i in range(len(shares))],
            "low": [0.0, *edges],
            "high": [*edges, np.inf],
            "share": np.asarray(shares, float),
            "half_unit": 0.05,
            "base": pd.array([base] * len(shares), dtype="Int64"),
            "base_kind": "published",
            "synthetic": False,
        }
    )


FIVE = cells_of((31, 36, 27, 4.6, 1.4))


def later_share(share=18.0, group="130000-plus", base=1200, statistic="share"):
    return pd.DataFrame(
        {
            "source": "national",
            "wave": [2023],
            "group": group,
            "statistic": statistic,
            "value": share,
            "base": pd.array([base], dtype="Int64"),
            "base_kind": "published",
            "synthetic": False,
        }
    )


def test_growth_by_hand_when_the_threshold_meets_a_bound():
    found = bracket_growth(FIVE, later_share(), PRICES)
    first, last = found[found["statistic"] == "share"]["estimate"]
    rest = found.set_index("statistic")
    assert (first, last) == (pytest.approx(6.0), 18.0)
    assert rest.loc["share_by_prices", "estimate"] == pytest.approx(33.0)
    assert rest.loc["change", "estimate"] == pytest.approx(12.0)
    assert rest.loc["change_by_prices", "estimate"] == pytest.approx(27.0)
    assert rest.loc["change_real", "estimate"] == pytest.approx(-15.0)
    assert found["threshold_then"].iloc[0] == pytest.approx(100000)
    assert set(found["start"]) == {"observed"}
    # The share by prices is then a plain binomial share, and so are the errors.
    by_prices = np.sqrt(33 * 67 / 250)
    assert rest.loc["share_by_prices", "std_error"] == pytest.approx(by_prices)
    assert rest.loc["change_real", "std_error"] == pytest.approx(
        np.hypot(by_prices, np.sqrt(18 * 82 / 1200))
    )
    # Those between the two thresholds, 27 of 100, are another.
    assert rest.loc["change_by_prices", "std_error"] == pytest.approx(np.sqrt(27 * 73 / 250))


def test_the_parts_sum_and_the_bounds_hold_inside_a_bracket():
    found = bracket_growth(FIVE, later_share(), PRICES, later_dollar_year=2020)
    rest = found[found["statistic"] != "share"].set_index("statistic")
    assert rest.loc["change_by_prices", "estimate"] + rest.loc[
        "change_real", "estimate"
    ] == pytest.approx(rest.loc["change", "estimate"])
    # 130,000 of 2020 is 104,000 of 2013, inside 100,000-130,000.
    assert rest.loc["share_by_prices", "free_low"] == pytest.approx(6.0)
    assert rest.loc["share_by_prices", "free_high"] == pytest.approx(33.0)
    assert 6 < rest.loc["share_by_prices", "estimate"] < 33
    assert rest.loc["change_real", "free_low"] == pytest.approx(18 - 33)
    assert rest.loc["change_real", "free_high"] == pytest.approx(18 - 6)


def test_inside_a_bracket_the_fitted_shape_divides_it():
    fit = fit_brackets(FIVE)
    law = stats.lognorm(fit.sigma, scale=np.exp(fit.mu))
    inside = (law.sf(104000) - law.sf(130000)) / (law.sf(100000) - law.sf(130000))
    found = bracket_growth(FIVE, later_share(), PRICES, later_dollar_year=2020)
    row = found[found["statistic"] == "share_by_prices"].iloc[0]
    assert row["estimate"] == pytest.approx(6 + 27 * inside)


def test_errors_agree_with_resampled_surveys():
    rng = np.random.default_rng(40)
    p = FIVE["share"].to_numpy() / 100
    told = bracket_growth(FIVE, later_share(), PRICES, later_dollar_year=2020)
    told = told.set_index("statistic").loc["share_by_prices", "std_error"]
    drawn = [
        bracket_growth(cells_of(draw / 2.5), later_share(), PRICES, later_dollar_year=2020)
        .set_index("statistic")
        .loc["share_by_prices", "estimate"]
        for draw in rng.multinomial(250, p, size=90)
    ]
    assert told == pytest.approx(np.std(drawn), rel=0.2)


def test_growth_at_the_pace_of_prices_is_all_creep():
    fit = fit_brackets(cells_of((30, 35, 35)))
    kept_up = 100 * stats.lognorm(fit.sigma, scale=np.exp(fit.mu)).sf(100000)
    found = bracket_growth(cells_of((30, 35, 35)), later_share(kept_up), PRICES)
    rest = found.set_index("statistic")
    assert rest.loc["change_real", "estimate"] == pytest.approx(0, abs=1e-9)
    assert rest["start"].iloc[0] == "fitted"


def test_unknown_bases_leave_their_errors_open():
    found = bracket_growth(FIVE, later_share(base=None), PRICES)
    rest = found[found["statistic"] != "share"].set_index("statistic")
    assert rest.loc["change_real", "std_error"] is pd.NA
    assert rest.loc["change_by_prices", "std_error"] is not pd.NA
    given = bracket_growth(FIVE, later_share(base=None), PRICES, later_base=1200)
    assert given["std_error"].notna().all()
    assert given["base_kind"].tolist()[1] == "feasible"
    blind = bracket_growth(cells_of((30, 35, 32), base=None), later_share(), PRICES)
    assert blind.set_index("statistic").loc["share_by_prices", "std_error"] is pd.NA


def test_only_one_open_share_will_do():
    with pytest.raises(EstimateError, match="'70000-99999': not open above"):
        bracket_growth(FIVE, later_share(group="70000-99999"), PRICES)
    with pytest.raises(EstimateError, match="not a share"):
        bracket_growth(FIVE, later_share(statistic="count"), PRICES)
    with pytest.raises(EstimateError, match="2 rows"):
        bracket_growth(FIVE, pd.concat([later_share(), later_share()]), PRICES)
    with pytest.raises(EstimateError, match=r"year 2024.*2013, 2020, 2023"):
        bracket_growth(FIVE, later_share(), PRICES, later_dollar_year=2024)


def test_a_salary_is_placed_at_the_prices_of_a_chosen_year():
    # 130,000 of 2023 is 100,000 of 2013: 33 of 97 + 3 parts lie above it, 64 + 3 below.
    cells = cells_of((30, 35, 35))
    found = place_salary(cells, 130000, 2023, 2020, PRICES).set_index("statistic")
    assert found.loc["amount", "estimate"] == pytest.approx(125000)
    assert found.loc["share_below", "estimate"] == pytest.approx(65)
    assert found.loc["share_below", "free_low"] == found.loc["share_below", "free_high"] == 65
    fit = fit_brackets(cells)
    assert found.loc["median", "estimate"] == pytest.approx(1.25 * np.exp(fit.mu))
    assert found.loc["ratio_to_median", "estimate"] == pytest.approx(1e7 / np.exp(fit.mu))
    assert found.loc["ratio_to_median", "conf_low"] < found.loc["ratio_to_median", "estimate"]


def test_the_price_year_moves_dollars_and_not_the_place():
    one, other = (
        place_salary(FIVE, 110000, 2023, year, PRICES).set_index("statistic")["estimate"]
        for year in (2013, 2023)
    )
    assert one["share_below"] == pytest.approx(other["share_below"])
    assert one["median"] * 1.3 == pytest.approx(other["median"])


def test_the_year_whose_dollars_the_brackets_are_matters():
    named, earlier = (
        place_salary(FIVE, 110000, 2023, 2023, PRICES, dollar_year=year).set_index("statistic")
        for year in (None, 2020)
    )
    assert named.loc["share_below", "estimate"] < earlier.loc["share_below", "estimate"]
    with pytest.raises(EstimateError, match="year 2012"):
        place_salary(FIVE, 110000, 2023, 2023, PRICES, dollar_year=2012)
