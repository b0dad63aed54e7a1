"""The notebooks 00 and 01 themselves: their form, and that their parameters reach the page."""

import ast

import nbformat
import pytest
from bs4 import BeautifulSoup

from edtech_survey import paths
from edtech_survey.building import build_reports

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


@pytest.mark.slow
def test_parameters_reach_the_page(tmp_path):
    given = {"waves": "2017,2021", "bands": "9-12"}
    (outcome,) = build_reports(["01_one_to_one_trends"], out=tmp_path, parameters=given)
    assert outcome.page, outcome.trouble
    page = BeautifulSoup(outcome.page.read_text(encoding="utf-8"), "html.parser")
    headline = page.select_one(".headline").get_text(" ", strip=True)
    assert "whether high school changed from 2017 to 2021 is open" in headline
    assert "2024" not in headline
