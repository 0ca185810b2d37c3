"""Tests that may ask for a fixture of a factory by its name, ``request.getfixturevalue``: no argument tells of it."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import pytest

from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.ownfixtures import is_own

PLAN = "netns_plan"
"""The attribute of a factory's fixture that has its plan."""

_NOT_THE_PROJECTS = ("site-packages", "dist-packages")


def bears_plan(value: object) -> bool:
    """Return True if something is a fixture that a factory has made."""
    # Not getattr: pytest.mark, which every test module has, makes any attribute that it is asked for.
    return PLAN in getattr(value, "__dict__", {})


def asks_its_module(item: pytest.Item) -> bool:
    """Return True if a test may ask by name, and its own module has fixtures of factories to ask for."""
    module = getattr(item, "module", None)
    return module is not None and _has_factories(module) and may_ask_by_name(item)


@functools.lru_cache(maxsize=1)  # tests of one module come together
def _has_factories(module: ModuleType) -> bool:
    return any(map(bears_plan, vars(module).values()))


def may_ask_by_name(item: pytest.Item) -> bool:
    """Return True if a test, or a fixture of the project's own that it uses, may call ``request.getfixturevalue``."""
    if not isinstance(item, pytest.Function):
        return True  # a doctest has getfixture()
    functions: list[tuple[Callable[..., Any], Sequence[str]]] = [(item.function, pytest_internals.argument_names(item))]
    for definitions in pytest_internals.definitions_for(item).values():
        functions += [(pytest_internals.function_of(one), pytest_internals.arguments_of(one)) for one in definitions]
    return any("request" in arguments and _is_handed_on(function) for function, arguments in functions)


@functools.lru_cache(maxsize=64)  # a test's parameters come together
def _is_handed_on(function: Callable[..., Any]) -> bool:
    """Return True if a function may ask its argument ``request`` for a fixture, or hands it on to what may."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None or any(part in code.co_filename for part in _NOT_THE_PROJECTS):
        return code is None
    if is_own(function) or pytest_internals.is_of_pytest(function):
        return False
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(code)))
    except (OSError, SyntaxError, ValueError):
        return True
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    harmless = {id(node.value) for node in attributes}
    return any(node.attr == "getfixturevalue" for node in attributes) or any(
        isinstance(node, ast.Name) and node.id == "request" and id(node) not in harmless for node in ast.walk(tree)
    )
