"""Where the project lies, and how its files are read, written whole and kept private.

The project is where ``EDTECH_SURVEY_HOME`` points; else the nearest folder above the working
directory that has ``data/raw``; else the copy of the data inside the wheel, which is read-only.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edtech_survey.errors import SetupError

HOME_VARIABLE = "EDTECH_SURVEY_HOME"
PACKAGED = Path(__file__).parent / "_project"
"""The data inside the wheel."""

MARK = "CONFIDENTIAL.md"
"""What lies in a folder with this file, or just below it, is for its owner only."""

_CONFIDENTIAL = """\
# Confidential

What lies here are answers of single districts, or what tells them. Do not share, post or commit
it. `edtech-survey data --public` writes what may be shared; a brief is for its own district.
"""


def short(path: Path | str) -> str:
    """Folder and file, as problems name a place."""
    return "/".join(Path(path).parts[-2:])


def project_root() -> Path:
    """Folder that holds ``data/raw``; a SetupError if there is none."""
    named = os.environ.get(HOME_VARIABLE)
    here = Path(named).expanduser().resolve() if named else Path.cwd().resolve()
    for folder in [here] if named else [here, *here.parents, PACKAGED]:
        if (folder / "data" / "raw").is_dir():
            return folder
    where = f"{here}, where {HOME_VARIABLE} points" if named else f"{here} or above it"
    raise SetupError(
        f"no data/raw in {where}: run from a checkout of the project, or set {HOME_VARIABLE} to one"
    )


def raw_dir(*, new: bool = False) -> Path:
    """Folder of the sources as they came, to which nothing is written but a new wave."""
    root = project_root()
    if new and root == PACKAGED:
        what = "is the copy inside the installed package, which the next install replaces"
        advice = f"work in a checkout of the project, or point {HOME_VARIABLE} at one"
        raise SetupError.of("no wave was made", str(root / "data" / "raw"), what, advice)
    return root / "data" / "raw"


def output_root() -> Path:
    """Folder that output goes to: the project's, or the working directory beside a wheel's copy."""
    root = project_root()
    return Path.cwd() if root == PACKAGED else root


def read_whole(path: Path | str, most: int = 20_000_000) -> bytes:
    """Read a file that a person named: no device, pipe or folder, and none of too many bytes."""
    path = Path(path)
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "is no file that can be read", str(path))
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"holds more than {most:,} bytes", str(path))
    return data


def write_whole(path: Path, content: bytes | str) -> Path:
    """Write a file, its folder too, so that a kill at any moment leaves the old one or the new."""
    data = content.encode() if isinstance(content, str) else content
    private = any((folder / MARK).is_file() for folder in (*path.parents,)[:2])
    path.parent.mkdir(0o700 if private else 0o777, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        if not private:  # mkstemp makes files for their owner only
            Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.strerror:  # a full disk names no file
            error.filename, error.filename2 = str(path), None
        raise
    return path


def keep_private(folder: Path) -> None:
    """Close a folder to all but its owner and say in it why; ``reports`` is none for such."""
    place, root = folder.resolve(), output_root().resolve()
    around = {place, *place.parents}
    if root / "reports" in around:
        what, advice = "is shared as a whole", "name a folder outside reports: --out briefs"
        raise SetupError.of("answers of single districts are not written", str(place), what, advice)
    known = {root / "briefs", root / "data" / "processed", root / "data" / "released"}
    ours = bool(around & known) or not place.exists()  # other folders may hold what is shared
    write_whole(place / MARK, _CONFIDENTIAL).chmod(0o600)
    if ours:
        place.chmod(0o700)
        write_whole(place / ".gitignore", "*\n")


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a new folder that replaces one at the end, so that a kill leaves one or the other.

    What a run before has left half done is put right first. A folder that holds anything but a
    data package and its marks is not replaced.
    """
    folder = folder.resolve()
    new, old = (folder.with_name(f".{folder.name}.{part}") for part in ("new", "old"))

    def settle() -> None:
        if old.is_dir() and not folder.exists():
            old.rename(folder)
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)

    settle()
    there = {path.name for path in folder.iterdir()} if folder.exists() else set()
    marks = there & {".gitignore", MARK, "README.md"}
    strange = {name for name in there - marks if not name.endswith((".csv", ".parquet"))}
    if there - marks and strange != {"datapackage.json"}:
        told = ", ".join(sorted(strange - {"datapackage.json"})[:3]) or "tables of another kind"
        raise SetupError(f"{folder.name} holds other files ({told}): give a folder of its own")
    try:
        new.mkdir(parents=True)
        for name in marks:
            shutil.copy2(folder / name, new)
        if there:
            shutil.copymode(folder, new)
        yield new
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    finally:
        settle()
