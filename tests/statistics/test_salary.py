"""Pay and enrollment: slopes worked out a second way, certified fits, and what is refused."""

from itertools import permutations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.datasets import longley

from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS, HOLDS, NOT, figures
from edtech_survey.statistics.regressions import SPECS, fit, influence, regressions
from edtech_survey.statistics.salary import salary_table

PRINTED = pd.read_csv(Path(__file__).with_name("ct_positions_2024.csv"))
POSITIONS = PRINTED[["position", "category"]].assign(label=PRINTED["position"].str.title())
ITEMS = {
    "districts": ("position_present", "count"),
    "enrollment": ("position_enrollment", "mean"),
    "fte": ("position_fte", "mean"),
    "salary": ("position_salary", "mean"),
}
INDEX = {"source": "prices", "item": "cpi_u", "group": "all", "statistic": "index"}
LEVELS = {2017: 80.0, 2021: 90.0, 2024: 100.0}
PRICES = figures(INDEX | {"wave": year, "value": level} for year, level in LEVELS.items())
_NUMBERS = ["enrollment", "salary", "log_enrollment", "log_salary"]
NINE_DIGITS, SEVEN_DIGITS = 1e-9, 1e-7


def evidence(own, positions=POSITIONS, prices=PRICES, responses=None):
    codebook = SimpleNamespace(positions=positions, name=lambda _, group: group)
    return SimpleNamespace(own=own, elsewhere=prices, codebook=codebook, responses=responses)


def as_figures(table, source="ct-2024", wave=2024):
    return figures(
        {
            "figure_id": f"{source}.{column}.{row['position']}",
            "source": source, "wave": wave, "item": item, "group": row["position"],
            "statistic": statistic, "value": row[column], "synthetic": False,
        }
        for _, row in table.iterrows()
        for column, (item, statistic) in ITEMS.items()
    )  # fmt: skip


@pytest.fixture(scope="module")
def table():
    return salary_table(evidence(as_figures(PRINTED)))


def one(table, formula="salary ~ enrollment", weights=None, **more):
    return regressions(table, formula, weights=weights, **more).iloc[0]


# ------------------------------------------------------------------ the table


def test_the_table_holds_what_was_printed_and_where_it_stands(table):
    assert list(table["group"]) == list(PRINTED["position"])
    numbers = table[list(ITEMS)].astype(float)
    pd.testing.assert_frame_equal(numbers, PRINTED[list(ITEMS)].astype(float))
    assert tuple(table.columns[:15]) == ESTIMATE_COLUMNS
    assert table["estimate"].equals(table["salary"])
    assert table["base"].tolist() == PRINTED["districts"].tolist()
    assert table["figures"].iloc[0].split() == [
        f"ct-2024.{column}.technology_director" for column in ITEMS
    ]


@pytest.mark.parametrize(
    ("wave", "to", "factor", "dollars"),
    [
        (2024, 2017, 0.8, "2017 dollars"),
        (2026, 2024, 1, "dollars of 2026, not adjusted: no price index for 2026 yet"),
        (2026, None, 1, "dollars of 2026, not adjusted: no price index for 2026 yet"),
        (2017, 2030, 1.25, "2024 dollars"),  # the latest that has one
        (2024, 2030, 1, "2024 dollars"),
    ],
)
def test_dollars_are_those_asked_for_if_both_years_have_an_index(wave, to, factor, dollars):
    found = salary_table(evidence(as_figures(PRINTED, wave=wave)), price_year=to)
    assert found["salary"].tolist() == pytest.approx((factor * PRINTED["salary"]).tolist())
    assert set(found["currency"]) == {dollars}


def test_the_latest_wave_that_asked_for_pay_is_taken():
    old = as_figures(PRINTED.assign(salary=1.0), "ct-2021", 2021)
    newer = as_figures(PRINTED, "ct-2026", 2026)
    newer = newer[newer["item"] != "position_salary"]
    both = pd.concat([old, as_figures(PRINTED), newer], ignore_index=True)
    assert set(salary_table(evidence(both))["wave"]) == {2024}
    assert set(salary_table(evidence(both), 2021)["salary"]) == {1.0}
    for nothing in (both.head(0), newer):
        empty = salary_table(nothing)
        assert len(empty) == len(regressions(empty)) == len(influence(empty)) == 0
        assert list(empty.columns) == list(salary_table(evidence(both)).columns)


