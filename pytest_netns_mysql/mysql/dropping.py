"""Accounts and schemas of a test dropped on a server that is not put back: one that a test has made read-only, too."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import mysql.connector

from pytest_netns_mysql.errors import LeftoverError, NetnsError
from pytest_netns_mysql.mysql.lockwaits import TIMED_OUT, holders

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.accounts import Accounts
    from pytest_netns_mysql.mysql.server import MySQLServer


def refusal(accounts: Accounts) -> mysql.connector.Error | None:
    """Drop accounts; return the error with which the server refuses it."""
    try:
        accounts.drop()
    except mysql.connector.Error as error:
        return error
    return None


def server_of(accounts: Accounts) -> MySQLServer | None:
    """Return the server that the accounts are on, or None where it is gone, as the primary of a group may be."""
    try:
        return accounts.server
    except NetnsError:
        return None


def drop_alone(several: Iterable[Accounts]) -> None:
    """Drop the accounts of a test after which nothing is put back.

    Raises LeftoverError, with the connection in the way, where another connection keeps a lock.
    """
    for accounts in several:
        server = server_of(accounts)
        if server is None or not server.is_running:
            continue
        accounts.end_connections()
        with _writable(server):
            error = refusal(accounts)
        if error is not None:
            in_the_way = holders(server, accounts.schemas) if error.errno in TIMED_OUT else []
            raise LeftoverError(
                "the accounts and schemas of the test could not be dropped",
                where=f"server {server.name}",
                tried=[*map(str, in_the_way), str(error)],
                remedies=["end what hinders it in the test itself: commit, UNLOCK TABLES, close the connection"],
            ) from error


@contextlib.contextmanager
def _writable(server: MySQLServer) -> Iterator[None]:
    """Let a server be written to in the block, where a test has made it read-only and it is to stay so."""
    administrator = server.administrator
    switches = server.dialect.read_only
    values = administrator.ask(*(f"SELECT @@GLOBAL.{name}" for name in switches))
    names = [name for name, rows in zip(switches, values, strict=True) if rows[0][0] != b"0"]
    for name in names:
        administrator.run(f"SET GLOBAL {name} = OFF")
    yield
    for name in reversed(names):
        administrator.run(f"SET GLOBAL {name} = ON")
