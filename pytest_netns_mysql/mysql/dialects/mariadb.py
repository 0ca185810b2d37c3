"""MariaDB: its queries, statements and options, where servers differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pytest_netns_mysql.mysql.dialects import mariadbstate, mariadbundo
from pytest_netns_mysql.mysql.dialects.base import SESSION, Dialect, RestoredTable, session_statements
from pytest_netns_mysql.mysql.dialects.hostrules import MariaDBHostRules
from pytest_netns_mysql.mysql.dialects.quoting import RawRow, decoded, literal
from pytest_netns_mysql.mysql.dialects.statementcounters import WRITING_STATEMENTS
from pytest_netns_mysql.mysql.dialects.statequeries import COMMAND_VARIABLES
from pytest_netns_mysql.mysql.dialects.undo import COMMON_UNDO, Undo, undo_transaction


def _channels(rows: Sequence[RawRow]) -> Iterator[tuple[str, str, str]]:
    """Yield kinds, names and values from SHOW ALL SLAVES STATUS. Its first columns are the same in every version."""
    for row in rows:
        name, _, _, host, user, port, retry, *others = map(decoded, row)
        filters = others[7:13]
        yield "channel", name, "\0".join([host, port, user, retry, *filters])
        for kind, runs in (("IO_THREAD of channel", others[5]), ("SQL_THREAD of channel", others[6])):
            if runs == "No":
                yield kind, name, "stopped"


def _undo_channel(name: str, was: str | None, _: str | None) -> Iterable[str]:
    return [f"STOP SLAVE {literal(name)}", f"RESET SLAVE {literal(name)} ALL"] if was is None else []


def _start_or_stop(thread: str) -> Undo:
    return lambda name, was, _: [f"{'START' if was is None else 'STOP'} SLAVE {literal(name)} {thread}"]


MARIADB = Dialect(
    grant_tables={
        "global_priv": (1, 0),
        "db": (2, 0),
        "tables_priv": (2, 0),
        "columns_priv": (2, 0),
        "procs_priv": (2, 0),
        "proxies_priv": (1, 0),
        "roles_mapping": (1, 0),
    },
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
    tables_after=WRITING_STATEMENTS | {"set_option"},  # SET PASSWORD and SET DEFAULT ROLE are counted as SET
    settings="""\
SELECT LOWER(VARIABLE_NAME), '' FROM information_schema.SYSTEM_VARIABLES
WHERE GLOBAL_VALUE_ORIGIN = 'SQL'""",
    state_query="""\
SELECT 'host-cache entry', IP, HOST FROM performance_schema.host_cache""",
    queries=mariadbstate.QUERIES,
    session=session_statements({**SESSION, "tx_read_only": "0", "max_statement_time": "0", "old_mode": "''"}),
    unlimited=("FLUSH LOCAL PRIVILEGES", "FLUSH LOCAL USER_RESOURCES"),
    status_statements={"SHOW ALL SLAVES STATUS": _channels},
    variables="SELECT LOWER(VARIABLE_NAME), VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES",
    volatile_variables=frozenset({"gtid_binlog_pos", "gtid_binlog_state", "gtid_current_pos", "gtid_slave_pos"})
    | COMMAND_VARIABLES,
    transactions="XA RECOVER FORMAT='SQL'",
    xid=lambda row: decoded(row[3]),
    # Each table of the schema mysql has files of its own. A new table is found by its .frm file.
    ignored_files=r"^(#|ib|undo\d+$|aria_log|ddl_recovery|tc\.log|multi-master\.info|db\.opt)"
    r"|\.(\d{6}|index|pid|info|state|ibd|MAD|MAI|MYD|MYI|CSV|CSM)$",
    undo={
        "XA transaction": undo_transaction,
        "channel": _undo_channel,
        "IO_THREAD of channel": _start_or_stop("IO_THREAD"),
        "SQL_THREAD of channel": _start_or_stop("SQL_THREAD"),
        **mariadbundo.UNDO,
        **COMMON_UNDO,
    },
    enters=False,
    speaks_x=False,
    longest_user=128,
    host_rules=MariaDBHostRules(),
    # No query shows blocked hosts: performance_schema, which is off by default, would have to be on.
    cleanup_statements=("FLUSH LOCAL HOSTS",),
    # Newer programs verify the certificate by default, which fails for an account without a password. They
    # are to verify it only if told to, as MySQL's programs do.
    client_programs={"loose-ssl-verify-server-cert": "0"},
    connection={"charset": "utf8mb4", "collation": "utf8mb4_general_ci"},
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
