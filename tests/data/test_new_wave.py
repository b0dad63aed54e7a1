import csv
import json
import re
import shutil

import pandas as pd
import pytest

from edtech_survey.data.codebook import read_codebook
from edtech_survey.data.exports import read_export
from edtech_survey.data.ledger import open_problems
from edtech_survey.data.matching import match_columns
from edtech_survey.data.new_wave import check_export, new_wave
from edtech_survey.data.waves import read_wave
from edtech_survey.errors import WaveError
from edtech_survey.places import raw_dir

# Wording that none of the waves has used, and what it means.
EXPORT = {
    "Submitted At": ("ignored", ""),
    "Please identify your LEA": ("district_name", ""),
    "October 1 student count": ("enrollment", ""),
    "Buildings in operation": ("schools", ""),
    "FTE: Director of Technology": ("position_fte", "technology_director"),
    "FTE: Help Desk Technician": ("position_fte", "technician_1"),
    "Annual pay: Director of Technology": ("position_salary", "technology_director"),
    "Annual pay: Help Desk Technician": ("position_salary", "technician_1"),
    "Devices per learner: Grades K-2": ("student_device_ratio", "pk-2"),
    "Devices per learner: Grades 9-12": ("student_device_ratio", "9-12"),
    "Total endpoints under management": ("devices", ""),
    "Headcount of repair staff": ("support_staff", ""),
    "Do you share tech staff with the municipality?": ("sharing", ""),
    "After-hours help is offered to": ("after_hours", ""),
    "Do you have an AI policy?": ("", ""),
    "Anything else?": ("comment_additional", ""),
}
ANSWERS = """\
Avon|3100|5|1|2|$125,000|$55,000|1:1|1:1|4200|4|We do not share positions|Staff;Students|Yes|All is fine here thank you
Regional School District #10|2300|4|1|1|$118,500|52,000|2:1|1:1|2900|2.5|We share some positions|Staff|No|
East Hampton|1800|4|1|1|131k|$54,250|1 to 1|1:1|2500|2|We do not share positions|None|Not yet|
Hampton|150|1|.5|0|$61,000||1:1||200|0.5|All positions|None|No|
Noriwch|3300|9|1|3|$140,000|$51,000|1:1|1:1|5100|5|None|Staff;Families|Yes|"""  # noqa: E501


