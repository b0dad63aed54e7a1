"""The words of the comparison follow its frames and grades: other numbers, other words."""

from types import SimpleNamespace

import pandas as pd
import pytest

from edtech_survey.errors import ReportError
from edtech_survey.reports.claims import unsupported
from edtech_survey.reports.findings import (
    cited,
    national_headline,
    national_pairs,
    national_refused,
    national_series,
)
from edtech_survey.reports.findings.national_setting import chosen, setting, survey_name
from edtech_survey.reports.findings.survey_waves import Waves
from edtech_survey.shape import estimates, figures


def waves(synthetic=False):
    return Waves(
        years=(2021, 2024),
        sources=pd.DataFrame(
            {"wave": [2021, 2024], "source": ["ct-2021", "ct-2024"], "title": "Staff",
             "publisher": "Board", "published": "2024-11-26", "fielded": "2024",
             "kind": "survey report", "mode": "", "answered": 60, "population": 200,
             "units": "districts"}
        ),
        respondents="districts", synthetic=synthetic,
    )  # fmt: skip


FIGURES = figures(
    {"figure_id": name, "source": source, "wave": wave, "item": item, "group": group,
     "publication": publication, "printed": "1", "locator": "p. 1", "base": base}
    for name, source, wave, item, group, publication, base in (
        ("ct.pk", "ct-2021", 2021, "one_to_one", "pk-2", None, None),
        ("ct.cyber", "ct-2024", 2024, "position_present", "cyber", None, 60),
        ("ct.pay", "ct-2024", 2024, "position_salary", "director", None, 50),
        ("us.pk", "national", 2021, "one_to_one", "elementary", "weekly-2021", None),
        ("us.cyber", "national", 2022, "cyber", "dedicated", "weekly-2022", None),
        ("us.pay", "wages", 2017, "it_salary", "c-level", "journal-2018", 338),
        ("us.title", "cosn-2013", 2013, "leader_title", "cto", None, 250),
    )
)  # fmt: skip


def about(synthetic=False, **choices):
    evidence = SimpleNamespace(
        figures=FIGURES,
        codebook=SimpleNamespace(
            items=pd.DataFrame(
                {"item": ["one_to_one", "position_present", "position_salary", "leader_title"],
                 "label": ["One device per student", "Position", "Salary", "Leader's title"]}
            ),
            bands=pd.DataFrame({"band": ["pk-2"], "grades": ["PK-2"]}),
            positions=pd.DataFrame(
                {"position": ["cyber", "director"], "label": ["Cyber Manager", "Director"]}
            ),
        ),
        sources=pd.DataFrame(
            {"source": ["cosn-2013"], "title": ["Survey"], "publisher": ["CoSN"],
             "published": ["2013"], "units": ["leaders"], "mode": ["mail"], "answered": [250]}
        ),
        publications=pd.DataFrame(
            {"publication": ["weekly-2021", "weekly-2022", "journal-2018"], "source": "national",
             "title": ["One", "Two", "Pay"], "publisher": ["Weekly", "Weekly", "Journal, p. 8"],
             "published": ["2021", "2022", "2018"], "population": ["leaders", None, "staff"],
             "mode": ["web", None, "web"], "answered": [None, None, "338"],
             "note": ["survey: Weekly survey; x", "survey: Weekly survey (y)", None]}
        ),
    )  # fmt: skip
    return setting(waves(synthetic), evidence, **choices)


PAIRS = pd.DataFrame(
    {
        "pair_id": ["pk", "cyber", "pay", "title"],
        "topic": ["one_to_one", "cyber_security", "salary", "reporting_line"],
        "item": ["one_to_one", "position_present", "position_salary", None],
        "group": ["pk-2", "cyber", "director", None],
        "figure_id": ["us.pk", "us.cyber", "us.pay", "us.title"],
        "reason": ["other grades", "other posts", "other years", "not asked"],
    }
)


