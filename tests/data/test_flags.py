"""Previews, tests and unfinished responses are listed and stay in the frame."""

from __future__ import annotations

import pandas as pd

from edtech_survey.data.dialects import flagged


def test_qualtrics_words_and_codes_mean_the_same() -> None:
    names = ["Status", "Finished", "DistributionChannel", "Q1"]
    frame = pd.DataFrame(
        [
            ["IP Address", "True", "anonymous", "1"],
            ["Survey Preview", "True", "preview", "2"],
            ["1", "1", "email", "0"],
            ["0", "0", "email", "False"],
            ["Spam", "False", "email", ""],
        ],
        columns=names,
        index=pd.Index(range(4, 9), name="row"),
        dtype="str",
    )
    told = pd.DataFrame(
        {"name": names, "question": names, "role": ["meta", "meta", "meta", "answer"]}, dtype="str"
    )
    found = flagged("qualtrics", frame, told)
    assert found[["row", "flag"]].to_numpy().tolist() == [
        [5, "preview"],
        [5, "preview"],
        [6, "preview"],
        [7, "incomplete"],
        [8, "incomplete"],
        [8, "spam"],
    ]
    assert flagged("plain", frame, told).empty


def test_limesurvey_without_a_submission_date() -> None:
    frame = pd.DataFrame({"submitdate": ["2024-05-01", ""]}, dtype="str")
    told = pd.DataFrame({"name": ["submitdate"], "question": ["submitdate"], "role": ["meta"]})
    assert flagged("limesurvey", frame, told)["row"].tolist() == [1]
