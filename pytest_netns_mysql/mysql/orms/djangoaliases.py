"""The database aliases of a Django project, whose connections are opened from namespaces.

Django keeps a connection for each alias and thread, and opens it again after ``close()``, after CONN_MAX_AGE, and in
each new thread. All of them go through two methods of the backend's class, which are replaced here.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import OriginError, SettingError
from pytest_netns_mysql.kernel.namespaces.asyncblock import deciding_block
from pytest_netns_mysql.kernel.namespaces.position import network_identity

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.server import MySQLServer

_KEY = "NETNS"
"""The key of an alias's settings with its Alias. Django copies the settings for connections without a database."""

_ORIGIN = "netns_origin"
"""The attribute of a DatabaseWrapper with the namespace of its connection: the name, and device and inode."""

_USER = "django"
_CONNECT_TIMEOUT = 10  # seconds; mysqlclient would wait without a limit
_PLACE_OPTIONS = ("host", "port", "unix_socket")


class Alias:
    """An alias of DATABASES that leads to a server of this run.

    Attributes:
        name: The alias.
        namespace: The namespace that its connections are opened from; None for that of the code that opens them.
    """

    def __init__(
        self,
        name: str,
        namespace: str | None,
        server: MySQLServer,
        *,
        endpoint: Endpoint | None,
        outside: Callable[[], str | None],
    ) -> None:
        """Describe an alias.

        Args:
            name: The alias.
            namespace: The namespace, or None.
            server: The server.
            endpoint: The endpoint that the settings name, or None for the nearest one.
            outside: Returns the namespace for code that stands outside of all namespaces; None means ``global``.
        """
        self.name = name
        self.namespace = namespace
        self._server = server
        self._endpoint = endpoint
        self._outside = outside

    def connect(self, wrapper: Any, connect: Callable[..., Any], options: Mapping[str, Any]) -> Any:
        """Open a connection for Django from the alias's namespace; it reconnects from there, too.

        Args:
            wrapper: Django's DatabaseWrapper.
            connect: The backend's own function; it takes the options.
            options: The options of the driver.
        """
        name = self.namespace or self._here() or self._place_outside()
        place = self._endpoint or self._server.endpoint_for(name)
        given = {option: value for option, value in options.items() if option not in _PLACE_OPTIONS}
        given.setdefault("connect_timeout", _CONNECT_TIMEOUT)
        with self._server.network[name]:
            setattr(wrapper, _ORIGIN, (name, network_identity()))
        return self._server.connect(name, endpoint=place, driver=connect, **given)

    def follow(self, wrapper: Any) -> None:
        """Close a connection that is from another namespace than the one in which the calling code stands.

        Outside of all namespaces a transaction goes on: the teardown of a class ends what its setup began.

        Raises:
            OriginError: The connection has an open transaction.
        """
        if self.namespace is not None or wrapper.connection is None:
            return
        name, identity = getattr(wrapper, _ORIGIN)
        if identity == network_identity() and deciding_block() is None:
            return
        here = self._here()
        if (here or self._place_outside()) == name or (here is None and wrapper.in_atomic_block):
            return
        if wrapper.in_atomic_block:
            raise OriginError(
                f"Django's connection {self.name} is from {name} and has an open transaction, and the code that uses "
                f"it stands in {here}: the transaction cannot go on from there",
                remedies=[
                    f"use a connection of its own for {here}: an alias {here} in DATABASES, django_db(databases=[...])",
                    f"or bind the alias to one namespace: databases({{{self.name!r}: {name!r}}})",
                    "of a TestCase: mark the class, not its methods; the class opens the transaction",
                    "or do without the transaction around the test: django_db(transaction=True), TransactionTestCase",
                ],
            )
        wrapper.close()

    def _place_outside(self) -> str:
        return self._outside() or GLOBAL

    def _here(self) -> str | None:
        block = deciding_block()  # an ``async with`` block, which moves no thread
        if block is not None:
            return block.place.name
        here = self._server.network.here
        return None if here is None else here.name


