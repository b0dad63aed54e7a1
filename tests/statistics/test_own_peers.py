"""Everything about peers at once, beside the functions that make each part."""

import pandas as pd
import pytest

from edtech_survey.statistics.peers import nearest_peers, peer_tables, place_among, stated_numbers

COUNT = 30


@pytest.fixture
def responses():
    sizes = [400 + 200 * k for k in range(COUNT)]
    names = [f"d{k:02}" for k in range(COUNT)]
    districts = pd.DataFrame(
        {
            "wave": pd.array([2024] * COUNT, dtype="Int64"),
            "district_id": names,
            "enrollment": pd.array(sizes, dtype="Int64"),
            "devices": pd.array([int(1.2 * size) for size in sizes], dtype="Int64"),
            "support_staff": pd.array([1 + k / 10 for k in range(COUNT)], dtype="Float64"),
            "source": "made-up",
            "synthetic": True,
        }
    )
    positions = pd.DataFrame(
        {
            "wave": pd.array([2024] * COUNT, dtype="Int64"),
            "district_id": names,
            "position": ["technology_director", "technician_1"] * (COUNT // 2),
            "fte": pd.array([1.0] * COUNT, dtype="Float64"),
            "salary": pd.array([90_000 + 1_000 * k for k in range(COUNT)], dtype="Float64"),
        }
    )
    small = [name for name, size in zip(names, sizes, strict=True) if size < 3000]
    bands = pd.DataFrame(
        [
            {"wave": 2024, "district_id": name, "band": band, "ratio": "1:1"}
            for name in names
            for band in (["pk-2"] if name in small else ["pk-2", "9-12"])
        ]
    )
    return districts, positions, bands


OWN = stated_numbers(enrollment=3000, devices=4200, support_staff=2)
ASK = {"wave": 2024, "names": ["technology_director", "technician_1", "data_specialist"]}


def test_it_gives_what_its_parts_give(responses):
    districts, positions, _ = responses
    told = peer_tables(OWN, *responses, k=8, **ASK)
    peers = nearest_peers(districts, 3000, wave=2024, k=8)
    pd.testing.assert_frame_equal(told.peers, peers)
    pd.testing.assert_frame_equal(told.placed, place_among(OWN, districts, positions, peers))
    assert told.usual["group"].tolist() == ["technology_director", "technician_1"]
    assert (told.ranges["estimate_low"] <= told.ranges["estimate_high"]).all()


def test_peers_share_the_grades_of_a_respondent(responses):
    told = peer_tables(OWN, *responses, k=8, district_id="d12", **ASK)
    assert told.level == "elementary and middle"
    assert (told.peers["enrollment"] < 3000).all()
    assert "d12" not in set(told.peers["district_id"])
    mixed = peer_tables(OWN, *responses, k=8, district_id="d12", same_grades=False, **ASK)
    assert mixed.level == ""
    assert (mixed.peers["enrollment"] > 3000).any()


def test_without_responses_there_are_no_peers(responses):
    for none in ((None, None, None), tuple(frame.head(0) for frame in responses)):
        told = peer_tables(OWN, *none, **ASK)
        assert told.level == ""
        assert all(frame.empty for frame in told[:4])
        assert {"item", "group", "statistic", "estimate"} <= set(told.placed.columns)
