"""Accounts and schemas of a test dropped on a server that is not put back: one that a test has made read-only, too."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import mysql.connector

from pytest_netns_mysql.errors import LeftoverError, NetnsError
from pytest_netns_mysql.mysql.mysqld.lockwaits import TIMED_OUT, holders

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.mysql.mysqld.instance import Instance


def refusal(accounts: Accounts) -> mysql.connector.Error | None:
    """Drop accounts; return the error with which the server refuses it."""
    try:
        accounts.drop()
    except mysql.connector.Error as error:
        accounts.tidy()
        return error
    return None


def server_of(accounts: Accounts) -> Instance | None:
    """Return the server that the accounts are on, or None where it is gone, as the primary of a group may be."""
    try:
        return accounts.server
    except (mysql.connector.Error, NetnsError):
        return None


def drop_alone(several: Iterable[Accounts]) -> None:
    """Drop the accounts of a test on servers that are not put back.

    Raises LeftoverError for the first that are refused, once it has been tried for all; where another connection holds
    a lock, the error names the connection.
    """
    errors: list[Exception] = []
    for accounts in several:
        try:
            _drop(accounts)
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
        error = refusal(accounts)
    if error is not None:
        raise _leftover_error(accounts, error) from error


def _leftover_error(accounts: Accounts, error: mysql.connector.Error) -> LeftoverError:
    in_the_way = holders(accounts.server, accounts.schemas) if error.errno in TIMED_OUT else []
    return LeftoverError(
        "the accounts and schemas of the test could not be dropped",
        where=f"server {accounts.server.name}",
        tried=[*map(str, in_the_way), str(error)],
        remedies=["end what hinders it in the test itself: commit, UNLOCK TABLES, close the connection"],
    )


@contextlib.contextmanager
def _writable(server: Instance) -> Iterator[None]:
    """Let a server be written to in the block, where a test has made it read-only and it is to stay so."""
    administrator = server.administrator
    switches = server.dialect.read_only
    values = administrator.ask(*(f"SELECT @@GLOBAL.{name}" for name in switches))
    names = [name for name, rows in zip(switches, values, strict=True) if rows[0][0] != b"0"]
    for name in names:
        administrator.run(f"SET GLOBAL {name} = OFF")
    try:
        yield
    finally:
        for name in reversed(names):
            administrator.run(f"SET GLOBAL {name} = ON")
