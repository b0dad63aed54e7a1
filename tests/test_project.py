import shutil
from pathlib import Path

import pytest

import edtech_survey as es
from edtech_survey import project as home
from edtech_survey.errors import SetupError
from edtech_survey.project import latest_date

RAW = Path(__file__).parents[1] / "data" / "raw"
KEYS = ["wave", "item", "group", "statistic"]


@pytest.fixture(scope="module")
def published():
    return es.evidence("published", raw=RAW)


@pytest.fixture(scope="module")
def sample():
    return es.evidence("sample", raw=RAW, preset=None)


def test_the_state_and_the_rest_are_kept_apart(published):
    assert published.waves == [2017, 2020, 2021, 2024]
    assert set(published.own["source"]) == {"ct-2017", "ct-2020", "ct-2021", "ct-2024"}
    assert "cosn-2013" in set(published.elsewhere["source"])
    assert not published.synthetic


def test_a_number_printed_twice_counts_once(published):
    assert not published.figures["note"].fillna("").str.startswith("repeat of").any()


def test_the_sample_reproduces_every_published_number_it_can(published, sample):
    of_survey = published.own[
        ~published.own["item"].isin(["respondent_listed", "comment_figure", "counties"])
        & ~published.own["unit"].eq("comments")
        & ~(published.own["item"].eq("students") & published.own["statistic"].eq("share"))
    ]
    both = of_survey.merge(sample.own, on=KEYS, how="left", suffixes=("", "_sample"))
    different = both[both["printed"] != both["printed_sample"]]
    assert different[[*KEYS, "printed", "printed_sample"]].empty
    assert len(both) > 140
    assert sample.synthetic


def test_small_bases_made_from_responses_are_withheld_by_default():
    guarded = es.evidence("sample", raw=RAW)
    pay = guarded.own[guarded.own["item"].eq("position_salary") & guarded.own["wave"].eq(2024)]
    assert pay["base"].min() >= 5
    assert "cyber_security" not in set(pay["group"])


def test_waves_can_be_chosen_and_a_missing_one_is_named(published):
    assert es.evidence("published", waves=[2020, 2024], raw=RAW).waves == [2020, 2024]
    with pytest.raises(
        SetupError, match=r"2019 is not there -> there are \[2017, 2020, 2021, 2024\]"
    ):
        es.evidence("published", waves=2019, raw=RAW)


def test_unknown_evidence_and_missing_responses_are_refused():
    with pytest.raises(SetupError, match="choose published, responses, sample"):
        es.evidence("real", raw=RAW)
    with pytest.raises(SetupError, match="new-wave"):
        es.evidence("responses", raw=RAW)


def test_the_date_is_that_of_the_inputs():
    assert latest_date(RAW) == "2024-11-26"


def test_a_new_wave_of_the_states_own_joins_the_published_ones(tmp_path, published):
    raw = tmp_path / "raw"
    shutil.copytree(RAW, raw, ignore=shutil.ignore_patterns("sample-*"))
    wave = raw / "ct-2026"
    shutil.copytree(RAW / "sample-2024", wave)
    meta = (wave / "source.yaml").read_text(encoding="utf-8")
    meta = meta.replace("sample-2024", "ct-2026").replace('wave: "2024"', 'wave: "2026"')
    meta = meta.replace("synthetic: true", "synthetic: false").replace(
        "series: sample", "series: ct"
    )
    (wave / "source.yaml").write_text(meta, encoding="utf-8")
    grown = es.evidence("published", raw=raw)
    assert grown.waves == [2017, 2020, 2021, 2024, 2026]
    shares = es.one_to_one(grown.own, waves=[2024, 2026])
    assert shares["base"].tolist() == [53, 53, 58, 58, 58, 58, 57, 57]
    assert es.evidence("responses", raw=raw).waves == [2026]


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv(home.HOME_VARIABLE, raising=False)
    (tmp_path / "data" / "raw").mkdir(parents=True)
    (tmp_path / "notebooks" / "deep").mkdir(parents=True)
    return tmp_path


def test_the_nearest_parent_with_data_raw_is_the_project(project, monkeypatch):
    monkeypatch.chdir(project / "notebooks" / "deep")
    assert home.project_root() == project
    assert home.reports_dir() == project / "reports"


def test_the_environment_wins(project, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv(home.HOME_VARIABLE, str(project))
    assert home.raw_dir() == project / "data" / "raw"


def test_a_home_without_data_is_refused_with_its_name(tmp_path, monkeypatch):
    monkeypatch.setenv(home.HOME_VARIABLE, str(tmp_path))
    with pytest.raises(SetupError, match=r"has no data/raw"):
        home.project_root()


def test_a_wheel_reads_its_own_copy_and_writes_beside_the_user(project, monkeypatch, tmp_path):
    away = tmp_path / "away"
    away.mkdir()
    monkeypatch.chdir(away)
    monkeypatch.setattr(home, "_PACKAGED", project)
    (project / "data" / "raw").rename(project / "data" / "raw2")
    with pytest.raises(SetupError, match="no data/raw"):
        home.project_root()
    (project / "data" / "raw2").rename(project / "data" / "raw")
    assert home.project_root() == project
