import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert.exporters import get_exporter

from edtech_survey.errors import ReportError
from edtech_survey.reports.html import ReportExporter, render
from edtech_survey.reports.provenance import read_manifest

MANIFEST = {
    "parameters": {"wave": 2024}, "code": {"sha256": "0" * 64, "version": "1"}, "date": "2024-11",
}  # fmt: skip
TITLE = "Nearly every grade band is one-to-one"


@pytest.fixture(scope="module")
def page(report):
    return render(report, manifest=MANIFEST, folder_link=True)


@pytest.fixture(scope="module")
def soup(page):
    return BeautifulSoup(page, "html.parser")


def test_no_script_and_nothing_to_load(page, soup):
    assert get_exporter("edtech-report") is ReportExporter
    policy = soup.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "<script" not in page
    assert "http" not in [str(tag.get("src"))[:4] for tag in soup.find_all(src=True)]
    assert not soup.find_all(["link", "iframe", "object"])


def test_landmarks_language_title_and_skip_link(soup):
    assert soup.html["lang"] == "en"
    assert soup.title.string == TITLE
    assert soup.find("meta", attrs={"name": "description"})["content"] == (
        "89% to 100% of responding districts gave every student a device. "
        "Who answered: 62 of 200 districts in 2024."
    )
    for landmark in ("body > header", "main", "nav", "body > footer"):
        assert len(soup.select(landmark)) == 1
    skip = soup.find("a")
    assert soup.find(id=skip["href"].removeprefix("#")) is soup.main
    assert soup.select_one(".folder-link")["href"] == "index.html"
    assert soup.select_one(".page-series").string == "K-12 technology survey"


def test_the_first_sheet_comes_first_and_then_the_contents(page, soup):
    assert [h.string for h in soup("h1")] == [TITLE]
    assert len(soup.select("ul.findings > li")) == 2
    assert soup.select_one(".deck").string.startswith("Who answered")
    links = soup.select("nav.contents a")
    assert [link.string for link in links] == [
        "How fast did each grade band get there?",
        "Who does the work?",
        "What can this page not say?",
    ]
    for link in links:
        assert soup.find(id=link["href"].removeprefix("#")).get_text() == link.string
    places = [page.index(x) for x in ('<ul class="findings"', "<figure", "<nav", '<h2 id="q-')]
    assert places == sorted(places)


def test_exhibits_are_numbered_and_named_by_number_and_title(soup):
    assert [line.string for line in soup.select("figure .exhibit-number")] == [
        "Figure 1", "Table 1", "Figure 2",
    ]  # fmt: skip
    for figure in soup.select("figure"):
        named = [soup.find(id=name) for name in figure["aria-labelledby"].split()]
        assert all(named)
    assert soup.select_one("figure details summary").string == "Data of figure 1"
    regions = [region["aria-label"] for region in soup.select("[role=region][aria-label]")]
    assert len(set(regions)) == len(regions) >= 3


def test_titles_of_exhibits_are_headings_without_a_jump_and_their_links_differ(soup):
    titles = soup.select("figcaption > :is(h2, h3).exhibit-title")
    assert [title.name for title in titles] == ["h2", "h3", "h3"]
    assert [link["aria-label"] for link in soup.select(".exhibit-csv a")] == [
        "CSV of figure 1 (4 rows): All four bands are above 85 percent",
        "CSV of table 1 (4 rows): Three bands are above 95 percent",
        "CSV of figure 2 (4 rows): All four bands are above 85 percent",
    ]


def test_a_row_of_a_wide_table_is_a_card_on_a_phone_and_still_a_row(make_code, make_notebook):
    said = "A cell of some twenty letters"
    wide = f"|name|a|b|\n|-|-|-|\n|x|{said}|{said}|"
    page = render(make_notebook(f"# T\n\n{wide}\n\n|a|b|\n|-|-|\n|1|2|"))
    table, narrow = BeautifulSoup(page, "html.parser").select("main table")
    assert table["class"] == ["cards"]
    assert [cell["role"] for cell in table.select("th")] == ["columnheader"] * 3
    assert [cell["data-label"] for cell in table.select("td")] == ["name", "a", "b"]
    assert {tag["role"] for tag in table.select("thead, tbody, tr, td")} == {
        "rowgroup", "row", "cell",
    }  # fmt: skip
    assert not narrow.has_attr("role")


