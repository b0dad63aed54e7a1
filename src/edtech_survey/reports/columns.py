"""What the columns of the data files mean, for the README that lies beside them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from edtech_survey.reports.csvtext import DIGITS

MEANING = {
    "figure_id": "stable name of a published figure",
    "source": "publication or export, a folder under data/raw",
    "wave": "survey year",
    "item": "question, as harmonised over the waves",
    "group": "sub-question (grade band, position), or all",
    "answer": "harmonised answer",
    "statistic": "share, mean, median, total, change ...",
    "estimate": "the number shown; shares in percent, changes in points, pay in US dollars",
    "value": "the published number, without its signs",
    "printed": "the number as it was printed",
    "unit": "unit of the number",
    "std_error": "standard error of the estimate",
    "conf_low": "lower end of the interval",
    "conf_high": "upper end of the interval",
    "change": "change between the two waves, points",
    "change_low": "lower end of the interval of the change",
    "change_high": "upper end of the interval of the change",
    "base": "respondents who were asked and answered, unweighted",
    "base_kind": "published, derived, feasible or unknown",
    "population": "units that the estimate is about",
    "count": "respondents who gave this answer",
    "method": "how the estimate was made",
    "synthetic": "True for the synthetic sample, which is no survey",
    "flag": "! fewer than 30 answers; ‡ withheld; — not available; # rounds to zero",
    "comparability": "A same construct and population, B usable side by side, C not to be compared",
    "publication": "publication in a collection of figures",
    "confidence": "how surely the figure was read",
    "locator": "where in the publication",
    "note": "remarks",
    "spec": "specification of the model",
    "district_id": "district, where it is named at all",
    "position": "job title of the taxonomy",
    "band": "grade band",
    "category": "category of positions",
}
"""Columns that several exhibits share."""


def describe_columns(files: Mapping[str, bytes], titles: Mapping[str, str]) -> str:
    """Write the README of a data folder.

    Parameters
    ----------
    files : mapping
        File name (``<page>--<exhibit>.csv``) to content.
    titles : mapping
        Page to the title of the report.

    Returns
    -------
    str
        Markdown.
    """
    heads = {name: _header(content) for name, content in sorted(files.items())}
    lines = [
        "# Data of the reports",
        "",
        "One file per exhibit: UTF-8, commas, one header row. An empty cell is not known or was",
        f"withheld. Numbers have up to {DIGITS} significant digits. Text that a spreadsheet would",
        "take for a formula begins with an apostrophe.",
        "",
    ]
    for page, title in titles.items():
        mine = [name for name in heads if name.startswith(f"{page}--")]
        if mine:
            lines += [f"## {title}", ""]
            lines += [f"- `{name}`: {', '.join(heads[name])}" for name in mine]
            lines.append("")
    there = {column for columns in heads.values() for column in columns}
    known = [f"- `{name}`: {text}" for name, text in MEANING.items() if name in there]
    lines += ["## Columns", "", *known]
    other = sorted(there - set(MEANING))
    if other:
        said = ", ".join(f"`{name}`" for name in other)
        lines += ["", f"Columns of one exhibit, explained under it on the page: {said}."]
    return "\n".join(lines) + "\n"


def _header(content: bytes) -> list[str]:
    return next(csv.reader(io.StringIO(content.decode("utf-8-sig"))), [])
