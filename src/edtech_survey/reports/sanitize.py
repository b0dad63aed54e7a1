"""What markup may pass into a page: an allow-list over every HTML and Markdown output.

Survey text is hostile until escaped. Exhibits escape at the source; this pass is for what
escaped nobody: Markdown cells, ``HTML(...)``, styled frames, model summaries, notebooks of
other people. The page's content-security policy stands behind both.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import nh3

_TEXT = """
a abbr b blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption
figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li mark ol p pre q s samp section small
span strong sub summary sup table tbody td tfoot th thead time tr u ul var
"""
TAGS = frozenset(_TEXT.split())
"""Elements that pass. No script, style, form, frame, svg, math, meta, link, object, base."""

_EVERYWHERE = {"id", "class", "lang", "dir", "role", "tabindex", "title"}
_ATTRIBUTES = {
    "a": {"href", "download"},
    "img": {"src", "alt", "width", "height"},
    "th": {"scope", "headers", "colspan", "rowspan", "abbr"},
    "td": {"headers", "colspan", "rowspan"},
    "col": {"span"},
    "colgroup": {"span"},
    "ol": {"start", "type", "reversed"},
    "details": {"open"},
    "time": {"datetime"},
}
_GONE = {
    "script", "style", "iframe", "object", "embed", "template", "noscript", "svg", "math",
    "form", "select", "textarea", "title", "head", "audio", "video", "canvas", "frameset",
}  # fmt: skip
_ROLES = {"group", "region", "note", "img", "list", "listitem", "presentation", "none"}
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*\Z")
_DOWNLOAD = re.compile(
    r"data:(?:text/csv|application/json)(?:;charset=utf-8)?;base64,[A-Za-z0-9+/=]*\Z"
)
_WEB = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.\-]*:", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,5}\Z")
_NAME = re.compile(r"[A-Za-z][\w.:\-]*\Z")
_RESERVED = re.compile(r"(?:content|contents|skip|page-[\w\-]*|run-manifest[\w\-]*)\Z")
_FILE = re.compile(r"[a-z0-9]\w*(?:[.\-]\w+)*\.(?:csv|json)\Z", re.IGNORECASE)


_FIT: dict[str, Callable[[str], object]] = {
    "id": lambda value: _NAME.match(value) and not _RESERVED.match(value),
    # A positive tabindex would reorder the whole page for people who use the keyboard.
    "tabindex": lambda value: value == "0",
    "role": lambda value: value in _ROLES,
    # The index writes downloads to files of these names.
    "download": _FILE.match,
    **dict.fromkeys(("width", "height", "colspan", "rowspan", "span", "start"), _NUMBER.match),
}


def clean(markup: str) -> str:
    """Keep what is on the allow-list; text always stays.

    Kept: text, tables with scopes and headers, figures, details, lists, headings, links to the
    web and within the page, pictures and CSV or JSON downloads that are inside the page.
    Dropped: scripts and styles with their content, event handlers, styles, forms, frames,
    every address that would be loaded.

    Parameters
    ----------
    markup : str

    Returns
    -------
    str

    Examples
    --------
    >>> clean('<p onclick="x()">A <b>bold</b><script>alert(1)</script> claim</p>')
    '<p>A <b>bold</b> claim</p>'
    >>> clean('<img src="https://tracker.example/x.png" alt="a">')
    '<img alt="a">'
    """
    return _cleaner().clean(markup)


@cache
def _cleaner() -> Any:
    # Data addresses pass here by scheme and are then held to three exact forms in _attribute.
    return nh3.Cleaner(
        tags=set(TAGS),
        clean_content_tags=_GONE,
        attributes={"*": _EVERYWHERE, **_ATTRIBUTES},
        attribute_filter=_attribute,
        strip_comments=True,
        link_rel="noopener noreferrer",
        generic_attribute_prefixes={"aria-"},
        url_schemes={"http", "https", "mailto", "data"},
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "src":
        return value if tag == "img" and _PICTURE.match(value) else None
    if name == "href":
        return _address(value)
    fit = _FIT.get(name)
    return value if fit is None or fit(value) else None


def _address(value: str) -> str | None:
    address = value.strip()
    if address.startswith("#") or _WEB.match(address) or _DOWNLOAD.match(address):
        return address
    # Protocol-relative addresses and paths from the root lead nowhere from a file.
    if _SCHEME.match(address) or address.startswith(("//", "/", "\\")):
        return None
    return address
