import pandas as pd
import pytest

from edtech_survey.data import files
from edtech_survey.data.files import csv_bytes, write_bytes


def test_no_cell_starts_a_formula():
    nasty = ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\tx", "\rx", "fine", None]
    text = csv_bytes(pd.DataFrame({"text": nasty})).decode()
    cells = pd.read_csv(__import__("io").StringIO(text))["text"].dropna()
    assert not cells[~cells.str.startswith("'")].str.match(r"[=@+\-\t\r]").any()


def test_numbers_printed_as_text_stay_numbers():
    assert csv_bytes(pd.DataFrame({"printed": ["-4,249", "+7%", "-102"]})).decode().count("'") == 0


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    path = write_bytes(tmp_path / "page.html", b"old")
    monkeypatch.setattr(files.os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
