"""The one look-up of published figures."""

import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import figures
from edtech_survey.statistics.given import given, pick

DEVICES = {"source": "a", "wave": 2024, "item": "devices", "group": "all", "statistic": "total",
           "value": 10.0, "printed": "10"}  # fmt: skip
TABLE = figures(
    [
        DEVICES | {"figure_id": "a.1"},
        DEVICES | {"figure_id": "a.2", "wave": 2021, "value": 8.0},
        DEVICES | {"figure_id": "b.1", "source": "b", "value": 9.0},
        DEVICES | {"figure_id": "a.3", "note": "repeat of a.1"},
        DEVICES | {"figure_id": "a.4", "note": "in words; repeat of a.1"},
        DEVICES | {"figure_id": "a.5", "item": pd.NA, "wave": pd.NA},
    ]
)


def test_a_figure_is_found_by_what_is_said_and_second_printings_are_left_out():
    assert pick(TABLE, "devices")["figure_id"].tolist() == ["a.1", "a.2", "b.1"]
    assert pick(TABLE, ["devices"], wave=2024, source="b")["value"].tolist() == [9]
    twice = pd.concat([TABLE, TABLE.iloc[:1]])  # an index that repeats
    assert len(pick(twice, "devices", wave=[2024], source="a")) == 2


def test_what_was_not_asked_is_no_rows_unless_that_is_refused():
    assert pick(TABLE, "schools").empty
    with pytest.raises(EstimateError, match=r"item device.*there are, for one: devices"):
        pick(TABLE, "device", strict=True)
    with pytest.raises(EstimateError, match=r"a\.1, b\.1 -> say which with source="):
        pick(TABLE, "devices", wave=2024, strict=True)


def test_a_wrong_first_argument_is_answered_with_the_right_call():
    with pytest.raises(EstimateError, match="begin with evidence"):
        given("published")
    with pytest.raises(EstimateError, match="no item, statistic, value"):
        pick(pd.DataFrame({"wave": [2024]}), "devices")
