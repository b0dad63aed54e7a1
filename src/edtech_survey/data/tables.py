"""The small tables that say what is set beside what; ``schemas.csv`` has their columns."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from edtech_survey import words
from edtech_survey.data import schemas
from edtech_survey.data.districts import match_districts
from edtech_survey.data.schemas import Rule, Rules, filled, one_of, read_table, typed, unique, where
from edtech_survey.data.textfiles import read_text_csv
from edtech_survey.errors import Problem, SourceError
from edtech_survey.places import short
from edtech_survey.shape import unrepeated


def read_pairs(evidence: Any) -> pd.DataFrame:
    """Read which figures of a series and of others are set side by side, ``codebook/pairs.csv``."""

    def asked(table: pd.DataFrame) -> pd.Series:
        return table["item"].ne("")

    selector = ["item", "group", "statistic", "wave"]
    printed = evidence.printed[selector].astype("str")
    printed = pd.concat([printed, printed.assign(wave="")])  # no wave: the latest that has it
    no_figure = "and the three cells after it name no figure"
    refused = one_of("C", "without an item of the series", "C")
    rules = {
        "item": where(asked, schemas.row_of(printed, selector, no_figure, "correct them")),
        "take": where(asked, filled()),
        "figure_id": [_first_printing(evidence.printed)],
        "comparability": where(lambda table: ~asked(table), refused),
    }
    return _of_codebook(evidence, "pairs", rules)


def read_trends(evidence: Any) -> pd.DataFrame:
    """Read which figures of others are one line over the years, ``codebook/trends.csv``."""
    waves = evidence.printed.set_index("figure_id")["wave"]

    def later(table: pd.DataFrame) -> pd.Series:
        return table["series"].eq(table["series"].shift())

    def back(cells: pd.Series, table: pd.DataFrame) -> pd.Series:
        wave = cells.map(waves)
        return later(table) & (wave < wave.shift()).fillna(False).astype(bool)

    def apart(cells: pd.Series, table: pd.DataFrame) -> pd.Series:
        return cells.duplicated() & ~later(table)

    in_order = Rule(back, "is earlier than the row before it", "put them in time's order")
    rules = {
        "series": [
            Rule(apart, "its rows stand apart", "put them together"),
            Rule(lambda cells, _: ~cells.duplicated(keep=False), "has one figure", "add another"),
        ],
        "figure_id": [_first_printing(evidence.printed), unique("series"), in_order],
        "comparability": where(later, filled()),
        "reason": where(later, filled()),
    }
    return _of_codebook(evidence, "trends", rules)


def read_beside(evidence: Any) -> pd.DataFrame:
    """Read which items of another series stand beside a series', ``codebook/beside.csv``."""
    known = one_of(evidence.codebook.series["series"], "is no row of series.csv")
    items = one_of(evidence.codebook.items["item"], "is not in items.csv", parting="|")
    return _of_codebook(
        evidence, "beside", {"series": [known], "beside": [known], "items": [items]}
    )


def read_blanks(evidence: Any) -> pd.DataFrame:
    """Read which records count what a survey's blanks leave open, ``codebook/blanks.csv``."""
    known = one_of(evidence.codebook.series["series"], "is no row of series.csv")
    items = one_of(evidence.codebook.items["item"], "is not in items.csv")

    def there(table: pd.DataFrame) -> pd.Series:
        """Of a source that is not in the project, nothing is on record."""
        return table["figure_id"].str.partition(".")[0].isin(evidence.sources["source"])

    printed = where(there, _first_printing(evidence.printed))
    rules = {"series": [known], "item": [items], "figure_id": printed}
    table = _of_codebook(evidence, "blanks", rules)
    record = evidence.printed[["figure_id", "value", "base"]]
    return table[table["series"].eq(evidence.series.series)].merge(record, on="figure_id")


def read_statements(evidence: Any) -> pd.DataFrame:
    """Read what others say, figure by figure, in words, ``codebook/statements.csv``."""
    rules = {"figure_id": [_first_printing(evidence.printed), unique("section")]}
    return _of_codebook(evidence, "statements", rules)


def read_occupations(evidence: Any) -> pd.DataFrame:
    """Read which occupation does the work of which position, ``codebook/occupations.csv``."""
    wages = evidence.printed["item"].eq("occupation_wage").fillna(False)
    occupations = evidence.printed.loc[wages, "group"].str.partition("|")[0]
    known = one_of(occupations, "has no figure occupation_wage")
    rules = {"position": [_position(evidence)], "occupation": [known, unique("position")]}
    return _of_codebook(evidence, "occupations", rules)


