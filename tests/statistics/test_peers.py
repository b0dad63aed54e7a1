"""A district's own numbers, its measures, its peers and what may be told of them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from edtech_survey import shape
from edtech_survey.errors import EstimateError, SourceError
from edtech_survey.statistics.peers import (
    _coarse,
    answers,
    average_district,
    district_measures,
    own_measures,
    own_numbers,
    peers,
    size_class,
)


def values(table, district=None):
    rows = table[table["district_id"] == district] if district else table
    column = "value" if "value" in rows else "estimate"
    return {(row["item"], row["group"]): float(row[column]) for _, row in rows.iterrows()}


def test_what_is_zero_is_not_stated_and_any_subset_will_do():
    own = own_numbers({"enrollment": 2000, "devices": 0, "director_salary": 98500})
    assert own.values.tolist() == [
        ["enrollment", "all", 2000.0],
        ["position_salary", "technology_director", 98500.0],
    ]
    assert own_measures({"devices": 5}).empty


def test_all_wrong_numbers_are_named_at_once():
    rows = [
        ("devices", "all", -1), ("position_fte", "all", 1.0), ("support_staff", "technician_1", 2),
        ("budget", "all", 9), ("devices", "all", 20),
    ]  # fmt: skip
    with pytest.raises(EstimateError) as error:
        own_measures(pd.DataFrame(rows, columns=["item", "group", "value"]))
    for text in (
        "devices all: value -1.0 -> give a number from 0 up",
        "position_fte all: value 1.0 -> wrong group, name the position",
        "support_staff technician_1: value 2.0 -> wrong group",
        "budget all: value 9.0 -> unknown item, one of enrollment",
        "devices all: value 20.0 -> stands twice",
    ):
        assert text in str(error.value)
    with pytest.raises(EstimateError, match="no column group"):
        own_numbers(pd.DataFrame({"item": ["enrollment"], "value": [1]}))


def test_the_average_district_has_the_ratios_of_all_together():
    # 62 districts, 200,380 students, 281,925 devices, 280 people: 1,006.9 devices a person.
    counts = {"responding_districts": 62, "students": 200_380, "devices": 281_925}
    counts["support_staff"] = 280
    rows = [{"item": item, "group": "all", "wave": 2024, "value": n, "statistic": "total"}
            for item, n in counts.items()]  # fmt: skip
    printed = shape.figures([rows[0] | {"statistic": "count"}, *rows[1:]])
    own = average_district(printed, wave=2024)
    assert own["value"].astype(float).round(2).tolist() == [3232, 4547, 4.52]
    ratio = own_measures(own).set_index("item").at["support_ratio", "estimate"]
    assert ratio == pytest.approx(281_925 / 280, rel=1e-4)
    assert average_district(printed.head(2), wave=2024)["item"].tolist() == ["enrollment"]
    assert average_district(printed.head(1), wave=2024).empty


def beside(published, **responses):
    """Figures with made-up respondents."""
    return replace(published, data="responses", responses=SimpleNamespace(**responses))


@pytest.fixture
def answered():
    districts = pd.DataFrame(
        {
            "wave": 2024, "district_id": ["ct-avon", "x-1", "x-2"],
            "enrollment": [2000, 4000, pd.NA], "devices": [3000, pd.NA, 500],
            "support_staff": [4.0, 0.0, 1.0],
        }
    )  # fmt: skip
    rows = [
        ("ct-avon", "technology_director", 1.0, 120_000.0), ("ct-avon", "technician_1", 2, 50_000),
        ("ct-avon", "technician_3", 1.0, pd.NA), ("x-1", "technician_1", pd.NA, 45_000.0),
        ("x-1", "technology_director", 1.0, 110_000.0),
    ]  # fmt: skip
    positions = pd.DataFrame(rows, columns=["district_id", "position", "fte", "salary"])
    return {"districts": districts, "positions": positions.assign(wave=2024)}


def test_a_district_from_nothing_numbers_or_a_file(published, tmp_path):
    made = published.district()
    assert set(made["origin"]) == {"average"}
    assert values(made)["enrollment", "all"] == round(200_380 / 62)
    made = published.district(enrollment=900, devices=0, support_staff=1.5, name="Ours")
    assert made[["district", "origin", "wave"]].drop_duplicates().values.tolist() == [
        ["Ours", "stated", 2024]
    ]
    path = tmp_path / "mine.csv"
    path.write_text("item,group,value\nposition_fte,technician_1,1.5\n")
    made = published.district(file=path)
    assert values(made) == {("position_fte", "technician_1"): 1.5}
    assert set(made["file"]) == {"mine.csv"}
    path.write_text("item,group,value\nstudents,,12\n")
    with pytest.raises(SourceError, match="row 2"):
        published.district(file=path)


def test_a_respondent_is_taken_from_the_responses(published, answered):
    evidence = beside(published, **answered)
    made = evidence.district("ct-avon")
    assert (made["district"].iloc[0], made["origin"].iloc[0]) == ("Avon", "response")
    assert set(made["year"]) == {2024}
    other = evidence.district("x-1")
    assert other["district"].iloc[0] == "District x-1"
    assert values(other)["position_present", "technician_1"] == 1
    assert ("position_fte", "technician_1") not in values(other)
    assert ("enrollment", "all") not in values(evidence.district("x-2"))
    for said, ask in (
        ("no such district.*\n.*x-9", lambda: evidence.district("x-9")),
        (
            r"Ellingtn.*did you mean Ellington \(ct-ellington\)",
            lambda: published.district("Ellingtn"),
        ),
        (
            "no list of 2024 or before has ct-litchfield",
            lambda: published.district("Litchfield"),
        ),
        ("ct-avon and enrollment", lambda: evidence.district("ct-avon", enrollment=5)),
        (r"no wave 1999(.|\n)*2017, 2020, 2021, 2024", lambda: published.district(wave=1999)),
    ):
        with pytest.raises(EstimateError, match=said):
            ask()


@pytest.mark.parametrize(
    ("typed", "name", "enrollment"),
    [
        ("ct-ellington", "Ellington", 2526), ("ELLINGTON PUBLIC SCHOOLS", "Ellington", 2526),
        ("480011", "Ellington", 2526), ("0480011", "Ellington", 2526),
        ("RSD #10", "Regional 10", 2140), ("CREC", "CREC", 9091), ("Union", "Union", None),
    ],
)  # fmt: skip
def test_a_district_of_the_list_needs_no_more_than_its_name(published, typed, name, enrollment):
    made = published.district(typed, devices=900)
    assert made[["district", "origin"]].drop_duplicates().values.tolist() == [[name, "frame"]]
    assert values(made).get(("enrollment", "all")) == enrollment
    assert values(made)["devices", "all"] == 900
    alone = published.district(typed)
    assert (alone["district"].iloc[0], len(alone)) == (name, 1)
    assert own_measures(alone).empty


def test_beside_published_figures_a_respondent_is_known_by_the_last_list_alone(published):
    answers = pd.DataFrame({"wave": [2026], "district_id": ["ct-ellington"], "enrollment": [2222]})
    responses = SimpleNamespace(districts=answers, positions=answers.head(0), bands=None)
    newer = published.own.assign(wave=2026)
    own = replace(published, own=newer, responses=responses).district("Ellington")
    assert own[["origin", "value", "wave"]].values.tolist() == [["frame", 2526, 2026]]


def test_what_is_no_public_district_says_what_it_is(published):
    made = published.district(enrollment=600, kind="private school")
    assert made[["district", "kind"]].iloc[0].tolist() == ["This private school", "private school"]


def test_measures_by_hand(answered):
    table = district_measures(answers(SimpleNamespace(**answered), 2024))
    found = values(table, "ct-avon")
    hand = {
        "devices_per_student": 1.5, "support_ratio": 750, "support_staff_per_1000_students": 2,
        "technician_fte_per_1000_students": 1.5, "devices_per_technician_fte": 1000,
        "staff_fte_per_1000_students": 2,
    }  # fmt: skip
    assert {item: found[item, "all"] for item in hand} == hand
    assert found["position_salary", "technology_director"] == 120_000
    assert ("position_salary", "technician_3") not in found
    # Nothing is divided by nobody, and a technician without FTE makes each sum of FTE unknown.
    other = {item: n for (item, group), n in values(table, "x-1").items() if group == "all"}
    assert other == {"support_staff_per_1000_students": 0}
    assert set(values(table, "x-2")) == {("support_ratio", "all")}


OWN = {"enrollment": 2000, "devices": 3000, "support_staff": 4, "director_salary": 100_000}


def test_the_published_averages_stand_beside_the_district(published):
    told = peers(OWN, published).set_index(["item", "statistic", "basis"]).sort_index()
    # 3,000 devices over 4 people is 750; the report prints 1 to 1,008 and 1 to 670.
    ratio = told.loc["support_ratio"]
    assert ratio.at[("ratio_of_totals", "as published"), "times"] == pytest.approx(750 / 1008)
    assert ratio.at[("mean_of_ratios", "as published"), "times"] == pytest.approx(750 / 670)
    assert ratio.at[("mean_of_ratios", "as published"), "figures"].startswith("ct-2024.support")
    # 40 x 2.93 and more FTE of technicians for 200,380 students; none stated here
    technicians = told.loc[("technician_fte_per_1000_students", "ratio_of_totals")].iloc[0]
    assert technicians["estimate"] == pytest.approx(258.94 / 200.38)
    assert pd.isna(technicians["own"])
    early = peers(published.district(wave=2017, **OWN), published)
    assert set(early["statistic"]) == {"own"}


def test_pay_is_in_dollars_of_one_year_where_prices_are_known(published):
    def pay(**options):
        told = peers(published.district(**OWN), published, **options)
        return told[told["item"].eq("position_salary")].set_index("statistic")

    told = pay(price_year=2020)
    # CPI-U: 258.811 in 2020, 313.689 in 2024; the report prints $116,668.
    assert told.at["own", "estimate"] == 100_000
    assert told.at["mean", "estimate"] == pytest.approx(116_668 * 258.811 / 313.689, rel=1e-4)
    assert told.at["mean", "base"] == 59
    later = pay(price_year=2060)  # the latest that has an index: 321.943 in 2025
    assert later.at["mean", "estimate"] == pytest.approx(116_668 * 321.943 / 313.689, rel=1e-4)
    assert later.at["mean", "price_year"] == 2025
    assert pd.isna(later.at["mean", "times"])  # dollars of 2060 are not those of 2025
    assert later.at["own", "currency"].startswith("dollars of 2060, not adjusted")


def test_who_works_outside_a_described_department_is_not_counted(published):
    told = peers({"enrollment": 600}, published.structures).set_index("group")
    # half a post of the teacher, one coach under academics, and two sets of coaches are outside
    staff = told["staff"].to_dict()
    assert staff == {
        "oh-patrick-henry": 2.5, "wi-west-salem": 6, "wi-la-crosse": 12, "mo-francis-howell": 23,
    }  # fmt: skip
    assert told.at["wi-west-salem", "estimate"] == pytest.approx(1000 * 6 / 1700)
    assert pd.isna(told.at["oh-patrick-henry", "estimate"])
    assert told.at["oh-patrick-henry", "estimate_low"] == pytest.approx(2500 / 900)
    assert set(told["base"]) == {9}


def test_what_counts_as_near(published):
    def near(students):
        return peers({"enrollment": students}, published.structures).set_index("group")["near"]

    assert near(2000)["wi-west-salem"]
    assert not near(4000)["wi-west-salem"]
    # "fewer than 900" may be 850 or 90: it cannot be called near, but far
    assert pd.isna(near(800)["oh-patrick-henry"])
    assert not near(2000)["oh-patrick-henry"]
    assert near(16_000).index[0] == "mo-francis-howell"
    unknown = peers({"devices": 9}, published.structures)
    assert (len(unknown), unknown["near"].notna().any()) == (4, False)


@pytest.mark.parametrize(
    ("name", "members", "alike", "answered"),
    [
        # The letters of the list, counted by hand; 6 service centers; kinds with fewer than five.
        ("Ellington", "districts of reference group C", 27, 8),
        ("CREC", "regional service centers", 6, 2),
        ("DMHAS", "agencies, academies and others", 8, 1),
        ("Jumoke Academy", "charter schools", 21, 1),
        ("Region 1", "regional districts", 5, 1),
    ],
)
def test_who_is_like_a_district_is_read_from_the_list(published, name, members, alike, answered):
    own = published.district(name)
    table = peers(own, published.frame)
    like = table[table["basis"].eq("alike")]
    assert (set(like["members"]), len(like), int(like["answered"].sum())) == (
        {members}, alike, answered,
    )  # fmt: skip
    assert own["district_id"].iloc[0] in set(like["group"])
    near = table[table["basis"].eq("nearest")]
    assert len(near) == (20 if own["value"].notna().all() else 0)
    assert own["district_id"].iloc[0] not in set(near["group"])


def test_the_nearest_of_the_list_are_those_of_a_full_search(published):
    near = peers({"enrollment": 600}, published.frame)
    assert set(near["basis"]) == {"nearest"}
    sizes = published.frame["enrollment"].dropna().astype(float)
    order = np.sort(np.abs(np.log(sizes / 600)))[:20]
    assert np.abs(np.log(near["estimate"].astype(float) / 600)).tolist() == pytest.approx(order)
    assert peers({"enrollment": 600}, published.frame.head(0)).empty


def made_up(sizes, wave=2024):
    return pd.DataFrame(
        {
            "wave": wave, "district_id": [f"d{at:02d}" for at in range(len(sizes))],
            "enrollment": pd.array(sizes, dtype="Int64"), "source": "made", "synthetic": True,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("size", "told", "count"),
    [
        (30, "fewer than 1,000 students", 12), (999, "fewer than 1,000 students", 12),
        (1000, "1,000 to 2,499 students", 10), (2500, "2,500 students or more", 18),
        (2_000_000, "2,500 students or more", 18),
    ],
)  # fmt: skip
def test_classes_of_size_are_the_same_for_all_and_hold_ten(size, told, count):
    # 4 below 500 and 8 below 1,000 are one class; 9 from 5,000 up are one with the 9 before.
    sizes = [300] * 4 + [700] * 8 + [1000] * 5 + [2499] * 5 + [2500] * 9 + [5000] * 7 + [12_000] * 2
    districts = pd.concat([made_up([*sizes, pd.NA, 0]), made_up([700] * 30, 2021)])
    found, name = size_class(SimpleNamespace(districts=districts), size, wave=2024)
    assert (name, len(found)) == (told, count)


def test_a_class_without_enough_is_that_of_any_size():
    few = SimpleNamespace(districts=made_up([300, 700, 9000]))
    assert size_class(few, 50, wave=2024)[1] == "any size"


@pytest.fixture(scope="module")
def evidence(published):
    rng = np.random.default_rng(4)
    size = rng.lognormal(7.6, 0.8, 60).round()
    districts = made_up(size.astype(int)).assign(
        devices=(size * rng.uniform(1.0, 2.0, 60)).round(),
        support_staff=np.maximum(1, (size / rng.uniform(400, 1200, 60)).round()),
    )
    positions = districts[["wave", "district_id"]].assign(
        position="technology_director",
        fte=1.0,
        salary=(105_000 + 4 * size + rng.normal(0, 8_000, 60)).round(),
    )
    rare = positions.head(30).assign(position="technician_1", salary=pd.NA)
    held = pd.concat([positions, rare], ignore_index=True)
    return beside(published, districts=districts, positions=held, bands=None)


MINE = {"enrollment": 2000, "devices": 3000, "support_staff": 2.5, "director_salary": 121_000}


def only(evidence, k):
    """The same respondents, but only so many of the class of size."""
    chosen, _ = size_class(evidence.responses, 2000, wave=2024)
    given = vars(evidence.responses)
    districts = given["districts"][lambda d: d["district_id"].isin(chosen["district_id"].head(k))]
    return beside(evidence, **given | {"districts": districts})


def placed(evidence, k, **options):
    few = only(evidence, k)
    table = peers(MINE, few, **options)
    table = table[table["basis"].eq("peers") & table["statistic"].ne("share")]
    return table.set_index(["item", "statistic"]).sort_index(), few.responses.districts


def test_the_place_is_that_of_scipys_percentile_in_words(evidence):
    table, chosen = placed(evidence, 12)
    theirs = (chosen["devices"] / chosen["enrollment"]).astype(float).sort_values()
    row = table.loc[("devices_per_student", "percentile")]
    assert (row["base"], pd.isna(row["estimate"]), pd.isna(row["conf_low"])) == (12, True, True)
    said = {}
    for mine in [*theirs, 0.1, 9.0]:
        percent = stats.percentileofscore(theirs, mine, kind="mean")  # ties count by half
        told = peers({"enrollment": 2000, "devices": 2000 * mine}, only(evidence, 12))
        told = told[told["statistic"].eq("percentile") & told["item"].eq("devices_per_student")]
        said.setdefault(told["verdict"].item(), []).append(percent)
    assert max(said["lower than most"]) <= 25 < min(said["among them"])
    assert max(said["among them"]) < 75 <= min(said["higher than most"])


def test_the_mean_of_the_peers_has_students_interval_rounded(evidence):
    table, chosen = placed(evidence, 10, confidence=0.9)
    theirs = (chosen["devices"] / chosen["support_staff"]).astype(float)
    row = table.loc[("support_ratio", "mean")]
    low, high = stats.t.interval(0.9, 9, theirs.mean(), stats.sem(theirs))
    assert row["estimate"] == pytest.approx(theirs.mean(), abs=0.05 * theirs.mean())
    for told, exact in ((row["conf_low"], low), (row["conf_high"], high)):
        assert told == pytest.approx(exact, abs=0.1 * theirs.mean())  # outward, then coarse
    assert not (row[["estimate", "conf_low", "conf_high"]] % 10).any()
    assert pd.isna(row["std_error"])


def test_one_more_peer_gives_away_nothing_of_that_peer(evidence):
    for size in (0.7, 1.41, 9.6, 49, 51, 670, 95_000, 131_000):
        told = sorted({_coarse(pd.Series([x]))[0] for x in np.linspace(size, 1.2 * size, 2000)})
        assert np.diff(told).min() >= 0.04 * size
    # The classes are fixed, but a late reply adds one:
    # sums of 10 and of 11 rounded means then leave the one peer more open by four tenths.
    for k in (10, 11):
        for size in (k, k + 1):
            mean = placed(evidence, size)[0].loc[("position_salary", "mean")]
            told = mean[["estimate", "conf_low", "conf_high"]].astype(float)
            assert (told % 5000 == 0).all()


def test_what_most_or_few_share_is_told_in_words_alone(evidence):
    table, _ = placed(evidence, 10)
    shares = peers(MINE, evidence).query("statistic == 'share'").set_index("group")
    assert shares["verdict"].to_dict()["technology_director"] == "most"
    assert shares["estimate"].isna().all()
    high = peers({**MINE, "devices": 90_000}, evidence).query("statistic == 'percentile'")
    row = high.set_index("item").loc["devices_per_student"]
    assert row["verdict"] == "higher than most"
    assert pd.isna(row["estimate"])
    assert pd.isna(row["conf_high"])
    pay = table.loc[("position_salary", "percentile")]
    assert pd.isna(pay["estimate"])
    assert pay["withheld"] == "pay of fewer than 20 districts"
    assert placed(evidence, 25)[0].loc[("position_salary", "percentile"), "verdict"] in {
        "among them", "lower than most", "higher than most",
    }  # fmt: skip


def test_a_respondent_is_one_of_its_class_but_not_among_the_others(evidence):
    chosen, name = size_class(evidence.responses, 2000, wave=2024)
    mine, other = chosen["district_id"].iloc[:2]
    tables = [peers(evidence.district(one), evidence).query("basis == 'peers'")
              for one in (mine, other)]  # fmt: skip
    assert set(tables[0]["members"]) == {name} == {"1,000 to 2,499 students"}
    # Means and shares are of the whole class, so that both briefs tell the same of it.
    same = ["item", "group", "statistic", "estimate", "base", "verdict"]
    one, two = (table.query("statistic != 'percentile'")[same] for table in tables)
    both = one.merge(two, on=["item", "group", "statistic"], suffixes=("", "_other"))
    assert len(both) > 3
    assert both["estimate"].astype(float).equals(both["estimate_other"].astype(float))
    places = tables[0].query("statistic == 'percentile' and item == 'support_ratio'")
    assert places["base"].tolist() == [len(chosen) - 1]


def test_too_few_peers_are_withheld_but_not_ones_own_number(evidence):
    table, _ = placed(evidence, 4)
    for statistic in ("mean", "percentile"):
        row = table.loc[("support_ratio", statistic)]
        assert row[["estimate", "base", "verdict"]].isna().all()
        assert row["withheld"] == "fewer than 10 in the class"
    own = peers(MINE, only(evidence, 4)).query("statistic == 'own'").set_index("item")
    assert own.at["support_ratio", "estimate"] == 1200
    assert peers({"devices": 5}, evidence).query("basis == 'peers'").empty
