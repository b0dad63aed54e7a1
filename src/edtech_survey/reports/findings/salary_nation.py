"""Connecticut's technology leaders among the nation's, from salary brackets in real dollars."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from edtech_survey.reports import charts, tables, words
from edtech_survey.reports.essay import Finding
from edtech_survey.reports.exhibit import Figure, Table, Text, prose
from edtech_survey.reports.findings.salary_setting import Setting, level
from edtech_survey.reports.findings.survey_waves import day, figure_ids

STATISTICS = {
    "share_first": "Share paid that much, first survey",
    "share_later": "Share paid that much, later survey",
    "share_by_prices": "Share expected had pay only kept up with prices",
    "change": "Growth of the share",
    "change_by_prices": "of which expected from prices alone",
    "change_real": "of which real (growth less that)",
}


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
        From ``brackets_shown``, ``place_salary``, ``base_story``, ``growth_by_dollar_year`` and
        ``bracket_fit_test``.
    line, later_line : str
        Source lines of the two national surveys.
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

    @property
    def level(self) -> str:
        """Level of confidence, as in "95%"."""
        return level(self.about.confidence)

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
    frames : dict
        ``brackets``, ``place``, ``story``, ``growth``, ``fit``.
    figures : DataFrame
        National figures.
    publications : DataFrame
        One row per publication: ``publication, title, publisher, published``.

    Returns
    -------
    Nation
    """
    brackets, growth = frames["brackets"], frames["growth"]
    source, wave = brackets["source"].iloc[0], int(brackets["wave"].iloc[0])
    own = figures[figures["source"].eq(source)]
    ids = figure_ids(own, "salary_bracket", [wave], brackets["group"].tolist())
    later = int(growth["wave"].max())
    top = str(growth["group"].iloc[0]).replace("over-", "") + "-plus"
    later_ids = [
        *figure_ids(own, "salary_bracket", [later], [top]),
        *figure_ids(own, "survey_responses", [later], ["all"]),
    ]
    row = about.table[about.table["position"].eq(position)].iloc[0]
    return Nation(
        about=about,
        position=str(row["label"]),
        base=None if pd.isna(row["districts"]) else int(row["districts"]),
        **frames,
        line=_line(own, publications, ids),
        later_line=_line(own, publications, [*ids, *later_ids]),
        ids=(*ids, *_of_position(about, position)),
        later_ids=(*ids, *later_ids),
    )


def place_finding(nation: Nation) -> Finding:
    """Say where the state's mean lies against the national median in real dollars."""
    amount, ratio = nation.placed("amount"), nation.placed("ratio_to_median")
    return (
        "Against the nation, in real dollars:",
        f"the mean pay of {nation.position}, {words.usd(amount['estimate'])}, is "
        f"{words.percent(ratio['estimate'])} of the national median of the {nation.wave} survey "
        f"({nation.level} interval {words.interval(ratio['conf_low'], ratio['conf_high'], 'percent')})"
        f" carried to {nation.about.dollars}.",
    )


def growth_finding(nation: Nation) -> Finding:
    """Say how much of a top bracket's growth prices alone would have made."""
    first, last = nation.grown("share").iloc[0], nation.grown("share").iloc[-1]
    expected = nation.grown("share_by_prices")["estimate"]
    return (
        "Top pay and prices:",
        f"the national share paid {words.usd(first['threshold'])} or more went from "
        f"{words.percent(first['estimate'])} to {words.percent(last['estimate'])} between the "
        f"{nation.wave} and {nation.later} surveys; prices alone would have made it about "
        f"{_spread(expected)}.",
    )


def brackets_chart(nation: Nation) -> Figure:
    """Draw the share of national leaders in each bracket, its bounds in real dollars."""
    shown = nation.brackets
    labels = bracket_labels(nation)
    row = nation.story.iloc[0]
    return charts.dots(
        shown,
        sort=False,
        title=brackets_title(nation),
        subtitle=f"Percent of US district technology leaders by yearly pay, {nation.wave} survey, "
        f"brackets carried to {nation.about.dollars}, with {nation.level} intervals",
        source=f"{nation.line}; for the state: {nation.about.line}",
        n=f"{words.number(row['answered'], 0)} leaders in a bracket",
        alt=charts.describe(
            "Dot chart", f"the percent of national leaders by pay in {nation.about.dollars}",
            shown, labels=labels, most=5,
        ),
        note=[
            f"Brackets as printed: {words.join(_as_printed(row) for row in _rows(shown))}, in "
            f"dollars of {nation.dollar_year}",
            f"Intervals are those of a random sample; the survey was voluntary",
        ],
        labels=labels,
        figure_ids=nation.ids,
        id="national-brackets",
    )  # fmt: skip


