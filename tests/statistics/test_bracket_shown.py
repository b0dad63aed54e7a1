"""National brackets made ready: their base by arithmetic, their intervals by statsmodels."""

import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from edtech_survey.errors import EstimateError
from edtech_survey.shape import figures
from edtech_survey.statistics.brackets import (
    base_story,
    bracket_growth,
    brackets_shown,
    growth_by_dollar_year,
    nation_frames,
    national_cells,
    possible_bases,
)

BRACKETS = {
    "under-70000": "30.1%",
    "70000-99999": "35.2%",
    "100000-129999": "26.1%",
    "130000-159999": "4.5%",
    "160000-plus": "1.1%",
}
INDEX = {2012: 100.0, 2022: 130.0, 2023: 140.0, 2024: 150.0}
TABLE = pd.DataFrame(
    {
        "position": ["director", "clerk"],
        "salary": pd.array([120_000.0, pd.NA], dtype="Float64"),
        "price_year": [2024, 2024],
    }
)


def printed(brackets=None, base=250, wave=2013):
    return [
        {
            "source": "national",
            "wave": wave,
            "item": "salary_bracket",
            "group": group,
            "statistic": "share",
            "printed": text,
            "value": float(text.rstrip("%")),
            "base": base,
            "base_kind": "published",
            "synthetic": False,
        }
        for group, text in (brackets or BRACKETS).items()
    ]


def national(**given):
    later = printed({"130000-plus": "18%"}, base=pd.NA, wave=2023)
    answers = {
        "source": "national",
        "wave": 2023,
        "item": "survey_responses",
        "group": "all",
        "statistic": "count",
        "value": 1200,
        "synthetic": False,
    }
    prices = [
        {"source": "prices", "wave": year, "item": "cpi_u", "group": "all", "statistic": "index"}
        | {"value": level, "synthetic": False}
        for year, level in INDEX.items()
    ]
    return figures([*printed(**given), *later, answers, *prices])


def test_the_only_base_that_could_print_the_brackets_is_used():
    cells = national_cells(national(), "national", 2013)
    assert set(cells["base"]) == {176}
    # 53, 62, 46, 8 and 2 of 176 print so; 5 are in no bracket.
    counts = [53, 62, 46, 8, 2]
    assert [f"{100 * n / 176:.1f}%" for n in counts] == list(BRACKETS.values())
    story = base_story(national(), cells, "national", 2013).iloc[0]
    assert story[["stated", "base", "answered", "unanswered"]].tolist() == [250, 176, 171, 5]


def test_several_possible_bases_leave_the_stated_one():
    wide = {"under-70000": "30%", "70000-99999": "35%", "100000-plus": "32%"}
    cells = national_cells(national(brackets=wide), "national", 2013)
    assert set(cells["base"]) == {250}
    assert len(possible_bases(national(brackets=wide), cells, 250)) > 1


def test_brackets_that_no_base_could_print_are_refused():
    with pytest.raises(EstimateError, match="no base up to 100"):
        national_cells(national(base=100), "national", 2013)


def test_shares_bounds_and_what_they_hold():
    found = national()
    cells = national_cells(found, "national", 2013)
    shown = brackets_shown(cells, 120_000, 2024, found, dollar_year=2012, confidence=0.9)
    assert shown["count"].tolist() == [53, 62, 46, 8, 2]
    # The shares come from the printed percents, which are off by 0.05 at most.
    expected = [100 * n / 171 for n in shown["count"]]
    assert shown["estimate"].tolist() == pytest.approx(expected, abs=0.06)
    limits = [proportion_confint(n, 171, alpha=0.1, method="wilson") for n in shown["count"]]
    assert shown["conf_low"].tolist() == pytest.approx([100 * low for low, _ in limits])
    assert shown["conf_high"].tolist() == pytest.approx([100 * high for _, high in limits])
    assert shown["real_low"].tolist() == [0, 105_000, 150_000, 195_000, 240_000]
    assert pd.isna(shown["real_high"].iloc[-1])
    assert pd.isna(shown["high"].iloc[-1])
    assert shown["holds_amount"].tolist() == [False, True, False, False, False]
    assert shown["holds_median"].tolist() == [False, True, False, False, False]


def test_a_bracket_holds_its_lower_bound_and_not_its_upper_one():
    found = national()
    cells = national_cells(found, "national", 2013)
    for amount, place in ((105_000, 1), (104_999, 0), (150_000, 2), (900_000, 4)):
        shown = brackets_shown(cells, amount, 2024, found, dollar_year=2012)
        assert shown["holds_amount"].tolist().index(True) == place


def test_growth_is_made_once_for_each_year_with_the_base_of_the_survey():
    found = national()
    cells = national_cells(found, "national", 2013)
    growth = growth_by_dollar_year(
        cells,
        found,
        found,
        later_wave=2023,
        group="130000-plus",
        dollar_year=2012,
        later_dollar_years=(2022, 2023),
    )
    later = found[(found["wave"] == 2023) & (found["item"] == "salary_bracket")]
    for year in (2022, 2023):
        alone = bracket_growth(
            cells, later, found, dollar_year=2012, later_dollar_year=year, later_base=1200
        )
        part = growth[growth["later_dollar_year"] == year]
        assert part["estimate"].tolist() == pytest.approx(alone["estimate"].tolist())
        threshold = 130_000 * INDEX[2012] / INDEX[year]
        assert part["threshold_then"].iloc[0] == pytest.approx(threshold)
    with pytest.raises(EstimateError, match="later_dollar_years"):
        growth_by_dollar_year(
            cells, found, found, later_wave=2023, group="130000-plus", dollar_year=2012,
            later_dollar_years=(),
        )  # fmt: skip


def test_all_frames_of_one_position_agree_on_its_pay():
    found = national()
    cells = national_cells(found, "national", 2013)
    later = {"later_wave": 2023, "later_dollar_years": (2023,)}
    frames = nation_frames(cells, found, TABLE, "director", dollar_year=2012, **later)
    assert set(frames) == {"brackets", "place", "story", "growth", "fit"}
    assert set(frames["brackets"]["amount"]) == {120_000}
    amount = frames["place"].query("statistic == 'amount'")["estimate"].iloc[0]
    assert amount == pytest.approx(120_000)
    with pytest.raises(EstimateError, match="one of director"):
        nation_frames(cells, found, TABLE, "clerk", dollar_year=2012, **later)
