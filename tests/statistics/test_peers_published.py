import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import figures
from edtech_survey.statistics.peers import beside_state, structure_peers

POSITIONS = pd.DataFrame({"position": ["technician_1"], "label": ["I"], "category": ["it"]})


def state():
    rows = [
        ("support_ratio", "all", "ratio_of_totals", "1 : 1,008", "devices_per_staff"),
        ("support_ratio", "all", "mean_of_ratios", "1 : 670", "devices_per_staff"),
        ("support_ratio", "all", "min", "1 : 300", "devices_per_staff"),
        ("support_ratio", "all", "max", "1 : 2,667", "devices_per_staff"),
        ("support_staff", "all", "total", "280", "staff"),
        ("devices", "all", "total", "281,925", "devices"),
        ("students", "all", "total", "200,380", "students"),
        ("position_present", "technician_1", "count", "40", "districts"),
        ("position_enrollment", "technician_1", "mean", "3,739", "students"),
        ("position_fte", "technician_1", "mean", "2.93", "fte"),
        ("position_salary", "technician_1", "mean", "$48,347", "usd"),
    ]
    return figures(
        {
            "figure_id": f"ct.{item}.{group}.{statistic}", "source": "ct", "wave": 2024,
            "item": item, "group": group, "statistic": statistic, "printed": printed,
            "value": float(printed.split(":")[-1].strip(" $").replace(",", "")), "unit": unit,
            "base": 62, "base_kind": "published", "population": 205, "synthetic": False,
        }
        for item, group, statistic, printed, unit in rows
    )  # fmt: skip


def own(*more):
    rows = [("enrollment", "all", 2000.0), ("devices", "all", 3000.0), ("support_staff", "all", 4)]
    return pd.DataFrame([*rows, *more], columns=["item", "group", "value"])


def test_a_district_beside_both_ratios_of_its_state():
    table = beside_state(own(), state(), POSITIONS)
    ratios = table[table["item"] == "support_ratio"].set_index(["statistic", "basis"])
    assert ratios.at[("ratio_of_totals", "as published"), "times"] == pytest.approx(750 / 1008)
    assert ratios.at[("mean_of_ratios", "as published"), "times"] == pytest.approx(750 / 670)
    assert not table["statistic"].isin(["min", "max"]).any()
    per = table[table["item"] == "support_staff_per_1000_students"].iloc[0]
    assert per["own"] == 2


def test_positions_are_set_beside_the_published_means():
    table = beside_state(
        own(("position_salary", "technician_1", 50_000.0), ("position_fte", "technician_1", 1.0)),
        state(),
        POSITIONS,
    ).set_index(["item", "group"])
    pay = table.loc[("position_salary", "technician_1")]
    assert pay["estimate"] == 48_347
    assert pay["times"] == pytest.approx(50_000 / 48_347)
    assert table.loc[("position_fte", "technician_1"), "estimate"] == 2.93
    technicians = table.loc[("technician_fte_per_1000_students", "all")]
    assert technicians["own"] == pytest.approx(0.5)
    assert technicians["estimate"] == pytest.approx(40 * 2.93 / 200.38)


def test_nothing_in_common_is_an_empty_table_of_the_same_columns():
    nothing = pd.DataFrame([("enrollment", "all", 2000.0)], columns=["item", "group", "value"])
    table = beside_state(nothing, state(), POSITIONS)
    assert table.empty
    assert {"own", "times", "unit", "basis"} <= set(table.columns)


def structures():
    a = ("a", "A", "WI", "1700", "1700", "around 1700")
    rows = [
        (*a, "Director", "technology_director", "1", None),
        (*a, "Technician", "technician_2", "2", "1.5"),
        (*a, "Teacher", "technology_resource_teacher", "1", None),
        ("b", "B", "OH", None, "900", "<900", "Director", "technology_director", "1", "1"),
        ("c", "C", "VA", "25000", "30000", "25-30k", "Coach", "coach", None, None),
        ("d", "D", "CO", None, None, None, "Director", "technology_director", "1", None),
    ]
    return pd.DataFrame(
        rows,
        columns=["district_id", "district", "state", "students_low", "students_high",
                 "students_printed", "role", "position", "head_count", "fte"],
    )  # fmt: skip


def test_described_departments_by_hand():
    table = structure_peers(
        structures(), 2000, leave_out=("technology_resource_teacher",)
    ).set_index("group")
    a = table.loc["a"]
    assert a["estimate"] == pytest.approx(1000 * 2.5 / 1700)
    assert (a["near"], a["roles"], a["staff"]) == (True, 2, 2.5)
    assert table.loc["c", "roles_without_number"] == 1
    assert pd.isna(table.loc["c", "estimate"])
    assert pd.isna(table.loc["c", "estimate_high"])
    assert table.loc["b", "estimate_low"] == pytest.approx(1000 / 900)
    assert pd.isna(table.loc["b", "estimate"])
    assert set(table["base"]) == {4}


def test_what_counts_as_near():
    near = structure_peers(structures(), 2000).set_index("group")["near"]
    assert near["a"]
    assert not near["b"]
    assert not near["c"]
    assert pd.isna(near["d"])
    # "fewer than 900" may be 850 or 90: beside 800 students it cannot be called near
    assert pd.isna(structure_peers(structures(), 800).set_index("group").at["b", "near"])
    assert structure_peers(structures(), 14_000).set_index("group").at["c", "near"]
    assert not structure_peers(structures(), 14_000, caliper=1.5).set_index("group").at["c", "near"]


def test_the_nearest_stand_first_and_the_unknown_last():
    assert structure_peers(structures(), 2000)["group"].tolist() == ["a", "b", "c", "d"]
    assert structure_peers(structures(), 26_000)["group"].iloc[0] == "c"


def test_missing_columns_and_sizes_are_named():
    with pytest.raises(EstimateError, match="column fte is missing"):
        structure_peers(structures().drop(columns="fte"), 2000)
    with pytest.raises(EstimateError, match="from 1 up"):
        structure_peers(structures(), 0)
