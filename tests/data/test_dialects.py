"""A survey tool is known by its first rows; they name every column, question and option."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data.dialects import (
    Recognised,
    flagged,
    header_columns,
    key,
    recognise,
    tidy,
    with_kinds,
)
from edtech_survey.data.exports import read_export
from edtech_survey.errors import WaveError

MONKEY = ["Respondent ID", "Collector ID", "Date Created", "District", "Who?", ""]
QUALTRICS = ["StartDate", "EndDate", "Status", "Progress", "Finished", "ResponseId", "Q1", "Q2_1"]
LIME = ["id", "submitdate", "lastpage", "startlanguage", "seed", "q1", "q2[SQ001]"]
MICROSOFT = ["ID", "Start time", "Completion time", "Email", "Name", "How many devices?"]


@pytest.mark.parametrize(
    ("rows", "dialect", "header_rows"),
    [
        ([MONKEY, ["", "", "", "Open-Ended Response", "Staff", "Students"]], "surveymonkey", 2),
        ([["RespondentID", "Seen it?"], ["", "Response"], ["32", "Yes"]], "surveymonkey", 2),
        ([MONKEY, ["1", "2", "3", "4", "5", "6"]], "surveymonkey", 1),
        ([["District", "Who?", ""], ["Open-Ended Response", "Response", "Other (please specify)"]],
         "surveymonkey", 2),
        ([QUALTRICS, ["Anfangsdatum"] * 8, ['{"ImportId":"startDate","timeZone":"Z"}'] * 8],
         "qualtrics", 3),
        ([QUALTRICS, ['{"ImportId": "QID1"}'] * 8], "qualtrics", 2),
        ([["V1", "V2", "Q1"], ["ResponseID", "ResponseSet", "Devices?"]], "qualtrics", 2),
        ([QUALTRICS, ["Start Date", "End Date", "Response Type", "Progress", "Finished",
                      "Response ID", "Devices?", "Who? - Staff"]], "qualtrics", 2),
        ([QUALTRICS, ["2024-05-01", "2024-05-01", "0", "100", "1", "R_1", "5", "6"]],
         "qualtrics", 1),
        ([["Time", "Q1", "Q2", "Q3_1"], ["Duration", "What is your age (years)?",
          "Which of these? - Selected Choice", "Why did you? - Text"]], "qualtrics", 2),
        ([LIME, ["1", "", "", "", "", "", ""]], "limesurvey", 1),
        ([["Response ID", "Date submitted", "Last page", "Start language", "Q"]], "limesurvey", 1),
        ([["id. Response ID", "submitdate. Date submitted", "lastpage. Last page",
           "startlanguage. Start language", "G01Q01. District?"]], "limesurvey", 1),
        ([MICROSOFT], "microsoft-forms", 1),
        ([["ID", "Startzeit", "Fertigstellungszeit", "E-Mail", "Name"]], "microsoft-forms", 1),
        ([["Timestamp", "District"]], "google-forms", 1),
        ([["Horodateur", "District"]], "google-forms", 1),
        ([["District", "Timestamp"]], "plain", 1),
        ([["id", "name", "Q1"], ["1", "x", "y"]], "plain", 1),
        ([["Response", "Salary"], ["Response", "1"]], "plain", 1),
    ],
)  # fmt: skip
def test_recognised(rows: list[list[str]], dialect: str, header_rows: int) -> None:
    found = recognise(rows)
    assert (found.dialect, found.header_rows) == (dialect, header_rows)
    assert found.evidence


def test_a_given_dialect_must_be_borne_out() -> None:
    assert recognise([MONKEY, ["", "", "", "Response"]], "surveymonkey").header_rows == 2
    assert recognise([MONKEY], "plain").header_rows == 1
    with pytest.raises(WaveError, match=r"not recognised as qualtrics.*looks like plain"):
        recognise([["a", "b"]], "qualtrics", "x.csv")
    with pytest.raises(WaveError, match=r"no dialect is called 'wufoo'.*surveymonkey"):
        recognise([["a", "b"]], "wufoo", "x.csv")


def test_headers_are_read_as_a_person_reads_them() -> None:
    assert tidy("<p><strong>FTE</strong>&nbsp;&amp; pay</p>") == "FTE & pay"
    assert tidy("fewer than <900 students, or >900") == "fewer than <900 students, or >900"
    assert key("IP_Address ") == "ipaddress"


def columns(rows: list[list[str]]) -> pd.DataFrame:
    return header_columns(recognise(rows), rows, len(rows[0]), "x.csv")[0]


def parts(rows: list[list[str]]) -> list[tuple[str, str, str]]:
    table = columns(rows)
    return list(zip(table["name"], table["question"], table["option"], strict=True))


def test_qualtrics_parts_options_from_their_common_question() -> None:
    rows = [
        ["StartDate", "ResponseId", "Q1", "Q2_1", "Q2_4", "Q2_4_TEXT"],
        ["Start Date", "Response ID", "How many - in all?", "Who? - Selected Choice - Staff",
         "Who? - Selected Choice - Other", "Who? - Other - Text"],
        ['{"ImportId":"startDate"}'] * 6,
    ]  # fmt: skip
    assert [part[1:] for part in parts(rows)[2:]] == [
        ("How many - in all?", ""), ("Who?", "Staff"), ("Who?", "Other"), ("Who?", "Other"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "question", "option"),
    [
        ("q1", "q1", ""),
        ("q2[SQ001]", "q2", "SQ001"),
        ("G01Q02[SQ001]. After hours? [Staff]", "After hours?", "Staff"),
        ("G01Q01. District name?", "District name?", ""),
        ("After hours? [Students]", "After hours?", "Students"),
        ("m1[SQ001_SQ002]. FTE [Director] [Number]", "FTE [Director]", "Number"),
    ],
)
def test_limesurvey_codes_and_texts(header: str, question: str, option: str) -> None:
    rows = [["id", "submitdate", "lastpage", "startlanguage", header]]
    assert parts(rows)[-1] == (header, question, option)


@pytest.mark.parametrize(
    ("rows", "answers"),
    [
        ([["V1", "Q1", "LocationLatitude", "LocationAccuracy"], ["ResponseID", "Who?", "", ""]],
         ["Q1"]),
        ([["id", "submitdate", "lastpage", "q1", "interviewtime", "groupTime7"]], ["q1"]),
        ([["id. Response ID", "submitdate. Date submitted", "lastpage. Last page",
           "q1. Screen time", "q1Time. Question time: q1"]], ["q1. Screen time"]),
        ([["id", "submitdate", "lastpage", "q1", "screenTime", "interviewtime", "groupTime7",
           "q1Time", "q2Time", "groupTime8", "q3Time"]], ["q1", "screenTime"]),
        ([["study_id", "redcap_survey_identifier", "q1", "tech_complete"]], ["q1"]),
        ([["Study ID", "Survey Timestamp", "District", "Complete?"]], ["District"]),
        ([["district", "name", "who___1", "tech_complete"]], ["district", "name", "who___1"]),
        ([["ID", "Start time", "Completion time", "Email", "District", "Name"]],
         ["District", "Name"]),
    ],
)  # fmt: skip
def test_a_tools_own_columns_are_no_answers(rows: list[list[str]], answers: list[str]) -> None:
    table = columns(rows)
    assert table.loc[table["role"] == "answer", "name"].tolist() == answers


@pytest.mark.parametrize(
    ("wordings", "expected"),
    [
        (["Rank order-A", "Rank order-B"], [("Rank order", "A"), ("Rank order", "B")]),
        (["Which?-Pre-K", "Which?-Pre-1"], [("Which?", "Pre-K"), ("Which?", "Pre-1")]),
        (["Which - Pre-K", "Which - Pre-1"], [("Which", "Pre-K"), ("Which", "Pre-1")]),
        (["Two words A", "Two words B"], [("Two words A", ""), ("Two words B", "")]),
    ],
)
def test_qualtrics_before_2017_parts_options_by_a_bare_dash(
    wordings: list[str], expected: list[tuple[str, str]]
) -> None:
    rows = [["V1", "Q1_1", "Q1_2"], ["ResponseID", *wordings]]
    assert [part[1:] for part in parts(rows)[1:]] == expected
    today = [["ResponseId", "Q1_1", "Q1_2"], ["Response ID", "1-1 in K", "1-1 in 3-5"]]
    marks = [f'{{"ImportId":"{name}"}}' for name in ("_recordId", "Q1_1", "Q1_2")]
    assert [option for _, _, option in parts([*today, marks])] == ["", "", ""]


def test_namesakes_are_kept_apart_and_the_nameless_named() -> None:
    rows = [["A", "A (2)", "A", "", " "]]
    table, notices = header_columns(Recognised("plain", 1, ""), rows, 6, "x.csv")
    assert table["name"].tolist() == ["A", "A (2)", "A (3)", "column 4", "column 5", "column 6"]
    assert [notice.where for notice in notices] == [f"x.csv, column {c}" for c in "CDEF"]


@given(st.lists(st.sampled_from(["a", "a (2)", "", " ", "column 2", "b"]), min_size=1, max_size=12))
def test_names_are_always_unique(names: list[str]) -> None:
    table, _ = header_columns(Recognised("plain", 1, ""), [names], len(names), "x")
    assert table["name"].is_unique
    assert not (table["name"] == "").any()


EXPORTS = {
    "alchemer": """\
