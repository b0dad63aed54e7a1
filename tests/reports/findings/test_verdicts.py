import pandas as pd
import pytest

from edtech_survey.errors import ReportError
from edtech_survey.reports.findings import verdicts
from edtech_survey.statistics.changes import LABELS

NAMES = {"pk-2": "early elementary", "6-8": "middle school", "9-12": "high school"}


def changes(*rows):
    columns = ["group", "wave_from", "wave", "estimate", "label", "base_kind", "holds_from_base"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture
def told():
    return verdicts.read(
        changes(
            ("pk-2", 2020, 2021, 65.0, "holds whatever the base", "feasible", 7),
            ("6-8", 2020, 2021, 27.0, "depends on the base", "feasible", 18),
            ("9-12", 2020, 2021, 4.0, "not supported", "feasible", pd.NA),
            ("pk-2", 2021, 2024, 10.0, "not supported", "derived", pd.NA),
        )
    )


def test_every_label_of_the_statistics_has_a_verdict():
    rows = [("pk-2", 2020, 2021, 5.0, label, "feasible", pd.NA) for label in LABELS]
    told = verdicts.read(changes(*rows))
    assert set(told["kind"]) == {"sure", "open", "none"}
    assert told["verdict"].str.len().gt(0).all()


def test_an_unknown_label_is_refused_by_name():
    with pytest.raises(ReportError, match="'almost certain'"):
        verdicts.read(changes(("pk-2", 2020, 2021, 5.0, "almost certain", "feasible", 3)))


def test_verdicts_say_from_which_base_on(told):
    assert list(told["verdict"]) == ["Holds", "Holds from 18", "Not shown", "Not shown"]
    assert verdicts.needs(told, NAMES) == (
        "early elementary needs at least 7 and middle school needs at least 18"
    )


def test_between_keeps_pairs_in_the_order_asked(told):
    kept = verdicts.between(told, [(2021, 2024), (2020, 2021)])
    assert list(kept["wave"]) == [2024, 2021, 2021, 2021]
    assert verdicts.between(told, [(2017, 2020)]).empty
    empty = verdicts.read(changes().head(0))
    assert verdicts.between(empty, [(2020, 2021)]).empty


def test_the_legend_explains_only_what_occurs(told):
    first, second, third = verdicts.legend(told, "90%")
    assert first.startswith("Holds: the 90% interval")
    assert "could have printed" in first
    assert second.startswith("Holds from n")
    assert "no proof" in third
    known = verdicts.read(
        changes(("pk-2", 2021, 2024, 1.0, "holds whatever the base", "derived", pd.NA))
    )
    assert verdicts.legend(known, "95%") == ["Holds: the 95% interval leaves out zero"]


def test_readings_name_the_groups_of_each_kind(told):
    read = verdicts.readings(told.head(3), NAMES, "95%")
    assert [line.rsplit(" in ", 1)[1] for line in read] == [
        "early elementary",
        "middle school",
        "high school",
    ]


def test_weak_steps_are_those_that_a_stricter_interval_loses():
    shared = {"wave_from": [2020, 2020], "wave": [2021, 2021], "group": ["pk-2", "6-8"]}
    rows = pd.DataFrame(
        shared | {"kind": ["sure", "sure"], "conf_low": [18.9, -9.0], "conf_high": [82.0, -0.4]}
    )
    stricter = pd.DataFrame(shared | {"kind": ["sure", "open"]})
    weak = verdicts.weak(rows, stricter)
    assert list(weak["group"]) == ["6-8"]
    assert weak["margin"].tolist() == [0.4]
