from decimal import Decimal

import pandas as pd
import pytest

from edtech_survey.data.figures import (
    printed_values,
    read_all,
    read_figure_table,
    read_figures,
    read_meta,
)
from edtech_survey.errors import SourceError
from edtech_survey.project import raw_dir
from edtech_survey.shape import FIGURE_COLUMNS

YAML = """\
id: toy-2024
title: A toy
publisher: Nobody
published: "2024-01-02"
wave: 2024
kind: survey report
population:
  units: districts
  size: 205
answered: 62
citation: Nobody (2024). A toy.
synthetic: false
"""
HEAD = "figure_id,wave,item,group,statistic,printed,value,unit,base,base_kind,locator,note\n"
GOOD = (
    "toy-2024.one-to-one.pk-2.share,2024,one_to_one,pk-2,share,"
    "88.70%,88.7,percent,53,derived,p. 1,\n"
)


def folder(tmp_path, rows=GOOD, yaml=YAML, name="toy-2024"):
    place = tmp_path / name
    place.mkdir()
    (place / "source.yaml").write_text(yaml, encoding="utf-8")
    (place / "figures.csv").write_text(HEAD + rows, encoding="utf-8")
    return place


def test_a_folder_becomes_figures(tmp_path):
    folder(tmp_path)
    row = read_figures(raw=tmp_path).iloc[0]
    assert (row["printed"], row["value"], row["base"]) == ("88.70%", 88.7, 53)
    assert (row["population"], row["source"], row["synthetic"]) == (205, "toy-2024", False)


def test_yaml_scalars_stay_text(tmp_path):
    meta = read_meta(folder(tmp_path, yaml=YAML + "ratio: 1:1\nid2: 0010011\n"))
    assert (meta["ratio"], meta["id2"]) == ("1:1", "0010011")


def test_every_problem_is_told_at_once_with_its_row(tmp_path):
    rows = (
        GOOD
        + "toy-2024.b,2024,one_to_one,3-5,share,97%,79,percent,58,derived,p. 1,\n"
        + "toy-2024.c,2024,one_to_one,3-5,share,97%,97,percent,many,derived,p. 1,\n"
    )
    with pytest.raises(SourceError) as error:
        read_figures(raw=folder(tmp_path, rows).parent)
    told = str(error.value)
    assert "row 3, column value: '79' does not follow from what is printed, '97%'" in told
    assert "row 4, column base: 'many' is no whole number" in told


def test_unknown_words_and_double_ids_are_refused(tmp_path):
    rows = GOOD + GOOD.replace("derived", "guessed")
    with pytest.raises(SourceError) as error:
        read_figures(raw=folder(tmp_path, rows).parent)
    told = str(error.value)
    assert "row 3, column base_kind: 'guessed'" in told
    assert "toy-2024.one-to-one.pk-2.share" in told


def test_a_missing_column_and_an_unknown_one(tmp_path):
    place = folder(tmp_path)
    text = (place / "figures.csv").read_text().replace("locator", "where")
    (place / "figures.csv").write_text(text)
    with pytest.raises(SourceError, match="'locator' is missing"):
        read_figures(raw=tmp_path)
    (place / "figures.csv").write_text(HEAD.replace("note", "note,where"))
    with pytest.raises(SourceError, match="columns where are not known"):
        read_figures(raw=tmp_path)


def test_the_folder_names_the_source(tmp_path):
    with pytest.raises(SourceError, match="not the folder's name"):
        read_figures(raw=folder(tmp_path, name="other").parent)


def test_a_new_folder_is_a_new_source(tmp_path):
    folder(tmp_path)
    folder(
        tmp_path,
        GOOD.replace("toy-2024", "toy-2026"),
        YAML.replace("toy-2024", "toy-2026"),
        "toy-2026",
    )
    assert list(read_figures(raw=tmp_path)["source"]) == ["toy-2024", "toy-2026"]
    sources = read_all(raw=tmp_path).sources
    assert list(sources["population"]) == [205, 205]
    assert list(sources["figures"]) == [1, 1]


def test_an_unknown_source_is_named_with_those_there_are(tmp_path):
    folder(tmp_path)
    with pytest.raises(SourceError, match=r"no source ct-1999.*there are toy-2024"):
        read_figures(["ct-1999"], raw=tmp_path)


