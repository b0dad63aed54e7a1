"""Surveys of K-12 technology leaders: who runs the technology, with what staff, pay and devices.

The flow, in one screen::

    import edtech_survey as es

    evidence = es.evidence("published")          # figures that others published, by source
    shares = es.one_to_one(evidence.state)       # estimates: base and interval on every row
    changes = es.changes(evidence.state)         # what holds whatever the unpublished bases were
    es.charts.dots(shares, title=..., ...)       # an exhibit: picture, alt text, data, source

    responses = es.merge_waves(["data/raw/ct-2026"], evidence.codebook)   # or one's own export
    es.estimate_share(responses.bands, "ratio", answer="1:1", by="band", population=205)

Every estimate comes in one shape: ``source, wave, item, group, statistic, estimate, std_error,
conf_low, conf_high, base, base_kind, population, method, synthetic``. Shares are in percent,
their changes in points. Importing the package is cheap: what is heavy loads on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "at_least_one": "statistics.staffing",
    "audit": "statistics.audit",
    "bounds": "statistics.changes",
    "brackets": "statistics.brackets",
    "changes": "statistics.changes",
    "chances": "statistics.peers",
    "chart": "reports.chart",
    "charts": "reports.charts",
    "check_export": "data.new_wave",
    "compare": "statistics.compare",
    "cost": "statistics.staffing",
    "evidence": "project",
    "feasible_bases": "statistics.published",
    "gaps": "statistics.changes",
    "headline": "reports.exhibit",
    "influence": "statistics.salary_checks",
    "load_ipython_extension": "reports.say",
    "marks": "reports.marks",
    "means": "statistics.responses",
    "merge_waves": "data.waves",
    "peers": "statistics.peers",
    "pick": "statistics.given",
    "quantiles": "statistics.responses",
    "ratios": "statistics.responses",
    "read_codebook": "data.codebook",
    "read_export": "data.exports",
    "read_figures": "data.figures",
    "read_sources": "data.figures",
    "read_wave": "data.waves",
    "real": "statistics.prices",
    "regressions": "statistics.salary",
    "salary_table": "statistics.salary",
    "shares": "statistics.shares",
    "staffing": "statistics.staffing",
    "standards": "statistics.support",
    "support": "statistics.support",
    "table": "reports.table",
    "tables": "reports.tables",
    "totals": "statistics.responses",
    "wages": "statistics.support",
    "weights": "statistics.weights",
    "withhold": "statistics.disclosure",
    "words": "words",
}
_MODULES = ("charts", "marks", "tables", "words")

__version__ = "0.1.0"
__all__ = sorted(_HOME)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_HOME[name]}")
    found = module if name in _MODULES else getattr(module, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Offer the public names to completion, and nothing else."""
    return list(__all__)
