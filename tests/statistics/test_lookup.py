import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import figures
from edtech_survey.statistics.published import figure_of, figures_of, unrepeated


def some(**changes):
    base = {"source": "a", "wave": 2024, "item": "devices", "group": "all", "statistic": "total"}
    return base | {"figure_id": "a.1", "value": 10.0, "printed": "10"} | changes


def test_second_printings_are_left_out_wherever_the_note_says_so():
    table = figures(
        [
            some(),
            some(figure_id="a.2", note="repeat of a.1"),
            some(figure_id="a.3", note="in words; repeat of a.1"),
            some(figure_id="a.4", note="a repeated of question"),
        ]
    )
    assert list(unrepeated(table)["figure_id"]) == ["a.1", "a.4"]


def test_one_figure_is_found_by_item_group_statistic_wave_and_source():
    table = figures(
        [
            some(),
            some(figure_id="a.2", wave=2021, value=8.0),
            some(figure_id="b.1", source="b", value=9.0),
            some(figure_id="a.3", statistic="mean", value=3.0),
        ]
    )
    assert figure_of(table, "devices", "total", wave=2024, source="b")["value"] == 9
    assert figure_of(table, "devices", "total", wave=2021)["value"] == 8


def test_two_sources_are_refused_with_their_ids():
    table = figures([some(), some(figure_id="b.1", source="b")])
    with pytest.raises(EstimateError, match=r"a\.1, b\.1 -> say which with source="):
        figures_of(table, "devices", "total", wave=2024)


def test_a_figure_of_several_waves_needs_the_wave():
    table = figures([some(), some(figure_id="a.2", wave=2021)])
    with pytest.raises(EstimateError, match="2024, 2021: say which with wave="):
        figure_of(table, "devices", "total")


def test_nothing_published_is_said():
    with pytest.raises(EstimateError, match="no published schools total of 2024"):
        figures_of(figures([some()]), "schools", "total", wave=2024)


def test_missing_cells_are_no_match():
    table = figures([some(), some(figure_id="a.2", item=pd.NA, wave=pd.NA)])
    assert len(figures_of(table, "devices", "total", wave=2024)) == 1
