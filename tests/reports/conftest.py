"""One of each exhibit, and notebooks that hold them without having been run."""

from __future__ import annotations

import nbformat
import numpy as np
import pandas as pd
import pytest

from edtech_survey.reports.exhibits import Exhibit, data_table, grid
from edtech_survey.shape import estimates

LABELS = {
    "pk-2": "Early elementary (PK-2)",
    "3-5": "Elementary (3-5)",
    "6-8": "Middle (6-8)",
    "9-12": "High (9-12)",
}
SOURCE = "Connecticut Commission for Educational Technology, 2024"
WORDS = {"source": SOURCE, "n": "53 to 58 of 62 responding districts", "labels": LABELS}


@pytest.fixture(scope="session")
def labels():
    return LABELS


@pytest.fixture(scope="session")
def words():
    return WORDS


@pytest.fixture(scope="session")
def levels():
    published = {
        2017: (20, 43, 58, 71),
        2020: (14, 42, 61, 64),
        2021: (79, 88, 88, 94),
        2024: (89, 97, 100, 98),
    }
    return estimates(
        {
            "source": f"ct-{wave}",
            "wave": wave,
            "item": "one_to_one",
            "group": group,
            "statistic": "share",
            "estimate": float(value),
            "synthetic": False,
        }
        for wave, values in published.items()
        for group, value in zip(LABELS, values, strict=True)
    )


@pytest.fixture(scope="session")
def shares(levels):
    """Wave 2024 with counts, bases and Wilson intervals (47 of 53: 77.4 to 94.7)."""
    return levels[levels["wave"] == 2024].assign(
        count=[47, 56, 58, 56],
        base=pd.array([53, 58, 58, 57], dtype="Int64"),
        conf_low=[77.4, 88.3, 93.8, 90.7],
        conf_high=[94.7, 99.0, 100.0, 99.7],
    )


@pytest.fixture(scope="session")
def positions():
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "position": [f"position {k}" for k in range(12)],
            "enrollment": rng.uniform(1500, 7000, 12),
            "salary": rng.uniform(45_000, 140_000, 12),
            "category": ["IT"] * 5 + ["Classroom"] * 4 + ["Other"] * 3,
            "districts": [40, 31, 35, 50, 33, 60, 38, 41, 45, 52, 36, 39],
        }
    )


@pytest.fixture(scope="session")
def districts():
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "district_id": [f"d{k}" for k in range(60)],
            "estimate": np.exp(rng.normal(1.0, 0.4, 60)),
            "kind": ["town"] * 40 + ["regional"] * 20,
            "synthetic": True,
        }
    )


@pytest.fixture(scope="session")
def exhibits(levels, shares, positions, districts):
    """One of each chart, and a table with groups, a spanner and a total."""
    from edtech_survey.reports import charts, tables  # noqa: PLC0415

    two = levels[levels["wave"].isin([2020, 2024])]
    changes = pd.DataFrame(
        {
            "group": list(LABELS),
            "estimate": [75.0, 55.0, 39.0, 34.0],
            "conf_low": [66.0, 45.0, 30.0, 24.0],
            "conf_high": [84.0, 64.0, 50.0, 44.0],
        }
    )
    line = pd.DataFrame(
        {"x": [1500, 7000], "y": [6e4, 9e4], "low": [4e4, 7e4], "high": [8e4, 11e4]}
    )
    specs = pd.DataFrame(
        {
            "spec": ["Each position once", "Weighted by districts"],
            "estimate": [7.64, 1.02],
            "conf_low": [1.2, -4.0],
            "conf_high": [14.1, 6.0],
        }
    )
    ratios = pd.DataFrame(
        {
            "group": ["pk-2|1:1", "pk-2|2:1", "3-5|1:1", "3-5|2:1"],
            "estimate": [89.0, 11.0, 97.0, 3.0],
            "base": [53, 53, 58, 58],
        }
    )
    said = charts.describe("Dot chart", "the percent with one device per student", shares)
    ids = ["ct-2024.one-to-one.pk-2.share", "ct-2024.one-to-one.3-5.share"]
    return {
        "dots": charts.dots(
            shares,
            title="Nearly every grade band is one-to-one",
            subtitle="Percent of districts, 2024, with 95% intervals",
            alt=said,
            question="What is the ratio of devices to students?",
            figure_ids=ids,
            **WORDS,
        ),
        "dumbbell": charts.dumbbell(
            two,
            changes,
            title="The youngest gained most",
            subtitle="Percent, and change in points with 95% intervals",
            alt=charts.describe("Dumbbell chart", "the percent one-to-one", two),
            **WORDS,
        ),
        "slope": charts.slope(
            two,
            highlight="pk-2",
            title="The youngest caught up",
            subtitle="Percent of districts",
            alt=charts.describe("Slope chart", "the percent one-to-one", two),
            **WORDS,
        ),
        "panels": charts.panels(
            levels,
            breaks=(2021,),
            title="The jump came in one year",
            subtitle="Percent of districts",
            alt=charts.describe("Four line charts", "the percent one-to-one", levels),
            **WORDS,
        ),
        "stacked": charts.stacked(
            ratios,
            title="Few districts share devices",
            subtitle="Percent of districts",
            alt="Stacked bars: one device per student in 89% and 97% of districts.",
            **WORDS,
        ),
        "strip": charts.strip(
            districts,
            by="kind",
            highlight="d5",
            marks={"town": {"Median": 2.7}, "regional": {"Median": 2.9}},
            title="Half have fewer than three",
            subtitle="FTE per 1,000 students",
            alt="Strip of 60 districts.",
            format="fte",
            **WORDS,
        ),
        "scatter": charts.scatter(
            positions,
            x="enrollment",
            y="salary",
            x_title="Mean enrollment",
            y_title="Mean salary, US dollars",
            x_format="count",
            format="usd",
            label="position",
            name_points=["position 1", "position 7"],
            colour="category",
            size="districts",
            lines={"Each position once": line},
            title="Pay hardly follows enrollment",
            subtitle="Positions, 2024, with 95% intervals",
            alt="Scatter of 12 positions.",
            **WORDS,
        ),
        "intervals": charts.intervals(
            specs,
            title="One weighting shows a slope, the other none",
            subtitle="Dollars per student, with 95% intervals",
            alt=charts.describe("Interval chart", "dollars per student", specs, by="spec"),
            format="usd",
            **WORDS,
        ),
        "table": tables.table(
            shares.assign(level=["Lower", "Lower", "Upper", "Upper"]),
            title="Three of four bands are above 95 percent",
            source=SOURCE,
            n="53 to 58 districts",
            columns={
                "group": "Grades",
                "count": "One-to-one",
                "base": "Answering",
                "estimate": "%",
            },
            formats={"estimate": "percent", "count": "count"},
            labels=LABELS,
            groups="level",
            spanners={"Districts": ["count", "base"]},
            total="9-12",
            figure_ids=ids,
        ),
    }


