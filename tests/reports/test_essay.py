import pandas as pd
import pytest

from edtech_survey.errors import ReportError
from edtech_survey.reports import headline, note, prose, sources


@pytest.fixture
def figures():
    return pd.DataFrame(
        {
            "figure_id": ["ct-2024.a.all.share", "cosn-2013.b.all.share"],
            "source": ["ct-2024", "cosn-2013"],
            "printed": ["89%", "75.90%"],
            "locator": ["page 12", None],
            "note": ["", "x"],
        }
    )


def test_a_headline_without_its_parts_is_refused_with_all_reasons():
    with pytest.raises(ReportError) as caught:
        headline(" ", "", [])
    assert all(part in str(caught.value) for part in ("title", "deck", "0 findings"))
    with pytest.raises(ReportError, match="7 findings"):
        headline("A", "B", ["x"] * 7)


def test_headline_says_findings_in_order_and_escapes():
    made = headline("A <b>", "D", [("89%", "of 5 < 6"), "two"], "careful", synthetic=True)
    assert made.findings == ("89% of 5 < 6", "two")
    assert "<h1>A &lt;b&gt;</h1>" in made.html()
    assert "<strong>89%</strong> of 5 &lt; 6" in made.html()
    assert made.html().index("two") > made.html().index("89%")
    assert "SYNTHETIC" in made.html()
    assert "careful" in made.html()


@pytest.mark.parametrize("make", [prose, note])
def test_paragraphs_are_escaped_and_empty_ones_left_out(make):
    made = make("<script>x</script>", " ", "two")
    assert made.html().count("<p>") == 2
    assert "<script" not in made.html()
    assert str(made._repr_mimebundle_()["text/plain"]) == "<script>x</script>\n\ntwo"


def test_sources_list_each_figure_under_its_publication(figures):
    publications = pd.DataFrame(
        {
            "source": ["ct-2024"],
            "title": ["Staffing <2024>"],
            "publisher": ["Commission"],
            "url": ["https://portal.ct.gov/x?a=1&b=2"],
        }
    )
    made = sources(figures, publications).html()
    assert 'id="fig-ct-2024.a.all.share"' in made
    assert "Staffing &lt;2024&gt;" in made
    assert 'href="https://portal.ct.gov/x?a=1&amp;b=2"' in made
    assert "75.90%" in made
    assert "not available" in made


def test_sources_never_link_to_a_script(figures):
    publications = pd.DataFrame(
        {"source": ["ct-2024"], "title": ["T"], "url": ["javascript:alert(1)"]}
    )
    assert "javascript" not in sources(figures, publications).html()


def test_sources_show_only_what_was_used_and_refuse_the_unknown(figures, exhibits):
    made = sources(figures, used=["ct-2024.a.all.share"]).html()
    assert "cosn-2013" not in made
    with pytest.raises(ReportError, match=r"ct-2024\.one-to-one\.pk-2\.share"):
        sources(figures, used=[exhibits["dots"]])
    with pytest.raises(ReportError, match="no column locator"):
        sources(figures.drop(columns="locator"))
