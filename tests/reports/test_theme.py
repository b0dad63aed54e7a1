import itertools

from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.reports import theme
from edtech_survey.reports.charts.stacked import _luminance, ink_on


def contrast(one, other):
    """WCAG 2.1 contrast ratio."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_luminance_of_black_and_white_gives_the_ratio_of_21():
    assert round(contrast("#000000", "#ffffff"), 6) == 21


def test_text_colours_reach_double_a_on_white():
    for colour in (*theme.CATEGORY_TEXT, theme.INK, theme.QUIET):
        assert contrast(colour, theme.PAPER) >= 4.5, colour


def test_marks_reach_three_to_one_on_white():
    for colour in theme.CATEGORIES:
        assert contrast(colour, theme.PAPER) >= 2.95, colour


def test_labels_inside_bars_reach_double_a():
    for colour in theme.SEQUENCE:
        assert contrast(ink_on(colour), colour) >= 4.5, colour


def test_text_is_large_enough_on_a_phone():
    # 390 px wide, 16 px margins: CSS pixels of the smallest text of a picture.
    assert theme.SMALL * 4 / 3 * 358 / (theme.WIDTH * 96) >= 9


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=12),
    st.floats(0.5, 12),
)
def test_spread_keeps_order_and_distance_and_stays_inside(wanted, gap):
    placed = theme.spread(wanted, gap, 0.0, 100.0)
    room = min(gap, 100 / max(1, len(wanted) - 1))
    assert min(placed) >= -1e-6
    assert max(placed) <= 100 + 1e-6
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    for before, after in itertools.pairwise(order):
        assert placed[after] - placed[before] >= room - 1e-6


def test_spread_moves_nothing_that_has_room():
    assert theme.spread([10.0, 50.0, 90.0], 5, 0, 100) == [10.0, 50.0, 90.0]


def test_wrap_loses_no_word_and_fits():
    text = "Technology resource teacher or integration specialist in the library"
    lines = theme.wrap(text, 1.4)
    assert " ".join(lines) == text
    assert all(theme.width_of(line) <= 1.4 for line in lines)


@given(st.text(st.characters(codec="latin-1"), max_size=120), st.floats(0.3, 3))
def test_wrap_breaks_words_that_are_too_long_and_loses_no_sign(text, inches):
    lines = theme.wrap(text, inches)
    assert "".join(lines).replace(" ", "") == "".join(text.split())
    assert all(theme.width_of(line) <= inches for line in lines)
    assert len(theme.wrap(text, inches, most=2)) <= 2


@given(st.text(st.characters(codec="latin-1"), max_size=120), st.floats(0.3, 3))
def test_clip_fits_and_keeps_the_beginning(text, inches):
    told = theme.clip(text, inches)
    assert theme.width_of(told) <= inches
    assert told == text or (told.endswith("…") and text.startswith(told[:-1]))
