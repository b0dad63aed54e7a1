import pytest

from edtech_survey import paths
from edtech_survey.errors import SetupError


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv(paths.HOME_VARIABLE, raising=False)
    (tmp_path / "data" / "raw").mkdir(parents=True)
    (tmp_path / "notebooks" / "deep").mkdir(parents=True)
    return tmp_path


def test_the_nearest_parent_with_data_raw_is_the_project(project, monkeypatch):
    monkeypatch.chdir(project / "notebooks" / "deep")
    assert paths.project_root() == project
    assert paths.reports_dir() == project / "reports"


def test_the_environment_wins(project, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv(paths.HOME_VARIABLE, str(project))
    assert paths.raw_dir() == project / "data" / "raw"


def test_a_home_without_data_is_refused_with_its_name(tmp_path, monkeypatch):
    monkeypatch.setenv(paths.HOME_VARIABLE, str(tmp_path))
    with pytest.raises(SetupError, match=r"has no data/raw"):
        paths.project_root()


def test_a_wheel_reads_its_own_copy_and_writes_beside_the_user(project, monkeypatch, tmp_path):
    away = tmp_path / "away"
    away.mkdir()
    monkeypatch.chdir(away)
    monkeypatch.setattr(paths, "_PACKAGED", project)
    (project / "data" / "raw").rename(project / "data" / "raw2")
    with pytest.raises(SetupError, match="no data/raw"):
        paths.project_root()
    (project / "data" / "raw2").rename(project / "data" / "raw")
    assert paths.project_root() == project
