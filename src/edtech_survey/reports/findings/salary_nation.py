"""A state's technology leaders among the nation's, from salary brackets in real dollars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from edtech_survey.reports import charts, words
from edtech_survey.reports.essay import Finding
from edtech_survey.reports.exhibit import Figure, Text, prose
from edtech_survey.reports.findings.salary_setting import Setting, p_text
from edtech_survey.reports.findings.survey_waves import day, figure_ids

Row = dict[str, Any]


@dataclass(frozen=True)
class Nation:
    """One state's leaders beside the nation's.

    Attributes
    ----------
    about : Setting
    position : str
        Printed name of the position that leads technology in the state's districts.
    base : int or None
        Districts behind the state's mean.
    brackets, place, story, growth, fit : DataFrame
        From :func:`edtech_survey.statistics.brackets.nation_frames`.
    line, later_line : str
        Source lines of the national survey with brackets, and of both national surveys.
    at_least : bool
        Whether the number of answers of the later survey is printed as a lower bound.
    ids, later_ids : tuple of str
        Figures behind the exhibits.
    """

    about: Setting
    position: str
    base: int | None
    brackets: pd.DataFrame
    place: pd.DataFrame
    story: pd.DataFrame
    growth: pd.DataFrame
    fit: pd.DataFrame
    line: str
    later_line: str
    at_least: bool
    ids: tuple[str, ...]
    later_ids: tuple[str, ...]

    @property
    def wave(self) -> int:
        """Year of the national survey with the brackets."""
        return int(self.brackets["wave"].iloc[0])

    @property
    def later(self) -> int:
        """Year of the later national survey."""
        return int(self.growth["wave"].max())

    @property
    def dollar_year(self) -> int:
        """Year whose dollars the brackets are."""
        return int(self.brackets["dollar_year"].iloc[0])

    def placed(self, statistic: str) -> pd.Series:
        """One row of ``place``."""
        return self.place[self.place["statistic"].eq(statistic)].iloc[0]

    def grown(self, statistic: str) -> pd.DataFrame:
        """Rows of ``growth`` of one statistic, one per year of the later dollars."""
        rows = self.growth[self.growth["statistic"].eq(statistic)]
        return rows.sort_values(["wave", "later_dollar_year"]).reset_index(drop=True)


def nation(
    about: Setting,
    position: str,
    frames: dict[str, pd.DataFrame],
    figures: pd.DataFrame,
    publications: pd.DataFrame,
) -> Nation:
    """Put together what the national exhibits share.

    Parameters
    ----------
    about : Setting
    position : str
        Position of the state's survey that is compared.
    frames : dict
        From :func:`edtech_survey.statistics.brackets.nation_frames`.
    figures : DataFrame
        National figures and prices.
    publications : DataFrame
        One row per publication: ``publication, title, publisher, published``.

    Returns
    -------
    Nation
    """
    brackets, growth = frames["brackets"], frames["growth"]
    source, wave = brackets["source"].iloc[0], int(brackets["wave"].iloc[0])
    own = figures[figures["source"].eq(source)]
    printed = figure_ids(own, "salary_bracket", [wave], brackets["group"].tolist())
    later = int(growth["wave"].max())
    top = str(growth["group"].iloc[0]).replace("over-", "") + "-plus"
    repeated = figure_ids(own, "salary_bracket", [later], [top])
    counted = figure_ids(own, "survey_responses", [later], ["all"])
    first_year = int(brackets["dollar_year"].iloc[0])
    later_years = sorted({int(year) for year in growth["later_dollar_year"]})
    row = about.table[about.table["position"].eq(position)].iloc[0]
    return Nation(
        about=about,
        position=str(row["label"]),
        base=None if pd.isna(row["districts"]) else int(row["districts"]),
        **frames,
        line=_line(own, publications, printed),
        later_line=_line(own, publications, [*printed, *repeated, *counted]),
        at_least=_lower_bound(own, counted),
        ids=(
            *printed,
            *figure_ids(figures, "cpi_u", [first_year, about.price_year]),
            *(name for name in about.ids if f"salary.{position.replace('_', '-')}." in name),
        ),
        later_ids=(
            *printed,
            *repeated,
            *counted,
            *figure_ids(figures, "cpi_u", [first_year, *later_years]),
        ),
    )


def place_finding(nation: Nation) -> Finding:
    """Say where the state's mean lies against the national median in real dollars."""
    amount, ratio = nation.placed("amount"), nation.placed("ratio_to_median")
    way = _against_median(nation)
    where = "in the same bracket as" if way == "in" else f"{way} the bracket of"
    return (
        "Pay of technology leaders in real dollars:",
        f"{nation.about.owner} mean for {nation.position}, {words.usd(amount['estimate'])}, lies "
        f"{where} the national median of the {nation.wave} survey, taken to {nation.about.dollars} "
        f"by prices; a fitted curve puts it at {_with_interval(ratio, 'percent')} of that median "
        f"({nation.about.level} interval in brackets).",
    )