def brackets_title(nation: Nation) -> str:
    """Say which bracket holds the state's mean, and whether it is the national median's."""
    held = nation.brackets[nation.brackets["holds_amount"].astype(bool)]
    median = nation.brackets[nation.brackets["holds_median"].astype(bool)]
    if held.empty:
        return "Connecticut's mean lies in none of the national brackets"
    if bool(held["holds_median"].iloc[0]):
        return "Connecticut's mean lies in the bracket of the national median"
    above = held["real_low"].iloc[0] > median["real_low"].iloc[0]
    return f"Connecticut's mean lies {'above' if above else 'below'} the national median's bracket"


def bracket_labels(nation: Nation) -> dict[str, str]:
    """Name each bracket by its bounds in real dollars, and mark what it holds."""
    labels = {}
    for row in _rows(nation.brackets):
        held = [
            name
            for name, column in (("Connecticut's mean", "holds_amount"), ("median", "holds_median"))
            if row[column]
        ]
        marks = f" ({words.join(held)})" if held else ""
        labels[row["group"]] = _bounds(row["real_low"], row["real_high"]) + marks
    return labels


def place_prose(nation: Nation) -> Text:
    """What the place of the state's mean rests on, from firm to less firm."""
    ratio, below = nation.placed("ratio_to_median"), nation.placed("share_below")
    median, amount = nation.placed("median"), nation.placed("amount")
    test = nation.fit[nation.fit["statistic"].eq("g2")].iloc[0]
    held = nation.brackets[nation.brackets["holds_amount"].astype(bool)]
    firm = (
        f"What the brackets alone say: between {words.percent(below['free_low'])} and "
        f"{words.percent(below['free_high'])} of the national leaders were paid less than "
        f"{words.usd(amount['estimate'])} in {nation.about.dollars}, because that sum falls inside "
        f"the bracket of {_bounds(held['real_low'].iloc[0], held['real_high'].iloc[0])}."
        if len(held)
        else ""
    )
    modelled = (
        f"To say more, a shape must be supposed. With a log-normal one the national median is "
        f"{words.usd(median['estimate'])} "
        f"({words.interval(median['conf_low'], median['conf_high'], 'usd')}), and Connecticut's mean "
        f"is at {words.percent(ratio['estimate'])} of it "
        f"({words.interval(ratio['conf_low'], ratio['conf_high'], 'percent')}), with "
        f"{words.percent(below['estimate'])} of leaders below. {_tested(test)}"
    )
    return prose(firm, modelled, _tail(nation), _limits(nation))


def _tested(test: pd.Series) -> str:
    if pd.isna(test["p_value"]):
        return f"Whether that shape fits cannot be tested: {test['identification']}."
    verdict = "speaks against that shape" if test["p_value"] < 0.05 else "does not speak against it"
    return (
        f"The test of fit {verdict} (likelihood-ratio statistic {words.number(test['estimate'], 2)} "
        f"on {int(test['df'])} degrees of freedom, p = {words.number(test['p_value'], 3)}), so read "
        "the percentages below and above as rough."
    )


def _tail(nation: Nation) -> str:
    top = nation.brackets.iloc[-1]
    if pd.isna(top["count"]) or pd.notna(top["real_high"]):
        return ""
    return (
        f"The top cannot be tested at all. The last bracket is open, and "
        f"{words.count(top['count'], 'leader')} of {int(top['base'])} are in it: how far the highest "
        "salaries reach, and with them the national mean, is a supposition. That is why the "
        "comparison here is with the median."
    )


def _limits(nation: Nation) -> str:
    story = nation.story.iloc[0]
    base = ""
    if pd.notna(story["base"]) and pd.notna(story["stated"]) and story["base"] != story["stated"]:
        base = (
            f"The survey says {words.number(story['stated'], 0)} answered, but no number up to that "
            f"could have printed these percents except {words.number(story['base'], 0)}, of whom "
            f"{words.number(story['unanswered'], 0)} are in no bracket; that base is used. "
        )
    behind = f" over {words.count(nation.base, 'district')}" if nation.base is not None else ""
    return (
        f"{base}The comparison carries the national pay of {nation.dollar_year} forward by prices; "
        f"it does not know what the nation pays today. Connecticut's figure is a mean{behind} whose "
        "spread is not published, so the interval leaves its sampling error out, and a mean is "
        "usually above the median of the same salaries."
    )


