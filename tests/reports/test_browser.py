"""What only a real browser can tell: accessibility, requests, downloads, width, hostile text.

Run with ``pytest -m browser``. Without an installed Chromium or Chrome these tests are skipped;
with EDTECH_SURVEY_REQUIRE_BROWSER=1 they fail instead.
"""

import io
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from tests.reports.visit import REPORTS, SCHEMES, WIDTHS, Visit, needed, open_all

from edtech_survey.reports import site
from edtech_survey.reports.exhibits import Exhibit, csv_text, grid
from edtech_survey.reports.html import render

pytestmark = pytest.mark.browser

AXE = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
BEST_PRACTICE = {"runOnly": {"type": "tag", "values": ["best-practice"]}}


@pytest.fixture(scope="module")
def axe_source():
    package = needed("axe_playwright_python", "axe-playwright-python")
    found = sorted(Path(package.__file__).parent.rglob("axe.min.js"))
    return found[0].read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(report, tmp_path_factory):
    made = tmp_path_factory.mktemp("reports")
    manifest = {"date": "2024-11", "parameters": {"wave": 2024}, "code": {}, "inputs": {}}
    page = render(report, manifest=manifest, folder_link=True)
    (made / "briefs").mkdir()
    for name in ("Avon", "Bolton"):
        brief = page.replace("Nearly every", f"{name}: nearly every")
        (made / "briefs" / f"brief-{name.lower()}.html").write_text(brief, encoding="utf-8")
    site.write_index(made / "briefs")
    site.write_index(made)
    (made / "01-a-report.html").write_text(page, encoding="utf-8")
    asked = {"reader": "If you lead technology", "question": "How fast?", "page": "01-a-report"}
    anchors = ("", "levels-2", "q-how-fast-did-each-grade-band-get-there")
    pages = site.read_pages(made, [asked | {"anchor": anchor} for anchor in anchors])
    site.write_index(made, pages)
    return made


PAGES = ["01-a-report.html", "index.html", *map(str, REPORTS)]


@pytest.mark.parametrize("name", PAGES, ids=lambda name: Path(name).name)
def test_axe_finds_nothing_and_no_page_scrolls_sideways(browser, axe_source, folder, name):
    found = []
    for scheme in SCHEMES:
        path = folder / name
        # axe is put in from outside: the page's own policy forbids scripts and stays as it is.
        with Visit(browser, path, color_scheme=scheme, bypass_csp=True) as visit:
            visit.page.evaluate(axe_source)
            for width in WIDTHS:
                visit.page.set_viewport_size({"width": width, "height": 800})
                open_all(visit.page)
                result = visit.page.evaluate("options => axe.run(document, options)", AXE)
                found += [
                    f"{scheme} {width}: {v['id']} {node['html'][:120]}"
                    for v in result["violations"]
                    for node in v["nodes"]
                ]
                wide = visit.page.evaluate("document.documentElement.scrollWidth")
                if wide > width:
                    found.append(f"{scheme} {width}: the page is {wide} px wide")
    assert found == []


def test_axe_would_notice(browser, axe_source, tmp_path):
    path = tmp_path / "bad.html"
    path.write_text("<html><img src='data:,'><p style='color:#ccc;background:#fff'>pale</p></html>")
    with Visit(browser, path) as visit:
        visit.page.evaluate(axe_source)
        result = visit.page.evaluate("options => axe.run(document, options)", AXE)
    rules = {violation["id"] for violation in result["violations"]}
    assert {"image-alt", "color-contrast", "html-has-lang"} <= rules


def test_best_practices_of_structure(browser, axe_source, folder):
    with Visit(browser, folder / "01-a-report.html", bypass_csp=True) as visit:
        visit.page.evaluate(axe_source)
        open_all(visit.page)
        result = visit.page.evaluate("options => axe.run(document, options)", BEST_PRACTICE)
    assert [violation["id"] for violation in result["violations"]] == []


