import importlib.machinery
import sys

import pytest


@pytest.mark.netns("red")
def test_modules_come_from_the_loader_of_python(netns):
    own = {name: module for name, module in sys.modules.items() if name.startswith("pytest_netns_mysql.")}
    assert len(own) > 50
    loaders = {name: type(module.__loader__) for name, module in own.items()}
    # These two come before the finder.
    for early in ("exports", "plugin"):
        assert loaders.pop(f"pytest_netns_mysql.{early}") is not importlib.machinery.SourceFileLoader
    assert set(loaders.values()) == {importlib.machinery.SourceFileLoader}
