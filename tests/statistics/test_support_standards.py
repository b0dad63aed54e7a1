import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import estimates, figures
from edtech_survey.statistics.support import standard_verdicts, verdict_counts


def measures():
    return estimates(
        {
            "source": "ct", "wave": 2024, "item": item, "group": "all", "statistic": statistic,
            "estimate": value, "synthetic": False, "unit": unit, "basis": "made",
        }
        for item, statistic, value, unit in (
            ("support_ratio", "ratio_of_totals", 1000.0, "devices_per_staff"),
            ("support_ratio", "mean_of_ratios", 600.0, "devices_per_staff"),
            ("support_ratio", "max", 2000.0, "devices_per_staff"),
            ("support_staff_per_1000_students", "ratio_of_totals", 1.4, "staff_per_1000_students"),
            ("coach_fte_per_1000_students", "ratio_of_totals", 0.2, "staff_per_1000_students"),
        )
    )  # fmt: skip


def standards():
    rows = [
        ("support_ratio_standard", "managed", "ratio", 500.0),
        ("support_ratio_standard", "rubric", "ratio", 750.0),
        ("support_ratio_standard", "range", "min", 50.0),
        ("support_ratio_standard", "range", "max", 700.0),
        ("support_ratio_standard", "iste-lowest", "min", 250.0),
        ("support_ratio_standard", "iste-highest", "max", 75.0),
        ("support_staff_standard", "law", "ratio", 1.0),
        ("support_staff_standard", "va-resource-teachers", "ratio", 1.0),
        ("technology_allocation", "money", "ratio", 178.98),
    ]
    return figures(
        {"figure_id": f"s.{group}.{statistic}", "source": "s", "wave": 2005, "item": item,
         "group": group, "statistic": statistic, "value": value, "publication": "p",
         "note": "of its time"}
        for item, group, statistic, value in rows
    )  # fmt: skip


def verdict(table, standard, item="support_ratio", statistic="ratio_of_totals"):
    chosen = table[
        (table["standard"] == standard)
        & (table["item"] == item)
        & (table["statistic"] == statistic)
    ]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_verdicts_by_hand():
    table = standard_verdicts(measures(), standards())
    assert verdict(table, "managed")["verdict"] == "misses"
    assert verdict(table, "managed")["times"] == pytest.approx(2.0)
    assert verdict(table, "rubric")["verdict"] == "misses"
    assert verdict(table, "rubric", statistic="mean_of_ratios")["verdict"] == "meets"
    assert verdict(table, "range", statistic="mean_of_ratios")["verdict"] == "meets"
    assert verdict(table, "range")["figure_ids"] == "s.range.min; s.range.max"
    assert verdict(table, "iste-lowest")["verdict"] == "in the lowest level"
    assert verdict(table, "iste-highest")["verdict"] == "misses"
    law = verdict(table, "law", "support_staff_per_1000_students")
    assert (law["verdict"], law["better"]) == ("meets", "more")


def test_standards_meet_only_measures_in_their_unit_and_about_their_staff():
    table = standard_verdicts(measures(), standards())
    assert set(table.loc[table["standard"] == "law", "item"]) == {"support_staff_per_1000_students"}
    coaches = table[table["standard"] == "va-resource-teachers"]
    assert list(coaches["item"]) == ["coach_fte_per_1000_students"]
    assert coaches["verdict"].tolist() == ["misses"]
    assert "money" not in set(table["standard"])
    assert not (table["statistic"] == "max").any()


def test_the_verdict_flips_between_devices_and_students():
    counted = verdict_counts(standard_verdicts(measures(), standards())).set_index(
        ["item", "measure_statistic"]
    )
    devices = counted.loc[("support_ratio", "ratio_of_totals")]
    people = counted.loc[("support_staff_per_1000_students", "ratio_of_totals")]
    assert (devices["estimate"], devices["base"]) == (0, 4)
    assert (people["estimate"], people["base"]) == (1, 1)
    assert counted.loc[("support_ratio", "mean_of_ratios"), "estimate"] == 2
    assert devices["measure"] == 1000


def test_nothing_in_common_is_refused():
    with pytest.raises(EstimateError, match="no standard can be set beside"):
        standard_verdicts(measures(), standards()[lambda table: table["group"] == "money"])


def test_a_measure_that_is_missing_gets_no_verdict():
    gone = measures().assign(estimate=pd.array([pd.NA, 600, 1, 1.4, 0.2], dtype="Float64"))
    table = standard_verdicts(gone, standards())
    assert not ((table["item"] == "support_ratio") & table["estimate"].isna()).any()
