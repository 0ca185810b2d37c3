"""The import hook changes the modules that it is asked to change, and no others."""

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

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]


class OwnLoader(MetaPathFinder):
    """A finder that is its own loader for every module, as pytest's assertion rewriter is."""

    def __init__(self, folder: Path) -> None:
        """Describe the finder; ``folder`` contains the modules."""
        self._folder = folder

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002
        """Find a module of the folder."""
        file = self._folder / f"{fullname}.py"
        loader: Any = self
        return importlib.util.spec_from_file_location(fullname, file, loader=loader) if file.exists() else None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:  # noqa: ARG002
        """Leave the creation to the import system."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Execute a module."""
        SourceFileLoader(module.__name__, str(module.__file__)).exec_module(module)


@pytest.fixture
def finder(tmp_path: Path) -> Iterator[OwnLoader]:
    """The finder of two modules."""
    for name in ("odd_changed", "odd_other"):
        (tmp_path / f"{name}.py").write_text("value = 1")
    found = OwnLoader(tmp_path)
    sys.meta_path.insert(0, found)
    yield found
    sys.meta_path.remove(found)
    for name in ("odd_changed", "odd_other"):
        sys.modules.pop(name, None)


def test_of_two_modules_with_one_loader_only_the_named_module_is_changed(finder: OwnLoader) -> None:
    changed: list[ModuleType] = []
    hook = ImportHook({"odd_changed": changed.append})
    hook.install()
    try:
        first = importlib.import_module("odd_changed")
        other = importlib.import_module("odd_other")
    finally:
        hook.remove()
    assert changed == [first]
    loaders: list[Any] = [first.__loader__, other.__loader__, getattr(first.__spec__, "loader", None)]
    assert loaders == [finder] * 3
    assert hook not in sys.meta_path


def test_a_module_that_is_imported_already_is_changed_at_once(finder: OwnLoader) -> None:
    module = importlib.import_module("odd_other")
    changed: list[ModuleType] = []
    hook = ImportHook({"odd_other": changed.append})
    hook.install()
    hook.remove()
    assert changed == [module]


def test_a_module_of_an_unsupported_version_is_imported_with_a_warning(finder: OwnLoader) -> None:
    hook = ImportHook({"odd_changed": lambda module: module.Pool.submit})
    hook.install()
    try:
        with pytest.warns(NetnsWarning, match=r"this version of odd_changed is not supported: .*'Pool'"):
            assert importlib.import_module("odd_changed").value == 1
    finally:
        hook.remove()
