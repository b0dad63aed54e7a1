import hashlib
import json

import pandas as pd
import pyreadstat
import pytest

from edtech_survey.data.schemas import write_package
from edtech_survey.errors import SurveyError
from edtech_survey.shape import figures

ROW = {
    "figure_id": "toy.a.all.count", "source": "toy", "wave": 2024, "item": "a", "group": "all",
    "statistic": "count", "printed": "0,5", "value": 5, "unit": "districts", "base": 9,
    "base_kind": "published", "locator": "p. 1", "synthetic": False,
}  # fmt: skip


def written(tmp_path):
    table = figures([ROW, ROW | {"figure_id": "toy.b.all.count", "base": pd.NA}])
    write_package({"figures": table}, tmp_path, title="Toy")
    return table, json.loads((tmp_path / "datapackage.json").read_text())


def test_the_descriptor_describes_the_files(tmp_path):
    table, package = written(tmp_path)
    parquet = pd.read_parquet(tmp_path / "figures.parquet")
    pd.testing.assert_frame_equal(parquet, table, check_dtype=False)
    resource = package["resources"][0]
    content = (tmp_path / "figures.csv").read_bytes()
    assert resource["bytes"] == len(content)
    assert resource["hash"] == "sha256:" + hashlib.sha256(content).hexdigest()
    fields = {field["name"]: field for field in resource["schema"]["fields"]}
    assert list(fields) == content.decode().splitlines()[0].split(",")
    assert fields["base"]["type"] == "integer"
    assert fields["figure_id"]["constraints"] == {"required": True, "unique": True}
    assert resource["schema"]["primaryKey"] == ["figure_id"]


def test_the_same_tables_give_the_same_bytes(tmp_path):
    written(tmp_path / "one")
    written(tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_frame_that_breaks_its_schema_is_not_written(tmp_path):
    bad = pd.DataFrame({"wave": [2024], "district_id": ["x"], "band": ["pk-2"], "ratio": ["1:7"]})
    bad = bad.astype({"wave": "Int64"})
    with pytest.raises(SurveyError, match="1:7"):
        write_package({"bands": bad}, tmp_path, title="Toy")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("form", "read"), [("stata", "dta"), ("spss", "sav")])
def test_programs_of_statistics_read_values_labels_and_what_is_missing(tmp_path, form, read):
    bands = pd.DataFrame(
        {"wave": [2024, 2024, 2024], "district_id": ["a", "a", "b"],
         "band": ["pk-2", "9-12", "pk-2"], "ratio": ["1:1", ">4:1", None]}
    ).astype({"wave": "Int64", "district_id": "str", "band": "str", "ratio": "str"})  # fmt: skip
    names = {"1:1": "One student to a device", "pk-2": "Early"}
    write_package(
        {"bands": bands}, tmp_path, title="Toy", form=form,
        label=lambda _, code: names.get(code, f"<{code}>"),
    )  # fmt: skip
    path = str(tmp_path / f"bands.{read}")
    told, about = getattr(pyreadstat, f"read_{read}")(path, apply_value_formats=True)
    assert told["ratio"].astype("object").tolist()[:2] == ["One student to a device", "<>4:1>"]
    assert told["ratio"].isna().tolist() == [False, False, True]
    assert told["band"].tolist() == ["Early", "<9-12>", "Early"]
    assert told["wave"].tolist() == [2024, 2024, 2024]
    assert about.column_names_to_labels["ratio"] == "Students to one device."
    fields = json.loads((tmp_path / "datapackage.json").read_text())["resources"][0]["schema"]
    ratio = {field["name"]: field for field in fields["fields"]}["ratio"]
    assert ratio["categories"][0] == {"value": "1:1", "label": "One student to a device"}
    assert ratio["constraints"]["enum"] == [one["value"] for one in ratio["categories"]]
