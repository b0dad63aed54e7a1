"""Property tests draw the same examples on every run; ``make fuzz`` searches at random."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, max_examples=20, database=None, deadline=None)
settings.register_profile("fuzz", max_examples=2000, database=None, deadline=None)
settings.load_profile(os.environ.get("EDTECH_SURVEY_HYPOTHESIS", "same"))


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
def page(tmp_path_factory):
    """Run a notebook and give the body of its page; each setting once."""
    from bs4 import BeautifulSoup  # noqa: PLC0415

    from edtech_survey.project import project_root  # noqa: PLC0415
    from edtech_survey.reports.notebooks import check_parameters, run_notebook  # noqa: PLC0415

    made = {}

    def make(name, **parameters):
        key = (name, str(parameters))
        if key not in made:
            path = project_root() / "notebooks" / f"{name}.ipynb"
            given = check_parameters(path, parameters)
            kind, out = "brief" if "brief" in name else "report", tmp_path_factory.mktemp("out")
            run = run_notebook(path, out, given, kind=kind, cwd=project_root())
            made[key] = BeautifulSoup(run.html.read_text("utf-8"), "html.parser").find("main")
        return made[key]

    return make
