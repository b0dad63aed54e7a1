"""The words of the report on staff follow its frames: other numbers, other words."""

from types import SimpleNamespace

import pandas as pd
import pytest

from edtech_survey.errors import ReportError
from edtech_survey.reports.claims import unsupported
from edtech_survey.reports.findings import (
    staffing_beside,
    staffing_cost,
    staffing_headline,
    staffing_positions,
    staffing_prose,
    staffing_support,
)
from edtech_survey.reports.findings.staffing_setting import plural, setting
from edtech_survey.reports.findings.survey_waves import Waves
from edtech_survey.shape import estimates, figures

NAMES = {"director": "Director", "technician_1": "Technician I", "coach": "Coach or Trainer"}
WAVES = Waves(
    years=(2024,),
    sources=pd.DataFrame(
        {"wave": [2024], "source": "ct-2024", "title": "Staff", "publisher": "Board",
         "published": "2024-11-26", "fielded": "2024", "kind": "survey report", "mode": "",
         "answered": [60], "population": [200], "units": "districts"}
    ),
    respondents="Connecticut districts that answered",
    synthetic=False,
)  # fmt: skip


def published():
    rows = [("responding_districts", "all", "count", 60.0), ("students", "all", "total", 200_000.0)]
    rows += [("position_present", name, "count", n) for name, n in
             (("director", 57.0), ("technician_1", 30.0), ("coach", 12.0))]  # fmt: skip
    return figures(
        {"figure_id": f"ct-2024.{item}.{group}", "source": "ct-2024", "wave": 2024, "item": item,
         "group": group, "statistic": statistic, "value": value, "base": 60, "population": 200,
         "printed": str(value), "synthetic": False}
        for item, group, statistic, value in rows
    )  # fmt: skip


def about(**changes):
    evidence = SimpleNamespace(
        codebook=SimpleNamespace(
            positions=pd.DataFrame({"position": list(NAMES), "label": list(NAMES.values())}),
            items=pd.DataFrame({"item": ["after_hours"], "wording": ["Whom?"]}),
        ),
        elsewhere=figures(
            [{"figure_id": "us.wage", "source": "wages", "wave": 2020, "item": "occupation_wage",
              "group": "support|schools", "statistic": "mean", "publication": "bureau-2021"}]
        ),
        publications=pd.DataFrame(
            {"publication": ["bureau-2021", "law"], "publisher": ["Bureau", "State"],
             "title": ["Wages", "Law"], "published": ["2021-05", "undated"]}
        ),
    )  # fmt: skip
    return setting(changes.pop("waves", WAVES), evidence, published(), **changes)


def shares(counts=(57, 30, 12), base=60):
    return estimates(
        {"wave": 2024, "item": "position_present", "group": name, "statistic": "share",
         "estimate": 100 * n / base, "conf_low": max(100 * n / base - 9, 0),
         "conf_high": min(100 * n / base + 9, 100), "base": base, "population": 200,
         "synthetic": False, "count": n, "category": "it"}
        for name, n in zip(NAMES, counts, strict=True)
    )  # fmt: skip


def support(totals=1000.0, mean=700.0, students=700.0):
    rows = (
        ("support_ratio", "ratio_of_totals", totals, "as published"),
        ("support_ratio", "mean_of_ratios", mean, "as published"),
        ("support_ratio", "ratio_of_totals", totals - 1, "from the totals"),
        ("devices_per_technician_fte", "ratio_of_totals", totals + 80, "FTE"),
        ("students_per_support_person", "ratio_of_totals", students, "from the totals"),
        ("devices_per_student", "ratio_of_totals", totals / students, "from the totals"),
    )
    return estimates(
        {"wave": 2024, "item": item, "group": "all", "statistic": statistic, "estimate": value,
         "basis": basis, "base": 60, "base_kind": "published", "synthetic": False}
        for item, statistic, value, basis in rows
    )  # fmt: skip


def judged(by_devices=("misses", "misses"), by_students=("meets",), mean="misses"):
    rows = [
        ("devices_per_staff", "support_ratio", "ratio_of_totals", f"d{k}", verdict, 1000.0)
        for k, verdict in enumerate(by_devices)
    ]
    rows += [("devices_per_staff", "support_ratio", "mean_of_ratios", "d0", mean, 700.0)]
    rows += [
        ("staff_per_1000_students", "support_staff_per_1000_students", "ratio_of_totals",
         f"s{k}", verdict, 1.43)
        for k, verdict in enumerate(by_students)
    ]  # fmt: skip
    names = ["unit", "item", "statistic", "standard", "verdict", "estimate"]
    return pd.DataFrame(rows, columns=names).assign(
        basis="as published",
        standard_wave=pd.array([2003 + k for k in range(len(rows))], dtype="Int64"),
        standard_low=100.0, standard_high=500.0, publication="law", figure_ids="us.wage",
        synthetic=False,
    )  # fmt: skip


