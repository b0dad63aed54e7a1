import shutil
from pathlib import Path

import pandas as pd
import pytest

import edtech_survey as es
from edtech_survey import places
from edtech_survey.data.codebook import read_codebook
from edtech_survey.errors import SetupError, WaveError

RAW = Path(__file__).parents[1] / "data" / "raw"

KEYS = ["wave", "item", "group", "statistic"]


@pytest.fixture(scope="module")
def sample():
    return es.evidence("sample", gate=False)


def test_the_state_and_the_rest_are_kept_apart(published):
    assert published.waves == [2017, 2020, 2021, 2024]
    assert set(published.own["source"]) == {"ct-2017", "ct-2020", "ct-2021", "ct-2024"}
    assert "cosn-2013" in set(published.elsewhere["source"])
    assert not published.synthetic
    small = ["pairs", "trends", "relations", "structures", "functions", "occupations", "frame"]
    small += ["statements"]
    assert set(small) <= set(dir(published))


def test_a_number_printed_twice_counts_once(published):
    again = published.printings["note"].fillna("").str.contains("repeat of ")
    assert not published.figures["note"].fillna("").str.contains("repeat of ").any()
    assert again.sum() == 27
    assert set(published.figures["figure_id"]) == set(published.printings["figure_id"][~again])


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


def test_waves_can_be_chosen_and_a_missing_one_is_named(few):
    assert es.evidence(waves=2024, raw=few).waves == [2024]
    with pytest.raises(SetupError, match=r"2019 is not there -> there are \[2020, 2024\]"):
        es.evidence(waves=[2019, 2024], raw=few)


def test_unknown_evidence_and_missing_responses_are_refused(few):
    with pytest.raises(SetupError, match="choose published, responses, sample"):
        es.evidence("real", raw=few)
    with pytest.raises(SetupError, match="new-wave"):
        es.evidence("responses", raw=few)


@pytest.fixture(scope="module")
def few(tmp_path_factory, few_sources):
    return few_sources(tmp_path_factory.mktemp("raw"))


@pytest.fixture(scope="module")
def two_series(tmp_path_factory, few_sources):
    """Sources with an export of the state's own, and one of a series that is not registered."""
    return few_sources(tmp_path_factory.mktemp("raw"), "ct-2026", "vt-2026")


@pytest.fixture(scope="module")
def grown(two_series):
    with pytest.warns(UserWarning, match="left out: vt-2026.*add the row"):
        return es.evidence(raw=two_series)


def test_a_new_wave_of_its_own_joins_the_published_ones(grown):
    assert grown.waves == [2020, 2024, 2026]
    shares = es.pick(grown, "one_to_one", "share", wave=[2024, 2026])
    assert sorted(shares["base"].tolist()) == [53, 53, 57, 58, 58]
    hidden = grown.about("one_to_one").withheld  # 56 of 58, 58 of 58 and 56 of 57
    assert hidden["name"].tolist() == ["elementary", "middle school", "high school"]
    assert set(hidden["withheld"]) == {"all, or all but fewer than 5"}
    assert grown.about("one_to_one", wave=2024).withheld.empty  # published
    about = grown.about("one_to_one")
    assert (about.last, about.answered, about.silent) == (2026, 62, [2020])
    assert set(grown.printings["figure_id"]) >= set(grown.own["figure_id"])


def test_small_bases_made_from_responses_are_withheld_by_default(grown, sample):
    pay = {
        wave: x.own[x.own["item"].eq("position_salary") & x.own["wave"].eq(wave)]
        for x, wave in ((grown, 2026), (sample, 2024))
    }
    assert pay[2026]["base"].min() >= 5
    assert set(pay[2024]["group"]) - set(pay[2026]["group"]) >= {"cyber_security"}