def compared(own=79.0, other=84.0, grade="B"):
    rows = [
        ("pk", "one_to_one", "state", "ct.pk", 2021, own, "percent", "printed", None, None),
        ("pk", "one_to_one", "elsewhere", "us.pk", 2021, other, "percent", "printed", None, 19),
        (
            "cyber",
            "cyber_security",
            "state",
            "ct.cyber",
            2024,
            5.0,
            "percent",
            "share_of_base",
            60,
            60,
        ),
        (
            "cyber",
            "cyber_security",
            "elsewhere",
            "us.cyber",
            2022,
            20.0,
            "percent",
            "printed",
            None,
            5,
        ),
        ("pay", "salary", "state", "ct.pay", 2024, 110_000.0, "usd", "printed", 50, None),
        ("pay", "salary", "elsewhere", "us.pay", 2017, 100_000.0, "usd", "printed", 338, None),
    ]
    reasons = PAIRS.set_index("pair_id")["reason"]
    frame = estimates(
        {"pair_id": pair, "topic": topic, "side": side, "figure_id": name, "wave": wave,
         "estimate": value, "unit": unit, "take": take, "base": base, "base_low": low,
         "conf_low": value - 4 if unit == "percent" else None,
         "conf_high": value + 4 if unit == "percent" else None,
         "item": FIGURES.set_index("figure_id").at[name, "item"],
         "group": FIGURES.set_index("figure_id").at[name, "group"],
         "comparability": grade, "reason": reasons[pair], "synthetic": False,
         "real": value * (1.25 if wave == 2017 else 1.0) if unit == "usd" else None,
         "price_year": 2024 if unit == "usd" else None}
        for pair, topic, side, name, wave, value, unit, take, base, low in rows
    )  # fmt: skip
    refused = estimates(
        [{"pair_id": "title", "topic": "reporting_line", "side": "refused", "reason": "not asked",
          "comparability": "C", "synthetic": False}]
    )  # fmt: skip
    return pd.concat([frame, refused], ignore_index=True)


def counts(a=0, b=3, c=1):
    values = {"A": a, "B": b, "C": c}
    return estimates(
        {"item": "pairs", "group": f"{topic}|{grade}", "statistic": "count", "estimate": n}
        for topic in ("salary", "all")
        for grade, n in values.items()
    )


def series(label="depends on the base", low=-13.0, grade="A"):
    levels = [
        {"series": "s", "series_label": "CoSN: leads", "topic": "salary", "side": "elsewhere",
         "wave": wave, "estimate": value, "figure_id": "us.title", "method": method,
         "comparability": g, "reason": "same question", "synthetic": False}
        for wave, value, method, g in (
            (2015, 50.0, "as published, lower bound", None), (2019, 63.0, "Wilson", "C"),
            (2020, 74.0, "Wilson", grade),
        )
    ]  # fmt: skip
    change = {"series": "s", "series_label": "CoSN: leads", "topic": "salary", "wave": 2020,
              "side": "difference", "wave_from": 2019, "estimate": 11.0, "conf_low": low,
              "conf_high": 44.0, "label": label, "base_kind": "feasible", "synthetic": False,
              "holds_from_base": 83, "comparability": "A"}  # fmt: skip
    return estimates([*levels, *([change] if grade == "A" else [])])


def test_the_title_says_no_more_than_the_grades_allow():
    title = national_headline.title
    assert "not subtracted" in title(counts(), about())
    assert title(counts(b=0), about()) == "No national figure here can be set beside Connecticut"
    assert "in 2 of 6 pairs" in title(counts(a=2), about())
    assert title(counts(), about(synthetic=True)).startswith("The sample can be")


def test_findings_claim_no_difference_and_carry_the_frames_numbers():
    made = national_headline.opening(counts(), compared(), PAIRS, series(), about())
    text = " ".join(made.findings)
    assert "of 4 pairs, none asks the same" in text
    assert "three stand side by side and one is refused" in text
    assert "79% of districts here by grade band in 2021; 84% in Weekly survey 2021" in text
    assert "chief officers in Journal 2017 earned $125,000, both in 2024 dollars" in text
    assert "of 2 steps in national series, one asks the same question twice" in text
    assert "none of these changes holds whatever the number of answers." in text
    assert "whom the leader reports to" in text
    for claim in ("higher", "lower", "ahead", "more than", "above", "below"):
        assert claim not in text
    assert not unsupported(text, compared(), counts(), series(), allowed=[2, 4])