def staff(lost=False):
    amounts = {"director": 60.0, "technician_1": 90.0, "coach": None if lost else 30.0}
    rows = [(name, "position", value) for name, value in amounts.items()]
    rows += [("it", "category", 150.0), ("all", "all", 150.0 if lost else 180.0)]
    return estimates(
        {"wave": 2024, "item": "implied_fte", "group": group, "statistic": statistic,
         "estimate": None if value is None else value / divisor, "base": 60, "synthetic": False,
         "level": level, "estimate_low": None if value is None else (value - 1) / divisor,
         "estimate_high": None if value is None else (value + 1) / divisor}
        for statistic, divisor in (("total", 1), ("per_1000_students", 200), ("per_district", 60))
        for group, level, value in rows
    )  # fmt: skip


def payroll(rate=20.0):
    return estimates(
        {"wave": 2024, "item": "implied_payroll", "group": group, "statistic": "per_student",
         "estimate": pay * (1 + extra / 100), "benefits": benefits, "benefit_rate": extra,
         "level": "all", "synthetic": False}
        for group, pay in (("all", 250.0), ("it", 160.0), ("technician_1", 90.0))
        for benefits, extra in (("without benefits", 0.0), ("mean rate", rate))
    )  # fmt: skip


def hours(counts=(30, 6)):
    groups = ("staff", "families")
    rows = [
        {"group": g, "count": n, "estimate": 100 * n / 60}
        for g, n in zip(groups, counts, strict=True)
    ]
    rows.append({"group": "any", "estimate_low": 50.0, "estimate_high": 60.0})
    return estimates(
        {"wave": 2024, "item": "after_hours", "statistic": "share", "base": 60,
         "conf_low": 5.0, "conf_high": 60.0, "synthetic": False} | row for row in rows
    )  # fmt: skip


def covered(low=20.0, high=30.0):
    return estimates(
        {"wave": 2024, "group": name, "statistic": "share", "base": 60, "label": label,
         "positions": posts, "estimate": a if a == b else None, "estimate_low": a,
         "estimate_high": b, "conf_low": a - 5, "conf_high": b + 5, "synthetic": False}
        for name, label, posts, a, b in (
            ("coaching", "Coaching teachers", "coach|director", low, high),
            ("choosing", "Choosing tools", "director", 95.0, 95.0),
        )
    )  # fmt: skip


def opened(**changes):
    frames = {"shares": shares(), "staff": staff(), "payroll": payroll(), "support": support(),
              "judged": judged(), "hours": hours(), "covered": covered()} | changes  # fmt: skip
    return staffing_headline.opening(*frames.values(), about())


def test_the_title_claims_a_turn_only_where_the_verdict_turns():
    title = staffing_headline.title
    assert title(judged(), shares()) == staffing_headline.TURNS
    assert "meet no staffing standard" in title(judged(by_students=("misses",)), shares())
    assert "meet every" in title(judged(("meets",), ("meets",)), shares())
    assert title(judged(("meets", "misses"), ("meets",)), shares()).startswith("Some")
    nothing = judged().head(0)
    assert title(nothing, shares()) == staffing_positions.position_title(shares())


def test_findings_follow_the_frames():
    text = " ".join(opened().findings)
    assert "The verdict turns with the unit: one person looks after 1,000 devices" in text
    assert "meets none of the two standards that count devices" in text
    assert "the one standards" not in text
    assert "Larger operations have more devices" in text
    assert "Rarest, in 12 districts, is the coach or trainer." in text
    assert "at least 42 of 60 districts report no post for coaching teachers" in text
    other = opened(
        support=support(600.0, 700.0), judged=judged(("meets", "misses"), ("meets", "meets")),
        covered=covered(25.0, 25.0), payroll=payroll().head(0), hours=hours((9, 12)),
    )  # fmt: skip
    told = " ".join(other.findings)
    assert "Against the standards:" in told
    assert "meets one of the two standards that count devices" in told
    assert "both standards that count students" in told
    assert "fewer devices for each person" in told
    assert "45 of 60 districts report no post" in told
    assert "at least 45" not in told
    assert "in pay" not in told
    assert "12 of 60 districts support families after hours, 9 support staff" in told


