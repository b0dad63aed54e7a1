import importlib
import pkgutil

import pytest

import edtech_survey as es


@pytest.mark.parametrize("name", es.__all__)
def test_every_public_name_is_there(name):
    assert getattr(es, name) is not None
    assert name in dir(es)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        es.nothing  # noqa: B018


def test_public_names_are_about_25_and_sorted():
    assert list(es.__all__) == sorted(es.__all__)
    assert 20 <= len(es.__all__) <= 30


def test_every_module_can_be_imported_first():
    for module in pkgutil.walk_packages(es.__path__, "edtech_survey."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
