"""The audit of the project's own sources, beside what was worked out by hand from the texts."""

import itertools
import re
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest

import edtech_survey as es
from edtech_survey.data.tables import KINDS as DECLARABLE
from edtech_survey.statistics.audit_relations import KINDS


@pytest.fixture(scope="module")
def evidence(published):
    return published


@pytest.fixture(scope="module")
def findings(evidence):
    return es.audit(evidence).set_index("finding_id")


def test_every_kind_can_be_declared_and_every_declared_relation_was_tested(evidence, findings):
    assert set(DECLARABLE.index) == {*KINDS, "question"}
    names = {name.partition(":")[2] for name in findings.index}
    told = evidence.relations["source"].isin(evidence.figures["source"])
    assert set(evidence.relations.loc[told, "relation_id"]) <= names


def prints(printed, base):
    """Brute force: can some count out of the base be printed so, zeros at the end or not?"""
    text = printed.rstrip("%")
    texts = {text, text.rstrip("0").rstrip(".")} if "." in text else {text}
    exact = [Decimal(100 * count) / base for count in range(base + 1)]
    ways = itertools.product(exact, texts, (ROUND_HALF_UP, ROUND_HALF_EVEN))
    return any(str(one.quantize(Decimal(form), rounding=way)) == form for one, form, way in ways)


def test_percents_that_fit_no_base_are_those_that_brute_force_finds(evidence, findings):
    figures = evidence.printings
    plain = figures.loc[
        (figures["statistic"] == "share")
        & figures["base"].notna()
        & figures["printed"].str.fullmatch(r"[\d.]+%")
        & ~figures["note"].fillna("").str.contains(r"repeat of|^(?:lower|upper)|\bweighted\b")
    ]
    fits = [prints(*row) for row in plain[["printed", "base"]].itertuples(index=False)]
    off = findings[findings["check"].eq("percent_base")]
    off = off[off["grade"].isin(["suspicious", "fewer than stated"])]
    assert {*off["figures"]} == {*plain.loc[[not fit for fit in fits], "figure_id"]}
    # In each of them fewer may have answered the question than the survey.
    assert set(off["grade"]) == {"fewer than stated"}
    # Incident IQ: 48, 75, 78, 61 and 44 percent of 30
    assert off["source"].eq("incident-iq-2024").sum() == 5
    # CoSN 2013: of its 24 plain percents with decimals only 26.8, 5.6 (twice), 45.2 and 6.8
    # are multiples of 0.4, as a share of 250 must be
    assert off["source"].eq("cosn-2013").sum() == 19


