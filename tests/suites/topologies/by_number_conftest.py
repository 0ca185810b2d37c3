import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items):
    yield
    items.sort(key=lambda item: (item.callspec.params["number"], item.callspec.params["netns_topology"].name))
