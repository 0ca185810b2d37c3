"""The last deadlock as SHOW ENGINE INNODB STATUS tells it: who held which rows and waited for which."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.report.explanations.answers import ask

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_DEADLOCK = re.compile(r"LATEST DETECTED DEADLOCK\n-+\n(.*?)\n-{4,}\n[A-Z ]+\n-{4,}", re.DOTALL)
_SECTION = re.compile(r"^\*\*\* ", re.MULTILINE)
_WHO = re.compile(r"thread id (\d+).*?query id \d+ .*?\n(.*)")
_LOCKED = re.compile(r"index (\S+) of table `([^`]+)`\.`([^`]+)`")
_KEY = re.compile(r"^ 0: len \d+; hex ([0-9a-f]+);", re.MULTILINE)
_ROLLED_BACK = re.compile(r"WE ROLL BACK TRANSACTION \((\d)\)")
_INTEGERS = ("tinyint", "smallint", "mediumint", "int", "bigint")
_MOST_ROWS = 3


@dataclass(frozen=True)
class Rows:
    """Locked rows of one table.

    Attributes:
        table: The table, with its schema.
        index: The index whose records are locked.
        keys: The keys of the rows, such as ``id = 1``, as far as they can be read.
    """

    table: str
    index: str
    keys: tuple[str, ...]

    def __str__(self) -> str:
        """Return the rows for a sentence, such as ``the row id = 1 of red_schema.t``."""
        if not self.keys:
            return f"a row of {self.table} (index {self.index})"
        keys = ", ".join(self.keys[:_MOST_ROWS]) + (", ..." if len(self.keys) > _MOST_ROWS else "")
        return f"the row{'s' if len(self.keys) > 1 else ''} {keys} of {self.table}"


@dataclass
class Side:
    """One transaction of a deadlock.

    Attributes:
        connection: The number of its connection.
        statement: Its statement, as far as it is on the first line.
        holds: The rows that it held, or None if the server does not tell.
        waits: The rows that it waited for.
    """

    connection: int
    statement: str
    holds: Rows | None = None
    waits: Rows | None = None


@dataclass(frozen=True)
class Deadlock:
    """A deadlock.

    Attributes:
        sides: The transactions.
        rolled_back: The number of the connection whose transaction the server rolled back, or None.
    """

    sides: tuple[Side, ...]
    rolled_back: int | None = None

    def held(self, side: Side) -> Rows | None:
        """Return the rows that one side held: those that another side waited for, if they can be told apart."""
        if side.holds is None:
            return None
        wanted = {key for other in self.sides if other is not side and other.waits for key in other.waits.keys}
        keys = tuple(key for key in side.holds.keys if key in wanted)
        return Rows(side.holds.table, side.holds.index, keys or side.holds.keys)


def latest_deadlock(server: Instance | None) -> Deadlock | None:
    """Return the last deadlock of a server, or None."""
    rows = ask(server, "SHOW ENGINE INNODB STATUS")
    found = _DEADLOCK.search(rows[0][2]) if rows else None
    if found is None:
        return None
    sides: list[Side] = []
    for section in _SECTION.split(found[1])[1:]:
        title, _, text = section.partition("\n")
        if "TRANSACTION:" in title and (who := _WHO.search(text)):
            sides.append(Side(int(who[1]), " ".join(who[2].split())))
        elif sides and "HOLDS" in title:
            sides[-1].holds = _rows(text, server)
        elif sides and "WAITING" in title:
            sides[-1].waits = _rows(text, server)
    number = _ROLLED_BACK.search(found[1])
    index = int(number[1]) - 1 if number else len(sides)
    return Deadlock(tuple(sides), sides[index].connection if index < len(sides) else None)


def _rows(text: str, server: Instance | None) -> Rows | None:
    found = _LOCKED.search(text)
    if found is None:
        return None
    index, schema, table = found.groups()
    name, kind = _column_of_key(server, schema, table) if index.strip("`") == "PRIMARY" else ("", "")
    values = [value for key in _KEY.findall(text) if (value := _value(key, kind))]
    return Rows(f"{schema}.{table}", index.strip("`"), tuple(f"{name} = {value}" for value in values))


def _column_of_key(server: Instance | None, schema: str, table: str) -> tuple[str, str]:
    """Return the name and the type of the column that is the primary key, or '' if that has several columns."""
    columns = ask(
        server,
        "SELECT COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS WHERE COLUMN_KEY = 'PRI' "
        f"AND TABLE_SCHEMA = {literal(schema)} AND TABLE_NAME = {literal(table)}",
    )
    return (columns[0][0], columns[0][1]) if len(columns) == 1 else ("", "")


def _value(key: str, kind: str) -> str:
    """Return a key as SQL writes it, from InnoDB's bytes; '' for a type that is not known here."""
    if kind.startswith(_INTEGERS):
        # InnoDB flips the sign bit, so that bytes sort as numbers.
        sign = 0 if "unsigned" in kind else 1 << (4 * len(key) - 1)
        return str(int(key, 16) - sign)
    if kind.startswith(("char", "varchar")):
        return literal(bytes.fromhex(key).decode(errors="replace").rstrip())
    return ""
