"""What is done to a module when somebody imports it is done to that module alone."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_netns_mysql import NetnsWarning
from pytest_netns_mysql.kernel.namespaces.importhook import ImportHook


class OneLoader(MetaPathFinder):
    """A finder that loads every module by itself, as pytest's rewriting one does."""

    def __init__(self, folder: Path) -> None:
        """Name the folder of the modules."""
        self._folder = folder

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002
        """Find a module of the folder."""
        file = self._folder / f"{fullname}.py"
        loader: Any = self
        return importlib.util.spec_from_file_location(fullname, file, loader=loader) if file.exists() else None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:  # noqa: ARG002
        """Leave it to the import system."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Execute a module."""
        SourceFileLoader(module.__name__, str(module.__file__)).exec_module(module)


@pytest.fixture
def finder(tmp_path: Path) -> Iterator[OneLoader]:
    """Two modules, and the finder that loads them both."""
    for name in ("odd_changed", "odd_other"):
        (tmp_path / f"{name}.py").write_text("value = 1")
    found = OneLoader(tmp_path)
    sys.meta_path.insert(0, found)
    yield found
    sys.meta_path.remove(found)
    for name in ("odd_changed", "odd_other"):
        sys.modules.pop(name, None)


def test_modules_of_one_loader_are_told_apart(finder: OneLoader) -> None:
    changed: list[ModuleType] = []
    after = ImportHook({"odd_changed": changed.append})
    after.install()
    try:
        first = importlib.import_module("odd_changed")
        other = importlib.import_module("odd_other")
    finally:
        after.remove()
    assert changed == [first]
    loaders: list[Any] = [first.__loader__, other.__loader__, getattr(first.__spec__, "loader", None)]
    assert loaders == [finder] * 3
    assert after not in sys.meta_path


def test_a_module_that_is_there_is_changed_at_once(finder: OneLoader) -> None:
    module = importlib.import_module("odd_other")
    changed: list[ModuleType] = []
    after = ImportHook({"odd_other": changed.append})
    after.install()
    after.remove()
    assert changed == [module]


def test_a_version_that_is_not_known_is_warned_of_and_imported(finder: OneLoader) -> None:
    after = ImportHook({"odd_changed": lambda module: module.Pool.submit})
    after.install()
    try:
        with pytest.warns(NetnsWarning, match=r"this version of odd_changed is not supported: .*'Pool'"):
            assert importlib.import_module("odd_changed").value == 1
    finally:
        after.remove()