def test_other_frames_other_findings():
    held = series("holds whatever the base", low=3.0)
    made = national_headline.opening(
        counts(a=1), compared(own=91.0), PAIRS.head(3), held, about(min_base=100)
    )
    text = " ".join(made.findings)
    assert "What may be compared: of 5 pairs, one asks" in text
    assert "91% of districts here" in text
    assert "one of these changes holds whatever the number of answers from 100 up" in text
    assert "Not asked here" not in text
    none = national_headline.opening(
        counts(b=0), compared().tail(1), PAIRS.tail(1), series(grade="B"), about()
    )
    told = " ".join(none.findings)
    assert "none stands side by side" in told
    assert "none asks the same question twice." in told
    assert "Pay:" not in told


def test_grades_are_counted_over_topics():
    table = national_pairs.grade_table(counts(), about())
    assert table.title == "No pair allows a difference; 3 of 4 pairs can be read side by side"
    assert table.data["name"].tolist() == ["Pay", "All topics"]
    assert table.data["pairs"].tolist() == [4, 4]
    assert national_pairs.grade_title(counts(b=0)) == "No pair can be compared"
    assert national_pairs.grade_title(counts(a=1)).startswith("1 of 5 pairs allow a difference")


def test_percents_stand_side_by_side_with_the_reason():
    chart = national_pairs.share_chart(
        compared(), ["one_to_one"], about(confidence=0.9), id="x", what="districts", name="Devices"
    )
    assert chart.title == "Devices: 79% in Connecticut, 84% elsewhere"
    assert "90% intervals" in chart.subtitle
    assert chart.figure_ids == ("ct.pk", "us.pk")
    assert "Why side by side only: other grades" in " ".join(chart.notes)
    assert "No difference is drawn" in chart.alt
    assert chart.n == "here: the number of answers is not published; elsewhere: the number of " \
        "answers is not published"  # fmt: skip
    labels = chart.alt + " ".join(national_pairs.pair_names(chart.data, about()).values())
    assert "Grades PK-2 (2021) / Weekly survey 2021, elementary schools" in labels
    empty = national_pairs.share_chart(
        compared(), ["staff_size"], about(), id="x", what="districts", name="Staff"
    )
    assert "Nothing stands side by side" in empty.plain


def test_the_opposite_of_a_post_is_named_so():
    rows = compared()[lambda table: table["pair_id"].eq("cyber")]
    rows = rows.assign(take=["rest_of_base", "printed"])
    name = national_pairs.pair_names(rows, about())["cyber"]
    assert name.startswith("Without cyber manager (2024)")
    assert "not subtracted" in national_pairs.share_title(rows, about(), "Cyber posts")


def test_amounts_are_in_the_dollars_of_one_year():
    table = national_pairs.amounts_table(compared(), about())
    assert table.title == "Director: $110,000 here, $125,000 in Journal 2017"
    html = table.html()
    assert "$100,000 (2017)" in html
    assert "$110,000 (2024)" in html
    later = compared().assign(
        price_year=lambda rows: rows["price_year"].mask(rows["unit"].eq("usd"), 2025),
        real=lambda rows: rows["real"] * 1.1,
    )
    assert "$121,000 (2025 dollars)" in national_pairs.amounts_table(later, about()).html()
    unpriced = compared().assign(real=None)
    assert "no prices" in national_pairs.amounts_table(unpriced, about()).html()
    assert "cannot be brought to 2024 dollars" in (
        national_headline.after_amounts(unpriced, about()).plain
    )
    assert "cannot be brought" not in national_headline.after_amounts(compared(), about()).plain
    assert "No amounts" in national_pairs.amounts_table(compared().tail(1), about()).plain


