"""No number and no verdict is typed into a notebook; its cells show the analysis."""

from pathlib import Path

import nbformat
import pytest
from tools.notebook_lint import lint, words_problems

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_words_and_cells_of_each_notebook(notebook):
    assert [str(problem) for problem in lint(notebook)] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("62 districts answered", "'62' is typed"),
        ("89% in {{ about.last }}", "'89%' is typed"),
        ("the percent rose", "'rose' is a claim"),
        ("nearly all districts", "'nearly' is a claim"),
        ("all three", "'three' is a claim"),
        ("the largest step", "'largest' is a claim"),
        ("# Every student has one", "'Every' is a claim"),
        ("{{ 62 | count('district') }}", "62 is typed"),
        ("{{ rows | each('{percent} of 62 in {name}') }}", "'62' is typed"),
        ("{{ rows | each('a clear {percent}') }}", "'clear' is a claim"),
        ("{{ rows | where('wave', 2024) | span }}", "2024 is typed"),
        ("{{ a - b }}", "arithmetic"),
    ],
)
def test_what_is_typed_is_found(text, found):
    assert any(found in what for what, _ in words_problems(text)), list(words_problems(text))


@pytest.mark.parametrize(
    "text",
    [
        "## Does every student have a device in {{ about.last }}?",
        "They asked “how many of the 62”.",
        "{{ rows | verb('pays more', 'pays less', 'shows no clear link') }}",
        "{{ x | percent(1) }} at 1:1 in K-12 and PK-2",
        '<details class="a1"><summary>How?</summary>',
        "{{ rows | each('{bound_low:percent} to {bound_high:percent} in {name}') }}",
        "{% for rows in frame | by('period') %}{{ rows | tell }}{% else %}Nothing.{% endfor %}",
    ],
)
def test_what_asks_quotes_or_computes_is_free(text):
    assert list(words_problems(text)) == []


def notebook(tmp_path, *cells):
    made = nbformat.v4.new_notebook(cells=list(cells))
    path = tmp_path / "x.ipynb"
    nbformat.write(made, path)
    return [problem.what for problem in lint(path)]


def cell(source, *tags):
    return nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import numpy as np", "import numpy"),
        ("from edtech_survey.reports import say", "from edtech_survey.reports import"),
        ("import pandas", "import pandas"),
        ("def f():\n    pass", "FunctionDef at line 1"),
        ("try:\n    x = 1\nexcept ValueError:\n    pass", "Try at line 1"),
        ("x = 1\n" * 25, "25 lines of code"),
        (
            'with es.chart(a, title="62 answered", measure="x") as ax:\n    pass',
            "title=: the number '62'",
        ),
        ('es.table(a, f"{name} rose", columns={})', "title= is an f-string"),
        ('es.table(a, title="b", note="it rose", columns={})', "note=: 'rose' is a claim"),
    ],
)
def test_a_cell_that_hides_the_analysis_is_found(tmp_path, source, found):
    first = cell("wave: int = 2024  # survey year", "parameters")
    assert any(found in what for what in notebook(tmp_path, first, cell(source)))


def test_an_ordinary_notebook_passes(tmp_path):
    assert notebook(
        tmp_path,
        cell("wave: int = 2024  # survey year", "parameters"),
        cell("import edtech_survey as es\n\n%load_ext edtech_survey", "remove-cell"),
        cell("%%say needs=rows\n# {{ rows | span }}\n%%else\nNothing.", "hide-input"),
        cell('with es.chart(a, title="{{ rows | tally }}", measure="x"):\n    sns.lineplot(a)'),
    ) == []  # fmt: skip
