"""Districts that do not exist: names, kinds and ids of the sample."""

from __future__ import annotations

import pandas as pd

TREES = (
    "Alder", "Almond", "Apple", "Ash", "Aspen", "Bay", "Beech", "Birch", "Boxwood", "Buckeye",
    "Butternut", "Catalpa", "Cedar", "Cherry", "Chestnut", "Cottonwood", "Crabapple", "Cypress",
    "Dogwood", "Elder", "Elm", "Fig", "Fir", "Ginkgo", "Hackberry", "Hawthorn", "Hazel",
    "Hemlock", "Hickory", "Holly", "Hornbeam", "Ironwood", "Juniper", "Larch", "Laurel", "Linden",
    "Locust", "Magnolia", "Maple", "Medlar", "Mulberry", "Myrtle", "Oak", "Olive", "Pear",
    "Pecan", "Persimmon", "Pine", "Plane", "Plum", "Poplar", "Quince", "Redbud", "Redwood",
    "Rowan", "Sassafras", "Serviceberry", "Silverbell", "Sorrel", "Spruce", "Sumac", "Sweetgum",
    "Sycamore", "Tamarack", "Tulip", "Tupelo", "Viburnum", "Walnut", "Willow", "Yew",
)  # fmt: skip
QUARTERS = ("East", "West", "North", "South")
REGIONALS = 12
CENTERS = ("A", "B", "C", "D")
CHARTERS = ("Acorn", "Catkin", "Pinecone", "Seedling")


def directory() -> pd.DataFrame:
    """Return the invented districts, in the columns of every directory.

    Returns
    -------
    DataFrame
        ``district_id, name, kind, aliases``; 104 rows.

    Examples
    --------
    >>> directory().iloc[[0, -1], :3].values.tolist()
    [['sample-001', 'Sample Alder', 'town'], ['sample-104', 'Sample Seedling', 'charter']]
    """
    rows = [(f"Sample {tree}", "town", "") for tree in TREES]
    rows += [
        (f"Sample {quarter} {tree}", "town", f"Sample {quarter[0]}. {tree}")
        for tree, quarter in zip(TREES[::5], 4 * QUARTERS, strict=False)
    ]
    rows += [
        (f"Sample Regional {number:02d}", "regional", f"Sample Valley {number}")
        for number in range(1, REGIONALS + 1)
    ]
    rows += [(f"Sample Service Center {name}", "service_center", f"SSC-{name}") for name in CENTERS]
    rows += [(f"Sample {name}", "charter", f"Sample {name} Charter School") for name in CHARTERS]
    table = pd.DataFrame(rows, columns=["name", "kind", "aliases"], dtype="str")
    ids = [f"sample-{number:03d}" for number in range(1, len(table) + 1)]
    return table.assign(district_id=pd.array(ids, dtype="str"))[
        ["district_id", "name", "kind", "aliases"]
    ]
