"""A district's own numbers, given one by one or made up as an average."""

import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.peers import average_district, own_measures, stated_numbers


def test_what_is_zero_is_not_stated():
    own = stated_numbers(enrollment=2000, support_staff=2.5, director_salary=98500)
    assert own.values.tolist() == [
        ["enrollment", "all", 2000.0],
        ["support_staff", "all", 2.5],
        ["position_salary", "technology_director", 98500.0],
    ]


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(EstimateError) as caught:
        stated_numbers(enrollment=0, devices=-3)
    assert {problem.where for problem in caught.value.problems} == {"devices all", "enrollment"}


def figures(**values):
    """Totals of a wave: item -> value, statistic total unless it is a count."""
    return pd.DataFrame(
        {
            "source": "a", "wave": 2024, "item": list(values), "group": "all",
            "statistic": ["count" if "districts" in name else "total" for name in values],
            "value": list(values.values()), "note": None,
        }
    )  # fmt: skip


def test_the_average_district_has_the_ratios_of_all_together():
    # 62 districts, 200,380 students, 281,925 devices, 280 people: 1,006.9 devices a person.
    own = average_district(
        figures(responding_districts=62, students=200_380, devices=281_925, support_staff=280),
        wave=2024,
    )
    assert own.set_index("item")["value"].round(2).to_dict() == {
        "enrollment": 3232, "devices": 4547, "support_staff": 4.52,
    }  # fmt: skip
    ratio = own_measures(own).set_index("item").at["support_ratio", "estimate"]
    assert ratio == pytest.approx(281_925 / 280, rel=1e-4)


def test_a_wave_that_did_not_ask_makes_no_number():
    own = average_district(figures(responding_districts=10, students=5_000), wave=2024)
    assert own["item"].tolist() == ["enrollment"]
    with pytest.raises(EstimateError, match="students"):
        average_district(figures(responding_districts=10), wave=2024)
