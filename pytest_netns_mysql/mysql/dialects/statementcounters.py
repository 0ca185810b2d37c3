"""The server's counts of executed statements, by which the plugin knows that nothing was written.

The counters are the status variables ``Com_...``; see the manual, "Server Status Variables", Com_xxx. Names of
statements are the names of these counters without the prefix, such as ``insert``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.dialects.quoting import decoded

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.quoting import RawRow


def statements(names: str) -> frozenset[str]:
    """Return a set of statement names from a text in which white space separates the names."""
    return frozenset(names.split())


UNCOUNTED_CHANGES = statements(
    "binlog clone restart replica_start group_replication_start start_slave start_all_slaves change_replication_source "
    "change_master"
)
"""Statements that apply changes which no other counter counts. After any of them everything may have changed."""
ROW_STATEMENTS = statements(
    "insert insert_select replace replace_select update update_multi delete delete_multi load truncate"
)
UPDATE_STATEMENTS = statements("update update_multi")
ACCOUNT_STATEMENTS = ROW_STATEMENTS | statements("create_user alter_user drop_user rename_user grant")
EVENT_STATEMENTS = statements("create_event alter_event drop_event")
SCHEMA_STATEMENTS = statements("create_db alter_db drop_db")
# DROP DATABASE is not among them: the schema mysql cannot be dropped, and dropping sys removes a table, too.
ROUTINE_STATEMENTS = statements(
    "create_procedure create_function alter_procedure alter_function drop_procedure drop_function"
)
VIEW_STATEMENTS = statements("create_view drop_view rename_table")
TRIGGER_STATEMENTS = statements("create_trigger drop_trigger")
TABLE_STATEMENTS = statements(
    "create_table alter_table drop_table rename_table create_index drop_index drop_db import truncate"
)

READING_STATEMENTS = statements(
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
"""Statements that change only what the plugin reads every time, such as global variables.

The statements inside a procedure that CALL runs have counters of their own.
"""

WRITING_STATEMENTS = UNCOUNTED_CHANGES | statements(
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
"""Statements that may change what the plugin reads only after such a statement."""

_COUNTERS = "SHOW {} STATUS WHERE Variable_name LIKE 'Com!_%' ESCAPE '!' AND Value > 0"
SESSION_COUNTERS = _COUNTERS.format("SESSION")
COUNTER_QUERIES = (_COUNTERS.format("GLOBAL"), SESSION_COUNTERS)
"""The queries for the counters of all sessions and for those of the session that asks."""

_PREFIX = "Com_"
# The server itself runs these statements when it starts.
_STARTUP_STATEMENTS = frozenset({"create_db", "create_table"})
# After these statements a session may reach more than its own schema. SET does it by a global variable with roles.
_GRANTING_STATEMENTS = ROW_STATEMENTS | statements(
    "set_option create_user alter_user rename_user set_password alter_user_default_role create_role "
    "grant grant_role grant_roles revoke revoke_all revoke_role revoke_roles"
)


@dataclass(frozen=True)
class StatementCounters:
    """How often each kind of statement was run by sessions other than the plugin's own.

    Attributes:
        counts: The counts, by the names of the statements.
        confined: How many of them were run by sessions that reach nothing but a schema of their own.
    """

    counts: Mapping[str, int]
    confined: Mapping[str, int]

    @classmethod
    def of(
        cls, all_sessions: Sequence[RawRow], own: Sequence[RawRow], confined: Mapping[str, int]
    ) -> StatementCounters:
        """Return the counters from the server's answers to ``COUNTER_QUERIES``.

        Args:
            all_sessions: The counters of all sessions.
            own: The counters of the session that asked. They are subtracted.
            confined: The counts of the confined sessions, by the server's names of the counters.
        """
        own_counts = dict(_numbers(own))
        counts = {name: number - own_counts.get(name, 0) for name, number in _numbers(all_sessions)}
        return cls(counts, {_name(name): number for name, number in confined.items()})

    def ran_since(self, earlier: StatementCounters) -> frozenset[str] | None:
        """Return the names of the statements that ran since ``earlier``, without those of confined sessions.

        The statements inside a procedure, a prepared statement, a trigger or an event have counters of their own.

        Returns:
            The names, or None if everything may have changed: a statement applied changes that are not counted, a
            statement is unknown to this module, or somebody reset the counters.
        """
        if any(self.counts.get(name, 0) < count for name, count in earlier.counts.items()):
            return None  # somebody reset them
        added = {name: count - earlier.counts.get(name, 0) for name, count in self.counts.items()}
        confined = {name: count - earlier.confined.get(name, 0) for name, count in self.confined.items()}
        ran = frozenset(name for name, count in added.items() if count != confined.get(name, 0))
        if ran & _GRANTING_STATEMENTS:  # a session may have been confined for some of the time only
            ran = frozenset(name for name, count in added.items() if count)
        return None if ran & UNCOUNTED_CHANGES or ran - (READING_STATEMENTS | WRITING_STATEMENTS) else ran

    @property
    def prove_fresh_server(self) -> bool:
        """True if nobody has written to the server since it started."""
        ran = self.ran_since(StatementCounters({}, {}))
        return ran is not None and ran & WRITING_STATEMENTS <= _STARTUP_STATEMENTS


def _numbers(rows: Sequence[RawRow]) -> Iterator[tuple[str, int]]:
    return ((_name(decoded(name)), int(number or 0)) for name, number in rows)


def _name(counter: str) -> str:
    return counter.removeprefix(_PREFIX).lower()
