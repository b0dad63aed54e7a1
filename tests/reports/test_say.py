"""What a sentence may not claim, and what it may not carry."""

import re
from types import SimpleNamespace

import pandas as pd
import pytest
from IPython.utils.capture import capture_output
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from tests.reports.saying import MIXED, SURE, known, levels, moves

from edtech_survey.reports import origins, say
from edtech_survey.reports.filters import SayError
from edtech_survey.reports.html import clean
from edtech_survey.shape import DEPENDS, HOLDS, NOT

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[pay](javascript:alert(1))",
    "![x](http://evil.example/x.png)",
    "http://evil.example www.evil.example a@evil.example",
    "**bold** _it_ `code` ~~gone~~ $x^2$ a|b",
    "# heading",
    "- item",
    "1. item",
    "> quote",
    "a\n\n# heading\n\n---",
    "{{ 7 * 7 }} {% for x in y %}",
    "\u202egnp.exe",
    "[ref]: http://evil.example",
)


@pytest.fixture(autouse=True)
def evidence():
    origins.remember(known())
    yield
    origins.remember(known())


def said(text, **names):
    return say.render(text, names)


# ------------------------------------------------------------------ numbers


def test_numbers_are_written_as_a_reader_meets_them():
    told = said(
        "{{ a | percent }} {{ a | percent(1) }} {{ b | points }} {{ c | number }} "
        "{{ b | signed }} {{ n | count('district') }} {{ w | years }} {{ level | level }}",
        a=88.5, b=-1.0, c=1008, n=1, w=[2020, 2021, 2022], level=0.95,
    )  # fmt: skip
    assert told == "89% 88.5% −1 point 1,008 −1 1 district 2020 to 2022 95%"
    # A dollar sign is never taken for a formula.
    told = said("between {{ a | dollars }} and {{ b | dollars }}", a=90000.0, b=116668.4)
    assert told == "between &#36;90,000 and &#36;116,668"
    assert "between $90,000 and $116,668" in markdown2html_mistune(told)


def test_rows_are_told_with_their_unit_once():
    rows = moves(*SURE)
    assert said("{{ rows | each('{points} in {name}') }}", rows=rows) == (
        "69 points in early elementary and 54 in elementary"
    )
    assert said("{{ rows | span }}", rows=rows) == "54 to 69 points"
    assert said("{{ rows | span }}", rows=levels().tail(4)) == "89% to 100%"
    assert said("{{ rows | each('{value}') }}", rows=rows) == "+69 and +54"
    told = said("{{ rows | highest | each('{name}') }}", rows=rows.assign(estimate=54.0))
    assert told == "early elementary and elementary"


def test_an_interval_that_holds_zero_says_so_after_rounding():
    row = moves((10.0, NOT)).assign(conf_low=-0.12, conf_high=21.4)
    assert said("{{ row | between }}", row=row) == "−0.1 to 21 points"


def test_a_kind_of_number_follows_from_statistic_and_item():
    pay = pd.DataFrame({"item": ["salary"], "statistic": "mean", "estimate": 116668.0,
                        "conf_low": 110000.0, "conf_high": 120000.0})  # fmt: skip
    told = said("{{ row | each('{value} ({low} to {high})') }}", row=pay)
    assert told == "&#36;116,668 (&#36;110,000 to &#36;120,000)"


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a\n{{ x }} b", r"{{ x }} b: a bare number .* percent"),
        ("{{ rows }}", "a DataFrame in a sentence; write rows with each"),
        ("{{ rows['estimate'] }}", "a Series in a sentence"),
        ("{{ none | percent }}", "percent: the value is missing; say needs="),
        ("{{ rowz | span }}", "'rowz' is undefined; did you mean rows"),
        ("{{ x | percnt }}", "No filter named 'percnt'.*did you mean percent"),
        ("{{ x | safe }}", "No filter named 'safe'"),
        ("{{ x | int }}", "No filter named 'int'"),
        ("{{ rows | each('{nam}') }}", "no such column.*did you mean name"),
        ("{{ rows | each('{base}') }}", "{base}: the value is missing"),
        ("{{ rows | each('{conf_low}') }}", "say how, as in {conf_low:percent}"),
        ("{{ rows | each('{conf_low:percnt}') }}", "no filter 'percnt'; did you mean percent"),
        ("{{ rows | percent }}", r"of rows say each\('{percent}'\)"),
        ("{{ name | percent }}", "percent: takes a number, not a str"),
        ("{{ rows.head(0) | span }}", "span: there are no rows; say needs="),
        ("{{ rows | the('name') }}", "name has 16 values|name has 4 values"),
        ("{% if rows %}x{% endif %}", "truth value.*say needs="),
        ("{{ rows | tell }}", "carry no verdict"),
        ("{{ rows | between }}", "takes one row, not 16"),
        ("{% for r in x %}{% endfor %}", "not iterable"),
    ],
)
def test_what_cannot_be_said_is_an_error_that_names_the_way_out(text, why):
    with pytest.raises(SayError, match=f"(?s){why}"):
        said(text, x=88.7, rows=levels(), none=pd.NA, name="a")


