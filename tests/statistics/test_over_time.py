"""Changes and trends of rows with CR2 errors, and trends of figures, against other computations.

Stata's and dfadjust's numbers: test_clustervar.R of the R package dfadjust 1.0.4 (Kolesar).
"""

from itertools import product

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats
from tests.statistics.conftest import mover

import edtech_survey as es
from edtech_survey.errors import EstimateError
from edtech_survey.shape import HOLDS, figures

ENDS = ["conf_low", "conf_high"]
ITEM = "one_to_one"


def by_definition(y, x, clusters, of, weight=None):
    """Bell and McCaffrey's error and degrees of freedom of ``of @ b``, matrix by matrix.

    V = sum of M X'W A e e' A W X M over clusters, A the symmetric root of the inverse of the
    residuals' covariance, all answers independent and of one spread.
    """
    w = np.diag(np.ones(len(y)) if weight is None else weight)
    bread = np.linalg.inv(x.T @ w @ x)
    rest = np.eye(len(y)) - x @ bread @ x.T @ w
    variance, rows = 0.0, []
    for one in dict.fromkeys(clusters):
        at = np.flatnonzero(np.asarray(clusters) == one)
        values, vectors = np.linalg.eigh((rest @ rest.T)[np.ix_(at, at)])
        kept = values > 1e-10
        root = vectors[:, kept] @ np.diag(values[kept] ** -0.5) @ vectors[:, kept].T
        u = root @ w[np.ix_(at, at)] @ x[at] @ bread @ of
        variance += (u @ (rest @ y)[at]) ** 2
        rows.append(u @ rest[at])
    inner = np.array(rows) @ np.array(rows).T
    return np.sqrt(variance), np.trace(inner) ** 2 / (inner**2).sum()


def survey(seed=3, waves=(2017, 2020, 2021, 2024), districts=24, answering=0.7):
    """Rows of respondents some of whom answer again, with numbers that a district keeps."""
    rng = np.random.default_rng(seed)
    level = rng.normal(50, 8, districts)
    rows = [
        {"wave": wave, "district_id": f"d{at:02}", "pay": level[at] + at_wave + rng.normal(0, 4),
         "near": bool(rng.random() < 0.25 + 0.15 * at_wave)}
        for at_wave, wave in enumerate(waves)
        for at in range(districts)
        if rng.random() < answering
    ]  # fmt: skip
    return pd.DataFrame(rows)


def slope_weights(waves):
    years = np.array(sorted(waves)) - np.mean(waves)
    return years / (years @ years)


def test_the_definition_gives_the_numbers_of_stata_and_of_dfadjust():
    y = np.concatenate([np.cos(np.arange(10)), np.tan(np.arange(1, 11))])
    x = np.column_stack(
        [np.ones(20), np.concatenate([np.sin(np.arange(1, 11)), np.sin(np.arange(2, 12))])]
    )
    told = [by_definition(y, x, range(20), np.eye(2)[at]) for at in (0, 1)]
    assert [error for error, _ in told] == pytest.approx([0.4227339762, 0.4421048122], abs=1e-9)
    assert [df for _, df in told] == pytest.approx([17.6142349, 12.10389102], abs=1e-7)
    # Of clusters it prints the error times t over z, by degrees of freedom of another model.
    clusters = [2, 1, 3, 2, 2, 3, 3, 1, 1, 2] * 2
    errors = np.array([by_definition(y, x, clusters, np.eye(2)[at])[0] for at in (0, 1)])
    times = stats.t.ppf(0.975, [2.001430933, 1.783242385]) / stats.norm.ppf(0.975)
    assert (errors * times).tolist() == pytest.approx([1.053441197, 0.533126248], abs=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("item", "statistic"), [("pay", "mean"), ("near", "share")])