def _against_median(nation: Nation) -> str:
    held = nation.brackets[nation.brackets["holds_amount"].astype(bool)].iloc[0]
    median = nation.brackets[nation.brackets["holds_median"].astype(bool)].iloc[0]
    if held["group"] == median["group"]:
        return "in"
    return "above" if held["low"] > median["low"] else "below"


def brackets_chart(nation: Nation) -> Figure:
    """Draw the share of national leaders in each bracket, its bounds in real dollars."""
    shown, labels = nation.brackets, bracket_labels(nation)
    printed = words.join(_bounds(row["low"], row["high"]) for row in records(shown))
    return charts.dots(
        shown,
        sort=False,
        title=brackets_title(nation),
        subtitle=f"Percent of US district technology leaders by yearly pay, {nation.wave} survey, "
        f"brackets carried to {nation.about.dollars}, with {nation.about.level} intervals",
        source=f"{nation.line}; for {nation.position}: {nation.about.line}",
        n=f"{words.number(nation.story['answered'].iloc[0], 0)} leaders who named a bracket",
        alt=charts.describe(
            "Dot chart",
            f"the percent of national leaders by pay in {nation.about.dollars}",
            shown,
            labels=bracket_labels(nation, marked=False),
            most=5,
        ),
        note=[
            f"Brackets as printed, in dollars of {nation.dollar_year}: {printed}",
            "The intervals are those of a random sample; the survey was voluntary",
        ],
        labels=labels,
        figure_ids=nation.ids,
        id="national-brackets",
    )


def brackets_title(nation: Nation) -> str:
    """Say which bracket holds the state's mean, and whether it is the national median's."""
    where = f"{_against_median(nation)} the bracket of the national median"
    told = f"{nation.about.owner} mean lies {where}"
    return told[0].upper() + told[1:]


def bracket_labels(nation: Nation, marked: bool = True) -> dict[str, str]:
    """Name each bracket by its bounds in real dollars, and mark what it holds."""
    labels = {}
    holds = {"holds_amount": f"{nation.about.owner} mean", "holds_median": "the national median"}
    for row in records(nation.brackets):
        held = words.join(name for column, name in holds.items() if row[column])
        bounds = _bounds(row["real_low"], row["real_high"])
        labels[str(row["group"])] = f"{bounds}: holds {held}" if held and marked else bounds
    return labels