def test_sources_positions_and_repeats_are_refused_together():
    mixed = pd.concat(
        [as_figures(PRINTED), as_figures(PRINTED.head(1)), as_figures(PRINTED.head(1), "sample")],
        ignore_index=True,
    )
    with pytest.raises(EstimateError) as caught:
        salary_table(evidence(mixed, POSITIONS[POSITIONS["position"] != "av_technician"]))
    for part in ("ct-2024, sample", "av_technician", "published twice"):
        assert part in str(caught.value)


# ------------------------------------------------------------------ slopes across positions


@pytest.mark.parametrize("weights", [None, "districts", "jobs"])
@pytest.mark.parametrize("log", [False, True])
def test_slopes_agree_with_numpy(table, log, weights):
    table = table.assign(jobs=table["districts"] * table["fte"])
    x, y = PRINTED["enrollment"].to_numpy(float), PRINTED["salary"].to_numpy(float)
    x, y = (np.log(x), np.log(y)) if log else (x, y)
    weight = 1.0 if weights is None else table[weights].astype(float)
    expected = np.polyfit(x, y, 1, w=np.sqrt(weight) * np.ones(18))[0]
    formula = "log_salary ~ log_enrollment" if log else "salary ~ enrollment"
    assert one(table, formula, weights)["estimate"] == pytest.approx(expected, rel=NINE_DIGITS)


def test_the_eight_specifications_and_their_columns(table):
    found = regressions(table)
    assert len(found) == len(SPECS) == 8
    assert found["records"].tolist() == [18] * 8
    assert found["df"].tolist() == [16, 16, 14, 14] * 2
    assert found["base"].isna().all()  # means of districts that overlap
    assert set(found["verdict"]) == {"no clear change"}
    assert set(found["item"]) == {"salary_on_enrollment"}
    assert len(found["figures"].iloc[0].split()) == 18 * 4
    slopes = found["estimate"].tolist()
    assert [slope / 1000 for slope in slopes[:2]] == pytest.approx([7.64, 1.02], abs=0.005)
    assert slopes[0] > slopes[1] > 0
    assert slopes[2] > slopes[3] > 0
    assert slopes[4] > 0 > slopes[5]
    assert slopes[6] > 0 > slopes[7]


def test_a_clear_slope_is_called_clear_and_its_interval_follows_the_confidence(table):
    steep = table.assign(salary=10000 + 20 * table["enrollment"] + np.arange(18))
    assert one(steep)["label"] == HOLDS
    assert one(table)["label"] == NOT
    narrow, wide = (one(table, confidence=level) for level in (0.5, 0.99))
    assert wide["conf_low"] < narrow["conf_low"] < narrow["conf_high"] < wide["conf_high"]
    with pytest.raises(EstimateError, match=r"0\.95 for 95 percent"):
        regressions(table, confidence=95)


def test_a_position_alone_in_its_category_is_left_out_by_name(table):
    # It has leverage 1: the other coefficients do not depend on it, HC3 errors do not exist.
    kept = table[table["category"].eq("it") | table["group"].eq("library_media_director")]
    found = one(kept, "salary ~ enrollment + C(category)")
    assert found["left_out"] == "Library_Media_Director"
    assert found["records"] == len(kept) - 1
    within = one(kept[kept["category"].eq("it")])
    for column in ("estimate", "std_error", "df"):
        assert found[column] == pytest.approx(within[column], rel=NINE_DIGITS)


def test_what_the_rows_do_not_carry_is_a_row_without_an_estimate(table):
    found = regressions(table.assign(districts=pd.array([pd.NA] * 18, dtype="Float64")))
    assert found["estimate"].notna().tolist() == [True, False] * 4
    assert found["reason"].dropna().str.contains("0 rows").all()
    assert found.loc[found["estimate"].isna(), "label"].isna().all()
    assert "condition number" in one(table.assign(enrollment=5.0))["reason"]
    hidden = one(table.assign(salary=table["salary"].mask(table["group"] == "cyber_security")))
    assert hidden["records"] == 17
    assert hidden["estimate"] == one(table[table["group"] != "cyber_security"])["estimate"]


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("salary ~ C(category) + enrollment", "write it first"),
        ("salary ~ (enrollment", "cannot be fitted: Unmatched"),
        ("name ~ enrollment", "cannot be fitted"),
    ],
)
def test_a_formula_that_cannot_be_fitted_is_a_row_with_the_reason(table, formula, reason):
    assert reason in one(table, formula)["reason"]
    assert influence(table, formula).empty


