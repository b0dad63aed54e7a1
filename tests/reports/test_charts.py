import hashlib
from io import BytesIO, StringIO

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import _pylab_helpers
from PIL import Image

from edtech_survey.errors import ReportError
from edtech_survey.reports import charts
from edtech_survey.reports.claims import unsupported
from edtech_survey.reports.shown import LEGEND

CHARTS = ("dots", "dumbbell", "slope", "panels", "stacked", "strip", "scatter", "intervals")


def dots_of(axes):
    """Positions of the round marks of an axes, filled or hollow."""
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]), line.get_markerfacecolor())
        for line in axes.lines
        if line.get_marker() == "o" and len(line.get_xdata()) == 1
    ]


def texts_of(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.fixture
def draw(words):
    def made(chart, *frames, **given):
        base = {"title": "A finding", "subtitle": "Percent, with 95% intervals", "alt": "Alt text."}
        return chart(*frames, **{**base, **words, **given})

    return made


@pytest.mark.parametrize("name", CHARTS)
def test_each_chart_shows_itself_as_a_whole_figure(exhibits, name):
    bundle, metadata = exhibits[name]._repr_mimebundle_()
    html = bundle["text/html"]
    assert html.startswith('<figure class="exhibit')
    for part in (
        "<figcaption>",
        "Base: 53 to 58",
        "Source: ",
        "Data of this figure",
        "CSV of this",
    ):
        assert part in html
    assert metadata["image/png"]["alt"] == exhibits[name].alt
    assert exhibits[name].title in bundle["text/plain"]


@pytest.mark.parametrize("name", CHARTS)
def test_pictures_are_palette_pngs_of_the_house_width(exhibits, name, tmp_path):
    target = tmp_path / "picture.png"
    target.write_bytes(exhibits[name].png())
    with Image.open(target) as picture:
        assert picture.mode == "P"
        assert picture.width == 1080
        assert "Software" not in picture.info
    assert target.stat().st_size < 100_000


@pytest.mark.parametrize("name", CHARTS)
def test_numbers_of_the_alt_text_are_in_the_data(exhibits, name):
    made = exhibits[name]
    assert unsupported(made.alt, made.data, allowed=[60, 12]) == []


def test_the_same_frame_gives_the_same_bytes(draw, shares):
    one, two = (draw(charts.dots, shares) for _ in range(2))
    assert one.png() == two.png()
    assert one.svg() == two.svg()
    assert one.html() == two.html()


def test_drawing_leaves_no_trace_in_matplotlib(draw, shares):
    before = dict(mpl.rcParams)
    draw(charts.dots, shares).png()
    assert dict(mpl.rcParams) == before
    assert not _pylab_helpers.Gcf.figs


def test_the_frame_given_is_not_changed(draw, shares):
    before = shares.copy(deep=True)
    draw(charts.dots, shares)
    pd.testing.assert_frame_equal(shares, before)


def test_everything_missing_is_told_at_once(shares):
    with pytest.raises(ReportError) as caught:
        charts.dots(shares)
    told = str(caught.value)
    for word in ("title", "subtitle", "source", "n is missing", "alt"):
        assert word in told


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"alt": "A finding."}, "alt repeats the title"),
        ({"subtitle": "Percent"}, "does not name them"),
        ({"alt": "word " * 120}, "120 words"),
        ({"format": "dollars"}, "no such format"),
    ],
)
def test_unfit_words_are_refused(draw, shares, given, said):
    with pytest.raises(ReportError, match=said):
        draw(charts.dots, shares, **given)


def test_an_unknown_keyword_names_the_known_ones(draw, shares):
    with pytest.raises(TypeError, match="subtitle"):
        draw(charts.dots, shares, caption="x")


def test_dots_stand_where_the_numbers_are_and_highest_first(draw, shares):
    made = draw(charts.dots, shares)
    drawn = dots_of(made.axes[0])
    assert [x for x, _, _ in drawn] == [100.0, 98.0, 97.0, 89.0]
    assert sorted(y for _, y, _ in drawn) == [y for _, y, _ in drawn]
    assert made.data["group"].tolist() == ["6-8", "9-12", "3-5", "pk-2"]
    assert made.axes[0].get_xlim() == (0.0, 100.0)
    assert "47 of 53" in texts_of(made)
    assert "89%" in texts_of(made)


