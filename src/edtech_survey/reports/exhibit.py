"""What a notebook cell may end in: each shows itself alike in JupyterLab and on the page.

:class:`Figure` comes from :mod:`~edtech_survey.reports.charts`, :class:`Table` from
:mod:`~edtech_survey.reports.tables`; :func:`headline`, :func:`prose`, :func:`note` and
:func:`sources` are the text around them.
"""

from edtech_survey.reports.essay import Headline, Text, headline, note, prose
from edtech_survey.reports.figure import Figure
from edtech_survey.reports.old_origins import sources
from edtech_survey.reports.tables import Table

__all__ = ["Figure", "Headline", "Table", "Text", "headline", "note", "prose", "sources"]
