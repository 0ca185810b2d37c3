"""Find or fetch all servers and programs that the collected tests may ask for, while the host's network is in reach.

The fixtures that a test asks for by arguments are known at collection. A test or a fixture of the project that may call
``request.getfixturevalue`` may ask for any fixture of a factory that it can see.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_netns_mysql.collection.netnstests import has_factories, is_netns_test
from pytest_netns_mysql.factories.byname import may_ask_by_name
from pytest_netns_mysql.mysql.servernames import IMAGE
from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.stash import TOPOLOGY_IN_FORCE

if TYPE_CHECKING:
    from pytest_netns_mysql.factories.declared import Declaration
    from pytest_netns_mysql.run.serverkinds import ServerKinds
    from pytest_netns_mysql.run.session import NetnsSession

_ROUTER = "router"
_SERVERS = "_netns_servers"  # each of our fixtures that uses a server asks for this fixture


def look_ahead(session: NetnsSession, run: pytest.Session) -> None:
    """Find all servers and programs that the tests of a run may ask for, and fetch those that are missing.

    A server that cannot be found or fetched is no error yet: the test that asks for the server fails. If nothing is
    missing on this machine, no test is examined.

    Args:
        session: The kinds of server of the run.
        run: The collected tests.
    """
    session.has_looked_ahead = True
    kinds = session.kinds
    declarations = _all_declarations(run) if has_factories() else []
    if session.hooks.changes_servers or any(topology.mysqld.image is not None for topology in session.topologies.read):
        kinds.look_for(choice for choice in _of_hooks(session, run, declarations) if _is_missing(choice, kinds))
    named = {declaration.mysqld for _, declaration in declarations if declaration.mysqld is not None}
    missing = [choice for choice in dict.fromkeys([*kinds.names, *sorted(named)]) if _is_missing(choice, kinds)]
    has_router = any(declaration.factory == _ROUTER for _, declaration in declarations)
    may_need_router = has_router and kinds.router.is_missing
    if not missing and not may_need_router:
        return
    names = {name for name, _ in declarations}
    needed = {need for item in run.items for need in _needs(item, names, kinds.names)}
    if not any(is_netns_test(item) for item in run.items):
        needed.update(kinds.names)  # a test asked for one of our fixtures by name, so every server may be needed
    kinds.look_for(choice for choice in missing if choice in needed)
    if may_need_router and _ROUTER in needed:
        kinds.router.look()


def _is_missing(choice: str, kinds: ServerKinds) -> bool:
    # A question to a container engine takes time, so an image counts as missing until a test needs the image.
    return choice.startswith(IMAGE) or kinds.if_known(choice) is None


def _of_hooks(session: NetnsSession, run: pytest.Session, declarations: Sequence[tuple[str, Declaration]]) -> set[str]:
    """Return the servers that topologies of the tests, or hooks of the project, name."""
    topologies = {id(found): found for item in run.items if (found := item.stash.get(TOPOLOGY_IN_FORCE, None))}
    named: set[str] = set()
    for topology in topologies.values():
        named.update(session.server_over(topology, choice) for choice in session.kinds.names)
        for name, written in declarations:
            declaration = written.changed(name, topology, session.hooks.server_spec)
            if declaration.mysqld is not None:
                named.add(declaration.mysqld)
    return named


def _all_declarations(run: pytest.Session) -> list[tuple[str, Declaration]]:
    """Return the name and the declaration of each factory's fixture in test modules, conftests and plugins."""
    from pytest_netns_mysql.factories.declared import declaration_of

    modules = {id(node): node.obj for item in run.items for node in item.listchain() if isinstance(node, pytest.Module)}
    return [
        (declaration.fixture or name, declaration)
        for place in [*modules.values(), *run.config.pluginmanager.get_plugins()]
        for name, value in getattr(place, "__dict__", {}).items()
        if (declaration := declaration_of(value)) is not None
    ]


def _needs(item: pytest.Item, names: Collection[str], choices: Sequence[str]) -> Iterator[str]:
    """Yield the servers that a test may ask for, as the settings name servers, and ``router`` for MySQL Router.

    Args:
        item: The test.
        names: The names of all fixtures of factories.
        choices: The servers of the settings.
    """
    if not pytest_internals.has_fixtures(item):
        return
    from pytest_netns_mysql.factories.declared import declaration_of, declarations_of

    fixtures = pytest_internals.fixture_names(item)
    may_ask = may_ask_by_name(item)
    asked: list[Declaration] = []
    if may_ask:
        definitions = [definition for name in names for definition in pytest_internals.definitions_of(name, item)]
        declarations = map(declaration_of, map(pytest_internals.function_of, definitions))
        asked = [declaration for declaration in declarations if declaration is not None]
    elif not set(names).isdisjoint(fixtures):
        asked = [declaration for _, declaration in declarations_of(item)]
    for declaration in asked:
        if declaration.factory == _ROUTER:
            yield _ROUTER
        if declaration.mysqld is not None:
            yield declaration.mysqld
    if _SERVERS in fixtures or may_ask:
        yield from choices
