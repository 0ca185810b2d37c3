"""How MariaDB is asked and told what MySQL is asked and told in another way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pytest_netns_mysql.mysql.dialects import mariadbcatalog
from pytest_netns_mysql.mysql.dialects.base import (
    OF_SERVER,
    SESSION,
    Dialect,
    RawRow,
    RestoredTable,
    in_session,
    roll_back,
)
from pytest_netns_mysql.mysql.dialects.catalog import COMMANDS, WRITING, Undo
from pytest_netns_mysql.mysql.dialects.options import DEFAULTS
from pytest_netns_mysql.mysql.dialects.quoting import decoded, literal

# As for MySQL, without what MariaDB knows nothing of or has removed, which it would complain of in its log.
_UNKNOWN = ("loose_mysqlx", "flush_method", "redo_log_capacity", "print_ddl_logs", "rollback_segments")
_OWN = {
    # FLUSH ENGINE LOGS, for a snapshot, writes nothing where commits do not.
    "loose_innodb_flush_log_at_trx_commit": 2,
    "loose_innodb_log_file_size": 4 << 20,
    "loose_innodb_log_buffer_size": 2 << 20,  # the least
    "loose_innodb_write_io_threads": 2,
    "loose_aria_pagecache_buffer_size": 8 << 20,
    "loose_key_buffer_size": 1 << 20,
}


def _channels(rows: Sequence[RawRow]) -> Iterator[tuple[str, str, str]]:
    """Read SHOW ALL SLAVES STATUS, whose first columns are those of every version."""
    for row in rows:
        name, _, _, host, user, port, retry, *others = map(decoded, row)
        filters = others[7:13]
        yield "channel", name, "\0".join([host, port, user, retry, *filters])
        for kind, runs in (("IO_THREAD of channel", others[5]), ("SQL_THREAD of channel", others[6])):
            if runs == "No":
                yield kind, name, "stopped"


def _reset_channel(name: str, was: str | None, _: str | None) -> Iterable[str]:
    return [f"STOP SLAVE {literal(name)}", f"RESET SLAVE {literal(name)} ALL"] if was is None else []


def _turn(thread: str) -> Undo:
    return lambda name, was, _: [f"{'START' if was is None else 'STOP'} SLAVE {literal(name)} {thread}"]


MARIADB = Dialect(
    grant_tables=(
        "global_priv",
        "db",
        "tables_priv",
        "columns_priv",
        "procs_priv",
        "proxies_priv",
        "roles_mapping",
    ),
    settings_tables=(
        "mysql.plugin",
        "mysql.func",
        "mysql.proc",
        "mysql.event",
        "mysql.time_zone",
        "mysql.time_zone_leap_second",
        "mysql.time_zone_name",
        "mysql.time_zone_transition",
        "mysql.time_zone_transition_type",
    ),
    restored_tables={
        "mysql.servers": RestoredTable(reload=("FLUSH PRIVILEGES",)),
        "mysql.table_stats": RestoredTable(reload=("FLUSH TABLES",)),
        "mysql.column_stats": RestoredTable(reload=("FLUSH TABLES",)),
        "mysql.index_stats": RestoredTable(reload=("FLUSH TABLES",)),
        "sys.sys_config": RestoredTable(prepare=("SET @sys.ignore_sys_config_triggers = true",)),
        "performance_schema.setup_actors": RestoredTable(),
        "performance_schema.setup_objects": RestoredTable(),
    },
    tables_after=WRITING | {"set_option"},  # SET PASSWORD and SET DEFAULT ROLE count as any SET
    settings="""\
SELECT LOWER(VARIABLE_NAME), '' FROM information_schema.SYSTEM_VARIABLES
WHERE GLOBAL_VALUE_ORIGIN = 'SQL'""",
    state_query="""\
SELECT 'host-cache entry', IP, HOST FROM performance_schema.host_cache""",
    queries=mariadbcatalog.QUERIES,
    session=in_session({**SESSION, "tx_read_only": "0", "max_statement_time": "0", "old_mode": "''"}),
    unlimited=("FLUSH LOCAL PRIVILEGES", "FLUSH LOCAL USER_RESOURCES"),
    status_statements={"SHOW ALL SLAVES STATUS": _channels},
    variables="SELECT LOWER(VARIABLE_NAME), VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES",
    volatile_variables=frozenset({"gtid_binlog_pos", "gtid_binlog_state", "gtid_current_pos", "gtid_slave_pos"})
    | COMMANDS,
    transactions="XA RECOVER FORMAT='SQL'",
    xid=lambda row: decoded(row[3]),
    # Tables of the schema mysql have files of their own; what tells of a new one is its .frm.
    ignored_files=r"^(#|ib|undo\d+$|aria_log|ddl_recovery|tc\.log|multi-master\.info|db\.opt)"
    r"|\.(\d{6}|index|pid|info|state|ibd|MAD|MAI|MYD|MYI|CSV|CSM)$",
    undo={
        "XA transaction": roll_back,
        "channel": _reset_channel,
        "IO_THREAD of channel": _turn("IO_THREAD"),
        "SQL_THREAD of channel": _turn("SQL_THREAD"),
        **mariadbcatalog.UNDO,
        **OF_SERVER,
    },
    enters=False,
    speaks_x=False,
    longest_user=128,
    cleanup_statements=(
        "FLUSH LOCAL HOSTS",
    ),  # the table of blocked hosts is empty while performance_schema is off, as by default
    # Newer ones verify, and an account without a password cannot: as MySQL's programs, they do so where they are told.
    client_programs={"loose-ssl-verify-server-cert": "0"},
    connection={"charset": "utf8mb4", "collation": "utf8mb4_general_ci"},
    defaults={name: value for name, value in DEFAULTS.items() if not name.endswith(_UNKNOWN)} | _OWN,
    lock_waits={"lock_wait_timeout": 1, "innodb_lock_wait_timeout": 1, "max_statement_time": 0},
    lock_plugins=(
        (
            "SET STATEMENT lock_wait_timeout = 1, max_statement_time = 1 FOR INSTALL SONAME 'metadata_lock_info'",
            "UNINSTALL SONAME 'metadata_lock_info'",
        ),
    ),
    lock_holders=(
        """\
SELECT p.ID, p.USER, p.HOST, CONCAT(l.LOCK_MODE, ' on ', LOWER(l.LOCK_TYPE),
    IF(l.TABLE_SCHEMA = '', '', CONCAT(' ', l.TABLE_SCHEMA, IF(l.TABLE_NAME = '', '', CONCAT('.', l.TABLE_NAME))))),
    p.INFO
FROM information_schema.METADATA_LOCK_INFO l JOIN information_schema.PROCESSLIST p ON p.ID = l.THREAD_ID
WHERE p.ID <> CONNECTION_ID() AND (l.TABLE_SCHEMA IN ('mysql', {schemas}) OR l.LOCK_TYPE = 'Backup lock')""",
        """\
SELECT p.ID, p.USER, p.HOST, CONCAT('a transaction that is open since ', t.trx_started), t.trx_query
FROM information_schema.INNODB_TRX t JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id
WHERE p.ID <> CONNECTION_ID()""",
        "SELECT ID, USER, HOST, 'perhaps the lock, of which the server does not tell', INFO FROM "
        "information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND COMMAND NOT IN ('Daemon', 'Binlog Dump')",
    ),
)
