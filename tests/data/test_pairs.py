import pandas as pd
import pytest

from edtech_survey.data.figures import (
    PAIR_COLUMNS,
    SERIES_COLUMNS,
    read_figures,
    read_pairs,
    read_series,
)
from edtech_survey.errors import SourceError
from edtech_survey.shape import figures

PAIR = "p1,one_to_one,one_to_one,pk-2,share,2024,printed,us.a,printed,,,B,another year"
SERIES = ("s,cyber,Posts,us.a,printed,,,,", "s,cyber,Posts,us.b,printed,501,,A,same question")


def made():
    rows = [
        ("ct.a", 2024, "one_to_one", "pk-2", None),
        ("us.a", 2018, "post", "all", None),
        ("us.b", 2020, "post", "all", None),
        ("us.c", 2020, "post", "all", "in words; repeat of us.b"),
    ]
    return figures(
        {"figure_id": name, "source": name[:2], "wave": wave, "item": item, "group": group,
         "statistic": "share", "note": note}
        for name, wave, item, group, note in rows
    )  # fmt: skip


def pairs(tmp_path, *rows):
    return _read(tmp_path, read_pairs, "pairs.csv", PAIR_COLUMNS, rows)


def series(tmp_path, *rows):
    return _read(tmp_path, read_series, "series.csv", SERIES_COLUMNS, rows)


def _read(tmp_path, read, name, columns, rows):
    (tmp_path / "codebook").mkdir(exist_ok=True)
    text = "\n".join([",".join(columns), *rows]) + "\n"
    (tmp_path / "codebook" / name).write_text(text, encoding="utf-8")
    return read(raw=tmp_path, figures=made())


def test_a_pair_is_read_with_its_types(tmp_path):
    table = pairs(tmp_path, PAIR, "p2,title,,,,,,us.b,printed,250,weighted,C,not asked")
    assert list(table.columns) == list(PAIR_COLUMNS)
    assert table["wave"].tolist() == [2024, pd.NA]
    assert table["base_at_least"].tolist() == [pd.NA, 250]
    assert table["item"].isna().tolist() == [False, True]
    assert table.loc[1, "design"] == "weighted"


def test_every_problem_of_the_pairs_is_told_with_its_row(tmp_path):
    with pytest.raises(SourceError) as error:
        pairs(
            tmp_path,
            PAIR,
            PAIR,
            PAIR.replace("p1", "p3").replace(",B,", ",D,"),
            PAIR.replace("p1", "p4").replace("us.a", "us.c"),
            PAIR.replace("p1", "p5").replace("us.a", "us.z"),
            PAIR.replace("p1", "p6").replace("pk-2", "pk-3"),
            PAIR.replace("p1", "p7").replace("another year", ""),
            PAIR.replace("p1", "p8").replace("2024,printed", "2024,doubled"),
            PAIR.replace("p1", "p9").replace(",,,B", ",many,guess,B"),
            "p10,title,,,,,,us.b,printed,,,B,not asked",
        )
    told = str(error.value)
    for text in (
        "row 3, column pair_id: 'p1' is empty or stands twice",
        "row 4, column comparability: 'D' -> one of A, B, C",
        "row 5, column figure_id: 'us.c' is a second printing -> name the first",
        "row 6, column figure_id: 'us.z' is no figure",
        "row 7, column item: no figure is one_to_one pk-3 share 2024",
        "row 8, column reason: is empty",
        "row 9, column take: 'doubled'",
        "row 10, column base_at_least: 'many' is no whole number",
        "row 10, column design: 'guess' -> one of weighted, census",
        "row 11, column comparability: 'B' without an item of the state",
    ):
        assert text in told
    assert "10 problems" in told


def test_a_series_is_read_with_its_types(tmp_path):
    table = series(tmp_path, *SERIES)
    assert list(table.columns) == list(SERIES_COLUMNS)
    assert table["base_at_least"].tolist() == [pd.NA, 501]
    assert table["comparability"].isna().tolist() == [True, False]


def test_every_problem_of_the_series_is_told_with_its_row(tmp_path):
    with pytest.raises(SourceError) as error:
        series(
            tmp_path,
            "back,cyber,Posts,us.b,printed,,,,",
            "back,cyber,Posts,us.a,printed,,,A,same",
            "alone,cyber,Posts,us.a,printed,,,,",
            "bare,cyber,Posts,us.a,printed,,,,",
            "bare,cyber,Posts,us.b,printed,,,,",
            "back,cyber,Posts,ct.a,printed,,,,",
        )
    told = str(error.value)
    for text in (
        "row 3, column figure_id: 'us.a' is earlier than the row before it",
        "row 4, column series: 'alone' has one figure",
        "row 6, column comparability: '' -> one of A, B, C",
        "row 6, column reason: is empty",
        "row 7, column series: 'back' its rows stand apart",
    ):
        assert text in told


def test_the_projects_own_tables_can_be_read():
    known = read_figures()
    table, lines = read_pairs(figures=known), read_series(figures=known)
    covered = {
        "one_to_one", "leader_title", "reporting_line", "responsibilities", "staff_size",
        "support_ratio", "salary", "budget_outlook", "cyber_security", "staffing_shortage",
        "sustaining_one_to_one",
    }  # fmt: skip
    assert covered <= set(table["topic"])
    assert set(table["comparability"]) <= {"A", "B", "C"}
    # 2013 asks which title describes the leader, 2014 whether the title is used.
    title = lines[lines["series"] == "cosn-title-cto-cio"]
    assert title["comparability"].tolist()[1:] == ["C"]
