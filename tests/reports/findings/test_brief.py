"""The words of a brief follow its frames: other numbers, other words."""

from types import SimpleNamespace

import pandas as pd
import pytest

from edtech_survey.reports.claims import unsupported
from edtech_survey.reports.exhibit import Figure, Table
from edtech_survey.reports.findings import (
    brief_beside,
    brief_headline,
    brief_positions,
    brief_prose,
    brief_standards,
    brief_standing,
)
from edtech_survey.reports.findings.brief_setting import brief as set_up
from edtech_survey.reports.findings.staffing_setting import setting
from edtech_survey.reports.findings.survey_waves import waves_of
from edtech_survey.shape import empty_estimates

SOURCES = pd.DataFrame(
    {
        "source": ["st-2024", "talk-2018"], "title": ["Staff survey", "A thread"],
        "publisher": ["State Board", "unknown"], "published": ["2024-11-26", "2018"],
        "fielded": ["fall", ""], "kind": ["survey report", "discussion"], "mode": ["web", ""],
        "answered": pd.array([40, 9], dtype="Int64"),
        "population": pd.array([90, None], dtype="Int64"), "units": ["districts", "districts"],
        "synthetic": [False, False], "wave": [2024, 2018], "series": ["ct", None],
    }
)  # fmt: skip
POSITIONS = pd.DataFrame(
    {
        "position": ["technology_director", "technician_1", "data_specialist"],
        "label": ["Technology Director", "Technician I", "Data Specialist"],
    }
)
PUBLICATIONS = pd.DataFrame(
    {"publication": ["news-2001"], "title": ["Five measures"], "publisher": ["News"],
     "published": ["2001"]}
)  # fmt: skip
ITEMS = pd.DataFrame({"item": ["support_staff"], "wording": ["How many people?"]})


def figures(synthetic=False):
    rows = [
        ("responding_districts", "all", "count"), ("support_ratio", "all", "mean_of_ratios"),
        ("devices", "all", "total"), ("support_staff", "all", "total"),
        ("students", "all", "total"), ("position_present", "technician_1", "count"),
        ("position_enrollment", "technician_1", "mean"),
        ("position_salary", "technology_director", "mean"),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["item", "group", "statistic"])
    return frame.assign(
        figure_id=[f"st-2024.{i}.{g}.{s}" for i, g, s in rows], source="st-2024", wave=2024,
        value=40.0, population=90, synthetic=synthetic,
    )  # fmt: skip


def about(synthetic=False, price_year=2024):
    given = figures(synthetic)
    evidence = SimpleNamespace(
        codebook=SimpleNamespace(positions=POSITIONS, items=ITEMS),
        elsewhere=given.head(0), publications=PUBLICATIONS,
    )  # fmt: skip
    sources = SOURCES.assign(synthetic=[synthetic, False])
    return setting(waves_of(sources, given), evidence, given, price_year=price_year)


def measures(**values):
    units = {
        "support_ratio": "devices_per_staff",
        "devices_per_student": "devices_per_student",
        "support_staff_per_1000_students": "staff_per_1000_students",
    }
    rows = [
        {"item": item, "group": "all", "statistic": "own", "estimate": value, "unit": units[item]}
        for item, value in values.items()
    ]
    return pd.DataFrame(rows, columns=["item", "group", "statistic", "estimate", "unit"])


def made(
    ratio=750.0, per=2.0, origin="stated", held=None, peers=0, level="", synthetic=False, year=2024
):
    own = pd.DataFrame(
        [
            ("enrollment", "all", 2000.0),
            ("devices", "all", 3000.0),
            ("support_staff", "all", 4.0),
            ("position_salary", "technology_director", 90_000.0),
            ("position_fte", "technology_director", 1.0),
        ],
        columns=["item", "group", "value"],
    )
    values = {"devices_per_student": 1.5}
    values |= {"support_ratio": ratio} if ratio else {}
    values |= {"support_staff_per_1000_students": per} if per else {}
    district = SimpleNamespace(name="Ourtown", origin=origin, own=own, held=held)
    chosen = pd.DataFrame({"times": [0.8, 1.25][:peers] + [1.0] * max(0, peers - 2)})
    return set_up(
        about(synthetic, year), district, measures(**values),
        SimpleNamespace(peers=chosen, level=level),
    )  # fmt: skip


