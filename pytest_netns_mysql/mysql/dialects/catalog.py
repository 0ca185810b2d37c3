"""Queries for what a server has beside rows: each kind of object with the statements that can change it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pytest_netns_mysql.mysql.dialects.quoting import identifier, literal

Undo = Callable[[str, str | None, str | None], Iterable[str]]
"""Statements that undo a change of an object: by its name, and its value before and now (None: it is not there)."""

SEPARATOR = "\0"
"""Stands between the parts of a name, such as a schema's and a table's."""


@dataclass(frozen=True)
class StateQuery:
    """A query for all objects of one kind: it returns their names, and values that differ where the objects do.

    Attributes:
        query: The query, with two columns.
        after: The statements after which its result may be another, by the names of the server's counters, Com_...,
            without that prefix; settings whose change has such an effect, as "SET name"; and FILES. Where this is
            empty, the result may change at any time: by a function in a SELECT, by a failed login, by the passage of
            time.
        is_local: Whether the objects are the server's own, and not part of the data that replicas copy.
        is_replicated: Whether a replica's threads change the objects; they are not looked at while there is a channel.
        expires: Whether an object that is there may also change or go by itself.
        since: The first version of the server that has what the query asks for.
    """

    query: str
    after: frozenset[str] = frozenset()
    is_local: bool = False
    is_replicated: bool = False
    expires: bool = False
    since: tuple[int, ...] = ()


def due(
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
        ran: The names of the statements that ran since ``known`` was read; None if that is not known.
        known: The results of the queries then.
        version: The server's version.
        has_data: Whether the server takes the writes of its own data, and is no replica.
        has_channel: Whether it has a channel, by which it may copy changes of another.
    """
    return {
        kind: query
        for kind, query in queries.items()
        if (has_data or query.is_local)
        and version >= query.since
        and not (query.is_replicated and has_channel)
        and (ran is None or not query.after or ran & query.after or (query.expires and known.get(kind)))
    }


def statements(names: str) -> frozenset[str]:
    """Return a set of statements' names, which are written with spaces between them."""
    return frozenset(names.split())


def nothing(*_: object) -> Iterator[str]:
    """Return no statement: a change of this kind needs a fresh server."""
    return iter(())


def dropping(kind: str) -> Undo:
    """Return what drops a new object of this kind, such as VIEW; one that is changed or gone stays so."""

    def drop(name: str, was: str | None, _: str | None) -> Iterator[str]:
        if was is None:
            yield f"DROP {kind} IF EXISTS {qualified(name)}"

    return drop


def qualified(name: str) -> str:
    """Return a name of several parts as SQL takes it."""
    return ".".join(identifier(part) for part in name.split(SEPARATOR))


def update(table: str, *columns: str, key: str = "NAME") -> Undo:
    """Return what writes a row of a table of settings as it was: its values are those of ``columns``."""

    def write(name: str, was: str | None, now: str | None) -> Iterator[str]:
        if was is not None and now is not None:
            values = ", ".join(f"{c} = {literal(v)}" for c, v in zip(columns, was.split(SEPARATOR), strict=True))
            yield f"UPDATE performance_schema.{table} SET {values} WHERE {key} = {literal(name)}"

    return write


def digest(*columns: str) -> str:
    """Return the expression for a value that differs where one of the columns does, NULL and '' too."""
    return f"SHA2(CONCAT_WS('\\0', {', '.join(f'COALESCE({column}, 0x01)' for column in columns)}), 256)"


def sum_of_rows(table: str, *columns: str) -> StateQuery:
    """Return the query that tells whether rows of a large table of the schema mysql changed.

    CHECKSUM TABLE would not do: to it, the columns 'ab' and 'c' are as 'a' and 'bc'.
    """
    row = ", ".join(f"COALESCE({column}, 0x01)" for column in columns)
    return StateQuery(
        f"SELECT '', CONCAT(COUNT(*), ' ', COALESCE(SUM(CRC32(CONCAT_WS('\\0', {row}))), 0)) FROM mysql.{table}",
        after=ROWS,
    )


def switch_metric(name: str, was: str | None, _: str | None) -> Iterator[str]:
    """Switch a counter of InnoDB on or off, as it was; see the manual, "InnoDB INFORMATION_SCHEMA Metrics Table"."""
    counter = "module_buffer_page" if name.startswith("buffer_page_") else name  # none of these has a switch of its own
    yield f"SET GLOBAL innodb_monitor_{'disable' if was is None else 'enable'} = {literal(counter)}"


def switch_thread(name: str, was: str | None, now: str | None) -> Iterator[str]:
    """Switch the instrumentation of a thread, or of the background threads of a name, if they were all alike."""
    if was is not None and was.count(SEPARATOR) == 1:
        yield from update("threads", "INSTRUMENTED", "HISTORY", key="THREAD_ID" if name.isdigit() else "NAME")(
            name, was, now
        )