def test_without_the_other_frames_only_the_positions_are_told():
    empty = estimates([])
    made = opened(
        staff=empty, payroll=empty, support=empty, judged=empty, hours=empty, covered=empty
    )
    assert made.title == "One of three positions exists in more than half of responding districts"
    assert len(made.findings) == 1


def test_numbers_of_the_headline_stand_in_the_frames():
    frames = [shares(), staff(), payroll(), support(), hours(), judged(), published()]
    uncovered = pd.DataFrame({"n": [42, 60]})
    text = " ".join(opened().findings)
    assert not unsupported(text, *frames, uncovered, allowed=[2, 2024, 1000])


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ((57, 40, 12), "Two of three positions exist in more than half of responding districts"),
        ((9, 8, 7), "None of three"),
        ((57, 40, 32), "More than half of responding districts have each of three positions"),
    ],
)
def test_positions_are_counted(rows, title):
    made = staffing_positions.position_title(shares(rows))
    assert made.startswith(title)


def test_the_position_chart_names_its_intervals_and_base():
    chart = staffing_positions.position_chart(shares(), about(confidence=0.9))
    assert "90% intervals" in chart.subtitle
    assert "60 of about 200 districts answered" in chart.n
    assert chart.figure_ids == (
        "ct-2024.position_present.director",
        "ct-2024.position_present.technician_1",
        "ct-2024.position_present.coach",
    )


def test_cost_tables_add_benefits_only_where_there_is_a_rate():
    table = staffing_cost.cost_table(staff(), payroll(), about(price_year=2020))
    assert table.title == "These positions cost about $300 per student, benefits included"
    assert "With benefits of 20%" in table.html()
    assert "Pay per student (2020 dollars)" in table.html()
    unrated = payroll()[lambda rows: rows["benefits"].eq("without benefits")]
    bare = staffing_cost.cost_table(staff(), unrated, about())
    assert bare.title == "These positions cost about $250 per student"
    assert "enefits" not in bare.html()
    unpaid = staffing_cost.cost_table(staff(), payroll().head(0), about())
    assert unpaid.title == "There are 0.90 technology staff for every 1,000 students"
    assert "did not ask" in staffing_cost.cost_table(staff().head(0), payroll(), about()).plain


def test_withheld_positions_are_named_and_marked():
    assert staffing_cost.left_out(staff(), about()) == ""
    assert "coach or trainer" in staffing_cost.left_out(staff(lost=True), about())
    table = staffing_positions.full_table(shares(), staff(lost=True), payroll(), about())
    assert "‡" in table.html()
    assert table.title == "Technicians I are the largest group, 60% of staff"
    assert "12" in table.html()  # the count itself stays


def test_the_sensitivity_says_what_was_supposed():
    moved = pd.DataFrame(
        {
            "varied": ["rounding of FTE, salary and rate", "mean FTE of technician_1",
                       "FTE and salary move together (variation 1 and 0.25)"],
            "setting_low": ["all at their lowest", "1", "correlation -0.5"],
            "setting_high": ["all at their highest", "2.93", "correlation 0.5"],
            "estimate": 300.0, "estimate_low": [299.0, 280.0, 262.5],
            "estimate_high": [301.0, 300.0, 337.5], "change_low": [-0.3, -6.7, -12.5],
            "change_high": [0.3, 0.0, 12.5], "synthetic": False,
        }
    )  # fmt: skip
    table = staffing_cost.sensitivity_table(moved, about())
    assert table.title == "What was not published could move the cost between $263 and $338"
    html = table.html()
    assert "correlation −0.5 to 0.5" in html
    assert "Mean FTE of technician I" in html
    assert "coefficients of variation 1 of staff and 0.25 of pay" in html
    alike = pd.DataFrame({"position": ["director", "technician_1"], "districts": [40.0] * 2,
                          "fte": [2.93] * 2})  # fmt: skip
    text = staffing_prose.after_sensitivity(alike, moved, about()).plain
    assert "Rounding moves the cost by 0.3% at most; what was never printed, by up to 13%" in text
    assert "director and technician I are printed with the same 40 districts" in text
    assert (
        "check at the source"
        not in staffing_prose.after_sensitivity(alike.head(0), moved, about()).plain
    )