def place_prose(nation: Nation) -> Text:
    """Tell what the place of the state's mean rests on, from firm to less firm."""
    ratio, below = nation.placed("ratio_to_median"), nation.placed("share_below")
    median, amount = nation.placed("median"), nation.placed("amount")
    held = nation.brackets[nation.brackets["holds_amount"].astype(bool)].iloc[0]
    firm = (
        f"What the brackets alone say: between {words.percent(below['free_low'])} and "
        f"{words.percent(below['free_high'])} of the national leaders were paid less than "
        f"{words.usd(amount['estimate'])} in {nation.about.dollars}. No more can be said without a "
        f"supposition, because that sum falls inside the bracket of "
        f"{_bounds(held['real_low'], held['real_high'])}."
    )
    modelled = (
        "Suppose that pay follows a log-normal curve, as pay often does. Then the national median "
        f"is {_with_interval(median, 'usd')}, {nation.about.owner} mean is at "
        f"{_with_interval(ratio, 'percent')} of it, and {words.percent(below['estimate'])} of the "
        f"leaders were paid less. {_tested(nation)}"
    )
    return prose(firm, modelled, _tail(nation), _limits(nation))


def _with_interval(row: pd.Series, kind: str) -> str:
    told = words.value(row["estimate"], kind)
    if pd.isna(row["conf_low"]):
        return told
    return f"{told} ({words.interval(row['conf_low'], row['conf_high'], kind)})"


def _tested(nation: Nation) -> str:
    test = nation.fit[nation.fit["statistic"].eq("g2")].iloc[0]
    if pd.isna(test["p_value"]):
        return f"Whether that curve fits cannot be tested: {test['identification']}."
    against = bool(test["p_value"] < 1 - nation.about.confidence)
    told = (
        f"likelihood-ratio statistic {words.number(test['estimate'], 2)} on {int(test['df'])} "
        f"degrees of freedom, {p_text(test['p_value'])}"
    )
    if against:
        return f"A test speaks against that curve ({told}), so these percents are rough."
    return f"A test does not speak against that curve ({told})."


def _tail(nation: Nation) -> str:
    top = nation.brackets.iloc[-1]
    if pd.isna(top["count"]) or pd.notna(top["real_high"]):
        return ""
    return (
        "The top cannot be tested at all. The last bracket has no upper end and holds "
        f"{words.count(top['count'], 'leader')} of {words.number(top['base'], 0)}: how high their "
        "pay goes, and with it the national mean, is a supposition. That is why the comparison "
        "here is with the median."
    )


def _limits(nation: Nation) -> str:
    story = nation.story.iloc[0]
    base = ""
    if pd.notna(story["base"]) and pd.notna(story["stated"]) and story["base"] != story["stated"]:
        base = (
            f"The survey says that {words.number(story['stated'], 0)} answered, but the only "
            f"number up to that which could have printed these percents is "
            f"{words.number(story['base'], 0)}, of whom {words.number(story['unanswered'], 0)} "
            "named no bracket; it is used here. "
        )
    behind = f" over {words.count(nation.base, 'district')}" if nation.base is not None else ""
    return (
        f"{base}The comparison takes the national pay of {nation.dollar_year} forward by prices; "
        "what the nation pays today it does not know. The state's figure is a mean"
        f"{behind}, and how far pay spreads around it is not in the interval; nor is a mean a "
        "median, which for pay is usually the lower of the two."
    )


def _line(figures: pd.DataFrame, publications: pd.DataFrame, ids: list[str]) -> str:
    used = figures.loc[figures["figure_id"].isin(ids), "publication"].dropna().unique()
    about = publications[publications["publication"].isin(list(used))]
    told = [
        f"{row['publisher']}, {row['title']} ({day(row['published'])})" for row in records(about)
    ]
    return "; ".join(told) if told else words.join(figures["source"].unique())


def _lower_bound(figures: pd.DataFrame, ids: list[str]) -> bool:
    notes = figures.loc[figures["figure_id"].isin(ids), "note"].fillna("").astype("str")
    return bool(notes.str.startswith("lower bound").any())


def _bounds(low: Any, high: Any) -> str:
    if pd.isna(high):
        return f"{words.usd(low)} or more"
    if float(low) == 0:
        return f"Under {words.usd(high)}"
    return f"{words.usd(low)} to {words.usd(high)}"


def records(frame: pd.DataFrame) -> list[Row]:
    """Rows of a frame, their columns by name."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
