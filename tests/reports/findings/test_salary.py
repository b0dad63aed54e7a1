"""The words of the salary report follow its frames: other numbers, other claims."""

import re

import pandas as pd
import pytest

from edtech_survey.reports import claims
from edtech_survey.reports.findings import salary_dropping, salary_exhibits, salary_prose
from edtech_survey.reports.findings.salary_headline import pulling, verdict
from edtech_survey.reports.findings.salary_setting import (
    Setting,
    fit_names,
    setting,
    sign_turns,
)

SOURCES = pd.DataFrame(
    {
        "source": ["xx-2030"],
        "wave": pd.array([2030], dtype="Int64"),
        "title": "Staff of 2030",
        "publisher": "A state",
        "published": "2030-05-01",
        "fielded": "spring of 2030",
        "kind": "survey report",
        "mode": pd.NA,
        "answered": pd.array([40], dtype="Int64"),
        "population": pd.array([90], dtype="Int64"),
        "units": "public school districts",
        "synthetic": False,
    }
)
TABLE = pd.DataFrame(
    {
        "source": "xx-2030",
        "wave": pd.array([2030] * 4, dtype="Int64"),
        "position": ["head", "guard", "fixer", "typist"],
        "label": ["Head of Technology", "Guard of Data", "Fixer", "Typist"],
        "category": ["it", "it", "it", "other"],
        "districts": pd.array([38, 3, 20, 11], dtype="Float64"),
        "enrollment": pd.array([2100, 8200, 3100, 2900], dtype="Float64"),
        "salary": pd.array([101_000, 120_500, 51_000, 43_250], dtype="Float64"),
        "price_year": pd.array([2029] * 4, dtype="Int64"),
        "synthetic": False,
    }
)
FIGURES = pd.DataFrame(
    {
        "figure_id": [f"xx-2030.position-salary.{name}.mean" for name in TABLE["position"]],
        "source": "xx-2030",
        "wave": pd.array([2030] * 4, dtype="Int64"),
        "item": "position_salary",
        "group": TABLE["position"],
        "publication": pd.NA,
        "note": pd.NA,
    }
)


def about(table=TABLE, sources=SOURCES, confidence=0.9) -> Setting:
    return setting(sources, FIGURES, table, confidence)


def fits(**numbers):
    """Rows by name: ``levels_none=(estimate, low, high)``; ``_within`` for category effects."""
    rows = []
    for name, (estimate, low, high) in numbers.items():
        scale, weights, *effects = name.split("_")
        log = scale == "log"
        factor = (lambda x: 100 * (2**x - 1)) if log else (lambda x: 1000 * x)
        rows.append(
            {
                "spec": name,
                "scale": "log-log" if log else "levels",
                "weights": weights,
                "category_effects": bool(effects),
                "statistic": "elasticity" if log else "slope",
                "estimate": estimate,
                "conf_low": low,
                "conf_high": high,
                "shown": factor(estimate),
                "shown_low": factor(low),
                "shown_high": factor(high),
                "base": 4,
                "reason": pd.NA,
            }
        )
    return pd.DataFrame(rows)


def pulls(up=(0.31, 0.12), down=(-0.14, -0.42)):
    rows = []
    for way, position, values, ranks in (
        ("up", "Guard of Data", up, (1, 1)),
        ("down", "Head of Technology", down, (4, 2)),
    ):
        for weights, value in zip(("none", "districts"), values, strict=True):
            rows.append(
                {
                    "pull": way,
                    "group": {"up": "guard", "down": "head"}[way],
                    "label": position,
                    "weights": weights,
                    "scale": "log-log",
                    "estimate": value,
                    "base": 3 if way == "up" else 38,
                    "weight": 25.0 if weights == "none" else 52.8,
                    "enrollment_rank": ranks[0],
                    "salary_rank": ranks[1],
                    "positions": 4,
                    "district_positions": 72,
                }
            )
    return pd.DataFrame(rows)


TURNING = fits(
    levels_none=(6.2, -3.0, 15.4),
    levels_districts=(0.9, -12.0, 13.8),
    log_none=(0.32, -0.5, 1.1),
    log_districts=(-0.11, -1.2, 1.0),
)
RISING = fits(
    levels_none=(6.2, 3.0, 9.4),
    levels_districts=(4.1, 1.0, 7.2),
    log_none=(0.32, 0.1, 0.5),
    log_districts=(0.21, 0.1, 0.3),
)
FLAT = fits(log_none=(0.2, -0.1, 0.5), log_districts=(0.1, -0.2, 0.4))
MIXED = fits(log_none=(0.2, 0.1, 0.3), log_districts=(0.1, -0.2, 0.4))
FALLING = fits(levels_none=(-5.0, -9.0, -1.0), log_none=(-0.2, -0.3, -0.1))


@pytest.mark.parametrize(
    ("found", "said"),
    [(TURNING, "turns"), (RISING, "up"), (FLAT, "unclear"), (MIXED, "mixed"), (FALLING, "down")],
    ids=["turning", "rising", "flat", "mixed", "falling"],
)
def test_the_verdict_follows_signs_and_intervals(found, said):
    assert verdict(found) == said


