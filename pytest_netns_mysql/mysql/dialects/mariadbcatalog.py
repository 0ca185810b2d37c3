"""What a MariaDB server has beside rows: the queries for it, and the statements that put it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_netns_mysql.mysql.dialects.catalog import (
    ACCOUNTS,
    EVENTS,
    FILES,
    HELP,
    METRICS,
    PLUGIN,
    ROUTINES,
    ROWS,
    SCHEMAS,
    SEPARATOR,
    THREAD,
    UPDATES,
    StateQuery,
    Undo,
    digest,
    dropping,
    nothing,
    statements,
    switch_metric,
    switch_thread,
    update,
)
from pytest_netns_mysql.mysql.dialects.quoting import identifier, literal

_SYSTEM = "IN ('mysql', 'sys')"
_PACKAGES = statements("create_package create_package_body drop_package drop_package_body")


def _settings(table: str, *columns: str) -> StateQuery:
    return StateQuery(
        f"SELECT NAME, CONCAT_WS('\\0', {', '.join(columns)}) FROM performance_schema.{table}",
        after=UPDATES,
        is_local=True,
    )


QUERIES: Mapping[str, StateQuery] = {
    # These may change without a statement that writes, and so are asked each time.
    "key cache": StateQuery(
        "SELECT KEY_CACHE_NAME, FULL_SIZE FROM information_schema.KEY_CACHES WHERE KEY_CACHE_NAME <> 'default'",
        is_local=True,
    ),
    "GTID position": StateQuery("SELECT '', @@GLOBAL.gtid_slave_pos", is_local=True, is_replicated=True),
    # These change by the statements that are named. What is in the schemas mysql and sys has a file of its own, which
    # is looked at each time.
    "schema": StateQuery(
        "SELECT SCHEMA_NAME, CONCAT_WS('\\0', DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME, SCHEMA_COMMENT) "
        "FROM information_schema.SCHEMATA",
        after=SCHEMAS | statements("alter_db_upgrade"),
    ),
    "event": StateQuery(
        "SELECT CONCAT_WS('\\0', EVENT_SCHEMA, EVENT_NAME), "
        + digest(
            *("DEFINER", "TIME_ZONE", "EVENT_DEFINITION", "EVENT_TYPE", "EXECUTE_AT", "INTERVAL_VALUE"),
            *("INTERVAL_FIELD", "SQL_MODE", "STARTS", "ENDS", "STATUS", "ON_COMPLETION", "CREATED", "EVENT_COMMENT"),
        )
        + " FROM information_schema.EVENTS",
        after=EVENTS | ROWS | statements("rename_user"),
        expires=True,
    ),
    "system table": StateQuery(
        "SELECT CONCAT_WS('\\0', TABLE_SCHEMA, TABLE_NAME), TABLE_TYPE FROM information_schema.TABLES "
        f"WHERE TABLE_SCHEMA {_SYSTEM}",
        after=FILES,
    ),
    "trigger": StateQuery(
        "SELECT CONCAT_WS('\\0', TRIGGER_SCHEMA, TRIGGER_NAME), "
        + digest("EVENT_MANIPULATION", "EVENT_OBJECT_TABLE", "ACTION_STATEMENT", "ACTION_TIMING", "CREATED", "DEFINER")
        + f" FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA {_SYSTEM}",
        after=FILES,
    ),
    "routine": StateQuery(
        "SELECT CONCAT_WS('\\0', type, db, name), "
        + digest(
            *("sql_data_access", "is_deterministic", "security_type", "param_list", "`returns`", "`body`", "definer"),
            *("created", "modified", "sql_mode", "`comment`"),
        )
        + f" FROM mysql.proc WHERE db {_SYSTEM}",
        after=ROUTINES | ROWS | _PACKAGES,
    ),
    "plugin": PLUGIN,
    "InnoDB metric": StateQuery(
        "SELECT NAME, 'enabled' FROM information_schema.INNODB_METRICS WHERE ENABLED", after=METRICS, is_local=True
    ),
    "instruments": StateQuery(
        "SELECT CONCAT_WS(' ', ENABLED, TIMED), CONCAT(COUNT(*), ' ', SUM(CRC32(NAME))) "
        "FROM performance_schema.setup_instruments GROUP BY 1",
        after=UPDATES,
        is_local=True,
    ),
    "consumer": _settings("setup_consumers", "ENABLED"),
    "thread": THREAD,
    "limited account": StateQuery(
        """SELECT CONCAT_WS('\\0', User, Host), '' FROM mysql.global_priv
        WHERE Priv REGEXP '"max_[a-z_]+":[1-9]' OR @@GLOBAL.max_password_errors < 4294967295""",
        after=ACCOUNTS,
    ),
    **HELP,
}


def _put_back_schema(name: str, was: str | None, now: str | None) -> Iterator[str]:
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
    if kind.startswith("PACKAGE"):  # which is a word in this mode alone
        yield "SET SESSION sql_mode = 'ORACLE'"
        yield from statements
        yield "SET SESSION sql_mode = DEFAULT"
    else:
        yield from statements


# In the order in which it is done.
UNDO: Mapping[str, Undo] = {
    "event": dropping("EVENT"),
    "trigger": dropping("TRIGGER"),
    "routine": _drop_routine,
    "schema": _put_back_schema,
    "system table": _drop_table,
    "key cache": lambda name, was, _: [f"SET GLOBAL {identifier(name)}.key_buffer_size = {was or 0}"],
    "GTID position": lambda _, was, __: [f"SET GLOBAL gtid_slave_pos = {literal(was or '')}"],
    "plugin": nothing,
    "InnoDB metric": switch_metric,
    "instruments": nothing,
    "consumer": update("setup_consumers", "ENABLED"),
    "thread": switch_thread,
    "rows of mysql.help_topic": nothing,
    "help table": nothing,
}
