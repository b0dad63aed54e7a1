"""One estimand has one number, whatever path it takes, over generated frames.

The closed forms, svy, and a brute force written here from the textbook agree to 1e-10: of strata,
clusters, unequal weights, populations, missing answers and domains, and of answers of any type.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import edtech_survey as es
from edtech_survey.errors import EstimateError
from edtech_survey.statistics.samples import linearised, samples

NUMBERS = ["estimate", "std_error", "conf_low", "conf_high"]
DESIGNS = {
    "weights": {"weights": True},
    "clusters": {"cluster": "cluster"},
    "all of them": {"strata": "stratum", "cluster": "cluster", "weights": True},
    "sizes": {"strata": "stratum", "population": "size"},
    "sizes of clusters": {"strata": "stratum", "cluster": "cluster", "population": "clusters"},
    "a known population": {"population": 300},
}


def generated(seed, n=40):
    """Districts of three strata with numbers, a text answer, clusters, and sizes of the strata."""
    rng = np.random.default_rng(seed)
    stratum = np.sort(np.append(rng.choice(["a", "b", "c"], n - 6), list("aabbcc")))
    size = pd.Series(stratum).map({"a": 60, "b": 90, "c": 120})
    frame = pd.DataFrame({
        "wave": 2024, "district_id": [f"d{at}" for at in range(n)],
        "stratum": stratum, "size": size, "clusters": size,
        "cluster": [f"{one}{rng.integers(5)}" for one in stratum],
        "kind": rng.choice(["town", "charter", "regional"], n),
        "devices": rng.lognormal(5, 1, n).round(1), "staff": rng.uniform(0.5, 9, n).round(2),
        "answer": rng.choice(["1:1", "2:1", "3:1"], n), "weight": rng.uniform(1, 9, n),
    })  # fmt: skip
    missing = rng.choice(n, n // 5, replace=False)
    return frame.assign(few=frame["devices"].mask(frame.index.isin(missing)))


def asked_of(frame, design):
    weights = {"weights": frame[["wave", "district_id", "weight"]]} if "weights" in design else {}
    return design | weights


def brute(frame, design, y, x, part):
    """Ratio of the totals of `y` and `x` in a domain, its linearised error and degrees of freedom.

    Cochran (1977), section 5A.14 and equation 11.30: residuals summed by cluster, their spread in
    each stratum, for the domain as for everybody with 0 outside.
    """
    part = part & y.notna() & x.notna()
    strata = frame["stratum"] if "strata" in design else pd.Series("all", frame.index)
    unit = frame[design.get("cluster", "district_id")]
    weight, fraction = pd.Series(1.0, frame.index), pd.Series(0.0, frame.index)
    known = design.get("population")
    if known is not None:
        size = pd.Series(known, frame.index) if isinstance(known, int) else frame[known]
        fraction = unit.groupby(strata).transform("nunique") / size
        weight = weight / fraction
    if "weights" in design:
        weight = frame["weight"]
    total_y, total_x = ((weight * one).where(part, 0).sum() for one in (y, x))
    ratio, variance, degrees = total_y / total_x, 0.0, 0
    scores = (weight * (y - ratio * x) / total_x).where(part, 0)
    for of in strata.unique():
        here = strata == of
        sums = scores[here].groupby(unit[here]).sum()
        m = len(sums)
        variance += (1 - fraction[here].iloc[0]) * m * sums.var(ddof=1)
        inside = unit[here & part].nunique()
        degrees += max(inside - 1, 0)
    return ratio, np.sqrt(variance), degrees


def close(found, wanted):
    np.testing.assert_allclose(
        np.asarray(found, float), np.asarray(wanted, float), rtol=1e-10, atol=1e-10
    )


@pytest.mark.parametrize("name", DESIGNS)
def test_every_design_gives_the_numbers_of_the_textbook(name):
    frame, design = generated(3), DESIGNS[name]
    given, one = asked_of(frame, design), pd.Series(1.0, frame.index)
    yes = (frame["answer"] == "1:1").astype(float)
    everyone = pd.Series(data=True, index=frame.index)
    # Where a district has one row, who gave no answer counts as not sampled.
    item = "devices" if name == "a known population" else "few"
    found = es.means(frame, item, **given).iloc[0]
    mean, error, degrees = brute(frame, design, frame[item], one, everyone)
    half = stats.t.ppf(0.975, degrees) * error
    close(found[NUMBERS], [mean, error, mean - half, mean + half])
    assert found["base"] == frame[item].notna().sum()
    found = es.ratios(frame, item, "staff", **given).iloc[0]
    close(found[NUMBERS[:2]], brute(frame, design, frame[item], frame["staff"], everyone)[:2])
    kinds = es.means(frame, "devices", by="kind", **given).set_index("group")
    parts = es.shares(frame, "answer", answer="1:1", by="kind", **given).set_index("group")
    for kind in kinds.index:
        of = frame["kind"] == kind
        mean, error, degrees = brute(frame, design, frame["devices"], one, of)
        half = stats.t.ppf(0.975, degrees) * error
        close(kinds.loc[kind, NUMBERS], [mean, error, mean - half, mean + half])
        wanted = 100 * np.array(brute(frame, design, yes, one, of)[:2])
        close(parts.loc[f"{kind}|1:1", NUMBERS[:2]], wanted)


@pytest.mark.parametrize(
    ("verb", "columns", "by", "population"),
    [
        (es.means, ["few"], (), None),
        (es.means, ["devices"], "kind", 300),
        (es.ratios, ["few", "staff"], (), 300),
        (es.shares, ["answer"], "kind", None),
        (es.shares, ["answer"], ("wave", "kind"), 300),
        (es.quantiles, ["few", 0.5], (), 300),
    ],
)
def test_weights_of_1_and_one_stratum_and_no_cluster_change_nothing(verb, columns, by, population):
    frame = generated(7).assign(one="all", size=population)
    weights = frame[["wave", "district_id"]].assign(weight=7.5)
    plain = verb(frame, *columns, by=by, population=population)
    for design in (
        {"weights": weights.assign(weight=1.0)},
        {"weights": weights, "cluster": None},
        {"population": "size"} if population else {"strata": "one"},
    ):
        found = verb(frame, *columns, by=by, **({"population": population} | design))
        alike = ["group", "statistic", *NUMBERS, "base", "population"]
        pd.testing.assert_frame_equal(found[alike], plain[alike], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("population", [None, 300])
def test_the_closed_form_and_svy_agree_on_a_whole_sample(population):
    frame = generated(11)
    (sample,) = samples(frame, (), population=population)
    assert not sample.linear
    for verb, columns, kind in (
        (es.means, ["devices"], "mean"),
        (es.ratios, ["devices", "staff"], "ratio"),
    ):
        plain = verb(frame, *columns, population=population).iloc[0]
        x = frame["staff"] if kind == "ratio" else None
        by_svy = linearised(kind, frame["devices"], sample, divisor=x).iloc[0]
        close(plain[NUMBERS], by_svy[NUMBERS].astype(float))
    # A total is the mean times the number of units, and so is svy's under weights of N / n.
    size = population or 300
    weights = frame[["wave", "district_id"]].assign(weight=size / len(frame))
    (weighted,) = samples(frame, (), population=population, weights=weights)
    by_svy = linearised("total", frame["devices"], weighted).iloc[0]
    plain = es.totals(frame, "devices", population=population, weights=weights).iloc[0]
    close(plain[NUMBERS], by_svy[NUMBERS].astype(float))


def test_a_group_that_not_everybody_is_in_is_a_domain_of_a_known_population():
    frame = generated(3)
    weights = frame[["wave", "district_id"]].assign(weight=300 / len(frame))
    domain = es.means(frame, "devices", by="kind", population=300)
    told = frame.groupby("kind")["devices"].agg(["count", "var"])
    # Cochran (1977), section 2.12, with the number in the domain left to chance.
    n = len(frame)
    error = np.sqrt((1 - n / 300) * n / (n - 1) * told["var"] * (told["count"] - 1)) / told["count"]
    close(domain["std_error"], error)
    totals = es.totals(frame, "devices", by="kind", population=300)
    same = es.totals(frame, "devices", by="kind", population=300, weights=weights)
    pd.testing.assert_frame_equal(totals[NUMBERS], same[NUMBERS], rtol=1e-10)
    whole = es.totals(frame, "devices", population=300)["estimate"].sum()
    assert totals["estimate"].sum() == pytest.approx(whole)
    # Cochran (1977), equation 2.42: of a total over a domain, others count as 0.
    for group, row in totals.set_index("group").iterrows():
        values = frame["devices"].where(frame["kind"] == group, 0.0)
        close(row["std_error"], 300 * np.sqrt((1 - n / 300) / n) * values.std())


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("weights", "Int64"),
        ("clusters", "float64"),
        ("sizes", "str"),
        ("weights", "category"),
        ("clusters", "boolean"),
        ("a known population", "bool"),
    ],
)
def test_answers_of_any_type_have_the_same_shares_on_every_path(name, kind):
    frame = generated(5)
    yes = (frame["answer"] == "1:1").astype("int64")
    given = asked_of(frame, DESIGNS[name])
    typed = frame.assign(said=yes.astype(kind))
    if kind == "category":
        typed["said"] = typed["said"].cat.add_categories([9])
    asked = {} if kind.startswith("bool") else {"answer": "1" if kind == "str" else 1}
    wanted = es.means(frame.assign(said=100.0 * yes), "said", **given).iloc[0]
    found = es.shares(typed, "said", **asked, **given).iloc[0]
    close(found[NUMBERS[:2]], wanted[NUMBERS[:2]])
    assert found["base"] == len(frame)
    wrong = {"answer": "maybe"} if kind.startswith("bool") else {"answer": 9}
    listed = "no 'maybe'" if kind.startswith("bool") else r"answer '9'[\s\S]* there are 0, 1"
    with pytest.raises(EstimateError, match=listed):
        es.shares(typed, "said", **wrong, **given)


def test_a_group_that_the_rows_do_not_hold_is_told_with_those_they_do():
    frame = generated(1)
    with pytest.raises(EstimateError, match=r"twon: has no row.*are charter, regional, town"):
        es.shares(frame, "answer", by="kind", groups=["town", "twon"])
    with pytest.raises(EstimateError, match=r"wave 2042: has no row.*2024"):
        es.shares(frame, "answer", by="kind", waves=[2024, 2042])


@pytest.mark.parametrize("asked", [{}, {"matched": True}, {"weights": 1}, {"strata": "stratum"}])
def test_a_change_in_an_answer_that_nobody_gave_is_told_with_those_given(asked):
    frame = generated(1).astype({"answer": "category"})
    frame["answer"] = frame["answer"].cat.add_categories(["4:1"])
    both = pd.concat([frame, frame.assign(wave=2020)], ignore_index=True)
    if "weights" in asked:
        asked = {"weights": both[["wave", "district_id", "weight"]]}
    with pytest.raises(EstimateError, match=r"'4:1': nobody gave it.*there are 1:1, 2:1, 3:1"):
        es.changes(both, "answer", answer="4:1", **asked)
