"""A notebook before it becomes a page: what readers should not meet is taken out."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from edtech_survey.errors import Problem

REMOVED = {"remove-cell", "remove_cell", "parameters", "injected-parameters"}
HIDDEN_INPUT = {"hide-input", "hide_input", "remove-input", "remove_input"}
HIDDEN_OUTPUT = {"hide-output", "hide_output", "remove-output", "remove_output"}
"""Tags of cells, in the spelling of Jupyter Book and in that of nbconvert."""

_SHOWN = (
    "text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg",
    "text/plain", "text/latex",
)  # fmt: skip
_WIDGET = "application/vnd.jupyter.widget-view+json"


def tidy(notebook: Any) -> Any:
    """Return a copy that holds only what a reader should see.

    Cells tagged as parameters or set-up go; so do widgets, scripts and standard error. Code
    that shows nothing is joined to the next cell that shows something, so that the page has
    one fold of code per result.

    Parameters
    ----------
    notebook : nbformat.NotebookNode

    Returns
    -------
    nbformat.NotebookNode
    """
    made = deepcopy(notebook)
    kept: list[Any] = []
    waiting: list[str] = []
    for cell in made.cells:
        tags = set(cell.metadata.get("tags", []))
        if tags & REMOVED or (cell.cell_type != "code" and not cell.source.strip()):
            continue
        if cell.cell_type != "code":
            kept.append(cell)
            continue
        cell.outputs = [] if tags & HIDDEN_OUTPUT else _outputs(cell.outputs)
        if tags & HIDDEN_INPUT:
            if cell.outputs:
                kept.append(_without_source(cell))
        elif cell.outputs:
            cell.source = "\n\n".join([*waiting, cell.source])
            waiting = []
            kept.append(cell)
        elif cell.source.strip():
            waiting.append(cell.source)
            last = cell
    if waiting:
        last.source = "\n\n".join(waiting)
        kept.append(last)
    made.cells = kept
    return made


def problems(notebook: Any) -> list[Problem]:
    """List outputs that no page may carry: errors, and formulas that need a script.

    Parameters
    ----------
    notebook : nbformat.NotebookNode

    Returns
    -------
    list of Problem
    """
    found = []
    for number, cell in enumerate(notebook.cells, start=1):
        for output in cell.get("outputs", []) if cell.cell_type == "code" else []:
            where = f"cell {number}"
            if output.output_type == "error":
                what = f"it failed: {output.get('ename', '')}: {output.get('evalue', '')}"
                found.append(Problem(where, what, "run the notebook to its end first"))
            if "text/latex" in output.get("data", {}) and "text/html" not in output.data:
                advice = "write it in words or as MathML"
                found.append(Problem(where, "its output is LaTeX, which needs a script", advice))
    return found


def _outputs(outputs: Iterable[Any]) -> list[Any]:
    return [output for output in outputs if _is_shown(output)]


def _is_shown(output: Any) -> bool:
    if output.output_type == "stream":
        return output.name == "stdout" and bool(output.text.strip())
    if output.output_type == "error":
        return True
    return _WIDGET not in output.data and any(kind in output.data for kind in _SHOWN)


def _without_source(cell: Any) -> Any:
    made = deepcopy(cell)
    made.source = ""
    return made
