"""What each table must be like: declared in ``schemas.csv``, asked by rules, failed in one way."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz, process

from edtech_survey import words
from edtech_survey.data.readings import MISSING
from edtech_survey.data.textfiles import csv_bytes, read_text_csv
from edtech_survey.errors import Problem, SourceError, SurveyError, cut
from edtech_survey.places import short, write_whole

_TEXT = files("edtech_survey.data").joinpath("schemas.csv").read_text("utf-8")
_COLUMNS = list(csv.DictReader(io.StringIO(_TEXT)))
Mask: TypeAlias = pd.Series | npt.NDArray[np.bool_]


class Rule(NamedTuple):
    """Which cells of a column are wrong, what is wrong with them, and what to do.

    The words may name columns, such as ``{item}``. Cells with a ``parting`` are lists: their parts
    are asked one by one. What a cell is ``near`` to is better advice than any other.
    """

    wrong: Callable[[pd.Series, pd.DataFrame], Mask]
    what: str
    advice: str = "correct it"
    parting: str = ""
    near: Sequence[str] = ()


Rules = Mapping[str, Sequence[Rule]]


def filled(what: str = "is empty") -> Rule:
    """Ask for a text."""
    return Rule(lambda cells, _: cells.eq(""), what, "fill it in")


def unique(*within: str, advice: str = "give each its own") -> Rule:
    """Ask for texts that stand once, in the table or within equal cells of other columns."""

    def again(cells: pd.Series, table: pd.DataFrame) -> pd.Series:
        return table.duplicated([*within, str(cells.name)]) & cells.ne("")

    return Rule(again, "stands twice", advice)


def nearest(text: str, known: Sequence[str]) -> str:
    """Name what is nearest to a mistyped word, as advice; "" if nothing is near."""
    found = process.extractOne(text, known, scorer=fuzz.ratio, score_cutoff=60) if text else None
    return f"did you mean {found[0]!r}?" if found else ""


def one_of(
    allowed: Iterable[str],
    what: str = "",
    advice: str = "correct it",
    parting: str = "",
    near: Sequence[str] = (),
) -> Rule:
    """Ask for one of some words, or for a list of them; parts of lists may be empty."""
    known = [*allowed, *([""] if parting else [])]
    told = what or f"is not one of {', '.join(filter(None, known))}"
    return Rule(lambda cells, _: ~cells.isin(known), told, advice, parting, near)


def row_of(
    table: pd.DataFrame, columns: Sequence[str], what: str, advice: str, parting: str = ""
) -> Rule:
    """Ask for cells that stand in one row of another table."""
    there = pd.MultiIndex.from_frame(table[list(columns)].astype("str"))

    def unknown(_: pd.Series, rows: pd.DataFrame) -> Mask:
        return ~pd.MultiIndex.from_frame(rows[list(columns)]).isin(there)

    return Rule(unknown, what, advice, parting)


def matching(pattern: str, what: str) -> Rule:
    """Ask for texts of a form, or none."""
    return Rule(lambda cells, _: cells.ne("") & ~cells.str.fullmatch(pattern), what)


def within(low: str, high: str) -> Rule:
    """Ask for numbers in a range, either end of which may be open."""
    least, most = float(low or "-inf"), float(high or "inf")

    def outside(cells: pd.Series, _: pd.DataFrame) -> Mask:
        numbers = pd.to_numeric(cells, errors="coerce")
        return numbers.notna() & ~numbers.between(least, most)

    return Rule(outside, f"is not in {low or 'any'} to {high or 'any'}")


def where(rows: Callable[[pd.DataFrame], pd.Series], *rules: Rule) -> list[Rule]:
    """Ask only some rows."""

    def asked(rule: Rule) -> Rule:
        return rule._replace(wrong=lambda cells, table: rule.wrong(cells, table) & rows(table))

    return [asked(rule) for rule in rules]


def one_meaning(key: str, *among: str) -> Rule:
    """Ask for spellings that stand for one key each."""

    def several(cells: pd.Series, table: pd.DataFrame) -> Mask:
        rows = table.assign(spelled=plain_name(cells))
        return rows.groupby([*among, "spelled"])[key].transform("nunique").gt(1)

    return Rule(several, f"stands for more than one {key}", "keep one")


def plain_name(names: pd.Series) -> pd.Series:
    """Return names as typed but for case and runs of spaces; what exact matches compare."""
    text = pc.utf8_lower(pa.array(names.astype("str"), type=pa.large_string(), from_pandas=True))
    spaced = pc.utf8_trim_whitespace(pc.replace_substring_regex(text, r"[\s\x{00A0}]+", " "))
    return pd.Series(pd.array(spaced, dtype="str"), index=names.index)


WHOLE = matching(r"[0-9]+(?:\.0+)?", "is no whole number")
NUMBER = matching(r"-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?", "is no number")


def rules_of(table: str) -> dict[str, list[Rule]]:
    """Ask what ``schemas.csv`` declares of each column; of several keys the last is unique."""
    declared = [row for row in _COLUMNS if row["table"] == table]
    keys = [row["column"] for row in declared if row["key"]]
    rules: dict[str, list[Rule]] = {}
    for row in declared:
        asked = rules.setdefault(row["column"], [])
        asked += [filled()] if row["needed"] == "yes" else []
        asked += {"Int64": [WHOLE], "Float64": [NUMBER]}.get(row["type"], [])
        asked += [within(row["low"], row["high"])] if row["low"] or row["high"] else []
        if row["pattern"]:
            asked.append(matching(row["pattern"], f"does not fit. {row['description']}"))
        asked += [one_of(["", *row["words"].split("|")])] if row["words"] else []
        asked += [unique(*keys[:-1])] if keys[-1:] == [row["column"]] else []
    return rules


def dtypes(table: str) -> dict[str, str]:
    """Give the columns of a table with their types."""
    return {row["column"]: row["type"] for row in _COLUMNS if row["table"] == table}


FIGURES, SOURCES, LEDGER, DISTRICTS = "figures", "sources", "ledger", "districts"
FLOW, REVIEW, ASKED = map(dtypes, ("flow", "review", "asked"))
"""Columns and types of the tables about a wave that are not written out."""
KINDS = ("answered", *MISSING[1:])


def problems_of(table: pd.DataFrame, rules: Rules, shown: str) -> list[Problem]:
    """List what is wrong with a table of texts, cell by cell, as a reader counts rows."""
    found = []
    for column, asked in rules.items():
        for rule in asked:
            rows = table
            if rule.parting:
                parted = table[column].str.split(rule.parting)
                rows = table.assign(**{column: parted}).explode(column)
                rows = rows.assign(**{column: rows[column].astype("str").str.strip()})
            wrong = pd.array(rule.wrong(rows[column], rows), dtype="boolean").to_numpy(bool)
            if not wrong.any():
                continue
            for row, cells in zip(rows.index[wrong], rows[wrong].to_dict("records"), strict=True):
                told = rule.what.format_map(cells)
                what = f"{cut(cells[column], 200)!r} {told}" if cells[column] else told
                place = f"{shown}, row {row + 2}, column {column}"
                advice = nearest(cells[column], rule.near) or rule.advice
                found.append(Problem(place, what.rstrip(), advice))
    return found


def check(
    table: pd.DataFrame, rules: Rules, shown: str, error: type[SurveyError] = SourceError
) -> pd.DataFrame:
    """Return a table of texts that is as its rules ask, or tell all that is wrong."""
    problems = problems_of(table, rules, shown)
    error.refuse(f"{shown}: {words.count(len(problems), 'cell')} cannot be taken", problems)
    return table


def checked(
    frame: pd.DataFrame, table: str, where: str, error: type[SurveyError] = SurveyError
) -> pd.DataFrame:
    """Return a frame whose columns and types are as declared, or tell all that is wrong."""
    types = dtypes(table)
    problems = [
        Problem(f"{where}, column {name}", f"is not there as {kind}", "see schemas.csv")
        for name, kind in types.items()
        if name not in frame or str(frame[name].dtype) != kind
    ]
    error.refuse(f"{where}: {words.count(len(problems), 'column')} not as declared", problems)
    texts = frame[list(types)].astype("str").fillna("").reset_index(drop=True)
    check(texts, rules_of(table), where, error)
    return frame


MARK = "?"
"""What a cell of a wave's folder begins with where a person must decide; a proposal may follow."""


