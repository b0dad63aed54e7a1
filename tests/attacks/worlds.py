"""Made-up waves as raw folders: who answered is public, what they answered is the secret.

The districts are those of the sample's directory, so that pages are marked as made up. The answers
have what tempts a gate: skewed sizes and pay, rare posts, one dominant district, ties, blanks.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

RAW = Path(__file__).parents[2] / "data" / "raw"
SIZES = (5, 8, 12, 20, 35, 60)
BANDS = ("pk-2", "3-5", "6-8", "9-12")
RATIOS = ("1:1", "2:1", "3:1", "4:1", ">4:1")
AFTER = ("Staff", "Students", "Families", "Other")
HELD = {  # the chance of a post in a district of middle size, and what it pays there
    "technology_director": (0.9, 115_000), "network_engineer": (0.7, 80_000),
    "technician_1": (0.65, 48_000), "technician_2": (0.5, 58_000),
    "library_media_specialist": (0.75, 63_000), "data_specialist": (0.5, 61_000),
    "integration_specialist": (0.25, 71_000), "assistant_technology_director": (0.15, 107_000),
    "cyber_security": (0.06, 95_000), "av_technician": (0.1, 52_000),
}  # fmt: skip
SHARING = {"none": "Schools only", "some": "Some shared", "all": "All positions shared"}
PROVISION = {"district": "District-Issued and Maintained", "student": "Student-Purchased",
             "both": "Both District and Student"}  # fmt: skip
_LABELS = pd.read_csv(RAW / "codebook" / "positions.csv").set_index("position")["label"]


def _sheet() -> dict[str, tuple[str, str]]:
    """Name the columns of an export, and give the item and group that each asks."""
    sheet = {"District": ("district_name", ""), "Students": ("enrollment", "")}
    sheet["Schools"] = ("schools", "")
    sheet |= {f"{_LABELS[one]}: FTE": ("position_fte", one) for one in HELD}
    sheet |= {f"{_LABELS[one]}: pay": ("position_salary", one) for one in HELD}
    sheet |= {"Outsourced": ("position_outsourced", ""), "Benefits": ("benefit_rate", "")}
    sheet |= {"Shared": ("sharing", ""), "Devices by": ("provision", "")}
    sheet |= {f"Ratio {band}": ("student_device_ratio", band) for band in BANDS}
    return sheet | {"Devices": ("devices", ""), "Support": ("support_staff", ""),
                    "After hours": ("after_hours", "")}  # fmt: skip


SHEET = _sheet()
COLUMN = {asked: name for name, asked in SHEET.items()}


def answers(size: int, seed: int, *, alike: bool = False) -> pd.DataFrame:
    """Draw the answers of `size` districts, a row each as an export has them; blanks are "".

    With `alike` a post pays nearly the same everywhere, in steps of 1,000 dollars: many ties.
    """
    draw = np.random.default_rng([seed, size])
    directory = pd.read_csv(RAW / "codebook" / "districts-sample.csv")["name"]
    rows = []
    for at, name in enumerate(draw.permutation(directory[: size + size // 3])[:size]):
        students = 25_000 if at == 0 else int(np.exp(draw.normal(7.4, 0.8)))
        spread = students / 2000
        row: dict[str, object] = dict.fromkeys(SHEET, "")
        row |= {"District": name, "Students": students, "Schools": max(1, students // 450)}
        skipped = draw.random() < 0.12  # the section on staff
        for post, (chance, pay) in HELD.items():
            if not skipped and draw.random() < min(0.98, chance * spread**0.3):
                drawn = round(2 * draw.gamma(2, spread)) / 2  # more than 100 would be asked about
                row[COLUMN["position_fte", post]] = min(100, max(0.5, drawn))
                told = pay * (1 if alike else spread**0.08) * np.exp(draw.normal(0, 0.15))
                told = pay + 1000 * draw.integers(-1, 2) if alike else told
                if draw.random() < 0.9:
                    row[COLUMN["position_salary", post]] = int(round(told, -2))
        away = [post for post in HELD if draw.random() < 0.04]
        row["Outsourced"] = "" if skipped else "; ".join(_LABELS[p] for p in away) or "None"
        row["Benefits"] = "" if draw.random() < 0.4 else f"{draw.integers(15, 35)}%"
        row["Shared"] = draw.choice(list(SHARING.values()), p=[0.75, 0.1, 0.15])
        row["Devices by"] = draw.choice(list(PROVISION.values()), p=[0.86, 0.1, 0.04])
        for at_band, band in enumerate(BANDS):
            if draw.random() < 0.92:
                chances = [0.7 + 0.06 * at_band, 0.06, 0.03, 0.02]
                chances.append(1 - sum(chances))
                row[COLUMN["student_device_ratio", band]] = draw.choice(RATIOS, p=chances)
        row["Devices"] = int(students * draw.uniform(0.9, 1.6)) if draw.random() < 0.95 else ""
        row["Support"] = max(0.5, round(students / 600 * draw.uniform(0.5, 1.6), 1))
        told = [one for one, chance in zip(AFTER, (0.5, 0.2, 0.1, 0.25), strict=True)
                if draw.random() < chance]  # fmt: skip
        row["After hours"] = "; ".join(told) or "None"
        rows.append(row)
    return pd.DataFrame(rows).astype(object)


def write(waves: Mapping[int, pd.DataFrame], raw: Path) -> Path:
    """Write the folder of all sources: a codebook, and a synthetic wave for each of `waves`."""
    if not (raw / "codebook").exists():
        shutil.copytree(RAW / "codebook", raw / "codebook")
    for wave, sheet in waves.items():
        folder = raw / f"sample-{wave}"
        folder.mkdir(exist_ok=True)
        sheet.to_csv(folder / "export.csv", index=False)
        with (folder / "questions.csv").open("w", newline="") as out:
            csv.writer(out).writerows(
                [["column", "item", "group", "comparability", "note"]]
                + [[name, *asked, "A", ""] for name, asked in SHEET.items()]
            )
        (folder / "source.yaml").write_text(
            f'id: sample-{wave}\nseries: sample\ntitle: "Made-up wave"\npublisher: nobody\n'
            f'kind: export\ncitation: "Made up"\nwave: "{wave}"\nsynthetic: true\n'
            "export: export.csv\ndirectory: districts-sample.csv\n"
        )
    return raw
