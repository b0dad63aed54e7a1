"""Columns that each year's survey tool fills itself. Addresses and names are reserved ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edtech_survey.data.codebook import IGNORED, RESPONSE


@dataclass(frozen=True)
class Tool:
    """A column written from the number of the response.

    Attributes
    ----------
    column : str
        Its name, as the reader of exports gives it.
    headers : tuple of str
        Its cells in the header rows.
    write : callable
        Writes the cell of a response.
    item : str
        Item of the crosswalk.
    """

    column: str
    headers: tuple[str, ...]
    write: Callable[[int], str]
    item: str = IGNORED


def tools(wave: int) -> list[Tool]:
    """List the columns that a wave's tool writes before the answers.

    Parameters
    ----------
    wave : int

    Returns
    -------
    list of Tool
    """
    return {2017: _surveymonkey, 2020: _google, 2021: _qualtrics, 2024: _microsoft}[wave]()


def _when(wave: int) -> Callable[[int], str]:
    def written(row: int) -> str:
        return f"{wave}-11-{1 + row // 6:02d} {8 + row % 6:02d}:{7 * row % 60:02d}:00"

    return written


def _address(row: int) -> str:
    return f"respondent{row + 1}@example.org"


def _ip(row: int) -> str:
    return f"192.0.2.{row + 1}"


def _same(text: str) -> Callable[[int], str]:
    return lambda row: text


def _surveymonkey() -> list[Tool]:
    written: dict[str, Callable[[int], str]] = {
        "Respondent ID": lambda row: str(6_000_000_000 + 7919 * row),
        "Collector ID": _same("170000001"),
        "Date Created": _when(2017),
        "Date Modified": _when(2017),
        "IP Address": _ip,
        "Email Address": _address,
        "First Name": _same("Respondent"),
        "Last Name": lambda row: f"No. {row + 1}",
        "Custom Data 1": _same(""),
    }
    return [
        Tool(name, (name, ""), write, RESPONSE if name == "Respondent ID" else IGNORED)
        for name, write in written.items()
    ]


def _google() -> list[Tool]:
    return [
        Tool("Timestamp", ("Timestamp",), _when(2020)),
        Tool("Email Address", ("Email Address",), _address),
    ]


def _qualtrics() -> list[Tool]:
    written: list[tuple[str, str, str, Callable[[int], str]]] = [
        ("StartDate", "Start Date", "startDate", _when(2021)),
        ("EndDate", "End Date", "endDate", _when(2021)),
        ("Status", "Response Type", "status", _same("IP Address")),
        ("IPAddress", "IP Address", "ipAddress", _ip),
        ("Progress", "Progress", "progress", _same("100")),
        ("Finished", "Finished", "finished", _same("True")),
        ("RecordedDate", "Recorded Date", "recordedDate", _when(2021)),
        ("ResponseId", "Response ID", "_recordId", lambda row: f"R_{7919 * (row + 1):09d}"),
        ("RecipientEmail", "Recipient Email", "recipientEmail", _address),
    ]
    return [
        Tool(
            name,
            (name, label, f'{{"ImportId":"{code}"}}'),
            write,
            RESPONSE if name == "ResponseId" else IGNORED,
        )
        for name, label, code, write in written
    ]


def _microsoft() -> list[Tool]:
    return [
        Tool("ID", ("ID",), lambda row: str(row + 1), RESPONSE),
        Tool("Start time", ("Start time",), _when(2024)),
        Tool("Completion time", ("Completion time",), _when(2024)),
        Tool("Email", ("Email",), _address),
        Tool("Name", ("Name",), lambda row: f"Respondent {row + 1}"),
    ]
