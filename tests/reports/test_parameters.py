import nbformat
import papermill
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.errors import SetupError
from edtech_survey.reports.notebooks import check_parameters, parameters

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
base: int | None = None  # base, none if unknown
data: "Literal['published', 'responses']" = "published"  # which data
plain = 3
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    file = tmp_path_factory.mktemp("notebook") / "01_x.ipynb"
    cells = [nbformat.v4.new_code_cell(CELL, metadata={"tags": ["parameters"]})]
    metadata = {"kernelspec": {"name": "python3", "display_name": "P", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), file)
    return file


def test_parameters_are_listed_with_type_default_and_help(path):
    table = parameters(path).set_index("name")
    assert list(table.index) == [
        "wave", "waves", "level", "district", "ratio", "weighted", "bands", "base", "data", "plain",
    ]  # fmt: skip
    assert table.loc["wave"].tolist() == ["int", 2024, "survey year"]
    assert table.loc["bands"].tolist() == ["list[str]", ["pk-2", "3-5"], "grade bands"]
    assert table.loc["base"].tolist() == ["int | None", None, "base, none if unknown"]
    assert table.loc["plain", "type"] == "int"
    assert table.loc["waves", "help"] == "survey years, a = b"


def test_papermill_sees_the_same_where_it_can_read_at_all(path):
    theirs = papermill.inspect_notebook(path)
    ours = parameters(path).set_index("name")
    assert {"wave", "level", "district", "weighted"} <= set(theirs)
    for name in ("wave", "level", "weighted"):
        assert theirs[name]["inferred_type_name"] == ours.loc[name, "type"]
        assert theirs[name]["help"] == ours.loc[name, "help"]


@pytest.mark.parametrize(
    ("name", "given_value", "typed"),
    [
        ("wave", "2021", 2021),
        ("wave", 2021, 2021),
        ("waves", "2017,2020", [2017, 2020]),
        ("waves", (2017,), [2017]),
        ("waves", "", []),
        ("level", "0.9", 0.9),
        ("level", 1, 1.0),
        ("district", "0010011", "0010011"),
        ("ratio", "1:1", "1:1"),
        ("ratio", "2:1", "2:1"),
        ("district", "no", "no"),
        ("weighted", "false", False),
        ("weighted", "YES", True),
        ("bands", "pk-2, 3-5", ["pk-2", "3-5"]),
        ("base", "none", None),
        ("base", "53", 53),
        ("base", None, None),
        ("data", "responses", "responses"),
        ("plain", "4", 4),
    ],
)
def test_text_takes_the_annotated_type_and_text_stays_text(path, name, given_value, typed):
    made = check_parameters(path, {name: given_value})[name]
    assert made == typed
    assert type(made) is type(typed)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("wave", "20x4"),
        ("wave", "2,024"),
        ("wave", 2024.0),
        ("wave", True),
        ("wave", "9" * 30),
        ("level", "nan"),
        ("level", "inf"),
        ("level", "1_0"),
        ("level", False),
        ("district", 10011),
        ("weighted", "2"),
        ("weighted", 1),
        ("waves", "2017;2020"),
        ("waves", 2017),
        ("waves", ["2017x"]),
        ("bands", [1]),
        ("base", "many"),
        ("data", "both"),
        ("plain", "x"),
    ],
)
def test_an_unfit_value_is_refused_with_its_parameter(path, name, value):
    with pytest.raises(SetupError, match=f"parameter '{name}'.* is not "):
        check_parameters(path, {name: value})


def test_all_problems_are_told_at_once_with_the_nearest_name(path):
    given_values = {"wvae": 1, "level": "x", "__import__('os').system('true'); x": 1}
    with pytest.raises(SetupError) as caught:
        check_parameters(path, given_values)
    told = str(caught.value)
    assert "did you mean 'wave'?" in told
    assert "'x' is not a number" in told
    assert "parameter \"__import__('os').system('true'); x\": is unknown" in told
    assert len(caught.value.problems) == 3


@given(st.text(max_size=30))
def test_any_text_is_fit_for_a_text_parameter_and_unchanged(path, value):
    assert check_parameters(path, {"district": value}) == {"district": value}


@given(st.text(max_size=12))
def test_text_becomes_a_number_only_where_python_reads_the_same(path, value):
    try:
        typed = check_parameters(path, {"wave": value})["wave"]
    except SetupError:
        return
    assert typed == int(value)


def test_what_is_no_notebook_is_refused(tmp_path):
    wrong = tmp_path / "x.ipynb"
    wrong.write_text("{")
    with pytest.raises(SetupError, match="cannot be read as a notebook"):
        parameters(wrong)
    with pytest.raises(SetupError, match=r"give the path of an \.ipynb"):
        parameters(tmp_path / "missing.ipynb")


def test_a_notebook_without_parameters_has_none(tmp_path):
    file = tmp_path / "x.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), file)
    assert parameters(file).empty
    with pytest.raises(SetupError, match="is unknown"):
        check_parameters(file, {"x": 1})


def test_a_parameters_cell_that_is_no_python_is_refused(tmp_path):
    file = tmp_path / "x.ipynb"
    cell = nbformat.v4.new_code_cell("wave: int = = 3", metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), file)
    with pytest.raises(SetupError, match="not Python"):
        parameters(file)