def test_a_trend_is_the_definition_over_overlapping_waves(item, statistic, weighted):
    frame = survey()
    weight = np.random.default_rng(8).uniform(0.5, 4, len(frame)).round(2)
    design = {"weights": frame[["wave", "district_id"]].assign(weight=weight)} if weighted else {}
    row = es.changes(frame, item, statistic=statistic, pairs="trend", **design).iloc[0]
    waves = sorted(frame["wave"].unique())
    x = np.column_stack([frame["wave"].eq(wave) for wave in waves]).astype(float)
    y = frame[item].to_numpy(float) * (100 if statistic == "share" else 1)
    w = weight if weighted else np.ones(len(frame))
    error, df = by_definition(y, x, frame["district_id"], slope_weights(waves), w)
    means = np.linalg.solve(x.T @ (w[:, None] * x), x.T @ (w * y))
    assert row["estimate"] == pytest.approx(np.polyfit(waves, means, 1)[0])
    assert row["std_error"] == pytest.approx(error, rel=1e-10)
    reach = stats.t.ppf(0.975, df) * error
    assert row[ENDS].tolist() == pytest.approx([row["estimate"] - reach, row["estimate"] + reach])
    assert (row["statistic"], row["period"], row["base"]) == (
        "trend", "2017 to 2024", frame["wave"].value_counts().min(),
    )  # fmt: skip
    assert f"t({df:.1f})" in row["method"]
    # statsmodels' clustered errors (CR0) of the same regression are near, and smaller.
    fit = smf.wls("y ~ 0 + C(wave)", frame.assign(y=y), weights=w).fit()
    plain = fit.get_robustcov_results(
        "cluster", groups=pd.factorize(frame["district_id"])[0], use_correction=False
    )
    crude = np.sqrt(slope_weights(waves) @ plain.cov_params() @ slope_weights(waves))
    assert 1 < row["std_error"] / crude < 1.12


def test_the_change_of_a_mean_is_welchs_where_nobody_answers_twice():
    rng = np.random.default_rng(5)
    first, last = rng.normal(50, 3, 14), rng.normal(55, 9, 9)
    frame = pd.DataFrame(
        {"wave": [2020] * 14 + [2024] * 9, "district_id": range(23), "pay": [*first, *last]}
    )
    row = es.changes(frame, "pay", statistic="mean", pairs="ends").iloc[0]
    welch = stats.ttest_ind(last, first, equal_var=False)
    assert row["estimate"] / row["std_error"] == pytest.approx(welch.statistic)
    # Welch takes the spreads as seen for the degrees of freedom, these as one: seen alike, equal.
    frame["pay"] = [
        *first,
        *(last.mean() + (last - last.mean()) * first.std(ddof=1) / last.std(ddof=1)),
    ]
    row = es.changes(frame, "pay", statistic="mean", pairs="ends").iloc[0]
    welch = stats.ttest_ind(frame["pay"].iloc[14:], first, equal_var=False)
    assert row[ENDS].tolist() == pytest.approx(list(welch.confidence_interval()))
    assert row[["share_from", "share_to"]].tolist() == pytest.approx([first.mean(), last.mean()])
    # Three waves of strangers: statsmodels' HC2.
    frame["wave"] = frame["wave"].mask(frame.index < 7, 2017)
    row = es.changes(frame, "pay", statistic="mean", pairs="trend").iloc[0]
    fit = smf.ols("pay ~ 0 + C(wave)", frame).fit(cov_type="HC2")
    of = slope_weights([2017, 2020, 2024])
    assert row["std_error"] == pytest.approx(np.sqrt(of @ fit.cov_params() @ of))


def test_the_change_of_a_mean_is_the_paired_t_where_all_answer_twice():
    frame = survey(answering=1, waves=(2020, 2024))
    wide = frame.pivot(index="district_id", columns="wave", values="pay")
    paired = stats.ttest_rel(wide[2024], wide[2020])
    asked = {"statistic": "mean", "pairs": "ends"}
    row = es.changes(frame, "pay", **asked).iloc[0]
    assert row[ENDS].tolist() == pytest.approx(list(paired.confidence_interval()))
    assert row["label"] == (HOLDS if paired.pvalue < 0.05 else "not supported")
    # matched= leaves out who answered once, and is that test again.
    some = pd.concat([frame, frame.iloc[:1].assign(district_id="new", pay=500.0)])
    same = es.changes(some, "pay", matched=True, **asked).iloc[0]
    assert same[["estimate", *ENDS]].tolist() == pytest.approx(row[["estimate", *ENDS]].tolist())
    # A line through each district's numbers, and the t of the slopes.
    frame = survey(answering=1)
    wide = frame.pivot(index="district_id", columns="wave", values="pay")
    slopes = np.polyfit(wide.columns, wide.to_numpy().T, 1)[0]
    row = es.changes(frame, "pay", statistic="mean", pairs="trend", matched=True).iloc[0]
    within = stats.ttest_1samp(slopes, 0).confidence_interval()
    assert row[ENDS].tolist() == pytest.approx(list(within))


