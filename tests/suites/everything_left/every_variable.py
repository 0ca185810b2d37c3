"""Sets each global variable that can be set to another value, leaves objects too, and puts the server back.

The server is put back over the connection that the administrator has, or over a new one: the short form alternates.
"""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterator
from typing import Any

import mysql.connector
import pytest

from pytest_netns_mysql import MySQLServer, factories
from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.mysql.reset.readstate import read_state
from pytest_netns_mysql.mysql.reset.reset import put_back

variables: Any = importlib.import_module("variables")  # one of variables_*.py, copied beside this file
server = factories.mysqld(options={"port": 3372, "performance_schema": True}, scope="module")

LEFT = (
    "CREATE SCHEMA `mi\\ne`",
    "CREATE TABLE `mi\\ne`.t (id INT PRIMARY KEY) ENGINE=InnoDB",
    "INSERT INTO `mi\\ne`.t VALUES (1)",
    "CREATE USER 'mi\"ne'@'%'",
    "CREATE EVENT sys.`e'\\` ON SCHEDULE EVERY 1 DAY DO DO 1",
    "UPDATE sys.sys_config SET value = 'x\\\\y''z'",
    "UPDATE performance_schema.setup_consumers SET ENABLED = 'NO' WHERE NAME = 'thread_instrumentation'",
)


def other_values(value: str) -> Iterator[str]:
    """Return values to try, as SQL takes them."""
    if value in ("ON", "OFF"):
        yield "OFF" if value == "ON" else "ON"
    try:
        number = int(float(value))
    except ValueError:
        yield from map(str, range(5))
        yield from (literal(one) for one in ("", "x", "latin1", "latin1_swedish_ci", "TABLE", "ROW", "utf8mb4_bin"))
    else:
        for other in (
            number + 1,
            number * 2 + 1024,
            number // 2 // 1024 * 1024,
            number + 4096,
            0,
            1,
            2,
            100,
            10_000_000,
        ):
            if other != number:
                yield str(other)


def globals_of(server: MySQLServer) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in server.execute("SHOW GLOBAL VARIABLES")}


def is_set(server: MySQLServer, name: str, value: str) -> bool:
    """Set the variable to another value, if there is one that it takes."""
    for other in other_values(value):
        try:
            server.execute(f"SET GLOBAL {name} = {other}")
        except mysql.connector.Error:
            continue
        if str(server.execute(f"SELECT @@GLOBAL.{name}")[0][0]) != value:
            return True
    return False


def differences(server: MySQLServer, values: dict[str, str]) -> dict[str, object]:
    """Return the variables that are other than in ``values``, and what is left of the objects."""
    found: dict[str, object] = {
        name: (value, values[name])
        for name, value in globals_of(server).items()
        if value != values[name] and name not in variables.OF_A_START
    }
    for query in ("SHOW SCHEMAS LIKE 'mi%'", "SELECT * FROM mysql.user WHERE User LIKE 'mi%'", "SHOW EVENTS FROM sys"):
        if rows := server.execute(query):
            found[query] = rows
    return found


@pytest.mark.parametrize("connection", ["same", "new"] if os.environ.get("STRESS") == "long" else ["alternating"])
def test_each_variable(server: MySQLServer, connection: str) -> None:
    before, values = read_state(server), globals_of(server)
    stayed: dict[str, object] = {}
    wrong: dict[str, object] = {}
    number = 0
    for name in sorted(values):
        if not is_set(server, name, str(server.execute("SHOW GLOBAL VARIABLES WHERE Variable_name = %s", name)[0][1])):
            continue
        number += 1
        if connection == "new" or (connection == "alternating" and number % 2):
            server._administrator.forget()
        for statement in LEFT:
            with contextlib.suppress(mysql.connector.Error):
                server.execute(statement)
        result = put_back(server, before)
        if result.stays or not result.found:
            stayed[name] = result
            server.kill()
            server._start()
            before = read_state(server)
        if changed := differences(server, values):
            wrong[name] = changed
    assert wrong == {}
    assert {name: stayed[name] for name in stayed.keys() - variables.FRESH_SERVER} == {}
    assert number >= variables.LEAST
