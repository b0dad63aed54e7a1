"""Surveys of K-12 technology leaders: who runs the technology, with what staff, pay and devices.

The flow, in one screen::

    import edtech_survey as es
    %load_ext edtech_survey                            # %%say: sentences that stand in a cell

    evidence = es.evidence()                           # figures, responses, codebook, sources
    shares = es.shares(evidence, "one_to_one")         # estimates: base and interval on every row
    changes = es.changes(evidence, "one_to_one")       # and what holds whatever the bases were
    es.table(shares, title=..., columns={...})         # an exhibit with base, question, sources

    es.new_wave(2026, "export.csv")                    # a folder for a new wave, questions matched
    es.shares(frame, "ratio", by="band", population=205)      # or a frame of your own

The first argument is the evidence, a frame of figures, or a frame with one row a respondent.
Every estimate comes in one shape: ``source, wave, item, group, statistic, estimate, std_error,
conf_low, conf_high, base, base_kind, population, method, synthetic, figures``. What was not asked
is zero rows. Shares are in percent, their changes in points. Heavy parts load on first use.
"""

import importlib as _importlib
from typing import Any as _Any

_NAMES = {
    "project": "evidence",
    "words": "words",
    "data.exports": "read_export",
    "data.figures": "read_figures",
    "data.new_wave": "check_export new_wave",
    "data.waves": "merge_waves read_wave",
    "statistics.audit": "audit",
    "statistics.brackets": "brackets",
    "statistics.chances": "chances",
    "statistics.changes": "changes gaps",
    "statistics.compare": "compare",
    "statistics.disclosure": "withhold",
    "statistics.given": "pick",
    "statistics.peers": "peers",
    "statistics.planning": "plan",
    "statistics.published": "feasible_bases",
    "statistics.regressions": "influence regressions",
    "statistics.responses": "means quantiles ratios totals",
    "statistics.salary": "real salary_table",
    "statistics.samples": "weights",
    "statistics.shares": "bounds shares",
    "statistics.staffing": "at_least_one cost staffing",
    "statistics.state": "response state",
    "statistics.support": "counted standards support wages",
    "reports.chart": "chart table",
    "reports.marks": "marks",
}
_HOME = {name: home for home, names in _NAMES.items() for name in names.split()}
_HOOKS = {"load_ipython_extension": "reports.say"}
_INSTEAD = {
    "one_to_one": 'es.shares(evidence, "one_to_one")',
    "read_codebook": "es.evidence().codebook",
    "read_pairs": "es.evidence().pairs",
    "read_relations": "es.evidence().relations",
    "read_sources": "es.evidence().sources",
    "say": "a cell that begins with %%say, after %load_ext edtech_survey",
    "suppress": "es.withhold",
}
"""Former names, and what else a first call may try, to what is meant."""

__version__ = "0.4.0"
__all__ = sorted(_HOME)  # noqa: PLE0605


def __getattr__(name: str) -> _Any:
    """Load a public name on first use; for another name the nearest right one."""
    home = (_HOME | _HOOKS).get(name)
    if home is None:
        from difflib import get_close_matches  # noqa: PLC0415

        plain = name.replace("estimate_", "").replace("_estimates", "")
        near = [f"es.{one}" for one in get_close_matches(plain, _HOME, n=3)]
        meant = _INSTEAD.get(name) or " or ".join(near)
        advice = f"did you mean {meant}?" if meant else f"there are {', '.join(__all__)}"
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}: {advice}")
    module = _importlib.import_module(f"{__name__}.{home}")
    found = getattr(module, name, module)  # es.words and es.marks are modules
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Offer the public names to completion, and nothing else."""
    return list(__all__)