# ------------------------------------------------------------------ hostile text


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "where",
    [
        "{{ x }}",
        "a {{ x }}",
        "{{ [x] | join }}",
        "{{ rows | each('{name}') }}",
        "- {{ x | sentence_start }}",
        "<details>{{ x }}</details>",
    ],
)
def test_text_of_a_survey_is_shown_and_never_obeyed(text, where):
    rows = levels().head(1).assign(name=text)
    page = clean(markdown2html_mistune(said(where, x=text, rows=rows)))
    assert not re.search(r"<(script|img|a|strong|em|code|del|h1|ol|blockquote)[ >]", page)
    assert page.count("<li") == where.startswith("-")
    assert "\u202e" not in page
    assert "49" not in page


# ------------------------------------------------------------------ verdicts


def test_a_verb_is_as_strong_as_the_weakest_label():
    def verb(*rows, **columns):
        return said("{{ rows | verb }}", rows=moves(*rows, **columns))

    assert verb(*SURE) == "rose"
    assert verb((-69.0, HOLDS)) == "fell"
    assert verb((69.0, HOLDS), (42.0, DEPENDS)) == "was higher"
    assert verb((69.0, HOLDS), (-42.0, HOLDS)) == "rose in some and fell in others"
    assert verb((69.0, HOLDS), (5.0, NOT)) == "changed clearly in some only"
    assert verb((9.0, DEPENDS), (5.0, NOT)) == "changed clearly in some only, if enough answered"
    assert verb((5.0, NOT), (-5.0, NOT)) == "showed no clear change"
    assert verb(*SURE, statistic="gap_change") == "widened"
    assert verb(*SURE, statistic="difference") == "was higher"
    with pytest.raises(SayError, match="no words for 'rank'"):
        verb(*SURE, statistic="rank")
    # Words of the author are still chosen by the label.
    text = "{{ rows | verb('pay more', 'pay less', 'show no link') }}"
    assert said(text, rows=moves((1.0, HOLDS), statistic="slope")) == "pay more"
    assert said(text, rows=moves((1.0, NOT), statistic="slope")) == "show no link"
    assert said(text, rows=moves((-1.0, DEPENDS))) == "pay less, if enough answered"


def test_one_clause_a_verdict():
    assert said("It {{ rows | tell }}.", rows=moves(*MIXED)) == (
        "It rose by 69 points in early elementary; it was higher by 42 points in elementary; "
        "it showed no clear change in middle school."
    )
    assert said("{{ rows | tell('{points}') }}", rows=moves((-9.0, HOLDS))) == "fell by 9 points"
    assert said("{{ rows | tell }}", rows=moves((9.0, NOT))) == (
        "showed no clear change in early elementary"
    )


def test_how_sure_alone_and_together():
    rows = moves(*SURE).assign(
        family=16,
        label_together=[HOLDS, DEPENDS],
        holds_together_from=pd.array([pd.NA, 20], "Int64"),
    )
    assert said("{{ rows | holds }}", rows=rows) == (
        "Each of these is clear, however many districts answered in 2017. When all 16 comparisons "
        "of this kind are taken together, in early elementary this is clear, however many "
        "districts answered in 2017; in elementary it is clear if 20 or more districts answered in "
        "2017."
    )
    assert "The same is true when all 16" in said("{{ rows | holds }}", rows=rows.head(1))
    assert said("{{ rows | holds }}", rows=moves(*MIXED)) == (
        "In early elementary this is clear, however many districts answered in 2017; in elementary "
        "it is clear if 18 or more districts answered in 2017; there is no clear change in middle "
        "school."
    )
    never = moves((9.0, DEPENDS)).assign(holds_from_base=pd.NA)
    assert said("{{ rows | holds }}", rows=never) == (
        "Whether that is clear depends on how many answered in 2017."
    )
    known_bases = moves(*SURE).assign(silent=[[], []])
    assert said("{{ rows | holds }}", rows=known_bases) == "Each of these is clear."


def test_a_supposition_is_said_wherever_its_rows_are():
    rows = moves(*MIXED, supposed="at least 30 districts answered in 2017")
    for name in ("verb", "tell", "holds", "tally"):
        told = said(f"{{{{ rows | {name} }}}}", rows=rows)
        assert "(supposing that at least 30 districts answered in 2017)" in told
        assert "however many" not in told
    at_half = moves(*SURE, supposed="50% confidence is enough")
    assert said("It {{ rows | verb }}.", rows=at_half) == "It rose (at 50% confidence)."


