"""The state of a server at one moment, and the comparison of two moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from pytest_netns_mysql.mysql.dialects.hostrules import AccountName
from pytest_netns_mysql.mysql.dialects.quoting import decoded
from pytest_netns_mysql.mysql.mysqld.processlist import Connection
from pytest_netns_mysql.mysql.mysqld.schemacontents import SchemaContents

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.questions import Questions
    from pytest_netns_mysql.mysql.dialects.quoting import RawRow
    from pytest_netns_mysql.mysql.dialects.statementcounters import StatementCounters

_K = TypeVar("_K")
_V = TypeVar("_V")
UNKNOWN = -1
"""Stands for the checksum of a table if only its rows are known."""
_SWITCHES = {"ON": "1", "OFF": "0"}


@dataclass(frozen=True)
class State:
    """The state of a server at one moment. Two states are equal if nothing changed between them.

    A state is complete, or it has only what the comparison with an earlier, complete state needs.

    Attributes:
        pid: The process ID of mysqld; None if another machine or container has the process.
        command: The command line of mysqld.
        rows: The names and values of the objects of each kind, such as ``schema``.
        tables: The checksums of system tables.
        transactions: The prepared transactions, as XA RECOVER lists them.
        connections: The connections of clients.
        files: The files of the data directory outside of schemas, with the times of their last change.
        values: The global variables that may have been set since the earlier state.
        contents: The rows of the tables that are written back, grant tables first. Empty unless the state is complete.
        variables: All global variables. Empty unless the state is complete.
        seeded: The contents of the schemas that the server was loaded with.
        counters: The counts of the statements that ran before; None if they prove nothing, for example while a
            transaction is open.
        questions: The counts of the statements of each account; None under the same conditions, and if the server
            changes without a statement.
        has_data: Whether the server took the writes of its own data. For a replica or a member of a group, the plugin
            looks at the source or the primary instead.
    """

    pid: int | None
    command: tuple[str, ...]
    rows: Mapping[str, Mapping[str, str]]
    tables: Mapping[str, int]
    transactions: tuple[RawRow, ...]
    connections: frozenset[Connection]
    files: frozenset[tuple[str, int]]
    values: Mapping[str, str | None]
    contents: Mapping[str, tuple[RawRow, ...]] = field(default_factory=dict)
    variables: Mapping[str, str | None] = field(default_factory=dict)
    seeded: SchemaContents = field(default_factory=SchemaContents)
    counters: StatementCounters | None = None
    questions: Questions | None = field(default=None, compare=False)
    has_data: bool = True

    def names(self, kind: str) -> Mapping[str, str]:
        """Return the names and values of the objects of one kind."""
        return self.rows.get(kind, {})

    @property
    def accounts(self) -> frozenset[AccountName]:
        """The users and hosts of all accounts. The state must be complete."""
        rows = next(iter(self.contents.values()), ())  # of the account table, which begins with Host and User
        return frozenset((decoded(row[1]), decoded(row[0])) for row in rows)


def is_unchanged(state: State, complete: State) -> bool:
    """Return True if nothing changed between ``complete``, an earlier and complete state, and ``state``."""
    changed = [name for name, value in state.values.items() if not same_value(value, complete.variables.get(name))]
    parts = "pid", "command", "rows", "tables", "transactions", "connections", "files", "seeded", "has_data"
    return not changed and all(getattr(state, part) == getattr(complete, part) for part in parts)


def absorb(before: State, first: State, second: State) -> State:
    """Return a state to go back to that also has the changes which a fixture made.

    Args:
        before: The state to go back to so far.
        first: The complete state before the fixture ran.
        second: The complete state after the fixture ran.
    """
    if first.has_data != second.has_data:
        return second  # the fixture promoted a replica
    kinds = {*first.rows, *second.rows}
    tables = {table: UNKNOWN for table in first.tables if first.tables[table] != second.tables[table]}
    return replace(
        before,
        rows={
            **before.rows,
            **{kind: _with_changes(before.names(kind), first.names(kind), second.names(kind)) for kind in kinds},
        },
        tables={**before.tables, **tables},
        transactions=tuple({*before.transactions} ^ {*first.transactions} ^ {*second.transactions}),
        connections=before.connections | second.connections - first.connections,
        files=before.files ^ first.files ^ second.files,
        contents={
            table: tuple(
                _with_changes(
                    dict.fromkeys(rows), dict.fromkeys(first.contents[table]), dict.fromkeys(second.contents[table])
                )
            )
            for table, rows in before.contents.items()
        },
        variables=_with_changes(before.variables, first.variables, second.variables),
        seeded=SchemaContents(
            _with_changes(before.seeded.definitions, first.seeded.definitions, second.seeded.definitions),
            _with_changes(before.seeded.rows, first.seeded.rows, second.seeded.rows),
        ),
        counters=None,
        questions=None,
    )


def _with_changes(before: Mapping[_K, _V], first: Mapping[_K, _V], second: Mapping[_K, _V]) -> dict[_K, _V]:
    """Return ``before`` with what changed between ``first`` and ``second``."""
    gone = first.keys() - second.keys()
    changed = {key: value for key, value in second.items() if key not in first or first[key] != value}
    return {key: value for key, value in before.items() if key not in gone} | changed


def same_value(value: str | None, other: str | None) -> bool:
    """Return True if two values of a variable are equal. A switch is ON in the table of variables, and 1 in SELECT."""
    return value == other or (_SWITCHES.get(value or "", value) == _SWITCHES.get(other or "", other))
