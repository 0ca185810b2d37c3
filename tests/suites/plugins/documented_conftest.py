import places
import pytest


@pytest.fixture
def address_in_blue(netns_connect):
    return places.origin(netns_connect("blue"))


def pytest_collection_modifyitems(items):
    for item in items:
        if item.name.endswith(".marked"):
            item.add_marker(pytest.mark.netns("red"))
