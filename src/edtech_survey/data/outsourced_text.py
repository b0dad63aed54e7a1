"""Words that say somebody else fills a position, and words that turn them around."""

from __future__ import annotations

import re

_OUTSIDE = re.compile(
    r"\b(?:outsourc\w{0,6}|out-sourc\w{0,6}|sub-?contract\w{0,6}|contractors?|contracting"
    r"|contracted(?! (?:salar|rate|pay|wage|hour|day|amount|step))"
    r"|contract (?:staff|employees?|workers?|positions?|services?|compan\w{1,3}|firms?|out|basis)"
    r"|vendors?|third[- ]party|3rd[- ]party|msp|managed services?|managed service provider"
    r"|consultants?|external(?:ly)?|service provider)\b|^contracts?$"
)
_INSIDE = re.compile(
    r"\b(?:in[- ]?house|internal(?:ly)?|insourced?|district (?:staff|employees?)|own staff)\b"
)
_DENIED = re.compile(
    r"(?:(?:we|it|they|this|this position|the position|position) ?)?(?:is |are )?"
    r"(?:not|never|no longer|do not|does not|don't|doesn't|isn't|aren't)"
    r"(?: (?:be|been|being|currently|yet|now|presently|at this time)){0,3} "
    r"(?:outsourc\w{0,6}|contract(?:ed|ing)?(?: out)?)"
    r"(?: (?:it|this|that|any|this position|the position|at this time)){0,2}[.!]?"
    r"|(?:no|none|without)(?: (?:a|an|any|outside)){0,2} "
    r"(?:outsourc\w{0,6}|vendors?|contracts?|contractors?|consultants?|contracted)[.!]?"
)
_TURNED = re.compile(
    r"\b(?:no|not|never|none|nothing|nobody|non|un|without|neither|nor|may|might|maybe|could|would"
    r"|will|plan(?:s|ned|ning)?|consider(?:s|ing|ed)?|future|soon|explor\w{1,4}|if|possibly"
    r"|formerly|previously|used to|was|were|until|depend(?:s|ing)?|instead of|rather than|before"
    r"|next year)\b|n't\b"
)
_YES_FIRST = re.compile(r"y(?:es)?\b")
PARTLY = re.compile(r"\b(?:part(?:ly|ially)?|some(?:times|what)?|mixed|occasional(?:ly)?|both)\b")
"""Words that leave open how much of it."""


def outside(text: str) -> str:
    """Say whether a plain text tells that somebody else fills the position.

    Returns
    -------
    str
        ``"yes"``; ``"no"``; ``"unclear"`` if words for it stand beside a denial, a plan, a
        condition, or the district's own staff; ``""`` if it speaks of something else.

    Examples
    --------
    >>> [outside(text) for text in ("vendor", "we do not outsource", "not in-house but a vendor")]
    ['yes', 'no', 'unclear']
    >>> outside("per teacher contract")
    ''
    """
    if _DENIED.fullmatch(text):
        return "no"
    inside = _INSIDE.search(text) is not None
    if not _OUTSIDE.search(text):
        if not inside or PARTLY.search(text):
            return ""
        return "unclear" if _TURNED.search(text) or _YES_FIRST.match(text) else "no"
    return "unclear" if inside or _TURNED.search(text) else "yes"
