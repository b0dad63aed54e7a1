"""Where the project's data lies.

``EDTECH_SURVEY_HOME`` wins; else the nearest parent of the working directory that has
``data/raw``; else the copy of the data inside the installed wheel, which is read-only.
"""

from __future__ import annotations

import os
from pathlib import Path

from edtech_survey.errors import SetupError

HOME_VARIABLE = "EDTECH_SURVEY_HOME"
_PACKAGED = Path(__file__).parent / "_project"


def project_root() -> Path:
    """Folder that holds ``data/raw``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    SetupError
        If ``EDTECH_SURVEY_HOME`` names a folder without ``data/raw``, or nothing is found.
    """
    named = os.environ.get(HOME_VARIABLE)
    if named:
        home = Path(named).expanduser().resolve()
        if not (home / "data" / "raw").is_dir():
            raise SetupError(
                f"{HOME_VARIABLE}={named} has no data/raw: point it at a checkout of the project"
            )
        return home
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if (folder / "data" / "raw").is_dir():
            return folder
    if (_PACKAGED / "data" / "raw").is_dir():
        return _PACKAGED
    raise SetupError(
        f"no data/raw in {here} or above it: run from a checkout of the project, "
        f"or set {HOME_VARIABLE} to one"
    )


def raw_dir() -> Path:
    """Folder of the sources as they came; never written to."""
    return project_root() / "data" / "raw"


def output_root() -> Path:
    """Folder that output goes to: the project's, or the working directory beside a wheel's copy."""
    root = project_root()
    return Path.cwd() if root == _PACKAGED else root


def processed_dir() -> Path:
    """Folder of the tidy tables that ``make data`` writes."""
    return output_root() / "data" / "processed"


def notebooks_dir() -> Path:
    """Folder of the parameterised notebooks."""
    return project_root() / "notebooks"


def reports_dir() -> Path:
    """Folder of the rendered pages."""
    return output_root() / "reports"
