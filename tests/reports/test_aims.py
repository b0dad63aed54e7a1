"""What a page must be for a reader on a desktop, on a phone and on paper, measured in a browser.

A test says by how much an aim is missed. Pages are those that ``make reports`` wrote; briefs of
several districts are made here, since each must come out on two sheets.
"""

import io
import re
import shutil
import subprocess

import pytest
from PIL import Image
from tests.reports.visit import REPORTS, Visit
from tests.sweep.runner import read

from edtech_survey import evidence

pytestmark = pytest.mark.browser

WIDTHS = (1280, 390, 320)
FIRST_PICTURE = {1280: 900, 390: 1200}
FINDINGS, WORDS_OF_FINDING, WORDS_OF_TITLE, WORDS_OF_NOTES = 3, 25, 22, 60
WORDS = {"report": 1800, "brief": 950, "site": 1800}
PROSE_OF_BRIEF = 650
SHEETS = {"report": 6, "brief": 2}
SOURCES = "Where the numbers come from"

MEASURE = """() => {
  const shown = e => e.checkVisibility({contentVisibilityAuto: true});
  const words = e => (e.innerText.match(/\\S+/g) || []).length;
  const all = s => [...document.querySelectorAll(s)];
  const picture = document.querySelector('main figure img, main img');
  const main = document.querySelector('main');
  return {
    kind: document.body.className,
    picture: picture ? Math.round(picture.getBoundingClientRect().top + scrollY) : null,
    title: words(document.querySelector('h1')),
    findings: all('.findings li').map(words),
    words: words(main),
    prose: words(main) - all('main figure').map(words).reduce((a, b) => a + b, 0),
    notes: all('.exhibit-notes').map(e => [e.parentElement.id, words(e)]),
    wide: document.documentElement.scrollWidth - innerWidth,
    tables: all('.scroll').filter(shown).filter(e => e.scrollWidth > e.clientWidth + 1)
      .map(e => [e.closest('figure, .prose')?.id, e.scrollWidth - e.clientWidth]),
    broken: all('.interval').filter(shown).filter(e => e.getClientRects().length > 1)
      .map(e => e.textContent),
    open: all('details').filter(e => e.open).map(e => e.querySelector('summary').textContent),
    folds: all('.prose > details > summary').map(e => e.textContent.trim()),
  };
}"""


def over(what, measured, aim):
    return [f"{what}: {measured:,}, aim {aim:,}, over by {measured - aim:,}"] * (measured > aim)


def missed_on_screen(browser, path):
    """List every aim that a page misses on a screen, by how much."""
    found = []
    for width in WIDTHS:
        with Visit(browser, path, viewport={"width": width, "height": 900}) as visit:
            told = visit.page.evaluate(MEASURE)
            if told["picture"] is None:
                found += ["no picture"]
            elif aim := FIRST_PICTURE.get(width):
                found += over(f"top of the first picture at {width} px", told["picture"], aim)
            # Folded tables must fit as well.
            visit.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            opened = visit.page.evaluate(MEASURE)
        for name, by in opened["tables"]:
            found += [f"{width} px: table {name} is cut off by {by} px"]
        found += [f"{width} px: an interval breaks: {text}" for text in opened["broken"]]
        found += over(f"{width} px: width of the page", opened["wide"], 0)
    found += over("findings", len(told["findings"]), FINDINGS)
    for number, count in enumerate(told["findings"], start=1):
        found += over(f"words of finding {number}", count, WORDS_OF_FINDING)
    found += over("words of the title", told["title"], WORDS_OF_TITLE)
    found += over("words with folds shut", told["words"], WORDS[told["kind"]])
    if told["kind"] == "brief":
        found += over("words of prose", told["prose"], PROSE_OF_BRIEF)
    for name, count in told["notes"]:
        found += over(f"words of notes of {name}", count, WORDS_OF_NOTES)
    found += [f"fold is open: {text}" for text in told["open"]]
    if told["kind"] != "site" and SOURCES not in told["folds"]:
        found += [f"the sources are not in a fold {SOURCES!r}"]
    return found