Response ID,Time Started,Date Submitted,Status,Legacy Comments,Comments,Language,SessionID,\
User Agent,Tags,Latitude,Country,City,State/Region,Postal,URL Variable: src,City,Status,\
Staff:Who: is helped?,"Parents: all:Who: is helped?",Other - Write In:Who: is helped?,\
Plan: is it done?
1,t,t,Complete,,,English,s,u,,41,US,Hartford,CT,1,x,Avon,open,Staff,,the library,yes
2,t,t,Partial,,,English,s,u,,,,,,,x,Avon,open,,,,
3,t,t,Deleted,,,English,s,u,,,,,,,x,Avon,open,,,,
4,t,t,Complete,,,English,s,u,Test Response,,,,,,x,Avon,open,,Parents: all,,no
5,t,t,Disqualified,,,English,s,u,,,,,,,x,Avon,open,,,,
6,t,t,Test Data,,,English,s,u,,,,,,,x,Avon,open,,,,
""",
    "redcap": """\
record_id,redcap_survey_identifier,tech_timestamp,district,plan_complete,who___1,who___2,\
tech_complete,note,office_complete
1,,2026-10-01 09:00:00,Avon,1,1,0,2,,0
2,,[not completed],Berlin,0,0,1,0.0,,0
3,,2026-10-03 09:00:00,Bethel,1,0,0,1,,0
""",
    "redcap, labelled": """\
