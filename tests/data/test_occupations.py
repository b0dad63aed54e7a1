import pandas as pd
import pytest

from edtech_survey.data.codebook import read_codebook
from edtech_survey.data.occupations import read_occupations
from edtech_survey.data.sources import read_figures
from edtech_survey.errors import SourceError
from edtech_survey.shape import figures

POSITIONS = pd.DataFrame({"position": ["technician_1", "network_engineer"]})
WAGES = figures([{"item": "occupation_wage", "group": "user-support|schools"}])


def read(tmp_path, rows):
    (tmp_path / "codebook").mkdir()
    text = "position,occupation,comparability,reason\n" + rows
    (tmp_path / "codebook" / "occupations.csv").write_text(text, encoding="utf-8")
    return read_occupations(POSITIONS, WAGES, raw=tmp_path)


def test_a_mapping_is_read(tmp_path):
    table = read(tmp_path, "technician_1,user-support,B,near enough\n")
    assert table.iloc[0].tolist() == ["technician_1", "user-support", "B", "near enough"]


def test_every_problem_is_told_with_its_row(tmp_path):
    rows = (
        "technician_1,user-support,B,near enough\n"
        "technician_1,nobody,D,\n"
        "plumber,user-support,C,another job\n"
    )
    with pytest.raises(SourceError) as error:
        read(tmp_path, rows)
    told = str(error.value)
    for text in (
        "row 3, column position: 'technician_1' stands twice",
        "row 3, column occupation: 'nobody' has no published wage",
        "row 3, column comparability: 'D' is not A, B or C",
        "row 3, column reason",
        "row 4, column position: 'plumber' is no position",
    ):
        assert text in told


def test_the_projects_own_mapping_covers_the_technicians():
    table = read_occupations(read_codebook().positions, read_figures(["wages"]))
    technicians = table[table["position"].str.startswith("technician_")]
    assert len(technicians) == 3
    assert set(technicians["occupation"]) == {"computer-user-support"}
