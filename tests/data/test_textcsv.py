"""The project's own tables are read as text; what a spreadsheet made of them is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from edtech_survey.data.textfiles import read_text_csv
from edtech_survey.errors import WaveError

TABLE = 'column,item,note\nQ1,devices,\nQ2,,"a, b"\n'


def test_cells_are_text_and_blanks_are_empty(tmp_path: Path) -> None:
    file = tmp_path / "questions.csv"
    file.write_text("\ufeff" + TABLE.replace("\n", "\r\n"), encoding="utf-8")
    table = read_text_csv(file, ("column", "item"), WaveError)
    assert table.to_numpy().tolist() == [["Q1", "devices", ""], ["Q2", "", "a, b"]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (TABLE.replace(",", ";").encode(), "parted by semicolons or tabs: save it again"),
        (TABLE.replace(",", "\t").encode(), "parted by semicolons or tabs"),
        (TABLE.replace("Q2", "Caf\u00e9").encode("cp1252"), 'save it again as "CSV UTF-8"'),
        (TABLE.encode("utf-16"), 'save it again as "CSV UTF-8"'),
        (b"column,item,item\nQ1,a,b\n", "'item' stands twice"),
        (b"column\nQ1\n", "'item' is missing"),
        (TABLE.encode() + b"Q3,x\n", "row 4: has 2 cells, the header 3"),
    ],
)
def test_what_a_spreadsheet_made_of_it_is_said(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "questions.csv"
    file.write_bytes(content)
    with pytest.raises(WaveError) as caught:
        read_text_csv(file, ("column", "item"), WaveError)
    assert words in str(caught.value)


def test_what_is_no_file_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    for path, words in ((tmp_path, "cannot be opened"), (tmp_path / "loop.csv", "cannot be opened"),
                        (tmp_path / "none.csv", "is missing")):  # fmt: skip
        with pytest.raises(WaveError, match=words):
            read_text_csv(path, ("column",), WaveError)
