"""The transcription against a second reading, made independently from the same texts.

The files in ``second_reading`` were typed by another reader, who had not seen ``data/raw``.
"""

from pathlib import Path

import pandas as pd
import pytest

from edtech_survey.data.codebook import read_codebook
from edtech_survey.data.figures import read_all, read_figures

RAW = Path(__file__).parents[2] / "data" / "raw"
SECOND = Path(__file__).parent / "second_reading"
CT = ["ct-2017", "ct-2020", "ct-2021", "ct-2024"]


@pytest.fixture(scope="module")
def figures():
    return read_figures(raw=RAW)


def test_connecticut_figure_by_figure(figures):
    second = pd.read_csv(SECOND / "ct.csv", dtype=str, keep_default_na=False)
    own = figures[figures["source"].isin(CT)].assign(
        wave=lambda frame: frame["wave"].astype("str"),
        group=lambda frame: frame["group"].mask(frame["item"] == "respondent_listed", ""),
    )
    first = set(own[list(second.columns)].itertuples(index=False, name=None))
    missing = [row for row in second.itertuples(index=False, name=None) if tuple(row) not in first]
    assert not missing
    assert len(second) > 200


@pytest.mark.parametrize("source", ["cosn-2013", "incident-iq-2024", "department-structures-2018"])
def test_every_number_of_the_second_reading_is_there(figures, source):
    second = pd.read_csv(SECOND / f"{source}.csv")
    own = set(figures.loc[figures["source"] == source, "value"].dropna().astype(float))
    assert second.loc[~second["value"].astype(float).isin(own)].empty
    assert len(second) >= 9


def test_waves_without_published_bases_say_so(figures):
    early = figures[figures["source"].isin(CT[:3])]
    assert early["base"].isna().all()
    assert set(early["base_kind"]) == {"unknown"}
    notes = read_all(CT[:3], raw=RAW).sources
    assert set(notes["kind"]) == {"secondary publication"}


def test_every_figure_names_an_item_of_the_codebook_and_a_place(figures):
    items = set(read_codebook(RAW / "codebook").items["item"])
    assert set(figures["item"]) <= items
    assert figures["locator"].str.len().min() > 3
    assert figures["figure_id"].is_unique


def test_facts_left_out_are_listed_with_reasons():
    for path in RAW.glob("*/left-out.csv"):
        left = pd.read_csv(path, dtype=str)
        assert left.notna().all(axis=None)
        assert len(left)


def test_the_state_records_follow_from_what_is_printed_and_add_up(figures):
    own = figures[
        figures["source"].eq("nv-report-card") & figures["item"].str.startswith("school_")
    ]
    totals = own[own["statistic"].eq("total")]
    wide = totals.pivot_table(index=["wave", "group"], columns="item", values="value")
    wide = wide.astype(float)
    assert len(wide) == 130
    assert (
        wide["school_computers"]
        .eq(wide["school_computers_new"] + wide["school_computers_old"])
        .all()
    )
    assert wide["school_devices"].eq(wide["school_computers"] + wide["school_mobile_devices"]).all()
    state = wide.xs("all", level="group")
    # typed from the list of published facts, which was made apart from the table
    assert state["school_technicians"].tolist() == [149.7, 221.6, 238.7, 291.9, 345.5, 473.2, 383.4]
    assert state["school_coaches"].tolist() == [293.7, 246.4, 240.2, 211.4, 89.8, 57.1, 68.8]
    assert state.loc[2017, ["school_computers", "school_devices"]].tolist() == [256834, 485118]
    directory = pd.read_csv(RAW / "codebook" / "districts-nv.csv")["district_id"]
    assert set(wide.index.get_level_values("group")) == {"all", *directory}
    each = own[own["statistic"].eq("each")].set_index(["wave", "group"])
    assert len(each) == 24
    # the teams times their schools are the districts' figures; one school has no row of its own
    ratio = wide.loc[each.index, "school_technicians"] / (each["value"] * each["base"]).astype(
        float
    )
    assert set(ratio[ratio.ne(1)].index.get_level_values("group")) == {"nv-lander"}
