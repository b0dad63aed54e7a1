import hashlib
import json

import pandas as pd
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
