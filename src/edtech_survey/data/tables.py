"""The small CSV tables of the project: one reader, and what each table must be like."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from edtech_survey.data.textfiles import read_text_csv
from edtech_survey.errors import Problem, SourceError, SurveyError

Mask = Callable[[pd.Series, pd.DataFrame], pd.Series]
Rows = Callable[[pd.DataFrame], pd.Series]


class Rule(NamedTuple):
    """Which cells of a column are wrong, what is wrong with them, and what to do."""

    wrong: Mask
    what: str
    advice: str = "correct it"


Columns = Mapping[str, Sequence[Rule]]


def filled(advice: str = "fill it in") -> Rule:
    """Ask for a text."""
    return Rule(lambda cells, _: cells.eq(""), "is empty", advice)


def unique(*within: str) -> Rule:
    """Ask for texts that stand once, in the table or within equal cells of other columns."""

    def again(cells: pd.Series, table: pd.DataFrame) -> pd.Series:
        return table.duplicated([*within, str(cells.name)]) & cells.ne("")

    return Rule(again, "stands twice", "give each its own")


def one_of(words: Iterable[str], what: str = "") -> Rule:
    """Ask for one of some words."""
    known = list(words)
    told = what or f"is not one of {', '.join(filter(None, known))}"
    return Rule(lambda cells, _: ~cells.isin(known), told)


def listed(words: Collection[str], what: str) -> Rule:
    """Ask for words of a list, parted by bars."""
    return Rule(
        lambda cells, _: ~cells.map(lambda text: set(text.split("|")) <= {"", *words}).astype(bool),
        what,
    )


def matching(pattern: str, what: str) -> Rule:
    """Ask for texts of a form."""
    return Rule(lambda cells, _: ~cells.str.fullmatch(pattern), what)


def number(pattern: str = r"\d+(?:\.\d+)?", what: str = "is no number") -> Rule:
    """Ask for a plain number, or nothing."""
    return Rule(
        lambda cells, _: cells.ne("") & ~cells.str.fullmatch(pattern), what, "correct or empty it"
    )


def whole() -> Rule:
    """Ask for digits, or nothing."""
    return number(r"[0-9]+", "is no whole number")


def where(rows: Rows, rule: Rule) -> Rule:
    """Ask only some rows."""
    return Rule(lambda cells, table: rule.wrong(cells, table) & rows(table), rule.what, rule.advice)


def problems_of(table: pd.DataFrame, columns: Columns, shown: str) -> list[Problem]:
    """List what is wrong with a table, cell by cell, as a reader counts rows."""
    found = []
    for column, rules in columns.items():
        for rule in rules:
            wrong = rule.wrong(table[column], table).fillna(False).astype(bool)
            for row, text in table.loc[wrong, column].items():
                what = f"{text!r} {rule.what}" if text else rule.what
                found.append(
                    Problem(f"{shown}, row {int(str(row)) + 2}, column {column}", what, rule.advice)
                )
    return found


def read_table(
    path: Path | str, columns: str, rules: Columns, error: type[SurveyError] = SourceError
) -> pd.DataFrame:
    """Read a CSV of these columns (words), every cell as text, and tell all that is wrong."""
    path = Path(path)
    table = read_text_csv(path, columns.split(), error)[columns.split()]
    shown = "/".join(path.parts[-2:])
    problems = problems_of(table, rules, shown)
    if problems:
        raise error(f"{shown}: {len(problems)} problems", problems)
    return table


def typed(table: pd.DataFrame, numbers: Mapping[str, str]) -> pd.DataFrame:
    """Make blank cells NA, and some columns numbers."""
    empty = table.mask(table == "")
    return empty.assign(
        **{name: pd.to_numeric(empty[name]).astype(dtype) for name, dtype in numbers.items()}
    )


GRADES = ("A", "B", "C")
TAKES = ("printed", "rest", "share_of_base", "rest_of_base")
DESIGNS = ("", "weighted", "census")
_SELECTOR = ["item", "group", "statistic", "wave"]


def read_pairs(figures: pd.DataFrame, *, raw: Path | str) -> pd.DataFrame:
    """Read which figures of a series and of others are set side by side, ``codebook/pairs.csv``."""
    there = set(figures[_SELECTOR].astype("str").itertuples(index=False, name=None))

    def asked(table: pd.DataFrame) -> pd.Series:
        return table["item"].ne("")

    def no_figure(cells: pd.Series, table: pd.DataFrame) -> pd.Series:
        keys = table[_SELECTOR].itertuples(index=False, name=None)
        return asked(table) & pd.Series([key not in there for key in keys], index=cells.index)

    beside = Rule(
        lambda cells, table: ~asked(table) & cells.ne("C"), "without an item of the series", "C"
    )
    table = read_table(
        Path(raw) / "codebook" / "pairs.csv",
        "pair_id topic item group statistic wave take figure_id figure_take base_at_least design "
        "comparability reason",
        {
            "pair_id": [filled(), unique()],
            "item": [
                Rule(no_figure, "and the three cells after it name no figure", "correct them")
            ],
            "wave": [whole()],
            "take": [where(asked, one_of(TAKES))],
            "figure_id": _first_printings(figures),
            "figure_take": [one_of(TAKES)],
            "base_at_least": [whole()],
            "design": [one_of(DESIGNS)],
            "comparability": [one_of(GRADES), beside],
            "reason": [filled("say why, for a reviewer")],
        },
    )
    return typed(table, {"wave": "Int64", "base_at_least": "Int64"})


def read_trends(figures: pd.DataFrame, *, raw: Path | str) -> pd.DataFrame:
    """Read which figures of others are one line over the years, ``codebook/trends.csv``."""
    waves = figures.set_index("figure_id")["wave"]

    def later(table: pd.DataFrame) -> pd.Series:
        return table["series"].eq(table["series"].shift())

    def back(cells: pd.Series, table: pd.DataFrame) -> pd.Series:
        wave = cells.map(waves)
        return later(table) & (wave < wave.shift()).fillna(False).astype(bool)

    apart = Rule(lambda cells, _: cells.duplicated(), "its rows stand apart", "put them together")
    alone = Rule(lambda cells, _: ~cells.duplicated(keep=False), "has one figure", "add another")
    table = read_table(
        Path(raw) / "codebook" / "trends.csv",
        "series topic label figure_id take base_at_least design comparability reason",
        {
            "series": [where(lambda table: ~later(table), apart), alone],
            "figure_id": [
                *_first_printings(figures),
                unique("series"),
                Rule(back, "is earlier than the row before it", "put them in time's order"),
            ],
            "take": [one_of(TAKES)],
            "base_at_least": [whole()],
            "design": [one_of(DESIGNS)],
            "comparability": [where(later, one_of(GRADES))],
            "reason": [where(later, filled("say why, for a reviewer"))],
        },
    )  # fmt: skip
    return typed(table, {"base_at_least": "Int64"})


def read_functions(positions: pd.DataFrame, *, raw: Path | str) -> pd.DataFrame:
    """Read the functions of a district's ed-tech team, ``edtech-functions/functions.csv``."""
    return read_table(
        Path(raw) / "edtech-functions" / "functions.csv",
        "function label description alternative positions",
        {
            "function": [filled(), unique()],
            "label": [filled()],
            "description": [filled()],
            "alternative": [filled()],
            "positions": [
                filled(),
                listed(set(positions["position"]), "names no position of the codebook"),
            ],
        },
    )


