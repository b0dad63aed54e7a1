from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS, figures
from edtech_survey.statistics.staffing import implied_fte, position_numbers, position_shares

POSITIONS = pd.DataFrame(
    {
        "position": ["director", "technician", "librarian"],
        "label": ["Director", "Technician", "Librarian"],
        "category": ["it", "it", "classroom"],
    }
)
ROWS = {"director": (59, "0.98", "$116,668"), "technician": (40, "2.9", "$48,347"),
        "librarian": (46, "4.37", "$62,833")}  # fmt: skip


def number(printed):
    return float(printed.strip("$").replace(",", ""))


def made(rows=ROWS, base=62, students=200_000, population=205):
    found = []
    for position, (count, fte, salary) in rows.items():
        for item, statistic, printed, of in (
            ("position_present", "count", str(count), base),
            ("position_enrollment", "mean", "3,000", count),
            ("position_fte", "mean", fte, count),
            ("position_salary", "mean", salary, count),
        ):
            found.append((item, position, statistic, printed, of))
    found.append(("students", "all", "total", f"{students:,}", base))
    found.append(("responding_districts", "all", "count", str(base), pd.NA))
    return figures(
        {
            "figure_id": f"ct.{item}.{group}.{statistic}", "source": "ct", "wave": 2024,
            "item": item, "group": group, "statistic": statistic, "printed": printed,
            "value": number(printed), "base": of, "base_kind": "published",
            "population": population, "synthetic": False,
        }
        for item, group, statistic, printed, of in found
    )  # fmt: skip


def by_group(table, statistic="total"):
    return table[table["statistic"] == statistic].set_index("group")


def test_fte_is_districts_times_mean_to_within_the_printed_rounding():
    fte = by_group(implied_fte(made(), POSITIONS))
    assert fte.at["director", "estimate"] == pytest.approx(59 * 0.98)
    assert fte.at["technician", "estimate_low"] == pytest.approx(40 * 2.85)
    assert fte.at["technician", "estimate_high"] == pytest.approx(40 * 2.95)
    assert fte.at["it", "estimate"] == pytest.approx(57.82 + 116)
    assert fte.at["all", "estimate_low"] == pytest.approx(59 * 0.975 + 40 * 2.85 + 46 * 4.365)
    assert fte["conf_low"].isna().all()


def test_ratios_divide_by_all_who_answered():
    table = implied_fte(made(), POSITIONS)
    assert by_group(table, "per_1000_students").at["all", "estimate"] == pytest.approx(
        (57.82 + 116 + 201.02) / 200
    )
    assert by_group(table, "per_district").at["director", "estimate"] == pytest.approx(57.82 / 62)
    assert set(table["level"]) == {"position", "category", "all"}
    assert list(table.columns[:14]) == list(ESTIMATE_COLUMNS)


def test_a_doubtful_mean_can_be_supposed_otherwise():
    table = implied_fte(made(), POSITIONS, suppose={"technician": 1.0})
    assert by_group(table).at["technician", "estimate_low"] == 40
    assert "supposing mean FTE technician 1" in table["method"].iloc[0]
    with pytest.raises(EstimateError, match="suppose plumber: is not a published position"):
        implied_fte(made(), POSITIONS, suppose={"plumber": 1.0})


def test_connecticut_2024_by_hand():
    table = pd.read_csv(Path(__file__).with_name("ct_positions_2024.csv"))
    rows = {
        row.position: (row.districts, f"{row.fte:.2f}", f"${row.salary:,}")
        for row in table.itertuples()
    }
    positions = table.assign(label=table["position"])[["position", "label", "category"]]
    fte = by_group(implied_fte(made(rows, students=200_380), positions))
    # 57.82 + 15.00 + 4.20 + 117.20 + 117.20 + 81.26 + 60.48 + 3.00
    assert fte.at["it", "estimate"] == pytest.approx(456.16)
    # half a hundredth for each of 59+12+4+40+40+34+32+5 districts
    assert fte.at["it", "estimate_high"] - 456.16 == pytest.approx(226 * 0.005)


def test_shares_are_exact_for_a_known_population():
    table = position_shares(made(), POSITIONS)
    row = table[table["group"] == "technician"].iloc[0]
    have = np.arange(206)
    at_least = stats.hypergeom.sf(39, 205, have, 62)
    at_most = stats.hypergeom.cdf(40, 205, have, 62)
    assert row["conf_low"] == pytest.approx(100 * have[at_least > 0.025].min() / 205)
    assert row["conf_high"] == pytest.approx(100 * have[at_most > 0.025].max() / 205)
    assert row["wilson_low"] < row["conf_low"] < row["estimate"]
    assert list(table["group"]) == list(POSITIONS["position"])
    assert (row["category"], row["count"]) == ("it", 40)


def test_a_given_population_fills_in_for_a_missing_one():
    unknown = made().assign(population=pd.array([pd.NA] * len(made()), dtype="Int64"))
    told = position_shares(unknown, POSITIONS, population=205)
    pd.testing.assert_frame_equal(told, position_shares(made(), POSITIONS))
    assert set(position_shares(unknown, POSITIONS)["method"]) == {"Wilson"}


def test_positions_that_are_not_in_the_taxonomy_are_named():
    with pytest.raises(EstimateError, match="position librarian: unknown"):
        position_shares(made(), POSITIONS.iloc[:2])


def test_positions_without_a_published_mean_are_left_out_and_named():
    lacking = made()[lambda table: table["figure_id"] != "ct.position_fte.technician.mean"]
    fte = by_group(implied_fte(lacking, POSITIONS))
    assert pd.isna(fte.at["technician", "estimate"])
    assert fte.at["it", "estimate"] == pytest.approx(57.82)
    assert fte.at["it", "left_out"] == "technician"
    assert fte.at["all", "left_out"] == "technician"
    assert pd.isna(fte.at["classroom", "left_out"])
    table = position_numbers(lacking, POSITIONS)
    assert table["fte"].isna().tolist() == [False, True, False]


def test_the_argument_is_not_changed():
    given, before = made(), made()
    implied_fte(given, POSITIONS)
    position_shares(given, POSITIONS, population=300)
    pd.testing.assert_frame_equal(given, before)
