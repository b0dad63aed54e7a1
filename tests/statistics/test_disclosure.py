"""The gate: the right values by hand, and what an attacker can work out by linear programmes."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

import edtech_survey as es
from edtech_survey.errors import ReportError
from edtech_survey.reports import origins
from edtech_survey.shape import ESTIMATE_COLUMNS, estimates
from edtech_survey.statistics.disclosure import (
    EITHER,
    FEW,
    HIGH,
    LOW,
    NAMES,
    OWN,
    TELLS,
    UNJUDGED,
    _counted,
    dominated,
    withhold,
)
from edtech_survey.statistics.summarise import contributions, summarise

OF = {"wave": 2024, "item": "pay", "group": "all", "base_kind": "derived"}


def single(values, **further):
    return pd.DataFrame({"value": np.asarray(values, float)}).assign(**OF | further)


def counts(numbers, base=None, item="sharing", prefix=""):
    base = sum(numbers) if base is None else base
    return estimates(
        OF | {"item": item, "group": f"{prefix}{at}", "statistic": "count"}
        | {"estimate": number, "base": base}
        for at, number in enumerate(numbers)
    )  # fmt: skip


def reasons(table, contributions=None):
    return withhold(table, contributions)["withheld"].fillna("").tolist()


def test_each_withheld_number_says_why_and_shows_nothing():
    rows = pd.DataFrame({"statistic": ["mean", "max", "quantile_0.5", "count", "mean", "slope"]})
    rows = rows.assign(conf_low=1.0, verdict="clear", estimate=[9.0, 8, 7, 1, 6, 5])
    done = withhold(rows.assign(base=[4, 62, 62, 61, None, 62]))
    assert done["withheld"].fillna("").tolist() == [FEW, OWN, OWN, LOW, FEW, ""]
    hidden = done[done["withheld"].notna()]
    told = ["estimate", "std_error", "conf_low", "conf_high", "base", "verdict"]
    assert hidden[told].isna().all(axis=None)
    assert done.loc[5, ["estimate", "verdict"]].tolist() == [5, "clear"]
    assert tuple(done.columns[:15]) == ESTIMATE_COLUMNS


def test_a_sum_is_not_told_by_whom_its_answers_are_not_given():
    rows = estimates([OF | {"statistic": "total", "estimate": 1100, "base": 6}])
    values = single([900, 150, 20, 10, 10, 10])
    assert reasons(rows) == reasons(rows, values.assign(wave=2020)) == [UNJUDGED]
    assert reasons(rows, values) == ["largest can be estimated within 10 percent"]
    assert reasons(rows, values.assign(statistic="mean")) == [UNJUDGED]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        # p%: less the two largest, 155 leaves 5, and 5 < 10 percent of 100.
        ([100, 5, 50], "largest can be estimated within 10 percent"),
        ([100], "largest can be estimated within 10 percent"),
        # (2, 90 %): 150 of 160 is 93.75 percent, 150 of 170 is 88.2 percent.
        ([50, 100, 10], "2 respondents hold over 90 percent"),
        ([100, 50, 20], pd.NA),
        ([0, 0, 0, 0, 0], LOW),
    ],
)
def test_dominance_by_hand(values, said):
    assert str(dominated(pd.Series(values))) == str(said)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        # P2, the sample's own: one district shares some staff, and 61 - 46 - 14 gives it back.
        ([46, 1, 14], ["", LOW, TELLS]),
        ([53, 8, 0], ["", TELLS, LOW]),
        # 3 + 0 + 2 + 1 = 6 can be of four in many ways: 47 of 53 may be told.
        ([47, 3, 0, 2, 1], ["", LOW, LOW, LOW, LOW]),
        # Of 58, all: the others follow.
        ([58, 0, 0, 0, 0], [HIGH, LOW, LOW, LOW, LOW]),
        ([56, 2], [HIGH, LOW]),
        # 0 + 0 = 0 and 4 + 4 = 8 leave one way, 0 + 1 two.
        ([20, 10, 0, 0], ["", TELLS, LOW, LOW]),
        ([20, 10, 4, 4], ["", TELLS, LOW, LOW]),
        ([20, 10, 0, 1], ["", TELLS, LOW, LOW]),
        ([20, 10, 1, 1], ["", "", LOW, LOW]),
        # Of eight in two answers 4 and 4 is the only way that both are below five.
        ([4, 4], [EITHER, EITHER]),
        ([4, 4, 4], [EITHER, EITHER, EITHER]),
        ([3, 1], [FEW, FEW]),
        ([12, 10], ["", ""]),
    ],
)  # fmt: skip
def test_counts_that_add_up_by_hand(numbers, said):
    assert reasons(counts(numbers)) == said


def test_counts_that_do_not_add_up_stand_alone():
    assert reasons(counts([59, 23, 4, 0, 62], 62)) == [HIGH, "", LOW, LOW, HIGH]
    assert reasons(counts([62], 62, "responding_districts")) == [""]  # who answered is known
    assert reasons(counts([9], 9)) == [EITHER]


def test_a_share_is_withheld_as_its_count_is():
    cells = counts([6, 8, 2, 0, 9], item="student_device_ratio")
    cells["group"] = [f"6-8|{ratio}" for ratio in ("1:1", "2:1", "3:1", "4:1", ">4:1")]
    share = {"item": "one_to_one", "group": "6-8", "statistic": "share", "estimate": 24.0}
    both = estimates([*cells.to_dict("records"), OF | share | {"base": 25}])
    # 2 + 0 leaves three ways; 6 of 25 may be told.
    assert reasons(both) == ["", "", LOW, LOW, "", ""]
    both.loc[[2, 3], "estimate"] = [1, 1]  # still: 0 + 2, 1 + 1, 2 + 0
    assert reasons(both) == ["", "", LOW, LOW, "", ""]
    both.loc[[2, 4], "estimate"] = [0, 10]  # 0 + 1: two ways, so that 1:1 goes, too
    assert reasons(both) == [TELLS, "", LOW, LOW, "", TELLS]


def ways(told, base, said):
    """What each withheld count can be, from the reasons, the sum and what is told, by search."""
    spans = {
        LOW: range(5), HIGH: range(base - 4, base + 1), TELLS: range(5, base - 4),
        EITHER: [*range(5), *range(max(base - 4, 5), base + 1)], FEW: range(base + 1),
    }  # fmt: skip
    hidden = [at for at, why in enumerate(said) if why]
    rest = base - sum(number for number, why in zip(told, said, strict=True) if not why)
    fits = [one for one in itertools.product(*(spans[said[at]] for at in hidden[:-1]))
            if rest - sum(one) in spans[said[hidden[-1]]]]  # fmt: skip
    return [{one[at] for one in fits} for at in range(len(hidden) - 1)] + [
        {rest - sum(one) for one in fits}
    ]


def test_no_withheld_count_follows_from_the_others():
    rng = np.random.default_rng(11)
    seen = set()
    for base in [*range(5, 61)] * 3:
        parts = rng.dirichlet(rng.choice([0.2, 0.7, 2]) * np.ones(rng.integers(2, 5)))
        numbers = rng.multinomial(base, parts).tolist()
        found = _counted(np.array(numbers), np.full(len(numbers), base))
        said = [why if isinstance(why, str) else "" for why in found]
        if any(said):
            assert min(map(len, ways(numbers, base, said))) > 1, (numbers, said)
        assert all(why or 5 <= n <= base - 5 for n, why in zip(numbers, said, strict=True))
        seen |= set(said)
    assert {LOW, HIGH, EITHER, TELLS, ""} <= seen


# ---- means, totals and ratios ----


def mean_of(values, statistic="mean", **further):
    estimate = np.sum(values) if statistic == "total" else np.mean(values)
    row = OF | {"statistic": statistic, "estimate": estimate, "base": len(values)} | further
    told = withhold(estimates([row]), single(values, of=further.get("of", pd.NA)))
    return told.iloc[0]


def test_rounding_by_hand():
    pay = [60, 62, 64, 70, 74, 80, 90, 100]  # thousands: mean 75; 0.3 x 100 / 8 = 3.75, so 5
    further = {"std_error": 5.02, "conf_low": 63.1, "conf_high": 86.9, "method": "mean"}
    told = mean_of(pay, **further)
    assert told[["estimate", "std_error", "conf_low", "conf_high"]].tolist() == [75, 10, 60, 90]
    assert (told["base"], told["method"]) == (8, "mean; rounded to 5")
    total = mean_of(pay, "total")
    assert (total["estimate"], total["method"]) == (600, "rounded to 40")
    # Alike or not, an error is at least the step: an error of 0 would tell each.
    same = mean_of([1.0] * 9, std_error=0.0, conf_low=1.0, conf_high=1.0)
    assert same[["estimate", "std_error", "conf_low", "conf_high"]].tolist() == [
        1,
        0.05,
        0.95,
        1.05,
    ]


@pytest.mark.parametrize(("n", "told"), [(40, 40), (57, 57), (58, 58), (59, 58), (62, 58)])
def test_a_base_does_not_tell_that_all_but_a_few_have_the_position(n, told):
    # Of 62 districts 58 to 62 have a director, it is said; so many at least gave pay.
    assert mean_of(np.linspace(50, 100, n), of=62)["base"] == told


def reach(releases):
    """Least and greatest last value, of linear programmes over rounded means of growing sets."""
    most = max(n for n, _, _ in releases)
    rows, ends = [], []
    for n, mean, step in releases:
        row = np.where(np.arange(most) < n, 1.0, 0.0)
        rows += [row, -row]
        ends += [n * (mean + step / 2), -n * (mean - step / 2)]
    aim = np.zeros(most)
    aim[-1] = 1
    found = [linprog(sign * aim, rows, ends, method="highs") for sign in (1, -1)]
    assert all(one.success for one in found)
    return found[0].fun, -found[1].fun


def test_two_sets_of_n_and_one_more_do_not_confine_the_one_more():
    rng = np.random.default_rng(5)
    for n in [*range(5, 60, 6)] * 2:
        values = rng.lognormal(11, rng.choice([0.05, 0.3, 0.8]), n + 1)
        releases = []
        for size in (n, n + 1):
            told = mean_of(values[:size])
            if pd.notna(told["withheld"]):
                continue
            step = float(told["method"].removeprefix("rounded to ").replace(",", ""))
            releases.append((size, float(told["estimate"]), step))
            # Who knew all others, and how many they are, could not tell the last either.
            others = values[: size - 1].sum()
            low, high = (size * (releases[-1][1] + side * step / 2) - others for side in (-1, 1))
            assert low < 0.9 * values[size - 1] or high > 1.1 * values[size - 1]
        if len(releases) == 2:
            low, high = reach(releases)
            assert low < 0.9 * values[n] or high > 1.1 * values[n]
            assert low - 1e-6 <= values[n] <= high + 1e-6


def made_up(rng, n):
    """A wave of n districts with every answer that a summary is made of."""
    names, size = [f"d{at:02}" for at in range(n)], rng.lognormal(7.5, 1, n).round()
    districts = pd.DataFrame({"wave": 2024, "district_id": names, "source": "x", "synthetic": True})
    districts = districts.assign(
        enrollment=size, devices=(size * rng.uniform(0.8, 2, n)).round(),
        support_staff=np.maximum(1, size / rng.uniform(300, 1500, n)).round(1),
        benefit_rate=np.where(rng.random(n) < 0.4, rng.uniform(10, 35, n).round(), np.nan),
        sharing=rng.choice(["none", "some", "all"], n, p=[0.75, 0.05, 0.2]),
        after_hours_staff=rng.random(n) < 0.5,
    )  # fmt: skip
    rows = [(one, job) for one in names for job, part in (("director", 0.95), ("cyber", 0.1),
            ("technician", 0.6)) if rng.random() < part]  # fmt: skip
    positions = pd.DataFrame(rows, columns=["district_id", "position"]).assign(wave=2024, fte=1.0)
    positions["salary"] = rng.lognormal(11.3, 0.25, len(rows)).round(-2)
    positions["outsourced"] = pd.array([False] * len(rows), "boolean")
    ratio = rng.choice(["1:1", "2:1", "3:1"], n, p=[0.8, 0.12, 0.08])
    bands = pd.DataFrame({"wave": 2024, "district_id": names, "band": "6-8", "ratio": ratio})
    return districts, positions, bands


@pytest.mark.parametrize("n", [5, 7, 14, 30, 60])
def test_no_rule_is_broken_in_made_up_waves(n):
    tables = made_up(np.random.default_rng(n), n)
    raw, given = summarise(*tables), contributions(*tables[:2])
    done = withhold(raw, given)
    told = done[done["withheld"].isna()]
    assert told["base"].ge(5).all()
    assert not told["statistic"].isin(["min", "max"]).any()
    counted = told[told["statistic"].isin(["count", "share"])]
    counted = counted[counted["item"].ne("responding_districts")]
    many = counted["estimate"].where(counted["statistic"].eq("count"),
                                     counted["estimate"] * counted["base"] / 100)  # fmt: skip
    assert (many.gt(4.5) & (counted["base"] - many).gt(4.5)).all()
    # P2: total less n times mean left the few that have no director. Now who they are that have
    # one is uncertain by more than the few, since their number is not told.
    for row in told[
        told["item"].str.startswith("position_") & told["statistic"].eq("mean")
    ].itertuples():
        there = given[given["item"].eq(row.item) & given["group"].eq(row.group)]["value"]
        step = float(row.method.rpartition(" ")[2].replace(",", ""))
        there = there[given.loc[there.index, "among"].fillna(True).astype(bool)]
        assert step * len(there) >= 0.3 * there.max() - 1e-9
        assert row.base == len(there) or row.base == n - 4
        assert n >= 10  # of fewer, a mean of five tells that nearly all have it
    key = ["item", "group", "statistic"]
    share = done.set_index(key)["withheld"].fillna("")
    assert share["one_to_one", "6-8", "share"] == share["student_device_ratio", "6-8|1:1", "count"]


# ---- changes of the same districts ----


def panel(both, gained, lost, neither):
    was = [1] * both + [0] * gained + [1] * lost + [0] * neither
    now = [1] * both + [1] * gained + [0] * lost + [0] * neither
    rows = {2020: was, 2024: now}
    frame = pd.DataFrame(rows).astype("boolean").rename_axis("district_id").reset_index()
    return frame.melt("district_id", var_name="wave", value_name="near").astype({"wave": int})


@pytest.mark.parametrize("cells", [(9, 8, 7, 6), (9, 8, 7, 4), (4, 9, 9, 9), (9, 9, 0, 9)])
def test_of_changes_all_four_cells_must_be_five(cells):
    change = es.changes(panel(*cells), "near", pairs="ends", matched=True)
    told = withhold(change).iloc[0]
    safe = min(cells) >= 5
    assert pd.isna(told["withheld"]) == safe
    hidden = told[["estimate", "gained", "lost", "share_from", "share_to", "p_value", "verdict"]]
    assert hidden.notna().all() if safe else hidden.isna().all()
    cross = withhold(es.changes(panel(*cells), "near", pairs="ends")).iloc[0]
    sides = [cells[0] + cells[2], cells[1] + cells[3], cells[0] + cells[1], cells[2] + cells[3]]
    assert pd.isna(cross["withheld"]) == (min(sides) >= 5)


def test_changes_of_means_cannot_be_judged():
    rows = panel(9, 8, 7, 6).assign(pay=lambda frame: 20.0 + frame["district_id"])
    change = es.changes(rows, "pay", pairs="ends", statistic="mean")
    assert withhold(change)["withheld"].tolist() == [UNJUDGED]


def test_a_mean_of_public_sizes_names_nobody():
    # One district of 25,000 among 19 of 500 to 1,400: with it any mean is large, without it small.
    sizes = np.array([25_000, *range(500, 1450, 50)], float)
    row = OF | {"statistic": "mean", "estimate": sizes[:12].mean(), "base": 12}
    told = withhold(estimates([row]), single(sizes, of=20, among=np.arange(20) < 12))
    # To 1,000 it would be 3,000, 30,000 to 42,000 in all: only with the large one. To 2,000 it is
    # 12,000 to 36,000: 33,250 and more with it, up to 13,500 without it.
    assert (told["estimate"].item(), told["method"].item()) == (2000, "rounded to 2,000")
    lone = np.array([*[1000.0] * 10, 300_000])
    row |= {"estimate": 1000.0, "base": 6}
    told = withhold(estimates([row]), single(lone, of=11, among=np.arange(11) < 6))
    assert told["withheld"].item() == NAMES
    alike = np.linspace(900, 1500, 20)
    row |= {"estimate": alike[::2].mean(), "base": 10}
    told = withhold(estimates([row]), single(alike, of=20, among=np.arange(20) % 2 == 0))
    assert told["withheld"].isna().all()


def test_of_fewer_than_ten_no_mean_tells_that_five_have_it():
    assert mean_of([10.0, 11, 12, 13, 14], of=9)["withheld"] == EITHER
    assert pd.isna(mean_of([10.0, 11, 12, 13, 14], of=10)["withheld"])


def test_the_step_does_not_tell_the_largest_and_with_it_all():
    # All are paid 49,000. The step says that none is paid more than n x step / 0.3.
    for n in (5, 10, 20):
        told = mean_of([49_000.0] * n)
        step = float(told["method"].rpartition(" ")[2].replace(",", ""))
        most = n * step / 0.3
        least = n * (told["estimate"] - step / 2) - (n - 1) * most
        assert least < 0.9 * 49_000 or most > 1.1 * 49_000


def test_rows_made_from_answers_are_not_shown_before_they_passed_the_gate():
    made = es.means(pd.DataFrame({"district_id": range(9), "pay": [50.0] * 9}), "pay")
    with pytest.raises(ReportError, match=r"pass them through es\.withhold first"):
        origins.note(made)
    origins.note(withhold(made))
    origins.note(made.assign(figures="ct-2024.pay"))