def read_occupations(
    positions: pd.DataFrame, figures: pd.DataFrame, *, raw: Path | str
) -> pd.DataFrame:
    """Read which occupation does the work of which position, ``codebook/occupations.csv``."""
    wages = figures.loc[figures["item"].eq("occupation_wage").fillna(False).astype(bool), "group"]
    return read_table(
        Path(raw) / "codebook" / "occupations.csv",
        "position occupation label comparability reason",
        {
            "position": [one_of(positions["position"], "is no position of the codebook")],
            "occupation": [
                one_of(wages.str.partition("|")[0], "has no figure occupation_wage"),
                unique("position"),
            ],
            "label": [filled()],
            "comparability": [one_of(GRADES)],
            "reason": [filled()],
        },
    )


def read_structures(positions: pd.DataFrame, *, raw: Path | str) -> pd.DataFrame:
    """Read the departments that their leaders described, one row a role."""
    of_district = ["district", "state", "students_low", "students_high", "students_printed"]

    def differ(cells: pd.Series, table: pd.DataFrame) -> pd.Series:
        return table.groupby(cells)[of_district].transform("nunique").gt(1).any(axis=1)

    def above(cells: pd.Series, table: pd.DataFrame) -> pd.Series:
        low, high = (
            pd.to_numeric(text, errors="coerce") for text in (cells, table["students_high"])
        )
        return low > high

    table = read_table(
        Path(raw) / "department-structures-2018" / "structures.csv",
        "district_id district state students_low students_high students_printed role position "
        "head_count fte inside reports_to note",
        {
            "district_id": [
                filled(),
                Rule(differ, "has rows that differ about the district itself"),
            ],
            "students_low": [number(), Rule(above, "above the upper")],
            "students_high": [number()],
            "role": [unique("district_id")],
            "position": [one_of(["", *positions["position"]], "is no position of the codebook")],
            "head_count": [number()],
            "fte": [number()],
            "inside": [
                one_of(("yes", "no"), "does not say whether it is in the department: yes, no")
            ],
        },
    )
    numbers = ("students_low", "students_high", "head_count", "fte")
    return typed(table, dict.fromkeys(numbers, "Float64"))


