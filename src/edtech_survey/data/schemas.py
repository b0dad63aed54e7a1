"""Pandera schemas of every frame that leaves this storey, and one way to fail them."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from edtech_survey.data.files import csv_bytes, write_bytes
from edtech_survey.errors import Problem, SurveyError

STATISTICS = (
    "amount", "count", "index", "max", "mean", "mean_of_ratios", "median", "min", "rank",
    "ratio", "ratio_of_totals", "share", "text", "total",
)  # fmt: skip
BASE_KINDS = ("published", "derived", "feasible", "unknown")
RATIOS = ("1:1", "2:1", "3:1", "4:1", ">4:1")
SEVERITIES = ("note", "warning", "error")

SLUG = r"[a-z0-9_]+"
FIGURE_ID = r"[a-z0-9]+(?:[.-][a-z0-9]+)*"
DISTRICT_ID = r"[a-z0-9]+(?:-[a-z0-9]+)*"


def _text(description: str, *, empty: bool = False, **checks: Any) -> pa.Column:
    return pa.Column("str", nullable=empty, description=description, **checks)


def _whole(description: str, low: float | None = 0, *, empty: bool = True) -> pa.Column:
    checks = [] if low is None else [pa.Check.ge(low)]
    return pa.Column("Int64", checks, nullable=empty, description=description)


def _number(description: str, low: float | None = None, high: float | None = None) -> pa.Column:
    checks = [] if low is None else [pa.Check.ge(low)]
    checks += [] if high is None else [pa.Check.le(high)]
    return pa.Column("Float64", checks, nullable=True, description=description)


def _flag(description: str, *, empty: bool = True) -> pa.Column:
    return pa.Column("boolean", nullable=empty, description=description)


WAVE = _whole("Year that names the fielding of the survey.", 1900, empty=False)
DISTRICT = _text(
    "Stable identifier of the district.", checks=pa.Check.str_matches(f"^{DISTRICT_ID}$")
)
SYNTHETIC = _flag("True where the row was made up for demonstration.", empty=False)

FIGURES = pa.DataFrameSchema(
    {
        "figure_id": _text(
            "Stable identifier of the figure.",
            unique=True,
            checks=pa.Check.str_matches(f"^{FIGURE_ID}$"),
        ),
        "source": _text("Folder under data/raw that holds the figure."),
        "wave": _whole("Survey year.", 1900, empty=False),
        "item": _text("What was measured.", checks=pa.Check.str_matches(f"^{SLUG}$")),
        "group": _text("The part it was measured for; 'all' where there is none."),
        "statistic": _text("How it was summed up.", checks=pa.Check.isin(STATISTICS)),
        "printed": _text("The number as printed, trailing zeros included."),
        "value": _number("The number; follows from printed."),
        "unit": _text("Unit of value.", checks=pa.Check.str_matches(f"^{SLUG}$")),
        "base": _whole("Respondents who were asked and answered, unweighted.", 0),
        "base_kind": _text("How the base is known.", checks=pa.Check.isin(BASE_KINDS)),
        "population": _whole("How many units the figure is about.", 1),
        "publication": _text("Publication within a collection.", empty=True),
        "confidence": _text("How sure the transcription is.", empty=True),
        "locator": _text("Where in the publication the figure stands."),
        "note": _text("What a reader of the figure must know.", empty=True),
        "synthetic": SYNTHETIC,
    },
    strict=True,
    ordered=True,
)

SOURCES = pa.DataFrameSchema(
    {
        "source": _text("Folder under data/raw.", unique=True),
        "title": _text("Title of the publication or export."),
        "publisher": _text("Who published it."),
        "published": _text("Date of publication, as far as it is known.", empty=True),
        "fielded": _text("When the survey was in the field.", empty=True),
        "wave": _whole("Survey year.", 1900),
        "kind": _text("Sort of source."),
        "units": _text("Units of the population.", empty=True),
        "population": _whole("Number of units in the population.", 1),
        "series": _text("Surveys whose waves are read as one line, such as ct.", empty=True),
        "answered": _whole("How many answered.", 0),
        "mode": _text("How the survey was taken.", empty=True),
        "citation": _text("How to cite it."),
        "rights": _text("Rights of the publication.", empty=True),
        "url": _text("Address of the publication.", empty=True),
        "synthetic": SYNTHETIC,
        "note": _text("What a reader must know.", empty=True),
        "figures": _whole("Number of figures transcribed.", 0, empty=False),
    },
    strict=True,
    ordered=True,
)

DISTRICTS = pa.DataFrameSchema(
    {
        "wave": WAVE,
        "district_id": DISTRICT,
        "enrollment": _whole("Students.", 0),
        "schools": _whole("Schools.", 0),
        "devices": _whole("Devices that the team supports, students' and staff's.", 0),
        "support_staff": _number("Break/fix people.", 0),
        "benefit_rate": _number("Benefits as a percent of salary.", 0, 200),
        "sharing": _text("Positions shared with the town: none, some, all.", empty=True),
        "provision": _text("Who provides devices: district, student, both.", empty=True),
        "after_hours_staff": _flag("Staff are supported after hours."),
        "after_hours_students": _flag("Students are supported after hours."),
        "after_hours_families": _flag("Families are supported after hours."),
        "after_hours_other": _flag("Others are supported after hours."),
        "source": _text("Folder under data/raw."),
        "synthetic": SYNTHETIC,
    },
    unique=["wave", "district_id"],
)

POSITIONS = pa.DataFrameSchema(
    {
        "wave": WAVE,
        "district_id": DISTRICT,
        "position": _text("Job title of the taxonomy.", checks=pa.Check.str_matches(f"^{SLUG}$")),
        "fte": _number("Full-time equivalents.", 0),
        "salary": _number("Yearly salary, US dollars of the wave's year.", 0),
        "outsourced": _flag("The position is filled by a contractor."),
    },
    unique=["wave", "district_id", "position"],
)

BANDS = pa.DataFrameSchema(
    {
        "wave": WAVE,
        "district_id": DISTRICT,
        "band": _text("Grade band."),
        "ratio": _text("Students to one device.", empty=True, checks=pa.Check.isin(RATIOS)),
    },
    unique=["wave", "district_id", "band"],
)

LEDGER = pa.DataFrameSchema(
    {
        "source": _text("Folder under data/raw."),
        "wave": _whole("Survey year.", 1900, empty=False),
        "row": _whole("Row of the export, counted as a spreadsheet does.", 1),
        "column": _text("Column of the export.", empty=True),
        "raw": _text("The cell as it came; personal text is withheld.", empty=True),
        "value": _text("What was taken instead; empty where nothing was.", empty=True),
        "rule": _text("The rule that did it."),
        "severity": _text("note, warning or error.", checks=pa.Check.isin(SEVERITIES)),
        "outcome": _text("What became of the cell."),
        "cells": _whole("How many cells the row accounts for."),
    }
)

FLOW = {"source": "str", "wave": "Int64", "step": "str", "reason": "str", "rows": "Int64"}
REVIEW = {
    "source": "str", "wave": "Int64", "kind": "str", "row": "Int64", "column": "str", "text": "str",
    "suggestion": "str", "score": "Float64", "advice": "str",
}  # fmt: skip
KINDS = ("answered", "skipped", "not_applicable", "refused", "unreadable")
ASKED = {
    "source": "str", "wave": "Int64", "item": "str", "group": "str", "column": "str",
    "comparability": "str", "asked": "Int64", **dict.fromkeys(KINDS, "Int64"),
}  # fmt: skip
"""Columns and types of the tables about a wave that are not written out."""


def dtypes(schema: pa.DataFrameSchema) -> dict[str, str]:
    """Give the columns of a schema with their types."""
    kinds = {str(name): str(column.dtype) for name, column in schema.columns.items()}
    return {name: "str" if kind.startswith("str") else kind for name, kind in kinds.items()}


def checked(
    frame: pd.DataFrame,
    schema: pa.DataFrameSchema,
    where: str,
    error: type[SurveyError] = SurveyError,
    first_row: int = 2,
) -> pd.DataFrame:
    """Return the frame if it fits its schema."""
    try:
        return schema.validate(frame, lazy=True)
    except SchemaErrors as failed:
        cases = failed.failure_cases
        problems = [_problem(case, where, first_row) for case in cases.to_dict("records")]
        raise error(f"{where}: {len(problems)} cells break the schema", problems) from None


def _problem(case: dict[Any, Any], where: str, first_row: int) -> Problem:
    row = case.get("index")
    column = case.get("column") if case.get("schema_context") == "Column" else None
    place = where if row is None or pd.isna(row) else f"{where}, row {int(row) + first_row}"
    if column:
        place = f"{place}, column {column}"
    return Problem(place, f"{case['failure_case']!r} breaks {case['check']}", "correct the cell")


PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
_TYPES = {"Int64": "integer", "Float64": "number", "boolean": "boolean"}


def write_package(
    tables: Mapping[str, tuple[pd.DataFrame, pa.DataFrameSchema]],
    folder: Path,
    *,
    title: str,
) -> list[Path]:
    """Write each table as Parquet and CSV, and ``datapackage.json`` beside them."""
    for name, (frame, schema) in tables.items():
        checked(frame, schema, name)
    written, resources = [], []
    for name, (frame, schema) in tables.items():
        text = csv_bytes(frame)
        parquet = io.BytesIO()
        frame.to_parquet(parquet, index=False)
        written.append(write_bytes(folder / f"{name}.csv", text))
        written.append(write_bytes(folder / f"{name}.parquet", parquet.getvalue()))
        resources.append(_resource(name, frame, schema, text))
    descriptor = {
        "$schema": PROFILE,
        "name": "edtech-survey",
        "title": title,
        "licenses": [{"name": "MIT", "title": "MIT License (the transcription)"}],
        "resources": resources,
    }
    content = json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n"
    return [*written, write_bytes(folder / "datapackage.json", content.encode("utf-8"))]


def _resource(
    name: str, frame: pd.DataFrame, schema: pa.DataFrameSchema, content: bytes
) -> dict[str, Any]:
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
        "schema": {
            "fields": [_field(str(column), frame, schema) for column in frame.columns],
            "missingValues": [""],
            **_keys(schema),
        },
    }


def _field(column: str, frame: pd.DataFrame, schema: pa.DataFrameSchema) -> dict[str, Any]:
    declared = schema.columns.get(column)
    kind = _TYPES.get(str(frame[column].dtype), "string")
    field: dict[str, Any] = {"name": column, "type": kind}
    if kind == "boolean":
        field |= {"trueValues": ["True"], "falseValues": ["False"]}
    if declared is None:
        return field
    if declared.description:
        field["description"] = declared.description
    rules: dict[str, Any] = {}
    if not declared.nullable:
        rules["required"] = True
    if declared.unique:
        rules["unique"] = True
    return {**field, "constraints": rules} if rules else field


def _keys(schema: pa.DataFrameSchema) -> dict[str, Any]:
    if schema.unique:
        return {"primaryKey": list(schema.unique)}
    unique = [str(name) for name, column in schema.columns.items() if column.unique]
    return {"primaryKey": unique[:1]} if unique else {}
