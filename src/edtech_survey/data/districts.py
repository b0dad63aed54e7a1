"""Names of districts to their ids: what is beyond doubt is taken, all else is for a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from edtech_survey.data.codebook import Codebook, spellings
from edtech_survey.data.readings import BLANKED, CHANGED, REFUSED, SMALL_NUMBERS, TAKEN
from edtech_survey.data.schemas import plain_name
from edtech_survey.errors import EstimateError
from edtech_survey.words import join

TEST_NAME = (
    r"(?:(?:\w+['’]s|my|a|just a) )?(?:test(?:ing|er)?|demo|dummy)\b.*|.* test|(?:asdf|qwer)\w*|"
    r"x{3,}|.*\b(?:please ignore|ignore this|do not use)\b.*"
)
"""What people type who try a survey out; a directory that has such a name takes it first."""
AMBIGUOUS = "?"

_OUTCOME = {
    "name": TAKEN, "id": TAKEN, "blank": BLANKED, "unmatched": REFUSED, "ambiguous": REFUSED,
}  # fmt: skip
_SEVERITY = dict.fromkeys(("blank", "unmatched", "ambiguous"), "error")
_SEVERITY |= dict.fromkeys(("not_a_district", "test"), "warning")

_REGIONAL = re.compile(
    r"\b(?:regional|region|reg)(?: (?:high )?school)?(?: (?:district|dist|sd))? (\d+)\b"
    r"|\b(?:rsd|rhsd) (\d+)\b"
)
_FILLER = re.compile(
    r"\b(?:the|and|public|pub|schools?|schls?|sch|ps|districts?|distr?|sd|boe|boards?|bd|education|"
    r"(?:department |dept )?of ed(?:uc?|ucation)?|department of|town of|city of|lea)\b"
)
_SHORT = {
    "mt": "mount", "st": "saint", "ste": "saint", "ft": "fort", "twp": "township", "co": "county",
    "boro": "borough", "isd": "independent", "usd": "unified", "cusd": "community unit",
    "ccsd": "community consolidated", "cisd": "consolidated independent",
}  # fmt: skip
_FORMS = ("independent", "unified", "consolidated", "community", "unit", "csd")
_MUNICIPAL = {"town", "township", "borough"}
_ENDS = ("schools", "districts", "public", "boards", "of", "education")
_CUT = 24
"""Letters from which a name may have been cut off by a form."""
_COMPASS = re.compile(
    r"^\W*(?:(no|so|[nsew])\.\s*|(no|so|[nsew])\s+)(?=[^\W\d_]{3})", re.IGNORECASE
)
_POINTS = {"n": "north", "s": "south", "e": "east", "w": "west"}
_MARKS = str.maketrans({"&": " and ", "#": " no ", "’": "", "'": "", ".": ""})


def perhaps_new(name: str) -> bool:
    """Tell whether a name begins with N., which is North or New."""
    found = _COMPASS.match(name)
    return found is not None and (found[1] or found[2]).lower() == "n"


def name_key(name: str, place: str = "") -> str:
    """Reduce a district's name to the words that identify it; the place's names say nothing."""
    other = re.sub(r"[,(]\s*(CO|SD)\W*$", r" of \1x", name)  # states, not a county or a district
    folded = unicodedata.normalize("NFKD", other)
    text = "".join(letter for letter in folded if not unicodedata.combining(letter)).casefold()
    text = _COMPASS.sub(lambda found: f"{_POINTS[(found[1] or found[2])[0]]} ", text)
    text = " ".join(re.sub(r"[^\w]+|_", " ", text.translate(_MARKS)).split())
    if text.startswith(("reg", "rsd", "rhsd")):
        text = " ".join(str(SMALL_NUMBERS.get(word, word)) for word in text.split())
    text = re.sub(r"\b(rsd|rhsd|region|regional|no|usd)(\d)", r"\1 \2", text)
    text = " ".join(_SHORT.get(word, word) for word in text.split()) if " " in text else text
    text = re.sub(r"\b(?:number|num|no) (\d)", r"\1", text)
    text = re.sub(r"\b0+(\d)", r"\1", text)
    text = _REGIONAL.sub(lambda found: f"regional {found[1] or found[2]}", text)
    text = _FILLER.sub(" ", text)
    text = re.sub(rf"\b(?:{place.lower()})\b", " ", text) if place else text
    return " ".join(text.split())


def part_keys(name: str, place: str = "") -> list[str]:
    """Keys of the parts of a name that says itself twice."""
    keys: list[str] = []
    for piece in re.split(r"[()/,;:|]|\s[-–—]\s", name):
        before, *rest = re.split(r"\b(regional \d+)\b", name_key(piece, place), maxsplit=1)
        keys += filter(None, ["".join([before, *rest[1:]]).strip(), *rest[:1]])
    named = [key for key in keys if not re.fullmatch(r"[a-z]{1,4}ps", key)]  # "Bethel (BPS)"
    return named if len(keys) > 1 else []


def identify(
    names: pd.Series,
    codebook: Codebook,
    *,
    source: str,
    wave: int,
    matches: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Resolve the column that names the district, ``how``, and an id for who is not found."""
    codes, distinct = pd.factorize(names, use_na_sentinel=False)
    texts = pd.Series(distinct, dtype="str").fillna("")
    found = match_districts(texts, codebook, matches)
    ids = succeed(found["district_id"], wave, codebook.changes)
    how = found["how"].mask(ids.ne(found["district_id"]) & ids.notna(), "merged")
    tried = texts.str.strip().str.lower().str.fullmatch(TEST_NAME)
    how = how.mask(how.eq("unmatched") & tried, "test")
    unknown = "?" + texts.map(lambda text: name_key(text, codebook.place) or text).astype("str")
    told = pd.DataFrame(
        {
            "text": texts,
            "value": ids,
            "rule": "district_" + how,
            "severity": how.map(_SEVERITY).fillna("note").astype("str"),
            "outcome": how.map(_OUTCOME).fillna(CHANGED).astype(np.int8),
            "how": how,
            "district": ids.fillna(unknown).mask(how.eq("blank")),
        }
    )
    rows = told.iloc[codes].set_axis(names.index)
    row = pd.Series(names.index.astype("str"), index=names.index, dtype="str")
    district = rows["district"].fillna("?" + row)
    nameless = f"unmatched-{source}-row-" + row.groupby(district).transform("first")
    return rows.assign(district=district.mask(district.str.startswith("?"), nameless))


