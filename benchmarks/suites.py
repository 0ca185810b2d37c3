"""The texts of the suites that are measured."""

from __future__ import annotations

EMPTY = "def test_nothing(): ...\n"
ORIGIN = """\
import pytest


@pytest.mark.netns("red")
def test_the_server_sees_where_we_come_from(netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("red_user@192.0.2.2",)
"""
THEIR_ORIGIN = """\
def test_the_server_sees_where_we_come_from(mysql):
    with mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("root@localhost",)
"""
# Shows the server that the plugin runs, by what the kernel tells of its process.
FACTS = """\
import json
import os
from pathlib import Path


def test_facts(netns_mysqld):
    process = Path(f"/proc/{netns_mysqld.pid}")
    variables = (text.partition("=") for text in (process / "environ").read_text().split("\\0") if text)
    facts = {
        "command": (process / "cmdline").read_text().removesuffix("\\0").split("\\0"),
        "version": ".".join(map(str, netns_mysqld.version)),
        "environment": {key: value for key, _, value in variables if key not in os.environ},
    }
    Path(os.environ["BENCHMARK_FACTS"]).write_text(json.dumps(facts))
"""
# One table and one row, in as many tests as there are numbers.
_SHOP = """\
import pytest


{marker}@pytest.mark.parametrize("number", range({tests}))
def test_shop({fixture}, number):
    with {fixture}.cursor() as cursor:
        cursor.execute("CREATE TABLE shop (id INT PRIMARY KEY, name VARCHAR(40))")
        cursor.execute("INSERT INTO shop VALUES (%s, 'apple')", (number,))
        {fixture}.commit()
        cursor.execute("SELECT id, name FROM shop")
        assert list(cursor.fetchall()) == [(number, "apple")]
"""
# Tests of one server that was loaded with a schema; what each changes, another must not find.
LOADED = """\
import pytest

from pytest_netns_mysql import factories


def tables(connection):
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA shop")
        for number in range(20):
            cursor.execute(f"CREATE TABLE shop.item{{number}} (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40))")
            cursor.execute(f"INSERT INTO shop.item{{number}} (name) VALUES ('apple'), ('pear')")
        cursor.execute("CREATE TRIGGER shop.it BEFORE INSERT ON shop.item1 FOR EACH ROW SET NEW.name = UPPER(NEW.name)")


shop = factories.mysqld(load=tables, options={{"port": 3307}})


@pytest.mark.parametrize("number", range({tests}))
def test_shop(shop, number):
    shop.execute("{statement}")
"""
CHANGES = {
    "nothing": "SELECT * FROM shop.item0",
    "a row": "INSERT INTO shop.item0 (name) VALUES ('plum')",
    "a row of a table with triggers": "INSERT INTO shop.item1 (name) VALUES ('plum')",
}
_EVERYWHERE = """\
import pytest


@pytest.mark.netns({names})
def test_the_server_sees_where_we_come_from(netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert "_user@10." in cursor.fetchone()[0]
"""
# A run that marks its tests, and no more, has no business with a server.
NO_CHILD = """
@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure():
    me = os.getpid()
    with open(f"/proc/{me}/task/{me}/children") as children:
        assert children.read() == "", "a program was started"
"""
# Shows which modules a run has imported.
MODULES = """
@pytest.hookimpl(trylast=True)
def pytest_unconfigure():
    import sys

    Path(os.environ["BENCHMARK_MODULES"]).write_text("\\n".join(sys.modules))
"""


def shop(fixture: str, tests: int, marker: str = "") -> str:
    """Return tests of one table each; ``marker`` is a line before the function."""
    return _SHOP.format(fixture=fixture, tests=tests, marker=marker)


def our_shop(tests: int) -> str:
    """Return our tests of one table each."""
    return shop("netns_mysql", tests, '@pytest.mark.netns("red")\n')


def empty_tests(tests: int, marker: str) -> str:
    """Return empty test functions, each with a marker line before it."""
    return "import pytest\n\n\n" + "".join(f"{marker}def test_{number}(): ...\n\n\n" for number in range(tests))


def star(namespaces: int) -> str:
    """Return a topology of as many namespaces, each with a veth to ``global``, an address and a default route."""
    names = (f'n{each} = "10.{each // 256}.{each % 256}.2/24"\n' for each in range(namespaces))
    return f"[namespaces]\n{''.join(names)}"


def everywhere(namespaces: int) -> str:
    """Return a test that runs in each namespace of ``star``."""
    return _EVERYWHERE.format(names=", ".join(f'"n{number}"' for number in range(namespaces)))
