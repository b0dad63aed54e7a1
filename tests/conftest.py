"""Property tests draw the same examples on every run; ``make fuzz`` searches at random."""

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, max_examples=20, database=None, deadline=None)
settings.register_profile("fuzz", max_examples=2000, database=None, deadline=None)
settings.load_profile(os.environ.get("EDTECH_SURVEY_HYPOTHESIS", "same"))
