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
