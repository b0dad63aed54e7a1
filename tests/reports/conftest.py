"""One exhibit of each kind, and notebooks that hold them without having been run."""

from __future__ import annotations

from types import SimpleNamespace

import nbformat
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from tests.reports import visit
from traitlets.config import Config

from edtech_survey.reports import origins
from edtech_survey.reports.exhibits import Exhibit, data_table, grid
from edtech_survey.shape import estimates

LABELS = {
    "pk-2": "Early elementary (PK-2)",
    "3-5": "Elementary (3-5)",
    "6-8": "Middle (6-8)",
    "9-12": "High (9-12)",
}
SOURCE = "Connecticut Commission for Educational Technology, 2024"


@pytest.fixture
def shell():
    """A notebook's shell, with the magic."""
    made = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    made.run_line_magic("load_ext", "edtech_survey")
    yield made
    InteractiveShell.clear_instance()


@pytest.fixture(scope="module")
def browser():
    """Chromium, a module long: its event loop would be in the way of notebooks that run."""
    with visit.launched() as started:
        yield started


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    """What another test has loaded is not known to this one."""
    kept = vars(origins._known).items()
    blank = {name: None if name == "evidence" else type(value)() for name, value in kept}
    monkeypatch.setattr(origins, "_known", SimpleNamespace(**blank))


@pytest.fixture(scope="session")
def shares():
    """Wave 2024 with counts, bases and Wilson intervals (47 of 53: 77.4 to 94.7)."""
    about = {"source": "ct-2024", "wave": 2024, "item": "one_to_one", "statistic": "share"}
    rows = pd.DataFrame(
        {
            "group": list(LABELS),
            "estimate": [89.0, 97.0, 100.0, 98.0],
            "count": [47, 56, 58, 56],
            "base": pd.array([53, 58, 58, 57], dtype="Int64"),
            "conf_low": [77.4, 88.3, 93.8, 90.7],
            "conf_high": [94.7, 99.0, 100.0, 99.7],
        }
    )
    return estimates(rows.assign(synthetic=False, **about).to_dict("records"))


PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
FIRST = """# Nearly every grade band is one-to-one

- 89% to 100% of responding districts gave every student a device.
- The gap shrank.

Who answered: 62 of 200 districts in 2024."""


@pytest.fixture(scope="session")
def shown(shares):
    """Two charts and a table, as a notebook shows them."""
    frame = shares.assign(name=list(LABELS.values()))
    notes = ["Base: 53 to 58 districts in 2024.", f"Source: {SOURCE}."]
    picture = (
        f'<div class="picture"><img src="data:image/png;base64,{PICTURE}" alt="89% in PK-2"></div>'
    )
    columns = {"name": "Grade band", "estimate": "Percent", "base": "Answered"}
    said = ["All four bands are above 85 percent", "Percent of districts, 2024"]

    def chart(name):
        data = data_table(frame, columns, name, "figure")
        return Exhibit("figure", frame, *said, picture, notes, [data], "89%", name)

    return {
        "chart": chart("levels"),
        "panels": chart("levels-2"),
        "table": Exhibit(
            "table", frame, "Three bands are above 95 percent", said[1],
            grid(frame, columns, "bands"), notes, identity="bands",
        ),
    }  # fmt: skip


def code(source, shown=None, tags=()):
    """A code cell that looks as if it had been run."""
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)} if tags else {})
    if shown is not None:
        data = shown if isinstance(shown, dict) else shown._repr_mimebundle_()
        cell.outputs = [nbformat.v4.new_output("display_data", data=data)]
    return cell


def notebook(*cells):
    """A notebook of these cells; text becomes a Markdown cell."""
    made = [nbformat.v4.new_markdown_cell(c) if isinstance(c, str) else c for c in cells]
    return nbformat.v4.new_notebook(
        cells=made, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )


@pytest.fixture(scope="session")
def make_code():
    return code


@pytest.fixture(scope="session")
def make_notebook():
    return notebook


@pytest.fixture(scope="session")
def report(shown):
    """A whole report as it looks after its run: first sheet, two questions, limits, folds."""

    def said(text):
        return code(f"%%say\n{text}", {"text/markdown": text, "text/plain": text}, ["hide-input"])

    return notebook(
        code("wave = 2024", tags=["parameters"]),
        code("import edtech_survey as es", tags=["remove-cell"]),
        said(FIRST),
        code("levels = es.shares(evidence)"),
        code("with es.chart(levels) as ax: ...", shown["chart"]),
        said("## How fast did each grade band get there?\n\nThe jump came in one year."),
        code("es.table(levels)", shown["table"]),
        said(
            "## Who does the work?\n\n- Few.\n- Many.\n\n"
            '<details class="record"><summary>One by one</summary>\n\nA line.\n\n</details>'
        ),
        code("with es.chart(levels, panels='name') as axes: ...", shown["panels"]),
        said(
            "## What can this page not say?\n\nMuch.\n\n<details><summary>How this was worked out"
            "</summary>\n\nBy Wilson.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n</details>\n\n"
            "<details><summary>Data and code</summary>\n\nIn files.\n\n</details>"
        ),
    )
