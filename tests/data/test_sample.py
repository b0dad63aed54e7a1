"""The sample as answers; ``test_project`` sets its numbers beside all that were published."""

import pytest
from tools.sample_waves import sample_files

from edtech_survey.data.waves import merge_waves
from edtech_survey.places import raw_dir


@pytest.fixture(scope="module")
def sample():
    return merge_waves(sorted(raw_dir().glob("sample-*")))


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


def test_nothing_of_the_sample_is_open(sample):
    assert not sample.review["open"].any()
    lost = sample.ledger.query("wave == 2020 and rule == 'no_position_title'")
    assert lost["raw"].tolist() == ["1"]


def test_files_in_the_project_are_what_the_generator_writes():
    made = sample_files()
    assert len(made) == 18
    for name, data in made.items():
        assert (raw_dir() / name).read_bytes() == data, name