def sheets(page, **style):
    """Print a page, some of it hidden, and count the sheets."""
    if style:
        rules = "".join(f"{chosen} {{ display: none !important }}" for chosen in style.values())
        page.evaluate("css => document.head.append(Object.assign("
                      "document.createElement('style'), {textContent: css}))", rules)  # fmt: skip
    made = page.pdf(prefer_css_page_size=True)
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", made)), made


def missed_on_paper(browser, path):
    """List what of a printed page does not come out as it should."""
    with Visit(browser, path) as visit:
        kind = visit.page.evaluate("document.body.className")
        body, _ = sheets(visit.page, appendix=".appendix")
    found = []
    if kind == "brief" and body != SHEETS[kind]:
        found += [f"sheets: {body}, aim exactly {SHEETS[kind]}"]
    elif kind == "report":
        found += over("sheets before the appendix", body, SHEETS[kind])
    if kind == "site":
        return found
    with Visit(browser, path) as visit:
        after = "main > *:has(figure.exhibit-figure) ~ *"
        first, _ = sheets(visit.page, after=after)
    return found + over("sheets that title, findings and key picture take", first, 1)


def none(found):
    if found:
        pytest.fail("\n".join(found), pytrace=False)


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.name)
def test_a_page_is_what_a_reader_needs_on_a_screen(browser, path):
    none(missed_on_screen(browser, path))


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.name)
def test_a_page_is_what_a_reader_needs_on_paper(browser, path):
    none(missed_on_paper(browser, path))


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.name)
def test_dark_paper_has_no_white_slab_and_print_is_always_light(browser, path):
    with Visit(browser, path, color_scheme="dark", viewport={"width": 1280, "height": 900}) as v:
        seen = Image.open(io.BytesIO(v.page.screenshot(full_page=True))).convert("L")
        light = sum(seen.histogram()[245:]) / (seen.width * seen.height)
        assert light < 0.002, f"{light:.1%} of the dark page is white"
        v.page.emulate_media(media="print", color_scheme="dark")
        paper = "getComputedStyle(document.body).backgroundColor"
        assert v.page.evaluate(paper) == "rgb(255, 255, 255)"
        turned = "[...document.images].filter(i => getComputedStyle(i).filter != 'none').length"
        assert v.page.evaluate(turned) == 0


@pytest.mark.parametrize("path", REPORTS[1:6:4], ids=lambda path: path.name)
def test_each_sheet_carries_title_date_and_its_number(browser, path):
    reader = shutil.which("pdftotext") or pytest.skip("pdftotext (poppler) is not installed")
    with Visit(browser, path) as visit:
        title = visit.page.title()
        count, made = sheets(visit.page)
    told = subprocess.run([reader, "-", "-"], input=made, capture_output=True, check=True)
    for number, text in enumerate(told.stdout.decode().split("\f")[:count], start=1):
        foot = " ".join(text.split()[-40:])
        assert title[:40] in foot
        assert re.search(rf"\b20\d\d-\d\d.* {number} ?/ ?{count}$", foot), foot


OWN_NUMBERS = {"enrollment": 600, "devices": 700, "support_staff": 1.5}


def some_districts():
    """Give the districts whose names and sizes are the most trouble, and sizes beyond all."""
    frame = evidence().frame.dropna(subset=["enrollment"]).sort_values("enrollment")
    longest = frame["name"].loc[frame["name"].str.len().idxmax()]
    ends = frame["name"].iloc[[0, -1]]
    hard = [*ends, longest, "Ellington", "Union", "CREC", "Jumoke Academy", "Region 1"]
    given = {name: {"district": name} for name in hard} | {"own numbers": OWN_NUMBERS}
    given["own numbers of a listed one"] = {"district": "Avon", "devices": 4000, "support_staff": 4}
    given["private school"] = OWN_NUMBERS | {"kind": "private school"}
    return given | {f"{n:,} students": {"enrollment": n} for n in (5, 2_000_000)}


def test_a_brief_is_two_sheets_for_every_kind_of_district(browser, tmp_path):
    found = []
    for number, (name, given) in enumerate(some_districts().items()):
        path = tmp_path / f"{number}.html"
        path.write_text(read("05", pictures=True, **given).page, encoding="utf-8")
        missed = missed_on_screen(browser, path) + missed_on_paper(browser, path)
        found += [f"{name}: {text}" for text in missed]
    none(found)
