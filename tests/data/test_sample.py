"""The sample against what the Commission published; the oracle is typed from the report."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from tools.sample_waves import WAVES, sample_files

from edtech_survey.data.waves import find_waves, merge_waves
from edtech_survey.project import raw_dir

# position: districts with it, mean enrollment, mean FTE, mean salary (pages 3 to 5)
STAFF = {
    "technology_director": (59, 3288, "0.98", 116668),
    "assistant_technology_director": (12, 6164, "1.25", 107177),
    "cyber_security": (4, 9150, "1.05", 123000),
    "network_engineer": (40, 3978, "2.93", 79907),
    "technician_1": (40, 3739, "2.93", 48347),
    "technician_2": (34, 4141, "2.39", 57645),
    "technician_3": (32, 4170, "1.89", 68532),
    "telecommunications": (5, 6745, "0.60", 42092),
    "assistive_technology": (11, 5339, "1.27", 59637),
    "library_media_director": (6, 4618, "3.33", 51442),
    "library_media_specialist": (46, 3383, "4.37", 62833),
    "integration_director": (9, 5799, "1.00", 112650),
    "integration_specialist": (13, 4569, "2.89", 70610),
    "technology_resource_teacher": (11, 5063, "4.94", 72444),
    "administrative_assistant": (23, 4336, "1.03", 49013),
    "av_coordinator": (4, 4217, "1.00", 60250),
    "av_technician": (7, 4099, "1.04", 52170),
    "data_specialist": (36, 3756, "1.66", 61416),
}
OUTSOURCED = {
    "technology_director": 1, "cyber_security": 2, "network_engineer": 2, "technician_1": 3,
    "technician_3": 1, "assistive_technology": 3, "integration_specialist": 1,
    "av_technician": 1, "data_specialist": 1,
}  # fmt: skip
RATIOS = {
    "pk-2": {"1:1": 47, "2:1": 3, "4:1": 2, ">4:1": 1},
    "3-5": {"1:1": 56, "2:1": 2},
    "6-8": {"1:1": 58},
    "9-12": {"1:1": 56, "2:1": 1},
}
ONE_TO_ONE = {
    2017: {"pk-2": 20, "3-5": 43, "6-8": 58, "9-12": 71},
    2020: {"pk-2": 14, "3-5": 42, "6-8": 61, "9-12": 64},
    2021: {"pk-2": 79, "3-5": 88, "6-8": 88, "9-12": 94},
    2024: {"pk-2": 89, "3-5": 97, "6-8": 100, "9-12": 98},
}


def printed(value, digits=0):
    """Round half up, as a spreadsheet shows it."""
    step = Decimal(1).scaleb(-digits)
    return str(Decimal(repr(float(value))).quantize(step, ROUND_HALF_UP))


@pytest.fixture(scope="module")
def sample():
    return merge_waves(find_waves(synthetic=True))


@pytest.fixture(scope="module")
def latest(sample):
    return sample.districts[sample.districts["wave"] == 2024]


@pytest.mark.parametrize("position", STAFF)
def test_2024_staff_table_is_the_published_one(sample, latest, position):
    count, enrollment, fte, salary = STAFF[position]
    rows = sample.positions.query("wave == 2024 and position == @position and fte.notna()")
    held = rows.merge(latest[["district_id", "enrollment"]], on="district_id", validate="1:1")
    assert len(held) == count
    assert held["salary"].notna().all()
    assert printed(held["enrollment"].mean()) == str(enrollment)
    assert printed(held["fte"].mean(), 2) == fte
    assert printed(held["salary"].mean()) == str(salary)


def test_2024_outsourcing_is_the_published_one(sample):
    rows = sample.positions.query("wave == 2024 and outsourced")
    assert rows["position"].value_counts().to_dict() == OUTSOURCED
    assert sample.positions.query("wave == 2024")["outsourced"].notna().all()


def test_2024_totals_are_the_published_ones(latest):
    assert len(latest) == 62
    assert latest["enrollment"].sum() == 200_380
    assert latest["schools"].sum() == 473
    devices, staff = latest["devices"], latest["support_staff"]
    assert (devices.sum(), devices.max(), devices.min()) == (281_925, 20_000, 240)
    assert printed(devices.mean()) == "4547"
    assert printed(staff.sum()) == "280"
    assert printed(devices.sum() / staff.sum()) == "1008"
    ratios = devices / staff
    assert [printed(x) for x in (ratios.mean(), ratios.min(), ratios.max())] == [
        "670", "300", "2667",
    ]  # fmt: skip


def test_2024_choices_are_the_published_ones(sample, latest):
    assert latest["sharing"].value_counts().to_dict() == {"none": 46, "all": 14, "some": 1}
    assert latest["provision"].value_counts().to_dict() == {"district": 53, "student": 8}
    for name, count in {"staff": 30, "students": 11, "families": 7, "other": 17}.items():
        hours = latest[f"after_hours_{name}"]
        assert (hours.sum(), hours.notna().all()) == (count, True)
    rate = latest["benefit_rate"].dropna()
    assert (len(rate), printed(rate.mean()), rate.min(), rate.max()) == (19, "23", 10, 35)


def test_2024_ratios_are_the_published_ones(sample):
    rows = sample.bands[sample.bands["wave"] == 2024]
    assert {
        band: given.value_counts().to_dict() for band, given in rows.groupby("band")["ratio"]
    } == RATIOS


@pytest.mark.parametrize("wave", WAVES)
def test_every_wave_prints_the_published_one_to_one_percents(sample, wave):
    rows = sample.bands[sample.bands["wave"] == wave]
    ones = rows["ratio"].eq("1:1").groupby(rows["band"]).mean() * 100
    assert {band: printed(share) for band, share in ones.items()} == {
        band: str(percent) for band, percent in ONE_TO_ONE[wave].items()
    }


def test_sample_is_a_panel_of_invented_districts(sample):
    assert sample.districts["synthetic"].all()
    assert sample.districts["district_id"].str.fullmatch(r"sample-\d{3}").all()
    assert (sample.panel["n_waves"] >= 3).sum() > 40
    assert sample.panel["wave_2017"].sum() == 65


def test_no_personal_text_leaves_the_export(sample):
    ledger = sample.ledger.drop(columns="column")
    frames = (sample.districts, sample.positions, sample.bands, ledger)
    told = "\n".join(frame.to_csv() for frame in frames)
    for secret in ("example.org", "192.0.2.", "Respondent", "555-0100", "October 1"):
        assert secret not in told


def test_every_cell_and_row_is_accounted_for(sample):
    sums = sample.balance.groupby("wave")[["raw", "taken", "changed", "blanked", "refused"]].sum()
    assert (sums["raw"] == sums.drop(columns="raw").sum(axis=1)).all()
    flow = sample.flow.query("wave == 2024").set_index(["step", "reason"])["rows"]
    assert flow["read", ""] == flow.drop(("read", "")).sum()
    assert flow["duplicates", "duplicate"] == 3
    assert flow["partial", "partial"] == 1


def test_a_typed_title_that_no_alias_knows_is_left_to_a_reviewer(sample):
    assert "Tech wizard" in set(sample.review.query("kind == 'position'")["text"])
    lost = sample.ledger.query("wave == 2020 and rule == 'no_position_title'")
    assert lost["raw"].tolist() == ["1"]


def test_files_in_the_project_are_what_the_generator_writes():
    made = sample_files()
    assert len(made) == 16
    for name, data in made.items():
        assert (raw_dir() / name).read_bytes() == data, name
