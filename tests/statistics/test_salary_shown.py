"""Fits made ready to be read: against statsmodels' own predictions and numpy's polynomials."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.salary import SPECS, Spec, regressions, salary_fits, shown_fits
from edtech_survey.statistics.salary_checks import (
    category_slopes_or_none,
    dropping_one,
    ecological_bounds_or_none,
    fitted_lines,
    plain_units,
    real_salaries,
)

PRINTED = pd.read_csv(Path(__file__).with_name("ct_positions_2024.csv"))
TABLE = PRINTED.assign(source="ct-2024", wave=2024, label=PRINTED["position"], synthetic=False)
PRICES = pd.DataFrame(
    {
        "item": "cpi_u",
        "group": "all",
        "statistic": "index",
        "wave": [2017, 2024],
        "value": [80.0, 100.0],
    }
)


def test_dollars_of_another_year_are_the_ratio_of_the_indexes():
    table = real_salaries(TABLE, 2017, PRICES)
    assert table["salary"].tolist() == pytest.approx((0.8 * PRINTED["salary"]).tolist())
    assert table["nominal"].tolist() == PRINTED["salary"].tolist()
    assert set(table["price_year"]) == {2017}


def test_the_own_year_needs_no_index_and_another_one_does():
    assert real_salaries(TABLE, 2024, PRICES.head(0))["salary"].equals(TABLE["salary"])
    with pytest.raises(EstimateError, match="2016"):
        real_salaries(TABLE, 2016, PRICES)


def test_prices_scale_slopes_and_leave_elasticities():
    before, after = (salary_fits(real_salaries(TABLE, year, PRICES)) for year in (2024, 2017))
    ratio = (after["estimate"] / before["estimate"]).astype(float)
    levels = (before["scale"] == "levels").to_numpy()
    assert ratio[levels].tolist() == pytest.approx([0.8] * 4)
    assert ratio[~levels].tolist() == pytest.approx([1.0] * 4)


def test_plain_units_are_a_thousand_students_and_twice_the_enrollment():
    found = plain_units(salary_fits(TABLE)).set_index("spec")
    row = found.loc["levels, unweighted"]
    assert row["shown"] == pytest.approx(7640, abs=1)
    row = found.loc["log-log, unweighted"]
    assert row["shown_low"] == pytest.approx(100 * (np.exp(np.log(2) * row["conf_low"]) - 1))
    assert (found["shown_low"] < found["shown"]).all()
    assert (found["shown"] < found["shown_high"]).all()


def test_a_fit_that_was_not_made_has_no_plain_number():
    bare = TABLE.assign(districts=pd.array([pd.NA] * len(TABLE), dtype="Float64"))
    found = plain_units(salary_fits(bare))
    assert found.loc[found["weights"] == "districts", "shown"].isna().all()


@pytest.mark.parametrize("weights", ["none", "districts"])
def test_lines_and_bands_agree_with_statsmodels(weights):
    line = fitted_lines(TABLE, [Spec("one", weights=weights)], confidence=0.9, points=7)
    w = np.ones(len(PRINTED)) if weights == "none" else PRINTED["districts"]
    design = sm.add_constant(PRINTED["enrollment"].astype(float))
    fit = sm.WLS(PRINTED["salary"].astype(float), design, weights=w).fit(cov_type="HC3", use_t=True)
    told = fit.get_prediction(sm.add_constant(line["x"])).summary_frame(alpha=0.1)
    assert line["y"].tolist() == pytest.approx(told["mean"].tolist())
    assert line["low"].tolist() == pytest.approx(told["mean_ci_lower"].tolist())
    assert line["high"].tolist() == pytest.approx(told["mean_ci_upper"].tolist())


def test_only_simple_fits_in_levels_have_a_line():
    lines = fitted_lines(TABLE, SPECS, points=2)
    assert lines["spec"].unique().tolist() == [SPECS[0].name, SPECS[1].name]
    assert fitted_lines(TABLE, SPECS[2:]).empty


def test_dropping_one_agrees_with_refits_by_numpy():
    fits = shown_fits(salary_fits(TABLE), "none", category_effects=False)
    found = dropping_one(TABLE, fits, 0.95).set_index("scale")
    x, y = PRINTED["enrollment"].to_numpy(float), PRINTED["salary"].to_numpy(float)
    every = np.arange(len(x))
    slopes = [1000 * np.polyfit(x[every != k], y[every != k], 1)[0] for k in every]
    row = found.loc["levels"]
    assert row["estimate"] == pytest.approx(1000 * np.polyfit(x, y, 1)[0])
    assert (row["lowest"], row["highest"]) == pytest.approx((min(slopes), max(slopes)))
    assert row["lowest_without"] == PRINTED["position"][int(np.argmin(slopes))]
    logs = [np.polyfit(np.log(x[every != k]), np.log(y[every != k]), 1)[0] for k in every]
    assert found.loc["log-log", "highest"] == pytest.approx(max(logs))
    assert found["sign_changes"].tolist() == [0, sum(slope < 0 for slope in logs)]


def test_what_cannot_be_had_gives_no_rows_instead_of_stopping_a_report():
    bare = TABLE.assign(districts=pd.array([pd.NA] * len(TABLE), dtype="Float64"))
    assert ecological_bounds_or_none(bare).empty
    assert len(ecological_bounds_or_none(TABLE)) > 5
    assert category_slopes_or_none(TABLE.head(8)).empty
    assert len(category_slopes_or_none(TABLE)) == 7


def test_the_argument_is_left_as_it_was():
    before = TABLE.copy()
    real_salaries(TABLE, 2017, PRICES)
    plain_units(regressions(TABLE))
    pd.testing.assert_frame_equal(TABLE, before)