def unmarked(texts: pd.DataFrame, column: str) -> pd.DataFrame:
    """Take the mark from the cells of a column, and say in ``open`` which had it."""
    bare = texts[column].str.removeprefix(MARK).str.strip()
    return texts.assign(**{column: bare}, open=texts[column].str.startswith(MARK).astype(bool))


def none_settled(table: str) -> pd.DataFrame:
    """Make a table of which a wave's folder has no file: nothing is settled, nothing open."""
    return pd.DataFrame(columns=list(dtypes(table)), dtype="str").assign(open=np.bool_())


_ENGLISH = "jan feb mar apr may jun jul aug sep oct nov dec"
_GERMAN = "jan feb mär apr mai jun jul aug sep okt nov dez"
_MONTHS = {
    name: str(at) for one in (_ENGLISH, _GERMAN) for at, name in enumerate(one.split(), start=1)
}
_DATED = re.compile(
    r"(?:\d{4}-)?(\d{1,2}|[a-zä]{3})[a-zä.]*[-:/. ]+(\d{1,2}|[a-zä]{3})[a-zä.]*"
    r"(?:[-:/. ]\d{2,4})?(?: [ap]m)?"
)


def as_typed(text: str, known: Iterable[str]) -> str:
    """Turn back what a spreadsheet made of 6-8 or 1:1, a date or a time, where it can be one."""

    def parts(text: str) -> set[str]:
        found = _DATED.fullmatch(text.lower())
        return {_MONTHS.get(part, part.lstrip("0")) for part in found.groups()} if found else set()

    like = [] if text in (known := [*known]) else [one for one in known if parts(one)]
    like = [one for one in like if parts(one) == parts(text)]
    return like[0] if len(like) == 1 else text


