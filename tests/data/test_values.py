"""Answers to typed columns: one account for every cell; from a list only what it knows."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data import values
from edtech_survey.data.readings import MISSING, RULES, SEVERITIES, WORDS, missing_word
from edtech_survey.data.values import PLAUSIBLE, lookup, plausible, read

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
def test_each_cell_has_a_value_or_a_kind_of_missing_and_a_rule(kind: str, cells: list[str | None]):
    text = column(*cells)
    before = text.copy()
    parsed = values.parse(text, kind, RATIOS if kind == "ratio" else None)
    assert parsed.index.equals(text.index)
    assert tuple(parsed.columns) == values.COLUMNS
    assert parsed["value"].dtype == DTYPES.get(kind, "str")
    for value, missing, rule, severity, advice, proposed in parsed.itertuples(index=False):
        assert pd.isna(value) == pd.notna(missing)
        assert pd.isna(missing) or missing in MISSING
        assert rule
        assert (missing == "unreadable") == (severity == "error")
        assert (missing == "doubtful") == (severity == "doubt")
        assert not proposed or severity == "doubt"
        assert severity in SEVERITIES
        assert advice or severity not in ("warn", "doubt", "error")
    pd.testing.assert_series_equal(text, before)
    again = values.parse(text[::-1], kind, RATIOS if kind == "ratio" else None)[::-1]
    pd.testing.assert_frame_equal(again, parsed)


def test_a_number_absurd_by_the_mark_of_its_file_is_doubted_for_that():
    found = read("4.020", "fte", {}, *plausible("", "fte"), ",")
    assert (found.value, found.missing, found.proposed) == (None, "doubtful", "4.02")
    assert "as the file writes decimals" in found.graded()[1]


def test_what_was_not_asked_is_not_skipped():
    parsed = values.parse(column(None, "", "  ", "n/a", "don't know", "prefer not to say"), "count")
    assert parsed["missing"].tolist() == [
        "not_asked", "skipped", "skipped", "not_applicable", "skipped", "refused",
    ]  # fmt: skip
    assert parsed["value"].isna().all()


def test_none_depends_on_the_type():
    read = {kind: values.parse(column("None"), kind).iloc[0] for kind in values.TYPES}
    assert [read[kind]["value"] for kind in ("count", "fte", "percent")] == [0, 0, 0]
    assert read["money"]["missing"] == "not_applicable"
    assert not read["yes_no"]["value"]
    assert [read[kind]["value"] for kind in ("text", "id", "single", "multi")] == ["None"] * 4


def test_implausible_numbers_wait_for_a_person():
    low, high = plausible("position_salary", "money")
    cells = column("1,166,680", "116,668", "65", "$0")
    parsed = values.parse(cells, "money", low=low, high=high)
    assert parsed["value"].fillna(-1).tolist() == [-1, 116_668, -1, -1]
    assert parsed["proposed"].tolist() == ["1166680", "", "65", ""]
    assert parsed["rule"].tolist()[:3] == ["grouped+implausible", "grouped", "implausible"]
    assert parsed["severity"].tolist() == ["doubt", "ok", "doubt", "doubt"]
    assert "outside 20,000 to 350,000" in parsed["advice"].iloc[0]
    devices = values.parse(column("0.5"), "count", None, *plausible("devices", "count")).iloc[0]
    assert (devices["missing"], devices["proposed"]) == ("doubtful", "")
    assert devices["rule"] == "not_whole+implausible"


def test_the_answers_list_comes_first():
    answers = pd.DataFrame({"answer": ["1.0", ""], "spelling": ["the director", "12"]})
    parsed = values.parse(column("The Director", "12", "13"), "fte", answers)
    assert parsed["value"].tolist()[0] == 1.0
    assert parsed["missing"].tolist()[1] == "not_applicable"
    assert parsed["value"].tolist()[2] == 13
    coded = pd.DataFrame({"answer": ["both", ""], "spelling": ["2", "-99"]})
    for kind, cells in (("single", ("2.0", "-99.0", "3.0")), ("multi", ("2.00", "-99", "2.5"))):
        parsed = values.parse(column(*cells), kind, coded)
        assert parsed["value"].fillna("").tolist() == ["both", "", ""]
        assert parsed["missing"].tolist()[1:] == ["not_applicable", "unreadable"]
    wrong = pd.DataFrame({"answer": ["many"], "spelling": ["lots"]})
    assert "must be a number" in values.parse(column("lots"), "fte", wrong)["advice"].iloc[0]


def test_the_vocabulary_is_closed():
    assert all(severity in SEVERITIES for severity, _ in RULES.values())
    assert all(RULES[rule][1] for rule in RULES if RULES[rule][0] in ("warn", "doubt"))
    assert {kind for kind, _ in WORDS.values()} <= set(MISSING)
    assert all(low < high for low, high in PLAUSIBLE.values())
    assert missing_word("#ref!").rule == "spreadsheet_error"  # type: ignore[union-attr]
    assert missing_word("####").rule == "spreadsheet_error"  # type: ignore[union-attr]
    assert missing_word("n/a.").missing == "not_applicable"  # type: ignore[union-attr]
    assert missing_word("") is None


def test_numbers_on_two_lines_are_two_numbers():
    """A blank parts thousands, a line break does not: 450 of one kind and 120 of another."""
    found = values.parse(pd.Series(["450\n120", "450 120", "450\n", "1 200"], dtype="str"), "count")
    assert found["rule"].tolist()[0] == "several_numbers"
    assert found["value"].isna().tolist() == [True, False, False, False]
    assert found["severity"].tolist() == ["error", "warn", "ok", "warn"]


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["0,5", "2"], ","), (["98.500,50"], ","), (["$98 000,50"], ","), (["1.234.567"], ","),
        (["0.5", "1,125"], "."), (["1,234,567"], "."), (["0,5", "1.0"], ",."),
        (["116,668", "104.250", "500", "n/a", "0,x"], ""),
    ],
)  # fmt: skip
def test_the_decimal_mark_of_a_file_is_proven_by_what_has_no_other_reading(cells, mark):
    assert values.decimal_mark([(column(*cells), "money"), (column("1:1"), "ratio")]) == mark


@pytest.mark.parametrize(
    ("kind", "text", "comma", "point", "neither"),
    [
        ("fte", "1,125", 1.125, None, None),
        ("fte", "1.125", None, 1.125, 1.125),
        ("money", "104.250", 104_250, None, None),
        ("money", "116,668", 116_668, 116_668, 116_668),
        ("count", "1,125", 1_125, 1_125, 1_125),
        ("count", "1.125", 1_125, None, None),
        ("fte", "0,5", 0.5, 0.5, 0.5),
    ],
)
def test_the_mark_of_the_file_decides_what_has_two_readings(kind, text, comma, point, neither):
    """Of money and devices nobody writes thousandths, and 1,125 people hold no one position."""
    limits = plausible("position_fte" if kind == "fte" else kind, kind)
    found = [read(text, kind, {}, *limits, mark) for mark in (",", ".", "")]
    assert [one.value for one in found] == [comma, point, neither]
    for one in found:
        assert one.missing in (None, "doubtful")
        assert not one.missing or (" or " in one.advice and one.proposed)


@given(
    st.decimals(0, 10**9, places=2, allow_nan=False),
    st.sampled_from(
        [(",", "."), (".", ","), (" ", ","), ("\u202f", ","), ("\xa0", "."), ("'", ".")]
    ),
)
def test_a_number_comes_back_in_any_style_of_a_file_that_proves_it(number, style):
    thousands, point = style
    text = f"{number:,}".translate(str.maketrans({",": thousands, ".": point}))
    cells = column(text, f"0{point}25")
    mark = values.decimal_mark([(cells, "fte")])
    assert mark == point
    read = values.parse(cells, "money", None, 0, 1e10, mark)["value"]
    assert read.iloc[0] == pytest.approx(float(number))


TABLE = pd.DataFrame(
    {
        "answer": ["staff", "students", "families", "phone", "none", "", ""],
        "spelling": [
            "Staff, all",
            "Students",
            "Families; guardians",
            "By phone (calls, texts)",
            "None",
            "n/a BYOD",
            "-",
        ],
    }
)
ANSWERS = lookup(TABLE)


def multi(raw: str, answers=ANSWERS):
    return read(raw, "multi", answers)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("Students", "students"),
        ("Staff, all;Families; guardians;", "staff|families"),
        ("By phone (calls, texts),Students", "students|phone"),
        ("STUDENTS\nstaff, ALL", "staff|students"),
    ],
)
def test_several_answers_in_one_cell(raw, value):
    assert multi(raw).value == value


def test_an_unknown_piece_refuses_the_cell_and_some_answers_mean_missing():
    found = multi("Students, the library, Staff, all")
    assert found.missing == "unreadable"
    assert "'the library'" in found.advice
    for cell in ("The library, old; Students", "Students, The library, old, Staff, all"):
        assert "'The library, old'" in multi(cell).advice
    assert "answers.csv" in found.advice
    assert multi("n/a BYOD").missing == "not_applicable"
    assert multi("prefer not to say").missing == "refused"
    assert multi(" ; ,").missing == "skipped"
    assert ANSWERS["-"] == (None, "not_applicable")


@given(
    st.lists(st.sampled_from(TABLE["spelling"][:4].tolist()), min_size=1, unique=True),
    st.sampled_from([", ", ";", "; ", ",", "\n"]),
)
def test_any_choice_joined_any_way_comes_back(chosen, glue):
    answers = dict(zip(TABLE["spelling"], TABLE["answer"], strict=True))
    expected = sorted((answers[text] for text in chosen), key=TABLE["answer"].tolist().index)
    assert multi(glue.join(chosen)).value == "|".join(expected)


@pytest.mark.parametrize(
    ("text", "value"),
    [("Yes", True), ("Y", True), ("TRUE", True), ("1", True), ("✓", True), ("no", False),
     ("0", False), ("1.0", True), ("0.0", False), ("None", False),
     ("Yes - staff only", True), ("No, not yet", False)],
)  # fmt: skip
def test_yes_and_no(text, value):
    assert read(text, "yes_no").value is value


@pytest.mark.parametrize("text", ["2", "maybe", "yes and no", "yes, but no", "Hartford"])
def test_neither_yes_nor_no(text):
    found = read(text, "yes_no")
    assert found.missing == "unreadable"
    assert text in found.advice


@pytest.mark.parametrize(
    ("text", "value", "severity"),
    [
        ("Outsourced", True, "note"),
        ("partially outsourced", True, "note"),
        ("yes", True, "ok"),
        ("In-house", False, "ok"),
        ("not outsourced", False, "ok"),
        ("no longer contracted out", False, "ok"),
        ("No vendor.", False, "ok"),
        ("contract employee", True, "note"),
    ],
)
def test_outsourced(text, value, severity):
    found = read(text, "outsourced")
    assert found.value is value
    assert found.graded()[0] == severity


@pytest.mark.parametrize(
    "text",
    [
        "Acme Inc.",
        "not in-house: vendor",
        "will be outsourced next year",
        "yes, in-house",
        "per teacher contract",
    ],
)
def test_unclear_who_does_it(text):
    assert read(text, "outsourced").missing == "unreadable"


@pytest.mark.parametrize("text", ["None;Staff", "Staff, None", "n/a; Staff"])
def test_none_beside_others_is_doubted(text):
    listed = lookup(
        pd.DataFrame({"answer": ["staff", "none", ""], "spelling": ["Staff", "None", "n/a"]})
    )
    found = multi(text, listed)
    assert (found.value, found.missing, found.proposed) == (None, "doubtful", "staff")
    assert (found.graded()[0], "none_beside" in found.rules) == ("doubt", True)
    assert multi("None", listed).graded()[0] == "ok"


def test_one_answer():
    assert read("None", "single", ANSWERS).value == "none"
    assert read("Maybe", "single", ANSWERS).rule == "unknown_answer"
    assert read(" Maybe ", "single").value == "Maybe"


def test_a_listed_truth_must_be_yes_or_no():
    listed = lookup(pd.DataFrame({"answer": ["yes", "some"], "spelling": ["always", "at times"]}))
    assert read("always", "yes_no", listed).value is True
    assert "must be yes, no or empty" in read("at times", "yes_no", listed).advice