@pytest.mark.parametrize("name", PAGES, ids=lambda name: Path(name).name)
def test_no_request_and_no_word_on_the_console(browser, folder, name):
    with Visit(browser, folder / name) as visit:
        open_all(visit.page)
        visit.page.mouse.wheel(0, 20_000)
        visit.page.wait_for_timeout(150)
        widths = visit.page.evaluate("[...document.images].map(i => i.naturalWidth)")
        assert all(widths)
        assert visit.outside == []
        assert visit.said == []


def test_data_download_without_scripts(browser, folder, shown, tmp_path):
    name = "01-a-report.html"
    with Visit(browser, folder / name, java_script_enabled=False, accept_downloads=True) as visit:
        with visit.page.expect_download() as waiting:
            visit.page.get_by_text("CSV of figure 1").click()
        download = waiting.value
        download.save_as(tmp_path / "x.csv")
        assert download.suggested_filename == "levels.csv"
        read = pd.read_csv(tmp_path / "x.csv")
        assert read.equals(pd.read_csv(io.StringIO(csv_text(shown["chart"].frame))))
        visit.page.locator("#run-manifest summary").click()
        with visit.page.expect_download() as waiting:
            visit.page.get_by_text("Download the run manifest").click()
        assert waiting.value.suggested_filename == "manifest.json"


def test_the_index_leads_to_exhibits_letters_and_briefs_without_a_script(browser, folder):
    across = "new Set([...document.querySelectorAll('.finder h3')].map(e => e.offsetLeft)).size"
    at = "document.querySelector(':target')?.id"
    with Visit(browser, folder / "index.html", viewport={"width": 1280, "height": 800}) as visit:
        page = visit.page
        assert page.locator(".news li").all_inner_texts() == [
            "New report: “Nearly every grade band is one-to-one”."
        ]
        assert page.evaluate(across) == 2
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate(across) == 1
        page.get_by_role("link", name="B", exact=True).click()
        assert page.evaluate(at) == "find-B"
        page.get_by_role("link", name="Bolton").click()
        assert page.locator("h1").inner_text().startswith("Bolton: ")
        page.goto((folder / "index.html").as_uri())
        page.get_by_role("link", name="How fast?").nth(1).click()
        assert page.evaluate(at) == "levels-2"
        assert visit.said == []


def test_keyboard_reaches_the_skip_link_first_and_then_the_contents(browser, folder):
    with Visit(browser, folder / "01-a-report.html") as visit:
        said = []
        for _ in range(8):
            visit.page.keyboard.press("Tab")
            said.append(visit.page.evaluate("document.activeElement.textContent.trim()"))
        assert said[0].startswith("Skip to")
        assert said[1] == "All reports in this folder"
        assert "How fast did each grade band get there?" in said
        visit.page.keyboard.press("Home")
        visit.page.locator(".skip").focus()
        visit.page.keyboard.press("Enter")
        assert visit.page.evaluate("document.activeElement.id") == "content"


def test_a_brief_is_readable_on_a_phone(browser, folder):
    with Visit(browser, folder / "01-a-report.html", viewport={"width": 390, "height": 800}) as v:
        sizes = v.page.evaluate(
            "[...document.querySelectorAll('main p, main li, main td')]"
            ".map(e => parseFloat(getComputedStyle(e).fontSize))"
        )
        open_all(v.page)
        small = v.page.evaluate(
            "[...document.querySelectorAll('summary, .exhibit-tools a, nav a')]"
            ".filter(e => e.getBoundingClientRect().height < 23.9).map(e => e.textContent)"
        )
    assert min(sizes) >= 12.5
    assert small == []


def test_on_a_phone_each_cell_stands_under_its_header_and_a_table_is_one(browser, folder):
    head = "e => getComputedStyle(e, '::before').content"
    with Visit(browser, folder / "01-a-report.html", viewport={"width": 390, "height": 800}) as v:
        table = v.page.get_by_role("table", name="Three bands are above 95 percent")
        rows = table.get_by_role("row")
        assert [rows.count(), table.get_by_role("columnheader").count()] == [5, 3]
        assert rows.nth(1).get_by_role("rowheader").inner_text() == "Early elementary (PK-2)"
        cells = rows.nth(1).get_by_role("cell")
        assert cells.all_inner_texts() == ["89% (77 to 95)", "53"]
        said = [cell.evaluate(head) for cell in cells.all()]
        assert [text.split('"')[1] for text in said] == ["Percent: ", "Answered: "]


