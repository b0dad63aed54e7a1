"""The salary notebook, cell by cell without a kernel: every parameter changes what it shows."""

import ast
import functools
import json
from types import SimpleNamespace

import pytest

import edtech_survey as es
from edtech_survey import paths

PATH = paths.notebooks_dir() / "02_salary_and_enrollment.ipynb"
CELLS = [
    ("".join(cell["source"]), cell["metadata"].get("tags", []))
    for cell in json.loads(PATH.read_text(encoding="utf-8"))["cells"]
    if cell["cell_type"] == "code"
]


evidence = functools.cache(es.evidence)


def shown(**parameters):
    """Words and numbers of every cell that ends in an exhibit, in order."""
    names, pages = {}, []
    for source, tags in CELLS:
        tree = ast.parse(source)
        ends = isinstance(tree.body[-1], ast.Expr)
        last = tree.body.pop() if ends else None
        exec(compile(tree, PATH.name, "exec"), names)
        if "parameters" in tags:
            names |= parameters
        if source.startswith("import"):
            names["es"] = SimpleNamespace(evidence=evidence, salary_table=es.salary_table)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), PATH.name, "eval"), names)
            pages.append(told(value))
    return pages


def told(exhibit):
    """What a reader reads, without drawing it."""
    said = [getattr(exhibit, name, "") for name in ("title", "subtitle", "alt", "plain")]
    numbers = exhibit.csv() if hasattr(exhibit, "csv") else ""
    return "\n".join([repr(exhibit), *said, *getattr(exhibit, "notes", []), numbers])


def differing(new, old):
    return sum(one != other for one, other in zip(new, old, strict=True))


@pytest.fixture(scope="module")
def published():
    return shown()


@pytest.fixture(scope="module")
def quicker():
    """The same with half of the fits."""
    return shown(category_effects=False)


def test_cells_are_short_and_hold_no_logic():
    forbidden = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Try, ast.Lambda, ast.If)
    for source, tags in CELLS:
        assert not any(isinstance(node, forbidden) for node in ast.walk(ast.parse(source)))
        assert len(source.splitlines()) <= (14 if "remove-cell" in tags else 10)


@pytest.mark.slow
def test_the_published_page_leads_with_the_weighting(published):
    assert "Whether pay rises with district size depends on how positions" in published[0]
    page = "".join(published)
    for told in ("31% more", "6% less", "$7,163 less to $22,443 more", "$7.64 to $1.02"):
        assert told in page


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value", "at_least"),
    [
        ("weighting", "none", 5),
        ("weighting", "districts", 5),
        ("scale", "levels", 2),
        ("confidence", 0.8, 6),
        ("price_year", 2017, 6),
        ("leader", "cyber_security", 3),
        ("national_dollars", 2013, 4),
        ("later_dollars", [2023], 3),
    ],
)
def test_every_parameter_has_an_effect(quicker, name, value, at_least):
    changed = shown(category_effects=False, **{name: value})
    assert differing(changed, quicker) >= at_least


@pytest.mark.slow
def test_fits_within_categories_can_be_left_out(published, quicker):
    assert differing(published, quicker) >= 3


@pytest.mark.slow
def test_the_sample_says_that_it_is_synthetic_and_has_models_from_records(published):
    sample = shown(data="sample")
    assert len(sample) == len(published)
    assert any("Synthetic data." in page for page in sample)
    assert "the records of" in sample[0]
    assert "Not available from published figures" in "".join(published)
    assert "Not available from published figures" not in "".join(sample)
