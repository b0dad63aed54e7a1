import numpy as np
import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import figures
from edtech_survey.statistics.peers import fit_presence, log_normal, presence


def made(rows=(("tech", 40, 3739), ("rare", 4, 9150), ("all", 62, 3232)), base=62):
    found = [("students", "all", "total", 200_384), ("responding_districts", "all", "count", 62)]
    for name, count, mean in rows:
        found += [
            ("position_present", name, "count", count),
            ("position_enrollment", name, "mean", mean),
        ]
    return figures(
        {
            "figure_id": f"ct.{item}.{group}.{statistic}", "source": "ct", "wave": 2024,
            "item": item, "group": group, "statistic": statistic, "printed": str(value),
            "value": value, "base": base, "base_kind": "published", "population": 205,
            "synthetic": False,
        }
        for item, group, statistic, value in found
    )  # fmt: skip


def test_the_estimate_is_the_middle_spread_and_the_range_goes_over_all():
    row = presence(made(), 6000, positions=["tech"], spreads=(1.2, 0.7, 0.95)).iloc[0]
    alone = {
        spread: 100 * float(fit_presence(40 / 62, 3739, log_normal(3232, spread)).chance(6000))
        for spread in (0.7, 0.95, 1.2)
    }
    assert row["estimate"] == pytest.approx(alone[0.95])
    assert row["estimate_low"] == pytest.approx(min(alone.values()))
    assert row["estimate_high"] == pytest.approx(max(alone.values()))
    assert pd.isna(row["conf_low"])
    assert (row["base"], row["enrollment"]) == (62, 6000)


def test_larger_districts_have_more_of_what_large_districts_have():
    chances = [presence(made(), size).set_index("group")["estimate"] for size in (800, 3000, 9000)]
    assert chances[0]["tech"] < chances[1]["tech"] < chances[2]["tech"]
    doubling = presence(made(), 3000).set_index("group").at["tech", "doubling"]
    odds = [
        p / (1 - p)
        for p in (
            presence(made(), size, positions=["tech"])["estimate"].iloc[0] / 100
            for size in (2000, 4000)
        )
    ]
    assert odds[1] / odds[0] == pytest.approx(doubling)


def test_spreads_without_a_curve_are_left_out_and_said():
    row = presence(made(), 3000, positions=["rare"], spreads=(0.5, 0.95, 1.2)).iloc[0]
    assert row["spreads"] == "0.95, 1.2"
    nothing = presence(made(), 3000, positions=["rare"], spreads=(0.5,)).iloc[0]
    assert pd.isna(nothing["estimate"])
    assert nothing["spreads"] == ""


def test_a_position_that_every_district_has_gets_no_chance():
    row = presence(made(), 3000, positions=["all"]).iloc[0]
    assert pd.isna(row["estimate"])
    assert row["share"] == 100


def test_a_position_whose_mean_is_withheld_is_passed_over_unless_asked_for():
    hidden = made()[lambda table: table["figure_id"] != "ct.position_enrollment.rare.mean"]
    assert presence(hidden, 3000)["group"].tolist() == ["tech", "all"]
    with pytest.raises(EstimateError, match="position rare"):
        presence(hidden, 3000, positions=["rare"])


def test_the_method_says_what_was_supposed():
    told = presence(made(), 3000, positions=["tech"], spreads=(0.8,))["method"].iloc[0]
    assert "log-normal enrollment with mean 3,232 and log spread 0.8" in told


def test_what_cannot_be_worked_out_is_named():
    with pytest.raises(EstimateError, match="position nobody"):
        presence(made(), 3000, positions=["nobody"])
    with pytest.raises(EstimateError, match="position tech: no count, base"):
        presence(made(base=np.nan), 3000, positions=["tech"])
    for enrollment, spreads in ((0, (0.9,)), (3000, ()), (3000, (0.0, 1.0))):
        with pytest.raises(EstimateError, match="positive enrollment"):
            presence(made(), enrollment, spreads=spreads)
