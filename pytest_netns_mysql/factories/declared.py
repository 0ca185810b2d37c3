"""What a factory's fixture will start, and what of that can be checked at collection."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.errors import ReplicationError, in_short
from pytest_netns_mysql.factories.byname import DECLARATION
from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec
from pytest_netns_mysql.run import pytest_internals

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.load.loads import Entry
    from pytest_netns_mysql.mysql.mysqld.kind import Kind
    from pytest_netns_mysql.mysql.proxies.proxy import Argv
    from pytest_netns_mysql.topology.topology import Topology

    Change = Callable[[str, ServerSpec, Topology], ServerSpec]


@dataclass(frozen=True)
class Declaration:
    """What a factory's fixture will make.

    Attributes:
        factory: The name of the factory, such as ``mysqld``.
        fixture: The name of the fixture that the factory was given; None for the name that it is assigned to.
        namespaces: Namespaces that must be in the topology.
        needs: Fixtures of other servers, by name or as a factory returned them.
    """

    factory: str
    fixture: str | None = None
    namespaces: tuple[str, ...] = ()
    needs: tuple[Any, ...] = ()

    @property
    def mysqld(self) -> str | None:
        """The server's program or image, as the setting netns_mysqld names it; None for the run's."""
        return None

    def changed(self, fixture: str, topology: Topology, change: Change) -> Declaration:  # noqa: ARG002 - as of servers
        """Return what the hooks of the project make of the declaration.

        Args:
            fixture: The name of the fixture.
            topology: The topology that a test runs over.
            change: Returns what the hooks make of a server's configuration.
        """
        return self

    def check(self, topology: Topology, kinds: Sequence[Kind], where: str) -> None:  # noqa: ARG002 - as of servers
        """Check everything that can be known before anything starts.

        Args:
            topology: The topology that a test runs over.
            kinds: The kinds of server that the fixture is for.
            where: The fixture and the test, for error messages.

        Raises:
            NetnsError: Something is wrong; the class of the error says what.
        """
        self.check_namespaces(topology, where)

    def check_namespaces(self, topology: Topology, where: str) -> None:
        """Raise UnknownNamespaceError for one of ``namespaces`` that is not in the topology."""
        from pytest_netns_mysql.endpoint import GLOBAL
        from pytest_netns_mysql.topology.lookup import unknown_namespace

        for name in self.namespaces:
            if name not in topology.namespaces and name != GLOBAL:
                raise unknown_namespace(name, topology, where=where)


@dataclass(frozen=True)
class ServerDeclaration(Declaration):
    """A fixture that starts a server, or the members of a group.

    Attributes:
        server: The configuration of the server, or what the members have in common.
    """

    server: ServerSpec = field(default_factory=ServerSpec)

    @property
    def mysqld(self) -> str | None:
        """The server's program or image, as the setting netns_mysqld names it; None for the run's."""
        return self.server.mysqld

    def changed(self, fixture: str, topology: Topology, change: Change) -> Declaration:
        """Return the declaration of the changed server; see Declaration."""
        return replace(self, server=change(fixture, replace(self.server, name=fixture), topology))

    def check(self, topology: Topology, kinds: Sequence[Kind], where: str) -> None:
        """Check the namespaces and the server; see Declaration."""
        super().check(topology, kinds, where)
        self.server._check(topology, kinds, where=where)


@dataclass(frozen=True)
class GroupDeclaration(ServerDeclaration):
    """A fixture that starts a replication group with a member in each of ``namespaces``."""

    def check(self, topology: Topology, kinds: Sequence[Kind], where: str) -> None:
        """Check the members, too; see Declaration."""
        from pytest_netns_mysql.mysql.replication import groupoptions

        self.check_namespaces(topology, where)
        groupoptions.check(self.namespaces, self.server.options, where)
        self.server._check(topology, kinds, where=where)


@dataclass(frozen=True)
class ProxyDeclaration(Declaration):
    """A fixture that starts a proxy.

    Attributes:
        argv: The command line of the proxy; None for MySQL Router's.
        port: The port that the proxy listens on.
    """

    argv: Argv | None = None
    port: int = 0

    def check(self, topology: Topology, kinds: Sequence[Kind], where: str) -> None:
        """Check the command line and the port, too; see Declaration."""
        from pytest_netns_mysql.mysql.proxies import commandline

        super().check(topology, kinds, where)
        commandline.check(len if self.argv is None else self.argv, self.port, where)


@dataclass(frozen=True)
class ClientDeclaration(Declaration):
    """A fixture that opens a connection.

    Attributes:
        load: SQL files and functions to load into the connection's schema.
    """

    load: tuple[Entry, ...] = ()

    def check(self, topology: Topology, kinds: Sequence[Kind], where: str) -> None:
        """Check that everything to load exists, too; see Declaration."""
        from pytest_netns_mysql.mysql.load.loads import find_loads

        super().check(topology, kinds, where)
        find_loads(self.load, where=where)


def declarations_of(item: pytest.Item) -> Iterator[tuple[str, Declaration]]:
    """Yield the declared fixtures that a test asks for, and those that these need, each with its name."""
    waiting = [(name, definitions[-1]) for name, definitions in pytest_internals.definitions_for(item).items()]
    seen = set()
    while waiting:
        name, definition = waiting.pop()
        declaration = declaration_of(pytest_internals.function_of(definition))
        if declaration is None or name in seen:
            continue
        seen.add(name)
        yield name, declaration
        for need in declaration.needs:
            needed = name_of(need, item)
            waiting += [(needed, found) for found in pytest_internals.definitions_of(needed, item)[-1:]]


def declaration_of(fixture: Any) -> Declaration | None:
    """Return what a factory's fixture will make, or None for any other fixture."""
    # Not getattr: pytest.mark, which every test module has, makes any attribute that it is asked for.
    declaration = getattr(fixture, "__dict__", {}).get(DECLARATION)
    return declaration if isinstance(declaration, Declaration) else None


def is_declared(fixture: object) -> bool:
    """Return True for a fixture that a factory returned."""
    return declaration_of(fixture) is not None


def name_of(fixture: Any, item: pytest.Item) -> str:
    """Return the name of a server's fixture.

    Args:
        fixture: The name itself, or what a factory returned.
        item: The test that the fixture is for.

    Raises:
        ReplicationError: The value is neither.
    """
    if isinstance(fixture, str):
        return fixture
    declaration = declaration_of(fixture)
    # A fixture is called after the name that it is assigned to: in a test's class or module, or in a conftest.
    parents = [node.obj for node in item.listchain() if isinstance(node, pytest.Class | pytest.Module)]
    for place in [*reversed(parents), *item.config.pluginmanager.get_plugins()]:
        for name, value in getattr(place, "__dict__", {}).items():
            if declaration is not None and declaration_of(value) is declaration:
                return declaration.fixture or str(name)
    raise ReplicationError(
        f"{in_short(fixture)} is not a server's fixture",
        where=item.nodeid,
        remedies=['name the fixture: factories.replica("netns_mysqld", ...)', "pass what a factory returned"],
    )