BY_HAND = [
    ("respondents:ct-2024.respondents-listed", "fewer than stated", "62 stated, 61 listed"),
    # 46 + 1 + 14 = 53 + 8 + 0 = 61
    ("parts:ct-2024.sharing-counts", "fewer than stated", "46 + 1 + 14 = 61 of 62"),
    ("parts:ct-2024.provision-counts", "fewer than stated", "53 + 8 + 0 = 61 of 62"),
    ("counts_and_percents:ct-2024.2024.sharing", "fewer than stated", "bases that print so: 61"),
    ("counts_and_percents:ct-2024.2024.provision", "fewer than stated", "bases that print so: 61"),
    ("parts:ct-2024.device-ratios-pk-2", "fewer than stated", "= 53 of 62"),
    ("parts:ct-2024.device-ratios-9-12", "fewer than stated", "= 57 of 62"),
    # 281,925 / 280 = 1,006.9; 1,008 needs 279.55 to 279.83
    ("quotient:ct-2024.support-ratio-of-totals", "only by rounding", "279.55 to 279.83"),
    ("quotient:ct-2024.devices-mean", "passed", "4,547.18"),
    ("share_of:ct-2024.students-of-state-2023", "passed", "39.09"),
    ("all_within:ct-2024.technicians-within-support-staff", "passed", "258.9"),
    ("each_within:ct-2024.enrollment-within-total", "passed", "59 × 3,288 = 193,992"),
    ("order:ct-2024.library-media-pay", "suspicious", "$62,833, Library Media Director $51,442"),
    ("order:ct-2024.technician-pay", "passed", "$48,347"),
    ("limit:ct-2024.overseers-fte", "suspicious", "Library Media Director 3.33"),
    ("one_unit:ct-2024.smallest-district-staff", "suspicious", "240 / 300 = 0.8"),
    ("identical_rows:ct-2024.2024.network_engineer.technician_1", "suspicious", "2.93 = 2.93"),
    ("small_bases:ct-2024.position_salary.means", "suspicious", "$123,000 over 4"),
    ("small_bases:ct-2024.position_salary.means", "suspicious", "$42,092 over 5"),
    ("small_bases:ct-2024.sharing.counts", "suspicious", "61 respondents named: 1"),
    ("small_bases:ct-2024.devices.one", "suspicious", "largest 20,000; smallest 240"),
    ("extremes:ct-2024.2024.benefit_rate.all", "passed", "10% to 35%; mean 23%"),
    ("parts:cosn-2013.leader-title", "only by rounding", "= 100.13"),
    ("joint_base:cosn-2013.leader-title", "suspicious", "37.80%, 42.90%, 6.10% fit 98, 196"),
    ("parts:cosn-2013.leader-responsibility", "only by rounding", "= 99.9"),
    ("joint_base:cosn-2013.leader-responsibility", "fewer than stated", "print all: 197"),
    ("joint_base:cosn-2013.2013.top_challenge", "fewer than stated", "print all: 108, 166, 216"),
    ("joint_base:cosn-2013.leader-background", "fewer than stated", "print all: 177"),
    ("joint_base:cosn-2013.2013.community_site", "fewer than stated", "print all: 153"),
    ("joint_base:cosn-2013.locale", "fewer than stated", "print all: 128, 133, 222, 227"),
    ("parts:cosn-2013.locale", "passed", "41.4 + 20.3 + 38.3 = 100"),
    ("parts:cosn-2013.free-reduced-lunch", "passed", "10 + 26 + 29 + 35 = 100"),
    ("parts:cosn-2013.salary-brackets", "fewer than stated", "30 + 35 + 32 = 97"),
    ("sum:cosn-2013.salary-under-100000", "passed", "30% + 35% = 65"),
    ("parts:cosn-2013.school-staff-reports-to", "only by rounding", "+ 21 + 23 = 99"),
    ("exclusive:cosn-2013.school-staff-of-both", "suspicious", "80 + 21 + 23 = 124"),
    ("growth:cosn-2013.superintendent-tenure-growth", "only by rounding", "56.5%"),
    ("distinct:cosn-2013.experience-under-5", "suspicious", ": 10% and "),
    ("precision:cosn-2013.2013.leader_title.share", "suspicious", "3 of the 4 finest end in 0"),
    ("printed_twice:cosn-2013.leader-title.cto-cio.share", "passed", "42.90%"),
    (
        "printed_twice:cosn-2013.leader-responsibility.administrative-and-instructional.share",
        "suspicious",
        "80% and 80.70%",
    ),
    ("joint_base:incident-iq-2024.one-council", "fewer than stated", "print all: none"),
    ("joint_base:national.salary-brackets-2013", "fewer than stated", "print all: 176"),
    (
        "printed_elsewhere:national.2017.privacy_importance.more-important.share",
        "suspicious",
        "61% (Education Week, 2017) and 62% (Benton Institute, 2017)",
    ),
    ("same:national.budget-inadequate-2014", "suspicious", "53%"),
    ("parts:national.infrastructure-enrollment-2018", "only by rounding", "41 + 38 + 22 = 101"),
    # The state's schools were counted in 2016: a divisor of another year, and "~40 percent".
    ("share_of:national.schools-covered-ct-2024", "untestable", "printed about 40%"),
    ("order:ct-2024.sharing-order", "suspicious", "All positions are shared with the town 14"),
    ("order:ct-2024.provision-order", "suspicious", "Both ways 0"),
    ("directions:ct-2024.student-device-ratio.pk-2.1-1.count", "suspicious", "student to device"),
    ("other_units:ct-2024.respondents-listed", "suspicious", "charter school: 1"),
    (
        "moved_boundary:cosn-2013.salary-bracket.100000-plus.share",
        "suspicious",
        "more than $100,000 as printed, 100,000 or more as coded",
    ),
    ("class_limits:cosn-2013.salary-brackets", "suspicious", "more than $100,000"),
    ("two_meanings:incident-iq-2024.asset-inventory.grows.share.headline", "suspicious", "90%"),
    (
        "told_of_one:ct-2024.comment-figure.staff-chromebooks.amount",
        "suspicious",
        "name: 5",
    ),
    (
        "told_of_one:ct-2024.comment-figure.supported-devices-first.amount",
        "passed",
        "name: 1",
    ),
    ("sum:national.enrollment-ct-2025", "passed", "= 497,760, printed 497,760"),
    ("sum:national.enrollment-ct-2023", "suspicious", "= 512,649, printed 512,652"),
    ("share_of:national.response-rate-ct-2020", "passed", "84.58"),
]


