"""Numbers as a reader meets them: see :mod:`edtech_survey.words` (old modules look here)."""

from edtech_survey.words import *  # noqa: F403
