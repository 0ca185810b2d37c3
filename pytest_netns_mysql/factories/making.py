"""What all factories share: their arguments checked, and a fixture that carries its declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import pytest

from pytest_netns_mysql import arguments, paths
from pytest_netns_mysql.arguments import Kind
from pytest_netns_mysql.errors import SettingError
from pytest_netns_mysql.factories.byname import DECLARATION
from pytest_netns_mysql.factories.declared import Declaration, is_declared
from pytest_netns_mysql.mysql.dialects.options import check_values
from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.ownfixtures import own_fixture

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.load.loads import Entries, Entry
    from pytest_netns_mysql.mysql.replication.group import Group
    from pytest_netns_mysql.mysql.server import MySQLServer

Scope = Literal["session", "package", "module", "class", "function"]


_FIXTURE = Kind(
    "a server's fixture, by name or as a factory returned it",
    '"netns_mysqld"',
    lambda value: arguments.is_text(value) or is_declared(value),
)
_DRIVER = Kind(
    "a driver's name, or a function that connects",
    '"pymysql"',
    lambda value: arguments.is_text(value) or callable(value),
)
_ARGUMENTS: Mapping[str, Kind] = {
    **arguments.OF_A_START,
    "load": arguments.LOAD,
    "mysqld": arguments.SERVER.or_none(),
    "scope": arguments.SCOPE,
    "name": arguments.NAME.or_none(),
    "network_namespace": arguments.LINE.or_none(),
    "namespace": arguments.TEXT,
    "endpoint": arguments.TEXT.or_none(),
    "channel": arguments.LINE,
    "replication_options": arguments.OPTIONS.or_none(),
    "timeout": arguments.TIMEOUT,
    "namespaces": arguments.NAMES,
    "single_primary": arguments.SWITCH,
    "driver": _DRIVER.or_none(),
    "source": _FIXTURE,
}
_OF_A_FACTORY: Mapping[str, Mapping[str, Kind]] = {
    "replica": {"bind_address": arguments.ADDRESSES},
    "client": {"mysqld": _FIXTURE, "namespace": arguments.TEXT.or_none()},
    "proxy": {"mysqld": _FIXTURE},
    "router": {"mysqld": _FIXTURE},
}


def check_arguments(factory: str, values: Mapping[str, Any]) -> None:
    """Check the kinds of a factory's arguments.

    Args:
        factory: The name of the factory.
        values: The arguments by name.

    Raises:
        SettingError: An argument is of the wrong kind.
        EndpointError: An address is of the wrong kind.
        LoadError: ``load`` is of the wrong kind.
    """
    __tracebackhide__ = True
    function = f"factories.{factory}"
    arguments.check(function, {**_ARGUMENTS, **_OF_A_FACTORY.get(factory, {})}, values)
    for name in ("options", "replication_options"):
        if values.get(name):
            check_values(values[name], where=f"{function}({name}=...), {arguments.caller()}")


def fixture_name(request: pytest.FixtureRequest) -> str:
    """Return the name of the fixture that is being set up; raise SettingError if it was assigned in a class."""
    if not isinstance(request, pytest.FixtureRequest):
        raise SettingError(
            f"a factory's fixture cannot be assigned in a class, here {type(request).__name__}",
            remedies=['assign it in the module or in a conftest.py, even with scope="class"'],
        )
    return str(request.fixturename)


def needed(request: pytest.FixtureRequest, name: str) -> Any:
    """Return another fixture's value, and tear this fixture down before the other, as if the other were an argument."""
    value = request.getfixturevalue(name)
    own, other = pytest_internals.definition_in(request), pytest_internals.active_definition(request, name)
    pytest_internals.add_finalizer(other, lambda: pytest_internals.tear_down(own, request))
    return value


def make_fixture(
    function: Callable[..., Any], declaration: Declaration, scope: Scope, name: str | None
) -> Callable[..., Any]:
    """Return a fixture that carries its declaration: for the checks at collection, and for other factories.

    Args:
        function: The fixture function.
        declaration: What the fixture will make.
        scope: The scope of the fixture.
        name: The name of the fixture; None for the name that it is assigned to.
    """
    setattr(function, DECLARATION, declaration)
    made = pytest.fixture(scope=scope, name=name)(own_fixture(function))
    setattr(made, DECLARATION, declaration)
    return made


def entries_from_caller(load: Entries) -> tuple[Entry, ...]:
    """Return what is to be loaded; relative paths start at the folder of the file that calls the factory."""
    if load == ():
        return ()
    from pytest_netns_mysql.mysql.load.loads import with_absolute_paths

    file = arguments.calling_file()
    return with_absolute_paths(load, paths.here() if file is None else file.parent)


def one_server(found: MySQLServer | Group, endpoint: str | None = None) -> MySQLServer:
    """Return the server, or of a group the member in the namespace ``endpoint``, by default the primary."""
    from pytest_netns_mysql.mysql.replication.group import Group

    if not isinstance(found, Group):
        return found
    return found.primary if endpoint is None else found[endpoint]
