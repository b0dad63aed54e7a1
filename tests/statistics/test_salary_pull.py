"""What each position adds to a slope: the parts make the whole, and ranks are as sorted."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.salary import SPECS
from edtech_survey.statistics.salary_checks import leading_pulls, opposite_pulls, position_pulls

PRINTED = pd.read_csv(Path(__file__).with_name("ct_positions_2024.csv"))
TABLE = PRINTED.assign(source="ct-2024", wave=2024, label=PRINTED["position"], synthetic=False)
LEVELS, LOGS = SPECS[:2], SPECS[4:6]


@pytest.mark.parametrize("specs", [LEVELS, LOGS], ids=["levels", "log-log"])
def test_contributions_sum_to_the_slope_that_numpy_finds(specs):
    x, y = PRINTED["enrollment"].to_numpy(float), PRINTED["salary"].to_numpy(float)
    factor = 1000.0
    if specs is LOGS:
        x, y, factor = np.log(x), np.log(y), 1.0
    sums = position_pulls(TABLE, specs).groupby("weights", sort=False)["estimate"].sum()
    root = np.sqrt(PRINTED["districts"].to_numpy(float))
    assert sums["none"] == pytest.approx(factor * np.polyfit(x, y, 1)[0])
    assert sums["districts"] == pytest.approx(factor * np.polyfit(x, y, 1, w=root)[0])


def test_ranks_weights_and_bases_are_those_of_the_table():
    rows = position_pulls(TABLE, LEVELS).set_index(["weights", "group"])
    row = rows.loc[("districts", "technology_director")]
    assert (row["enrollment_rank"], row["salary_rank"], row["positions"]) == (18, 2, 18)
    assert (row["base"], row["district_positions"]) == (59, 392)
    assert row["weight"] == pytest.approx(100 * 59 / 392)
    row = rows.loc[("none", "cyber_security")]
    assert (row["enrollment_rank"], row["salary_rank"]) == (1, 1)
    assert row["estimate"] == pytest.approx(6310, abs=5)


def test_leading_rows_and_the_rest_make_the_whole():
    pulls = position_pulls(TABLE, LOGS)
    leading = leading_pulls(pulls, most=4)
    assert leading["group"].nunique() == 4 + 2
    for weights, part in leading.groupby("weights"):
        total = part.loc[part["group"] == "all", "estimate"].iloc[0]
        parts = part.loc[part["group"] != "all"]
        assert parts["estimate"].sum() == pytest.approx(total), weights
        assert parts["members"].sum() == 18
    assert leading.loc[leading["group"].isin(["all", "others"]), "base"].isna().all()
    biggest = pulls.loc[pulls["estimate"].abs().idxmax(), "group"]
    assert biggest in set(leading["group"])


def test_all_named_leaves_no_rest():
    assert "others" not in set(leading_pulls(position_pulls(TABLE, LEVELS), most=18)["group"])
    with pytest.raises(EstimateError, match="at least one"):
        leading_pulls(position_pulls(TABLE, LEVELS), most=0)


def test_the_lifting_one_is_sought_unweighted_and_the_lowering_one_weighted():
    found = opposite_pulls(position_pulls(TABLE, LOGS))
    assert found.groupby("pull")["group"].unique().map(list).to_dict() == {
        "up": ["cyber_security"],
        "down": ["technology_director"],
    }
    # With the weights alone, the rare position does not lift most any more.
    weighted = opposite_pulls(position_pulls(TABLE, LOGS[1:]))
    assert weighted.loc[weighted["pull"] == "up", "group"].tolist() == [
        "assistant_technology_director"
    ]


def test_scales_are_not_added_up():
    with pytest.raises(EstimateError, match="one scale"):
        position_pulls(TABLE, [SPECS[0], SPECS[4]])
    with pytest.raises(EstimateError, match="none"):
        position_pulls(TABLE, [])
