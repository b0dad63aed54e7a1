import numpy as np
import pandas as pd
import pytest
from scipy import stats

from edtech_survey.statistics.peers import (
    PAY_ROUNDING,
    nearest_peers,
    percentile_ranges,
    place_among,
    place_sensitivity,
)

OWN = pd.DataFrame(
    [
        ("enrollment", "all", 2000.0),
        ("devices", "all", 3000.0),
        ("support_staff", "all", 2.5),
        ("position_salary", "technology_director", 121_000.0),
    ],
    columns=["item", "group", "value"],
)


@pytest.fixture(scope="module")
def responses():
    rng = np.random.default_rng(4)
    size = rng.lognormal(7.6, 0.8, 60).round()
    ids = [f"d{at:02d}" for at in range(60)]
    districts = pd.DataFrame(
        {
            "wave": 2024, "district_id": ids, "enrollment": size,
            "devices": (size * rng.uniform(1.0, 2.0, 60)).round(),
            "support_staff": np.maximum(1, (size / rng.uniform(400, 1200, 60)).round()),
            "source": "made", "synthetic": True,
        }
    ).astype({"enrollment": "Int64", "devices": "Int64", "support_staff": "Float64"})  # fmt: skip
    positions = pd.DataFrame(
        {
            "wave": 2024, "district_id": ids, "position": "technology_director", "fte": 1.0,
            "salary": (105_000 + 4 * size + rng.normal(0, 8_000, 60)).round(),
        }
    ).astype({"fte": "Float64", "salary": "Float64"})  # fmt: skip
    return districts, positions


def placed(responses, k, **options):
    peers = nearest_peers(responses[0], 2000, wave=2024, k=k)
    table = place_among(OWN, *responses, peers, **options)
    chosen = responses[0].merge(peers[["district_id"]], on="district_id")
    return table.set_index(["item", "statistic"]), chosen


def test_the_percentile_is_that_of_scipy_with_the_exact_binomial_interval(responses):
    table, chosen = placed(responses, 12)
    theirs = (chosen["devices"] / chosen["enrollment"]).astype(float)
    row = table.loc[("devices_per_student", "percentile")]
    assert row["estimate"] == pytest.approx(stats.percentileofscore(theirs, 1.5, kind="mean"))
    exact = stats.binomtest(int((theirs < 1.5).sum()), 12).proportion_ci(0.95, method="exact")
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((100 * exact.low, 100 * exact.high))
    assert row["base"] == 12


def test_ties_count_by_half_and_widen_the_interval(responses):
    districts, positions = responses
    same = districts.assign(devices=districts["enrollment"] * 3 // 2 * 2, enrollment=2000)
    same = same.assign(devices=3000)
    peers = nearest_peers(same, 2000, wave=2024, k=10)
    row = place_among(OWN, same, positions, peers).set_index(["item", "statistic"]).loc[
        ("devices_per_student", "percentile")
    ]  # fmt: skip
    assert row["estimate"] == 50
    assert (row["conf_low"], row["conf_high"]) == (0, 100)


def test_the_mean_of_the_peers_has_students_interval(responses):
    table, chosen = placed(responses, 10, confidence=0.9)
    theirs = (chosen["devices"] / chosen["support_staff"]).astype(float)
    row = table.loc[("support_ratio", "mean")]
    low, high = stats.t.interval(0.9, 9, theirs.mean(), stats.sem(theirs))
    assert row["estimate"] == pytest.approx(theirs.mean())
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((low, high))
    assert table.loc[("support_ratio", "own"), "estimate"] == 1200


def test_of_pay_only_a_rounded_mean_is_shown_among_few(responses):
    table, _ = placed(responses, 10)
    mean = table.loc[("position_salary", "mean")]
    assert mean["estimate"] % PAY_ROUNDING == 0
    assert mean["conf_low"] % PAY_ROUNDING == 0
    assert pd.isna(mean["std_error"])
    place = table.loc[("position_salary", "percentile")]
    assert pd.isna(place["estimate"])
    assert "could be read from it" in place["withheld"]
    many, _ = placed(responses, 20)
    assert many.loc[("position_salary", "percentile"), "estimate"] >= 0


def test_one_more_peer_does_not_give_away_that_peers_pay(responses):
    districts, positions = responses
    for k in (5, 9):
        few, more = (placed(responses, size)[0] for size in (k, k + 1))
        totals = [
            size * table.loc[("position_salary", "mean"), "estimate"]
            for size, table in ((k, few), (k + 1, more))
        ]
        # Each mean is known to half the rounding, so the sums are to k and k + 1 halves.
        slack = (2 * k + 1) * PAY_ROUNDING / 2
        last = nearest_peers(districts, 2000, wave=2024, k=k + 1)["district_id"].iloc[-1]
        pay = float(positions.set_index("district_id").at[last, "salary"])
        assert abs(totals[1] - totals[0] - pay) <= slack
        assert 2 * slack >= 11_000


def test_fewer_than_five_peers_are_withheld_but_not_ones_own_number(responses):
    table, _ = placed(responses, 4)
    for statistic in ("mean", "percentile"):
        row = table.loc[("support_ratio", statistic)]
        assert pd.isna(row["estimate"])
        assert row["withheld"] == "base below 5"
        assert pd.isna(row["base"])
    own = table.loc[("support_ratio", "own")]
    assert own["estimate"] == 1200
    assert pd.isna(own["withheld"])
    strict, _ = placed(responses, 8, rule="strict-10")
    assert strict.loc[("support_ratio", "mean"), "withheld"] == "base below 10"


def test_no_peers_at_all_withholds_everything(responses):
    peers = nearest_peers(responses[0], 10, wave=2024, k=None, caliper=1.1)
    assert peers.empty
    table = place_among(OWN, *responses, peers)
    others = table[table["statistic"] != "own"]
    assert others["estimate"].isna().all()
    assert others["withheld"].notna().all()


def test_sensitivity_repeats_the_placing_for_every_choice(responses):
    table = place_sensitivity(OWN, *responses, wave=2024, ks=(8, 15), calipers=(1.5,))
    assert list(dict.fromkeys(table["choice"])) == ["8 nearest", "15 nearest", "within 1.5 times"]
    row = table[(table["choice"] == "15 nearest") & (table["item"] == "support_ratio")].iloc[0]
    alone, _ = placed(responses, 15)
    assert row["estimate"] == alone.loc[("support_ratio", "percentile"), "estimate"]
    assert row["peers"] == 15
    ranges = percentile_ranges(table).set_index("item")
    own = table.loc[table["item"] == "support_ratio", "estimate"]
    assert ranges.at["support_ratio", "estimate_low"] == own.min()
    assert ranges.at["support_ratio", "estimate_high"] == own.max()
    assert ranges.at["support_ratio", "choices"] == 3
