"""The words of the audit follow its frames: other numbers, other words."""

import pandas as pd
import pytest

from edtech_survey.errors import ReportError
from edtech_survey.reports.claims import unsupported
from edtech_survey.reports.exhibit import Figure, Table, Text
from edtech_survey.reports.findings import (
    audit_exhibits,
    audit_headline,
    audit_lists,
    audit_possible,
    audit_prose,
    audit_setting,
    folds,
)

SOURCES = pd.DataFrame(
    {
        "source": ["st-2024", "poll-2023", "facts"],
        "publisher": ["State Board", "A Weekly, on a survey by Acme", "various; see elsewhere"],
        "title": ["Staff: a report", "Leaders speak", "Facts: a collection"],
        "published": ["2024-11-26", "2023", "2003 to 2026"],
        "series": ["ct", None, None],
        "wave": [2024, 2023, None],
        "answered": [40, None, None],
        "synthetic": False,
    }
)
PUBLICATIONS = pd.DataFrame(
    {"publication": ["news-2020"], "publisher": ["The News, city desk"], "published": ["2020-05"]}
)
ITEMS = pd.DataFrame(
    {
        "item": ["listed", "ratio", "worry", "sharing", "position_salary", "one_to_one"],
        "label": ["Respondents", "Devices per person", "Worries", "Sharing", "Salary", "1:1"],
    }
)
POSITIONS = pd.DataFrame({"position": ["network_engineer"], "label": ["Network Engineer"]})
BANDS = pd.DataFrame({"band": ["pk-2"], "grades": ["PK-2"]})

FINDINGS = [
    ("respondents:r", "respondents", "impossible", "st-2024", "listed", "n;l1;l2",
     "40 stated, 2 listed", "38 too few in the list"),
    ("quotient:q", "quotient", "only by rounding", "st-2024", "ratio", "q1;q2",
     "900 / 3 = 300, printed 301; 301 needs a divisor of 2.99 to 2.995", "does not follow"),
    ("counts_and_percents:s", "counts_and_percents", "suspicious", "st-2024", "sharing", "s1;s2",
     "30 is 77%: bases that print so: 39", "the percents are of 39"),
    ("small_bases:st-2024.position_salary.means", "small_bases", "suspicious", "st-2024",
     "position_salary", "p1",
     "means over fewer than 10, 2 respondents named: network_engineer $80,000 over 3",
     "each of the 3 can work out what the other 2 have on average"),
    ("small_bases:st-2024.sharing.counts", "small_bases", "suspicious", "st-2024", "sharing",
     "s1", "counts of one or two, 2 respondents named: some count 1; network_engineer max 9",
     "one is alone with the answer"),
    ("percent_base:w1", "percent_base", "impossible", "poll-2023", "worry", "w1",
     "61% of 30: 18 of 30 is 60.0% and 19 of 30 is 63.3%, nothing between", "not a share of 30"),
    ("percent_base:w2", "percent_base", "passed", "poll-2023", "worry", "w2",
     "90% is 27 of 30", "can be shares of that base"),
    ("percent_base:f", "percent_base", "untestable", "facts", "3 items", "f1",
     "one percent: no base is printed (news-2020)", "cannot be told"),
]  # fmt: skip


def findings(rows=FINDINGS):
    names = ["finding_id", "check", "grade", "source", "item", "figure_ids", "arithmetic",
             "implication"]  # fmt: skip
    return pd.DataFrame(rows, columns=names).assign(advice="look", reference="GRIM")


FIGURES = pd.DataFrame(
    {
        "figure_id": ["n", "l1", "l2", "q1", "q2", "s1", "s2", "p1", "w1", "w2", "f1"],
        "source": ["st-2024"] * 8 + ["poll-2023"] * 2 + ["facts"],
        "wave": pd.array([2024] * 8 + [2023] * 2 + [2003], dtype="Int64"),
        "item": ["listed"] * 3 + ["ratio"] * 2 + ["sharing"] * 2
        + ["position_salary", "worry", "worry", "one_to_one"],
        "group": ["all"] * 5 + ["some", "all", "network_engineer", "too-few", "pk-2|1:1", "all"],
        "value": [40.0, None, None, 301, 900, 30, 77, 80000, 61, 90, 12],
        "unit": ["districts"] * 7 + ["usd"] + ["percent"] * 3,
        "base": pd.array([None] * 7 + [3, 30, 30, None], dtype="Int64"),
        "note": [None] * 10 + ["repeat of w1"],
        "locator": "p. 1",
        "synthetic": False,
    }
)  # fmt: skip


