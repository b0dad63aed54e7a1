"""Headline and paragraphs of the comparison with the nation."""

from __future__ import annotations

import pandas as pd

from edtech_survey.reports import words
from edtech_survey.reports.essay import Finding
from edtech_survey.reports.exhibit import Headline, Text, headline, prose
from edtech_survey.reports.findings import verdicts
from edtech_survey.reports.findings.national_pairs import shown_pairs, span, tally
from edtech_survey.reports.findings.national_refused import unasked_topics
from edtech_survey.reports.findings.national_series import judged_changes, steps
from edtech_survey.reports.findings.national_setting import Setting


def opening(
    counts: pd.DataFrame,
    compared: pd.DataFrame,
    pairs: pd.DataFrame,
    series: pd.DataFrame,
    about: Setting,
) -> Headline:
    """Open the report: how much may be compared at all, then what stands side by side.

    Parameters
    ----------
    counts, compared, series : DataFrame
        From ``grade_counts``, ``compare`` and ``compare_waves``.
    pairs : DataFrame
        The pairs compared.
    about : Setting

    Returns
    -------
    Headline
    """
    told = [
        _how_many(counts),
        _devices(compared, about),
        _cyber(compared, about),
        _pay(compared, about),
        _nation(series, about),
        _unasked(pairs, about),
    ]
    place = "invented sample districts" if about.waves.synthetic else f"{about.state}'s survey"
    return headline(
        title(counts, about),
        f"Figures of {place}, {words.years(about.waves.years)}, beside national and other states' "
        "figures, each pair graded for what it allows",
        [finding for finding in told if finding],
        "Most surveys from elsewhere are answered by whoever chooses to, most are known from the "
        "press, and many do not say how many answered. Numbers side by side are not a ranking.",
        synthetic=about.waves.synthetic,
    )


def title(counts: pd.DataFrame, about: Setting) -> str:
    """Say the most that the grades allow.

    Examples
    --------
    >>> import pandas as pd
    >>> from types import SimpleNamespace
    >>> counts = pd.DataFrame({"group": ["all|A", "all|B", "all|C"], "estimate": [0, 20, 35]})
    >>> title(counts, SimpleNamespace(state="Connecticut"))
    'Connecticut can be set beside the nation, but not subtracted from it'
    """
    count = tally(counts)
    if count["A"]:
        of = words.number(count["all"])
        return f"{about.state} can be measured against the nation in {count['A']} of {of} pairs"
    if count["B"]:
        return f"{about.state} can be set beside the nation, but not subtracted from it"
    return f"No national figure here can be set beside {about.state}"


def after_grades(counts: pd.DataFrame, about: Setting) -> Text:
    """Say what the grades stand for, and why none is an A."""
    count = tally(counts)
    none = (
        "None is of the first kind. No survey in this collection asks the same question of the "
        "same kind of respondent, and a difference of unlike things is not a finding."
        if not count["A"]
        else "Only those of the first kind get a difference with an interval."
    )
    return prose(
        f"{none} Each pair has its reason in a table that anyone can correct.",
    )


def after_shares(compared: pd.DataFrame, about: Setting) -> Text:
    """Warn of what the numbers on one device per student tempt a reader to say."""
    rows = shown_pairs(compared, ["one_to_one"], "percent")
    if rows.empty:
        return prose("")
    there = rows[rows["side"].eq("elsewhere") & rows["conf_low"].notna()]
    wide = there.drop_duplicates("figure_id")
    width = (wide["conf_high"] - wide["conf_low"]).astype(float)
    row = wide.loc[width.idxmax()]
    return prose(
        f"It is tempting to say who is ahead. {about.survey(row['figure_id'])} prints "
        f"{words.percent(row['estimate'])} and no number of answers: as few as "
        f"{words.number(row['base_low'])} could have printed it, so chance alone leaves "
        f"{words.interval(row['conf_low'], row['conf_high'], 'percent')}. And it asked of other "
        "grades, of other people, or in another year."
        if pd.isna(row["base"])
        else "It is tempting to say who is ahead. The two sides were asked of other grades, of "
        "other people, or in another year.",
    )


def after_posts(compared: pd.DataFrame, about: Setting) -> Text:
    """Say how three national percents of one thing came about in three ways."""
    rows = shown_pairs(compared, ["cyber_security"], "percent")
    rows = rows[rows["pair_id"].isin(rows.loc[rows["take"].eq("share_of_base"), "pair_id"])]
    there = rows[rows["side"].eq("elsewhere")].drop_duplicates("figure_id")
    if len(there) < 2:
        return prose("")
    rare = " On both sides such a post is the exception." if (rows["estimate"] < 50).all() else ""
    return prose(
        f"The figures from elsewhere, of {words.years(there['wave'])}, are not a trend either: "
        f"each asked differently who counts as staff for cyber security.{rare}"
    )


def after_amounts(compared: pd.DataFrame, about: Setting) -> Text:
    """Say which amounts could not be brought to the same dollars."""
    rows = shown_pairs(compared, (), "percent", others=True)
    there = rows[rows["side"].eq("elsewhere") & rows["unit"].eq("usd")]
    if there.empty:
        return prose("")
    lost = there[there["real"].isna()].drop_duplicates("figure_id")
    without = (
        f"{words.join(about.survey(name) for name in lost['figure_id'])} cannot be brought to "
        f"{about.dollars}: the price index at hand does not reach so far back, and a guess would "
        "look like a fact. "
        if len(lost)
        else ""
    )
    return prose(
        f"{without}Real dollars allow for prices, not for the years of raises in between: pay that "
        "looks higher nationwide in an older survey may have grown faster or slower since."
    )