def read_frame(evidence: Any) -> pd.DataFrame:
    """Read the lists of all units of the series, ``units.csv`` of its sources, with their ids."""
    book, mine = evidence.codebook, evidence.sources["series"].eq(evidence.series.series)
    directory = book.districts.set_index("district_id")["name"]

    def ids(names: pd.Series) -> pd.Series:
        return match_districts(names, book)["district_id"]

    unknown = Rule(
        lambda cells, _: ids(cells).isna() | ids(cells).duplicated(),
        "leads to no district of the directory that no other row leads to", "add an alias there",
    )  # fmt: skip
    columns = ["source", "wave", "district_id", "district", "kinds"]
    frames = [pd.DataFrame(columns=[*columns, *schemas.dtypes("units")], dtype="str")]
    for folder in evidence.sources[mine].itertuples():
        path = evidence.raw / str(folder.source) / "units.csv"
        if path.is_file():
            table = read_table(path, "units", {"name": [unknown]})
            table = table.assign(source=folder.source, wave=str(folder.wave))
            table["district_id"] = ids(table["name"])
            kinds = {kind: book.label("units", kind) for kind in table["kind"].unique()}
            told = {kind: words.count(2, kind)[2:] for kind, name in kinds.items() if name == kind}
            table["kinds"] = table["kind"].map(kinds | told)
            frames.append(table.assign(district=table["district_id"].map(directory)))
    table = typed(pd.concat(frames, ignore_index=True), "units").astype({"wave": "Int64"})
    table["units"] = evidence.series.units
    return table.assign(answered=table["answered"].eq("yes").fillna(False).astype(bool))


def read_functions(evidence: Any) -> pd.DataFrame:
    """Read the functions of a district's ed-tech team, from the source folders that have some."""
    return _of_sources(evidence, "functions", {"positions": [_position(evidence, "|")]})


def read_structures(evidence: Any) -> pd.DataFrame:
    """Read the departments that their leaders described, one row a role, of all source folders."""
    of_district = ["district", "state", "students_low", "students_high", "students_printed"]

    def differ(cells: pd.Series, table: pd.DataFrame) -> pd.Series:
        return table.groupby(cells)[of_district].transform("nunique").gt(1).any(axis=1)

    def above(cells: pd.Series, table: pd.DataFrame) -> pd.Series:
        high = pd.to_numeric(table["students_high"], errors="coerce")
        return pd.to_numeric(cells, errors="coerce") > high

    rules = {
        "district_id": [Rule(differ, "has rows that differ about the district itself")],
        "students_low": [Rule(above, "above the upper")],
        "role": [unique("district_id")],
        "position": where(lambda table: table["position"].ne(""), _position(evidence)),
    }
    return _of_sources(evidence, "structures", rules)


def _of_codebook(evidence: Any, name: str, rules: Rules) -> pd.DataFrame:
    table = read_table(evidence.raw / "codebook" / f"{name}.csv", f"codebook/{name}", rules)
    return typed(table, f"codebook/{name}")


def _of_sources(evidence: Any, name: str, rules: Rules) -> pd.DataFrame:
    """Read a table from each source folder that has it, with a column ``source``."""
    frames = [pd.DataFrame(columns=list(schemas.dtypes(name)), dtype="str").assign(source="")]
    for path in sorted(evidence.raw.glob(f"*/{name}.csv")):
        frames.append(read_table(path, name, rules).assign(source=path.parent.name))
    return typed(pd.concat(frames, ignore_index=True), name)


def read_own_district(path: Path | str, evidence: Any) -> pd.DataFrame:
    """Read a district's own numbers, ``item,group,value``, as people write them."""

    def of(*items: str) -> Callable[[pd.DataFrame], pd.Series]:
        return lambda table: table["item"].isin(items)

    def twice(cells: pd.Series, table: pd.DataFrame) -> pd.Series:
        return table.assign(group=cells.replace("all", "")).duplicated(["item", "group"])

    alone = one_of(("", "all"), "stands beside a number of the district")
    rules = [
        *where(of("position_fte", "position_salary"), _position(evidence)),
        *where(of("enrollment", "devices", "support_staff"), alone),
        Rule(twice, "item and group stand twice", "keep one"),
    ]
    table = read_table(path, "own district", {"group": rules})
    return table.assign(
        group=table["group"].replace("", "all"),
        value=pd.to_numeric(table["value"].str.replace(r"[$,]", "", regex=True)).astype("Float64"),
    )


