"""A chart that is drawn in the cell becomes an exhibit that stands by itself."""

import math
import re

import matplotlib as mpl
import pandas as pd
import pytest
import seaborn as sns
from bs4 import BeautifulSoup
from IPython.utils.capture import capture_output
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.text import Text
from tests.reports.saying import BANDS, MIXED, known, levels, moves

import edtech_survey as es
from edtech_survey.errors import ReportError
from edtech_survey.reports import marks, origins
from edtech_survey.reports.chart import describe
from edtech_survey.reports.filters import SayError
from edtech_survey.reports.html import clean
from edtech_survey.shape import NOT


@pytest.fixture(autouse=True)
def evidence(shell):
    origins.remember(known())


def draw(frame, title="{{ rows | span }} had one", measure="Percent of districts", body=None, **kw):
    with capture_output() as out, es.chart(frame, title=title, measure=measure, **kw) as ax:
        if body:
            body(ax)
        elif not kw.get("panels"):
            sns.scatterplot(frame, x="estimate", y="name", ax=ax)
            marks.interval_bars(ax, frame, y="name")
    return [output.data for output in out.outputs]


def figure(frame, **kw):
    (data,) = draw(frame, **kw)
    return BeautifulSoup(clean(data["text/html"]), "html.parser")


def test_an_exhibit_has_all_that_stands_around_a_picture():
    rows = levels().tail(4)
    made = figure(rows, note="Pale bars: intervals.")
    notes = [p.get_text() for p in made.select(".exhibit-notes p")]
    assert made.select_one(".exhibit-title").get_text() == "89% to 100% had one"
    assert made.select_one(".exhibit-subtitle").get_text() == "Percent of districts"
    assert notes == [
        "Question: “Which one_to_one?”",
        "Base: 53 to 58 districts in 2024.",
        "Pale bars: intervals.",
        "Source: The Commission, Staffing and *Devices* (November 26, 2024).",
    ]
    head = [th.get_text() for th in made.select("thead th")]
    assert head == ["Grade band", "Survey", "Estimate", "Answered"]
    assert made.select_one("tbody tr").get_text("|") == "Early elementary|2024|89% |(79 to 98)|53"
    assert made.select_one(".exhibit-csv a")["download"] == "chart-one-to-one.csv"


def test_the_alt_text_holds_every_number_of_the_title_in_the_order_drawn():
    rows = levels()
    made = figure(rows, title="From {{ rows | span }}", panels="name")
    alt = made.img["alt"]
    assert re.findall(r"\d+%", made.select_one(".exhibit-title").get_text()) == ["14%", "100%"]
    assert alt.startswith("Percent of districts. Early elementary: 20% in 2017, 14% in 2020,")
    assert re.findall(r"\. (\w+ ?\w*): ", alt) == [band.capitalize() for band in BANDS]
    assert len(re.findall(r"\d+% in 20\d\d", alt)) == len(rows)
    told = describe(moves(*MIXED).assign(verdict=["clear", "clear if enough", "no clear change"]))
    assert told == (
        "+69 in early elementary, clear, +42 in elementary, clear if enough, −5 in middle school, "
        "no clear change."
    )


def test_many_rows_are_told_by_their_ends_and_title():
    rows = pd.concat([levels()] * 3).assign(name=[f"n{k}" for k in range(48)])
    alt = figure(rows, title="Up to {{ rows | highest | each('{percent}', 'or') }}").img["alt"]
    assert alt.startswith("Up to 100%, 100% or 100%. ")
    assert "48 values, from 14% in" in alt


def test_zero_rows_say_what_is_missing_and_show_no_picture():
    def fails(ax):
        raise RuntimeError("nothing to draw")

    (data,) = draw(levels().head(0), body=fails, missing="**Not asked** in {{ 2017 | years }}.")
    assert data["text/markdown"] == "**Not asked** in 2017."
    assert "text/html" not in data
    assert draw(levels().head(0), body=fails) == []
    assert draw(levels().head(0), panels="name", body=lambda axes: [1 / 0 for _ in axes]) == []


def test_what_fails_while_rows_are_drawn_is_not_hidden():
    def fails(ax):
        raise RuntimeError("a fault in the cell")

    with pytest.raises(RuntimeError, match="a fault in the cell"):
        draw(levels(), body=fails)
    with pytest.raises(SayError, match="a bare number"):
        draw(levels(), title="{{ rows.estimate.mean() }}")
    with pytest.raises(ReportError, match="a chart needs a title"):
        draw(levels(), title=" ")


def test_hostile_names_are_text_and_ids_of_one_page_differ():
    rows = levels().tail(1).assign(name="<script>x</script>*b*", item="<img src=x>")
    (data,), again = [draw(rows, title="In {{ rows | each('{name}') }}") for _ in range(2)]
    made = BeautifulSoup(data["text/html"], "html.parser")
    assert made.select_one(".exhibit-title").get_text() == "In <script>x</script>*b*"
    assert not made.find("script")
    assert len(made.find_all("img")) == 1
    assert made.figure["id"] == "chart-img-src-x"
    assert 'id="chart-img-src-x-2"' in again[0]["text/html"]


