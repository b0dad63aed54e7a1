"""Words that stand for an answer that is not there, and what kind of absence each means."""

from __future__ import annotations

from edtech_survey.data import readings
from edtech_survey.data.plain_text import listed
from edtech_survey.data.readings import Reading

_NOT_APPLICABLE = listed(
    "n/a|na|n.a.|n.a|n / a|n\\a|not applicable|non applicable|does not apply|doesn't apply|"
    "not relevant|-|--|---|vacant|vacancy|unfilled|open position|position vacant|"
    "currently vacant"
)
_REFUSED = listed(
    "prefer not to say|prefer not to answer|prefer not to disclose|rather not say|"
    "i'd rather not say|i prefer not to say|i prefer not to answer|decline|declined|"
    "decline to answer|decline to state|declined to answer|refused|refuse|refuse to answer|"
    "confidential|private|not disclosed|no comment|would rather not say"
)
_SKIPPED = listed(
    "null|nan|<na>|nat|(blank)|blank|[blank]|left blank|empty|missing|no answer|"
    "no response|not answered|unanswered|skipped|skip|no data|not available|not provided|"
    "not reported|unavailable"
)
_DONT_KNOW = listed(
    "don't know|dont know|do not know|i don't know|i do not know|dk|idk|unknown|unsure|"
    "not sure|i'm not sure|uncertain|no idea|?|??|???|tbd|tba|tbc|to be determined|"
    "not known|undetermined|no clue|can't say|cannot say"
)
_ERRORS = listed(
    "#n/a|#value!|#ref!|#div/0!|#name?|#num!|#null!|#error!|#spill!|#calc!|#getting_data|"
    "#field!|err:502|err:504|err:508|########"
)

WORDS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(_NOT_APPLICABLE, ("not_applicable", "missing_word")),
    **dict.fromkeys(_REFUSED, ("refused", "missing_word")),
    **dict.fromkeys(_SKIPPED, ("skipped", "missing_word")),
    **dict.fromkeys(_DONT_KNOW, ("skipped", "dont_know")),
}
"""Plain text to kind of missing and rule."""

NONE_WORDS = frozenset(
    listed(
        "none|no|nil|nothing|nobody|no one|not any|none at this time|no position|no such position|"
        "we have none|we do not have this position|position does not exist|does not exist"
    )
)
"""Words for zero of something; what that means depends on the type of the item."""


def missing_word(plain: str) -> Reading | None:
    """Read a plain text as a word for a missing answer, if it is one.

    Examples
    --------
    >>> missing_word("prefer not to say").missing
    'refused'
    >>> missing_word("12") is None
    True
    """
    if plain in _ERRORS or (plain and not plain.strip("#")):
        return readings.unreadable(
            "spreadsheet_error", "a spreadsheet's error: mend it at the source"
        )
    found = WORDS.get(plain) or WORDS.get(plain.rstrip(".! "))
    if found is None:
        return None
    return readings.missing(*found)
