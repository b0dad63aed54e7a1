"""Pay in brackets: how they are read, the curve against scipy and simulation, and its limits."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.proportion import proportion_confint
from statsmodels.tools.numdiff import approx_hess

from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS, figures
from edtech_survey.statistics.brackets import bracket_bounds, brackets, fit_brackets

FIVE = {
    "under-70000": "30.1%",
    "70000-99999": "35.2%",
    "100000-129999": "26.1%",
    "130000-159999": "4.5%",
    "160000-plus": "1.1%",
}
COUNTS = np.array([53, 62, 46, 8, 2])  # of 176, the only base up to 250 that prints FIVE
EDGES = np.array([70000.0, 100000, 130000, 160000])


def published(shares=None, base=250, wave=2013, source="national", statistic="share"):
    return figures(
        {
            "figure_id": f"{source}.{group}.{wave}",
            "source": source, "wave": wave, "item": "salary_bracket", "group": group,
            "statistic": statistic, "printed": printed, "value": float(printed.rstrip("%")),
            "base": base, "base_kind": "published", "synthetic": False,
        }
        for group, printed in (shares or FIVE).items()
    )  # fmt: skip


def counted(counts, edges=EDGES):
    names = [f"{edge:.0f}" for edge in edges[: len(counts) - 1]]
    groups = ["under-" + names[0], *map("-".join, pairwise(names)), names[-1] + "-plus"]
    return published(dict(zip(groups, map(str, counts), strict=True)), statistic="count")


def with_prices(found, levels):
    index = {"source": "prices", "item": "cpi_u", "group": "all", "statistic": "index"}
    rows = figures(index | {"wave": year, "value": level} for year, level in levels.items())
    return pd.concat([found, rows], ignore_index=True)


def shares(found):
    return found[found["item"].eq("salary_bracket")]


def curve(found):
    return found[found["item"].eq("salary_distribution")].set_index("group")


def of(found, statistic):
    return found[found["statistic"].eq(statistic) & found["item"].eq("salary_distribution")].iloc[0]


# ------------------------------------------------------------------ reading


@settings(derandomize=True)
@given(st.integers(1, 10**8), st.integers(1, 10**8))
def test_bounds_follow_the_slug(low, width):
    assert bracket_bounds(f"under-{low}") == (0, low)
    assert bracket_bounds(f"{low}-plus") == (low, np.inf)
    high = low + width
    assert bracket_bounds(f"{low}-{high}") == (low, high + 1 if high % 10 == 9 else high)


@settings(derandomize=True)
@given(st.text(max_size=30))
def test_other_text_is_no_bracket_and_never_an_error(text):
    bounds = bracket_bounds(text)
    assert bounds is None or bounds[0] < bounds[1] or text.startswith("under-0")


def test_the_only_base_that_could_print_the_brackets_gives_the_counts():
    found = shares(brackets(published(dict(reversed(FIVE.items()))), confidence=0.9))
    assert tuple(found.columns[:15]) == ESTIMATE_COLUMNS
    assert found["count"].tolist() == COUNTS.tolist()
    assert [f"{100 * n / 176:.1f}%" for n in COUNTS] == list(FIVE.values())
    assert set(found["base"]) == {171}
    assert set(found["base_kind"]) == {"feasible"}
    assert found["estimate"].tolist() == pytest.approx((100 * COUNTS / 171).tolist())
    limits = [proportion_confint(n, 171, alpha=0.1, method="wilson") for n in COUNTS]
    assert found["conf_low"].tolist() == pytest.approx([100 * low for low, _ in limits])
    assert found["conf_high"].tolist() == pytest.approx([100 * high for _, high in limits])
    assert found["name"].tolist()[::4] == ["under $70,000", "$160,000 or more"]
    assert found["holds_median"].tolist() == [False, True, False, False, False]


def test_bounds_in_dollars_of_another_year():
    found = with_prices(published(), {2012: 100.0, 2013: 120.0, 2024: 150.0})
    shown = shares(brackets(found, price_year=2024, dollar_year=2012))
    assert shown["low"].tolist() == [0, 105_000, 150_000, 195_000, 240_000]
    assert pd.isna(shown["high"].iloc[-1])
    assert set(shown["price_year"]) == {2024}
    assert set(shown["dollar_year"]) == {2012}
    later = shares(brackets(found, price_year=2030, dollar_year=2012))
    assert later["low"].tolist() == shown["low"].tolist()  # of the latest year that has an index
    unpriced = shares(brackets(found, price_year=2024, dollar_year=2011))
    assert unpriced["low"].tolist() == [0, *EDGES]
    assert set(unpriced["price_year"]) == {2011}


def test_the_finest_complete_brackets_of_the_latest_wave_are_taken():
    sums = FIVE | {"under-100000": "65%", "130000-plus": "6%", "under-70000|men": "15%"}
    coarse = {"under-70000": "30%", "70000-99999": "35%", "100000-plus": "32%"}
    rows = pd.concat(
        [
            published(sums), published(coarse, source="summary"), published(coarse, wave=2012),
            published({"130000-plus": "18%"}, wave=2023),
        ],
        ignore_index=True,
    )  # fmt: skip
    assert list(shares(brackets(rows))["group"]) == list(FIVE)
    assert set(brackets(rows, 2012)["wave"]) == {2012}
    assert brackets(rows, 2023).empty
    assert brackets(rows.head(0)).empty
    assert list(brackets(rows, 2023).columns) == list(brackets(rows).columns)


def test_printed_counts_are_taken_as_they_are_and_unknown_bases_have_no_errors():
    exact = brackets(counted(COUNTS))
    assert shares(exact)["base_kind"].unique().tolist() == ["published"]
    assert of(exact, "g2")["estimate"] == pytest.approx(of(brackets(published()), "g2")["estimate"])
    blind = brackets(published(base=None))
    assert blind["base"].isna().all()
    assert blind["count"].isna().all()
    assert blind[["std_error", "conf_low", "conf_high"]].isna().all(axis=None)
    near = curve(brackets(published())).loc["p50", "estimate"]
    assert curve(blind).loc["p50", "estimate"] == pytest.approx(near, rel=0.002)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"70000-99999": None}, "under-70000 and 100000-129999: gap"),
        ({"90000-119999": "9%"}, "overlap"),
        ({"100000-129999": "56.1%"}, "sum to 127 percent"),
        ({"about-70k": "3%"}, "'about-70k': not a bracket"),
    ],
)
def test_what_does_not_make_one_distribution_is_named(change, told):
    changed = {group: share for group, share in (FIVE | change).items() if share is not None}
    with pytest.raises(EstimateError, match=told):
        brackets(published(changed))


def test_two_shares_for_one_bracket_are_refused_and_repeats_are_not():
    assert len(shares(brackets(pd.concat([published(), published()], ignore_index=True)))) == 5
    both = pd.concat([published(), published({"70000-99999": "36%"})], ignore_index=True)
    with pytest.raises(EstimateError, match="70000-99999 and 70000-99999: two shares"):
        brackets(both)


# ------------------------------------------------------------------ the curve


def test_values_of_the_issue():
    # From counts, not from the printed percents: $113,729 and G2 6.57 (2012 dollars in 2024's).
    levels = {2012: 229.594, 2024: 313.689}
    found = brackets(with_prices(published(), levels), price_year=2024, dollar_year=2012)
    assert curve(found).loc["p50", "estimate"] == pytest.approx(113_729, abs=1)
    assert of(found, "g2")[["estimate", "df"]].tolist() == [pytest.approx(6.571, abs=5e-4), 2]


@pytest.mark.parametrize("counts", [[30, 35, 32], [4, 4, 992]])
def test_three_brackets_have_a_closed_form(counts):
    # Two equations in two unknowns: z_j = (log edge_j - mu) / sigma.
    found = fit_brackets(np.array(counts, dtype=float), EDGES[:2])
    z = stats.norm.ppf(np.cumsum(counts)[:2] / sum(counts))
    sigma = np.log(10 / 7) / np.diff(z)[0]
    assert found.sigma == pytest.approx(sigma, rel=1e-6)
    assert found.mu == pytest.approx(np.log(70000) - z[0] * sigma, rel=1e-7)
    # So the fitted share above a bound is the counted one, with its binomial error.
    p = counts[2] / sum(counts)
    score = (found.mu - np.log(EDGES[1])) / found.sigma
    slope = np.array([1 / found.sigma, -score])
    error = stats.norm.pdf(score) * np.sqrt(slope @ found.covariance @ slope)
    assert error == pytest.approx(np.sqrt(p * (1 - p) / sum(counts)), rel=1e-6)
    test = of(brackets(counted(counts)), "g2")
    assert pd.isna(test["estimate"])
    assert "nothing to test" in test["reason"]


def log_likelihood(mu, sigma, counts=COUNTS):
    cells = np.diff(stats.lognorm(sigma, scale=np.exp(mu)).cdf([0, *EDGES, np.inf]))
    return float(np.sum(counts * np.log(cells)))


def test_the_fit_is_at_the_top_of_the_likelihood_with_its_curvature():
    found = fit_brackets(COUNTS.astype(float), EDGES)
    best = optimize.minimize(lambda p: -log_likelihood(p[0], np.exp(p[1])), [11.3, -1.0], tol=1e-12)
    assert [found.mu, np.log(found.sigma)] == pytest.approx(best.x.tolist(), abs=1e-5)
    second = approx_hess(best.x, lambda p: -log_likelihood(p[0], np.exp(p[1])), epsilon=1e-4)
    np.testing.assert_allclose(np.linalg.inv(second), found.covariance, rtol=1e-3)


@pytest.mark.slow
def test_known_parameters_are_recovered_with_errors_of_repeated_samples():
    rng = np.random.default_rng(21)
    p = np.diff(stats.lognorm(0.35, scale=np.exp(11.3)).cdf([0, *EDGES, np.inf]))
    fits = [fit_brackets(draw.astype(float), EDGES) for draw in rng.multinomial(250, p, size=80)]
    errors = np.mean([np.sqrt(np.diag(fit.covariance)) for fit in fits], axis=0)
    spread = np.std([[fit.mu, np.log(fit.sigma)] for fit in fits], axis=0)
    assert errors == pytest.approx(spread, rel=0.2)
    assert np.mean([fit.mu for fit in fits]) == pytest.approx(11.3, abs=3 * errors[0] / np.sqrt(80))


def test_estimates_and_the_test_are_those_of_the_fitted_distribution():
    fit = fit_brackets(COUNTS.astype(float), EDGES)
    law = stats.lognorm(fit.sigma, scale=np.exp(fit.mu))
    told = brackets(counted(COUNTS), quantiles=(0.5, 0.9))
    found = curve(told)
    assert found.loc[["p50", "p90"], "estimate"].tolist() == pytest.approx(law.ppf([0.5, 0.9]))
    assert of(told, "mean")["estimate"] == pytest.approx(law.mean())
    assert of(told, "log_sd")["estimate"] == pytest.approx(fit.sigma)
    median = found.loc["p50", ["free_low", "free_high"]]
    assert median.tolist() == [70000, 100000]  # 53 of 171 below, 115 below the next
    expected = 171 * np.diff(law.cdf([0, *EDGES, np.inf]))
    second = stats.power_divergence(COUNTS, expected, ddof=2, lambda_="log-likelihood")
    pair = (second.statistic, second.pvalue)
    assert tuple(of(told, "g2")[["estimate", "p_value"]]) == pytest.approx(pair)


@pytest.mark.parametrize("counts", [[24, 76], [60, 0, 40], [100, 0, 0]])
def test_too_few_brackets_have_shares_and_no_curve(counts):
    found = brackets(counted(counts))
    assert shares(found)["estimate"].tolist() == counts
    assert curve(found)["estimate"].isna().all()
    assert curve(found)["reason"].str.contains("three brackets").all()


def test_arguments_out_of_their_range_are_refused():
    for asked, said in (
        ({"confidence": 95}, r"0\.95 for 95 percent"),
        ({"quantiles": 50}, "such as"),
    ):
        with pytest.raises(EstimateError, match=said):
            brackets(counted(COUNTS), **asked)
