"""Figures of collections listed by the publication that printed them, not by our folder."""

from __future__ import annotations

import pandas as pd

_TOLD = ("title", "publisher", "published", "url")


def by_publication(figures: pd.DataFrame) -> pd.DataFrame:
    """Name as source of a collected figure the publication that printed it.

    Parameters
    ----------
    figures : DataFrame
        ``source`` and ``publication``.

    Returns
    -------
    DataFrame
        A new frame; figures of the state's own sources stand as they are.

    Examples
    --------
    >>> figures = pd.DataFrame({"source": ["ct", "wages"], "publication": [None, "bls-2018"]})
    >>> by_publication(figures)["source"].tolist()
    ['ct', 'bls-2018']
    """
    named = figures["publication"].notna()
    return figures.assign(
        source=figures["source"].mask(named, figures["publication"]),
        publication=figures["publication"].mask(named),
    )


def all_publications(sources: pd.DataFrame, publications: pd.DataFrame) -> pd.DataFrame:
    """List sources and collected publications in one table, as ``sources()`` takes them.

    Parameters
    ----------
    sources : DataFrame
        ``source, title, publisher, published, url``.
    publications : DataFrame
        ``publication`` and the same.

    Returns
    -------
    DataFrame
        ``source, title, publisher, published, url``.
    """
    collected = publications.drop(columns="source", errors="ignore").rename(
        columns={"publication": "source"}
    )
    both = pd.concat([sources, collected], ignore_index=True)
    return both[["source", *_TOLD]].drop_duplicates("source").reset_index(drop=True)