# Statements after which anything may be another: they apply changes that no other counter counts.
ANYTHING = statements(
    "binlog clone restart replica_start group_replication_start start_slave start_all_slaves change_replication_source "
    "change_master"
)
ROWS = statements("insert insert_select replace replace_select update update_multi delete delete_multi load truncate ")
ACCOUNTS = ROWS | statements("create_user alter_user drop_user rename_user grant")
EVENTS = statements("create_event alter_event drop_event")
SCHEMAS = statements("create_db alter_db drop_db")
# The schema mysql cannot be dropped, and if sys is, its table is gone.
ROUTINES = statements("create_procedure create_function alter_procedure alter_function drop_procedure drop_function")
VIEWS = statements("create_view drop_view rename_table")
TRIGGERS = statements("create_trigger drop_trigger")
TABLES = statements("create_table alter_table drop_table rename_table create_index drop_index drop_db import truncate")
# As good as a statement: a file of the data directory is new, gone or changed.
FILES = frozenset({"CHANGED FILES"})
METRICS = frozenset({"SET innodb_monitor_enable", "SET innodb_monitor_disable"})

COMMANDS = frozenset(f"innodb_monitor_{command}" for command in ("enable", "disable", "reset", "reset_all"))
"""Variables whose value is the last command that they were given; the metrics are looked at instead."""

READING = statements(
    """
    select select_into_file set_option change_db do commit rollback begin savepoint release_savepoint
    rollback_to_savepoint prepare_sql execute_sql execute_immediate dealloc_sql empty_query call_procedure
    compound_sql signal resignal get_diagnostics explain_other help check checksum kill flush purge purge_before_date
    ha_open ha_close ha_read lock_tables unlock_tables lock_instance unlock_instance backup backup_lock
    preload_keys set_role xa_start xa_end xa_prepare xa_commit xa_rollback xa_recover
    stmt_prepare stmt_execute stmt_close stmt_fetch stmt_reset stmt_send_long_data stmt_reprepare
    replica_stop group_replication_stop stop_slave stop_all_slaves admin_commands shutdown
    show_authors show_binlog_events show_binlogs show_charsets show_collations show_contributors show_create_db
    show_create_event show_create_func show_create_library show_create_masking_policy show_create_package
    show_create_package_body show_create_proc show_create_table show_create_trigger show_create_user show_databases
    show_engine_logs show_engine_mutex show_engine_status show_errors show_events show_explain show_analyze show_fields
    show_function_code show_function_status show_generic show_grants show_keys show_library_status
    show_binary_log_status show_binlog_status show_master_status show_open_tables show_package_status
    show_package_body_status show_parse_tree show_plugins show_privileges show_procedure_code show_procedure_status
    show_processlist show_profile show_profiles show_relaylog_events show_replicas show_replica_status
    show_slave_hosts show_slave_status show_status show_storage_engines show_table_status show_tables show_triggers
    show_variables show_warnings
    """
)
"""Statements that change nothing but what is asked each time, such as variables; what a CALL runs has its own count."""

WRITING = ANYTHING | statements(
    """
    insert insert_select replace replace_select update update_multi delete delete_multi load truncate import
    create_db alter_db alter_db_upgrade drop_db create_table create_temporary_table alter_table drop_table
    drop_temporary_table rename_table create_index drop_index create_view drop_view create_trigger drop_trigger
    create_procedure alter_procedure drop_procedure create_function alter_function drop_function create_udf
    create_package create_package_body drop_package drop_package_body create_sequence alter_sequence drop_sequence
    create_library alter_library drop_library create_event alter_event drop_event
    create_server alter_server drop_server alter_tablespace alter_instance
    create_resource_group alter_resource_group drop_resource_group set_resource_group
    create_spatial_reference_system drop_spatial_reference_system create_masking_policy drop_masking_policy
    install_plugin uninstall_plugin install_component uninstall_component
    create_user alter_user drop_user rename_user set_password alter_user_default_role create_role drop_role
    grant grant_role grant_roles revoke revoke_all revoke_role revoke_roles
    analyze optimize repair assign_to_keycache change_repl_filter reset
    """
)

UPDATES = statements("update update_multi")
# By name, as background threads come and go.
THREAD = StateQuery(
    "SELECT IF(TYPE = 'FOREGROUND', THREAD_ID, NAME), "
    "GROUP_CONCAT(DISTINCT CONCAT_WS('\\0', INSTRUMENTED, HISTORY) ORDER BY 1 SEPARATOR '\\0') "
    "FROM performance_schema.threads GROUP BY 1",
    after=UPDATES,
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
    # These have one column of a variable length at most; CHECKSUM TABLE runs such columns together.
    "help table": StateQuery("CHECKSUM TABLE mysql.help_category, mysql.help_keyword, mysql.help_relation", after=ROWS),
}
"""The queries for the help tables, by kind."""
