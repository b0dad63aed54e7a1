"""The delimiter is the one that gives the most rows one width."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data.textfiles import CANDIDATES, detect, told_by_file


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b,c\n1,2,3\n", ","),
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";"),
        ("Which, of these?;How many?\nA, B;3\nC;4\n", ";"),
        ("a\tb, or c\n1\t2\n", "\t"),
        ("a|b|c\n1|2|3\n", "|"),
        ('q1,q2\n"a;b;c",1\n"a;b;c",2\n', ","),
        ('a,"b\n;;;;\n;;;;"\n1,2\n', ","),
        ("only one column\nhello\n", ","),
        ("A title line\n\na;b;c\n1;2;3\n4;5;6\n", ";"),
        ("sep=|\na|b,c,d\n", "|"),
    ],
)
def test_found(text: str, delimiter: str) -> None:
    assert detect(text.encode()) == delimiter


def test_a_file_may_say_it_itself() -> None:
    assert told_by_file(b"sep=;\r\na;b") == ";"
    assert told_by_file(b"separate,b") == ""


@given(
    st.sampled_from(CANDIDATES),
    st.integers(2, 6),
    st.lists(st.text("abc xyz", min_size=1), min_size=12, max_size=30),
)
def test_clean_files_are_always_parted_right(delimiter: str, width: int, words: list[str]) -> None:
    rows = [words[i : i + width] for i in range(0, len(words) - width + 1, width)]
    text = "\n".join(delimiter.join(row) for row in rows)
    assert detect(text.encode()) == delimiter
