"""The contenders: ours, pytest-mysql as it is and tuned, and the floor that nobody can be faster than."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.workshop import HERE, PYTEST_MYSQL, Sample, UnableError, Workshop

OURS = "pytest-netns-mysql"
AS_IT_IS = f"{PYTEST_MYSQL}, as it is"
TUNED = f"{PYTEST_MYSQL}, our server options, on a tmpfs"
FLOOR = "the floor"

EMPTY = "def test_nothing(): ...\n"
ORIGIN = """\
import pytest


@pytest.mark.netns("red")
def test_the_server_sees_where_we_come_from(netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("red_user@192.0.2.2",)
"""
_THEIR_ORIGIN = """\
def test_the_server_sees_where_we_come_from(mysql):
    with mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("root@localhost",)
"""
# One table and one row, in as many tests as there are numbers.
_SHOP = """\
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
# pytest-mysql always starts a mysqld_safe with --skip-syslog, which mysqld itself does not know.
_MYSQLD_SAFE = """\
#!/bin/sh
for one; do
    shift
    [ "$one" = --skip-syslog ] || set -- "$@" "$one"
done
exec "{mysqld}" "$@"
"""


@dataclass
class Contender:
    """Name a contender, how one run of it is made, and the runs that were measured."""

    title: str
    run: Callable[[], Sample]
    samples: list[Sample] = field(default_factory=list)

    def all(self, figure: Callable[[Sample], float]) -> list[float]:
        """Return one figure of every run."""
        return [figure(sample) for sample in self.samples]


def measure(workshop: Workshop, contenders: list[Contender], runs: int) -> None:
    """Run one of each in turn, so that a busy moment meets all; the first round warms caches up, and is discarded."""
    for number in range(runs + 1):
        workshop.progress(f"run {number} of {runs}" if number else "warm-up")
        for contender in contenders:
            sample = contender.run()
            if number:
                contender.samples.append(sample)


def one_origin(workshop: Workshop) -> list[Contender]:
    """Return the contenders with one test of an origin: ours first, the floor last."""
    return [
        Contender(OURS, partial(workshop.pytest, "ours", workshop.suite("origin", ORIGIN))),
        *_theirs(workshop, "their-origin", _THEIR_ORIGIN),
        Contender(FLOOR, partial(_floor, workshop, empty_suite(workshop))),
    ]


def many_tests(workshop: Workshop, tests: int) -> list[Contender]:
    """Return the contenders with ``tests`` tests of one table each; there is no floor."""
    return [
        Contender(OURS, partial(workshop.pytest, "ours", shop_suite(workshop, tests))),
        *_theirs(workshop, "their-shop", _shop("mysql", tests)),
    ]


def empty_suite(workshop: Workshop) -> Path:
    """Return a suite of one empty test."""
    return workshop.suite("empty", EMPTY)


def shop_suite(workshop: Workshop, tests: int) -> Path:
    """Return our suite of ``tests`` tests of one table each."""
    return workshop.suite("shop", _shop("netns_mysql", tests, '@pytest.mark.netns("red")\n'))


def _shop(fixture: str, tests: int, marker: str = "") -> str:
    return "import pytest\n\n\n" + _SHOP.format(fixture=fixture, tests=tests, marker=marker)


def _theirs(workshop: Workshop, name: str, test: str) -> list[Contender]:
    """Return pytest-mysql on one suite, as it is and tuned; raise UnableError where it cannot run."""
    options: dict[str, str | None] = workshop.facts["options"]
    return [
        Contender(AS_IT_IS, _their_run(workshop, workshop.suite(name, test), workshop.work / "t", {})),
        Contender(TUNED, _their_run(workshop, workshop.suite(f"{name}-tuned", test), workshop.memory / "t", options)),
    ]


def _their_run(workshop: Workshop, suite: Path, base: Path, options: Mapping[str, str | None]) -> Callable[[], Sample]:
    facts = workshop.facts
    if facts["mysqladmin"] is None:
        raise UnableError("pytest-mysql needs mysqladmin beside mysqld or on PATH: install MySQL's client programs")
    wrapper = suite / "mysqld_safe"
    wrapper.write_text(_MYSQLD_SAFE.format(mysqld=facts["mysqld"]))
    wrapper.chmod(0o755)
    # mysqld reads my.cnf in MYSQL_HOME. Only there can its --initialize be told anything: pytest-mysql has no
    # parameter for that, and root must say so.
    lines = ["[mysqld]", "secure_file_priv="]
    lines += ["user=root"] if os.geteuid() == 0 else []
    lines += [key if value is None else f"{key}={value}" for key, value in options.items()]
    (suite / "my.cnf").write_text("\n".join(lines) + "\n")
    arguments = [
        f"--mysql-mysqld={facts['mysqld']}",
        f"--mysql-mysqld-safe={wrapper}",
        f"--mysql-admin={facts['mysqladmin']}",
        f"--basetemp={base}",
    ]

    def run() -> Sample:
        sample = workshop.pytest("theirs", suite, *arguments, MYSQL_HOME=str(suite))
        shutil.rmtree(base, ignore_errors=True)  # else the next run would begin with it
        return sample

    return run


def _floor(workshop: Workshop, suite: Path) -> Sample:
    """Run an empty test, then boot a copy of the template: two processes, whose times are added."""
    empty = workshop.pytest("floor", suite)
    folder = workshop.memory / "floor"
    folder.mkdir()
    command = [
        *(part.format(folder=folder) for part in workshop.facts["command"]),
        f"--port={_free_port()}",
        "--bind-address=127.0.0.1",
    ]
    script = [workshop.python("floor"), "-I", "-S", str(HERE / "floor_boot.py")]
    boot = workshop.timed([*script, workshop.facts["template"], str(folder), *command], folder, {})
    shutil.rmtree(folder)
    return Sample(empty.wall + boot.wall, (empty.first + boot.first,), (empty.wall, boot.wall))


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
