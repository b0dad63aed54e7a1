"""The evidence of a report: published figures, or estimates from responses, in one shape.

This joins the storeys, as notebooks do. Whatever the choice, what comes back has the same
frames, so that every notebook runs on each of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edtech_survey import paths
from edtech_survey.errors import Problem, SetupError

if TYPE_CHECKING:
    import pandas as pd

    from edtech_survey.data.codebook import Codebook
    from edtech_survey.data.waves import Responses

CHOICES = ("published", "responses", "sample")
STATE_SERIES = "ct"
_KEYS = ["wave", "item", "group", "statistic"]


@dataclass(frozen=True)
class Evidence:
    """What a report stands on.

    Attributes
    ----------
    name : str
        ``published``, ``responses`` or ``sample``.
    state : DataFrame
        Figures of the state's own survey, all waves asked for.
    elsewhere : DataFrame
        Figures of everybody else: national surveys, standards, wages, prices.
    sources : DataFrame
        One row per source: title, publisher, date, population, citation.
    publications : DataFrame
        One row per publication within the collections.
    codebook : Codebook
        Items, positions, bands, answers, districts.
    responses : Responses or None
        District-level answers, where there are any.
    synthetic : bool
        True if anything of the state's was made up for demonstration.
    """

    name: str
    state: pd.DataFrame
    elsewhere: pd.DataFrame
    sources: pd.DataFrame
    publications: pd.DataFrame
    codebook: Codebook
    responses: Responses | None
    synthetic: bool

    @property
    def own(self) -> pd.DataFrame:
        """Figures of the series itself."""
        return self.state

    @property
    def figures(self) -> pd.DataFrame:
        """State and elsewhere in one frame."""
        import pandas as pd  # noqa: PLC0415

        return pd.concat([self.state, self.elsewhere], ignore_index=True)

    @property
    def waves(self) -> list[int]:
        """Waves of the state's survey, in order."""
        return sorted(int(wave) for wave in self.state["wave"].dropna().unique())

    def __repr__(self) -> str:
        kind = " SYNTHETIC" if self.synthetic else ""
        return (
            f"<Evidence {self.name}{kind}: {len(self.state)} figures of the state, waves "
            f"{', '.join(map(str, self.waves))}; {len(self.elsewhere)} from elsewhere>"
        )


def evidence(
    data: str = "published",
    waves: Sequence[int] = (),
    *,
    raw: Path | str | None = None,
    preset: str | None = "districts-5",
) -> Evidence:
    """Load the evidence of a report.

    Parameters
    ----------
    data : str
        ``published``: the published figures, and the estimates from the state's own exports in
        ``data/raw`` for what nobody has published (a new wave, say). ``responses``: the state's
        figures estimated from its exports only. ``sample``: the same from the synthetic waves.
    waves : sequence of int
        Waves of the state's survey to keep; empty keeps all.
    raw : path, optional
        Folder of the sources; default the project's.
    preset : str or None
        Disclosure rule for whatever is made from responses; None shows everything and is for
        checks only. See :data:`edtech_survey.statistics.disclosure.PRESETS`.

    Returns
    -------
    Evidence

    Raises
    ------
    SetupError
        For an unknown choice, a wave that is not there, or responses that are not there.
    """
    import pandas as pd  # noqa: PLC0415

    from edtech_survey.data import figures as own_sources  # noqa: PLC0415
    from edtech_survey.data.codebook import read_codebook  # noqa: PLC0415

    if data not in CHOICES:
        raise SetupError(f"data={data!r} is not known: choose {', '.join(CHOICES)}")
    folder = Path(raw) if raw is not None else paths.raw_dir()
    loaded = own_sources.read_all(raw=folder)
    sources = own_sources.sources_of(loaded)
    figures = own_sources.figures_of(loaded)
    figures = figures[~figures["note"].fillna("").str.startswith("repeat of")]
    own = set(sources.loc[sources["series"].eq(STATE_SERIES).fillna(False), "source"])
    of_state = figures["source"].isin(own)
    responses = collected_responses(folder, synthetic=data == "sample")
    if responses is None and data != "published":
        raise SetupError(
            f"data={data!r}: no wave with an export in {folder}; "
            "make one with: edtech-survey new-wave YEAR --from EXPORT"
        )
    estimated = figures.head(0) if responses is None else _summarised(responses, preset, sources)
    state = figures[of_state] if data == "published" else figures.head(0)
    news = estimated.merge(state[_KEYS].drop_duplicates(), on=_KEYS, how="left", indicator=True)
    news = news.loc[news["_merge"] == "left_only", list(figures.columns)]
    state = pd.concat([state, news], ignore_index=True) if len(news) else state
    return Evidence(
        name=data,
        state=_waves_kept(state, waves),
        elsewhere=figures[~of_state].reset_index(drop=True),
        sources=sources if responses is None else _answered(sources, responses),
        publications=own_sources.publications_of(loaded),
        codebook=read_codebook(folder / "codebook"),
        responses=responses,
        synthetic=bool(state["synthetic"].any()),
    )


def collected_responses(raw: Path | None = None, *, synthetic: bool = False) -> Responses | None:
    """Merge the responses of all waves that have an export; None where no wave has one."""
    from edtech_survey.data.codebook import read_codebook  # noqa: PLC0415
    from edtech_survey.data.waves import find_waves, merge_waves  # noqa: PLC0415

    folder = raw or paths.raw_dir()
    found = find_waves(folder, synthetic=synthetic)
    if not found:
        return None
    return merge_waves(found, read_codebook(folder / "codebook"))


def latest_date(raw: Path | None = None) -> str:
    """Date of the newest publication of the state's own survey: the date of a report's inputs."""
    from edtech_survey.data.figures import read_sources  # noqa: PLC0415

    sources = read_sources(raw=raw)
    dates = sources.loc[sources["series"].eq(STATE_SERIES).fillna(False), "published"].dropna()
    return max((text for text in dates if re.fullmatch(r"\d{4}-\d\d-\d\d", text)), default="")


def _summarised(responses: Responses, preset: str | None, sources: pd.DataFrame) -> pd.DataFrame:
    from edtech_survey.statistics.summarise import as_figures, contributions, summarise

    of_exports = sources[sources["source"].isin(set(responses.districts["source"]))]
    sizes = of_exports.set_index("wave")["population"].dropna()
    units = None if preset is None else contributions(responses.districts, responses.positions)
    estimates = summarise(
        responses.districts,
        responses.positions,
        responses.bands,
        population={int(wave): int(size) for wave, size in sizes.items()} or None,
    )
    return as_figures(estimates, preset=preset, contributions=units)


def _answered(sources: pd.DataFrame, responses: Responses) -> pd.DataFrame:
    """Say of each export how many districts answered: those kept, not the rows of the file."""
    kept = sources["source"].map(responses.districts.groupby("source").size()).astype("Int64")
    return sources.assign(answered=kept.fillna(sources["answered"]))


def _waves_kept(state: pd.DataFrame, waves: Sequence[int]) -> pd.DataFrame:
    if not waves:
        return state.reset_index(drop=True)
    there = sorted(int(wave) for wave in state["wave"].unique())
    missing = [wave for wave in waves if wave not in there]
    if missing:
        raise SetupError(
            "not every wave asked for is there",
            [Problem("waves", f"{wave} is not there", f"there are {there}") for wave in missing],
        )
    return state[state["wave"].isin(list(waves))].reset_index(drop=True)
