"""Models of one position's pay from records: what was put in comes out, or the reason is told."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from edtech_survey.statistics.salary import NO_RECORDS, record_regressions
from edtech_survey.statistics.salary import RECORD_SALARY_QUANTILES as QUANTILES

PRICES = pd.DataFrame(
    {
        "item": "cpi_u",
        "group": "all",
        "statistic": "index",
        "wave": [2021, 2024],
        "value": [90.0, 100.0],
    }
)
ELASTICITY = 0.08


@dataclass(frozen=True)
class Answers:
    districts: pd.DataFrame
    positions: pd.DataFrame


def answers(count):
    rng = np.random.default_rng(5)
    size = np.exp(rng.normal(7.8, 0.8, count))
    ids = [f"d{k}" for k in range(count)]
    districts, positions = [], []
    for wave, level in ((2021, 0.9), (2024, 1.0)):
        districts.append(pd.DataFrame({"wave": wave, "district_id": ids, "enrollment": size}))
        for position, pay in (("director", 110_000), ("technician", 50_000), ("clerk", 45_000)):
            noise = np.exp(rng.normal(0, 0.02, count))
            salary = level * pay * (size / 2500) ** ELASTICITY * noise
            rows = {"wave": wave, "district_id": ids, "position": position, "salary": salary}
            positions.append(pd.DataFrame(rows | {"outsourced": False}))
    shared = {"source": "made-up", "synthetic": True}
    return Answers(pd.concat(districts).assign(**shared), pd.concat(positions))


def test_every_model_recovers_the_elasticity_that_was_put_in():
    found = record_regressions(answers(60), PRICES, 2024, draws=60)
    assert found["reason"].isna().all()
    logs = found[found["scale"] == "log-log"]
    assert set(logs["model"]) == {"position effects", "mixed model", "quantile"}
    assert logs["estimate"].tolist() == pytest.approx([ELASTICITY] * len(logs), abs=0.01)
    assert (logs["model"] == "quantile").sum() == len(QUANTILES)
    assert set(found["statistic"]) == {"slope", "elasticity"}
    assert found["synthetic"].all()
    assert set(found["price_year"]) == {2024}


def test_published_figures_give_one_row_that_says_why_there_is_nothing():
    found = record_regressions(None, PRICES, 2024)
    assert found["estimate"].isna().all()
    assert found["reason"].tolist() == [NO_RECORDS]


def test_too_few_districts_are_refused_model_by_model():
    found = record_regressions(answers(8), PRICES, 2024)
    assert found["estimate"].isna().all()
    assert found["model"].tolist() == ["position effects", "mixed model", "quantile"]
    assert found["reason"].str.contains("at least 20").all()


def test_a_year_without_prices_is_the_reason_and_no_failure():
    found = record_regressions(answers(30), PRICES, 2030)
    assert found["estimate"].isna().all()
    assert "2030" in found["reason"].iloc[0]
