import pandas as pd
import pytest

from edtech_survey.data.figures import read_relation_file, read_relations
from edtech_survey.errors import SourceError
from edtech_survey.shape import figures as as_figures

HEAD = "relation_id,kind,result,parts,over,base,force,note\n"
FIGURES = as_figures(
    [
        {"figure_id": "toy.all", "source": "toy", "item": "answered", "group": "all",
         "statistic": "count"},
        *(
            {"figure_id": f"toy.share.{group}", "source": "toy", "item": "sharing",
             "group": group, "statistic": "share"}
            for group in ("none", "some", "all")
        ),
        {"figure_id": "toy.share.none.p2", "source": "toy", "item": "sharing", "group": "none",
         "statistic": "share", "note": "x; repeat of toy.share.none"},
        {"figure_id": "other.all", "source": "other", "item": "sharing", "group": "all",
         "statistic": "share"},
    ]
)  # fmt: skip


def read(tmp_path, *rows, figures=FIGURES):
    path = tmp_path / "toy" / "relations.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return read_relation_file(path, figures, "toy")


def test_a_selector_finds_the_figures_of_its_source_that_repeat_no_other(tmp_path):
    told = read(tmp_path, "toy.a,parts,,item=sharing&statistic=share,,62,must,a note")
    assert list(told.columns) == [
        "source", "relation_id", "kind", "result", "parts", "over", "base", "force", "note",
    ]  # fmt: skip
    row = told.iloc[0]
    assert row["parts"] == "toy.share.none;toy.share.some;toy.share.all"
    assert (row["source"], row["base"], row["note"]) == ("toy", 62, "a note")
    assert pd.isna(row["result"])
    assert told["base"].dtype == pd.Int64Dtype()


def test_patterns_ids_and_other_sources(tmp_path):
    told = read(tmp_path, "toy.a,sum,toy.all,item=sharing&group=s*;other.all,,,should,")
    assert told["parts"][0] == "toy.share.some;other.all"


def test_every_problem_of_a_file_is_told_with_its_row_and_column(tmp_path):
    with pytest.raises(SourceError) as error:
        read(
            tmp_path,
            "toy.a,sums,toy.all,toy.all;toy.gone,,,must,",
            "Toy B,parts,,item=nothing,,many,perhaps,",
            "toy.c,quotient,toy.all,toy.all,,,must,",
            "toy.d,sum,,toy.all;other.all,other.all,5,must,",
            "toy.d,one_unit,toy.all,toy.all;other.all,,,must,",
            "toy.e,parts,,colour=red,,,must,",
        )
    told = str(error.value)
    for what in (
        "row 2, column kind: 'sums' is no kind of relation",
        "row 2, column parts: 'toy.gone' is no figure",
        "row 3, column relation_id: 'Toy B' is not a slug",
        "row 3, column parts: 'item=nothing' is no figure",
        "row 3, column parts: 1 figures, but parts needs 2",
        "row 3, column base: 'many' is not a whole number",
        "row 3, column force: 'perhaps' is no force",
        "row 4, column over: quotient needs a divisor",
        "row 5, column result: is empty, but sum needs it",
        "row 5, column over: is not used by sum",
        "row 5, column base: is not used by sum",
        "row 6, column parts: 2 figures, but one_unit takes one",
        "relation_id 'toy.d' occurs twice",
        "row 7, column parts: 'colour=red' is no figure",
    ):
        assert what in told


def test_a_missing_column(tmp_path):
    path = tmp_path / "relations.csv"
    path.write_text("relation_id,kind\n", encoding="utf-8")
    with pytest.raises(SourceError, match="'force' is missing"):
        read_relation_file(path, FIGURES, "toy")


def test_all_folders_and_the_problems_of_all(tmp_path):
    for name, row in (("toy", "x.a,parts,,gone;toy.all,,,must,"), ("other", "x.a,sum,,,,,must,")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "relations.csv").write_text(f"{HEAD}{row}\n", encoding="utf-8")
    with pytest.raises(SourceError) as error:
        read_relations(raw=tmp_path, figures=FIGURES)
    told = str(error.value)
    assert "toy/relations.csv, row 2" in told
    assert "other/relations.csv, row 2" in told


def test_an_id_in_two_folders(tmp_path):
    for name in ("toy", "other"):
        (tmp_path / name).mkdir()
        text = f"{HEAD}x.a,order,,toy.all;other.all,,,must,\n"
        (tmp_path / name / "relations.csv").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=r"'x\.a' occurs in two folders"):
        read_relations(raw=tmp_path, figures=FIGURES)
    assert list(read_relations(["toy"], raw=tmp_path, figures=FIGURES)["source"]) == ["toy"]


def test_no_relations_is_an_empty_table(tmp_path):
    told = read_relations(raw=tmp_path, figures=FIGURES)
    assert told.empty
    assert "relation_id" in told.columns