def read_table(
    path: Path | str,
    table: str,
    rules: Rules,
    error: type[SurveyError] = SourceError,
    *,
    mark: str = "",
) -> pd.DataFrame:
    """Read a CSV of the columns that are declared, every cell as text, and ask further rules.

    ``mark`` names the column whose cells may bear the mark; a wave need not have such a file.
    """
    if mark and not Path(path).is_file():
        return none_settled(table)
    columns = list(dtypes(table))
    may = [row["column"] for row in _COLUMNS if row["table"] == table and row["needed"] == "may"]
    texts = read_text_csv(path, [name for name in columns if name not in may], error)
    texts = texts.reindex(columns=columns, fill_value="").astype("str")
    texts = unmarked(texts, mark) if mark else texts
    declared = rules_of(table)
    asked = {name: [*declared[name], *rules.get(name, ())] for name in columns}
    return check(texts, asked, short(path), error)


def typed(texts: pd.DataFrame, table: str) -> pd.DataFrame:
    """Make blank cells NA, and numbers of the columns that are."""
    empty = texts.mask(texts == "")
    kinds = {name: kind for name, kind in dtypes(table).items() if name in texts and kind != "str"}
    numbers = {name: pd.to_numeric(empty[name]).astype(kind) for name, kind in kinds.items()}
    return empty.assign(**numbers)


@contextmanager
def gathering(problems: list[Problem], name: str) -> Iterator[None]:
    """Note what is wrong with one file, and go on to the next."""
    try:
        yield
    except SurveyError as error:
        problems += error.problems or [Problem(name, str(error))]


def only_one(table: pd.DataFrame, key: str) -> list[Problem]:
    """List the ids that two sources gave."""
    twice = table.loc[table[key].duplicated(), ["source", key]]
    return [
        Problem(source, f"{key} {name!r} is another source's, too", "rename it")
        for source, name in twice.itertuples(index=False)
    ]


PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
_TYPES = {"Int64": "integer", "Float64": "number", "boolean": "boolean"}


def write_package(
    tables: Mapping[str, pd.DataFrame],
    folder: Path,
    *,
    title: str,
    label: Callable[[str, str], str] = lambda _, code: code,
    form: str = "",
) -> list[Path]:
    """Write each table as Parquet and CSV, and ``datapackage.json`` beside them.

    ``label`` names an answer of a column; ``form``, stata or spss, writes that, too.
    The rights of each source are in the descriptor as its table of sources tells them.
    """
    written, resources = [], []
    for name, frame in tables.items():
        checked(frame, name, name)
    for name, frame in tables.items():
        text, parquet = csv_bytes(frame), io.BytesIO()
        frame.to_parquet(parquet, index=False)
        written.append(write_whole(folder / f"{name}.csv", text))
        written.append(write_whole(folder / f"{name}.parquet", parquet.getvalue()))
        resources.append(_resource(name, frame, text, label))
        if form:
            written.append(_for_statistics(name, frame, folder, resources[-1], form))
    descriptor = {
        "$schema": PROFILE,
        "name": "edtech-survey",
        "title": title,
        **_rights(tables.get(SOURCES, pd.DataFrame(columns=list(dtypes(SOURCES))))),
        "resources": resources,
    }
    content = json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n"
    return [*written, write_whole(folder / "datapackage.json", content)]


