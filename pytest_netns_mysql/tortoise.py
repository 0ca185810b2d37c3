"""Tortoise ORM's connections, each of whose pools is in a namespace."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import SettingError, in_short

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.namespace import Namespace

__all__ = ["bound"]

_WHERE = "pytest_netns_mysql.tortoise"


@contextlib.contextmanager
def bound(client: Any, namespace: Namespace) -> Iterator[Any]:
    """Have the pool of a connection opened from a namespace until the block ends, whichever task has it grow.

    Args:
        client: A MySQL connection of Tortoise ORM that has not connected yet, such as ``connections.get("red")``.
        namespace: The namespace, such as ``netns["red"]``.

    Yields:
        The client.

    Raises:
        SettingError: ``client`` is not a MySQL connection of Tortoise ORM, or has a pool already, or
            ``namespace`` is not a namespace.
    """
    from tortoise.backends.mysql.client import MySQLClient

    from pytest_netns_mysql.mysql.orms.boundnamespaces import check_namespace

    if not isinstance(client, MySQLClient):
        raise SettingError(
            f"bound() takes a MySQL connection of Tortoise ORM, got {in_short(client)}",
            where=_WHERE,
            remedies=['pass connections.get("default")'],
        )
    check_namespace(namespace, where=_WHERE)
    if client._pool is not None:
        raise SettingError(
            f"the connection {client.connection_name!r} of Tortoise ORM has a pool already, which is from anywhere",
            where=_WHERE,
            remedies=["call bound() before the first query", "or close it before: await client.close()"],
        )
    before = vars(client).get("create_connection")  # of two blocks the inner one counts
    create = namespace(functools.partial(type(client).create_connection, client))

    async def create_connection(with_db: bool) -> None:
        await create(with_db)
        pool = client._pool
        pool._acquire = namespace(pool._acquire)  # opens a connection where none is free

    client.create_connection = create_connection
    try:
        yield client
    finally:
        del client.create_connection
        if before is not None:
            client.create_connection = before
