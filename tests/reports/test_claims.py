from decimal import Decimal

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.reports import words
from edtech_survey.reports.claims import numbers_in, unsupported

FRAME = pd.DataFrame({"group": ["pk-2"], "estimate": [88.68], "base": [53], "wave": [2024]})


def test_rounded_numbers_years_and_labels_are_supported():
    text = "In 2024, 89% (88.7%) of 53 districts in grades PK-2"
    assert unsupported(text, FRAME) == []


def test_a_wrong_number_is_found_wherever_it_stands():
    assert unsupported("90% of 54 districts", FRAME) == [Decimal(90), Decimal(54)]
    assert unsupported("88% of them", FRAME) == [Decimal(88)]
    assert unsupported("a gap of 11 points", FRAME, allowed=[11]) == []


def test_signs_of_a_difference():
    change = pd.DataFrame({"estimate": [-3.2]})
    assert unsupported("down 3 points, −3.2 exactly", change) == []


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_numbers_are_read_as_they_are_written(one, two):
    text = f"from {words.number(one)} to {words.number(two)}."
    assert numbers_in(text) == [Decimal(one), Decimal(two)]
