"""Positions, staff and cost against hand computation, scipy and complete enumeration."""

from itertools import combinations, product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from edtech_survey.errors import EstimateError
from edtech_survey.shape import figures
from edtech_survey.statistics.disclosure import HIGH, LOW, TELLS
from edtech_survey.statistics.intervals import finite_population, wilson
from edtech_survey.statistics.staffing import at_least_one, cost, staffing

POSITIONS = pd.DataFrame(
    {
        "position": ["director", "technician", "librarian"],
        "label": ["Director", "Technician", "Librarian"],
        "category": ["it", "it", "classroom"],
    }
)
ROWS = {"director": (59, "0.98", "$116,668"), "technician": (40, "2.9", "$48,347"),
        "librarian": (46, "4.37", "$62,833")}  # fmt: skip
RATES = (("mean", "23%"), ("min", "10%"), ("max", "35%"))


def made(rows=ROWS, base=62, students=200_000, population=205, rates=RATES, wave=2024, lacking=()):
    found = [
        (item, position, statistic, printed, base if item == "position_present" else count)
        for position, (count, fte, salary) in rows.items()
        for item, statistic, printed in (
            ("position_present", "count", str(count)),
            ("position_fte", "mean", fte),
            ("position_salary", "mean", salary),
        )
    ]
    found.append(("students", "all", "total", f"{students:,}", base))
    found += [("benefit_rate", "all", statistic, printed, 19) for statistic, printed in rates]
    return figures(
        {
            "figure_id": f"ct.{item}.{group}.{statistic}", "source": "ct", "wave": wave,
            "item": item, "group": group, "statistic": statistic, "printed": printed,
            "value": float(printed.strip("$%").replace(",", "")), "base": of,
            "base_kind": "published", "population": population, "synthetic": False,
        }
        for item, group, statistic, printed, of in found
        if item not in lacking
    )  # fmt: skip


def known(own, positions=POSITIONS):
    """Figures as an Evidence holds them, with a codebook and a price index."""
    names = dict(positions[["position", "label"]].values)
    codebook = SimpleNamespace(
        positions=positions,
        name=lambda item, group: names.get(group, group),
        label=lambda kind, code: code,
    )
    prices = figures(
        {"figure_id": f"cpi.{year}", "item": "cpi_u", "group": "all", "statistic": "index",
         "wave": year, "value": value}
        for year, value in ((2018, 200.0), (2024, 250.0))
    )  # fmt: skip
    return SimpleNamespace(own=own, codebook=codebook, elsewhere=prices)


def by_group(table, statistic="total"):
    return table[table["statistic"] == statistic].set_index("group")


def one(table, group, statistic, benefits):
    chosen = table[table["group"].eq(group) & table["statistic"].eq(statistic)]
    chosen = chosen[chosen["benefits"].eq(benefits)]
    assert len(chosen) == 1
    return chosen.iloc[0]


def without(figure_id):
    return known(made()[lambda table: table["figure_id"] != figure_id])


def test_fte_is_districts_times_mean_to_within_the_printed_rounding():
    table = staffing(known(made()))
    fte = by_group(table)
    assert fte.at["director", "estimate"] == pytest.approx(59 * 0.98)
    assert fte.at["technician", "estimate_low"] == pytest.approx(40 * 2.85)
    assert fte.at["technician", "estimate_high"] == pytest.approx(40 * 2.95)
    assert fte.at["it", "estimate"] == pytest.approx(57.82 + 116)
    assert fte.at["all", "estimate_low"] == pytest.approx(59 * 0.975 + 40 * 2.85 + 46 * 4.365)
    assert fte["conf_low"].isna().all()
    per = by_group(table, "per_1000_students")
    assert per.at["all", "estimate"] == pytest.approx((57.82 + 116 + 201.02) / 200)
    told = "ct.position_present.director.count ct.position_fte.director.mean"
    assert fte.at["director", "figures"] == told
    assert per.at["director", "figures"] == f"{told} ct.students.all.total"


def test_the_published_table_by_hand():
    printed = pd.read_csv(Path(__file__).with_name("ct_positions_2024.csv"))
    rows = {
        row.position: (row.districts, f"{row.fte:.2f}", f"${row.salary:,}")
        for row in printed.itertuples()
    }
    positions = printed.assign(label=printed["position"])[["position", "label", "category"]]
    fte = by_group(staffing(known(made(rows, students=200_380), positions)))
    # 57.82 + 15.00 + 4.20 + 117.20 + 117.20 + 81.26 + 60.48 + 3.00
    assert fte.at["it", "estimate"] == pytest.approx(456.16)
    # half a hundredth for each of 59+12+4+40+40+34+32+5 districts
    assert fte.at["it", "estimate_high"] - 456.16 == pytest.approx(226 * 0.005)