def test_a_turn_is_seen_only_between_simple_fits_of_one_scale():
    assert sign_turns(TURNING, "log-log")
    assert not sign_turns(TURNING, "levels")
    within = fits(log_none=(0.2, -1, 1), log_districts_within=(-0.2, -1, 1))
    assert verdict(within) == "unclear"


@pytest.mark.parametrize("found", [TURNING, FLAT, MIXED])
def test_no_title_claims_a_link_whose_interval_holds_zero(found):
    title = salary_exhibits.elasticity_title(found[found["scale"] == "log-log"])
    assert not re.search(r"^Pay (rises|falls)", title)


def test_titles_claim_what_all_intervals_show():
    logs = RISING[RISING["scale"] == "log-log"]
    assert salary_exhibits.elasticity_title(logs).startswith("Pay rises")
    assert "paid more" in salary_exhibits.cloud_title(RISING, about())
    assert "paid less" in salary_exhibits.cloud_title(FALLING, about())
    assert "Neither line" in salary_exhibits.cloud_title(TURNING, about())
    one = salary_exhibits.cloud_title(fits(levels_none=(1.0, -2.0, 4.0)), about())
    assert one == "The line through the 4 points does not clearly rise or fall"
    opposed = fits(levels_none=(5.0, 1.0, 9.0), levels_districts=(-5.0, -9.0, -1.0))
    assert "opposite directions" in salary_exhibits.cloud_title(opposed, about())
    single = fits(levels_none=(5.0, 1.0, 9.0), levels_districts=(1.0, -2.0, 4.0))
    assert "only with every position alike" in salary_exhibits.cloud_title(single, about())


def lines(low=(40_000, 45_000), high=(90_000, 95_000)):
    shared = {"weights": "none", "x": [2100.0, 8200.0], "y": [60_000.0, 70_000.0]}
    return pd.DataFrame(shared | {"low": low, "high": high})


def test_the_scatter_names_pay_size_and_small_groups_from_its_frame():
    chart = salary_exhibits.cloud(TURNING, lines(), pulls(), about())
    assert "Guard of Data, $120,500" in chart.alt
    assert "Typist, $43,250" in chart.alt
    assert "8,200" in chart.alt
    assert any("Guard of Data (3)" in note for note in chart.notes)
    assert "90% intervals" in chart.subtitle
    assert chart.data["salary"].notna().all()
    assert not claims.unsupported(chart.alt, TABLE, allowed=[4])


def test_without_numbers_of_districts_the_scatter_still_stands():
    bare = TABLE.assign(districts=pd.array([pd.NA] * 4, dtype="Float64"))
    chart = salary_exhibits.cloud(TURNING, lines().head(0), pulls(), about(bare))
    assert "not published" in chart.n
    assert "interval" not in chart.subtitle


@pytest.mark.parametrize(
    ("low", "high", "room"),
    [((40_000, 45_000), (90_000, 95_000), True), ((40_000, 80_000), (60_000, 99_000), False)],
)
def test_room_for_a_flat_line_is_looked_for_in_the_bands(low, high, room):
    text = repr(salary_prose.cloud_prose(TURNING, lines(low, high), about()))
    assert ("flat line" in text) is room


def test_prose_of_the_scatter_has_the_numbers_of_the_fits():
    text = repr(salary_prose.cloud_prose(TURNING, lines(), about()))
    assert "$6,200 more pay, $6.20 a student (interval $3,000 less to $15,400 more" in text
    assert "$900 more pay" in text


def test_prose_names_positions_that_are_not_shown():
    hidden = TABLE.assign(salary=TABLE["salary"].mask(TABLE["position"] == "guard"))
    text = repr(salary_prose.cloud_prose(TURNING, lines(), about(hidden)))
    assert "Not shown" in text
    assert "Guard of Data" in text


def test_elasticities_are_drawn_with_their_names_and_levels():
    chart = salary_exhibits.elasticities(TURNING, about())
    assert len(chart.data) == 2
    assert "Every interval includes zero" in chart.alt
    assert chart.title == "The link changes sign with the weights, and every interval spans zero"
    clear = salary_exhibits.elasticities(MIXED, about())
    assert "1 interval of 2 leave out zero" in clear.alt
    assert clear.title == "1 of 2 ways of counting show a clear link"


def test_no_elasticity_gives_the_reason_instead_of_a_chart():
    none = TURNING.assign(estimate=pd.NA, reason="0 rows for 2 coefficients")
    shown = salary_exhibits.elasticities(none, about())
    assert "0 rows for 2 coefficients" in repr(shown)


def test_elasticity_prose_says_in_which_unit_the_sign_turns():
    text = repr(salary_prose.elasticity_prose(TURNING, about()))
    assert "twice as large are paid 25% more" in text
    assert "7% less" in text
    assert "compared in percent. In dollars it stays, but the slope shrinks from $6.20" in text
    assert "sign turns" not in repr(salary_prose.elasticity_prose(RISING, about()))


