"""What the collected tests may ask for is looked for, and fetched, while this process has the host's network.

What a test asks for by arguments is known at collection. A test, or a fixture of the project's own, that may call
``request.getfixturevalue`` may ask for any factory's fixture in its reach.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pytest_netns_mysql.collection.marker import is_netns_test
from pytest_netns_mysql.factories.byname import may_ask_by_name
from pytest_netns_mysql.factories.declared import Declaration, declaration_of, declarations_of
from pytest_netns_mysql.run import pytest_internals

if TYPE_CHECKING:
    from pytest_netns_mysql.run.serverkinds import ServerKinds
    from pytest_netns_mysql.run.session import NetnsSession

_ROUTER = "router"
_SERVERS = "_netns_servers"  # what each of our fixtures that uses a server asks for
_IMAGE = "docker://"


def look_ahead(session: NetnsSession, run: pytest.Session) -> None:
    """Look for all servers and programs that the tests of a run may ask for; fetch those that are not here.

    What cannot be found or fetched is no error yet: the test that asks for it meets it. Where everything is on this
    machine, no test is looked at.
    """
    session.has_looked_ahead = True
    kinds = session.kinds
    plans = _all_plans(run)
    named = {choice for plan in plans.values() if (choice := plan.mysqld) is not None}
    missing = [choice for choice in dict.fromkeys([*kinds.choices, *sorted(named)]) if _is_missing(choice, kinds)]
    may_need_router = any(plan.factory == _ROUTER for plan in plans.values()) and kinds.router.is_missing
    if not missing and not may_need_router:
        return
    wanted = {what for item in run.items for what in _wanted(item, plans, kinds.choices)}
    if not any(is_netns_test(item) for item in run.items):
        wanted.update(kinds.choices)  # a fixture of ours was asked for by name: nothing tells which
    kinds.look_for(choice for choice in missing if choice in wanted)
    if may_need_router and _ROUTER in wanted:
        kinds.router.look()


def _is_missing(choice: str, kinds: ServerKinds) -> bool:
    # To ask an engine takes time, and may be for nothing: only where a test wants the image.
    return choice.startswith(_IMAGE) or kinds.if_known(choice) is None


def _all_plans(run: pytest.Session) -> dict[str, Declaration]:
    """Return what the factories' fixtures of all collected modules, of conftests and plugins will start.

    Their keys are their places and names: several fixtures may share a name.
    """
    modules = {id(node): node.obj for item in run.items for node in item.listchain() if isinstance(node, pytest.Module)}
    found = {}
    for place in [*modules.values(), *run.config.pluginmanager.get_plugins()]:
        for name, value in getattr(place, "__dict__", {}).items():
            if (plan := declaration_of(value)) is not None:
                found[f"{id(place)} {plan.fixture or name}"] = plan
    return found


def _wanted(item: pytest.Item, plans: dict[str, Declaration], choices: tuple[str, ...]) -> Iterator[str]:
    """Yield the servers that a test may ask for, as settings name them, and ``router`` for MySQL Router."""
    if not pytest_internals.has_fixtures(item):
        return
    fixtures = pytest_internals.fixture_names(item)
    names = {key.partition(" ")[2] for key in plans}
    may_ask = may_ask_by_name(item)
    if may_ask:
        functions = [
            pytest_internals.function_of(definition)
            for name in names
            for definition in pytest_internals.definitions_of(name, item)
        ]
        asked = [plan for function in functions if (plan := declaration_of(function)) is not None]
    else:
        asked = [] if names.isdisjoint(fixtures) else [plan for _, plan in declarations_of(item)]
    for plan in asked:
        if plan.factory == _ROUTER:
            yield _ROUTER
        if (choice := plan.mysqld) is not None:
            yield choice
    if _SERVERS in fixtures or may_ask:
        yield from choices
