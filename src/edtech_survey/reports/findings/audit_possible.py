"""The chart of which numbers of respondents could have printed the percents of a question."""

from __future__ import annotations

import pandas as pd

from edtech_survey.reports import words
from edtech_survey.reports.charts.candidates import candidates
from edtech_survey.reports.exhibit import Figure, Text, note
from edtech_survey.reports.findings.audit_names import some
from edtech_survey.reports.findings.audit_setting import Setting

TOGETHER = "all together"


def possible_bases(bases: pd.DataFrame, about: Setting, id: str) -> Figure | Text:
    """Draw which numbers of respondents could have printed each percent of a question.

    Parameters
    ----------
    bases : DataFrame
        One row per percent and a last one for all together: ``figure_id, item, group,
        printed, stated, bases, found, fits``.
    about : Setting
    id : str
        Name of the exhibit.

    Returns
    -------
    Figure, or Text where the question is not among those audited
    """
    single = bases.loc[bases["figure_id"].ne(TOGETHER)]
    source = about.source_of(single["figure_id"].iloc[0])
    if source not in about.sources:
        return note(f"{about.names.get(source, source)} is not among the sources audited here.")
    stated = int(bases["stated"].iloc[0])
    many = single["item"].nunique() > 1
    shown = bases.assign(
        row=[_row_name(row, about, many) for row in bases.to_dict("records")],
        bases=bases["bases"].fillna(""),
    )
    return candidates(
        shown,
        by="row",
        stated=stated,
        emphasise=_together(len(single)),
        title=possible_title(bases),
        subtitle=f"Numbers of respondents up to the {words.number(stated)} stated, of whom some "
        "whole number rounds to each printed percent",
        source=about.line([source]),
        n=_base_words(source, stated, about),
        alt=possible_alt(shown, stated),
        note="Rounding half up and half to even are both allowed; weighted percents would fit any "
        "number",
        labels={"row": "Printed percent", "bases": "Possible numbers of respondents"},
        figure_ids=single["figure_id"],
        id=id,
    )


def possible_title(bases: pd.DataFrame) -> str:
    """Say which numbers would fit, or how many percents do not fit the stated one."""
    single, together = bases.loc[bases["figure_id"].ne(TOGETHER)], bases.iloc[-1]
    off, stated = int((~single["fits"].astype(bool)).sum()), int(together["stated"])
    if bool(together["fits"]):
        every = _every(len(single)).capitalize()
        return f"{every} percents can be shares of {words.number(stated)}"
    if 1 <= int(together["found"]) <= 4:
        numbers = words.join(str(together["bases"]).split(", "), last="or")
        fit = f"Only {numbers} respondents fit {_every(len(single))} percents"
        return f"{fit}, not {words.number(stated)}"
    if off:
        part = f"{words.spell(off)} of {words.spell(len(single))}".capitalize()
        return f"{part} percents cannot be shares of the {words.number(stated)} stated"
    return f"No single number up to {words.number(stated)} fits all percents"


def possible_alt(shown: pd.DataFrame, stated: int) -> str:
    """Describe the ticks in words."""
    single, together = shown.iloc[:-1], shown.iloc[-1]
    fits = single["fits"].astype(bool)
    yes, no = (words.join(single.loc[mask, "printed"]) for mask in (fits, ~fits))
    told = [f"can be a share of {stated}: {yes or 'none'}", f"cannot: {no or 'none'}"]
    every = some(str(together["bases"]))
    return (
        "Chart of ticks, a row for each percent, with the numbers of respondents that could have "
        f"printed it. {words.sentence('; '.join(told))} Numbers that fit all together: {every}."
    )


def _row_name(row: dict, about: Setting, many: bool) -> str:
    if row["figure_id"] == TOGETHER:
        return _together(str(row["printed"]).count(",") + 1)
    group = about.group(row["group"])
    if many:
        return f"{row['printed']} {about.items.get(str(row['item']), row['item'])}: {group}"
    return f"{row['printed']} {group}"


def _together(count: int) -> str:
    return f"{_every(count).capitalize()} together"


def _every(count: int) -> str:
    return "both" if count == 2 else f"all {words.spell(count)}"


def _base_words(source: str, stated: int, about: Setting) -> str:
    if about.answered.get(source) == stated:
        return (
            f"{words.number(stated)} answered the survey, as stated; how many answered this "
            "question is not printed"
        )
    return f"{words.number(stated)} are stated; how many answered is not printed"
