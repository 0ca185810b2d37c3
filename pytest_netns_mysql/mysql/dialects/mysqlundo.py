"""The statements that undo changes on a MySQL server, by the kinds of objects."""

from __future__ import annotations

import json
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
    if now is not None and "READ ONLY=1" in now:
        yield f"ALTER SCHEMA {identifier(name)} READ ONLY = 0"
    if was is None:
        yield f"DROP SCHEMA IF EXISTS {identifier(name)}"
    elif now is not None:
        character_set, collation, encryption, *options = was.split(SEPARATOR)
        yield f"ALTER SCHEMA {identifier(name)} CHARACTER SET {character_set} COLLATE {collation}"
        yield f"ALTER SCHEMA {identifier(name)} ENCRYPTION = {literal('Y' if encryption == 'YES' else 'N')}"
        if "READ ONLY=1" in options:
            yield f"ALTER SCHEMA {identifier(name)} READ ONLY = 1"


def _undo_tablespace(name: str, was: str | None, now: str | None) -> Iterator[str]:
    kind, tablespace = name.split(SEPARATOR)
    if was is None and kind == "General":
        yield f"DROP TABLESPACE {identifier(tablespace)}"
    elif kind == "Undo" and was is not None and now is not None and was.startswith("active"):
        yield f"ALTER UNDO TABLESPACE {identifier(tablespace)} SET ACTIVE"


def _undo_histogram(name: str, was: str | None, _: str | None) -> Iterator[str]:
    schema, table, column = name.split(SEPARATOR)
    analyze = f"ANALYZE TABLE {identifier(schema)}.{identifier(table)}"
    if was is None:
        yield f"{analyze} DROP HISTOGRAM ON {identifier(column)}"
    else:
        yield f"{analyze} UPDATE HISTOGRAM ON {identifier(column)} USING DATA {literal(was)}"


def _undo_resource_group(name: str, was: str | None, now: str | None) -> Iterator[str]:
    if was is None:
        yield f"DROP RESOURCE GROUP {identifier(name)} FORCE"
        return
    kind, processors, priority, is_enabled = was.split(SEPARATOR)
    statement = f"ALTER RESOURCE GROUP {identifier(name)}"
    if now is None:
        statement = f"CREATE RESOURCE GROUP {identifier(name)} TYPE = {kind}"
    enabled = "ENABLE" if is_enabled == "1" else "DISABLE"
    yield f"{statement} VCPU = {processors} THREAD_PRIORITY = {priority} {enabled}"


def _undo_reference_systems(_: str, was: str | None, now: str | None) -> Iterator[str]:
    before, after = ({*json.loads(value.split(SEPARATOR)[1])} if value else set() for value in (was, now))
    for number in sorted(after - before):
        yield f"DROP SPATIAL REFERENCE SYSTEM IF EXISTS {number}"


def _undo_instruments(name: str, was: str | None, now: str | None) -> Iterator[str]:
    changed = {*json.loads(was or "[]")} - {*json.loads(now or "[]")}
    if changed:
        enabled, timed, *_ = (*name.split(SEPARATOR), None)
        timing = f", TIMED = {literal(timed)}" if timed else ""
        names = ", ".join(map(literal, sorted(changed)))
        yield (
            f"UPDATE performance_schema.setup_instruments SET ENABLED = {literal(enabled or '')}{timing} "
            f"WHERE NAME IN ({names})"
        )


def _undo_resource_group_of_thread(number: str, was: str | None, now: str | None) -> Iterator[str]:
    if was is not None and now is not None:
        yield f"SET RESOURCE GROUP {identifier(was)} FOR {number}"


def _undo_gtids(_: str, was: str | None, now: str | None) -> Iterator[str]:
    if not was and now is not None:
        yield "RESET BINARY LOGS AND GTIDS"


# The order is the order of execution.
UNDO: Mapping[str, Undo] = {
    "event": dropping("EVENT"),
    "view": dropping("VIEW"),
    "trigger": dropping("TRIGGER"),
    "procedure": dropping("PROCEDURE"),
    "function": dropping("FUNCTION"),
    "library": dropping("LIBRARY"),
    "schema": _undo_schema,
    "system table": dropping("TABLE"),
    "tablespace": _undo_tablespace,
    "histogram": _undo_histogram,
    "resource group": _undo_resource_group,
    "resource group of thread": _undo_resource_group_of_thread,
    "thread": undo_thread,
    "spatial reference system": _undo_reference_systems,
    "redo log": lambda _, was, __: [f"ALTER INSTANCE {'ENABLE' if was == 'ON' else 'DISABLE'} INNODB REDO_LOG"],
    "TLS channel": lambda name, *_: [f"ALTER INSTANCE RELOAD TLS FOR CHANNEL {name.split(SEPARATOR)[0]}"],
    "plugin": nothing,
    "InnoDB metric": undo_metric,
    "instruments": _undo_instruments,
    "consumer": update("setup_consumers", "ENABLED"),
    "thread class": update("setup_threads", "ENABLED", "HISTORY"),
    "meter": update("setup_meters", "FREQUENCY", "ENABLED"),
    "logger": update("setup_loggers", "LEVEL"),
    "rows of mysql.help_topic": nothing,
    "help table": nothing,
    "open files limit": lambda _, was, __: [f"SELECT innodb_set_open_files_limit({was})"],
    "GTIDs": _undo_gtids,
    "account's failed logins": lambda *_: ["FLUSH PRIVILEGES"],
    "keyring key": nothing,
}