def read_own_district(path: Path | str, positions: pd.DataFrame) -> pd.DataFrame:
    """Read a district's own numbers, ``item,group,value``, as people write them."""
    single = ["enrollment", "devices", "support_staff"]
    by_position = ["position_fte", "position_salary"]
    known = [*single, *by_position]
    plain = r"\$?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"

    def twice(cells: pd.Series, table: pd.DataFrame) -> pd.Series:
        return table.assign(group=cells.replace("all", "")).duplicated(["item", "group"])

    table = read_table(
        path,
        "item group value",
        {
            "item": [one_of(known, f"is not known: one of {', '.join(known)}")],
            "group": [
                where(
                    lambda table: table["item"].isin(by_position),
                    one_of(positions["position"], "is no position of the codebook"),
                ),
                where(
                    lambda table: table["item"].isin(single),
                    one_of(("", "all"), "stands beside a number of the whole district"),
                ),
                Rule(twice, "item and group stand twice", "keep one"),
            ],
            "value": [matching(plain, "is not a plain number: write it like 3288, $98,500 or 2.5")],
        },
    )
    return table.assign(
        group=table["group"].replace("", "all"),
        value=pd.to_numeric(table["value"].str.replace(r"[$,]", "", regex=True)).astype("Float64"),
    )


def _first_printings(figures: pd.DataFrame) -> list[Rule]:
    repeats = figures["note"].fillna("").str.contains("repeat of ", regex=False).astype(bool)
    again = set(figures.loc[repeats, "figure_id"])
    return [
        one_of(figures["figure_id"], "is no figure"),
        Rule(lambda cells, _: cells.isin(again), "is a second printing", "name the first printing"),
    ]


_RELATION = ("relation_id", "kind", "result", "parts", "over", "base", "force", "note")
_SELECTABLE = {"item", "group", "statistic", "unit", "wave", "publication"}


class Needs(NamedTuple):
    """What a row of a kind must, may ("optional") or must not ("") have."""

    result: str = ""
    least: int = 1
    over: str = ""
    base: str = ""


KINDS: dict[str, Needs] = {
    "sum": Needs("needed", 2),
    "quotient": Needs("optional", 1, "or base", "or over"),
    "share_of": Needs("optional", 1, "or base", "or over"),
    "growth": Needs("needed", 1, "needed"),
    "parts": Needs("", 2, "", "optional"),
    "exclusive": Needs("", 2, "", "optional"),
    "question": Needs("", 2, "", "optional"),
    "list_length": Needs("needed", 1),
    "respondents": Needs("needed", 1),
    "same": Needs("needed", 1),
    "distinct": Needs("", 2),
    "order": Needs("", 2),
    "between": Needs("needed", 2),
    "limit": Needs("", 1, "", "needed"),
    "each_within": Needs("needed", 1),
    "all_within": Needs("needed", 1),
    "one_unit": Needs("needed", 1, "", "optional"),
}
"""Kinds of relations; what each claims is told in ``statistics.audit_relations``."""


