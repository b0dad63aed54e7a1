"""Responses summarised, against the 2024 report's printed numbers and hand computation."""

import numpy as np
import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS
from edtech_survey.statistics.changes import changes
from edtech_survey.statistics.disclosure import withhold
from edtech_survey.statistics.summarise import (
    SUMMARY,
    as_figures,
    contributions,
    every_position,
    printed,
    summarise,
)

# Counts of the report: students to a device in each grade band, sharing, provision, support.
RATIO_COUNTS = {
    "pk-2": {"1:1": 47, "2:1": 3, "4:1": 2, ">4:1": 1},
    "3-5": {"1:1": 56, "2:1": 2},
    "6-8": {"1:1": 58},
    "9-12": {"1:1": 56, "2:1": 1},
}


NAMES = [f"sample-{at:02}" for at in range(62)]


def filled(counts, size=62):
    """Answers in the order of the districts, the rest missing."""
    answers = [answer for answer, count in counts.items() for _ in range(count)]
    return [*answers, *[None] * (size - len(answers))]


def yes(count):
    return pd.array([True] * count + [False] * (62 - count), "boolean")


@pytest.fixture(scope="module")
def districts_2024():
    after_hours = {"staff": 30, "students": 11, "families": 7, "other": 17}
    return pd.DataFrame(
        {
            "wave": 2024,
            "district_id": NAMES,
            "source": "sample-2024",
            "synthetic": True,
            "enrollment": pd.array([3232] * 61 + [3228], "Int64"),
            "schools": pd.array([7] * 39 + [8] * 22 + [24], "Int64"),
            "devices": pd.array([4547] * 61 + [4558], "Int64"),
            "support_staff": pd.array([4.0] * 60 + [20.0, 20.0], "Float64"),
            "benefit_rate": pd.array([10.0, 35.0] + [23.0] * 17 + [pd.NA] * 43, "Float64"),
            "sharing": filled({"none": 46, "some": 1, "all": 14}),
            "provision": filled({"district": 53, "student": 8}),
        }
        | {f"after_hours_{whom}": yes(count) for whom, count in after_hours.items()}
    )


@pytest.fixture(scope="module")
def bands_2024():
    rows = pd.DataFrame({band: filled(counts) for band, counts in RATIO_COUNTS.items()}, NAMES)
    long = rows.melt(var_name="band", value_name="ratio", ignore_index=False).dropna()
    return long.rename_axis("district_id").reset_index().assign(wave=2024)


@pytest.fixture(scope="module")
def positions_2024():
    """The director of 59 districts; a technician in two, by a contractor in one of three."""
    return pd.DataFrame(
        {
            "wave": 2024,
            "district_id": NAMES[:59] + NAMES[:3],
            "position": ["technology_director"] * 59 + ["technician_1"] * 3,
            "fte": [1.0] * 59 + [2.5, 3.35, None],
            "salary": [116_640.0] + [116_668.0] * 58 + [48_000.0, None, None],
            "outsourced": pd.array([False] * 61 + [True], "boolean"),
        }
    )


@pytest.fixture(scope="module")
def summary(districts_2024, positions_2024, bands_2024):
    return summarise(districts_2024, positions_2024, bands_2024)


def shown(summary):
    figures = as_figures(summary).set_index("figure_id")
    return figures["printed"].to_dict()