def test_rows_and_published_shares_have_one_trend(one_to_one_figures):
    frame = survey()
    counts = frame.groupby("wave")["near"].agg(["sum", "count"])
    printed = figures(
        {"source": "a", "wave": wave, "item": "near", "group": "all", "statistic": "count",
         "printed": str(count), "value": count, "base": base, "base_kind": "published"}
        for wave, count, base in counts.itertuples()
    )  # fmt: skip
    rows, told = (es.changes(x, "near", pairs="trend").iloc[0] for x in (frame, printed))
    same = ["estimate", "share_from", "share_to", "period", "statistic", "base", "whole"]
    assert rows[same].tolist() == pytest.approx(told[same].tolist())
    # Bases known: MOVER of Wilson limits.
    terms = zip(slope_weights(counts.index), counts.itertuples(index=False), strict=True)
    terms = [(w, tuple(pair)) for w, pair in terms]
    assert told[ENDS].tolist() == pytest.approx(list(mover(terms)))
    variance = [w**2 * n * (b - n) / b**3 for w, (n, b) in terms]
    assert told["std_error"] == pytest.approx(100 * np.sqrt(sum(variance)))


def test_a_published_trend_is_the_worst_over_all_bases(one_to_one_figures):
    few = one_to_one_figures[one_to_one_figures["wave"].isin([2017, 2021, 2024])]
    few = few[few["group"].eq("pk-2")].assign(population=pd.NA)
    asked = {"pairs": "trend", "assume_base": {2017: (5, 20), 2021: (15, 21)}}
    row = es.changes(few, ITEM, **asked).iloc[0]
    of = slope_weights([2017, 2021, 2024])

    def could(percent, bases):
        return [(n, b) for b in bases for n in range(b + 1) if abs(100 * n / b - percent) <= 0.5]

    printed = [int(text.strip("%")) for text in few.sort_values("wave")["printed"].iloc[:2]]
    possible = [could(printed[0], range(5, 21)), could(printed[1], range(15, 22)), [(47, 53)]]
    every = [mover(zip(of, chosen, strict=True)) for chosen in product(*possible)]
    assert row["conf_low"] == pytest.approx(min(low for low, _ in every))
    assert row["conf_high"] == pytest.approx(max(high for _, high in every))
    assert "least-squares slope a year, MOVER" in row["method"]


def test_trends_over_all_bases_and_of_gaps(one_to_one_figures):
    table = es.changes(one_to_one_figures, ITEM, pairs=["ends", "trend"])
    trend, ends = (table[table["statistic"].eq(kind)] for kind in ("trend", "change"))
    assert trend["group"].tolist() == ends["group"].tolist()
    assert set(table["family"]) == {20}  # four groups: three steps, the whole way, the trend
    assert set(trend["label"]) == {HOLDS}
    printed = es.shares(one_to_one_figures, ITEM, groups="pk-2").set_index("wave")["estimate"]
    slope = np.polyfit(printed.index, printed.astype(float), 1)[0]
    assert trend["estimate"].iloc[0] == pytest.approx(slope)
    assert trend["share_from"].tolist() == ends["share_from"].tolist()
    gap = es.gaps(one_to_one_figures, ITEM, pairs="trend", min_base=30).iloc[-1]
    assert gap["statistic"] == "trend"
    levels = es.gaps(one_to_one_figures, ITEM, min_base=30).iloc[:4]
    assert gap["estimate"] == pytest.approx(
        np.polyfit(levels["wave"].astype(float), levels["estimate"].astype(float), 1)[0]
    )
    # Two waves have no trend, and that is no error.
    assert es.changes(one_to_one_figures, ITEM, waves=[2017, 2024], pairs="trend").empty
    assert es.changes(survey(waves=(2020, 2024)), "near", pairs="trend").empty


