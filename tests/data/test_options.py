"""One column per option: recognised by what its cells hold, and put into one answer."""

from __future__ import annotations

import pandas as pd
import pytest

from edtech_survey.data.choices import combine_options, with_kinds


def told(options: list[str], question: str = "Who?") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "question": question,
            "option": options,
            "kind": ["other" if option == "Other" else "single" for option in options],
            "header_2": options,
        },
        dtype="str",
    )


def kinds(cells: dict[str, list[str]]) -> list[str]:
    frame = pd.DataFrame(cells, dtype="str")
    return with_kinds(told(list(cells)), frame)["kind"].tolist()


def test_cells_with_the_options_text_or_nothing() -> None:
    cells = {"Staff": ["Staff", ""], "Students": ["", ""], "Other": ["", "the library"]}
    assert kinds(cells) == ["option", "option", "other"]


def test_a_grid_of_numbers_is_no_choice() -> None:
    assert kinds({"Director": ["1", ""], "Technician": ["", ""]}) == ["single", "single"]
    assert kinds({"Director": ["", ""], "Technician": ["", ""]}) == ["single", "single"]


def test_options_are_combined_as_chosen() -> None:
    frame = pd.DataFrame(
        {"a": ["Staff", "", None], "b": ["x", "No", None], "c": ["", "a vendor", None]}, dtype="str"
    )
    combined = combine_options(frame, ["Staff", "Families", "Other"])
    assert combined.tolist()[:2] == ["Staff|Families", "a vendor"]
    assert combined.isna().tolist() == [False, False, True]
    assert combined.dtype == "str"


def test_columns_and_options_must_match() -> None:
    with pytest.raises(ValueError, match="1 columns but 2 options"):
        combine_options(pd.DataFrame({"a": ["x"]}, dtype="str"), ["A", "B"])