def _position(evidence: Any, parting: str = "") -> Rule:
    positions = evidence.codebook.positions
    return one_of(positions["position"], "is no position of the codebook", parting=parting)


def _first_printing(figures: pd.DataFrame) -> Rule:
    known = unrepeated(figures)["figure_id"]
    return one_of(known, "is no figure, or a second printing", "name the first printing")


KINDS = pd.read_csv(
    files("edtech_survey.data").joinpath("relations.csv"), index_col="kind", keep_default_na=False
)
"""Kinds of relations: what each must, may ("optional") or must not ("") have. What it claims is
told in ``statistics/checks.csv``."""

_RELATION = list(schemas.dtypes("relations"))
_SELECTABLE = {"item", "group", "statistic", "unit", "wave", "publication"}


def read_relations(evidence: Any) -> pd.DataFrame:
    """Read what must hold between figures, as the source folders declare it."""
    frames = [typed(pd.DataFrame(columns=["source", *_RELATION], dtype="str"), "relations")]
    problems: list[Problem] = []
    for path in sorted(evidence.raw.glob("*/relations.csv")):
        with schemas.gathering(problems, path.parent.name):
            frames.append(read_relation_file(path, evidence.printed))
    found = pd.concat(frames, ignore_index=True)
    problems += schemas.only_one(found, "relation_id")
    SourceError.refuse(f"{words.count(len(problems), 'problem')} in the relations", problems)
    return found


def read_relation_file(path: Path, figures: pd.DataFrame, *, alone: bool = False) -> pd.DataFrame:
    """Read a file of relations, selectors as lists of figures; those ``alone`` may lack some."""
    source = path.resolve().parent.name
    own = unrepeated(figures[figures["source"].eq(source)])
    table = read_text_csv(path, _RELATION, SourceError)[_RELATION]
    for column in ("parts", "over"):
        table = table.assign(**{column: [_resolved(cell, own) for cell in table[column]]})
    rules = _relation_rules(None if alone else figures)
    table = schemas.check(table, rules, short(path))
    return typed(table.assign(source=source)[["source", *_RELATION]].astype("str"), "relations")


def _resolved(cell: str, figures: pd.DataFrame) -> str:
    """List the figures that the selectors of a cell find; a selector that finds none stays."""
    found: list[str] = []
    for entry in filter(None, (part.strip() for part in cell.split(";"))):
        wanted = dict(re.findall(r"([^&=]*)=([^&]*)", entry))
        rows = figures if wanted and set(wanted) <= _SELECTABLE else figures.head(0)
        for column, like in wanted.items() if len(rows) else ():
            cells = rows[column].astype("str").fillna("")
            rows = rows[[fnmatchcase(text, like) for text in cells]]
        found += rows["figure_id"].tolist() or [entry]
    return ";".join(dict.fromkeys(found))


def _relation_rules(figures: pd.DataFrame | None) -> Rules:
    """Ask of each relation what its kind needs."""

    def kinds(column: str, need: str) -> Callable[[pd.DataFrame], pd.Series]:
        return lambda table: table["kind"].isin(KINDS.index[KINDS[column].eq(need)])

    def miscounted(cells: pd.Series, table: pd.DataFrame) -> pd.Series:
        number = cells.str.count(";") + cells.ne("")
        return (number < table["kind"].map(KINDS["least"])) | (
            table["kind"].eq("one_unit") & number.gt(1)
        )

    def undivided(cells: pd.Series, table: pd.DataFrame) -> pd.Series:
        return kinds("over", "or base")(table) & cells.eq("").eq(table["base"].eq(""))

    rules = schemas.rules_of("relations")
    unused = one_of([""], "is not used by {kind}", "leave it empty")
    if figures is not None:
        advice = "see figures.csv; a selector must find some"
        for column in ("result", "parts", "over"):
            rules[column].append(one_of(figures["figure_id"], "is no figure", advice, ";"))
    for column in ("result", "over", "base"):
        rules[column] += where(kinds(column, "needed"), filled("is empty, but {kind} needs it"))
        rules[column] += where(kinds(column, ""), unused)
    there = f"there are {', '.join(KINDS.index)}"
    rules["kind"] += [one_of(KINDS.index, "is no kind of relation", there)]
    rules["parts"] += [Rule(miscounted, "are not as many figures as {kind} needs")]
    rules["over"] += [Rule(undivided, "{kind} needs a divisor, in over or in base", "fill in one")]
    return rules