def test_shares_are_exact_for_a_known_population_and_wilson_without():
    table = staffing(known(made()))
    row = by_group(table, "share").loc["technician"]
    have = np.arange(206)
    at_least = stats.hypergeom.sf(39, 205, have, 62)
    at_most = stats.hypergeom.cdf(40, 205, have, 62)
    assert row["conf_low"] == pytest.approx(100 * have[at_least > 0.025].min() / 205)
    assert row["conf_high"] == pytest.approx(100 * have[at_most > 0.025].max() / 205)
    assert (row["name"], row["category"], row["count"]) == ("Technician", "it", 40)
    assert list(table["group"].head(3)) == list(POSITIONS["position"])
    shares = by_group(staffing(known(made(population=pd.NA))), "share")
    assert set(shares["method"]) == {"Wilson"}


def test_a_supposed_mean_is_taken_and_said_of_what_it_touches():
    suppose = {"technician": 1.0}
    fte = by_group(staffing(known(made()), suppose=suppose))
    assert fte.at["technician", "estimate_low"] == 40
    assert fte.at["all", "supposed"] == "the mean of Technician is 1 FTE"
    assert fte.loc[["director", "librarian"], "supposed"].isna().all()
    usual, paid = cost(known(made())), cost(known(made()), suppose=suppose)
    less = [one(table, "all", "total", "mean rate")["estimate"] for table in (usual, paid)]
    assert less[0] - less[1] == pytest.approx(40 * 1.9 * 48_347 * 1.23)
    assert usual["supposed"].isna().all()


def test_what_cannot_be_taken_is_named():
    twice = pd.concat([made(), made().iloc[[1]].assign(source="x", figure_id="again")])
    with pytest.raises(EstimateError, match="again: a second figure") as error:
        staffing(known(twice), suppose={"plumber": 1.0, "director": -1})
    told = [problem.where for problem in error.value.problems]
    assert told == ["again", "suppose plumber", "suppose director"]


def test_positions_without_a_published_mean_are_left_out_and_named():
    fte = by_group(staffing(without("ct.position_fte.technician.mean")))
    assert pd.isna(fte.at["technician", "estimate"])
    assert fte.at["it", "estimate"] == pytest.approx(57.82)
    assert (fte.at["it", "left_out"], fte.at["all", "left_out"]) == ("Technician", "Technician")
    assert pd.isna(fte.at["classroom", "left_out"])
    row = one(cost(without("ct.position_salary.technician.mean")), "all", "total", "mean rate")
    assert row["estimate"] == pytest.approx(1.23 * (59 * 0.98 * 116_668 + 46 * 4.37 * 62_833))
    assert row["left_out"] == "Technician"


def test_what_was_not_asked_is_zero_rows_with_the_same_columns():
    whole, paid = staffing(known(made())), cost(known(made()))
    assert set(staffing(known(made(lacking=["position_fte"])))["statistic"]) == {"share"}
    assert len(staffing(known(made(lacking=["students"])))) == 3 + 6
    for table, full in (
        (staffing(made(lacking=["position_present"])), whole),
        (staffing(known(made()), 2017), whole),
        (cost(known(made(lacking=["position_salary"]))), paid),
        (cost(made(), 2017), paid),
    ):
        assert len(table) == 0
        assert table.dtypes.equals(full.dtypes)
    later = pd.concat([made(wave=2021), made(wave=2024, lacking=["position_salary"])])
    assert set(cost(known(later))["wave"]) == {2021}
    assert set(staffing(known(later))["wave"]) == {2024}


def test_payroll_by_hand():
    rows = {"director": (10, "1.00", "$100,000"), "technician": (8, "2.50", "$50,000")}
    table = cost(known(made(rows, base=12, students=40_000)))
    # 10 x 1.00 x 100,000 + 8 x 2.50 x 50,000
    assert one(table, "all", "total", "without benefits")["estimate"] == pytest.approx(2_000_000)
    assert one(table, "all", "total", "mean rate")["estimate"] == pytest.approx(2_460_000)
    assert one(table, "all", "per_student", "mean rate")["estimate"] == pytest.approx(61.5)
    assert one(table, "it", "per_student", "highest rate")["estimate"] == pytest.approx(67.5)
    assert one(table, "technician", "total", "lowest rate")["estimate"] == pytest.approx(1_100_000)
    row = one(table, "technician", "total", "mean rate")
    assert row["estimate_low"] == pytest.approx(8 * 2.495 * 49_999.5 * 1.225)
    assert row["estimate_high"] == pytest.approx(8 * 2.505 * 50_000.5 * 1.235)
    assert pd.isna(row["conf_low"])
    assert "ct.benefit_rate.all.mean" in row["figures"].split()
    assert set(cost(known(made(rates=())))["benefits"]) == {"without benefits"}


