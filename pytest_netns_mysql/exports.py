"""Public names of a package: listed once, for type checkers, and imported when they are first asked for."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any


def lazy(package: dict[str, Any]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a package that imports its public names late, see PEP 562.

    The names are those of its ``if TYPE_CHECKING`` block. A name is imported once.

    Args:
        package: What ``globals()`` returns in the package.
    """
    homes: dict[str, str] = {}

    def all_homes() -> dict[str, str]:
        if not homes:
            homes.update(_imported_for_type_checkers(Path(package["__file__"]).read_text(encoding="utf-8")))
        return homes

    def get(name: str) -> object:
        if name == "__all__":
            return sorted(all_homes())
        if name.startswith("__") or name not in all_homes():
            raise AttributeError(f"module {package['__name__']!r} has no attribute {name!r}")
        value = package[name] = getattr(importlib.import_module(homes[name]), name)
        return value

    def names() -> list[str]:
        return sorted({*package, *all_homes()})

    return get, names


def _imported_for_type_checkers(text: str) -> dict[str, str]:
    """Return the names that the block ``if TYPE_CHECKING`` imports, each with the module it comes from."""
    return {
        alias.asname or alias.name: statement.module
        for block in ast.parse(text).body
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for statement in block.body
        if isinstance(statement, ast.ImportFrom) and statement.module
        for alias in statement.names
    }