Record ID,Event Name,Survey Timestamp,District,Who? (choice=Staff (all)),Who? (choice=None),\
Complete?
1,First,2026-10-01 09:00:00,Avon,Checked,Unchecked,Complete
2,First,[not completed],Berlin,Unchecked,Checked,Incomplete
3,First,2026-10-01 09:00:00,Bethel,Unchecked,Unchecked,Unverified
""",
    "kobo": """\
start;end;today;username;_q;g/status;g/who;g/who/staff;g/who/parents/all;_id;_uuid;\
_submission_time;_validation_status;_notes;_status;_submitted_by;__version__;_tags;meta/rootUuid;_index
;;;;;;#who;;;;;;;;;;;;;
t;t;t;u;;open;staff;1;0;1;u;t;;;submitted_via_web;me;v;;u;1
t;t;t;u;;open;staff parents/all;1;1;2;u;t;Not Approved;;submitted_via_web;me;v;;u;2
t;t;t;u;;open;;;;3;u;t;validation_status_not_approved;;submitted_via_web;me;v;;u;3
t;t;t;u;;open;parents/all;0;1;4;u;t;On Hold;;submitted_via_web;me;v;;u;4
""",
    "odk": """\
SubmissionDate,start,end,g-status,Status,who,who/staff,who/parents,meta-instanceID,KEY,SubmitterID,\
SubmitterName,AttachmentsPresent,AttachmentsExpected,Status,ReviewState,DeviceID,Edits,FormVersion
t,t,t,open,a,staff,1,0,u,u,1,n,0,0,,approved,d,0,1
t,t,t,open,a,staff,1,0,u,u,1,n,0,0,,rejected,d,0,1
""",
    "typeform": """\
