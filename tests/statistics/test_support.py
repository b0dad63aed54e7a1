"""Support ratios, standards and wages against hand computation."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import edtech_survey as es
from edtech_survey.shape import estimates, figures
from edtech_survey.statistics.peers import average_district
from edtech_survey.statistics.support import LADDER, standards, support, wages


@pytest.fixture(scope="module")
def printed():
    """Give what the report of 2024 prints, without figures whose ids begin so."""
    evidence = es.evidence()

    def left(*gone):
        kept = ~evidence.own["figure_id"].str.startswith(tuple(f"ct-2024.{one}" for one in gone))
        return SimpleNamespace(own=evidence.own[kept], codebook=evidence.codebook)

    return left


def value(table, item, statistic="ratio_of_totals", basis=None):
    chosen = table[(table["item"] == item) & (table["statistic"] == statistic)]
    chosen = chosen if basis is None else chosen[chosen["basis"] == basis]
    assert len(chosen) == 1
    return float(chosen["estimate"].iloc[0])


def test_both_ratios_are_given_and_the_totals_worked_out_again(printed):
    table = support(printed())
    assert value(table, "support_ratio", basis="as published") == 1008
    # 281,925 devices, 280 people, 200,380 students
    assert value(table, "support_ratio", basis="from the totals") == pytest.approx(1006.875)
    assert value(table, "support_ratio", "mean_of_ratios") == 670
    assert value(table, "support_ratio", "max") == 2667
    assert value(table, "devices_per_student") == pytest.approx(1.406952)
    assert value(table, "students_per_support_person") == pytest.approx(715.642857)
    assert value(table, "support_staff_per_1000_students") == pytest.approx(1.397345, abs=1e-6)


def test_totals_of_unlike_bases_are_divided_by_respondent():
    # 10 districts have 1,000 devices each, and the 8 that say so 2 people each: 500 a person.
    rows = [{"item": item, "group": "all", "wave": 2024, "statistic": "total", "value": n,
             "base": base}
            for item, n, base in (("devices", 10_000, 10), ("support_staff", 16, 8),
                                  ("students", 8_000, 10))]  # fmt: skip
    rows.append({**rows[0], "item": "responding_districts", "statistic": "count", "value": 12})
    found = support(figures(rows))
    assert value(found, "support_ratio") == 500
    assert value(found, "devices_per_student") == 1.25
    own = average_district(figures(rows), wave=2024)
    assert own["value"].tolist() == [800, 1000, 2]


def test_technicians_are_counted_in_fte_beside_people(printed):
    table = support(printed())
    fte = 40 * 2.93 + 34 * 2.39 + 32 * 1.89
    assert value(table, "technician_fte", "total") == pytest.approx(fte)
    assert value(table, "devices_per_technician_fte") == pytest.approx(281_925 / fte)
    assert value(table, "coach_fte_per_1000_students") == pytest.approx(13 * 2.89 / 200.38)
    row = table[table["item"] == "devices_per_technician_fte"].iloc[0]
    assert row["estimate_low"] == pytest.approx(281_925 / (fte + 106 * 0.005))
    assert row["estimate_high"] == pytest.approx(281_925 / (fte - 106 * 0.005))
    assert set(table.groupby("counted")["item"].unique()["fte"]) >= {"it_fte", "coach_fte"}


def test_what_is_withheld_or_was_not_asked_is_left_out(printed):
    hidden = printed("support-ratio.all.m", "position-fte.technician-2")
    table = support(hidden)
    assert not table["statistic"].isin(["min", "max"]).any()
    row = table[table["item"] == "technician_fte"].iloc[0]
    assert row["estimate"] == pytest.approx(40 * 2.93 + 32 * 1.89)
    assert row["basis"].startswith("districts x mean FTE, without ")
    # Nobody was asked about one of the ladder: the sum of the others is no measure of it.
    assert "technician_fte" not in set(support(printed("position-present.technician-2"))["item"])
    # A survey of staff that did not count who repairs devices.
    assert "devices_per_technician_fte" in set(support(printed("support-"))["item"])
    nothing = support(printed(), 2017)
    assert (len(nothing), nothing.dtypes.equals(table.dtypes)) == (0, True)


def test_the_ratio_of_totals_is_the_mean_of_ratios_weighted_by_people():
    rng = np.random.default_rng(5)
    people = rng.integers(1, 20, 40)
    devices = people * rng.integers(300, 2667, 40)
    sums = {"item": ["devices", "support_staff"], "value": [devices.sum(), people.sum()]}
    given = figures(pd.DataFrame(sums).assign(statistic="total", group="all", wave=2024))
    found = value(support(given), "support_ratio")
    assert found == pytest.approx(np.average(devices / people, weights=people))


def measures():
    return estimates(
        {"item": item, "statistic": statistic, "estimate": value, "unit": unit, "figures": "ct.1"}
        for item, statistic, value, unit in (
            ("support_ratio", "ratio_of_totals", 1000.0, "devices_per_staff"),
            ("support_ratio", "mean_of_ratios", 600.0, "devices_per_staff"),
            ("support_ratio", "max", 2000.0, "devices_per_staff"),
            ("support_staff_per_1000_students", "ratio_of_totals", 1.4, "staff_per_1000_students"),
            ("coach_fte_per_1000_students", "ratio_of_totals", 0.2, "coaches_per_1000_students"),
        )
    )


def asked():
    rows = [
        ("support_ratio_standard", "managed", "ratio", 500.0, "devices_per_staff", "cosn"),
        ("support_ratio_standard", "range", "min", 50.0, "devices_per_staff", "cosn"),
        ("support_ratio_standard", "range", "max", 700.0, "devices_per_staff", "cosn"),
        ("support_ratio_standard", "rubric", "ratio", 750.0, "devices_per_staff", "state"),
        ("support_ratio_standard", "lowest", "min", 250.0, "devices_per_staff", "iste"),
        ("support_ratio_standard", "highest", "max", 75.0, "devices_per_staff", "iste"),
        ("support_staff_standard", "law", "ratio", 1.0, "staff", "law"),
        ("support_staff_standard", "teachers", "ratio", 1.0, "coaches", "law"),
        ("technology_allocation", "money", "ratio", 178.98, "usd_per_student", "law"),
        ("support_ratio", "one-district", "ratio", 275.0, "devices_per_staff", "iste"),
    ]
    return figures(
        {"figure_id": f"s.{group}.{statistic}", "source": "s", "wave": 2005, "item": item,
         "group": group, "statistic": statistic, "value": value, "unit": unit,
         "publication": publication, "note": "of its time"}
        for item, group, statistic, value, unit, publication in rows
    )  # fmt: skip


def verdicts(column="verdict"):
    return standards(measures(), asked()).set_index(["standard", "statistic"])[column]


def test_verdicts_by_hand():
    hand = {
        ("managed", "ratio_of_totals"): "not met", ("rubric", "ratio_of_totals"): "not met",
        ("rubric", "mean_of_ratios"): "met", ("range", "mean_of_ratios"): "met",
        ("lowest", "ratio_of_totals"): "in the lowest level",
        ("highest", "ratio_of_totals"): "not met", ("law", "ratio_of_totals"): "met",
    }  # fmt: skip
    assert verdicts()[list(hand)].to_dict() == hand


def test_what_a_standard_asks_and_how_far_it_is():
    assert verdicts("times")["managed", "ratio_of_totals"] == pytest.approx(2.0)
    assert verdicts("figures")["range", "ratio_of_totals"] == "ct.1 s.range.min s.range.max"
    asks = verdicts("asks").xs("ratio_of_totals", level=1)
    assert asks["range"] == "at most 50 to 700"
    assert asks["lowest"] == "lowest level from 250"
    assert asks["law"] == "at least 1"


def test_alternatives_of_one_standard_have_one_verdict_together():
    table = verdicts("verdict_together")
    # Of the two alternatives a mean of 600 meets one, a total of 1,000 neither.
    assert set(table.xs("mean_of_ratios", level=1)[["managed", "range"]]) == {"met in part"}
    assert set(table.xs("ratio_of_totals", level=1)[["managed", "range"]]) == {"not met"}
    # A level that only places a measure does not count beside one that can be met.
    assert set(table.xs("ratio_of_totals", level=1)[["lowest", "highest"]]) == {"not met"}
    # The law asks for two kinds of staff: two standards, not alternatives.
    assert tuple(table.xs("ratio_of_totals", level=1)[["law", "teachers"]]) == ("met", "not met")


def test_standards_meet_only_measures_in_their_unit():
    table = standards(measures(), asked())
    assert set(table.loc[table["standard"] == "law", "item"]) == {"support_staff_per_1000_students"}
    coaches = table[table["standard"] == "teachers"]
    assert list(coaches["item"]) == ["coach_fte_per_1000_students"]
    assert not set(table["standard"]) & {"money", "one-district"}
    assert not (table["statistic"] == "max").any()
    gone = measures().assign(estimate=pd.array([pd.NA, 600, 1, 1.4, 0.2], dtype="Float64"))
    assert "support_ratio" not in set(
        standards(gone, asked()).query("statistic == 'ratio_of_totals'")["item"]
    )
    for nothing in (standards(measures().head(0), asked()), standards(measures(), asked().tail(2))):
        assert (len(nothing), nothing.dtypes.equals(table.dtypes)) == (0, True)


def own(without="-"):
    table = pd.read_csv(Path(__file__).with_name("ct_positions_2024.csv"))
    names = {"districts": "position_present", "fte": "position_fte", "salary": "position_salary"}
    rows = table.melt("position", list(names), "item").replace({"item": names})
    made = rows.rename(columns={"position": "group"}).assign(
        figure_id="ct." + rows["item"] + "." + rows["position"], source="ct-2024", wave=2024,
        statistic=rows["item"].map({"position_present": "count"}).fillna("mean"),
        printed=rows["value"].astype("str"), base=62, synthetic=False,
    )  # fmt: skip
    return figures(made[~made["figure_id"].str.startswith(without)])


WAGES = (
    (2016, "computer-user-support|schools", "mean", 45_000.0),
    (2018, "computer-user-support|schools", "mean", 48_630.0),
    (2018, "computer-user-support|all-industries", "mean", 54_760.0),
    (2018, "computer-user-support|all-industries", "median", 50_980.0),
    (2021, "network-support|schools", "mean", 61_350.0),
    (2021, "network-support-managers|schools", "mean", 99_999.0),
)


def there():
    prices = {2016: 240.007, 2018: 251.107, 2021: 270.970, 2024: 313.689}
    rows = [("occupation_wage", *row) for row in WAGES]
    rows += [("cpi_u", year, "all", "index", level) for year, level in prices.items()]
    table = pd.DataFrame(rows, columns=["item", "wave", "group", "statistic", "value"])
    ids = "w." + table["item"] + "." + table["group"] + "." + table["wave"].astype("str")
    return figures(table.assign(figure_id=ids, source="wages", synthetic=False))


def links(*rows):
    made = rows if rows else [(rung, "computer-user-support", "A", "break/fix") for rung in LADDER]
    table = pd.DataFrame(made, columns=["position", "occupation", "comparability", "reason"])
    return table.assign(label=table["occupation"].str.replace("-", " "))


def beside(occupations, price_year=2024, figures=None):
    figures = own() if figures is None else figures
    return wages(pd.concat([figures, there()]), 2024, price_year, occupations)


def test_the_ladder_by_hand_beside_the_newest_means_in_real_dollars():
    table = beside(links())
    # 40 x 2.93 = 117.20, 34 x 2.39 = 81.26, 32 x 1.89 = 60.48 FTE.
    expected = (117.20 * 48347 + 81.26 * 57645 + 60.48 * 68532) / 258.94
    assert table["estimate"].iloc[0] == pytest.approx(expected)
    assert table["group"].iloc[0] == "technician_1|technician_2|technician_3"
    assert table["count"].iloc[0] == 40
    assert table["sector"].tolist()[1:] == ["schools", "all-industries"]
    assert table["estimate"].iloc[1] == pytest.approx(48630 * 313.689 / 251.107)
    assert table["nominal"].tolist()[1:] == [48630, 54760]  # not 2016, and no median
    assert table["difference"].iloc[1] == pytest.approx(
        100 * (expected / table["estimate"].iloc[1] - 1)
    )
    told = table["figures"].iloc[1].split()  # the wage and two years of the index
    assert (told[0], len(told)) == ("w.occupation_wage.computer-user-support|schools.2018", 3)
    old = beside(links(), 2018)
    assert (table["estimate"] / old["estimate"]).tolist() == pytest.approx([313.689 / 251.107] * 3)


def test_without_an_index_each_side_keeps_its_own_dollars():
    pd.testing.assert_frame_equal(beside(links(), 2030), beside(links(), 2024))
    later = own().assign(wave=pd.array([2030] * len(own()), dtype="Int64"))
    table = wages(pd.concat([later, there()]), occupations=links())
    assert table["price_year"].tolist() == [2030, 2024, 2024]  # the latest that has an index
    assert table["estimate"].iloc[0] == beside(links(), 2024)["nominal"].iloc[0]
    assert table["estimate"].tolist()[1:] == beside(links(), 2024)["estimate"].tolist()[1:]


def test_b_has_no_difference_c_no_estimate_and_the_worst_grade_counts():
    table = beside(links(
        ("technician_1", "computer-user-support", "A", "the same"),
        ("technician_2", "computer-user-support", "B", "titles differ"),
        ("network_engineer", "network-support", "C", "engineers are not support staff"),
    ))  # fmt: skip
    assert table["difference"].isna().all()
    refused = table[table["comparability"] == "C"]
    assert (len(refused), set(refused["reason"])) == (2, {"engineers are not support staff"})
    assert refused["estimate"].isna().all()
    graded = table[table["comparability"] == "B"]
    assert graded["estimate"].notna().all()
    assert graded["reason"].iloc[0] == "the same; titles differ"


def test_positions_that_cannot_be_weighted_are_left_out():
    full, lacking = beside(links()), beside(links(), figures=own("ct.position_fte.technician_2"))
    assert lacking["group"].iloc[0] == "technician_1|technician_3"
    for nothing in (beside(links(), figures=own("ct.position_salary")), beside(links().head(0))):
        assert (len(nothing), nothing.dtypes.equals(full.dtypes)) == (0, True)


def test_what_schools_report_is_told_as_printed_and_without_one_number_at_every_school():
    told = es.counted(es.evidence(series="nv"))
    state = told[told["group"].eq("all")].set_index(["item", "basis", "wave"])["estimate"]
    for item, first, last in (
        ("computers_per_technician", 669.2, 669.9), ("devices_per_technician", 817.3, 1265.3),
        ("technicians", 149.7, 383.4),
    ):  # fmt: skip
        assert state[item, "as printed", 2011] == pytest.approx(first, abs=0.06)
        assert state[item, "as printed", 2017] == pytest.approx(last, abs=0.06)
    assert state["technicians", "without repeats", 2017] == pytest.approx(325.4)
    assert state["devices_per_technician", "without repeats", 2017] == pytest.approx(1491, abs=0.5)
    assert ("technicians", "without repeats", 2011) not in state.index
    # Churchill, typed by hand: 3,666 devices, 36 technicians, 6 at each of 6 schools
    own = told[told["group"].eq("nv-churchill") & told["wave"].eq(2017)]
    own = own[own["item"].eq("devices_per_technician")].set_index("basis")["estimate"]
    assert own.to_dict() == {"as printed": pytest.approx(3666 / 36), "without repeats": 611}
    zero = told[told["group"].eq("nv-eureka") & told["wave"].eq(2017)]
    assert "devices_per_technician" not in set(zero["item"])
    assert len(es.counted(es.evidence())) == 0
