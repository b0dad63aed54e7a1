"""The processed tables: Parquet and CSV with a Data Package descriptor made from the schemas."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from edtech_survey.data.files import csv_bytes, write_bytes
from edtech_survey.data.schemas import checked

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
_TYPES = {"Int64": "integer", "Float64": "number", "boolean": "boolean"}


def write_package(
    tables: Mapping[str, tuple[pd.DataFrame, pa.DataFrameSchema]],
    folder: Path,
    *,
    title: str,
) -> list[Path]:
    """Write each table as Parquet and CSV, and ``datapackage.json`` beside them.

    Parameters
    ----------
    tables : mapping of str to (DataFrame, pandera schema)
        Each frame is checked against its schema before anything is written.
    folder : pathlib.Path
        Where to write.
    title : str
        Title of the package.

    Returns
    -------
    list of pathlib.Path
        The files written. The same tables give the same bytes.

    Raises
    ------
    SurveyError
        If a frame breaks its schema; nothing is written then.
    """
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