def about(rows=FINDINGS, **changes):
    given = {"figures": FIGURES, "sources": SOURCES, "chosen": (), "threshold": 10, **changes}
    return audit_setting.setting(
        findings(rows), given["figures"], given["sources"], PUBLICATIONS, ITEMS, POSITIONS, BANDS,
        chosen=given["chosen"], threshold=given["threshold"],
    )  # fmt: skip


def percents(off=1, fit=1, untested=1):
    tested = pd.Series([0, off + fit, 0])
    return pd.DataFrame(
        {"source": ["st-2024", "poll-2023", "facts"], "off": [0, off, 0], "fit": [0, fit, 0],
         "tested": tested, "untested": [0, 0, untested],
         "percents": tested + pd.Series([0, 0, untested])}
    )  # fmt: skip


def questions(bases="18, 23", found=2, fits=False, left=7):
    return pd.DataFrame(
        {"source": ["poll-2023"], "item": ["worry"], "printed": ["61%, 90%"], "mode": "separate",
         "stated": pd.array([30], dtype="Int64"), "bases": [bases], "found": [found],
         "left_out": pd.array([left], dtype="Int64"),
         "left_out_percent": pd.array([None if left is None else 100 * left / 30], "Float64"),
         "fits": [fits], "figure_ids": ["w1;w2"]}
    )  # fmt: skip


def bases(joint="18, 23", found=2, fits=False):
    return pd.DataFrame(
        {"figure_id": ["w1", "w2", "all together"], "item": ["worry", "worry", "all together"],
         "group": ["too-few", "pk-2|1:1", "all together"],
         "printed": ["61%", "90%", "61%, 90%"], "stated": 30,
         "bases": ["18, 23, 28", "10, 20-21, 29-30", joint], "found": [3, 5, found],
         "fits": [False, True, fits]}
    )  # fmt: skip


# Headline


def test_the_title_counts_percents_that_are_no_share():
    assert audit_headline.title(percents(off=3), about()) == (
        "Three printed percents are not shares of the number stated"
    )
    one = audit_headline.title(percents(off=1), about())
    assert one == "One printed percent is not a share of the number stated"


def test_without_such_percents_the_title_falls_back_to_what_there_is():
    assert "counts 40 districts and lists 2" in audit_headline.title(percents(off=0), about())
    calm = [row for row in FINDINGS if row[2] in ("passed", "untestable")]
    nothing = audit_headline.title(percents(off=0), about(calm))
    assert nothing == "Nothing in these published figures contradicts itself"
    mild = [row for row in FINDINGS if row[2] == "suspicious"]
    assert audit_headline.title(percents(off=0), about(mild)).startswith("Nothing impossible")


def test_every_number_of_the_headline_stands_in_a_frame():
    made = audit_headline.opening(percents(), questions(), about())
    frames = (about().told, FIGURES, percents(), questions())
    counted = {"listed": 2, "figures": 11, "sources": 3, "of one": 1}
    for text in (made.title, made.deck, *made.findings):
        assert unsupported(text, *frames, allowed=counted.values()) == []


def test_each_key_finding_needs_its_finding():
    leads = "\n".join(audit_headline.opening(percents(), questions(), about()).findings)
    for lead in ("lists 2", "Acme, 2023", "Right only by rounding", "Small groups", "cannot be"):
        assert lead in leads
    fewer = [row for row in FINDINGS if row[1] not in ("respondents", "quotient", "small_bases")]
    rest = "\n".join(audit_headline.opening(percents(), questions(), about(fewer)).findings)
    for lead in ("lists 2", "Right only by rounding", "Small groups"):
        assert lead not in rest


