import numpy as np
import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.intervals import wilson
from edtech_survey.statistics.peers import district_levels, nearest_peers, usual_positions


def districts(sizes, wave=2024):
    return pd.DataFrame(
        {
            "wave": wave,
            "district_id": [f"d{at:02d}" for at in range(len(sizes))],
            "enrollment": pd.array(sizes, dtype="Int64"),
            "source": "made",
            "synthetic": True,
        }
    )


def test_the_nearest_are_nearest_in_proportion_and_not_in_students():
    found = nearest_peers(districts([1000, 2900, 4500]), 2000, wave=2024, k=2)
    # 2,900 is 1.45 times and 1,000 half of it: 2 times. 4,500 would be 2.25 times.
    assert found["district_id"].tolist() == ["d01", "d00"]
    assert found["times"].tolist() == [1.45, 0.5]


def test_they_are_those_of_a_full_search():
    sizes = np.random.default_rng(2).lognormal(7.6, 0.9, 80).round().astype(int)
    found = nearest_peers(districts(sizes), 1800, wave=2024, k=12)
    order = np.argsort(np.abs(np.log(sizes / 1800)), kind="stable")[:12]
    assert found["district_id"].tolist() == [f"d{at:02d}" for at in order]


def test_a_caliper_keeps_its_ends_and_k_its_number():
    table = districts([1000, 1500, 2000, 3000, 3001])
    within = nearest_peers(table, 2000, wave=2024, k=None, caliper=1.5)
    assert set(within["enrollment"]) == {1500, 2000, 3000}
    both = nearest_peers(table, 2000, wave=2024, k=2, caliper=1.5)
    assert set(both["enrollment"]) == {1500, 2000}


def test_the_district_itself_other_waves_and_unknown_sizes_are_left_out():
    table = pd.concat([districts([2000, 2100, pd.NA]), districts([2000], 2021)], ignore_index=True)
    found = nearest_peers(table, 2000, wave=2024, k=9, exclude="d00")
    assert found["district_id"].tolist() == ["d01"]


def test_levels_come_from_the_bands_and_restrict_the_peers():
    bands = pd.DataFrame(
        [
            (2024, "d00", "pk-2", "1:1"), (2024, "d00", "9-12", "1:1"),
            (2024, "d01", "3-5", "1:1"), (2024, "d01", "9-12", None),
            (2024, "d02", "9-12", "2:1"), (2024, "d03", "6-8", "1:1"),
        ],
        columns=["wave", "district_id", "band", "ratio"],
    )  # fmt: skip
    levels = district_levels(bands)
    assert levels.set_index("district_id")["level"].to_dict() == {
        "d00": "all grades",
        "d01": "elementary and middle",
        "d02": "secondary",
        "d03": "elementary and middle",
    }
    table = districts([2000, 2000, 2000, 1500])
    found = nearest_peers(table, 2000, wave=2024, levels=levels, level="elementary and middle")
    assert found["district_id"].tolist() == ["d01", "d03"]
    with pytest.raises(EstimateError, match="both level= and levels="):
        nearest_peers(table, 2000, wave=2024, level="secondary")


def test_impossible_choices_are_refused():
    table = districts([1000, 2000])
    for size, k, caliper in ((0, 5, None), (2000, None, None), (2000, 5, 0.5)):
        with pytest.raises(EstimateError, match="no peers of a district"):
            nearest_peers(table, size, wave=2024, k=k, caliper=caliper)
    with pytest.raises(EstimateError, match="no district gave its enrollment in 2017"):
        nearest_peers(table, 2000, wave=2017)


def test_usual_positions_are_shares_of_the_peers():
    table = districts([2000 + at for at in range(8)])
    peers = nearest_peers(table, 2000, wave=2024, k=6)
    held = pd.DataFrame(
        {"wave": 2024, "district_id": ["d00", "d01", "d02", "d07"], "position": "director"}
    )
    shares = usual_positions(table, held, peers, names=["director", "coach"]).set_index("group")
    low, high = wilson(3, 6)
    row = shares.loc["director"]
    assert (row["estimate"], row["conf_low"], row["conf_high"]) == (50, low, high)
    assert (shares.at["coach", "estimate"], shares.at["coach", "base"]) == (0, 6)
    assert shares["synthetic"].all()


def test_usual_positions_of_too_few_peers_are_withheld():
    table = districts([2000, 2100, 2200, 2300])
    peers = nearest_peers(table, 2000, wave=2024)
    held = pd.DataFrame({"wave": 2024, "district_id": ["d00"], "position": "director"})
    row = usual_positions(table, held, peers, names=["director"]).iloc[0]
    assert row["withheld"] == "base below 5"
    assert pd.isna(row["estimate"])
