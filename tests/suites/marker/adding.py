"""A conftest.py that adds the marker after the plugin has looked for tests that build on each other."""

import pytest


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.netns("red"))
