"""What stands together: each family against the same verb asked for that much more at once."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import edtech_survey as es
from edtech_survey.shape import HOLDS, NOT, figures
from edtech_survey.statistics import intervals

ENDS = ["conf_low", "conf_high"]
BOTH = ["low_together", "high_together"]


@pytest.fixture(scope="module")
def evidence(published):
    return published


def numbers(table, columns):
    return table[columns].to_numpy(float)


def test_gaps_and_their_changes_are_a_family(one_to_one_figures):
    table = es.gaps(one_to_one_figures, "one_to_one")
    assert set(table["family"]) == {5}
    strict = es.gaps(one_to_one_figures, "one_to_one", confidence=1 - 0.05 / 5)
    np.testing.assert_allclose(numbers(table, BOTH), numbers(strict, ENDS))
    assert table["label_together"].tolist() == strict["label"].tolist()


def test_regressions_have_limits_by_t_at_a_share_of_the_level():
    rng = np.random.default_rng(2)
    size = rng.uniform(500, 9000, 40)
    pay = 40_000 + 2.2 * size + rng.normal(0, 6_000, 40)
    table = pd.DataFrame({"enrollment": size, "salary": pay, "other": rng.normal(size=40)})
    found = es.regressions(table, ["salary ~ enrollment", "salary ~ other", "salary ~ C(other)"])
    assert found["family"].tolist()[:2] == [2, 2]
    assert found.iloc[2][["family", "label_together"]].isna().all()  # it cannot be fitted
    for row in found.iloc[:2].itertuples():
        reach = stats.t.ppf(1 - 0.05 / 4, row.df) * row.std_error
        ends = [row.estimate - reach, row.estimate + reach]
        assert [row.low_together, row.high_together] == pytest.approx(ends)
    assert found["label_together"].tolist()[:2] == [HOLDS, NOT]


def test_national_changes_are_a_family():
    printed = figures(
        {"figure_id": f"us.{wave}", "source": "us", "wave": wave, "item": "post", "group": "all",
         "statistic": "share", "printed": f"{share}%", "value": share, "unit": "percent",
         "base": 200, "base_kind": "published"}
        for wave, share in ((2021, 10), (2022, 20), (2023, 26))
    )  # fmt: skip
    line = pd.DataFrame(
        {"series": "post", "topic": "staff", "label": "Has a post", "take": "printed",
         "figure_id": printed["figure_id"], "base_at_least": None, "design": "",
         "comparability": ["", "A", "A"], "reason": "the same question"}
    )  # fmt: skip
    table = es.compare(printed, line)
    moves, strict = (
        one[one["side"].eq("change")]
        for one in (table, es.compare(printed, line, confidence=1 - 0.05 / 2))
    )
    assert moves["family"].tolist() == [2, 2]
    np.testing.assert_allclose(numbers(moves, BOTH), numbers(strict, ENDS))
    assert moves["label_together"].tolist() == [HOLDS, NOT]
    assert table.loc[table["side"].ne("change"), [*BOTH, "label_together"]].isna().all(axis=None)


def test_shares_of_positions_are_a_family(evidence):
    shares = es.staffing(evidence)
    shares = shares[shares["statistic"].eq("share")]
    level = 1 - 0.05 / len(shares)
    for row in shares.iloc[:3].itertuples():
        ends = intervals.finite_population(row._asdict()["count"], row.base, row.population, level)
        assert (row.low_together, row.high_together) == tuple(ends)


def test_chances_of_positions_are_a_family(evidence):
    table = es.chances({"enrollment": 2500}, evidence)
    strict = es.chances({"enrollment": 2500}, evidence, confidence=1 - 0.05 / len(table))
    strict = strict.set_index("group").loc[table["group"]]
    np.testing.assert_allclose(numbers(table, BOTH), numbers(strict, ["range_low", "range_high"]))
    assert table["label_together"].tolist() == strict["verdict"].tolist()
