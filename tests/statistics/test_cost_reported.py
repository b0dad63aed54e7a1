import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import figures
from edtech_survey.statistics import support as reported
from edtech_survey.statistics.staffing import only_published, supposed_fte, with_population

POSITIONS = pd.DataFrame(
    {
        "position": ["director", "technician", "cyber"],
        "label": ["Director", "Technician", "Cyber"],
        "category": ["it", "it", "it"],
    }
)
CROSSWALK = pd.DataFrame(
    {
        "position": ["technician", "cyber"],
        "occupation": ["support", "security"],
        "label": ["Support", "Security"],
        "comparability": ["B", "B"],
        "reason": ["close", "close"],
    }
)
ROWS = (
    ("responding_districts", "all", "count", "10"),
    ("students", "all", "total", "1,000"),
    ("position_present", "director", "count", "10"),
    ("position_present", "technician", "count", "4"),
    ("position_present", "cyber", "count", "2"),
    ("position_fte", "director", "mean", "1.00"),
    ("position_fte", "technician", "mean", "2.00"),
    ("position_salary", "director", "mean", "$100,000"),
    ("position_salary", "technician", "mean", "$50,000"),
    ("benefit_rate", "all", "mean", "20%"),
)
PAY = 10 * 100_000 + 4 * 2 * 50_000


def made(rows=ROWS):
    return figures(
        {
            "figure_id": f"x.{item}.{group}", "source": "x", "wave": 2024, "item": item,
            "group": group, "statistic": statistic, "printed": printed, "base": 10,
            "value": float(printed.strip("$%").replace(",", "")), "base_kind": "published",
            "population": 40, "synthetic": False,
        }
        for item, group, statistic, printed in rows
    )  # fmt: skip


def elsewhere():
    rows = (
        ("cpi_u", "all", "index", 2018, 200.0),
        ("cpi_u", "all", "index", 2022, 240.0),
        ("cpi_u", "all", "index", 2024, 250.0),
        ("occupation_wage", "support|schools", "mean", 2018, 40_000.0),
        ("occupation_wage", "support|all", "mean", 2018, 44_000.0),
        ("occupation_wage", "support|all", "mean", 2022, 48_000.0),
        ("occupation_wage", "support|all", "median", 2022, 46_000.0),
        ("occupation_wage", "security|all", "mean", 2022, 90_000.0),
    )
    return figures(
        {"figure_id": f"y{k}", "source": "y", "wave": wave, "item": item, "group": group,
         "statistic": statistic, "value": value, "synthetic": False}
        for k, (item, group, statistic, wave, value) in enumerate(rows)
    )  # fmt: skip


def test_payroll_is_in_dollars_of_the_year_asked_for():
    key = {"wave": 2024, "price_year": 2018}
    table = reported.reported_payroll(made(), POSITIONS, elsewhere(), **key)
    chosen = table[table["group"].eq("all") & table["benefits"].eq("mean rate")]
    by = chosen.set_index("statistic")["estimate"]
    assert by["total"] == pytest.approx(PAY * 1.2 * 200 / 250)
    assert by["per_student"] == pytest.approx(PAY * 1.2 * 0.8 / 1000)
    assert set(table["price_year"]) == {2018}


def test_one_supposition_is_moved_at_a_time_per_student():
    key = {"wave": 2024, "price_year": 2024, "correlation": 0.2}
    guesses = {"technician": 1.0, "nobody": 3.0}
    table = reported.reported_sensitivity(
        made(), POSITIONS, elsewhere(), suppose=guesses, **key
    ).set_index("varied")
    assert set(table["estimate"].round(6)) == {PAY * 1.2 / 1000}
    fewer = table.loc["mean FTE of technician"]
    assert fewer["estimate_low"] == pytest.approx((PAY - 4 * 50_000) * 1.2 / 1000)
    together = next(name for name in table.index if "move together" in name)
    # Goodman (1960): the product is off by 1 + r cv cv, here 0.2 x 1 x 0.25.
    assert table.loc[together, "change_high"] == pytest.approx(5)
    assert not any("nobody" in name for name in table.index)


def test_wages_stand_beside_positions_with_numbers_and_the_newest_mean_is_kept():
    key = {"wave": 2024, "price_year": 2024}
    table = reported.reported_wages(made(), POSITIONS, CROSSWALK, elsewhere(), **key)
    assert set(table["occupation"]) == {"support"}  # cyber has no FTE and no pay
    newest = reported.latest_wages(table).set_index("sector")["estimate"]
    assert newest["connecticut-districts"] == 50_000
    assert newest["schools"] == pytest.approx(40_000 * 250 / 200)
    assert newest["all"] == pytest.approx(48_000 * 250 / 240)
    assert table["districts"].tolist()[0] == 4


def test_refused_wages_are_not_among_the_newest():
    refused = CROSSWALK.assign(comparability="C")
    table = reported.reported_wages(
        made(), POSITIONS, refused, elsewhere(), wave=2024, price_year=2024
    )
    assert reported.latest_wages(table).empty


def test_a_wave_without_pay_gives_empty_tables():
    unpaid = made([row for row in ROWS if row[0] != "position_salary"])
    key = {"wave": 2024, "price_year": 2024}
    moved = {"suppose": {}, "correlation": 0.5}
    assert reported.reported_payroll(unpaid, POSITIONS, elsewhere(), **key).empty
    assert reported.reported_sensitivity(unpaid, POSITIONS, elsewhere(), **key, **moved).empty
    wages = reported.reported_wages(unpaid, POSITIONS, CROSSWALK, elsewhere(), **key)
    assert wages.empty
    assert reported.latest_wages(wages).empty


def test_another_number_of_districts_replaces_all_and_a_stated_one_fills_gaps():
    gap = made().assign(population=pd.array([pd.NA] + [40] * (len(ROWS) - 1), dtype="Int64"))
    assert with_population(gap, 0, 30)["population"].tolist() == [30] + [40] * (len(ROWS) - 1)
    assert set(with_population(gap, 99)["population"]) == {99}
    assert gap["population"].isna().sum() == 1
    with pytest.raises(EstimateError, match="10 answered: give that many or more"):
        with_population(gap, 9)


def test_every_supposition_that_cannot_be_read_is_named():
    assert supposed_fte([" technician : 1.5 "], POSITIONS) == {"technician": 1.5}
    with pytest.raises(EstimateError) as error:
        supposed_fte(["plumber:1", "technician:none", "director:-1", "cyber"], POSITIONS)
    assert [one.where for one in error.value.problems] == [
        "suppose 'plumber:1'", "suppose 'technician:none'", "suppose 'director:-1'",
        "suppose 'cyber'",
    ]  # fmt: skip
    assert only_published({"technician": 1.0, "cyber": 1.0}, made(), 2024) == {"technician": 1.0}
