from itertools import product

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.disclosure import PRESETS, SMALL, WHOLE, attack, margins, withhold


def two_way(rows):
    """Long table with margins from a list of rows of counts."""
    cells = [
        {"row": f"r{i}", "column": f"c{j}", "count": value}
        for i, row in enumerate(rows)
        for j, value in enumerate(row)
    ]
    cells += [{"row": f"r{i}", "column": "all", "count": sum(row)} for i, row in enumerate(rows)]
    cells += [
        {"row": "all", "column": f"c{j}", "count": sum(column)}
        for j, column in enumerate(zip(*rows, strict=True))
    ]
    cells.append({"row": "all", "column": "all", "count": sum(map(sum, rows))})
    return pd.DataFrame(cells)


def tables_that_fit(shown, low, high):
    """Every 2 x 2 inner table that agrees with what is shown: by enumeration."""
    inner = [name for name in shown if "all" not in name]
    choices = [[shown[n]] if shown[n] is not None else range(low[n], high[n] + 1) for n in inner]
    fits = []
    for values in product(*choices):
        cell = dict(zip(inner, values, strict=True))
        sums = {}
        for name, value in cell.items():
            row, column = name.split("|")
            for margin in (f"{row}|all", f"all|{column}", "all|all"):
                sums[margin] = sums.get(margin, 0) + value
        if all(shown[m] is None or shown[m] == sums[m] for m in sums):
            fits.append(cell)
    return fits


def test_one_small_cell_takes_three_more_with_it():
    done = withhold(two_way([[20, 3, 30], [40, 50, 60], [25, 35, 45]]), by=["row", "column"])
    withheld = done[done["withheld"].notna()]
    assert len(withheld) == 4
    assert done.loc[done["withheld"] == SMALL, "count"].tolist() == [3]
    assert withheld["shown"].isna().all()


def test_a_one_way_table_needs_a_second_cell():
    table = pd.DataFrame({"kind": ["a", "b", "c", "all"], "count": [2, 9, 30, 41]})
    done = withhold(table, by=["kind"])
    assert done["withheld"].fillna("").tolist() == ["small cell", "protects another cell", "", ""]


def test_a_table_of_ones_is_withheld_whole_under_a_reason_that_tells_nothing():
    done = withhold(two_way([[1, 1], [1, 1]]), by=["row", "column"])
    assert done["shown"].isna().all()
    assert set(done["withheld"]) == {"the table is too small to show any of it"}


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.lists(st.integers(0, 11), min_size=2, max_size=2), min_size=2, max_size=2))
def test_no_small_cell_can_be_worked_out_by_enumeration(rows):
    table = two_way(rows)
    rule = PRESETS["districts-5"]
    done = withhold(table, rule, by=["row", "column"])
    names = (done["row"] + "|" + done["column"]).tolist()
    shown = dict(zip(names, [None if pd.isna(v) else int(v) for v in done["shown"]], strict=True))
    reason = dict(zip(names, done["withheld"].fillna(""), strict=True))
    low = {n: {SMALL: 1, WHOLE: 0}.get(reason[n], 5) for n in names}
    high = {n: 4 if reason[n] == SMALL else 13 for n in names}
    fits = tables_that_fit(shown, low, high)
    for name in names:
        if "all" not in name and reason[name] in (SMALL, WHOLE):
            assert len({fit[name] for fit in fits}) > 1, name


def test_subtraction_between_two_reports_is_seen():
    shown = {"all": 62, "towns": 55, "others": None, "charter": 3, "regional": None}
    equations = {"all": ["towns", "others"], "others": ["charter", "regional"]}
    found = attack(shown, equations).set_index("cell")
    assert found.loc["others", ["low", "high"]].tolist() == [7, 7]
    assert bool(found.loc["regional", "recovered"])
    hidden = attack(shown | {"towns": None}, equations)
    assert not hidden["recovered"].any()


def test_attack_uses_what_the_rule_gives_away():
    shown = {"all": 10, "a": None, "b": None}
    known = {"a": (1, 4), "b": (1, 4)}
    with pytest.raises(EstimateError, match="contradicts itself"):
        attack(shown, {"all": ["a", "b"]}, known)
    assert attack(shown | {"all": 8}, {"all": ["a", "b"]}, known)["recovered"].all()


def test_margins_of_a_two_way_table():
    sums = margins(two_way([[1, 2], [3, 4]]), ["row", "column"])
    assert sums["all|c0#0"] == ["r0|c0", "r1|c0"]
    assert sums["r0|all#1"] == ["r0|c0", "r0|c1"]
    assert sums["all|all#0"] == ["r0|all", "r1|all"]
    assert sums["all|all#1"] == ["all|c0", "all|c1"]


def test_rounding_rule_recomputes_margins_from_rounded_cells():
    done = withhold(two_way([[20, 33], [41, 58]]), "opensafely", by=["row", "column"])
    shown = dict(zip(done["row"] + done["column"], done["shown"], strict=True))
    assert shown["r0c1"] == 35
    assert shown["allc1"] == 95
    assert shown["allall"] == 20 + 35 + 40 + 60


def test_a_table_that_does_not_add_up_or_has_a_cell_twice_is_refused():
    table = two_way([[20, 30], [40, 50]])
    broken = table.assign(
        count=table["count"].mask(table["row"].eq("r0") & table["column"].eq("all"), 51)
    )
    with pytest.raises(EstimateError, match=r"margin r0\|all: 51 is not the sum of its cells, 50"):
        withhold(broken, by=["row", "column"])
    with pytest.raises(EstimateError, match=r"r0\|c0"):
        withhold(pd.concat([table, table.head(1)]), by=["row", "column"])