@pytest.mark.parametrize(("name", "grade", "shown"), BY_HAND)
def test_what_was_found_by_hand(findings, name, grade, shown):
    found = findings.loc[name]
    assert found["grade"] == grade
    assert shown in found["arithmetic"]


def test_sets_that_fit_a_mean_of_public_numbers_are_those_of_enumeration(evidence, findings):
    """Every set is made: of 4 of the 61 named, and of the 2 that are left out of 59."""
    named = evidence.frame[evidence.frame["answered"]]
    sizes, told = named["enrollment"].to_numpy(int), findings[findings["check"].eq("fitting_sets")]
    fours = np.array([*itertools.combinations(sizes, 4)]).sum(axis=1)
    rests = sizes.sum() - np.array([*itertools.combinations(sizes, 2)]).sum(axis=1)
    for position, sums, mean, of, grade in (
        ("cyber-security", fours, 9150, 4, "suspicious"),
        ("av-coordinator", fours, 4217, 4, "passed"),
        ("technology-director", rests, 3288, 59, "suspicious"),
    ):
        fit = int((np.abs(sums / of - mean) <= 0.5).sum())
        row = told.loc[f"fitting_sets:ct-2024.position-enrollment.{position}.mean"]
        assert (row["grade"], len(sums)) == (grade, {4: 521_855, 59: 1_830}[of])
        tried = f"of {len(sums):,} sets of {of} of the 61 named, {fit:,} would print it"
        assert row["arithmetic"] == f"{mean:,} over {of}: {tried}"
    fewest = told["arithmetic"].str.extract(r"named, ([\d,]+) would")[0].str.replace(",", "")
    assert fewest.astype(int).is_monotonic_increasing
    words = told[["arithmetic", "implication", "name"]].to_string()
    assert not any(name in words for name in [*named["district"], *named["name"]])


def test_the_years_without_a_base_are_not_judged_but_bounded(findings):
    for year, size in ((2017, 203), (2020, 201), (2021, 200)):
        found = findings.loc[f"joint_base:ct-{year}.{year}.one_to_one"]
        assert found["grade"] == "untestable"
        assert re.search(rf"\d+ of {size} would do", found["implication"])


def test_the_tone_is_to_check_the_source(findings):
    text = " ".join(findings["implication"]) + " ".join(findings["advice"].dropna())
    assert not re.search(r"\b(?:fraud|fabricat|fake|lied|lying|false|wrong|mistake)", text)
    # The page's own words for the grades accuse nobody either.
    book = es.evidence().codebook.labels
    assert not book.loc[book["kind"].eq("grade"), "label"].str.contains("uspicio|mpossib").any()


def test_each_check_has_its_question_in_words(findings, evidence):
    labels = evidence.codebook.labels
    assert set(findings["check"]) <= set(labels.loc[labels["kind"].eq("check"), "code"])


def test_what_confirms_the_62_stands_beside_all_that_asks_about_them(findings):
    asked = findings[findings["source"].eq("ct-2024") & findings["grade"].eq("fewer than stated")]
    about = asked[asked["arithmetic"].str.contains("of 62|62 stated")]
    assert len(about) == 7  # the list of names, two questions of exclusive answers, four bands
    assert about["supports"].str.contains("281,925 / 62 = 4,547.18", regex=False).all()


def planted(evidence, changes=(), more=(), drop=()):
    """Audit a copy of the figures in which some cells were changed."""
    figures = evidence.printings.set_index("figure_id", drop=False)
    figures = figures[~figures["figure_id"].isin(drop)].copy()
    for name, cells in dict(changes).items():
        for column, cell in cells.items():
            figures.loc[name, column] = cell
    news = [
        figures.loc[like].to_dict() | {"figure_id": name, **cells} for like, name, cells in more
    ]
    figures = pd.concat([figures, pd.DataFrame(news, columns=figures.columns)], ignore_index=True)
    relations = evidence.relations
    if drop:
        keep = [
            ";".join(one for one in cell.split(";") if one not in drop)
            for cell in relations["parts"]
        ]
        relations = relations.assign(parts=keep)
    for _, name, cells in more:
        listed = relations["kind"].eq("respondents") & (cells.get("item") == "respondent_listed")
        relations = relations.assign(
            parts=relations["parts"].mask(listed, relations["parts"] + ";" + name)
        )
    told = es.audit(figures, relations, evidence.sources, codebook=evidence.codebook)
    return told.set_index("finding_id")