def test_long_words_do_not_widen_a_page(browser, tmp_path, shares, make_code, make_notebook):
    long = "national.one-to-one-recalled.elementary.share.2021" + "x" * 120
    rows = shares.assign(name=long)
    body = grid(rows, {"name": long, "estimate": "Percent"}, "t")
    table = Exhibit("table", rows, long, long, body, [f"Source: {long}"], identity="t")
    fold = {"text/html": f"<details><summary>{long}</summary><p>{long}</p></details>"}
    first = f"# {long}\n\n- {long}\n\n{long}"
    heads = [f"## {k} {long}\n\n[{long}](https://{long}/)" for k in range(3)]
    path = tmp_path / "long.html"
    page = render(make_notebook(first, *heads, make_code("x", table), make_code("x", fold)))
    path.write_text(page, encoding="utf-8")
    for width in WIDTHS:
        with Visit(browser, path, viewport={"width": width, "height": 800}) as visit:
            open_all(visit.page)
            assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


PAGED = """height => {
  const main = document.querySelector('main');
  main.style.cssText = `height: ${height}px; width: 600px; column-width: 600px; column-fill: auto`;
  const column = (e, last) => {
    const found = e.getClientRects();
    return Math.round(found[last ? found.length - 1 : 0].left / 100);
  };
  const parted = [];
  for (const [above, below] of [
    ['figcaption', '.scroll thead th'], ['figcaption', '.scroll tbody tr *'],
    ['tr.group th', 'tr.group + tr > *'],
  ]) {
    for (const e of main.querySelectorAll(above)) {
      const scope = above === 'figcaption' ? e.parentElement : main;
      const next = [...scope.querySelectorAll(below)]
        .find(n => e.compareDocumentPosition(n) & Node.DOCUMENT_POSITION_FOLLOWING);
      if (e.closest('.exhibit-figure') || !next) continue;
      if (e.getClientRects().length > 1 || column(e, true) !== column(next, false))
        parted.push(e.textContent.slice(0, 60));
    }
  }
  return parted;
}"""


def test_on_paper_no_title_stands_on_another_page_than_its_table(
    browser, tmp_path, shares, make_code, make_notebook
):
    # Columns of a given height break by the same rules as sheets of paper do.
    rows = pd.concat([shares.assign(level=f"Level {k}", name=shares["group"]) for k in range(9)])
    columns = {"name": "Grades", "base": "Answering"}
    cells = []
    for number, count in enumerate((1, 2, 9, 1)):
        few = rows.iloc[: 4 * count]
        body = grid(few, columns, f"t{number}", groups="level")
        said = (f"A table of {4 * count} rows", "Percent of districts", body, ["Base: 53"])
        cells.append(make_code("x", Exhibit("table", few, *said, identity=f"t{number}")))
    path = tmp_path / "paged.html"
    path.write_text(render(make_notebook("# T", *cells)), encoding="utf-8")
    found = {}
    with Visit(browser, path) as visit:
        visit.page.emulate_media(media="print")
        for height in range(420, 900, 23):
            if parted := visit.page.evaluate(PAGED, height):
                found[height] = parted
    assert found == {}


HOSTILE = [
    "<script>document.title='ran'</script>",
    "<img src=x onerror=\"document.title='ran'\">",
    "<svg onload=\"document.title='ran'\"></svg>",
    "<img src='https://tracker.example/x.png'>",
    "<iframe srcdoc=\"<script>parent.document.title='ran'</script>\"></iframe>",
    "<a id=go href=\"javascript:document.title='ran'\">go</a>",
    "<details open ontoggle=\"document.title='ran'\"><summary>x</summary></details>",
    "<style>@import 'https://tracker.example/x.css'; * { display: none }</style>",
    '<meta http-equiv=refresh content="0;url=https://tracker.example">',
    "<form action='https://tracker.example'><button autofocus>x</button></form>",
]