def test_bases_that_would_fit_are_named_only_where_they_are_few():
    few = "\n".join(audit_headline.opening(percents(), questions(), about()).findings)
    assert "Only 18 or 23 respondents would fit all percents on “Worries”" in few
    many = audit_headline.opening(percents(), questions("1-9", 9), about())
    assert "would fit" not in "\n".join(many.findings)


def test_made_up_sources_are_said_to_be():
    made_up = FIGURES.assign(synthetic=FIGURES["source"].eq("st-2024"))
    setting = about(figures=made_up)
    assert setting.synthetic
    assert "SYNTHETIC" in audit_headline.opening(percents(), questions(), setting).html()
    assert "SYNTHETIC" in audit_exhibits.own_report(setting).html()
    assert not about(figures=made_up, chosen=["poll-2023"]).synthetic


# Setting


def test_only_chosen_sources_are_told():
    assert about(chosen=["facts"]).sources == ["facts"]
    with pytest.raises(ReportError, match="'nowhere'"):
        about(chosen=["nowhere"])


def test_slugs_become_words():
    told = about().told.set_index("finding_id")
    assert "Network Engineer $80,000" in told.loc["small_bases:st-2024.position_salary.means",
                                                  "shown"]  # fmt: skip
    assert "(The News, 2020)" in told.loc["percent_base:f", "shown"]
    assert told.loc["percent_base:w1", "about"] == "Worries: too few"
    assert told.loc["percent_base:w2", "about"] == "Worries: PK-2, 1:1"


def test_figures_of_the_evidence_keep_their_repeated_printings():
    state = FIGURES.loc[FIGURES["source"].eq("st-2024")]
    new = state.head(1).assign(figure_id="new", source="st-2026")
    evidence = pd.concat([state.head(2), new])
    made = audit_setting.figures_to_audit(FIGURES, evidence, FIGURES.tail(1))
    assert set(made["source"]) == {"st-2024", "st-2026", "facts"}
    assert len(made) == len(state) + 1 + 1
    assert made["figure_id"].is_unique


# Exhibits


def test_the_overview_adds_up():
    counts = pd.DataFrame(
        {"source": ["st-2024", "poll-2023"], "impossible": [1, 1], "only by rounding": [1, 0],
         "suspicious": [3, 0], "untestable": [0, 0], "passed": [0, 1], "findings": [5, 2]}
    )  # fmt: skip
    made = audit_exhibits.overview(counts, about())
    assert made.title == "1 test passed; two found what cannot be right as printed"
    assert made.data.set_index("name").loc["All", ["impossible", "suspicious"]].tolist() == [2, 3]
    assert "Untestable" not in made.html()


def test_the_state_s_own_report_leads_with_its_list():
    made = audit_exhibits.own_report(about())
    assert made.title == "The 2024 report counts 40 districts and lists 2"
    assert set(made.data["check"]) == {"respondents", "quotient", "counts_and_percents"}
    without = [row for row in FINDINGS if row[1] != "respondents"]
    assert audit_exhibits.own_report(about(without)).title.startswith("Two findings to check")
    none = audit_exhibits.own_report(about(chosen=["facts"]))
    assert isinstance(none, Text)
    assert not isinstance(none, Table)


def test_possible_bases_say_which_numbers_fit():
    made = audit_possible.possible_bases(bases(), about(), id="x")
    assert isinstance(made, Figure)
    assert made.title == "Only 18 or 23 respondents fit both percents, not 30"
    assert "Can be a share of 30: 90%; cannot: 61%" in made.alt
    assert unsupported(made.title + made.alt, made.data) == []
    none = audit_possible.possible_title(bases("", 0))
    assert none == "One of two percents cannot be shares of the 30 stated"
    fit = audit_possible.possible_title(bases("30", 1, fits=True))
    assert fit == "Both percents can be shares of 30"
    assert "is not among" in repr(
        audit_possible.possible_bases(bases(), about(chosen=["facts"]), id="x")
    )


def test_questions_that_fit_are_counted_not_listed():
    made = audit_exhibits.question_table(questions(), about())
    assert made.title == "One of one questions does not fit the number of respondents stated"
    assert "7 (23%)" in made.html()
    assert (
        "no number fits"
        in audit_exhibits.question_table(questions("", 0, left=None), about()).html()
    )
    fits = audit_exhibits.question_table(questions("30", 1, fits=True, left=0), about())
    assert repr(fits) == "Every question with a stated number of respondents fits it."


