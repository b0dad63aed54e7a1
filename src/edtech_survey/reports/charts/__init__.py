"""The chart per question, each a function from a frame to a :class:`~..figure.Figure`.

========================================== ==================
Question                                   Chart
========================================== ==================
How much, by group?                        :func:`dots`
What changed between two waves?            :func:`dumbbell`
The same, where ranks cross                :func:`slope`
Three waves or more                        :func:`panels`
Parts of a whole                           :func:`stacked`
How are districts distributed?             :func:`strip`
How do two numbers go together?            :func:`scatter`
What does the model say?                   :func:`intervals`
========================================== ==================

:func:`describe` writes the alt text from the frame.
"""

from edtech_survey.reports.charts.describe import describe
from edtech_survey.reports.charts.dots import dots
from edtech_survey.reports.charts.dumbbell import dumbbell
from edtech_survey.reports.charts.intervals import intervals
from edtech_survey.reports.charts.panels import panels
from edtech_survey.reports.charts.scatter import scatter
from edtech_survey.reports.charts.slope import slope
from edtech_survey.reports.charts.stacked import stacked
from edtech_survey.reports.charts.strip import strip

__all__ = [
    "describe",
    "dots",
    "dumbbell",
    "intervals",
    "panels",
    "scatter",
    "slope",
    "stacked",
    "strip",
]