def after_hours(base, places=1):
    """The four counts of after-hours support as percents of a base, printed beside 62."""
    counts = {"staff": 30, "students": 11, "families": 7, "other": 17}
    said = {"statistic": "share", "unit": "percent"}
    texts = {name: f"{100 * count / base:.{places}f}" for name, count in counts.items()}
    return [
        (f"ct-2024.after-hours.{name}.count", f"ct-2024.after-hours.{name}.share",
         said | {"printed": f"{text}%", "value": float(text)})
        for name, text in texts.items()
    ]  # fmt: skip


IIQ = "incident-iq-2024.asset-inventory.grows.share.headline"
ONE_MEANING = {"item": "asset_inventory", "group": "grows"}
COMMENT = "ct-2024.comment-figure.supported-devices-first.amount"
ENROLLED = "cosn-2013.district-enrollment.over-15000.share"
CHARTER = {"item": "respondent_listed", "group": "ct-amistad-academy"}


@pytest.mark.parametrize(
    ("name", "fault", "clean"),
    [
        ("joint_base:ct-2024.2024.after_hours",
         {"more": after_hours(65)}, {"more": after_hours(62)}),
        (f"two_meanings:{IIQ}", {}, {"changes": {IIQ: ONE_MEANING}}),
        (f"moved_boundary:{ENROLLED}",
         {"changes": {ENROLLED: {"group": "15000-plus", "note": "printed as more than 15,000"}}},
         {"changes": {ENROLLED: {"note": "printed as more than 15,000"}}}),
        ("order:ct-2024.sharing-order", {},
         {"changes": {"ct-2024.sharing.all.count": {"printed": "1", "value": 1},
                      "ct-2024.sharing.some.count": {"printed": "14", "value": 14}}}),
        ("directions:ct-2024.student-device-ratio.pk-2.1-1.count", {},
         {"changes": {f"ct-2024.student-device-ratio.{band}.{ratio}.count":
                      {"locator": "table Device-to-Student Ratio"}
                      for band in ("pk-2", "3-5", "6-8", "9-12")
                      for ratio in ("1-1", "2-1", "3-1", "4-1", "over-4-1")}}),
        (f"told_of_one:{COMMENT}", {"more": [(COMMENT, "ct-2024.x", {"group": "x"})]}, {}),
        ("other_units:ct-2024.respondents-listed",
         {"more": [("ct-2024.respondent-listed.ct-avon.text", "ct-2024.x", CHARTER)]},
         {"drop": [f"ct-2024.respondent-listed.ct-{one}.text"
                   for one in ("aces", "edadvance", "ctecs", "integrated-day")]}),
    ],
)  # fmt: skip
def test_a_fault_that_is_planted_is_found_and_a_clean_copy_is_not_accused(
    evidence, name, fault, clean
):
    assert planted(evidence, **fault).at[name, "grade"] == "suspicious"
    told = planted(evidence, **clean)
    assert name not in told.index or told.at[name, "grade"] == "passed"


def test_numbers_repeated_at_every_school_are_found_from_the_districts_alone():
    """Of the 24 district-years marked by who read the school rows, 21 leap or stand twice."""
    figures = es.read_figures(["nv-report-card"])
    marked = figures[figures["statistic"].eq("each")]
    told = es.audit(figures[~figures["statistic"].isin(["each", "max"])])
    far = told[told["check"].eq("leaps") & told["grade"].eq("suspicious")]
    named = set(" ".join(far["figures"]).split())
    ids = set(marked["figure_id"].str.replace(".each.", ".total."))
    assert len(ids) == 24
    assert ids - named == {
        f"nv-report-card.school-technicians.nv-{one}.total.{wave}"
        for one, wave in (("churchill", 2012), ("churchill", 2013), ("eureka", 2014))
    }
    # one school with 66.0 is among the others, and three that are merely small
    assert len(named - ids) == 4
    assert "nv-report-card.school-technicians.nv-mineral.total.2012" in named
    assert not told["grade"].eq("impossible").any()
    with_rows = es.audit(figures)
    each = with_rows[with_rows["check"].eq("same_at_each")]
    assert set(marked["figure_id"]) <= set(" ".join(each["figures"]).split())
