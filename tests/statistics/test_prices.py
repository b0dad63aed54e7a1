"""Constant dollars by hand, and no year that is not there."""

import numpy as np
import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import figures
from edtech_survey.statistics.salary import price_index, priced, real

# BLS, CPI-U annual averages, 1982-84 = 100.
LEVELS = {2012: 229.594, 2013: 232.957, 2014: 236.736, 2017: 245.120, 2024: 313.689}


@pytest.fixture
def prices():
    return figures(
        {
            "source": "prices",
            "item": "cpi_u",
            "group": "all",
            "statistic": "index",
            "wave": year,
            "value": level,
        }
        for year, level in LEVELS.items()
    )


def test_conversions_by_hand(prices):
    # 116,668 x 229.594 / 313.689 = 85,391.4...; 70,000 x 313.689 / 232.957 = 94,258.8...
    assert real(116668, 2024, 2012, prices) == pytest.approx(85391.2, abs=0.1)
    assert real(70000, 2013, 2024, prices) == pytest.approx(94258.7, abs=0.1)
    assert real(500.0, 2017, 2017, prices) == 500.0


def test_many_amounts_of_many_years(prices):
    amounts = pd.Series([100.0, None, 300.0], index=[5, 6, 9], dtype="Float64")
    years = pd.Series([2012, 2013, 2024], index=[5, 6, 9], dtype="Int64")
    found = real(amounts, years, 2024, prices)
    assert list(found.index) == [5, 6, 9]
    assert found.iloc[0] == pytest.approx(100 * 313.689 / 229.594)
    assert found.iloc[1] is pd.NA
    assert found.iloc[2] == 300
    assert amounts.iloc[0] == 100


def test_one_year_for_many_amounts_and_one_amount_for_many_years(prices):
    one_year = real(np.array([1.0, 2.0]), 2013, 2024, prices)
    np.testing.assert_allclose(one_year, np.array([1, 2]) * 313.689 / 232.957)
    np.testing.assert_allclose(
        real(1.0, np.array([2012, 2024]), 2024, prices), [313.689 / 229.594, 1.0]
    )
    series = real(pd.Series([1.0, 2.0]), 2013, 2024, prices)
    np.testing.assert_allclose(series, one_year)


def test_years_without_an_index_are_refused_with_those_there_are(prices):
    with pytest.raises(EstimateError) as caught:
        real(np.array([1.0, 2.0]), np.array([2011, 2015]), 2030, prices)
    told = str(caught.value)
    for year in (2011, 2015, 2030):
        assert f"year {year}: no index -> years there are: 2012-2014, 2017, 2024" in told


def test_a_missing_year_is_refused(prices):
    years = pd.Series([2012, pd.NA], dtype="Int64")
    with pytest.raises(EstimateError, match="missing in 1 rows"):
        real(pd.Series([1.0, 2.0]), years, 2024, prices)
    with pytest.raises(EstimateError, match="3 amounts, 2 years"):
        real(pd.Series([1.0, 2.0, 3.0]), pd.Series([2012, 2013]), 2024, prices)
    with pytest.raises(EstimateError, match="give an Evidence"):
        real(1.0, 2012, 2024, pd.DataFrame())


def test_the_index_is_sorted_and_only_the_index(prices):
    other = prices.assign(item="wages")
    found = price_index(pd.concat([prices.iloc[::-1], other], ignore_index=True))
    assert found.to_dict() == LEVELS
    assert list(found.index) == sorted(LEVELS)
    with pytest.raises(EstimateError, match="no item cpi_u"):
        price_index(other)


def test_contradictions_are_named(prices):
    twice = pd.concat([prices, prices.assign(value=prices["value"] + 1).head(1)])
    with pytest.raises(EstimateError, match=r"cpi_u 2012: two levels: 229.594, 230.594"):
        price_index(twice)
    with pytest.raises(EstimateError, match="cpi_u 2013: level -1"):
        price_index(prices.assign(value=prices["value"].where(prices["wave"] != 2013, -1.0)))
    repeated = pd.concat([prices, prices], ignore_index=True)
    assert price_index(repeated).to_dict() == LEVELS


def test_a_year_without_an_index_keeps_its_own_dollars(prices):
    assert priced(2012, 2024, prices)[:2] == (pytest.approx(313.689 / 229.594), 2024)
    for year, to in ((2026, 2024), (2024, 2030), (2024, None), (2024, 2024)):
        assert priced(year, to, prices)[:2] == (1.0, year)
    assert priced(2012, 2024, prices.head(0))[:2] == (1.0, 2012)
