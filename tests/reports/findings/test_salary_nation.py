"""The words on the nation's leaders follow their frames."""

from html import unescape

import pandas as pd
import pytest

from edtech_survey.reports import claims
from edtech_survey.reports.findings import salary_growth, salary_nation, salary_records
from edtech_survey.reports.findings.salary_headline import salary_headline
from edtech_survey.reports.findings.salary_setting import setting

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
        "wave": pd.array([2030], dtype="Int64"),
        "position": "head",
        "label": "Head of Technology",
        "districts": pd.array([38], dtype="Float64"),
        "enrollment": pd.array([2100], dtype="Float64"),
        "salary": pd.array([120_000], dtype="Float64"),
        "price_year": pd.array([2029], dtype="Int64"),
        "synthetic": False,
    }
)
GROUPS = ("under-70000", "70000-99999", "100000-plus")
FIGURES = pd.DataFrame(
    {
        "figure_id": [*(f"n.{group}" for group in GROUPS), "n.top", "n.answers", "own"],
        "source": ["national"] * 5 + ["xx-2030"],
        "wave": pd.array([2013, 2013, 2013, 2023, 2023, 2030], dtype="Int64"),
        "item": ["salary_bracket"] * 4 + ["survey_responses", "position_salary"],
        "group": [*GROUPS, "130000-plus", "all", "head"],
        "publication": ["paper"] * 5 + [pd.NA],
        "note": [pd.NA] * 4 + ["lower bound (more than)", pd.NA],
    }
)
PUBLICATIONS = pd.DataFrame(
    {"publication": ["paper"], "title": "Pay", "publisher": "A paper", "published": "2013-03-12"}
)
ABOUT = setting(SOURCES, FIGURES, TABLE, 0.9)


def brackets(held=1, median=1):
    return pd.DataFrame(
        {
            "source": "national",
            "wave": 2013,
            "item": "salary_bracket",
            "group": GROUPS,
            "statistic": "share",
            "estimate": [30.0, 40.0, 30.0],
            "conf_low": [25.0, 34.0, 25.0],
            "conf_high": [35.0, 46.0, 35.0],
            "count": [51, 68, 51],
            "base": 170,
            "low": [0.0, 70_000, 100_000],
            "high": pd.array([70_000, 100_000, pd.NA], dtype="Float64"),
            "real_low": [0.0, 105_000, 150_000],
            "real_high": pd.array([105_000, 150_000, pd.NA], dtype="Float64"),
            "dollar_year": 2012,
            "holds_amount": [k == held for k in range(3)],
            "holds_median": [k == median for k in range(3)],
        }
    )


def place(ratio=(104.0, 98.0, 110.0)):
    rows = {
        "amount": (120_000, None, None),
        "median": (115_400, 109_000, 122_000),
        "ratio_to_median": ratio,
        "share_below": (55.0, 48.0, 62.0),
    }
    frame = pd.DataFrame(
        [(name, *numbers) for name, numbers in rows.items()],
        columns=["statistic", "estimate", "conf_low", "conf_high"],
    )
    return frame.assign(free_low=30.0, free_high=70.0)


def growth(real=((-9.0, -14.0, -4.0), (-13.0, -18.0, -8.0)), free=((-11, 9), (-40, -10))):
    rows = []
    for year, change, bounds in zip((2022, 2023), real, free, strict=True):
        for wave, statistic, unit, numbers in (
            (2013, "share", "percent", (6.0, 3.0, 10.0)),
            (2023, "share", "percent", (18.0, 16.0, 20.0)),
            (2023, "share_by_prices", "percent", (29.0 + year - 2022, 23.0, 36.0)),
            (2023, "change", "points", (12.0, 8.0, 16.0)),
            (2023, "change_by_prices", "points", (23.0, 17.0, 29.0)),
            (2023, "change_real", "points", change),
        ):
            row = dict(zip(("estimate", "conf_low", "conf_high"), numbers, strict=True))
            row |= {"wave": wave, "statistic": statistic, "unit": unit, "group": "over-130000"}
            row |= {"later_dollar_year": year, "threshold": 130_000.0, "threshold_then": 99_000.0}
            row |= {"free_low": bounds[0], "free_high": bounds[1]}
            rows.append(row | {"base": 1300 if wave == 2023 and statistic == "share" else 170})
    return pd.DataFrame(rows)


def fit(p=0.03):
    return pd.DataFrame(
        {"statistic": ["g2"], "estimate": [6.9], "df": [2], "p_value": [p], "identification": "3"}
    )


def nation(**frames):
    story = pd.DataFrame(
        {"stated": [250], "possible": ["175"], "base": [175], "answered": [170], "unanswered": [5]}
    )
    given = {
        "brackets": brackets(),
        "place": place(),
        "story": story,
        "growth": growth(),
        "fit": fit(),
    }
    return salary_nation.nation(ABOUT, "head", given | frames, FIGURES, PUBLICATIONS)