def test_small_groups_say_over_how_few():
    made = audit_lists.small_groups(about(threshold=7))
    assert made.title == "Means over as few as 3 respondents stand beside a list of names"
    page = made.html()
    assert "below 7 respondents" in page
    assert "some (1); Network Engineer largest 9" in page
    counts = [row for row in FINDINGS if not row[0].endswith(".means")]
    assert "stand out" in audit_lists.small_groups(about(counts)).title


def test_lists_are_folded_by_source_and_can_be_left_out():
    found = audit_lists.everything(about())
    assert isinstance(found, folds.Folds)
    assert [len(table.data) for table in found.tables] == [5, 1]
    assert {"n", "w1"} <= set(found.figure_ids)
    passed = audit_lists.rest(about())
    assert [len(table.data) for table in passed.tables] == [1, 1]
    short = audit_lists.rest(about(), show=False)
    assert "1 test passed; 1 could not be made" in repr(short)
    assert not isinstance(short, folds.Folds)


def test_checks_are_told_as_questions():
    counts = pd.DataFrame(
        {"check": ["respondents", "extremes"], "impossible": [1, 0], "only by rounding": 0,
         "suspicious": 0, "untestable": 0, "passed": [0, 4], "findings": [1, 4]}
    )  # fmt: skip
    asked = pd.DataFrame({"name": ["extremes"], "asks": ["Do means lie between extremes?"]})
    made = audit_lists.checks(counts, asked, about())
    assert made.title == "2 questions asked; one found nothing to check"
    assert {
        "Is the list of respondents as long as stated?",
        "Do means lie between extremes?",
    } < set(made.data["asks"])


# Prose


def test_the_overview_says_how_many_can_be_tested():
    text = repr(audit_prose.after_overview(percents(off=2, fit=1, untested=4), about()))
    assert "Of 7 printed percents, 3 can be held" in text
    assert "2 of these are no share of it" in text
    assert "all of these can be shares" in repr(
        audit_prose.after_overview(percents(off=0), about())
    )
    assert "None of the printed percents" in repr(
        audit_prose.after_overview(percents(off=0, fit=0), about())
    )


def test_prose_speaks_only_of_what_was_found():
    told = repr(audit_prose.after_own(about()))
    assert "left off the list" in told
    assert "the percents are of 39" in told
    none = [row for row in FINDINGS if row[1] not in ("respondents", "counts_and_percents")]
    rest = repr(audit_prose.after_own(about(none)))
    assert "left off the list" not in rest
    assert "are of 39" not in rest


def test_small_means_are_explained_with_their_own_base():
    assert "A mean over three respondents tells each of them what the other two" in repr(
        audit_prose.after_small(about())
    )
    counts = [row for row in FINDINGS if not row[0].endswith(".means")]
    assert "An extreme belongs to one respondent" in repr(audit_prose.after_small(about(counts)))


def test_possible_bases_are_explained():
    assert "as few as 18 may have answered" in repr(audit_prose.after_possible(bases(), about()))
    assert "No number of respondents up to 30" in repr(
        audit_prose.after_possible(bases("", 0), about())
    )
    assert "Nothing here speaks against" in repr(
        audit_prose.after_possible(bases("30", 1, fits=True), about())
    )


def test_what_was_left_out_most_is_named():
    text = repr(audit_prose.after_questions(questions(), about()))
    assert "“Worries”: at least 7 of 30, or 23%" in text
    assert repr(audit_prose.after_questions(questions("30", 1, True, 0), about())) == ""


def test_estimates_are_told_from_published_figures():
    assert "estimates from answers" not in repr(audit_prose.who_was_audited(about()))
    estimated = FIGURES.assign(locator="estimated from responses", synthetic=True)
    text = repr(audit_prose.who_was_audited(about(figures=estimated)))
    assert "11 of the figures are not published" in text
    assert "invented for demonstration" in text
    assert "transcribed" not in text.partition("are collections")[0]
