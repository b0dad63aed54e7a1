import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import figures
from edtech_survey.statistics.staffing import payroll

POSITIONS = pd.DataFrame(
    {"position": ["director", "technician"], "label": ["Director", "Technician"],
     "category": ["it", "it"]}
)  # fmt: skip


def made(rates=(("mean", "23%"), ("min", "10%"), ("max", "35%")), salary="$50,000"):
    rows = [
        ("position_present", "director", "count", "10"),
        ("position_enrollment", "director", "mean", "3,000"),
        ("position_fte", "director", "mean", "1.00"),
        ("position_salary", "director", "mean", "$100,000"),
        ("position_present", "technician", "count", "8"),
        ("position_enrollment", "technician", "mean", "3,000"),
        ("position_fte", "technician", "mean", "2.50"),
        *([("position_salary", "technician", "mean", salary)] if salary else []),
        ("students", "all", "total", "40,000"),
        ("responding_districts", "all", "count", "12"),
        *(("benefit_rate", "all", statistic, printed) for statistic, printed in rates),
    ]
    return figures(
        {
            "figure_id": f"ct.{item}.{group}.{statistic}", "source": "ct", "wave": 2024,
            "item": item, "group": group, "statistic": statistic, "printed": printed,
            "value": float(printed.strip("$%").replace(",", "")), "base": 12,
            "base_kind": "published", "population": 205, "synthetic": False,
        }
        for item, group, statistic, printed in rows
    )  # fmt: skip


def one(table, group, statistic, benefits):
    chosen = table[
        (table["group"] == group)
        & (table["statistic"] == statistic)
        & (table["benefits"] == benefits)
    ]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_payroll_by_hand():
    table = payroll(made(), POSITIONS)
    # 10 x 1.00 x 100,000 + 8 x 2.50 x 50,000
    assert one(table, "all", "total", "without benefits")["estimate"] == pytest.approx(2_000_000)
    assert one(table, "all", "total", "mean rate")["estimate"] == pytest.approx(2_460_000)
    assert one(table, "all", "per_student", "mean rate")["estimate"] == pytest.approx(61.5)
    assert one(table, "it", "per_student", "highest rate")["estimate"] == pytest.approx(67.5)
    assert one(table, "technician", "total", "lowest rate")["estimate"] == pytest.approx(1_100_000)
    assert one(table, "director", "per_district", "without benefits")["estimate"] == pytest.approx(
        1_000_000 / 12
    )


def test_rounding_of_all_three_factors_is_carried():
    row = one(payroll(made(), POSITIONS), "technician", "total", "mean rate")
    assert row["estimate_low"] == pytest.approx(8 * 2.495 * 49_999.5 * 1.225)
    assert row["estimate_high"] == pytest.approx(8 * 2.505 * 50_000.5 * 1.235)
    assert pd.isna(row["conf_low"])


def test_without_published_rates_there_is_only_the_bare_payroll():
    table = payroll(made(rates=()), POSITIONS)
    assert set(table["benefits"]) == {"without benefits"}


def test_a_position_without_salary_is_left_out_and_named():
    table = payroll(made(salary=None), POSITIONS)
    row = one(table, "all", "total", "without benefits")
    assert row["estimate"] == pytest.approx(1_000_000)
    assert row["left_out"] == "technician"
    assert pd.isna(one(table, "technician", "total", "without benefits")["estimate"])


def test_without_any_salary_there_is_no_payroll():
    bare = made()[lambda table: table["item"] != "position_salary"]
    bare = pd.concat([bare, made().iloc[[3]].assign(group="plumber")])
    extra = pd.concat([POSITIONS, POSITIONS.iloc[[0]].assign(position="plumber")])
    with pytest.raises(EstimateError, match=r"position technician: FTE 2\.5, salary <NA>"):
        payroll(bare, extra)
