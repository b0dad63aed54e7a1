import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_effectsize

from edtech_survey.statistics.compare import cohens_h


@given(st.floats(0, 1), st.floats(0, 1))
def test_cohens_h_is_that_of_statsmodels(one, other):
    assert float(cohens_h(100 * one, 100 * other)) == pytest.approx(
        proportion_effectsize(one, other), abs=1e-9
    )


def test_cohens_own_table():
    # Cohen (1988), table 6.2.2: phi of .50 is 1.571, of .65 is 1.875, of .20 is 0.927.
    assert float(cohens_h(65, 50)) == pytest.approx(1.875 - 1.571, abs=1e-3)
    assert cohens_h([50, 65], 20) == pytest.approx(np.array([0.644, 0.948]), abs=1e-3)