def test_two_series_are_never_put_together(grown, two_series):
    assert set(grown.responses.districts["source"]) == {"ct-2026"}
    with pytest.raises(SetupError, match="there are ct, sample"):
        es.evidence("responses", raw=two_series, series="vt")
    with (two_series / "codebook" / "series.csv").open("a") as file:
        file.write("vt,Vermont,union,unions,Agency,2026=60,districts-sample.csv,vermont|vt\n")
    other = es.evidence("responses", raw=two_series, series="vt")
    assert (set(other.own["source"]), other.series.units) == ({"vt-2026"}, "unions")
    assert other.series.population == {2026: 60}
    assert other.codebook.name("provision", "district") == "The union issues and maintains devices"
    assert other.codebook.label("support_row", "max") == "Heaviest load of any union"
    labels = pd.concat([getattr(other.codebook, name).stack() for name in ("items", "labels")])
    assert not labels.str.contains("[{}]").any()
    assert other.about("one_to_one").question == ""  # the codebook words the first series'
    with (two_series / "codebook" / "series.csv").open("a") as file:
        file.write("os,Ostrova,union,unions,Agency,,,\n")
    with pytest.raises(SetupError, match=r"series os: no figures\.csv and no export.*--series os"):
        es.evidence(raw=two_series, series="os")
    assert not set(other.elsewhere["source"]) & {"ct-2020", "ct-2024", "ct-2026"}
    with pytest.raises(WaveError, match="two series are never put together: ct, vt"):
        es.merge_waves(
            [two_series / "ct-2026", two_series / "vt-2026"], read_codebook(two_series / "codebook")
        )


def test_an_export_is_quoted_in_its_own_words(tmp_path, few_sources):
    evidence = es.evidence("responses", raw=few_sources(tmp_path, "ct-2026"), gate=False)
    asked = "How many total devices across all schools does your team support?"
    assert evidence.about("devices").question == asked
    assert evidence.about("one_to_one").question == ""  # four headers, no one question


def test_what_is_known_about_an_item(published):
    about = published.about("one_to_one")
    assert (about.place, about.units, about.first, about.last) == (
        "Connecticut", "districts", 2017, 2024,
    )  # fmt: skip
    assert (about.answered, about.population, about.silent) == (62, 200, [2017, 2020, 2021])
    assert about.question.startswith("What Is the Ratio")
    assert about.sources["wave"].tolist() == about.waves
    early = published.about("one_to_one", wave=2017)
    assert (early.answered, early.question) == (None, "")  # known from a later publication
    nothing = published.about("drones")
    assert (nothing.waves, nothing.last, len(nothing.sources)) == ([], None, 0)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("published.loc", r"evidence\.own\.loc, or es\.pick"),
        ("published.columns_of", r"about\(item\)"),
        ("published['devices']", r"es\.pick\(evidence, 'devices'\)"),
        ("published.codebook.devices", r'wording\("devices"\) and \.items'),
        ("es.one_to_one", r'did you mean es\.shares\(evidence, "one_to_one"\)'),
        ("es.shars", r"did you mean es\.shares"),
        ("es.nothing", "no attribute 'nothing'"),
    ],
)
def test_a_wrong_first_call_is_answered_with_the_right_one(published, wrong, right):
    with pytest.raises((AttributeError, TypeError), match=right):
        eval(wrong, {"es": es, "published": published})


