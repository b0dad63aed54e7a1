"""Names nobody planned for: words without a break, whole sentences, signs of other scripts."""

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from edtech_survey.reports import charts, theme

WORD = "Donaudampfschifffahrtsgesellschaftskapitaen" * 4
SENTENCE = "Director of technology, libraries, buildings and whatever else is asked for " * 2
NAMES = [WORD, SENTENCE, "AV", f"{WORD} and {WORD}"]


@pytest.fixture(scope="module")
def rename(labels):
    return dict(zip(labels, NAMES, strict=True))


def drawings(levels, shares, positions, districts, rename):
    """One of each chart, its names replaced by long ones."""
    told = {"source": "A survey", "n": "53 to 58 districts", "alt": "Four names are long."}
    words = {**told, "title": "Long names", "subtitle": "Percent, with 95% intervals"}
    two = levels[levels["wave"].isin([2020, 2024])]
    changes = shares[["group", "estimate", "conf_low", "conf_high"]]
    kinds = pd.concat([shares.assign(kind=name) for name in NAMES[:3]])
    parts = pd.DataFrame(
        {
            "group": ["pk-2", "pk-2", "3-5", "3-5"],
            "answer": [WORD, SENTENCE] * 2,
            "estimate": [89.0, 11.0, 97.0, 3.0],
        }
    )
    points = positions.assign(position=[f"{NAMES[k % 4]} {k}" for k in range(12)])
    line = pd.DataFrame({"x": [1500, 7000], "y": [6e4, 9e4]})
    categories = {"IT": WORD, "Classroom": SENTENCE}
    names = points["position"].tolist()
    return {
        "dots": lambda: charts.dots(shares, labels=rename, **words),
        "dots by series": lambda: charts.dots(
            kinds, series="kind", labels=rename, reference={WORD: 61.0, SENTENCE: 20.0}, **words
        ),
        "dumbbell": lambda: charts.dumbbell(two, changes, labels=rename, **words),
        "slope": lambda: charts.slope(two, highlight="pk-2", labels=rename, **words),
        "panels": lambda: charts.panels(levels, labels=rename, **words),
        "three panels": lambda: charts.panels(levels, columns=3, labels=rename, **words),
        "stacked": lambda: charts.stacked(parts, labels=rename, **words),
        "strip": lambda: charts.strip(
            districts,
            by="kind",
            highlight="d5",
            marks={"town": {WORD: 2.7}, "regional": {SENTENCE: 2.9}},
            labels={"town": WORD, "regional": SENTENCE, "d5": WORD},
            **words,
        ),
        "scatter": lambda: charts.scatter(
            points,
            x="enrollment",
            y="salary",
            x_title="Enrollment",
            y_title="Pay",
            format="usd",
            label="position",
            name_points=names[:4],
            colour="category",
            lines={WORD: line, SENTENCE: line},
            labels=categories,
            **words,
        ),
        "intervals": lambda: charts.intervals(
            changes.rename(columns={"group": "spec"}), labels=rename, **words
        ),
    }


def outside(figure):
    """Texts that begin or end beyond the edges of the picture."""
    figure.figure.set_dpi(theme.DPI)
    agg = FigureCanvasAgg(figure.figure)
    agg.draw()
    width, height = agg.get_width_height()
    found = []
    for text in figure.figure.findobj(Text):
        if text.get_visible() and text.get_text().strip():
            box = text.get_window_extent(agg.get_renderer())
            if box.x0 < -2 or box.x1 > width + 2 or box.y0 < -2 or box.y1 > height + 2:
                found.append(text.get_text()[:40])
    return found


CHARTS = (
    "dots", "dots by series", "dumbbell", "slope", "panels", "three panels", "stacked", "strip",
    "scatter", "intervals",
)  # fmt: skip


@pytest.mark.parametrize("name", CHARTS)
def test_long_names_neither_break_a_chart_nor_leave_it(
    levels, shares, positions, districts, rename, name
):
    figure = drawings(levels, shares, positions, districts, rename)[name]()
    assert outside(figure) == []
    inches = figure.figure.get_size_inches()[0]
    widths = [axes.get_position().width * inches for axes in figure.axes]
    assert min(widths) >= 1.0
    # What the picture cuts stands whole in the table under it.
    assert WORD in figure.html()
