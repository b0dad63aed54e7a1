import numpy as np
import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import figures
from edtech_survey.statistics.staffing import payroll, payroll_sensitivity

POSITIONS = pd.DataFrame({"position": ["technician"], "label": ["T"], "category": ["it"]})


def made(fte=2.0, salary=50_000.0, districts=8, rates=True):
    rows = [
        ("position_present", "technician", "count", f"{districts}", districts),
        ("position_enrollment", "technician", "mean", "3,000", 3000),
        ("position_fte", "technician", "mean", f"{fte:.2f}", fte),
        ("position_salary", "technician", "mean", f"${salary:,.0f}", salary),
        ("students", "all", "total", "40,000", 40_000),
        ("responding_districts", "all", "count", "12", 12),
    ]
    if rates:
        rows += [("benefit_rate", "all", name, f"{rate}%", rate)
                 for name, rate in (("mean", 23), ("min", 10), ("max", 35))]  # fmt: skip
    return figures(
        {
            "figure_id": f"ct.{item}.{group}.{statistic}", "source": "ct", "wave": 2024,
            "item": item, "group": group, "statistic": statistic, "printed": printed,
            "value": value, "base": 12, "base_kind": "published", "synthetic": False,
        }
        for item, group, statistic, printed, value in rows
    )  # fmt: skip


def test_the_factor_for_fte_and_pay_that_move_together_is_exact():
    rng = np.random.default_rng(7)
    fte, salary = rng.gamma(2, 1, 30), rng.normal(50_000, 8_000, 30)
    r = float(np.corrcoef(fte, salary)[0, 1])
    table = payroll_sensitivity(
        made(float(fte.mean()), float(salary.mean()), 30, rates=False),
        POSITIONS,
        correlation=r,
        fte_variation=float(fte.std() / fte.mean()),
        salary_variation=float(salary.std() / salary.mean()),
    )
    row = table[table["varied"].str.startswith("FTE and salary")].iloc[0]
    truth = float((fte * salary).sum())
    assert min(abs(row["estimate_low"] - truth), abs(row["estimate_high"] - truth)) < 1e-6 * truth


def test_one_thing_is_moved_at_a_time():
    given = made()
    table = payroll_sensitivity(given, POSITIONS, suppose={"technician": 1.0}).set_index("varied")
    assert table["estimate"].nunique() == 1
    assert table["estimate"].iloc[0] == pytest.approx(8 * 2 * 50_000 * 1.23)
    rate = table.loc["benefit rate of all districts"]
    assert (rate["estimate_low"], rate["estimate_high"]) == pytest.approx((880_000, 1_080_000))
    assert rate["change_low"] == pytest.approx(100 * (1.10 / 1.23 - 1))
    fte = table.loc["mean FTE of technician"]
    assert (fte["setting_low"], fte["setting_high"]) == ("1", "2")
    assert fte["estimate_low"] == pytest.approx(8 * 50_000 * 1.23)
    assert fte["change_high"] == 0
    other = payroll(given, POSITIONS, suppose={"technician": 1.0})
    chosen = other.query("group == 'all' and statistic == 'total' and benefits == 'mean rate'")
    assert fte["estimate_low"] == pytest.approx(chosen["estimate"].iloc[0])


def test_without_rates_their_row_is_left_out():
    table = payroll_sensitivity(made(rates=False), POSITIONS)
    assert "benefit rate of all districts" not in set(table["varied"])


def test_impossible_suppositions_are_refused():
    with pytest.raises(EstimateError, match=r"correlation: 1\.5"):
        payroll_sensitivity(made(), POSITIONS, correlation=1.5)
    with pytest.raises(EstimateError, match="suppose plumber"):
        payroll_sensitivity(made(), POSITIONS, suppose={"plumber": 1.0})