#,District,Tags,How many?,Staff,Parents,Other,Any remarks?,Director,Technician,Response Type,\
Start Date (UTC),Stage Date (UTC),Submit Date (UTC),Network ID,Tags,Ending
a,Avon,x,1,Staff,,the library,,Director,,completed,t,,t,n,,e
b,Berlin,y,2,,,,,,Technician,partial,t,t,,n,,
c,Bethel,z,3,Staff,,,,,,started,t,t,,n,,
""",
    "limesurvey": """\
id,submitdate,lastpage,startlanguage,seed,token,startdate,datestamp,ipaddr,status,who[SQ001],groupTime1
1,1980-01-01 00:00:00,3,en,5,t,t,t,1.1.1.1,open,Y,9
2,,3,en,5,t,t,t,1.1.1.1,open,N,9
3,NA,3,en,5,t,t,t,1.1.1.1,open,N,9
""",
    "qualtrics": """\
StartDate,EndDate,Status,Progress,RecordedDate,ResponseId,DistributionChannel,UserLanguage,\
Q_RecaptchaScore,Q1,Status,LocationLatitude
t,t,0.0,100.0,t,R_1,anonymous,EN,1,Avon,open,
t,t,16.0,40.0,t,R_2,anonymous,EN,1,Avon,open,
t,t,8.0,100.0,t,R_3,preview,EN,1,Avon,open,
""",
    "surveymonkey": """\
Respondent ID,Collector ID,Date Created,Date Modified,Email Address,Custom Data 1,First Name,Who?,,
,,,,,,Open-Ended Response,Staff,Parents,Other (please specify)
1,2,t,t,,x,A,Staff,,
2,2,t,t,,x,B,,Parents,the library
""",
    "microsoft-forms": """\
ID,Start time,Completion time,Email,Name,Language,Name,Points - Name,Language
1,t,t,anonymous,,English,Avon,1,French
""",
    "google-forms": """\
