"""The technician ladder by hand, and what the crosswalk must say."""

from pathlib import Path

import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS, figures
from edtech_survey.statistics.support import LADDER, fte_weighted_salary, wages_beside

PRICES = pd.DataFrame(
    {
        "item": "cpi_u",
        "group": "all",
        "statistic": "index",
        "wave": [2018, 2021, 2024],
        "value": [251.107, 270.970, 313.689],
    }
)


@pytest.fixture
def table():
    printed = pd.read_csv(Path(__file__).with_name("ct_positions_2024.csv"))
    return printed.assign(label=printed["position"], source="ct-2024", wave=2024, synthetic=False)


@pytest.fixture
def wages():
    return figures(
        {
            "source": "wages",
            "wave": wave,
            "item": "occupation_wage",
            "group": group,
            "statistic": statistic,
            "value": value,
            "base_kind": "unknown",
            "synthetic": False,
        }
        for wave, group, statistic, value in [
            (2018, "computer-user-support|schools", "mean", 48630),
            (2018, "computer-user-support|all-industries", "median", 50980),
            (2021, "network-support|schools", "mean", 61350),
            (2021, "network-support-managers|schools", "mean", 99999),
        ]
    )


def crosswalk(*rows):
    return pd.DataFrame(rows, columns=["position", "occupation", "comparability", "reason"])


SUPPORT = [(rung, "computer-user-support", "A", "break/fix support of users") for rung in LADDER]


def test_the_ladder_by_hand(table):
    # 40 x 2.93 = 117.20, 34 x 2.39 = 81.26, 32 x 1.89 = 60.48 FTE.
    row = fte_weighted_salary(table).iloc[0]
    expected = (117.20 * 48347 + 81.26 * 57645 + 60.48 * 68532) / 258.94
    assert row["estimate"] == pytest.approx(expected)
    assert row["fte"] == pytest.approx(258.94)
    assert row["by_districts"] == pytest.approx((40 * 48347 + 34 * 57645 + 32 * 68532) / 106)
    assert (row["lowest"], row["highest"]) == (48347, 68532)
    assert row["group"] == "technician_1|technician_2|technician_3"
    assert row["conf_low"] is pd.NA


def test_one_position_is_itself(table):
    row = fte_weighted_salary(table, ["network_engineer"]).iloc[0]
    assert row["estimate"] == 79907


def test_the_two_stand_side_by_side_in_real_dollars(table, wages):
    found = wages_beside(table, wages, crosswalk(*SUPPORT), PRICES, 2024)
    assert tuple(found.columns[:14]) == ESTIMATE_COLUMNS
    assert found["item"].tolist() == ["position_salary", "occupation_wage", "occupation_wage"]
    schools = found[found["sector"] == "schools"].iloc[0]
    assert schools["estimate"] == pytest.approx(48630 * 313.689 / 251.107)
    assert schools["nominal"] == 48630
    here = found["estimate"].iloc[0]
    assert schools["difference"] == pytest.approx(100 * (here / schools["estimate"] - 1))
    medians = found[found["statistic"] == "median"]
    assert medians["difference"].isna().all()


def test_another_price_year_moves_both(table, wages):
    old, new = (
        wages_beside(table, wages, crosswalk(*SUPPORT), PRICES, year) for year in (2018, 2024)
    )
    ratio = new["estimate"].astype(float) / old["estimate"].astype(float)
    assert ratio.tolist() == pytest.approx([313.689 / 251.107] * 3)


def test_b_has_no_difference_and_c_no_estimate(table, wages):
    graded = crosswalk(
        ("technician_1", "computer-user-support", "B", "titles differ"),
        ("technician_2", "computer-user-support", "B", "titles differ"),
        ("network_engineer", "network-support", "C", "engineers are not support staff"),
    )
    found = wages_beside(table, wages, graded, PRICES, 2024)
    assert found["difference"].isna().all()
    refused = found[found["comparability"] == "C"]
    assert len(refused) == 2
    assert refused["estimate"].isna().all()
    assert set(refused["reason"]) == {"engineers are not support staff"}
    assert found[found["comparability"] == "B"]["estimate"].notna().all()


def test_the_worst_grade_of_an_occupation_counts(table, wages):
    mixed = crosswalk(SUPPORT[0], ("technician_3", "computer-user-support", "B", "also designs"))
    found = wages_beside(table, wages, mixed, PRICES, 2024)
    assert set(found["comparability"]) == {"B"}
    assert "also designs" in found["reason"].iloc[0]


def test_an_unfit_crosswalk_names_every_row(table, wages):
    bad = crosswalk(
        ("janitor", "computer-user-support", "A", "x"),
        ("technician_1", "plumbers", "D", " "),
    )
    with pytest.raises(EstimateError) as caught:
        wages_beside(table, wages, bad, PRICES, 2024)
    told = str(caught.value)
    for part in ("row 1, janitor", "row 2", "'plumbers'", "'D'", "no reason"):
        assert part in told
    with pytest.raises(EstimateError, match="no columns reason"):
        wages_beside(table, wages, bad.drop(columns="reason"), PRICES, 2024)


def test_positions_that_cannot_be_weighted_are_named(table):
    unknown = table.assign(fte=table["fte"].where(table["position"] != "technician_2"))
    with pytest.raises(EstimateError) as caught:
        fte_weighted_salary(unknown, [*LADDER, "helpdesk"])
    assert "position helpdesk: not in the table" in str(caught.value)
    assert "position technician_2: no fte" in str(caught.value)
