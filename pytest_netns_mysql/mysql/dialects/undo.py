"""Statements that undo a change of an object on a server, for the kinds of objects that both servers have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from pytest_netns_mysql.mysql.dialects.quoting import identifier, literal

Undo = Callable[[str, str | None, str | None], Iterable[str]]
"""Returns the statements that undo a change of an object.

The arguments are the name of the object, its value before and its value now. None means that the object does not exist.
"""

SEPARATOR = "\0"
"""The character between the parts of a name, such as a schema's and a table's."""


def nothing(*_: object) -> Iterator[str]:
    """Return no statement: only a fresh server undoes a change of this kind."""
    return iter(())


def dropping(kind: str) -> Undo:
    """Return the undo of a kind such as VIEW. It drops a new object, and leaves a changed or dropped object alone."""

    def drop(name: str, was: str | None, _: str | None) -> Iterator[str]:
        if was is None:
            yield f"DROP {kind} IF EXISTS {qualified(name)}"

    return drop


def qualified(name: str) -> str:
    """Return a name of several parts as a quoted SQL identifier."""
    return ".".join(identifier(part) for part in name.split(SEPARATOR))


def update(table: str, *columns: str, key: str = "NAME") -> Undo:
    """Return the undo that writes a row of a setup table of Performance Schema back.

    Args:
        table: The name of the table in performance_schema.
        columns: The columns that the parts of an object's value are written to.
        key: The column that holds the object's name.
    """

    def write(name: str, was: str | None, now: str | None) -> Iterator[str]:
        if was is not None and now is not None:
            values = ", ".join(f"{c} = {literal(v)}" for c, v in zip(columns, was.split(SEPARATOR), strict=True))
            yield f"UPDATE performance_schema.{table} SET {values} WHERE {key} = {literal(name)}"

    return write


def undo_metric(name: str, was: str | None, _: str | None) -> Iterator[str]:
    """Enable or disable a counter of InnoDB; see the manual, "InnoDB INFORMATION_SCHEMA Metrics Table"."""
    # The counters buffer_page_... can only be switched together.
    counter = "module_buffer_page" if name.startswith("buffer_page_") else name
    yield f"SET GLOBAL innodb_monitor_{'disable' if was is None else 'enable'} = {literal(counter)}"


def undo_thread(name: str, was: str | None, now: str | None) -> Iterator[str]:
    """Set the instrumentation of a thread, or of all background threads of a name if all had the same."""
    if was is not None and was.count(SEPARATOR) == 1:
        yield from update("threads", "INSTRUMENTED", "HISTORY", key="THREAD_ID" if name.isdigit() else "NAME")(
            name, was, now
        )


def undo_transaction(name: str, was: str | None, _: str | None) -> Iterator[str]:
    """Roll back a prepared transaction that is new."""
    if was is None:
        yield f"XA ROLLBACK {name}"


COMMON_UNDO: Mapping[str, Undo] = {
    "host-cache entry": lambda *_: ["TRUNCATE TABLE performance_schema.host_cache"],
    "log": lambda name, *_: [f"TRUNCATE TABLE mysql.{name}"],
}
"""The undo of kinds that both servers have, by kind."""
