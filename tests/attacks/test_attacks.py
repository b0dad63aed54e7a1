"""The gate under attack: linear and integer programmes over what is published of made-up waves.

Each attack is first shown to bite where nothing passes the gate.
"""

from __future__ import annotations

import shutil

import pandas as pd
import pytest
from tests.attacks import pages, published, worlds
from tests.attacks.programmes import value_ranges, within

import edtech_survey as es
from edtech_survey.places import raw_dir

SEED = 2


@pytest.fixture(scope="session")
def survey(tmp_path_factory):
    """Make a world once: of how many districts, with pay alike or not, gated or not."""
    made = {}

    def of(size, *, alike=False, gate=True, waves=(2021, 2024)):
        key = size, alike, gate, waves
        if key not in made:
            raw = tmp_path_factory.mktemp("data") / "raw"
            raw.mkdir()
            sheets = {w: worlds.answers(size, SEED + w, alike=alike) for w in waves}
            made[key] = published.world(worlds.write(sheets, raw), gate=gate)
        return made[key]

    return of


def second_release(size, how):
    """Make the answers of a first release and of a second: a wave, before and after."""
    every = worlds.answers(size + 5, SEED)
    before, after = every.iloc[:size], every
    if how == "one late":
        after = every.iloc[: size + 1]
    elif how == "five late, one answers":
        after = every.copy()
        kept = ["District", "Students", "Shared"]
        after.loc[after.index[size + 1 :], after.columns.difference(kept)] = ""
    elif how == "one corrected":
        after = before.copy()
        after.loc[4, after.columns[2:]] = worlds.answers(size + 5, SEED + 1).loc[4].iloc[2:]
    return {2024: before}, {2024: after}


def test_each_attack_bites_where_nothing_is_gated(survey, tmp_path):
    open_to_all = survey(12, gate=False)
    assert len(published.matched(open_to_all)) > 5
    assert sum(leak.startswith("forced") for leak in published.counts(open_to_all)) > 20
    assert len(published.members(open_to_all)) > 50
    assert len(published.values(open_to_all)) > 5
    (raw := tmp_path / "raw").mkdir()
    states = published.followed(raw, *second_release(12, "one late"), gate=False)
    recovered = published.newcomers(*states)
    assert sum(leak.startswith("forced") for leak in recovered) > 25
    assert any("position_salary" in leak for leak in recovered)


@pytest.mark.parametrize("attack", ["counts", "members", "values", "matched"])
def test_nothing_withheld_is_recovered(survey, attack):
    assert getattr(published, attack)(survey(20)) == []


@pytest.mark.parametrize("units", [12, 40, 100, 200])
@pytest.mark.parametrize("seed", [1, 2])
def test_who_answered_is_not_told_by_the_classes_of_a_list(units, seed):
    made = published.listed(units, seed)
    rows = es.response(made)
    assert published.responded(made, rows)
    gated = es.withhold(rows)
    assert published.responded(made, gated) == []
    # Students and odds are sums of public sizes; what is planned has the answers in it.
    assert gated.loc[~gated["statistic"].eq("share"), "estimate"].isna().all()
    assert es.withhold(es.plan(made, 1))["estimate"].isna().all()


@pytest.mark.parametrize(
    "pay",
    [[49_000] * 5, [48_000, 49_000, 49_000, 49_000, 50_000], [99_000] * 5 + [100_000] * 5],
)
def test_pay_that_is_alike_stays_unknown(pay):
    names = [f"district {at}" for at in range(len(pay))]
    singles = pd.DataFrame({"item": "pay", "wave": 2024, "group": "all", "value": pay})
    mean = {"item": "pay", "wave": 2024, "group": "all", "statistic": "mean", "base": len(pay)}
    rows = es.withhold(pd.DataFrame([mean | {"estimate": sum(pay) / len(pay)}]), singles)
    row = next(rows.itertuples())
    if pd.notna(row.withheld):
        return
    told = published.mean_of(row, frozenset(names))
    for name, ends in value_ranges([told]).items():
        assert not within(ends, pay[names.index(name)])


@pytest.mark.slow
@pytest.mark.parametrize("alike", [False, True])
@pytest.mark.parametrize("size", worlds.SIZES)
def test_nothing_is_recovered_in_any_wave(survey, size, alike):
    made = survey(size, alike=alike)
    attacks = ("counts", "members", "values", "matched", "peers")
    found = {attack: getattr(published, attack)(made) for attack in attacks}
    assert {attack: leaks for attack, leaks in found.items() if leaks} == {}


@pytest.mark.slow
def test_nothing_is_recovered_in_the_sample(tmp_path):
    raw = shutil.copytree(raw_dir(), tmp_path / "data" / "raw")
    attacks = ("counts", "members", "values", "matched", "peers")
    made = published.world(raw)
    assert {attack: getattr(published, attack)(made) for attack in attacks} == {
        attack: [] for attack in attacks
    }


@pytest.mark.slow
def test_peers_tell_no_answer(survey):
    assert published.peers(survey(60, alike=True)) == []


@pytest.mark.slow
@pytest.mark.parametrize("size", [12, 40])
@pytest.mark.parametrize(
    "how", ["one late", "five late", "five late, one answers", "one corrected"]
)
def test_two_releases_tell_no_answer(tmp_path, size, how):
    (raw := tmp_path / "raw").mkdir()
    states = published.followed(raw, *second_release(size, how), gate=True)
    assert published.newcomers(*states) == []


@pytest.mark.slow
@pytest.mark.parametrize(("size", "names"), [(20, ("01", "02", "05")), (40, ("00", "03", "04"))])
def test_pages_are_the_same_whatever_was_withheld(tmp_path, size, names):
    """What no byte of a page depends on cannot be recovered from it."""
    raw = pages.home(tmp_path)
    sheets = {wave: worlds.answers(size, SEED + wave) for wave in (2021, 2024)}
    made = published.world(worlds.write(sheets, raw))
    before = pages.read(raw, names)
    others = {wave: pages.hidden_changes(sheet, made.told, wave) for wave, sheet in sheets.items()}
    other = published.world(worlds.write(others, raw))
    keys = ["wave", "item", "group", "statistic"]
    true, changed = (one.true.estimated.set_index(keys)["estimate"] for one in (made, other))
    assert true.ne(changed.reindex(true.index)).sum() > 10
    after = pages.read(raw, names)
    assert {name: pages.differences(before[name], after[name]) for name in names} == {
        name: [] for name in names
    }