def growth_table(nation: Nation) -> Table:
    """Lay out the growth of a top bracket, split by prices, for each year of the later dollars."""
    years = sorted(int(year) for year in nation.growth["later_dollar_year"].unique())
    rows = growth_rows(nation)
    first = nation.growth.iloc[0]
    return tables.table(
        rows,
        title=growth_title(nation),
        subtitle=f"Percent of US district technology leaders paid {words.usd(first['threshold'])} or "
        f"more, and points of change, with {nation.level} intervals, by the year whose dollars the "
        f"{nation.later} answers are taken to be",
        source=nation.later_line,
        n=f"{int(first['base'])} leaders in a bracket in {nation.wave}; in {nation.later} more than "
        f"{words.number(_later_base(nation), 0)} leaders, the base of this question is not published",
        note=(
            f"{words.usd(first['threshold'])} bought in {nation.dollar_year} dollars: "
            + words.join(_then(row) for row in _rows(nation.grown("share_by_prices"))),
        ),
        columns={"what": "", **{f"in_{year}": f"{year} dollars" for year in years}}
        | {"what": "Share or change"},
        formats=dict.fromkeys([f"in_{year}" for year in years], "percent"),
        intervals={f"in_{year}": (f"low_{year}", f"high_{year}") for year in years},
        row="what",
        figure_ids=nation.later_ids,
        id="top-bracket",
    )


def growth_rows(nation: Nation) -> pd.DataFrame:
    """One row per statistic, one column per year of the later dollars."""
    growth = nation.growth.assign(what=_statistic_names(nation.growth, nation.wave))
    rows = []
    for key, title in STATISTICS.items():
        row: dict[str, object] = {"what": title}
        for part in _rows(growth[growth["what"].eq(key)]):
            year = int(part["later_dollar_year"])
            row |= {
                f"in_{year}": part["estimate"],
                f"low_{year}": part["conf_low"],
                f"high_{year}": part["conf_high"],
            }
        rows.append(row)
    return pd.DataFrame(rows)


def growth_title(nation: Nation) -> str:
    """Say whether prices alone account for the growth, only where every reading agrees."""
    real = nation.grown("change_real")
    if (real["conf_high"] < 0).all():
        return "Prices alone would have raised the top bracket further than it rose"
    if (real["conf_low"] > 0).all():
        return "The top bracket grew more than prices alone explain"
    return "Whether the top bracket grew in real terms cannot be told"


def growth_prose(nation: Nation) -> Text:
    """What the split says, and where it leans on a shape."""
    real, free = nation.grown("change_real"), nation.grown("change_real")
    settled = free[(free["free_high"] < 0) | (free["free_low"] > 0)]
    years = [int(year) for year in settled["later_dollar_year"]]
    every = len(settled) == len(free)
    bare = (
        "The brackets alone, without any shape, settle the sign whichever year is taken."
        if every
        else f"The brackets alone, without any shape, settle the sign only in the dollars of "
        f"{words.years(years)}."
        if years
        else "Without supposing a shape, the brackets alone do not settle the sign."
    )
    low, high = real["estimate"].min(), real["estimate"].max()
    verb = "fell" if high < 0 else "rose" if low > 0 else "changed"
    return prose(
        f"A threshold that stays in place gets easier to pass as prices rise. Taken that away, the "
        f"share {verb} by about {_spread_points(real['estimate'])}.",
        f"{bare} Both surveys were voluntary and answered by different people, the later by several "
        "times as many, so a change in who answers is part of every number here.",
    )


def _statistic_names(growth: pd.DataFrame, wave: int) -> list[str]:
    return [
        f"share_{'first' if int(row['wave']) == wave else 'later'}"
        if row["statistic"] == "share"
        else str(row["statistic"])
        for row in _rows(growth)
    ]


def _later_base(nation: Nation) -> int:
    shares = nation.grown("share")
    return int(shares.iloc[-1]["base"])


def _then(row: dict[str, object]) -> str:
    return (
        f"what {words.usd(row['threshold_then'])} does, counting {row['later_dollar_year']} dollars"
    )


def _line(figures: pd.DataFrame, publications: pd.DataFrame, ids: list[str]) -> str:
    used = figures.loc[figures["figure_id"].isin(ids), "publication"].dropna().unique()
    about = publications[publications["publication"].isin(list(used))]
    told = [f"{row['publisher']}, {row['title']} ({day(row['published'])})" for row in _rows(about)]
    return words.join(told) if told else words.join(figures["source"].unique())


def _of_position(about: Setting, position: str) -> list[str]:
    ending = f"position-salary.{position.replace('_', '-')}.mean"
    return [name for name in about.ids if ending in name]


def _bounds(low: object, high: object) -> str:
    if pd.isna(high):
        return f"{words.usd(low)} or more"
    if float(str(low)) == 0:
        return f"under {words.usd(high)}"
    return f"{words.usd(low)} to {words.usd(high)}"


def _as_printed(row: dict[str, object]) -> str:
    return _bounds(row["low"], row["high"])


def _spread(values: pd.Series) -> str:
    low, high = words.percent(values.min()), words.percent(values.max())
    return low if low == high else f"{low} to {high}"


def _spread_points(values: pd.Series) -> str:
    sizes = sorted(abs(float(x)) for x in values)
    low, high = words.number(sizes[0], 0), words.points(sizes[-1])
    return high if words.points(sizes[0]) == high else f"{low} to {high}"


def _rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