def test_figures_and_source_lines_are_those_of_the_frames():
    found = nation()
    assert found.ids == ("n.under-70000", "n.70000-99999", "n.100000-plus")
    assert found.later_ids[-2:] == ("n.top", "n.answers")
    assert found.line == "A paper, Pay (March 12, 2013)"
    assert found.at_least
    assert found.base == 38


@pytest.mark.parametrize(("held", "word"), [(0, "below"), (1, "in the bracket"), (2, "above")])
def test_the_bracket_title_says_where_the_mean_lies(held, word):
    assert word in salary_nation.brackets_title(nation(brackets=brackets(held)))


def test_the_bracket_chart_marks_what_each_bracket_holds():
    chart = salary_nation.brackets_chart(nation())
    page = unescape(chart.html())
    assert "$105,000 to $150,000: holds Connecticut's mean and the national median" in page
    assert "Under $105,000 30%" in chart.alt
    assert "90% intervals" in chart.subtitle
    assert chart.data["count"].tolist() == [51, 68, 51]
    assert any("Under $70,000, $70,000 to $100,000" in note for note in chart.notes)


def test_the_finding_puts_the_bracket_before_the_curve():
    lead, rest = salary_nation.place_finding(nation())
    assert "in the same bracket as the national median of the 2013 survey" in rest
    assert "104% (98% to 110%)" in rest
    assert "2029 dollars" in rest
    far = salary_nation.place_finding(nation(brackets=brackets(held=2)))[1]
    assert "above the bracket of the national median" in far
    assert not claims.unsupported(lead + rest, place(), allowed=[2013, 2029, 90])


def test_place_prose_goes_from_firm_to_supposed():
    text = repr(salary_nation.place_prose(nation()))
    firm, curve, top, limits = text.split("\n\n")
    assert "between 30% and 70% of the national leaders" in firm
    assert "speaks against that curve (likelihood-ratio statistic 6.90 on 2" in curve
    assert "holds 51 leaders of 170" in top
    assert "250 answered" in limits
    assert "175, of whom 5 named" in limits
    assert "mean over 38 districts" in limits
    calm = repr(salary_nation.place_prose(nation(fit=fit(0.4))))
    assert "does not speak against that curve" in calm
    untested = repr(salary_nation.place_prose(nation(fit=fit(pd.NA))))
    assert "cannot be tested: 3." in untested


@pytest.mark.parametrize(
    ("real", "title"),
    [
        (((-9.0, -14.0, -4.0), (-13.0, -18.0, -8.0)), "Prices alone would have raised"),
        (((9.0, 4.0, 14.0), (3.0, 1.0, 5.0)), "grew more than prices explain"),
        (((-9.0, -14.0, -4.0), (-3.0, -8.0, 2.0)), "is open"),
    ],
)
def test_growth_is_claimed_only_where_every_year_agrees(real, title):
    found = nation(growth=growth(real))
    assert title in salary_growth.growth_title(found)
    assert title in salary_growth.growth_finding(found)[0]


def test_the_growth_table_writes_shares_in_percent_and_changes_in_points():
    made = salary_growth.growth_table(nation())
    rows = made.data.set_index("what")
    assert rows.loc["Share, 2023 survey", "told_2022"] == "18% (16 to 20)"
    assert rows.loc["Growth of the share", "told_2022"] == "+12 (8 to 16)"
    assert rows.loc["The rest: real growth", "told_2023"] == "−13 (−18 to −8)"
    assert rows.loc["The rest: real growth", "estimate_2023"] == -13
    assert "more than 1,300 in 2023" in made.html()


def test_growth_prose_says_for_which_years_the_brackets_alone_settle_it():
    text = repr(salary_growth.growth_prose(nation()))
    assert "fell by about 9 to 13 points" in text
    assert "only if the later answers are in 2023 dollars" in text
    both = growth(free=((-11, -9), (-40, -10)))
    assert "settle its direction." in repr(salary_growth.growth_prose(nation(growth=both)))
    neither = growth(free=((-11, 9), (-40, 10)))
    assert "do not settle" in repr(salary_growth.growth_prose(nation(growth=neither)))


def models(estimate=0.08, low=0.05, high=0.11):
    rows = [
        {"model": "position effects", "group": "all"},
        {"model": "mixed model", "group": "all"},
        {"model": "quantile", "group": "p10"},
    ]
    numbers = {"estimate": estimate, "conf_low": low, "conf_high": high}
    shown = {"shown": 100 * (2**estimate - 1), "shown_low": 100 * (2**low - 1)}
    shown |= {"shown_high": 100 * (2**high - 1)}
    shared = {"scale": "log-log", "statistic": "elasticity", "base": 71, "records": 512}
    shared |= {"positions": 9, "waves": 2, "source": "s-2028, s-2030", "reason": pd.NA}
    return pd.DataFrame([row | numbers | shown | shared for row in rows])


