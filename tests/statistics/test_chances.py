"""Chances of a position against a logit on made-up answers, redraws, and what others computed."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import optimize, special, stats
from statsmodels.stats.proportion import proportion_confint

import edtech_survey as es
from edtech_survey.shape import figures
from edtech_survey.statistics.chances import SHAPES, chances, fit, worlds


@pytest.fixture(scope="module")
def sizes(published):
    frame = published.frame
    return frame.loc[frame["answered"], "enrollment"].to_numpy(float)


def at(evidence, students, **options):
    return chances({"enrollment": students}, evidence, **options).set_index("group")


@pytest.mark.parametrize(("level", "slope"), [(-1.0, 0.4), (2.0, -0.3), (-4.0, 0.9)])
def test_straight_it_is_the_logit_of_answers_with_the_same_count_and_mean(sizes, level, slope):
    rng = np.random.default_rng(11)
    has = rng.random(len(sizes)) < special.expit(level + slope * sizes / 1000)
    logit = sm.Logit(has.astype(float), sm.add_constant(sizes / 1000)).fit(disp=0)
    curve = fit(has.sum(), sizes[has].mean(), sizes, SHAPES["straight"])
    for size in (200.0, 600.0, 3000.0, 12_000.0):
        told = logit.get_prediction([[1, size / 1000]]).summary_frame()
        assert float(curve.chance(size)) == pytest.approx(told["predicted"].iloc[0], abs=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("small", "large"), [(3, 27), (24, 30), (12, 15)])
def test_of_two_sizes_the_limits_are_those_of_wilson(shape, small, large):
    sizes = np.repeat([400.0, 5000.0], [30, 31])
    count = small + large
    curve = fit(count, (400 * small + 5000 * large) / count, sizes, SHAPES[shape])
    for size, has, of in ((400, small, 30), (5000, large, 31)):
        ends = proportion_confint(has, of, method="wilson")
        assert curve.limits(size, sizes, [0.95]) == pytest.approx(ends, abs=1e-3)


@pytest.mark.parametrize("size", [300.0, 600.0, 9000.0])
def test_a_limit_is_where_the_most_lenient_score_test_of_that_chance_refuses_it(sizes, size):
    has = np.random.default_rng(11).random(len(sizes)) < special.expit(-1 + 0.4 * sizes / 1000)
    design = sm.add_constant(sizes / 1000)

    def statistic(slope, chance):
        level = special.logit(chance) - slope * size / 1000
        p = special.expit(design @ [level, slope])
        off = design.T @ (has - p)
        return off @ np.linalg.solve(design.T @ (design * (p * (1 - p))[:, None]), off)

    curve = fit(has.sum(), sizes[has].mean(), sizes, SHAPES["straight"])
    for end in curve.limits(size, sizes, [0.95]):
        least = optimize.minimize_scalar(statistic, (0.1, 0.4), args=(end,)).fun
        assert least == pytest.approx(stats.chi2.ppf(0.95, 1), rel=0.02)


def test_a_known_curve_in_the_logarithm_is_recovered_from_its_two_numbers(sizes):
    chance = special.expit(-9 + 1.2 * np.log(sizes))
    having = chance @ sizes / chance.sum()
    curve = fit(chance.sum(), having, sizes, SHAPES["log"])
    for size in (200, 3000, 16_000):
        assert float(curve.chance(size)) == pytest.approx(special.expit(-9 + 1.2 * np.log(size)))


@pytest.mark.parametrize("size", [600.0, 3000.0, 9000.0])
def test_the_limits_in_the_logarithm_have_the_width_of_redraws(sizes, size):
    many = np.tile(sizes, 5)
    rng, truth, drawn = np.random.default_rng(5), -9 + 1.2 * np.log(many), []
    for _ in range(300):
        has = rng.random(len(many)) < special.expit(truth)
        curve = fit(has.sum(), many[has].mean(), many, SHAPES["log"])
        drawn.append(special.logit(float(curve.chance(size))))
    chance = special.expit(truth)
    curve = fit(chance.sum(), chance @ many / chance.sum(), many, SHAPES["log"])
    low, high = special.logit(curve.limits(size, many, [0.95]))
    assert (high - low) / (2 * 1.959964) == pytest.approx(np.std(drawn), rel=0.12)


def test_what_no_curve_can_have_has_none(sizes):
    top = np.sort(sizes)[-4:].mean()
    for shape in SHAPES.values():
        assert fit(4, 1.01 * top, sizes, shape) is None
        assert fit(4, 0.97 * top, sizes, shape) is not None
        assert [fit(n, 3000, sizes, shape) for n in (0, len(sizes))] == [None, None]
        flat = fit(20, sizes.mean(), sizes, shape)
        assert (flat.slope, float(flat.chance(80))) == pytest.approx((0, 20 / 61), abs=1e-6)


def test_the_published_survey_at_600_students(published):
    """As another program (scipy's root finder, another scale) had them from the same tables."""
    told = at(published, 600)["estimate"].astype(float).round()
    for group, expected in {
        "technology_director": 92, "library_media_specialist": 69, "network_engineer": 36,
        "integration_specialist": 11,
    }.items():  # fmt: skip
        assert told[group] == expected
    assert at(published, 600)["verdict"].value_counts().to_dict() == {
        "unusual": 11, "could go either way": 6, "usual": 1,
    }  # fmt: skip
    # 59 of 62 have a director; those without are small.
    assert at(published, 9000).loc["technology_director", "verdict"] == "usual"


@pytest.mark.parametrize(
    ("group", "low", "high"),
    [
        ("library_media_specialist", 63, 89), ("network_engineer", 63, 89),
        ("technician_3", 45, 74), ("cyber_security", 0.4, 13),
    ],
)  # fmt: skip
def test_chance_is_in_the_range_as_redraws_of_62_districts_have_it(published, group, low, high):
    """Redraws at the mean size had one shape and a supposed spread: the range is little wider."""
    row = at(published, 200_380 / 62).loc[group]
    assert low - 10 <= row["range_low"] <= low + 3
    assert high - 3 <= row["range_high"] <= high + 10


def test_who_is_not_named_is_the_rest_or_absent_or_of_median_size():
    known = np.array([100.0, 200.0, 600.0])
    rest, absent, median = worlds(known, 5, 1500)
    assert [world.students.tolist()[3:] for world in (rest, absent, median)] == [
        [300, 300], [], [200, 200],
    ]  # fmt: skip
    assert [world.scale for world in (rest, absent, median)] == [1, 0.6, 1]
    assert len(worlds(known, 5, 800)) == len(worlds(known, 5, None)) == 2
    (whole,) = worlds(known, 3, 900)
    assert whole.students.tolist() == known.tolist()


def test_all_that_is_supposed_is_in_the_range_and_nothing_else(published, sizes):
    row = at(published, 6000).loc["technician_1"]
    having = {world: (40 * scale, 3739, students) for world, (students, scale) in enumerate(
        worlds(sizes, 62, 200_380))}  # fmt: skip
    curves = [(fit(*given, shape), given[2]) for given in having.values()
              for shape in SHAPES.values()]  # fmt: skip
    told = [100 * float(curve.chance(6000)) for curve, _ in curves]
    ends = [100 * end for curve, x in curves for end in curve.limits(6000, x, [0.95])]
    assert row["estimate"] == pytest.approx((told[0] + told[1]) / 2)
    assert [row["estimate_low"], row["estimate_high"]] == pytest.approx([min(told), max(told)])
    assert [row["range_low"], row["range_high"]] == pytest.approx([min(ends), max(ends)])
    assert (row["base"], row["count"], row["enrollment"]) == (62, 40, 6000)
    assert row["source"] == "ct-2024 ct-frame-2024"
    assert row["supposed"] == "size alone counts, and a blank means no post"
    narrow = at(published, 6000, confidence=0.5).loc["technician_1"]
    assert narrow["range_high"] < row["range_high"]


@pytest.mark.parametrize(
    ("own", "said", "beyond"),
    [
        ({"enrollment": 61}, None, True), ({"enrollment": 173}, None, False),
        ({"enrollment": 20_022}, None, True), ({"enrollment": 60}, "so small", False),
        ({"enrollment": 2_000_000}, "so large", False), ({"devices": 9}, "not known", False),
    ],
)  # fmt: skip
def test_beyond_the_sizes_that_answered_it_is_said_and_beyond_the_list_not_told(
    published, own, said, beyond
):
    table = chances(own, published)
    assert (len(table), set(table["answered_low"]), set(table["answered_high"])) == (
        18, {173}, {16_185},
    )  # fmt: skip
    assert table["estimate"].isna().all() == bool(said)
    assert said is None or table["reason"].str.contains(said).all()
    if said is None:
        assert table["supposed"].str.contains("beyond those that answered").all() == beyond
    # Then it is told how many of all have each.
    assert table["share"].max() == pytest.approx(100 * 59 / 62)


def test_responses_say_themselves_how_large_those_are_that_answered():
    sample = es.evidence("sample")
    table = at(sample, 600)
    assert len(sample.frame) == 0
    districts = sample.responses.districts
    sizes = districts.loc[districts["wave"].eq(2024), "enrollment"].to_numpy(float)
    row = table.loc["technician_1"]
    assert (row["answered_low"], row["answered_high"]) == (sizes.min(), sizes.max())
    held = sample.responses.positions[lambda rows: rows["wave"].eq(2024)]
    has = districts.loc[districts["wave"].eq(2024), "district_id"].isin(
        held.loc[held["position"].eq("technician_1") & ~held["outsourced"], "district_id"]
    )
    logit = sm.Logit(has.to_numpy(float), sm.add_constant(sizes)).fit(disp=0)
    straight = float(logit.predict([[1, 600]])[0])
    assert row["estimate_low"] - 0.2 <= 100 * straight <= row["estimate_high"] + 0.2


def test_without_the_sizes_of_those_that_answered_there_are_no_rows():
    rows = [("students", "all", "total", 900), ("position_present", "tech", "count", 2)]
    rows.append(("position_enrollment", "tech", "mean", 320))
    table = pd.DataFrame(rows, columns=["item", "group", "statistic", "value"])
    ids = [f"f{at}" for at in range(len(rows))]
    printed = figures(table.assign(figure_id=ids, source="x", wave=2024, base=3))
    told = chances({"enrollment": 300}, printed)
    assert told.empty
    assert {"name", "verdict", "range_low"} <= set(told.columns)
    listed = pd.DataFrame({"enrollment": [200, 300, 400], "answered": True, "source": "y"})
    x = SimpleNamespace(own=printed, codebook=SimpleNamespace(name=lambda *pair: pair[1]),
                        frame=listed.assign(wave=2024))  # fmt: skip
    assert chances({"enrollment": 300}, x)["estimate"].notna().all()
