"""What all factories share: their arguments checked, and a fixture that carries its declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import pytest

from pytest_netns_mysql import arguments, paths
from pytest_netns_mysql.arguments import Kind
from pytest_netns_mysql.errors import SettingError
from pytest_netns_mysql.factories.byname import PLAN
from pytest_netns_mysql.factories.declared import Declaration, is_declared
from pytest_netns_mysql.mysql.dialects.options import check_kinds

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.load.load import Entries, Entry
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
    """Raise SettingError, EndpointError or LoadError for an argument of a factory that is of the wrong kind."""
    __tracebackhide__ = True
    function = f"factories.{factory}"
    arguments.check(function, {**_ARGUMENTS, **_OF_A_FACTORY.get(factory, {})}, values)
    for name in ("options", "replication_options"):
        if values.get(name):
            check_kinds(values[name], where=f"{function}({name}=...), {arguments.caller()}")


def fixture_name(request: pytest.FixtureRequest) -> str:
    """Return the name of the fixture that is set up; raise SettingError in a class, whose instance comes first."""
    if not isinstance(request, pytest.FixtureRequest):
        raise SettingError(
            f"a factory's fixture stands in the body of the class {type(request).__name__}",
            remedies=["assign it in the module, or in a conftest.py; a class-scoped one too"],
        )
    return str(request.fixturename)


def needed(request: pytest.FixtureRequest, name: str) -> Any:
    """Return another fixture's value; where that is torn down, this one is before it, as if it named it an argument."""
    value = request.getfixturevalue(name)
    own = request._fixturedef  # type: ignore[attr-defined]
    request._get_active_fixturedef(name).addfinalizer(lambda: own.finish(request))
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
    setattr(function, PLAN, declaration)
    made = pytest.fixture(scope=scope, name=name)(function)
    setattr(made, PLAN, declaration)
    return made


def entries_from_caller(load: Entries) -> tuple[Entry, ...]:
    """Return what is to be loaded; relative paths start at the folder of the file that calls the factory."""
    if load == ():
        return ()
    from pytest_netns_mysql.mysql.load.load import based

    file = arguments.calling_file()
    return based(load, paths.here() if file is None else file.parent)


def one_server(found: MySQLServer | Group, endpoint: str | None = None) -> MySQLServer:
    """Return a server itself; of a group the member at ``endpoint``, or the primary."""
    from pytest_netns_mysql.mysql.replication.group import Group

    if not isinstance(found, Group):
        return found
    return found.primary if endpoint is None else found[endpoint]
