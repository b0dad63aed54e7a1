"""Which fits of salary on enrollment a table can carry, and which of them a report shows."""

from pathlib import Path

import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.salary import (
    SPECS,
    made,
    regressions,
    salary_fits,
    shown_fits,
    simple_specs,
    weighted_specs,
)

PRINTED = pd.read_csv(Path(__file__).with_name("ct_positions_2024.csv"))
TABLE = PRINTED.assign(source="ct-2024", wave=2024, label=PRINTED["position"], synthetic=False)
NO_DISTRICTS = TABLE.assign(districts=pd.array([pd.NA] * len(TABLE), dtype="Float64"))


def test_all_eight_are_the_regressions_themselves():
    found = salary_fits(TABLE)
    assert found["reason"].isna().all()
    expected = regressions(TABLE)
    pd.testing.assert_frame_equal(found[expected.columns], expected)
    assert made(found) == SPECS


def test_without_districts_only_the_unweighted_are_made_and_the_others_say_why():
    found = salary_fits(NO_DISTRICTS).set_index("spec")
    weighted = found["weights"] == "districts"
    assert found.loc[weighted, "estimate"].isna().all()
    assert found.loc[weighted, "reason"].str.contains("0 rows").all()
    assert found.loc[~weighted, "estimate"].tolist() == pytest.approx(
        regressions(TABLE).query("weights == 'none'")["estimate"].tolist()
    )
    assert {spec.weights for spec in made(found.reset_index())} == {"none"}
    assert {spec.weights for spec in weighted_specs(found.reset_index())} == {"none"}


def test_too_few_positions_leave_no_fit_with_category_effects():
    found = salary_fits(TABLE.iloc[[0, 8, 14, 1]])
    assert found.loc[found["category_effects"].astype(bool), "reason"].notna().all()
    assert found.loc[~found["category_effects"].astype(bool), "estimate"].notna().all()


@pytest.mark.parametrize(
    ("weighting", "effects", "rows"),
    [("both", True, 8), ("both", False, 4), ("none", True, 4), ("districts", False, 2)],
)
def test_a_choice_keeps_its_fits_and_no_others(weighting, effects, rows):
    shown = shown_fits(salary_fits(TABLE), weighting, effects)
    assert len(shown) == rows
    assert weighting == "both" or set(shown["weights"]) == {weighting}
    assert effects or not shown["category_effects"].any()


def test_an_unknown_choice_is_refused_with_the_known_ones():
    with pytest.raises(EstimateError, match=r"'fte' -> one of both, none, districts"):
        shown_fits(salary_fits(TABLE), "fte")


def test_simple_fits_stand_unweighted_first():
    specs = simple_specs(salary_fits(TABLE), "log-log")
    assert [spec.weights for spec in specs] == ["none", "districts"]
    assert not any(spec.category_effects for spec in specs)
    assert [spec.weights for spec in weighted_specs(salary_fits(TABLE))] == ["districts"] * 2


def test_a_scale_that_is_unknown_or_has_no_fit_is_refused():
    with pytest.raises(EstimateError, match="one of levels, log-log"):
        simple_specs(salary_fits(TABLE), "logs")
    with pytest.raises(EstimateError, match="rows"):
        simple_specs(salary_fits(TABLE.head(1)), "levels")
