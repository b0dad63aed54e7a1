"""What all exhibits of the report on one device per student share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from edtech_survey.reports import words
from edtech_survey.reports.findings.survey_waves import Waves, figure_ids

WHAT = "Percent of responding districts with one device per student"
ASPECT = "the percent of responding districts with one device per student"


@dataclass(frozen=True)
class Setting:
    """Names, sources and figures around the estimates.

    Attributes
    ----------
    waves : Waves
    names : mapping
        Grade band, youngest first, to the name printed in charts and tables.
    spoken : mapping
        Grade band to the name in a sentence.
    figures : DataFrame
        The figures that the report stands on.
    question : str
        Wording of the question.
    confidence : float
        Between 0 and 1.
    """

    waves: Waves
    names: Mapping[str, str]
    spoken: Mapping[str, str]
    figures: pd.DataFrame
    question: str
    confidence: float

    @property
    def level(self) -> str:
        """Level of confidence, as in "95%"."""
        percent = 100 * self.confidence
        return words.percent(percent, 0 if abs(percent - round(percent)) < 1e-9 else 1)

    @property
    def bands(self) -> list[str]:
        """Grade bands, youngest first."""
        return list(self.spoken)

    @property
    def series(self) -> str:
        """Every grade band in words, for the place where one could also be named."""
        if len(self.bands) == 1:
            return self.spoken[self.bands[0]]
        return f"all {words.spell(len(self.bands))} grade bands"

    @property
    def short(self) -> dict[str, str]:
        """Grade band to the name printed in tables, without its grades."""
        return {band: name[:1].upper() + name[1:] for band, name in self.spoken.items()}

    def ids(self, *years: int, item: str = "one_to_one") -> list[str]:
        """Figures behind an exhibit."""
        of_bands = {
            "one_to_one": self.bands,
            "student_device_ratio": [f"{band}|1:1" for band in self.bands],
        }
        groups = of_bands.get(item, ())
        return figure_ids(self.figures, item, years, groups)


def setting(
    waves: Waves,
    bands: pd.DataFrame,
    items: pd.DataFrame,
    figures: pd.DataFrame,
    *,
    chosen: Sequence[str] = (),
    confidence: float = 0.95,
) -> Setting:
    """Put together what the exhibits share.

    Parameters
    ----------
    waves : Waves
    bands, items : DataFrame
        Of the codebook.
    figures : DataFrame
    chosen : sequence of str
        Grade bands wanted, all by default; they stand in the order of the codebook.
    confidence : float

    Returns
    -------
    Setting
    """
    known = bands.set_index("band")[["label", "grades"]].astype("str").to_dict("index")
    order = [band for band in known if not chosen or band in chosen]
    order += [band for band in chosen if band not in order]
    asked = items.loc[items["item"].eq("student_device_ratio"), "wording"].astype("str")
    return Setting(
        waves=waves,
        names={b: f"{known[b]['label']} ({known[b]['grades']})" for b in order if b in known},
        spoken={b: known[b]["label"].lower() if b in known else b for b in order},
        figures=figures,
        question=asked.iloc[0] if len(asked) else "",
        confidence=confidence,
    )


def bases(levels: pd.DataFrame) -> str:
    """Say how many districts answered, wave by wave, or that nobody published it.

    Examples
    --------
    >>> bases(pd.DataFrame({"wave": [2017, 2024, 2024], "base": [pd.NA, 53, 58]}))
    '53 to 58 districts in 2024; not published for 2017'
    """
    unpublished = silent(levels)
    told = [
        f"{span(rows['base'])} districts in {wave}"
        for wave, rows in levels.groupby("wave")
        if wave not in unpublished
    ]
    unknown = [f"not published for {words.years(unpublished)}"] if unpublished else []
    return "; ".join([*told, *unknown])


def silent(levels: pd.DataFrame) -> list[int]:
    """List the waves whose number of districts nobody published."""
    return sorted({int(wave) for wave in levels.loc[levels["base"].isna(), "wave"]})


def span(values: pd.Series, format: str = "count") -> str:
    """Write the smallest and the largest of some numbers.

    Examples
    --------
    >>> span(pd.Series([58, 53])), span(pd.Series([88.7, 100.0]), "percent")
    ('53 to 58', '89% to 100%')
    >>> span(pd.Series([68.7, 27.2]), "points"), span(pd.Series([27.2, 27.4]), "points")
    ('27 to 69 points', '27 points')
    """
    low, high = float(values.min()), float(values.max())
    write = words.points if format == "points" else lambda x: words.value(x, format)
    if write(low) == write(high):
        return write(low)
    return words.interval(low, high, format)
