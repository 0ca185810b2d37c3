"""Queries for the state of a server, and for which of them a result may have changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_netns_mysql.mysql.dialects.statementcounters import ROW_STATEMENTS, UPDATE_STATEMENTS, statements

CHANGED_FILES = frozenset({"CHANGED FILES"})
"""Stands among the names of statements where a file of the data directory is new, gone or changed."""
METRIC_STATEMENTS = frozenset({"SET innodb_monitor_enable", "SET innodb_monitor_disable"})
COMMAND_VARIABLES = frozenset(f"innodb_monitor_{command}" for command in ("enable", "disable", "reset", "reset_all"))
"""Variables that hold the last command they were set to. The plugin compares the metrics instead."""


@dataclass(frozen=True)
class StateQuery:
    """A query for all objects of one kind.

    Attributes:
        query: The query. It returns two columns: the name of an object, and a value that differs if the object does.
        after: The statements that may change the result, by name; "SET name" for variables whose change has such an
            effect; and ``CHANGED_FILES``. If the set is empty the result may change at any time: by a function in a
            SELECT, by a failed login, or as time passes.
        is_local: Whether the objects belong to the server itself and not to the data that replicas copy.
        is_replicated: Whether the threads of a replica change the objects. The query is skipped while there is a
            replication channel.
        expires: Whether an existing object may also change or go by itself.
        since: The first version of the server that can answer the query.
    """

    query: str
    after: frozenset[str] = frozenset()
    is_local: bool = False
    is_replicated: bool = False
    expires: bool = False
    since: tuple[int, ...] = ()


def due_queries(
    queries: Mapping[str, StateQuery],
    ran: frozenset[str] | None,
    known: Mapping[str, Mapping[str, str]],
    version: tuple[int, ...],
    *,
    has_data: bool,
    has_channel: bool,
) -> dict[str, StateQuery]:
    """Return the queries whose results may have changed.

    Args:
        queries: All queries of a server, by the kinds of their objects.
        ran: The names of the statements that ran since ``known`` was read, or None if nobody knows.
        known: The earlier results of the queries.
        version: The version of the server.
        has_data: Whether the server takes the writes of its own data, and is not a replica.
        has_channel: Whether the server has a replication channel, by which it may copy changes.
    """
    return {
        kind: query
        for kind, query in queries.items()
        if (has_data or query.is_local)
        and version >= query.since
        and not (query.is_replicated and has_channel)
        and (ran is None or not query.after or ran & query.after or (query.expires and known.get(kind)))
    }


def digest(*columns: str) -> str:
    """Return an SQL expression whose value differs if one of the columns does. NULL and '' differ, too."""
    return f"SHA2(CONCAT_WS('\\0', {', '.join(f'COALESCE({column}, 0x01)' for column in columns)}), 256)"


def sum_of_rows(table: str, *columns: str) -> StateQuery:
    """Return the query for a checksum over the rows of a large table of the schema mysql.

    CHECKSUM TABLE does not suffice: to it, the column values 'ab', 'c' and 'a', 'bc' are the same.
    """
    row = ", ".join(f"COALESCE({column}, 0x01)" for column in columns)
    return StateQuery(
        f"SELECT '', CONCAT(COUNT(*), ' ', COALESCE(SUM(CRC32(CONCAT_WS('\\0', {row}))), 0)) FROM mysql.{table}",
        after=ROW_STATEMENTS,
    )


def setup_table(table: str, *columns: str, since: tuple[int, ...] = ()) -> StateQuery:
    """Return the query for a setup table of Performance Schema.

    Args:
        table: The name of the table in performance_schema. It has a column NAME.
        columns: The columns with settings.
        since: The first version of the server that has the table.
    """
    return StateQuery(
        f"SELECT NAME, CONCAT_WS('\\0', {', '.join(columns)}) FROM performance_schema.{table}",
        after=UPDATE_STATEMENTS,
        is_local=True,
        since=since,
    )


# Background threads come and go: they are known by name, others by number.
THREAD = StateQuery(
    "SELECT IF(TYPE = 'FOREGROUND', THREAD_ID, NAME), "
    "GROUP_CONCAT(DISTINCT CONCAT_WS('\\0', INSTRUMENTED, HISTORY) ORDER BY 1 SEPARATOR '\\0') "
    "FROM performance_schema.threads GROUP BY 1",
    after=UPDATE_STATEMENTS,
    is_local=True,
)
PLUGIN = StateQuery(
    "SELECT PLUGIN_NAME, PLUGIN_STATUS FROM information_schema.PLUGINS",
    after=statements("install_plugin uninstall_plugin"),
    is_local=True,
)
HELP: Mapping[str, StateQuery] = {
    "rows of mysql.help_topic": sum_of_rows(
        "help_topic", "help_topic_id", "name", "help_category_id", "description", "example", "url"
    ),
    # CHECKSUM TABLE suffices here: these tables have one column of variable length at most.
    "help table": StateQuery(
        "CHECKSUM TABLE mysql.help_category, mysql.help_keyword, mysql.help_relation", after=ROW_STATEMENTS
    ),
}
"""The queries for the help tables, by kind."""