def test_the_sample_says_so_in_picture_alt_and_badge():
    real, made_up = levels().tail(4), levels().tail(4).assign(synthetic=True)
    made = figure(made_up)
    assert made.img["alt"].startswith("Synthetic data. ")
    assert "SYNTHETIC" in made.select_one(".synthetic-badge").get_text()
    assert made.img["src"] != figure(real).img["src"]


def test_a_supposition_and_unknown_bases_stand_under_the_picture():
    made = figure(moves((10.0, NOT), supposed="at least 30 answered in 2017"))
    notes = [p.get_text() for p in made.select(".exhibit-notes p")]
    assert "Base: How many answered is not known for 2017." in notes
    assert "Supposing that At least 30 answered in 2017." not in notes
    assert "Supposing that at least 30 answered in 2017." in notes


def test_the_same_bytes_twice():
    made = []
    for _ in range(2):
        origins.remember(known())
        made.append(draw(levels(), body=lambda ax: _lines(ax, levels())))
    assert made[0] == made[1]


def test_nothing_global_changes():
    before = dict(mpl.rcParams)
    draw(levels())
    assert dict(mpl.rcParams) == before


# ------------------------------------------------------------------ marks


def test_labels_cover_neither_bars_nor_lines_nor_points():
    ax, own = Figure(figsize=(2.4, 2.4)).subplots(), levels()[levels()["name"].eq(BANDS[0])]
    values = own["estimate"].astype(float)
    (line,) = ax.plot(own["wave"], values, marker="o", color=marks.BLUE)
    marks.interval_bars(ax, own, x="wave")
    marks.direct_labels(ax, own.iloc[[0, 1, 3]], "{percent}")
    assert [text.get_text() for text in ax.texts] == ["20%", "14%", "89%"]
    drawn = [line.get_xydata(), *ax.collections[0].get_segments()]
    for path in (Path(ax.transData.transform(part)) for part in drawn):
        for text in ax.texts:
            assert not path.intersects_bbox(text.get_window_extent(), filled=False)


def test_intervals_that_are_not_known_are_not_drawn():
    ax, rows = Figure().subplots(), levels().tail(4)
    marks.interval_bars(ax, rows.assign(conf_low=[pd.NA, 1.0, 2.0, 3.0]), y="name")
    assert len(ax.collections[0].get_segments()) == 3


def test_names_of_points_do_not_overlap():
    ax, rows = Figure().subplots(), levels().assign(x=[float(k % 4) for k in range(16)])
    ax.scatter(rows["x"], rows["estimate"].astype(float))
    marks.point_names(ax, rows, "x", "estimate", "{name} {wave}")
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts if text.get_visible()]
    assert len(boxes) > 4
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[k + 1 :])


# ------------------------------------------------------------------ names nobody planned for

WORD = "Donaudampfschifffahrtsgesellschaftskapitaen" * 4
SENTENCE = "Director of technology, libraries, buildings and whatever else is asked for " * 2
NAMES = dict(zip(BANDS, [WORD, SENTENCE, "AV", f"{WORD} and {WORD}"], strict=True))


def _rows(ax, frame):
    sns.scatterplot(frame, x="estimate", y="name", ax=ax)
    es.marks.interval_bars(ax, frame, y="name")
    es.marks.direct_labels(ax, frame, "{percent}", y="name", right=100)


def _points(ax, frame):
    sns.scatterplot(frame, x="base", y="estimate", ax=ax)
    es.marks.point_names(ax, frame, "base", "estimate", "{name}")


def _lines(ax, frame):
    sns.lineplot(frame, x="wave", y="estimate", hue="name", legend=False, ax=ax)
    es.marks.year_axis(ax, [2017, 2020, 2021, 2024])


@pytest.mark.parametrize("how", [_rows, _points, _lines])
def test_long_names_neither_break_a_chart_nor_leave_it(how):
    frame = levels().assign(name=lambda r: r["name"].map(NAMES))
    frame = frame if how is _lines else frame.tail(4)
    with capture_output() as out, es.chart(frame, title=SENTENCE, measure=WORD) as ax:
        how(ax, frame)
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


def test_two_amounts_in_one_text_are_no_formula():
    written = []
    draw(levels().tail(4), body=lambda ax: written.append(ax.set_title("$1 and $2")))
    assert not written[0].get_parse_math()


@pytest.mark.parametrize(("latitude", "west"), [(41, -73.7), (37, -119.0)])
def test_a_map_has_the_shape_of_its_place_and_cuts_nothing_off(latitude, west):
    far = pd.DataFrame({"longitude": [west, west + 2], "latitude": [latitude - 1, latitude + 1]})
    far = far.assign(enrollment=[20_022, 450], named=[True, False])
    ax = Figure().subplots()
    marks.place_map(ax, far, "named")
    ax.figure.draw_without_rendering()
    spots = ax.transData.transform(far[["longitude", "latitude"]])
    wide, tall = abs(spots[1] - spots[0])
    assert wide / tall == pytest.approx(math.cos(math.radians(latitude)), rel=0.01)
    assert ((spots > 0) & (spots < ax.figure.bbox.max)).all()
    large, small = (one.get_sizes()[0] for one in ax.collections[:2])
    assert large / small == pytest.approx(20_022 / 450)
    keyed = [text.get_text() for text in ax.get_legend().get_texts()]
    assert keyed == ["500 students", "5,000 students", "20,000 students"]