def test_rows_of_two_periods_or_without_a_known_label_make_no_verdict():
    rows = moves(*SURE).assign(period=["2017 to 2020", "2020 to 2021"])
    for name in ("verb", "tell", "holds"):
        with pytest.raises(SayError, match=r"one period, not .*loop over by\('period'\)"):
            said(f"{{{{ rows | {name} }}}}", rows=rows)
    assert said("{{ rows | tally('change') }}", rows=rows) == "both changes are clear"
    assert said("{{ rows | tally('step', 'since then') }}", rows=rows.head(1)) == (
        "the step since then is clear"
    )
    assert said("{{ rows | tally('step', 'since then') }}", rows=moves(*MIXED)).startswith(
        "of 3 steps since then, 1 is clear, 1 depends on"
    )
    assert said("{{ rows | tally }}", rows=rows) == "2 are clear"
    assert said("{{ rows | tally }}", rows=moves(*MIXED)) == (
        "1 is clear, 1 depends on how many answered and 1 shows no clear change"
    )
    with pytest.raises(SayError, match="none of"):
        said("{{ rows | verb }}", rows=moves(*SURE).assign(label="surely"))
    with pytest.raises(SayError, match="none of"):
        said("{{ rows | verb }}", rows=moves(*SURE).assign(label=[HOLDS, pd.NA]))


# ------------------------------------------------------------------ the survey, its sources


def test_who_answered_and_what_is_not_known():
    about = SimpleNamespace(answered=62, population=205, silent=[2017, 2020], last=2024)
    about.synthetic, about.place, about.units = False, "Here", "districts"
    about.question = "How *many*?"
    assert said("{{ about | answered }}", about=about) == (
        "62 of 205 Here districts in 2024; how many answered in 2017 and 2020 is not in the "
        "sources used here."
    )
    about.answered = None
    assert said("{{ about | answered }}", about=about).startswith("How many answered in 2017")
    assert said("{{ about | question }}", about=about) == (
        "The question in 2024: “How &#42;many&#42;?”"
    )


def test_references_follow_from_the_column_method():
    assert said("{{ rows | methods }}", rows=levels()) == "Konijn 1973."


def test_the_list_of_sources_is_of_what_was_shown_and_said():
    assert said("{{ sources() }}").strip() == ""
    rows = levels()
    said("{{ rows | span }}", rows=rows[rows["wave"].isin([2017, 2024])])
    told = said("{{ sources() }}")
    assert "**2017 and 2024:** " in told
    assert "<b>" not in told
    assert 'download="figures.csv"' in told
    assert "(2 rows)" in told


# ------------------------------------------------------------------ the magic


def cell(ip, line, text, **names):
    ip.user_ns.update(names)
    with capture_output() as out:
        ip.run_cell_magic("say", line, text)
    return "".join(output.data["text/markdown"] for output in out.outputs)


def test_zero_rows_say_what_stands_after_else_under_the_same_heading(shell):
    text = "## How sure?\nIt {{ rows | tell }}.\n%%else\nOne survey shows no change.\n"
    full = cell(shell, "needs=rows", text, rows=moves(*SURE))
    assert full.startswith("## How sure?\nIt rose by 69 points")
    assert cell(shell, "needs=rows", text, rows=moves()) == (
        "## How sure?\n\nOne survey shows no change."
    )
    assert cell(shell, "needs=rows", "## A\n{{ rows | tell }}", rows=moves()) == ""
    loop = "{% for r in rows | by('period') %}x{% else %}nothing{% endfor %}"
    assert cell(shell, "", loop, rows=moves()) == "nothing"


def test_a_wrong_first_line_is_refused(shell):
    with pytest.raises(SayError, match=r"needs=frame.*not 'need=rows'"):
        cell(shell, "need=rows", "x")
    with pytest.raises(SayError, match="no such name; did you mean rows"):
        cell(shell, "needs=row", "x", rows=levels())


def test_a_page_of_the_sample_says_so_after_its_title(shell):
    origins.remember(SimpleNamespace(**(vars(known()) | {"synthetic": True})))
    told = cell(shell, "", "# A title\n\ntext")
    assert told.startswith("# A title\n\n<p class=")
    assert "SYNTHETIC" in told
    assert "SYNTHETIC" not in cell(shell, "", "## Another\ntext")


def test_estimates_show_what_one_reads_first_and_other_frames_as_they_are(shell):
    html = shell.display_formatter.formatters["text/html"]
    told = html(moves(*SURE, base=57))
    heads = re.findall(r"<th scope=\"col\"[^>]*>([^<]*)<", told)
    assert heads == ["Grade band", "Estimate", "Verdict", "Answered", "Source"]
    assert "+69" in told
    assert '<span class="interval">(57 to 78)</span>' in told
    assert "Also in this frame:" in told
    assert "..." not in told
    assert "2 rows" in told
    plain = pd.DataFrame({"estimate": [1.5]})
    assert html(plain) == plain._repr_html_()