def test_dots_draw_the_interval_given(draw, shares):
    made = draw(charts.dots, shares)
    bars = {
        tuple(np.round(line.get_xdata(), 1))
        for line in made.axes[0].lines
        if line.get_marker() == "None" and len(line.get_xdata()) == 2
    }
    assert (77.4, 94.7) in bars


def test_unsorted_dots_keep_the_order_of_the_frame(draw, shares):
    made = draw(charts.dots, shares, sort=False)
    assert [x for x, _, _ in dots_of(made.axes[0])] == [89.0, 97.0, 100.0, 98.0]


def test_a_zoomed_axis_says_where_it_starts(draw, shares):
    made = draw(charts.dots, shares, zoom=True)
    low = made.axes[0].get_xlim()[0]
    assert low > 0
    assert f"The axis starts at {low:.0f}%." in made.notes


def test_two_rows_of_one_group_are_refused(draw, levels):
    with pytest.raises(ReportError, match="more than one row"):
        draw(charts.dots, levels)


def test_series_are_told_apart_by_a_key(draw, shares):
    both = pd.concat([shares.assign(who="CT"), shares.assign(who="US", estimate=50.0)])
    made = draw(charts.dots, both, series="who", reference={"Target": 95.0})
    assert len(dots_of(made.axes[0])) == 8
    assert {"CT", "US"} <= {text.get_text() for text in made.figure.texts}
    assert "Target" in texts_of(made)
    assert "Target: 95%." in made.notes
    many = pd.concat([shares.assign(who=str(k)) for k in range(5)])
    with pytest.raises(ReportError, match="5 series"):
        draw(charts.dots, many, series="who")


def test_a_small_base_makes_the_mark_hollow_and_says_so(draw, shares):
    made = draw(charts.dots, shares.assign(base=[12, 58, 58, 57], count=pd.NA))
    hollow = [x for x, _, face in dots_of(made.axes[0]) if face == "#ffffff"]
    assert hollow == [89.0]
    assert "n = 12 !" in texts_of(made)
    assert any("fewer than 30" in note for note in made.notes)


def test_means_over_few_districts_are_withheld_from_picture_and_data(draw, shares):
    pay = shares.assign(statistic="mean", base=[4, 58, 58, 57], count=pd.NA, estimate=[9e4] * 4)
    made = draw(charts.dots, pay, format="usd")
    assert len(dots_of(made.axes[0])) == 3
    assert made.data["estimate"].isna().sum() == 1
    assert "90000" not in made.csv().splitlines()[4]
    assert "‡" in texts_of(made)
    assert LEGEND["‡"] in made.notes
    public = draw(charts.dots, pay.assign(method="published"), format="usd")
    assert len(dots_of(public.axes[0])) == 4
    assert len(dots_of(draw(charts.dots, pay, format="usd", withhold=0).axes[0])) == 4


def test_a_missing_number_is_no_dot_and_is_said(draw, shares):
    made = draw(charts.dots, shares.assign(estimate=[pd.NA, 97.0, 100.0, 98.0]))
    assert len(dots_of(made.axes[0])) == 3
    assert "not available" in texts_of(made)


def test_synthetic_is_written_across_the_picture(draw, shares):
    real = draw(charts.dots, shares)
    made = draw(charts.dots, shares.assign(synthetic=[False, False, True, False]))
    assert "SYNTHETIC" in [text.get_text() for text in made.figure.texts]
    assert "SYNTHETIC" in made.html()
    assert made.alt.startswith("Synthetic data.")
    assert made.png() != real.png()
    assert "SYNTHETIC" not in real.html()


def test_dollar_signs_are_no_mathematics(draw, shares):
    hostile = {"pk-2": "$50k to $60k", "3-5": r"$\frac{1}{$", "6-8": "a_b^c", "9-12": "100%"}
    made = draw(charts.dots, shares, labels=hostile, title="$50k to $60k")
    made.png()
    assert "$50k to $60k" in " ".join(texts_of(made))


def test_signs_that_the_font_lacks_are_drawn_without_a_warning(draw, shares):
    made = draw(charts.dots, shares, labels={"pk-2": "PK → 2 ● ≥ Łódź"})
    assert made.png().startswith(b"\x89PNG")


def test_markup_in_words_is_shown_not_obeyed(draw, shares):
    bad = "<script>alert(1)</script>"
    made = draw(charts.dots, shares, title=bad, n=bad, note=bad, question=bad, labels={"pk-2": bad})
    assert "<script" not in made.html()
    assert "&lt;script&gt;" in made.html()


