"""Schemas of every frame that leaves this storey, ``schemas.csv``, and one way to fail them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from edtech_survey.data.files import csv_bytes
from edtech_survey.errors import Problem, SurveyError
from edtech_survey.project import write_whole

_TEXT = files("edtech_survey.data").joinpath("schemas.csv").read_text("utf-8")
_COLUMNS = list(csv.DictReader(io.StringIO(_TEXT)))


def _schema(table: str, *, exact: bool = False) -> pa.DataFrameSchema:
    """Read the schema of a table; of several keys no row may have the same together."""
    rows = {row["column"]: row for row in _COLUMNS if row["table"] == table}
    keys = [name for name, row in rows.items() if row["key"]]
    return pa.DataFrameSchema(
        {
            name: pa.Column(
                row["type"],
                [
                    *([pa.Check.ge(float(row["low"]))] if row["low"] else []),
                    *([pa.Check.le(float(row["high"]))] if row["high"] else []),
                    *([pa.Check.str_matches(f"^{row['pattern']}$")] if row["pattern"] else []),
                    *([pa.Check.isin(row["words"].split("|"))] if row["words"] else []),
                ],
                nullable=not row["needed"],
                unique=keys == [name],
                description=row["description"],
            )
            for name, row in rows.items()
        },
        unique=keys if len(keys) > 1 else None,
        strict=exact,
        ordered=exact,
    )


FIGURES, SOURCES = _schema("figures", exact=True), _schema("sources", exact=True)
DISTRICTS, POSITIONS, BANDS = _schema("districts"), _schema("positions"), _schema("bands")
LEDGER = _schema("ledger")

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
) -> pd.DataFrame:
    """Return the frame if it fits its schema."""
    try:
        return schema.validate(frame, lazy=True)
    except SchemaErrors as failed:
        cases = failed.failure_cases
        problems = [_problem(case, where) for case in cases.to_dict("records")]
        raise error(f"{where}: {len(problems)} cells break the schema", problems) from None


def _problem(case: dict[Any, Any], where: str) -> Problem:
    row = case.get("index")
    column = case.get("column") if case.get("schema_context") == "Column" else None
    place = where if row is None or pd.isna(row) else f"{where}, row {int(row) + 2}"
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
        written.append(write_whole(folder / f"{name}.csv", text))
        written.append(write_whole(folder / f"{name}.parquet", parquet.getvalue()))
        resources.append(_resource(name, frame, schema, text))
    descriptor = {
        "$schema": PROFILE,
        "name": "edtech-survey",
        "title": title,
        "licenses": [{"name": "MIT", "title": "MIT License (the transcription)"}],
        "resources": resources,
    }
    content = json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n"
    return [*written, write_whole(folder / "datapackage.json", content)]


def _resource(
    name: str, frame: pd.DataFrame, schema: pa.DataFrameSchema, content: bytes
) -> dict[str, Any]:
    rows = {row["column"]: row for row in _COLUMNS if row["table"] == name}
    keys = schema.unique or [str(key) for key, column in schema.columns.items() if column.unique]
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
            "fields": [
                _field(str(name), frame, rows.get(str(name), {}), list(keys) == [name])
                for name in frame
            ],
            "missingValues": [""],
            **({"primaryKey": list(keys)} if keys else {}),
        },
    }


def _field(
    column: str, frame: pd.DataFrame, declared: Mapping[str, str], alone: bool
) -> dict[str, Any]:
    kind = _TYPES.get(str(frame[column].dtype), "string")
    field: dict[str, Any] = {"name": column, "type": kind}
    if kind == "boolean":
        field |= {"trueValues": ["True"], "falseValues": ["False"]}
    if declared.get("description"):
        field["description"] = declared["description"]
    rules: dict[str, Any] = {"required": True} if declared.get("needed") else {}
    if alone:
        rules["unique"] = True
    if declared.get("words"):
        rules["enum"] = declared["words"].split("|")
    return {**field, "constraints": rules} if rules else field
