"""Property tests draw the same examples on every run; ``make fuzz`` searches at random."""

import os
import shutil
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, max_examples=20, database=None, deadline=None)
settings.register_profile("fuzz", max_examples=2000, database=None, deadline=None)
settings.load_profile(os.environ.get("EDTECH_SURVEY_HYPOTHESIS", "same"))


@pytest.fixture(scope="session", autouse=True)
def no_release_before(tmp_path_factory):
    """What was released from this checkout is nothing to the tests."""
    from edtech_survey import project  # noqa: PLC0415

    own, folder = Path(__file__).parents[1] / "data" / "raw", tmp_path_factory.mktemp("released")
    place = project._record_file
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            project,
            "_record_file",
            lambda raw, series: folder / f"{series}.csv" if raw == own else place(raw, series),
        )
        yield


@pytest.fixture(scope="session")
def few_sources():
    """Copy two sources and the codebook, and the sample of 2024 as waves of other series."""
    raw = Path(__file__).parents[1] / "data" / "raw"

    def copied(folder: Path, *waves: str) -> Path:
        for name in ("codebook", "ct-2020", "ct-2024"):
            shutil.copytree(raw / name, folder / name)
        for wave in waves:
            shutil.copytree(raw / "sample-2024", folder / wave)
            meta = folder / wave / "source.yaml"
            text, (series, _, year) = meta.read_text("utf-8"), wave.partition("-")
            for old, new in (("sample-2024", wave), ('wave: "2024"', f'wave: "{year}"'),
                             ("synthetic: true", "synthetic: false"),
                             ("series: sample", f"series: {series}")):  # fmt: skip
                text = text.replace(old, new)
            meta.write_text(text, "utf-8")
        return folder

    return copied


@pytest.fixture(scope="session")
def page():
    """Read a notebook under parameters and give the body of its page; each setting once."""
    from bs4 import BeautifulSoup  # noqa: PLC0415
    from tests.sweep.runner import read  # noqa: PLC0415

    @cache
    def make(name, **parameters):
        return BeautifulSoup(read(name, **parameters).page, "html.parser").find("main")

    return make
