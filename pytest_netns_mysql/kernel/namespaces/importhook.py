"""An import hook that changes modules after they are imported, so that a run only pays for modules that it uses."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from pytest_netns_mysql.errors import NetnsWarning

Change = Callable[[ModuleType], None]


class ImportHook(MetaPathFinder):
    """A finder that calls a function for each of some modules: at once if a module is imported already, or later."""

    def __init__(self, changes: Mapping[str, Change]) -> None:
        """Describe the hook.

        Args:
            changes: For each module's name a function that gets the module.
        """
        self._changes = dict(changes)
        self._finding: set[str] = set()

    def install(self) -> None:
        """Change the modules that are imported already, and wait for the others."""
        for name, change in self._changes.items():
            if name in sys.modules:
                _apply(change, sys.modules[name])
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Stop waiting for modules."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the import system passes it
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Find a module as the other finders do, with a loader that changes the module after executing it."""
        if fullname not in self._changes or fullname in self._finding:
            return None
        self._finding.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._finding.discard(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _ChangingLoader(spec.loader, self._changes[fullname])
        return spec


class _ChangingLoader(Loader):
    """A loader for one module, around the original loader, which other modules may share, such as pytest's."""

    def __init__(self, loader: Loader, change: Change) -> None:
        self._loader = loader
        self._change = change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        _apply(self._change, module)


def _apply(change: Change, module: ModuleType) -> None:
    try:
        change(module)
    except AttributeError as error:
        warnings.warn(
            f"this version of {module.__name__.partition('.')[0]} is not supported: its threads and processes may run "
            f"in another network namespace than the code that gives them work ({error})",
            NetnsWarning,
            stacklevel=2,
        )
