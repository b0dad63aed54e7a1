"""Rows as the front door gives them."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd

from edtech_survey.shape import DEPENDS, HOLDS, NOT, VERDICTS, estimates

BANDS = ("early elementary", "elementary", "middle school", "high school")
PUBLISHED = {
    2017: (20, 43, 58, 71),
    2020: (14, 42, 61, 64),
    2021: (79, 88, 88, 94),
    2024: (89, 97, 100, 98),
}


def levels() -> pd.DataFrame:
    """Percents of four waves; bases are known of the last."""
    bases = dict(zip(BANDS, (53, 58, 58, 57), strict=True))
    about = {"item": "one_to_one", "statistic": "share", "synthetic": False}
    about |= {"method": "hypergeometric"}
    return estimates(
        {
            "source": f"ct-{wave}",
            "wave": wave,
            "group": band,
            "name": band,
            "estimate": float(value),
            "conf_low": max(0.0, value - 10),
            "conf_high": min(100.0, value + 9.4),
            "base": bases[band] if wave == 2024 else None,
            "figures": f"ct-{wave}.one-to-one.{at}.share",
        }
        | about
        for wave, values in PUBLISHED.items()
        for at, (band, value) in enumerate(zip(BANDS, values, strict=True))
    )


def moves(*rows: tuple[float, str], **columns: object) -> pd.DataFrame:
    """Changes from 2017 to 2024 of as many bands as there are (size, label)."""
    about = {"source": "ct-2024", "item": "one_to_one", "statistic": "change", "synthetic": False}
    about |= {"wave": 2024, "wave_from": 2017, "period": "2017 to 2024", "silent": [2017]}
    made = [
        {"group": band, "name": band, "label": label, "verdict": VERDICTS[label]}
        | {"estimate": size, "conf_low": size - 12, "conf_high": size + 9}
        | {"holds_from_base": 18 if label == DEPENDS else pd.NA}
        | about
        for band, (size, label) in zip(BANDS, rows, strict=False)
    ]
    return estimates(made).assign(**columns)


SURE = ((69.0, HOLDS), (54.0, HOLDS))
MIXED = ((69.0, HOLDS), (42.0, DEPENDS), (-5.0, NOT))


def known() -> SimpleNamespace:
    """Evidence as :func:`origins.remember` takes it: a report that reprints an earlier wave."""
    both = {"series": "ct", "publisher": "The Commission", "published": "2024-11-26", "url": ""}
    old = {"source": "ct-2017", "wave": "2017", "kind": "secondary publication"}
    new = {"source": "ct-2024", "wave": "2024", "kind": "survey report"}
    old |= {"title": "2017 as republished", "citation": "Commission. Levels by year."}
    new |= {"title": "Staffing and *Devices*", "citation": "Commission (2024). Staffing. <b>"}
    sources = pd.DataFrame([both | old, both | new])
    figures = pd.DataFrame(
        {
            "figure_id": ["ct-2017.one-to-one.0.share", "ct-2024.one-to-one.0.share", "other"],
            "source": ["ct-2017", "ct-2024", "ct-2024"],
            "publication": pd.NA,
            "printed": ["20%", "89%", "1"],
        }
    )
    items = {"item": ["one_to_one", "salary"], "unit": ["percent", "usd"]}
    items |= {"groups": ["bands", "positions"]}
    references = {"key": ["hypergeometric", "Wilson"], "text": ["Konijn 1973", "Wilson 1927"]}
    return SimpleNamespace(
        sources=sources,
        figures=figures,
        printings=figures,
        publications=pd.DataFrame(columns=["source", "publication", "title"]),
        codebook=SimpleNamespace(items=pd.DataFrame(items), methods=pd.DataFrame(references)),
        series=SimpleNamespace(series="ct", unit="district", units="districts"),
        about=lambda item, wave=None: SimpleNamespace(question=f"Which {item}?"),
        synthetic=False,
    )
