"""Sets each global variable that can be set to another value, leaves objects too, and puts the server back."""

from __future__ import annotations

from collections.abc import Iterator

import mysql.connector
import pytest
import variables

from pytest_netns_mysql import MySQLServer, factories
from pytest_netns_mysql.mysql.quoting import literal
from pytest_netns_mysql.mysql.reading import read
from pytest_netns_mysql.mysql.reset import put_back

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


def other_values(name: str, value: str) -> Iterator[str]:
    """Return values to try, as SQL takes them."""
    if name in variables.VALUES:
        yield variables.VALUES[name]
        return
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
    for other in other_values(name, value):
        try:
            server.execute(f"SET GLOBAL {name} = {other}")
        except mysql.connector.Error:
            continue
        if str(server.execute(f"SELECT @@GLOBAL.{name}")[0][0]) != value:
            return True
    return False


@pytest.mark.parametrize("is_new_connection", [False, True], ids=["same", "new"])
def test_each_variable(server: MySQLServer, is_new_connection: bool) -> None:
    before, values = read(server), globals_of(server)
    renewed, number, wrong = set(), 0, []
    for name in sorted(values.keys() - variables.LEFT_OUT):
        shown = server.execute("SHOW GLOBAL VARIABLES WHERE Variable_name = %s", name)
        if not is_set(server, name, str(shown[0][1])):
            continue
        number += 1
        if is_new_connection:
            server.administrator.forget()
        for statement in LEFT:
            try:
                server.execute(statement)
            except mysql.connector.Error as error:
                print(name, statement, error)
        result = put_back(server, before)
        print(name, "found", len(result.found), "stays", result.stays)
        if not result.found:
            wrong.append(f"{name}: nothing was found")
        if result.stays:
            renewed.add(name)
            server.kill()
            server.start()
            before = read(server)
        changed = {one: (value, values[one]) for one, value in globals_of(server).items() if value != values[one]}
        changed = {one: value for one, value in changed.items() if one not in variables.OF_A_START}
        if changed:
            wrong.append(f"{name}: {changed}")
        for query in (
            "SHOW SCHEMAS LIKE 'mi%'",
            "SELECT * FROM mysql.user WHERE User LIKE 'mi%'",
            "SHOW EVENTS FROM sys",
        ):
            if rows := server.execute(query):
                wrong.append(f"{name}: {rows}")
    assert wrong == []
    assert renewed - variables.FRESH_SERVER == set()
    assert number >= variables.LEAST
