"""The house rules that a reviewer would otherwise have to remember."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "edtech_survey"
STOREYS = ("data", "statistics", "reports")
MODULES = sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            names.add(".".join(path.relative_to(PACKAGE.parent).parts[: -node.level]))
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize("storey", STOREYS)
def test_a_storey_never_imports_another(storey):
    others = [f"edtech_survey.{other}" for other in STOREYS if other != storey]
    joiners = [f"edtech_survey.{name}" for name in ("briefing", "build", "cli")]
    broken = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (PACKAGE / storey).rglob("*.py")
        for name in imported(path)
        if any(name == other or name.startswith(f"{other}.") for other in [*others, *joiners])
    ]
    assert not broken


def test_the_import_rule_would_notice(tmp_path):
    source = "from edtech_survey.data import sources\nimport edtech_survey.reports.charts\n"
    path = tmp_path / "guilty.py"
    path.write_text(source)
    assert {"edtech_survey.data", "edtech_survey.reports.charts"} <= imported(path)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_are_small_enough_to_hold_in_mind(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 320


def test_nothing_heavy_is_imported_with_the_package():
    code = (
        "import sys, edtech_survey; "
        "print(sorted({'pandas','matplotlib','statsmodels','papermill'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


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
