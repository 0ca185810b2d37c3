"""The statements that undo changes on a MariaDB server, by the kinds of objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_netns_mysql.mysql.dialects.quoting import identifier, literal
from pytest_netns_mysql.mysql.dialects.undo import (
    SEPARATOR,
    Undo,
    dropping,
    nothing,
    undo_metric,
    undo_thread,
    update,
)


def _undo_schema(name: str, was: str | None, now: str | None) -> Iterator[str]:
    if was is None:
        yield f"DROP SCHEMA IF EXISTS {identifier(name)}"
    elif now is not None:
        character_set, collation, comment = was.split(SEPARATOR)
        yield (
            f"ALTER SCHEMA {identifier(name)} CHARACTER SET {character_set} COLLATE {collation} "
            f"COMMENT = {literal(comment)}"
        )


def _drop_table(name: str, was: str | None, now: str | None) -> Iterator[str]:
    kinds = {"VIEW": "VIEW", "SEQUENCE": "SEQUENCE"}
    if was is None and now is not None:
        yield from dropping(kinds.get(now, "TABLE"))(name, was, now)


def _drop_routine(name: str, was: str | None, now: str | None) -> Iterator[str]:
    kind, *rest = name.split(SEPARATOR)
    statements = dropping(kind)(SEPARATOR.join(rest), was, now)
    if kind.startswith("PACKAGE"):  # the keyword exists in this mode only
        yield "SET SESSION sql_mode = 'ORACLE'"
        yield from statements
        yield "SET SESSION sql_mode = DEFAULT"
    else:
        yield from statements


# The order is the order of execution.
UNDO: Mapping[str, Undo] = {
    "event": dropping("EVENT"),
    "trigger": dropping("TRIGGER"),
    "routine": _drop_routine,
    "schema": _undo_schema,
    "system table": _drop_table,
    "key cache": lambda name, was, _: [f"SET GLOBAL {identifier(name)}.key_buffer_size = {was or 0}"],
    "GTID position": lambda _, was, __: [f"SET GLOBAL gtid_slave_pos = {literal(was or '')}"],
    "plugin": nothing,
    "InnoDB metric": undo_metric,
    "instruments": nothing,
    "consumer": update("setup_consumers", "ENABLED"),
    "thread": undo_thread,
    "rows of mysql.help_topic": nothing,
    "help table": nothing,
}