def test_unknown_columns_are_refused_together(table):
    specs = pd.DataFrame({"name": ["a", "b"], "formula": ["pay ~ enrollment", "salary"],
                          "weights": ["heads", None]})  # fmt: skip
    with pytest.raises(EstimateError) as caught:
        regressions(table, specs)
    for part in ("specification a: no column pay, heads", "specification b: no ~", "log_salary"):
        assert part in str(caught.value)
    with pytest.raises(EstimateError, match="begin with es"):
        regressions(SimpleNamespace())
    with pytest.raises(EstimateError, match="price_year='soon'"):
        salary_table(as_figures(PRINTED), price_year="soon")


def test_no_argument_changes(table):
    given = [as_figures(PRINTED), table]
    kept = [frame.copy(deep=True) for frame in given]
    salary_table(evidence(given[0]))
    regressions(table)
    influence(table)
    for frame, copy in zip(given, kept, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


# ------------------------------------------------------------------ ranks


def test_rank_correlation_agrees_with_scipy_and_its_p_has_the_digits_it_shows(table):
    found = one(table, "rank(salary) ~ rank(enrollment)")
    assert found["estimate"] == pytest.approx(
        stats.spearmanr(PRINTED["enrollment"], PRINTED["salary"]).statistic
    )
    assert found["p_value"] == 0.656  # 100 million orders, drawn otherwise: 0.65631 ± 0.00005
    assert (found["conf_low"], found["conf_high"]) == pytest.approx((-0.3754, 0.5516), abs=5e-5)


def test_a_p_value_of_orders_drawn_is_never_0():
    # Of 16! orders two are as far out as this one.
    assert one(pd.DataFrame({"x": range(16), "y": range(16)}), "rank(y) ~ rank(x)")["p_value"] > 0


def test_permutation_p_value_agrees_with_all_orders_counted():
    x, y = np.array([1.0, 2, 3, 4, 5, 6]), np.array([2.0, 1, 4, 3, 6, 5])
    rho = np.corrcoef(x, y)[0, 1]
    every = np.array([np.corrcoef(order, y)[0, 1] for order in permutations(x)])
    expected = np.mean(np.abs(every) >= rho - 1e-12)
    rows, formula = pd.DataFrame({"x": x, "y": y}), "rank(y) ~ rank(x)"
    assert one(rows, formula)["p_value"] == pytest.approx(expected)
    assert "at least 5" in one(rows.head(4), formula)["reason"]


# ------------------------------------------------------------------ certified fits

# NIST StRD, Norris.dat: calibration of ozone monitors.
NORRIS_X = [0.2, 337.4, 118.2, 884.6, 10.1, 226.5, 666.3, 996.3, 448.6, 777.0, 558.2, 0.4]
NORRIS_X += [0.6, 775.5, 666.9, 338.0, 447.5, 11.6, 556.0, 228.1, 995.8, 887.6, 120.2, 0.3]
NORRIS_X += [0.3, 556.8, 339.1, 887.2, 999.0, 779.0, 11.1, 118.3, 229.2, 669.1, 448.9, 0.5]
NORRIS_Y = [0.1, 338.8, 118.1, 888.0, 9.2, 228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3]
NORRIS_Y += [0.1, 778.1, 668.8, 339.3, 448.9, 10.8, 557.7, 228.3, 998.0, 888.8, 119.6, 0.3]
NORRIS_Y += [0.6, 557.6, 339.3, 888.0, 998.5, 778.9, 10.2, 117.6, 228.9, 668.4, 449.2, 0.2]

# NIST StRD, Wampler4.dat: a fifth-degree polynomial under heavy noise.
WAMPLER4_Y = [75901, -204794, 204863, -204436, 253665, -200894, 214131, -185192, 221249, -138370]
WAMPLER4_Y += [315911, -27644, 455253, 197434, 783995, 608816, 1370781, 1303798, 2205519]
WAMPLER4_Y += [2408860, 3444321]


def fitted(rows, formula, weights=None):
    return fit(rows, {"formula": formula, "weights": weights})


def certified(found, slopes, deviations, digits):
    np.testing.assert_allclose(found.params, slopes, rtol=digits)
    np.testing.assert_allclose(found.bse, deviations, rtol=digits)


def test_norris_agrees_with_nist():
    found = fitted(pd.DataFrame({"x": NORRIS_X, "y": NORRIS_Y}), "y ~ x")
    deviations = [0.232818234301152, 0.429796848199937e-3]
    certified(found, [-0.262323073774029, 1.00211681802045], deviations, NINE_DIGITS)
    assert np.sqrt(found.scale) == pytest.approx(0.884796396144373, rel=NINE_DIGITS)


def test_longley_agrees_with_nist():
    data = longley.load_pandas()
    found = fitted(data.exog.assign(y=data.endog), "y ~ " + " + ".join(data.exog.columns))
    slopes = [-3482258.63459582, 15.0618722713733, -0.358191792925910e-1, -2.02022980381683]
    slopes += [-1.03322686717359, -0.511041056535807e-1, 1829.15146461355]
    deviations = [890420.383607373, 84.9149257747669, 0.334910077722432e-1, 0.488399681651699]
    deviations += [0.214274163161675, 0.226073200069370, 455.478499142212]
    certified(found, slopes, deviations, SEVEN_DIGITS)


def test_wampler4_agrees_with_nist():
    rows = pd.DataFrame({f"x{k}": np.arange(21.0) ** k for k in range(1, 6)}).assign(y=WAMPLER4_Y)
    deviations = [215232.624678170, 236355.173469681, 77934.3524331583, 10147.5507550350]
    deviations += [564.566512170752, 11.2324854679312]
    certified(fitted(rows, "y ~ x1 + x2 + x3 + x4 + x5"), np.ones(6), deviations, SEVEN_DIGITS)


def test_a_design_like_filip_is_refused_not_answered_wrongly():
    # Filip.dat: a tenth-degree polynomial on 82 values between -8.781464495 and -3.13200249.
    x = np.linspace(-8.781464495, -3.13200249, 82)
    rows = pd.DataFrame({f"x{k}": x**k for k in range(1, 11)}).assign(y=np.sin(x))
    found = one(rows, "y ~ " + " + ".join(f"x{k}" for k in range(1, 11)))
    assert pd.isna(found["estimate"])
    assert "limit 1e+07): drop one" in found["reason"]


def test_weighted_fit_agrees_with_weisberg():
    # Weisberg (2005), Applied Linear Regression, 5.1: strong interaction physics, weights 1/SD^2.
    x = [0.345, 0.287, 0.251, 0.225, 0.207, 0.186, 0.161, 0.132, 0.084, 0.060]
    y = [367.0, 311, 295, 268, 253, 239, 220, 213, 193, 192]
    sd = np.array([17.0, 9, 9, 7, 7, 6, 6, 6, 5, 5])
    for scale in (1, 1000):  # analytic weights: their scale does not matter
        rows = pd.DataFrame({"x": x, "y": y, "w": scale / sd**2})
        found = fitted(rows, "y ~ x", "w")
        assert (round(found.params["x"], 3), round(found.bse["x"], 3)) == (530.835, 47.550)


def test_hc3_agrees_with_the_formula_written_out():
    rng = np.random.default_rng(5)
    rows = pd.DataFrame({"x": rng.normal(size=60), "w": rng.uniform(0.5, 3, size=60)})
    rows["y"] = 1 + 2 * rows["x"] + rng.normal(size=60) * (1 + rows["x"] ** 2)
    x, w = np.column_stack([np.ones(60), rows["x"]]), rows["w"].to_numpy()
    bread = np.linalg.inv(x.T @ np.diag(w) @ x)
    residual = rows["y"].to_numpy() - x @ (bread @ x.T @ (w * rows["y"]))
    meat = np.zeros((2, 2))
    for row, error, weight in zip(x, residual, w, strict=True):
        meat += np.outer(row, row) * (weight * error / (1 - weight * row @ bread @ row)) ** 2
    found = one(rows, "y ~ x", "w")
    assert found["std_error"] ** 2 == pytest.approx((bread @ meat @ bread)[1, 1], rel=1e-10)
    reach = stats.t.ppf(0.975, 58) * found["std_error"]
    assert found["conf_high"] - found["estimate"] == pytest.approx(reach)


# ------------------------------------------------------------------ what one position decides


def test_without_a_position_agrees_with_refits_by_numpy(table):
    found = influence(table, "salary ~ enrollment", weights="districts")
    x, y = PRINTED["enrollment"].to_numpy(float), PRINTED["salary"].to_numpy(float)
    root, every = np.sqrt(PRINTED["districts"].to_numpy(float)), np.arange(18)
    slopes = [np.polyfit(x[every != k], y[every != k], 1, w=root[every != k])[0] for k in range(18)]
    np.testing.assert_allclose(found["estimate"].astype(float), slopes, rtol=1e-8)
    assert found["turns"].sum() == sum(slope < 0 for slope in slopes) == 5


@pytest.mark.parametrize("spec", SPECS.index)
def test_measures_agree_with_statsmodels_and_parts_sum_to_the_slope(table, spec):
    found = influence(table, SPECS.loc[[spec]])
    formula, weights = SPECS.loc[spec, ["formula", "weights"]]
    numbers = table.astype(dict.fromkeys(_NUMBERS, float))
    results = fitted(numbers, formula, None if pd.isna(weights) else weights)
    place = next(k for k, name in enumerate(results.model.exog_names) if "enrollment" in name)
    assert found["full"].tolist() == pytest.approx([results.params.iloc[place]] * 18)
    assert found["added"].sum() == pytest.approx(results.params.iloc[place], rel=1e-8)
    assert found["weight"].sum() == pytest.approx(100)
    # A weighted fit is the plain fit of rows multiplied by the root of their weight.
    second = sm.OLS(results.model.wendog, results.model.wexog).fit().get_influence()
    np.testing.assert_allclose(found["leverage"].astype(float), second.hat_matrix_diag)
    np.testing.assert_allclose(found["cooks_distance"].astype(float), second.cooks_distance[0])
    np.testing.assert_allclose(found["dfbetas"].astype(float), second.dfbetas[:, place])


def test_the_director_pulls_down_and_the_rarest_post_pulls_up(table):
    levels = influence(table, "salary ~ I(enrollment / 1000)", weights="districts")
    least = levels.loc[levels["added"].idxmin()]
    assert (least["group"], least["weight"]) == ("technology_director", pytest.approx(5900 / 392))
    assert least["added"] == pytest.approx(-6600, abs=50)
    assert bool(least["influential"])
    plain = influence(table, "salary ~ I(enrollment / 1000)")
    most = plain.loc[plain["added"].idxmax()]
    assert (most["group"], most["added"]) == ("cyber_security", pytest.approx(6310, abs=5))


def test_parts_by_hand():
    # Enrollment 1, 2, 6 (weights 2, 2, 1): mean 2.4; salary 4, 2, 10: mean 4.4.
    rows = pd.DataFrame({"enrollment": [1.0, 2, 6], "salary": [4.0, 2, 10], "w": [2.0, 2, 1]})
    gaps, ups = np.array([-1.4, -0.4, 3.6]), np.array([-0.4, -2.4, 5.6])
    expected = np.array([2, 2, 1]) * gaps * ups / (2 * 1.96 + 2 * 0.16 + 12.96)
    found = influence(rows, "salary ~ enrollment", weights="w")
    np.testing.assert_allclose(found["added"].astype(float), expected)


def test_a_category_of_two_leaves_its_other_position_no_failure(table):
    pair = ["library_media_director", "library_media_specialist"]
    kept = table[table["category"].eq("it") | table["group"].isin(pair)]
    found = influence(kept, "salary ~ enrollment + C(category)").set_index("group")
    without = kept[kept["group"] != pair[0]]
    again = regressions(without, "salary ~ enrollment + C(category)")["estimate"].iloc[0]
    assert found.loc[pair[0], "estimate"] == pytest.approx(again)
    alone = influence(without, "salary ~ enrollment + C(category)").set_index("group")
    assert pd.isna(alone.loc[pair[1], "estimate"])
    assert "leverage 1" in alone.loc[pair[1], "reason"]
    assert alone["reason"].notna().sum() == 1


# ------------------------------------------------------------------ responses


def answers(districts=40, waves=(2021, 2024), elasticity=0.12):
    """Districts with a level of their own, six positions, pay that keeps up with prices."""
    rng = np.random.default_rng(1)
    size = np.exp(rng.normal(7.9, 0.7, districts)).round()
    keys = pd.MultiIndex.from_product([waves, range(districts)], names=["wave", "d"])
    keys = keys.to_frame(index=False)
    rows = keys.assign(district_id=keys["d"].map("d{:02}".format), enrollment=size[keys["d"]])
    rows = rows.assign(source="sample-" + rows["wave"].astype("str"), synthetic=True)
    staff = rows.merge(pd.DataFrame({"position": [f"p{p}" for p in range(6)]}), how="cross")
    staff = staff[rng.random(len(staff)) < 0.6].reset_index(drop=True)
    own, level = rng.normal(0, 0.08, districts), rng.normal(11, 0.3, 6)
    log_pay = level[staff["position"].str[1:].astype(int)] + own[staff["d"]]
    log_pay = log_pay + elasticity * np.log(staff["enrollment"] / 3000)
    log_pay += np.log(100 / 90) * (staff["wave"] == 2024) + rng.normal(0, 0.1, len(staff))
    kinds = {"wave": "Int64", "salary": "Float64", "outsourced": "boolean"}
    staff = staff.assign(salary=np.exp(log_pay), outsourced=False).astype(kinds)
    return SimpleNamespace(
        districts=rows.drop(columns="d").astype({"wave": "Int64", "enrollment": "Int64"}),
        positions=staff[["wave", "district_id", "position", "salary", "outsourced"]],
    )


EFFECTS = "log_salary ~ log_enrollment + C(position) + C(wave)"


def records(given, prices=PRICES):
    return salary_table(evidence(None, prices=prices, responses=given), each="district")


def test_records_are_in_real_dollars_of_the_latest_wave():
    given = answers()
    found = records(given)
    factor = np.where(given.positions["wave"] == 2021, 100 / 90, 1.0)
    expected = given.positions["salary"].to_numpy(float) * factor
    np.testing.assert_allclose(found["salary"].to_numpy(float), expected)
    assert set(found["currency"]) == {"2024 dollars"}
    assert found["synthetic"].all()


def test_outsourced_and_unanswered_records_are_left_out_and_repeats_refused():
    given = answers(waves=(2024,))
    staff = given.positions.copy()
    staff.loc[0, "outsourced"], staff.loc[1, "salary"] = True, pd.NA
    staff.loc[2, "district_id"] = "nowhere"
    found = records(SimpleNamespace(districts=given.districts, positions=staff))
    assert len(found) == len(staff) - 3
    twice = SimpleNamespace(districts=pd.concat([given.districts] * 2), positions=staff)
    with pytest.raises(EstimateError, match="40 repeated wave, district_id"):
        records(twice)
    assert regressions(records(None), EFFECTS, clusters="district_id").empty


def test_known_elasticity_is_recovered_whatever_prices_did():
    found = one(records(answers()), EFFECTS, clusters="district_id")
    assert abs(found["estimate"] - 0.12) < 3 * found["std_error"]
    assert (found["base"], found["df"], found["source"]) == (40, 39, "sample-2021 sample-2024")
    again = records(answers(), PRICES.assign(value=[80.0, 50.0, 100.0]))
    again = one(again, EFFECTS, clusters="district_id")
    assert again["estimate"] == pytest.approx(found["estimate"])


def test_position_effects_agree_with_demeaning_and_clusters_with_the_formula():
    rows = records(answers(waves=(2024,), districts=60))
    y, x = rows["log_salary"].astype(float), rows["log_enrollment"].astype(float)
    y, x = (v - v.groupby(rows["position"]).transform("mean") for v in (y, x))
    slope = (x @ y) / (x @ x)
    scores = (x * (y - slope * x)).groupby(rows["district_id"]).sum()
    n, k, g = len(rows), 1 + rows["position"].nunique(), rows["district_id"].nunique()
    error = np.sqrt(g / (g - 1) * (n - 1) / (n - k) * (scores**2).sum()) / (x @ x)
    found = one(rows, "log_salary ~ log_enrollment + C(position)", clusters="district_id")
    assert found["estimate"] == pytest.approx(slope, rel=1e-8)
    assert found["std_error"] == pytest.approx(error, rel=1e-8)
    few = one(records(answers(districts=19)), EFFECTS, clusters="district_id")
    assert pd.isna(few["estimate"])
    assert few["reason"] == "19 distinct clusters, at least 20 are needed"
