import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.reports.html import TAGS, clean

PAYLOADS = [
    "<script>alert(1)</script><template><script>alert(1)</script></template>",
    "<img src=x onerror=alert(1)><details open ontoggle=alert(1)><summary>x</summary></details>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<a href='javascript:alert(1)'>x</a><a href='jav&#x09;ascript:alert(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe><object data='x'></object><embed src='x'>",
    "<form action='https://evil.example'><input><button>go</button></form>",
    "<style>@import 'https://evil.example/x'</style><p style='background:url(//x.y)'>x</p>",
    "<link rel=stylesheet href='https://evil.example/x.css'><base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<img src='https://evil.example/x.png' srcset='https://evil.example/y.png 2x'>",
    "<video poster='https://evil.example/x'><source src='https://evil.example/y'></video>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<a href='//evil.example'>x</a><a href='file:///etc/passwd'>x</a>",
    "<p id='content' tabindex='7' role='banner'>x</p>",
]


def dangers(markup):
    soup = BeautifulSoup(markup, "html.parser")
    found = [element.name for element in soup.find_all(True) if element.name not in TAGS]
    for element in soup.find_all(True):
        for name, value in element.attrs.items():
            text = " ".join(value) if isinstance(value, list) else str(value)
            if name.startswith("on") or name in ("style", "srcset", "poster", "action", "srcdoc"):
                found.append(f"{element.name} {name}")
            if name == "src" and not text.startswith("data:image/"):
                found.append(f"src {text}")
            if name == "href" and text.lower().startswith(("javascript", "data:text/html", "//")):
                found.append(f"href {text}")
    return found


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_passes(payload):
    assert dangers(clean(payload)) == []
    assert "evil.example" not in clean(payload) or "href" not in clean(payload)


def test_the_check_itself_would_notice():
    assert all(dangers(payload) for payload in PAYLOADS[:4])


@given(st.text(alphabet="<>/='\" abonerlickscriptsrchef:&#;", max_size=80))
def test_nothing_typed_becomes_dangerous(text):
    once = clean(text)
    assert dangers(once) == []
    assert clean(once) == once


def test_ids_and_roles_of_the_page_cannot_be_taken():
    kept = clean("<p id='content' tabindex='7' role='banner'>x</p>")
    assert kept == "<p>x</p>"
    assert clean("<a id='run-manifest-data'>x</a>").startswith("<a rel=")


@pytest.mark.parametrize(
    "name", ["../../x.csv", "a/b.csv", "..csv", "x.html", ".x.csv", "C:\\x.csv"]
)
def test_a_download_is_named_by_a_plain_file_name(name):
    link = '<a download="{}" href="data:text/csv;charset=utf-8;base64,YQ==">x</a>'
    assert "download" not in clean(link.format(name))
    assert 'download="levels-2024.csv"' in clean(link.format("levels-2024.csv"))


def test_exhibits_pass_unharmed(shown):
    for made in shown.values():
        markup = made.html()
        before, after = (BeautifulSoup(m, "html.parser") for m in (markup, clean(markup)))
        for style in before("style"):
            style.decompose()
        assert after.get_text() == before.get_text()
        for kind in ("th[scope]", "img[alt][src]", "details", "figure[role]", "[id]"):
            assert len(after.select(kind)) == len(before.select(kind)), kind
        for link in before.select("a[download]"):
            assert after.find("a", download=link["download"])["href"] == link["href"]


def test_frames_and_models_with_hostile_names_keep_their_cells_and_are_harmless():
    bad = "<script>alert(1)</script>"
    frame = pd.DataFrame({"y": np.random.default_rng(1).normal(size=40), "g": [bad, "b"] * 20})
    fitted = smf.ols("y ~ C(g, Treatment('b'))", frame).fit().summary().as_html()
    styled = frame.rename(columns={"y": bad}).style.set_caption(bad).to_html()
    for markup, cells in ((fitted, 10), (styled, 40)):
        assert "<script>" in markup
        kept = clean(markup)
        assert dangers(kept) == []
        assert len(BeautifulSoup(kept, "html.parser").find_all("th")) > cells