def beside(total=1008.0, mean=670.0, staff=1.4):
    rows = [
        ("support_ratio", "ratio_of_totals", total, "as published"),
        ("support_ratio", "ratio_of_totals", 1006.9, "from the totals"),
        ("support_ratio", "mean_of_ratios", mean, "as published"),
        ("support_staff_per_1000_students", "ratio_of_totals", staff, "from the totals"),
    ]
    frame = pd.DataFrame(rows, columns=["item", "statistic", "estimate", "basis"])
    return frame.assign(group="all", base=40, synthetic=False)


def placed(estimate=30.0, low=7.0, high=65.0, mean=340.0):
    shared = {"item": "support_ratio", "group": "all", "base": 10, "synthetic": False}
    return pd.DataFrame(
        [
            shared | {"statistic": "mean", "estimate": mean, "conf_low": 320.0, "conf_high": 360.0},
            shared
            | {"statistic": "percentile", "estimate": estimate, "conf_low": low, "conf_high": high},
        ]
    )


RANGES = pd.DataFrame(
    {"item": ["support_ratio"], "group": ["all"], "estimate_low": [23.0], "estimate_high": [60.0],
     "choices": [8]}
)  # fmt: skip
NONE = empty_estimates()


def judged(by_devices=("misses", "misses"), by_students=("meets",)):
    rows = [
        ("devices_per_staff", "cosn-managed-network", 500.0, 500.0, verdict)
        for verdict in by_devices
    ] + [
        ("staff_per_1000_students", "wa-technology", 0.628, 0.628, verdict)
        for verdict in by_students
    ]
    names = ["unit", "standard", "standard_low", "standard_high", "verdict"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(
        standard_wave=2001, publication="news-2001", figure_ids="a; b",
        estimate=[750.0 if unit == "devices_per_staff" else 2.0 for unit in frame["unit"]],
    )  # fmt: skip


def chances(first=93.0, second=40.0):
    return pd.DataFrame(
        {"group": ["technology_director", "technician_1"], "estimate": [first, second],
         "estimate_low": [first - 1, second - 9], "estimate_high": [first + 1, second + 9],
         "doubling": [1.4, 1.9], "spreads": ["0.7, 0.95", "0.95"], "base": 40, "population": 90,
         "synthetic": False}
    )  # fmt: skip


def usual(held=70.0):
    return pd.DataFrame(
        {"group": ["technology_director", "technician_1"], "estimate": [100.0, held],
         "conf_low": [72.0, 40.0], "conf_high": [100.0, 89.0], "base": 10, "synthetic": False}
    )  # fmt: skip


def pay(own=90_000.0, state=100_000.0, peers=None):
    return pd.DataFrame(
        {"position": ["technology_director"], "own": [own], "state": [state],
         "districts": pd.array([35], dtype="Int64"), "peers": pd.array([peers], dtype="Float64"),
         "peers_low": pd.array([peers], dtype="Float64"),
         "peers_high": pd.array([peers], dtype="Float64"), "synthetic": [False]}
    )  # fmt: skip


def described():
    return pd.DataFrame(
        {"source": "talk-2018", "district": ["A", "B", "C", "D"], "state": "OH",
         "students_printed": ["1700", "7000", "<900", "500"],
         "near": pd.array([True, False, None, True], dtype="boolean"),
         "staff": [6.0, 12.0, 3.0, 0.0], "roles": 5, "roles_without_number": [0, 1, 0, 1],
         "estimate": pd.array([3.5, None, None, None], dtype="Float64"),
         "estimate_low": pd.array([3.5, 1.7, 3.3, 0.0], dtype="Float64")}
    )  # fmt: skip


def opening(brief=None, **frames):
    given = {
        "beside": beside(), "placed": NONE, "ranges": NONE, "judged": judged(),
        "chances": chances(), "pay": pay(), **frames,
    }  # fmt: skip
    return brief_headline.opening(**given, brief=brief or made())


# Headline


def test_every_number_of_the_headline_stands_in_a_frame():
    made_one = opening(made(peers=2), placed=placed(), ranges=RANGES)
    frames = (beside(), placed(), RANGES, chances(), pay(), made().own, made().measures)
    # Ratios of two of these numbers, and what the setting says.
    allowed = {74, 26, 12, 10, 95, 2024, 1000, 0.8, 1.25}
    for text in (made_one.title, made_one.deck, *made_one.findings):
        assert unsupported(text, *frames, allowed=allowed) == []


def test_the_title_falls_back_to_what_is_stated():
    assert opening().title == "Ourtown: 750 devices for each support person"
    assert opening(made(ratio=None)).title == "Ourtown: 1.50 devices per student"


def test_findings_are_told_only_of_what_is_there():
    told = "\n".join(opening(made(peers=2), placed=placed(), ranges=RANGES).findings)
    for lead in ("Devices:", "Support staff:", "Peers:", "Standards:", "Positions:", "Pay:"):
        assert lead in told
    bare = opening(
        made(ratio=None, per=None), beside=NONE, judged=NONE, chances=NONE, pay=pay().head(0)
    )
    assert bare.findings == (
        "Too little is stated: with devices and support staff this brief would say how Ourtown "
        "compares.",
    )


def test_the_average_of_districts_is_called_an_example():
    assert "This is an example, not a district" in opening(made(origin="average")).caution
    assert "example" not in opening().caution


@pytest.mark.parametrize(("percent", "word"), [(0.0, "none"), (100.0, "all"), (30.0, "30%")])
def test_the_part_of_the_peers_below_is_put_into_words(percent, word):
    told = opening(made(peers=2), placed=placed(estimate=percent), ranges=NONE).findings
    assert f", {word} have fewer devices" in "\n".join(told)


def test_made_up_districts_are_said_to_be():
    assert "SYNTHETIC" in opening(made(synthetic=True)).html()


# Standing


def test_a_district_is_set_beside_both_averages():
    table = brief_standing.standing_table(beside(), NONE, made())
    row = table.data.set_index("item").loc["support_ratio"]
    assert row[["here", "state", "mean"]].tolist() == ["750", "1,008", "670"]
    assert table.title == "One support person looks after 750 devices, 12% above the mean of " \
        "districts"  # fmt: skip
    assert "Mean of its peers" not in table.html()


def test_with_peers_the_title_speaks_of_them():
    table = brief_standing.standing_table(beside(), placed(mean=1500.0), made(peers=3, level="x"))
    assert table.title.endswith("50% below its peers’ mean")
    page = table.html()
    assert "1,500 (320 to 360)" in page
    assert "the three respondents with the same grades" in page


def test_what_was_not_asked_is_not_made_up():
    table = brief_standing.standing_table(NONE.assign(basis=[]), NONE, made())
    assert table.data["state"].isna().all()
    assert table.title == "One support person looks after 750 devices"


def test_the_place_among_peers_claims_only_what_its_interval_does():
    brief = made(peers=3)
    unclear = brief_standing.place_chart(placed(), RANGES, brief)
    assert isinstance(unclear, Figure)
    assert unclear.title == "Nothing sets it clearly apart from districts of its size"
    low = brief_standing.place_chart(placed(10.0, 1.0, 45.0), RANGES, brief)
    assert low.title == "Devices per support person: below 90% of its peers"
    high = brief_standing.place_chart(placed(100.0, 69.0, 100.0), RANGES, brief)
    assert high.title == "Devices per support person: above all of its peers"
    assert "Over eight choices of peers" in unclear.html()
    assert "23% to 60%" in unclear.html()
    assert "not published" in repr(brief_standing.place_chart(NONE, NONE, brief))


# Standards


def test_standards_are_counted_by_unit():
    table = brief_standards.standards_table(judged(), made())
    assert table.title == "Standards met: none of two by devices and one of one by students"
    assert {"750", "2.00"} == set(table.data["here"])
    assert "the older standards" in repr(brief_standards.after_standards(judged()))
    same = judged(by_devices=("meets",))
    assert "does not hang on" in repr(brief_standards.after_standards(same))
    assert "none can be judged" in repr(brief_standards.standards_table(NONE, made()))


def test_a_rubric_s_lowest_level_is_no_standard_to_meet():
    rows = judged(by_devices=("in the lowest level", "misses"))
    assert brief_standards.tallies(rows)["by devices"] == (0, 1)


# Positions


def test_likely_positions_are_counted_and_named():
    chart = brief_positions.chance_chart(chances(), made())
    assert chart.title == "At 2,000 students, one of two positions is likelier than not"
    assert unsupported(chart.title + chart.alt, chart.data, made().own, allowed=[1, 2]) == []
    both = brief_positions.chance_chart(chances(second=60.0), made())
    assert "two of two positions are" in both.title
    assert "technicians I: with twice the students the odds" in repr(
        brief_positions.after_chances(chances(), made())
    )
    assert "does not say" in repr(brief_positions.chance_chart(NONE, made()))


def test_what_most_peers_have_and_the_district_lacks_is_named():
    lacks = made(origin="response", held=frozenset({"technology_director"}), peers=3)
    table = brief_positions.peer_positions(usual(), chances(), lacks)
    assert table.title == "70% of peers have technicians I; it reports none"
    assert table.data["here"].tolist() == ["has it", "none reported"]
    has = made(origin="response", held=frozenset(usual()["group"]), peers=3)
    title = brief_positions.peer_positions(usual(), chances(), has).title
    assert title == "It has every position that most of its peers have"
    rare = brief_positions.peer_positions(usual(held=30.0), chances(), lacks)
    assert rare.title == "It has every position that most of its peers have"
    stated = brief_positions.peer_positions(usual(), chances(), made(peers=3))
    assert stated.data["here"].eq("not stated").all()


# Pay and described departments


def test_pay_is_compared_in_the_dollars_chosen():
    table = brief_beside.pay_table(pay(), made(year=2020))
    assert table.title == "Technology director: $90,000, 10% below the mean of districts"
    assert "2020 dollars" in table.html()
    assert "Districts with it" in table.html()
    higher = brief_beside.pay_table(pay(own=160_000.0), made())
    assert higher.title.endswith("1.6 times the mean of districts")
    withheld = pd.concat([pay(peers=95_000.0), pay()], ignore_index=True)
    assert "‡" in brief_beside.pay_table(withheld, made(peers=3)).html()
    assert "No pay is stated" in repr(brief_beside.pay_table(pay().head(0), made()))


def test_described_departments_are_few_and_said_to_be():
    table = brief_beside.described_table(described(), SOURCES, made())
    assert isinstance(table, Table)
    assert table.title == "One of three departments described with their staff is of about this " \
        "size"  # fmt: skip
    assert table.data["place"].tolist() == ["A, OH", "B, OH", "C, OH"]
    assert {"12 and 1 role uncounted"} < set(table.data["people"])
    assert "at least 1.7" in table.html()
    far = described().assign(near=pd.array([False] * 4, dtype="boolean"))
    assert brief_beside.described_title(far).startswith("None of three")


# Prose


def test_the_two_averages_are_explained_by_their_order():
    assert "have more devices for each" in repr(brief_prose.after_standing(beside(), made()))
    assert "have fewer devices for each" in repr(
        brief_prose.after_standing(beside(total=500.0), made())
    )
    assert repr(brief_prose.after_standing(NONE, made())) == ""


def test_the_district_s_numbers_are_listed():
    told = repr(brief_prose.own_numbers(made(peers=3)))
    assert "2,000 students, 3,000 supported devices and 4 people" in told
    assert "technology director: $90,000 a year and 1.00 FTE" in told
    assert "never one by one" in told
    assert "never one by one" not in repr(brief_prose.own_numbers(made()))