def test_items_and_groups_that_the_codebook_does_not_know_are_refused(tmp_path):
    (tmp_path / "codebook").symlink_to(raw_dir() / "codebook")
    rows = (
        GOOD
        + GOOD.replace("pk-2", "pk-3")
        + GOOD.replace("one-to", "b").replace("one_to_one", "drones")
    )
    folder(tmp_path, rows)
    with pytest.raises(SourceError) as error:
        read_figures(raw=tmp_path)
    told = str(error.value)
    assert "row 3, column group: 'pk-3' is no group of one_to_one" in told
    assert (
        "row 4, column item: 'drones' is none of the codebook -> add it to codebook/items" in told
    )


def test_one_id_in_two_sources_is_refused(tmp_path):
    folder(tmp_path)
    folder(tmp_path, GOOD, YAML.replace("toy-2024", "toy-2026"), "toy-2026")
    with pytest.raises(SourceError, match="is another source's, too"):
        read_figures(raw=tmp_path)


FEWEST = "figure_id,item,group,statistic,printed,value,unit,base\n"


def write(tmp_path, text, name="theirs.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_of_the_fewest_columns_becomes_figures(tmp_path):
    told = read_figure_table(write(tmp_path, f"{FEWEST}a,worry,,share,61%,,percent,30\n"))
    assert tuple(told.columns) == FIGURE_COLUMNS
    row = told.iloc[0]
    assert (row["value"], row["base"], row["group"], row["source"]) == (61, 30, "all", "theirs")
    assert pd.isna(row["wave"])
    assert told["value"].dtype == pd.Float64Dtype()


def test_further_columns_are_left_out_and_known_ones_read(tmp_path):
    text = (
        FEWEST.replace("\n", ",wave,synthetic,colour\n") + "a,x,g,mean,1.5,1.5,fte,,2024,true,red\n"
    )
    told = read_figure_table(write(tmp_path, text, "them.csv"))
    assert (told["wave"][0], told["synthetic"][0], told["source"][0]) == (2024, True, "them")
    assert "colour" not in told.columns


def test_a_file_called_figures_is_named_after_its_folder(tmp_path):
    told = read_figure_table(write(tmp_path, f"{FEWEST}a,x,g,mean,1.5,,fte,\n", "figures.csv"))
    assert told["source"][0] == tmp_path.name


def test_every_problem_of_a_table_is_told(tmp_path):
    rows = (
        "a,x,g,share,61%,16,percent,30\na,x,g,share,61%,,percent,some\n,x,g,share,1%,,percent,3\n"
    )
    with pytest.raises(SourceError) as error:
        read_figure_table(write(tmp_path, FEWEST + rows))
    told = str(error.value)
    assert "row 2, column value: '16' does not follow" in told
    assert "row 3, column base: 'some' is no whole number" in told
    assert "row 3, column figure_id: 'a' stands twice" in told
    assert "row 4, column figure_id: is empty" in told


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("42.90%", "42.90"),
        ("1 : 1,008", "1008"),
        ("1:300", "300"),
        ("$116,668", "116668"),
        ("$40K", "40000"),
        ("over 2,500", "2500"),
        ("<900", "900"),
        ("four out of five", "80"),
        ("one", "1"),
        ("1/2", "0.5"),
        ("1 1/2 FTE", "1.5"),
        ("-4,249", "-4249"),
        ("229.594", "229.594"),
        ("$43.5 million", "43500000"),
    ],
)
def test_forms_that_publications_use(printed, value):
    assert Decimal(value) in printed_values(printed)


def test_a_range_names_both_bounds():
    assert printed_values("25-30k") == (25000, 30000)
    assert {6, 7} <= set(printed_values("6-7"))


def test_text_without_a_number_has_no_value():
    assert printed_values("Chief Technology Officer") == ()


@pytest.mark.parametrize("form", ["{:,}", "${:,}", "{:,}%", "1 : {:,}"])
@pytest.mark.parametrize("number", [0, 7, 1000, 281925, 10**9])
def test_formatted_whole_numbers_come_back(number, form):
    assert Decimal(number) in printed_values(form.format(number))


@pytest.mark.parametrize(
    "text", ["", "-", "1/0", "1:", ":1", ",", ".", "٣", "½", "1" * 60, "$k", "a of a"]
)
def test_no_text_crashes(text):
    assert isinstance(printed_values(text), tuple)