@pytest.mark.parametrize(
    ("label", "low", "title"),
    [
        (
            "depends on the base",
            -13.0,
            "No national change is sure; one depends on how many answered",
        ),
        ("holds whatever the base", 3.0, "The change holds"),
        ("not supported", -13.0, "No national change is sure"),
    ],
)
def test_a_national_change_is_claimed_only_where_it_holds(label, low, title):
    chart = national_series.change_chart(series(label, low), about())
    assert chart.title == title
    text = national_headline.after_changes(series(label, low), about()).plain
    assert ("83 (CoSN: leads, 2019 to 2020)" in text) == (label == "depends on the base")


def test_steps_show_numbers_only_as_far_as_the_grade_allows():
    rows = national_series.steps(series()).set_index("grade")
    assert rows.at["A", "told"] == "63% and 74%: +11 (−13 to 44)"
    assert rows.at["C", "told"] == "not shown"
    beside = national_series.steps(series(grade="B")).set_index("grade")
    assert beside.at["B", "told"] == "63% and 74%"
    bound = series(grade="B").assign(comparability=[None, "B", "B"])
    assert national_series.steps(bound)["told"].iloc[0] == "over 50% and 63%"
    table = national_series.steps_table(series(), about())
    assert table.title == "Of 2 steps, one can be judged, none read side by side, one not at all"
    assert "one step" in national_headline.after_steps(series()).plain
    nothing = national_series.steps_table(series().head(0), about())
    assert "No national series" in nothing.plain


def test_refused_pairs_show_the_reason_and_no_number():
    table = national_refused.refused_table(compared(), PAIRS, about())
    assert table.title == "The questions behind these pairs were not asked here"
    html = table.html()
    assert "Not asked" in html
    assert "CoSN leadership survey 2013: Leader&#x27;s title" in html or "Leader's title" in html
    assert table.figure_ids == ()
    assert (
        "None of these" in national_refused.refused_table(compared().head(6), PAIRS, about()).plain
    )
    asked = PAIRS.assign(item="one_to_one", group="pk-2")
    assert "other questions" in national_refused.refused_table(compared(), asked, about()).title
    assert national_refused.unasked_topics(PAIRS) == ["Whom the leader reports to"]


def test_surveys_are_listed_once_with_what_they_say_of_their_answers():
    table = national_refused.survey_table(["us.pk", "us.cyber", "us.pay", "ct.pk"], about())
    rows = table.data.set_index("survey")
    assert table.title == "How many answered is stated for 1 of 3 survey years"
    assert rows.at["Weekly survey", "when"] == "2021 and 2022"
    assert rows.at["Weekly survey", "answers"] == "no"
    assert rows.at["Journal", "answers"] == "yes"
    assert "No figure" in national_refused.survey_table(["ct.pk"], about()).plain


def test_topics_are_chosen_by_name():
    assert chosen(PAIRS, ["salary"])["pair_id"].tolist() == ["pay"]
    assert len(chosen(PAIRS, [])) == len(PAIRS)
    with pytest.raises(ReportError, match="'salaries'"):
        chosen(PAIRS, ["salaries"])


def test_a_survey_without_a_name_is_called_by_its_publisher():
    assert survey_name("survey: Fast Response System 93; x", "P") == "Fast Response System"
    assert survey_name("", "eSchool News 2001, a page") == "eSchool News"


def test_collected_figures_are_listed_by_publication():
    listed = cited.by_publication(FIGURES).set_index("figure_id")["source"]
    assert listed["us.pk"] == "weekly-2021"
    assert listed["ct.pk"] == "ct-2021"
    both = cited.all_publications(
        pd.DataFrame({"source": ["ct"], "title": ["T"], "publisher": ["P"], "published": ["1"],
                      "url": ["u"]}),
        pd.DataFrame({"publication": ["weekly"], "source": ["national"], "title": ["W"],
                      "publisher": ["P"], "published": ["2"], "url": ["v"]}),
    )  # fmt: skip
    assert both["source"].tolist() == ["ct", "weekly"]
