"""Property tests draw the same examples on every run; ``make fuzz`` searches at random."""

import os
import shutil
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

RAW = Path(__file__).parents[1] / "data" / "raw"

settings.register_profile("same", derandomize=True, max_examples=20, database=None, deadline=None)
settings.register_profile("fuzz", max_examples=2000, database=None, deadline=None)
settings.load_profile(os.environ.get("EDTECH_SURVEY_HYPOTHESIS", "same"))


@pytest.fixture(scope="session", autouse=True)
def no_release_before(tmp_path_factory):
    """What was released from this checkout is nothing to the tests."""
    from edtech_survey import project  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("released")
    place = project._record_file
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            project,
            "_record_file",
            lambda raw, series: folder / f"{series}.csv" if raw == RAW else place(raw, series),
        )
        yield


def _of_another_series(raw: Path, wave: str) -> None:
    """Copy the sample of 2024 into ``raw``, as if districts of a series had given its answers."""
    shutil.copytree(RAW / "sample-2024", raw / wave)
    meta = raw / wave / "source.yaml"
    text, (series, _, year) = meta.read_text("utf-8"), wave.partition("-")
    for old, new in (("sample-2024", wave), ('wave: "2024"', f'wave: "{year}"'),
                     ("synthetic: true", "synthetic: false"), ("made-up answers", "answers"),
                     ("series: sample", f"series: {series}")):  # fmt: skip
        text = text.replace(old, new)
    meta.write_text(text, "utf-8")


@pytest.fixture(scope="session")
def few_sources():
    """Copy two sources and the codebook, and the sample of 2024 as waves of other series."""

    def copied(folder: Path, *waves: str) -> Path:
        for name in ("codebook", "ct-2020", "ct-2024"):
            shutil.copytree(RAW / name, folder / name)
        for wave in waves:
            _of_another_series(folder, wave)
        return folder

    return copied


@pytest.fixture(scope="session")
def new_wave(tmp_path_factory):
    """Copy the project, with answers of 2026 beside what was printed of the earlier years."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(RAW, home / "data" / "raw")
    _of_another_series(home / "data" / "raw", "ct-2026")
    return home


@pytest.fixture(scope="session")
def published():
    """What was printed, read once: for tests that only look."""
    import edtech_survey as es  # noqa: PLC0415

    return es.evidence()


@pytest.fixture(scope="session")
def book():
    """The codebook, read once: for tests that only look."""
    from edtech_survey.data.codebook import read_codebook  # noqa: PLC0415

    return read_codebook()


@pytest.fixture(scope="session")
def page():
    """Read a notebook under parameters and give the body of its page; each setting once."""
    from bs4 import BeautifulSoup  # noqa: PLC0415
    from tests.sweep.runner import read  # noqa: PLC0415

    @cache
    def make(name, **parameters):
        return BeautifulSoup(read(name, **parameters).page, "html.parser").find("main")

    return make