def test_the_card_names_the_series_and_what_there_is(published, sample):
    card = published._repr_html_()
    assert "Connecticut (ct)" in card
    assert "SYNTHETIC" not in card
    assert f"62 of {published.about().population} districts answered" in card
    assert "SYNTHETIC" in sample._repr_html_()
    assert "Early elementary" in published.codebook._repr_html_()
    assert "62 in 2024" in sample.responses._repr_html_()


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    target = places.write_whole(tmp_path / "page.html", "old")
    monkeypatch.setattr(places.os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        places.write_whole(target, b"new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv(places.HOME_VARIABLE, raising=False)
    (tmp_path / "data" / "raw").mkdir(parents=True)
    (tmp_path / "notebooks" / "deep").mkdir(parents=True)
    return tmp_path


def test_the_project_is_where_the_variable_says_or_the_nearest_parent_with_data_raw(
    project, monkeypatch, tmp_path_factory
):
    monkeypatch.chdir(project / "notebooks" / "deep")
    assert places.project_root() == project
    other = tmp_path_factory.mktemp("other")
    monkeypatch.setenv(places.HOME_VARIABLE, str(other))
    with pytest.raises(SetupError, match=rf"no data/raw in {other}, where"):
        places.project_root()
    (other / "data" / "raw").mkdir(parents=True)
    assert places.raw_dir() == other / "data" / "raw"


def test_a_wheel_reads_its_own_copy_and_writes_beside_the_user(
    project, monkeypatch, tmp_path_factory
):
    away = tmp_path_factory.mktemp("away")
    monkeypatch.chdir(away)
    monkeypatch.setattr(places, "PACKAGED", away / "nothing")
    with pytest.raises(SetupError, match=r"no data/raw in .* or above it"):
        places.project_root()
    monkeypatch.setattr(places, "PACKAGED", project)
    assert (places.project_root(), places.output_root()) == (project, away)


@pytest.fixture(scope="module")
def third(tmp_path_factory, few_sources):
    """A made-up series of its own row, directory, figures and export, beside two real ones."""
    raw = few_sources(tmp_path_factory.mktemp("raw"), "zz-2026")
    shutil.copytree(RAW / "nv-report-card", raw / "nv-report-card")
    book = raw / "codebook"
    names = pd.read_csv(book / "districts-sample.csv", dtype=str, keep_default_na=False)
    names.assign(district_id="zz-" + names["district_id"]).to_csv(
        book / "districts-zz.csv", index=False
    )
    with (book / "series.csv").open("a") as file:
        file.write("zz,Zedland,parish,parishes,Z Agency,2026=70,districts-zz.csv,zedland\n")
    for path in (raw / "zz-2026").glob("matches.csv"):
        told = pd.read_csv(path, dtype=str, keep_default_na=False)
        known = told["district_id"].str.fullmatch("[a-z].*")
        told["district_id"] = told["district_id"].mask(known, "zz-" + told["district_id"])
        told.to_csv(path, index=False)
    meta = raw / "zz-2026" / "source.yaml"
    meta.write_text(
        meta.read_text("utf-8").replace('directory: "districts-sample.csv"\n', ""), "utf-8"
    )
    (raw / "zz-figures").mkdir()
    about = (RAW / "nv-report-card" / "source.yaml").read_text("utf-8")
    about = about.replace("nv-report-card", "zz-figures").replace("series: nv", "series: zz")
    (raw / "zz-figures" / "source.yaml").write_text(about, "utf-8")
    rows = pd.read_csv(RAW / "nv-report-card" / "figures.csv", dtype=str, keep_default_na=False)
    rows = rows[rows["group"].eq("all")]
    rows["figure_id"] = rows["figure_id"].str.replace("nv-report-card", "zz-figures")
    rows.to_csv(raw / "zz-figures" / "figures.csv", index=False)
    return raw


def test_a_made_up_series_pools_with_no_other(third):
    alone = {one: es.evidence(raw=third, series=one) for one in ("ct", "nv", "zz")}
    for one, x in alone.items():
        others = tuple(f"{other}-" for other in alone if other != one)
        for table in (x.own, x.elsewhere, x.printings):
            assert not table["source"].str.startswith(others).any()
    zz, nv = alone["zz"], alone["nv"]
    assert set(zz.responses.districts["source"]) == {"zz-2026"}
    assert set(zz.own["source"]) == {"zz-2026", "zz-figures"}
    assert zz.codebook.districts["district_id"].str.startswith("zz-").all()
    assert (zz.about(wave=2026).place, zz.about(wave=2026).population) == ("Zedland", 104)
    assert nv.responses is None
    # the same numbers in both: neither is counted for the other, and nothing stands beside zz
    for x in (nv, zz):
        told = es.counted(x)
        told = told[told["group"].eq("all") & told["item"].eq("technicians")]
        assert told.loc[told["basis"].eq("as printed"), "estimate"].iloc[-1] == 383.4
        assert set(told["source"]) == {"zz-figures" if x is zz else "nv-report-card"}
    assert zz.beside.empty
    assert set(nv.beside["place"]) == {"Connecticut"}


def test_a_wave_of_another_series_is_checked_and_settled_by_its_own_directory(third, tmp_path):
    export = tmp_path / "export.csv"
    export.write_text(
        "District,Number of students\nWashoe County,64240\nWCSD,1\nCarson City Schools,8085\n"
        "White Pine,1955\nAvon,3000\n"
    )
    report = es.check_export(export, series="nv")
    assert any("Avon" in str(one) for one in report.problems)
    assert not any("Washoe" in str(one) or "WCSD' is no" in str(one) for one in report.problems)
