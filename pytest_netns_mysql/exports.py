"""Public names of a package: listed once, for type checkers, and imported when they are first asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

_NOTHING: Mapping[str, str] = {}


def lazy(
    package: dict[str, Any], renamed: Mapping[str, str] = _NOTHING
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a package that imports its public names late, see PEP 562.

    The public names are those that the package's ``if TYPE_CHECKING`` block imports. Each is imported once, and is an
    attribute of the package from then on. A package on the top level also has ``__version__``, of its distribution.

    Args:
        package: What ``globals()`` returns in the package.
        renamed: Earlier names, each with its new one: they work, with a warning at their first use.
    """

    @cache
    def modules() -> dict[str, str]:
        # Not by the loader: a package whose assertions pytest rewrites has one that knows no source.
        return _imported_for_type_checkers(Path(package["__file__"]).read_text("utf-8"))

    def get(name: str) -> object:
        if name == "__all__":
            return sorted(modules())
        if name == "__version__" and "." not in package["__name__"]:
            from importlib.metadata import version

            return version(package["__name__"])
        # Python asks every package for names such as __path__: they need no look into the source.
        if name in renamed:
            import warnings

            from pytest_netns_mysql.errors import NetnsDeprecationWarning

            text = f"{package['__name__']}.{name} is now called {renamed[name]}, and its old name will stop working"
            warnings.warn(text, NetnsDeprecationWarning, stacklevel=2)
            value = package[name] = package[renamed[name]] if renamed[name] in package else get(renamed[name])
            return value
        if name.startswith("__") or name not in modules():
            raise AttributeError(f"module {package['__name__']!r} has no attribute {name!r}")
        value = package[name] = getattr(importlib.import_module(modules()[name]), name)
        return value

    def names() -> list[str]:
        return sorted({*package, *modules()})

    return get, names


def _imported_for_type_checkers(source: str) -> dict[str, str]:
    """Return the names that the ``if TYPE_CHECKING`` block imports, each with its module."""
    import ast

    return {
        alias.name: statement.module
        for block in ast.parse(source).body
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for statement in block.body
        if isinstance(statement, ast.ImportFrom) and statement.module
        for alias in statement.names
    }
