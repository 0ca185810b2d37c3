"""Tests that may ask for a fixture of a factory by ``request.getfixturevalue``, which no argument shows."""

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

DECLARATION = "netns_declaration"
"""The attribute of a factory's fixture that has its declaration."""

_INSTALLED = ("site-packages", "dist-packages")


def is_of_factory(value: object) -> bool:
    """Return True for a fixture that a factory made."""
    # Not getattr: every test module has pytest.mark, which makes each attribute that is asked for.
    return DECLARATION in getattr(value, "__dict__", {})


def may_ask_own_module(item: pytest.Item) -> bool:
    """Return True if a test may ask for fixtures by name, and its module has fixtures of factories."""
    module = getattr(item, "module", None)
    return module is not None and _has_factories(module) and may_ask_by_name(item)


@functools.lru_cache(maxsize=1)  # pytest collects the tests of a module together
def _has_factories(module: ModuleType) -> bool:
    return any(map(is_of_factory, vars(module).values()))


def may_ask_by_name(item: pytest.Item) -> bool:
    """Return True if a test, or a fixture of the project that the test uses, may call ``request.getfixturevalue``."""
    if not isinstance(item, pytest.Function):
        return True  # doctests may call getfixture()
    functions: list[tuple[Callable[..., Any], Sequence[str]]] = [(item.function, pytest_internals.argument_names(item))]
    for definitions in pytest_internals.definitions_for(item).values():
        functions += [
            (pytest_internals.function_of(definition), pytest_internals.arguments_of(definition))
            for definition in definitions
        ]
    return any("request" in arguments and _may_use_request(function) for function, arguments in functions)


@functools.lru_cache(maxsize=64)  # pytest collects the parameters of a test together
def _may_use_request(function: Callable[..., Any]) -> bool:
    """Return True if a function may call ``request.getfixturevalue``, or passes ``request`` on to other code."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None or any(part in code.co_filename for part in _INSTALLED):
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
