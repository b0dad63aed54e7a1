"""The report on one device per student: its words must follow its frames."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import pandas as pd
import pytest

from edtech_survey.reports.claims import unsupported
from edtech_survey.reports.essay import Text
from edtech_survey.reports.findings import one_to_one_exhibits as exhibits
from edtech_survey.reports.findings import one_to_one_now as now
from edtech_survey.reports.findings import one_to_one_prose as paragraphs
from edtech_survey.reports.findings import one_to_one_trends as words
from edtech_survey.reports.findings import survey_waves, verdicts
from edtech_survey.reports.findings.one_to_one_setting import setting
from edtech_survey.shape import figures
from edtech_survey.statistics import trends_checks
from edtech_survey.statistics import changes as trends
from edtech_survey.statistics.changes import state_bounds

BANDS = pd.DataFrame(
    {
        "band": ["pk-2", "3-5", "6-8", "9-12"],
        "label": ["Early elementary", "Elementary", "Middle school", "High school"],
        "grades": ["PK-2", "3-5", "6-8", "9-12"],
    }
)
ITEMS = pd.DataFrame({"item": ["student_device_ratio"], "wording": ["What is the ratio?"]})
CONNECTICUT = {
    2017: ("20%", "43%", "58%", "71%"),
    2020: ("14%", "42%", "61%", "64%"),
    2021: ("79%", "88%", "88%", "94%"),
    2024: ("89%", "97%", "100%", "98%"),
}
BASES = {2024: (53, 58, 58, 57)}


class Report:
    """Every frame that the notebook makes, from a table of printed percents."""

    def __init__(
        self, printed, bases=None, *, bands=(), confidence=0.95, limits="wilson", **choices
    ):
        self.bases = BASES if bases is None else bases
        self.figures = printed_figures(printed, self.bases)
        answered = max([62, *(max(row) for row in self.bases.values())])
        survey = survey_waves.waves_of(sources_of(printed, self.bases, answered), self.figures)
        self.about = setting(
            survey, BANDS, ITEMS, self.figures, chosen=bands, confidence=confidence
        )
        self.joint = choices.pop("joint", False)
        differ = choices.pop("differ", (20.0,))
        self.asked = {"groups": self.about.bands, "population": 205, **choices}
        self.judged = {"confidence": confidence, "limits": limits, **self.asked}
        self.levels = trends.reported_levels(
            self.figures, joint=self.joint, confidence=confidence, **self.asked
        )
        self.told = self._changes(joint=self.joint)
        self.stricter = self._changes(joint=self.joint, limits="clopper-pearson")
        self.gaps = trends.end_gaps(self.figures, joint=self.joint, **self.judged)
        self.gap_changes = trends.end_gap_changes(self.figures, joint=self.joint, **self.judged)
        self.bounds = state_bounds(
            self.figures,
            waves=[survey.last],
            respondents=answered,
            student_coverage=39.0,
            differ=differ,
            **self.asked,
        )
        self.head = words.opening(
            self.levels,
            self.told,
            self.stricter,
            self.gaps,
            self.gap_changes,
            self.bounds,
            self.about,
        )

    def _changes(self, **other):
        return verdicts.read(trends.reported_changes(self.figures, **(self.judged | other)))

    @cached_property
    def other(self):
        return self._changes(joint=not self.joint)

    @cached_property
    def curve(self):
        return trends_checks.curve_fits(self.figures, joint=self.joint, **self.asked)


def printed_figures(printed, bases):
    return figures(
        {
            "figure_id": f"x-{wave}.one-to-one.{band}.share",
            "source": f"x-{wave}",
            "wave": wave,
            "item": "one_to_one",
            "group": band,
            "statistic": "share",
            "printed": text,
            "value": float(text.rstrip("%")),
            "base": bases[wave][at] if wave in bases else pd.NA,
            "base_kind": "derived" if wave in bases else "unknown",
            "population": 205,
            "synthetic": False,
        }
        for wave, texts in printed.items()
        for at, (band, text) in enumerate(zip(BANDS["band"], texts, strict=False))
    )


def sources_of(printed, bases, answered):
    kinds = ["survey report" if wave in bases else "secondary publication" for wave in printed]
    told = [answered if wave == max(printed) else pd.NA for wave in printed]
    return pd.DataFrame(
        {
            "source": [f"x-{wave}" for wave in printed],
            "wave": list(printed),
            "title": "Survey",
            "publisher": "Commission",
            "published": "2024-11-26",
            "fielded": [str(wave) for wave in printed],
            "kind": kinds,
            "mode": pd.NA,
            "answered": pd.array(told, "Int64"),
            "population": 205,
            "units": "districts",
            "synthetic": False,
        }
    )


def frames(made):
    """Frames whose numbers a text may use."""
    kept = [made.levels, made.told, made.gaps, made.gap_changes, made.bounds, made.other]
    return [frame for frame in kept if len(frame)]


@pytest.fixture(scope="module")
def connecticut():
    return Report(CONNECTICUT)


@pytest.fixture(scope="module")
def flat():
    """Nothing changes: no rise may be claimed anywhere."""
    return Report({2020: ("50%", "50%", "50%", "50%"), 2024: ("51%", "52%", "50%", "49%")})


@pytest.fixture(scope="module")
def falling():
    bases = {2020: (60,) * 4, 2024: (60,) * 4}
    return Report({2020: ("90%", "90%", "90%", "90%"), 2024: ("20%", "30%", "90%", "90%")}, bases)


def test_the_headline_of_the_published_percents(connecticut):
    head = connecticut.head
    assert head.title == (
        "One device per student has reached 89% or more of districts in all four grade bands"
    )
    surely, step, unsaid, gap, state = head.findings
    assert "rose by 69 points in early elementary, 54 in elementary, 42 in middle" in surely
    assert "however many districts answered in 2017" in surely
    assert "between 2020 and 2021" in step
    assert "sure for early elementary and elementary." in step
    assert "middle school needs at least 18 and high school needs at least 14" in step
    assert "from 2017 to 2020 in any grade band" in unsaid
    assert "2021 to 2024 in early elementary, elementary and high school" in unsaid
    assert "middle school from 2021 to 2024 and elementary from 2020 to 2021" in unsaid
    assert "51 points above early elementary in 2017 and 10 above" in gap
    assert "at least 14 districts answered in 2017" in gap
    assert "62 of about 205 districts (30%) with 39%" in state
    assert "23% to 97%" in state


def test_every_number_of_the_headline_stands_in_a_frame(connecticut, flat, falling):
    for made in (connecticut, flat, falling):
        head = made.head
        text = " ".join([head.title, head.deck, *head.findings, head.caution])
        assert not unsupported(text, *frames(made), allowed=[62])


def test_no_rise_is_claimed_where_none_holds(flat):
    assert "reached" not in flat.head.title
    assert flat.head.title.startswith("One device per student: whether any grade band changed")
    assert flat.head.findings[0].startswith("Nothing surely changed")
    chart = exhibits.rises(flat.levels, flat.told, flat.about)
    assert "rose" not in chart.title
    assert chart.title == "Whether any grade band changed from 2020 to 2024 is not shown"


def test_a_fall_is_called_a_fall_and_only_where_it_holds(falling):
    title = exhibits.rises_title(verdicts.between(falling.told, [(2020, 2024)]), falling.about)
    assert title == (
        "Early elementary and elementary fell from 2020 to 2024; for the rest no change is certain"
    )
    assert "fell by 70 points in early elementary and 60 in elementary" in falling.head.findings[0]


def test_titles_count_what_holds(connecticut):
    table = exhibits.step_table(
        connecticut.told, connecticut.stricter, connecticut.other, connecticut.about
    )
    assert table.title == (
        "Three of 12 steps between surveys hold; two depend on how many answered; "
        "seven cannot be shown"
    )
    steps = verdicts.between(connecticut.told, [(2020, 2021)])
    assert exhibits.steps_title(steps).startswith("Two of four steps")
    assert exhibits.steps_title(steps.head(2)) == "All two steps between surveys hold"
    assert exhibits.steps_title(steps.tail(1)) == (
        "The one step between the surveys depends on how many answered"
    )


def test_the_table_of_steps_shows_both_other_suppositions(connecticut):
    table = exhibits.step_table(
        connecticut.told, connecticut.stricter, connecticut.other, connecticut.about
    )
    row = table.data.set_index(["group", "wave_from"]).loc[("6-8", 2021)]
    assert list(row[["verdict", "stricter", "other"]]) == ["Holds", "Holds from 24", "Holds"]
    row = table.data.set_index(["group", "wave_from"]).loc[("9-12", 2020)]
    assert list(row[["verdict", "stricter", "other"]]) == [
        "Holds from 14",
        "Holds from 17",
        "Holds",
    ]


def test_the_course_says_when_the_largest_step_came(connecticut):
    chart = exhibits.course(connecticut.levels, connecticut.told, connecticut.about)
    assert chart.title == "The largest step in every grade band came between 2020 and 2021"
    other = Report(
        {2017: ("20%", "90%"), 2020: ("70%", "88%"), 2024: ("72%", "30%")},
        {2024: (50, 50)},
        bands=["pk-2", "3-5"],
    )
    title = exhibits.course_title(other.levels, other.told, other.about)
    assert title == (
        "The largest step came at different times: early elementary 2017 to 2020 and "
        "elementary 2020 to 2024"
    )


def test_the_gap_is_said_to_close_only_where_that_holds(connecticut):
    open_ = now.gap_chart(connecticut.gaps, connecticut.gap_changes, connecticut.about)
    assert open_.title == (
        "The gap between high school and early elementary was 51 points in 2017, 10 in 2024"
    )
    sure = Report(CONNECTICUT, dict.fromkeys(CONNECTICUT, (100,) * 4))
    closed = now.gap_chart(sure.gaps, sure.gap_changes, sure.about)
    assert closed.title == (
        "The gap between high school and early elementary closed, from 51 points to 9"
    )
    assert "is sure" in paragraphs.gap_moved(sure.levels, sure.gap_changes, sure.about)


def test_the_gap_that_was_picked_is_judged_as_picked(connecticut):
    text = paragraphs.after_gap(
        connecticut.levels, connecticut.gaps, connecticut.gap_changes, connecticut.about
    ).plain
    assert "middle school, and the lowest, early elementary, are 11 points apart" in text
    assert "holds (3 to 23 points)" in text
    assert "no gap is shown (0 to 28 points)" in text
    apart = Report({2020: ("10%", "50%", "50%", "90%"), 2024: ("10%", "50%", "50%", "90%")}, {
        2020: (60,) * 4, 2024: (60,) * 4,
    })  # fmt: skip
    assert (
        "some gap there surely is"
        in paragraphs.after_gap(apart.levels, apart.gaps, apart.gap_changes, apart.about).plain
    )


def test_levels_and_bounds_print_what_was_computed(connecticut):
    levels = now.level_table(connecticut.levels, connecticut.about)
    assert levels.title == "89% to 100% of responding districts had one device per student in 2024"
    assert "47 of 53" in levels.html()
    assert "89% (79 to 95)" in levels.html()
    assert "89% (77 to 95)" in levels.html()
    bounds = now.bounds_table(connecticut.bounds, connecticut.about)
    assert bounds.title.endswith("as low as 23%")
    assert list(bounds.data["anything"]) == [
        "23 to 97%", "27 to 99%", "28 to 100%", "27 to 100%",
    ]  # fmt: skip
    wider = Report(CONNECTICUT, differ=(5.0, 30.0))
    shown = now.bounds_table(wider.bounds, wider.about).data
    assert {"within_5", "within_30"} <= set(shown.columns)
    assert (shown["within_30_low"] < shown["within_5_low"]).all()


def test_prose_names_the_close_calls_and_what_one_base_needs(connecticut):
    text = paragraphs.after_steps(
        connecticut.told,
        connecticut.stricter,
        connecticut.other,
        connecticut.levels,
        connecticut.about,
    ).plain
    assert "middle school from 2021 to 2024, by 0.5 points" in text
    assert "at least 65 in 2017, 36 in 2020 and 33 in 2021" in text
    assert "five of 12 steps hold" in text
    assert "53 to 58 answers, so the supposition was not met" in text


def test_prose_on_the_curve_follows_its_test(connecticut):
    text = paragraphs.after_course(
        connecticut.told, connecticut.curve, connecticut.figures, connecticut.about
    ).plain
    assert "misses the percents in all four grade bands if at least 20 districts" in text
    assert "like a jump" in text
    even = Report(
        {2017: ("20%",), 2020: ("50%",), 2024: ("85%",)},
        dict.fromkeys((2017, 2020, 2024), (60,)),
        bands=["pk-2"],
    )
    text = paragraphs.after_course(even.told, even.curve, even.figures, even.about).plain
    assert "is not ruled out" in text
    assert "jump" not in text


def test_known_bases_are_not_called_unpublished():
    made = Report(CONNECTICUT, dict.fromkeys(CONNECTICUT, (100,) * 4))
    said = paragraphs.how_judged(made.levels, made.about).plain
    assert "comes with the number of districts" in said
    assert "nobody published" not in " ".join(made.head.findings)
    assert "known only" not in made.head.caution
    table = exhibits.step_table(made.told, made.stricter, made.other, made.about)
    assert "If one number" not in table.html()
    assert not any("could have printed" in note for note in table.notes)


def test_one_wave_and_one_band_degrade_into_notes():
    made = Report({2024: ("89%",)}, {2024: (53,)}, bands=["pk-2"])
    assert (
        made.head.title
        == "In 2024, 89% of districts had one device per student in early elementary"
    )
    assert "47 of 53 districts in early elementary" in made.head.findings[0]
    for shown in (
        exhibits.rises(made.levels, made.told, made.about),
        exhibits.step_table(made.told, made.stricter, made.other, made.about),
        now.gap_chart(made.gaps, made.gap_changes, made.about),
    ):
        assert isinstance(shown, Text)
    assert exhibits.course(made.levels, made.told, made.about).title.startswith("89% of responding")
    assert paragraphs.after_rises(made.told, made.about).plain == ""
    assert paragraphs.after_gap(made.levels, made.gaps, made.gap_changes, made.about).plain == ""


def test_every_setting_changes_what_is_said():
    ends = {"bands": ["pk-2", "9-12"]}
    base = " ".join(Report(CONNECTICUT, **ends).head.findings)
    changed = {
        "min_base": Report(CONNECTICUT, min_base=30, **ends),
        "confidence": Report(CONNECTICUT, confidence=0.8, **ends),
        "limits": Report(CONNECTICUT, limits="clopper-pearson", **ends),
        "joint": Report(CONNECTICUT, joint=True, **ends),
        "bands": Report(CONNECTICUT, bands=["6-8", "pk-2"]),
        "waves": Report({wave: CONNECTICUT[wave] for wave in (2020, 2024)}, **ends),
    }
    for name, made in changed.items():
        assert " ".join(made.head.findings) != base, name
    assert changed["bands"].about.bands == ["pk-2", "6-8"]
    assert changed["confidence"].about.level == "80%"
    assert (
        "from 30 up"
        in paragraphs.how_judged(changed["min_base"].levels, changed["min_base"].about, 30).plain
    )
    assert (
        "all grade bands at once"
        in paragraphs.how_judged(changed["joint"].levels, changed["joint"].about, 1, True).plain
    )


def test_computers_added_are_told_with_their_figure_and_never_for_the_sample(connecticut):
    row = figures(
        [
            {"figure_id": "n.pandemic", "item": "pandemic_devices", "group": "all",
             "publication": "ct-commission-2021", "value": 142000.0, "printed": "142000"}
        ]
    )  # fmt: skip
    about = connecticut.about
    text = paragraphs.after_course(connecticut.told, connecticut.curve, row, about).plain
    assert "142,000 computers" in text
    assert paragraphs.computers_added(row)["figure_id"].tolist() == ["n.pandemic"]
    sample = replace(about, waves=replace(about.waves, synthetic=True))
    text = paragraphs.after_course(connecticut.told, connecticut.curve, row, sample).plain
    assert "142,000" not in text
    early = Report({2017: CONNECTICUT[2017], 2020: CONNECTICUT[2020], 2024: CONNECTICUT[2024]})
    text = paragraphs.after_course(early.told, early.curve, row, early.about).plain
    assert "142,000" not in text


def test_alternative_texts_say_what_the_pictures_show(connecticut):
    for chart in (
        exhibits.rises(connecticut.levels, connecticut.told, connecticut.about),
        exhibits.course(connecticut.levels, connecticut.told, connecticut.about),
        now.gap_chart(connecticut.gaps, connecticut.gap_changes, connecticut.about),
    ):
        assert not unsupported(chart.alt, *frames(connecticut), allowed=[4])
        assert not unsupported(chart.title, *frames(connecticut))


def test_same_districts_are_a_note_without_answers_and_a_table_with_them(connecticut):
    none = trends_checks.district_changes(None, waves=connecticut.about.waves.years)
    assert isinstance(now.district_table(none, connecticut.about), Text)
    answers = pd.DataFrame(
        {
            "wave": [2020] * 40 + [2024] * 40,
            "district_id": [f"d{at}" for at in range(40)] * 2,
            "band": "pk-2",
            "ratio": ["1:1"] * 10 + ["2:1"] * 30 + ["1:1"] * 35 + ["2:1"] * 5,
        }
    )
    told = trends_checks.district_changes(answers, groups=["pk-2"])
    table = now.district_table(told, connecticut.about)
    assert table.title == "The same districts tell the same story in one of one comparisons"
    assert "+63" in table.html()
