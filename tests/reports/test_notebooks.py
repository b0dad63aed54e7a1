import re
import sys

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.errors import ReportError, SetupError
from edtech_survey.reports import notebooks
from edtech_survey.reports.notebooks import check_parameters, parameters, run_notebook
from edtech_survey.reports.provenance import read_manifest

PARAMETERS = 'wave: int = 2024  # survey year\ndistrict: str = "0010011"  # district id'
HEADLINE = """
import os
from IPython.display import Markdown
Markdown(f"# Wave {wave} of {district}\\n\\nIn {os.path.basename(os.getcwd())}, "
         f"seed {os.environ['PYTHONHASHSEED']}")
"""


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "nb"
    made.mkdir()
    return made


@pytest.fixture
def write(folder):
    def made(*sources, name="01_a_report.ipynb", kernel="some-foreign-kernel"):
        cells = [nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})]
        cells += [nbformat.v4.new_code_cell(s) for s in sources]
        metadata = {"kernelspec": {"name": kernel, "display_name": "x", "language": "python"}}
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), folder / name)
        return folder / name

    return made


def test_a_run_makes_a_page_with_typed_parameters_and_its_manifest(write, tmp_path):
    out = tmp_path / "reports"
    out.mkdir()
    (out / "01-a-report.failed.ipynb").write_text("old")
    path = write(HEADLINE)
    before = path.read_bytes()
    manifest = {"parameters": {"wave": 2021}, "code": {}}
    made = run_notebook(path, out, {"wave": "2021"}, manifest=manifest)
    page = made.read_text()
    assert made == out / "01-a-report.html"
    assert "<title>Wave 2021 of 0010011</title>" in page
    assert "In nb, seed 0" in page
    assert read_manifest(made) == manifest
    assert 'href="index.html"' in page
    assert path.read_bytes() == before
    assert sorted(file.name for file in out.iterdir()) == ["01-a-report.html"]
    again = run_notebook(path, out, {"wave": 2021}, manifest=manifest, name="again")
    assert again.read_text() == page


def test_a_failed_cell_leaves_the_old_page_and_keeps_the_notebook(write, tmp_path):
    out = tmp_path / "reports"
    out.mkdir()
    (out / "x.html").write_text("the last good page")
    told = f"print('x', '{tmp_path}/own.csv')\nimport json\njson.loads(district)"
    path = write("before = 1", told)
    with pytest.raises(ReportError) as caught:
        run_notebook(path, out, {"district": f"{tmp_path}/own.csv"}, name="x")
    told = str(caught.value)
    assert "01_a_report.ipynb failed" in told
    assert "cell 4 (print('x', " in told
    assert "JSONDecodeError: Expecting value: line 1" in told
    assert "x.failed.ipynb: keeps the notebook" in told
    assert (out / "x.html").read_text() == "the last good page"
    kept = nbformat.read(out / "x.failed.ipynb", as_version=4)
    assert "papermill" not in kept.metadata
    outside = [cell for cell in kept.cells if "'x'" not in cell.source]  # the notebook's own words
    text = nbformat.writes(nbformat.v4.new_notebook(cells=outside)) + str(kept.cells[-1].outputs)
    assert "own.csv" in text
    assert "decoder.py" in text
    assert str(tmp_path) not in text
    assert not re.search(r"/(?:root|home|usr|opt|tmp)\b|\.venv/", text)
    assert any(o.output_type == "error" for c in kept.cells for o in c.get("outputs", []))


