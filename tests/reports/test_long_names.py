"""Names nobody planned for: words without a break, whole sentences, signs of other scripts."""

import pytest
import seaborn as sns
from IPython.utils.capture import capture_output
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from tests.reports.saying import BANDS, known, levels, shell  # noqa: F401

import edtech_survey as es
from edtech_survey.reports import origins

WORD = "Donaudampfschifffahrtsgesellschaftskapitaen" * 4
SENTENCE = "Director of technology, libraries, buildings and whatever else is asked for " * 2
NAMES = dict(zip(BANDS, [WORD, SENTENCE, "AV", f"{WORD} and {WORD}"], strict=True))


def rows(ax, frame):
    sns.scatterplot(frame, x="estimate", y="name", ax=ax)
    es.marks.interval_bars(ax, frame, y="name")
    es.marks.direct_labels(ax, frame, "{percent}", y="name", right=100)


def points(ax, frame):
    sns.scatterplot(frame, x="base", y="estimate", ax=ax)
    es.marks.point_names(ax, frame, "base", "estimate", "{name}")


def lines(ax, frame):
    sns.lineplot(frame, x="wave", y="estimate", hue="name", legend=False, ax=ax)
    es.marks.year_axis(ax, [2017, 2020, 2021, 2024])


@pytest.mark.parametrize("draw", [rows, points, lines])
def test_long_names_neither_break_a_chart_nor_leave_it(shell, draw):  # noqa: F811
    origins.remember(known())
    frame = levels().assign(name=lambda r: r["name"].map(NAMES))
    frame = frame if draw is lines else frame.tail(4)
    with capture_output() as out, es.chart(frame, title=SENTENCE, measure=WORD) as ax:
        draw(ax, frame)
    canvas = ax.figure
    agg = FigureCanvasAgg(canvas)
    agg.draw()
    width, height = agg.get_width_height()
    outside = []
    for text in canvas.findobj(Text):
        # A tick beyond the limits of its axis is not drawn.
        if text.get_visible() and text.get_text().strip().strip("0123456789"):
            box = text.get_window_extent(agg.get_renderer())
            if box.x0 < -2 or box.x1 > width + 2 or box.y0 < -2 or box.y1 > height + 2:
                outside.append(text.get_text()[:40])
    assert outside == []
    assert ax.get_position().width * canvas.get_size_inches()[0] >= 1
    # What the picture cuts stands whole in the table under it.
    assert WORD in out.outputs[-1].data["text/html"]