def hostile_notebook():
    mess = "".join(HOSTILE)
    frame = pd.DataFrame({mess: [mess]}, index=[mess])
    shown = nbformat.v4.new_code_cell(f"# {mess}")
    outputs = [
        {"text/html": mess},
        {"text/html": frame.style.set_caption(mess).to_html()},
        {"text/html": frame.to_html(escape=False)},
        {"text/markdown": f"a comment: {mess}"},
        {"image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg'>{mess}</svg>"},
        {"application/javascript": "document.title='ran'"},
        {"text/plain": mess},
        {"text/latex": mess},
    ]
    shown.outputs = [nbformat.v4.new_output("display_data", data=data) for data in outputs]
    shown.outputs.append(nbformat.v4.new_output("stream", name="stdout", text=mess))
    shown.outputs.append(nbformat.v4.new_output("error", ename=mess, evalue=mess, traceback=[mess]))
    words = nbformat.v4.new_markdown_cell(f"# Comments\n\nOne said: {mess}\n\n## {mess}")
    return nbformat.v4.new_notebook(cells=[words, shown])


@pytest.mark.parametrize("policy", ["with", "without"])
def test_hostile_text_does_nothing(browser, tmp_path, policy):
    page = render(hostile_notebook(), strict=False, name=HOSTILE[0])
    if policy == "without":
        # The allow-list must hold by itself, not only because the policy stands behind it.
        page = page.replace("Content-Security-Policy", "X-None")
    path = tmp_path / "hostile.html"
    path.write_text(page, encoding="utf-8")
    with Visit(browser, path) as visit:
        title = visit.page.title()
        for link in visit.page.locator("a").all():
            if link.is_visible() and link.get_attribute("href") is None:
                link.click(timeout=1000)
        visit.page.wait_for_timeout(200)
        assert visit.page.title() == title == "Comments"
        assert visit.outside == []
        assert not [text for text in visit.said if "dialog" in text]
        assert visit.page.url == path.as_uri()
        assert visit.page.locator("body").is_visible()


def test_the_policy_alone_stops_an_injected_script(browser, folder, tmp_path):
    page = (folder / "01-a-report.html").read_text(encoding="utf-8")
    # No policy stops a refresh in a meta element; the allow-list does, see the test above.
    injected = "".join(payload for payload in HOSTILE if "refresh" not in payload)
    path = tmp_path / "injected.html"
    path.write_text(page.replace("</main>", f"{injected}</main>"), encoding="utf-8")
    with Visit(browser, path) as visit:
        visit.page.evaluate("document.getElementById('go').click()")
        visit.page.wait_for_timeout(200)
        assert visit.page.title() == "Nearly every grade band is one-to-one"
        blocked = [text for text in visit.said if "Content Security Policy" in text]
        assert len(blocked) >= 5
        assert all(any(file in text for text in blocked) for file in ("x.png", "x.css"))


def test_on_paper_findings_are_open_and_records_data_and_code_are_not(browser, folder):
    with Visit(browser, folder / "01-a-report.html") as visit:
        visit.page.emulate_media(media="print")
        shown = {
            text: visit.page.get_by_text(text, exact=True).first.is_visible()
            for text in (
                "By Wilson.", "One by one", "A line.", "In files.", "Data of figure 1",
                "Code of table 1", "In this report",
            )
        }  # fmt: skip
    assert [text for text, there in shown.items() if there] == ["By Wilson.", "One by one"]


def test_the_pdf_is_tagged_and_has_an_outline(browser, folder):
    made = site.print_pdf(folder / "01-a-report.html", folder / "x.pdf").read_bytes()
    assert made.startswith(b"%PDF")
    assert b"/StructTreeRoot" in made
    assert b"/Outlines" in made
    assert b"/Lang" in made
