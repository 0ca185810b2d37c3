"""Dropping the accounts and schemas of a test on a server that is not put back, even one that is read-only."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import mysql.connector

from pytest_netns_mysql.errors import LeftoverError, NetnsError
from pytest_netns_mysql.mysql.mysqld.lockholders import LOCK_TIMEOUTS, lock_holders

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.mysql.mysqld.spare import SpareAccount


def try_to_drop(accounts: Accounts) -> mysql.connector.Error | None:
    """Drop accounts and schemas; return the error if the server refuses."""
    return _error_of(accounts, accounts.drop)


def try_to_keep(accounts: Accounts, spare: SpareAccount) -> mysql.connector.Error | None:
    """Keep an account for the next test, with a new schema; return the error if the server refuses."""
    return _error_of(accounts, lambda: accounts.keep(spare))


def _error_of(accounts: Accounts, action: Callable[[], None]) -> mysql.connector.Error | None:
    try:
        action()
    except mysql.connector.Error as error:
        accounts.restore_lock_timeout()
        return error
    return None


def server_of(accounts: Accounts) -> Instance | None:
    """Return the server that has the accounts, or None if it is gone, as the primary of a group may be."""
    try:
        return accounts.server
    except (mysql.connector.Error, NetnsError):
        return None


def drop_accounts(accounts: Iterable[Accounts]) -> None:
    """Drop the accounts and schemas of a test on servers that are not put back.

    Args:
        accounts: The accounts, by server. The plugin tries to drop all of them before it raises an error.

    Raises:
        LeftoverError: A server refused. If another connection holds a lock, the error names the connection.
    """
    errors: list[Exception] = []
    for on_server in accounts:
        try:
            _drop(on_server)
        except (mysql.connector.Error, NetnsError) as error:
            errors.append(error)
    if errors:
        raise errors[0]


def _drop(accounts: Accounts) -> None:
    server = server_of(accounts)
    if server is None or not server.is_running:
        return
    accounts.end_connections()
    with _writable(server):
        error = try_to_drop(accounts)
    if error is not None:
        raise _leftover_error(accounts, error) from error


def _leftover_error(accounts: Accounts, error: mysql.connector.Error) -> LeftoverError:
    holders = lock_holders(accounts.server, accounts.schemas) if error.errno in LOCK_TIMEOUTS else []
    return LeftoverError(
        "the accounts and schemas of the test could not be dropped",
        where=f"server {accounts.server.name}",
        tried=[*map(str, holders), str(error)],
        remedies=["end the lock in the test itself: commit, UNLOCK TABLES, or close the connection"],
    )


@contextlib.contextmanager
def _writable(server: Instance) -> Iterator[None]:
    """Make a read-only server writable until the block ends."""
    administrator = server._administrator
    switches = server._dialect.read_only
    values = administrator.ask(*(f"SELECT @@GLOBAL.{name}" for name in switches))
    switched_on = [name for name, rows in zip(switches, values, strict=True) if rows[0][0] != b"0"]
    for name in switched_on:
        administrator.run(f"SET GLOBAL {name} = OFF")
    try:
        yield
    finally:
        for name in reversed(switched_on):
            administrator.run(f"SET GLOBAL {name} = ON")
