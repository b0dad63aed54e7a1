from types import SimpleNamespace

import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import estimates, figures
from edtech_survey.statistics import support as reported
from edtech_survey.statistics.intervals import finite_population
from edtech_survey.statistics.support_earlier import DENSITY, at_earlier_density

POSITIONS = pd.DataFrame(
    {
        "position": ["director", "technician_1", "integration_specialist"],
        "label": ["Director", "Technician I", "Coach"],
        "category": ["it", "it", "classroom_library"],
    }
)
FUNCTIONS = pd.DataFrame(
    {
        "function": ["coaching", "choosing", "driving"],
        "label": ["Coaching", "Choosing", "Driving"],
        "positions": [
            "integration_specialist|coach_director",
            "director|technician_1",
            "chauffeur",
        ],
    }
)
PRESENT = {"director": 8, "technician_1": 6, "integration_specialist": 3}
FTE = {"director": "1.00", "technician_1": "2.50", "integration_specialist": "2.50"}
TOTALS = {"devices": 14_000, "support_staff": 20, "students": 10_000}


def made(wave=2024, without=(), base=10, population=40):
    rows = [("responding_districts", "all", "count", str(base), pd.NA)]
    rows += [(item, "all", "total", f"{value:,}", base) for item, value in TOTALS.items()]
    rows += [("position_present", name, "count", str(n), base) for name, n in PRESENT.items()]
    rows += [("position_fte", name, "mean", fte, PRESENT[name]) for name, fte in FTE.items()]
    rows += [("after_hours", name, "count", str(n), base) for name, n in
             (("staff", 4), ("students", 2), ("families", 1), ("other", 1))]  # fmt: skip
    rows += [("position_outsourced", name, "count", "2", base) for name in list(PRESENT)[:2]]
    return figures(
        {
            "figure_id": f"x.{item}.{group}.{statistic}", "source": "x", "wave": wave,
            "item": item, "group": group, "statistic": statistic, "printed": printed,
            "value": float(printed.replace(",", "")), "base": of, "base_kind": "published",
            "population": population, "synthetic": False,
        }
        for item, group, statistic, printed, of in rows
        if item not in without
    )  # fmt: skip


def answers(wave=2024):
    """Ten districts: 1 and 2 help staff, 2 to 5 help others; 1, 2 and 3 buy somebody in."""
    ids = [f"d{n}" for n in range(1, 11)]
    districts = pd.DataFrame(
        {
            "wave": wave,
            "district_id": ids,
            "source": "x",
            "synthetic": False,
            "after_hours_staff": pd.array([n in (1, 2) for n in range(1, 11)], dtype="boolean"),
            "after_hours_students": pd.array([False] * 10, dtype="boolean"),
            "after_hours_families": pd.array([False] * 10, dtype="boolean"),
            "after_hours_other": pd.array([n in (2, 3, 4, 5) for n in range(1, 11)], "boolean"),
        }
    )
    positions = pd.DataFrame(
        {
            "wave": wave,
            "district_id": ["d1", "d1", "d2", "d3", "d4"],
            "position": [
                "director",
                "technician_1",
                "director",
                "integration_specialist",
                "director",
            ],
            "outsourced": pd.array([True, True, True, True, False], dtype="boolean"),
        }
    )
    return SimpleNamespace(districts=districts, positions=positions)


def test_a_wave_that_did_not_ask_gives_empty_tables_in_the_one_shape():
    bare = made(without=("position_fte", "after_hours", "position_outsourced", "support_staff"))
    for table in (
        reported.reported_fte(bare, POSITIONS, wave=2024),
        reported.reported_support(bare, POSITIONS, wave=2024, technicians=["technician_1"]),
        reported.reported_hours(bare, wave=2024),
        reported.reported_outsourcing(bare, wave=2024),
        reported.reported_verdicts(estimates([]), made()),
    ):
        assert table.empty
        assert "conf_low" in table.columns
    assert reported.same_numbers(bare, POSITIONS, wave=2024).empty


def test_a_wave_without_positions_is_refused_with_the_waves_that_have_them():
    both = pd.concat([made(2024), made(2017, without=("position_present",))])
    assert set(reported.of_wave(both, 2024)["wave"]) == {2024}
    with pytest.raises(EstimateError, match="2017 -> waves that have: 2024"):
        reported.of_wave(both, 2017)