def write(path, *rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.fixture
def export(tmp_path):
    rows = [["2026-10-01 09:00:00", *line.split("|")] for line in ANSWERS.splitlines()]
    return write(tmp_path / "answers 2026.csv", EXPORT, *rows)


@pytest.fixture
def short(tmp_path):
    return write(tmp_path / "short.csv", ["District", "Students"], ["Avon", 30], ["Bethel", 20])


def matched(table):
    return {
        column: (item, group) for column, item, group in table[["column", "item", "group"]].values
    }


def test_new_wording_is_matched(export, book):
    found = matched(match_columns(read_export(export), book))
    assert {column: found[column] for column in EXPORT} == EXPORT


OUT = "Which of these roles do you outsource to a vendor? (Select all that apply)"
HOURS = "Whom does your team support in the evening and on weekends? (Select all that apply)"
PER_OPTION = [
    ["Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address",
     "First Name", "Last Name", "Custom Data 1", "Please name your school district",
     "Total enrollment", OUT, "", "", "", HOURS, "", "", "Shoe size"],
    [*[""] * 9, "Open-Ended Response", "Open-Ended Response", "Director of Technology",
     "Cybersecurity Specialist", "Tier 1 Technician", "None", "Teachers and staff", "Students",
     "Parents and guardians", "Open-Ended Response"],
]  # fmt: skip


def per_option(path, answers):
    dates = ["01/01/2026 09:00:00 AM", "01/01/2026 09:20:00 AM", "10.0.0.1", "", "", "", ""]
    rows = [[str(118 + at), "43", *dates, *said] for at, said in enumerate(answers)]
    return write(path, *PER_OPTION, *rows)


def test_an_option_that_nobody_chose_goes_with_its_siblings(tmp_path, book):
    director, technician = "Director of Technology", "Tier 1 Technician"
    answers = [
        ["Avon", "3100", director, "", technician, "", "Teachers and staff", "Students", "", ""],
        ["Bethel", "2900", "", "", technician, "", "Teachers and staff", "", "", ""],
        ["Berlin", "2700", director, "", "", "", "", "Students", "", ""],
    ]
    export = read_export(per_option(tmp_path / "a.csv", answers))
    table = match_columns(export, book).set_index("column")
    found = matched(table.reset_index())
    assert found[f"{OUT} | {director}"] == ("position_outsourced", "technology_director")
    assert found[f"{OUT} | Cybersecurity Specialist"] == ("position_outsourced", "cyber_security")
    assert found[f"{HOURS} | Parents and guardians"] == ("after_hours", "families")
    assert table.loc[f"{OUT} | Cybersecurity Specialist", "note"] == ""
    assert found[f"{OUT} | None"] == ("position_outsourced", "none")
    assert found["Shoe size"] == ("ignored", "")
    nobody = [[name, "3000", *[""] * 8] for name in ("Avon", "Bethel", "Berlin")]  # no sibling
    found = matched(match_columns(read_export(per_option(tmp_path / "b.csv", nobody)), book))
    assert found[f"{OUT} | Cybersecurity Specialist"] == ("ignored", "")


MATRIX = "For each position, give the number of employees (FTE) and their average annual pay"
TITLES = {
    "Technology Director / Coordinator / CTO": "technology_director",
    "Help desk / Level 1 technician": "technician_1",
    "School librarian / library media specialist": "library_media_specialist",
    "Administrative assistant (technology office)": "administrative_assistant",
}


def test_a_matrix_of_titles_with_their_synonyms_is_sure_and_nobody_is_an_answer(tmp_path, book):
    head, below, rows = ["District"], ["Open-Ended Response"], [["Avon"], ["Berlin"], ["Canton"]]
    for at, title in enumerate([*TITLES, "Assistant to the technology director"]):
        head += ["" if at else MATRIX, ""]
        below += [f"{title} - FTE", f"{title} - Average annual pay ($)"]
        for row, pay in zip(rows, ("$61,000", "72500", "83,250"), strict=True):
            row += [str(at % 2 + 1), pay]
    head += ["Which do you contract out to a vendor? (Select all that apply)", *[""] * 4]
    below += [*TITLES, "None of these"]
    for row, ticks in zip(rows, ("1000", "0000", "0100"), strict=True):
        row += [t if tick == "1" else "" for t, tick in zip(TITLES, ticks, strict=True)]
        row += ["None of these" if ticks == "0000" else ""]
    before = PER_OPTION[0][:9]
    rows = [["1148", "43", "01/01/2026 09:00:00 AM", "", "", "", "", "", "", *row] for row in rows]
    file = write(tmp_path / "matrix.csv", [*before, *head], [*[""] * 9, *below], *rows)
    table = match_columns(read_export(file), book)
    wanted = [(item, p) for p in TITLES.values() for item in ("position_fte", "position_salary")]
    wanted += [("position_outsourced", group) for group in (*TITLES.values(), "none")]
    sure = table[table["note"].eq("") & table["group"].ne("")]
    assert list(zip(sure["item"], sure["group"], strict=True)) == wanted
    strange = table["column"].str.contains("Assistant to the")
    new_wave(2026, file, tmp_path)
    edited = table.assign(comparability="", item=table["item"].mask(strange, "ignored"))
    edited.to_csv(tmp_path / "ct-2026" / "questions.csv", index=False)
    told = read_wave(tmp_path / "ct-2026", book).positions
    told = told.pivot(index="district_id", columns="position", values="outsourced")
    assert told["technology_director"].tolist() == [True, False, False]
    assert told["technician_1"].tolist() == [False, False, True]
    assert not told["administrative_assistant"].any()


@pytest.mark.parametrize("wave", [2017, 2020, 2024])
def test_crosswalks_of_the_sample_are_found_again(wave):
    folder = raw_dir() / f"sample-{wave}"
    book = read_codebook().of_series("sample")
    file = next(folder.glob("export.*"))
    found = matched(match_columns(read_export(file), book))
    true = matched(pd.read_csv(folder / "questions.csv", dtype=str, keep_default_na=False))
    wrong = {column for column, told in true.items() if found[column] != told}
    assert wrong <= {"FTE in that other role"}  # belongs to a typed title: for a person


def test_a_new_wave_goes_from_export_to_responses_by_a_short_edit(tmp_path, export, book):
    made = new_wave(2026, export, tmp_path)
    assert made.folder == tmp_path / "ct-2026"
    assert (made.folder / "export.csv").read_bytes() == export.read_bytes()
    asked = made.questions[made.questions["item"].str.startswith("?")]
    assert asked.loc[asked["item"].eq("?"), "column"].tolist() == ["Do you have an AI policy?"]
    proposed = asked.set_index("column")["item"]
    assert proposed["Total endpoints under management"] == "? devices"
    assert made.open == {"questions.csv": len(asked), "matches.csv": 1}
    edited = made.questions.set_index("column")
    edited["item"] = edited["item"].str.removeprefix("? ")
    edited.loc["Do you have an AI policy?", "item"] = "ignored"
    edited.to_csv(made.folder / "questions.csv")
    matches = (made.folder / "matches.csv").read_text()
    assert "Noriwch,? ct-norwich,Norwich (ct-norwich)" in matches
    (made.folder / "matches.csv").write_text(matches.replace("? ", ""))
    read = read_wave(made.folder, book)
    assert read.districts["district_id"].tolist() == [
        "ct-avon", "ct-east-hampton", "ct-hampton", "ct-norwich", "ct-regional-10",
    ]  # fmt: skip
    assert read.districts["devices"].tolist() == [4200, 2500, 200, 5100, 2900]
    assert len(read.positions) == 9
    assert (read.districts["wave"] == 2026).all()


def test_only_what_is_likely_is_proposed_and_each_file_says_enough_to_decide(tmp_path, book):
    head = ["District", "Salary: Technology Director", "Who supplies the computers students use?"]
    rows = [["Avon", "$118", "The schools buy all"], ["Regional School District", "98,500", "BYOD"],
            ["Bethel", "$28.50", "The schools buy all"]]  # fmt: skip
    rows += [[name, "$99,750", "BYOD"] for name in ("Berlin", "Canton", "Derby", "Granby")]
    made = new_wave(2026, write(tmp_path / "x.csv", head, *rows), tmp_path)

    def written(file, column):
        table = pd.read_csv(made.folder / file, dtype=str, keep_default_na=False)
        assert (made.folder / file).stat().st_mode & 0o077 == 0  # what people typed
        assert table[column].eq("?").all()
        return table

    cells = written("decisions.csv", "value")
    assert cells[["text", "who"]].values.tolist() == [
        ["Regional School District", "Regional School District"],
        ["$118", "Avon"], ["$28.50", "Bethel"],
    ]  # fmt: skip
    assert "such as ct-regional-01 or" in cells["why"].iloc[0]
    answers = written("answers.csv", "answer")
    assert answers.loc[0, ["spelling", "choices", "rows"]].tolist() == [
        "The schools buy all", "district | student | both", "2, 4",
    ]  # fmt: skip
    read = read_wave(made.folder, book, unknown="refuse")
    told = "\n".join(str(one) for one in open_problems(read.review))
    assert "'Regional School District' (row 3) is no district of the directory -> write" in told
    assert "'$118' (row 2) is doubtful -> write what it is in place of the ?; or clear" in told
    assert made.questions.iloc[2]["item"] == "provision"  # whatever its answers are
    assert "nan" not in told


def test_the_population_of_a_wave_is_that_of_its_own_year(tmp_path, export):
    for year, size in ((2024, "200"), (2017, "203"), (2026, "200")):  # the list ends with 2024
        source = (new_wave(year, export, tmp_path).folder / "source.yaml").read_text()
        assert f'"size": "{size}"' in source
        assert ("check it" in source) == (year == 2026)


def test_an_export_of_another_kind_takes_the_place_of_the_one_before(tmp_path, short, book):
    folder = new_wave(2026, short, tmp_path).folder
    assert "answers to the 2026 survey, from a table." in (folder / "source.yaml").read_text()
    questions = folder / "questions.csv"
    questions.write_text(questions.read_text().replace("? ", ""))
    later = tmp_path / "later.xlsx"
    with pd.ExcelWriter(later) as file:
        pd.DataFrame({"Notes": ["late"]}).to_excel(file, sheet_name="Lisez-moi", index=False)
        pd.read_csv(short).to_excel(file, sheet_name="Réponses", index=False)
    new_wave(2026, later, tmp_path, again=True, sheet="Réponses")
    assert [path.name for path in folder.glob("export*")] == ["export.xlsx"]
    assert read_wave(folder, book).districts["enrollment"].tolist() == [30, 20]


def test_the_tool_is_cited_as_it_writes_itself(tmp_path):
    heads = ["Respondent ID", "Collector ID", "District", "Students"]
    path = write(tmp_path / "x.csv", heads, [1, 2, "Avon", 3000], [2, 2, "Bethel", 2000])
    source = (new_wave(2026, path, tmp_path).folder / "source.yaml").read_text()
    assert "survey, from SurveyMonkey." in source


def test_a_new_wave_that_cannot_be_made_leaves_things_as_they_were(tmp_path, short, monkeypatch):
    with pytest.raises(WaveError, match=r"'\.\./up': is no row of codebook/series.csv"):
        new_wave(2026, short, tmp_path, series="../up")
    with pytest.raises(WaveError, match="20266 is not a year"):
        new_wave(20266, short, tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfile", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
        with pytest.raises(WaveError, match="could not be written"):
            new_wave(2026, short, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [short.name]
    made = new_wave(2026, short, tmp_path)
    before = {path: path.read_bytes() for path in made.folder.iterdir()}
    with pytest.raises(WaveError, match="ct-2026: is there already and is not overwritten"):
        new_wave(2026, short, tmp_path)
    assert {path: path.read_bytes() for path in made.folder.iterdir()} == before


def test_headers_that_are_formulas_do_not_become_formulas(tmp_path, book):
    heads = ["District", "Students", "=HYPERLINK(1)", "@sum"]
    path = write(tmp_path / "x.csv", heads, ["Avon", 3000, "a", "b"], ["Bethel", 2000, "c", "d"])
    made = new_wave(2026, path, tmp_path)
    questions = made.folder / "questions.csv"
    text = questions.read_text()
    assert not any(cell.startswith(("=", "@", "+", "-")) for cell in re.split(r"[,\n]", text))
    text = text.replace("? ", "").replace("?", "")
    questions.write_text(re.sub(r"^('=HYPERLINK\(1\)|'@sum),", r"\1,ignored", text, flags=re.M))
    assert len(read_wave(made.folder, book).districts) == 2


def test_check_says_everything_and_writes_nothing(tmp_path, export):
    before = sorted(tmp_path.iterdir())
    report = check_export(export)
    assert sorted(tmp_path.iterdir()) == before
    assert not report.ok
    told = [(problem.where, problem.what) for problem in report.problems]
    assert ("answers 2026.csv, row 6, column 'Please identify your LEA'",
            "'Noriwch' is no district of the directory") in told  # fmt: skip
    assert report.review.iloc[0]["suggestion"] == "ct-norwich"
    assert report.flow.set_index("step")["rows"][["kept", "undecided"]].tolist() == [4, 1]
    text = report.to_text()
    assert "plain" in text
    assert "? 'Do you have an AI policy?' -> ?\n" in text
    assert "? 'Total endpoints under management' -> devices" in text
    assert "'FTE: Help Desk Technician' -> position_fte technician_1" in text
    assert json.loads(report.to_json())["columns"][1]["item"] == "district_name"


def test_check_reports_a_file_that_cannot_be_read(tmp_path):
    path = tmp_path / "page.csv"
    path.write_text("<!DOCTYPE html><html><body>Please log in</body></html>")
    report = check_export(path)
    assert not report.ok
    assert "Problems" in report.to_text()
    assert check_export(tmp_path / "gone.csv").problems


def test_check_prints_no_control_characters(tmp_path):
    rows = [["District", "Students"], ["\x1b[31mEvil\x1b[0m", 12], ["\u202ereversed", 30]]
    text = check_export(write(tmp_path / "x.csv", *rows)).to_text()
    assert not {"\x1b", "\u202e"} & set(text)


def test_columns_of_a_matrix_are_matched_together(tmp_path, book):
    stem = "Now about the people. For each role, what applies?"
    roles = {"Technology Director": "technology_director", "Network Engineer": "network_engineer",
             "Technician I": "technician_1", "Data Specialist": "data_specialist"}  # fmt: skip
    grades = {"Kindergarten to grade 2": "pk-2", "Grades 3 to 5": "3-5", "Grades 6 to 8": "6-8"}
    expected = {"District": ("district_name", "")}
    for asked, item in {"Average yearly pay": "position_salary",
                        "People, full-time equivalents": "position_fte"}.items():  # fmt: skip
        expected |= {f"{stem} [{title}][{asked}]": (item, code) for title, code in roles.items()}
    for name, band in grades.items():
        expected[f"Pupils for each machine [{name}]"] = ("student_device_ratio", band)
    expected["How many devices does your technology staff support?"] = ("devices", "")
    said = ["$90,000"] * 4 + ["1"] * 4 + ["1:1"] * 3 + ["3400"]
    path = write(tmp_path / "matrix.csv", expected, ["Avon", *said], ["Berlin", *said])
    assert matched(match_columns(read_export(path), book)) == expected


def test_a_name_that_may_be_several_is_settled_row_by_row(tmp_path):
    export = tmp_path / "export.csv"
    asked = "District,How many students are enrolled in your district?"
    name = "Regional School District"
    export.write_text(f"{asked}\n{name},1500\nAvon,1600\n{name},1700\n", "utf-8")
    folder = new_wave(2026, export, root=tmp_path).folder
    decisions = folder / "decisions.csv"
    lines = decisions.read_text("utf-8").splitlines()
    assert [line.split(",")[:4] for line in lines[1:]] == [
        ["2", "District", name, "?"], ["4", "District", name, "?"],
    ]  # fmt: skip
    assert not (folder / "matches.csv").exists()
    told = [f"2,District,{name},ct-regional-04,", f"4,District,{name},ct-regional-10,"]
    decisions.write_text("\n".join(["row,column,text,value,reason", *told]) + "\n", "utf-8")
    read = read_wave(folder)
    assert read.districts.set_index("district_id")["enrollment"].to_dict() == {
        "ct-avon": 1600, "ct-regional-04": 1500, "ct-regional-10": 1700,
    }  # fmt: skip
    assert not read.review["open"].any()