def test_only_the_folds_that_end_a_page_are_its_appendix_on_paper(make_notebook):
    fold = "<details{}><summary>{}</summary>\n\nText.\n\n</details>\n\n".format
    why, record = fold("", "Why"), fold(' class="record"', "One by one")
    ends = fold("", "How this was worked out") + fold("", "Sources") + fold("", "Data and code")
    page = render(make_notebook(f"# T\n\n{why}Words.\n\n{record}## Q\n\nMore.\n\n{ends}"))
    folds = BeautifulSoup(page, "html.parser").select(".prose > details")
    assert [fold.get("class", []) for fold in folds] == [
        [], ["record"], ["appendix", "first"], ["appendix"], ["off-paper"],
    ]  # fmt: skip


def test_a_fold_that_holds_nothing_is_not_shown(make_notebook):
    folds = "<details><summary>How</summary>\n\n{}\n\n</details>".format
    page = render(make_notebook(f"# T\n\nText.\n\n{folds('')}\n\n{folds('So.')}"))
    assert [fold.p.string for fold in BeautifulSoup(page, "html.parser").main("details")] == ["So."]


def test_code_is_folded_after_its_result_and_sentences_show_no_template(soup):
    folds = soup.select("figure .exhibit-tools > details.code")
    assert [fold.summary.string for fold in folds] == [
        "Code of figure 1", "Code of table 1", "Code of figure 2",
    ]  # fmt: skip
    # What a silent cell did stands with the first result after it.
    assert "levels = es.shares(evidence)" in folds[0].get_text()
    assert "with es.chart(levels) as ax" in folds[0].get_text()
    for hidden in ("import edtech_survey", "%%say", "wave = 2024\n"):
        assert hidden not in soup.main.get_text()
    assert len(soup.select("details.code")) == 3


def test_a_sentence_without_its_tag_hides_its_template_too(make_code, make_notebook):
    told = make_code("%%say\n# {{ x }}", {"text/markdown": "# 1", "text/plain": "# 1"})
    made = render(make_notebook(told, make_code("%%say needs=x\nNothing")))
    assert BeautifulSoup(made, "html.parser").h1.string == "1"
    assert "%%say" not in made


def test_a_link_to_a_notebook_leads_to_its_page(make_notebook):
    text = "# Title\n\n[Trends](01_one_to_one_trends.ipynb)"
    assert 'href="01-one-to-one-trends.html"' in render(make_notebook(text))


def test_paper_carries_title_date_and_page_number(page, make_notebook):
    assert f'content: "{TITLE} \\b7  2024-11"' in page
    assert "counter(page) ' / ' counter(pages)" in page
    hostile = '# A "quote" </style><b>x</b> \\ } end ' + "long " * 40
    made = BeautifulSoup(render(make_notebook(hostile)), "html.parser")
    foot = made.style.string.split("@bottom-left")[-1]
    assert 'content: "A \\22 quote\\22 ' in foot
    assert "<" not in foot
    assert len(made.find_all("style")) == 1


def test_a_page_of_the_sample_says_so_once(report, make_notebook):
    for notebook in (report, make_notebook("# T"), make_notebook("no heading")):
        made = render(notebook, manifest={**MANIFEST, "synthetic": True}, name="n")
        soup = BeautifulSoup(made, "html.parser")
        assert len(soup.select("main > .exhibit-badge, .prose .exhibit-badge")) == 1