def test_a_year_without_a_price_index_keeps_its_own_dollars_and_says_so():
    given, usual = known(made()), one(cost(known(made())), "all", "total", "mean rate")
    for year, told, factor in ((2018, 2018, 200 / 250), (2026, 2024, 1), (None, 2024, 1)):
        table = cost(given, 2024, year)
        row = one(table, "all", "total", "mean rate")
        assert row["estimate"] == pytest.approx(usual["estimate"] * factor)
        assert row["price_year"] == told
        assert ("cpi.2018" in row["figures"]) == (factor != 1)


# ---- at least one of several


SETS = {
    "coaching": ["specialist", "director", "nobody"],
    "training": ["specialist"],
    "x": ["nobody"],
}


def two(first=13, second=9, population=205, bases=(62, 62)):
    rows = {"specialist": (first, "1", "$1"), "director": (second, "1", "$1")}
    found = made(rows, base=bases[0], population=population)
    return found.assign(base=found["base"].mask(found["group"].eq("director"), bases[1]))


@pytest.mark.parametrize(("first", "second", "base"), [(2, 3, 5), (3, 3, 4), (0, 2, 4), (4, 4, 4)])
def test_every_way_to_overlap_lies_between_and_both_ends_occur(first, second, base):
    ways = product(combinations(range(base), first), combinations(range(base), second))
    sizes = {len({*one, *two}) for one, two in ways}
    found = at_least_one(two(first, second, bases=(base, base)), "position_present", SETS).iloc[0]
    assert (found["count_low"], found["count_high"]) == (min(sizes), max(sizes))


def test_limits_hold_the_interval_of_every_possible_count():
    table = at_least_one(two(), "position_present", SETS).set_index("group")
    assert list(table.index) == ["coaching", "training"]  # of the third nothing was asked
    row = table.loc["coaching"]
    assert (row["count_low"], row["count_high"]) == (13, 22)
    assert pd.isna(row["estimate"])
    limits = finite_population(np.arange(13, 23), 62, 205)
    assert row["conf_low"] == pytest.approx(min(limits.low))
    assert row["conf_high"] == pytest.approx(max(limits.high))
    assert table.at["training", "estimate"] == pytest.approx(100 * 13 / 62)
    unknown = two(population=pd.NA)
    row = at_least_one(unknown, "position_present", {"a": ["specialist"]}, confidence=0.9).iloc[0]
    assert (row["conf_low"], row["conf_high"]) == pytest.approx(tuple(wilson(13, 62, 0.9)))
    with pytest.raises(EstimateError, match="coaching: bases 61 to 62"):
        at_least_one(two(bases=(62, 61)), "position_present", SETS)
    assert len(at_least_one(two(), "after_hours", {"any": ["staff"]})) == 0


def test_answers_are_counted_where_they_are_at_hand_and_lie_within_the_bounds():
    # Thirty districts, each position in about two of five; contractors hold half of the posts.
    rng, names, positions = np.random.default_rng(3), np.arange(30), ["specialist", "director"]
    held = pd.DataFrame(product(names, positions), columns=["district_id", "position"])
    held = held[rng.random(60) < 0.4].assign(wave=2024)
    held["outsourced"] = pd.array(rng.random(len(held)) < 0.5, dtype="boolean")
    ticked = pd.DataFrame(rng.random((30, 2)) < 0.3, columns=["after_hours_a", "after_hours_b"])
    told = SimpleNamespace(
        districts=ticked.assign(wave=2024, district_id=names, source="ct"), positions=held
    )
    bought = held[held["outsourced"]]
    counts = {
        "position_present": held["position"].value_counts(),
        "position_outsourced": bought["position"].value_counts(),
        "after_hours": ticked.sum().rename(lambda name: name[-1]),
    }
    truth = {
        "position_present": held["district_id"].nunique(),
        "position_outsourced": bought["district_id"].nunique(),
        "after_hours": int(ticked.any(axis=1).sum()),
    }
    margins = figures(
        {"figure_id": f"{item}.{group}", "source": "ct", "wave": 2024, "item": item, "group": group,
         "statistic": "count", "value": n, "base": 30, "population": 100}
        for item, found in counts.items() for group, n in found.items()
    )  # fmt: skip
    codebook = SimpleNamespace(name=lambda item, group: group)
    with_answers = SimpleNamespace(own=margins, codebook=codebook, responses=told)
    for item, n in truth.items():
        groups = {"any": list(counts[item].index)}
        found = [at_least_one(x, item, groups).iloc[0] for x in (with_answers, margins)]
        assert found[0]["count_low"] <= n <= found[0]["count_high"]
        # One of two withheld would follow from an exact count: answers are not counted anew.
        assert found[0][["count_low", "count_high"]].equals(found[1][["count_low", "count_high"]])


