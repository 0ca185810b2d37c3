"""Whether a test may take over the account and the schema of the test before, renewed, in place of new ones.

The account is then there before the test asks for it. So nothing but this plugin may run in between: the fixtures of
the test that run first must be ours, pytest's, or of wider scopes and set up already.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.ownfixtures import is_own
from pytest_netns_mysql.run.stash import NAMESPACE

if TYPE_CHECKING:
    import pytest

_ACCOUNT_FIXTURE = "netns_mysql"
_FRESH = "netns_mysqld_fresh"


def may_take_over(item: pytest.Item, before: pytest.Item) -> bool:
    """Return True if a test asks for the account of the test before it, before any other code can see the account.

    Args:
        item: The test.
        before: The test before it.
    """
    return (
        item.parent is before.parent
        and all(map(pytest_internals.has_fixtures, (item, before)))
        and NAMESPACE in item.stash
        and item.stash[NAMESPACE] == before.stash.get(NAMESPACE, None)
        and _FRESH not in pytest_internals.fixture_names(item)
        and _wider_parameters(item) == _wider_parameters(before)
        and _asks_first(item)
    )


def _wider_parameters(item: pytest.Item) -> dict[str, object]:
    """Return the parameters after whose change fixtures of wider scopes are torn down."""
    definitions = pytest_internals.definitions_for(item)
    values = pytest_internals.parameters(item)
    return {name: value for name, value in values.items() if _scope(definitions.get(name, ())) != "function"}


def _scope(definitions: Sequence[pytest.FixtureDef[object]]) -> str | None:
    return definitions[-1].scope if definitions else None


def _asks_first(item: pytest.Item) -> bool:
    for definition in _in_order(item):
        function, name = pytest_internals.function_of(definition), pytest_internals.name_of(definition)
        if name == _ACCOUNT_FIXTURE:
            return is_own(function)
        # The fixtures that pytest makes of setup_method and its like run code of the test's author.
        is_of_pytest = pytest_internals.is_of_pytest(function) and not name.startswith("_")
        if definition.scope == "function" and not is_own(function) and not is_of_pytest:
            return False
    return False


def _in_order(item: pytest.Item) -> Iterator[pytest.FixtureDef[object]]:
    """Yield the definitions of a test's fixtures, each after those of its arguments, as pytest sets them up."""
    definitions, seen = pytest_internals.definitions_for(item), set()

    def visit(name: str) -> Iterator[pytest.FixtureDef[object]]:
        if name in seen or not definitions.get(name):
            return
        seen.add(name)
        definition = definitions[name][-1]
        for argument in pytest_internals.arguments_of(definition):
            yield from visit(argument)
        yield definition

    for name in pytest_internals.fixture_names(item):
        yield from visit(name)
