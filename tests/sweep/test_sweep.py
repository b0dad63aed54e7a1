"""Each page is read under many settings; each fault that is looked for would be found."""

from types import SimpleNamespace

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from tests.sweep import checks, runner, settings

from edtech_survey import places
from edtech_survey.reports import exhibits

SEEN = {
    "one, with a plural": ["At 1 students", "of 12 and 1 pairs of them", "1 people look after"],
    "one, with a verb of many": ["1 are clear", "1 district have none"],
    "many, with a singular": ["62 district answered", "of 18 pair."],
    "of one, or of none": ["2 of 1 pairs", "Of 1 national change", "0 of 0 standards"],
    "all two": ["in all two grade bands", "all 1 of them", "each of 1 rows", "both 3 bands"],
    "no of": ["no of 18 positions", "none not at all"],
    "a doubled word": ["the the districts", "In in 2024"],
    "a doubled superlative": ["Highest Heaviest load"],
    "an article": ["a 8% share", "a 11 percent rise", "an 7% share"],
    "doubled signs": ["ended.. Then", "one , two", "said () so", "one,, two", "and . Then"],
    "between and and": ["between 3 and 4 and 5", "between PK and grade 2 and 7"],
    "a range of one value": ["5% to 5%", "from 76 to 76"],
    "a value that is missing": ["NA districts", "about nan", "<NA> of 62", "It was None", "True"],
    "raw Python": ["['a', 'b']", "dtype: object", "<pandas.core object at", "Timestamp(2024)"],
    "text of an error": ["KeyError: 'unit'", "did you mean salary?", "say needs= or so"],
    "Jinja": ["{{ rows }}", "{percent} of", "{% for rows in x %}", "{estimate:number}"],
    "a code": ["4 figures of one_to_one", "ct-2024.one-to-one.pk-2.share", "position_fte"],
    "a number without separators": ["under 70000 dollars", "17200 students"],
    "nobody published": ["Nobody published how many", "that surely holds"],
}
RIGHT = """1 district of 62 answered, and 3 districts did not.
One support person for 1,008 devices: 1 to 1,008, or 1:1.
From 2020 to 2021 the percent rose by 65 points in early elementary, 46 in elementary.
Between 13 and 22 of 62 districts report one, and the U.S. Bureau counts others.
The lowest level is at most 75; 1 is clear, 2 depend on how many answered.
The interval of −0.1 to 21 points is of the THE Journal survey, e.g. of 2017.
`es.shares(evidence, "one_to_one")` gives rows; it had had none. None of these is clear.
Both 2017 and 2020 are shown; grades K-5 have 1:1 devices, 0% to 100%.
An 8% share, an 11% share, a 7% share; $40,000 to $113,667; 0 (−13 to 13).
“Do 1 districts share NA?” was asked, see https://example.org/a_b/10000."""


def page(body: str, *shown: exhibits.Exhibit) -> runner.Read:
    main = BeautifulSoup(f"<main>{body}</main>", "html.parser").find("main")
    return runner.Read(list(runner._lines(main)), list(shown), frozenset(), {}, body, {})


def kinds(found: list[tuple[str, str]]) -> set[str]:
    return {what for what, _ in found}


@pytest.mark.parametrize("pattern", checks.PATTERNS)
def test_each_pattern_finds_what_it_is_for(pattern):
    for text in SEEN[pattern]:
        assert pattern in kinds(list(checks.wrong_words(text))), text


@pytest.mark.parametrize("text", RIGHT.splitlines())
def test_what_is_right_is_not_found(text):
    assert checks.complaints(page(f"<p>{text}</p>")) == []


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("<h2></h2><p>Text.</p>", "an empty heading"),
        ("<h2>Why?</h2><h2>How?</h2><p>Text.</p>", "a heading without a body"),
        ("<p>Text.</p><h2>Why?</h2>", "a heading without a body"),
        ("<p>it begins so.</p>", "a lower case"),
        ("<p>It ends. then it goes on.</p>", "a lower case"),
        ("<p>It ends without its full stop</p>", "no full stop"),
        ("<ul><li> </li></ul><p>So.</p>", "an empty item"),
        ("<ul><li><strong>Pay.</strong></li></ul>", "an empty item"),
        (f"<ul class='findings'><li>{'word ' * 26}.</li></ul>", "a long finding"),
        (f"<ul class='findings'>{'<li>So.</li>' * 4}</ul>", "too many findings"),
        (f"<h1>{'word ' * 30}</h1><p>So.</p>", "a long title"),
    ],
)
def test_what_is_wrong_with_a_page_is_found(body, what):
    assert what in kinds(checks.complaints(page(body)))