@pytest.mark.parametrize(
    ("source", "limits", "said", "advice"),
    [
        ("import os; os.kill(os.getpid(), 9)", {}, "DeadKernelError", "--jobs 1"),
        ("import time; time.sleep(600)", {"timeout": 5}, "CellTimeoutError", "--timeout SECONDS"),
        pytest.param(
            "bytearray(3 * 10**9)", {"memory": 1500}, "MemoryError", "--memory MB",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="limits are those of Linux"),
        ),
    ],
)  # fmt: skip
def test_a_dead_or_hung_kernel_is_a_failure_and_not_a_page(
    write, tmp_path, source, limits, said, advice
):
    out = tmp_path / "reports"
    path = write("done = 1", source, "done")
    with pytest.raises(ReportError) as caught:
        run_notebook(path, out, **limits)
    told = str(caught.value)
    assert f"cell 3 ({source[:60]}): {said}" in told
    assert advice in told
    assert [file.name for file in out.iterdir()] == ["01-a-report.failed.ipynb"]
    kept = nbformat.read(out / "01-a-report.failed.ipynb", as_version=4)
    marked = [
        cell.source
        for cell in kept.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error" and output.ename == said
    ]
    assert source in marked


def test_nothing_runs_with_an_unfit_parameter_or_name(write, tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "_execute", None)
    path = write(HEADLINE)
    with pytest.raises(SetupError, match="did you mean wave"):
        run_notebook(path, tmp_path, {"wav": 1})
    for unsafe in ("../x", "a/b", "x.html", "http://example.org", "CON AUX", "", "index"):
        with pytest.raises(SetupError, match="no safe name"):
            run_notebook(path, tmp_path, name=unsafe)


def test_a_run_says_nothing_of_its_own(write, tmp_path, capfd, caplog):
    path = write(HEADLINE)
    notebook = nbformat.read(path, as_version=4)
    # papermill cannot parse this line and says so, though the parameter works.
    notebook.cells[0].source += '\nsuppose: list[str] = ["engineer=1"]  # mean to try, position=FTE'
    nbformat.write(notebook, path)
    run_notebook(path, tmp_path / "out", {"suppose": "a=2,b=3"})
    with pytest.raises(ReportError):
        run_notebook(write("1 / 0", name="02_b.ipynb"), tmp_path / "out")
    assert capfd.readouterr() == ("", "")
    assert [r.getMessage() for r in caplog.records if r.levelname in ("WARNING", "ERROR")] == []


def test_a_page_that_breaks_a_rule_stays_away_and_a_print_of_another_page_goes(
    write, tmp_path, monkeypatch, make_code, make_notebook
):
    bad = make_code("HTML(x)", {"text/html": "<table><td>x</td></table>"})
    shown = iter([["# T", bad], ["# One"], ["# One"], ["# Two"]])
    monkeypatch.setattr(notebooks, "_execute", lambda *_: (make_notebook(*next(shown)), None))
    path, out = write("x"), tmp_path / "out"
    with pytest.raises(ReportError, match="neither caption nor name"):
        run_notebook(path, out)
    assert [f.name for f in out.iterdir()] == ["01-a-report.failed.ipynb"]
    run_notebook(path, out)
    (out / "01-a-report.pdf").write_bytes(b"%PDF")
    for there in (True, False):
        run_notebook(path, out)
        assert (out / "01-a-report.pdf").exists() == there


CELL = """# Parameters of the report
wave: int = 2024  # survey year
waves: list[int] = [2017, 2020, 2024]  # survey years, a = b
level: float = 0.95  # level of confidence
district: str = "0010011"  # district id
ratio: str = "1:1"
weighted: bool = True  # weight by districts
bands: list[str] = [
    "pk-2",
    "3-5",
]  # grade bands
plain: int = 3
span: int = 0  # how many, 10 to 3,000; 0: all
letters: list[str] = []  # of the alphabet, any of a, b or c; none given: all
choice: str = "yes"  # yes, no or perhaps
inside: float = 0.5  # between 0 and 1; what it is
"""


@pytest.fixture(scope="module")
def declared(tmp_path_factory):
    file = tmp_path_factory.mktemp("notebook") / "01_x.ipynb"
    cells = [nbformat.v4.new_code_cell(CELL, metadata={"tags": ["parameters"]})]
    metadata = {"kernelspec": {"name": "python3", "display_name": "P", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), file)
    return file


