"""A page says what a person has read, under each setting whose text is kept."""

import pytest
from tests.sweep import reviewed

KEPT = reviewed.kept()


def test_a_kept_text_is_renewed_with_what_must_be_read(tmp_path, monkeypatch):
    says = {"text": "One.\nTwo.\n"}
    page = type("Page", (), says)
    monkeypatch.setattr(reviewed, "read", lambda name, **given: page)
    first = list(reviewed.keep("04", {"wave": "2021", "data": "sample"}, tmp_path))
    [path] = reviewed.kept(tmp_path, "04")
    assert path.name == "04-wave-2021-data-sample.txt"
    assert reviewed.setting(path) == ("04", {"wave": "2021", "data": "sample"})
    assert "+Two." in first
    assert list(reviewed.renew([path], tmp_path)) == []
    page.text = "One.\nThree.\n"
    told = list(reviewed.renew([path], tmp_path))
    assert ("-Two." in told, "+Three." in told) == (True, True)
    assert "Three." in path.read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_the_page_says_what_was_read(path):
    name, given = reviewed.setting(path)
    now = reviewed.text_under(name, given)
    assert now == path.read_text("utf-8"), f"read it: python -m tests.sweep {name} --renew"
