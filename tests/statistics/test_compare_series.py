import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import figures
from edtech_survey.statistics.compare import compare_waves
from edtech_survey.statistics.intervals import newcombe

HEAD = ["series", "topic", "label", "figure_id", "take", "base_at_least", "design",
        "comparability", "reason"]  # fmt: skip


def made():
    rows = [(2018, "12.0%", 100), (2020, "21.0%", 100), (2022, "31.0%", 100), (2023, "66.0%", 100)]
    return figures(
        {
            "figure_id": f"us.{wave}", "source": "us", "wave": wave, "item": "post",
            "group": "all", "statistic": "share", "printed": printed,
            "value": float(printed.rstrip("%")), "unit": "percent", "base": base,
            "base_kind": "published", "synthetic": False,
        }
        for wave, printed, base in rows
    )  # fmt: skip


def series(*rows):
    return pd.DataFrame(
        [
            ["posts", "cyber", "Has a post", f"us.{wave}", take, pd.NA, pd.NA, grade, reason]
            for wave, take, grade, reason in rows
        ],
        columns=HEAD,
    )


FOUR = (
    (2018, "printed", pd.NA, pd.NA),
    (2020, "printed", "A", "same question"),
    (2022, "printed", "B", "another list"),
    (2023, "rest", "C", "asks the reverse"),
)


def test_differences_are_formed_within_a_segment_only():
    table = compare_waves(made(), series(*FOUR))
    differences = table[table["side"] == "difference"]
    assert differences[["wave_from", "wave"]].values.tolist() == [[2018, 2020]]
    low, high = newcombe(21, 100, 12, 100)
    row = differences.iloc[0]
    assert (row["estimate"], row["conf_low"], row["conf_high"]) == pytest.approx(
        (9, float(low), float(high))
    )


def test_every_other_grade_breaks_the_line():
    table = compare_waves(made(), series(*FOUR))
    members = table[table["side"] == "elsewhere"].set_index("wave")
    assert members["segment"].to_dict() == {2018: 1, 2020: 1, 2022: 2, 2023: 3}
    assert members.at[2023, "estimate"] == pytest.approx(34)
    assert members.at[2022, "reason"] == "another list"
    assert pd.isna(members.at[2018, "comparability"])


def test_a_refusal_says_why_and_shows_no_number():
    table = compare_waves(made(), series(*FOUR))
    refused = table[table["side"] == "refused"]
    assert refused[["wave_from", "wave"]].values.tolist() == [[2022, 2023]]
    assert refused["reason"].tolist() == ["asks the reverse"]
    assert refused[["estimate", "conf_low", "estimate_low", "effect"]].isna().all(axis=None)


def test_wrong_rows_are_named_by_series():
    with pytest.raises(EstimateError, match="series posts: a series needs at least two"):
        compare_waves(made(), series(FOUR[0]))
    with pytest.raises(EstimateError, match=r"us\.2018 is earlier than the row before it"):
        compare_waves(made(), series(FOUR[1], (2018, "printed", "A", "same")))
    with pytest.raises(EstimateError, match="no reason is given"):
        compare_waves(made(), series(FOUR[0], (2020, "printed", "A", "")))
    with pytest.raises(EstimateError, match=r"figure us\.1999 is not there"):
        compare_waves(made(), series(FOUR[0], (1999, "printed", "A", "same")))
    with pytest.raises(EstimateError, match="no column design"):
        compare_waves(made(), series(*FOUR).drop(columns="design"))