def read_relations(figures: pd.DataFrame, *, raw: Path | str) -> pd.DataFrame:
    """Read what must hold between figures, as the source folders declare it."""
    frames: list[pd.DataFrame] = []
    problems: list[Problem] = []
    for path in sorted(Path(raw).glob("*/relations.csv")):
        try:
            frames.append(read_relation_file(path, figures, path.parent.name))
        except SourceError as error:
            problems += error.problems or [Problem(path.parent.name, str(error))]
    found = pd.concat(frames, ignore_index=True) if frames else _relations([])
    problems += [
        Problem("relations.csv", f"relation_id {name!r} occurs in two folders", "rename one")
        for name in found["relation_id"][found.duplicated("relation_id")].unique()
    ]
    if problems:
        raise SourceError(f"{len(problems)} problems in the relations", problems)
    return found


def read_relation_file(path: Path | str, figures: pd.DataFrame, source: str) -> pd.DataFrame:
    """Read one file of relations; selectors such as ``item=sharing`` become lists of figures."""
    own = figures.loc[(figures["source"] == source).fillna(False).astype(bool)]
    first = own.loc[~own["note"].fillna("").str.contains("repeat of ", regex=False)]
    known = set(figures["figure_id"])
    columns: Columns = {name: [] for name in _RELATION} | {
        "relation_id": [matching(r"[a-z0-9]+(?:[.-][a-z0-9]+)*", "is not a slug"), unique()],
        "force": [one_of(("must", "should"))],
        "base": [whole()],
    }
    table = read_text_csv(path, _RELATION, SourceError)[list(_RELATION)]
    shown = "/".join(Path(path).parts[-2:])
    problems, rows = problems_of(table, columns, shown), []
    for at, cells in enumerate(table.to_dict("records"), start=2):
        resolved = {name: _resolved(cells[name], first) for name in ("parts", "over")}
        problems += [
            Problem(f"{shown}, row {at}, column {column}", what, advice)
            for column, what, advice in _relation_problems(cells, resolved, known)
        ]
        rows.append({"source": source, **cells, **{k: ";".join(v) for k, v in resolved.items()}})
    if problems:
        raise SourceError(f"{shown}: {len(problems)} cells cannot be taken", problems)
    return _relations(rows)


def _relations(rows: list[dict[Any, Any]]) -> pd.DataFrame:
    return typed(pd.DataFrame(rows, columns=["source", *_RELATION], dtype="str"), {"base": "Int64"})


def _resolved(cell: str, figures: pd.DataFrame) -> list[str]:
    found: list[str] = []
    for entry in filter(None, (part.strip() for part in cell.split(";"))):
        wanted = dict(re.findall(r"([^&=]*)=([^&]*)", entry))
        fits = pd.Series(bool(wanted) and set(wanted) <= _SELECTABLE, index=figures.index)
        for column in wanted if fits.any() else ():
            cells = figures[column].astype("str").fillna("")
            fits &= cells.map(lambda text, like=wanted[column]: fnmatchcase(text, like)).astype(
                bool
            )
        found += figures.loc[fits, "figure_id"].tolist() or [entry]
    return list(dict.fromkeys(found))


def _relation_problems(
    cells: Mapping[Any, str], resolved: Mapping[str, list[str]], known: set[str]
) -> list[tuple[str, str, str]]:
    named = {"result": [cells["result"]] if cells["result"] else [], **resolved}
    found = [
        (column, f"{name!r} is no figure", "compare with figures.csv; a selector must find some")
        for column, names in named.items()
        for name in names
        if name not in known
    ]
    kind, needs, parts = cells["kind"], KINDS.get(cells["kind"]), resolved["parts"]
    if needs is None:
        told = f"{kind!r} is no kind of relation"
        return [*found, ("kind", told, f"there are {', '.join(KINDS)}")]
    for column in ("result", "over", "base"):
        need = getattr(needs, column)
        if need == "needed" and not cells[column]:
            found.append((column, f"is empty, but {kind} needs it", "fill it in"))
        if not need and cells[column]:
            found.append((column, f"is not used by {kind}", "leave it empty"))
    if needs.over == "or base" and bool(cells["over"]) == bool(cells["base"]):
        found.append(("over", f"{kind} needs a divisor, in over or in base", "fill in one"))
    if len(parts) < needs.least:
        found.append(("parts", f"{len(parts)} figures, but {kind} needs {needs.least}", "add"))
    if kind == "one_unit" and len(parts) > 1:
        found.append(("parts", f"{len(parts)} figures, but {kind} takes one", "leave one"))
    return found
