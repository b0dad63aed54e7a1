"""The sample waves: made-up answers of districts that do not exist, in real tools' dialects.

No district-level answers of the survey are public. These exports stand in for them: seeded, the
same bytes on every run, with the mess that real exports have, and calibrated to the published
margins, so that what is estimated from them can be held against the report. Everything in them
is synthetic and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tools.sample_waves.answers import Answer, published
from tools.sample_waves.calibration import Draws
from tools.sample_waves.earlier import earlier_answers
from tools.sample_waves.files import (
    Mess,
    crosswalk_bytes,
    export_rows,
    file_bytes,
    settled_files,
)
from tools.sample_waves.invented import directory
from tools.sample_waves.latest import answers_2024
from tools.sample_waves.questionnaires import (
    questions_2017,
    questions_2020,
    questions_2021,
    questions_2024,
)
from tools.sample_waves.tools import tools

from edtech_survey.data.figures import read_figures
from edtech_survey.places import raw_dir, write_whole

WAVES = (2017, 2020, 2021, 2024)
DIRECTORY = "districts-sample.csv"
_QUESTIONS = {
    2017: questions_2017,
    2020: questions_2020,
    2021: questions_2021,
    2024: questions_2024,
}
_TOOL = {2017: "SurveyMonkey", 2020: "Google Forms", 2021: "Qualtrics", 2024: "Microsoft Forms"}
_MESS = {
    2017: Mess(
        begun_twice=(20,),
        spoilt={
            (4, "Average annual salary | Technology Director"): "$58.50/hr",
            (9, "Number of staff (FTE) | Level 1 Technician"): "varies",
            (12, "Total number of computing devices"): "over 900",
        },
        decided={
            (4, "Average annual salary | Technology Director"): ("", "the hours were not given"),
            (9, "Number of staff (FTE) | Level 1 Technician"): ("", "nobody could be asked"),
            (12, "Total number of computing devices"): ("900", "asked again: about 900"),
        },
        total=True,
    ),
    2020: Mess(
        sent_twice=(11,),
        spoilt={
            (7, "Another technology role in your district (job title)"): "Tech wizard",
            (7, "FTE in that other role"): "1",
        },
        unlisted={"position_title": "Tech wizard"},
        strangers=("Sample Parents Association",),
    ),
    2021: Mess(begun_twice=(15,), misspelt={30: "Smaple Distrct 30"}, preview=True),
    2024: Mess(begun_twice=(20, 33), sent_twice=(40,), misspelt={25: "Sampel twenty-five"}),
}


def sample_answers(raw: Path | str | None = None) -> dict[int, list[Answer]]:
    """Make the answers of all waves, before anybody writes them into a form.

    Parameters
    ----------
    raw : path, optional
        Folder of the published figures to meet; default the project's ``data/raw``.

    Returns
    -------
    dict
        Answers by wave.
    """
    root = Path(raw) if raw is not None else raw_dir()
    told = {wave: published(read_figures([f"ct-{wave}"], raw=root)) for wave in WAVES}
    latest = answers_2024(directory(), told[2024])
    earlier = {wave: earlier_answers(wave, latest, directory(), told[wave]) for wave in WAVES[:-1]}
    return {**earlier, 2024: latest}


def sample_files(raw: Path | str | None = None) -> dict[str, bytes]:
    """Make every file of the sample.

    Parameters
    ----------
    raw : path, optional
        As for :func:`sample_answers`.

    Returns
    -------
    dict
        Contents by path under ``data/raw``.
    """
    made = directory().to_csv(index=False, lineterminator="\n").encode("utf-8")
    files = {f"codebook/{DIRECTORY}": made}
    for wave, answers in sample_answers(raw).items():
        files |= {f"sample-{wave}/{name}": data for name, data in _folder(wave, answers).items()}
    return files


def write_sample(raw: Path | str | None = None) -> list[Path]:
    """Write the sample under ``data/raw``.

    Parameters
    ----------
    raw : path, optional
        Default the project's ``data/raw``.

    Returns
    -------
    list of pathlib.Path
        The files written.
    """
    root = Path(raw) if raw is not None else raw_dir()
    return [write_whole(root / name, data) for name, data in sample_files(root).items()]


def _folder(wave: int, answers: Sequence[Answer]) -> dict[str, bytes]:
    mess, questions, columns = _MESS[wave], _QUESTIONS[wave](), tools(wave)
    rows = export_rows(answers, questions, columns, mess, Draws(f"forms {wave}"))
    name, data = file_bytes(wave, rows)
    ids = {text: answers[at].district_id for at, text in (mess.misspelt or {}).items()}
    return {
        name: data,
        "questions.csv": crosswalk_bytes(questions, columns),
        "source.yaml": _source(wave, name, len(answers)).encode("utf-8"),
        **settled_files(rows, mess, ids),
    }


def _source(wave: int, export: str, answered: int) -> str:
    return f"""id: sample-{wave}
series: sample
title: "Sample {wave}: made-up answers of school technology leaders"
publisher: "makers of this package (invented data)"
published: ""
fielded: "{wave}"
wave: "{wave}"
kind: "export"
population:
  units: "invented districts"
  size: "104"
  note: "codebook/{DIRECTORY} lists them all."
answered: "{answered}"
mode: "web, written in the dialect of {_TOOL[wave]}"
citation: "Makers of this package, {wave}: invented answers calibrated to published margins."
rights: "MIT, as the package"
url: ""
synthetic: true
export: "{export}"
directory: "{DIRECTORY}"
note: >-
  No district in this folder exists and nobody gave these answers. They are drawn so that after
  cleaning they reproduce what the Commission published of its {wave} survey.
"""