def _rights(sources: pd.DataFrame) -> dict[str, Any]:
    """Tell the sources of a package, and each of their rights with the sources that have it."""
    named = sources.assign(rights=sources["rights"].fillna("not stated"))
    told = named[["source", "title", "url", "rights"]].rename(columns={"source": "name"})
    rows = told.rename(columns={"url": "path"}).to_dict("records")
    licences = named.groupby("rights", sort=False)["source"].agg(", ".join)
    return {
        "sources": [{key: text for key, text in row.items() if pd.notna(text)} for row in rows],
        "licenses": [
            {"name": "other", "title": f"{rights} ({names})"} for rights, names in licences.items()
        ],
    }


def _for_statistics(
    name: str, frame: pd.DataFrame, folder: Path, resource: Mapping[str, Any], form: str
) -> Path:
    """Write a table for Stata or SPSS: variables and values labelled, answers as codes from 1."""
    import pyreadstat  # noqa: PLC0415

    plain: dict[str, pd.Series] = {}
    values: dict[str, dict[int, str]] = {}
    labels: dict[str, str] = {}
    for field in resource["schema"]["fields"]:
        column, cells = field["name"], frame[field["name"]]
        labels[column] = cut(field.get("description", column), 80)
        if "categories" in field:
            codes = {one["value"]: at for at, one in enumerate(field["categories"], start=1)}
            values[column] = {codes[one["value"]]: one["label"] for one in field["categories"]}
            plain[column] = cells.map(codes).astype("float64")
        elif field["type"] == "string":
            plain[column] = cells.astype("object").where(cells.notna(), "").astype("str")
        else:
            plain[column] = cells.astype("Float64").astype("float64")
            values |= {column: {0: "No", 1: "Yes"}} if field["type"] == "boolean" else {}
    write: Any = pyreadstat.write_dta if form == "stata" else pyreadstat.write_sav
    ending = {"stata": "dta", "spss": "sav"}[form]
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        made = Path(scratch) / f"{name}.{ending}"
        write(pd.DataFrame(plain), made, column_labels=labels, variable_value_labels=values)
        return write_whole(folder / made.name, made.read_bytes())


def _resource(
    name: str, frame: pd.DataFrame, content: bytes, label: Callable[[str, str], str]
) -> dict[str, Any]:
    """Describe one table as the Data Package standard does."""
    rows = {row["column"]: row for row in _COLUMNS if row["table"] == name}
    keys = [column for column, row in rows.items() if row["key"]]
    fields = []
    for column in frame:
        row, kind = rows.get(column), _TYPES.get(str(frame[column].dtype), "string")
        truths = {"trueValues": ["True"], "falseValues": ["False"]}
        field = {"name": column, "type": kind, **(truths if kind == "boolean" else {})}
        if row:
            rules: dict[str, Any] = {"required": row["needed"] == "yes", "unique": keys == [column]}
            rules |= {"enum": row["words"].split("|") if row["words"] else []}
            constraints = {rule: asked for rule, asked in rules.items() if asked}
            coded = column in ("position", "band", "sharing", "provision")
            closed = sorted(frame[column].dropna().unique()) if coded else rules["enum"]
            item = "student_device_ratio" if column == "ratio" else column
            if kind == "string" and (named := [(code, label(item, code)) for code in closed]):
                field["categories"] = [{"value": code, "label": told} for code, told in named]
            field |= {"description": row["description"], "constraints": constraints}
        fields.append({part: told for part, told in field.items() if told})
    return {
        "name": name.replace("_", "-"),
        "type": "table",
        "path": f"{name}.csv",
        "scheme": "file",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "schema": {"fields": fields, "missingValues": [""]}
        | ({"primaryKey": keys} if keys else {}),
    }