def after_changes(series: pd.DataFrame, about: Setting) -> Text:
    """Say how many answers each national change would need."""
    rows = judged_changes(series)
    if rows.empty:
        return prose("")
    needed = [
        f"{words.number(row['holds_from_base'])} ({row['name']})"
        for row in rows.to_dict("records")
        if row["kind"] == verdicts.OPEN and pd.notna(row["holds_from_base"])
    ]
    return prose(
        "How many answers a survey that prints no number would need for the change to hold: "
        f"{'; '.join(needed)}. The publishers could settle it by printing one number each."
        if needed
        else "",
        "The width of an interval here is mostly the price of a number that was not printed.",
    )


def after_steps(series: pd.DataFrame) -> Text:
    """Say why series are cut."""
    rows = steps(series)
    cut = int(rows["grade"].eq("C").sum()) if len(rows) else 0
    if not cut:
        return prose("")
    return prose(
        f"A line drawn through all years of a series would show {words.spell(cut)} "
        f"{'step' if cut == 1 else 'steps'} that a changed question may have made. That is why no "
        "national trend is drawn on this page."
    )


def _how_many(counts: pd.DataFrame) -> Finding:
    count = tally(counts)
    none = f"{words.spell(count['A'])} ask" if count["A"] > 1 else "one asks"
    return (
        "What may be compared:" if count["A"] else "No difference is computed:",
        f"of {words.number(count['all'])} pairs, {none if count['A'] else 'none asks'} the same of "
        f"the same kind of respondent; {some(count['B'], 'stands', 'stand')} side by side and "
        f"{some(count['C'], 'is', 'are')} refused, each with its reason.",
    )


def _devices(compared: pd.DataFrame, about: Setting) -> Finding | None:
    rows = shown_pairs(compared, ["one_to_one"], "percent")
    if rows.empty:
        return None
    here, there = (rows[rows["side"].eq(side)] for side in ("state", "elsewhere"))
    nearest = _nearest(here, there, about)
    here, there = (part[part["pair_id"].isin(nearest)] for part in (here, there))
    return (
        "One device per student:",
        f"{span(here)} of districts here by grade band in {words.years(here['wave'])}; "
        f"{span(there)} in {about.survey(there['figure_id'].iloc[0])}, whose grades and "
        "respondents differ.",
    )


def some(count: int, one: str, many: str) -> str:
    """Write a count with its verb.

    Examples
    --------
    >>> some(0, "holds", "hold"), some(1, "holds", "hold"), some(20, "holds", "hold")
    ('none holds', 'one holds', '20 hold')
    """
    return f"{words.spell(count) if count else 'none'} {one if count < 2 else many}"


def _nearest(here: pd.DataFrame, there: pd.DataFrame, about: Setting) -> pd.Series:
    """Take the pairs with the one survey that is nearest in time, most pairs first."""
    waves = here.set_index("pair_id")["wave"]
    apart = (there["pair_id"].map(waves) - there["wave"]).abs().astype(float)
    told = there.assign(survey=[about.survey(name) for name in there["figure_id"]], apart=apart)
    order = told.groupby("survey").agg(apart=("apart", "min"), pairs=("pair_id", "size"))
    first = order.sort_values(["apart", "pairs"], ascending=[True, False]).index[0]
    return told.loc[told["survey"].eq(first), "pair_id"]


def _cyber(compared: pd.DataFrame, about: Setting) -> Finding | None:
    rows = shown_pairs(compared, ["cyber_security"], "percent")
    rows = rows[rows["pair_id"].isin(rows.loc[rows["take"].eq("share_of_base"), "pair_id"])]
    if rows.empty:
        return None
    here, there = (rows[rows["side"].eq(side)] for side in ("state", "elsewhere"))
    return (
        "Cyber security:",
        f"{span(here)} of districts here have a post for it; {span(there)} of those in national "
        f"surveys of {words.years(there['wave'])}, each of which asked differently.",
    )


def _pay(compared: pd.DataFrame, about: Setting) -> Finding | None:
    rows = shown_pairs(compared, ["salary"], "usd")
    there = rows[rows["side"].eq("elsewhere") & rows["real"].notna()]
    if there.empty:
        return None
    first = there.iloc[0]
    here = rows[rows["side"].eq("state") & rows["pair_id"].eq(first["pair_id"])].iloc[0]
    own = here["real"] if pd.notna(here["real"]) else here["estimate"]
    return (
        "Pay:",
        f"a {about.part(str(here['group'])).lower()} earns {words.usd(own, 0)} on average here; "
        f"{about.part(str(first['group']))} in {about.survey(first['figure_id'])} earned "
        f"{words.usd(first['real'], 0)}, both in {about.dollars}.",
    )


def _nation(series: pd.DataFrame, about: Setting) -> Finding | None:
    rows = steps(series)
    if rows.empty:
        return None
    changes = judged_changes(series)
    text = (
        f"of {words.number(len(rows))} steps in national series, "
        f"{some(len(changes), 'asks', 'ask')} the same question twice"
    )
    if len(changes):
        sure = int(changes["kind"].eq(verdicts.SURE).sum())
        held = some(sure, "of these changes holds", "of these changes hold")
        least = f" from {about.min_base} up" if about.min_base > 1 else ""
        text += f", and {held} whatever the number of answers{least}"
    return "The nation over time:", f"{text}."


def _unasked(pairs: pd.DataFrame, about: Setting) -> Finding | None:
    silent = [name[0].lower() + name[1:] for name in unasked_topics(pairs)]
    if not silent:
        return None
    return (
        "Not asked here:",
        f"{words.join(silent)}. A question in the next survey would change that.",
    )
