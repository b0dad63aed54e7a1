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
from edtech_survey.places import raw_dir
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


def refused(tmp_path, read=lambda raw: read_figures(raw=raw)):
    with pytest.raises(SourceError) as error:
        read(tmp_path)
    return str(error.value)


def test_a_new_folder_is_a_new_source(tmp_path):
    meta = read_meta(folder(tmp_path, yaml=YAML + "mode: 1:1\nurl: 0010011\n"))
    assert (meta["mode"], meta["url"]) == ("1:1", "0010011")  # scalars stay text
    new = "toy-2026"
    folder(tmp_path, GOOD.replace("toy-2024", new), YAML.replace("toy-2024", new), new)
    found = read_all(raw=tmp_path)
    row = found.figures.iloc[0]
    assert (row["printed"], row["value"], row["base"]) == ("88.70%", 88.7, 53)
    assert (row["population"], row["source"], row["synthetic"]) == (205, "toy-2024", False)
    assert list(found.figures["source"]) == ["toy-2024", "toy-2026"]
    assert list(found.sources["population"]) == [205, 205]
    assert list(found.sources["figures"]) == [1, 1]


def test_every_problem_is_told_at_once_with_its_row(tmp_path):
    rows = (
        GOOD
        + "toy-2024.b,2024,one_to_one,3-5,share,97%,79,percent,58,derived,p. 1,\n"
        + "toy-2024.c,2024,one_to_one,3-5,share,97%,97,percent,many,derived,p. 1,\n"
        + GOOD.replace("derived", "guessed")
        + GOOD.replace("pk-2", "pk-3")
        + GOOD.replace("one-to", "b").replace("one_to_one", "drones")
    )
    (tmp_path / "codebook").symlink_to(raw_dir() / "codebook")
    folder(tmp_path, rows)
    told = refused(tmp_path)
    for text in (
        "row 3, column value: '79' does not follow from what is printed, '97%'",
        "row 4, column base: 'many' is no whole number",
        "row 5, column base_kind: 'guessed' is not one of published",
        "row 5, column figure_id: 'toy-2024.one-to-one.pk-2.share' stands twice",
        "row 6, column group: 'pk-3' is no group of one_to_one",
        "row 7, column item: 'drones' is none of the codebook -> add it to codebook/items",
    ):
        assert text in told


def test_a_missing_column_an_unknown_one_and_a_wrong_id(tmp_path):
    place = folder(tmp_path)
    text = (place / "figures.csv").read_text().replace("locator", "where")
    (place / "figures.csv").write_text(text)
    assert "'locator' is missing" in refused(tmp_path)
    (place / "figures.csv").write_text(HEAD.replace("note", "note,where"))
    assert "columns where are not known" in refused(tmp_path)
    folder(tmp_path, name="other")
    assert "id: 'toy-2024' is not the folder's name" in refused(tmp_path)


def test_an_unknown_source_is_named_with_those_there_are(tmp_path):
    folder(tmp_path)
    with pytest.raises(SourceError, match=r"no source ct-1999.*there are toy-2024"):
        read_figures(["ct-1999"], raw=tmp_path)


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
    head = FEWEST.replace("\n", ",wave,synthetic,colour\n")
    told = read_figure_table(write(tmp_path, f"{head}a,x,g,mean,1.5,,fte,,2024,true,red\n"))
    assert (told["wave"][0], told["synthetic"][0], told["value"][0]) == (2024, True, 1.5)
    told = read_figure_table(write(tmp_path, f"{FEWEST}a,x,g,share,one in three,,percent,\n"))
    assert told["value"][0] == pytest.approx(100 / 3)  # which no decimal number is exactly
    told = read_figure_table(write(tmp_path, f"{FEWEST}a,x,g,mean,1.5,,fte,\n", "figures.csv"))
    assert told["source"][0] == tmp_path.name


def test_every_problem_of_a_table_is_told(tmp_path):
    rows = (
        "a,x,g,share,61%,16,percent,30\na,x,g,share,61%,,percent,some\n,x,g,share,1%,,percent,3\n"
    )
    told = refused(write(tmp_path, FEWEST + rows), read_figure_table)
    assert "row 2, column value: '16' does not follow" in told
    assert "row 3, column base: 'some' is no whole number" in told
    assert "row 3, column figure_id: 'a' stands twice" in told
    assert "row 4, column figure_id: is empty" in told


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("42.90%", "42.90"),
        ("1 : 1,008", "1008"),
        ("$116,668", "116668"),
        ("$40K", "40000"),
        ("<900", "900"),
        ("four out of five", "80"),
        ("1 1/2 FTE", "1.5"),
        ("-4,249", "-4249"),
        ("$43.5 million", "43500000"),
    ],
)
def test_forms_that_publications_use(printed, value):
    assert Decimal(value) in printed_values(printed)


def test_a_range_names_both_bounds_and_text_without_a_number_none():
    assert printed_values("25-30k") == (25000, 30000)
    assert {6, 7} <= set(printed_values("6-7"))
    assert printed_values("Chief Technology Officer") == ()


@pytest.mark.parametrize(
    "text", ["", "-", "1/0", "1:", ":1", ",", ".", "٣", "½", "1" * 60, "$k", "a of a"]
)
def test_no_text_crashes(text):
    assert isinstance(printed_values(text), tuple)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("answered: 62", "incompelte: keep",
         "'incompelte' is not known -> did you mean 'incomplete'?"),
        ("  size: 205", "  sise: 205",
         "'population: sise' is not known -> did you mean 'population: size'?"),
        ("population:\n  units: districts\n  size: 205", "population: 205",
         "key population: '205' does not fit. Its units, size and note stand below it"),
        ("size: 205", "size: some 205",
         "key population: size: 'some 205' does not fit. How many there are: a whole"),
        ("answered: 62", "answered: 6.2e1",
         "key answered: '6.2e1' does not fit. How many answered: a whole number"),
        ("citation: Nobody (2024). A toy.", "citation: {a: b}", "key 'citation' is no text"),
        ("answered: 62", "answered: 62\nanswered: 61", "key 'answered' stands twice"),
        ("  size: 205", "  size: 205\n  size: 200", "key 'size' stands twice"),
    ],
)  # fmt: skip
def test_what_source_yaml_cannot_say_is_refused_with_its_key(tmp_path, old, new, told):
    folder(tmp_path, yaml=YAML.replace(old, new))
    assert told in refused(tmp_path)
