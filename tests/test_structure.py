"""The house rules that a reviewer would otherwise have to remember."""

import ast
import importlib
import io
import pkgutil
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import nbformat
import pytest
from tools import notebook_lint

import edtech_survey as es

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "edtech_survey"
STOREYS = ("data", "statistics", "reports")
SHARED = ("errors", "places", "shape", "words")

MODULES = sorted(PACKAGE.rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def imported(source: str, package: str = "") -> set[str]:
    """List what a source imports, with dots, names out of modules included."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*package.split(".")[: -node.level + 1 or None], base]).strip(".")
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return names


def of_house(name: str) -> bool:
    return name.startswith("edtech_survey.")


# ---- who may import whom ----


def misplaced(storey: str, names: set[str]) -> list[str]:
    """Name the imports that a module of a storey may not have."""
    wrong = []
    for name in filter(of_house, names):
        if name.split(".")[1] not in (storey, *SHARED):
            wrong.append(name)
    return sorted(wrong)


@pytest.mark.parametrize("storey", STOREYS)
def test_a_storey_imports_itself_and_what_is_shared_and_nothing_else(storey):
    broken = {
        str(path.relative_to(ROOT)): wrong
        for path in (PACKAGE / storey).rglob("*.py")
        if (
            wrong := misplaced(storey, imported(path.read_text("utf-8"), f"edtech_survey.{storey}"))
        )
    }
    assert broken == {}


@pytest.mark.parametrize("name", SHARED)
def test_what_is_shared_imports_nothing_but_what_is_shared(name):
    names = filter(of_house, imported((PACKAGE / f"{name}.py").read_text("utf-8"), "edtech_survey"))
    assert {found.split(".")[1] for found in names} <= set(SHARED)


def test_the_import_rule_would_notice():
    guilty = """
from edtech_survey.data import figures
import edtech_survey.reports.say
from edtech_survey.project import evidence
from edtech_survey.places import raw_dir
from edtech_survey import cli
from ..reports import chart
from .given import given
from edtech_survey.shape import estimates
"""
    assert misplaced("statistics", imported(guilty, "edtech_survey.statistics")) == [
        "edtech_survey.cli", "edtech_survey.data", "edtech_survey.data.figures",
        "edtech_survey.project", "edtech_survey.project.evidence", "edtech_survey.reports",
        "edtech_survey.reports.chart", "edtech_survey.reports.say",
    ]  # fmt: skip


def test_every_module_can_be_imported_first():
    for module in pkgutil.walk_packages(es.__path__, "edtech_survey."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def test_nothing_heavy_is_imported_with_the_package():
    code = "import sys, edtech_survey; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"pandas", "numpy", "matplotlib", "seaborn", "statsmodels", "scipy", "papermill",
             "nbconvert", "jinja2", "bs4", "click", "pandera", "IPython"}  # fmt: skip
    assert not heavy & set(done.stdout.split())


# ---- the front door ----


@pytest.mark.parametrize("name", es.__all__)
def test_every_public_name_is_there_and_tells_what_it_does(name):
    assert (getattr(es, name).__doc__ or "").strip()


def test_completion_offers_the_public_names_and_nothing_else():
    assert list(es.__all__) == sorted(es.__all__)
    assert [name for name in dir(es) if not name.startswith("__")] == list(es.__all__)


# ---- notebooks are the analysis ----


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_says_and_shows_and_neither_types_its_findings_nor_hides_its_work(path):
    assert [str(problem) for problem in notebook_lint.lint(path)] == []


# ---- whose survey it is, is data ----

STATES = re.compile(
    r"\b(?:Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia"
    r"|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts"
    r"|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|Hampshire|Jersey|Mexico|York"
    r"|Carolina|Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|Tennessee|Texas|Utah|Vermont"
    r"|Virginia|Washington|Wisconsin|Wyoming|ct-20\d\d)\b"
)


def named_in(source: str) -> list[str]:
    """Find states and survey years in code, but for comments and docstrings."""
    found = []
    before = tokenize.NEWLINE
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        starts = before in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
        if token.type not in (tokenize.NL, tokenize.COMMENT):
            before = token.type
        if token.type == tokenize.NUMBER:
            found += re.findall(r"\A20[12]\d\Z", token.string)
        elif token.type != tokenize.COMMENT and not (token.type == tokenize.STRING and starts):
            found += STATES.findall(token.string)
    return found


def test_no_state_and_no_survey_year_in_the_code():
    found = {
        str(path.relative_to(PACKAGE)): hits
        for path in MODULES
        if (hits := named_in(path.read_text("utf-8")))
    }
    assert found == {}
    assert named_in('def f():\n    "Ohio"\n    return wave == 2024, "Ohio"') == ["2024", "Ohio"]


def test_no_state_in_a_notebook():
    found = []
    for path in NOTEBOOKS:
        for number, cell in enumerate(nbformat.read(path, as_version=4).cells, start=1):
            if "parameters" not in cell.metadata.get("tags", []):
                hits = STATES.findall(cell.source)
                found += [f"{path.stem} cell {number}: {hit}" for hit in hits]
    assert found == []


# ---- what is shipped ----


def test_no_registry_address_in_the_lock_files():
    for lock in (ROOT / "locks").glob("*.txt"):
        text = lock.read_text(encoding="utf-8")
        assert not re.search(r"https?://|--index|--find-links", text), lock.name
        packages = re.findall(r"^[a-z0-9].*==", text, re.MULTILINE)
        assert packages
        assert text.count("--hash=sha256:") >= len(packages)


def test_no_person_of_the_sources_in_the_project():
    pattern = re.compile(r"[\w.+-]+@[\w-]+\.(?:gov|com|org|net|edu|us)\b|\(\d{3}\)\s?\d{3}-\d{4}")
    found = []
    for path in (ROOT / "data" / "raw").rglob("*"):
        if path.suffix in {".csv", ".yaml"} and "sample-" not in str(path):
            found += [f"{path.name}: {hit}" for hit in pattern.findall(path.read_text("utf-8"))]
    assert not found


# ---- the picture of the house ----


def house() -> str:
    """Draw the house as it is: every module with the first line of its docstring."""
    lines = []
    for folder in (PACKAGE, *(PACKAGE / storey for storey in STOREYS)):
        modules = [path for path in sorted(folder.glob("*.py")) if path.stem[0] != "_"]
        first = folder if folder == PACKAGE else folder.name
        if folder != PACKAGE:
            lines.append(f"{first}/".ljust(18) + idea(folder / "__init__.py"))
        indent = "" if folder == PACKAGE else "  "
        lines += [f"{indent}{path.stem}".ljust(18) + idea(path) for path in modules]
    return "\n".join(line.rstrip() for line in lines)


def idea(path: Path) -> str:
    told = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return told.split("\n\n")[0].split("\n")[0].rstrip(".")


def test_the_picture_of_the_house_is_true():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    drawn = re.search(r"```text house\n(.*?)\n```", text, re.DOTALL)
    assert drawn is not None
    assert drawn.group(1) == house(), f"put this into CONTRIBUTING.md:\n{house()}"


if __name__ == "__main__":
    print(house())
