import numpy as np
import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import figures
from edtech_survey.statistics.intervals import finite_population
from edtech_survey.statistics.support import after_hours, outsourcing, support_measures

POSITIONS = pd.DataFrame(
    {
        "position": ["technician_1", "technician_2", "integration_specialist"],
        "label": ["I", "II", "Coach"],
        "category": ["it", "it", "classroom_library"],
    }
)


def made(people=280, devices=281_925, students=200_380, ratios=("1 : 1,008", "1 : 670")):
    rows = [
        ("support_ratio", "all", "ratio_of_totals", ratios[0]),
        ("support_ratio", "all", "mean_of_ratios", ratios[1]),
        ("support_ratio", "all", "min", "1 : 300"),
        ("support_ratio", "all", "max", "1 : 2,667"),
        ("support_staff", "all", "total", str(people)),
        ("devices", "all", "total", f"{devices:,}"),
        ("students", "all", "total", f"{students:,}"),
        ("after_hours", "staff", "count", "30"),
        ("after_hours", "students", "count", "11"),
        ("position_outsourced", "technician_1", "count", "3"),
    ]
    for position, count, fte in (
        ("technician_1", 40, "2.93"), ("technician_2", 34, "2.39"),
        ("integration_specialist", 13, "2.89"),
    ):  # fmt: skip
        rows += [
            ("position_present", position, "count", str(count)),
            ("position_enrollment", position, "mean", "4,000"),
            ("position_fte", position, "mean", fte),
            ("position_salary", position, "mean", "$50,000"),
        ]
    return figures(
        {
            "figure_id": f"ct.{item}.{group}.{statistic}", "source": "ct", "wave": 2024,
            "item": item, "group": group, "statistic": statistic, "printed": printed,
            "value": float(printed.split(":")[-1].strip(" $").replace(",", "")), "base": 62,
            "base_kind": "published", "population": 205, "synthetic": False,
        }
        for item, group, statistic, printed in rows
    )  # fmt: skip


def value(table, item, statistic="ratio_of_totals", basis=None):
    chosen = table[(table["item"] == item) & (table["statistic"] == statistic)]
    chosen = chosen if basis is None else chosen[chosen["basis"] == basis]
    assert len(chosen) == 1
    return float(chosen["estimate"].iloc[0])


def test_both_ratios_are_given_and_the_totals_worked_out_again():
    table = support_measures(made(), POSITIONS)
    assert value(table, "support_ratio", basis="as published") == 1008
    assert value(table, "support_ratio", basis="from the totals") == pytest.approx(1006.875)
    assert value(table, "support_ratio", "mean_of_ratios") == 670
    assert value(table, "support_ratio", "max") == 2667


def test_per_student_by_hand():
    table = support_measures(made(), POSITIONS)
    assert value(table, "devices_per_student") == pytest.approx(1.406952)
    assert value(table, "students_per_support_person") == pytest.approx(715.642857)
    assert value(table, "support_staff_per_1000_students") == pytest.approx(1.397345, abs=1e-6)


def test_technicians_are_counted_in_fte_beside_people():
    table = support_measures(made(), POSITIONS)
    fte = 40 * 2.93 + 34 * 2.39
    assert value(table, "technician_fte", "total") == pytest.approx(fte)
    assert value(table, "devices_per_technician_fte") == pytest.approx(281_925 / fte)
    assert value(table, "coach_fte_per_1000_students") == pytest.approx(13 * 2.89 / 200.38)
    row = table[table["item"] == "devices_per_technician_fte"].iloc[0]
    assert row["estimate_high"] == pytest.approx(281_925 / (fte - 74 * 0.005))
    other = support_measures(made(), POSITIONS, duties={"technician": ("technician_1",)})
    assert value(other, "technician_fte", "total") == pytest.approx(117.2)


def test_what_is_withheld_is_left_out_and_named():
    hidden = made()
    hidden = hidden[~hidden["statistic"].isin(["min", "max"])]
    hidden = hidden[hidden["figure_id"] != "ct.position_fte.technician_2.mean"]
    table = support_measures(hidden, POSITIONS)
    assert not table["statistic"].isin(["min", "max"]).any()
    row = table[table["item"] == "technician_fte"].iloc[0]
    assert row["estimate"] == pytest.approx(40 * 2.93)
    assert row["basis"] == "from districts x mean FTE, without technician_2"
    coachless = hidden[~hidden["group"].eq("integration_specialist")]
    assert "coach_fte" not in set(support_measures(coachless, POSITIONS)["item"])


def test_the_ratio_of_totals_is_the_mean_of_ratios_weighted_by_people():
    rng = np.random.default_rng(5)
    people = rng.integers(1, 20, 40)
    devices = people * rng.integers(300, 2667, 40)
    ratios = devices / people
    given = made(int(people.sum()), int(devices.sum()))
    found = value(support_measures(given, POSITIONS), "support_ratio", basis="from the totals")
    assert found == pytest.approx(np.average(ratios, weights=people))


def test_after_hours_has_shares_and_bounds_for_any():
    table = after_hours(made()).set_index("group")
    low, high = finite_population(30, 62, 205)
    assert (table.at["staff", "conf_low"], table.at["staff", "conf_high"]) == (low, high)
    assert pd.isna(table.at["any", "estimate"])
    assert table.at["any", "estimate_low"] == pytest.approx(100 * 30 / 62)
    assert table.at["any", "estimate_high"] == pytest.approx(100 * 41 / 62)


def test_outsourcing_gives_only_what_is_published():
    table = outsourcing(made())
    assert list(table["group"]) == ["technician_1", "any"]
    assert table["estimate"].tolist() == pytest.approx([100 * 3 / 62] * 2)


def test_missing_figures_are_named():
    lacking = made()[lambda table: table["item"] != "support_staff"]
    with pytest.raises(EstimateError, match="no published support_staff total of 2024"):
        support_measures(lacking, POSITIONS)
    with pytest.raises(EstimateError, match="no published after_hours count of 2021"):
        after_hours(made(), wave=2021)
