"""MySQL: its queries, statements and options, where servers differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pytest_netns_mysql.mysql.dialects import mysqlstate, mysqlundo
from pytest_netns_mysql.mysql.dialects.base import SESSION, Dialect, RestoredTable, session_statements
from pytest_netns_mysql.mysql.dialects.hostrules import EarlyMySQLHostRules
from pytest_netns_mysql.mysql.dialects.questions import QUESTIONS
from pytest_netns_mysql.mysql.dialects.quoting import RawRow, identifier, literal
from pytest_netns_mysql.mysql.dialects.statementcounters import WRITING_STATEMENTS
from pytest_netns_mysql.mysql.dialects.statequeries import COMMAND_VARIABLES
from pytest_netns_mysql.mysql.dialects.undo import COMMON_UNDO, Undo, nothing, undo_transaction
from pytest_netns_mysql.mysql.versions import Version

_FIRST_WITH_PREFIX_LENGTHS: Version = (8, 0, 23)
"""The first MySQL whose accounts take networks such as 192.0.2.0/24."""


def _undo_channel(name: str, was: str | None, _: str | None) -> Iterator[str]:
    if was is None:
        yield f"STOP REPLICA FOR CHANNEL {literal(name)}"
        yield f"RESET REPLICA ALL FOR CHANNEL {literal(name)}"


def _undo_filter(name: str, was: str | None, _: str | None) -> Iterator[str]:
    if was is None:
        rule, channel = name.split("\0")
        yield f"CHANGE REPLICATION FILTER {rule} = () FOR CHANNEL {literal(channel)}"


def _undo_global_filter(rule: str, was: str | None, _: str | None) -> Iterator[str]:
    if was is None:
        yield f"CHANGE REPLICATION FILTER {rule} = ()"


def _start_or_stop(thread: str) -> Undo:
    return lambda name, was, _: [f"{'START' if was is None else 'STOP'} REPLICA {thread} FOR CHANNEL {literal(name)}"]


def _undo_persist(name: str, was: str | None, _: str | None) -> Iterator[str]:
    if was is None:
        yield f"RESET PERSIST IF EXISTS {identifier(name)}"


def _xid(row: RawRow) -> str:
    """Return the xid in a row of XA RECOVER CONVERT XID. Its last column is one hexadecimal number."""
    form, length, _, data = row
    digits, split = (data or b"").decode()[2:], 2 * int(length or 0)
    return f"X'{digits[:split]}',X'{digits[split:]}',{int(form or 0)}"


MYSQL = Dialect(
    grant_tables={
        "user": (1, 0),
        "db": (2, 0),
        "tables_priv": (2, 0),
        "columns_priv": (2, 0),
        "procs_priv": (2, 0),
        "proxies_priv": (1, 0),
        "role_edges": (3, 2),
        "default_roles": (1, 0),
        "global_grants": (0, 1),
        "password_history": (1, 0),
    },
    settings_tables=(
        "mysql.plugin",
        "mysql.component",
        "mysql.func",
        "mysql.time_zone",
        "mysql.time_zone_leap_second",
        "mysql.time_zone_name",
        "mysql.time_zone_transition",
        "mysql.time_zone_transition_type",
    ),
    restored_tables={
        "mysql.servers": RestoredTable(reload=("FLUSH PRIVILEGES",)),
        "mysql.server_cost": RestoredTable(
            "cost_name, cost_value, last_update, comment", reload=("FLUSH OPTIMIZER_COSTS",)
        ),
        "mysql.engine_cost": RestoredTable(
            "engine_name, device_type, cost_name, cost_value, last_update, comment", reload=("FLUSH OPTIMIZER_COSTS",)
        ),
        "sys.sys_config": RestoredTable(prepare=("SET @sys.ignore_sys_config_triggers = true",)),
        "performance_schema.setup_actors": RestoredTable(),
        "performance_schema.setup_objects": RestoredTable(),
    },
    tables_after=WRITING_STATEMENTS,
    settings="""\
SELECT VARIABLE_NAME, SET_TIME FROM performance_schema.variables_info WHERE VARIABLE_SOURCE = 'DYNAMIC'""",
    state_query="""\
SELECT 'persisted variable', VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.persisted_variables
UNION ALL SELECT 'host-cache entry', IP, HOST FROM performance_schema.host_cache
UNION ALL SELECT 'channel', c.CHANNEL_NAME, CONCAT_WS(' ', HOST, PORT, USER, NETWORK_INTERFACE, NETWORK_NAMESPACE,
    AUTO_POSITION, CONNECTION_RETRY_INTERVAL, CONNECTION_RETRY_COUNT, HEARTBEAT_INTERVAL, DESIRED_DELAY)
    FROM performance_schema.replication_connection_configuration c
    JOIN performance_schema.replication_applier_configuration a ON a.CHANNEL_NAME = c.CHANNEL_NAME
    WHERE HOST <> ''