def match_districts(
    names: pd.Series, codebook: Codebook, matches: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Resolve names where that is beyond doubt, and say ``how``."""
    directory, place = codebook.districts, codebook.place
    names, listed = names.astype("str"), spellings(directory)
    aliases = listed[listed["alias"]]
    plain_spellings = plain_name(listed["spelling"])
    keys = [name_key(name, place) for name in listed["spelling"]]
    by_key = _index(keys, listed["district_id"])
    kinds = set(directory["kind"])
    forms = {*_FORMS, *(_MUNICIPAL if kinds & _MUNICIPAL else ()), *({"county", "parish"} & kinds)}
    by_name = _index((_without(key, forms) for key in keys), listed["district_id"])
    exact = {
        "name": _index(plain_name(directory["name"]), directory["district_id"]),
        "id": _index(plain_name(directory["district_id"]), directory["district_id"]),
        "alias": _index(plain_spellings[listed["alias"]], aliases["district_id"]),
    }
    if "code" in directory:
        exact["code"] = _index(map(_digits, directory["code"]), directory["district_id"])
    if matches is not None:
        reviewed = _index(plain_name(matches["name"]), matches["district_id"])
        exact = {"reviewed": reviewed} | exact

    def key(name: str) -> str:
        """There may be a North and a New Haven: then "N. Haven" could be either."""
        text = name_key(name, place)
        other = text.replace("north ", "new ", 1)
        return "" if perhaps_new(name) and other in by_key and text in by_key else text

    def parts(name: str) -> str:
        """All parts of a name lead to one district."""
        found = part_keys(name, place)
        ids = {by_key.get(part, AMBIGUOUS) for part in found}
        return found[0] if len(ids) == 1 and AMBIGUOUS not in ids else ""

    def resolve(typed: str, plain: str) -> tuple[str | None, str]:
        for how, known in exact.items():
            asked = _digits(plain, place) if how == "code" else plain
            if asked in known:
                return known[asked], how
        for how, find in (("key", key), ("parts", parts)):
            if (found := find(typed)) in by_key:
                return by_key[found], how
        text = key(typed)
        bare = _without(text, forms)
        if bare in by_name and (bare == text or bare in by_key):  # one of the two says no form
            return by_name[bare], "key"
        if len(plain) >= _CUT:
            rest, _, end = text.rpartition(" ")
            rest = rest.removesuffix(" of")
            if rest in by_key and any(word.startswith(end) for word in _ENDS):
                return by_key[rest], "cut"
        if len(plain) <= _CUT:
            return None, "unmatched"
        ids = set(listed.loc[plain_spellings.str.startswith(plain), "district_id"])
        return (ids.pop(), "cut") if len(ids) == 1 else (None, "unmatched")  # one begins so

    told = [
        resolve(typed, plain) if pd.notna(plain) and plain else (None, "blank")
        for typed, plain in zip(names, plain_name(names), strict=True)
    ]
    found = pd.DataFrame(told, columns=["district_id", "how"], index=names.index, dtype="str")
    id_, how = found["district_id"], found["how"]
    # Where a form cut other names off here, it may have cut a number, too.
    length = names.str.strip().str.len()
    cut = length.isin(length[how.eq("cut")]) & names.str.contains(r"\d\s*$", regex=True)
    id_, how = id_.mask(cut & how.eq("key")), how.mask(cut & how.eq("key"), "unmatched")
    how = how.mask(id_.eq(AMBIGUOUS), "ambiguous").mask(id_.eq(""), "not_a_district")
    return pd.DataFrame({"district_id": id_.mask(id_.isin([AMBIGUOUS, ""])), "how": how})


def review_table(names: pd.Series, codebook: Codebook) -> pd.DataFrame:
    """List near misses for names that could not be resolved; nothing is taken."""
    listed, place = spellings(codebook.districts), codebook.place
    keys = [name_key(text, place) for text in listed["spelling"]]
    rows: list[tuple[str, str | None, str | None, float | None]] = []
    for name in dict.fromkeys(names.dropna().astype("str")):
        key, near = name_key(name, place), []
        for asked in [key, key.replace("north ", "new ", 1)] if perhaps_new(name) else [key]:
            found = process.extract(asked, keys, scorer=fuzz.WRatio, score_cutoff=70, limit=30)
            near += [(score, -at) for other, score, at in found if not _other_number(asked, other)]
        places = [-at for _, at in sorted(near, reverse=True)]
        best = listed.iloc[places].assign(
            score=sorted((round(s, 1) for s, _ in near), reverse=True)
        )
        best = best.drop_duplicates("district_id").head(3)
        told = best[["district_id", "spelling", "score"]].itertuples(index=False)
        rows += [(name, *candidate) for candidate in told] or [(name, None, None, None)]
    texts = dict.fromkeys(("name", "district_id", "candidate"), "str")
    return pd.DataFrame(rows, columns=[*texts, "score"]).astype({**texts, "score": "Float64"})


def find_district(text: str, codebook: Codebook) -> str:
    """Give the id of the district that a person means by a code, an id or a name."""
    names = pd.Series([str(text).strip()], dtype="str")
    found = match_districts(names, codebook)["district_id"].iloc[0]
    if pd.isna(found):
        table = review_table(names, codebook).dropna()
        near = [f"{row.candidate} ({row.district_id})" for row in table.itertuples()]
        advice = f"did you mean {join(near, 'or')}?" if near else "give its name as the list does"
        where = f"district={names[0]!r}"
        raise EstimateError.of("no such district is known", where, "is in no list", advice)
    return str(found)


def succeed(district_id: pd.Series, wave: int, changes: pd.DataFrame) -> pd.Series:
    """Give the ids that districts bear in a wave: merged districts answer as their successor."""
    due = changes[changes["wave_from"] <= wave]
    heirs = dict(zip(due["district_id"], due["becomes"], strict=True))
    moved = district_id
    for _ in heirs:  # a successor may have merged in its turn
        moved = moved.mask(moved.isin(list(heirs)), moved.map(heirs).astype("str"))
    return moved


def _without(key: str, words: Iterable[str]) -> str:
    """Leave the words of a form, such as unified, out of a key: "" if no name is left."""
    rest = " ".join(word for word in key.split() if word not in words)
    return rest if re.search(r"[^\W\d]{3}", rest) else ""


def _digits(code: str, place: str = "") -> str:
    """Write a code without what it may be written with: the place, zeros in front, marks."""
    plain = re.sub(rf"^(?:{place})\b|\.0$", "", code.strip().lower()) if place else code.lower()
    return re.sub(r"[\W_]", "", plain).lstrip("0") if re.search(r"\d", plain) else ""


def _other_number(one: str, other: str) -> bool:
    """Region 10 is never 11."""
    mine, theirs = set(re.findall(r"\d+", one)), set(re.findall(r"\d+", other))
    return bool(mine and theirs and mine.isdisjoint(theirs))


def _index(names: Iterable[str], ids: Iterable[str]) -> dict[str, str]:
    """Index ids by name: ``AMBIGUOUS`` where a name leads to several."""
    found: dict[str, str] = {}
    for name, district_id in zip(names, ids, strict=True):
        if name:
            found[name] = district_id if found.get(name, district_id) == district_id else AMBIGUOUS
    return found
