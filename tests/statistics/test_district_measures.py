import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.peers import (
    district_measures,
    own_enrollment,
    own_from_responses,
    own_measures,
)


def responses():
    districts = pd.DataFrame(
        {
            "wave": [2024, 2024, 2024],
            "district_id": ["a", "b", "c"],
            "enrollment": [2000, 4000, pd.NA],
            "devices": [3000, pd.NA, 500],
            "support_staff": [4.0, 0.0, 1.0],
        }
    ).astype({"enrollment": "Int64", "devices": "Int64", "support_staff": "Float64"})
    positions = pd.DataFrame(
        [
            (2024, "a", "technology_director", 1.0, 120_000.0),
            (2024, "a", "technician_1", 2.0, 50_000.0),
            (2024, "a", "technician_3", 1.0, pd.NA),
            (2024, "b", "technician_1", pd.NA, 45_000.0),
            (2024, "b", "technology_director", 1.0, 110_000.0),
        ],
        columns=["wave", "district_id", "position", "fte", "salary"],
    ).astype({"fte": "Float64", "salary": "Float64"})
    return districts, positions


def values(table, district="a"):
    rows = table[table["district_id"] == district] if "district_id" in table else table
    return {(row.item, row.group): float(row.value) for row in rows.itertuples()}


def test_measures_by_hand():
    found = values(district_measures(*responses()))
    assert found[("devices_per_student", "all")] == 1.5
    assert found[("support_ratio", "all")] == 750
    assert found[("support_staff_per_1000_students", "all")] == 2
    assert found[("technician_fte_per_1000_students", "all")] == 1.5
    assert found[("devices_per_technician_fte", "all")] == 1000
    assert found[("staff_fte_per_1000_students", "all")] == 2
    assert found[("position_salary", "technology_director")] == 120_000
    assert ("position_salary", "technician_3") not in found


def test_what_was_not_answered_has_no_row_and_nothing_is_divided_by_zero():
    table = district_measures(*responses())
    b = values(table, "b")
    assert ("devices_per_student", "all") not in b
    assert ("support_ratio", "all") not in b
    assert b[("support_staff_per_1000_students", "all")] == 0
    # a technician without FTE makes every sum of FTE unknown
    assert ("technician_fte_per_1000_students", "all") not in b
    assert ("staff_fte_per_1000_students", "all") not in b
    assert set(values(table, "c")) == {("support_ratio", "all")}
    assert table["value"].notna().all()


def test_own_numbers_and_a_response_become_the_same_measures():
    districts, positions = responses()
    own = own_from_responses(districts, positions, "a", 2024)
    assert own_enrollment(own) == 2000
    mine = own_measures(own)
    found = {(row.item, row.group): float(row.estimate) for row in mine.itertuples()}
    assert found == values(district_measures(districts, positions))
    assert set(mine["statistic"]) == {"own"}
    assert "devices_per_staff" in set(mine["unit"])


def test_other_positions_can_count_as_technicians():
    own = own_from_responses(*responses(), "a", 2024)
    mine = own_measures(own, technicians=["technician_3"]).set_index("item")
    assert mine.at["technician_fte_per_1000_students", "estimate"] == 0.5


def test_all_wrong_numbers_are_named_at_once():
    own = pd.DataFrame(
        [
            ("devices", "all", -1),
            ("position_fte", "all", 1.0),
            ("support_staff", "technician_1", 2),
            ("budget", "all", 9),
            ("devices", "all", 20),
        ],
        columns=["item", "group", "value"],
    )
    with pytest.raises(EstimateError) as error:
        own_measures(own)
    told = str(error.value)
    for text in (
        "devices all: value -1",
        "position_fte all: wrong group -> name the position",
        "support_staff technician_1: wrong group -> group must be all",
        "budget all: unknown item",
        "devices all: stands twice",
        "enrollment: is missing",
    ):
        assert text in told


def test_a_district_that_did_not_answer_is_said():
    with pytest.raises(EstimateError, match="c gave no enrollment in 2024") as error:
        own_from_responses(*responses(), "c", 2024)
    assert "3 districts answered" in str(error.value)
    with pytest.raises(EstimateError, match="no column group"):
        own_measures(pd.DataFrame({"item": ["enrollment"], "value": [1]}))