def test_of_a_withheld_count_the_bounds_are_those_of_its_reason():
    counts = figures(
        {"figure_id": group, "source": "ct", "wave": 2024, "item": "position_present",
         "group": group, "statistic": "count", "value": n, "base": 62}
        for group, n in (("coach", 13), ("aide", 9))
    )  # fmt: skip
    hidden = pd.DataFrame({"wave": 2024, "item": "position_present", "statistic": "count"}
        | {"group": ["cyber", "director", "clerk"], "withheld": [LOW, HIGH, TELLS]}
        | {"name": ["cyber", "director", "clerk"], "source": "ct", "synthetic": False})  # fmt: skip
    names = SimpleNamespace(name=lambda item, group: group)
    x = SimpleNamespace(own=counts, codebook=names, withheld=hidden)
    sets = {"a": ["coach", "cyber"], "b": ["aide", "director"], "c": ["cyber"], "d": ["clerk"]}
    found = at_least_one(x, "position_present", sets).set_index("name")
    ends = found[["count_low", "count_high"]].astype(int).to_numpy().tolist()
    assert ends == [[13, 17], [58, 62], [0, 4], [0, 62]]


def test_a_position_whose_count_is_withheld_stays_in_the_sums_with_the_fewest():
    rows = [("present", "count", 13, 62, "coach"), ("fte", "mean", 2.0, 13, "coach"),
            ("fte", "mean", 1.0, 58, "director")]  # fmt: skip
    told = figures(
        {"figure_id": f"{item}.{group}", "wave": 2024, "item": f"position_{item}", "group": group,
         "statistic": statistic, "value": value, "printed": str(value), "base": base,
         "base_kind": "derived"}
        for item, statistic, value, base, group in rows
    )  # fmt: skip
    table = staffing(told)
    sums = table[table["statistic"].eq("total")].set_index("name")["estimate"]
    assert (sums["director"], sums["coach"], sums["all"]) == (58, 26, 84)
    assert table.loc[table["statistic"].eq("share"), "group"].tolist() == ["coach"]


LIBRARIANS = {"item": "position_present", "group": "librarian", "wave": 2024, "figure_id": "record"}


def test_what_another_record_counts_is_no_blank_of_none():
    """58 of 61 are on record: with the one that is not, 59 of 62 may have it, and staff follows."""
    x = known(made())
    x.blanks = pd.DataFrame([LIBRARIANS | {"value": 58, "base": 61}])
    shares = by_group(staffing(x), "share")
    told = shares.loc["librarian", ["estimate", "estimate_low", "estimate_high"]]
    assert told.tolist() == pytest.approx([100 * 46 / 62, 100 * 46 / 62, 100 * 59 / 62])
    assert "record" in shares.loc["librarian", "figures"]
    assert pd.isna(shares.loc["director", "estimate_high"])
    assert by_group(staffing(x)).loc["librarian", "estimate_high"] == pytest.approx(59 * 4.375)
    paid = one(cost(x), "librarian", "total", "without benefits")
    assert paid["estimate_high"] == pytest.approx(59 * 4.375 * 62833.5)
    (both,) = at_least_one(x, "position_present", {"a": ["librarian"]}).to_dict("records")
    assert (both["count_low"], both["count_high"]) == (46, 59)


def test_a_record_of_fewer_than_answered_opens_nothing():
    x, same = known(made()), by_group(staffing(known(made())))
    x.blanks = pd.DataFrame([LIBRARIANS | {"value": 30, "base": 62}])
    assert by_group(staffing(x))["estimate_high"].tolist() == same["estimate_high"].tolist()
