"""Whose export it is, told by its first rows, and how many of them are headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edtech_survey.data.plain_text import listed
from edtech_survey.errors import Problem, WaveError

Rows = Sequence[Sequence[str]]

_SPACES = re.compile(r"[\s\u00a0\u200b\ufeff]+")
_TAGS = re.compile(
    r"</?(?:a|b|br|div|em|font|h[1-6]|i|li|ol|p|span|strong|sub|sup|u|ul)\b[^<>]{0,300}>",
    re.IGNORECASE,
)
_NOT_ALNUM = re.compile(r"[\W_]+")
_QUESTION_CODE = re.compile(r"Q\d{1,4}(?:[._#][\w.]{1,40})?")
_LIME_CODE = re.compile(r"^[A-Za-z]\w{0,60}(?:\[[^\[\]]{1,80}\]){0,3}\.\s")

_STAMPS = frozenset(
    listed(
        "timestamp|zeitstempel|horodateur|horodatage|marcatemporal|carimbodedatahora|tijdstempel"
        "|informazionicronologiche"
    )
)
"""What Google Forms calls the moment of a response, by language."""

GENERIC_LABELS = frozenset({"response", "openendedresponse"})

META: dict[str, frozenset[str]] = {
    "surveymonkey": frozenset(
        listed(
            "respondentid|collectorid|datecreated|datemodified|startdate|enddate|ipaddress|emailaddress"
            "|firstname|lastname|customdata|customdata1|customdata2|customdata3|customvalue"
        )
    ),
    "qualtrics": frozenset(
        listed(
            "startdate|enddate|status|ipaddress|progress|durationinseconds|finished|recordeddate"
            "|responseid|responseset|recipientlastname|recipientfirstname|recipientemail"
            "|externalreference|externaldatareference|locationlatitude|locationlongitude"
            "|distributionchannel|userlanguage|emailaddress|name|v1|v2|v3|v4|v5|v6|v7|v8|v9|v10"
        )
    ),
    "google-forms": _STAMPS
    | frozenset(
        listed(
            "emailaddress|username|score|direccióndecorreoelectrónico|nombredeusuario|puntuación"
            "|emailadresse|adresseemail|endereçodeemail|emailadres|indirizzoemail"
        )
    ),
    "microsoft-forms": frozenset(
        listed(
            "id|starttime|completiontime|email|name|lastmodifiedtime|language|startzeit"
            "|fertigstellungszeit|email|heurededébut|heuredefin|adressedemessagerie|nom|horadeinicio"
            "|horadefinalización|correoelectrónico|nombre|totalpoints|quizfeedback|gradepostedtime"
        )
    ),
    "limesurvey": frozenset(
        listed(
            "id|submitdate|lastpage|startlanguage|seed|token|startdate|datestamp|ipaddr|refurl"
            "|responseid|datesubmitted|datestarted|datelastaction|accesscode|ipaddress"
            "|referrerurl"
        )
    ),
    "plain": frozenset(listed("timestamp|respondentid|responseid|submittedat|ipaddress")),
}
"""Columns that a tool writes about the response, not answers; letters and digits only."""

DIALECTS = tuple(META)


@dataclass(frozen=True)
class Recognised:
    """A dialect, its number of header rows, and what proves it."""

    dialect: str
    header_rows: int
    evidence: str


def tidy(text: str) -> str:
    r"""Read a header as a person does: no HTML tags, single spaces.

    Examples
    --------
    >>> tidy("<strong>Devices\u00a0</strong> \n in use")
    'Devices in use'
    """
    if "<" in text:
        text = _TAGS.sub(" ", text)
    if "&" in text:
        text = text.replace("&nbsp;", " ").replace("&amp;", "&")
    return _SPACES.sub(" ", text).strip()


def key(text: str) -> str:
    """Letters and digits of a header in lower case, for comparing."""
    return _NOT_ALNUM.sub("", tidy(text).lower())


def recognise(rows: Rows) -> Recognised:
    """Tell the dialect from the first rows of a table, its header first.

    Parameters
    ----------
    rows : sequence of rows
        At least the first row; four are looked at.

    Returns
    -------
    Recognised
        ``plain`` with one header row if no survey tool's marks are found.

    Examples
    --------
    >>> recognise([["Timestamp", "Your district"], ["5/1/2024 9:00:00", "A"]]).dialect
    'google-forms'
    """
    for recogniser in _RECOGNISERS.values():
        found = recogniser(rows)
        if found is not None:
            return found
    return Recognised("plain", 1, "one header row, and no survey tool's own columns")


def recognise_as(dialect: str, rows: Rows, where: str) -> Recognised:
    """Take the dialect that a person gave, if the rows bear it out.

    Raises
    ------
    WaveError
        If there is no such dialect, or its marks are missing.
    """
    if dialect == "plain":
        return Recognised("plain", 1, "given: one header row")
    if dialect not in _RECOGNISERS:
        problem = Problem(
            where, f"no dialect is called {dialect!r}", f"one of {', '.join(DIALECTS)}"
        )
        raise WaveError(f"{where} cannot be read", [problem])
    found = _RECOGNISERS[dialect](rows)
    if found is None:
        guess = recognise(rows)
        problem = Problem(
            where,
            f"not recognised as {dialect}: {_MARKS[dialect]} not found in the first rows",
            f"leave dialect out (it looks like {guess.dialect}: {guess.evidence})",
        )
        raise WaveError(f"{where} cannot be read as {dialect}", [problem])
    return Recognised(dialect, found.header_rows, f"given; {found.evidence}")


def _meta_at(row: Sequence[str], dialect: str, first: int | None = None) -> list[int]:
    known = META[dialect]
    return [place for place, cell in enumerate(row[:first]) if key(cell) in known]


def _cell(rows: Rows, row: int, place: int) -> str:
    return rows[row][place].strip() if row < len(rows) and place < len(rows[row]) else ""


def _import_ids(row: Sequence[str]) -> bool:
    filled = [cell for cell in map(str.strip, row) if cell]
    marked = [cell for cell in filled if cell.startswith("{") and "ImportId" in cell[:40]]
    return bool(marked) and 2 * len(marked) >= len(filled)


def _qualtrics(rows: Rows) -> Recognised | None:
    for number in (1, 2):
        if number < len(rows) and _import_ids(rows[number]):
            evidence = f"row {number + 1} of the headers holds ImportId marks"
            return Recognised("qualtrics", number + 1, evidence)
    first = rows[0]
    if _cell(rows, 0, 0) == "V1" and key(_cell(rows, 1, 0)) == "responseid":
        return Recognised("qualtrics", 2, "V1 above ResponseID: the legacy export, two header rows")
    meta = _meta_at(first, "qualtrics")
    named = {key(first[place]) for place in meta}
    if len(named) >= 3 and named & {"responseid", "recordeddate", "durationinseconds", "progress"}:
        labels = {"startdate", "enddate", "responsetype", "progress", "finished", "responseid",
                  "recordeddate", "ipaddress", "durationinseconds"}  # fmt: skip
        repeated = sum(key(_cell(rows, 1, place)) in labels for place in meta)
        if repeated >= 2:
            return Recognised("qualtrics", 2, "Qualtrics columns, named again in row 2")
        return Recognised("qualtrics", 1, f"Qualtrics columns ({', '.join(sorted(named)[:4])})")
    codes = [place for place, cell in enumerate(first) if _QUESTION_CODE.fullmatch(cell.strip())]
    if len(codes) >= 2 and 10 * len(codes) >= 6 * len(first):
        wordings = [_cell(rows, 1, place) for place in codes]
        if 10 * sum(len(text) > 15 and " " in text for text in wordings) >= 8 * len(codes):
            return Recognised("qualtrics", 2, "question codes (Q1, Q2_1) above their wording")
    return None


def _surveymonkey(rows: Rows) -> Recognised | None:
    first = rows[0]
    meta = _meta_at(first, "surveymonkey", 16)
    named = {key(first[place]) for place in meta}
    labels = [key(cell) for cell in rows[1]] if len(rows) > 1 else []
    generic = sum(label in GENERIC_LABELS for label in labels)
    if "respondentid" in named:
        under = [_cell(rows, 1, place) for place in meta]
        if len(rows) > 1 and not any(under) and (generic or len(named) >= 3 or any(labels)):
            evidence = f"{first[meta[0]].strip()} and option labels in row 2"
            return Recognised("surveymonkey", 2, evidence)
        if "collectorid" in named:
            return Recognised("surveymonkey", 1, "Respondent ID and Collector ID, one header row")
        return None
    if generic >= 2 and all(label for label in labels if label) and _above(rows, labels):
        return Recognised("surveymonkey", 2, "Response and Open-Ended Response in row 2")
    return None


def _above(rows: Rows, labels: list[str]) -> bool:
    """Every generic label stands under a question."""
    return all(
        _cell(rows, 0, place) for place, label in enumerate(labels) if label in GENERIC_LABELS
    )


def _limesurvey(rows: Rows) -> Recognised | None:
    texts = [_LIME_CODE.sub("", cell.strip() + " ", count=1) for cell in rows[0][:14]]
    named = {key(text) for text in texts} & META["limesurvey"]
    proof = {"lastpage", "startlanguage", "submitdate", "datesubmitted"}
    if len(named) >= 3 and len(named & proof) >= 2:
        return Recognised("limesurvey", 1, f"LimeSurvey columns ({', '.join(sorted(named)[:4])})")
    return None


def _microsoft(rows: Rows) -> Recognised | None:
    named = {key(cell) for cell in rows[0][:6]}
    for begin, end in (
        ("starttime", "completiontime"),
        ("startzeit", "fertigstellungszeit"),
        ("heurededébut", "heuredefin"),
        ("horadeinicio", "horadefinalización"),
    ):
        if {begin, end} <= named:
            return Recognised(
                "microsoft-forms", 1, "Start time and Completion time among the first columns"
            )
    return None


def _google(rows: Rows) -> Recognised | None:
    if len(rows[0]) > 1 and key(rows[0][0]) in _STAMPS:
        return Recognised("google-forms", 1, f"{tidy(rows[0][0])} is the first column")
    return None


_RECOGNISERS: dict[str, Callable[[Rows], Recognised | None]] = {
    "qualtrics": _qualtrics,
    "surveymonkey": _surveymonkey,
    "limesurvey": _limesurvey,
    "microsoft-forms": _microsoft,
    "google-forms": _google,
}

_MARKS = {
    "qualtrics": "a row of ImportId marks, V1 above ResponseID, or StartDate and ResponseId",
    "surveymonkey": "Respondent ID with an empty cell below it, or Response in row 2",
    "limesurvey": "lastpage, startlanguage and submitdate",
    "microsoft-forms": "Start time and Completion time",
    "google-forms": "Timestamp as the first column",
}
