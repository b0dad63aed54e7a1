"""Who answered, and shares taken to all units: against brute force, hand sums and a known truth."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special, stats

import edtech_survey as es
from edtech_survey.errors import EstimateError, ReportError
from edtech_survey.reports import origins
from edtech_survey.shape import figures
from edtech_survey.statistics.chances import fit
from edtech_survey.statistics.state import size_classes


@pytest.fixture(scope="module")
def evidence():
    return es.evidence()


@pytest.fixture(scope="module")
def told(evidence):
    return es.state(evidence).set_index("group")


def test_response_by_size_is_that_of_the_list_and_its_limits_are_exact(evidence):
    rows = es.response(evidence)
    by_size = rows[rows["by"].eq("size")]
    assert list(zip(by_size["count"], by_size["base"], strict=True)) == [
        (6, 54), (5, 28), (21, 53), (17, 36), (9, 18), (3, 9),
    ]  # fmt: skip
    for row in by_size.itertuples():
        limits = stats.binomtest(row.count, row.base).proportion_ci(method="exact")
        assert (row.conf_low, row.conf_high) == pytest.approx((100 * limits.low, 100 * limits.high))
    (covered,) = rows[rows["statistic"].eq("coverage")].to_dict("records")
    assert (covered["count"], round(covered["estimate"], 1)) == (194_408, 38.2)
    groups = rows[rows["by"].eq("reference group")].set_index("group")
    assert (groups.loc["D", "count"], groups.loc["D", "base"], groups["base"].sum()) == (
        14,
        24,
        160,
    )


def test_odds_of_an_answer_are_those_of_the_largest_likelihood(evidence):
    frame = evidence.frame.dropna(subset=["enrollment", "reference_group"])
    y, size = frame["answered"].to_numpy(float), np.log2(frame["enrollment"].to_numpy(float))
    groups = pd.get_dummies(frame["reference_group"]).to_numpy(float)

    def most(x):
        def loss(b):
            return np.logaddexp(0, x @ b).sum() - y @ (x @ b)

        return optimize.minimize(loss, np.zeros(x.shape[1]), method="BFGS", tol=1e-10)

    whole, alone = (
        most(np.column_stack([size - 11, groups])),
        most(np.column_stack([size - 11, y**0])),
    )
    rows = es.response(evidence).query("statistic == 'odds_ratio'").set_index("group")
    assert rows.loc["size", "estimate"] == pytest.approx(np.exp(whole.x[0]), rel=1e-4)
    p_value = stats.chi2.sf(2 * (alone.fun - whole.fun), groups.shape[1] - 1)
    assert rows.loc["reference group", "p_value"] == pytest.approx(p_value, rel=1e-4)
    assert rows.loc["size", "base"] == 160 - 1


@pytest.mark.parametrize(
    ("group", "share", "state"),
    [("network_engineer", 64.5, 51.5), ("technician_2", 54.8, 43), ("technology_director", 95, 93)],
)
def test_the_published_survey_taken_to_all_districts(told, group, share, state):
    """As another program had them from the same tables, to a point."""
    row = told.loc[group]
    assert row["share"] == pytest.approx(share, abs=0.3)
    assert row["estimate"] == pytest.approx(state, abs=1)
    assert row["bound_low"] <= row["range_low"] <= row["estimate_low"] <= row["estimate"]
    assert row["estimate"] <= row["estimate_high"] <= row["range_high"] <= row["bound_high"]


def test_town_and_regional_districts_alone(evidence):
    row = es.state(evidence, kinds=["town", "regional"]).set_index("group").loc["network_engineer"]
    assert (row["population"], round(row["estimate"])) == (165, 55)
    assert pd.isna(row["share_low"])


def test_positions_of_four_districts_are_told_to_be_weak(told):
    assert set(told.index[told["reason"].notna()]) == {
        "technology_director", "cyber_security", "av_coordinator",
    }  # fmt: skip
    assert "fewer than 5 have it" in told.loc["cyber_security", "reason"]


def test_the_estimate_is_the_mean_of_the_curve_over_all(evidence, told):
    frame = evidence.frame
    known = frame.loc[frame["answered"], "enrollment"].to_numpy(float)
    known = np.append(known, 200_380 - known.sum())
    every = frame["enrollment"].fillna(frame["enrollment"].min()).to_numpy(float)

    printed = es.pick(evidence, "position_enrollment", "mean", group="network_engineer")["value"]

    def lacking(b):
        p = special.expit(b[0] + b[1] * (np.log(known) - 7))
        return [p.sum() - 40, (p * known).sum() / 1000 - 0.04 * printed.item()]

    found = optimize.root(lacking, [0.5, 0.5], tol=1e-12)
    mean = 100 * special.expit(found.x[0] + found.x[1] * (np.log(every) - 7)).mean()
    assert told.loc["network_engineer", "estimate"] == pytest.approx(mean, abs=1e-6)


# ---- a made-up state whose truth is known ----


def made_up(response, units=4000, seed=7):
    """Give a list of units, those that answered, and the true percent of all that have it."""
    rng = np.random.default_rng(seed)
    students = np.exp(rng.normal(7.2, 1.3, units)).round().clip(10)
    has = rng.random(units) < special.expit(0.9 * (np.log(students) - 7.2))
    frame = pd.DataFrame({"district_id": [f"d{at}" for at in range(units)], "enrollment": students})
    answered = rng.random(units) < special.expit(response(np.log(students) - 7.2, has))
    rows = frame[answered].assign(wave=2024, has=np.where(has, "yes", "no")[answered])
    return frame, rows.drop(columns="enrollment"), 100 * has.mean()


def test_nine_tenths_of_a_bias_that_comes_from_size_are_removed():
    frame, rows, truth = made_up(lambda size, has: -1 + 0.9 * size)
    (row,) = es.state(rows, "has", frame, answer="yes").to_dict("records")
    assert abs(row["share"] - truth) > 12
    assert abs(row["estimate"] - truth) < 0.1 * abs(row["share"] - truth) + 1.5 * row["std_error"]
    assert row["effective_base"] < row["base"]


def test_none_of_a_bias_that_does_not_come_from_size_is_removed():
    frame, rows, truth = made_up(lambda size, has: -1.5 + 1.2 * has)
    (row,) = es.state(rows, "has", frame, answer="yes").to_dict("records")
    assert row["share"] - truth > 10
    assert row["estimate"] - truth > 0.8 * (row["share"] - truth)


def test_the_range_holds_the_truth_of_waves_drawn_by_size():
    """62 of 200, the larger the likelier; counts and means as printed. Plain shares fail."""
    rng, held = np.random.default_rng(12), []
    sizes = np.exp(rng.normal(7.1, 1.25, 200)).round()
    doublings = np.log(sizes) - 7.1
    likely = special.expit(0.7 * doublings - 1)
    frame = pd.DataFrame({"wave": 2024, "enrollment": sizes, "source": "list"})
    for _ in range(60):
        has = rng.random(200) < special.expit(0.7 * doublings)
        asked = np.isin(range(200), rng.choice(200, 62, replace=False, p=likely / likely.sum()))
        both = asked & has
        printed = {"position_present": ("count", both.sum()),
                   "position_enrollment": ("mean", sizes[both].mean().round()),
                   "students": ("total", sizes[asked].sum())}  # fmt: skip
        own = figures(
            {"figure_id": item, "wave": 2024, "item": item, "statistic": statistic, "base": 62,
             "group": "all", "value": value, "source": "s"}
            for item, (statistic, value) in printed.items()
        )  # fmt: skip
        listed = frame.assign(answered=asked, district_id=[f"d{at}" for at in range(200)])
        codebook = SimpleNamespace(name=lambda _, group: group)
        (row,) = es.state(SimpleNamespace(own=own, codebook=codebook, frame=listed)).to_dict(
            "records"
        )
        truth = 100 * has.mean()
        held.append([row[f"{of}_low"] <= truth <= row[f"{of}_high"] for of in ("range", "share")])
    ranged, plain = np.mean(held, axis=0)
    assert ranged >= 0.95
    assert plain < 0.9


def test_post_stratified_by_hand():
    """Three classes of 10, 20 and 30 units; 5 of each answered: Cochran (1977), section 5A.9."""
    frame = pd.DataFrame({"district_id": [f"d{at}" for at in range(60)],
                          "enrollment": [100] * 10 + [700] * 20 + [1500] * 30})  # fmt: skip
    asked = [f"d{at}" for start in (0, 10, 30) for at in range(start, start + 5)]
    rows = pd.DataFrame({"wave": 2024, "district_id": asked,
                         "has": list("ynnnn") + list("yynnn") + list("yyyyn")})  # fmt: skip
    (row,) = es.state(rows, "has", frame, answer="y").to_dict("records")
    parts = np.array([[10, 0.2], [20, 0.4], [30, 0.8]])
    weight = parts[:, 0] / 60
    assert row["estimate"] == pytest.approx(100 * (weight * parts[:, 1]).sum())
    assert row["share"] == pytest.approx(100 * 7 / 15)
    variance = weight**2 * (1 - 5 / parts[:, 0]) * parts[:, 1] * (1 - parts[:, 1]) / 4
    assert row["std_error"] == pytest.approx(100 * np.sqrt(variance.sum()))
    weights = np.repeat(parts[:, 0] / 5, 5)
    assert row["effective_base"] == pytest.approx(weights.sum() ** 2 / (weights**2).sum())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda rows, frame: (rows.assign(district_id="x" + rows["district_id"]), frame),
            "is not in the frame",
        ),
        (lambda rows, frame: (rows, frame.drop(columns="enrollment")), "enrollment"),
        (lambda rows, frame: (rows.assign(wave=range(len(rows))), frame), "several waves"),
        (lambda rows, frame: (rows, None), "frame"),
    ],
)
def test_what_cannot_be_taken_to_all_is_refused_with_its_place(change, said):
    frame, rows, _ = made_up(lambda size, has: -1 + 0 * size, units=200)
    rows, frame = change(rows, frame)
    with pytest.raises(EstimateError, match=said):
        es.state(rows, "has", frame)


def test_shares_under_weights_are_withheld_and_what_a_list_marks_is_not(evidence):
    """Weights 18 % and 0.5 % a respondent: even to 5 points a share would tell the class of 5."""
    frame = pd.DataFrame({"district_id": [f"d{at}" for at in range(110)],
                          "enrollment": [100] * 90 + [5000] * 20})  # fmt: skip
    asked = [f"d{at}" for at in (*range(5), *range(90, 110))]
    rows = pd.DataFrame({"wave": 2024, "district_id": asked, "has": ["y", "n", "n", "y", "n"] * 5})
    weighed = es.state(rows, "has", frame, answer="y")
    with pytest.raises(ReportError, match="withhold first"):
        origins.note(weighed)
    (told,) = es.withhold(weighed).to_dict("records")
    hidden = ["estimate", "share", "share_low", "effective_base", "design_effect", "conf_low"]
    assert all(pd.isna(told[name]) for name in hidden)
    assert "single classes" in told["withheld"]
    listed = es.response(evidence)
    assert es.withhold(listed)["withheld"].isna().all()
    origins.note(listed)


def test_no_curve_leaves_the_range_that_supposes_nothing(evidence):
    """All of a size, or all having it: no curve, no error."""
    had = evidence.own["item"].eq("position_present") & evidence.own["statistic"].eq("count")
    every = evidence.own.assign(value=evidence.own["value"].mask(had, evidence.own["base"]))
    row = es.state(replace(evidence, own=every)).iloc[0]
    assert pd.isna(row["estimate"])
    assert row["range_low"] == row["bound_low"]
    assert fit(3, 700, np.full(9, 700.0), np.log) is None


def test_what_was_not_printed_is_zero_rows(evidence):
    assert es.state(evidence, "one_to_one").empty
    assert es.state(evidence, wave=2020).empty
    assert es.response(es.evidence("sample")).empty


def test_classes_of_size_begin_at_their_edges():
    assert size_classes(pd.Series([1.0, 999, 1000])).tolist() == [
        "fewer than 500", "500 to 999", "1,000 to 2,499",
    ]  # fmt: skip
