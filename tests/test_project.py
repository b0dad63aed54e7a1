import shutil
from pathlib import Path

import pytest

import edtech_survey as es
from edtech_survey import project as home
from edtech_survey.data.codebook import read_codebook
from edtech_survey.errors import SetupError, WaveError

RAW = Path(__file__).parents[1] / "data" / "raw"
KEYS = ["wave", "item", "group", "statistic"]


@pytest.fixture(scope="module")
def published():
    return es.evidence("published", raw=RAW)


@pytest.fixture(scope="module")
def sample():
    return es.evidence("sample", raw=RAW, gate=False)


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


def test_small_bases_made_from_responses_are_withheld_by_default(sample, monkeypatch):
    monkeypatch.setattr(home, "collected_responses", lambda *_, **__: sample.responses)
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


def with_waves(tmp_path, **waves):
    """Copy the sources, and the sample of 2024 as the waves of the series named."""
    raw = tmp_path / "raw"
    shutil.copytree(RAW, raw, ignore=shutil.ignore_patterns("sample-*", "national", "wages"))
    for (name, year), series in zip(
        [key.rsplit("_", 1) for key in waves], waves.values(), strict=True
    ):
        folder = raw / f"{name}-{year}"
        shutil.copytree(RAW / "sample-2024", folder)
        meta = (folder / "source.yaml").read_text(encoding="utf-8")
        for old, new in (("sample-2024", folder.name), ('wave: "2024"', f'wave: "{year}"'),
                         ("synthetic: true", "synthetic: false"),
                         ("series: sample", f"series: {series}")):  # fmt: skip
            meta = meta.replace(old, new)
        (folder / "source.yaml").write_text(meta, encoding="utf-8")
    return raw


def test_a_new_wave_of_its_own_joins_the_published_ones(tmp_path):
    raw = with_waves(tmp_path, ct_2026="ct")
    grown = es.evidence("published", raw=raw)
    assert grown.waves == [2017, 2020, 2021, 2024, 2026]
    shares = es.pick(grown, "one_to_one", "share", wave=[2024, 2026])
    assert sorted(shares["base"].tolist()) == [53, 53, 57, 57, 58, 58, 58, 58]
    assert es.evidence("responses", raw=raw).waves == [2026]
    about = grown.about("one_to_one")
    assert (about.last, about.answered, about.silent) == (2026, 62, [2017, 2020, 2021])


def test_two_series_are_never_put_together(tmp_path):
    raw = with_waves(tmp_path, ct_2025="ct", vt_2025="vt")
    with pytest.warns(UserWarning, match="left out: vt-2025.*add the row"):
        alone = es.evidence("responses", raw=raw)
    assert set(alone.own["source"]) == {"ct-2025"}
    with pytest.raises(SetupError, match="there are ct, sample"):
        es.evidence("responses", raw=raw, series="vt")
    with (raw / "codebook" / "series.csv").open("a") as file:
        file.write("vt,Vermont,union,unions,Agency,2025=60,districts-sample.csv,,vermont|vt\n")
    both = es.evidence("published", raw=raw)
    assert both.waves == [2017, 2020, 2021, 2024, 2025]
    assert "vt-2025" not in set(both.figures["source"])
    other = es.evidence("published", raw=raw, series="vt")
    assert (set(other.own["source"]), other.series.units) == ({"vt-2025"}, "unions")
    assert not set(other.elsewhere["source"]) & {"ct-2017", "ct-2024", "ct-2025"}
    with pytest.raises(WaveError, match="two series are never put together: ct, vt"):
        es.merge_waves([raw / "ct-2025", raw / "vt-2025"], read_codebook(raw / "codebook"))


def test_what_is_known_about_an_item(published):
    about = published.about("one_to_one")
    assert (about.place, about.units, about.first, about.last) == (
        "Connecticut", "districts", 2017, 2024,
    )  # fmt: skip
    assert (about.answered, about.population, about.silent) == (62, 205, [2017, 2020, 2021])
    assert about.question.startswith("What Is the Ratio")
    assert about.sources["wave"].tolist() == about.waves
    early = published.about("one_to_one", wave=2017)
    assert (early.answered, early.question) == (None, "")  # known from a later publication
    nothing = published.about("drones")
    assert (nothing.waves, nothing.last, len(nothing.sources)) == ([], None, 0)


def test_a_wrong_first_call_is_answered_with_the_right_one(published):
    with pytest.raises(AttributeError, match=r"evidence\.own\.loc, or es\.pick"):
        published.loc  # noqa: B018
    with pytest.raises(AttributeError, match=r"about\(item\)"):
        published.columns_of  # noqa: B018
    with pytest.raises(AttributeError, match=r"evidence\.own"):
        published.state  # noqa: B018
    with pytest.raises(TypeError, match=r"es\.pick\(evidence, 'devices'\)"):
        published["devices"]
    with pytest.raises(AttributeError, match=r'did you mean es\.shares\(evidence, "one_to_one"\)'):
        es.one_to_one  # noqa: B018
    with pytest.raises(AttributeError, match=r"did you mean es\.shares"):
        es.shars  # noqa: B018
    assert es.evidence(raw=RAW, waves=2024).waves == [2024]


def test_the_card_names_the_series_and_what_there_is(published, sample):
    card = published._repr_html_()
    assert "Connecticut (ct)" in card
    assert "SYNTHETIC" not in card
    assert "SYNTHETIC" in sample._repr_html_()


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    target = home.write_whole(tmp_path / "page.html", "old")
    monkeypatch.setattr(home.os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        home.write_whole(target, b"new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


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