def test_rows_that_share_both_numbers_are_found_and_single_ones_are_not():
    alike = made().assign(
        value=lambda table: table["value"].mask(
            table["item"].eq("position_present") & table["group"].eq("integration_specialist"), 6.0
        )
    )
    assert reported.same_numbers(made(), POSITIONS, wave=2024).empty
    found = reported.same_numbers(alike, POSITIONS, wave=2024)
    assert found["position"].tolist() == ["technician_1", "integration_specialist"]
    # Nor is a full-time post in as many districts a sign of anything.
    whole = alike.assign(value=alike["value"].mask(alike["item"].eq("position_fte"), 1.0))
    assert reported.same_numbers(whole, POSITIONS, wave=2024).empty


def test_technicians_are_the_positions_that_are_named():
    one = reported.reported_support(made(), POSITIONS, wave=2024, technicians=["technician_1"])
    both = reported.reported_support(
        made(), POSITIONS, wave=2024, technicians=["technician_1", "director"]
    )
    by_item = [table.set_index("item")["estimate"] for table in (one, both)]
    assert by_item[0]["technician_fte"] == pytest.approx(6 * 2.5)
    assert by_item[1]["technician_fte"] == pytest.approx(6 * 2.5 + 8)
    with pytest.raises(EstimateError, match="technicians plumber: is no position"):
        reported.reported_support(made(), POSITIONS, wave=2024, technicians=["plumber"])


def test_any_is_bounded_by_published_counts_and_exact_from_answers():
    bounded = reported.reported_hours(made(), wave=2024).set_index("group").loc["any"]
    assert pd.isna(bounded["estimate"])
    assert (bounded["estimate_low"], bounded["estimate_high"]) == (40.0, 80.0)
    exact = reported.reported_hours(made(), answers(), wave=2024).set_index("group").loc["any"]
    assert (exact["count"], exact["base"], exact["estimate"]) == (5, 10, 50.0)
    low, high = finite_population([5], [10], 40, 0.95)
    assert (exact["conf_low"], exact["conf_high"]) == pytest.approx((low[0], high[0]))
    bought = reported.reported_outsourcing(made(), answers(), wave=2024).set_index("group")
    assert bought.loc["any", "count"] == 3
    assert list(bought.index) == ["director", "technician_1", "any"]


def test_answers_of_another_wave_leave_the_bounds():
    table = reported.reported_hours(made(), answers(2021), wave=2024)
    assert table["estimate"].isna().tolist()[-1]


def test_functions_keep_the_positions_that_were_asked_for():
    table = reported.reported_functions(made(), FUNCTIONS, wave=2024).set_index("group")
    assert list(table.index) == ["coaching", "choosing"]
    assert table.loc["coaching", "positions"] == "integration_specialist"
    assert table.loc["coaching", "estimate"] == pytest.approx(30)
    assert tuple(table.loc["choosing", ["estimate_low", "estimate_high"]]) == (80.0, 100.0)
    exact = reported.reported_functions(made(), FUNCTIONS, answers(), wave=2024).set_index("group")
    # d1, d2 and d4 have a director; d1's technician is in the same district.
    assert exact.loc["choosing", "estimate"] == pytest.approx(30)
    assert exact.loc["choosing", "population"] == 40
    nothing = FUNCTIONS[FUNCTIONS["function"].eq("driving")]
    assert reported.reported_functions(made(), nothing, wave=2024).empty


def test_an_earlier_density_divides_students_per_person():
    support = reported.reported_support(made(), POSITIONS, wave=2024, technicians=["technician_1"])
    elsewhere = pd.DataFrame(
        {
            "item": [DENSITY, DENSITY, DENSITY],
            "group": ["all", "all", "city"],
            "statistic": "ratio",
            "wave": [2003, 2008, 2009],
            "value": [4.4, 2.5, 9.0],
            "figure_id": ["a", "b", "c"],
        }
    )
    row = at_earlier_density(support, elsewhere).iloc[0]
    assert row["estimate"] == pytest.approx(10_000 / 20 / 2.5)
    assert (row["figure_id"], row["basis"]) == ("b", "at 2.5 students per computer, as in 2008")
    assert list(at_earlier_density(support, elsewhere.head(0))["figure_id"]) == []
    assert at_earlier_density(support.head(0), elsewhere).empty
