"""Parameters of a notebook: what it declares, and values refused before anything runs.

Only the names that the notebook itself declares are ever passed on, because papermill pastes
names into code; and text stays text, because a guess turns "0010011" into 10011 and "1:1"
into 61.
"""

from __future__ import annotations

import ast
import io
import math
import re
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from edtech_survey.errors import Problem, SetupError

_WHOLE = re.compile(r"[+-]?\d{1,18}\Z")
_YES = {"true", "yes", "1"}
_NO = {"false", "no", "0"}


@dataclass(frozen=True)
class Parameter:
    """One declared parameter.

    Attributes
    ----------
    name, type, help : str
        ``type`` as annotated, or that of the default.
    default : object
        The value, or its source text where it is no literal.
    """

    name: str
    type: str
    default: Any
    help: str


def parameters(path: str | Path) -> pd.DataFrame:
    """List the parameters of a notebook.

    Parameters
    ----------
    path : str or Path
        Notebook with one cell tagged ``parameters``: ``wave: int = 2024  # survey year``.

    Returns
    -------
    DataFrame
        ``name``, ``type``, ``default``, ``help``; one row each, in the notebook's order.

    Raises
    ------
    SetupError
        If the notebook cannot be read.
    """
    rows = [
        {"name": p.name, "type": p.type, "default": p.default, "help": p.help}
        for p in declared(path)
    ]
    return pd.DataFrame(rows, columns=["name", "type", "default", "help"], dtype=object)


def declared(path: str | Path) -> list[Parameter]:
    """Parameters that the notebook's tagged cell assigns."""
    notebook = read_notebook(path)
    tagged = [
        cell.source
        for cell in notebook.cells
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", [])
    ]
    return _parse(tagged[0], Path(path).name) if tagged else []


def read_notebook(path: str | Path) -> Any:
    """Read a notebook.

    Raises
    ------
    SetupError
        If it is not there or is not a notebook.
    """
    file = Path(path)
    if not file.is_file() or file.suffix != ".ipynb":
        raise SetupError(f"{file.name} is not a notebook: give the path of an .ipynb file")
    try:
        return nbformat.reads(file.read_text(encoding="utf-8"), as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError) as error:
        raise SetupError(f"{file.name} cannot be read as a notebook: {error}") from error


def check_parameters(path: str | Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """Check values against a notebook's parameters and give them their types.

    Parameters
    ----------
    path : str or Path
    given : mapping
        Name to value. Text, as from a command line, is converted to the annotated type:
        ``int``, ``float``, ``str``, ``bool``, lists of these (text split at commas),
        ``Literal[...]``, each also with ``| None`` (the text "none"). Other values must have
        the type already.

    Returns
    -------
    dict
        The values given, typed; parameters not given keep the notebook's default.

    Raises
    ------
    SetupError
        With every unknown name (and its nearest match) and every unfit value.
    """
    known = {p.name: p for p in declared(path)}
    found, typed = [], {}
    for name, value in given.items():
        if name not in known:
            near = get_close_matches(str(name), known, n=1, cutoff=0.5)
            advice = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            found.append(Problem(f"parameter {name!r}", "is unknown", advice))
            continue
        try:
            typed[name] = _typed(value, known[name].type)
        except ValueError as error:
            what = f"{value!r} is not {error}"
            advice = known[name].help or f"default {known[name].default!r}"
            found.append(Problem(f"parameter {name!r}", what, advice))
    if found:
        raise SetupError(f"{Path(path).name} was not run", found)
    return typed


def _parse(source: str, name: str) -> list[Parameter]:
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise SetupError(f"{name}: the parameters cell is not Python: {error}") from error
    comments = _comments(source)
    found = []
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            target, annotation = node.target.id, _annotation(node.annotation)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            target, annotation = node.targets[0].id, ""
        else:
            continue
        assert node.value is not None
        try:
            default = ast.literal_eval(node.value)
            kind = annotation or _kind_of(default)
        except ValueError:
            default, kind = ast.unparse(node.value), annotation or "object"
        help_ = comments.get(node.end_lineno or node.lineno, "")
        found.append(Parameter(target, kind, default, help_))
    return found


def _annotation(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ast.unparse(node)


def _kind_of(default: Any) -> str:
    if isinstance(default, list | tuple):
        inner = {type(item).__name__ for item in default}
        return f"list[{inner.pop()}]" if len(inner) == 1 else "list[str]"
    return "None" if default is None else type(default).__name__


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("#").strip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _typed(value: Any, kind: str) -> Any:
    """Convert a value to an annotated type; ValueError says what it is not."""
    options = [part.strip() for part in kind.split("|")] if "Literal" not in kind else [kind]
    if kind.startswith("Optional[") and kind.endswith("]"):
        options = [kind.removeprefix("Optional[")[:-1], "None"]
    if "None" in options:
        if value is None or (isinstance(value, str) and value.strip().lower() in ("none", "")):
            return None
        options = [option for option in options if option != "None"] or ["str"]
    for option in options[:-1]:
        try:
            return _one(value, option)
        except ValueError:
            continue
    return _one(value, options[-1])


def _one(value: Any, kind: str) -> Any:
    makers = {"int": _int, "float": _float, "bool": _bool, "str": _str}
    if kind in makers:
        return makers[kind](value)
    if kind.startswith("Literal[") and kind.endswith("]"):
        choices = ast.literal_eval(f"({kind.removeprefix('Literal[')[:-1]},)")
        for choice in choices:
            if value == choice and isinstance(value, bool) == isinstance(choice, bool):
                return choice
            if isinstance(value, str) and value == str(choice):
                return choice
        raise ValueError("one of " + ", ".join(map(repr, choices)))
    inner = re.fullmatch(
        r"(?:list|tuple|List|Tuple)(?:\[(int|float|str|bool)(?:, \.\.\.)?\])?", kind
    )
    if inner:
        items = [item.strip() for item in value.split(",")] if isinstance(value, str) else value
        if not isinstance(items, list | tuple):
            raise ValueError(f"a {kind}")
        return [makers[inner.group(1) or "str"](item) for item in items if item != ""]
    raise ValueError(f"a {kind}, which cannot be given from outside")


def _int(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _WHOLE.match(value.strip()):
        return int(value)
    raise ValueError("a whole number")


def _float(value: Any) -> float:
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if math.isfinite(number) and not (isinstance(value, str) and "_" in value):
            return number
    raise ValueError("a number")


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in _YES | _NO:
        return value.strip().lower() in _YES
    raise ValueError("true or false")


def _str(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("text")
