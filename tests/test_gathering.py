import shutil
from pathlib import Path

import pytest

import edtech_survey as es
from edtech_survey.errors import SetupError
from edtech_survey.gathering import latest_date

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
    assert set(published.state["source"]) == {"ct-2017", "ct-2020", "ct-2021", "ct-2024"}
    assert "cosn-2013" in set(published.elsewhere["source"])
    assert not published.synthetic


def test_a_number_printed_twice_counts_once(published):
    assert not published.figures["note"].fillna("").str.startswith("repeat of").any()


def test_the_sample_reproduces_every_published_number_it_can(published, sample):
    of_survey = published.state[
        ~published.state["item"].isin(["respondent_listed", "comment_figure", "counties"])
        & ~published.state["unit"].eq("comments")
        & ~(published.state["item"].eq("students") & published.state["statistic"].eq("share"))
    ]
    both = of_survey.merge(sample.state, on=KEYS, how="left", suffixes=("", "_sample"))
    different = both[both["printed"] != both["printed_sample"]]
    assert different[[*KEYS, "printed", "printed_sample"]].empty
    assert len(both) > 140
    assert sample.synthetic


def test_small_bases_made_from_responses_are_withheld_by_default():
    guarded = es.evidence("sample", raw=RAW)
    pay = guarded.state[
        guarded.state["item"].eq("position_salary") & guarded.state["wave"].eq(2024)
    ]
    assert pay["base"].min() >= 5
    assert "cyber_security" not in set(pay["group"])


def test_waves_can_be_chosen_and_a_missing_one_is_named(published):
    assert es.evidence("published", [2020, 2024], raw=RAW).waves == [2020, 2024]
    with pytest.raises(
        SetupError, match=r"2019 is not there -> there are \[2017, 2020, 2021, 2024\]"
    ):
        es.evidence("published", [2019], raw=RAW)


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
    meta = meta.replace("synthetic: true", "synthetic: false")
    (wave / "source.yaml").write_text(meta, encoding="utf-8")
    grown = es.evidence("published", raw=raw)
    assert grown.waves == [2017, 2020, 2021, 2024, 2026]
    shares = es.one_to_one(grown.state, waves=[2024, 2026])
    assert shares["base"].tolist() == [53, 53, 58, 58, 58, 58, 57, 57]
    assert es.evidence("responses", raw=raw).waves == [2026]