def leading(statistic="elasticity"):
    rows = []
    for group, values, members in (
        ("guard", (0.31, 0.12), 1),
        ("head", (-0.14, -0.42), 1),
        ("others", (0.15, 0.19), 2),
        ("all", (0.32, -0.11), 4),
    ):
        for weights, value in zip(("none", "districts"), values, strict=True):
            row = {"group": group, "weights": weights, "estimate": value, "members": members}
            rows.append(row | {"statistic": statistic})
    return pd.DataFrame(rows)


def test_contributions_name_rest_and_sum_and_claim_what_holds_under_both_weights():
    chart = salary_exhibits.contributions(leading(), pulls(), about())
    assert chart.title == "Guard of Data lifts the link, Head of Technology lowers it"
    assert "Guard of Data 0.31" in chart.alt
    assert "Head of Technology −0.42, Sum: the elasticity −0.11" in chart.alt
    assert "The 2 other positions" in chart.html()
    weaker = salary_exhibits.contributions(leading(), pulls(up=(0.31, -0.02)), about())
    assert weaker.title == "Head of Technology moves the result most"


def test_pulling_is_told_with_ranks_and_only_where_the_two_pull_apart():
    text = pulling(pulls())
    assert "Guard of Data is found in districts (3 of them) that are the largest" in text
    assert "the smallest on average, has the second highest pay, and lowers it" in text
    assert pulling(pulls(down=(0.02, -0.1))) == ""


def parts(share=8.0):
    rows = [("between", 2.0, "none"), ("within", 0.21, "none"), ("within", -0.06, "districts")]
    return pd.DataFrame(
        {
            "group": [row[0] for row in rows],
            "estimate": [row[1] for row in rows],
            "weighting": [row[2] for row in rows],
            "spec": "log salary ~ log enrollment",
            "enrollment_share": [share, 100 - share, 100 - share],
        }
    )


def pooled(p=0.7):
    return pd.DataFrame({"q_p_value": [p], "tau_high": [41.5]})


def test_weighting_prose_tells_weights_and_categories():
    text = repr(salary_prose.weighting_prose(pulls(), parts(), pooled(), about()))
    assert "from 25% of all weight to 53%: 38 of the 72 pairs" in text
    assert "not a matter of categories: only 8%" in text
    assert "0.21 counting every position alike and −0.06" in text
    assert "do not differ more than chance would have it (p = 0.70)" in text
    assert "3 districts speak as loud as one found in 38" in text
    other = repr(salary_prose.weighting_prose(pulls(), parts(70.0), pooled(0.01), about()))
    assert "Much of it is a matter of categories: 70%" in other
    assert "categories differ (p = 0.010)" in other


def dropped(changes=(0, 2)):
    return TURNING[TURNING["scale"] == "levels"].assign(
        lowest=[2200.0, -3100.0],
        lowest_without=["guard", "guard"],
        highest=[9900.0, 8800.0],
        highest_without=["typist", "head"],
        sign_changes=changes,
        sign_changed_by=["", "guard, fixer"],
    )


def test_the_table_of_fits_counts_those_a_single_position_could_turn():
    made = salary_dropping.fits_table(dropped(), about())
    assert made.title == "One of the two fits would change sign if one position were left out"
    assert "90% interval" in made.subtitle
    assert "2029 dollars" in made.subtitle
    none = salary_dropping.fits_table(dropped((0, 0)), about())
    assert none.title == "No single position could turn the sign of any of the two fits"


def test_fragility_is_told_by_name():
    ranks = pd.DataFrame(
        {"statistic": ["spearman"], "estimate": [0.2], "conf_low": [-0.3], "conf_high": [0.6]}
    ).assign(p_value=0.41)
    text = repr(salary_prose.one_position_prose(dropped(), ranks, about()))
    assert "leaving out Guard of Data gives the lowest value in two" in text
    assert "leaving out Guard of Data or Fixer alone would turn its sign" in text
    assert "shows no clear link either" in text
    assert "0.20 (90% interval −0.30 to 0.60; p = 0.41)" in text
    clear = ranks.assign(conf_low=0.1)
    assert "shows a link" in repr(salary_prose.one_position_prose(dropped((0, 0)), clear, about()))


def test_how_the_survey_was_run_comes_from_the_source():
    text = repr(salary_prose.run_prose(about()))
    assert "40 districts answered of about 90 public school districts, spring of 2030" in text
    assert "published May 1, 2030" in text
    assert "not stated" in text
    assert "2029 dollars" in text
    known = SOURCES.assign(mode="web form", answered=pd.array([pd.NA], dtype="Int64"))
    text = repr(salary_prose.run_prose(about(sources=known)))
    assert "How many districts answered is not published" in text
    assert "web form" in text


def test_fits_are_named_by_weights_and_categories():
    names = fit_names(fits(log_none=(0, 0, 0), log_districts_within=(0, 0, 0)))
    assert names == {
        "log_none": "Every position alike",
        "log_districts_within": "Weighted by districts, within categories",
    }