def test_dumbbell_marks_the_earlier_wave_hollow_and_prints_the_change(exhibits):
    drawn = dots_of(exhibits["dumbbell"].axes[0])
    assert {x for x, _, face in drawn if face == "#ffffff"} == {14.0, 42.0, 61.0, 64.0}
    assert "+75 (66 to 84)" in texts_of(exhibits["dumbbell"])
    assert exhibits["dumbbell"].data["change"].max() == 75


@pytest.mark.parametrize("chart", [charts.dumbbell, charts.slope])
def test_two_waves_are_needed(draw, levels, chart):
    with pytest.raises(ReportError, match=r"2017, 2020, 2021 and 2024.*charts\.panels"):
        draw(chart, levels)


def test_slope_names_its_lines_at_their_ends(exhibits, draw, levels):
    said = texts_of(exhibits["slope"])
    assert "89%  Early elementary (PK-2)" in said
    two = levels[levels["wave"].isin([2020, 2024])]
    with pytest.raises(ReportError, match="'k-12' is not in"):
        draw(charts.slope, two, highlight="k-12")


def lines_of(axes, colour="#12436D"):
    return [
        line.get_xdata().tolist()
        for line in axes.lines
        if line.get_color() == colour and line.get_marker() == "None"
    ]


def test_panels_break_the_line_where_comparability_breaks(draw, levels):
    whole = draw(charts.panels, levels)
    assert lines_of(whole.axes[0]) == [[2017.0, 2020.0, 2021.0, 2024.0]]
    assert len(whole.axes) == 4
    broken = draw(charts.panels, levels, breaks=(2021,))
    assert lines_of(broken.axes[0]) == [[2017.0, 2020.0], [2021.0, 2024.0]]
    assert any("gap in a line" in note for note in broken.notes)
    one = draw(charts.panels, levels, breaks={"pk-2": [2024]})
    assert lines_of(one.axes[0]) == [[2017.0, 2020.0, 2021.0], [2024.0]]
    assert len(lines_of(one.axes[1])) == 1
    graded = levels.assign(comparability=["B" if w == 2020 else "A" for w in levels["wave"]])
    assert lines_of(draw(charts.panels, graded).axes[0])[0] == [2017.0]


def test_panels_take_their_order_and_refuse_an_unknown_group(draw, levels):
    made = draw(charts.panels, levels, order=["9-12", "pk-2"], columns=1)
    assert [axes.get_title(loc="left") for axes in made.axes] == [
        "High (9-12)",
        "Early elementary (PK-2)",
    ]
    with pytest.raises(ReportError, match="'k-12'"):
        draw(charts.panels, levels, order=["k-12"])


def test_stacked_splits_two_way_groups_and_fills_the_bar(exhibits):
    made = exhibits["stacked"]
    widths = [patch.get_width() for patch in made.axes[0].patches]
    assert widths == [89.0, 11.0, 97.0, 3.0]
    assert set(made.data.columns) >= {"group", "answer"}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("a", str(k), 10.0) for k in range(6)], "6 parts"),
        ([("a", "x", 70.0), ("a", "y", 60.0)], "add up to 130"),
        ([("a", "x", 70.0), ("a", "x", 30.0)], "two rows"),
    ],
)
def test_stacked_refuses_what_is_no_whole(draw, rows, said):
    frame = pd.DataFrame(rows, columns=["group", "answer", "estimate"])
    with pytest.raises(ReportError, match=said):
        draw(charts.stacked, frame)


def test_strip_names_only_the_readers_district(exhibits):
    made = exhibits["strip"]
    assert set(made.data["district_id"]) == {"d5", "a district"}
    assert len(made.data) == 60
    assert any(text.startswith("d5: ") for text in texts_of(made))
    assert "Median 2.70" in texts_of(made)


def test_strip_draws_every_district_once(draw, districts):
    made = draw(charts.strip, districts, log=True, format="fte")
    drawn = [x for line in made.axes[0].lines for x in line.get_xdata() if line.get_marker() == "o"]
    assert sorted(drawn) == pytest.approx(sorted(districts["estimate"]))
    with pytest.raises(ReportError, match="'nowhere'"):
        draw(charts.strip, districts, highlight="nowhere")
    with pytest.raises(ReportError, match="log=True"):
        draw(charts.strip, districts.assign(estimate=0.0), log=True)


