import pandas as pd
import pytest

from edtech_survey.data.figures import read_figures, read_source, read_sources
from edtech_survey.errors import SourceError

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
    source = read_source(folder(tmp_path))
    row = source.figures.iloc[0]
    assert (row["printed"], row["value"], row["base"]) == ("88.70%", 88.7, 53)
    assert (row["population"], row["source"], row["synthetic"]) == (205, "toy-2024", False)


def test_yaml_scalars_stay_text(tmp_path):
    source = read_source(folder(tmp_path, yaml=YAML + "ratio: 1:1\nid2: 0010011\n"))
    assert source.meta["ratio"] == "1:1"
    assert source.meta["id2"] == "0010011"


def test_every_problem_is_told_at_once_with_its_row(tmp_path):
    rows = (
        GOOD
        + "toy-2024.b,2024,one_to_one,3-5,share,97%,79,percent,58,derived,p. 1,\n"
        + "toy-2024.c,2024,one_to_one,3-5,share,97%,97,percent,many,derived,p. 1,\n"
    )
    with pytest.raises(SourceError) as error:
        read_source(folder(tmp_path, rows))
    told = str(error.value)
    assert "row 3, column value: '79' does not follow from what is printed, '97%'" in told
    assert "row 4, column base: 'many' is not a number" in told


def test_unknown_words_and_double_ids_are_refused(tmp_path):
    rows = GOOD + GOOD.replace("derived", "guessed")
    with pytest.raises(SourceError) as error:
        read_source(folder(tmp_path, rows))
    told = str(error.value)
    assert "row 3, column base_kind: 'guessed'" in told
    assert "toy-2024.one-to-one.pk-2.share" in told


def test_a_missing_column_and_an_unknown_one(tmp_path):
    place = folder(tmp_path)
    text = (place / "figures.csv").read_text().replace("locator", "where")
    (place / "figures.csv").write_text(text)
    with pytest.raises(SourceError, match="'locator' is missing") as error:
        read_source(place)
    assert "'where' is not known" in str(error.value)


def test_the_folder_names_the_source(tmp_path):
    with pytest.raises(SourceError, match="not the folder's name"):
        read_source(folder(tmp_path, name="other"))


def test_a_new_folder_is_a_new_source(tmp_path):
    folder(tmp_path)
    folder(
        tmp_path,
        GOOD.replace("toy-2024", "toy-2026"),
        YAML.replace("toy-2024", "toy-2026"),
        "toy-2026",
    )
    assert list(read_figures(raw=tmp_path)["source"]) == ["toy-2024", "toy-2026"]
    sources = read_sources(raw=tmp_path)
    assert list(sources["population"]) == [205, 205]
    assert list(sources["figures"]) == [1, 1]


def test_an_unknown_source_is_named_with_those_there_are(tmp_path):
    folder(tmp_path)
    with pytest.raises(SourceError, match=r"no source ct-1999.*there are toy-2024"):
        read_figures(["ct-1999"], raw=tmp_path)


def test_nullable_types_throughout(tmp_path):
    figures = read_figures(raw=(folder(tmp_path).parent))
    assert figures.dtypes["wave"] == pd.Int64Dtype()
    assert figures.dtypes["value"] == pd.Float64Dtype()
