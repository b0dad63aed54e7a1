"""Constant dollars by hand, and no year that is not there."""

import numpy as np
import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import figures
from edtech_survey.statistics.salary import real

# BLS, CPI-U annual averages, 1982-84 = 100.
LEVELS = {2012: 229.594, 2013: 232.957, 2014: 236.736, 2017: 245.120, 2024: 313.689}
INDEX = {"source": "prices", "item": "cpi_u", "group": "all", "statistic": "index"}
PRICES = figures(INDEX | {"wave": year, "value": level} for year, level in LEVELS.items())


def test_conversions_by_hand():
    # 116,668 x 229.594 / 313.689 = 85,391.4...; 70,000 x 313.689 / 232.957 = 94,258.8...
    assert real(116668, 2024, 2012, PRICES) == pytest.approx(85391.2, abs=0.1)
    assert real(70000, 2013, 2024, PRICES) == pytest.approx(94258.7, abs=0.1)
    assert real(500.0, 2017, 2017, PRICES.iloc[::-1]) == 500.0


def test_many_amounts_of_many_years():
    amounts = pd.Series([100.0, None, 300.0], index=[5, 6, 9], dtype="Float64")
    years = pd.Series([2012, 2013, 2024], index=[9, 6, 5], dtype="Int64")  # by place, not label
    found = real(amounts, years, 2024, PRICES)
    assert list(found.index) == [5, 6, 9]
    assert found.iloc[0] == pytest.approx(100 * 313.689 / 229.594)
    assert found.iloc[1] is pd.NA
    assert found.iloc[2] == 300
    assert amounts.iloc[0] == 100
    one_year = real(np.array([1.0, 2.0]), 2013, 2024, PRICES)
    np.testing.assert_allclose(one_year, np.array([1, 2]) * 313.689 / 232.957)
    many_years = real(1.0, np.array([2012, 2024]), 2024, PRICES)
    np.testing.assert_allclose(many_years, [313.689 / 229.594, 1.0])


def test_years_without_an_index_are_refused_with_those_there_are():
    years = pd.Series([2011, pd.NA], dtype="Int64")
    with pytest.raises(EstimateError) as caught:
        real(pd.Series([1.0, 2.0]), years, 2030, PRICES)
    for year in (2011, "<NA>", 2030):
        told = f"year {year}: no index -> years there are: 2012-2014, 2017, 2024"
        assert told in str(caught.value)


def test_contradictions_are_named_and_repeats_are_not():
    twice = pd.concat([PRICES, PRICES.assign(value=PRICES["value"] + 1).head(1)])
    with pytest.raises(
        EstimateError, match=r"(?s)cpi_u 2012: level 229.594.*cpi_u 2012: level 230"
    ):
        real(1.0, 2013, 2024, twice)
    with pytest.raises(EstimateError, match="cpi_u 2013: level -1"):
        real(
            1.0, 2012, 2024, PRICES.assign(value=PRICES["value"].where(PRICES["wave"] != 2013, -1))
        )
    repeated = pd.concat([PRICES, PRICES, PRICES.assign(item="wages", value=1.0)])
    assert real(1.0, 2012, 2024, repeated) == pytest.approx(313.689 / 229.594)
