import pandas as pd

from edtech_survey.statistics.audit import audit


def figure(name, statistic, value, base=62, unit="usd", **more):
    item, group = name.split(".")
    return {
        "figure_id": name, "source": "toy", "item": item, "group": group, "statistic": statistic,
        "printed": f"{value:,}", "value": value, "unit": unit, "base": base,
        "base_kind": "published", "note": pd.NA,
    } | more  # fmt: skip


NAMES = [
    figure(f"listed.n{at}", "text", 0, base=pd.NA, unit="none") | {"value": pd.NA}
    for at in range(3)
]
STATED = figure("answered.all", "count", 3, base=pd.NA, unit="districts")
NAMED = pd.DataFrame(
    [
        {
            "source": "toy", "relation_id": "toy.list", "kind": "respondents",
            "result": "answered.all", "parts": "listed.n0;listed.n1;listed.n2", "over": "",
            "base": pd.NA, "force": "must", "note": pd.NA,
        }
    ]
)  # fmt: skip


def small(rows, *, named=True, threshold=10):
    told = audit(
        pd.DataFrame([STATED, *NAMES, *rows]),
        NAMED if named else None,
        disclosure_threshold=threshold,
    )
    return told.loc[told["check"] == "small_bases"].reset_index(drop=True)


def test_means_over_few_beside_a_list_of_names():
    rows = [
        figure("pay.cyber", "mean", 123_000, base=4),
        figure("pay.phone", "mean", 42_092, base=5),
        figure("pay.director", "mean", 116_668, base=59),
    ]
    told = small(rows)
    assert list(told["grade"]) == ["suspicious"]
    assert told["figure_ids"][0] == "pay.cyber;pay.phone"
    assert "cyber $123,000 over 4; phone $42,092 over 5" in told["arithmetic"][0].replace("usd", "")
    assert "3 respondents named" in told["arithmetic"][0]


def test_the_threshold_decides():
    rows = [
        figure("pay.cyber", "mean", 123_000, base=4),
        figure("pay.phone", "mean", 42_092, base=5),
    ]
    assert list(small(rows, threshold=5)["figure_ids"]) == ["pay.cyber"]
    assert list(small(rows, threshold=4)["grade"]) == ["passed"]


def test_extremes_and_counts_of_one_or_two():
    rows = [
        figure("devices.all", "max", 20_000, unit="devices"),
        figure("sharing.some", "count", 1, unit="districts"),
        figure("sharing.all", "count", 14, unit="districts"),
        figure("comments.x", "count", 1, unit="comments"),
    ]
    told = small(rows)
    assert set(told["figure_ids"]) == {"devices.all", "sharing.some"}
    assert set(told["grade"]) == {"suspicious"}


def test_without_names_nothing_can_be_said():
    told = small([figure("pay.cyber", "mean", 123_000, base=4)], named=False)
    assert list(told["grade"]) == ["untestable"]


def test_bounds_are_nobodys_own_value():
    rows = [figure("budget.all", "max", 1_000_000, note="lower bound (more than)")]
    assert list(small(rows)["grade"]) == ["passed"]