def test_a_group_has_the_trend_of_the_waves_that_it_has():
    frame = survey().assign(band="k")
    late = survey(seed=4, waves=(2020, 2021, 2024)).assign(band="m")
    short = survey(seed=5, waves=(2021, 2024)).assign(band="z")
    every = pd.concat([frame, late, short])
    table = es.changes(every, "pay", statistic="mean", by="band", pairs="trend")
    assert table["group"].tolist() == ["k", "m"]
    assert table["period"].tolist() == ["2017 to 2024", "2020 to 2024"]
    alone = es.changes(late, "pay", statistic="mean", pairs="trend").iloc[0]
    assert table.iloc[1][["estimate", *ENDS]].tolist() == alone[["estimate", *ENDS]].tolist()


def test_what_has_no_spread_has_no_interval_and_no_verdict():
    sure = survey().assign(near=True)
    row = es.changes(sure, "near", pairs="trend").iloc[0]
    assert row["estimate"] == pytest.approx(0)
    assert row[["std_error", *ENDS, "label", "verdict", "low_together"]].isna().all()
    one = survey(waves=(2020, 2021, 2024)).groupby("wave").head(1)
    assert es.changes(one, "pay", statistic="mean", pairs="trend")[ENDS].isna().all(axis=None)
    for asked, said in (
        ({"statistic": "median"}, "'median'.*share or a mean"),
        ({"statistic": "mean", "by": "near"}, "column near|has type bool"),
    ):
        with pytest.raises(EstimateError, match=said):
            es.changes(sure, "near", **asked)
    with pytest.raises(EstimateError, match="no spread of a mean"):
        es.changes(figures([]), "pay", statistic="mean")


def test_rows_judge_a_family_as_figures_do():
    frame = pd.concat([survey(seed).assign(band=band) for seed, band in ((3, "k"), (9, "m"))])
    table = es.changes(frame, "pay", statistic="mean", by="band", pairs=["steps", "ends"])
    assert set(table["family"]) == {8}
    strict = es.changes(
        frame, "pay", statistic="mean", by="band", pairs=["steps", "ends"], confidence=1 - 0.05 / 8
    )
    both = [table[["low_together", "high_together"]], strict[ENDS]]
    np.testing.assert_allclose(*(part.astype(float) for part in both))
    # The whole way is judged over the groups: two here.
    four = es.changes(
        frame, "pay", statistic="mean", by="band", pairs="ends", confidence=1 - 0.05 / 2
    )
    whole = table[table["whole"]]
    clear = four["conf_low"].gt(0) | four["conf_high"].lt(0)
    assert whole["label"].eq(HOLDS).tolist() == clear.tolist()
    # Fewer groups asked for, the same family.
    one = es.changes(frame, "pay", statistic="mean", by="band", pairs="ends", groups="m").iloc[0]
    columns = ["label", "low_together", "family"]
    assert one[columns].tolist() == whole.iloc[1][columns].tolist()


@pytest.mark.parametrize("weights", [None, "many"])
def test_a_line_over_few_clusters_has_the_error_and_degrees_of_freedom_of_the_definition(weights):
    rng = np.random.default_rng(5)
    rows = survey(districts=22).assign(many=lambda frame: rng.integers(1, 9, len(frame)))
    rows["size"] = rows.groupby("district_id")["pay"].transform("first") * 0 + np.exp(
        pd.factorize(rows["district_id"])[0] / 4  # sizes as unlike as those of districts
    )
    told = es.regressions(rows, "pay ~ size", clusters="district_id", weights=weights).iloc[0]
    x = np.column_stack([np.ones(len(rows)), rows["size"]])
    root = np.ones(len(rows)) if weights is None else np.sqrt(rows["many"].to_numpy(float))
    error, df = by_definition(
        rows["pay"].to_numpy() * root, x * root[:, None], rows["district_id"], np.array([0, 1])
    )
    assert told["std_error"] == pytest.approx(error, rel=1e-8)
    assert told["method"].endswith(f"CR2 clustered by district_id, t({df:.1f})")
    assert df < 12  # far from the 21 that the number of clusters would give
    assert told["conf_high"] - told["estimate"] == pytest.approx(stats.t.ppf(0.975, df) * error)
