"""The chart of possible numbers: ticks where the frame says, a ring by the stated number."""

import matplotlib.colors as mcolors
import pandas as pd
import pytest

from edtech_survey.errors import ReportError
from edtech_survey.reports import theme
from edtech_survey.reports.charts.candidates import candidates, whole_numbers

WORDS = {
    "title": "Only 18 or 23 fit", "subtitle": "Possible numbers of respondents",
    "source": "A report, 2024", "n": "30 stated", "alt": "Ticks at the possible numbers.",
}  # fmt: skip


@pytest.fixture
def frame():
    return pd.DataFrame(
        {"group": ["78%", "90%", "all"], "bases": ["9, 18, 23, 27", "10, 20-21, 29-30", "18, 23"]}
    )


def ticks(figure):
    """Where the upright lines of each row stand."""
    found = {}
    for line in figure.axes[0].lines:
        x, y = line.get_data()
        if len(x) == 2 and x[0] == x[1] and abs(y[1] - y[0]) < 0.3 and line.get_marker() != "o":
            found.setdefault(round(sum(y) / 2, 2), []).append(int(x[0]))
    return [found[row] for row in sorted(found)]


def test_every_possible_number_has_its_tick(frame):
    figure = candidates(frame, stated=30, emphasise="all", **WORDS)
    assert ticks(figure) == [[9, 18, 23, 27], [10, 20, 21, 29, 30], [18, 23]]


def test_the_ring_is_filled_only_where_the_stated_number_is_possible(frame):
    figure = candidates(frame, stated=30, **WORDS)
    rings = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    paper = mcolors.to_hex(theme.PAPER)
    filled = [mcolors.to_hex(ring.get_markerfacecolor()) != paper for ring in rings]
    assert filled == [False, True, False]


def test_few_numbers_of_the_emphasised_row_are_written_out(frame):
    texts = {
        t.get_text() for t in candidates(frame, stated=30, emphasise="all", **WORDS).axes[0].texts
    }
    assert {"18", "23"} <= texts
    plain = {t.get_text() for t in candidates(frame, stated=30, **WORDS).axes[0].texts}
    assert not {"18", "23"} & plain


def test_a_row_without_numbers_says_so(frame):
    none = frame.assign(bases=["9", "10", ""])
    figure = candidates(none, stated=30, emphasise="all", **WORDS)
    assert "no number" in {t.get_text() for t in figure.axes[0].texts}
    assert ">none<" in figure.html()


def test_text_that_is_no_number_is_refused_with_its_row(frame):
    with pytest.raises(ReportError, match=r"row 2: '10x'"):
        candidates(frame.assign(bases=["9", "10x", ""]), stated=30, **WORDS)


def test_runs_are_read_to_their_end():
    assert whole_numbers("3, 61-64") == [3, 61, 62, 63, 64]


def test_made_up_rows_are_marked(frame):
    assert candidates(frame.assign(synthetic=[True, False, False]), stated=30, **WORDS).synthetic
