"""Columns of answers to typed columns: one account for every cell, whatever it holds."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data import values
from edtech_survey.data.readings import MISSING, RULES, SEVERITIES, WORDS, missing_word
from edtech_survey.data.values import PLAUSIBLE, plausible

CELLS = st.lists(
    st.one_of(
        st.none(),
        st.text(max_size=12),
        st.text("0123456789,.$%:k-/ ½١", max_size=9),
        st.sampled_from(["", " ", "n/a", "None", "yes", "outsourced", "1:1", "$116,668", "0.5"]),
    ),
    max_size=12,
)
DTYPES = {"count": "Float64", "money": "Float64", "fte": "Float64", "percent": "Float64",
          "yes_no": "boolean", "outsourced": "boolean"}  # fmt: skip
RATIOS = pd.DataFrame({"answer": ["1:1", "2:1", ">2:1"], "spelling": ["1:1", "two to one", ">2:1"]})


def column(*cells: str | None) -> pd.Series:
    return pd.Series(list(cells), dtype="str", index=pd.Index(range(3, 3 + len(cells)), name="row"))


@pytest.mark.parametrize("kind", values.TYPES)
@given(cells=CELLS)
def test_each_cell_has_a_value_or_a_kind_of_missing_and_a_rule(
    kind: str, cells: list[str | None]
) -> None:
    text = column(*cells)
    before = text.copy()
    parsed = values.parse(text, kind, RATIOS if kind == "ratio" else None)
    assert parsed.index.equals(text.index)
    assert tuple(parsed.columns) == values.COLUMNS
    assert parsed["value"].dtype == DTYPES.get(kind, "str")
    for value, missing, rule, severity, advice in parsed.itertuples(index=False):
        assert pd.isna(value) == pd.notna(missing)
        assert pd.isna(missing) or missing in MISSING
        assert rule
        assert (missing == "unreadable") == (severity == "error")
        assert severity in SEVERITIES
        assert advice or severity not in ("warn", "error")
    pd.testing.assert_series_equal(text, before)
    again = values.parse(text[::-1], kind, RATIOS if kind == "ratio" else None)[::-1]
    pd.testing.assert_frame_equal(again, parsed)


def test_what_was_not_asked_is_not_skipped() -> None:
    parsed = values.parse(column(None, "", "  ", "n/a", "don't know", "prefer not to say"), "count")
    assert parsed["missing"].tolist() == [
        "not_asked", "skipped", "skipped", "not_applicable", "skipped", "refused",
    ]  # fmt: skip
    assert parsed["value"].isna().all()


def test_none_depends_on_the_type() -> None:
    read = {kind: values.parse(column("None"), kind).iloc[0] for kind in values.TYPES}
    assert [read[kind]["value"] for kind in ("count", "fte", "percent")] == [0, 0, 0]
    assert read["money"]["missing"] == "not_applicable"
    assert not read["yes_no"]["value"]
    assert [read[kind]["value"] for kind in ("text", "id", "single", "multi")] == ["None"] * 4


def test_implausible_numbers_are_kept_and_flagged() -> None:
    low, high = plausible("position_salary", "money")
    parsed = values.parse(column("1,166,680", "116,668", "65"), "money", low=low, high=high)
    assert parsed["value"].tolist() == [1_166_680, 116_668, 65]
    assert parsed["rule"].tolist() == ["grouped+implausible", "grouped", "implausible"]
    assert parsed["severity"].tolist() == ["warn", "ok", "warn"]
    assert "outside 20,000 to 350,000" in parsed["advice"].iloc[0]
    devices = values.parse(column("0.5"), "count", None, *plausible("devices", "count")).iloc[0]
    assert (devices["value"], devices["rule"]) == (0.5, "not_whole+implausible")


def test_the_answers_list_comes_first() -> None:
    answers = pd.DataFrame({"answer": ["1.0", ""], "spelling": ["the director", "12"]})
    parsed = values.parse(column("The Director", "12", "13"), "fte", answers)
    assert parsed["value"].tolist()[0] == 1.0
    assert parsed["missing"].tolist()[1] == "not_applicable"
    assert parsed["value"].tolist()[2] == 13
    wrong = pd.DataFrame({"answer": ["many"], "spelling": ["lots"]})
    assert "must be a number" in values.parse(column("lots"), "fte", wrong)["advice"].iloc[0]


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no type 'date'.*money"):
        values.parse(column("1"), "date")


def test_the_vocabulary_is_closed() -> None:
    assert all(severity in SEVERITIES for severity, _ in RULES.values())
    assert all(RULES[rule][1] for rule in RULES if RULES[rule][0] == "warn")
    assert {kind for kind, _ in WORDS.values()} <= set(MISSING)
    assert all(low < high for low, high in PLAUSIBLE.values())
    assert missing_word("#ref!").rule == "spreadsheet_error"  # type: ignore[union-attr]
    assert missing_word("####").rule == "spreadsheet_error"  # type: ignore[union-attr]
    assert missing_word("n/a.").missing == "not_applicable"  # type: ignore[union-attr]
    assert missing_word("") is None


def test_numbers_on_two_lines_are_two_numbers() -> None:
    """A blank parts thousands, a line break does not: 450 of one kind and 120 of another."""
    found = values.parse(pd.Series(["450\n120", "450 120", "450\n", "1 200"], dtype="str"), "count")
    assert found["rule"].tolist()[0] == "several_numbers"
    assert found["value"].isna().tolist() == [True, False, False, False]
    assert found["severity"].tolist() == ["error", "warn", "ok", "warn"]
