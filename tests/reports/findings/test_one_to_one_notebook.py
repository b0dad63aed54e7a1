"""The notebooks 00 and 01 themselves: their form, and that their parameters reach the page."""

import ast

import nbformat
import pytest

from edtech_survey import paths

NAMES = ("00_start_here", "01_one_to_one_trends")


def code_cells(name):
    notebook = nbformat.read(paths.notebooks_dir() / f"{name}.ipynb", as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tagged(cell, tag):
    return tag in cell.metadata.get("tags", [])


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_used(name):
    cells = code_cells(name)
    declared = {
        node.target.id
        for cell in cells
        if tagged(cell, "parameters")
        for node in ast.parse(cell.source).body
    }
    used = {
        node.id
        for cell in cells
        if not tagged(cell, "parameters")
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Name)
    }
    assert declared
    assert declared <= used


@pytest.mark.parametrize("name", NAMES)
def test_cells_are_short_calls(name):
    logic = (
        ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.If, ast.Try,
        ast.ListComp, ast.DictComp,
    )  # fmt: skip
    for cell in code_cells(name):
        assert len(cell.source.splitlines()) <= 10
        assert not any(isinstance(node, logic) for node in ast.walk(ast.parse(cell.source)))


def exhibits(name, **parameters):
    """Run the cells one after another, without a kernel; return what they end in, as text."""
    names, shown = {}, []
    for cell in code_cells(name):
        tree = ast.parse(cell.source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), names)
        if tagged(cell, "parameters"):
            names |= parameters
        if last is not None:
            shown.append(eval(compile(ast.Expression(last.value), name, "eval"), names))
    return " ".join(told(one) for one in shown)


def told(exhibit):
    """What a reader reads of an exhibit, without drawing it."""
    said = [getattr(exhibit, part, "") for part in ("title", "subtitle", "alt", "plain")]
    return " ".join([*said, *getattr(exhibit, "notes", [])])


def test_fewer_waves_and_bands_reach_every_exhibit():
    text = exhibits("01_one_to_one_trends", waves=[2017, 2021], bands=["9-12"])
    assert "whether high school changed from 2017 to 2021 is open" in text
    assert "Only one grade band is in this report" in text
    assert "early elementary" not in text


@pytest.mark.slow
def test_the_sample_brings_the_comparison_of_the_same_districts():
    text = exhibits(
        "01_one_to_one_trends", data="sample", waves=[2020, 2024], bands=["pk-2", "9-12"]
    )
    assert "The same districts tell the same story" in text
    assert "invented districts" in text
    assert "nobody published" not in text


def test_the_tour_runs_on_a_wave_without_bases():
    text = exhibits("00_start_here", wave=2017, confidence=0.9, printed=["50%"], largest=40)
    assert "90% interval" in text
    assert "its base: not published" in text
    assert "give 50%: 2 is the smallest" in text
