"""A picture with all that must stand around it, shown alike in JupyterLab and on the page."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from edtech_survey.errors import ReportError
from edtech_survey.reports import markup, picture
from edtech_survey.reports.caption import Caption, slug
from edtech_survey.reports.csvtext import csv_link, csv_text
from edtech_survey.reports.markup import Column

CSS_PIXELS = 96


class Figure:
    """One picture: what the charts return.

    In a notebook it shows itself as HTML with title, picture, notes and data. Nothing is
    drawn to the screen as a side effect.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
        Not registered with pyplot; change it before the first display if you must.
    data : DataFrame
        The frame shown, withheld numbers missing.
    title, subtitle, source, n, alt : str
    id : str
    figure_ids : tuple of str
    """

    def __init__(
        self,
        canvas: Canvas,
        data: pd.DataFrame,
        words: Caption,
        *,
        kind: str,
        columns: Mapping[str, Column],
        notes: Sequence[str] = (),
        synthetic: bool = False,
    ) -> None:
        self.figure = canvas
        self.data = data
        self.words = words
        self.kind = kind
        self.figure_ids = tuple(dict.fromkeys(map(str, words.figure_ids)))
        self.id = slug(words.id) if words.id else _identity(kind, data)
        self.synthetic = synthetic
        self.notes = markup.figure_notes(words, notes)
        self._columns = columns
        if synthetic:
            picture.watermark(canvas)

    @property
    def axes(self) -> list[Axes]:
        """The matplotlib axes, in drawing order."""
        return list(self.figure.axes)

    @property
    def title(self) -> str:
        """The finding."""
        return self.words.title

    @property
    def subtitle(self) -> str:
        """What is measured."""
        return self.words.subtitle

    @property
    def source(self) -> str:
        """Where the numbers come from."""
        return self.words.source

    @property
    def n(self) -> str:
        """The base, in words."""
        return self.words.n

    @property
    def alt(self) -> str:
        """What a listener needs instead of the picture."""
        told = self.words.alt.strip()
        return f"Synthetic data. {told}" if self.synthetic else told

    @cached_property
    def _image(self) -> Any:
        return picture.image(self.figure)

    @cached_property
    def _png(self) -> bytes:
        return picture.png(self._image)

    @cached_property
    def _slide(self) -> bytes:
        foot = [text for text in self.notes if text]
        return picture.png(picture.slide(self._image, self.title, self.subtitle, foot))

    def png(self) -> bytes:
        """Return the picture alone, as on the page: PNG of 128 colours at 200 dpi."""
        return self._png

    def svg(self) -> str:
        """Return the picture alone, as SVG."""
        return picture.svg(self.figure)

    def csv(self) -> str:
        """Write all columns of the frame shown as CSV."""
        return csv_text(self.data)

    def save(self, path: str | Path) -> Path:
        """Write the picture for use outside the page.

        Parameters
        ----------
        path : str or Path
            ``.png``: a slide with title, notes and source burnt in, because people paste
            pictures. ``.svg``: the picture alone. ``.csv``: its data.

        Returns
        -------
        Path

        Raises
        ------
        ReportError
            For another extension.
        """
        target = Path(path)
        makers = {
            ".png": lambda: self._slide,
            ".svg": lambda: self.svg().encode(),
            ".csv": lambda: self.csv().encode(),
        }
        if target.suffix.lower() not in makers:
            raise ReportError(f"{target.name}: a figure is saved as .png, .svg or .csv")
        target.write_bytes(makers[target.suffix.lower()]())
        return target

    def html(self) -> str:
        """Write the whole figure element: caption, picture with alt text, notes, data, download."""
        width, height = self.figure.get_size_inches() * CSS_PIXELS
        data = base64.b64encode(self._png).decode()
        body = (
            f'<div class="picture"><img src="data:image/png;base64,{data}" '
            f'alt="{escape(self.alt, quote=True)}" width="{width:.0f}" height="{height:.0f}"></div>'
        )
        after = [
            markup.data_table(self.data, self._columns, self.id, "figure"),
            markup.figure_links(self.figure_ids),
            csv_link(self.csv(), self.id, "figure", len(self.data)),
        ]
        caption = {"title": self.title, "subtitle": self.subtitle}
        return markup.exhibit(
            self.id, "figure", caption, body, self.notes, after, synthetic=self.synthetic
        )

    def __repr__(self) -> str:
        return f"<Figure {self.id}: {self.title} ({len(self.data)} rows)>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        """Show the HTML; where a front end takes only pictures, the slide."""
        bundle = {
            "text/html": self.html(),
            "image/png": base64.b64encode(self._slide).decode(),
            "text/plain": f"{self.title}\n{self.alt}",
        }
        return bundle, {"image/png": {"alt": self.alt}}


def _identity(kind: str, data: pd.DataFrame) -> str:
    items = data["item"].dropna().unique().tolist() if "item" in data.columns else []
    return slug(" ".join([kind, *map(str, items[:2])]))
