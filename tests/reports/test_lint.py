import pytest

from edtech_survey.reports import lint
from edtech_survey.reports.html import render

GOOD = """<html lang="en"><head><meta http-equiv="Content-Security-Policy"
content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"><style>p {}</style></head>
<body><h1>A</h1><h2>B</h2>{}</body></html>"""


def page(inside="", template=GOOD):
    return template.replace("{}", inside, 2) if inside else template.replace("{}", "")


def told(html, kind="report"):
    return [str(problem) for problem in lint.lint(html, kind)]


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("<img src='data:image/png;base64,AA'>", "no alt text"),
        ("<img src='data:image/png;base64,AA' alt=''>", "says nothing"),
        ("<img src='data:image/png;base64,AA' alt='No description'>", "says nothing"),
        ("<img alt='a good description'>", "no picture inside"),
        ("<img src='https://example.org/x.png' alt='a chart of x'>", "may load 'https://"),
        ("<img src='x.png' alt='a chart of x'>", "may load 'x.png'"),
        ("<script>1</script>", "may run a script"),
        ("<iframe src='x.html'></iframe>", "may run a script"),
        ("<p onclick='x()'>a</p>", "<p>: may run a script"),
        ("<a href='javascript:x()'>a</a>", "<a>: may run a script"),
        ("<link rel='stylesheet' href='x.css'>", "<link>: may run a script or load"),
        ("<p style='background: url(x.png)'>a</p>", "<p>: may load"),
        ("<h4>Deep</h4>", "level 4 after level 2"),
        ("<table><tr><th scope='col'>a</th></tr></table>", "neither caption nor name"),
        ("<table aria-label='T'><tr><td>a</td></tr></table>", "no header cells"),
        ("<table aria-label='T'><tr><th scope='col'></th></tr></table>", "empty header cell"),
        ("<a href='#nowhere'>a</a>", "#nowhere is not there"),
        ("<a href='x.html'></a>", "has no text"),
        ("<p>$$\\frac{a}{b}$$</p>", "raw TeX"),
        ("<pre class='latex'>\\sum_i x</pre>", "raw TeX"),
        ("<p>in /home/someone/data.csv</p>", "a path of this machine"),
        ("<pre><code>open('C:\\Users\\someone\\x.csv')</code></pre>", "a path of this machine"),
        ("<a href='file:///x'>a</a>", "a path of this machine"),
        (
            "<figure id='f'><table><tr><td>PK-2</td><td>/mnt/x</td></tr></table>",
            "text in exhibit 'f', row 'PK-2 /mnt/x': a path of this machine",
        ),
        ("<main><h2>4 figures of one_to_one</h2></main>", "a code: 'one_to_one'"),
        ("<main><p>pay under 70000 dollars</p></main>", "a code: '70000'"),
        ("<main><li>x-2024.devices.all.count</li></main>", "a code: 'x-2024.devices.all.count'"),
        ("<img src='data:image/png;base64,AA' alt='3 in pk_2'>", "a code: 'pk_2'"),
    ],
)
def test_each_fault_is_found_and_named(inside, said):
    found = told(page(inside))
    assert any(said in problem for problem in found), found


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<table aria-label='T'><tr><th scope='col'>a</th></tr></table>",
        "<p>Between $50k and $60k, and 1:1 or 2:1</p>",
        "<p>the wave (2024) and data/raw/ct-2024/figures.csv</p>",
        "<pre><code>re.compile('\\\\(x')</code></pre>",
        "<p>https://portal.ct.gov/home/report</p>",
        "<a href='#b'>b</a><p id='b'>b</p>",
        "<main><p>$70,000 in 2024, see <code>one_to_one</code> in notebooks/01_x.ipynb</p></main>",
        "<a href='other.html'><img src='data:image/png;base64,AA' alt='A chart of x'></a>",
    ],
)
def test_what_is_right_is_not_found(inside):
    assert told(page(inside)) == []


def test_a_policy_that_forbids_too_little():
    weak = GOOD.replace("default-src 'none'", "default-src 'none'; script-src 'self'")
    assert any("not forbidden" in p for p in told(page(template=weak)))


def test_the_size_budget_depends_on_the_kind():
    large = page(f"<p>{'x' * 400_000}</p>")
    assert told(large) == []
    assert any("a brief may have 350,000" in p for p in told(large, "brief"))


def test_a_rendered_report_is_clean(report):
    assert told(render(report)) == []


def test_what_is_wrong_many_times_is_said_once_with_its_place():
    page = (
        r"<h1>A</h1><figure id='wages'><p>\frac{1}{2}</p><p>\frac{1}{2}</p></figure>"
        r"<h2>Why pay differs</h2><p>\frac{1}{2}</p>"
    )
    told = [str(problem) for problem in lint.lint(page) if "TeX" in problem.what]
    assert len(told) == 2
    assert told[0].startswith("text in exhibit 'wages': raw TeX")
    assert "(2 times)" in told[0]
    assert told[1].startswith("text under 'Why pay differs': raw TeX")