def test_standards_are_judged_each_in_its_unit():
    table = staffing_support.standards_table(judged(), about())
    assert table.title == "Standards met: none of two by devices and one of one by students"
    assert "1 to 100 to 500" in table.html()
    assert "State, Law (undated)" in table.html()
    text = staffing_prose.after_standards(judged(), support(), support().head(0), judged().head(0))
    assert "none would be met either" in text.plain
    other = staffing_prose.after_standards(
        judged(mean="meets"), support(), support().head(0), judged().head(0)
    )
    assert "“d0” would be met" in other.plain
    earlier = estimates([{"estimate": 250.0, "density": 2.8, "density_wave": 2008}])
    then = judged(("meets", "misses"))
    told = staffing_prose.after_standards(judged(), support(), earlier, then).plain
    assert "2.8 students to each computer" in told
    assert "would have 1 to 250 and meet one of the two" in told


def test_averages_are_explained_by_which_is_larger():
    assert "is the higher one" in staffing_prose.after_ratios(support()).plain
    assert "do not have more devices" in staffing_prose.after_ratios(support(600.0, 700.0)).plain
    assert "The printed totals give 1 to 999" in staffing_prose.after_ratios(support()).plain
    chart = staffing_support.ratio_chart(support(), about())
    assert chart.title == "One person to 1,000 devices, or to 700: both are averages"
    assert chart.data["way"].tolist() == ["mean_of_ratios", "ratio_of_totals", "technicians"]


def test_whether_anybody_is_helped_is_bounded_or_counted():
    assert "between 50% to 60%" not in staffing_prose.after_hours(hours()).plain
    assert "anything from 50% to 60%" in staffing_prose.after_hours(hours()).plain
    wide = hours().assign(
        estimate_high=lambda rows: rows["estimate_high"].mask(rows["group"].eq("any"), 100.0)
    )
    assert "at least 30" in staffing_prose.after_hours(wide).plain
    known = hours().assign(
        estimate=lambda rows: rows["estimate"].fillna(55.0),
        count=lambda rows: rows["count"].fillna(33),
    )
    assert "33 of 60 districts" in staffing_prose.after_hours(known).plain
    assert staffing_prose.after_hours(hours().head(0)).plain == ""


def test_contractors_are_counted():
    rows = hours((3, 3)).assign(item="position_outsourced")
    rows = rows.assign(group=["director", "coach", "any"])
    text = staffing_prose.contractors(rows, about()).plain
    assert text.startswith("Two positions are named as outsourced, most often director and coach")
    assert "each by 3 of 60" in text
    assert "Between 30 and 36 districts" in text
    assert "no figures on contractors" in staffing_prose.contractors(rows.head(0), about()).plain


def test_wages_stand_side_by_side_without_a_difference():
    rows = estimates(
        {"wave": wave, "item": item, "group": group, "statistic": "mean", "estimate": value,
         "occupation": "support", "sector": sector, "nominal_year": wave, "districts": districts,
         "comparability": "B", "synthetic": False}
        for item, group, sector, wave, value, districts in (
            ("position_salary", "technician_1", "connecticut-districts", 2024, 50_000.0, 4),
            ("occupation_wage", "support|schools", "schools", 2020, 58_000.0, None),
        )
    )  # fmt: skip
    crosswalk = pd.DataFrame(
        {"position": ["technician_1", "director"], "occupation": ["support", "boss"],
         "label": ["Support staff", "Bosses"], "comparability": ["B", "C"],
         "reason": ["The same work", "Other work"]}
    )  # fmt: skip
    chart = staffing_beside.wage_chart(rows, crosswalk, about(price_year=2022))
    assert chart.title == "Technician I: $50,000 here, $58,000 in schools nationwide in 2020"
    assert "2022 dollars" in chart.subtitle
    assert "us.wage" in chart.figure_ids
    told = staffing_beside.wage_notes(rows, crosswalk, about())
    assert told == ["Support staff (2020). The same work", "Not compared: bosses. Other work"]
    assert (
        "did not ask for pay" in staffing_beside.wage_chart(rows.head(0), crosswalk, about()).plain
    )


def test_function_titles_are_sure_only_where_the_counts_are():
    assert staffing_beside.function_title(covered()).startswith("At least 42 of 60 districts")
    assert staffing_beside.function_title(covered(25, 25)).startswith("45 of 60 districts")
    html = staffing_beside.function_table(covered(), about()).html()
    assert "12 to 18 of 60" in html
    assert "57 of 60" in html
    assert "what can be" in html
    exact = staffing_beside.function_table(covered(25, 25), about()).html()
    assert "what can be" not in exact


def test_titles_become_plural():
    assert plural("technician II") == "technicians II"
    assert plural("director") == "directors"


def test_one_wave_at_a_time():
    two = Waves(years=(2021, 2024), sources=WAVES.sources, respondents="x", synthetic=False)
    with pytest.raises(ReportError, match="give one survey year"):
        about(waves=two)
