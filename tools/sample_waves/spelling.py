"""How people write an answer into a form: many ways, all of which must be read back as meant."""

from __future__ import annotations

from tools.sample_waves.calibration import Draws

_TENTHS = {5: ("0.5", ".5", "half time"), 10: ("1", "1.0", "1 FTE", "one"), 20: ("2", "2.0", "two")}
_RATIOS = {
    "1:1": ("1:1", "1 to 1", "1-1", "1:01", "01:01:00", "one to one"),
    "2:1": ("2:1", "2 to 1", "2-1", "2:01"),
    "3:1": ("3:1", "3 to 1", "03:01:00"),
    "4:1": ("4:1", "4 to 1", "4-1"),
    ">4:1": (">4:1", "More than 4:1", "5:1"),
}
NOTHING = ("", "", "", "N/A", "n/a", "-")


def money(dollars: int, draws: Draws) -> str:
    """Write a salary."""
    if draws.share() < 0.55:
        return f"${dollars:,}" if draws.share() < 0.7 else f"{dollars:,}"
    if dollars % 1000 == 0 and draws.share() < 0.6:
        return draws.one_of([f"{dollars // 1000}k", f"${dollars // 1000}K"])
    forms = [str(dollars), f"${dollars:,}.00", f"~{dollars:,}", f" ${dollars:,} ", f"$ {dollars}"]
    return draws.one_of(forms)


def posts(tenths: int, draws: Draws) -> str:
    """Write full-time equivalents."""
    plain = str(tenths // 10) if tenths % 10 == 0 else str(tenths / 10)
    if draws.share() < 0.7:
        return plain
    return draws.one_of([*_TENTHS.get(tenths, (plain,)), f"{tenths / 10:.1f} FTE"])


def count(number: int, draws: Draws, unit: str = "") -> str:
    """Write a whole number."""
    forms = [str(number), f"{number:,}", f"{number:,}", f" {number} "]
    return draws.one_of([*forms, f"{number:,} {unit}"] if unit else forms)


def percent(number: int, draws: Draws) -> str:
    """Write a percent."""
    return draws.one_of([f"{number}%", f"{number}", f"{number} %"])


def ratio(plain: str, draws: Draws) -> str:
    """Write a ratio; some have been through a spreadsheet, which made a time of them."""
    return plain if draws.share() < 0.8 else draws.one_of(_RATIOS[plain])


def district(name: str, kind: str, draws: Draws) -> str:
    """Write a district's name."""
    if draws.share() < 0.55:
        return name
    if kind == "regional":
        number = int(name.rsplit(maxsplit=1)[-1])
        return draws.one_of(
            [
                f"Sample Regional School District No. {number}",
                f"Sample RSD #{number}",
                f"Sample Region {number}",
            ]
        )
    if kind == "town":
        return draws.one_of(
            [f"{name} Public Schools", f"{name} Board of Education", name.upper(), f" {name} "]
        )
    return draws.one_of([name.lower(), f"{name} "])


def nothing(draws: Draws) -> str:
    """Leave a question out, with or without a word."""
    return draws.one_of(NOTHING)