Timestamp\tEmail Address\tScore\tCity\tWho? [Staff]\tScore
t\ta@b.example\t1\tAvon\tYes\t5
""",
}
ANSWERS = {
    "alchemer": [
        ("City", ""), ("Status", ""), ("Who: is helped?", "Staff"),
        ("Who: is helped?", "Parents: all"), ("Who: is helped?", "Other - Write In"),
        ("Plan: is it done?", ""),
    ],
    "redcap": [("district", ""), ("plan_complete", ""), ("who", "1"), ("who", "2"), ("note", "")],
    "redcap, labelled": [("District", ""), ("Who?", "Staff (all)"), ("Who?", "None")],
    "kobo": [("g", "status"), ("g/who", "staff"), ("g/who", "parents/all")],
    "odk": [("g-status", ""), ("Status", ""), ("who", "staff"), ("who", "parents")],
    "typeform": [
        ("District", ""), ("Tags", ""), ("How many?", ""), ("Staff | Parents | Other", "Staff"),
        ("Staff | Parents | Other", "Parents"), ("Staff | Parents | Other", "Other"),
        ("Any remarks?", ""), ("Director | Technician", "Director"),
        ("Director | Technician", "Technician"),
    ],
    "limesurvey": [("status", ""), ("who", "SQ001")],
    "qualtrics": [("Q1", ""), ("Status", "")],
    "surveymonkey": [
        ("First Name", ""), ("Who?", "Staff"), ("Who?", "Parents"),
        ("Who?", "Other (please specify)"),
    ],
    "microsoft-forms": [("Name", ""), ("Language", "")],
    "google-forms": [("City", ""), ("Who?", "Staff"), ("Score", "")],
}  # fmt: skip
FLAGS = {
    "alchemer": [(3, "incomplete"), (4, "deleted"), (5, "test"), (6, "disqualified"), (7, "test")],
    "redcap": [(3, "incomplete")],
    "redcap, labelled": [(3, "incomplete")],
    "kobo": [(4, "rejected"), (5, "rejected")],
    "odk": [(3, "rejected")],
    "typeform": [(3, "incomplete"), (4, "incomplete")],
    "limesurvey": [(3, "incomplete"), (4, "incomplete")],
    "qualtrics": [(3, "incomplete"), (4, "preview"), (4, "spam")],
}


@pytest.mark.parametrize("tool", EXPORTS)
def test_each_tool_is_read_by_what_it_writes_itself(tool: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(EXPORTS[tool])
    export = read_export(tmp_path / "x.csv")
    asked = export.columns[export.columns["role"] == "answer"]
    assert export.dialect == tool.partition(",")[0]
    assert list(zip(asked["question"], asked["option"], strict=True)) == ANSWERS[tool]
    rows = list(zip(export.flagged["row"], export.flagged["flag"], strict=True))
    assert rows == FLAGS.get(tool, [])
    assert "submitted" in set(export.columns["own"])


@pytest.mark.parametrize("tool", ["redcap", "redcap, labelled"])
def test_a_box_that_nobody_may_have_seen_is_blank(tool: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(EXPORTS[tool])
    export = read_export(tmp_path / "x.csv")
    boxes = export.frame[export.columns.loc[export.columns["option"] != "", "name"]]
    yes, no = ("Checked", "Unchecked") if "," in tool else ("1", "0")
    assert boxes.to_numpy().tolist() == [[yes, no], ["", yes], ["", ""]]
    (tmp_path / "x.csv").write_text(EXPORTS[tool][: EXPORTS[tool].index("\n1,") + 1])
    assert read_export(tmp_path / "x.csv").notices[-1].what == "there are headers, but no response"


def test_tools_csv_holds_what_the_reader_knows() -> None:
    told = pd.read_csv(files("edtech_survey.data") / "tools.csv", keep_default_na=False)
    known = yaml.safe_load((files("edtech_survey.data") / "dialects.yaml").read_text())
    assert set(told["tool"]) == set(known)
    assert set(told["role"]) == {
        "id", "started", "submitted", "modified", "status", "personal", "other"
    }  # fmt: skip
    assert set(told["flag"]) == {
        "", "incomplete", "preview", "test", "spam", "deleted", "disqualified", "rejected"
    }  # fmt: skip
    assert told["place"].str.fullmatch(r"head|first|last|any|(?:after|with) \S.*").all()


def test_qualtrics_words_and_codes_mean_the_same() -> None:
    names = ["Status", "Finished", "DistributionChannel", "Q1"]
    rows = [
        ["IP Address", "True", "anonymous", "1"],
        ["Survey Preview", "True", "preview", "2"],
        ["1", "1", "email", "0"],
        ["0", "0", "email", "False"],
        ["Spam", "False", "email", ""],
    ]
    frame = pd.DataFrame(rows, columns=names, index=range(4, 9), dtype="str")
    told = pd.DataFrame({"name": names, "question": names, "role": ["meta"] * 3 + ["answer"]})
    found = flagged("qualtrics", frame, told)
    assert found["row"].tolist() == [5, 6, 7, 8, 8]
    assert found["flag"].tolist() == ["preview"] * 2 + ["incomplete"] * 2 + ["spam"]
    assert flagged("plain", frame, told).empty


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"Staff": ["Staff", ""], "All": ["", ""], "Other": ["", "the library"]},
         ["option", "option", "other"]),
        ({"Staff": ["Staff", ""], "All": ["yes", ""], "None": ["", ""]},
         ["option", "single", "single"]),
        ({"Director": ["1", ""], "Technician": ["", ""]}, ["single", "single"]),
        ({"Director": ["", ""], "Technician": ["", ""]}, ["single", "single"]),
        ({"Staff": ["Staff", "Staff"]}, ["single"]),
    ],
)  # fmt: skip
def test_cells_with_the_options_text_or_nothing_are_choices(
    cells: dict[str, list[str]], expected: list[str]
) -> None:
    kinds = ["other" if option == "Other" else "single" for option in cells]
    told = {"name": list(cells), "question": "Who?", "option": list(cells), "own": ""}
    table = pd.DataFrame({**told, "role": "answer", "kind": kinds}, dtype="str")
    assert with_kinds(table, pd.DataFrame(cells, dtype="str"))["kind"].tolist() == expected