def test_the_sample_says_what_it_is():
    assert "no badge" in kinds(checks.complaints(page("<p>Text.</p>"), synthetic=True))
    badge = '<p class="exhibit-badge">SYNTHETIC</p>'
    assert checks.complaints(page(badge), synthetic=True) == []


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"title": "89% of 7 districts"}, "a number of the title that is not in the exhibit"),
        ({"notes": ["word " * 61]}, "long notes"),
        ({"measure": "Percent, with 95% intervals"}, "intervals that are not there"),
        ({"body": '<th scope="col">Interval</th>'}, "a range headed Interval"),
        ({"title": "2 bands, 88.6% at most"}, None),
    ],
)
def test_what_is_wrong_with_an_exhibit_is_found(given, what):
    frame = pd.DataFrame({"name": ["a", "b"], "estimate": [88.6, 40.0], "conf_low": [None, None]})
    said = {"title": "89% or 40%", "measure": "Percent", "body": "", "notes": []} | given
    found = kinds(checks.complaints(page("", exhibits.Exhibit("table", frame, **said))))
    assert found == ({what} if what else set())


def test_a_parameter_without_extremes_is_for_a_person(monkeypatch):
    table = pd.DataFrame({"name": ["shade"]})
    monkeypatch.setattr(settings, "parameters", lambda path: table)
    monkeypatch.setattr(settings, "path_of", lambda name: SimpleNamespace())
    with pytest.raises(LookupError, match="shade"):
        list(settings.settings("01"))


# ---- whole notebooks ----


@pytest.mark.slow
def test_nothing_of_one_run_reaches_the_next():
    first = runner.read("00")
    runner.read("01", data="sample", bands=["pk-2"])
    again = runner.read("00")
    assert (again.text, again.page, again.figures) == (first.text, first.page, first.figures)


@pytest.mark.slow
def test_the_text_is_that_of_the_page_that_papermill_makes(tmp_path):
    from edtech_survey.places import project_root  # noqa: PLC0415
    from edtech_survey.reports.notebooks import run_notebook  # noqa: PLC0415

    made = run_notebook(runner.path_of("00"), tmp_path, cwd=project_root()).read_text("utf-8")
    main = BeautifulSoup(made, "html.parser").find("main")
    assert list(map(str, runner._lines(main))) == list(map(str, runner.read("00").lines))


def test_an_exhibit_that_goes_without_a_word_is_found():
    full = SimpleNamespace(cells={1: ("## Pay", False), 2: ("", True)})
    silent = SimpleNamespace(cells={1: ("## Pay", False), 2: ("", False)})
    told = SimpleNamespace(cells={1: ("## Pay\n\nNo pay was asked.", False), 2: ("", False)})
    assert [what for what, _ in checks.unsaid(silent, full)] == ["an exhibit is gone and unsaid"]
    assert checks.unsaid(told, full) == checks.unsaid(full, full) == []


@pytest.fixture(scope="module")
def looked_over():
    return settings.look_over(settings.NOTEBOOKS)


@pytest.mark.slow
@pytest.mark.parametrize("name", settings.NOTEBOOKS)
def test_nothing_that_can_be_looked_for_is_found(looked_over, name):
    assert looked_over[name] == []


@pytest.mark.slow
@pytest.mark.parametrize("data", ["published", "responses"])
@pytest.mark.parametrize("name", ["01", "02", "04", "05"])
def test_answers_of_a_new_wave_read_as_well_as_figures(new_wave, monkeypatch, name, data):
    monkeypatch.setenv(places.HOME_VARIABLE, str(new_wave))
    page = runner.read(name, data=data)
    assert checks.complaints(page) == []
    assert "2026" in page.text