def test_numbers_print_as_the_report_prints_them(summary):
    text = shown(summary)
    told = {
        "one-to-one.pk-2.share": "89%", "one-to-one.3-5.share": "97%",
        "one-to-one.6-8.share": "100%", "one-to-one.9-12.share": "98%",
        "sharing.none.share": "75%", "sharing.some.share": "2%", "sharing.all.share": "23%",
        "provision.district.share": "87%", "provision.student.share": "13%",
        "provision.both.count": "0", "responding-districts.all.count": "62",
        "students.all.total": "200,380", "schools.all.total": "473",
        "devices.all.total": "281,925", "devices.all.mean": "4,547",
        "support-staff.all.total": "280", "student-device-ratio.pk-2.over-4-1.count": "1",
        "student-device-ratio.6-8.2-1.count": "0", "after-hours.families.count": "7",
        "benefit-rate-responding.all.count": "19", "benefit-rate.all.mean": "23%",
        "benefit-rate.all.min": "10%", "position-present.technology-director.count": "59",
        "position-salary.technology-director.mean": "$116,668",
        "position-fte.technician-1.mean": "2.93", "support-ratio.all.ratio-of-totals": "1 : 1,007",
    }  # fmt: skip
    assert {name: text.get(f"sample-2024.{name}") for name in told} == told
    assert "sample-2024.provision.both.share" not in text
    assert "sample-2024.position-outsourced.technology-director.count" not in text


def test_bases_are_those_who_were_asked_and_answered(summary):
    found = summary.set_index(["item", "group", "statistic"]).sort_index()
    base = found["base"]
    assert base["one_to_one", "pk-2", "share"] == 53
    assert base["sharing", "none", "count"] == 61
    assert base["benefit_rate", "all", "mean"] == 19
    assert base["benefit_rate_responding", "all", "count"] == 62
    assert base["position_present", "technology_director", "count"] == 62
    assert base["position_salary", "technology_director", "mean"] == 59
    assert summary["base_kind"].eq("derived").all()
    assert summary["synthetic"].all()
    assert list(summary.columns) == list(ESTIMATE_COLUMNS)
    ratio = found.loc["support_ratio", "estimate"].loc["all"]
    own = [4547 / 4] * 60 + [4547 / 20, 4558 / 20]
    assert ratio["mean_of_ratios"] == pytest.approx(np.mean(own))
    assert ratio[["max", "min"]].tolist() == pytest.approx([max(own), min(own)])


def test_a_wave_that_did_not_ask_has_no_rows(districts_2024, positions_2024, bands_2024):
    early = districts_2024[["district_id", "synthetic"]].head(10)
    early = early.assign(wave=2017, source="sample-2017")
    districts = pd.concat([districts_2024, early], ignore_index=True)
    ratio = early[["wave", "district_id"]].assign(band="pk-2", ratio=["1:1"] * 2 + ["2:1"] * 8)
    bands = pd.concat([bands_2024, ratio], ignore_index=True)
    summary = summarise(districts, positions_2024, bands)
    items = summary.loc[summary["wave"] == 2017, "item"].unique().tolist()
    assert items == ["responding_districts", "student_device_ratio", "one_to_one"]
    figures = as_figures(summary)
    assert "sample-2017.one-to-one.pk-2.share" in figures["figure_id"].tolist()
    # The functions for published figures take them as they are.
    between = {"groups": "pk-2", "waves": (2017, 2024), "population": 205}
    change = changes(figures, "one_to_one", **between).iloc[0]
    assert change["estimate"] == pytest.approx(100 * 47 / 53 - 20)
    assert change["label"] == "holds whatever the base"
    assert change["synthetic"]


def test_bands_and_answers_keep_the_reports_order(summary):
    ratios = summary.loc[summary["item"] == "student_device_ratio", "group"].tolist()
    assert ratios[:5] == ["pk-2|1:1", "pk-2|2:1", "pk-2|3:1", "pk-2|4:1", "pk-2|>4:1"]
    assert [group.split("|")[0] for group in ratios[::5]] == ["pk-2", "3-5", "6-8", "9-12"]
    items = list(dict.fromkeys(summary["item"]))
    assert items == [one for one in SUMMARY["item"].unique() if one in items]


def test_withheld_numbers_become_no_figures(summary, districts_2024, positions_2024):
    values = contributions(districts_2024, positions_2024)
    safe = withhold(summary, contributions=values)
    text = shown(safe)
    assert "sample-2024.position-salary.technician-1.mean" not in text
    assert "sample-2024.devices.all.max" not in text
    assert "sample-2024.position-salary.technology-director.mean" in text
    # Who has it not is withheld, so of how many the mean is, too: 58 or more.
    assert "sample-2024.position-present.technology-director.count" not in text
    mean = as_figures(safe).set_index("figure_id")
    mean = mean.loc["sample-2024.position-salary.technology-director.mean"]
    assert (mean["base"], mean["note"]) == (58, "rounded to 1,000")