@pytest.fixture(scope="session")
def texts(exhibits):
    """Headline, paragraphs and sources that belong to the exhibits."""
    from edtech_survey.reports import headline, note, prose, sources  # noqa: PLC0415

    figures = pd.DataFrame(
        {
            "figure_id": ["ct-2024.one-to-one.pk-2.share", "ct-2024.one-to-one.3-5.share"],
            "source": "ct-2024",
            "printed": ["89%", "97%"],
            "locator": "page 12",
        }
    )
    return {
        "headline": headline(
            "Nearly every grade band is one-to-one",
            "Districts answering the state survey, 2017 to 2024",
            [("89% of districts", "gave every pupil a device."), "The gap shrank."],
            "Districts chose to answer.",
        ),
        "prose": prose("Between 2020 and 2021 the share rose by 65 points."),
        "note": note("The dots are made up."),
        "sources": sources(figures, used=exhibits.values()),
    }


PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
FIRST = """# Nearly every grade band is one-to-one

- 89% to 100% of responding districts gave every student a device.
- The gap shrank.

Who answered: 62 of about 205 districts in 2024."""


@pytest.fixture(scope="session")
def shown(shares):
    """One chart and one table, as a notebook shows them."""
    frame = shares.assign(name=list(LABELS.values()))
    notes = ["Base: 53 to 58 districts in 2024.", f"Source: {SOURCE}."]
    picture = (
        f'<div class="picture"><img src="data:image/png;base64,{PICTURE}" alt="89% in PK-2"></div>'
    )
    columns = {"name": "Grade band", "estimate": "Percent", "base": "Answered"}
    said = ["All four bands are above 85 percent", "Percent of districts, 2024"]
    data = data_table(frame, columns, "levels", "figure")
    return {
        "chart": Exhibit("figure", frame, *said, picture, notes, [data], "89%", "levels"),
        "table": Exhibit(
            "table", frame, "Three bands are above 95 percent", said[1],
            grid(frame, columns, "bands"), notes, identity="bands",
        ),
    }  # fmt: skip


def code(source, shown=None, tags=()):
    """A code cell that looks as if it had been run."""
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)} if tags else {})
    if shown is not None:
        bundle = shown if isinstance(shown, dict) else shown._repr_mimebundle_()
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        cell.outputs = [nbformat.v4.new_output("display_data", data=data, metadata=metadata)]
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
        said("## Who does the work?\n\n- Few.\n- Many."),
        code("with es.chart(levels, panels='name') as axes: ...", shown["chart"]),
        said(
            "## What can this page not say?\n\nMuch.\n\n<details><summary>How this was worked out"
            "</summary>\n\nBy Wilson.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n</details>"
        ),
    )