@contextlib.contextmanager
def bound(
    server: MySQLServer, namespaces: Mapping[str, str] | None = None, *, outside: Callable[[], str | None] | None = None
) -> Iterator[None]:
    """Have the MySQL aliases of DATABASES lead to a server, each from its namespace, until the block ends.

    Args:
        server: The server.
        namespaces: The namespaces by alias. By default an alias with the name of a namespace is bound to that
            namespace. The others follow the code: their connections are from where the code stands that opens them.
        outside: Returns the namespace for code that stands outside of all namespaces; by default it is ``global``.

    Raises:
        SettingError: DATABASES has no such alias, or the alias is not one of MySQL.
        UnknownNamespaceError: The topology has no such namespace.
    """
    from django.db import connections

    wrappers = {alias: connections[alias] for alias in connections if connections[alias].vendor == "mysql"}
    _check_settings(wrappers)
    chosen = dict(namespaces or {})
    for alias, name in chosen.items():
        if alias not in wrappers:
            raise SettingError(
                f"DATABASES has no MySQL database {alias!r}",
                where="pytest_netns_mysql.django",
                tried=[f"it has {', '.join(wrappers) or 'none'}"],
            )
        _ = server.network[name]
    with contextlib.ExitStack() as stack:
        for cls in {_connecting_class(type(wrapper)) for wrapper in wrappers.values()}:
            stack.enter_context(_replaced_methods(cls))
        for alias, wrapper in wrappers.items():
            namespace = chosen.get(alias, alias if alias in server.network else None)
            settings = wrapper.settings_dict
            made = Alias(
                alias, namespace, server, endpoint=_named_endpoint(server, settings), outside=outside or (lambda: None)
            )
            stack.callback(_forget, connections, alias)
            stack.enter_context(_leading_to(wrapper, settings, made))
            _make_account(server, settings)
            server._lasting_users.add(settings["USER"])
        yield


def _check_settings(wrappers: Mapping[str, Any]) -> None:
    """Raise SettingError if two aliases share one dictionary: what is set for the one would be set for the other."""
    aliases: dict[int, str] = {}
    for alias, wrapper in wrappers.items():
        other = aliases.setdefault(id(wrapper.settings_dict), alias)
        if other != alias:
            raise SettingError(
                f"DATABASES has the same dictionary for {other!r} and {alias!r}",
                where="pytest_netns_mysql.django",
                remedies=["give each alias a dictionary of its own: {**MYSQL}"],
            )


def _connecting_class(cls: type) -> type:
    """Return the class of a backend that connects, of those that it derives from: mixins call that class's method."""
    return [each for each in cls.__mro__ if "get_new_connection" in vars(each)][-2]  # the last is abstract


@contextlib.contextmanager
def _replaced_methods(cls: Any) -> Iterator[None]:
    """Replace the methods of a backend's class by which each connection is opened and looked for."""
    opening = cls.get_new_connection

    @functools.wraps(opening)
    def get_new_connection(self: Any, conn_params: dict[str, Any]) -> Any:
        alias = self.settings_dict.get(_KEY)
        if alias is None:
            return opening(self, conn_params)

        def connect(**options: Any) -> Any:
            return opening(self, options)

        connect.__module__, connect.__qualname__ = self.Database.__name__, "connect"
        return alias.connect(self, connect, conn_params)

    def ensure_connection(self: Any) -> None:
        alias = self.settings_dict.get(_KEY)
        if alias is not None:
            alias.follow(self)
        ensuring(self)

    own = vars(cls).get("ensure_connection")

    def ensuring(self: Any) -> None:
        # pytest-django replaces the method of the base class in tests without a database.
        own(self) if own is not None else super(cls, self).ensure_connection()

    cls.get_new_connection, cls.ensure_connection = get_new_connection, ensure_connection
    try:
        yield
    finally:
        cls.get_new_connection = opening
        if own is None:
            del cls.ensure_connection
        else:
            cls.ensure_connection = own


@contextlib.contextmanager
def _leading_to(wrapper: Any, settings: dict[str, Any], alias: Alias) -> Iterator[None]:
    """Change the settings of an alias, which all threads share, until the block ends.

    Aliases with the same HOST and PORT, on the same server, share one test database.
    """
    changes = {_KEY: alias, "HOST": "", "PORT": "", "USER": settings["USER"] or _USER}
    before = {name: settings[name] for name in changes if name in settings}
    wrapper.close()  # a connection from before is from anywhere
    settings.update(changes)
    try:
        yield
    finally:
        wrapper.close()
        del settings[_KEY]
        settings.update(before)


def _forget(connections: Any, alias: str) -> None:
    """Have the calling thread make a new DatabaseWrapper: the old one remembers the version of the server."""
    with contextlib.suppress(AttributeError):  # somebody else has deleted it
        del connections[alias]


def _named_endpoint(server: MySQLServer, settings: Mapping[str, Any]) -> Endpoint | None:
    """Return the endpoint that HOST and PORT name, or None: they name another server, or the loopback interface."""
    for endpoint in server.endpoints:
        if endpoint.address == settings["HOST"] and not endpoint.address.startswith("127."):
            return endpoint if str(settings["PORT"] or endpoint.port) == str(endpoint.port) else None
    return None


def _make_account(server: MySQLServer, settings: Mapping[str, Any]) -> None:
    """Create the account that an alias names, for all hosts and with all privileges, unless the server has its user."""
    user = settings["USER"]
    if not server.execute("SELECT 1 FROM mysql.user WHERE user = %s LIMIT 1", user):
        server.execute("CREATE USER %s@%s IDENTIFIED BY %s", user, "%", settings["PASSWORD"])
        server.execute("GRANT ALL ON *.* TO %s@%s", user, "%")