def test_every_position_tells_absent_from_unanswered(districts_2024, positions_2024):
    table = every_position(districts_2024, positions_2024)
    assert len(table) == 62 * 2
    technician = table.loc[table["position"] == "technician_1"].set_index("district_id")
    # The third district has it done by a contractor only.
    assert technician["present"].sum() == 2
    assert technician.loc["sample-05", ["present", "outsourced"]].tolist() == [False, False]
    assert pd.isna(technician.loc["sample-05", "fte"])
    assert technician.loc["sample-02", ["present", "outsourced"]].tolist() == [False, True]


def test_a_skipped_section_is_not_a_district_without_staff(
    districts_2024, positions_2024, bands_2024
):
    told = districts_2024.assign(staffing=yes(60))
    table = every_position(told, positions_2024).query("position == 'technician_1'")
    skipped = table["district_id"].isin(["sample-60", "sample-61"])
    assert table[["present", "outsourced"]].isna().eq(skipped, axis=0).all(axis=None)
    summary = summarise(told, positions_2024, bands_2024)
    counted = summary.loc[summary["item"].isin(["position_present", "position_outsourced"])]
    assert counted["base"].unique().tolist() == [60]
    assert counted["estimate"].tolist() == [2, 59, 1, 0]


def test_a_wave_that_did_not_ask_about_outsourcing(districts_2024, positions_2024):
    silent = positions_2024.assign(outsourced=pd.array([pd.NA] * len(positions_2024), "boolean"))
    table = every_position(districts_2024, silent)
    assert table["outsourced"].isna().all()
    assert table.loc[table["position"] == "technician_1", "present"].sum() == 3


def test_tables_that_do_not_belong_together_are_refused(districts_2024, positions_2024, bands_2024):
    doubled = pd.concat([positions_2024, positions_2024.iloc[:1]])
    for districts, positions, said in (
        (districts_2024.iloc[1:], positions_2024, "2024 sample-00 technology_director: is not am"),
        (districts_2024, doubled, "2024 sample-00 technology_director: is there twice"),
        (districts_2024, positions_2024.drop(columns="salary"), "positions, column salary: is mis"),
    ):
        with pytest.raises(EstimateError, match=said):
            summarise(districts, positions, bands_2024)


def test_what_was_not_asked_at_all_has_no_rows(districts_2024, positions_2024, bands_2024):
    fewer = districts_2024.drop(columns=["sharing", "support_staff", "benefit_rate", "enrollment"])
    found = set(summarise(fewer, positions_2024.head(0), bands_2024.head(0))["item"])
    assert found == {"responding_districts", "schools", "devices", "provision", "after_hours"}
    # An answer that no report lists comes after those that it lists.
    other = summarise(fewer.assign(provision="lease"), positions_2024.head(0), bands_2024.head(0))
    groups = other.loc[other["item"].eq("provision"), "group"].tolist()
    assert groups == ["district", "student", "both", "lease"] * 2
    silent = as_figures(other)  # the share of none is no figure, its count is one
    told = silent.loc[silent["item"].eq("provision"), ["group", "statistic"]].values.tolist()
    assert told == [[one, "count"] for one in groups[:4]] + [["lease", "share"]]
    contractor = positions_2024.tail(1)
    assert "position_fte" not in set(summarise(fewer, contractor, bands_2024)["item"])


def test_numbers_are_rounded_half_up():
    told = {
        "percent": {88.5: "89%", 0.5: "1%"}, "number": {2.5: "3"}, "ratio": {1_007.46: "1 : 1,007"},
        "dollars": {79_906.5: "$79,907"}, "hundredths": {1.005: "1.01", 0.6: "0.60"},
    }  # fmt: skip
    for form, texts in told.items():
        assert {value: printed(value, form) for value in texts} == texts
