"""Runs each statement of the file statements.py on one server, and puts the server back after it.

The short form runs every third of the entries after which the server is replaced, since each of these boots a server.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest

from pytest_netns_mysql import MySQLServer, factories
from pytest_netns_mysql.mysql.dialects.statementcounters import READING_STATEMENTS, WRITING_STATEMENTS
from pytest_netns_mysql.mysql.reset.readstate import read_state
from pytest_netns_mysql.mysql.reset.reset import ResetResult, put_back
from pytest_netns_mysql.mysql.reset.serverstate import State

statements: Any = importlib.import_module("statements")  # one of statements_*.py, copied beside this file
server = factories.mysqld(options={"port": 3371, "performance_schema": True}, scope="module")
FIRST: dict[str, State] = {}

ENTRIES = [
    *((entry, entry[3:], (), "put back") for entry in statements.PUT_BACK),
    *((entry, entry[3:], (), "fresh server") for entry in statements.FRESH_SERVER),
    *((entry, (), entry[3:], "put back") for entry in statements.PUT_BACK_FOR_OTHERS),
    *((entry, (), entry[3:], "fresh server") for entry in statements.FRESH_SERVER_FOR_OTHERS),
]


def chosen() -> list[Any]:
    """Return the entries to run, each with an id that tells its place in the list."""
    every_third = [entry for entry, _, _, becomes in ENTRIES if becomes == "fresh server"][::3]
    found = []
    for number, (entry, setup, earlier, becomes) in enumerate(ENTRIES):
        if os.environ.get("STRESS") == "long" or becomes == "put back" or entry in every_third:
            found.append(pytest.param(entry, setup, earlier, becomes, id=f"{number:03}-{entry[0]}"))
    return found


def names() -> set[str]:
    """Return all statements that are written down."""
    words = (statements.READS, statements.OF_A_SESSION, statements.WITHOUT_TRACE, statements.REFUSED)
    return {*" ".join(words).split()} | {entry[0] for entry, *_ in ENTRIES}


def counted(server: MySQLServer) -> dict[str, int]:
    rows = server.execute("SHOW GLOBAL STATUS WHERE LEFT(Variable_name, 4) = 'Com_'")
    return {str(name)[4:].lower(): int(value) for name, value in rows}


def first_state(server: MySQLServer) -> State:
    """Return the state of a fresh server."""
    if "state" not in FIRST:
        FIRST["state"] = read_state(server)
    return FIRST["state"]


def renew(server: MySQLServer) -> None:
    server.kill()
    server._start()
    FIRST.clear()


def test_each_statement_of_the_server_is_written_down(server: MySQLServer) -> None:
    of_server = set(counted(server))
    assert of_server - names() == set()
    assert names() - of_server == set()
    # What is not known counts as a statement that may change anything.
    assert of_server - READING_STATEMENTS - WRITING_STATEMENTS == set()


@pytest.mark.parametrize(("entry", "setup", "earlier", "becomes"), chosen())
def test_what_is_left_is_put_back(
    server: MySQLServer, entry: tuple[str, ...], setup: tuple[str, ...], earlier: tuple[str, ...], becomes: str
) -> None:
    pristine = first_state(server)
    name, statement, probe, *_ = entry
    with server.network["global"]:
        folder = server.datadir.parent
    here = {"{file}": str(folder / "rows"), "{folder}": str(server.datadir)}

    def run(text: str) -> list[tuple[object, ...]]:
        for mark, value in here.items():
            text = text.replace(mark, value)
        rows: list[tuple[object, ...]] = server.execute(text)
        return rows

    def look() -> list[str]:
        return sorted(map(repr, run(probe)))

    is_as_it_was = False
    try:
        for one in earlier:
            run(one)
        before = read_state(server) if earlier else pristine
        seen = look()
        counts = counted(server)
        for one in setup:
            run(one)
        run(statement)
        assert counted(server)[name] > counts.get(name, 0)
        changed = look() != seen
        result = put_back(server, before)
        assert check(result, changed, becomes) == ""
        if becomes == "put back":
            assert look() == seen
            again = put_back(server, before)
            assert (again.found, again.stays) == ((), ())
        if earlier and becomes == "put back":
            assert put_back(server, pristine).stays == ()
        is_as_it_was = becomes == "put back"
    finally:
        with server.network["global"]:
            (folder / "rows").unlink(missing_ok=True)
        if not is_as_it_was:
            renew(server)


def check(result: ResetResult, changed: bool, becomes: str) -> str:
    """Return what is wrong with it."""
    if changed and not result.found:
        return "it was not found"
    if (becomes == "put back") != (not result.stays):
        return f"found {result.found}, stays {result.stays}"
    return ""
