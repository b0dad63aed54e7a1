"""A survey tool is known by its first rows, and by them only."""

from __future__ import annotations

import pytest

from edtech_survey.data.dialects import DIALECTS, key, recognise, recognise_as, tidy
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
    assert recognise_as("surveymonkey", [MONKEY, ["", "", "", "Response"]], "x").header_rows == 2
    assert recognise_as("plain", [MONKEY], "x").header_rows == 1
    with pytest.raises(WaveError, match=r"not recognised as qualtrics.*looks like plain"):
        recognise_as("qualtrics", [["a", "b"]], "x.csv")
    with pytest.raises(WaveError, match=r"no dialect is called 'typeform'.*surveymonkey"):
        recognise_as("typeform", [["a", "b"]], "x.csv")


def test_headers_are_read_as_a_person_reads_them() -> None:
    assert tidy("<p><strong>FTE</strong>&nbsp;&amp; pay</p>") == "FTE & pay"
    assert tidy("fewer than <900 students, or >900") == "fewer than <900 students, or >900"
    assert key("IP_Address ") == "ipaddress"
    assert len(DIALECTS) == 6