def test_parameters_are_listed_with_type_default_and_help(declared):
    table = parameters(declared).set_index("name")
    assert list(table.index) == [
        "wave", "waves", "level", "district", "ratio", "weighted", "bands", "plain", "span",
        "letters", "choice", "inside",
    ]  # fmt: skip
    assert table.loc["wave"].tolist() == ["int", 2024, "survey year"]
    assert table.loc["bands"].tolist() == ["list[str]", ["pk-2", "3-5"], "grade bands"]
    assert table.loc["plain", "type"] == "int"
    assert table.loc["waves", "help"] == "survey years, a = b"


def test_text_takes_the_annotated_type_and_text_stays_text(declared):
    for name, value, typed in (
        ("wave", "2021", 2021), ("wave", 2021, 2021), ("plain", "4", 4),
        ("waves", "2017,2020", [2017, 2020]), ("waves", (2017,), [2017]), ("waves", "", []),
        ("level", "0.9", 0.9), ("level", 1, 1.0), ("district", "0010011", "0010011"),
        ("ratio", "1:1", "1:1"), ("span", "0", 0), ("span", 3000, 3000),
        ("district", "no", "no"), ("weighted", "false", False),
        ("weighted", "TRUE", True), ("bands", "pk-2, 3-5", ["pk-2", "3-5"]),
    ):  # fmt: skip
        made = check_parameters(declared, {name: value})[name]
        assert (made, type(made)) == (typed, type(typed)), name


def test_an_unfit_value_is_refused_with_its_parameter(declared):
    for name, value in (
        ("wave", "20x4"), ("wave", "2,024"), ("wave", 2024.0), ("wave", True), ("wave", "9" * 30),
        ("level", "nan"), ("level", "inf"), ("level", "1_0"), ("level", False),
        ("district", 10011), ("weighted", "2"), ("weighted", 1), ("waves", "2017;2020"),
        ("waves", 2017), ("waves", ["2017x"]), ("bands", [1]),
        ("plain", "x"), ("level", float("nan")), ("level", float("inf")), ("span", "9"),
        ("span", "-1"), ("span", "3001"), ("span", 3001), ("letters", "a,d"), ("letters", ["d"]),
        ("letters", "[a]"), ("choice", "maybe"), ("choice", ""), ("inside", "1"), ("inside", "0"),
        ("district", "x" * 3000),
    ):  # fmt: skip
        with pytest.raises(SetupError, match=f"parameter '{name}'.* is not "):
            check_parameters(declared, {name: value})


def test_all_problems_are_told_at_once_with_the_nearest_name(declared):
    given_values = {"wvae": 1, "level": "x", "__import__('os').system('true'); x": 1}
    with pytest.raises(SetupError) as caught:
        check_parameters(declared, given_values)
    told = str(caught.value)
    assert "did you mean wave" in told
    assert "'x' is not a number" in told
    assert "parameter \"__import__('os').system('true'); x\": is unknown" in told
    assert len(caught.value.problems) == 3


@given(st.text(max_size=12))
def test_text_becomes_a_number_only_where_python_reads_the_same(declared, value):
    try:
        typed = check_parameters(declared, {"wave": value})["wave"]
    except SetupError:
        return
    assert typed == int(value)


def test_what_is_no_notebook_is_refused(tmp_path):
    wrong = tmp_path / "x.ipynb"
    cell = nbformat.v4.new_code_cell("wave: int = = 3", metadata={"tags": ["parameters"]})
    for cells, said in (([cell], "plain Python"), ([], "is unknown")):
        nbformat.write(nbformat.v4.new_notebook(cells=cells), wrong)
        with pytest.raises(SetupError, match=said):
            check_parameters(wrong, {"x": 1})
    wrong.write_text("{")
    with pytest.raises(SetupError, match="cannot be read as a notebook"):
        parameters(wrong)
    with pytest.raises(SetupError, match=r"give the path of an \.ipynb"):
        parameters(tmp_path / "missing.ipynb")
