"""The eighteen positions of 2024: slopes worked out a second way, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS, figures
from edtech_survey.statistics.salary import ITEMS, SPECS, Spec, regressions, salary_table

PRINTED = pd.read_csv(Path(__file__).with_name("ct_positions_2024.csv"))
POSITIONS = PRINTED[["position", "category"]].assign(label=PRINTED["position"].str.title())


def as_figures(table, source="ct-2024", wave=2024):
    return figures(
        {
            "source": source,
            "wave": wave,
            "item": item,
            "group": row["position"],
            "statistic": statistic,
            "value": row[column],
            "synthetic": False,
        }
        for _, row in table.iterrows()
        for column, (item, statistic) in ITEMS.items()
    )


@pytest.fixture
def table():
    return salary_table(as_figures(PRINTED), POSITIONS)


def estimate(table, **spec):
    return float(regressions(table, (Spec("one", **spec),))["estimate"].iloc[0])


def test_the_table_holds_what_was_printed(table):
    assert list(table["position"]) == list(PRINTED["position"])
    numbers = table[list(ITEMS)].astype(float)
    pd.testing.assert_frame_equal(numbers, PRINTED[list(ITEMS)].astype(float))


def test_slopes_named_in_the_issue_come_out(table):
    assert estimate(table) == pytest.approx(7.64, abs=0.005)
    assert estimate(table, weights="districts") == pytest.approx(1.02, abs=0.005)


@pytest.mark.parametrize("weights", ["none", "districts", "fte"])
@pytest.mark.parametrize("scale", ["levels", "log-log"])
def test_slopes_agree_with_numpy(table, scale, weights):
    x, y = PRINTED["enrollment"].to_numpy(float), PRINTED["salary"].to_numpy(float)
    if scale == "log-log":
        x, y = np.log(x), np.log(y)
    weight = {
        "none": np.ones(18),
        "districts": PRINTED["districts"],
        "fte": PRINTED["districts"] * PRINTED["fte"],
    }[weights]
    expected = np.polyfit(x, y, 1, w=np.sqrt(weight))[0]
    assert estimate(table, scale=scale, weights=weights) == pytest.approx(expected, rel=1e-8)


def test_the_elasticity_changes_sign_with_the_weighting_and_the_slope_does_not(table):
    found = regressions(table).set_index(["scale", "weights", "category_effects"])["estimate"]
    for effects in (False, True):
        assert found["log-log", "none", effects] > 0 > found["log-log", "districts", effects]
        assert found["levels", "none", effects] > found["levels", "districts", effects] > 0


def test_category_effects_are_deviations_from_weighted_category_means(table):
    weight = PRINTED["districts"]
    sums = PRINTED[["enrollment", "salary"]].mul(weight, axis=0).groupby(PRINTED["category"])
    means = sums.transform("sum").div(weight.groupby(PRINTED["category"]).transform("sum"), axis=0)
    gap = PRINTED[["enrollment", "salary"]] - means
    expected = (weight * gap["enrollment"] * gap["salary"]).sum() / (
        weight * gap["enrollment"] ** 2
    ).sum()
    assert estimate(table, weights="districts", category_effects=True) == pytest.approx(expected)


def test_errors_are_the_jackknifes_up_to_the_textbook_factor(table):
    # HC3 is close to the jackknife: MacKinnon & White (1985), their (12) and (15).
    shifts = []
    for drop in range(18):
        shifts.append(estimate(table.drop(index=drop)))
    jackknife = np.sqrt(17 / 18 * np.sum((np.array(shifts) - np.mean(shifts)) ** 2))
    error = regressions(table, SPECS[:1])["std_error"].iloc[0]
    assert error == pytest.approx(jackknife * np.sqrt(18 / 17), rel=0.03)


def test_result_shape_and_further_columns(table):
    found = regressions(table)
    assert tuple(found.columns[:14]) == ESTIMATE_COLUMNS
    assert set(found["base"]) == {18}
    assert set(found["item"]) == {"salary_on_enrollment"}
    assert list(found["statistic"].unique()) == ["slope", "elasticity"]
    assert found["spec"].is_unique
    assert found["df"].tolist() == [16, 16, 14, 14] * 2


def test_confidence_widens_the_interval(table):
    narrow, wide = (regressions(table, SPECS[:1], level).iloc[0] for level in (0.5, 0.99))
    assert wide["conf_low"] < narrow["conf_low"] < narrow["conf_high"] < wide["conf_high"]
    with pytest.raises(EstimateError, match=r"fraction such as 0\.95"):
        regressions(table, SPECS[:1], confidence=95)


def test_known_slopes_are_recovered():
    rng = np.random.default_rng(11)
    size = rng.uniform(1000, 9000, 40)
    made = pd.DataFrame(
        {
            "position": [f"p{i}" for i in range(40)],
            "category": "it",
            "districts": rng.integers(2, 60, 40),
            "enrollment": size,
            "fte": 1.0,
            "salary": np.exp(7 + 0.3 * np.log(size)),
        }
    )
    table = salary_table(as_figures(made), made.assign(label="x"))
    assert estimate(table, scale="log-log", weights="districts") == pytest.approx(0.3)


def test_a_position_without_a_printed_salary_is_left_out_and_the_base_says_so(table):
    partial = as_figures(PRINTED)
    hidden = (partial["item"] == "position_salary") & (partial["group"] == "cyber_security")
    found = regressions(salary_table(partial[~hidden], POSITIONS), SPECS[:2])
    assert found["base"].tolist() == [17, 17]
    without = regressions(table[table["position"] != "cyber_security"], SPECS[:2])
    pd.testing.assert_series_equal(found["estimate"], without["estimate"])


def test_no_argument_changes(table):
    before = as_figures(PRINTED)
    copy, kept = before.copy(deep=True), table.copy(deep=True)
    regressions(salary_table(before, POSITIONS))
    regressions(table)
    pd.testing.assert_frame_equal(before, copy)
    pd.testing.assert_frame_equal(table, kept)


def test_sources_positions_and_repeats_are_refused_together():
    mixed = pd.concat(
        [as_figures(PRINTED), as_figures(PRINTED.head(1)), as_figures(PRINTED.head(1), "sample")],
        ignore_index=True,
    )
    with pytest.raises(EstimateError) as caught:
        salary_table(mixed, POSITIONS[POSITIONS["position"] != "av_technician"])
    told = str(caught.value)
    for part in ("ct-2024, sample", "name source=", "av_technician", "published twice"):
        assert part in told
    assert len(salary_table(mixed, POSITIONS, source="sample")) == 1


def test_a_wave_without_figures_names_the_items():
    with pytest.raises(EstimateError, match=r"wave 2031.*position_salary"):
        salary_table(as_figures(PRINTED), POSITIONS, wave=2031)


def test_unknown_words_of_a_specification_are_refused():
    with pytest.raises(EstimateError, match=r"weights: 'fte_count'.*'districts'"):
        Spec("mine", weights="fte_count")
    with pytest.raises(EstimateError, match="scale: 'logs'"):
        replace(SPECS[0], scale="logs")
