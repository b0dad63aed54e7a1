"""The evidence of a report: figures, responses, codebook, sources, and what was released of them.

This joins the storeys, as notebooks do.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pandas as pd

from edtech_survey import words
from edtech_survey.errors import OpenWarning, Problem, SetupError
from edtech_survey.places import PACKAGED, keep_private, output_root, raw_dir, write_whole
from edtech_survey.shape import unrepeated

if TYPE_CHECKING:
    from edtech_survey.data.codebook import Codebook
    from edtech_survey.data.tidy import Responses

CHOICES = ("published", "responses", "sample")
_KEYS = ["wave", "item", "group", "statistic"]
_OF_HOLDERS = ("position_enrollment", "position_fte", "position_salary")


def _small(name: str) -> cached_property[Any]:
    """Make an attribute that reads one of the small tables on first use."""

    def read(evidence: Evidence) -> Any:
        from edtech_survey.data import tables  # noqa: PLC0415

        return getattr(tables, f"read_{name}")(evidence)

    return cached_property(read)


@dataclass(frozen=True, repr=False)
class Evidence:
    """What a report stands on; made by :func:`evidence`.

    Attributes
    ----------
    data : str
        ``published``, ``responses`` or ``sample``.
    series : SimpleNamespace
        Whose survey it is, the row of ``codebook/series.csv``, its ``population`` by wave.
    own, elsewhere, printed : DataFrame
        Figures of the series itself, published or estimated from its exports; of everybody who is
        no series (national surveys, wages, prices); and all as printed, each time.
    sources, publications : DataFrame
        One row a source; one row a publication within the collections.
    codebook : Codebook
        Items, positions, bands, answers, labels, and the directory of the series.
    responses : Responses or None
        ``districts``, ``positions`` and ``bands``: answers unit by unit, where there are any.
    raw : Path
        Folder of the sources.
    quality : DataFrame
        What became of rows and values, wave by wave: ``wave, what, count, note``.
    estimated, withheld, held : DataFrame
        What passed the gate, with the reason where it was withheld; what was withheld, by
        ``name``; who is held back, since fewer than five came after a release.
    record : DataFrame
        What :func:`release` keeps of this evidence.
    pairs, trends, relations : DataFrame
        What may be set beside the series, and what is one line over the years, with grade and
        reason; what must hold between figures. Read on first use, as what follows.
    statements : DataFrame
        Figures of others in words: ``section, question``, the answer's ``label``, and whether
        the answers are ``parts`` of a whole (all, some), any that apply, or stand alone.
    beside : DataFrame
        Figures of other series in one exhibit with these: ``place, comparability, reason``.
    structures, functions, occupations : DataFrame
        Departments as their leaders described them, one row a role; functions of a team and the
        positions that carry them; occupations of the wage statistics beside positions.
    frame : DataFrame
        The list of all units with their public sizes, a wave each.
    blanks : DataFrame
        Records that count what the survey's blanks leave open: ``value`` of ``base`` have it.
    """

    data: str
    series: SimpleNamespace
    own: pd.DataFrame
    elsewhere: pd.DataFrame
    printed: pd.DataFrame
    sources: pd.DataFrame
    publications: pd.DataFrame
    codebook: Codebook
    responses: Responses | None
    raw: Path
    estimated: pd.DataFrame
    held: pd.DataFrame
    record: pd.DataFrame

    pairs, trends, relations = _small("pairs"), _small("trends"), _small("relations")
    statements = _small("statements")
    structures, functions = _small("structures"), _small("functions")
    occupations, frame, blanks = _small("occupations"), _small("frame"), _small("blanks")

    @cached_property
    def figures(self) -> pd.DataFrame:
        """Figures of the series and of elsewhere in one frame."""
        return pd.concat([self.own, self.elsewhere], ignore_index=True)

    @cached_property
    def beside(self) -> pd.DataFrame:
        """Figures of other series that ``codebook/beside.csv`` sets beside these, and whose."""
        from edtech_survey.data.tables import read_beside  # noqa: PLC0415

        asked = read_beside(self).assign(item=lambda rows: rows["items"].str.split("|"))
        asked = asked[asked["series"].eq(self.series.series)].explode("item")
        places = self.codebook.series.set_index("series")["place"]
        asked = asked.assign(place=asked["beside"].map(places)).drop(columns=["series", "items"])
        whose = self.sources.set_index("source")["series"]
        rows = unrepeated(self.printed).assign(beside=lambda told: told["source"].map(whose))
        return rows.merge(asked.astype({"item": "str"}), on=["beside", "item"])

    @cached_property
    def printings(self) -> pd.DataFrame:
        """The figures, and beside them each second printing of one, which an audit compares."""
        every = pd.concat([self.printed, self.figures]).drop_duplicates("figure_id")
        again = ~every["figure_id"].isin(unrepeated(every)["figure_id"])
        again &= every["source"].isin(self.figures["source"])
        mine = every["figure_id"].isin(self.figures["figure_id"])
        return every[mine | again].reset_index(drop=True)

    @cached_property
    def withheld(self) -> pd.DataFrame:
        """What was estimated and is not told, nor published: ``name``, and why, ``withheld``."""
        rows = self.estimated.reindex(columns=["source", *_KEYS, "withheld", "synthetic"])
        # That a mean is withheld would tell that somebody has the post: its count says the rest.
        rows = rows[rows["withheld"].notna() & ~rows["item"].isin(_OF_HOLDERS)]
        rows = rows[rows["wave"].isin(self.waves)]
        rows = rows.merge(self.own[_KEYS].drop_duplicates(), how="left", indicator=True)
        rows = rows[rows.pop("_merge").eq("left_only")]
        names = map(self.codebook.name, rows["item"], rows["group"])
        return rows.assign(name=pd.Series(list(names), rows.index, dtype="str"))

    @cached_property
    def quality(self) -> pd.DataFrame:
        """What became of rows and values; how far a number would move if other answers counted."""
        from edtech_survey.data import ledger, waves  # noqa: PLC0415
        from edtech_survey.statistics.summarise import largest_moves, summarise  # noqa: PLC0415

        told = self.responses
        if told is None:
            return pd.DataFrame(columns=list(ledger.QUALITY))
        table = ledger.quality(told.flow, told.asked, told.review, self.codebook)
        table = table[table["wave"].isin(self.waves)]
        late = table["wave"].map(self.held.groupby("wave").size()).fillna(0)
        late = late.where(table["what"].eq("respondents"), 0)
        table = table.assign(count=table["count"] - late)
        twice = told.review[told.review["kind"].eq("duplicate")]
        twice = twice[twice["wave"].isin(self.waves)]
        if twice.empty:
            return table
        folders, second = map(self.raw.joinpath, twice["source"].unique()), {*twice["suggestion"]}
        other = waves.merge_waves([*folders], self.codebook, unknown="refuse", second=second)
        other = _without(other, self.held, self.codebook)
        told = summarise(other.districts, other.positions, other.bands)
        moves = largest_moves(self.estimated, told)
        note = "if the other answer of each counted, no number would move by more than "
        note = table["wave"].map({wave: note + text for wave, text in moves.items()})
        note = note.where(table["what"].eq(ledger.CONFLICTS), table["note"])
        return table.assign(note=note.astype("str"))

    @cached_property
    def synthetic(self) -> bool:
        """Whether anything of the series was made up for demonstration."""
        return bool(self.own["synthetic"].any())

    @cached_property
    def waves(self) -> list[int]:
        """Waves of the series, in order."""
        return sorted(int(wave) for wave in self.own["wave"].dropna().unique())

    def district(
        self,
        district: str = "",
        *,
        file: Path | str = "",
        name: str = "",
        kind: str = "",
        wave: int = 0,
        **numbers: float,
    ) -> pd.DataFrame:
        """Make a district's own numbers from whatever is at hand, for ``peers`` and ``chances``.

        Parameters
        ----------
        district : str
            Its name in any usual spelling, its id, or its code on the state's list: what it
            answered, or else its public enrollment, beside which ``numbers`` may stand.
        file : path
            Or a CSV ``item,group,value``, such as ``position_fte,coach,2``.
        name, kind : str
            What to call it; and what it is, if no public district: ``private school``.
        wave : int
            Survey year to be set beside; 0: the latest that asked about staff.
        **numbers
            ``enrollment, devices, support_staff, director_salary``; 0 is not stated. With
            nothing at all it is the average of the districts that answered, as an example.

        Returns
        -------
        DataFrame
            ``item, group, value``, and on every row ``district, district_id, kind, wave``,
            ``origin`` (response, frame, file, stated or average), ``year`` (whose dollars its pay
            is in; NA where as given), ``file`` (without the folder).

        Raises
        ------
        EstimateError, SourceError
            If there is no such district (the message names the nearest), its numbers cannot be
            taken, or two ways are used at once.

        Examples
        --------
        >>> own = evidence().district("Ellington", devices=3600)
        >>> own[["item", "value", "district"]].values.tolist()
        [['enrollment', 2526.0, 'Ellington'], ['devices', 3600.0, 'Ellington']]
        """
        from edtech_survey.data.districts import find_district  # noqa: PLC0415
        from edtech_survey.data.tables import read_own_district  # noqa: PLC0415
        from edtech_survey.statistics.peers import own_district  # noqa: PLC0415

        read = read_own_district(file, self) if file else None
        ids = () if self.responses is None else self.responses.districts["district_id"]
        known = not district or district in set(ids)
        found = district if known else find_district(district, self.codebook)
        own = own_district(self, found, read, numbers, name, kind, wave)
        return own.assign(file=Path(file).name if file else "")

    def about(self, item: str | None = None, wave: int | None = None) -> SimpleNamespace:
        """Tell what sentences need of the survey: who, when, how many, which question.

        Parameters
        ----------
        item, wave : str, int, optional
            Waves that have figures of this item, or this wave alone; default all of the series.

        Returns
        -------
        SimpleNamespace
            What ``series`` has, and ``waves, first, last, synthetic``; of the last wave
            ``answered`` and ``population`` (None where unknown), ``question`` (its wording; empty
            where that is not known) and ``held``, how many are held back; ``silent``, waves that
            do not say how many answered; ``withheld``, what is not told; ``sources``, a row a wave.
        """
        rows, hidden = (
            table[table["item"].eq(item or table["item"]) & table["wave"].eq(wave or table["wave"])]
            for table in (self.own, self.withheld)
        )
        used = rows[["source", "wave"]].dropna().drop_duplicates()
        sources = self.sources.drop(columns="wave").merge(used, on="source")
        sources = sources.sort_values("wave", kind="stable", ignore_index=True)
        waves = sorted(int(year) for year in used["wave"].unique())
        last = waves[-1] if waves else None
        told = sources.loc[sources["answered"].notna(), "wave"]
        told = {*told, *rows.loc[rows["base"].notna(), "wave"].dropna()}
        latest = sources[sources["wave"].isin(waves[-1:])]
        answered, population = (
            next(iter(latest[name].dropna().tolist()), None) for name in ("answered", "population")
        )
        secondary = latest["kind"].eq("secondary publication").all()
        facts = vars(self.series) | {
            "waves": waves,
            "first": next(iter(waves), None),
            "last": last,
            "answered": answered,
            "population": population or self.series.population.get(last),
            "withheld": hidden,
            "silent": [year for year in waves if year not in told],
            "held": int(self.held["wave"].eq(last).sum()),
            "question": "" if secondary or item is None else self._question(item, last),
            "sources": sources,
            "synthetic": self.synthetic,
        }
        return SimpleNamespace(**facts)

    def _question(self, item: str, wave: int | None) -> str:
        """Quote what an export asked in its own words, if that was one question."""
        asked = None if self.synthetic or self.responses is None else self.responses.asked
        if asked is None or not (rows := asked["wave"].eq(wave)).any():
            # Its questions are those of the first series, on which made-up ones are modelled.
            first = self.codebook.series["series"].iloc[0]
            worded = self.synthetic or self.series.series == first
            return self.codebook.wording(item) if worded else ""
        listed = self.codebook.items  # one_to_one is worked out of what bears the same wording
        alike = listed.loc[listed["wording"].eq(self.codebook.wording(item)), "item"]
        columns = asked.loc[rows & asked["item"].isin([item, *alike]), "column"]
        heads = columns.str.replace(r"\s*(?:\||\[[^]]*\]\s*$).*", "", regex=True).unique()
        return str(heads[0]) if len(heads) == 1 else ""

    def __getattr__(self, name: str) -> Any:
        own = f"its figures are a frame, evidence.own.{name}, or es.pick(evidence, item)"
        there = "elsewhere, figures, responses, codebook, sources, about(item)"
        raise AttributeError(f"an Evidence has no {name!r}: {own}; there are {there}")

    def __getitem__(self, item: Any) -> Any:
        raise TypeError(f"an Evidence is no frame: es.pick(evidence, {item!r}) gives its figures")

    def __repr__(self) -> str:
        kind = " SYNTHETIC" if self.synthetic else ""
        return (
            f"<Evidence {self.data}{kind}: {self.series.place}, {len(self.own)} figures of waves "
            f"{', '.join(map(str, self.waves))}; {len(self.elsewhere)} from elsewhere>"
        )

    def _repr_html_(self) -> str:
        about = self.about()
        many = "" if about.population is None else f" of {words.whole(about.population)}"
        last = f"{about.last}: {words.whole(about.answered)}{many} {about.units} answered"
        rows = {
            "Series": f"{about.place} ({self.series.series}), {about.publisher}",
            "Waves": words.years(self.waves) + (f"; {last}" if about.answered else ""),
            ".own": f"{len(self.own):,} figures of {self.own['item'].nunique()} items",
            ".elsewhere": f"{len(self.elsewhere):,} figures of others",
            ".responses": "none" if self.responses is None else repr(self.responses),
            ".codebook": repr(self.codebook),
            "Also": ".about(item) .district(...) .sources .publications .pairs .trends .structures",
        }
        badge = "SYNTHETIC" if self.synthetic else ""
        return words.card(f"Evidence: {self.data}", rows, badge)


def evidence(
    data: str = "published",
    *,
    series: str | None = None,
    waves: Sequence[int] | int = (),
    raw: Path | str | None = None,
    gate: bool = True,
) -> Evidence:
    """Load the evidence of a report.

    Parameters
    ----------
    data : str
        ``published``: the published figures of the series, and estimates from its exports of
        what nobody has published. ``responses``: figures estimated from its exports only.
        ``sample``: the same from the synthetic waves.
    series : str, optional
        Whose survey: a row of ``codebook/series.csv``, by default the first that fits ``data``.
    waves : int or sequence of int
        Waves of the series to keep; empty keeps all.
    raw : path, optional
        Folder of the sources; default the project's.
    gate : bool
        Whether what is made from responses passes ``es.withhold``; False is for checks only.

    Raises
    ------
    SetupError
        For an unknown choice, series or wave, or responses that are not there.

    Examples
    --------
    >>> published = evidence()
    >>> published.series.units, published.about("one_to_one").last
    ('districts', 2024)
    """
    from edtech_survey.data.codebook import read_codebook, read_series  # noqa: PLC0415
    from edtech_survey.data.figures import read_all  # noqa: PLC0415
    from edtech_survey.data.ledger import left_open  # noqa: PLC0415
    from edtech_survey.data.waves import merge_waves  # noqa: PLC0415
    from edtech_survey.reports import origins  # noqa: PLC0415
    from edtech_survey.statistics import releases  # noqa: PLC0415

    if data not in CHOICES:
        raise SetupError(f"data={data!r} is not known: choose {', '.join(CHOICES)}")
    folder = Path(raw) if raw is not None else raw_dir()
    known = read_series(folder / "codebook")
    printed, sources, publications = read_all(raw=folder)
    whose = series_of(series, known, sources, synthetic=data == "sample")
    codebook = read_codebook(folder / "codebook").of_series(whose.series)
    exports = with_export(sources[sources["synthetic"].eq(data == "sample")], folder)
    strange = exports.loc[~exports["series"].isin(known["series"]), "source"]
    if len(strange):
        warnings.warn(
            f"left out: {', '.join(strange)}. Its source.yaml names a series that is no row of "
            f"codebook/series.csv (there are {', '.join(known['series'])}): add the row, or "
            "correct it",
            stacklevel=2,
        )
    mine = [folder / name for name in exports.loc[exports["series"].eq(whose.series), "source"]]
    responses = merge_waves(mine, codebook, unknown="refuse") if mine else None
    if responses is not None and (told := left_open(responses.review)):
        warnings.warn(
            f"open, and left out of every estimate: {told}. Those rows of responses.review say "
            "where each is settled",
            OpenWarning,
            stacklevel=2,
        )
    if responses is None and data != "published":
        raise SetupError(
            f"data={data!r}: no wave of {whose.series} with an export in {folder}; "
            "make one with: edtech-survey new-wave YEAR --from EXPORT"
        )
    once = unrepeated(printed)
    of_series = once["source"].map(sources.set_index("source")["series"])
    own = once[of_series.eq(whose.series) & (data == "published")]
    if responses is None and own.empty:
        what = f"no figures.csv and no export of it in {folder}"
        advice = f"edtech-survey new-wave YEAR --from EXPORT --series {whose.series} makes a wave"
        raise SetupError.of("nothing is there to tell of", f"series {whose.series}", what, advice)
    record = read_record(folder, whose.series).iloc[: None if gate else 0]
    held, gated = record[["wave"]].head(0), pd.DataFrame()
    if responses is not None:
        held = releases.late(responses.districts, record)
        responses = _without(responses, held, codebook)
        sizes = sources[sources["series"].eq(whose.series)].set_index("wave")["population"]
        population = whose.population | sizes.dropna().astype(int).to_dict()
        own, gated, record = _with_estimates(own, responses, population, record, gate=gate)
        # Of an export those count who are kept, not the rows of the file.
        kept = sources["source"].map(responses.districts.groupby("source").size()).astype("Int64")
        sources = sources.assign(answered=kept.fillna(sources["answered"]))
    there = sorted(int(wave) for wave in own["wave"].dropna().unique())
    wanted = [waves] if isinstance(waves, int) else list(waves)
    missing = [f"{wave} is not there" for wave in wanted if wave not in there]
    problems = [Problem("waves", what, f"there are {there}") for what in missing]
    SetupError.refuse("not every wave asked for is there", problems)
    found = Evidence(
        data=data,
        series=whose,
        own=(own[own["wave"].isin(wanted)] if wanted else own).reset_index(drop=True),
        elsewhere=once[~of_series.isin(known["series"])].reset_index(drop=True),
        printed=printed,
        sources=sources,
        publications=publications,
        codebook=codebook,
        responses=responses,
        raw=folder,
        estimated=gated,
        held=held,
        record=record,
    )
    origins.remember(found)
    return found


def series_of(
    name: str | None, known: pd.DataFrame, sources: pd.DataFrame, *, synthetic: bool
) -> SimpleNamespace:
    """Take the row of the series asked for, or of the first that is made up, or is not."""
    if name is None:
        made_up = known["series"].isin(sources.loc[sources["synthetic"], "series"])
        fitting = known[made_up == synthetic]
        name = str((fitting if len(fitting) else known)["series"].iloc[0])
    rows = known[known["series"].eq(name)]
    if rows.empty:
        message, there = "the series is not in codebook/series.csv", ", ".join(known["series"])
        raise SetupError.of(message, f"series {name!r}", f"there are {there}", "add a row for it")
    row: Any = rows.iloc[0].to_dict()
    sizes = re.findall(r"(\d+)=(\d+)", row["population"])
    return SimpleNamespace(**row | {"population": {int(wave): int(size) for wave, size in sizes}})


def with_export(sources: pd.DataFrame, raw: Path) -> pd.DataFrame:
    """Take the sources that have the export of a wave, not only figures; warn where it is gone."""
    from edtech_survey.data.figures import read_meta  # noqa: PLC0415

    waves = [name for name in sources["source"] if (raw / name / "questions.csv").is_file()]
    # A wave that names no export is refused when it is read.
    exports = {name: read_meta(raw / name).get("export") or "" for name in waves}
    if gone := [name for name, export in exports.items() if not (raw / name / export).exists()]:
        warnings.warn(
            f"left out: {', '.join(gone)}. The export is not in the folder (git does not keep it): "
            "put it back, or correct source.yaml",
            stacklevel=2,
        )
    return sources[sources["source"].isin({*waves} - {*gone})]


def _without(responses: Responses, held: pd.DataFrame, codebook: Codebook) -> Responses:
    """Leave respondents out of all answers."""
    if held.empty:
        return responses
    from edtech_survey.data.tidy import panel  # noqa: PLC0415

    unit, gone = list(held), pd.MultiIndex.from_frame(held)
    tables = {name: getattr(responses, name) for name in ("districts", "positions", "bands")}
    kept: Any = {
        name: rows[~pd.MultiIndex.from_frame(rows[unit]).isin(gone)].reset_index(drop=True)
        for name, rows in tables.items()
    }
    return replace(responses, **kept, panel=panel(kept["districts"], codebook.changes))


def _record_file(raw: Path, series: str) -> Path:
    """Tell where the record of a series is: beside the sources, or beside the user of a wheel."""
    data = output_root() / "data" if raw == PACKAGED / "data" / "raw" else raw.parent
    return data / "released" / f"{series}.csv"


def read_record(raw: Path, series: str) -> pd.DataFrame:
    """Read what was released of a series; no rows where nothing was."""
    from edtech_survey.data import schemas  # noqa: PLC0415

    path, columns = _record_file(raw, series), schemas.dtypes("released")
    if not path.is_file():
        return pd.DataFrame(columns=list(columns)).astype(columns)
    return schemas.typed(schemas.read_table(path, "released", {}), "released").astype(columns)


def release(found: Evidence) -> str:
    """Keep the record of what was shown of answers; say what the release before held back.

    The record holds who was in the release, so it is confidential like their answers.
    """
    from edtech_survey.data.textfiles import csv_bytes  # noqa: PLC0415
    from edtech_survey.statistics import releases  # noqa: PLC0415

    path = _record_file(found.raw, found.series.series)
    keep_private(path.parent)
    write_whole(path, csv_bytes(found.record))
    stopped = found.estimated["withheld"].isin([releases.DIFFERS, releases.FOLLOWS]).sum()
    told = [words.count(len(found.held), "late answer") + " held back until five have come"]
    told += [words.count(int(stopped), "number") + " withheld beside the release before"]
    told = [line for line, number in zip(told, (len(found.held), stopped), strict=True) if number]
    advice = f"if the pages of before were never shared, delete {'/'.join(path.parts[-3:])}"
    return f"{', '.join(told)}: {advice}" if told else ""


def _with_estimates(
    own: pd.DataFrame,
    responses: Responses,
    population: Mapping[int, int],
    record: pd.DataFrame,
    *,
    gate: bool,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Add to the published figures what responses say and nobody has published.

    With it go all that was estimated, and the record of it as a release.
    """
    from edtech_survey.statistics import disclosure, releases, summarise  # noqa: PLC0415

    tables = responses.districts, responses.positions, responses.bands
    asked = set(responses.districts["wave"])
    known = {wave: size for wave, size in population.items() if wave in asked}
    found = summarise.summarise(*tables, population=known or None)
    gated = found.assign(withheld=pd.NA)
    if gate:
        gated = disclosure.withhold(found, summarise.contributions(*tables[:2]))
        gated = releases.follow(gated, found, record)
    frame = gated["wave"].map(known).astype("Int64")  # counts are of the same units as shares
    gated = gated.assign(population=gated["population"].fillna(frame))
    estimated = summarise.as_figures(gated)
    news = estimated.merge(own[_KEYS].drop_duplicates(), on=_KEYS, how="left", indicator=True)
    news = news.loc[news["_merge"] == "left_only", list(own.columns)]
    own = pd.concat([own, news], ignore_index=True) if len(news) else own
    return own, gated, releases.recorded(gated, found, responses.districts, record)
