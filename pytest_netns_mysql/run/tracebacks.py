"""Shorter tracebacks of netns tests: without the frames of this plugin and of drivers. --full-trace shows them."""

from __future__ import annotations

import sysconfig
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.run import pytest_internals

if TYPE_CHECKING:
    import pytest

_HIDDEN_MODULES = (
    *("pytest_netns_mysql", "mysql.connector", "mysqlx", "pymysql", "MySQLdb", "mariadb", "aiomysql", "asyncmy"),
    "subprocess",  # which runs client programs
)
_LIBRARY = sysconfig.get_path("stdlib")


def shorten(item: pytest.Item) -> None:
    """Have pytest show the traceback of a failed test without the frames of this plugin and of drivers."""
    pytest_internals.filter_traceback(item, _visible)


def _visible(traceback: Any) -> Any:
    """Return the entries of a traceback that show a user's code, and those of libraries that it calls."""
    kept = []
    is_inside = False  # between a hidden frame and the next one of a user: the standard library was called by ours
    for entry in traceback:
        name = entry.frame.f_globals.get("__name__", "")
        if any(name == module or name.startswith(f"{module}.") for module in _HIDDEN_MODULES):
            is_inside = True
        elif not (is_inside and _is_of_library(str(entry.path))):
            is_inside = False
            kept.append(entry)
    return type(traceback)(kept)


def _is_of_library(path: str) -> bool:
    return path.startswith(_LIBRARY) and "-packages" not in path
