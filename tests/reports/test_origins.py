"""Source lines, bases and questions follow from the rows, and from nothing else."""

import pandas as pd
import pytest
from tests.reports.saying import known, levels, moves

from edtech_survey.reports import origins


@pytest.fixture(autouse=True)
def evidence():
    made = known()
    new = {"source": "national", "publisher": "many", "published": "", "url": ""}
    made.sources = pd.concat([made.sources, pd.DataFrame([new])], ignore_index=True)
    made.publications = pd.DataFrame(
        {
            "source": "national",
            "publication": list("abcd"),
            "title": ["A study", "B study", "C study", "D study"],
            "publisher": ["A", "B", "C", "D"],
            "published": ["2014", "2020-05-01", "2021 (approximate)", "2022"],
            "url": ["https://a.example/x", "", "", ""],
        }
    )
    figures = {"figure_id": list("wxyz"), "source": "national", "publication": list("abcd")}
    made.printings = pd.concat([made.figures, pd.DataFrame(figures)], ignore_index=True)
    origins.remember(made)


def rows(*ids, source="national"):
    return pd.DataFrame({"source": source, "figures": [" ".join(ids)]})


def test_a_wave_that_is_only_reprinted_is_told_with_the_report_that_prints_it():
    line = "The Commission, Staffing and *Devices* (November 26, 2024)"
    assert origins.source_line(levels().tail(4)) == line
    both = levels()[levels()["wave"].isin([2017, 2024])]
    assert origins.source_line(both) == f"{line}; 2017 as republished there"
    assert origins.cited(both)["waves"].tolist() == [[2017, 2024]]


def test_a_publication_of_a_collection_is_told_by_its_own_name():
    assert origins.source_line(rows("w")) == "A, A study (2014)"
    assert origins.source_line(rows("x", "y")) == "B (May 1, 2020); C (2021)"
    several = origins.source_line(rows("w", "x", "y", "z"))
    assert (
        several == "A (2014); B (May 1, 2020); C (2021); and 1 more publication, listed at the end"
    )
    assert origins.cited(rows("w"))["citation"].tolist() == ["A, A study (2014)."]


def test_the_list_of_a_page_has_each_publication_once():
    for shown in (rows("w"), rows("w", "x"), levels()):
        origins.note(shown)
    cited = origins.cited()
    assert cited["publication"].tolist() == ["a", "b", "", "", ""]
    assert cited["figures"].str.len().tolist()[:2] == [1, 1]
    origins.remember(known())
    assert origins.cited().empty


def test_bases_are_told_with_their_waves_and_units():
    own = levels()[levels()["source"].isin(["ct-2017", "ct-2024"])]
    assert origins.base_line(own) == ("53 to 58 districts in 2024; not known for 2017")
    assert origins.base_line(levels()).startswith(
        "53 to 58 respondents in 2024; not known for 2017"
    )
    assert origins.base_line(levels().tail(1)) == "57 districts in 2024"
    assert origins.base_line(rows("w").assign(base=250)) == "250 respondents"
    change = levels().tail(1).assign(base=57, base_from_high=65, base_high=57)
    assert origins.base_line(change) == "57 to 65 districts in 2024"
    assert origins.base_line(rows("w")) == ""
    assert origins.open_waves(moves((1.0, "not supported"))) == [2017]


def test_a_question_is_quoted_only_for_the_survey_that_asked_it():
    assert origins.question(levels().tail(4)) == "Question: “Which one_to_one?”"
    assert origins.question(levels()) == ""
    own = levels()[levels()["source"].isin(["ct-2017", "ct-2024"])]
    assert origins.question(own) == "Question in 2024: “Which one_to_one?”"
    assert origins.question(rows("w").assign(item="one_to_one", wave=2014)) == ""
    assert origins.question(own.assign(item=["a", "b"] * 4)) == ""