def test_scatter_draws_points_and_fitted_lines_as_given(exhibits, positions):
    made = exhibits["scatter"]
    offsets = {tuple(o) for c in made.axes[0].collections for o in np.round(c.get_offsets(), 3)}
    for row in positions.itertuples():
        assert (round(row.enrollment, 3), round(row.salary, 3)) in offsets
    assert {"position 1", "position 7"} <= set(texts_of(made))
    assert "position 2" not in texts_of(made)
    assert any(text.replace("\n", " ") == "Each position once" for text in texts_of(made))


def test_scatter_scales_and_refusals(draw, positions):
    given = {"x": "enrollment", "y": "salary", "x_title": "E", "y_title": "S"}
    made = draw(charts.scatter, positions, **given, log=("x", "y"))
    assert made.axes[0].get_xscale() == made.axes[0].get_yscale() == "log"
    with pytest.raises(ReportError, match="log cannot"):
        draw(charts.scatter, positions.assign(salary=0.0), **given, log=("y",))
    with pytest.raises(ReportError, match="position 99"):
        draw(charts.scatter, positions, **given, label="position", name_points=["position 99"])


def test_intervals_that_hold_zero_are_grey_and_hollow(exhibits):
    faces = {x: face for x, _, face in dots_of(exhibits["intervals"].axes[0])}
    assert faces[1.02] == "#ffffff"
    assert faces[7.64] == "#12436D"
    assert any("the interval includes $0" in note for note in exhibits["intervals"].notes)


def test_a_missing_column_is_named_with_those_there(draw, shares):
    with pytest.raises(ReportError, match=r"'band'.*is not there.*columns: .*group"):
        draw(charts.dots, shares, by="band")
    with pytest.raises(ReportError, match="without rows"):
        draw(charts.dots, shares.head(0))


def test_save_writes_a_slide_a_drawing_or_the_data(exhibits, tmp_path):
    made = exhibits["dots"]
    with Image.open(made.save(tmp_path / "a.png")) as slide:
        assert slide.width > 1080
    assert made.save(tmp_path / "a.svg").read_text().startswith("<?xml")
    assert made.save(tmp_path / "a.csv").read_text() == made.csv()
    with pytest.raises(ReportError, match=r"\.png, \.svg or \.csv"):
        made.save(tmp_path / "a.pdf")


def test_slide_has_room_for_title_and_source(exhibits):
    made = exhibits["dots"]
    plain = Image.open(BytesIO(made.png())).convert("L")
    slide = Image.open(BytesIO(made._slide)).convert("L")
    assert slide.height > plain.height + 200
    top = np.asarray(slide)[60:110]
    foot = np.asarray(slide)[-160:-60]
    assert top.min() < 100
    assert foot.min() < 200


def test_the_csv_holds_the_data_drawn(exhibits):
    for name in CHARTS:
        made = exhibits[name]
        read = pd.read_csv(StringIO(made.csv()))
        assert len(read) == len(made.data)
        assert list(read.columns) == list(made.data.columns)


def test_describe_tells_extremes_of_many_groups():
    frame = pd.DataFrame({"group": list("abcdefg"), "estimate": [1.0, 9, 3, 7, 5, 2, 8]})
    said = charts.describe("Dot chart", "something", frame)
    assert said == "Dot chart of something. Highest b 9, g 8; lowest f 2, a 1. 7 groups in all."


def test_describe_of_nothing_and_of_no_column():
    frame = pd.DataFrame({"group": ["a"], "estimate": [pd.NA]})
    assert "No number is available" in charts.describe("Dot chart", "x", frame)
    with pytest.raises(ReportError, match="no column band"):
        charts.describe("Dot chart", "x", frame, by="band")


def test_pictures_do_not_depend_on_earlier_ones(draw, shares, levels):
    first = hashlib.sha256(draw(charts.dots, shares).png()).hexdigest()
    draw(charts.panels, levels).svg()
    assert hashlib.sha256(draw(charts.dots, shares).png()).hexdigest() == first


def test_a_long_title_is_cut_in_the_message_about_it(draw, shares):
    with pytest.raises(ReportError) as caught:
        draw(charts.dots, shares, title="word " * 80, alt="")
    assert len(str(caught.value)) < 250
