"""Notebooks 03 and 04, cell by cell without a kernel: each parameter changes what they show."""

import ast
import functools
import json
from types import SimpleNamespace

import pytest

import edtech_survey as es
from edtech_survey import paths
from edtech_survey.errors import EstimateError, ReportError

NATIONAL, STAFFING = "03_national_comparison", "04_staffing_and_support"
evidence = functools.cache(es.evidence)


@functools.cache
def cells(name):
    text = (paths.notebooks_dir() / f"{name}.ipynb").read_text(encoding="utf-8")
    return [
        ("".join(cell["source"]), cell["metadata"].get("tags", []))
        for cell in json.loads(text)["cells"]
        if cell["cell_type"] == "code"
    ]


def shown(name, **parameters):
    """What a reader reads of every cell that ends in an exhibit, in order."""
    names, pages = {}, []
    for source, tags in cells(name):
        tree = ast.parse(source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), names)
        if "parameters" in tags:
            names |= parameters
        if "import edtech_survey" in source:
            names["es"] = SimpleNamespace(evidence=evidence)
        if last is not None:
            pages.append(told(eval(compile(ast.Expression(last.value), name, "eval"), names)))
    return pages


def told(exhibit):
    said = [getattr(exhibit, part, "") for part in ("title", "subtitle", "alt", "plain", "n")]
    numbers = exhibit.csv() if hasattr(exhibit, "csv") else ""
    return "\n".join([repr(exhibit), *said, *getattr(exhibit, "notes", []), numbers])


@pytest.fixture(scope="module")
def national():
    return shown(NATIONAL)


@pytest.fixture(scope="module")
def staffing():
    return shown(STAFFING)


@pytest.mark.parametrize("name", [NATIONAL, STAFFING])
def test_cells_are_short_and_hold_no_logic(name):
    forbidden = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Try, ast.Lambda, ast.If,
                 ast.ListComp, ast.DictComp, ast.GeneratorExp)  # fmt: skip
    for source, _ in cells(name):
        assert len(source.splitlines()) <= 10
        assert not any(isinstance(node, forbidden) for node in ast.walk(ast.parse(source)))


@pytest.mark.slow
def test_no_difference_to_the_nation_is_claimed(national):
    assert "No pair allows a difference" in "".join(national)
    assert "can be set beside the nation, but not subtracted" in national[0]
    assert "difference" not in {
        line.split(",")[0] for page in national for line in page.splitlines()
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value", "at_least"),
    [
        ("topics", ["salary"], 8),
        ("confidence", 0.8, 5),
        ("min_base", 150, 5),
        ("limits", "clopper-pearson", 3),
        ("price_year", 2025, 3),
    ],
)
def test_every_parameter_of_the_comparison_has_an_effect(national, name, value, at_least):
    changed = shown(NATIONAL, **{name: value})
    assert sum(new != old for new, old in zip(changed, national, strict=True)) >= at_least


@pytest.mark.slow
def test_the_staffing_page_shows_the_verdict_turn(staffing):
    page = "".join(staffing)
    assert staffing[0].startswith("Whether districts have enough technicians depends")
    for part in ("1 to 1,008", "1 to 670", "716 students", "$371", "40 of 62"):
        assert part in page


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value", "at_least"),
    [
        ("confidence", 0.8, 4),
        ("population", 169, 6),
        ("price_year", 2019, 5),
        ("technicians", ["technician_1"], 2),
        ("suppose", ["technician_1:2"], 1),
        ("correlation", 0.1, 2),
    ],
)
def test_every_parameter_of_the_staffing_page_has_an_effect(staffing, name, value, at_least):
    changed = shown(STAFFING, **{name: value})
    assert sum(new != old for new, old in zip(changed, staffing, strict=True)) >= at_least


@pytest.mark.slow
@pytest.mark.parametrize("wave", [2017, 2020, 2024])
def test_the_sample_runs_on_waves_that_asked_less(staffing, wave):
    sample = shown(STAFFING, data="sample", wave=wave)
    assert len(sample) == len(staffing)
    page = "".join(sample)
    assert "These districts are invented" in page
    assert ("did not ask for pay" in page) == (wave == 2020)
    assert ("did not ask about support after hours" in page) == (wave == 2017)


@pytest.mark.slow
def test_the_sample_is_set_beside_the_nation_as_a_sample():
    assert "The sample can be set beside the nation" in shown(NATIONAL, data="sample")[0]


def test_what_is_not_there_is_refused_before_anything_is_shown():
    with pytest.raises(EstimateError, match="2017 -> waves that have: 2024"):
        shown(STAFFING, wave=2017)
    with pytest.raises(EstimateError, match="no FTE above 0"):
        shown(STAFFING, suppose=["technician_1:many"])
    with pytest.raises(ReportError, match="'wages'"):
        shown(NATIONAL, topics=["wages"])