UNION ALL SELECT 'IO_THREAD of channel', CHANNEL_NAME, 'stopped' FROM performance_schema.replication_connection_status
    WHERE SERVICE_STATE = 'OFF'
UNION ALL SELECT 'SQL_THREAD of channel', CHANNEL_NAME, 'stopped' FROM performance_schema.replication_applier_status
    WHERE SERVICE_STATE = 'OFF'
UNION ALL SELECT 'replication filter', CONCAT_WS('\\0', FILTER_NAME, CHANNEL_NAME), FILTER_RULE
    FROM performance_schema.replication_applier_filters WHERE FILTER_RULE <> ''
UNION ALL SELECT 'global replication filter', FILTER_NAME, FILTER_RULE
    FROM performance_schema.replication_applier_global_filters WHERE FILTER_RULE <> ''""",
    queries=mysqlstate.QUERIES,
    questions=QUESTIONS,
    login_queries=mysqlstate.LOGIN_QUERIES,
    unlimited=("FLUSH PRIVILEGES", "FLUSH USER_RESOURCES"),
    session=session_statements(
        {
            **SESSION,
            "transaction_read_only": "0",
            "max_execution_time": "0",
            "sql_require_primary_key": "0",
            "information_schema_stats_expiry": "0",
            "show_create_table_verbosity": "0",
        },
        "/*!80026 , terminology_use_previous = NONE */"
        "/*!80030 , show_gipk_in_create_table_and_information_schema = ON */",
    ),
    variables="SELECT VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.global_variables",
    # Replication itself changes these.
    volatile_variables=frozenset({"gtid_executed", "gtid_purged", "gtid_owned"}) | COMMAND_VARIABLES,
    transactions="XA RECOVER CONVERT XID",
    xid=_xid,
    # Tablespaces, logs and locks, but not the TLS files.
    ignored_files=r"^(#|ib|undo_\d+$|mysql|auto\.cnf)|\.(\d{6}|index|pid|lock|sdi|CSV|CSM)$",
    undo={
        "XA transaction": undo_transaction,
        "channel": _undo_channel,
        "replication filter": _undo_filter,
        "global replication filter": _undo_global_filter,
        "IO_THREAD of channel": _start_or_stop("IO_THREAD"),
        "SQL_THREAD of channel": _start_or_stop("SQL_THREAD"),
        **mysqlundo.UNDO,
        "key cache": nothing,
        "persisted variable": _undo_persist,
        **COMMON_UNDO,
    },
    enters=True,
    speaks_x=True,
    shows_all_grants=True,
    grants_by_pattern=("SELECT NOT @@GLOBAL.partial_revokes",),
    read_only=("super_read_only", "read_only"),
    # An intention lock blocks nobody, and a lock for reading a table does not block DROP USER.
    lock_holders=(
        """\
SELECT t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_HOST, l.what, s.SQL_TEXT FROM (
    SELECT OWNER_THREAD_ID thread, CONCAT(LOCK_TYPE, ' on ', LOWER(OBJECT_TYPE),
            IF(OBJECT_SCHEMA IS NULL, '', CONCAT(' ', CONCAT_WS('.', OBJECT_SCHEMA, OBJECT_NAME)))) what
        FROM performance_schema.metadata_locks WHERE LOCK_STATUS = 'GRANTED' AND LOCK_TYPE <> 'INTENTION_EXCLUSIVE'
        AND (OBJECT_SCHEMA IN ({schemas}) OR OBJECT_TYPE IN ('GLOBAL', 'COMMIT', 'BACKUP LOCK', 'ACL CACHE')
            OR OBJECT_SCHEMA = 'mysql' AND LOCK_TYPE NOT IN ('SHARED', 'SHARED_READ', 'SHARED_WRITE'))
    UNION ALL SELECT THREAD_ID, CONCAT(LOCK_MODE, ' on rows of ', CONCAT_WS('.', OBJECT_SCHEMA, OBJECT_NAME))
        FROM performance_schema.data_locks WHERE LOCK_TYPE = 'RECORD' AND OBJECT_SCHEMA IN ('mysql', {schemas})) l
JOIN performance_schema.threads t ON t.THREAD_ID = l.thread AND t.PROCESSLIST_ID <> CONNECTION_ID()
LEFT JOIN performance_schema.events_statements_current s ON s.THREAD_ID = l.thread AND s.NESTING_EVENT_LEVEL = 0""",
    ),
)

_EARLY_MYSQL = replace(MYSQL, host_rules=EarlyMySQLHostRules())


def mysql_dialect(version: Version) -> Dialect:
    """Return the dialect of a version of MySQL."""
    return _EARLY_MYSQL if version < _FIRST_WITH_PREFIX_LENGTHS else MYSQL