NO_MODEL = pd.DataFrame(
    {"model": ["position effects"], "scale": "log-log", "estimate": pd.NA, "reason": "no answers"}
)


def test_models_from_records_are_drawn_and_their_link_claimed_where_all_show_it():
    chart = salary_records.records_exhibit(models(), ABOUT)
    assert chart.title == "The same position pays more in larger districts, by every model"
    assert "512 records of 2 surveys" in chart.subtitle
    assert "Pay at the 10th percentile" in chart.html()
    unclear = salary_records.records_exhibit(models(low=-0.02), ABOUT)
    assert "no model shows a clear link" in unclear.title


def test_without_records_the_reason_stands_in_the_place_of_the_chart():
    shown = repr(salary_records.records_exhibit(NO_MODEL, ABOUT))
    assert shown.startswith("Not available from published figures: no answers.")
    assert "not known" in salary_records.record_finding(NO_MODEL, ABOUT)[0]


def bounds(signs=("not known", "positive")):
    return pd.DataFrame(
        {
            "group": "within a position",
            "conf_low": [-4.2, 0.4],
            "conf_high": [4.2, 2.1],
            "enrollment_sd": [3300.0, 3300.0],
            "salary_sd": [15_200.0, 15_200.0],
            "correlation_low": [-1.0, 0.1],
            "correlation_high": [1.0, 0.5],
            "sign": signs,
        }
    )


def test_what_averages_leave_open_is_illustrated_from_the_bounds():
    text = repr(salary_records.same_job_prose(NO_MODEL, bounds(), ABOUT))
    assert "3,300 students and pay one of $15,200" in text
    assert "$4,200 less to $4,200 more pay for the same job" in text
    assert "one of two settle the sign, and only by supposing it" in text
    none = repr(salary_records.same_job_prose(NO_MODEL, bounds(("not known",) * 2), ABOUT))
    assert "None of the two sets" in none
    bare = repr(salary_records.same_job_prose(NO_MODEL, bounds().head(0), ABOUT))
    assert "illustrate" not in bare


def test_records_answer_the_question_that_averages_leave_open():
    text = repr(salary_records.same_job_prose(models(), bounds(), ABOUT))
    assert "6% more (4% to 8% more) by the model with position effects" in text


def fits(log=(0.3, -0.1), spread=0.6):
    rows = []
    for weights, value in zip(("none", "districts"), log, strict=True):
        numbers = {"estimate": value, "conf_low": value - spread, "conf_high": value + spread}
        for scale, factor in (("levels", 10.0), ("log-log", 1.0)):
            row = {key: factor * number for key, number in numbers.items()}
            units = (lambda x: 1000 * x) if scale == "levels" else (lambda x: 100 * (2**x - 1))
            shown = {
                "shown": units(row["estimate"]),
                "shown_low": units(row["conf_low"]),
                "shown_high": units(row["conf_high"]),
            }
            names = {"spec": f"{scale} {weights}", "scale": scale, "weights": weights}
            rows.append(row | shown | names | {"category_effects": False})
    return pd.DataFrame(rows)


def opened(found, every=None):
    pulls = pd.DataFrame({"pull": ["up", "down"], "estimate": [0.1, 0.2], "label": ["a", "b"]})
    return salary_headline(
        found, found if every is None else every, pulls, models(), nation(), ABOUT
    )


def test_the_headline_leads_with_the_turn_only_where_there_is_one():
    turned = opened(fits())
    assert turned.title.startswith("Whether pay rises")
    assert turned.findings[0].startswith("The answer turns with the weighting:")
    assert "23% more, counting every position alike, and 7% less" in turned.findings[0]
    same = opened(fits((0.3, 0.1)))
    assert same.title == "Averages by position do not show that pay rises with district size"
    assert "turns" not in same.findings[0]
    sure = opened(fits((0.3, 0.2), spread=0.05))
    assert sure.title == "Positions found in larger districts are paid more"
    assert "Four of the four intervals leave out zero" in sure.findings[1]


def test_a_page_with_one_weighting_tells_what_the_other_says():
    every = fits()
    one = opened(every[every["weights"] == "none"], every)
    assert "one weighting by choice; by the other" in one.caution
    assert "7% less" in one.caution
    assert "by choice" not in opened(every).caution


def test_fits_that_could_not_be_made_are_counted():
    lost = fits().assign(estimate=lambda frame: frame["estimate"].where(frame["weights"] == "none"))
    assert "Two of the four fits could not be made" in opened(lost).caution


def test_every_number_of_the_headline_is_in_a_frame():
    found = opened(fits())
    text = " ".join((found.title, found.deck, *found.findings, found.caution))
    frames = (fits(), TABLE, brackets(), place(), growth(), models())
    magnitudes = fits()[["shown", "shown_low", "shown_high"]].abs()
    assert not claims.unsupported(text, *frames, magnitudes, allowed=[90, 1, 1000, 2030])