def test_two_renders_give_the_same_bytes_and_leave_notebook_and_manifest(report, page, soup):
    before = nbformat.writes(report)
    assert render(report, manifest=MANIFEST, folder_link=True) == page
    assert nbformat.writes(report) == before
    assert read_manifest(page) == MANIFEST
    assert "wave = 2024" in soup.select_one("#run-manifest").get_text()


def test_the_same_exhibit_twice_is_no_page(shown, make_code, make_notebook):
    twice = [make_code(name, shown["table"]) for name in "ab"]
    with pytest.raises(ReportError, match="is there twice"):
        render(make_notebook("# T", *twice))


def output(data, kind="display_data"):
    return nbformat.v4.new_output(kind, data=data)


def test_widgets_scripts_and_standard_error_are_left_out(make_code, make_notebook):
    cell = make_code("x")
    cell.outputs = [
        output({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "a progress bar"}),
        output({"application/javascript": "alert(1)"}),
        nbformat.v4.new_output("stream", name="stderr", text="a warning in /home/someone"),
        nbformat.v4.new_output("stream", name="stdout", text="printed \x1b[31mred\x1b[0m <b>"),
    ]
    text = BeautifulSoup(render(make_notebook("# T", cell)), "html.parser").main.get_text()
    assert "printed red <b>" in text
    assert not [word for word in ("progress", "warning", "alert") if word in text]


ERROR = nbformat.v4.new_output("error", ename="KeyError", evalue="secret", traceback=["secret"])


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (ERROR, r"under 'T': This cell failed: KeyError .*run the notebook to its end"),
        (output({"text/latex": "$x$", "text/plain": "m"}), "raw TeX.*need a script"),
        (output({"image/png": "AAAA", "text/plain": "<Figure>"}), "no alt text"),
    ],
)
def test_what_no_page_may_carry_is_refused(make_code, make_notebook, shown, said):
    cell = make_code("x")
    cell.outputs = [shown]
    with pytest.raises(ReportError, match=said):
        render(make_notebook("# T", cell))
    assert "secret" not in render(make_notebook("# T", cell), strict=False)


def test_a_picture_takes_its_alt_text_from_its_metadata(make_code, make_notebook):
    cell, alt = make_code("plt.plot()"), 'A line that rises from 1 to 2 "points"'
    cell.outputs = [output({"image/png": "AAAA", "text/plain": "<Figure>"})]
    cell.outputs[0].metadata["image/png"] = {"alt": alt}
    made = BeautifulSoup(render(make_notebook("Some text.", cell), name="notes"), "html.parser")
    assert made.img["alt"] == alt
    assert made.title.string == made.h1.string == "notes"


def test_other_peoples_notebooks_render_safely(make_code, make_notebook):
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    shown = make_code("HTML(x)")
    shown.outputs = [
        output({"text/html": hostile + "<table><tr><th>a</th></tr></table>", "text/plain": ""}),
        output({"text/markdown": f"**bold** {hostile}", "text/plain": ""}),
        output({"image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg'>{hostile}</svg>"}),
        output({"text/plain": hostile}),
    ]
    made = render(
        make_notebook(f"# One {hostile}", f"# Two\n\n{hostile}", shown, "### Deep"),
        name="<b>x</b>",
        strict=False,
    )
    soup = BeautifulSoup(made, "html.parser")
    assert not soup.find_all("script")
    assert not soup.find_all(onerror=True)
    assert len(soup("h1")) == 1
    assert soup.find("strong").string == "bold"
    assert soup.find("pre", class_="plain").string == hostile
    assert [img.get("src", "")[:20] for img in soup("img") if img.get("src")] == [
        "data:image/svg+xml;b"
    ]


def test_no_text_turns_the_words_after_it_round(make_code, make_notebook):
    turned = "\u202e89% of districts\u2067"
    shown = make_code("x", {"text/html": f"<p>Said: {turned} and &#8238;97%</p>"})
    page = render(make_notebook(f"# A \u202etitle\n\nAs {turned}", shown))
    assert "89% of districts" in page
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(page)
