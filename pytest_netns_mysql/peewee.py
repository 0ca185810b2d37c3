"""peewee's databases, whose connections are opened from a namespace."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import SettingError, in_short

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.namespace import Namespace

__all__ = ["bound"]

_WHERE = "pytest_netns_mysql.peewee"
_UNBOUND = "netns_unbound"
"""The attribute of a class made here with the class that it was made of."""


@contextlib.contextmanager
def bound(database: Any, namespace: Namespace) -> Iterator[Any]:
    """Have all connections of a database opened from a namespace until the block ends, in each thread, later ones too.

    Connections of the calling thread and of a pool that were opened before are closed, and so are those of the block.
    The pool of an AsyncMySQLDatabase is closed by ``close_pool()`` in its event loop, before the block and in it.

    Args:
        database: A MySQLDatabase of peewee, or one of the classes derived from it: with a pool or without, for asyncio
            or not.
        namespace: The namespace, such as ``netns["red"]``.

    Yields:
        The database.

    Raises:
        SettingError: ``database`` is not a MySQL database of peewee, or has an asynchronous pool already, or
            ``namespace`` is not a namespace.
    """
    import peewee

    from pytest_netns_mysql.mysql.orms.boundnamespaces import check_namespace

    if not isinstance(database, peewee.MySQLDatabase):
        raise SettingError(
            f"bound() takes a MySQLDatabase of peewee, got {in_short(database)}",
            where=_WHERE,
            remedies=["of a DatabaseProxy, pass its database: proxy.obj"] if isinstance(database, peewee.Proxy) else [],
        )
    check_namespace(namespace, where=_WHERE)
    before = type(database)
    if _is_async(before) and database._pool is not None:
        raise SettingError(
            f"the database {database.database!r} of peewee has a pool already, which is from anywhere",
            where=_WHERE,
            remedies=["call bound() before the first query", "or close it before: await database.close_pool()"],
        )
    _close_all(database)
    unbound = vars(before).get(_UNBOUND, before)  # of two blocks the inner one counts
    database.__class__ = (_with_pool if _is_async(before) else _with_connections)(unbound, namespace)
    setattr(type(database), _UNBOUND, unbound)
    try:
        yield database
    finally:
        try:
            _close_all(database)
        finally:
            database.__class__ = before


def _with_pool(base: Any, namespace: Namespace) -> Any:
    """Return a subclass for asyncio whose pool opens its connections in a namespace, whichever task has it grow."""

    class InNamespace(base):  # type: ignore[misc,unused-ignore]
        async def _create_pool_async(self) -> Any:
            async with namespace:
                pool = await super()._create_pool_async()
            pool._acquire = namespace(pool._acquire)  # opens a connection where none is free
            return pool

    return InNamespace


def _with_connections(base: Any, namespace: Namespace) -> Any:
    """Return a subclass whose connections are opened in a namespace, and open their later sockets there, too."""
    from playhouse.pool import PooledDatabase

    from pytest_netns_mysql.mysql.drivers.reconnecting import keep_in_namespace

    # A pool calls the method of the class behind it for a new connection.
    connecting: Any = next(each for each in base.__mro__ if "_connect" in vars(each) and each is not PooledDatabase)

    class InNamespace(connecting):  # type: ignore[misc,unused-ignore]
        def _connect(self) -> Any:
            with namespace:
                connection = super()._connect()
            return keep_in_namespace(connection, namespace, super()._connect)

    bases = (InNamespace,) if issubclass(InNamespace, base) else (base, InNamespace)
    return type(base.__name__, bases, {"__module__": base.__module__, "__doc__": base.__doc__})


def _is_async(cls: type) -> bool:
    return hasattr(cls, "_create_pool_async")


def _close_all(database: Any) -> None:
    if not _is_async(type(database)):
        close = getattr(database, "close_all", database.close)  # of a pool, or of a database without one
        close()
