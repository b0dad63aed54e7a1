"""What a notebook may not say or do: typed numbers, typed verdicts, code that hides the analysis.

A number or a claim that is typed stays when the data move. So cells of words, and the titles and
notes of exhibits, hold neither; headings that ask, quotations and what stands in ``{{ }}`` are
free. What no lint sees, a fact that no source gives, is for the reader before each landing.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import nbformat
from jinja2 import nodes

from edtech_survey.errors import Problem

LONGEST_CELL = 24
IMPORTS = (
    "import edtech_survey as es", "import pandas as pd", "import seaborn as sns",
    "import matplotlib.pyplot as plt",
)  # fmt: skip

_CLAIM = re.compile(
    r"\b(rose|risen|fell|fallen|grew|grown|(in|de)creas(e|ed|ing)|clear(ly)?|sure(ly)?|certain(ly)?|"
    r"significant(ly)?|proven?|proves|shows? that|narrow(ed|er)|widened|closed|jump(ed)?|doubled|"
    r"every|all|none|most(ly)?|nearly|almost|majority|twice|half|third|quarter|"
    r"(larg|small|high|low|great|few)est|dozen|hundred|thousand|million|"
    r"two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d[\d,.]*%?")
_FREE = re.compile(
    r"“[^”]*”|<[^>]*>|`[^`]*`|\b1:1\b|\bP?K-\d+\b|^(?:#|- ).*\?\s*$|\{[^{}]*\}", re.MULTILINE
)
_JINJA = re.compile(r"\{[{%#].*?[}%#]\}", re.DOTALL)
_TEMPLATES = ("title", "measure", "note", "missing", "base", "alt")
_COLUMN_FILTERS = ("by", "the", "where", "span", "highest", "lowest", "count", "join", "verb")
_ARITHMETIC = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow)


def lint(notebook: Path | str) -> list[Problem]:
    """List what is wrong with the words and the cells of a notebook."""
    cells = nbformat.read(notebook, as_version=4).cells
    return [
        Problem(f"{Path(notebook).name}, cell {number}", what, advice)
        for number, cell in enumerate(cells, 1)
        for what, advice in _cell(cell, number)
    ]


def words_problems(text: str) -> Iterator[tuple[str, str]]:
    """List typed numbers, typed claims and arithmetic in one template."""
    try:
        tree = jinja2.Environment().parse(text)
    except jinja2.TemplateSyntaxError as error:
        yield f"line {error.lineno}: {error.message}", "mend the template"
        return
    yield from _typed(_JINJA.sub(" … ", text))
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            inside: Any = node
            while isinstance(inside, nodes.Filter):
                inside = inside.node
            if isinstance(inside, nodes.Const) and not isinstance(inside.value, str):
                yield f"the number {inside.value!r} is typed", "compute it"
    for call in tree.find_all(nodes.Filter):
        for argument in call.args:
            value = argument.value if isinstance(argument, nodes.Const) else None
            if isinstance(value, str) and call.name not in _COLUMN_FILTERS:
                yield from _typed(value)
            elif call.name == "where" and isinstance(value, int | float):
                yield f"where: {value!r} is typed", "take it from the data"
    if next(tree.find_all(_ARITHMETIC), None) is not None:
        yield "arithmetic in a sentence", "compute it in a cell of code"


def _typed(text: str) -> Iterator[tuple[str, str]]:
    free = _FREE.sub(" ", text)
    for found in _NUMBER.finditer(free):
        yield f"the number {found.group()!r} is typed", "compute it"
    for found in _CLAIM.finditer(free):
        yield f"{found.group()!r} is a claim", "take it from a filter, or say it without"


def _cell(cell: Any, number: int) -> Iterator[tuple[str, str]]:
    source = cell.source
    if cell.cell_type == "markdown":
        yield from words_problems(source)
        return
    if cell.get("outputs") or cell.get("execution_count"):
        yield "it keeps outputs", "clear them"
    if number == 1 and "parameters" not in cell.metadata.get("tags", []):
        yield "the first cell is not tagged parameters", "begin with the parameters"
    if source.startswith("%%say"):
        yield from words_problems(source.partition("\n")[2].replace("\n%%else\n", "\n\n"))
    else:
        yield from _code(source)


def _code(source: str) -> Iterator[tuple[str, str]]:
    if (lines := len(source.splitlines())) > LONGEST_CELL:
        yield f"{lines} lines of code", f"at most {LONGEST_CELL}: split it, or ask the library"
    for node in ast.walk(ast.parse(re.sub(r"^%.*$", "", source, flags=re.MULTILINE))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Try):
            yield f"{type(node).__name__} at line {node.lineno}", "an essay has none"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            if ast.unparse(node) not in IMPORTS:
                yield ast.unparse(node), f"only {', '.join(IMPORTS)}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from _exhibit(node) if node.func.attr in ("chart", "table") else ()


def _exhibit(call: ast.Call) -> Iterator[tuple[str, str]]:
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg in _TEMPLATES}
    given |= dict(zip(("title", "measure"), call.args[1:3], strict=False))
    for name, value in given.items():
        if isinstance(value, ast.JoinedStr):
            yield f"{name}= is an f-string", "say {{ }}: text from a survey must be escaped"
        elif isinstance(value, ast.Constant) and isinstance(value.value, str):
            for what, advice in words_problems(value.value):
                yield f"{name}=: {what}", advice


if __name__ == "__main__":
    found = [problem for name in sys.argv[1:] for problem in lint(name)]
    sys.exit("\n".join(map(str, found)) or None)
